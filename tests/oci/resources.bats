#!/usr/bin/env bats
# linux.resources: programs inside meet the limits. Nothing here is measured in time that a busy host could stretch; what a host cannot do is refused by name. cgroup v2: tests/vm.
# shellcheck disable=SC2016
load helper

eval "$(declare -f teardown | sed '1s/.*/teardown_container()/')"
teardown() {
	local r=0
	if [ -n "${TOP:-}" ]; then for id in $(zrun list -q); do zrun delete -f "$id"; done; fi
	[ -z "${LOOP:-}" ] || losetup -d "$LOOP" || r=1
	teardown_container && return $r
}

programs() { for name in "$@"; do ln -sf busybox "$BUNDLE/rootfs/bin/$name"; done; }

# limit FILE: the container's own file, in whichever hierarchy has it; nothing when none has
limit() {
	local controllers path dir
	while IFS=: read -r _ controllers path; do
		dir=/sys/fs/cgroup/$controllers$path
		[ -n "$controllers" ] || [ ! -d /sys/fs/cgroup/unified ] || dir=/sys/fs/cgroup/unified$path
		if [ -e "$dir/$1" ]; then
			cat "$dir/$1"
			return
		fi
	done <"/proc/$(zrun state "$ID" | jq .pid)/cgroup"
}
counter() { limit "$2" | awk -v key="$1" '$1 == key {print $2}'; } # KEY FILE
is() { [ "$(limit "$1")" = "$2" ] || { echo "$1 is $(limit "$1"), not $2"; false; }; }
until_true() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "in vain: $*"; return 1; }
		sleep 0.1
	done
}
v1() { [ -d "/sys/fs/cgroup/$1" ] || skip "no v1 hierarchy of $1 here; v2: tests/vm"; }
resources() { config '.linux.resources += $r' --argjson r "$1"; }

# --- memory ----------------------------------------------------------------------------------------------------------

@test "memory.limit, swap: a program that wants more is killed, the others live" {
	programs dd
	resources '{"memory": {"limit": 20971520, "swap": 20971520}}'
	background
	run zrun exec "$ID" dd if=/dev/zero of=/dev/null bs=60M count=1
	[ "$status" = 137 ]
	zrun exec "$ID" dd if=/dev/zero of=/dev/null bs=5M count=1
	[ "$(status)" = running ]
}

@test "memory.disableOOMKiller: whoever wants more waits until there is room" {
	v1 memory
	programs awk
	resources '{"memory": {"limit": 20971520, "swap": 20971520, "disableOOMKiller": true}}'
	background
	[[ "$(limit memory.oom_control)" == "oom_kill_disable 1"* ]]
	zrun exec "$ID" awk 'BEGIN { s = "x"; while (length(s) < 40000000) s = s s; print length(s) }' >"$TOP/length" </dev/null 2>&1 3>&- &
	eater=$!
	until_true 20 eval '[[ "$(limit memory.oom_control)" == *"under_oom 1"* ]]' # not at every moment: it looks again when a page is freed
	kill -0 $eater
	[ ! -s "$TOP/length" ]
	zrun update --memory 300m --memory-swap 300m "$ID"
	wait $eater
	[ "$(cat "$TOP/length")" = 67108864 ]
}

@test "memory.swappiness, useHierarchy, reservation and kernelTCP reach the kernel; kernel is left out with a warning" {
	v1 memory
	resources '{"memory": {"limit": 67108864, "reservation": 33554432, "swappiness": 7, "useHierarchy": true, "kernel": 4096, "kernelTCP": 4096}}'
	background
	is memory.swappiness 7
	is memory.soft_limit_in_bytes 33554432
	is memory.use_hierarchy 1
	is memory.kmem.tcp.limit_in_bytes 4096
	zrun exec "$ID" true
}

