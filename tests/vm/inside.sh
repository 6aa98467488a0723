#!/bin/bash
# What tests/vm/v2.bats runs in the guest: each check prints what it said as "# ...", then "ok NAME" or "not ok NAME: its last words".
# Emulation is some 25 times slower than the machine: zones are shared by the checks, which stand in the order of a zone's life.
top=/disk/zones tree=${ZONES_TREE:-}
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
mkdir -p $top && chmod 755 /disk $top
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"

field() { zone list --json "$1" | jq -r ".[0].$2"; }
cgroup_of() { echo "/sys/fs/cgroup$(cut -d: -f3- "/proc/$(field "$1" id)/cgroup")"; }
all_zone_cgroups() { find /sys/fs/cgroup -mindepth 1 -type d -name 'zones*'; }
counter() { awk -v key="$1" '$1 == key {print $2}' "$2"; } # KEY FILE

# --- native zones ----------------------------------------------------------------------------------------------------

life() {
	need "this guest has other cgroups than v2" [ "$(cat /proc/self/cgroup)" = "0::/" ]
	zone create -t isolated one cpuShares=100 cappedMemory.physical=48M cappedMemory.swap=48M maxLwps=32
	zone install one
	zone boot one
	[ "$(field one state)" = running ]
	one=$(cgroup_of one)
	need "the zone's init is in $one" [ -d "$one" ]
	need "$one is not the zone's own" [ "${one##*/}" = one ]
	[ "$(zone exec one id -u)" = 0 ]
	need "the zone sees its cgroup as $(zone exec one cat /proc/self/cgroup)" [ "$(zone exec one cat /proc/self/cgroup)" = "0::/" ]
}
zone_has_event() { # NAME EVENT CONDITION
	zone events --json -e "$2" "$1" | jq -e "any(.[]; $3)" >/dev/null
}
limits_are_written() {
	local row file want
	one=$(cgroup_of one)
	for row in memory.max=50331648 memory.swap.max=0 pids.max=32; do
		file=${row%=*} want=${row#*=}
		need "$file is $(cat "$one/$file"), not $want" [ "$(cat "$one/$file")" = "$want" ]
	done
	need "no device program is attached" [ "$(zone info --live one | awk '$1 ~ /devices.bpf$/{print $2}')" = 1 ]
}
sysinfo() { # sysinfo(2) before 6.11, where mappings are looked up in the text of /proc/PID/maps, and before 6.6
	local p
	cp "$(dirname "$0")/../zone/sysinfo.py" "$ZONES_STORAGE_DIR/one/root/srv/"
	need "the zone audit" zone audit -q one
	zone exec one python3 /srv/sysinfo.py agree
	zone exec one python3 /srv/sysinfo.py pointers
	p=$(jq .view $ZONES_RUN_DIR/one/run.json)
	kill -9 "$p"
	[ "$(zone exec one python3 /srv/sysinfo.py words | cut -d' ' -f1)" = 50331648 ]
	p=$(jq .monitor $ZONES_RUN_DIR/one/run.json)
	kill -9 "$p"
	wait_for 10 sh -c "! kill -0 $p 2>/dev/null"
	[ "$(zone exec one python3 /srv/sysinfo.py words | cut -d' ' -f1)" = 50331648 ]
}
view() { # procView: the zone's own /proc/meminfo and its kin, through restarts of the server
	local p m used
	[ "$(zone exec one awk '/^MemTotal/{print $2}' /proc/meminfo)" = 49152 ]
	used=$(($(cat "$(cgroup_of one)/memory.current") / 1024))
	m=$(zone exec one awk '/^MemFree/{print 49152 - $2}' /proc/meminfo)
	need "used: $m, not $used" [ $((m - used)) -lt 4096 ] && need "used: $m, not $used" [ $((used - m)) -lt 4096 ]
	m=$(cut -d. -f1 /proc/uptime)
	need "uptime" [ "$(zone exec one awk -v host="$m" '{print $1 < host - 3}' /proc/uptime)" = 1 ]
	need "load" zone exec one grep -q '^[0-9.]* [0-9.]* [0-9.]* 1/' /proc/loadavg
	need "times" [ "$(zone exec one awk '$1 == "cpu" {print ($2 + $4 > 0)}' /proc/stat)" = 1 ]
	p=$(jq .view $ZONES_RUN_DIR/one/run.json)
	kill -9 "$p"
	[ "$(zone exec one awk '/^MemTotal/{print $2}' /proc/meminfo)" = 49152 ]
	# this kernel clones only what is mounted: the way through a copy of the mount namespace, on top of a dead one
	m=$(jq .monitor $ZONES_RUN_DIR/one/run.json)
	p=$(jq .view $ZONES_RUN_DIR/one/run.json)
	kill -9 "$m" "$p"
	wait_for 10 sh -c "! kill -0 $m 2>/dev/null && ! kill -0 $p 2>/dev/null"
	[ "$(zone exec one awk '/^MemTotal/{print $2}' /proc/meminfo)" = 49152 ]
}
stat_of() { # zone stat
	local all cg
	cg=$(cgroup_of one)
	all=$(zone stat --json -z one)
	need "$all" [ "$(jq '.[0].memoryBytes > 0 and .[0].processes > 0 and .[0].memoryLimitBytes == 50331648' <<<"$all")" = true ]
	need "$all" [ $(($(jq '.[0].memoryBytes' <<<"$all") - $(cat "$cg/memory.current"))) -lt 8388608 ]
	zone capacity >/dev/null
	zone stat -r memory,cpu -R total -z one 1 2 | grep -q 'total, memory'
}
memory() {
	local rc=0 before
	one=$(cgroup_of one)
	before=$(counter oom_kill "$one/memory.events")
	zone exec one python3 -c 'a = []
while True: a.append(b"x" * (2 << 20))' || rc=$?
	need "status $rc" [ $rc = 137 ]
	need "no oom_kill was counted" [ "$(counter oom_kill "$one/memory.events")" -gt "$before" ]
	sleep 0.5
	need "no event names the victim" zone_has_event one oom '.data.victim.command == "python3"'
	[ "$(field one state)" = running ]
	[ "$(zone exec one python3 -c 'b"x" * (8 << 20); print("fits")')" = fits ]
}
lwps() {
	local said n
	one=$(cgroup_of one)
	said=$(zone exec one python3 -c '
import os, time
n = 0
try:
    while n < 100:
        if os.fork() == 0:
            time.sleep(5); os._exit(0)
        n += 1
except OSError as e:
    print(n, e)
')
	n=${said%% *}
	need "forked $said" [ "$n" -gt 5 ]
	need "forked $n" [ "$n" -lt 32 ]
	need "no refusal was counted" [ "$(counter max "$one/pids.events")" -gt 0 ]
	sleep 0.5 # far below what a host with cgroup v1 takes, which must be asked
	need "no event tells of it" zone_has_event one limit '.data.refused > 0 and .data.limit == 32'
}
applying() {
	local cg rc=0 cache
	mkdir -p $top/shown && echo "of the host" >$top/shown/file
	zone create -t isolated live cappedMemory.physical=96M cappedMemory.swap=96M maxLwps=32
	zone install live
	zone boot live
	cg=$(cgroup_of live)
	# page cache is given back for a lower cap
	zone exec live sh -c 'dd if=/dev/zero of=/var/big bs=1M count=60 2>/dev/null'
	cache=$(cat "$cg/memory.current")
	need "only $cache bytes in use" [ "$cache" -gt $((48 << 20)) ]
	zone set live cappedMemory.physical=32M cappedMemory.swap=64M cappedCPU.ncpus=0.5 cpuShares=200 maxLwps=16 'device=[{"match":"/dev/fuse"}]'
	zone add live fs dir=/data special=$top/shown type=lofs options=ro
	zone apply live || rc=$?
	need "apply ended with $rc" [ $rc = 0 ]
	need "memory.max is $(cat "$cg/memory.max")" [ "$(cat "$cg/memory.max")" = $((32 << 20)) ]
	need "memory.swap.max is $(cat "$cg/memory.swap.max")" [ "$(cat "$cg/memory.swap.max")" = $((32 << 20)) ]
	need "cpu.max is $(cat "$cg/cpu.max")" [ "$(cat "$cg/cpu.max")" = "50000 100000" ]
	need "cpu.weight is $(cat "$cg/cpu.weight")" [ "$(cat "$cg/cpu.weight")" -gt 100 ]
	need "pids.max is $(cat "$cg/pids.max")" [ "$(cat "$cg/pids.max")" = 16 ]
	need "no oom" [ "$(awk '$1 == "oom_kill" {print $2}' "$cg/memory.events")" = 0 ]
	[ "$(zone exec live cat /data/file)" = "of the host" ]
	[ "$(field live pending)" = false ]
	# what programs hold is not taken from them
	zone exec live python3 -c 'import time; a = bytearray(b"x") * (20 << 20); print("full", flush=True); time.sleep(60)' >$top/out &
	while ! grep -q full $top/out; do sleep 0.2; done
	zone set live cappedMemory.physical=8M cappedMemory.swap=8M cappedCPU.ncpus=0.25
	rc=0
	zone apply live 2>$top/err || rc=$?
	need "apply below the use ended with $rc" [ $rc = 1 ]
	need "it said $(cat $top/err)" grep -q 'cappedMemory.physical: .*in use now' $top/err
	need "memory.max is $(cat "$cg/memory.max")" [ "$(cat "$cg/memory.max")" = $((32 << 20)) ]
	need "cpu.max is $(cat "$cg/cpu.max")" [ "$(cat "$cg/cpu.max")" = "50000 100000" ]
	need "somebody was killed" [ "$(awk '$1 == "oom_kill" {print $2}' "$cg/memory.events")" = 0 ]
	zone clear live cappedCPU cappedMemory cpuShares device fs
	zone apply live
	need "cpu.max is $(cat "$cg/cpu.max")" [ "$(cat "$cg/cpu.max")" = "max 100000" ]
	need "memory.swap.max is $(cat "$cg/memory.swap.max")" [ "$(cat "$cg/memory.swap.max")" = max ]
	need "cpu.weight is $(cat "$cg/cpu.weight")" [ "$(cat "$cg/cpu.weight")" = 100 ]
	zone halt live
	zone delete -F live
}
freeze_and_thaw() {
	local one a b
	one=$(cgroup_of one)
	zone exec one timeout 60 sh -c 'while :; do :; done' &
	sleep 1
	zone freeze one
	[ "$(counter frozen "$one/cgroup.events")" = 1 ]
	a=$(counter usage_usec "$one/cpu.stat")
	sleep 1
	b=$(counter usage_usec "$one/cpu.stat")
	need "a frozen zone went on: $a $b" [ "$a" = "$b" ]
	zone thaw one
	[ "$(counter frozen "$one/cgroup.events")" = 0 ]
	sleep 1
	need "a thawed zone stands still" [ "$(counter usage_usec "$one/cpu.stat")" -gt "$b" ]
	pkill -f '^timeout 60 sh'
	wait
}

network() {
	zone create two cpuShares=300 'service.command=["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]'
	zone install two
	mkdir -p $top/storage/two/root/srv
	echo page >$top/storage/two/root/srv/index.html
	zone boot two
	ip=$(field two ip)
	ip=${ip%%/*}
	need "no address: $ip" [ -n "${ip#-}" ]
	wait_for 20 busybox wget -qO- "http://$ip:8080/"
	[ "$(busybox wget -qO- "http://$ip:8080/")" = page ]
	zone exec two ip route | grep default
	need "no table of nftables" [ -n "$(nft list tables)" ]
}
shares() { # both cores are wanted by both zones: the kernel divides by weight
	local a b zone one two want
	one=$(cgroup_of one) two=$(cgroup_of two)
	need "weights $(cat "$one/cpu.weight") and $(cat "$two/cpu.weight")" [ "$(cat "$two/cpu.weight")" -gt "$(cat "$one/cpu.weight")" ]
	for zone in one two one two; do
		zone exec $zone sh -c 'end=$(($(date +%s) + 10)); while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; done' &
	done
	sleep 4
	a=$(counter usage_usec "$one/cpu.stat") b=$(counter usage_usec "$two/cpu.stat")
	sleep 4
	a=$(($(counter usage_usec "$one/cpu.stat") - a)) b=$(($(counter usage_usec "$two/cpu.stat") - b))
	wait
	want=$(($(cat "$two/cpu.weight") * 100 / $(cat "$one/cpu.weight")))
	echo "used $a and $b us, want two/one about $want %"
	need "used $a and $b us, want two/one about $want %" [ $((b * 100)) -gt $((a * want * 11 / 20)) ]
	need "used $a and $b us, want two/one about $want %" [ $((b * 100)) -lt $((a * want * 9 / 5)) ]
}
cpu_cap() {
	local cg a t
	zone create -t isolated capped cappedCPU.ncpus=0.4
	zone install capped
	zone boot capped
	cg=$(cgroup_of capped)
	need "cpu.max is $(cat "$cg/cpu.max")" [ "$(cat "$cg/cpu.max")" = "40000 100000" ]
	for _ in 1 2; do zone exec capped timeout 7 sh -c 'while :; do :; done' & done
	sleep 2
	t=$(tr -d . </proc/uptime | cut -d' ' -f1)
	a=$(counter usage_usec "$cg/cpu.stat")
	sleep 4
	a=$(($(counter usage_usec "$cg/cpu.stat") - a))
	t=$((($(tr -d . </proc/uptime | cut -d' ' -f1) - t) * 10000)) # a busy host makes the sleep longer
	wait
	need "used $a us in $t us" [ $((a * 20)) -lt $((t * 11)) ]
	need "used $a us in $t us" [ $((a * 5)) -gt $t ]
	need "never throttled" [ "$(counter nr_throttled "$cg/cpu.stat")" -gt 0 ]
}
# The kernel tells of every process that is moved between cgroups; one that is born in its cgroup is not moved.
born_inside() {
	local t=/sys/kernel/tracing
	[ -e $t/trace ] || mount -t tracefs tracefs $t
	zone halt capped
	echo 1 >$t/events/cgroup/cgroup_attach_task/enable
	echo >$t/trace
	zone boot capped
	zone exec capped true
	echo 0 >$t/events/cgroup/cgroup_attach_task/enable
	mkdir /sys/fs/cgroup/probe
	grep -v '^#' $t/trace || true
	need "moved: $(grep -m 1 cgroup_attach_task: $t/trace)" [ "$(grep -c 'dst_path=.*/capped' $t/trace)" = 0 ]
	echo 1 >$t/events/cgroup/cgroup_attach_task/enable # and it would have told
	sh -c 'echo $$ >/sys/fs/cgroup/probe/cgroup.procs'
	echo 0 >$t/events/cgroup/cgroup_attach_task/enable
	wait_for 5 rmdir /sys/fs/cgroup/probe
	need "the kernel does not trace moves" grep -q 'dst_path=/probe' $t/trace
}
halt_and_delete() {
	local zone
	for zone in capped two; do zone halt $zone; done
	[ "$(field two state)" = installed ]
	one=$(cgroup_of one)
	zone halt one
	need "$one is still there" [ ! -e "$one" ]
	need "left: $(all_zone_cgroups)" [ -z "$(all_zone_cgroups)" ]
	for zone in one two capped; do zone delete -F $zone; done
	need "left: $(find $top/run -mindepth 1 -maxdepth 1 -type d ! -name '.*')" [ -z "$(find $top/run -mindepth 1 -maxdepth 1 -type d ! -name '.*')" ]
	need "links left: $(ip -br link)" [ -z "$(ip -o link | grep -E ': (zv|zbr)')" ]
	need "processes left" [ -z "$(pgrep -f 'zone monitor|zone-init')" ]
}

# --- OCI containers --------------------------------------------------------------------------------------------------

oci() {
	local b=$top/bundle cg row
	mkdir -p $b/rootfs/{bin,proc,dev,sys,tmp} && cd $b || return 1
	cp "$(type -P busybox)" rootfs/bin/busybox && ln -s busybox rootfs/bin/sh
	zrun spec
	jq '.process.terminal = false | .process.args = ["sh", "-c", "while :; do busybox sleep 1; done"] | .linux.cgroupsPath = "/zones-oci/c1"
		| .linux.resources += {"memory": {"limit": 33554432, "swap": 67108864, "reservation": 16777216}, "pids": {"limit": 20},
			"cpu": {"shares": 2048, "quota": 50000, "period": 100000, "cpus": "0"}, "unified": {"memory.high": "30000000"}}' config.json >new && mv new config.json
	zrun --root $top/oci run -d c1 </dev/null
	cg=/sys/fs/cgroup/zones-oci/c1
	for row in memory.max=33554432 memory.swap.max=33554432 memory.low=16777216 memory.high=29999104 pids.max=20 "cpu.max=50000 100000" cpuset.cpus=0; do
		need "${row%=*} is $(cat $cg/"${row%=*}")" [ "$(cat $cg/"${row%=*}")" = "${row#*=}" ]
	done
	zrun --root $top/oci pause c1
	[ "$(zrun --root $top/oci state c1 | jq -r .status)" = paused ]
	[ "$(counter frozen $cg/cgroup.events)" = 1 ]
	zrun --root $top/oci resume c1
	[ "$(zrun --root $top/oci state c1 | jq -r .status)" = running ]
	[ "$(zrun --root $top/oci exec c1 busybox cat /proc/self/cgroup)" = "0::/" ]
	zrun --root $top/oci delete -f c1
	need "the cgroup is still there" [ ! -e $cg ]
}

# Every field of linux.resources that this kernel has a file for; what it has none for is refused by name.
oci_files() {
	local cg=/sys/fs/cgroup/zones-oci/c2 disk row field
	cd $top/bundle || return 1
	disk=$(stat -c '%Hr %Lr' /dev/vda)
	jq --argjson a "${disk% *}" --argjson b "${disk#* }" '.linux.cgroupsPath = "/zones-oci/c2" | .linux.resources = {"devices": .linux.resources.devices,
		"cpu": {"idle": 1, "mems": "0", "quota": 50000, "burst": 20000},
		"blockIO": {"weight": 300, "throttleReadBpsDevice": [{"major": $a, "minor": $b, "rate": 1048576}], "throttleWriteBpsDevice": [{"major": $a, "minor": $b, "rate": 2097152}],
			"throttleReadIOPSDevice": [{"major": $a, "minor": $b, "rate": 100}], "throttleWriteIOPSDevice": [{"major": $a, "minor": $b, "rate": 200}]},
		"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' config.json >c2.json
	[ -e /sys/fs/cgroup/cgroup.controllers ] && cat /sys/fs/cgroup/cgroup.controllers
	for field in blockIO hugepageLimits; do # a kernel may lack these controllers
		zrun --root $top/oci create --config c2.json c2 </dev/null && break
		jq "del(.linux.resources.$field)" c2.json >new && mv new c2.json
	done
	[ -d $cg ] || zrun --root $top/oci create --config c2.json c2 </dev/null
	for row in cpu.idle=1 cpuset.mems=0 cpu.max.burst=20000; do
		need "${row%=*} is $(cat $cg/"${row%=*}")" [ "$(cat $cg/"${row%=*}")" = "${row#*=}" ]
	done
	if jq -e .linux.resources.blockIO c2.json >/dev/null; then
		need "io.max is $(cat $cg/io.max)" [ "$(cat $cg/io.max)" = "${disk/ /:} rbps=1048576 wbps=2097152 riops=100 wiops=200" ]
		need "io.weight is $(cat $cg/io.weight)" [ "$(cat $cg/io.weight)" = "default 2930" ]
	fi
	if jq -e .linux.resources.hugepageLimits c2.json >/dev/null; then [ "$(cat $cg/hugetlb.2MB.rsvd.max)" = 4194304 ]; fi
	zrun --root $top/oci delete -f c2
	for row in 'x network.classID {"network": {"classID": 5}}' 'x rdma {"rdma": {"mlx5_1": {"hcaHandles": 3}}}' 'x cpu.realtimeRuntime {"cpu": {"realtimeRuntime": 5}}' 'x blockIO.leafWeight {"blockIO": {"leafWeight": 300}}' 'x memory.swappiness {"memory": {"swappiness": 7}}'; do
		row=${row#* } field=${row%% *}
		jq --argjson r "${row#* }" '.linux.cgroupsPath = "/zones-oci/c2" | .linux.resources = $r' config.json >c2.json
		if zrun --root $top/oci create --config c2.json c2 </dev/null 2>said; then zrun --root $top/oci delete -f c2; echo "$field was taken"; exit 1; fi
		need "$field: $(cat said)" grep -q "$field" said
		need "left: $cg" [ ! -e $cg ]
	done
}

# runtime.md, "Cgroup ownership"
oci_owner() {
	local cg=/sys/fs/cgroup/zones-oci/c4 f want got n=0 list
	list=" $(tr '\n' ' ' </sys/kernel/cgroup/delegate)"
	cd $top/bundle && chown -R 100000:100000 rootfs
	jq '.linux.cgroupsPath = "/zones-oci/c4" | .linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings
		| .linux.resources.memory = {"limit": 67108864} | del(.linux.resources.unified) | (.mounts[] | select(.destination == "/sys/fs/cgroup").options) -= ["ro"]' config.json >c4.json
	zrun --root $top/oci run -d --config c4.json c4 </dev/null
	need "the directory is $(stat -c %u:%g $cg)'s" [ "$(stat -c %u:%g $cg)" = 100000:100000 ]
	while read -r got f; do
		want=0:0
		case $list in *" ${f##*/} "*) want=100000:100000 n=$((n + 1)) ;; esac
		need "${f##*/} is $got's" [ "$got" = $want ]
	done < <(stat -c '%u:%g %n' $cg/*)
	need "only $n files are to be delegated here" [ $n -ge 3 ]
	need "nobody else's directory" [ "$(stat -c %u:%g ${cg%/*})" = 0:0 ]
	# and what that is good for
	zrun --root $top/oci exec c4 busybox mkdir /sys/fs/cgroup/own
	zrun --root $top/oci exec c4 sh -c 'echo $$ >/sys/fs/cgroup/own/cgroup.procs && busybox cat /proc/self/cgroup' | grep -x 0::/own
	if zrun --root $top/oci exec c4 sh -c 'echo max >/sys/fs/cgroup/memory.max'; then echo "the container may raise its own limit"; exit 1; fi
	[ "$(cat $cg/memory.max)" = 67108864 ]
	zrun --root $top/oci delete -f c4
	need "left: $cg" [ ! -e $cg ]
	# it is the program's user who owns it, with and without a user namespace
	jq '.process.user = {"uid": 1000, "gid": 1001}' c4.json >c5.json
	zrun --root $top/oci create --config c5.json c4 </dev/null
	need "the owner is $(stat -c %u:%g $cg $cg/cgroup.procs)" [ "$(stat -c %u:%g $cg $cg/cgroup.procs | sort -u)" = 101000:101001 ]
	zrun --root $top/oci delete -f c4
	jq 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' c5.json >c6.json
	zrun --root $top/oci run -d --config c6.json c4 </dev/null
	need "the owner is $(stat -c %u:%g $cg $cg/cgroup.procs)" [ "$(stat -c %u:%g $cg $cg/cgroup.procs | sort -u)" = 1000:1001 ]
	zrun --root $top/oci exec c4 busybox mkdir /sys/fs/cgroup/own
	zrun --root $top/oci delete -f c4
	# without the writable mount it is the host's
	jq '(.mounts[] | select(.destination == "/sys/fs/cgroup").options) += ["ro"]' c4.json >c5.json
	zrun --root $top/oci run -d --config c5.json c4 </dev/null
	need "owners: $(stat -c %u:%g $cg $cg/* | sort | uniq -c)" [ "$(stat -c %u:%g $cg $cg/* | sort -u)" = 0:0 ]
	if zrun --root $top/oci exec c4 busybox mkdir /sys/fs/cgroup/own; then echo "the container may make cgroups"; exit 1; fi
	zrun --root $top/oci delete -f c4
	need "left: $cg" [ ! -e $cg ]
}

# --- a zone with systemd ---------------------------------------------------------------------------------------------

systemd_boots() {
	zone create -t linux deb cappedMemory.physical=300M maxLwps=500
	zone install --from "$tree" deb
	echo "installed at $(cut -d' ' -f1 /proc/uptime)"
	zone boot deb
	wait_for 400 systemd_is_up || { zone logs -n 30 deb; zone ps deb; exit 1; }
	zone exec deb systemctl list-units --failed --no-legend
}
systemd_is_up() {
	case $(zone exec deb systemctl is-system-running) in running | degraded) ;; *) false ;; esac
}
systemd_state() {
	[ "$(zone exec deb systemctl is-system-running)" = running ] || { zone exec deb systemctl list-units --failed --no-legend; false; }
}
systemd_manages() { # its own cgroups: below ours, with controllers, and no further
	deb=$(cgroup_of deb)
	deb=${deb%/init.scope}
	need "init is in $(cgroup_of deb)" [ "$(cgroup_of deb)" = "$deb/init.scope" ]
	[ -d "$deb/system.slice" ]
	zone exec deb systemd-run --wait --quiet -p TasksMax=7 -p MemoryMax=20M sh -c 'cat /sys/fs/cgroup$(cut -d: -f3- /proc/self/cgroup)/pids.max >/run/seen'
	need "TasksMax=7 arrived as $(zone exec deb cat /run/seen)" [ "$(zone exec deb cat /run/seen)" = 7 ]
}
limits_hold_inside() { # root of a zone whose cgroup it may manage cannot raise what the host set
	local file
	deb=$(cgroup_of deb)
	deb=${deb%/init.scope}
	for file in memory.max pids.max cpu.max cgroup.freeze; do
		if zone exec deb sh -c "echo max >/sys/fs/cgroup/$file"; then
			echo "the zone's root may write $file"
			exit 1
		fi
	done
	[ "$(cat "$deb/memory.max")" = 314572800 ]
	[ "$(cat "$deb/pids.max")" = 500 ]
	need "the zone sees the host's cgroups" [ "$(zone exec deb sh -c 'ls -d /sys/fs/cgroup/zones* 2>/dev/null | wc -l')" = 0 ]
}
systemd_halts() {
	zone exec deb mkdir -p /sys/fs/cgroup/mine/deep
	zone shutdown deb
	need "the zone is $(field deb state)" [ "$(field deb state)" = installed ]
	need "left: $(all_zone_cgroups)" [ -z "$(all_zone_cgroups)" ]
	zone delete -F deb
}

check life life
check limits-are-written limits_are_written
check sysinfo sysinfo
check view view
check stat stat_of
check memory memory
check lwps lwps
check apply applying
check freeze-and-thaw freeze_and_thaw
check network network
check shares shares
check cpu-cap cpu_cap
check born-inside born_inside
check halt-and-delete halt_and_delete
check oci oci
check oci-files oci_files
check oci-owner oci_owner
[ -n "$tree" ] || exit 0
check systemd-boots systemd_boots
check systemd-state systemd_state
check systemd-manages systemd_manages
check systemd-limits-hold limits_hold_inside
check systemd-halts systemd_halts
