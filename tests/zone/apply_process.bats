#!/usr/bin/env bats
# zone apply of what every process has: limits of getrlimit(2) and kernel parameters of the zone's namespaces.
# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load helper

# limit NAME PID: "SOFT HARD"
limit() { awk -v n="Max $1 " 'index($0, n) == 1 { sub(n, ""); print $1, $2 }' "/proc/$2/limits"; }

pending_of() { zone list --json "$1" | jq -r '.[0].pending'; }

inside() { zone exec web cat "/proc/sys/$1"; }

@test "sysctl: changed and added values hold at once in the zone and nowhere else; what is taken out waits" {
	booted web 'sysctl={"net.ipv4.ip_unprivileged_port_start":"80","kernel.shmmni":"100"}'
	host=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax /proc/sys/kernel/shmmni)
	zone set web 'sysctl={"net.ipv4.ip_unprivileged_port_start":"90","kernel.shmmni":"100","kernel.msgmax":"4000"}'
	zone diff --json web | jq -e '[.changes[] | select(.how != "live")] == []'
	zone apply web
	[ "$(inside net/ipv4/ip_unprivileged_port_start)" = 90 ]
	[ "$(inside kernel/msgmax)" = 4000 ]
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax /proc/sys/kernel/shmmni)" = "$host" ]
	zone diff --json web | jq -e '.changes == []'
	zone clear web sysctl.kernel.msgmax
	run zone diff web
	says "kernel.msgmax"
	says "is not known"
	[ "$(inside kernel/msgmax)" = 4000 ]
	zone reboot web
	wait_for 20 eval '[ "$(inside kernel/msgmax)" = "$(cat /proc/sys/kernel/msgmax)" ]'
}

@test "caps of the ipc namespace are changed at once, and bite, the first one too; the end of one waits" {
	booted web maxMsgIds=2 maxSemIds=3
	zone set web maxMsgIds=4 maxSemIds=2 maxShmIds=7
	zone diff --json web | jq -e '[.changes[] | .path + "=" + .how] | sort == ["maxMsgIds=live", "maxSemIds=live", "maxShmIds=live"]'
	zone apply web
	[ "$(inside kernel/msgmni)" = 4 ]
	[ "$(inside kernel/sem | cut -f4)" = 2 ]
	[ "$(zone exec web python3 -c '
import ctypes
libc = ctypes.CDLL(None)
print(sum(libc.msgget(0, 0o1600) >= 0 for _ in range(9)))')" = 4 ]
	[ "$(inside kernel/shmmni)" = 7 ]
	zone set web maxMsgIds=3 maxSemIds=3
	zone clear web maxMsgIds
	zone diff --json web | jq -e '[.changes[] | select(.path == "maxMsgIds")][0].how == "reboot"'
}

@test "the first cap of the ipc namespace also takes the right to make others, and gives it back when a later step fails" {
	booted web
	most=$(inside user/max_ipc_namespaces)
	zone set web maxMsgIds=4 maxShmIds=5 'sysctl={"net.ipv4.ip_local_port_range":"9 1"}'
	fails 1 zone apply web
	[ "$(inside user/max_ipc_namespaces)" = "$most" ]
	[ "$(inside kernel/msgmni)" = 32000 ]
	zone clear web sysctl
	zone apply web
	[ "$(inside user/max_ipc_namespaces)" = 0 ]
	[ "$(inside kernel/msgmni) $(inside kernel/shmmni)" = "4 5" ]
	zone audit web
}

@test "sysctl: a value that the kernel refuses leaves all as it was, those that were set before it too" {
	booted web 'sysctl={"net.ipv4.ip_unprivileged_port_start":"80"}'
	old=$(inside kernel/shmmni)
	zone set web 'sysctl={"net.ipv4.ip_unprivileged_port_start":"70","kernel.shmmni":"77","net.ipv4.ip_local_port_range":"9 1"}'
	fails 1 zone apply web
	says "net.ipv4.ip_local_port_range"
	[ "$(inside kernel/shmmni)" = "$old" ]
	[ "$(inside net/ipv4/ip_unprivileged_port_start)" = 80 ]
	zone diff --json web | jq -e '[.changes[].path] | length == 3'
	zone set web 'sysctl={"net.ipv4.ip_unprivileged_port_start":"81"}'
	zone apply web
	[ "$(inside net/ipv4/ip_unprivileged_port_start)" = 81 ]
}

@test "rlimit: lowered for every process that runs, for what they start and for exec; another limit of its own is kept below the new one" {
	booted web 'rlimit={"nofile":[512,1024],"core":0}'
	zone exec web sh -c 'ulimit -S -n 100; echo $$ >/tmp/low; exec sleep 1000' 3>&- &
	zone exec web sh -c 'while :; do sh -c "ulimit -n >/tmp/limit"; sleep 0.05; done' 3>&- &
	wait_for 10 zone exec web test -s /tmp/limit
	init=$(init_pid web)
	[ "$(limit "open files" "$init")" = "512 1024" ]
	zone set web 'rlimit={"nofile":[300,400],"core":0}'
	zone apply web
	[ "$(limit "open files" "$init")" = "300 400" ]
	low=0
	for pid in $(zone ps --json web | jq '.[].pid'); do
		echo "$pid: $(limit "open files" "$pid") $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		case $(limit "open files" "$pid") in
		"300 400" | "") ;;
		"100 400") low=$((low + 1)) ;;
		*) false ;;
		esac
	done
	[ "$low" = 1 ]
	[ "$(zone exec web sh -c 'ulimit -S -n; ulimit -H -n')" = $'300\n400' ]
	wait_for 10 eval '[ "$(zone exec web cat /tmp/limit)" = 300 ]'
	zone diff --json web | jq -e '.changes == []'
}

