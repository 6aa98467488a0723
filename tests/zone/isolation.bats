#!/usr/bin/env bats
# What a zone gets by default (ZONES.md section 4), seen from inside and from the kernel's files outside.
load helper

@test "every namespace is the zone's own" {
	booted web
	init=$(init_pid web)
	for ns in pid mnt uts ipc net cgroup user; do
		[ "$(readlink /proc/$init/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ] || { echo "shared: $ns"; false; }
	done
}

@test "65,536 ids of its own that no other zone has, and an owner uid of its own that no process uses" {
	booted one
	native two
	zone boot two
	read -r in1 out1 n1 < "/proc/$(init_pid one)/uid_map"
	read -r in2 out2 n2 < "/proc/$(init_pid two)/uid_map"
	[ "$in1 $n1" = "0 65536" ]
	[ "$in2 $n2" = "0 65536" ]
	[ $((out1 + 65536)) -le "$out2" ] || [ $((out2 + 65536)) -le "$out1" ]
	diff "/proc/$(init_pid one)/uid_map" "/proc/$(init_pid one)/gid_map"
	python3 - "$(init_pid one)" "$(init_pid two)" <<'P'
import fcntl, os, struct, sys
owners = []
for pid in sys.argv[1:]:
    fd = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    b = bytearray(4)
    fcntl.ioctl(fd, 0xb704, b)  # NS_GET_OWNER_UID
    uid = struct.unpack("I", b)[0]
    base = int(open(f"/proc/{pid}/uid_map").read().split()[1])
    assert uid != 0 and not base <= uid < base + 65536, (uid, base)
    owners.append(uid)
assert owners[0] != owners[1], owners
P
}

@test "inotify budgets are separate: one zone using all of its own leaves the other its own" {
	booted one
	native two
	zone boot two
	cat > "$TOP/inotify.py" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
n = 0
while n < 4096 and libc.inotify_init1(0) >= 0:
    n += 1
print(n, flush=True)
sys.stdin.read()
P
	cp "$TOP/inotify.py" "$ZONES_STORAGE_DIR/one/root/root/"
	cp "$TOP/inotify.py" "$ZONES_STORAGE_DIR/two/root/root/"
	mkfifo "$TOP/hold"
	zone exec one python3 /root/inotify.py <"$TOP/hold" >"$TOP/a" & pid=$!
	exec 8>"$TOP/hold"
	wait_for 10 test -s "$TOP/a"
	b=$(zone exec two python3 /root/inotify.py </dev/null)
	exec 8>&-
	wait $pid || true
	[ "$(cat "$TOP/a")" -gt 0 ]
	[ "$b" = "$(cat "$TOP/a")" ]
}

@test "capabilities never exceed the ceiling, limitpriv moves it, prohibited ones are refused" {
	booted web
	bnd=$(awk '/CapBnd/{print $2}' "/proc/$(init_pid web)/status")
	for cap in 16 17 20 22 25 32 33 34 38 39; do # sys_module sys_rawio sys_pacct... what a zone never has: module rawio time mac bpf
		case $cap in 20 | 22) continue ;; esac
		[ $(((0x$bnd >> cap) & 1)) = 0 ] || { echo "capability $cap is in $bnd"; false; }
	done
	zone halt web
	zone set web limitpriv='default,!net_raw'
	zone boot web
	bnd=$(awk '/CapBnd/{print $2}' "/proc/$(init_pid web)/status")
	[ $(((0x$bnd >> 13) & 1)) = 0 ]
	fails 1 zone set web limitpriv='default,sys_module'
	says sys_module
}

@test "a seccomp filter is on in every process, no_new_privs only where the brand wants it" {
	booted web
	zone exec web sleep 20 &
	wait_for 5 zone exec web pidof sleep
	for pid in $(zone ps --json web | jq -r '.[].pid'); do
		grep -q '^Seccomp:.*2' "/proc/$pid/status"
	done
}

@test "the filter denies the families that tenants have no use for" {
	booted web
	cat > "$ZONES_STORAGE_DIR/web/root/root/try.py" <<'P'
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
def refused(nr, *args):
    ctypes.set_errno(0)
    r = libc.syscall(nr, *args)
    return r == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)
