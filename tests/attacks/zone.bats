#!/usr/bin/env bats
# A tenant with root inside a zone, a local user and a confused operator against the host (the mechanism families are lettered in the project's security rules). Every test that could
# touch the host has a canary outside, and is shown to be able to fail (tests/attacks/zone.bash).
load zone

setup_more() {
	outside_new
}

teardown_more() {
	[ -z "${server:-}" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	return 0
}

root_of() {
	echo "$ZONES_STORAGE_DIR/$1/root"
}

cpu_ticks() { # of the zone's monitor
	awk '{print $14 + $15 + $16 + $17}' "/proc/$(jq -r .monitor "$ZONES_RUN_DIR/$1/run.json")/stat"
}

# --- A, B: paths in the zone's root ---------------------------------------------------------------------------------

boots_over() { # PLACES KINDS: zone boot where these are something else
	local where kind root
	native web || return 1
	root=$(root_of web)
	for where in $1; do
		for kind in $2; do
			mv "$root" "$root.good"
			cp -a "$root.good" "$root"
			mkdir -p "$root/$(dirname "$where")"
			rm -rf "${root:?}/$where"
			case $kind in
			absolute) ln -s "$TOP/outside" "$root/$where" ;;
			dangling) ln -s "$TOP/outside/new" "$root/$where" ;;
			fifo) mkfifo "$root/$where" ;;
			esac
			if hangs 10 zone boot web; then
				echo "boot hangs: $where $kind"
				return $HARM
			fi
			timeout 10 zone halt web >/dev/null 2>&1 || true
			unharmed || { echo "$where $kind"; return $HARM; }
			rm -rf "$root"
			mv "$root.good" "$root"
		done
	done
}

# family: A
# shown: weak: resolve (boot follows the link of /etc and writes its files outside)
@test "A: every kind of file where boot wants a directory or a file: nothing outside is touched, nothing hangs" {
	boots_over "etc dev proc sys run etc/hostname etc/hosts" "absolute dangling fifo"
	bites resolve boots_over etc absolute
}

exchanges() { # BOOTS at most: until harm is done
	local root racer harm=0
	native web || return 1
	root=$(root_of web)
	cat > "$TOP/racer.py" <<'P'
import ctypes, os, sys
root, outside = sys.argv[1:3]
libc = ctypes.CDLL(None)
names = ["etc", "dev", "run", "proc", "sys", "tmp", "root"]
for n in names:
    os.symlink(outside, f"{root}/{n}.x")
rounds = 0
while os.path.exists(f"{outside}/../racing"):
    for n in names:
        libc.renameat2(-100, f"{root}/{n}".encode(), -100, f"{root}/{n}.x".encode(), 2)
    rounds += 1
open(f"{outside}/../rounds", "w").write(str(rounds * len(names)))
P
	touch "$TOP/racing"
	python3 "$TOP/racer.py" "$root" "$TOP/outside" & racer=$!
	for _ in $(seq "$1"); do
		timeout 20 zone boot web >/dev/null 2>&1 && timeout 20 zone exec web true >/dev/null 2>&1
		timeout 20 zone halt web >/dev/null 2>&1
		unharmed || { harm=$HARM; break; }
	done
	rm "$TOP/racing"
	wait $racer
	[ $harm = 0 ] || return $harm
	[ "$(cat "$TOP/rounds")" -ge 500 ]
	! findmnt -rno TARGET | grep "^$TOP" || return $HARM
}

# family: B
# shown: weak: resolve (one of the first boots writes outside)
@test "B: 500 exchanges of directories of the root against links outwards while it boots, runs exec and halts" {
	exchanges 30
	bites resolve exchanges 30
}

exchanged_passwd() { # SECONDS: /etc is a link to a folder of the host's, whose passwd knows one more user, half of the time
	local racer harm=0
	up web || return 1
	ln -s "$TOP/outside" "$(root_of web)/etc.x"
	cat > "$(root_of web)/root/racer.py" <<'P'
import ctypes, sys, time
libc = ctypes.CDLL(None)
end = time.time() + float(sys.argv[1])
while time.time() < end:
    libc.renameat2(-100, b"/etc", -100, b"/etc.x", 2)
P
	zone exec web python3 /root/racer.py "$1" & racer=$!
	while kill -0 $racer 2>/dev/null; do
		if hangs 10 zone exec -l www-data -w /etc web /bin/true; then harm=$HARM; fi
		if timeout 10 zone exec -l outsider web /bin/true >/dev/null 2>&1; then
			echo "a user of the host's folder is known in the zone"
			harm=$HARM
		fi
		[ $harm = 0 ] || break
	done
	kill $racer 2>/dev/null || true
	wait $racer || true
	[ $harm = 0 ] || return $harm
	unharmed
}

# family: B
# shown: weak: resolve (the users of the folder outside are taken for the zone's)
@test "B: root inside exchanges what exec and login look at: no way out, no hang" {
	exchanged_passwd 3
	bites resolve exchanged_passwd 3
}

passwd_is() { # COMMANDS...: each makes an /etc/passwd
	local make root
	up web || return 1
	root=$(root_of web)
	for make; do
		(cd "$root/etc" && rm -rf passwd && sh -c "$make")
		if hangs "${PATIENCE:-5}" zone exec web true; then
			echo "hangs: $make"
			return $HARM
		fi
		run timeout 5 zone login -l evil web id
		[ "$status" -ne 124 ] && [ "$status" -ne 0 ] || { echo "login, $status: $make"; return $HARM; }
	done
	unharmed
}

