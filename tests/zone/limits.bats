#!/usr/bin/env bats
# cappedCPU cpuShares cappedMemory maxLwps maxProcesses: each is hit by a program inside.
load helper

@test "cappedMemory.physical: a program that wants more is killed alone, the zone goes on" {
	booted web cappedMemory.physical=48M cappedMemory.swap=48M
	run zone exec web python3 -c 'a = []
while True: a.append(b"x" * (1 << 20))'
	[ "$status" -eq 137 ]
	[ "$(state_of web)" = running ]
	run zone exec web python3 -c 'bytearray(16 << 20); print("fits")'
	says fits
}

@test "maxLwps: a fork bomb stays inside its number" {
	booted web maxLwps=32
	run zone exec web python3 -c '
import os, time
n = 0
try:
    while n < 500:
        if os.fork() == 0:
            time.sleep(10); os._exit(0)
        n += 1
except OSError as e:
    print("stopped at", n, e)
'
	says "stopped at"
	n=$(echo "$output" | awk '/stopped at/{print $3}')
	[ "$n" -lt 32 ]
	[ "$n" -gt 5 ]
}

@test "maxProcesses: the processes of one user are limited" {
	booted web maxProcesses=16
	run zone exec -l www-data web python3 -c '
import os, time
n = 0
try:
    while n < 500:
        if os.fork() == 0:
            time.sleep(3); os._exit(0)
        n += 1
except OSError as e:
    print("stopped at", n, e)
'
	says "stopped at"
	[ "$(echo "$output" | awk '/stopped at/{print $3}')" -le 16 ]
}

@test "cappedCPU: two burners get what one cap allows" {
	booted web cappedCPU.ncpus=0.4
	run zone exec web python3 -c '
import os, resource, time
for _ in range(2):
    if os.fork() == 0:
        end = time.monotonic() + 3
        while time.monotonic() < end: pass
        os._exit(0)
for _ in range(2): os.wait()
r = resource.getrusage(resource.RUSAGE_CHILDREN)
print("used", round((r.ru_utime + r.ru_stime) / 3, 3))
'
	used=$(echo "$output" | awk '/used/{print $2}')
	python3 -c "import sys; u = float('$used'); sys.exit(0 if 0.2 < u < 0.5 else 1)"
}

@test "cpuShares reach the kernel's file in proportion" {
	booted one cpuShares=100
	native two cpuShares=300
	zone boot two
	a=$(zone info --live one | awk '$1 ~ /cgroup.cpu.(shares|weight)$/{print $2}')
	b=$(zone info --live two | awk '$1 ~ /cgroup.cpu.(shares|weight)$/{print $2}')
	[ "$b" -gt "$a" ]
}

@test "cappedMemory.locked: mlock beyond it fails" {
	booted web cappedMemory.locked=1M
	run zone exec web python3 -c '
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
def lock(n):
    m = mmap.mmap(-1, n)
    return libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))), ctypes.c_size_t(n))
print(lock(256 << 10), lock(8 << 20))
'
	says "0 -1"
}

@test "limits that are there without being written: lwps and memory" {
	booted web
	run zone info --json web
	[ "$(echo "$output" | jq -r '.. | objects | select(.path? == "maxLwps") | .origin')" = default ]
	f=/sys/fs/cgroup/pids$(awk -F: '$2=="pids"{print $3}' "/proc/$(init_pid web)/cgroup")/pids.max
	[ ! -e "$f" ] || [ "$(cat "$f")" = 4096 ]
}

@test "a cap that this host cannot enforce makes verify and boot fail by name" {
	native web
	run sh -c 'sed "s/\"zonename\"/\"quota\": \"10G\", \"zonename\"/" "$1" > "$1.new" && mv "$1.new" "$1"' sh "$ZONES_CONFIG_DIR/web.json"
	fails 1 zone verify web
	says quota
	fails 1 zone boot web
	says quota
}

@test "rlimit reaches the zone's processes" {
	booted web 'rlimit.nofile=[64,128]'
	[ "$(zone exec web sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" = "64 128 " ]
	[ "$(awk '/Max open files/{print $4, $5}' "/proc/$(init_pid web)/limits")" = "64 128" ]
}

# Numbers of the kernel's files for the zone web: FILE...
live() {
	local f
	LIVE=$(zone info --live --json web)
	for f in "$@"; do
		jq -er --arg f "$f" '.live.cgroup[$f] // empty' <<<"$LIVE" && return 0
	done
	return 1
}

