#!/usr/bin/env bats
# zone move: the zonepath at another place, also on another file system; a crash leaves the zone whole in one of them.
bats_require_minimum_version 1.5.0
load helper
load layered

setup_more() {
	ip link set lo up
	mount -t tmpfs -o mode=755 none "$TOP" # in memory: hundreds of small durable writes would wait for a busy disk
	mkdir "$TOP/other"
	mount -t tmpfs -o mode=755,size=${OTHER_SIZE:-200M} none "$TOP/other"
}

teardown_more() {
	umount "$TOP/other" "$TOP"
}

# What a copy must keep.
listing() {
	(cd "$1" && find . -printf '%p %y %m %U %G %l %n %Ts ' \( -type f -printf '%s' -o -true \) -printf '\n' | grep -v '^\./log/' | sort &&
		find . -type f ! -path './log/*' -exec md5sum {} + | sort -k2 && getfattr -R -d -m - -e hex . 2>/dev/null | sort)
}

# The zone's files are in exactly one place, which the record and the file name. Prints it.
one_place() { # one_place PATH PATH
	local path file
	path=$(zone list --json web | jq -r '.[0].path')
	[ "$(state_of web)" = installed ] || { zone list -v >&2; return 1; }
	[ "$path" = "$1" ] || [ "$path" = "$2" ] || { echo "at $path" >&2; return 1; }
	file=$(jq -r '.zonepath // "none"' "$ZONES_CONFIG_DIR/web.json")
	[ "$file" = none ] && file=$ZONES_STORAGE_DIR/web
	[ "$file" = "$path" ] || { echo "the file says $file, the record $path" >&2; return 1; }
	[ "$(find "$TOP/storage" "$TOP/other" -name mark | wc -l)" = 1 ] || { find "$TOP/storage" "$TOP/other" -name mark >&2; return 1; }
	[ -e "$path/root/srv/mark" ] || return 1
	[ -z "$(find "$TOP/storage" "$TOP/other" -name '.moving*')" ] || return 1
	[ ! -e "$ZONES_STORAGE_DIR/.journal" ] || return 1
	echo "$path"
}

@test "move on the same file system is a rename; record, file and zone agree" {
	native web
	echo x >"$ZONES_STORAGE_DIR/web/root/srv/mark"
	inode=$(stat -c %i "$ZONES_STORAGE_DIR/web/root/srv/mark")
	zone move web "$ZONES_STORAGE_DIR/deep/er/web"
	[ "$(one_place "$ZONES_STORAGE_DIR/deep/er/web" -)" = "$ZONES_STORAGE_DIR/deep/er/web" ]
	[ "$(stat -c %i "$ZONES_STORAGE_DIR/deep/er/web/root/srv/mark")" = "$inode" ]
	zone boot web
	[ "$(zone exec web cat /srv/mark)" = x ]
	zone halt web
	zone move web "$ZONES_STORAGE_DIR/web"
	[ "$(jq .zonepath "$ZONES_CONFIG_DIR/web.json")" = null ]
	zone events web | grep -q moved
	fails 0 zone move web "$ZONES_STORAGE_DIR/web"
	says "already"
}