# family: O
# shown: weak: regular (it waits for a writer of the FIFO)
@test "O: /etc/passwd as FIFO, directory, socket, link outwards, kernel log, 100 MiB or garbage: exec answers at once" {
	passwd_is 'mkfifo passwd' 'mkdir passwd' "ln -s $TOP/outside/canary passwd" 'ln -s /proc/kmsg passwd' 'ln -s /dev/zero passwd' 'ln -s passwd passwd' \
		'truncate -s 100M passwd' 'head -c 900000 /dev/urandom > passwd' 'yes : | head -c 1000000 > passwd'
	(cd "$(root_of web)/etc" && rm -rf passwd && ln -s /proc/kmsg passwd)
	run zone exec web true
	says "not a regular file" # and was not opened: reading it takes messages from the host's own log
	unharmed
	PATIENCE=2 bites regular passwd_is 'mkfifo passwd'
}

# --- C: what is read-only stays so ----------------------------------------------------------------------------------

takes_options_off() {
	mkdir -p "$TOP/shut/rw"
	up web limitpriv=default,sys_admin 'fs=[{"dir":"/srv/ro","special":"'"$TOP"'/outside","type":"lofs","options":["ro"]},{"dir":"/srv/rw","special":"'"$TOP/shut/rw"'","type":"lofs","options":["rw"]}]' || return 1
	cat > "$(root_of web)/root/try.py" <<'P'
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
bad = []
def remount(path, flags):
    return libc.mount(b"none", path, None, 0x1000 | 0x20 | flags, None) == 0       # MS_BIND | MS_REMOUNT
def setattr_(fd, path, clear):
    attr = struct.pack("QQQQ", 0, clear, 0, 0)
    return libc.syscall(442, fd, path, 0x1000 if path == b"" else 0, attr, 32) == 0   # mount_setattr
def tries(path, tag):
    if remount(path, 0) or remount(path, 2 | 4) or setattr_(-100, path, 1):
        bad.append(f"writable {tag}")
    libc.mkdir(b"/root/m", 0o700)
    if libc.mount(path, b"/root/m", None, 0x1000 | 0x4000, None) == 0:
        if remount(b"/root/m", 0) or setattr_(-100, b"/root/m", 1):
            bad.append(f"writable copy {tag}")
        libc.umount2(b"/root/m", 2)
    tree = libc.syscall(428, -100, path, 1 | 0x8000)                               # open_tree CLONE | RECURSIVE
    if tree >= 0 and setattr_(tree, b"", 1):
        bad.append(f"writable tree {tag}")
tries(b"/srv/ro", "lofs")
tries(b"/usr", "usr")
if remount(b"/srv/rw", 0) or setattr_(-100, b"/srv/rw", 2) or setattr_(-100, b"/srv/rw", 4):
    bad.append("nosuid or nodev taken off")
print("bad:", bad)
P
	run zone exec web python3 /root/try.py
	none_bad || return $?
	unharmed || return $?
	zone exec web sh -c 'umount -l /srv/ro; echo x > /srv/ro/canary; mount --bind / /usr; touch /usr/evil' || true
	[ ! -e /usr/evil ] || return $HARM
	unharmed
}

# family: C
# shown: weak: lock (the options are set, and root inside takes them off again)
@test "C: root inside with CAP_SYS_ADMIN cannot take ro, nosuid, nodev off what the host shows it" {
	takes_options_off
	bites lock takes_options_off
}

takes_masks_off() { # FOLDERS and files: what is looked at then
	up web limitpriv=default,sys_admin || return 1
	cat > "$(root_of web)/root/try.py" <<'P'
import ctypes, os, re, sys
libc = ctypes.CDLL(None)
for line in reversed(open("/proc/self/mountinfo").read().splitlines()):
    point = line.split()[4]
    if re.match("/(proc|sys)/", point) and not point.startswith("/sys/fs/cgroup"):
        libc.umount2(point.encode(), 2)
libc.mount(b"none", b"/sys", None, 0x1000 | 0x20, None)
# namespaced: net, uts, ipc, pid, user
own = re.compile("/proc/sys/(net/|user/|kernel/(hostname|domainname|sem|shm|msg|ns_last_pid|auto_msgmni|cad_pid|pid_max)|fs/mqueue/)")
bad = []
for top in [x for x in sys.argv[1:] if os.path.isdir(x)]:
    for d, dirs, files in os.walk(top):
        if d == "/sys/fs":
            dirs[:] = [x for x in dirs if x != "cgroup"]
        for f in files:
            p = os.path.join(d, f)
            if own.match(p) or p.startswith("/sys/devices/virtual/net/") or "/queues/" in p:
                continue
            try:
                os.close(os.open(p, os.O_WRONLY | os.O_NONBLOCK))
                bad.append(p)
            except OSError:
                pass
for p in [x for x in sys.argv[1:] if not os.path.isdir(x)]:
    try:
        os.read(os.open(p, os.O_RDWR | os.O_NONBLOCK), 1)
        bad.append(p)
    except OSError:
        pass
print("bad:", bad)
P
	run zone exec web python3 /root/try.py "$@"
	none_bad
}

