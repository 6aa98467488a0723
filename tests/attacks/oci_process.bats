#!/usr/bin/env bats
# Attacks on what a process of a container gets, and on the runtime while it is among the container's processes: descriptors, the working directory, its program, ids, terminals, what it reads and
# what it would execute.
load helper

# --- G: descriptors and the working directory ---------------------------------------------------------------------

leaks() { # ARGUMENTS of jq for the process: descriptor 9 is a folder of the host's that the caller forgot to close
	local out
	cp "$BUNDLE/config.json" "$TOP/before.json"
	config "$@"
	out=$(within 10 run -b "$BUNDLE" "$ID" </dev/null 9<"$OUTSIDE" 2>&1) || true
	cp "$TOP/before.json" "$BUNDLE/config.json"
	echo "$out"
	case $out in *canary* | *HOST*) return 1 ;; esac
}

# family: G
# CVE-2016-9962, CVE-2024-21626; shown: weak: fds leaves it open
@test "G: a folder of the host that the caller has open is not open inside, and cannot be the way to the program" {
	cp /bin/busybox "$OUTSIDE/sh"
	before=$(canary)
	leaks '.process.args = ["sh", "-c", "ls /proc/self/fd/9/"]'
	for n in 4 5 6 7 8 9 10; do
		leaks '.process.args = [$p, "-c", "echo HOST"]' --arg p "/proc/self/fd/$n/sh"
		leaks '.process.args = [$p, "-c", "echo HOST"]' --arg p "/proc/self/fd/$n/../../../../../../bin/sh"
		leaks '.process.args = [$p, "-c", "echo HOST"]' --arg p "/proc/self/fd/$n/$$/root/bin/sh"
	done
	bites fds leaks '.process.args = ["sh", "-c", "ls /proc/self/fd/9/"]'
}

# family: G
# CVE-2024-21626; shown: weak: cwd
@test "G: a working directory that leads out through a descriptor is refused, preserved ones included" {
	local n
	for n in 5 6 7 8 9; do
		leaks '.process.cwd = $c | .process.args = ["sh", "-c", "ls ."]' --arg c "/proc/self/fd/$n"
	done
	cwd_of_kept() {
		local out
		out=$(within 10 run --preserve-fds 1 -b "$BUNDLE" "$ID" </dev/null 3<"$OUTSIDE" 2>&1) || true
		echo "$out"
		case $out in *canary*) return 1 ;; esac
	}
	config '.process.cwd = "/proc/self/fd/3" | .process.args = ["sh", "-c", "ls ."]'
	cwd_of_kept
	[[ "$(cwd_of_kept)" == *"outside the container"* ]]
	bites cwd cwd_of_kept
}

exec_leaks() {
	local out n
	outside_new
	for n in 5 6 7 8 9; do
		out+=$(within 10 exec --cwd "/proc/self/fd/$n" "$ID" ls . </dev/null 9<"$OUTSIDE" 2>&1) || true
		out+=$(within 10 exec "$ID" ls "/proc/self/fd/$n/" </dev/null 9<"$OUTSIDE" 2>&1) || true
		out+=$(within 10 exec "$ID" "/proc/self/fd/$n/busybox" echo HOST </dev/null 9</bin 2>&1) || true
	done
	echo "$out"
	case $out in *canary* | *HOST*) return 1 ;; esac
}

# family: G
# CVE-2024-21626; shown: weak: fds
@test "G: exec leaves nothing open, neither as folder, program nor working directory" {
	background
	exec_leaks
	bites fds exec_leaks
}

