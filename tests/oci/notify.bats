#!/usr/bin/env bats
# NOTIFY_SOCKET (sd_notify(3)): a program's READY=1 reaches the manager that started zrun, and nothing else of its words does.
# shellcheck disable=SC2016
load helper

# manager [SECONDS]: a real datagram socket at $TOP/manager; a line for each message, "pid PID SENDER" in front when it is told who sent it
manager() {
	python3 - "$TOP/manager" "${1:-20}" >"$TOP/heard" 3>&- <<'P' &
import array, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
s.settimeout(float(sys.argv[2]))
try:
    while True:
        data, control, flags, sender = s.recvmsg(65536, 4096)
        print(data.decode(errors="replace").replace("\n", " "), flush=True)
        for level, kind, value in control:
            if kind == socket.SCM_RIGHTS:
                for fd in array.array("i", value[:len(value) - len(value) % 4]):
                    os.close(fd)
except TimeoutError:
    pass
P
	MANAGER=$!
	for _ in $(seq 100); do [ -S "$TOP/manager" ] && return; sleep 0.05; done
	false
}

teardown_notify() { [ -z "${MANAGER:-}" ] || kill "$MANAGER" 2>/dev/null || true; }

heard() { cat "$TOP/heard"; }
wait_heard() { for _ in $(seq 100); do grep -q "$1" "$TOP/heard" && return; sleep 0.1; done; heard; false; }

# program TEXT: the container has say(WORDS), and goes on after the text until it is killed
program() {
	python "import os, socket, sys, time
def say(words, fds=[]):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(os.environ['NOTIFY_SOCKET'])
    socket.send_fds(s, [words.encode()], fds) if fds else s.send(words.encode())
$1
time.sleep(1000)"
}

# with the manager's socket; the program's output goes to $TOP/out
notified() { NOTIFY_SOCKET=$TOP/manager timeout -k 5 30 "$BUILD/zrun" --root "$TOP/run" "$@" </dev/null >"$TOP/out" 2>&1 3>&- || { local r=$?; cat "$TOP/out"; return $r; }; }

@test "not set: no mount, no variable, no directory" {
	script 'echo "<$NOTIFY_SOCKET>"; grep -c notify /proc/self/mounts'
	run env -u NOTIFY_SOCKET "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[ "${lines[*]}" = "<> 0" ]
	NOTIFY_SOCKET='' run zrun run -b "$BUNDLE" "$ID"
	[ "${lines[*]}" = "<> 0" ]
}

@test "the program's socket: its own, of datagrams, in a read-only mount that anybody may write through" {
	manager
	config '.process.user = {"uid":1000,"gid":1000}'
	script 'echo "$NOTIFY_SOCKET"; busybox stat -c "%F %a" /run/notify/notify.sock /run/notify; grep /run/notify /proc/self/mounts; touch /run/notify/x'
	ln -s busybox "$BUNDLE/rootfs/bin/touch"
	notified run -b "$BUNDLE" "$ID" || true
	run cat "$TOP/out"
	teardown_notify
	echo "$output"
	[ "${lines[0]}" = /run/notify/notify.sock ]
	[ "${lines[1]}" = "socket 777" ]
	[ "${lines[2]}" = "directory 755" ]
	[[ "${lines[3]}" == *" ro,nosuid,nodev,noexec"* ]]
	[[ "${lines[4]}" == *"Read-only"* ]]
	[ ! -s "$TOP/heard" ]
}

@test "create and start: start waits for READY=1, then says MAINPID and READY=1, and the manager has read it" {
	manager
	program 'print("up")
while not os.path.exists("/tmp/go"): time.sleep(0.05)
say("STATUS=nearly")
say("READY=1\nSTATUS=up")'
	notified create -b "$BUNDLE" "$ID"
	[ ! -e "$TOP/run/$ID/notify/notify.sock" ]
	notified start "$ID" &
	start=$!
	for _ in $(seq 50); do [ "$(status)" = running ] && break; sleep 0.1; done
	sleep 0.5
	kill -0 $start
	[ ! -s "$TOP/heard" ]
	touch "$BUNDLE/rootfs/tmp/go"
	wait $start
	pid=$(zrun state "$ID" | jq .pid)
	[ "$(heard)" = "MAINPID=$pid READY=1 "$'\n'"BARRIER=1" ] || { heard; false; }
	zrun delete -f "$ID"
	teardown_notify
}

