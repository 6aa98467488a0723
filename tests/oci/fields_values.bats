#!/usr/bin/env bats
# Fields of config.json that a program inside can see (docs/oci-fields.md says which field is looked at where).
# shellcheck disable=SC2016
load helper

# inside TEXT: run it, its lines are in `lines`
inside() {
	script "$1"
	run zrun run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
}

@test "user: uid, gid, umask and additionalGids" {
	config '.process.user = {"uid":5,"gid":6,"umask":54,"additionalGids":[7,8]}'
	inside 'grep -E "^(Uid|Gid|Groups|Umask)" /proc/self/status'
	[[ "$output" == *"Umask:"*"0066"* ]]
	[[ "$output" == *"Uid:	5	5	5	5"* ]]
	[[ "$output" == *"Gid:	6	6	6	6"* ]]
	[[ "$output" == *"7 8"* ]]
}

@test "cwd is made when it is missing; env and args arrive" {
	config '.root.readonly = false | .process.cwd = "/new/dir" | .process.env = ["A=b c", "PATH=/bin"]'
	inside 'readlink /proc/self/cwd; echo "$A"'
	[ "${lines[0]}" = /new/dir ]
	[ "${lines[1]}" = "b c" ]
}

@test "rlimits, noNewPrivileges, capabilities, oomScoreAdj" {
	config '.process.rlimits = [{"type":"RLIMIT_CORE","soft":5,"hard":6}] | .process.noNewPrivileges = true | .process.oomScoreAdj = 77
		| .process.capabilities = ({"bounding":["CAP_KILL"]} | .effective = .bounding | .permitted = .bounding | .inheritable = .bounding | .ambient = .bounding)'
	inside 'grep -E "^(Cap|NoNew)" /proc/self/status; grep core /proc/self/limits; cat /proc/self/oom_score_adj'
	for set in Inh Prm Eff Bnd Amb; do [[ "$output" == *"Cap$set:	0000000000000020"* ]]; done
	[[ "$output" == *"NoNewPrivs:	1"* ]]
	[[ "$output" =~ "Max core file size"\ +5\ +6 ]]
	[[ "$output" == *77 ]]
}

@test "scheduler nice and policy" {
	config '.process.scheduler = {"policy":"SCHED_BATCH","nice":7}'
	inside 'cat /proc/self/stat'
	[ "$(cut -d' ' -f19 <<<"${lines[0]}")" = 7 ]
	[ "$(cut -d' ' -f41 <<<"${lines[0]}")" = 3 ]
}

@test "hostname, domainname and sysctl" {
	config '.hostname = "box" | .domainname = "lan" | .linux.sysctl = {"kernel.shm_rmid_forced":"1"}'
	inside 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/kernel/shm_rmid_forced'
	[ "$output" = $'box\nlan\n1' ]
}

@test "root.readonly, maskedPaths and readonlyPaths" {
	config '.root.readonly = true | .linux.maskedPaths = ["/proc/version", "/proc/nothing"] | .linux.readonlyPaths = ["/proc/sys"]'
	inside 'mkdir /x 2>&1 | grep -c "Read-only"; wc -c </proc/version; (echo 1 >/proc/sys/kernel/shm_rmid_forced) 2>&1 | grep -c "Read-only"'
	[ "$output" = $'1\n0\n1' ]
}

@test "devices: path, type, numbers, mode and owner" {
	config '.linux.devices = [{"path":"/dev/own","type":"c","major":1,"minor":3,"fileMode":416,"uid":3,"gid":4},{"path":"/dev/pipe","type":"p","fileMode":384}]'
	inside '/bin/busybox stat -c "%F %t:%T %a %u:%g" /dev/own /dev/pipe'
	[[ "${lines[0]}" == "character special file 1:3 640 3:4" ]]
	[[ "${lines[1]}" == "fifo 0:0 600 "* ]]
}

@test "devices: a number of zero is kept for exec, which reads the configuration again" {
	config '.linux.devices = [{"path":"/dev/zeroth","type":"b","major":7,"minor":0},{"path":"/dev/pipe","type":"p"}]'
	background
	[ "$(zrun exec "$ID" /bin/busybox stat -c "%F %t:%T" /dev/zeroth)" = "block special file 7:0" ]
}

@test "timeOffsets shift the clocks of a new time namespace" {
	config '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {"boottime":{"secs":86400000}}'
	inside 'cat /proc/uptime'
	[ "$(cut -d. -f1 <<<"$output")" -ge 86400000 ]
}

@test "mounts: destination, type, source and options, in order" {
	config '.mounts += [{"destination":"/tmp","type":"tmpfs","source":"me","options":["nosuid","noexec","size=64k"]},{"destination":"/tmp/in","type":"tmpfs","source":"two"}]'
	inside 'grep /tmp /proc/self/mounts'
	[[ "${lines[0]}" == "me /tmp tmpfs rw,nosuid,noexec,"*"size=64k"* ]]
	[[ "${lines[1]}" == "two /tmp/in tmpfs "* ]]
}

@test "personality LINUX32 is seen by uname" {
	[ "$(uname -m)" = x86_64 ] || skip "the names of the machine are those of x86"
	config '.linux.personality = {"domain":"LINUX32"}'
	inside '/bin/busybox uname -m'
	[ "$output" = i686 ]
}

@test "annotations and the absolute bundle are in the state" {
	config '.annotations = {"org.x":"1"}'
	background
	[ "$(zrun state "$ID" | jq -r '.annotations["org.x"]')" = 1 ]
	[ "$(zrun state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
}
