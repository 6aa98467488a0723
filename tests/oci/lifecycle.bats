#!/usr/bin/env bats
# create, start, state, kill, delete: the life of a container (OCI runtime.md).
# shellcheck disable=SC2016
load helper

@test "run gives the program's exit code" {
	script 'exit 7'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 7 ]
}

@test "run with a user namespace: root inside, 100000 outside" {
	user_namespace
	script 'id -u; cat /proc/self/uid_map; exit 9'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 9 ]
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" == *100000* ]]
}

@test "the program sees its own pid namespace, only descriptors 0-2, HOME from its passwd" {
	script 'echo $$ $HOME; ls /proc/self/fd | wc -l'
	run zrun run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = "1 /root" ]
	[ "${lines[1]}" = 4 ] # 0 1 2 and ls's own
}

@test "create waits for start; the pid file has digits and nothing else" {
	script 'echo started >/tmp/mark; exec sleep 1000'
	config '.root.readonly = false'
	zrun create -b "$BUNDLE" --pid-file "$TOP/pid" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(tr -d 0-9 <"$TOP/pid" | wc -c)" = 0 ]
	[ "$(status)" = created ]
	[ ! -e "$BUNDLE/rootfs/tmp/mark" ]
	[ "$(zrun state "$ID" | jq .pid)" = "$(cat "$TOP/pid")" ]
	zrun start "$ID"
	[ "$(status)" = running ]
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$BUNDLE/rootfs/tmp/mark" ] && break; sleep 0.1; done
	[ -e "$BUNDLE/rootfs/tmp/mark" ]
}

@test "a change of config.json after create has no effect" {
	script 'exit 5'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	script 'exec sleep 1000'
	zrun start "$ID"
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(status)" = stopped ] && break; sleep 0.1; done
	[ "$(status)" = stopped ]
}

@test "an empty directory, which a delete that was killed leaves, does not keep an id" {
	script 'exec sleep 1000'
	mkdir -p "$TOP/run/$ID"
	[ -z "$(zrun state "$ID" 2>/dev/null)" ]
	zrun create -b "$BUNDLE" "$ID"
	[ "$(status)" = created ]
	zrun delete -f "$ID"
	# anything in it is somebody's
	mkdir -p "$TOP/run/$ID" && : >"$TOP/run/$ID/x"
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"container with given ID already exists"* ]]
	[ -e "$TOP/run/$ID/x" ]
	rm -r "${TOP:?}/run/$ID"
}

@test "wrong moments are refused with the words that callers match" {
	background
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"container with given ID already exists"* ]]
	run zrun start "$ID"
	[[ "$output" == *"cannot start an already running container"* ]]
	run zrun delete "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"that is not stopped: running"* ]]
	[ "$(status)" = running ]
	zrun kill "$ID" KILL
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(status)" = stopped ] && break; sleep 0.1; done
	run zrun kill "$ID" TERM
	[ "$status" = 1 ]
	[[ "$output" == *"container not running"* ]]
	zrun kill --all "$ID" KILL
	run zrun start "$ID"
	[[ "$output" == *"cannot start a container that has stopped"* ]]
	zrun delete "$ID"
	run zrun state "$ID"
	[[ "$output" == *"container does not exist"* ]]
	zrun delete --force "$ID"
}

@test "create without a process works, start does not" {
	config 'del(.process)'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(status)" = created ]
	run zrun start "$ID"
	[ "$status" = 1 ]
}

@test "pause and resume; a paused container can be deleted by force" {
	background
	zrun pause "$ID"
	[ "$(status)" = paused ]
	run zrun pause "$ID"
	[[ "$output" == *"container not running"* ]]
	run zrun exec "$ID" true
	[[ "$output" == *"cannot exec in a paused container"* ]]
	zrun resume "$ID"
	[ "$(status)" = running ]
	zrun pause "$ID"
	zrun delete --force "$ID"
}

@test "init's own error is what the user sees, and nothing is left" {
	config '.process.args = ["/nonexistent"]'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *'exec: "/nonexistent": stat /nonexistent: no such file or directory'* ]]
	config '.process.args = ["nonexistent"]'
	run zrun create -b "$BUNDLE" "$ID"
	[[ "$output" == *'executable file not found in $PATH'* ]]
	config '.process.args = ["true"] | .mounts += [{"destination":"/x","type":"bind","source":"/nonexistent","options":["bind"]}]'
	run zrun create -b "$BUNDLE" "$ID"
	[[ "$output" == *'/nonexistent'* ]]
	[ -z "$(zrun list -q)" ]
}

@test "a memory limit that is too low for the start is named as such" {
	config '.linux.resources.memory.limit = 65536'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"OOM-killed (memory limit too low?)"* ]]
}

@test "a killed create is removed by delete --force, at whatever moment it died" {
	script 'exec sleep 1000'
	for i in $(seq 30); do
		"$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID-$i" </dev/null >/dev/null 2>&1 3>&- & # not the function: $! must be the program itself
		pid=$!
		sleep "0.00$((i % 10))$((RANDOM % 10))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		zrun delete --force "$ID-$i"
		[ ! -e "$TOP/run/$ID-$i" ]
		[ -z "$(find /sys/fs/cgroup -maxdepth 6 -name "$ID-$i")" ]
	done
}

@test "a container that shares a pid namespace: KILL ends all its processes" {
	script 'sleep 1000 & exec sleep 1000'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(zrun ps -f json "$ID" | jq length)" = 2 ] && break; sleep 0.1; done
	zrun kill "$ID" KILL
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(zrun ps -f json "$ID" | jq length)" = 0 ] && break; sleep 0.1; done
	[ "$(zrun ps -f json "$ID" | jq length)" = 0 ]
	zrun delete "$ID"
}

@test "--preserve-fds hands over descriptors, a missing one is an error" {
	script 'cat <&3'
	echo kept >"$TOP/file"
	run zrun run -b "$BUNDLE" --preserve-fds 1 "$ID" 3<"$TOP/file"
	[ "$output" = kept ]
	run zrun run -b "$BUNDLE" --preserve-fds 1 "$ID" 3<&-
	[ "$status" = 1 ]
	[[ "$output" == *"is not open"* ]]
}

@test "features is JSON and says what CRI-O and Kubernetes look for" {
	zrun features | jq -e '.ociVersionMin and .ociVersionMax and (.mountOptions | index("rro")) and .linux.mountExtensions.idmap.enabled'
}

@test "a directory that a killed create left without a record is no container for state, and delete removes it" {
	mkdir -p "$TOP/run/$ID"
	run zrun state "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"container does not exist"* ]]
	zrun delete -f "$ID"
	[ ! -e "$TOP/run/$ID" ]
}
