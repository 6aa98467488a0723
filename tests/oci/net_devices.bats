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

@test "names: a template counts on from what is taken, one that is not given stays; what moved does not come back" {
	links
	ip link set zt1 up
	ip link add zt2 type veth peer name zt3
	ip addr add 10.9.8.6/24 dev zt2
	ln -s busybox "$BUNDLE/rootfs/bin/ip"
	config '.linux.netDevices = {"zt0": {"name": "eth%d"}, "zt1": {"name": "eth%d"}, "zt2": {}}'
	script 'for n in eth0 eth1 zt2; do ip -o link show $n >/dev/null && echo $n; done; ip -o addr show zt2; exec sleep 1000'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>&1 3>&-
	for _ in $(seq 50); do grep -q 10.9.8.6 "$TOP/out" && break; sleep 0.1; done
	run cat "$TOP/out"
	ip link show zt0 2>/dev/null && moved=no
	zrun delete -f "$ID"
	for name in zt0 zt1 zt2 eth0 eth1; do ip link show $name 2>/dev/null && back=yes; done
	ip link del zt3 2>/dev/null || true # its peer has ended with the namespace, and it with that, in a moment
	unlink_all
	echo "$output"
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "eth0 eth1 zt2" ]
	[[ "${lines[3]}" == *"10.9.8.6/24"* ]]
	[ -z "${moved:-}" ]
	[ -z "${back:-}" ]
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