# family: C
# shown: weak: identity (root inside is the host's root, and the kernel's parameters are open to it)
@test "C: the masks taken off /proc and /sys give root inside nothing but its own namespaces' files to write" {
	takes_masks_off /proc/sys /proc/bus /proc/fs /proc/irq /proc/acpi /sys /proc/sysrq-trigger /proc/kcore /proc/kmsg /proc/timer_list
	bites identity takes_masks_off /proc/sys/vm # they are opened, not written to
}

# family: C R
# shown: the same calls change the zone's own node (the program inside asserts it), and the host's is compared
@test "C, R: root inside rules its own node of a device, never the host's, nor what the node lies on, nor a device that it was not given" {
	device=$(shut_device) || skip "no device here is shut to others and can be opened"
	node_before=$(stat -c '%a %u %g %t %T %Z' "$device")
	booted web limitpriv=default,sys_admin,mknod 'device=[{"match":"'"$device"'"}]'
	cat > "$(root_of web)/root/try.py" <<'P'
import ctypes, os, stat, sys
libc = ctypes.CDLL(None, use_errno=True)
node, bad = sys.argv[1], []
def tries(what, fn, *args):
    try:
        fn(*args)
        bad.append(what)
    except OSError:
        pass
os.close(os.open(node, os.O_RDWR))
os.chmod(node, 0o666)
os.chown(node, 5, 6)
s = os.stat(node)
assert (stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid) == (0o666, 5, 6)
os.makedirs("/root/m", exist_ok=True)
for name in ("/dev/made", "/root/made", "/tmp/made"):
    tries("mknod " + name, os.mknod, name, 0o600 | stat.S_IFCHR, os.makedev(1, 1))
tries("link", os.link, node, "/dev/linked")
tries("file in it", os.open, node + "/x", os.O_CREAT | os.O_WRONLY)
tries("the folder above it", os.open, node + "/..", os.O_RDONLY)
tries("user attribute", os.setxattr, node, "user.x", b"1" * 1000)
tries("trusted attribute", os.setxattr, node, "trusted.x", b"1")
# the file system below: mounted again, changed, or its root
if libc.mount(b"devices", b"/root/m", b"tmpfs", 0, b"size=1m") == 0:
    if os.listdir("/root/m"):
        bad.append("the tmpfs of the nodes is shown")
    libc.umount2(b"/root/m", 2)
if libc.mount(b"none", node.encode(), None, 32, b"size=100m,nr_inodes=1000") == 0:      # MS_REMOUNT
    bad.append("the tmpfs is changed")
fs = libc.syscall(433, -100, node.encode(), 0)                                           # fspick
if fs >= 0 and libc.syscall(431, fs, 7, None, None, 0) == 0:                              # fsconfig RECONFIGURE
    bad.append("the tmpfs is configured again")
# as a file of its own it is opened as it is mounted elsewhere, not more
open("/root/place", "w").close()
if libc.mount(node.encode(), b"/root/place", None, 0x1000, None) == 0:
    os.chmod("/root/place", 0o600)
os.chown(node, 0, 0)
os.chmod(node, 0o600)
if os.fork() == 0:
    os.setgid(1000)
    os.setuid(1000)
    try:
        os.open(node, os.O_RDONLY)
    except PermissionError:
        os._exit(0)
    os._exit(1)
if os.wait()[1] != 0:
    bad.append("open to everybody inside")
print("bad:", bad)
P
	run zone exec web python3 /root/try.py "$device"
	says "bad: []"
	[ "$(stat -c '%a %u %g %t %T %Z' "$device")" = "$node_before" ]
	zone audit -q web
	# the host has no other way in than its own node: uid 0 of the zone is nobody there
	[ "$(stat -c %a "/proc/$(init_pid web)/root$device")" = 600 ]
	[ "$(stat -c %u "/proc/$(init_pid web)/root$device")" -ge 65536 ]
	unharmed
}

uses_sys_admin() {
	up web limitpriv=default,sys_admin || return 1
	cat > "$(root_of web)/root/try.py" <<'P'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
bad = []
os.makedirs("/root/m", exist_ok=True)
for kind, data in [(b"cgroup", b"none,name=x"), (b"ext4", None), (b"debugfs", None), (b"tracefs", None), (b"securityfs", None), (b"devtmpfs", None),
                   (b"configfs", None), (b"pstore", None), (b"efivarfs", None), (b"nfs", None)]:
    if libc.mount(b"/dev/vda", b"/root/m", kind, 0, data) == 0:
        bad.append(kind.decode())
        libc.umount2(b"/root/m", 2)
# a v1 hierarchy can be mounted, but shows no more than the zone's own folder, in which nothing can be written
for data in (b"memory", b"pids", b"cpu", b"devices", b"freezer", b"cpuset", b"blkio", b"name=systemd"):
    if libc.mount(b"x", b"/root/m", b"cgroup", 0, data) != 0:
        continue
    for f in os.listdir("/root/m"):
        try:
            os.close(os.open("/root/m/" + f, os.O_WRONLY))
            bad.append(f"{data.decode()}/{f}")
        except OSError:
            pass
    try:
        os.mkdir("/root/m/sub")
        bad.append(f"{data.decode()}/sub")
    except OSError:
        pass
    libc.umount2(b"/root/m", 2)
for d, _, files in os.walk("/sys/fs/cgroup"):
    for f in files:
        if f == "release_agent":
            bad.append(d + "/release_agent")
for name, nr, args in [("unshare user", 272, (0x10000000,)), ("bpf", 321, (0, 0, 0)), ("io_uring", 425, (1, 0)), ("keyctl", 250, (0, 0)), ("userfaultfd", 323, (0,)),
                       ("open_by_handle_at", 304, (0, 0, 0)), ("kexec_load", 246, (0, 0, 0, 0)), ("init_module", 175, (0, 0, b"")), ("quotactl", 179, (0, 0, 0, 0)),
                       ("swapon", 167, (b"/root/s", 0)), ("acct", 163, (b"/root/a",)), ("settimeofday", 164, (0, 0)), ("syslog", 103, (3, 0, 0))]:
    r = libc.syscall(nr, *args)
    if r >= 0 or ctypes.get_errno() not in (1, 38):
        bad.append(f"{name}: {r} {ctypes.get_errno()}")
print("bad:", bad)
P
	run zone exec web python3 /root/try.py
	none_bad
}

