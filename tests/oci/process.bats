#!/usr/bin/env bats
# process: what config.md says about the program's user, limits, priorities and surroundings.
# shellcheck disable=SC2016
load helper

@test "user: uid, gid, additional groups, umask" {
	config '.process.user = {"uid":1000,"gid":1001,"umask":63,"additionalGids":[5,6]}'
	runs 'id -u; id -g; grep Groups /proc/self/status; umask'
	[ "${lines[0]} ${lines[1]}" = "1000 1001" ]
	[[ "${lines[2]}" == *"5 6"* ]]
	[ "${lines[3]}" = 0077 ]
}

@test "umask is inherited when it is not set" {
	umask 027
	runs 'umask'
	umask 022
	[ "$output" = 0027 ]
}

@test "HOME comes from the container's passwd, / for a stranger, and is kept when it is set" {
	config '.process.user = {"uid":4711,"gid":0}'
	runs 'echo $HOME'
	[ "$output" = / ]
	config '.process.env += ["HOME=/somewhere"]'
	runs 'echo $HOME'
	[ "$output" = /somewhere ]
	config '.process.user.uid = 0 | .process.env |= map(if startswith("HOME=") then "HOME=" else . end)'
	runs 'echo $HOME'
	[ "$output" = /root ]
}

@test "cwd is made when it is missing" {
	config '.root.readonly = false | .process.cwd = "/made/here"'
	runs 'pwd'
	[ "$output" = /made/here ]
}

@test "rlimits: set, unknown ones and duplicates refused" {
	config '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]'
	runs 'ulimit -Sn; ulimit -Hn'
	[ "${lines[*]}" = "100 200" ]
	refused '.process.rlimits = [{"type":"RLIMIT_NONE","soft":1,"hard":1}]' RLIMIT_NONE
	refused '.process.rlimits += .process.rlimits' RLIMIT_NOFILE
	refused '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":300,"hard":200}]' "soft limit is larger"
}

@test "capabilities: only those named; an unknown one is a warning" {
	config '.process.capabilities = {"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	runs 'grep Cap /proc/self/status'
	[ "$(grep -c '0000000000000020' <<<"$output")" = 5 ]
	config '.process.capabilities.bounding += ["CAP_NONE"]'
	runs 'grep CapBnd /proc/self/status'
	[ "$status" = 0 ]
	[[ "$output" == *CAP_NONE* ]]
}

@test "noNewPrivileges" {
	runs 'grep NoNewPrivs /proc/self/status'
	[[ "$output" == *1 ]]
	config '.process.noNewPrivileges = false'
	runs 'grep NoNewPrivs /proc/self/status'
	[[ "$output" == *0 ]]
}

@test "oomScoreAdj: untouched when it is not set" {
	script 'cat /proc/self/oom_score_adj'
	run sh -c 'echo 77 >/proc/self/oom_score_adj; exec "$@"' sh "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[ "$output" = 77 ]
	config '.process.oomScoreAdj = 123'
	runs 'cat /proc/self/oom_score_adj'
	[ "$output" = 123 ]
}

@test "scheduler: batch and idle policies with a nice value; nonsense refused" {
	config '.process.scheduler = {"policy":"SCHED_BATCH","nice":5}'
	runs 'cut -d" " -f19,41 /proc/self/stat'
	[ "$output" = "5 3" ]
	config '.process.scheduler = {"policy":"SCHED_IDLE"}'
	runs 'cut -d" " -f41 /proc/self/stat'
	[ "$output" = 5 ]
	refused '.process.scheduler = {"policy":"SCHED_NONE"}' SCHED_NONE
	refused '.process.scheduler = {"policy":"SCHED_OTHER","flags":["SCHED_FLAG_NONE"]}' SCHED_FLAG_NONE
}

@test "scheduler: real time policies, as far as the host lets us" {
	chrt -f 1 true 2>/dev/null || skip "no real time here"
	config 'del(.linux.resources) | .process.scheduler = {"policy":"SCHED_FIFO","priority":3}'
	runs 'cut -d" " -f40,41 /proc/self/stat'
	[ "$output" = "3 1" ] || [[ "$output" == *"Operation not permitted"* ]]
}

@test "ioPriority" {
	config '.process.ioPriority = {"class":"IOPRIO_CLASS_BE","priority":6}'
	runs 'ionice -p $$ 2>/dev/null || busybox ionice -p $$'
	[[ "$output" == *"prio 6"* ]]
	refused '.process.ioPriority = {"class":"IOPRIO_CLASS_NONSENSE","priority":6}' IOPRIO_CLASS_NONSENSE
}

@test "execCPUAffinity counts for exec only" {
	config '.process.execCPUAffinity = {"initial":"0","final":"0"}'
	background
	[ "$(zrun exec "$ID" grep Cpus_allowed_list /proc/self/status | tr -d '\t')" = Cpus_allowed_list:0 ]
	[ "$(zrun exec "$ID" grep Cpus_allowed_list /proc/1/status | tr -d '\t')" = "$(grep Cpus_allowed_list /proc/self/status | tr -d '\t')" ]
}

