#!/usr/bin/env bats
# zone clone: every way on the file systems that have it, a new identity, and what a kill leaves.
bats_require_minimum_version 1.5.0
load helper
load disks
load trees

teardown_more() {
	disks_gone
}

driver_of() {
	jq -r '.driver + " " + ((.layers // []) | length | tostring)' "$ZONES_STORAGE_DIR/.records/$1.json"
}

top_of() { # ZONE: the directory that takes its changes
	local top=$ZONES_STORAGE_DIR/$1/upper/fs
	[ -d "$top" ] || top=$ZONES_STORAGE_DIR/$1/root
	echo "$top"
}

sum_of() { # ZONE: what it sees as its files, but for those of its identity
	zone exec "$1" sh -c 'cd / && find . -xdev \( -path ./etc/machine-id -o -path ./etc/hostname -o -path ./etc/hosts -o -path ./etc/hostid -o -path ./usr -o -path ./tmp -o -path ./run \) -prune -o -type d -printf "%p %U:%G %m\n" -o -printf "%p %U:%G %m %s %l\n" | sort'
}

# A zone whose root holds something of everything.
furnished() {
	native "$@"
	root=$ZONES_STORAGE_DIR/$1/root
	[ -z "${ON:-}" ] || root=$ON/$1/root
	mkdir -p "$root/etc/ssh" "$root/var/lib/systemd" "$root/srv/dir"
	echo secret >"$root/etc/ssh/ssh_host_ed25519_key"
	echo public >"$root/etc/ssh/ssh_host_ed25519_key.pub"
	echo keep >"$root/etc/ssh/sshd_config"
	head -c 512 /dev/zero >"$root/var/lib/systemd/random-seed"
	echo data >"$root/srv/dir/file"
	ln "$root/srv/dir/file" "$root/srv/dir/link"
	ln -s file "$root/srv/dir/sym"
	truncate -s 1M "$root/srv/sparse"
	cp "$(readlink -f "$(command -v busybox)")" "$root/srv/bb"
	setcap cap_net_raw+ep "$root/srv/bb"
	chown 1000:1000 "$root/srv/dir"
	chmod 2775 "$root/srv/dir"
	setfattr -n user.mine -v 1 "$root/srv/dir/file"
}

# What must hold for a clone whatever the way.
is_clone() { # OLD NEW
	zone boot "$1"
	zone boot "$2"
	diff <(sum_of "$1" | grep -vE "ssh_host|random-seed|/etc( |$)|/etc/ssh( |$)|/var/lib/systemd( |$)") <(sum_of "$2" | grep -vE "ssh_host|random-seed|/etc( |$)|/etc/ssh( |$)|/var/lib/systemd( |$)")
	[ "$(zone exec "$2" cat /srv/dir/file)" = data ]
	zone exec "$2" sh -c 'getcap /srv/bb | grep -q cap_net_raw && getfattr -n user.mine /srv/dir/file >/dev/null && [ "$(stat -c %h /srv/dir/link)" = 2 ]'
	[ "$(zone exec "$1" cat /etc/machine-id)" != "$(zone exec "$2" cat /etc/machine-id)" ]
	[ "$(zone exec "$2" hostname)" = "$2" ]
	[ "$(zone list --json "$1" | jq -r '.[0].uuid')" != "$(zone list --json "$2" | jq -r '.[0].uuid')" ]
	zone exec "$1" test -e /etc/ssh/ssh_host_ed25519_key
	# a key of its own, of the same kind and of no other, whose halves belong together and are root's
	[ "$(zone exec "$2" stat -c '%n %a %u:%g' /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub | xargs)" = "/etc/ssh/ssh_host_ed25519_key 600 0:0 /etc/ssh/ssh_host_ed25519_key.pub 644 0:0" ]
	[ "$(zone exec "$2" cat /etc/ssh/ssh_host_ed25519_key.pub)" != public ]
	zone exec "$2" cat /etc/ssh/ssh_host_ed25519_key >"$TOP/key"
	chmod 600 "$TOP/key"
	[ "$(ssh-keygen -y -f "$TOP/key" | cut -d' ' -f1,2)" = "$(zone exec "$2" cat /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f1,2)" ]
	[ "$(zone exec "$2" sh -c 'echo /etc/ssh/*key*' | wc -w)" = 2 ]
	run ! zone exec "$2" test -e /var/lib/systemd/random-seed
	zone exec "$2" test -e /etc/ssh/sshd_config
	# neither sees what the other writes
	zone exec "$1" sh -c 'echo one >/srv/dir/file; rm /srv/bb'
	zone exec "$2" sh -c 'echo two >/srv/dir/new'
	[ "$(zone exec "$2" cat /srv/dir/file)" = data ]
	zone exec "$2" test -e /srv/bb
	run ! zone exec "$1" test -e /srv/dir/new
	zone halt "$1"
	zone halt "$2"
}

