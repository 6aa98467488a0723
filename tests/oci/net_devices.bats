#!/usr/bin/env bats
# linux.netDevices: links of the host that move into the container. The suite runs in a network namespace of its own.
# shellcheck disable=SC2016
load helper

links() {
	ip link add zt0 type veth peer name zt1 || skip "no veth here"
}

unlink_all() { ip link del zt0 2>/dev/null || true; }

@test "a device moves, is renamed, keeps its permanent addresses and is up" {
	links
	ip addr add 10.9.8.7/24 dev zt0
	ln -s busybox "$BUNDLE/rootfs/bin/ip"
	config '.linux.netDevices = {"zt0": {"name": "eth%d"}}'
	script 'ip addr show eth0'
	run zrun run -b "$BUNDLE" "$ID"
	unlink_all
	[ "$status" = 0 ]
	[[ "$output" == *"10.9.8.7/24"* ]]
	[[ "$output" == *"UP"* ]]
}

@test "a name that is taken is an error, and nothing is left" {
	links
	config '.linux.netDevices = {"zt0": {"name": "lo"}}'
	run zrun run -b "$BUNDLE" "$ID"
	unlink_all
	[ "$status" = 1 ]
	[[ "$output" == *'linux.netDevices: "zt0"'* ]]
}

@test "without a network namespace it is refused" {
	config '.linux.netDevices = {"zt0": {}} | .linux.namespaces |= map(select(.type != "network"))'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
}
