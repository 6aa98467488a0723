#!/usr/bin/env bats
# zone halt, shutdown, reboot, freeze, thaw.
load helper

@test "halt ends a zone at once and leaves nothing" {
	booted web
	init=$(init_pid web)
	zone halt web
	[ "$(state_of web)" = installed ]
	[ ! -d /proc/$init ]
	[ ! -e "$ZONES_RUN_DIR/web" ]
	[ ! -e "$ZONES_RUN_DIR/.engine/web" ]
}

@test "halt of an installed zone succeeds with a note" {
	native web
	fails 0 zone halt web
	says "not running"
}

@test "halt ends a zone whose processes ignore every signal, also a stopped one" {
	booted web
	zone exec web sh -c 'trap "" TERM INT HUP; (while :; do sleep 1; done) >/dev/null 2>&1 </dev/null & kill -STOP $!; echo $!'
	zone halt web
	[ "$(state_of web)" = installed ]
}

@test "halt of a frozen zone works" {
	booted web
	zone freeze web
	zone halt web
	[ "$(state_of web)" = installed ]
}

@test "shutdown lets the service end by itself" {
	booted web service.command='["/bin/sh","-c","trap \"echo bye > /root/bye; exit 0\" TERM; while :; do sleep 0.1; done"]'
	wait_for 5 zone exec web pgrep -f "echo bye"
	zone shutdown -t 20 web
	[ "$(state_of web)" = installed ]
	[ "$(cat "$ZONES_STORAGE_DIR/web/root/root/bye")" = bye ]
}

@test "shutdown halts at the deadline when init does not listen" {
	booted web service.command='["/bin/sh","-c","trap \"\" TERM; while :; do sleep 1; done"]'
	start=$SECONDS
	zone shutdown -t 2 web
	[ $((SECONDS - start)) -lt 15 ]
	[ "$(state_of web)" = installed ]
}

@test "shutdown -t refuses nonsense with exit status 2" {
	native web
	fails 2 zone shutdown -t soon web
	says soon
}

@test "reboot gives a new init in the same monitor" {
	booted web
	before=$(init_pid web)
	zone reboot web
	[ "$(state_of web)" = running ]
	[ "$(init_pid web)" != "$before" ]
}

@test "shutdown -r reboots" {
	booted web
	before=$(init_pid web)
	zone shutdown -r -t 10 web
	[ "$(state_of web)" = running ]
	[ "$(init_pid web)" != "$before" ]
}

@test "a reboot asked for inside (signal INT to zone-init) boots the zone again" {
	booted web
	before=$(init_pid web)
	kill -INT "$before"
	wait_for 10 sh -c "[ \"\$(zone list --json web | jq -r '.[0].id')\" != $before ] && [ \"\$(zone list --json web | jq -r '.[0].state')\" = running ]"
}

@test "a zone that ends by itself is installed again and why tells the reason" {
	booted web
	kill -TERM "$(init_pid web)"
	wait_for 15 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	run zone why web
	says "init exited"
}

@test "restart: on-failure brings a zone back whose init was killed" {
	booted web restart=on-failure
	before=$(init_pid web)
	kill -KILL "$before"
	wait_for 15 sh -c "[ \"\$(zone list --json web | jq -r '.[0].state')\" = running ] && [ \"\$(zone list --json web | jq -r '.[0].id')\" != $before ]"
}

@test "shutdown, with a time as well, of a zone that waits for its restart: the monitor lives through it and the zone stays down" {
	booted web restart=always
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")
	for i in 1 2 3; do # the waiting times grow: the last is long enough for a slow machine
		kill -KILL "$(init_pid web)"
		wait_for 15 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = down ]'
		[ $i = 3 ] || wait_for 15 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = running ]'
	done
	fails 0 zone shutdown -t 5 web
	[ -z "$output" ] || { echo "$output"; false; } # no note: it was the monitor that answered
	[ "$(state_of web)" = installed ]
	wait_for 10 test ! -e "/proc/$monitor"
	[ ! -e "$ZONES_RUN_DIR/web" ]
	run zone events -e halted web
	says 'the zone is halted'
}

# A zone whose init does not listen, and a command that waits for its end; $waiting is its pid.
deaf_and_waited_for() { # WORDS OF SHUTDOWN...
	[ -e "$ZONES_RUN_DIR/web" ] || booted web shutdownTimeout=1s
	kill -STOP "$(init_pid web)"
	zone shutdown "$@" web 3>&- 2>"$TOP/waiting" &
	waiting=$!
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = shutting_down ]'
}

@test "who waits for a shutdown keeps no other command waiting: halt works at once, and the one that waited is told the end" {
	deaf_and_waited_for -t 5m
	fails 0 timeout -k 5 10 zone set web attr.a=b
	fails 0 timeout -k 5 15 zone halt web
	[ "$(state_of web)" = installed ]
	wait "$waiting"
}

@test "a later shutdown brings the deadline nearer, never further away; so does TERM for the monitor, as at the host's end" {
	deaf_and_waited_for -t 5m
	fails 0 timeout -k 5 20 zone autoshutdown
	[ "$(state_of web)" = installed ]
	wait "$waiting"
	zone boot web
	deaf_and_waited_for -t 5m
	kill -TERM "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	wait_for 15 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	wait "$waiting"
	zone boot web
	deaf_and_waited_for -t 5
	fails 0 timeout -k 5 20 zone shutdown -t 5m web
	wait "$waiting"
}

@test "of a shutdown and a shutdown -r of the same zone the later one holds, and the earlier one is told so" {
	deaf_and_waited_for -t 5m
	fails 0 timeout -k 5 30 zone shutdown -r -t 1 web
	[ "$(state_of web)" = running ]
	code=0
	wait "$waiting" || code=$?
	[ "$code" = 1 ]
	grep -q 'has been booted again' "$TOP/waiting"
}

@test "freeze stops every process where it is, thaw lets it go on" {
	booted web service.command='["/bin/sh","-c","i=0; while :; do i=$((i+1)); echo $i > /root/n; sleep 0.02; done"]'
	wait_for 5 test -s "$ZONES_STORAGE_DIR/web/root/root/n"
	zone freeze web
	run zone list -v web
	says frozen
	a=$(cat "$ZONES_STORAGE_DIR/web/root/root/n")
	sleep 0.5
	[ "$(cat "$ZONES_STORAGE_DIR/web/root/root/n")" = "$a" ]
	fails 1 zone exec web true
	says thaw
	fails 0 zone freeze web
	zone thaw web
	wait_for 5 sh -c "[ \"\$(cat $ZONES_STORAGE_DIR/web/root/root/n)\" != \"$a\" ]"
	fails 0 zone thaw web
}