@test "layers: an instant clone on ext4; the old zone goes on above the same layers; the last user's end removes them" {
	furnished web
	run -0 zone clone web new
	[[ $output != *ssh* ]]
	[ ! -e "$ZONES_STORAGE_DIR/new/keys" ]
	# without the host's program: a note, and a clone
	run -0 unshare --mount sh -c 'mount --bind /dev/null /usr/bin/ssh-keygen; exec zone clone web bare'
	says "the keys of its ssh server are gone: /usr/bin/ssh-keygen is not there"
	says "zone exec bare ssh-keygen -A"
	zone uninstall -F bare
	zone delete -F bare
	[ "$(driver_of web) $(driver_of new)" = "overlay 1 overlay 1" ]
	is_clone web new
	# an unchanged top is no new layer
	zone clone new a
	zone clone new b
	[ "$(driver_of a) $(driver_of b) $(driver_of new)" = "overlay 2 overlay 2 overlay 2" ]
	[ "$(ls "$ZONES_STORAGE_DIR/.layers" | wc -l)" = 2 ]
	zone delete -F new
	zone delete -F a
	[ "$(ls "$ZONES_STORAGE_DIR/.layers" | wc -l)" = 2 ]
	zone boot b
	[ "$(zone exec b cat /srv/dir/new)" = two ]
	zone halt b
	zone uninstall -F b
	[ "$(ls "$ZONES_STORAGE_DIR/.layers" | wc -l)" = 1 ]
	zone uninstall -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.layers")" ]
}

@test "a zone that runs is cloned: in layers its top is copied while it stands still" {
	furnished web
	fails 1 env -C / zone clone -m overlay nosuch new
	zone boot web
	fails 1 zone clone web new
	says "halt it first"
	[ ! -e "$ZONES_CONFIG_DIR/new.json" ]
	zone clone -m copy web plain
	[ "$(zone list --json web | jq -r '.[0].aux')" = null ]
	zone halt web
	zone clone web first
	zone boot web
	zone exec web sh -c 'echo later >/srv/later; rm /srv/sparse'
	zone clone web second
	[ "$(driver_of web) $(driver_of second)" = "overlay 1 overlay 2" ]
	zone exec web sh -c 'echo after >/srv/after'
	zone boot second
	[ "$(zone exec second sh -c 'cat /srv/later; ls /srv')" = "$(printf 'later\nbb\ndir\nlater')" ]
	# one that was frozen before stays so
	zone freeze web
	zone clone web third
	[ "$(zone list --json web | jq -r '.[0].aux')" = frozen ]
	zone thaw web
	zone halt web
	zone ready web
	zone clone web ready
	[ "$(state_of web) $(state_of ready)" = "ready installed" ]
	zone boot web
	fails 1 zone clone -m copy web fourth
	says "take --method overlay"
}

