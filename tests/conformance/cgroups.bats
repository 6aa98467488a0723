#!/usr/bin/env bats
# linux.resources, each section with an absolute and with a relative cgroupsPath. Where this host lacks what a case needs, the lack is checked, and that the request is refused by name.
# shellcheck disable=SC2016
load helper

# at KIND: the container's cgroup is "absolute" or "relative"
at() {
	local path=/$ID-cg
	[ "$1" = absolute ] || path=$ID-cg
	config '.linux.cgroupsPath = $p' --arg p "$path"
}

# dir CONTROLLER: the directory of the container's cgroup, in the hierarchy of this controller or else in the unified one
dir() {
	local line top=/sys/fs/cgroup
	if line=$(grep -E "^[0-9]+:([^:]*,)?$1(,[^:]*)?:" "/proc/$PID/cgroup"); then
		echo "$top/$(cut -d: -f2 <<<"$line")$(cut -d: -f3 <<<"$line")"
	else
		[ ! -d $top/unified ] || top+=/unified
		echo "$top$(sed -n 's/^0:://p' "/proc/$PID/cgroup")"
	fi
}

# has_v1 CONTROLLER: this host limits it through cgroup v1
has_v1() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || return 1
	grep -qE "^[0-9]+:([^:]*,)?$1(,[^:]*)?:" /proc/self/cgroup
}

# is CONTROLLER FILE VALUE
is() {
	[ "$(cat "$(dir "$1")/$2")" = "$3" ] || { echo "$2 is \"$(cat "$(dir "$1")/$2")\" instead of \"$3\""; return 1; }
}

# has_line CONTROLLER FILE LINE
has_line() { grep -qx "$3" "$(dir "$1")/$2" || { echo "no \"$3\" in $2:"; cat "$(dir "$1")/$2"; return 1; }; }

made() {
	script true
	create
	PID=$(pid_of)
	[[ "$(dir pids)" == */"$ID-cg" ]]
}

# --- cpus ---------------------------------------------------------------------------------------------------------

cpu_values() { # SHARES PERIOD QUOTA CPUS
	if has_v1 cpu; then
		is cpu cpu.shares "$1"
		is cpu cpu.cfs_period_us "$2"
		is cpu cpu.cfs_quota_us "$3"
	else
		is cpu cpu.max "$3 $2"
	fi
	is cpuset cpuset.cpus "$4"
	is cpuset cpuset.mems 0
}

@test "linux_cgroups_cpus: shares, period, quota, cpus and mems in all combinations" {
	local all
	all=$(cat /sys/devices/system/cpu/online)
	at absolute
	for shares in 1024 2048; do
		for period in 100000 500000; do
			for quota in 50000 200000; do
				for cpus in 0 "$all"; do
					config '.linux.resources.cpu = {"shares":$s,"period":$p,"quota":$q,"cpus":$c,"mems":"0"}' --argjson s $shares --argjson p $period --argjson q $quota --arg c "$cpus"
					made
					cpu_values $shares $period $quota "$cpus"
					zrun delete -f "$ID"
				done
			done
		done
	done
}

@test "linux_cgroups_cpus: real time, where the kernel shares it out" {
	at absolute
	if has_v1 cpu && ls /sys/fs/cgroup/cpu*/cpu.rt_runtime_us >/dev/null; then
		config '.linux.resources.cpu = {"realtimePeriod":1000000,"realtimeRuntime":10000}'
		made
		is cpu cpu.rt_period_us 1000000
		is cpu cpu.rt_runtime_us 10000
	else
		refused '.linux.resources.cpu = {"realtimePeriod":1000000,"realtimeRuntime":10000}' cpu.realtime
	fi
}

@test "linux_cgroups_cpus: an empty object changes nothing" {
	at absolute
	config '.linux.resources.cpu = {}'
	made
	if has_v1 cpu; then
		is cpu cpu.shares 1024
		is cpu cpu.cfs_period_us 100000
		is cpu cpu.cfs_quota_us -1
	else
		[[ "$(cat "$(dir cpu)/cpu.max" 2>/dev/null || echo max)" == max* ]]
	fi
}

