#!/usr/bin/env bats
# Bombs in one zone, a neighbour in the other: they die alone, and the neighbour answers. How fast is printed and not judged: it depends on what else the machine does.
# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load helper

# How long a request to the neighbour takes, in microseconds: the median of a few, each a fork and an exec in it.
latency() {
	zone exec neighbour python3 -c '
import os, time
def once():
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/true", ["true"])
    os.waitpid(pid, 0)
    return time.monotonic() - start
print(int(sorted(once() for _ in range(40))[20] * 1e6))'
}

value() { zone stat --json -z "$1" | jq ".[0].$2"; }

setup_more() {
	booted neighbour cappedMemory.physical=128M cappedMemory.swap=128M maxLwps=50
	booted bomb cappedMemory.physical=64M cappedMemory.swap=64M maxLwps=40 cappedCPU.ncpus=0.5
	zone exec neighbour sleep 1000 3>&- &
	wait_for 10 eval '[ "$(value neighbour processes)" = 2 ]'
	idle=$(latency)
	survivors=$(zone ps --json neighbour | jq -c '[.[].pid]')
}

alone() {
	[ "$(value neighbour oomKills)" = 0 ]
	[ "$(zone ps --json neighbour | jq -c '[.[].pid]')" = "$survivors" ]
	[ "$(state_of neighbour)" = running ]
	[ "$(zone exec neighbour echo here)" = here ]
}

@test "memory bombs are killed one after the other, the zone lives on, and the neighbour has lost nothing" {
	zone exec bomb sh -c 'while :; do python3 -c "
import mmap
all = []
while True:
    m = mmap.mmap(-1, 1 << 20)
    m[::4096] = b\"x\" * 256
    all.append(m)"; echo $? >>/tmp/ends; done' 3>&- >/dev/null 2>&1 &
	wait_for 30 eval '[ "$(value bomb oomKills)" -ge 1 ]'
	busy=$(latency)
	echo "# a fork and exec in the neighbour: $idle us idle, $busy us beside memory bombs" >&3
	wait_for 30 eval '[ "$(value bomb oomKills)" -ge 2 ]'
	[ "$(value bomb memoryMaxBytes)" -le 67108864 ]
	zone exec bomb grep -qx 137 /tmp/ends
	alone
}

@test "a fork bomb has its threads and no more; the neighbour still starts processes, and halt ends it" {
	zone exec bomb python3 -c '
import os
while True:
    try:
        os.fork()
    except OSError:
        pass' 3>&- >/dev/null 2>&1 &
	wait_for 30 eval '[ "$(value bomb lwps)" -ge 39 ]'
	busy=$(latency)
	echo "# a fork and exec in the neighbour: $idle us idle, $busy us beside a fork bomb" >&3
	[ "$(value bomb lwps)" -le 40 ]
	alone
	zone halt bomb
	[ "$(state_of bomb)" = installed ]
	alone
}