@test "move to another file system keeps every file as it is, and takes the old ones away" {
	native web
	root=$ZONES_STORAGE_DIR/web/root/srv
	echo x >"$root/mark"
	head -c 300000 /dev/urandom >"$root/data"
	ln "$root/data" "$root/again"
	ln -s /etc/passwd "$root/link"
	truncate -s 50M "$root/hole"
	mkfifo -m 640 "$root/pipe"
	mknod "$root/whiteout" c 0 0
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$root/sock"
	cp /bin/true "$root/tool"
	chown 12:34 "$root/tool"
	chmod 4755 "$root/tool"
	setcap cap_net_raw=ep "$root/tool"
	setfattr -n trusted.overlay.opaque -v y "$root"
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004009210000004000400ffffffff10000400ffffffff20000400ffffffff "$root/data"
	touch -d '2020-02-02 02:02:02 UTC' "$root/data"
	mkdir -m 1777 "$root/"$'odd\nname'
	echo mine >"$ZONES_STORAGE_DIR/web/notes"
	want=$(listing "$ZONES_STORAGE_DIR/web")
	zone move web "$TOP/other/z"
	[ "$(one_place "$TOP/other/z" -)" = "$TOP/other/z" ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	diff <(echo "$want") <(listing "$TOP/other/z")
	[ "$(stat -c %b "$TOP/other/z/root/srv/hole")" -lt 100 ]
	[ "$(stat -c %a "$TOP/other/z")" = 700 ]
	[ "$(cat "$TOP/other/z/notes")" = mine ]
	zone boot web
	[ "$(zone exec web cat /srv/mark)" = x ]
	zone halt web
	zone move web "$ZONES_STORAGE_DIR/web"
	[ "$(ls "$TOP/other")" = "" ]
}

@test "a zone in layers takes its changes along, the layers stay in the store; rename and detach know them too" {
	layered web
	echo layer >"$ZONES_STORAGE_DIR/.layers/base-web/fs/srv/below"
	echo gone >"$ZONES_STORAGE_DIR/.layers/base-web/fs/srv/removed"
	zone boot web
	zone exec web sh -ec 'echo top >/srv/mark; rm /srv/removed; mkdir /srv/new; rm -r /opt; mkdir /opt; chown 5:6 /srv/mark'
	zone halt web
	want=$(listing "$ZONES_STORAGE_DIR/web/upper/fs")
	zone move web "$TOP/other/z"
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	diff <(sed 's/ c 0 0 0  [0-9]* / c 0 0 0  - /' <<<"$want") <(listing "$TOP/other/z/upper/fs" | sed 's/ c 0 0 0  [0-9]* / c 0 0 0  - /') # the kernel links its marks of removed names
	zone rename web shop
	[ "$(zone list -p -o path shop)" = "$TOP/other/z" ]
	zone boot shop
	zone exec shop sh -ec 'cat /srv/mark /srv/below; [ ! -e /srv/removed ]; [ "$(stat -c %u:%g /srv/mark)" = 5:6 ]'
	zone halt shop
	fails 1 zone detach shop
	says "zone export --archive"
	[ "$(state_of shop)" = installed ]
	zone move shop "$ZONES_STORAGE_DIR/shop"
}

@test "move is refused before anything is changed, and undone when there is no room" {
	native web
	echo x >"$ZONES_STORAGE_DIR/web/root/srv/mark"
	fails 1 zone move web relative
	fails 1 zone move web "$TOP/../x"
	fails 1 zone move web "$ZONES_STORAGE_DIR/web/inside"
	says "in one another"
	fails 1 zone move web "$ZONES_STORAGE_DIR/.records/web"
	mkdir "$TOP/there"
	fails 1 zone move web "$TOP/there"
	says "exists already"
	mkdir -m 777 "$TOP/open"
	chmod 777 "$TOP/open"
	fails 1 zone move web "$TOP/open/web"
	says "can be written by others"
	[ -z "$(ls -A "$TOP/open")" ]
	head -c 210M /dev/urandom >"$ZONES_STORAGE_DIR/web/root/srv/big"
	fails 1 zone move web "$TOP/other/z"
	says "left on the file system"
	[ -z "$(ls -A "$TOP/other")" ]
	rm "$ZONES_STORAGE_DIR/web/root/srv/big"
	mkdir "$ZONES_STORAGE_DIR/web/root/srv/mnt"
	run unshare -m sh -c 'mount -t tmpfs none "$1/web/root/srv/mnt" && zone move web "$2/z"' sh "$ZONES_STORAGE_DIR" "$TOP/other"
	[ "$status" -eq 1 ]
	says "mounted below"
	[ -z "$(ls -A "$TOP/other")" ]
	[ "$(one_place "$ZONES_STORAGE_DIR/web" -)" = "$ZONES_STORAGE_DIR/web" ]
	zone create -t isolated plain
	fails 1 zone move plain "$TOP/other/p"
	says "zone set plain zonepath=PATH"
	zone boot web
	fails 1 zone move web "$TOP/other/z"
	says "zone halt web"
}

@test "move across file systems that is killed at any moment leaves the zone whole in one place" {
	command -v strace >/dev/null || skip "needs strace"
	native web
	echo x >"$ZONES_STORAGE_DIR/web/root/srv/mark"
	for i in $(seq 30); do echo "$i" >"$ZONES_STORAGE_DIR/web/root/srv/f$i"; done
	here=$ZONES_STORAGE_DIR/web there=$TOP/other/z killed=0
	for call in renameat2 fsync mkdirat unlinkat syncfs; do
		for at in $(seq 1 "${ZONES_KILL_STEP:-6}" 30); do
			code=0
			strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone move web "$there" >/dev/null 2>&1 || code=$?
			place=$(one_place "$here" "$there")
			[ "$(find "$place/root/srv" -name 'f*' | wc -l)" = 30 ]
			[ "$place" = "$here" ] || { swap=$here; here=$there; there=$swap; }
			[ $code != 0 ] || break
			killed=$((killed + 1))
		done
	done
	[ $killed -ge 8 ]
	zone boot web
	zone exec web true
}