@test "btrfs: install makes a subvolume, clone a snapshot of it, also of a zone that runs; uninstall removes them" {
	ON=$TOP/btrfs
	disk btrfs "$ON"
	furnished web zonepath="$ON/web"
	[ "$(stat -c %i "$ON/web/root")" = 256 ]
	zone clone web new
	[ "$(driver_of new)" = "btrfs 0" ]
	[ "$(stat -c %i "$ON/new/root")" = 256 ]
	is_clone web new
	zone boot web
	zone clone web live
	[ "$(driver_of live)" = "btrfs 0" ]
	zone clone -m reflink web shared
	zone delete -F live
	zone delete -F shared
	zone delete -F new
	[ "$(ls "$ON")" = web ]
	# one on another file system is a copy
	zone halt web
	zone clone web far zonepath="$ZONES_STORAGE_DIR/far"
	[ "$(driver_of far)" = "dir 0" ]
	zone boot far
	[ "$(zone exec far cat /srv/dir/file)" = one ]
	# subvolumes that somebody has made in it and that are read-only are not in the way
	mkdir "$ON/web/root/srv/own"
	btrfs subvolume create "$ON/web/root/srv/own/a"
	mkdir "$ON/web/root/srv/own/a/deep"
	touch "$ON/web/root/srv/own/a/deep/file"
	btrfs subvolume snapshot -r "$ON/web/root/srv/own/a" "$ON/web/root/srv/own/a/deep/b"
	btrfs property set "$ON/web/root/srv/own/a" ro true
	zone uninstall -F web
	[ -z "$(ls -A "$ON")" ]
}

@test "XFS: files share their blocks, or layers on request when the store is there too" {
	ON=$TOP/xfs
	disk xfs "$ON"
	furnished web zonepath="$ON/web"
	root=$ON/web/root
	head -c 30M /dev/urandom >"$root/srv/big"
	sync -f "$ON"
	before=$(df --output=used -k "$ON" | tail -n 1)
	zone clone web new
	[ "$(driver_of new)" = "dir 0" ]
	sync -f "$ON"
	[ $(($(df --output=used -k "$ON" | tail -n 1) - before)) -lt 15000 ]
	fails 1 zone clone -m overlay web other
	says "another file system"
	[ ! -e "$ZONES_CONFIG_DIR/other.json" ]
	is_clone web new
	export ZONES_STORAGE_DIR=$ON/store
	unset ON
	furnished here
	zone clone -m overlay here there
	is_clone here there
	zone delete -F here
	zone delete -F there
}

@test "ways that cannot be had are refused by name, and nothing is left" {
	native web
	for way in btrfs reflink; do
		fails 1 zone clone -m $way web new
		says "method $way"
	done
	fails 1 zone clone -m best web new
	says "not one of auto"
	fails 1 zone clone web web
	fails 1 zone clone -s nosuch web new
	says 'no snapshot "nosuch"'
	fails 1 zone clone web new zonepath="$ZONES_STORAGE_DIR/web"
	fails 2 zone clone web
	[ "$(zone list -p -o name)" = web ]
	[ "$(state_of web)" = installed ]
	native other
	fails 1 zone clone web other
	says "exists already"
	zone create -t linux tree
	fails 1 zone clone web tree
	says "brand"
	[ "$(state_of tree)" = configured ]
}

@test "the file: names, addresses and ports are not copied, words are set on top, a configured zone keeps its own" {
	zone create -t isolated web hostid=0x1234 hostname=www cappedMemory.physical=64M autoboot=true
	zone install web
	run -0 zone clone web new maxLwps=50
	says "hostname, hostid"
	run -0 jq -c '[.zonename, .hostname, .hostid, .cappedMemory.physical, .maxLwps]' "$ZONES_CONFIG_DIR/new.json"
	[ "$output" = '["new",null,null,"64M",50]' ]
	zone create -t isolated own maxLwps=70
	zone clone web own
	[ "$(state_of own)" = installed ]
	[ "$(jq .maxLwps "$ZONES_CONFIG_DIR/own.json")" = 70 ]
	fails 1 zone clone web own2 nosuch=1
	[ ! -e "$ZONES_CONFIG_DIR/own2.json" ]
	run -0 zone events --json new
	says "is a clone"
}

