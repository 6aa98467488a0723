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

# A zone's place decides whether it can be a partition, and a running zone keeps its place: that waits for the next boot, and is said. A pool changes at once.
live_cpus() {
	local cg
	mkdir -p $ZONES_CONFIG_DIR/pools
	echo '{ "cpus": "0" }' >$ZONES_CONFIG_DIR/pools/zero.json
	up shared
	up mine
	cg=$(cgroup_of mine)
	zone set mine pool=zero
	zone apply mine
	is "$cg/cpuset.cpus" 0
	need "mine has $(zone exec mine nproc)" [ "$(zone exec mine nproc)" = 1 ]
	zone clear mine pool
	zone apply mine
	is "$cg/cpuset.cpus.effective" 0-1
	zone set mine dedicatedCPU.ncpus=1 maxLwps=77
	zone apply mine >$top/said 2>&1
	need "it said $(cat $top/said)" grep -q 'dedicatedCPU.*on cgroup v2 a zone gets or leaves its place' $top/said
	is "$cg/cpuset.cpus.partition" member
	is "$cg/pids.max" 77
	is /sys/fs/cgroup/cpuset.cpus.effective 0-1
	need "held: $(ls $ZONES_RUN_DIR/.cpus)" [ -z "$(ls $ZONES_RUN_DIR/.cpus)" ]
	zone halt mine
	zone boot mine
	cg=$(cgroup_of mine)
	is "$cg/cpuset.cpus.partition" root
	is "$cg/cpuset.cpus" 1
	is "$(cgroup_of shared)/cpuset.cpus.effective" 0
	zone clear mine dedicatedCPU
	zone apply mine >$top/said 2>&1
	need "it said $(cat $top/said)" grep -q 'dedicatedCPU.*on cgroup v2 a zone gets or leaves its place' $top/said
	is "$cg/cpuset.cpus.partition" root
	away mine
	is "$(cgroup_of shared)/cpuset.cpus.effective" 0-1
	away shared
}

# Root of this machine has every capability, so hard limits go up as well, and away.
live_limits() {
	local init what
	up one maxProcesses=50 cappedMemory.physical=64M cappedMemory.locked=64K 'rlimit={"nofile":[100,200]}' schedulingClass=TS
	init=$(zone list --json one | jq '.[0].id')
	limit() { awk -v n="Max $1 " 'index($0, n) == 1 { sub(n, ""); print $1, $2 }' "/proc/$2/limits"; }
	zone exec one sleep 300 &
	zone set one maxProcesses=70 cappedMemory.locked=128K 'rlimit={"nofile":[150,300]}' schedulingClass=batch
	need "waits: $(zone diff one)" [ -z "$(zone diff --json one | jq -r '.changes[] | select(.how != "live")')" ]
	zone apply one
	for pid in $(zone ps --json one | jq '.[].pid'); do
		need "processes of $pid: $(limit processes "$pid")" [ "$(limit processes "$pid")" = "70 70" ]
		need "locked: $(limit "locked memory" "$pid")" [ "$(limit "locked memory" "$pid")" = "131072 131072" ]
		need "files: $(limit "open files" "$pid")" [ "$(limit "open files" "$pid")" = "150 300" ]
		need "policy of $pid: $(awk '{print $41}' "/proc/$pid/stat")" [ "$(awk '{print $41}' "/proc/$pid/stat")" = 3 ]
	done
	need "exec has $(zone exec one sh -c 'ulimit -p')" [ "$(zone exec one sh -c 'ulimit -p')" = 70 ]
	zone audit one
	zone clear one maxProcesses cappedMemory.locked rlimit schedulingClass
	zone apply one
	for what in processes "locked memory" "open files"; do
		need "$what: $(limit "$what" "$init")" [ "$(limit "$what" "$init")" = "$(limit "$what" "$(jq .monitor $ZONES_RUN_DIR/one/run.json)")" ]
	done
	need "policy $(awk '{print $41}' "/proc/$init/stat")" [ "$(awk '{print $41}' "/proc/$init/stat")" = 0 ]
	need "pending" [ "$(zone list --json one | jq -r '.[0].pending')" = false ]
	zone audit one
	away one
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
check live-cpus live_cpus
check live-limits live_limits
check block-io block_io
check rctl rctl
