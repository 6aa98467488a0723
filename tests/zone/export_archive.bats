#!/usr/bin/env bats
# zone export --archive and zone import: all of a zone in one file, whose every member is verified before there is a zone.
bats_require_minimum_version 1.5.0
load helper
load layered

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	ip link set lo up
	mount -t tmpfs -o mode=755 none "$TOP"
}

teardown_more() {
	umount "$TOP"
}

# A zone with a file of every kind.
furnished() { # furnished NAME WORD...
	native "$@"
	local srv
	srv=$(zone list -p -o path "$1")/root/srv
	head -c 300000 /dev/urandom >"$srv/file"
	echo other >"$srv/other"
	ln "$srv/file" "$srv/later"
	ln -s ../etc/passwd "$srv/link"
	truncate -s 8M "$srv/hole"
	echo end >>"$srv/hole"
	truncate -s 6M "$srv/nothing"
	mkfifo -m 640 "$srv/pipe"
	cp /bin/true "$srv/tool"
	chown 12:34 "$srv/tool"
	chmod 4755 "$srv/tool"
	setcap cap_net_raw=ep "$srv/tool"
	setfattr -n user.note -v 'a note' "$srv/other"
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004009210000004000400ffffffff10000400ffffffff20000400ffffffff "$srv/file"
	touch -d '2020-02-02 02:02:02.123456789 UTC' "$srv/file"
	mkdir -m 1777 "$srv/"$'odd\nname \\' "$srv/ünï" "$srv/"$'raw\377'
	mkdir -p "$srv/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})"
}

listing() {
	(cd "$1" && find . -printf '%p %y %m %U %G %l %n %T@ ' \( -type f -printf '%s' -o -true \) -printf '\n' | sort &&
		find . -type f -exec md5sum {} + | sort -k2 && getfattr -R -d -m - -e hex . 2>/dev/null | sort)
}

# Nothing of a zone of that name, or of any that is not in the list.
only() { # only NAME...
	[ "$(zone list -p -o name | sort | xargs)" = "$*" ] || { zone list -v >&2; return 1; }
	[ "$(cd "$ZONES_CONFIG_DIR" && ls | sed 's/\.json$//' | sort | xargs)" = "$*" ] || return 1
	[ "$(cd "$ZONES_STORAGE_DIR" && ls | grep -v '^leases.json$' | sort | xargs)" = "$*" ] || { ls -A "$ZONES_STORAGE_DIR" >&2; return 1; }
	[ "$(jq -r 'keys[]' "$ZONES_STORAGE_DIR/.ids.json" 2>/dev/null | sort | xargs)" = "$*" ]
}

@test "an archive brings the zone back with every file as it was, under its own and under another name" {
	furnished web cpuShares=20 zonepath="$TOP/own/web"
	mkdir -p "$ZONES_STORAGE_DIR"
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	zone export --archive "$TOP/a.zst" web
	want=$(listing "$TOP/own/web/root")
	zone import "$TOP/a.zst" shop
	diff <(echo "$want") <(listing "$ZONES_STORAGE_DIR/shop/root")
	[ "$(stat -c %b "$ZONES_STORAGE_DIR/shop/root/srv/hole")" -lt 100 ]
	[ "$(stat -c %b "$ZONES_STORAGE_DIR/shop/root/srv/nothing")" -lt 100 ]
	[ "$(zone export shop | jq -c '[.cpuShares, .zonepath]')" = '[20,null]' ]
	[ "$(zone list --json shop | jq -r '.[0].uuid')" != "$uuid" ]
	zone boot shop
	zone exec shop test -p /srv/pipe
	zone halt shop
	fails 1 zone import "$TOP/a.zst"
	says "exists already"
	zone delete -F web
	zone import - <"$TOP/a.zst"
	[ "$(state_of web)" = installed ]
	[ "$(zone list --json web | jq -r '.[0].uuid')" = "$uuid" ]
	diff <(echo "$want") <(listing "$ZONES_STORAGE_DIR/web/root")
}

@test "the same zone gives the same bytes, also through a pipe and from its copy" {
	furnished web
	zone export --archive "$TOP/a.zst" web
	sleep 1.1
	zone export --archive - web | cat >"$TOP/b.zst"
	cmp "$TOP/a.zst" "$TOP/b.zst"
	zone delete -F web
	zone import "$TOP/a.zst"
	zone export --archive "$TOP/c.zst" web
	cmp "$TOP/a.zst" "$TOP/c.zst"
	[ "$(stat -c %a "$TOP/a.zst")" = 600 ]
	[ -z "$(find "$TOP" -maxdepth 1 -name '*.partial*')" ]
}

