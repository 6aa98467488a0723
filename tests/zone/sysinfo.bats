#!/usr/bin/env bats
# procView: sysinfo(2) in a zone tells of its own limits and use, whatever is done to those who answer it and to those who ask.
load helper

CAP=134217728

run_json() {
	jq -r "$1" "$ZONES_RUN_DIR/web/run.json"
}

server() {
	run_json .view
}

is_alive() {
	[ "$1" -gt 1 ] && kill -0 "$1" 2>/dev/null
}

# A zone of 128 MiB with the tests' program in it; further PATH=VALUE words.
zone_web() {
	native web cappedMemory.physical=128M cappedMemory.swap=128M "$@"
	install -m 755 "$BATS_TEST_DIRNAME/sysinfo.py" "$ZONES_STORAGE_DIR/web/root/srv/sysinfo.py"
	zone boot web
	zone audit -q web
	INIT=$(init_pid web)
	ASKED=0
}

asks() { # asks WORD...: inside
	zone exec web python3 /srv/sysinfo.py "$@"
}

# The program that the zone was booted with asks, without that any command of ours is run. Its answer is $SAID.
init_asks() {
	local d=$ZONES_STORAGE_DIR/web/root/srv
	wait_for 20 test -e "$d/ready"
	touch "$d/$ASKED.ask"
	wait_for "${1:-20}" test -e "$d/$ASKED.said"
	SAID=$(cat "$d/$ASKED.said")
	ASKED=$((ASKED + 1))
}
SERVICE='service.command=["/usr/bin/python3","/srv/sysinfo.py","serve","/srv"]'

kill_and_wait() { # PID...
	local p
	for p; do [ "$p" -gt 1 ]; done
	kill -9 "$@"
	for p; do wait_for 10 sh -c "! kill -0 $p 2>/dev/null"; done
}

new_server() { # new_server OLD: another one serves
	wait_for 15 sh -c "p=\$(jq .view '$ZONES_RUN_DIR/web/run.json'); [ \$p -gt 1 ] && [ \$p != $1 ]"
}

listeners_of() { # PID
	find "/proc/$1/fd" -lname 'anon_inode:seccomp notify' | wc -l
}
two_listeners() {
	[ "$(listeners_of "$(server)")" = 2 ]
}

@test "the zone's own memory, swap, load, uptime and processes, as its files say; in its first program and in others; changes show at once" {
	zone_web "$SERVICE"
	init_asks
	[ "$SAID" = $CAP ]
	asks agree
	[ "$(asks words | awk '{ print $1, ($4 < 100), ($5 < 200), $7 }')" = "$CAP 1 1 0" ]
	zone set web cappedMemory.physical=192M cappedMemory.swap=192M
	zone apply web
	sleep 0.15
	init_asks
	[ "$SAID" = 201326592 ]
	asks agree
	asks other_abi
}

