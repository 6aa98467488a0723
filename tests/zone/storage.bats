#!/usr/bin/env bats
# Roots in layers (storage.h): what a zone can do in one, what it cannot reach, what the host sees of it.
bats_require_minimum_version 1.5.0
load helper

# A native zone NAME whose root is a layer below an empty top.
layered() {
	local name=$1 record=$ZONES_STORAGE_DIR/.records/$1.json layer=$ZONES_STORAGE_DIR/.layers/base-$1
	shift
	native "$name" "$@"
	mkdir -p "$layer"
	mv "$ZONES_STORAGE_DIR/$name/root" "$layer/fs"
	mkdir -m 755 "$ZONES_STORAGE_DIR/$name/root"
	mkdir -p -m 700 "$ZONES_STORAGE_DIR/$name/upper/work"
	mkdir -m 755 "$ZONES_STORAGE_DIR/$name/upper/fs"
	chmod 700 "$ZONES_STORAGE_DIR/$name/upper"
	python3 - "$record" "base-$name" <<'P'
import json, sys
with open(sys.argv[1]) as f:
    r = json.load(f)
r["driver"] = "overlay"
r["layers"] = [sys.argv[2]]
with open(sys.argv[1], "w") as f:
    json.dump(r, f)
P
}

sum_of() { # DIR: names, owners, modes, contents
	(cd "$1" && find . -printf '%p %U:%G %m %y %s %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum
}

@test "a root in layers: every kind of change works inside and none reaches the layer" {
	layered web
	layer=$ZONES_STORAGE_DIR/.layers/base-web/fs
	mkdir -p "$layer/srv/dir/sub"
	echo old >"$layer/srv/dir/file"
	ln "$layer/srv/dir/file" "$layer/srv/dir/link"
	before=$(sum_of "$layer")
	zone boot web
	[ -z "$(findmnt -rno TARGET | grep "$TOP")" ]
	zone exec web sh -ec '
		cd /srv
		echo new >dir/file
		[ "$(cat dir/file)" = new ]
		echo more >top
		ln top hard; [ "$(stat -c %h hard)" = 2 ]
		chown 33:44 top; [ "$(stat -c %u:%g top)" = 33:44 ]
		chmod 4755 top; [ "$(stat -c %a top)" = 4755 ]
		cp /bin/busybox bb; setcap cap_net_raw+ep bb; getcap bb | grep -q cap_net_raw
		setfattr -n user.mine -v 1 top; getfattr -n user.mine top | grep -q mine
		mkdir own; mv own renamed; [ -d renamed ]
		mv dir moved; [ "$(cat moved/file)" = new ]; [ ! -e dir ]
		mkdir dir; [ -z "$(ls dir)" ]
		ln -s top sym; mkfifo pipe
		rm -rf /opt; mkdir /opt
		truncate -s 1G sparse; [ "$(stat -c %b sparse)" -lt 16 ]'
	[ "$(sum_of "$layer")" = "$before" ]
	# what was done is there after a halt and a boot, through the host and inside
	zone halt web
	[ "$(stat -c %u:%g:%a "$ZONES_STORAGE_DIR/web/upper/fs/srv/top")" = 33:44:4755 ]
	zone boot web
	[ "$(zone exec web cat /srv/moved/file)" = new ]
	zone exec web sh -c '[ -d /srv/dir ] && [ ! -e /srv/dir/file ] && getcap /srv/bb | grep -q net_raw'
	zone halt web
	[ "$(sum_of "$layer")" = "$before" ]
	[ -z "$(ls "$ZONES_STORAGE_DIR/web/root")" ]
}

@test "root inside reaches neither the layers nor the host: no path, no mount, no mark of its own" {
	layered web limitpriv=default,sys_admin
	zone boot web
	run -0 zone exec web sh -c 'stat -c %d:%i / /..'
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	# nothing but its own mounts, and no name of the host in them
	run -0 zone exec web cat /proc/self/mountinfo
	if grep -qE "$TOP|/\.layers| / / .* (ext4|xfs|btrfs) " <<<"$output"; then echo "$output"; false; fi
	[ "$(grep -c ' / / ' <<<"$output")" = 1 ]
	# the marks of the kernel are not its to set or to see
	zone exec web sh -c 'mkdir /srv/d; setfattr -n user.overlay.opaque -v y /srv/d; setfattr -n user.overlay.redirect -v /etc /srv/d; true'
	run ! getfattr -n user.overlay.redirect "$ZONES_STORAGE_DIR/web/upper/fs/srv/d"
	run ! getfattr -n user.overlay.opaque "$ZONES_STORAGE_DIR/web/upper/fs/srv/d"
	run ! zone exec web mknod /srv/gone c 0 0
	run ! zone exec web mknod /srv/null c 1 3
	# taking the root's own mount away or over leads nowhere
	zone exec web sh -c 'umount -l /; mount --bind / /mnt && ls /mnt >/dev/null; mount -o remount,rw /; true'
	run -0 zone exec web sh -c 'stat -c %d:%i / /..'
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	# no process of the zone holds a descriptor of a layer
	for fd in "/proc/$(init_pid web)/fd"/*; do
		case $(readlink "$fd") in "$TOP"*) readlink "$fd"; false ;; esac
	done
	[ "$(ls "$ZONES_STORAGE_DIR/.layers/base-web/fs/srv" | wc -l)" = 0 ]
}

@test "inotify works in a root in layers" {
	layered web
	zone boot web
	zone exec web python3 -c '
import ctypes, os, struct
c = ctypes.CDLL(None, use_errno=True)
os.mkdir("/srv/w")
fd = c.inotify_init()
for name in (b"/srv/w", b"/etc"):
    assert c.inotify_add_watch(fd, name, 0x100 | 0x2) > 0
open("/srv/w/new", "w").close()
open("/etc/of-a-layer", "w").write("x")
b = os.read(fd, 4096)
assert b"new" in b and b"of-a-layer" in b, b'
}

@test "a missing layer: unavailable with its name; uninstall is a way out and leaves others' layers" {
	layered web
	layered other
	mv "$ZONES_STORAGE_DIR/.layers/base-web" "$TOP/away"
	run -0 zone list --json web
	[ "$(jq -r '.[0].state' <<<"$output")" = unavailable ]
	jq -r '.[0].reason' <<<"$output" | grep -q "layer base-web is missing"
	fails 1 zone boot web
	mv "$TOP/away" "$ZONES_STORAGE_DIR/.layers/base-web"
	[ "$(state_of web)" = installed ]
	mv "$ZONES_STORAGE_DIR/.layers/base-web" "$TOP/away"
	zone uninstall -F web
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	[ "$(state_of other)" = installed ]
	zone boot other
}

@test "a record with a hostile layer name is not followed" {
	layered web
	sed -i 's|base-web|../../../etc|' "$ZONES_STORAGE_DIR/.records/web.json"
	[ "$(state_of web)" = unavailable ]
	fails 1 zone boot web
	run -0 zone why web
	says "names no layer"
}

@test "a read-only root in layers stays so, boot -w makes it writable once, and there is no trusted path" {
	layered web fileMacProfile=strict limitpriv=default,sys_admin
	zone boot web
	run ! zone exec web touch /srv/x
	run ! zone exec web mount -o remount,rw /
	run ! zone exec web touch /srv/x
	run ! zone exec web umount /
	run -0 zone exec web sh -c 'stat -c %d:%i / /..'
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	[ ! -e "$ZONES_STORAGE_DIR/web/upper/fs/srv/x" ]
	fails 1 zone login -T web true
	says "zone boot -w"
	zone halt web
	zone boot -w web
	zone exec web touch /srv/x
	zone halt web
	zone set web fileMacProfile=fixed-configuration
	zone boot web
	zone exec web touch /var/y
	run ! zone exec web touch /srv/z
	[ -e "$ZONES_STORAGE_DIR/web/upper/fs/var/y" ]
}

@test "a root in more layers than one option of the kernel has room for: it boots, is written to, is seen from outside, and becomes one" {
	layered web
	for n in $(seq -f %03g 127); do
		mkdir -p -m 755 "$ZONES_STORAGE_DIR/.layers/many-$n/fs/srv"
		echo "$n" | tee "$ZONES_STORAGE_DIR/.layers/many-$n/fs/srv/last" >"$ZONES_STORAGE_DIR/.layers/many-$n/fs/srv/f$n"
	done
	mknod "$ZONES_STORAGE_DIR/.layers/many-100/fs/srv/f050" c 0 0 # removed there
	jq '.layers = [range(127; 0; -1) | "many-" + ("00\(.)"[-3:])] + .layers' "$ZONES_STORAGE_DIR/.records/web.json" >"$TOP/record"
	cat "$TOP/record" >"$ZONES_STORAGE_DIR/.records/web.json"
	[ "$(jq '.layers | length' "$TOP/record")" = 128 ]
	look='cat /srv/last; ls /srv | wc -l; cat /srv/f001 /srv/f127; [ ! -e /srv/f050 ] && [ -e /etc/passwd ] && echo whole'
	zone boot web
	[ "$(zone exec web sh -c "$look" | tr '\n' ' ')" = "127 127 001 127 whole " ]
	zone exec web sh -c 'echo mine >/srv/f001; rm /srv/f127; ! mount | grep -q joined'
	fails 1 zone clone web live # one more would be too many
	says "128 layers"
	zone halt web
	[ "$(findmnt -rno TARGET | grep -c "$TOP")" = 0 ]
	zone clone web copy
	[ "$(jq '.layers | length' "$ZONES_STORAGE_DIR/.records/copy.json")" = 1 ]
	zone boot copy
	[ "$(zone exec copy sh -c 'cat /srv/last; ls /srv | wc -l; cat /srv/f001; ls /srv/f127 2>/dev/null' | tr '\n' ' ')" = "127 126 mine " ]
}
