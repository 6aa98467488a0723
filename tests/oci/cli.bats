#!/usr/bin/env bats
# The command line: the flags and dialects of the callers, the words they match, what is printed where (OCI.md 2).
# shellcheck disable=SC2016
load helper

wait_for() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ "$(status)" = "$1" ] && return 0; sleep 0.1; done; return 1; }

@test "flags of Go programs: one dash, = or a space, behind the id" {
	script 'exec sleep 1000'
	"$BUILD/zrun" -root "$TOP/run" create "$ID" -bundle "$BUNDLE" -pid-file="$TOP/pid" </dev/null >/dev/null 2>&1 3>&-
	[ -s "$TOP/pid" ]
	"$BUILD/zrun" --root="$TOP/run" --log= --log-format= --rootless=false start "$ID"
	zrun delete "$ID" --force
	run zrun state "$ID"
	[ "$status" = 1 ]
}

@test "a failure is exactly one JSON line in the log, and the same words on stderr" {
	run zrun --log "$TOP/log" --log-format json state nobody
	[ "$status" = 1 ]
	[[ "$output" == *"container does not exist"* ]]
	[ "$(wc -l <"$TOP/log")" = 1 ]
	jq -e '.level == "error" and .msg == "container does not exist" and (.time | fromdate) > 0' "$TOP/log"
	config '.process.capabilities.bounding += ["CAP_NONE"] | .process.args = ["/none"]'
	rm "$TOP/log"
	run zrun --log "$TOP/log" --log-format json create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[ "$(wc -l <"$TOP/log")" = 1 ]
	jq -e '.msg | contains("no such file or directory")' "$TOP/log"
}

@test "--log of crun: file: and syslog:" {
	run zrun --log "file:$TOP/log" state nobody
	[ "$status" = 1 ]
	grep -q 'level=error msg="container does not exist"' "$TOP/log"
	run zrun --log syslog: state nobody
	[ "$status" = 1 ]
	[[ "$output" == *"container does not exist"* ]]
	[ ! -e syslog: ]
}

@test "usage: unknown flags, missing values, wrong log format" {
	run zrun create --bundle
	[ "$status" != 0 ]
	[[ "$output" == *"flag needs an argument"* ]]
	run zrun create --nonsense "$ID"
	[ "$status" != 0 ]
	run zrun --log-format yaml --log "$TOP/log" list
	[ "$status" != 0 ]
	run zrun nonsense
	[ "$status" != 0 ]
}

@test "--version names the program and the specification" {
	run zrun --version
	[[ "${lines[0]}" == "zrun version "* ]]
	[[ "$output" == *"spec: 1."* ]]
}

@test "ids that are none" {
	for id in . .. a/b 'a b' ''; do
		run zrun create -b "$BUNDLE" "$id"
		[ "$status" != 0 ]
	done
	run zrun create -b "$BUNDLE" a/b
	[[ "$output" == *"invalid container ID format"* ]]
}

@test "signals by number, name, SIGname, any case, real time" {
	script 'trap "echo got USR1" USR1; trap "echo got RT" 36; while :; do sleep 0.05; done'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>&1 3>&-
	sleep 0.3
	for name in 10 USR1 SIGUSR1 sigusr1 uSr1 RTMIN+2 36; do
		zrun kill "$ID" "$name"
		sleep 0.3
	done
	[ "$(grep -c 'got USR1' "$TOP/out")" = 5 ]
	[ "$(grep -c 'got RT' "$TOP/out")" = 2 ]
	for bad in FOO 0 65 -- ; do
		run zrun kill "$ID" $bad
		[ "$bad" = -- ] || [[ "$output" == *"unknown signal \"$bad\""* ]]
	done
}