# family: K R
# shown: weak: seccomp (a user namespace, bpf, io_uring and others are there)
@test "K, R: CAP_SYS_ADMIN in a zone mounts no file system of the host, lifts no cgroup v1 limit, writes no release_agent, makes no user namespace" {
	uses_sys_admin
	bites seccomp uses_sys_admin
}

# --- E, G, H: descriptors and processes ---------------------------------------------------------------------------

descriptors_inside() {
	local pid
	up web service.command='["/bin/sleep","1000"]' || return 1
	wait_for 5 sh -c "zone ps --json web | jq -e 'length > 1'" || return 1
	zone exec web sleep 2 </dev/null >/dev/null 2>&1 &
	wait_for 5 sh -c "zone ps --json web | jq -e 'length > 2'" || return 1
	for pid in $(zone ps --json web | jq -r '.[].pid'); do
		run ls -l "/proc/$pid/fd"
		case $output in *"$TOP"* | *cgroup* | *mnt:* | *net:* | *"-> /proc"* | *memfd* | *"-> /"$'\n'*) echo "$output"; return $HARM ;; esac
		[ "$(stat -Lc %d:%i "/proc/$pid/cwd")" != "$(stat -Lc %d:%i /)" ] || return $HARM
	done
	wait
}

# family: G
# shown: weak: leak (no descriptor is closed by execve)
@test "G: no descriptor of the host in init, service or exec'ed processes; a directory on stdin is refused" {
	descriptors_inside
	fails 1 zone exec web true < /
	says "directory of the host"
	bites leak descriptors_inside
}

observed() { # EXECS, while a racing observer looks for the runtime's processes
	local observer sum
	up web limitpriv=default,sys_admin || return 1
	cat > "$(root_of web)/root/observe.py" <<'P'
import ctypes, os, time
libc = ctypes.CDLL(None)
mine, got, seen = os.getpid(), [], set()
def name_of(p): # "" when it is gone
    try:
        return open(f"/proc/{p}/comm").read().strip()
    except OSError:
        return ""
end = time.time() + 60
while time.time() < end and not os.path.exists("/root/stop"):
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) in (1, mine):
            continue
        try:
            comm = open(f"/proc/{p}/comm").read().strip()
        except OSError:
            continue
        if comm not in ("zone", "zrun", "4", "5", "6", "7", "8", "9"):
            continue
        seen.add(p)
        for f, how in (("exe", os.O_WRONLY), ("mem", os.O_RDWR), ("root", os.O_PATH), ("fd/3", os.O_PATH), ("environ", os.O_RDONLY)):
            try:
                fd = os.open(f"/proc/{p}/{f}", how)
            except OSError:
                continue
            if f in ("environ", "maps", "mem"): # opened or not: what counts is what can be read
                try:
                    data = os.read(fd, 64)
                except OSError:
                    data = b""
                if data and name_of(p) in ("zone", "zrun"):
                    got.append(f)
            elif name_of(p) in ("zone", "zrun"):
                got.append(f)
            os.close(fd)
        if libc.ptrace(0x4206, int(p), 0, 0) == 0: # PTRACE_SEIZE
            try:
                if open(f"/proc/{p}/comm").read().strip() in ("zone", "zrun"):
                    got.append("ptrace")
            except OSError:
                pass
            os.kill(int(p), 9) # it was exec'ed meanwhile: the zone's own program
            try:
                os.waitpid(int(p), 0x40000000) # __WALL; a tracer that does not wait keeps it a zombie
            except OSError:
                pass
open("/root/result", "w").write(f"seen {len(seen)} got {sorted(set(got))}\n")
P
	sum=$(sha256sum "$(command -v zone)")
	zone exec web python3 /root/observe.py & observer=$!
	for _ in $(seq "$1"); do
		timeout 10 zone exec web /bin/true >/dev/null 2>&1 || [ $? -ne 124 ]
	done
	touch "$(root_of web)/root/stop"
	wait $observer
	run cat "$(root_of web)/root/result"
	echo "$output"
	[ "$(sha256sum "$(command -v zone)")" = "$sum" ] || return $HARM
	case $output in
	"seen 0 "* | "") echo "the observer saw nothing"; return 1 ;;
	*"got []"*) return 0 ;;
	esac
	return $HARM
}

# family: H
# shown: weak: dumpable (what the processes hold and remember is read)
@test "H: a racing observer inside never gets hold of the runtime's processes during 100 execs, nor of its program" {
	observed 100
	bites dumpable observed 50
}

