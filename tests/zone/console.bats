#!/usr/bin/env bats
# The persistent console: scroll-back, detach with ~., before boot and across reboots, logs.
load helper

teardown_more() {
	tmux -L "zones$$" kill-server 2>/dev/null || true
	[ -z "${STOPPED:-}" ] || kill -9 "$STOPPED" 2>/dev/null || true # a stopped one would hold bats up for ever
}

screen() {
	tmux -L "zones$$" capture-pane -p -S -100
}

console_in_tmux() {
	tmux -L "zones$$" -f /dev/null new-session -d -x 100 -y 30 "PATH=$PATH ZONES_CONFIG_DIR=$ZONES_CONFIG_DIR ZONES_STORAGE_DIR=$ZONES_STORAGE_DIR ZONES_RUN_DIR=$ZONES_RUN_DIR zone console web; echo left with \$?; sleep 60"
}

screen_has() {
	screen | grep -q "$1"
}

@test "the console shows what was written before anybody was attached" {
	booted web service.command='["/bin/sh","-c","echo scroll-back-text; sleep 1000"]'
	wait_for 5 grep -q scroll-back-text "$ZONES_STORAGE_DIR/web/log/console.log"
	console_in_tmux
	wait_for 5 screen_has scroll-back-text
	tmux -L "zones$$" send-keys Enter '~.'
	wait_for 5 screen_has "left with 0"
}

@test "the console waits for a zone that is not booted and stays across a reboot" {
	native web service.command='["/bin/sh","-c","echo boot-$(cat /root/n 2>/dev/null); echo x >> /root/n; sleep 1000"]'
	console_in_tmux
	wait_for 5 screen_has "waiting for the zone"
	zone boot web
	wait_for 5 screen_has "boot-"
	zone reboot web
	wait_for 10 screen_has "boot-x"
	zone halt web
	wait_for 5 screen_has "halted"
	zone boot web
	wait_for 10 sh -c "tmux -L zones$$ capture-pane -p -S -100 | grep -c service.started | grep -q 3"
	tmux -L "zones$$" send-keys Enter '~.'
	wait_for 5 screen_has "left with 0"
}

@test "two consoles at once see the same; one that does not read is dropped, and neither the other nor the zone waits for it" {
	booted web service.command='["/bin/sh","-c","while :; do echo 0123456789012345678901234567890123456789; done"]' cappedCPU.ncpus=0.3
	zone console web </dev/null >"$TOP/one" & a=$!
	sh -c 'kill -STOP $$; exec zone console web' </dev/null >/dev/null & b=$!
	STOPPED=$b
	wait_for 5 test -s "$TOP/one"
	wait_for 10 grep -q "^State:.T" "/proc/$b/status" # else it would stop after it was told to go on
	kill -CONT $b
	wait_for 5 consoles_are 2
	kill -STOP $b
	wait_for 20 consoles_are 1
	size=$(stat -c %s "$TOP/one")
	wait_for 10 sh -c '[ "$(stat -c %s "$1")" -gt "$2" ]' sh "$TOP/one" "$size"
	[ "$(state_of web)" = running ]
	kill -CONT $b
	kill -0 $a # the reader was never dropped
	kill $a
	wait $a $b || true
	STOPPED=
}

@test "logs prints the console's log, -n its end, and shows control characters harmlessly on a terminal" {
	booted web service.command='["/bin/sh","-c","printf \"first\\n\\033[31mred\\nlast\\n\"; sleep 1000"]'
	wait_for 5 grep -q last "$ZONES_STORAGE_DIR/web/log/console.log"
	run zone logs web
	says first
	run zone logs -n 1 web
	says last
	case $output in *first*) false ;; esac
	run script -qec "zone logs web" /dev/null
	case $output in *$'\033[31m'*) false ;; esac
	fails 2 zone logs -n none web
}

@test "a zone that floods its console does not cost the host more than a little CPU" {
	booted web service.command='["/bin/sh","-c","while :; do echo 0123456789012345678901234567890123456789; done"]'
	monitor=$(jq .monitor "$ZONES_RUN_DIR/web/run.json")
	a=$(awk '{print $14 + $15}' "/proc/$monitor/stat")
	sleep 2
	b=$(awk '{print $14 + $15}' "/proc/$monitor/stat")
	[ $((b - a)) -lt 80 ] # of 200 ticks
}
