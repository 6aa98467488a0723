#!/bin/bash
# What tests/vm/limits.bats runs in the guest: caps of zones whose files are others on cgroup v2. As inside.sh, each check prints "ok NAME" or "not ok NAME: why".
top=/disk/zones
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
mkdir -p $top && chmod 755 /disk $top
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"

cgroup_of() { echo "/sys/fs/cgroup$(cut -d: -f3- "/proc/$(zone list --json "$1" | jq -r '.[0].id')/cgroup")"; }
is() { # FILE TEXT
	need "$1 is $(cat "$1"), not $2" [ "$(cat "$1")" = "$2" ]
}
native() { # NAME PATH=VALUE...
	zone create -t isolated "$@"
	zone install "$1"
}
up() {
	native "$@"
	zone boot "$1"
}
away() {
	local name
	for name; do
		zone halt "$name"
		zone delete -F "$name"
	done
}

cpu() {
	local cg
	up one cappedCPU.ncpus=0.5 cappedCPU.burst=0.05 schedulingClass=idle
	cg=$(cgroup_of one)
	is "$cg/cpu.max.burst" 50000
	is "$cg/cpu.idle" 1
	zone set one schedulingClass=TS cpuShares=200
	zone clear one cappedCPU.burst
	zone apply one
	is "$cg/cpu.max.burst" 0
	is "$cg/cpu.idle" 0
	need "weight $(cat "$cg/cpu.weight")" [ "$(cat "$cg/cpu.weight")" -gt 100 ]
	away one
}
# The whole machine gives memory back: what a zone is protected with stays, another's page cache goes. Its folder must be protected too.
soft() {
	local a b
	up one cappedMemory.soft=70M
	up two
	a=$(cgroup_of one) b=$(cgroup_of two)
	is "$a/memory.low" $((70 << 20))
	is "${a%/*}/memory.low" $((70 << 20))
	for zone in one two; do
		zone exec $zone sh -c 'dd if=/dev/zero of=/var/big bs=1M count=50 2>/dev/null; sync; cat /var/big >/dev/null'
	done
	need "two has $(cat "$b/memory.current")" [ "$(cat "$b/memory.current")" -gt $((48 << 20)) ]
	for _ in $(seq 100); do # no more than the neighbour has: when nothing else is left, protected memory goes as well
		[ "$(cat "$b/memory.current")" -gt $((24 << 20)) ] || break
		echo 4M >/sys/fs/cgroup/memory.reclaim || true
	done
	echo "left: $(cat "$a/memory.current") and $(cat "$b/memory.current")"
	need "one has $(cat "$a/memory.current")" [ "$(cat "$a/memory.current")" -gt $((48 << 20)) ]
	need "two has $(cat "$b/memory.current")" [ "$(cat "$b/memory.current")" -lt $((24 << 20)) ]
	zone clear one cappedMemory.soft
	zone apply one
	is "$a/memory.low" 0
	is "${a%/*}/memory.low" 0
	away one two
}

# A partition: the kernel takes the CPU from the host, too.
dedicated() {
	local cg
	native other dedicatedCPU.ncpus=1
	up shared
	up mine dedicatedCPU.ncpus=1
	cg=$(cgroup_of mine)
	is "$cg/cpuset.cpus.partition" root
	is "$cg/cpuset.cpus" 1
	is /sys/fs/cgroup/cpuset.cpus.effective 0
	is "$(cgroup_of shared)/cpuset.cpus.effective" 0
	need "the host is on $(nproc)" [ "$(nproc)" = 1 ]
	need "mine has $(zone exec mine nproc)" [ "$(zone exec mine nproc)" = 1 ]
	need "somebody has two" zone boot other 2>&1 | grep 'zone "mine" has 1'
	away mine
	is /sys/fs/cgroup/cpuset.cpus.effective 0-1
	is "$(cgroup_of shared)/cpuset.cpus.effective" 0-1
	need "the host is on $(nproc)" [ "$(nproc)" = 2 ]
	zone boot other
	is "$(cgroup_of other)/cpuset.cpus.partition" root
	away other shared
	need "left: $(find /sys/fs/cgroup -mindepth 1 -type d -name 'zones*')" [ -z "$(find /sys/fs/cgroup -mindepth 1 -type d -name 'zones*')" ]
}
# Somebody else's cgroup beside ours wants the CPU: the kernel calls the partition invalid afterwards, and boot says so.
no_partition() {
	native mine dedicatedCPU.ncpus=1
	mkdir /sys/fs/cgroup/mine
	echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
	echo 1 >/sys/fs/cgroup/mine/cpuset.cpus
	rc=0
	zone boot mine 2>$top/err || rc=$?
	rmdir /sys/fs/cgroup/mine
	need "status $rc" [ $rc = 1 ]
	need "it said $(cat $top/err)" grep -q 'dedicatedCPU: .*partition invalid' $top/err
	zone boot mine
	away mine
}

block_io() {
	local cg start
	up one 'blockIO=[{"path":"/disk","writeBps":"1M","readIops":50}]'
	cg=$(cgroup_of one)
	is "$cg/io.max" "$(stat -c '%Hd:%Ld' /disk) rbps=max wbps=1048576 riops=50 wiops=max"
	start=$(date +%s%N)
	zone exec one sh -c 'dd if=/dev/zero of=/var/f bs=256k count=12; sync' # through the page cache, which v2 counts as well
	need "3M took $((($(date +%s%N) - start) / 1000000)) ms" [ $((($(date +%s%N) - start) / 1000000)) -gt 2000 ]
	zone clear one blockIO
	zone apply one
	is "$cg/io.max" ""
	start=$(date +%s%N)
	zone exec one sh -c 'dd if=/dev/zero of=/var/f bs=256k count=12; sync'
	need "3M took $((($(date +%s%N) - start) / 1000000)) ms" [ $((($(date +%s%N) - start) / 1000000)) -lt 2000 ]
	away one
}

rctl() {
	local cg
	up one 'rctl=[{"name":"memory.high","value":"50331648"},{"name":"zone.max-lwps","value":"30"}]' 'hugepages={"2M":"4M"}'
	cg=$(cgroup_of one)
	is "$cg/memory.high" 50331648
	is "$cg/pids.max" 30
	is "$cg/hugetlb.2MB.max" $((4 << 20))
	zone exec one sh -c 'dd if=/dev/zero of=/var/f bs=1M count=80 2>/dev/null'
	need "it has $(cat "$cg/memory.current")" [ "$(cat "$cg/memory.current")" -lt $((60 << 20)) ]
	need "nothing was counted" [ "$(awk '$1 == "high" {print $2}' "$cg/memory.events")" -gt 0 ]
	zone set one 'rctl=[{"name":"memory.oom.group","value":"1"}]'
	zone apply one
	is "$cg/memory.high" max
	is "$cg/memory.oom.group" 1
	is "$cg/pids.max" 4096
	away one
}

check cpu cpu
check soft soft
check dedicated dedicated
check no-partition no_partition
check block-io block_io
check rctl rctl
