#!/usr/bin/env bats
# namespaces: made, inherited, joined by path; time offsets, names, sysctls, the cgroup's owner.
# shellcheck disable=SC2016
load helper

@test "what is listed is new, what is not is the caller's" {
	config '.linux.namespaces += [{"type":"time"}]'
	runs 'for n in pid net ipc uts mnt cgroup time user; do readlink /proc/self/ns/$n; done'
	for n in pid net ipc uts mnt cgroup time; do [[ "$output" != *"$(readlink /proc/self/ns/$n)"* ]]; done
	[[ "$output" == *"$(readlink /proc/self/ns/user)"* ]]
}

@test "time offsets, in exec as well" {
	config '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {"boottime":{"secs":1000000,"nanosecs":7},"monotonic":{"secs":2000000,"nanosecs":5}}'
	background
	now=$(cut -d. -f1 /proc/uptime)
	inside=$(zrun exec "$ID" cat /proc/uptime | cut -d. -f1)
	[ $((inside - now)) -ge 999990 ]
	[ $((inside - now)) -le 1000010 ]
	run zrun exec "$ID" sh -c "busybox tr -s ' ' </proc/1/timens_offsets"
	[ "${lines[*]}" = "monotonic 2000000 5 boottime 1000000 7" ]
}

@test "time offsets without a time namespace are refused" {
	refused '.linux.timeOffsets = {"boottime":{"secs":1}}' timeOffsets
}

@test "a time namespace is joined and keeps its offsets" {
	config '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {"boottime":{"secs":1000000}}'
	background
	pid=$(zrun state "$ID" | jq .pid)
	mkdir "$TOP/second"
	cp -a "$BUNDLE/rootfs" "$TOP/second/"
	jq --arg p "/proc/$pid/ns/time" 'del(.linux.timeOffsets) | .linux.namespaces |= map(if .type == "time" then .path = $p else . end) | .process.args = ["cat","/proc/uptime"]' "$BUNDLE/config.json" >"$TOP/second/config.json"
	run zrun run -b "$TOP/second" "$ID-2"
	[ "$status" = 0 ]
	[ "${output%%.*}" -gt 1000000 ]
}

@test "hostname and domainname" {
	config '.hostname = "name" | .domainname = "domain"'
	runs 'hostname; cat /proc/sys/kernel/domainname'
	[ "${lines[*]}" = "name domain" ]
	refused '.linux.namespaces |= map(select(.type != "uts")) | del(.domainname)' hostname
	refused '.linux.namespaces |= map(select(.type != "uts")) | del(.hostname)' domainname
}

@test "joining by path: the right type, else an error" {
	background
	pid=$(zrun state "$ID" | jq .pid)
	mkdir "$TOP/second"
	cp -a "$BUNDLE/rootfs" "$TOP/second/"
	for pair in network:net ipc:ipc uts:uts pid:pid cgroup:cgroup; do
		jq --arg t "${pair%:*}" --arg p "/proc/$pid/ns/${pair#*:}" 'del(.hostname) | .linux.namespaces |= map(if .type == $t then .path = $p else . end) | .process.args = ["readlink", "/proc/self/ns/" + ($p | split("/") | last)]' "$BUNDLE/config.json" >"$TOP/second/config.json"
		run zrun run -b "$TOP/second" "$ID-2"
		echo "$pair $output"
		[ "$output" = "$(readlink "/proc/$pid/ns/${pair#*:}")" ]
	done
	jq --arg p "/proc/$pid/ns/net" '.linux.namespaces |= map(if .type == "ipc" then .path = $p else . end)' "$BUNDLE/config.json" >"$TOP/second/config.json"
	run zrun run -b "$TOP/second" "$ID-2"
	[ "$status" = 1 ]
	[[ "$output" == *"ns/net"* ]]
	jq '.linux.namespaces |= map(if .type == "ipc" then .path = "/etc/passwd" else . end)' "$BUNDLE/config.json" >"$TOP/second/config.json"
	run zrun run -b "$TOP/second" "$ID-2"
	[ "$status" = 1 ]
	[[ "$output" == *"/etc/passwd"* ]]
}

@test "a namespace listed twice, or one that does not exist, is refused" {
	refused '.linux.namespaces += [{"type":"pid"}]' pid
	refused '.linux.namespaces += [{"type":"nonsense"}]' nonsense
}

@test "additional groups where setgroups is denied" {
	user_namespace
	config '.process.user.additionalGids = [10]'
	runs 'grep Groups /proc/self/status'
	[[ "$output" == *10* ]]
}

@test "sysctl: set where it is namespaced, refused elsewhere" {
	config '.linux.sysctl = {"net.ipv4.ip_forward":"1","kernel.shm_rmid_forced":"1","net/ipv4/ping_group_range":"0 5","fs.mqueue.msg_max":"11"}'
	runs 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ping_group_range /proc/sys/fs/mqueue/msg_max'
	[ "$(tr '\t\n' '  ' <<<"$output")" = "1 1 0 5 11 " ]
	refused '.linux.sysctl = {"kernel.hostname":"x"}' kernel.hostname
	refused '.linux.sysctl = {"vm.swappiness":"1"}' vm.swappiness
	refused '.linux.namespaces |= map(select(.type != "network")) | .linux.sysctl = {"net.ipv4.ip_forward":"1"}' net.ipv4.ip_forward
	refused '.linux.namespaces |= map(select(.type != "ipc")) | .linux.sysctl = {"kernel.msgmax":"1"} | del(.mounts[] | select(.type == "mqueue"))' kernel.msgmax
	refused '.linux.sysctl = {"net.ipv4.nonsense":"1"}' net.ipv4.nonsense
	refused '.linux.sysctl = {"net.ipv4.../../kernel/panic":"1"}' ".."
}

@test "the loopback of a new network namespace is up" {
	runs 'cat /sys/class/net/lo/flags 2>/dev/null || busybox ip link show lo'
	[[ "$output" == 0x9 || "$output" == *UP* ]]
}
