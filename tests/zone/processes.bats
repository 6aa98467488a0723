#!/usr/bin/env bats
# What each process beside and in a zone holds: descriptors, capabilities, filters. docs/processes.md is the table of it; a descriptor or a capability that comes on top fails here.
load helper

status_of_pid() { # PID KEY
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

has_cap() { # PID KEY NUMBER
	(((0x$(status_of_pid "$1" "$2") >> $3) & 1))
}

# Descriptors of PID whose target matches none of the patterns, one a line.
unexpected() { # PID PATTERN...
	local pid=$1 fd to p known
	shift
	for fd in /proc/"$pid"/fd/*; do
		to=$(readlink "$fd") || continue
		known=
		for p in "$@"; do [[ $to =~ ^($p)$ ]] && known=1; done
		[ "$known" ] || echo "$pid: descriptor ${fd##*/} is $to"
	done
}

of_run() { # KEY: a number of the zone's run file
	jq -r ".$1" "$ZONES_RUN_DIR/web/run.json"
}

# Every descriptor that the monitor of a zone may hold: null, its log and the zone's, its sockets, the console's pty, the engine's record, the zone's cgroups, the kernel's log, the connection and the
# root ("/") of the file system behind /proc/meminfo, what a next zone-procview needs to answer sysinfo(2) (its page of calls, the zone's user namespace, the listeners), and what it waits with.
monitor_holds_no_more() {
	unexpected "$(of_run monitor)" /dev/null "$ZONES_RUN_DIR/\.monitor\.log" "$ZONES_STORAGE_DIR/web/log(/console\.log)?" 'socket:.*' \
		'/dev/pts/(ptmx|[0-9]+)' '/dev/ptmx' "$ZONES_RUN_DIR/\.engine/web" "/sys/fs/cgroup/.*/web(/.*)?" /dev/kmsg /dev/fuse / '/memfd:ledger \(deleted\)' 'user:.*' 'anon_inode:seccomp notify' 'anon_inode:\[?(eventfd|signalfd|pidfd|eventpoll)\]?' 'pidfd:.*'
}