self_exe() {
	local p
	up web || return 1
	cp "$(command -v zone)" "$TOP/zone"
	printf '#!/proc/self/exe\n' > "$(root_of web)/root/self"
	chmod 755 "$(root_of web)/root/self"
	ln -sf /proc/self/exe "$(root_of web)/root/exe"
	# the loader of the zone is asked to load the tenant's library into whatever runs
	cat > "$TOP/evil.c" <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>
/* Runs in whatever /proc/self/exe is. While it runs nobody can write to it; whether somebody could afterwards, the mount says, and the seals. */
__attribute__((constructor)) static void evil(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct statvfs fs;
	char name[256] = "";

	(void)!readlink("/proc/self/exe", name, sizeof(name) - 1);
	int seals = fcntl(fd, F_GET_SEALS);

	if (fstatvfs(fd, &fs) == 0 && !(fs.f_flag & ST_RDONLY) && !(seals > 0 && seals & F_SEAL_WRITE))
		printf("WRITABLE %s\n", name);
	else
		printf("loaded into %s\n", name);
	fflush(stdout);
	_exit(0);
}
C
	gcc -shared -fPIC -o "$(root_of web)/root/evil.so" "$TOP/evil.c"
	for p in self exe; do
		run timeout 10 zone exec -e LD_PRELOAD=/root/evil.so web "/root/$p" help
		echo "$output"
		[ "$status" -ne 124 ] || return $HARM
		case $output in *WRITABLE*) return $HARM ;; *"loaded into"*) ;; *) [ "$BUILD" != "$ROOT/build" ] || return 1 ;; esac # a sanitizer wants to be loaded first
	done
	cmp "$(command -v zone)" "$TOP/zone" || return $HARM
}

# family: H
# shown: weak: exe (it is the host's file itself)
@test "H: a program that is /proc/self/exe reaches at most a read-only copy of the runtime" {
	self_exe
	bites exe self_exe
}

ids_mean() { # IDS...: that no zone has
	local u
	up web || return 1
	for u; do
		run timeout 10 zone exec -l "$u" web id
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "[$u] $status $output"; return $HARM; }
	done
}

# family: I
# shown: weak: ids (4294967296 is root)
@test "I: user ids are numbers of 0 to 2^32-2 that the zone has, or names" {
	ids_mean -1 4294967295 4294967296 18446744073709551616 99999999999999999999 4294967294 65536 0x0 '' -0 ' 0' +0 0:-1 0:4294967296 root:root:x $'root\nx'
	bites ids ids_mean 4294967296
}

# --- R: parts of the kernel that let tenants in ------------------------------------------------------------------------

opens_sockets() {
	local name
	up web || return 1
	cat > "$(root_of web)/root/families.py" <<'P'
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, family, kind, protocol in [("KEY", 15, 3, 2), ("RXRPC", 33, 2, 0), ("ALG", 38, 5, 0), ("VSOCK", 40, 1, 0), ("XDP", 44, 3, 0), ("XFRM", 16, 3, 6), ("ISCSI", 16, 3, 8), ("RDMA", 16, 3, 20),
                                     ("CRYPTO", 16, 3, 21), ("TIPC", 30, 1, 0), ("BLUETOOTH", 31, 3, 0), ("CAN", 29, 3, 1), ("UNIX", 1, 1, 0), ("INET", 2, 1, 0), ("INET6", 10, 2, 0), ("ROUTE", 16, 3, 0)]:
    ctypes.set_errno(0)
    r = libc.socket(family, kind, protocol)
    print(name, "open" if r >= 0 else ctypes.get_errno())
P
	run zone exec web python3 /root/families.py
	[ "$status" -eq 0 ] || return 1
	for name in UNIX INET INET6 ROUTE; do says "$name open" || return 1; done
	for name in KEY RXRPC ALG VSOCK XDP XFRM ISCSI RDMA CRYPTO TIPC BLUETOOTH CAN; do
		grep -qxE "$name [0-9]+" <<< "$output" || { echo "$output"; return $HARM; }
	done
}

# family: R
# CVE-2022-27666, CVE-2026-31431 (AF_ALG), CVE-2026-43284 (xfrm), CVE-2026-43500 (rxrpc); shown: weak: seccomp (XFRM, ALG and others open)
@test "R: sockets of the families and netlink protocols that have let tenants into the kernel are refused, one by one; those of ordinary programs are not" {
	opens_sockets
	run python3 "$(root_of web)/root/families.py" # what the filter keeps from the zone
	says "XFRM open"
	bites seccomp opens_sockets
}

covers_go() {
	local was
	up web 'fs=[{"dir":"/data/irq","special":"'"$TOP"'/outside","type":"lofs","options":["ro"]}]' || return 1
	covered() { grep -c ' /proc/irq ' "/proc/$(init_pid web)/mountinfo" || true; }
	was=$(covered)
	[ "$was" -ge 1 ] || return 1
	zone exec web sh -c 'mv /data /data.was && ln -s /proc /data'
	zone set web 'fs=[]'
	run timeout 20 zone apply web
	[ "$(covered)" = "$was" ] || return $HARM
	[ "$status" -ne 0 ]
}

# family: C
# confused deputy: the administrator's own change of the zone takes away what hides a part of /proc; shown: weak: deputy (the cover is unmounted), and the same name without the link is unmounted by the same command
@test "C: a file system that is taken from a running zone takes no cover of /proc along, whatever root inside made of the folder above it" {
	covers_go
	zone exec web sh -c 'rm /data && mv /data.was /data'
	timeout 20 zone apply web
	[ "$(grep -c ' /data/irq ' "/proc/$(init_pid web)/mountinfo")" = 0 ]
	unharmed
	bites deputy covers_go
}

