#!/usr/bin/env bats
# tenants: zones that share limits, and what was promised against what there is.
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'
eat='b=[]
while True: b.append(bytearray(1<<20))'

# The tenant's folders in all hierarchies.
folders() { # NAME
	find /sys/fs/cgroup -maxdepth 5 -type d -path "*/zones-$(cgroup_hash)/@$1"
}
file_of() { # TENANT FILE...: the first that is there
	local t=$1 f
	shift
	for f in "$@"; do
		find /sys/fs/cgroup -maxdepth 6 -path "*/zones-$(cgroup_hash)/@$t/$f" -exec cat {} + 2>/dev/null | grep . && return 0
	done
	return 1
}

@test "the sum of a tenant's zones does not exceed the tenant's memory, and a stranger goes on" {
	zone tenant acme cappedMemory.physical=80M cappedMemory.swap=80M
	booted one "$sleeper" tenant=acme cappedMemory.physical=60M cappedMemory.swap=60M
	booted two "$sleeper" tenant=acme cappedMemory.physical=60M cappedMemory.swap=60M
	booted other "$sleeper"
	[ "$(file_of acme memory.limit_in_bytes memory.max)" = $((80 << 20)) ]
	# one holds 50M and sleeps; two may have 60M of its own, but not together
	zone exec one python3 -c 'import time; b = bytearray(50 << 20); print("holds", flush=True); time.sleep(20)' >"$TOP/holds" &
	wait_for 10 grep -q holds "$TOP/holds"
	run zone exec two python3 -c "
b = []
for i in range(55): b.append(bytearray(1 << 20))
print('fits')"
	wait_for 5 eval '[ "$(zone events --json -e oom one two | jq length)" -ge 1 ]'
	[ "$(zone events --json -e oom other | jq length)" = 0 ]
	zone events --json -e oom one two | jq -e '.[0].data.property == null and (.[0].text | contains("tenant"))'
	[ "$(state_of other)" = running ]
	[ "$(state_of one)" = running ]
}

@test "threads: a fork bomb in one zone stops at what the tenant has left" {
	zone tenant acme maxLwps=60
	booted one "$sleeper" tenant=acme
	booted two "$sleeper" tenant=acme
	run zone exec one python3 -c '
import os, time
n = 0
try:
    while n < 200:
        if os.fork() == 0: time.sleep(2); os._exit(0)
        n += 1
except OSError: pass
print(n)'
	[ "$status" -eq 0 ]
	[ "$output" -gt 20 ]
	[ "$output" -lt 60 ]
}

@test "CPU: two busy zones together stay within the tenant's cap" {
	zone tenant acme cappedCPU.ncpus=0.4
	booted one tenant=acme 'service.command=["/bin/sh","-c","while :; do :; done"]'
	booted two tenant=acme 'service.command=["/bin/sh","-c","while :; do :; done"]'
	used() { zone stat --json -z @acme | jq '.[0].cpuNanoseconds'; }
	before=$(used) from=$(date +%s%N)
	sleep 4
	after=$(used) to=$(date +%s%N)
	# at most 0.4 of the time that has passed, a tenth more for the edges of periods; on a busy machine it may be less
	[ $(((after - before) * 100)) -lt $(((to - from) * 44)) ] || { echo "$((after - before)) of $((to - from))"; false; }
}

@test "limits change while zones run, and go; what the kernel refuses changes nothing" {
	zone tenant acme cappedMemory.physical=100M
	booted one "$sleeper" tenant=acme
	zone tenant acme cappedMemory.physical=200M maxLwps=77 cappedCPU.ncpus=1.5 cpuShares=200
	[ "$(file_of acme memory.limit_in_bytes memory.max)" = $((200 << 20)) ]
	[ "$(file_of acme pids.max)" = 77 ]
	case $(file_of acme cpu.cfs_quota_us cpu.max) in 150000 | "150000 100000") ;; *) false ;; esac
	zone tenant acme -c maxLwps -c cappedCPU -c cappedMemory -c cpuShares
	[ "$(file_of acme pids.max)" = max ]
	case $(file_of acme cpu.cfs_quota_us cpu.max) in -1 | "max 100000") ;; *) false ;; esac
	case $(file_of acme memory.limit_in_bytes memory.max) in max | 9223372036854771712) ;; *) false ;; esac
	[ "$(jq -c . "$ZONES_CONFIG_DIR/tenants/acme.json")" = '{"tenant":"acme"}' ]
	# less than is in use
	zone exec one python3 -c 'import time; b = bytearray(60 << 20); print("holds", flush=True); time.sleep(20)' >"$TOP/holds" &
	wait_for 10 grep -q holds "$TOP/holds"
	before=$(file_of acme memory.limit_in_bytes memory.max)
	fails 1 zone tenant acme cappedMemory.physical=8M cappedMemory.swap=8M
	says 'tenant "acme"'
	[ "$(file_of acme memory.limit_in_bytes memory.max)" = "$before" ]
	[ "$(jq -c . "$ZONES_CONFIG_DIR/tenants/acme.json")" = '{"tenant":"acme"}' ]
}

@test "the cgroup comes with the first zone and goes with the last, also when monitors are killed" {
	zone tenant acme maxLwps=50
	[ -z "$(folders acme)" ]
	native one "$sleeper" tenant=acme
	native two "$sleeper" tenant=acme
	for _ in 1 2 3; do
		zone boot one &
		zone boot two &
		wait
		[ "$(state_of one):$(state_of two)" = running:running ]
		[ "$(file_of acme pids.max)" = 50 ]
		zone halt one &
		zone halt two &
		wait
		[ -z "$(folders acme)" ] || { folders acme; false; }
	done
	zone boot one
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/one/run.json")" "$(init_pid one)"
	wait_for 5 eval '! kill -0 "$(jq .monitor "$ZONES_RUN_DIR/one/run.json")" 2>/dev/null'
	zone boot two
	zone halt two
	zone halt one || true
	[ -z "$(folders acme)" ] || { folders acme; false; }
}

