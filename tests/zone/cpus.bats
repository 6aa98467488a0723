#!/usr/bin/env bats
# dedicatedCPU and pool: who runs on which CPUs while zones come and go, from inside and from the kernel's files.
# shellcheck disable=SC2016
load helper

setup_more() {
	ALL=$(cat /sys/fs/cgroup/cpuset/cpuset.cpus 2>/dev/null || cat /sys/devices/system/cpu/online)
	case $ALL in 0-[1-9]*) ;; *) skip "needs two CPUs" ;; esac
	LAST=${ALL#0-}
	REST=0$([ "$LAST" = 1 ] || echo "-$((LAST - 1))")
}

# The CPUs of a zone: what its init may use, says the kernel.
cpus_of() {
	awk '/^Cpus_allowed_list/{print $2}' "/proc/$(init_pid "$1")/status"
}
on() { # ZONE CPUS
	[ "$(cpus_of "$1")" = "$2" ] || { echo "$1 is on $(cpus_of "$1"), not on $2"; return 1; }
}

@test "dedicatedCPU: the zone gets a CPU, the others leave it, and get it back at halt" {
	booted early
	native mine dedicatedCPU.ncpus=1
	zone boot mine
	on mine "$LAST"
	on early "$REST"
	booted late
	on late "$REST"
	[ "$(zone exec mine nproc)" = 1 ]
	[ "$(zone exec late nproc)" = "$LAST" ]
	# nobody inside gets out
	run zone exec late taskset -c "$LAST" true
	[ "$status" -ne 0 ]
	zone halt mine
	on early "$ALL"
	on late "$ALL"
	[ "$(zone exec late nproc)" = $((LAST + 1)) ]
	[ -z "$(ls "$ZONES_RUN_DIR/.cpus")" ]
}

@test "dedicatedCPU: one CPU stays with the host; who asks for too many is told who has them, by verify and by boot" {
	native other dedicatedCPU.ncpus=1
	booted mine "dedicatedCPU.ncpus=1-$((LAST + 1))"
	[ "$(zone exec mine nproc)" = "$LAST" ] # at most all but one
	fails 1 zone verify other
	says 'dedicatedCPU.ncpus: 1 of the CPUs'
	says 'zone "mine" has'
	fails 1 zone boot other
	says 'zone "mine" has'
	[ "$(state_of other)" = installed ]
	zone halt mine
	fails 0 zone boot other
	fails 1 zone create -t isolated big "dedicatedCPU.ncpus=$((LAST + 1))" pool=x
	says "pool: the zone has CPUs of its own"
	zone halt other
	zone create -t isolated big "dedicatedCPU.ncpus=$((LAST + 1))"
	fails 1 zone verify big
	says "one stays with the host"
	fails 1 zone set big dedicatedCPU.ncpus=0
	fails 1 zone set big dedicatedCPU.ncpus=3-1
	says "it is a number of CPUs"
}

@test "dedicatedCPU: of two zones that boot at once for the last CPU, one gets it" {
	native a "dedicatedCPU.ncpus=$LAST"
	native b "dedicatedCPU.ncpus=$LAST"
	booted c
	zone boot a 2>/dev/null &
	zone boot b 2>/dev/null &
	wait
	[ "$(zone list --json a b | jq '[.[] | select(.state == "running")] | length')" = 1 ]
	[ "$(ls "$ZONES_RUN_DIR/.cpus" | wc -l)" = 1 ]
	on c 0
}

@test "dedicatedCPU: a zone whose monitor and init were killed holds nothing, and the next command gives its CPU back" {
	native third dedicatedCPU.ncpus="$LAST"
	booted mine dedicatedCPU.ncpus=1
	booted other
	on other "$REST"
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/mine/run.json" 2>/dev/null || find "$ZONES_RUN_DIR/mine" -name '*.json' -exec jq -r '.monitor? // empty' {} + | head -n 1)
	init=$(init_pid mine)
	kill -9 "$monitor"
	kill -9 "$init"
	fails 0 zone boot third # the dead one holds nothing
	on other 0
	zone halt third
	fails 0 zone why mine
	on other "$ALL"
	# and a monitor that is killed alone takes nothing along
	zone boot mine
	find "$ZONES_RUN_DIR/mine" -name '*.json' -exec jq -r '.monitor? // empty' {} + | head -n 1 | xargs kill -9
	fails 0 zone exec mine true
	on mine "$LAST"
	on other "$REST"
}

@test "pool: its zones run on its CPUs, it is changed live, and its CPUs are given to nobody" {
	mkdir -p "$ZONES_CONFIG_DIR/pools"
	echo "{ \"cpus\": \"$LAST\" }" >"$ZONES_CONFIG_DIR/pools/fast.json"
	echo '{ "cpus": "0" }' >"$ZONES_CONFIG_DIR/pools/slow.json"
	echo '{ "cpu": "0" }' >"$ZONES_CONFIG_DIR/pools/odd.json"
	native mine dedicatedCPU.ncpus="$LAST"
	booted web pool=fast
	on web "$LAST"
	[ "$(zone exec web nproc)" = 1 ]
	zone set web pool=slow
	fails 0 zone apply web
	on web 0
	zone set web pool=none-such
	fails 1 zone apply web
	says 'there is no pool "none-such"'
	says pools/none-such.json
	fails 1 zone set web pool=../x
	zone set web pool=odd
	fails 1 zone verify web
	says "cpu is not known"
	zone set web pool=fast
	fails 0 zone apply web
	fails 0 zone boot mine # with the CPUs of no pool
	on web "$LAST"
	run zone exec mine taskset -c "$LAST" true
	[ "$status" -ne 0 ]
	zone halt mine
	echo "{ \"cpus\": \"$ALL\" }" >"$ZONES_CONFIG_DIR/pools/all.json"
	zone set web pool=all
	fails 0 zone apply web
	on web "$ALL"
	fails 1 zone boot mine
	says "zone \"web\" runs on $ALL with its pool"
	zone clear web pool
	fails 0 zone apply web
	on web "$ALL"
	fails 0 zone boot mine
	on web 0
	zone set web pool=fast
	fails 1 zone apply web
	says "none of it is among the host's shared CPUs"
}