bad = []
for name, nr, args in [("kexec_load", 246, (0, 0, 0, 0)), ("init_module", 175, (0, 0, 0)), ("finit_module", 313, (-1, 0, 0)), ("bpf", 321, (0, 0, 0)), ("perf_event_open", 298, (0, 0, 0, 0, 0)),
                       ("userfaultfd", 323, (0,)), ("io_uring_setup", 425, (1, 0)), ("keyctl", 250, (0, 0)), ("add_key", 248, (0, 0, 0, 0, 0)), ("open_by_handle_at", 304, (-1, 0, 0)),
                       ("swapon", 167, (0, 0)), ("clock_settime", 227, (0, 0)), ("unshare(NEWUSER)", 272, (0x10000000,)), ("clone3", 435, (0, 0)), ("newer than the profile", 9999, ())]:
    if not refused(nr, *args):
        bad.append(name)
for family in (15, 33, 38, 40, 44):
    try:
        socket.socket(family, socket.SOCK_RAW if family == 15 else socket.SOCK_SEQPACKET).close()
        bad.append(f"socket family {family}")
    except OSError as e:
        if e.errno != errno.EPERM and family in (38, 40):
            bad.append(f"socket family {family}: {e}")
try:
    socket.socket(16, socket.SOCK_RAW, 6)
    bad.append("netlink xfrm")
except OSError:
    pass
import fcntl, os, pty
m, s = pty.openpty()
try:
    fcntl.ioctl(s, 0x5412, b"x")
    bad.append("TIOCSTI")
except OSError:
    pass
socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
socket.socket(16, socket.SOCK_RAW, 0).close()
print("bad:", bad)
P
	run zone exec web python3 /root/try.py
	says "bad: []"
}

@test "/dev holds the zone's own nodes and nothing of the host" {
	booted web
	run zone exec web sh -c 'find /dev -type b; find /dev -type c | sort'
	[ "$(echo "$output" | grep -cvE '^/dev/(null|zero|full|random|urandom|tty|console|ptmx|pts/.*)$')" = 0 ]
	fails 0 zone exec web sh -c 'echo x > /dev/null && head -c 4 /dev/zero | od -An -tx1'
	run zone exec web mknod /dev/sda b 8 0
	[ "$status" -ne 0 ]
	run zone exec web sh -c 'mknod /root/kmsg c 1 11 && head -c 1 /root/kmsg'
	[ "$status" -ne 0 ]
}

@test "what /proc and /sys tell or let change of the host is masked or read-only" {
	booted web
	for p in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger; do
		run zone exec web sh -c "cat $p 2>/dev/null | head -c 1 | wc -c"
		says 0
	done
	for p in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/drop_caches /proc/sysrq-trigger /sys/kernel/uevent_helper /sys/power/state; do
		run zone exec web sh -c "echo 1 > $p"
		[ "$status" -ne 0 ] || { echo "writable: $p"; false; }
	done
	fails 1 zone exec web sh -c 'ls /sys/firmware/* 2>/dev/null | grep .'
	zone halt web
	zone set web limitpriv=default,net_admin
	zone boot web
	fails 0 zone exec web sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward' # its own network namespace's
}

@test "the host's files, processes and mounts cannot be seen" {
	booted web
	echo secret > "$TOP/canary"
	fails 1 zone exec web cat "$TOP/canary"
	[ "$(zone exec web sh -c 'ls -d /proc/[0-9]* | wc -l')" -le 5 ]
	run zone exec web cat /proc/self/mountinfo
	case $output in *"$TOP"/canary* | */sys/fs/cgroup/memory*) false ;; esac
	run zone exec web sh -c 'ls /proc/1/root/../../../../'"$TOP"
	[ "$status" -ne 0 ]
}

@test "/usr is the host's, read-only, with the right owners; setuid programs work as the zone's root" {
	booted web
	fails 1 zone exec web touch /usr/x
	run zone exec web mount -o remount,rw /usr
	[ "$status" -ne 0 ]
	[ "$(zone exec web stat -c %u:%g /usr/bin/env)" = 0:0 ]
	[ "$(zone exec web stat -c %u /root)" = 0 ]
	run zone exec web sh -c 'mount --bind /tmp /usr/share && umount /usr'
	[ "$status" -ne 0 ]
}