@test "cappedCPU.burst: time that was saved up is spent above the cap, and goes with apply" {
	booted web cappedCPU.ncpus=0.1 cappedCPU.burst=0.01
	[ "$(live cpu.cfs_burst_us cpu.max.burst)" = 10000 ]
	# short work with pauses: more than a period's 10 ms at once
	zone exec web python3 -c '
import time
for _ in range(20):
    time.sleep(0.4)
    end = time.process_time() + 0.018
    while time.process_time() < end: pass'
	f=$(find /sys/fs/cgroup -maxdepth 5 -path "*/zones-$(cgroup_hash)/web/cpu.stat" -exec grep -l nr_bursts {} + | head -n 1)
	[ "$(awk '$1 == "nr_bursts" {print $2}' "$f")" -gt 0 ]
	zone clear web cappedCPU.burst
	fails 0 zone apply web
	[ "$(live cpu.cfs_burst_us cpu.max.burst)" = 0 ]
	fails 1 zone set web cappedCPU.burst=0.011
	says "a tenth of ncpus"
}

# Seconds of CPU that a zone has had.
cpu_seconds() {
	local f
	f=$(find /sys/fs/cgroup -maxdepth 5 -path "*/zones-$(cgroup_hash)/$1/cpuacct.usage" | head -n 1)
	[ -z "$f" ] || { cat "$f"; return; }
	awk '$1 == "usage_usec" {print $2 * 1000}' "$(find /sys/fs/cgroup -maxdepth 5 -path "*/zones-$(cgroup_hash)/$1/cpu.stat" | head -n 1)"
}

@test "schedulingClass idle: the zone gets what another leaves, a share again after apply; batch is every process's policy; RT is refused" {
	burn='service.command=["/bin/sh","-c","exec timeout 60 sh -c \"while :; do :; done\""]'
	booted web schedulingClass=idle "$burn"
	native two "$burn"
	zone boot two
	cpus=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	for zone in web two; do # both on one CPU
		for p in $(zone ps "$zone" --json | jq -r '.[].pid'); do taskset -cp "$cpus" "$p" >/dev/null 2>&1 || true; done
	done
	[ "$(live cpu.idle)" = 1 ]
	sleep 0.5
	w0=$(cpu_seconds web) t0=$(cpu_seconds two)
	sleep 3
	w1=$(cpu_seconds web) t1=$(cpu_seconds two)
	[ $(((t1 - t0) / (w1 - w0 + 1))) -gt 8 ]
	zone set web schedulingClass=TS cpuShares=300
	fails 0 zone apply web
	[ "$(live cpu.idle)" = 0 ]
	w0=$(cpu_seconds web) t0=$(cpu_seconds two)
	sleep 3
	w1=$(cpu_seconds web) t1=$(cpu_seconds two)
	[ $((w1 - w0)) -gt $((t1 - t0)) ]
	zone clear web cpuShares
	zone set web schedulingClass=batch
	fails 0 zone apply web
	[ "$(zone exec web python3 -c 'import os; print(os.sched_getscheduler(0), os.sched_getscheduler(1))')" = "3 3" ]
	fails 1 zone set web schedulingClass=RT
	says "could stop the whole machine"
}

@test "maxMsgIds maxSemIds maxShmIds maxShmMemory: each bites, and root inside cannot lift it" {
	booted web maxMsgIds=2 maxSemIds=3 maxShmIds=4 maxShmMemory=1M
	ipc='
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def count(f):
    n = 0
    while n < 50 and f() >= 0: n += 1
    return n
shm = lambda size: libc.shmget(0, ctypes.c_size_t(size), 0o1600)
print(count(lambda: libc.msgget(0, 0o1600)), count(lambda: libc.semget(0, 1, 0o1600)), shm(1 << 21), count(lambda: shm(4096)))'
	run zone exec web python3 -c "$ipc"
	says "2 3 -1 4"
	run zone exec web python3 -c "$ipc"
	says "0 0 -1 0"
	for f in kernel/msgmni kernel/sem kernel/shmmni kernel/shmall user/max_ipc_namespaces; do
		run zone exec web sh -c "echo 30000 >/proc/sys/$f"
		says "Read-only"
	done
	run zone exec web unshare --ipc true
	[ "$status" -ne 0 ]
	# a zone beside it has its own
	booted two
	run zone exec two python3 -c "$ipc"
	says "50 50 "
	fails 1 zone set web nesting=true
	says "maxShmMemory: cannot be enforced"
	fails 1 zone set web limitpriv=default,sys_admin
	says "sys_admin"
}

@test "cappedMemory.soft is the kernel's soft limit and changes live" {
	booted web cappedMemory.soft=32M cappedMemory.physical=128M
	[ "$(live memory.soft_limit_in_bytes memory.low)" = $((32 << 20)) ]
	zone set web cappedMemory.soft=48M
	fails 0 zone apply web
	[ "$(live memory.soft_limit_in_bytes memory.low)" = $((48 << 20)) ]
	zone clear web cappedMemory.soft
	fails 0 zone apply web
	case $(live memory.soft_limit_in_bytes memory.low) in 0 | 9223372036854771712) ;; *) live memory.soft_limit_in_bytes; false ;; esac
}

