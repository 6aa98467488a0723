#!/usr/bin/env bats
# zone login, exec: enter a running zone.
load helper

@test "exec passes output, exit status and signals on" {
	booted web
	fails 0 zone exec web echo hello
	says hello
	fails 7 zone exec web sh -c 'exit 7'
	fails 143 zone exec web sh -c 'kill -TERM $$'
	[ "$(echo in | zone exec web cat)" = in ]
}

@test "exec of a program that is not there says so" {
	booted web
	fails 1 zone exec web nosuchprogram
	says nosuchprogram
}

@test "exec -l runs as a user of the zone, with its groups and no capability" {
	booted web
	[ "$(zone exec -l www-data web id -u)" = 33 ]
	run zone exec -l www-data web grep CapEff /proc/self/status
	says 0000000000000000
	fails 1 zone exec -l nosuchuser web true
	says nosuchuser
}

@test "exec refuses ids that are out of range instead of becoming root" {
	booted web
	for id in -1 4294967295 4294967296 99999999999999999999 0x0 '0 ' 1.0; do
		run zone exec -l "$id" web id -u
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ]
		[ "$output" != 0 ]
	done
}

@test "exec -w and -e set folder and environment" {
	booted web
	[ "$(zone exec -w /etc web pwd)" = /etc ]
	[ "$(zone exec -e A=1 -e B=two web sh -c 'echo $A$B')" = 1two ]
	fails 1 zone exec -e novalue web true
}

@test "exec keeps the options of the command to itself" {
	booted web
	[ "$(zone exec web echo -l -w --json)" = "-l -w --json" ]
}

@test "exec -t gives a terminal of the zone" {
	booted web
	run script -qec "zone exec -t web tty" /dev/null
	says /dev/pts/
}

@test "login runs a login shell in the user's home" {
	booted web
	[ "$(zone login web pwd)" = /root ]
	run zone login -l www-data web 'id -un' # a user without a shell has no login
	says "not available"
	[ "$(zone login web 'echo $HOME-$USER')" = /root-root ]
}

@test "login -S needs nothing of the zone's files" {
	booted web
	rm -rf "$ZONES_STORAGE_DIR/web/root/etc" "$ZONES_STORAGE_DIR/web/root/bin"
	run sh -c 'echo "echo rescued; id -u" | zone login -S web'
	says rescued
}

@test "login and exec refuse a zone that is not running, naming the way" {
	native web
	fails 1 zone login web
	says "zone boot web"
	fails 1 zone exec web true
	says "zone boot web"
}

@test "nothing of the host leaks into an entered process: descriptors, groups, environment, session" {
	booted web
	exec 9</etc/shadow
	[ "$(zone exec web sh -c 'ls /proc/self/fd | wc -l')" -le 4 ]
	run zone exec web env
	case $output in *ZONES_CONFIG_DIR* | *SSH* | *BATS*) false ;; esac
	[ "$(zone exec web sh -c 'cut -d" " -f6 /proc/self/stat')" != 0 ]
	exec 9<&-
}

@test "a process that was exec'ed is limited and isolated like the zone's own" {
	booted web
	init=$(init_pid web)
	zone exec web sleep 30 & x=$!
	wait_for 5 zone exec web pidof sleep
	pid=$(pgrep -P "$x" sleep || pgrep -nx sleep)
	for ns in pid mnt uts ipc net cgroup user; do
		[ "$(readlink /proc/$pid/ns/$ns)" = "$(readlink /proc/$init/ns/$ns)" ]
	done
	for h in memory pids cpu; do
		[ "$(grep ":$h:" /proc/$pid/cgroup)" = "$(grep ":$h:" /proc/$init/cgroup)" ]
	done
	[ "$(grep -E 'CapBnd|Seccomp:' /proc/$pid/status)" = "$(grep -E 'CapBnd|Seccomp:' /proc/$init/status)" ]
	zone halt web
	wait $x || true
}

@test "200 execs leave no process and no descriptor behind" {
	booted web
	rounds=200
	[ -z "${ZONES_QUICK:-}" ] || rounds=20
	before=$(zone ps --json web | jq length)
	for _ in $(seq "$rounds"); do zone exec web true; done
	[ "$(zone ps --json web | jq length)" = "$before" ]
}

@test "a process in the zone never holds the administrator's terminal" {
	booted web
	# standard output is the terminal of script(1), standard input is not: no pty is made, and what the program gets is a pipe
	run script -qec "zone exec web sh -c 'ls -l /proc/self/fd/1 /proc/self/fd/2; echo shown' </dev/null" /dev/null
	says pipe:
	says shown
	case $output in *"-> /dev/pts"* | *"-> /dev/tty"*) false ;; esac
	# both are: a pty of the zone
	run script -qec "zone exec web sh -c 'tty; ls -l /proc/self/fd/1'" /dev/null
	says /dev/pts/
}
