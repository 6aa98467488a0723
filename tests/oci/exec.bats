#!/usr/bin/env bats
# exec: a second process in a running container.
# shellcheck disable=SC2016
load helper

@test "exec gives the exit code, sees the container, sits in its cgroups" {
	background
	run zrun exec "$ID" sh -c 'hostname; cat /proc/self/cgroup; exit 5'
	[ "$status" = 5 ]
	[ "${lines[0]}" = zrun ]
	inside=$(zrun exec "$ID" cat /proc/1/cgroup | grep -v systemd)
	[ "$inside" = "$(zrun exec "$ID" cat /proc/self/cgroup | grep -v systemd)" ]
}

@test "exec in a user namespace is root there" {
	user_namespace
	background
	run zrun exec "$ID" id -u
	[ "$output" = 0 ]
}

@test "exec as a user, with variables, in a directory" {
	background
	run zrun exec -u 1000:1001 -e FOO=bar --cwd /tmp "$ID" sh -c 'id -u; id -g; pwd; echo $FOO'
	[ "${lines[*]}" = "1000 1001 /tmp bar" ]
	run zrun exec -u 4294967295 "$ID" id -u
	[ "$status" = 1 ]
}

@test "exec errors are those of the process" {
	background
	run zrun exec "$ID" nonexistent
	[ "$status" = 1 ]
	[[ "$output" == *'exec: "nonexistent": executable file not found in $PATH'* ]]
	run zrun exec "$ID" /etc
	[[ "$output" == *"is a directory"* ]]
	run zrun exec "$ID" /etc/passwd
	[[ "$output" == *"permission denied"* ]]
}

@test "exec --process --detach writes a pid file and leaves the process running" {
	background
	echo '{"args":["sleep","999"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}}' >"$TOP/process.json"
	zrun exec --process "$TOP/process.json" --detach --pid-file "$TOP/pid" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(zrun ps -f json "$ID" | jq "index($(cat "$TOP/pid"))")" = 1 ]
}

@test "stdin and a lot of output pass through" {
	background
	[ "$(head -c 5000000 /dev/zero | zrun exec "$ID" wc -c)" = 5000000 ]
}

@test "a killed exec leaves no half-made process in the container" {
	background
	for i in $(seq 20); do
		"$BUILD/zrun" --root "$TOP/run" exec "$ID" true </dev/null >/dev/null 2>&1 3>&- & # not the function: $! must be the program itself
		pid=$!
		sleep "0.00$((i % 10))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	sleep 0.3
	[ "$(zrun ps -f json "$ID" | jq length)" = 1 ]
}

@test "exec --cgroup: a sub-cgroup for all, one for a controller, both ways out refused" {
	background
	own=$(grep -m1 ':pids:' /proc/"$(zrun state "$ID" | jq .pid)"/cgroup | cut -d: -f3) || skip "no pids hierarchy"
	mkdir "/sys/fs/cgroup/pids$own/sub" "/sys/fs/cgroup/freezer$own/sub" "/sys/fs/cgroup/freezer$own/other"
	places() { zrun exec "$@" cat /proc/self/cgroup | grep -E ':(pids|freezer):' | cut -d: -f2,3 | sort | tr '\n' ' '; }
	all=$(places --cgroup sub "$ID")
	one=$(places --cgroup pids:sub "$ID")
	two=$(places --cgroup sub --cgroup freezer:/other "$ID")
	run zrun exec --cgroup nowhere "$ID" true
	first="$status $output"
	run zrun exec --cgroup ../x "$ID" true
	rmdir "/sys/fs/cgroup/pids$own/sub" "/sys/fs/cgroup/freezer$own/sub" "/sys/fs/cgroup/freezer$own/other"
	echo "all $all one $one two $two $first $output"
	[ "$all" = "freezer:/sub pids:/sub " ]
	[ "$one" = "freezer:/ pids:/sub " ]
	[ "$two" = "freezer:/other pids:/sub " ]
	[[ "$first" == "1 "*"does not exist"* ]]
	[ "$status" = 1 ]
	[[ "$output" == *"is no path below"* ]]
}

@test "the child that enters borrows the runtime's memory, unreadable to the container; the process inside never does" {
	[[ "$BUILD" != */san ]] && [[ "$BUILD" != */faults ]] || skip "this flavour keeps accounts in memory"
	background
	strace -f -qq -e trace=clone3,setns,prctl,execve,socketpair,close -o "$TOP/trace" "$BUILD/zrun" --root "$TOP/run" exec "$ID" true
	# what the child closes for itself is the runtime's to close as well: its variables are as they were
	runner=$(sed -n '1s/ .*//p' "$TOP/trace")
	parent_end=$(sed -nE 's/.*socketpair\(.*\[([0-9]+), [0-9]+\].*/\1/p' "$TOP/trace")
	sed -n "/clone3.*CLONE_VFORK/,\$p" "$TOP/trace" | grep -q "^$runner .*close($parent_end)"
	sed -i -n '/clone3.*CLONE_VFORK/,/execve/p' "$TOP/trace"
	cat "$TOP/trace"
	[ "$(grep -c 'clone3({.*CLONE_VM' "$TOP/trace")" = 1 ]
	[ "$(grep -c 'clone3({' "$TOP/trace")" = 2 ] # the other one, of the process inside, copies
	dumpable=$(grep -nm 1 'PR_SET_DUMPABLE, SUID_DUMP_DISABLE' "$TOP/trace" | cut -d: -f1)
	[ "$dumpable" -lt "$(grep -nm 1 'setns(' "$TOP/trace" | cut -d: -f1)" ]
	run zrun exec "$ID" /nosuch
	[ "$status" != 0 ]
	[[ "$output" == */nosuch* ]]
}