@test "linux_cgroups_relative_cpus: the same with a relative path" {
	local all
	all=$(cat /sys/devices/system/cpu/online)
	at relative
	config '.linux.resources.cpu = {"shares":1024,"period":100000,"quota":50000,"cpus":$c,"mems":"0"}' --arg c "$all"
	made
	cpu_values 1024 100000 50000 "$all"
}

# --- memory -------------------------------------------------------------------------------------------------------

memory_values() { # LIMIT SWAPPINESS
	if ! has_v1 memory; then
		config '.linux.resources.memory = {"limit":$l,"reservation":$l,"swap":$l}' --argjson l "$1"
		made
		is memory memory.max "$1"
		is memory memory.low "$1"
		[ ! -e "$(dir memory)/memory.swap.max" ] || is memory memory.swap.max 0
		return
	fi
	config '.linux.resources.memory = {"limit":$l,"reservation":$l,"swap":$l,"kernelTCP":$l,"swappiness":$s,"disableOOMKiller":true}' --argjson l "$1" --argjson s "$2"
	made
	is memory memory.limit_in_bytes "$1"
	is memory memory.soft_limit_in_bytes "$1"
	is memory memory.memsw.limit_in_bytes "$1"
	is memory memory.kmem.tcp.limit_in_bytes "$1"
	is memory memory.swappiness "$2"
	has_line memory memory.oom_control "oom_kill_disable 1"
}

# The case also wants memory.kernel back from the kernel, which has not kept it since 5.16: reason "host" in docs/conformance.md.
no_kernel_memory() {
	local file
	config '.linux.resources.memory = {"kernel":50593792}'
	made
	[[ "$(cat "$TOP/err")" == *"warning: linux.resources.memory.kernel is left out"* ]]
	file=$(dir memory)/memory.kmem.limit_in_bytes
	if [ -e "$file" ]; then
		echo 50593792 >"$file" 2>/dev/null || true
		[ "$(cat "$file")" != 50593792 ]
	fi
}

@test "linux_cgroups_memory: limit, reservation, swap, kernelTCP, swappiness and disableOOMKiller in all combinations" {
	at absolute
	for limit in 50593792 151781376; do
		for swappiness in 10 50 100; do
			memory_values $limit $swappiness
			zrun delete -f "$ID"
		done
	done
}

@test "linux_cgroups_memory: a limit of kernel memory is not kept by this kernel, and a warning says that it is left out" {
	at absolute
	no_kernel_memory
}

@test "linux_cgroups_memory: kernelTCP of a living container is changed by update" {
	at absolute
	made
	if has_v1 memory; then
		zrun update --kernel-memory-tcp 64m "$ID"
		is memory memory.kmem.tcp.limit_in_bytes 67108864
	else
		fails zrun update --kernel-memory-tcp 64m "$ID"
		[[ "$output" == *memory.kernelTCP* ]]
	fi
}

@test "linux_cgroups_memory: what cgroup v2 has no file for is refused by name" {
	at absolute
	if ! has_v1 memory; then
		refused '.linux.resources.memory = {"limit":50593792,"swappiness":10}' memory.swappiness
		refused '.linux.resources.memory = {"limit":50593792,"kernelTCP":50593792}' memory.kernelTCP
		refused '.linux.resources.memory = {"limit":50593792,"disableOOMKiller":true}' memory.disableOOMKiller
	else
		[ -e /sys/fs/cgroup/memory/memory.swappiness ]
	fi
}

@test "linux_cgroups_relative_memory: the same with a relative path" {
	at relative
	memory_values 50593792 50
	zrun delete -f "$ID"
	no_kernel_memory
}

# --- pids ---------------------------------------------------------------------------------------------------------

@test "linux_cgroups_pids: the limit" {
	at absolute
	config '.linux.resources.pids.limit = 1000'
	made
	is pids pids.max 1000
}

@test "linux_cgroups_relative_pids: the limit, with a relative path" {
	at relative
	config '.linux.resources.pids.limit = 1000'
	made
	is pids pids.max 1000
}

# --- devices ------------------------------------------------------------------------------------------------------