@test "a file that has the name of the unfinished archive already is neither published nor removed" {
	native web
	echo mine >"$TOP/theirs"
	run bash -c 'ln "$1/theirs" "$1/a.zst.partial-$$"; exec zone export --archive "$1/a.zst" web' - "$TOP"
	[ "$status" -eq 1 ]
	says "partial"
	[ ! -e "$TOP/a.zst" ]
	[ "$(stat -c %h "$TOP/theirs")" = 2 ]
	[ "$(cat "$TOP"/a.zst.partial-*)" = mine ]
}

@test "a zone in layers is packed as it sees itself, and imported without layers" {
	layered web
	srv=$ZONES_STORAGE_DIR/.layers/base-web/fs/srv
	echo layer >"$srv/below"
	echo gone >"$srv/removed"
	zone boot web
	zone exec web sh -ec 'echo top >/srv/mark; rm /srv/removed; chown 5:6 /srv/below; mkdir /srv/new; cp /bin/busybox /srv/bb; setcap cap_net_raw+ep /srv/bb'
	zone halt web
	zone export --archive "$TOP/a.zst" web
	zone export --archive "$TOP/b.zst" web
	cmp "$TOP/a.zst" "$TOP/b.zst"
	[ -z "$(findmnt -rno TARGET | grep "$TOP/")" ]
	zone import "$TOP/a.zst" shop
	root=$ZONES_STORAGE_DIR/shop/root
	[ "$(cat "$root/srv/mark" "$root/srv/below" | xargs)" = "top layer" ]
	[ ! -e "$root/srv/removed" ]
	[ "$(stat -c %u:%g "$root/srv/below")" = 5:6 ]
	getcap "$root/srv/bb" | grep -q cap_net_raw
	[ -z "$(getfattr -R -d -m 'user.overlay' "$root" 2>/dev/null)" ]
	[ "$(jq -c '[.driver, .layers]' "$ZONES_STORAGE_DIR/.records/shop.json")" = '[null,null]' ] || jq -e '.driver == "dir" or .driver == null' "$ZONES_STORAGE_DIR/.records/shop.json"
	zone boot shop
	zone exec shop true
}

@test "what an image said of the zone goes with it, if a zone can have it; its layers do not" {
	native web
	record=$ZONES_STORAGE_DIR/.records/web.json
	jq '.image = {"name": "x", "layers": ["sha256-0"], "service": {"command": ["/bin/sleep", "5"], "env": {"A": "b"}}}' "$record" >"$TOP/r"
	cat "$TOP/r" >"$record"
	zone export --archive "$TOP/a.zst" web
	zone import "$TOP/a.zst" shop
	[ "$(jq -c .image "$ZONES_STORAGE_DIR/.records/shop.json")" = '{"service":{"command":["/bin/sleep","5"],"env":{"A":"b"}}}' ]
	zone info shop service | grep -q 'image'
	zone detach shop
	zone attach shop
	zone info shop service | grep -q 'image'
	jq '.image.service.command = [5]' "$TOP/r" >"$record"
	zone export --archive "$TOP/b.zst" web
	zone import "$TOP/b.zst" third
	[ "$(jq -c .image "$ZONES_STORAGE_DIR/.records/third.json")" = null ]
}

@test "a zone with snapshots is packed without them, and cannot be detached" {
	native web
	zone snapshot create web one || skip "no snapshots on this file system"
	fails 0 zone export --archive "$TOP/a.zst" web
	says "1 snapshots were left out"
	fails 1 zone detach web
	says "zone export --archive"
	zone rename web shop
	zone snapshot list shop | grep -q one
	zone snapshot rollback shop one
	zone boot shop
}

@test "the manifest says the sha256 of every file, sorted, as others count it" {
	furnished web
	zone export --archive "$TOP/a.zst" web
	mkdir "$TOP/x"
	zstd -dc "$TOP/a.zst" | tar -C "$TOP/x" -xf - 2>/dev/null
	python3 - "$TOP/x" <<'P'
import hashlib, os, re, sys
top = sys.argv[1]
lines = open(top + "/manifest.mtree", "rb").read().split(b"\n")
assert lines[0] == b"#mtree" and lines[-1] == b""
seen = {}
for line in lines[1:-1]:
    words = line.split(b" ")
    name = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m.group(1), 8)]), words[0])
    seen[name] = dict(w.split(b"=", 1) for w in words[1:])
for base, dirs, files in os.walk(os.fsencode(top)):
    for f in files:
        path = os.path.join(base, f)
        name = b"." + path[len(os.fsencode(top)):]
        if name == b"./manifest.mtree" or not os.path.isfile(path) or os.path.islink(path):
            continue
        row = seen[name]
        if b"hardlink" in row:
            continue
        data = open(path, "rb").read()
        assert row[b"sha256"].decode() == hashlib.sha256(data).hexdigest(), name
        assert int(row[b"size"]) == len(data), name