@test "rlimit: killed together with the guard that would let the zone go on: the next command does" {
	command -v strace >/dev/null || skip "needs strace"
	booted web 'rlimit={"nofile":[512,1024]}'
	stood=0
	for call in wait4 waitid; do
		for at in 1 2 3 4; do
			zone set web "rlimit={\"nofile\":[$((400 - stood)),1024]}"
			strace -f -qq -o /dev/null -e trace=setsid,$call -e inject=setsid:signal=KILL -e inject=$call:signal=KILL:when=$at "$(command -v zone)" apply web 3>&- || true
			[ "$(zone list --json | jq -r '.[0].frozen // empty')" != true ] || stood=$((stood + 1))
			[ ! -e "$ZONES_RUN_DIR/.engine/web/standstill" ] || stood=$((stood + 1))
			timeout -k 5 20 "$(command -v zone)" exec web true
			[ ! -e "$ZONES_RUN_DIR/.engine/web/standstill" ]
		done
	done
	[ "$stood" -ge 1 ]
}

# May root of this host raise hard limits of processes that run?
can_raise() { [ $((0x$(awk '/^CapEff/{print $2}' /proc/self/status) >> 24 & 1)) = 1 ]; }

@test "rlimit: raising a hard limit works, or waits and says why, while the others are changed" {
	booted web 'rlimit={"nofile":[512,1024],"stack":[1048576,8388608]}'
	init=$(init_pid web)
	zone set web 'rlimit={"nofile":[512,2048],"stack":[524288,8388608]}'
	zone apply web
	if can_raise; then
		[ "$(limit "open files" "$init")" = "512 2048" ]
	else
		[ "$(limit "open files" "$init")" = "512 1024" ]
		zone diff --json web | jq -e '.changes[] | select(.path == "rlimit.nofile") | .how == "reboot" and (.why | contains("CAP_SYS_RESOURCE"))'
		zone set web 'rlimit={"nofile":[600,1024],"stack":[524288,8388608]}'
		zone apply web
		[ "$(limit "open files" "$init")" = "600 1024" ]
	fi
	[ "$(limit "stack size" "$init")" = "524288 8388608" ]
}

@test "maxProcesses and cappedMemory.locked: every process has them at once, and exec too; with rlimit beside them the lower counts" {
	booted web cappedMemory.physical=200M 'rlimit={"nproc":[200,300],"memlock":[65536,65536]}'
	init=$(init_pid web)
	zone exec web sh -c 'while :; do sh -c "ulimit -p >/tmp/limit"; sleep 0.05; done' 3>&- &
	wait_for 10 zone exec web test -s /tmp/limit
	zone set web maxProcesses=250 cappedMemory.locked=32K
	[ -z "$(zone diff --json web | jq -r '.changes[] | select(.how != "live")')" ]
	zone apply web
	[ "$(limit processes "$init")" = "200 250" ]
	[ "$(limit "locked memory" "$init")" = "32768 32768" ]
	zone set web maxProcesses=60
	zone apply web
	for pid in $(zone ps --json web | jq '.[].pid'); do
		case $(limit processes "$pid") in "60 60" | "") ;; *) limit processes "$pid"; false ;; esac
	done
	[ "$(zone exec web sh -c 'ulimit -p; ulimit -H -p; ulimit -l')" = $'60\n60\n32' ]
	wait_for 10 eval '[ "$(zone exec web cat /tmp/limit)" = 60 ]'
	zone diff --json web | jq -e '.changes == []'
	# it bites: users that are not root inside have that many
	[ "$(zone exec web setpriv --reuid 1000 --clear-groups python3 -c '
import os, time
n = 0
try:
    while n < 90:
        if os.fork() == 0:
            time.sleep(3); os._exit(0)
        n += 1
except BlockingIOError:
    pass
print(n)')" -lt 61 ]
	# both names of one limit change together, and go together
	zone set web maxProcesses=50 'rlimit={"nproc":[40,45],"memlock":[65536,65536]}'
	zone apply web
	[ "$(limit processes "$init")" = "40 45" ]
	zone clear web maxProcesses
	zone apply web
	[ "$(limit processes "$init")" = "40 45" ]
	[ "$(pending_of web)" = false ]
	zone audit web
	zone clear web cappedMemory.locked rlimit
	zone apply web
	if can_raise; then
		[ "$(limit processes "$init")" = "$(limit processes "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")")" ]
		[ "$(pending_of web)" = false ]
	else
		zone diff --json web | jq -e '[.changes[] | select(.how == "reboot") | .path] | sort == ["cappedMemory.locked", "rlimit.memlock", "rlimit.nproc"]'
	fi
}