@test "memory.checkBeforeUpdate: a limit below what is used is refused, and nothing has changed" {
	programs awk
	resources '{"memory": {"limit": 134217728, "swap": 134217728}}'
	script 'exec awk "BEGIN { s = \"x\"; while (length(s) < 30000000) s = s s; print length(s); system(\"sleep 1000\") }"'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >"$TOP/length" 2>&1 3>&-
	until_true 20 test -s "$TOP/length"
	run zrun update -r - "$ID" <<<'{"memory": {"limit": 8388608, "swap": 8388608, "checkBeforeUpdate": true}}'
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *memory.limit* ]]
	[[ "$(limit memory.limit_in_bytes)$(limit memory.max)" == 134217728* ]]
	[ "$(status)" = running ]
	zrun update -r - "$ID" <<<'{"memory": {"limit": 100663296, "swap": 100663296, "checkBeforeUpdate": true}}'
	[[ "$(limit memory.limit_in_bytes)$(limit memory.max)" == 100663296* ]]
}

# --- pids ------------------------------------------------------------------------------------------------------------

@test "pids.limit: a fork bomb stays inside; -1 is none, 0 is a limit" {
	resources '{"pids": {"limit": 12}}'
	background
	run zrun exec "$ID" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 3 & done; wait'
	[[ "$output" == *"can't fork"* ]]
	[ "$(counter max pids.events)" -gt 0 ]
	zrun update --pids-limit -1 "$ID"
	is pids.max max
	zrun exec "$ID" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0 & done; wait'
	zrun update --pids-limit 0 "$ID"
	is pids.max 0
	run zrun exec "$ID" sh -c 'sleep 0 & wait'
	[ "$status" != 0 ]
}

# --- cpu -------------------------------------------------------------------------------------------------------------

@test "cpu.quota: a burner is throttled, in the kernel's own count" {
	resources '{"cpu": {"quota": 10000, "period": 100000}}'
	script 'while :; do :; done'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	until_true 20 eval '[ "$(counter nr_throttled cpu.stat)" -gt 3 ]'
	zrun update --cpu-quota -1 "$ID"
	sleep 0.5
	before=$(counter nr_throttled cpu.stat)
	sleep 1
	[ "$(counter nr_throttled cpu.stat)" = "$before" ]
}

@test "cpu.burst: what was saved may be used above the quota" {
	v1 cpu
	resources '{"cpu": {"quota": 20000, "period": 100000, "burst": 20000}}'
	script 'n=1000; while :; do i=0; while [ $i -lt $n ]; do i=$((i + 1)); done; sleep 0.3; n=$((n * 5 / 4)); [ $n -lt 100000 ] || n=1000; done'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	is cpu.cfs_burst_us 20000
	until_true 40 eval '[ "$(counter nr_bursts cpu.stat)" -gt 0 ]'
	config '.linux.resources.cpu.burst = 30000'
	zrun delete -f "$ID"
	run zrun run -b "$BUNDLE" "$ID" # the kernel: not above the quota
	[ "$status" = 1 ]
	[[ "$output" == *cpu.burst* ]]
}

@test "cpu.idle: the kernel schedules it only when nobody else wants to, and it has no shares then" {
	v1 cpu
	resources '{"cpu": {"idle": 1}}'
	background
	is cpu.idle 1
	is cpu.shares 3
	zrun update --cpu-idle 0 "$ID"
	is cpu.idle 0
	is cpu.shares 1024
}

@test "cpu.cpus, mems: the program has what was named, and nothing that this host has not" {
	programs nproc
	[ "$(nproc --all)" -gt 1 ] || skip "one processor"
	resources '{"cpu": {"cpus": "1", "mems": "0"}}'
	runs 'nproc; grep -E "_allowed_list" /proc/self/status'
	[ "${lines[0]}" = 1 ]
	[[ "${lines[1]}" == *Cpus_allowed_list:*1 ]]
	[[ "${lines[2]}" == *Mems_allowed_list:*0 ]]
	refused '.linux.resources.cpu.cpus = "4000"' cpu.cpus
	refused '.linux.resources.cpu.mems = "77"' cpu.mems
}

