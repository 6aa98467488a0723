#!/usr/bin/env bats
# Zones on a host with cgroup v2 alone: tests/vm/guest emulates one, tests/vm/inside.sh does everything there in one go (starting the machine and emulating it are slow), each test here
# looks at one of its results.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest inside.sh 900
}

@test "v2: create, install, boot and exec; the zone's processes are in a cgroup of its own that it sees as /" {
	passed life
}
@test "v2: memory.max, memory.swap.max, pids.max and the device program hold what was asked for" {
	passed limits-are-written
}
@test "v2: procView: /proc/meminfo, uptime, stat and loadavg tell of the zone, also after its server or its monitor and server were killed" {
	passed view
}
@test "v2: sysinfo(2): 6.1, where mappings are a text: the zone's own numbers, also after its server and its monitor were killed" {
	passed sysinfo
}
@test "v2: zone stat, capacity and top's numbers come from the unified hierarchy" {
	passed stat
}
@test "v2: cappedMemory.physical: a program that wants more is killed alone" {
	passed memory
}
@test "v2: maxLwps: a fork bomb stays inside its number" {
	passed lwps
}
@test "v2: apply: caps are changed under a running zone, page cache makes room for a lower one, programs do not" {
	passed apply
}
@test "v2: freeze stops every process through cgroup.freeze, thaw lets them go on" {
	passed freeze-and-thaw
}
@test "v2: anet: modules of bridge, veth and nftables are loaded, the zone serves a page" {
	passed network
}
@test "v2: cpuShares: two busy zones get time in proportion to cpu.weight" {
	passed shares
}
@test "v2: cappedCPU: two burners get what cpu.max allows" {
	passed cpu-cap
}
@test "v2: processes of boot and exec are born in the cgroup (CLONE_INTO_CGROUP), none is moved" {
	passed born-inside
}
@test "v2: halt and delete leave no cgroup, link, process or record" {
	passed halt-and-delete
}
@test "v2: zrun: resources and unified, pause, resume, exec, delete" {
	passed oci
}
@test "v2: zrun: idle, burst, disks and huge pages reach the kernel's files; what v2 has no file for is refused by name" {
	passed oci-files
}
@test "v2: zrun: with a user and a cgroup namespace and a writable cgroup mount the container owns exactly what the kernel delegates" {
	passed oci-owner
}
@test "v2: a Debian zone with systemd boots" {
	passed systemd-boots
}
@test "v2: systemd says running: no unit has failed" {
	passed systemd-state
}
@test "v2: systemd limits its services with controllers of its own cgroup" {
	passed systemd-manages
}
@test "v2: root of the systemd zone cannot change the limits that the host has set" {
	passed systemd-limits-hold
}
@test "v2: shutdown of the systemd zone leaves no cgroup, not even one that the zone made" {
	passed systemd-halts
}