@test "execCPUAffinity that is no list is refused" {
	refused '.process.execCPUAffinity = {"final":"zero"}' execCPUAffinity
}

@test "memoryPolicy: modes, flags, empty nodes" {
	config '.linux.memoryPolicy = {"mode":"MPOL_BIND","nodes":"0"}'
	runs 'grep -m1 heap /proc/self/numa_maps || head -n1 /proc/self/numa_maps'
	[[ "$output" == *bind*:0* ]]
	config '.linux.memoryPolicy = {"mode":"MPOL_INTERLEAVE","nodes":"0","flags":["MPOL_F_STATIC_NODES"]}'
	runs 'head -n1 /proc/self/numa_maps'
	[[ "$output" == *interleave*static*:0* ]]
	config '.linux.memoryPolicy = {"mode":"MPOL_LOCAL","nodes":""}'
	runs 'head -n1 /proc/self/numa_maps'
	[[ "$output" == *local* ]]
	refused '.linux.memoryPolicy = {"mode":"MPOL_NONE","nodes":"0"}' MPOL_NONE
	refused '.linux.memoryPolicy = {"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_NONE"]}' MPOL_F_NONE
}

@test "personality: LINUX32 changes the machine's name" {
	config '.linux.personality = {"domain":"LINUX32"}'
	runs 'uname -m 2>/dev/null || busybox uname -m'
	[ "$output" = i686 ]
	refused '.linux.personality = {"domain":"BSD"}' BSD
	refused '.linux.personality = {"domain":"LINUX","flags":["ADDR_NO_RANDOMIZE"]}' linux.personality.flags
}

@test "the session: leader of its own, no signal blocked or ignored" {
	config '.process.args = ["grep","-E","NSsid|SigBlk|SigIgn","/proc/self/status"]'
	run sh -c 'trap "" HUP USR1; exec "$@"' sh "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[[ "${lines[0]}" == *1 ]]
	[[ "${lines[1]}" == *0000000000000000 ]]
	[[ "${lines[2]}" == *0000000000000000 ]]
}

# with_session COMMAND...: in a session keyring of its own that holds the key "zones-secret" ("hidden"); $TOP/key has the key's number
with_session() {
	python3 - "$TOP/key" "$@" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(nr, *args):
    r = libc.syscall(nr, *args)
    if r < 0: sys.exit(77)
    return r
call(250, 1, b"zones-session")  # keyctl(KEYCTL_JOIN_SESSION_KEYRING)
key = call(248, b"user", b"zones-secret", b"hidden", ctypes.c_size_t(6), -3)  # add_key(..., KEY_SPEC_SESSION_KEYRING)
open(sys.argv[1], "w").write(str(key))
os.execvp(sys.argv[2], sys.argv[2:])
P
}

@test "the keyring: one of its own, without the keys of whoever started it, unless --no-new-keyring" {
	run with_session true
	[ "$status" != 77 ] || skip "no keys here"
	# what the program's session keyring is called, and whether it can read the caller's key: by its number, and by searching
	python 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def words(*args):
    b = ctypes.create_string_buffer(200)
    n = libc.syscall(250, *args[:2], b, ctypes.c_size_t(200))
    return b.raw[:n].rstrip(b"\0").decode() if n >= 0 else os.strerror(ctypes.get_errno())
print(words(6, -3).split(";")[-1])
print(words(11, int(open("/tmp/key").read())))
print("found" if libc.syscall(249, b"user", b"zones-secret", None, 0) >= 0 else os.strerror(ctypes.get_errno()))'
	config '.linux.resources = {"devices": .linux.resources.devices} | del(.linux.seccomp)'
	inside() { # OPTION...: as with_session, but the key's number is put where the program finds it first
		with_session sh -c 'cp "$1" "$2/rootfs/tmp/key"; shift 2; exec "$@"' sh "$TOP/key" "$BUNDLE" "$BUILD/zrun" --root "$TOP/run" run "$@" -b "$BUNDLE" "$ID"
	}
	run inside --no-new-keyring
	[ "${lines[*]}" = "zones-session hidden found" ] || { echo "$output"; false; }
	run inside
	echo "$output"
	[ "${lines[0]}" = _ses ]
	[ "${lines[1]}" != hidden ]
	[ "${lines[2]}" = "Required key not available" ]
	user_namespace
	chown -R 100000:100000 "$BUNDLE/rootfs"
	run inside
	echo "$output"
	[ "${#lines[@]}" = 3 ]
	[ "${lines[0]}" != zones-session ]
	[ "${lines[1]}" != hidden ]
	[ "${lines[2]}" = "Required key not available" ]
}

@test "exec is in the container's keyring" {
	run with_session true
	[ "$status" != 77 ] || skip "no keys here"
	local describe='import ctypes
b = ctypes.create_string_buffer(200)
n = ctypes.CDLL(None).syscall(250, 6, -3, b, ctypes.c_size_t(200))
print(b.raw[:n].rstrip(b"\0").decode().split(";")[-1])'
	python 'import time; time.sleep(1000)'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	run with_session "$BUILD/zrun" --root "$TOP/run" exec "$ID" /usr/bin/python3 -c "$describe"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = _ses ]
}