@test "run --detach returns when the program is ready, whatever user namespace it is in" {
	manager
	user_namespace
	chown 100000:100000 "$BUNDLE/rootfs"
	program 'say("READY=1")'
	notified run -d -b "$BUNDLE" "$ID"
	pid=$(zrun state "$ID" | jq .pid)
	[ "$(head -n1 "$TOP/heard")" = "MAINPID=$pid READY=1 " ]
	teardown_notify
}

@test "run in the foreground: the main process is zrun itself, which goes on" {
	manager
	program 'say("READY=1")'
	notified run -b "$BUNDLE" "$ID" &
	wait_heard READY=1
	pid=$(sed -n 's/^MAINPID=\([0-9]*\) READY=1 $/\1/p' "$TOP/heard")
	grep -q zrun "/proc/$pid/cmdline"
	[ "$(status)" = running ]
	zrun kill "$ID" KILL
	wait
	[ "$(heard | wc -l)" = 1 ]
	teardown_notify
}

@test "nothing but READY=1 is forwarded: not MAINPID, not STOPPING, no descriptor, no binary, nothing too long" {
	manager
	program 'say("MAINPID=1\nSTATUS=x")
say("STOPPING=1\nRELOADING=1\nERRNO=5\nWATCHDOG=trigger\nEXTEND_TIMEOUT_USEC=1000000000\nNOTIFYACCESS=all\nFDSTORE=1\nFDNAME=x", [0, 1])
say("BARRIER=1", [0])
say("READY=0"); say("XREADY=1"); say("READY=1 "); say("READY=10"); say("ready=1")
say("READY=1\n" * 1000)
print("said")
time.sleep(0.3)
say("MAINPID=1\nREADY=1\nSTOPPING=1\nMAINPID=2")'
	notified create -b "$BUNDLE" "$ID"
	notified start "$ID"
	sleep 0.5
	pid=$(zrun state "$ID" | jq .pid)
	[ "$(heard)" = "MAINPID=$pid READY=1 "$'\n'"BARRIER=1" ] || { heard; false; }
	teardown_notify
}

@test "a program that never says ready: start waits as long as it lives, and is no failure when it ends" {
	manager 8
	program 'print("up"); time.sleep(1); sys.exit(3)'
	notified create -b "$BUNDLE" "$ID"
	a=$(date +%s%N)
	notified start "$ID"
	[ $((($(date +%s%N) - a) / 1000000)) -ge 900 ]
	[ "$(status)" = stopped ]
	[ ! -s "$TOP/heard" ]
	zrun delete "$ID"
	program 'print("up"); sys.exit(3)'
	run notified run -b "$BUNDLE" "$ID"
	[ "$status" = 3 ]
	[ ! -s "$TOP/heard" ]
	teardown_notify
}

@test "one that waits holds no lock: state, exec, kill and delete work meanwhile" {
	manager
	program 'print("up")'
	notified create -b "$BUNDLE" "$ID"
	notified start "$ID" &
	start=$!
	for _ in $(seq 50); do [ "$(status)" = running ] && break; sleep 0.1; done
	[ "$(timeout 5 "$BUILD/zrun" --root "$TOP/run" exec "$ID" sh -c 'echo $NOTIFY_SOCKET')" = /run/notify/notify.sock ]
	timeout 10 "$BUILD/zrun" --root "$TOP/run" delete -f "$ID"
	wait $start
	[ ! -e "$TOP/run/$ID" ]
	teardown_notify
}

@test "a flood costs the host next to nothing, and READY=1 comes through it" {
	manager 30
	program 'for i in range(300): say("STATUS=" + "x" * 3000)
say("READY=1")
print("done")'
	notified create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$TOP/manager "$BUILD/zrun" --root "$TOP/run" start "$ID" </dev/null >"$TOP/out" 2>&1 3>&- &
	start=$!
	sleep 1.5
	ticks=$(awk '{print $14 + $15}' "/proc/$start/stat") # hundredths of a second
	echo "ticks: $ticks"
	[ "$ticks" -lt 50 ]
	wait $start
	[[ "$(head -n1 "$TOP/heard")" == MAINPID=*READY=1* ]]
	[ "$(heard | wc -l)" = 2 ]
	teardown_notify
}

@test "the manager's socket in the abstract namespace" {
	python3 - "$ID" >"$TOP/heard" 3>&- <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + sys.argv[1])