devices() {
	config '.linux.resources.devices += [{"allow":true,"type":"c","major":10,"minor":229,"access":"rwm"},{"allow":true,"type":"b","major":8,"minor":20,"access":"rw"},{"allow":true,"type":"b","major":10,"minor":200,"access":"r"}]'
	made
	if has_v1 devices; then
		has_line devices devices.list "c 10:229 rwm"
		has_line devices devices.list "b 8:20 rwm\\?" # m comes from the rule that any node may be made
		has_line devices devices.list "b 10:200 rm\\?"
		never grep -q '^a' "$(dir devices)/devices.list"
	fi
	zrun delete "$ID"
	# what is allowed says that there is no such device, what is not says that it is not permitted
	config '.linux.devices = [{"path":"/dev/rw","type":"b","major":8,"minor":20},{"path":"/dev/r","type":"b","major":10,"minor":200},{"path":"/dev/none","type":"b","major":8,"minor":21}]'
	works '(: </dev/rw) 2>&1; (: >/dev/rw) 2>&1; (: </dev/r) 2>&1; (: >/dev/r) 2>&1; (: </dev/none) 2>&1; true'
	for n in 0 1 2; do [[ "${lines[n]}" == *"No such device"* ]]; done
	for n in 3 4; do [[ "${lines[n]}" == *"Operation not permitted"* ]]; done
}

@test "linux_cgroups_devices: three rules are in force and nothing beside them" {
	at absolute
	devices
}

@test "linux_cgroups_relative_devices: three rules, with a relative path" {
	at relative
	devices
}

# --- hugetlb ------------------------------------------------------------------------------------------------------

huge_pages() {
	local kb size n=0 suffix=max limit=2147483648
	has_v1 hugetlb && suffix=limit_in_bytes
	for kb in $(ls /sys/kernel/mm/hugepages | sed 's/^hugepages-//; s/kB$//'); do
		size=$((kb / 1024))MB
		[ "$kb" -lt 1048576 ] || size=$((kb / 1048576))GB
		config '.linux.resources.hugepageLimits = [{"pageSize":$s,"limit":$l}]' --arg s "$size" --argjson l $limit
		made
		is hugetlb "hugetlb.$size.$suffix" $limit
		zrun delete -f "$ID"
		n=$((n + 1))
	done
	[ $n -gt 0 ]
}

@test "linux_cgroups_hugetlb: a limit for each size that the kernel has" {
	at absolute
	huge_pages
}

@test "linux_cgroups_hugetlb: a size that it does not have is an error" {
	at absolute
	refused '.linux.resources.hugepageLimits = [{"pageSize":"3MB","limit":314572800}]' hugetlb.3MB
}

@test "linux_cgroups_relative_hugetlb: the same with a relative path" {
	at relative
	huge_pages
}

# --- blkio --------------------------------------------------------------------------------------------------------