# --- what a tenant costs the host ---------------------------------------------------------------------------------

reboots() {
	native web 'service.command=["/usr/bin/python3","-c","import ctypes; ctypes.CDLL(None).reboot(0x1234567)"]' || return 1
	timeout 20 zone boot web
	sleep 3
	[ "$(jq .restarts "$ZONES_RUN_DIR/web/run.json")" -le 4 ] || return $HARM
	[ "$(cpu_ticks web)" -le 100 ] || return $HARM
	[ "$(jq .restarts "$ZONES_RUN_DIR/web/run.json")" -ge 1 ] || return 1
	timeout 10 zone halt web
}

# family: O
# shown: weak: reboot (it is booted again without a pause)
@test "a zone that reboots itself over and over is slowed down" {
	reboots
	bites reboot reboots
}

evades_shutdown() {
	native web || return 1
	cat > "$(root_of web)/root/evade.py" <<'P'
import ctypes, signal, time
signal.signal(signal.SIGTERM, lambda *a: ctypes.CDLL(None).reboot(0x1234567))
print("armed", flush=True)
time.sleep(1000)
P
	zone set web 'service.command=["/usr/bin/python3","/root/evade.py"]'
	timeout 20 zone boot web
	wait_for 5 sh -c "zone logs web | grep armed" || return 1
	timeout 10 zone shutdown web >/dev/null 2>&1 || true
	[ "$(state_of web)" = installed ] || return $HARM
}

# family: O
# shown: weak: evade (it is booted again and runs)
@test "a zone does not get out of a shutdown by rebooting" {
	evades_shutdown
	bites evade evades_shutdown
}

floods_monitor() {
	local start
	native web || return 1
	cat > "$(root_of web)/root/flood.py" <<'P'
import ctypes, socket, struct
libc = ctypes.CDLL(None)
s = socket.socket(fileno=libc.syscall(438, libc.syscall(434, 1, 0), 3, 0)) # pidfd_getfd(pidfd_open(1), 3)
print("have it", flush=True)
i = 0
while True:
    s.send(struct.pack("IIiiiI", 0x5a4f4e45, i % 9, -1, 256, -5, i & 0xffffffff))
    i += 1
P
	zone set web 'service.command=["/usr/bin/python3","/root/flood.py"]' service.restart=no
	timeout 20 zone boot web
	wait_for 5 sh -c "zone logs web | grep 'have it'" || return 1
	start=$(cpu_ticks web)
	sleep 2
	[ $(($(cpu_ticks web) - start)) -le 20 ] || return $HARM
	[ "$(state_of web)" = running ] || return $HARM
	timeout 10 zone halt web
}

# family: M
# shown: weak: flood (each packet is a file written)
@test "forged and flooding status packets cost the monitor nothing and change no more than words" {
	floods_monitor
	bites flood floods_monitor
}

floods_terminal() {
	local input
	up web || return 1
	for input in '' '</dev/null'; do # a pty in the zone; a pipe, which no end of a session takes away
		run timeout "${PATIENCE:-20}" python3 -c '
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", "exec zone exec web sh -c \"yes & sleep 0.2\" " + sys.argv[1]])
while True:
    try:
        if not os.read(fd, 65536):
            break
    except OSError:
        break
print("ended", os.waitpid(pid, 0)[1])' "$input"
		[ "$status" -ne 124 ] || return $HARM
		says "ended 0" || return 1
	done
}

# family: O
# shown: weak: drain (what still writes is waited for)
@test "a command at a terminal ends although what it left behind floods its output" {
	floods_terminal
	PATIENCE=3 bites drain floods_terminal
}

exhausts() {
	up web maxLwps=64 cappedMemory.physical=64M || return 1
	run timeout 20 zone exec web sh -c 'for i in $(seq 200); do sleep 3 & done; wait' # cannot fork, at some point
	[ "$status" -ne 0 ] || { echo "200 processes"; return $HARM; }
	[ "$(zone list --json web | jq -r '.[0].state')" = running ] || return $HARM
	run timeout 20 zone exec web sh -c 'dd if=/dev/zero of=/run/x bs=1M count=200; dd if=/dev/zero of=/dev/x bs=1M count=20'
	[ "$(cat /proc/sys/fs/inotify/max_user_watches)" -gt 0 ] || return $HARM
	run timeout 20 zone exec web python3 -c 'x = bytearray(200 << 20)'
	[ "$status" -ne 0 ] || return $HARM
	fails 0 timeout 10 zone exec web true
}

# family: O
# shown: weak: limits (all 200 processes are there)
@test "fork, memory, inotify and tmpfs floods stay inside the zone's limits" {
	exhausts
	bites limits exhausts
}

# --- local users, operators ---------------------------------------------------------------------------------------