@test "the monitor, zone-procview, init and its service hold only what they need" {
	booted web service.command='["/bin/sleep","1000"]'
	monitor=$(of_run monitor) view=$(of_run view) init=$(init_pid web)

	# the monitor is the zone's root of trust: it mounts, limits and sends signals; what nobody there needs is gone, for good
	[ -z "$(monitor_holds_no_more)" ] || { monitor_holds_no_more; false; }
	for cap in 17 20 22 28 30 32 33 36 37; do # raw memory, accounting, reboot, leases, audit, mandatory access control, wake-ups
		for set in CapEff CapPrm CapInh CapAmb CapBnd; do ! has_cap "$monitor" $set $cap || { echo "monitor: $set has $cap"; false; }; done
	done
	! has_cap "$monitor" CapPrm 16 || false # modules: programs of the administrator alone
	has_cap "$monitor" CapEff 21
	# no filter and no no_new_privs: a zone would inherit them

	# the server of /proc/meminfo and sysinfo(2): nobody, two dozen calls; to write an answer it may trace (CAP_SYS_PTRACE, CAP_DAC_OVERRIDE), in the zone's user namespace and not in the host's
	[ "$(status_of_pid "$view" CapEff)" = 0000000000080002 ]
	[ "$(status_of_pid "$view" CapBnd)" = 0000000000080002 ] || [ "$(status_of_pid "$view" NoNewPrivs)" = 1 ]
	[ "$(readlink "/proc/$view/ns/user")" = "$(readlink "/proc/$init/ns/user")" ]
	[ "$(readlink "/proc/$view/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[ "$(status_of_pid "$view" NoNewPrivs)" = 1 ]
	[ "$(status_of_pid "$view" Seccomp)" = 2 ]
	[ "$(status_of_pid "$view" Uid | cut -f1)" -gt 0 ]
	local more
	more=$(unexpected "$view" /dev/null /dev/fuse '/sys/fs/cgroup/.*' '/proc/(meminfo|cpuinfo|diskstats|stat|vmstat|loadavg|swaps|uptime)' '/sys/devices/system/cpu/online' \
		'/memfd:ledger \(deleted\)' 'user:.*' 'anon_inode:seccomp notify' 'anon_inode:\[eventpoll\]' 'socket:.*' /)
	[ -z "$more" ] || { echo "$more"; false; }

	# init: its console, the monitor's ear, the service's output
	[ "$(status_of_pid "$init" NoNewPrivs)" = 1 ]
	[ "$(status_of_pid "$init" Seccomp)" = 2 ]
	[ -z "$(unexpected "$init" '/dev/pts/[0-9]+' /dev/console 'socket:.*' 'anon_inode:\[?(signalfd|pidfd)\]?' 'pipe:.*')" ]
	[ "$(find "/proc/$init/fd" -type l -lname 'socket:*' | wc -l)" = 1 ]
	service=$(pgrep -P "$init" sleep)
	[ -z "$(unexpected "$service" /dev/null 'pipe:.*')" ]
	[ "$(find "/proc/$service/fd" -type l | wc -l)" = 3 ]

	# a command in the zone: three descriptors and no right that init has not
	[ "$(zone exec web sh -c 'echo /proc/self/fd/*' </dev/null | wc -w)" -le 4 ]
	[ "$(zone exec web sed -n 's/^CapBnd:\s*//p' /proc/self/status)" = "$(status_of_pid "$init" CapBnd)" ]

	# a new monitor holds no more than the first
	kill -9 "$monitor"
	zone exec web true
	[ "$(of_run monitor)" != "$monitor" ]
	[ -z "$(monitor_holds_no_more)" ] || { monitor_holds_no_more; false; }
	! has_cap "$(of_run monitor)" CapBnd 22 || false
}

# The child of `timeout zone import` that reads, once it is behind its wall.
reader_of() { # PID
	local child
	for _ in $(seq 1 100); do
		for child in $(pgrep -P "$(pgrep -P "$1")"); do
			if [ "$(status_of_pid "$child" Seccomp)" = 2 ]; then echo "$child"; return 0; fi
		done
		sleep 0.1
	done
	return 1
}

@test "who reads an archive has no capability but those about files, no network, and no descriptor but the archive and the root" {
	native web
	zone export --archive "$TOP/web.zone" web
	zone delete -F web
	mkfifo "$TOP/pipe"
	timeout -k 5 120 zone import - web <"$TOP/pipe" >"$TOP/out" 2>&1 3>&- & pid=$!
	exec 8>"$TOP/pipe"

	# the first process: nothing at all
	reader=$(reader_of $pid)
	for set in CapEff CapPrm CapInh CapAmb CapBnd; do [ "$(status_of_pid "$reader" $set)" = 0000000000000000 ]; done
	[ "$(status_of_pid "$reader" NoNewPrivs)" = 1 ]
	[ -z "$(unexpected "$reader" /dev/null 'socket:.*' 'pipe:.*' "$TOP/out")" ]

	# all but the end: the second one fills the root
	size=$(stat -c %s "$TOP/web.zone")
	head -c $((size - 600)) "$TOP/web.zone" >&8
	wait_for 60 sh -c "[ -d '$ZONES_STORAGE_DIR/web/root/etc' ]"
	reader=$(reader_of $pid)
	# chown, dac_override, fowner, fsetid, setfcap, and where we have it sys_resource
	[ $((0x$(status_of_pid "$reader" CapEff) & ~(1 << 24))) = $((0x8000001b)) ]
	[ "$(status_of_pid "$reader" CapBnd)" = "$(status_of_pid "$reader" CapEff)" ]
	[ "$(status_of_pid "$reader" NoNewPrivs)" = 1 ]
	[ -z "$(unexpected "$reader" /dev/null 'socket:.*' 'pipe:.*' "$TOP/out" "$ZONES_STORAGE_DIR/web/root(/.*)?")" ]
	tail -c 600 "$TOP/web.zone" >&8
	exec 8>&-
	wait $pid
	[ "$(state_of web)" = installed ]
}

@test "a reader that is killed fails the import, and nothing is left" {
	native web
	zone export --archive "$TOP/web.zone" web
	zone delete -F web
	mkfifo "$TOP/pipe"
	timeout -k 5 120 zone import - web <"$TOP/pipe" >"$TOP/out" 2>&1 3>&- & pid=$!
	exec 8>"$TOP/pipe"
	head -c $(($(stat -c %s "$TOP/web.zone") - 600)) "$TOP/web.zone" >&8
	wait_for 60 sh -c "[ -d '$ZONES_STORAGE_DIR/web/root/etc' ]"
	kill -9 "$(reader_of $pid)"
	exec 8>&-
	! wait $pid || false
	grep -q 'ended without a word' "$TOP/out"
	[ ! -e "$ZONES_CONFIG_DIR/web.json" ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
}
