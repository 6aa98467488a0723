#!/usr/bin/env bats
# The monitor may be killed at any moment.
load helper

monitor_pid() {
	jq -r .monitor "$ZONES_RUN_DIR/web/run.json"
}

kill_monitor_and_wait() {
	local pid
	pid=$(monitor_pid)
	kill -9 "$pid"
	wait_for 5 sh -c "! kill -0 $pid"
}

# kill -9 every monitor of this test's run directory, also one that has not written its run file yet. Never by name alone: other tests have zones of the same name.
kill_monitors() {
	local f
	for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
		grep -qzx monitor "${f%environ}cmdline" 2>/dev/null && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
	done
	return 0
}

@test "kill -9 of the monitor leaves the zone running; the next command re-attaches" {
	booted web service.command='["/bin/sleep","1000"]'
	init=$(init_pid web)
	old=$(monitor_pid)
	kill -9 "$old"
	wait_for 5 sh -c "! kill -0 $old"
	kill -0 "$init"
	zone exec web true
	[ "$(init_pid web)" = "$init" ]
	new=$(monitor_pid)
	[ "$new" != "$old" ]
	kill -0 "$new"
	zone halt web
	[ "$(state_of web)" = installed ]
}

@test "after re-attachment the console works and a shutdown is heard" {
	booted web service.command='["/bin/sh","-c","while :; do echo tick; sleep 0.2; done"]'
	kill_monitor_and_wait # one that is still dying would be taken for alive
	zone exec web true
	: > "$ZONES_STORAGE_DIR/web/log/console.log"
	wait_for 10 grep -q tick "$ZONES_STORAGE_DIR/web/log/console.log"
	zone shutdown -t 20 web
	[ "$(state_of web)" = installed ]
}

@test "monitor and init killed: the next command cleans up and the reason is stored" {
	booted web
	init=$(init_pid web)
	kill -9 "$(monitor_pid)"
	kill -9 "$init"
	wait_for 5 sh -c "! kill -0 $init"
	[ "$(state_of web)" = installed ] || zone exec web true || true
	run zone why web
	says "monitor was killed"
	[ ! -e "$ZONES_RUN_DIR/.engine/web" ]
	zone boot web
}

@test "the monitor killed at random moments of boot and halt: the next command always finds a way" {
	native web
	for ms in 2 5 10 15 20 25 30 40; do
		zone boot web & pid=$!
		sleep "$(printf '0.%03d' $ms)"
		kill_monitors
		wait $pid || true
		zone boot web
		(sleep "$(printf '0.%03d' $ms)"; kill_monitors) & k=$!
		zone halt web || true
		wait $k || true
		zone halt web
		[ "$(state_of web)" = installed ]
	done
}

@test "the monitor killed while init waits for its start: boot comes back, and the zone's lock is free" {
	native web
	cat >"$TOP/kill.py" <<'P'
import json, os, signal, subprocess, sys
record = sys.argv[1]
boot = subprocess.Popen(["zone", "boot", "web"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
monitor = 0
while boot.poll() is None:
    if not monitor:
        try: monitor = int(open(f"/proc/{boot.pid}/task/{boot.pid}/children").read().split()[0])
        except (IndexError, OSError): continue
    try: done = json.load(open(record))["pid"] > 0
    except (OSError, ValueError, KeyError): continue
    if done: # init is recorded, and nobody else will end it
        os.kill(monitor, signal.SIGKILL)
        break
try: boot.wait(15)
except subprocess.TimeoutExpired:
    boot.kill()
    sys.exit("zone boot waits for a monitor that is dead")
print("boot came back with", boot.returncode)
P
	for _ in 1 2 3 4 5; do
		run timeout -k 5 40 python3 "$TOP/kill.py" "$ZONES_RUN_DIR/.engine/web/state.json"
		echo "$output"
		[ "$status" = 0 ]
		fails 0 timeout -k 5 20 zone halt web
		[ "$(state_of web)" = installed ]
	done
}

@test "SIGTERM to the monitor shuts the zone down" {
	booted web
	pid=$(monitor_pid)
	kill -TERM "$pid"
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	[ ! -e "$ZONES_RUN_DIR/web" ]
}

@test "the control socket takes only well-formed requests from root" {
	booted web
	python3 - "$ZONES_RUN_DIR/web/control" <<'P'
import json, socket, sys
for packet in [b"", b"{", b"[]", b"null", b'{"verb":"nosuch"}', b'{"verb":5}', b"\0" * 100, b'{"verb":"status"' + b" " * 16000 + b"}", b"x" * 16384, b"[" * 10000]:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(sys.argv[1])
    s.send(packet)
    try:
        s.recv(65536)
    except ConnectionResetError:
        pass
    s.close()
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b'{"verb":"status"}')
answer = json.loads(s.recv(65536))
assert answer["ok"] is True and answer["state"] == "running", answer
P
	[ "$(state_of web)" = running ]
	[ "$(stat -c %a "$ZONES_RUN_DIR/web")" = 700 ]
	chmod 711 "$TOP" "$ZONES_RUN_DIR"
	run setpriv --reuid 65534 --regid 65534 --clear-groups python3 -c "
import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect('$ZONES_RUN_DIR/web/control')"
	[ "$status" -ne 0 ]
}

@test "many clients that connect and say nothing do not stop the zone's commands" {
	booted web
	python3 - "$ZONES_RUN_DIR/web/control" <<'P' & p=$!
import socket, sys, time
a = []
for _ in range(64):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(1)
    try:
        s.connect(sys.argv[1]); a.append(s)
    except OSError:
        pass
time.sleep(3)
P
	sleep 0.5
	kill $p
	wait $p || true
	zone halt web
}

@test "halt while the monitor is being killed: the zone is halted all the same" {
	native web
	for ms in 0 1 2 4 8; do
		zone boot web
		pid=$(monitor_pid)
		( sleep "0.00$ms"; kill -9 "$pid" ) & killer=$!
		zone halt web
		wait "$killer" || true
		[ "$(state_of web)" = installed ]
	done
}

@test "what a halt could not take away, the next boot takes away" {
	booted web
	# the engine's folder of the zone is busy: a mount is in it
	mkdir "$ZONES_RUN_DIR/.engine/web/busy"
	mount -t tmpfs none "$ZONES_RUN_DIR/.engine/web/busy"
	zone halt web || true
	umount "$ZONES_RUN_DIR/.engine/web/busy"
	[ -e "$ZONES_RUN_DIR/.engine/web" ]
	wait_for 5 sh -c "[ ! -e $ZONES_RUN_DIR/web ]"
	zone boot web
	[ "$(state_of web)" = running ]
}