s.settimeout(20)
print("there", flush=True)
print(s.recv(4096).decode().replace("\n", " "), flush=True)
P
	MANAGER=$!
	wait_heard there
	program 'say("READY=1")'
	NOTIFY_SOCKET=@$ID timeout -k 5 30 "$BUILD/zrun" --root "$TOP/run" run -d -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>&1 3>&-
	wait "$MANAGER"
	[[ "$(heard)" == *"MAINPID=$(zrun state "$ID" | jq .pid) READY=1"* ]]
}

@test "a manager that is gone, or words that are no address, keep no container from running" {
	script 'echo ran'
	run env NOTIFY_SOCKET="$TOP/nobody" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *ran* ]]
	[[ "$output" == *"NOTIFY_SOCKET: connect to \"$TOP/nobody\": No such file or directory"* ]]
	run env NOTIFY_SOCKET="vsock:2:1" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[ "$status $output" = "0 ran" ]
}

@test "a configuration with a socket of its own keeps it (Podman)" {
	manager
	mkdir "$TOP/own"
	config '.process.env += ["NOTIFY_SOCKET=/run/notify/own"] | .mounts += [{"destination":"/run/notify","type":"bind","source":$d,"options":["bind"]}]' --arg d "$TOP/own"
	script 'echo $NOTIFY_SOCKET; ls /run/notify | wc -l; grep -c /run/notify /proc/self/mounts'
	notified run -b "$BUNDLE" "$ID"
	[ "$(cat "$TOP/out")" = $'/run/notify/own\n0\n1' ]
	config '.mounts |= map(select(.destination != "/run/notify")) | .process.env |= map(select(startswith("NOTIFY") | not)) | .linux.namespaces |= map(select(.type != "mount"))'
	mounts=$(wc -l </proc/self/mountinfo)
	run notified run -b "$BUNDLE" "$ID"
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
	teardown_notify
}

@test "start with a socket, create without: nothing to forward, nothing waited for" {
	manager
	script 'exec sleep 1000'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	notified start "$ID"
	[ "$(status)" = running ]
	[ ! -s "$TOP/heard" ]
	teardown_notify
}

@test "hooks get neither the variable nor the socket" {
	manager
	cat >"$TOP/hook" <<'H'
#!/bin/sh
env >"$1"
H
	chmod 755 "$TOP/hook"
	config '.hooks.createRuntime = [{"path":$h,"args":["hook",$o]}] | .hooks.poststart = [{"path":$h,"args":["hook",$p]}]' --arg h "$TOP/hook" --arg o "$TOP/env1" --arg p "$TOP/env2"
	script 'exit 0'
	notified run -b "$BUNDLE" "$ID"
	[ -e "$TOP/env1" ] && [ -e "$TOP/env2" ]
	run grep -l NOTIFY "$TOP/env1" "$TOP/env2"
	[ "$status" = 1 ]
	teardown_notify
}

@test "a create that fails leaves nothing of it" {
	manager
	config '.process.args = ["/nosuch"]'
	run notified create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[ ! -e "$TOP/run/$ID" ]
	[ ! -s "$TOP/heard" ]
	teardown_notify
}

@test "a privileged container that makes the mount writable and puts links in there reaches nothing of the host" {
	manager
	echo mine >"$TOP/victim"
	chmod 600 "$TOP/victim"
	mkdir "$TOP/directory"
	touch "$TOP/directory/file"
	config '.process.capabilities = ({"bounding":["CAP_SYS_ADMIN"]} | .effective = .bounding | .permitted = .bounding)'
	script "mount -o remount,bind,rw /run/notify && cd /run/notify && rm notify.sock && busybox ln -s '$TOP/victim' notify.sock && busybox ln -s '$TOP/directory' d && mkdir -p a/b && busybox ln -s '$TOP/directory' a/b/c && echo done"
	notified run --keep -b "$BUNDLE" "$ID"
	[ "$(cat "$TOP/out")" = done ]
	run notified start "$ID"
	[ "$status" = 1 ] # it has stopped
	zrun delete -f "$ID"
	[ ! -e "$TOP/run/$ID" ]
	[ "$(stat -c %a "$TOP/victim") $(cat "$TOP/victim")" = "600 mine" ]
	[ -e "$TOP/directory/file" ]
	teardown_notify
}