@test "a chain of clones becomes one layer before it is too long, and nothing is lost" {
	native z0
	echo 0 >"$(top_of z0)/srv-0"
	zone clone z0 c0
	# as after 46 more
	record=$ZONES_STORAGE_DIR/.records/z0.json
	for i in $(seq 10 55); do
		mkdir -p "$ZONES_STORAGE_DIR/.layers/layer-of-$i/fs"
		echo "$i" >"$ZONES_STORAGE_DIR/.layers/layer-of-$i/fs/srv-$i"
	done
	jq '.layers = ([range(55; 9; -1) | "layer-of-\(.)"] + .layers)' "$record" >"$TOP/record"
	cp "$TOP/record" "$record"
	[ "$(driver_of z0)" = "overlay 47" ]
	zone boot z0
	zone exec z0 sh -c 'rm /srv-10; echo new >/srv-11'
	zone halt z0
	zone clone z0 c48
	[ "$(driver_of z0) $(driver_of c48)" = "overlay 48 overlay 48" ]
	echo last >"$(top_of z0)/srv-99"
	zone clone z0 c1
	[ "$(driver_of z0) $(driver_of c1) $(driver_of c48)" = "overlay 1 overlay 1 overlay 48" ]
	for z in z0 c1 c48; do
		zone boot $z
		[ "$(zone exec $z sh -c 'cat /srv-11 /srv-12 /srv-55; ls -d /srv-* | wc -l')" = "$(printf 'new\n12\n55\n%d' $([ $z = c48 ] && echo 46 || echo 47))" ]
		zone halt $z
	done
	zone delete -F c48
	zone delete -F c0
	[ "$(ls "$ZONES_STORAGE_DIR/.layers" | wc -l)" = 1 ]
}

@test "a Debian with systemd runs in shared layers, and packages' tools work there" {
	[ -s "$TREES/debian-bookworm.tar" ] || skip "no Debian tree was made"
	mkdir -p "$ZONES_STORAGE_DIR"
	# in memory, where it can hold the marks of an overlay: nobody waits for the disk
	! printf '%s\n' 6.6 "$(uname -r)" | sort -CV || mount -t tmpfs -o mode=755,size=1G zones-test "$ZONES_STORAGE_DIR"
	zone create -t linux deb 'anet=[]'
	zone install --from "$TREES/debian-bookworm.tar" deb
	for i in 1 2 3; do
		zone clone deb "d$i"
	done
	[ "$(ls "$ZONES_STORAGE_DIR/.layers" | wc -l)" = 1 ]
	[ "$(du -sm "$ZONES_STORAGE_DIR/d1" | cut -f1)" -lt 2 ]
	zone boot d1
	wait_for 60 zone exec d1 systemctl is-system-running
	zone exec d1 sh -ec 'useradd -m joe; su joe -c "touch /home/joe/x"; dpkg --purge --force-all mawk >/dev/null 2>&1; [ ! -e /usr/bin/mawk ]; mv /usr/share/doc /usr/share/doc2; dpkg --configure -a'
	zone shutdown d1
	zone boot d1
	zone exec d1 id joe
	[ "$(zone info --json d1 storage | jq -r '[.properties[].value] | join(" ")')" = "overlay $(ls "$ZONES_STORAGE_DIR/.layers")" ]
	zone boot d2
	run ! zone exec d2 id joe
	zone exec d2 test -e /usr/bin/mawk
}

@test "kill -9 at any moment of a clone: the old zone is as it was, the rest is removed by uninstall" {
	furnished web
	begin=$(date +%s%N)
	zone clone web first
	zone delete -F first
	span=$((($(date +%s%N) - begin) / 1000000 + 2)) # the kills are spread over what it takes here
	[ $span -lt 900 ] || span=900
	for i in $(seq 1 "${ZONES_KILLS:-12}"); do
		mkdir -p "$(top_of web)/srv"
		echo "$i" >"$(top_of web)/srv/round"
		zone clone web "new$i" >/dev/null 2>&1 &
		pid=$!
		sleep "$(printf '0.%03d' $((RANDOM % span)))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		[ "$(state_of web)" = installed ]
		zone boot web
		[ "$(zone exec web cat /srv/dir/file /srv/round)" = "$(printf 'data\n%s' "$i")" ]
		zone halt web
		if zone list -p -o name | grep -qx "new$i"; then
			[ "$(state_of "new$i")" != installed ] || { zone boot "new$i"; [ "$(zone exec "new$i" cat /srv/round)" = "$i" ]; zone halt "new$i"; }
			zone delete -F "new$i"
		fi
	done
	[ -z "$(ls "$ZONES_STORAGE_DIR" | grep -v '^web$')" ]
	zone delete -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.layers")" ]
}