# family: G
# shown: what init holds is compared with the list; a folder that the test opens itself in a process is found
@test "G: a container that waits for its start holds nothing of the host's folders" {
	script 'exec sleep 1000'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 9<"$OUTSIDE"
	holds() { # PID: folders of the host's that it has open
		local fd
		for fd in /proc/"$1"/fd/*; do
			case $(readlink "$fd") in "$TOP"/outside* | /sys/fs/cgroup* | "$TOP"/run* | /proc*) echo "$fd $(readlink "$fd")" ;; esac
		done
		case $(readlink "/proc/$1/cwd") in /) ;; *) readlink "/proc/$1/cwd" ;; esac
	}
	pid=$(zrun state "$ID" | jq .pid)
	found=$(holds "$pid" | grep -v exec.fifo || true)
	[ -z "$found" ] || { echo "$found"; false; }
	sleep 100 9<"$OUTSIDE" 3>&- &
	other=$!
	[ -n "$(holds $other)" ]
	kill $other
}

# --- H: the runtime's own program and processes -------------------------------------------------------------------

overwrite() { # as a process of the container could: hold /proc/PID/exe of the runtime, open it for writing when it has ended
	cp "${RUNTIME:-$BUILD/zrun}" "$TOP/zrun"
	"$TOP/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- || return 0
	python3 - "$(zrun state "$ID" | jq .pid)" "$TOP/zrun" "$TOP/run" "$ID" <<'P'
import os, subprocess, sys
pid, program, root, name = sys.argv[1:5]
fd = os.open(f"/proc/{pid}/exe", os.O_PATH)
subprocess.run([program, "--root", root, "delete", "-f", name], check=True)
try:
    os.close(os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_APPEND))
except OSError as e:
    print("refused:", e)
    sys.exit(0)
sys.exit("it can be written to")
P
}

# family: H
# CVE-2019-5736; shown: weak: exe
@test "H: the runtime's program cannot be opened for writing through its process in a container" {
	script 'exec sleep 1000'
	overwrite
	bites exe overwrite
}

self_exe() {
	cp "${RUNTIME:-$BUILD/zrun}" "$TOP/zrun"
	cp "$TOP/zrun" "$TOP/zrun.was"
	config '.process.args = ["/self"] | .process.env += ["LD_PRELOAD=/evil.so"]'
	timeout -k 5 10 "$TOP/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID" >"$TOP/out" 2>&1 </dev/null || true
	cat "$TOP/out"
	cmp "$TOP/zrun" "$TOP/zrun.was" || return 1
	case $(cat "$TOP/out") in *WRITABLE*) return 1 ;; esac
}

# family: H
# CVE-2019-5736 (a program that is /proc/self/exe, with a library of the image); shown: weak: exe
@test "H: a program of the image that is the runtime itself finds nothing that it can write to" {
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/self"
	chmod 755 "$BUNDLE/rootfs/self"
	python true
	config '.root.readonly = false'
	cat >"$TOP/evil.c" <<'C'
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
	gcc -shared -fPIC -o "$BUNDLE/rootfs/evil.so" "$TOP/evil.c"
	self_exe
	grep -q 'loaded into' "$TOP/out"
	bites exe self_exe
}

observed() { # N execs while root inside, with all rights in its user namespace, looks for the runtime's processes
	local i
	rm -f "$BUNDLE/rootfs/tmp/stop" "$BUNDLE/rootfs/tmp/result"
	within 30 run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- || return 0
	for ((i = 0; i < $1; i++)); do
		within 10 exec "$ID" sh -c true </dev/null >/dev/null 2>&1 || [ $? -ne 124 ] || { echo "it hangs"; break; }
	done
	touch "$BUNDLE/rootfs/tmp/stop"
	for ((i = 0; i < 200; i++)); do [ -s "$BUNDLE/rootfs/tmp/result" ] && break; sleep 0.05; done
	zrun delete -f "$ID"
	cat "$BUNDLE/rootfs/tmp/result" || return 1
	case $(cat "$BUNDLE/rootfs/tmp/result") in "seen 0 "*) return 0 ;; *"got []"*) return 0 ;; esac
	return 1
}

# family: H
# CVE-2016-9962, CVE-2016-8659, CVE-2026-41163; shown: weak: dumpable
@test "H: root inside with every right in its user namespace gets no hold on the runtime during 200 execs" {
	user_namespace
	chmod 777 "$BUNDLE/rootfs/tmp"
	python 'import ctypes, os, time
libc = ctypes.CDLL(None)
got, seen, me = set(), set(), os.getpid()
def is_runtime(p):
    try:
        return os.readlink(f"/proc/{p}/cwd") is None
    except PermissionError:
        return True
    except OSError:
        return False
def comm(p):
    try:
        return open(f"/proc/{p}/comm").read().strip()
    except OSError:
        return ""
end = time.time() + 60
while time.time() < end and not os.path.exists("/tmp/stop"):
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) in (1, me):
            continue
        name = comm(p)
        if name in ("", "sh", "python3", "busybox"):
            continue
        seen.add(p)
        for f, how in (("exe", os.O_PATH), ("root", os.O_PATH), ("mem", os.O_RDWR), ("fd/3", os.O_PATH), ("cwd", os.O_PATH)):
            try:
                fd = os.open(f"/proc/{p}/{f}", how)
            except OSError:
                continue
            if comm(p) == name:
                got.add(f)
            os.close(fd)
        if libc.ptrace(0x4206, int(p), 0, 0) == 0:
            if comm(p) == name:
                got.add("ptrace")
            os.kill(int(p), 9)
            try:
                os.waitpid(int(p), 0x40000000)
            except OSError:
                pass
open("/tmp/result", "w").write(f"seen {len(seen)} got {sorted(got)}\n")
time.sleep(100)'
	jq -r '.process.capabilities.bounding[]' "$BUNDLE/config.json" >/dev/null
	config '.root.readonly = false | .process.capabilities[] = $all' --argjson all "$(python3 -c '
import json; print(json.dumps(["CAP_" + n for n in "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP NET_ADMIN NET_RAW SYS_PTRACE SYS_ADMIN SYS_CHROOT MKNOD SETFCAP SYS_NICE SYS_RESOURCE AUDIT_WRITE".split()]))')"
	chown -R 100000:100000 "$BUNDLE/rootfs/tmp"
	observed $((RACE * 2 / 5))
	[[ "$(cat "$BUNDLE/rootfs/tmp/result")" != "seen 0 "* ]]
	bites dumpable observed 40
}

# --- I: ids and capabilities --------------------------------------------------------------------------------------

odd_ids() {
	local u out
	for u in -1 4294967295 4294967296 18446744073709551616 99999999999999999999 0x0 '' -0 ' 0' +0 0:-1 0:4294967296 root:root:x $'root\nx' 1e9 00x; do
		out=$(within 10 exec -u "$u" "$ID" id -u </dev/null 2>/dev/null) && { echo "[$u] is $out"; return 1; }
	done
	return 0
}

# family: I
# CVE-2016-3697, CVE-2018-10856, CVE-2024-40635, CVE-2026-30892; shown: weak: ids makes root of 4294967296
@test "I: user ids of exec are numbers of 0 to 2^32-2, or names; nothing else is root" {
	background
	[ "$(zrun exec -u 4294967294 "$ID" id -u)" = 4294967294 ]
	[ "$(zrun exec -u 1 "$ID" id -u)" = 1 ]
	odd_ids
	bites ids odd_ids
	zrun delete -f "$ID"
	for u in -1 4294967295 4294967296 18446744073709551616 0.5 '"0"' null; do
		config '.process.args = ["id"] | .process.user.uid = ($u | fromjson)' --arg u "$u"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$u" = null ] || [ "$status" = 1 ] || { echo "$u: $output"; false; }
	done
}

inherits() {
	local out
	out=$(within 10 run -b "$BUNDLE" "$ID" </dev/null 2>&1)
	echo "$out"
	[ "$(grep -c '^Cap\(Inh\|Amb\).*0000000000000000' <<<"$out")" = 2 ]
}

# family: I
# CVE-2022-24769, CVE-2022-27649, CVE-2022-27650, CVE-2022-29162; shown: weak: caps
@test "I: no capability is inheritable that was not asked for, with run and with exec --cap" {
	config '.process.args = ["grep", "^Cap", "/proc/self/status"] | .process.capabilities.inheritable = [] | .process.capabilities.ambient = []'
	inherits
	bites caps inherits
	background
	run zrun exec --cap CAP_SYS_ADMIN "$ID" grep -E '^Cap(Inh|Amb)' /proc/self/status
	[ "$(grep -c 0000000000000000 <<<"$output")" = 2 ]
	run zrun exec -u 1000 "$ID" grep -E '^CapEff' /proc/self/status
	[[ "$output" == *0000000000000000 ]]
}

groups_inside() {
	local out
	out=$(setpriv --groups 4242,4243 "${RUNTIME:-$BUILD/zrun}" --root "$TOP/run" run -b "$BUNDLE" "$ID" </dev/null 2>&1)
	echo "$out"
	case $out in *424*) return 1 ;; esac
}

# family: I
# CVE-2022-2989, CVE-2022-2990, CVE-2022-36109, CVE-2023-25173; shown: weak: groups
@test "I: the caller's supplementary groups stay outside, and only those of the configuration are there" {
	config '.process.args = ["grep", "^Groups", "/proc/self/status"] | .process.user = {"uid": 1000, "gid": 1000, "additionalGids": []}'
	groups_inside
	bites groups groups_inside
	config '.process.user.additionalGids = [7]'
	runs 'grep ^Groups /proc/self/status'
	[ "$(tr -dc 0-9 <<<"$output")" = 7 ]
}

# --- J: terminals -------------------------------------------------------------------------------------------------

inject() {
	local out
	out=$(at_terminal 20 "$@" 2>&1)
	echo "$out"
	case $out in *INJECTED* | *HAVE*) return 1 ;; esac
}

# family: J
# CVE-2016-10124, CVE-2017-5226; shown: weak: session
@test "J: a process without a terminal of its own has the caller's neither as controlling terminal nor to type into" {
	python 'import fcntl, os, termios
try:
    os.close(os.open("/dev/tty", os.O_RDWR))
    print("HAVE a terminal")
except OSError as e:
    print("none:", e.errno)
for fd in 0, 1, 2:
    try:
        for c in b"echo INJECTED\n":
            fcntl.ioctl(fd, termios.TIOCSTI, bytes([c]))
    except OSError:
        pass
print("tried", os.getsid(0) == os.getpid())'
	inject run -b "$BUNDLE" "$ID"
	[[ "$(inject run -b "$BUNDLE" "$ID")" == *"tried True"* ]]
	bites session inject run -b "$BUNDLE" "$ID"
}

# --- N: nothing of the container is executed outside --------------------------------------------------------------

fired() {
	outside_new
	rm -f "$BUNDLE/rootfs/fired" "$BUNDLE/rootfs/tmp/fired"
	within 30 run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- || return 1
	within 10 exec -u tenant "$ID" true </dev/null >/dev/null 2>&1
	within 10 ps "$ID" >/dev/null 2>&1
	within 10 pause "$ID" && within 10 resume "$ID"
	within 10 events --stats "$ID" >/dev/null 2>&1
	within 10 update --pids-limit 100 "$ID" >/dev/null 2>&1
	within 10 delete -f "$ID" || return 1
	[ ! -e "$BUNDLE/rootfs/fired" ] || { cat "$BUNDLE/rootfs/fired"; return 1; }
}

# family: N
# CVE-2019-14271, CVE-2022-1227, CVE-2026-41567, CVE-2025-23266; shown: weak: nss asks the container's getent
@test "N: neither programs nor libraries of the image run for the runtime: names of users, ps, events, LD_PRELOAD" {
	local root=$BUNDLE/rootfs n
	config '.root.readonly = false | .process.env += ["LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "PATH=/bin"]'
	printf '#include <fcntl.h>\n#include <unistd.h>\n__attribute__((constructor)) static void f(void) { close(open("/fired", O_CREAT | O_WRONLY, 0600)); }\n' >"$TOP/evil.c"
	mkdir -p "$root/evil" "$root/usr/bin" "$root/lib/x86_64-linux-gnu" "$root/usr/sbin" "$root/sbin"
	gcc -shared -fPIC -o "$root/evil.so" "$TOP/evil.c"
	for n in libnss_files.so.2 libnss_compat.so.2 libnss_dns.so.2 libnss_systemd.so.2 libseccomp.so.2 libc.so.6; do
		cp "$root/evil.so" "$root/evil/$n"
		cp "$root/evil.so" "$root/lib/x86_64-linux-gnu/$n"
	done
	for n in usr/bin/newuidmap usr/bin/newgidmap usr/bin/getent usr/bin/criu bin/xz bin/tar usr/bin/skopeo sbin/modprobe; do
		printf '#!/bin/sh\necho %s >/fired\n' "$n" >"$root/$n"
		chmod 755 "$root/$n"
	done
	echo 'tenant:x:1000:1000::/:/bin/sh' >>"$root/etc/passwd"
	script 'exec sleep 1000'
	fired
	bites nss fired
}

# --- P: what a container learns -----------------------------------------------------------------------------------

learns() {
	local out
	out=$(CANARY_SECRET=canary-of-the-environment within 10 run -b "$BUNDLE" "$ID" </dev/null 2>&1)
	echo "$out"
	case $out in *canary-of* | *ZONES_* | *_ZONES*) return 1 ;; esac
}

# family: P
# CVE-2020-14370, CVE-2021-3602, CVE-2021-21334; shown: weak: env
@test "P: a container has the environment of its configuration and nothing of the caller's; exec too" {
	runs 'env; cat /proc/1/environ /proc/1/cmdline | tr "\0" "\n"'
	config '.process.env = ["PATH=/bin"]'
	learns
	bites env learns
	background
	CANARY_SECRET=canary-of-the-environment run zrun exec "$ID" env
	[ "$status" = 0 ]
	[[ "$output" != *canary-of* ]]
}

# family: P
# CVE-2020-15257, CVE-2019-12439; shown: the same list finds a socket that the test makes
@test "P: the runtime makes no abstract socket, and no file with a name that can be known before" {
	sockets() { awk '$8 ~ /^@/ {print $8}' /proc/net/unix | sort; }
	local was
	was=$(sockets)
	script 'exec sleep 1000'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(sockets)" = "$was" ]
	zrun delete -f "$ID"
	script true
	strace -f -qq -e trace=open,openat,creat,mkdir,mkdirat -o "$TOP/trace" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID" </dev/null
	grep -q openat "$TOP/trace"
	run grep -E '"/(tmp|var/tmp|dev/shm)/' "$TOP/trace"
	[ "$status" = 1 ]
	python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("\0zones-attack"); s.listen(); time.sleep(5)' 3>&- &
	other=$!
	for _ in $(seq 50); do [ "$(sockets)" = "$was" ] || break; sleep 0.05; done
	[ "$(sockets)" != "$was" ]
	kill $other
	zrun delete -f "$ID"
}