names = [n for n in seen if n.startswith(b"./root")]
assert names == sorted(names, key=lambda n: n.split(b"/")), "not sorted"
assert len(names) > 100 and any(b"hardlink" in v for v in seen.values()) and any(b"xattrs" in v for v in seen.values())
P
}

@test "whatever in an archive is not what its manifest says, it is refused with a sentence and nothing is left" {
	native web
	srv=$ZONES_STORAGE_DIR/web/root/srv
	echo hello >"$srv/file"
	ln "$srv/file" "$srv/later"
	echo hello >"$srv/other"
	ln -s file "$srv/link"
	zone export --archive - web | zstd -dc >"$TOP/good.tar"
	zone delete -F web
	mkdir "$TOP/bundles" "$TOP/canary"
	echo precious >"$TOP/canary/victim"
	python3 "$ROOT/tests/helper/hostile-bundles.py" "$TOP/good.tar" "$TOP/bundles" "$TOP/canary"
	n=0 bad=0
	while IFS=$'\t' read -r name want; do
		n=$((n + 1)) problem=
		run timeout 60 zone import "$TOP/bundles/$name.tar" </dev/null
		[ "$status" -eq 1 ] || problem="$problem status $status;"
		case $output in *"$want"*) ;; *) problem="$problem said: $output;" ;; esac
		case $output in *$'\033'*) problem="$problem escapes on the terminal;" ;; esac
		only 2>/dev/null || problem="$problem something is left;"
		[ "$(cat "$TOP/canary/victim")" = precious ] && [ "$(ls "$TOP/canary")" = victim ] || problem="$problem the canary has changed;"
		[ -z "$problem" ] || { bad=$((bad + 1)); echo "$name:$problem"; zone delete -F web </dev/null >/dev/null 2>&1 || true; }
	done <"$TOP/bundles/expect"
	echo "$n archives, $bad bad"
	[ $n -ge 50 ]
	[ $bad = 0 ]
	zone import "$TOP/good.tar"
	[ "$(state_of web)" = installed ]
}

@test "a truncated or damaged file leaves nothing, wherever it ends" {
	furnished web
	zone export --archive "$TOP/a.zst" web
	zone delete -F web
	size=$(stat -c %s "$TOP/a.zst")
	for at in 0 1 1000 $((size / 2)) $((size - 10)) $((size - 1)); do
		head -c "$at" "$TOP/a.zst" >"$TOP/b.zst"
		fails 1 zone import "$TOP/b.zst"
		only
	done
	for at in 10 $((size / 3)) $((size - 100)); do
		cp "$TOP/a.zst" "$TOP/b.zst"
		printf '\125\252' | dd of="$TOP/b.zst" bs=1 seek=$at conv=notrunc status=none
		fails 1 zone import "$TOP/b.zst"
		only
	done
	fails 1 zone import "$TOP/nosuch"
	fails 1 zone import "$TOP"
	fails 1 zone import /dev/null
	only
}

@test "export is refused for a zone that runs or has no files, and leaves no half of an archive" {
	zone create -t isolated plain
	fails 1 zone export --archive "$TOP/a.zst" plain
	booted web
	fails 1 zone export --archive "$TOP/a.zst" web
	says "zone halt web"
	zone halt web
	fails 1 zone export --archive "$TOP/no/such/dir/a.zst" web
	fails 2 zone export --archive "$TOP/a.zst" --oci web
	chown 70000 "$ZONES_STORAGE_DIR/web/root/srv"
	fails 1 zone export --archive "$TOP/a.zst" web
	says 70000
	chown 0 "$ZONES_STORAGE_DIR/web/root/srv"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$ZONES_STORAGE_DIR/web/root/srv/sock"
	[ -z "$(find "$TOP" -maxdepth 1 -name 'a.zst*')" ]
	fails 0 zone export --archive "$TOP/a.zst" web
	says "1 sockets were left out"
}

@test "an import that is killed leaves nothing that uninstall and delete do not take away" {
	native web
	for i in $(seq 1500); do echo "$i" >"$ZONES_STORAGE_DIR/web/root/srv/f$i"; done
	zone export --archive "$TOP/a.zst" web
	killed=0
	for ms in 0.02 0.05 0.08 0.12 0.2 filling; do
		zone import "$TOP/a.zst" shop >/dev/null 2>&1 &
		pid=$!
		if [ $ms = filling ]; then # however slow the machine is: in the middle of it
			while kill -0 $pid 2>/dev/null && [ ! -e "$ZONES_STORAGE_DIR/shop/root/srv" ]; do :; done
		else
			sleep $ms
		fi
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		case $(zone list -p -o state shop 2>/dev/null) in
		incomplete) killed=1; fails 1 zone boot shop ;;
		esac
		zone delete -F shop 2>/dev/null || [ -z "$(zone list -p -o name shop 2>/dev/null)" ]
		only web
	done
	[ $killed = 1 ]
}