@test "files that root makes inside belong to root there, and no id of the host is changed" {
	booted web
	zone exec web sh -c 'echo x > /root/f; chown www-data /root/f'
	[ "$(stat -c %u "$ZONES_STORAGE_DIR/web/root/root/f")" = 33 ]
	[ "$(stat -c %a "$ZONES_STORAGE_DIR/web")" = 700 ]
}

@test "a zone cannot signal, trace or see another zone" {
	booted one service.command='["/bin/sleep","4321"]'
	native two
	zone boot two
	run zone exec two pgrep -f 4321
	[ "$status" -ne 0 ]
	target=$(zone ps --json one | jq -r '[.[].pid] | max')
	run zone exec two kill -9 "$target"
	[ "$status" -ne 0 ]
	kill -0 "$target"
}

@test "cgroup limits cannot be lifted from inside" {
	booted web cappedMemory.physical=64M
	run zone exec web sh -c 'find /sys/fs/cgroup -name "memory*max*" -o -name "pids.max" -o -name "*limit_in_bytes" | while read -r f; do echo max > $f && echo lifted $f; done 2>/dev/null; mkdir /m && mount -t cgroup -o memory m /m && echo mounted'
	case $output in *lifted* | *mounted*) false ;; esac
}

@test "hostname, hostid and machine-id are the zone's own" {
	booted web hostid=0x01020304
	[ "$(zone exec web hostname)" = web ]
	[ "$(zone exec web hostid)" = 01020304 ]
	[ "$(zone exec web cat /etc/machine-id)" != "$(cat /etc/machine-id 2>/dev/null)" ]
	[ "$(hostname)" != web ]
}

@test "lofs and tmpfs file systems: bound with the zone's owners, read-only when asked, no device or setuid" {
	mkdir -p "$TOP/shut/data" "$TOP/ro"
	echo d > "$TOP/shut/data/f"
	booted web 'fs=[{"dir":"/srv/data","special":"'"$TOP"'/shut/data","type":"lofs"},{"dir":"/srv/ro","special":"'"$TOP"'/ro","type":"lofs","options":["ro"]},{"dir":"/srv/t","type":"tmpfs","options":["size=1M"]}]'
	[ "$(zone exec web stat -c %u /srv/data/f)" = 0 ]
	zone exec web sh -c 'echo new > /srv/data/g'
	[ "$(stat -c %u "$TOP/shut/data/g")" = 0 ]
	fails 1 zone exec web touch /srv/ro/x
	run zone exec web dd if=/dev/zero of=/srv/t/x bs=64k count=64
	[ "$status" -ne 0 ]
	run zone exec web grep ' /srv/data ' /proc/self/mountinfo
	says nosuid
	says nodev
}

@test "symlinks in the zone's root where mounts go lead nowhere outside" {
	native web 'fs=[{"dir":"/srv/a/b","type":"tmpfs"}]'
	root=$ZONES_STORAGE_DIR/web/root
	mkdir "$TOP/outside"
	echo canary > "$TOP/outside/canary"
	for d in srv proc sys dev run tmp; do
		rm -rf "${root:?}/$d"
		ln -s "$TOP/outside" "$root/$d"
	done
	before=$(find "$TOP/outside" | sort)
	zone boot web || true
	zone halt web || true
	[ "$(find "$TOP/outside" | sort)" = "$before" ]
	[ "$(cat "$TOP/outside/canary")" = canary ]
}

@test "nesting: a zone of its own inside the zone works, and only there" {
	native web nesting=true
	native flat
	zone boot web
	zone boot flat
	# a user namespace with a mount of its own and a root that is mapped; what it mounts stays inside
	inner='unshare --user --map-root-user --mount --pid --fork sh -c "id -u; mount -t tmpfs inner /mnt && echo mounted; mount -t proc proc /proc && ps -o pid= -p 1"'
	run zone exec -l www-data web sh -c "$inner"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	[ "$(echo "$output" | tr -s ' \n' ' ')" = "0 mounted 1 " ] || [ "$(echo $output)" = "0 mounted 1" ]
	run zone exec web sh -c 'grep -c inner /proc/self/mountinfo; true'
	[ "$output" = 0 ]
	fails 1 zone exec -l www-data flat sh -c "$inner"
	says "unshare"
}