@test "kill of an unknown container says so" {
	run zrun kill nobody 9
	[ "$status" = 1 ]
	[[ "$output" == *"container does not exist"* ]]
	run zrun delete nobody
	[ "$status" = 1 ]
	[[ "$output" == *"container does not exist"* ]]
	run zrun delete --force nobody
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "--regex: kill and delete whole matches" {
	script 'exec sleep 1000'
	for i in a1 a2 b1 a11; do zrun run -d -b "$BUNDLE" "$ID-$i" </dev/null >/dev/null 2>&1 3>&-; done
	zrun kill --regex "$ID-a." KILL
	zrun delete --force --regex "$ID-a."
	[ "$(zrun list -q | tr '\n' ' ')" = "$ID-a11 $ID-b1 " ]
	run zrun delete --regex '('
	[ "$status" = 1 ]
	[[ "$output" == *"not a regular expression"* ]]
}

@test "state: the members in the order and form of runc" {
	config '.annotations = {"a.b":"c"}'
	background
	zrun state "$ID" | jq -e 'keys_unsorted == ["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"] and .owner == "" and .annotations."a.b" == "c" and (.created | test("^[0-9-]+T[0-9:]+\\.[0-9]+Z$"))'
	zrun kill "$ID" KILL
	wait_for stopped
	zrun state "$ID" | jq -e '.pid == 0'
}

@test "list: table, json, null when there is none" {
	[ "$(zrun list -f json)" = null ]
	background
	zrun list -f json | jq -e --arg id "$ID" '.[0].id == $id and .[0].owner == "root"'
	run zrun list
	[ "$(tr -s ' ' <<<"${lines[0]}")" = "ID PID STATUS BUNDLE CREATED OWNER" ]
	[ "$(zrun list -q)" = "$ID" ]
	run zrun list -f xml
	[ "$status" != 0 ]
}

@test "ps: json and the host's own table" {
	background
	pid=$(zrun state "$ID" | jq .pid)
	[ "$(zrun ps --format json "$ID")" = "[$pid]" ]
	run zrun ps "$ID"
	[[ "${lines[0]}" == UID*PID* ]]
	[[ "${lines[1]}" == *"sleep 1000"* ]]
	[ "${#lines[@]}" = 2 ]
	run zrun ps "$ID" -o pid,comm
	[ "$(tr -s ' ' <<<"${lines[1]}" | sed 's/^ //')" = "$pid sleep" ]
}

@test "terminals and sockets that do not go together are refused in the words of runc" {
	config '.process.terminal = true'
	run zrun create -b "$BUNDLE" "$ID"
	[[ "$output" == *"cannot allocate tty if zrun will detach without setting console socket"* ]]
	config '.process.terminal = false'
	run zrun create -b "$BUNDLE" --console-socket "$TOP/none" "$ID"
	[[ "$output" == *"cannot use console socket if zrun will not detach or allocate tty"* ]]
}

@test "exec: a stopped container, users out of range, exit codes of signals" {
	background
	for user in -1 4294967296 4294967295 1:4294967296; do
		run zrun exec -u "$user" "$ID" true
		echo "$user: $output"
		[ "$status" = 1 ]
	done
	run zrun exec "$ID" sh -c 'kill -9 $$'
	[ "$status" = 137 ]
	run zrun exec "$ID" sh -c 'exit 255'
	[ "$status" = 255 ]
	zrun kill "$ID" KILL
	wait_for stopped
	run zrun exec "$ID" true
	[[ "$output" == *"cannot exec in a stopped container"* ]]
	run zrun pause "$ID"
	[[ "$output" == *"container not running"* ]]
	run zrun resume "$ID"
	[[ "$output" == *"container not paused"* ]]
}

@test "run forwards signals and gives 128 + their number" {
	script 'trap "exit 9" TERM; while :; do sleep 0.05; done'
	"$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	pid=$!
	wait_for running
	sleep 0.2
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	[ $code = 9 ]
	script 'kill -9 $$; sleep 5'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 137 ]
}

@test "--pidfd-socket of create and exec: one message with a pidfd of the process" {
	cat >"$TOP/take.py" <<'PY'
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen(1); open(sys.argv[1] + ".ready", "w").close()
c, _ = s.accept(); m, anc, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
fds = array.array("i"); fds.frombytes(anc[0][2])
pid = [l.split()[1] for l in open("/proc/self/fdinfo/%d" % fds[0]) if l.startswith("Pid:")][0]
print(len(fds), pid, len(c.recv(10)))
PY
	config '.process.args = ["sleep","1000"]'
	python3 "$TOP/take.py" "$TOP/one" >"$TOP/one.out" 3>&- &
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$TOP/one.ready" ] && break; sleep 0.1; done
	zrun create -b "$BUNDLE" --pidfd-socket "$TOP/one" "$ID" </dev/null >/dev/null 2>&1 3>&-
	zrun start "$ID"
	wait $!
	[ "$(cat "$TOP/one.out")" = "1 $(zrun state "$ID" | jq .pid) 0" ]
	python3 "$TOP/take.py" "$TOP/two" >"$TOP/two.out" 3>&- &
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$TOP/two.ready" ] && break; sleep 0.1; done
	zrun exec -d --pidfd-socket "$TOP/two" --pid-file "$TOP/pid" "$ID" sleep 999 </dev/null >/dev/null 2>&1 3>&-
	wait $!
	[ "$(cat "$TOP/two.out")" = "1 $(cat "$TOP/pid") 0" ]
}

@test "spec: a configuration that runs, never overwritten, one for users without rights" {
	run zrun spec -b "$BUNDLE"
	[ "$status" = 1 ]
	mkdir "$TOP/less"
	zrun spec --rootless -b "$TOP/less"
	jq -e '(.linux.namespaces | map(.type) | index("user")) and .linux.uidMappings[0].size == 1 and (.linux.resources | not)' "$TOP/less/config.json"
}

@test "features prints only JSON, without a state root" {
	"$BUILD/zrun" --root /none/such features | jq -e '.ociVersionMin and (.linux.seccomp.enabled) and (.hooks | length) == 6'
	[ ! -e /none ]
}