@test "rlimit: processes that are born all the time are found, and nothing stays frozen" {
	booted web maxLwps=60 'rlimit={"nofile":[512,1024]}'
	zone exec web python3 -c '
import os, time
def chain():
    while not os.path.exists("/tmp/stop"):
        try:
            if os.fork():
                os._exit(0)
        except BlockingIOError: # the dead that pid 1 has not reaped yet count against maxLwps
            time.sleep(0.01)
    time.sleep(1000)
for i in range(3):
    if os.fork() == 0:
        chain()
time.sleep(1000)' 3>&- &
	wait_for 10 eval '[ "$(zone ps --json web | jq length)" -gt 3 ]'
	zone set web 'rlimit={"nofile":[200,300]}'
	zone apply web
	zone list --json web | jq -e '.[0].aux == null'
	zone exec web touch /tmp/stop
	sleep 0.5
	n=0
	for pid in $(zone ps --json web | jq '.[].pid'); do
		n=$((n + 1))
		case $(limit "open files" "$pid") in "200 300" | "") ;; *) limit "open files" "$pid"; false ;; esac
	done
	[ "$n" -ge 5 ] # the last of each chain, who began them, and init
	zone halt web
}

@test "rlimit: kill -9 at any moment: the zone goes on, and the next apply finishes; a frozen zone stays frozen" {
	booted web 'rlimit={"nofile":[1000,1024]}'
	n=900
	for i in $(seq 1 "${APPLY_KILLS:-6}"); do
		n=$((n - 1))
		zone set web "rlimit={\"nofile\":[$n,1024]}" 2>/dev/null
		setsid zone apply web >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.00$((RANDOM % 10))$((RANDOM % 10))"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
		wait_for 5 timeout 2 zone exec web true
		zone apply web >/dev/null
		[ "$(limit "open files" "$(init_pid web)")" = "$n 1024" ]
	done
	zone freeze web
	zone set web 'rlimit={"nofile":[50,1024]}' 2>/dev/null
	zone apply web
	[ "$(limit "open files" "$(init_pid web)")" = "50 1024" ]
	[ "$(zone list --json web | jq -r '.[0].aux')" = frozen ]
	zone thaw web
	zone exec web true
}

@test "schedulingClass batch: every thread has it at once, who has chosen another keeps it, and it goes again" {
	can=$((0x$(awk '/^CapEff/{print $2}' /proc/self/status) >> 23 & 1)) # CAP_SYS_NICE
	booted web 'service={"command":["/bin/sh","-c","while :; do sleep 0.01; done"]}'
	zone exec web python3 -c 'import os, threading, time
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
time.sleep(1000)' 3>&- &
	zone exec web python3 -c 'import threading, time
for i in range(3): threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
time.sleep(1000)' 3>&- &
	policies() { # of all threads, each once
		for pid in $(zone ps --json web | jq '.[].pid'); do awk '{print $41}' /proc/"$pid"/task/*/stat 2>/dev/null || true; done | sort -u | tr '\n' ' '
	}
	wait_for 20 eval '[ "$(policies)" = "0 5 " ]'
	for want in "batch 3 5 " "TS 0 5 " "batch 3 5 " "FSS 0 5 "; do
		zone set web schedulingClass="${want%% *}"
		if [ "$can" = 0 ]; then
			zone diff --json web | jq -e '.changes[0].how == "reboot" and (.changes[0].why | contains("CAP_SYS_NICE"))'
			return 0
		fi
		zone apply web
		[ "$(policies)" = "${want#* }" ] || { policies; false; }
		[ "$(zone exec web python3 -c 'import os; print(os.sched_getscheduler(0))') 5 " = "${want#* }" ]
	done
	zone list --json web | jq -e '.[0].pending == false and .[0].aux == null'
	zone audit web
}