@test "cpu.realtimeRuntime, realtimePeriod: granted through the parents that were made for it" {
	[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip "this kernel has no real-time groups"
	command -v chrt >/dev/null || skip "needs chrt"
	config '.linux.cgroupsPath = $p' --arg p "/$ID-top/mid/$ID"
	background
	run chrt -r -p 5 "$(zrun state "$ID" | jq .pid)" # the kernel looks at the group of the process, whoever asks
	[ "$status" != 0 ]
	zrun delete -f "$ID"
	resources '{"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 500000}}'
	background
	is cpu.rt_runtime_us 1000
	is cpu.rt_period_us 500000
	chrt -r -p 5 "$(zrun state "$ID" | jq .pid)"
	zrun delete -f "$ID"
	[ ! -e "/sys/fs/cgroup/cpu/$ID-top" ]
}

# --- blockIO ---------------------------------------------------------------------------------------------------------

# a disk of our own, which the container has as /dev/disk
disk() {
	programs dd
	truncate -s 16M "$TOP/disk"
	LOOP=$(losetup -f --show "$TOP/disk" 2>/dev/null) || { LOOP=; skip "no loop devices here"; }
	MINOR=$((16#$(stat -c %T "$LOOP")))
	config '.linux.devices = [{"path":"/dev/disk","type":"b","major":7,"minor":$n}] | .linux.resources.devices += [{"allow":true,"type":"b","major":7,"minor":$n,"access":"rw"}]' --argjson n "$MINOR"
}
milliseconds() { # COMMAND...
	local a
	a=$(date +%s%N)
	"$@" >&2
	echo $((($(date +%s%N) - a) / 1000000))
}

# throttled FIELD FILE RATE COMMAND...: with the limit it takes at least a second, the kernel has it as written, and is quick again when it is taken away (within the same second, mostly)
throttled() {
	local field=$1 file=$2 rate=$3 slow
	shift 3
	disk
	resources "{\"blockIO\": {\"$field\": [{\"major\": 7, \"minor\": $MINOR, \"rate\": $rate}]}}"
	background
	is "$file" "7:$MINOR $rate"
	slow=$(milliseconds zrun exec "$ID" "$@")
	echo "with the limit: $slow ms"
	[ "$slow" -ge 1000 ]
	zrun update -r - "$ID" <<<"{\"blockIO\":{\"$field\":[{\"major\":7,\"minor\":$MINOR,\"rate\":0}]}}"
	is "$file" ""
	[ "$(milliseconds zrun exec "$ID" "$@")" -lt "$slow" ]
}

@test "blockIO.throttleWriteBpsDevice" {
	v1 blkio
	throttled throttleWriteBpsDevice blkio.throttle.write_bps_device 2097152 dd if=/dev/zero of=/dev/disk bs=1M count=4 oflag=direct
}
@test "blockIO.throttleReadBpsDevice" {
	v1 blkio
	throttled throttleReadBpsDevice blkio.throttle.read_bps_device 2097152 dd if=/dev/disk of=/dev/null bs=1M count=4 iflag=direct
}
@test "blockIO.throttleWriteIOPSDevice" {
	v1 blkio
	throttled throttleWriteIOPSDevice blkio.throttle.write_iops_device 50 dd if=/dev/zero of=/dev/disk bs=4k count=100 oflag=direct
}
@test "blockIO.throttleReadIOPSDevice" {
	v1 blkio
	throttled throttleReadIOPSDevice blkio.throttle.read_iops_device 50 dd if=/dev/disk of=/dev/null bs=4k count=100 iflag=direct
}

@test "blockIO.weight, weightDevice: in the files of the scheduler that has weights, else refused by name; leafWeight likewise" {
	v1 blkio
	disk
	grep -q bfq "/sys/block/${LOOP##*/}/queue/scheduler" && echo bfq >"/sys/block/${LOOP##*/}/queue/scheduler"
	local device="[{\"major\":7,\"minor\":$MINOR,\"weight\":250}]" before
	before=$(jq .linux.resources "$BUNDLE/config.json")
	resources '{"blockIO": {"weight": 300}}'
	background
	if [ "$(status)" = running ]; then
		[[ "$(limit blkio.bfq.weight)$(limit blkio.weight)" == *300* ]]
		zrun delete -f "$ID"
		resources "{\"blockIO\": {\"weight\": 300, \"weightDevice\": $device}}"
		background
		[[ "$(limit blkio.bfq.weight_device)$(limit blkio.weight_device)" == *"7:$MINOR 250"* ]]
		zrun delete -f "$ID"
	else
		refused . blockIO.weight
		resources "{\"blockIO\": {\"weightDevice\": $device}}"
		refused . blockIO.weightDevice
	fi
	config '.linux.resources = $r' --argjson r "$before"
	if [ ! -e /sys/fs/cgroup/blkio/blkio.leaf_weight ]; then
		refused '.linux.resources.blockIO = {"leafWeight": 300}' blockIO.leafWeight
		refused ".linux.resources.blockIO = {\"weightDevice\": [{\"major\":7,\"minor\":$MINOR,\"leafWeight\":300}]}" blockIO.weightDevice
	fi
}

# --- the others ------------------------------------------------------------------------------------------------------

@test "hugepageLimits: the kernel refuses more, and counts the refusal" {
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages of 2 MB"
	python 'import mmap, sys
try:
    mmap.mmap(-1, int(sys.stdin.readline()) << 20, flags=0x40022)
    print("mapped")
except OSError as e:
    print(e.strerror)
sys.stdin.readline()'
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	mkfifo "$TOP/in"
	zrun run -d -b "$BUNDLE" "$ID" <>"$TOP/in" >"$TOP/out" 2>&1 3>&-
	found=
	for file in hugetlb.2MB.rsvd.max hugetlb.2MB.max hugetlb.2MB.rsvd.limit_in_bytes hugetlb.2MB.limit_in_bytes; do
		[ -z "$(limit $file)" ] || { is $file 4194304; found+=" $file"; }
	done
	[ -n "$found" ]
	# without a single page on this host everything is refused, but only what the limit refuses is counted
	echo 8 >"$TOP/in"
	until_true 10 grep -q . "$TOP/out"
	[ "$(cat "$TOP/out")" = "Cannot allocate memory" ]
	if [ -n "$(limit hugetlb.2MB.events)" ]; then [ "$(counter max hugetlb.2MB.events)" = 1 ]; else [ "$(limit hugetlb.2MB.rsvd.failcnt)" = 1 ]; fi
	zrun delete -f "$ID"
	zrun run -d -b "$BUNDLE" "$ID" <>"$TOP/in" >"$TOP/out" 2>&1 3>&-
	echo 4 >"$TOP/in"
	until_true 10 grep -q . "$TOP/out"
	if [ -n "$(limit hugetlb.2MB.events)" ]; then [ "$(counter max hugetlb.2MB.events)" = 0 ]; else [ "$(limit hugetlb.2MB.rsvd.failcnt)" = 0 ]; fi
	zrun delete -f "$ID"
	refused '.linux.resources.hugepageLimits = [{"pageSize": "3MB", "limit": 0}]' hugepageLimits
}

@test "unified: the kernel's file has it, and holds the container to it; what v1 has is refused" {
	[ -e /sys/fs/cgroup/unified/cgroup.controllers ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "no cgroup v2 here"
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.resources.unified = {"cgroup.max.descendants": "2"}'
	background
	is cgroup.max.descendants 2
	dir=$(awk -F: '$1 == 0 {print $3}' "/proc/$(zrun state "$ID" | jq .pid)/cgroup")
	for top in /sys/fs/cgroup/unified /sys/fs/cgroup; do [ ! -e "$top$dir/cgroup.max.descendants" ] || break; done
	mkdir "$top$dir/a" "$top$dir/b"
	run mkdir "$top$dir/c"
	rmdir "$top$dir/a" "$top$dir/b"
	[ "$status" != 0 ]
	[[ "$output" == *"Resource temporarily unavailable"* ]]
	zrun delete -f "$ID"
	refused '.linux.resources.unified = {"nosuch.max": "5"}' nosuch
	refused '.linux.resources.unified = {"cgroup.max.descendants": "many"}' cgroup.max.descendants
	[ ! -d /sys/fs/cgroup/memory ] || refused '.linux.resources.unified = {"memory.high": "50000000"}' memory
}

@test "rdma, network: without the controller each is refused by name, and nothing is left" {
	local n=0
	mounted() { grep -qw "$1" /sys/fs/cgroup/cgroup.controllers 2>/dev/null || findmnt -rno OPTIONS -t cgroup | grep -qwE "$1"; }
	mounted rdma || { refused '.linux.resources.rdma = {"mlx5_1": {"hcaHandles": 3}}' rdma; refused '.linux.resources.rdma = {"mlx5_1": {"hcaObjects": 3}}' rdma; n=1; }
	mounted net_cls || { refused '.linux.resources.network = {"classID": 5}' network.classID; n=1; }
	mounted net_prio || { refused '.linux.resources.network = {"priorities": [{"name": "lo", "priority": 1}]}' network.priorities; n=1; }
	[ $n = 1 ] || skip "this host has them all"
}

# --- when -------------------------------------------------------------------------------------------------------------

# order FIRST SECOND: patterns of the trace, and which comes first
order() { [ "$(grep -nEm 1 "$1" "$TOP/trace" | cut -d: -f1)" -lt "$(grep -nEm 1 "$2" "$TOP/trace" | cut -d: -f1)" ] || { echo "not in this order: $1, $2"; cat "$TOP/trace"; false; }; }

@test "hybrid: init prepares itself beside the directories of v1, and is in them before hooks and program; with a limit of memory it begins in them" {
	v1 pids
	[ -d /sys/fs/cgroup/unified ] || skip "no hybrid host"
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	hooked() { config '.hooks.createRuntime = [{"path":"/bin/sh","args":["sh","-c","cat /proc/$(jq .pid)/cgroup >\($f)"]}]' --arg f "$TOP/seen"; }
	everywhere() { # FILE: a list of cgroups, each one the container's
		[ -s "$1" ]
		if grep -v "/$ID\$" "$1"; then false; fi
	}
	traced() { strace -f -qq -s 16 -e trace=clone3,mkdirat,write,move_mount,pivot_root,unshare,execve -o "$TOP/trace" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID" >"$TOP/inside" && enters="^$(sed -nE 's/^([0-9]+) .*execve\("\/bin\/sh".*/\1/p' "$TOP/trace" | tail -1) .*write\\([0-9]+, \"0\", 1"; }
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	script 'cat /proc/self/cgroup'
	traced
	everywhere "$TOP/inside"
	order 'clone3.*NEWPID' "mkdirat.*/pids/$ID"
	order "mkdirat.*/pids/$ID" "$enters"
	order 'write\([0-9]+, "c 1:3 rwm"' "$enters" # the limits come first
	order "$enters" 'execve\("/bin/sh"'
	hooked
	traced
	everywhere "$TOP/inside"
	everywhere "$TOP/seen"
	config 'del(.hooks)'
	resources '{"memory": {"limit": 104857600}}'
	traced
	everywhere "$TOP/inside"
	order "mkdirat.*/pids/$ID" 'clone3.*NEWPID'
	order "$enters" 'move_mount'
}

@test "hybrid: somebody lives in a directory of v1 that is made beside init: an error, nothing is left, and they live on" {
	v1 pids
	mkdir "/sys/fs/cgroup/pids/$ID"
	sleep 100 3>&- &
	stranger=$!
	echo $stranger >"/sys/fs/cgroup/pids/$ID/cgroup.procs"
	runs true
	echo $stranger >/sys/fs/cgroup/pids/cgroup.procs
	rmdir "/sys/fs/cgroup/pids/$ID"
	kill -0 $stranger
	kill $stranger
	[ "$status" = 1 ]
	[[ "$output" == *"create the cgroup: container's cgroup is not empty: 1 process(es) found"* ]]
	[ -z "$(zrun list -q)" ]
	[ -z "$(pgrep -f "$TOP/bundle")" ]
}

@test "a create that is killed before it has looked who lives in its directory of v1: delete leaves them alone" {
	v1 pids
	mkdir "/sys/fs/cgroup/pids/$ID"
	sleep 100 3>&- &
	stranger=$!
	echo $stranger >"/sys/fs/cgroup/pids/$ID/cgroup.procs"
	strace -qq -o /dev/null -e trace=clone3 -e inject=clone3:signal=KILL:when=1 "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID" 3>&- || true
	named=$(jq -r '.cgroup.parts[].path' "$TOP/run/$ID/state.json" || true)
	zrun delete -f "$ID"
	lives=$(grep '^State' "/proc/$stranger/status")
	echo $stranger >/sys/fs/cgroup/pids/cgroup.procs || true
	rmdir "/sys/fs/cgroup/pids/$ID"
	kill $stranger
	[ -n "$named" ] && [[ "$lives" != *Z* ]]
	[ ! -e "/sys/fs/cgroup/unified/$ID" ]
}

@test "hybrid: a create that fails before it has looked who lives in its directory of v1 leaves them alone" {
	v1 pids
	mkdir "/sys/fs/cgroup/pids/$ID"
	sleep 100 3>&- &
	stranger=$!
	echo $stranger >"/sys/fs/cgroup/pids/$ID/cgroup.procs"
	config '.mounts += [{"destination": "/data", "source": "/nonexistent", "type": "none", "options": ["bind"]}]'
	run zrun create -b "$BUNDLE" "$ID"
	lives=$(grep '^State' "/proc/$stranger/status")
	echo $stranger >/sys/fs/cgroup/pids/cgroup.procs || true
	rmdir "/sys/fs/cgroup/pids/$ID"
	kill $stranger
	[ "$status" = 1 ] && [[ "$output" == */nonexistent* ]]
	[[ "$lives" != *Z* ]]
	[ ! -e "/sys/fs/cgroup/unified/$ID" ]
}

# two containers with one cgroup: the second may take it when the first has ended
shared_path() { # PATH
	config '.linux.cgroupsPath = $p' --arg p "$1"
	background
}

@test "a container that has ended and whose cgroup another one uses now: kill --all and delete do not touch that one" {
	shared_path "/$ID"
	zrun kill "$ID" KILL
	until [ "$(status)" = stopped ]; do sleep 0.1; done
	zrun run -d -b "$BUNDLE" "$ID-2" </dev/null >/dev/null 2>&1 3>&-
	zrun kill --all "$ID" KILL
	[ "$(zrun state "$ID-2" | jq -r .status)" = running ]
	run timeout 5 "$BUILD/zrun" --root "$TOP/run" delete "$ID"
	echo "$status: $output"
	[ "$status" = 0 ]
	[ "$(zrun state "$ID-2" | jq -r .status)" = running ]
	zrun delete -f "$ID-2"
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")" ]
}

@test "a process of nobody's in the cgroup of a container that has ended is told by delete, not killed" {
	background
	zrun kill "$ID" KILL
	until [ "$(status)" = stopped ]; do sleep 0.1; done
	sleep 100 3>&- &
	stranger=$!
	echo $stranger >"$(find /sys/fs/cgroup -maxdepth 3 -name "$ID" | head -n 1)/cgroup.procs"
	run zrun delete "$ID"
	echo "$status: $output"
	kill $stranger
	[[ "$status" = 1 && "$output" == *"process $stranger "* ]]
	wait $stranger || true
	zrun delete "$ID"
}

@test "the same without a pid namespace of their own: the cgroup is the last one's, and goes with the last" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	for path in "/$ID" "/$ID/x"; do
		for first in "$ID" "$ID-2"; do
			shared_path "$path"
			zrun kill "$ID" KILL
			until [ "$(status)" = stopped ]; do sleep 0.1; done
			zrun run -d -b "$BUNDLE" "$ID-2" </dev/null >/dev/null 2>&1 3>&-
			zrun kill --all "$ID" KILL
			[ "$(zrun state "$ID-2" | jq -r .status)" = running ]
			if [ "$first" = "$ID" ]; then
				zrun delete "$ID"
				[ "$(zrun state "$ID-2" | jq -r .status)" = running ]
				zrun delete -f "$ID-2"
			else
				zrun delete -f "$ID-2"
				zrun delete "$ID"
			fi
			[ -z "$(zrun list -q)" ]
			[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")" ]
		done
	done
}

@test "a container that is paused or frozen is deleted by force without a signal to its whole cgroup" {
	background
	zrun exec -d "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	zrun pause "$ID"
	zrun delete -f "$ID"
}

@test "a create that is killed before it makes its directory below a folder of ours: delete leaves who lives there alone" {
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	shared_path "/$ID/x"
	dir=$(find /sys/fs/cgroup -maxdepth 3 -path "*/$ID/x" | grep -m 1 -e unified -e '^/sys/fs/cgroup/t-')
	strace -qq -o /dev/null -P "$dir" -e trace=mkdirat -e inject=mkdirat:signal=KILL:when=1 "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID-2" </dev/null 3>&- || true
	[ "$(jq .cgroup.planned "$TOP/run/$ID-2/state.json")" = true ]
	zrun delete -f "$ID-2"
	[ "$(status)" = running ]
}

@test "a create that cannot write its record when its cgroup is made leaves no directory behind" {
	v1 pids
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	config '.linux.resources.memory.limit = 104857600 | .linux.cgroupsPath = $p' --arg p "/$ID"
	mkdir "/sys/fs/cgroup/pids/$ID"
	run strace -qq -o /dev/null -e trace=renameat,renameat2,rename -e inject=renameat,renameat2,rename:error=EIO:when=2 "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID" </dev/null 3>&-
	rmdir "/sys/fs/cgroup/pids/$ID"
	left=$(find /sys/fs/cgroup -maxdepth 2 -name "$ID")
	for dir in $left; do rmdir "$dir"; done
	[ "$status" = 1 ] && [[ "$output" == *"Input/output error"* ]]
	[ -z "$left" ]
}

@test "kill --all: who has left the cgroup before the signal is not sent it" {
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	background
	zrun exec -d --pid-file "$TOP/pid" "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	strace -qq -o /dev/null -e trace=kill,pidfd_open -e inject=kill:delay_enter=1500000 -e inject=pidfd_open:delay_exit=1500000 "$BUILD/zrun" --root "$TOP/run" kill --all "$ID" TERM 3>&- &
	killer=$!
	sleep 0.7
	for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do
		[ ! -e "$f" ] || cat "$TOP/pid" >"$f"
	done
	wait $killer
	kill -0 "$(cat "$TOP/pid")"
	grep '^State' "/proc/$(cat "$TOP/pid")/status" | grep -v Z
	zrun exec -d --pid-file "$TOP/pid2" "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	zrun kill --all "$ID" TERM # who is in there gets it
	for _ in $(seq 50); do [ -e "/proc/$(cat "$TOP/pid2")" ] || break; sleep 0.1; done
	[ ! -e "/proc/$(cat "$TOP/pid2")" ]
}