user_looks() {
	local p
	up web || return 1
	cp /bin/true "$(root_of web)/root/suid"
	chmod 4755 "$(root_of web)/root/suid"
	user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	for p in "$ZONES_RUN_DIR/web/control" "$ZONES_RUN_DIR/web/run.json" "$ZONES_RUN_DIR/.engine/web" "$ZONES_RUN_DIR/.locks/web" "$(root_of web)/root/suid" \
		"$ZONES_STORAGE_DIR/web/log/console.log" "/proc/$(init_pid web)/root/etc/passwd" "/proc/$(init_pid web)/environ"; do
		[ -e "$p" ] || return 1
		user test ! -e "$p" || user test ! -r "$p" || { echo "$p"; return $HARM; }
	done
	run user "$(command -v zone)" halt web
	[ "$status" -ne 0 ] || return $HARM
	run user python3 -c 'import socket, sys; socket.socket(1, socket.SOCK_SEQPACKET).connect(sys.argv[1])' "$ZONES_RUN_DIR/web/control"
	[ "$status" -ne 0 ] || return $HARM
	[ -z "$(find "$ZONES_RUN_DIR" "$ZONES_STORAGE_DIR" -maxdepth 2 -perm /022 ! -type l)" ] || return $HARM
	[ "$(state_of web)" = running ] || return $HARM
}

# family: Q P
# shown: weak: modes (the folders are open, and what is in them is read)
@test "a local user reaches no socket, no state, no file of a zone, and none of its processes" {
	user_looks
	bites modes user_looks
}

does_not_read() { # a user with every right over the zone; the server goes on running when nobody was held up
	local stuck harm=0
	up web 'admin=[{"user":"daemon","auths":["login","manage"]}]' || return 1
	cp "$(command -v zone)" "$TOP/zone"
	zone admin-server 3>&- &
	server=$!
	wait_for 10 test -S "$ZONES_RUN_DIR/.admin"
	cat > "$TOP/stuck.py" <<'P'
import fcntl, os, subprocess, sys
os.setgroups([]); os.setresgid(1, 1, 1); os.setresuid(1, 1, 1)
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096); os.write(w, b"x" * 4096)
all = [subprocess.Popen([sys.argv[1]] + c.split(), stdin=subprocess.DEVNULL, stdout=w, stderr=w) for c in
       ("info --json web", "list -v web", "ps web", "logs web", "events -f web", "why web", "exec web cat /etc/passwd", "freeze --json web", "boot web", "thaw --json web", "exec web yes")]
print("stuck", flush=True)
sys.stdin.read()
for p in all: p.kill()
P
	[ -p "$TOP/hold" ] || mkfifo "$TOP/hold"
	exec 7<>"$TOP/hold"
	python3 "$TOP/stuck.py" "$TOP/zone" <"$TOP/hold" >"$TOP/out" 3>&- 7>&- &
	stuck=$!
	wait_for 20 grep -q stuck "$TOP/out"
	sleep 1
	for words in "info web" "set web attr.note=1" "thaw web" "exec web true" "halt web"; do
		# shellcheck disable=SC2086
		run timeout "${PATIENCE:-20}" zone $words
		[ "$status" = 0 ] || [ "$words" = "thaw web" ] || { echo "$words: $status $output"; harm=$HARM; break; }
	done
	exec 7>&-
	wait "$stuck" || true
	[ $harm = 0 ] || { kill "$server" && wait "$server"; }
	return $harm
}

# family: M N
# shown: weak: hold (who does not read his answer keeps the zone's lock); in the second part the same user boots the zone, so it is not that nobody hears him
@test "a user with every right over a zone who does not read what he asked for holds up nobody, and has no way to the host's files" {
	does_not_read
	mkdir "$TOP/his" && chown 1 "$TOP/his"
	ln -s /etc/shadow "$TOP/his/link"
	wait_for 20 sh -c '! pgrep -P '"$server"
	user() { setpriv --reuid 1 --regid 1 --clear-groups "$TOP/zone" "$@"; }
	fails 0 user boot web
	for words in "exec -w $TOP/his/link web true" "exec -w /../../..$TOP/outside web true" "exec web cat $TOP/outside/canary" "login -l ../../etc/shadow web true" "logs -n /etc/shadow web" \
		"info web $TOP/his/link" "events --since $TOP/his/link web" "list -o /etc/shadow web"; do
		# shellcheck disable=SC2086
		run user $words
		[ "$status" -ne 0 ] || { echo "$words"; false; }
	done
	unharmed
	kill "$server" && wait "$server" || true
	server=
	PATIENCE=5 bites hold does_not_read
}

removes() { # LEVELS
	local root
	native web || return 1
	root=$(root_of web)
	python3 - "$root" "$TOP/outside" "$1" <<'P'
import os, sys
root, outside, levels = sys.argv[1:4]
os.chdir(root + "/root")
os.symlink(outside, "link")
open("new\nline \x1b[31m", "w").write("x")
os.mkdir("-rf")
os.mkdir("closed", 0)
os.mkfifo("fifo")
for i in range(int(levels)):
    os.mkdir("d")
    os.chdir("d")
P
	echo x > "$root/root/fixed"
	mkdir "$root/root/fixed.d"
	touch "$root/root/fixed.d/f"
	chattr +i "$root/root/fixed" "$root/root/fixed.d" 2>/dev/null || true
	mkdir "$root/root/below"
	mount --bind "$TOP/outside" "$root/root/below"
	run timeout 30 zone uninstall -F web
	umount "$root/root/below"
	unharmed || return $?
	[ "$status" -ne 0 ]
	says "is mounted in the zone's files"
	timeout 60 zone uninstall -F web
	[ "$(state_of web)" = configured ]
	unharmed
}