@test "who answers has no power outside: two capabilities in the zone's user namespace, and sees its processes only" {
	zone_web
	p=$(server)
	[ "$p" -gt 1 ]
	grep -q "^CapEff:.0000000000080002$" "/proc/$p/status"
	grep -q "^CapPrm:.0000000000080002$" "/proc/$p/status"
	grep -q "^CapInh:.0000000000000000$" "/proc/$p/status"
	grep -q "^Seccomp:.2$" "/proc/$p/status"
	grep -q "^NoNewPrivs:.1$" "/proc/$p/status"
	[ "$(readlink "/proc/$p/ns/user")" = "$(readlink "/proc/$INIT/ns/user")" ]
	[ "$(readlink "/proc/$p/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(stat -fc %T "/proc/$p/root/")" = proc ]
	uid=$(awk '/^Uid:/ { print $2 }' "/proc/$p/status")
	[ "$uid" -gt "$(awk '/^Uid:/ { print $2 + 65536 }' "/proc/$INIT/status")" ]
	# its root shows only what may be traced from the zone: the zone's processes, and who looks
	seen=$(nsenter --user="/proc/$INIT/ns/user" -- ls /proc/self/fd/9/ 9<"/proc/$p/root/")
	echo "$seen" | grep -qx "$INIT"
	[ "$(ls /proc | grep -c '^[0-9]')" -gt $(($(echo "$seen" | grep -c '^[0-9]') + 5)) ]
	for one in $(echo "$seen" | grep '^[0-9]'); do
		[ ! -e "/proc/$one" ] || [ "$(readlink "/proc/$one/ns/user")" = "$(readlink "/proc/$INIT/ns/user")" ]
	done
	[ "$(echo "$seen" | grep -c -e meminfo -e '^sys$')" = 0 ]
	# nobody inside can see or signal it
	[ "$(zone exec web sh -c 'grep -l zone-procview /proc/[0-9]*/comm' | wc -l)" = 0 ]
}

@test "bad pointers get EFAULT and nothing is written: no memory, read-only memory, half of it, files" {
	zone_web
	p=$(server)
	asks pointers
	[ "$(server)" = "$p" ]
	is_alive "$p"
}

@test "races: memory that goes away, execve and SIGKILL during the call, and signals" {
	zone_web
	p=$(server)
	asks races 2 $CAP
	asks signals
	[ "$(server)" = "$p" ]
	is_alive "$p"
}

@test "10,000 calls of 8 processes" {
	zone_web
	timeout 120 zone exec web python3 /srv/sysinfo.py many 8 1250 $CAP
	[ "$(listeners_of "$(server)")" -le 2 ]
}

@test "the server killed, again and again under load: calls wait for the next one, and none fails or tells of the host" {
	zone_web "$SERVICE"
	d=$ZONES_STORAGE_DIR/web/root/srv
	asks until /srv/stop $CAP &
	asker=$!
	wait_for 20 test -e "$d/stop.begun"
	for i in 1 2; do
		p=$(server)
		kill_and_wait "$p"
		init_asks
		[ "$SAID" = $CAP ]
		new_server "$p"
		wait_for 5 two_listeners # the second is handed over after the first has been served
	done
	touch "$d/stop"
	wait "$asker"
	[ "$(cat "$d/stop.done")" -gt 20 ]
	wait_for 5 sh -c "[ \$(find /proc/$(server)/fd -lname 'anon_inode:seccomp notify' | wc -l) = 1 ]"
	wait_for 5 sh -c "[ \$(find /proc/$(run_json .monitor)/fd -lname 'anon_inode:seccomp notify' | wc -l) = 1 ]"
}

@test "the monitor killed: calls go on, the next monitor has the listeners and replaces a server that dies" {
	zone_web "$SERVICE"
	p=$(server)
	old=$(run_json .monitor)
	kill_and_wait "$old"
	init_asks
	[ "$SAID" = $CAP ]
	asks agree # a new monitor
	[ "$(run_json .monitor)" != "$old" ]
	[ "$(server)" = "$p" ]
	[ "$(listeners_of "$(run_json .monitor)")" -ge 1 ]
	kill_and_wait "$p"
	init_asks
	[ "$SAID" = $CAP ]
	asks agree
	zone audit -q web
}

@test "monitor and server killed together: old programs get ENOSYS, new ones the zone's values; the zone halts" {
	zone_web "$SERVICE"
	kill_and_wait "$(run_json .monitor)" "$(server)"
	init_asks
	[ "$SAID" = ENOSYS ]
	[ "$(asks words | cut -d' ' -f1)" = $CAP ]
	zone halt web
}

@test "a server that stands still is killed, and the call answered by the next one" {
	zone_web "$SERVICE"
	init_asks
	sleep 7 # until nobody looks any more
	p=$(server)
	kill -STOP "$p"
	init_asks 30
	[ "$SAID" = $CAP ]
	new_server "$p"
	# the halt does not wait for it either
	kill -STOP "$(server)"
	touch "$ZONES_STORAGE_DIR/web/root/srv/$ASKED.ask"
	start=$(date +%s)
	zone halt web
	[ $(($(date +%s) - start)) -lt 8 ]
}

@test "files alone, nesting, or nothing: the host's sysinfo(2), no capability, no filter, and listeners of the zone's own" {
	host=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	zone_web procView=files
	[ "$(asks words | awk '{ printf "%d", $1 / 1024 }')" = "$host" ]
	[ "$(zone exec web awk '/^MemTotal/ { print $2 }' /proc/meminfo)" = 131072 ]
	[ "$(asks listener)" = 0 ]
	grep -q "^CapEff:.0000000000000000$" "/proc/$(server)/status"
	zone set web procView=true nesting=true
	run zone diff web
	says procView
	run zone set web procView=some
	[ "$status" -ne 0 ]
	says '"files"'
	zone reboot web
	zone audit -q web
	[ "$(asks words | awk '{ printf "%d", $1 / 1024 }')" = "$host" ]
	[ "$(zone exec web awk '/^MemTotal/ { print $2 }' /proc/meminfo)" = 131072 ]
	[ "$(asks listener)" = 0 ]
	zone clear web nesting
	zone reboot web
	zone audit -q web
	[ "$(asks words | cut -d' ' -f1)" = $CAP ]
	[ "$(asks listener)" = EBUSY ]
	run zone audit --json web
	says sysinfo
}

@test "more programs than there is room for: the next one sees the host's values, and starts all the same" {
	zone_web "$SERVICE"
	host=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	python3 -c '
import socket, sys, os, time
held = []
for n in range(255):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); s.recv(1)
    r, w = os.pipe(); held.append(w)
    socket.send_fds(s, [b"x"], [r]); os.close(r); s.close()
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]): time.sleep(0.05)
' "$ZONES_RUN_DIR/web/sysinfo" "$TOP/held" &
	holder=$!
	wait_for 20 test -e "$TOP/held"
	[ "$(asks words | awk '{ printf "%d", $1 / 1024 }')" = "$host" ]
	init_asks
	[ "$SAID" = $CAP ]
	rm "$TOP/held"
	wait "$holder"
	wait_for 5 sh -c "[ \$(find /proc/$(run_json .monitor)/fd -type l | wc -l) -lt 100 ]"
	[ "$(asks words | cut -d' ' -f1)" = $CAP ]
}

@test "no server can be started: calls are the kernel's until one can, and nobody waits" {
	mkdir "$TOP/libexec"
	cp "$BUILD/zone-init" "$BUILD/zone-procview" "$TOP/libexec"
	export ZONES_LIBEXEC_DIR=$TOP/libexec
	zone_web "$SERVICE"
	mv "$TOP/libexec/zone-procview" "$TOP/libexec/away"
	p=$(server)
	kill_and_wait "$p"
	init_asks
	[ "$SAID" -gt $CAP ]
	run zone why web
	says "its view of memory and processors is down"
	mv "$TOP/libexec/away" "$TOP/libexec/zone-procview"
	new_server "$p"
	init_asks
	[ "$SAID" = $CAP ]
}
