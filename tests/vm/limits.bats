#!/usr/bin/env bats
# Caps of zones whose mechanism is another one on cgroup v2: tests/vm/limits-inside.sh does everything in the guest in one go. The rest is in v2.bats and in tests/zone.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest limits-inside.sh 600
}

@test "v2: cappedCPU.burst and schedulingClass idle reach cpu.max.burst and cpu.idle, and change live" {
	passed cpu
}
@test "v2: cappedMemory.soft: when the machine runs short the zone keeps it, its neighbour does not" {
	passed soft
}
@test "v2: dedicatedCPU is a partition: zones and the host leave the CPU, and get it back" {
	passed dedicated
}
@test "v2: dedicatedCPU: a partition that the kernel calls invalid is an error of boot" {
	passed no-partition
}
@test "v2: apply: a pool changes at once; CPUs of its own wait for the next boot, which is said" {
	passed live-cpus
}
@test "v2: apply: limits of processes go up, down and away for everyone, the scheduling policy too" {
	passed live-limits
}
@test "v2: blockIO: io.max holds, for what goes through the page cache too, and is lifted live" {
	passed block-io
}
@test "v2: rctl: files of the cgroup hold, change live and go back to what they were; hugepages" {
	passed rctl
}