@test "scheduler: flags, runtime, deadline and period are the kernel's" {
	python 'import ctypes, os, struct
b = ctypes.create_string_buffer(48)
ctypes.CDLL(None).syscall(315, 0, b, 48, 0)  # sched_getattr
size, policy, flags, nice, priority, runtime, deadline, period = struct.unpack("IIQiIQQQ", b.raw)
print(policy, flags, runtime, deadline, period)
pid = os.fork()
if pid == 0:
    print(os.sched_getscheduler(0))
    os._exit(0)
os.waitpid(pid, 0)'
	# a child of a batch process is one too, unless the flag says otherwise
	config '.process.scheduler = {"policy":"SCHED_BATCH"}'
	run zrun run -b "$BUNDLE" "$ID"
	[[ "${lines[0]}" == "3 0 "* ]]
	[ "${lines[1]}" = 3 ]
	config '.process.scheduler = {"policy":"SCHED_BATCH","nice":-1,"flags":["SCHED_FLAG_RESET_ON_FORK"]}'
	run zrun run -b "$BUNDLE" "$ID"
	echo "$output"
	[[ "${lines[0]}" == "3 1 "* ]]
	chrt -d -T 10000000 -D 50000000 -P 100000000 0 true 2>/dev/null || skip "no deadlines here"
	config '.process.scheduler = {"policy":"SCHED_DEADLINE","runtime":10000000,"deadline":50000000,"period":100000000,"flags":["SCHED_FLAG_RESET_ON_FORK"]}'
	run zrun run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "${lines[*]}" = "6 1 10000000 50000000 100000000 0" ]
	config '.process.scheduler.runtime = 60000000' # longer than the deadline
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"process.scheduler: Invalid argument"* ]]
}

@test "apparmorProfile, selinuxLabel, mountLabel: applied, or refused by name where the kernel has none" {
	local n=0
	if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ]; then
		refused '.process.apparmorProfile = "zones-none"' 'process.apparmorProfile: "zones-none"'
		config '.process.apparmorProfile = "unconfined"' # asks for nothing
		runs 'echo ran'
		[ "$output" = ran ]
		n=1
	fi
	if [ ! -e /sys/fs/selinux/enforce ]; then
		refused '.process.selinuxLabel = "system_u:system_r:container_t:s0"' process.selinuxLabel
		refused '.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1"' linux.mountLabel
		n=1
	fi
	[ $n = 1 ] || skip "this kernel has both"
}

@test "rlimits bite: open files, the size of files" {
	config '.root.readonly = false | .process.rlimits = [{"type":"RLIMIT_NOFILE","soft":20,"hard":20},{"type":"RLIMIT_FSIZE","soft":4096,"hard":4096},{"type":"RLIMIT_CORE","soft":0,"hard":0}]'
	python 'import os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
fds = []
try:
    while True: fds.append(os.open("/dev/null", os.O_RDONLY))
except OSError as e: print(e.strerror, len(fds) < 20)
os.close(fds.pop())
fd = os.open("/tmp/file", os.O_WRONLY | os.O_CREAT)
print(os.write(fd, b"x" * 5000))
try: os.write(fd, b"x")
except OSError as e: print(e.strerror)
try: resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30)); print("raised")
except ValueError: print("not raised")'
	run zrun run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "${lines[0]}" = "Too many open files True" ]
	[ "${lines[1]}" = 4096 ]
	[ "${lines[2]}" = "File too large" ]
	[ "${lines[3]}" = "not raised" ]
}

@test "consoleSize is the terminal's size, and nothing without one" {
	config '.process.consoleSize = {"height":33,"width":99}'
	runs 'echo ok'
	[ "$output" = ok ]
	config '.process.terminal = true'
	script 'stty size'
	cat >"$TOP/take.py" <<'PY'
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen(1); open(sys.argv[1] + ".ready", "w").close()
c, _ = s.accept(); m, anc, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(4))
fds = array.array("i"); fds.frombytes(anc[0][2])
text = b""
try:
    while b"\n" not in text: text += os.read(fds[0], 100)
except OSError: pass
print(text.decode().strip())
PY
	python3 "$TOP/take.py" "$TOP/socket" >"$TOP/out" 3>&- &
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$TOP/socket.ready" ] && break; sleep 0.1; done
	zrun create -b "$BUNDLE" --console-socket "$TOP/socket" "$ID" </dev/null >/dev/null 2>&1 3>&-
	zrun start "$ID"
	wait $!
	[ "$(cat "$TOP/out")" = "33 99" ]
}

@test "LISTEN_FDS come first and LISTEN_PID is 1; preserve-fds count after them" {
	script 'echo $LISTEN_PID $LISTEN_FDS; cat <&3; cat <&4'
	echo one >"$TOP/one"
	echo two >"$TOP/two"
	run env TOP="$TOP" bash -c 'exec 3<"$TOP/one" 4<"$TOP/two"; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh "$BUILD/zrun" --root "$TOP/run" run --preserve-fds 1 -b "$BUNDLE" "$ID"
	[ "${lines[*]}" = "1 1 one two" ]
}