@test "list, stat, info and verify know tenants" {
	fails 1 zone create -t isolated one tenant=acme cappedMemory.physical=1x
	zone create -t isolated one tenant=acme "$sleeper"
	fails 1 zone verify one
	says 'tenant "acme" does not exist: zone tenant acme'
	fails 1 zone install one
	zone tenant acme cappedMemory.physical=1G
	zone install one
	zone boot one
	native other
	[ "$(zone list -p -T acme -o name)" = one ]
	[ "$(zone list --json one | jq -r '.[0].tenant')" = acme ]
	[ "$(zone list -p -o tenant other)" = "" ]
	zone stat --json | jq -e '[.[] | select(.brand == "tenant")] | length == 1 and .[0].name == "@acme" and .[0].memoryLimitBytes == 1073741824 and .[0].memoryBytes > 0'
	zone tenant --json | jq -e '.[0] | .tenant == "acme" and .zones == ["one"] and .usage.memory > 0 and .limits.cappedMemory.physical == "1G"'
	fails 0 zone tenant
	says "acme"
	fails 0 zone tenant acme
	says "limits.cappedMemory.physical"
	zone set one tenant=nobody
	[ "$(zone diff --json one | jq -r '.changes[0] | .path + ":" + .how')" = tenant:reboot ]
	zone set one tenant=acme
	fails 1 zone tenant -d acme
	says "still has zones: one"
	zone halt one
	zone clear one tenant
	zone tenant -d acme
	fails 1 zone tenant acme
	says "does not exist"
	fails 1 zone stat -z @acme
	[ -z "$(ls "$ZONES_CONFIG_DIR/tenants")" ]
}

@test "wrong words change nothing" {
	for words in "acme nosuch=1" "acme cappedMemory.physical=x" "acme cappedMemory.locked=1M" "acme cappedMemory.swap=1G" "acme tenant=other" "../x maxLwps=5" "@x maxLwps=5" "acme maxLwps"; do
		# shellcheck disable=SC2086
		fails 1 zone tenant $words
	done
	[ -z "$(ls "$ZONES_CONFIG_DIR/tenants" 2>/dev/null)" ]
	fails 2 zone tenant -d
	fails 2 zone tenant -d acme maxLwps=4
	fails 1 zone tenant -d acme
	fails 1 zone create -t isolated one tenant=a/b
	mkdir -p "$ZONES_CONFIG_DIR/tenants"
	echo '{"tenant":"bad","maxLwps":-3}' >"$ZONES_CONFIG_DIR/tenants/bad.json"
	fails 1 zone tenant bad
	says "maxLwps"
	says bad.json
}

@test "capacity: promised against present, for the host and for tenants" {
	cpus=$(nproc)
	zone create -t isolated one cappedCPU.ncpus=0.5 cappedMemory.physical=1G maxLwps=100
	zone create -t isolated two
	zone tenant acme cappedCPU.ncpus=1 cappedMemory.physical=2G
	zone create -t isolated three tenant=acme cappedCPU.ncpus=0.75 cappedMemory.physical=1536M cappedMemory.swap=2G
	zone create -t isolated four tenant=acme cappedCPU.ncpus=0.75 cappedMemory.physical=1536M
	zone capacity --json >"$TOP/c"
	row() { jq -c --arg t "$1" --arg r "$2" '.[] | select((.tenant // "") == $t and .resource == $r)' "$TOP/c"; }
	row "" cpu | jq -e --argjson n "$((cpus * 1000))" '.present == $n and .promised == {"sum": 1500, "withoutCap": 1} and .running == {"sum": 0, "withoutCap": 0}'
	row "" memory | jq -e '.promised.sum == 3221225472 and .promised.withoutCap == 1 and .over == false'
	row acme cpu | jq -e '.present == 1000 and .promised.sum == 1500 and .over == true'
	row acme memory | jq -e '.present == 2147483648 and .promised.sum == 3221225472 and .over'
	row acme swap | jq -e '.present == null and .promised.sum == 536870912 and .promised.withoutCap == 1'
	row "" lwps | jq -e '.promised.sum == 100 + 3 * 4096'
	fails 1 zone capacity --check
	says "over"
	zone tenant acme cappedCPU.ncpus=1.5 cappedMemory.physical=3G
	zone set three cappedMemory.swap=1536M # the host may have no swap space
	fails 0 zone capacity --check
	zone set one cappedCPU.ncpus=$((cpus + 1))
	fails 1 zone capacity --check
	zone install one
	zone set one cappedCPU.ncpus=0.5
	zone boot one
	zone capacity --json >"$TOP/c"
	row "" cpu | jq -e '.running == {"sum": 500, "withoutCap": 0}'
	row "" lwps | jq -e '.used > 0'
}

@test "capacity counts dedicated CPUs, and caps that are written as resource controls" {
	zone create -t isolated one dedicatedCPU.ncpus=1-2
	zone create -t isolated two 'rctl=[{"name":"zone.cpu-cap","value":"150"},{"name":"zone.max-lwps","value":"77"}]'
	zone capacity --json >"$TOP/c"
	jq -e '.[] | select(.tenant == null and .resource == "cpu") | .promised == {"sum": 3500, "withoutCap": 0}' "$TOP/c"
	jq -e '.[] | select(.tenant == null and .resource == "lwps") | .promised.sum == 4096 + 77' "$TOP/c"
}