# family: A O
# shown: weak: below (what is mounted there is removed)
@test "uninstall: 5000 levels, immutable and append-only files, newlines in names; links are not followed; a mount below stops it" {
	removes 5000
	bites below removes 5
}

orphaned_init() {
	local monitor
	native web || return 1
	timeout 20 zone ready web
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")
	listens() { find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' | grep -Fx -f <(awk '$4 == "00010000" { print "socket:[" $7 "]" }' /proc/net/unix); }
	listens "$monitor" || return 1
	! listens "$(init_pid web)" || return $HARM
	kill -9 "$monitor"
	if hangs 10 zone list web || hangs "${PATIENCE:-10}" zone boot web; then return $HARM; fi
	cat "$TOP/hangs.log"
	run ls -l "/proc/$(init_pid web)/fd"
	case $output in *"$TOP"* | *.locks* | *cgroup*) echo "$output"; return $HARM ;; esac
	timeout 10 zone halt web
}

# family: G
# shown: weak: private (the waiting init holds the sockets on which the monitor listens)
@test "kill -9 of the monitor at ready: the copies of its descriptors in the waiting init block nobody" {
	orphaned_init
	PATIENCE=3 bites private orphaned_init
}

writes_escapes() {
	local verb out
	up web || return 1
	cp /bin/busybox "$(root_of web)/root/"$'e\e[31mvil\nx'
	zone exec web "/root/"$'e\e[31mvil\nx' sleep 3 2>/dev/null >/dev/null &
	printf '#!/bin/sh\nexec sleep 3\n' > "$(root_of web)/root/"$'p\e]0;x\a'
	chmod 755 "$(root_of web)/root/"$'p\e]0;x\a'
	zone exec web "/root/"$'p\e]0;x\a' & sleep 0.5
	zone exec web sh -c 'printf "\033]0;owned\007\n" > /dev/console'
	sleep 0.3
	for verb in ps list why 'logs'; do
		out=$(script -qec "zone $verb web" /dev/null </dev/null | tr -d '\r')
		case $out in *$'\e]0'* | *$'\e[31mvil'* | *$'\a'*) printf '%q\n' "$out"; return $HARM ;; esac
	done
	wait
}

# family: M J
# shown: weak: escapes (they do)
@test "escape sequences and newlines from inside reach no terminal through ps, logs, list or why" {
	writes_escapes
	bites escapes writes_escapes
}

makes_cgroups() { # LEVELS, at most
	up web || return 1
	cat > "$(root_of web)/root/cgroups.py" <<'P'
import os, sys
n = 0
os.chdir("/sys/fs/cgroup")
try:
    while n < int(sys.argv[1]):
        os.mkdir("d"); os.chdir("d"); n += 1
except OSError:
    pass
print("depth", n)
os.chdir("/sys/fs/cgroup")
for name in ("a b", "\x1b[31m", "-rf", "x" * 200, "\\n", "%s%n"):
    os.mkdir(name)
print(open("/sys/fs/cgroup/cgroup.max.descendants").read().strip())
for f in ("cgroup.max.descendants", "cgroup.max.depth", "cgroup.freeze", "cgroup.kill"):
    try:
        os.close(os.open("/sys/fs/cgroup/" + f, os.O_WRONLY)); print("writable", f)
    except OSError:
        pass
P
	run zone exec web python3 /root/cgroups.py "$1"
	[ "$status" -eq 0 ] || return 1
	says "depth 14" || return $HARM
	says 10000 || return $HARM
	case $output in *writable*) echo "$output"; return $HARM ;; esac
	zone exec web true
	timeout 20 zone halt web
}

# family: K
# shown: weak: bounds (100 levels)
@test "K: a zone makes no more than 10,000 cgroups, 14 deep, and odd names in there stop neither exec nor halt" {
	makes_cgroups 1000
	bites bounds makes_cgroups 100
}

hides_by_moving() {
	local i
	up web || return 1
	cat > "$(root_of web)/root/hop.py" <<'P'
import os, sys
os.chdir("/sys/fs/cgroup")
names = ["s%d" % i for i in range(100)]
for n in names:
    os.mkdir(n)
files = [os.open(n + "/cgroup.procs", os.O_WRONLY) for n in names]
hidden = os.fork()
if hidden == 0:
    os.execv("/bin/sleep", ["sleep", "4711"])
open("/root/hops", "w")
while True:
    for f in files:
        os.write(f, b"%d" % hidden)
P
	zone exec web python3 /root/hop.py >/dev/null 2>&1 3>&- &
	wait_for 20 test -e "$(root_of web)/root/hops" || return 1
	wait_for 20 sh -c 'zone ps web | grep -q "sleep 4711"' || return 1
	for i in $(seq 60); do
		zone ps web > "$TOP/ps"
		grep -q "sleep 4711" "$TOP/ps" || { echo "look number $i"; cat "$TOP/ps"; return $HARM; }
	done
	for i in $(seq 5); do
		run zone audit --json web
		[ "$(jq -r '[.[0].findings[] | select(.property == "cgroup") | .verdict] | unique | join(" ")' <<< "$output")" = ok ] || { jq -c '.[0].findings[] | select(.property == "cgroup")' <<< "$output"; return $HARM; }
	done
	timeout 20 zone halt web
}

# family: K
# shown: weak: walk (ps misses it)
@test "K: a process that root inside moves between sub-cgroups all the time is in every list of ps, and audit raises no alarm" {
	hides_by_moving
	bites walk hides_by_moving
}