@test "hugepages: the kernel refuses more and counts the refusal; changed live and lifted" {
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages of 2 MB"
	booted web 'hugepages={"2M":"4M"}'
	[ "$(live hugetlb.2MB.max hugetlb.2MB.limit_in_bytes)" = $((4 << 20)) ]
	dir=$(find /sys/fs/cgroup -maxdepth 5 -path "*/zones-$(cgroup_hash)/web/hugetlb.2MB.events" | head -n 1)
	map='import mmap, sys
try:
    mmap.mmap(-1, int(sys.argv[1]) << 20, flags=0x40022)
    print("mapped")
except OSError as e:
    print(e.strerror)'
	run zone exec web python3 -c "$map" 8
	says "Cannot allocate memory"
	[ -z "$dir" ] || [ "$(awk '$1 == "max" {print $2}' "$dir")" = 1 ]
	zone set web 'hugepages={"2M":"16M"}'
	fails 0 zone apply web
	[ "$(live hugetlb.2MB.max hugetlb.2MB.limit_in_bytes)" = $((16 << 20)) ]
	run zone exec web python3 -c "$map" 8 # whether the host has pages or not, it is not the limit that refuses
	[ -z "$dir" ] || [ "$(awk '$1 == "max" {print $2}' "$dir")" = 1 ]
	zone clear web hugepages
	fails 0 zone apply web
	case $(live hugetlb.2MB.max hugetlb.2MB.limit_in_bytes) in max | 9223372036854771712 | 9223372036852678656) ;; *) live hugetlb.2MB.max; false ;; esac
	fails 1 zone set web 'hugepages={"3M":"4M"}'
	says "the size of a page"
	fails 1 zone set web 'hugepages={"2M":"4M","2048K":"8M"}'
	says "the same size"
	zone set web 'hugepages={"4M":"8M"}'
	fails 1 zone verify web
	says "no pages of"
}

@test "sysctl user.max_*: the users of the zone have that much and no more, root inside cannot change it, other zones have their own" {
	booted web sysctl.user.max_inotify_watches=10 sysctl.user.max_inotify_instances=3
	watches='
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
fds = []
while len(fds) < 50:
    fd = libc.inotify_init1(0)
    if fd < 0: break
    fds.append(fd)
n = 0
for i in range(100):
    os.mkdir("/tmp/d%d" % i)
    if libc.inotify_add_watch(fds[0], b"/tmp/d%d" % i, 0x100) < 0: break
    n += 1
print("instances", len(fds), "watches", n)'
	run zone exec web python3 -c "$watches"
	says "instances 3 watches 10"
	booted two
	run zone exec two python3 -c "$watches"
	says "instances 50 watches 100"
	run zone exec web sh -c 'echo 99 >/proc/sys/user/max_inotify_watches'
	says "Read-only"
	fails 1 zone set web brand=linux
	says "root inside could lift it"
	fails 1 zone set web maxMsgIds=5 sysctl.user.max_ipc_namespaces=5
	says "a cap of the ipc namespace sets it"
}

@test "rctl: a name of Solaris is the property that it means, live too; both at once, unknown names and files without a controller are refused" {
	booted web 'rctl=[{"name":"zone.max-lwps","value":"40"},{"name":"zone.cpu-cap","value":"50"}]'
	[ "$(live pids.max)" = 40 ]
	case $(live cpu.cfs_quota_us cpu.max) in 50000 | "50000 100000") ;; *) false ;; esac
	[ "$(zone info --json web | jq -r '.. | objects | select(.path? == "maxLwps") | .value')" = 40 ]
	zone set web 'rctl=[{"name":"zone.max-lwps","value":"60"},{"name":"zone.max-physical-memory","value":"48M"}]'
	fails 0 zone apply web
	[ "$(live pids.max)" = 60 ]
	[ "$(live memory.limit_in_bytes memory.max)" = $((48 << 20)) ]
	case $(live cpu.cfs_quota_us cpu.max) in -1 | "max 100000") ;; *) false ;; esac
	[ "$(zone list --json web | jq -r '.[0].pending')" = false ]
	fails 1 zone set web maxLwps=5
	says "the property maxLwps sets it already"
	fails 1 zone set web 'rctl=[{"name":"zone.max-rights","value":"60"}]'
	says "there are zone.cpu-cap"
	[ ! -d /sys/fs/cgroup/memory ] || {
		zone set web 'rctl=[{"name":"memory.high","value":"50000000"}]'
		fails 1 zone verify web
		says 'rctl: memory.high: this host has no cgroup controller "memory"' || says 'no cgroup controller "memory"'
	}
}
