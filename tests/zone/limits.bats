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