# The case names 8:0, which need not exist: any whole disk of this host will do.
disk() { head -n 1 /sys/block/loop0/dev 2>/dev/null || cat /sys/block/*/dev | head -n 1; }

# The file of a cgroup's weight: the kernel's schedulers bring one of several, or none.
weight_file() {
	local dir
	dir=$(dir "$(has_v1 blkio && echo blkio || echo io)")
	for f in blkio.bfq.weight blkio.weight io.bfq.weight io.weight; do [ ! -e "$dir/$f" ] || { echo "$f"; return; }; done
}

throttles() { # RATE WEIGHT, empty: none
	local d
	d=$(disk)
	config '.linux.resources.blockIO = ({"major":($d | split(":")[0] | tonumber),"minor":($d | split(":")[1] | tonumber),"rate":$r} | {"throttleReadBpsDevice":[.],"throttleWriteBpsDevice":[.],"throttleReadIOPSDevice":[.],"throttleWriteIOPSDevice":[.]})' --arg d "$d" --argjson r "$1"
	[ -z "$2" ] || config '.linux.resources.blockIO.weight = $w' --argjson w "$2"
	made
	if has_v1 blkio; then
		for file in read_bps write_bps read_iops write_iops; do has_line blkio "blkio.throttle.${file}_device" "$d $1"; done
	else
		has_line io io.max "$d rbps=$1 wbps=$1 riops=$1 wiops=$1"
	fi
	[ -z "$2" ] || case $(weight_file) in
	blkio.*) is blkio "$(weight_file)" "$2" ;;
	io.bfq.weight) has_line io io.bfq.weight "default $2" ;;
	io.weight) has_line io io.weight "default $((1 + ($2 - 10) * 9999 / 990))" ;; # from 10..1000 to 1..10000
	esac
}

# throttles with a weight beside them; a kernel without weights must refuse that by name
both() { # RATE WEIGHT
	throttles "$1" ""
	zrun delete -f "$ID"
	made
	local file
	file=$(weight_file)
	zrun delete -f "$ID"
	if [ -n "$file" ]; then
		throttles "$1" "$2"
		zrun delete -f "$ID"
	else
		refused ".linux.resources.blockIO.weight = $2" blockIO.weight
	fi
}

# Leaf weights went with the CFQ scheduler (5.0): reason "host" in docs/conformance.md.
no_leaf_weight() {
	made
	[ -z "$(find "$(dir blkio)" "$(dir io)" -name '*leaf_weight*')" ]
	zrun delete -f "$ID"
	refused '.linux.resources.blockIO = {"leafWeight":300}' blockIO.leafWeight
	refused '.linux.resources.blockIO = {"weightDevice":[{"major":8,"minor":0,"leafWeight":300}]}' leaf
}
# The weight of a device needs the BFQ scheduler on it.
device_weight() {
	local d
	d=$(disk)
	config '.linux.resources.blockIO = {"weightDevice":[{"major":($d | split(":")[0] | tonumber),"minor":($d | split(":")[1] | tonumber),"weight":500}]}' --arg d "$d"
	if grep -q '\[bfq\]' "/sys/dev/block/$d/queue/scheduler"; then
		made
		if has_v1 blkio; then has_line blkio blkio.bfq.weight_device "$d 500"; else has_line io io.bfq.weight "$d 500"; fi
		zrun delete -f "$ID"
	else
		fails zrun create -b "$BUNDLE" "$ID"
		[[ "$output" == *blockIO.weightDevice* ]]
		[ -z "$(zrun list -q)" ]
	fi
	config 'del(.linux.resources.blockIO)'
}

@test "linux_cgroups_blkio: throttles of a device, with and without a weight" {
	at absolute
	for rate in 102400 204800; do both $rate 500; done
}

@test "linux_cgroups_blkio: the weight of a device, where a disk has a scheduler for it; leaf weights are refused by name" {
	at absolute
	device_weight
	no_leaf_weight
}

@test "linux_cgroups_relative_blkio: the same with a relative path" {
	at relative
	both 102400 500
	device_weight
	no_leaf_weight
}

# --- network ------------------------------------------------------------------------------------------------------

# Without a hierarchy of net_cls and net_prio, which cgroup v2 does not have either, no runtime can do this: reason "host" in docs/conformance.md.
network() { # CLASS PRIORITY
	if has_v1 net_cls && has_v1 net_prio; then
		config '.linux.resources.network = {"classID":$c,"priorities":[{"name":"lo","priority":$p}]}' --argjson c "$1" --argjson p "$2"
		made
		is net_cls net_cls.classid "$1"
		has_line net_prio net_prio.ifpriomap "lo $2"
		zrun delete -f "$ID"
	else
		[ -z "$(ls -d /sys/fs/cgroup/*net_cls* /sys/fs/cgroup/*net_prio* 2>/dev/null)" ]
		refused ".linux.resources.network = {\"classID\":$1}" network.classID
		refused ".linux.resources.network = {\"priorities\":[{\"name\":\"lo\",\"priority\":$2}]}" network.priorities
	fi
}

@test "linux_cgroups_network: class and priority, with and without network and user namespaces" {
	at absolute
	cp "$BUNDLE/config.json" "$TOP/plain.json"
	for net in yes no; do
		for user in yes no; do
			cp "$TOP/plain.json" "$BUNDLE/config.json"
			[ $user = no ] || user_namespace
			[ $net = yes ] || config '.linux.namespaces |= map(select(.type != "network"))'
			[ "$net$user" != noyes ] || config '.mounts |= map(if .type == "sysfs" then {"destination":"/sys","type":"none","source":"/sys","options":["rbind","ro"]} else . end)'
			for class in 255 550; do
				for priority in 10 30; do network $class $priority; done
			done
		done
	done
}

@test "linux_cgroups_relative_network: class and priority, with a relative path" {
	at relative
	network 255 10
}
