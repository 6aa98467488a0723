#!/usr/bin/env bats
# zrun events: the statistics that runc prints, and out-of-memory kills.
load helper

value() { zrun events --stats "$ID" | jq "$1"; }

@test "--stats prints one JSON line with every section, and its numbers are the kernel's" {
	config '.linux.resources.memory = {"limit": 67108864} | .linux.resources.pids = {"limit": 50}'
	background
	run zrun events --stats "$ID"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" = 1 ]
	echo "$output" | jq -e --arg id "$ID" '.type == "stats" and .id == $id and (.data | has("cpu") and has("memory") and has("pids") and has("blkio") and has("hugetlb") and has("cpuset") and has("network_interfaces"))'
	[ "$(value .data.memory.usage.limit)" = 67108864 ]
	[ "$(value .data.pids.limit)" = 50 ]
	[ "$(value .data.pids.current)" = 1 ]
	[ "$(value '.data.cpu.usage.total > 0')" = true ]
	[ "$(value '.data.memory.raw | length > 5')" = true ]
	zrun exec "$ID" sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'
	[ "$(value '.data.cpu.usage.total > 10000000')" = true ]
}

@test "network interfaces are those of the container, and none for one in the host's network" {
	background
	[ "$(value '[.data.network_interfaces[].Name]' | jq -c .)" = '["lo"]' ]
	[ "$(value '.data.network_interfaces[0] | has("RxBytes") and has("TxDropped")')" = true ]
	zrun delete -f "$ID"
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	background
	[ "$(value '.data.network_interfaces | length')" = 0 ]
}

@test "throttling is counted" {
	config '.linux.resources.cpu = {"quota": 10000, "period": 100000}'
	background
	zrun exec "$ID" sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'
	[ "$(value '.data.cpu.throttling.throttledPeriods > 0 and .data.cpu.throttling.throttledTime > 0')" = true ]
}

@test "statistics come at the interval, an out-of-memory kill at once, and the end ends it" {
	config '.linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	background
	zrun events --interval 300ms "$ID" >"$TOP/events" 3>&- &
	pid=$!
	for _ in $(seq 50); do [ "$(grep -c stats "$TOP/events")" -ge 2 ] && break; sleep 0.1; done
	[ "$(grep -c stats "$TOP/events")" -ge 2 ]
	zrun exec "$ID" /bin/busybox dd if=/dev/zero of=/dev/null bs=50M count=1 || true
	for _ in $(seq 50); do grep -q '"oom"' "$TOP/events" && break; sleep 0.1; done
	[ "$(grep '"oom"' "$TOP/events" | jq -r .id | sort -u)" = "$ID" ]
	zrun kill "$ID" KILL
	wait $pid
	jq -e . "$TOP/events" >/dev/null
}

@test "a container that is stopped, or none, has no events; a bad interval is refused" {
	run zrun events --stats "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"container does not exist"* ]]
	background
	zrun kill "$ID" KILL
	for _ in $(seq 50); do [ "$(status)" = stopped ] && break; sleep 0.1; done
	run zrun events --stats "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
	for word in x 0 -1s ""; do
		run zrun events --interval "$word" "$ID"
		[ "$status" -eq 1 ]
	done
}
