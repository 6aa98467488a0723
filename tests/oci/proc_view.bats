#!/usr/bin/env bats
# The annotation org.zones.procView: a container of zrun that sees its own limits in /proc, and the server's whole life.
load helper

asked() {
	export ZONES_LIBEXEC_DIR=$BUILD
	config '.annotations["org.zones.procView"] = "true" | .linux.resources.memory = {"limit": 67108864} | .linux.resources.cpu = {"quota": 100000, "period": 100000}'
}
servers() { ps -eo uid=,comm= | awk '$1 >= 4278190080 && $2 ~ /^zone-procview/' | wc -l; } # of containers: zones have others
server() { jq .view "$TOP/run/$ID/state.json"; }
# the machine's own number, for what must not have changed
host_memory() { awk '/^MemTotal/ { print $2 }' /proc/meminfo; }

@test "memory, processors and their kin are the container's, and follow update; without the annotation they are the host's" {
	asked
	background
	[ "$(zrun exec "$ID" grep -c "^MemTotal: *65536 kB" /proc/meminfo)" = 1 ]
	[ "$(zrun exec "$ID" grep -c ^processor /proc/cpuinfo)" = 1 ]
	run zrun exec "$ID" cat /sys/devices/system/cpu/online
	echo "$status: $output"
	[ "$output" = 0 ]
	[ "$(zrun exec "$ID" grep -c '^cpu[0-9]' /proc/stat)" = 1 ]
	ZONES_CONFIG_DIR=$TOP/etc ZONES_STORAGE_DIR=$TOP/storage ZONES_RUN_DIR=$TOP/zones ZONES_OCI_DIR=$TOP/run "$BUILD/zone" audit "$ID"
	zrun update --memory 128m "$ID"
	sleep 0.2
	[ "$(zrun exec "$ID" grep -c "^MemTotal: *131072 kB" /proc/meminfo)" = 1 ]
	zrun delete -f "$ID"
	config '.annotations["org.zones.procView"] = "false"'
	background
	[ "$(zrun exec "$ID" grep -c "^MemTotal: *$(host_memory) kB" /proc/meminfo)" = 1 ]
	[ "$(server)" = null ]
	[ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" = "$(host_memory)" ]
}

@test "with a user namespace, a read-only root and masked paths as well" {
	asked
	user_namespace
	config '.root.readonly = true | .process.user = {"uid": 1000, "gid": 1000}'
	background
	[ "$(zrun exec "$ID" grep -c "^MemTotal: *65536 kB" /proc/meminfo)" = 1 ]
	[ "$(zrun exec "$ID" sh -c 'echo x >/proc/meminfo' 2>&1 | grep -c .)" = 1 ]
	[ "$(zrun exec "$ID" grep -c ^processor /proc/cpuinfo)" = 1 ]
}

@test "the server has no rights, no id of anybody, is not in the container's cgroup, and ends with the container whatever ends it" {
	asked
	background
	pid=$(server)
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -d' ' -f1)" = zone-procview ]
	[ "$(awk '$1 == "Uid:" { print $2, $3, $4, $5 }' "/proc/$pid/status" | tr ' ' '\n' | sort -u)" = "$((0xff000000 + $(zrun state "$ID" | jq .pid)))" ]
	[ "$(awk '$1 == "CapEff:" || $1 == "CapPrm:" { print $2 }' "/proc/$pid/status" | sort -u)" = 0000000000000000 ]
	[ "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$pid/status")" = 2 ]
	! grep -q "$ID" "/proc/$pid/cgroup"
	# deleted
	zrun delete -f "$ID"
	[ ! -e "/proc/$pid/exe" ] # init may not have reaped it yet
	# its init killed: the mounts go, and with them the server
	background
	pid=$(server)
	kill -9 "$(zrun state "$ID" | jq .pid)"
	for _ in $(seq 100); do [ -e "/proc/$pid/exe" ] || break; sleep 0.05; done
	[ ! -e "/proc/$pid/exe" ]
	zrun delete "$ID"
	# in the foreground
	runs 'grep -c "^MemTotal: *65536 kB" /proc/meminfo'
	[ "$output" = 1 ]
	for _ in $(seq 100); do [ "$(servers)" != 0 ] || break; sleep 0.05; done
	[ "$(servers)" = 0 ]
}

@test "a server that was killed: the files fail, nobody hangs, delete ends the rest" {
	asked
	background
	kill -9 "$(server)"
	run timeout -k 1 10 "$BUILD/zrun" --root "$TOP/run" exec "$ID" cat /proc/meminfo
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"not connected"* ]]
	zrun exec "$ID" true
	zrun delete -f "$ID"
}

@test "a create that fails after the server was started leaves none" {
	asked
	before=$(servers)
	run zrun create --pid-file "$TOP/no/such/folder/pid" -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	for _ in $(seq 40); do [ "$(servers)" != "$before" ] || break; sleep 0.05; done
	[ "$(servers)" = "$before" ]
	[ -z "$(zrun list -q)" ]
	# the program is not there: said by name
	export ZONES_LIBEXEC_DIR=/nonexistent
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	echo "$output"
	[[ $output == *"show its own limits"*"zone-procview"* ]]
	[ -z "$(zrun list -q)" ]
}

@test "what cannot be had is refused by name, before anything is made" {
	asked
	refused '.annotations["org.zones.procView"] = "yes"' 'org.zones.procView: "yes" is neither true nor false'
	refused '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths) | .mounts = []' 'mount namespace'
	if command -v criu >/dev/null; then
		background
		run zrun checkpoint --image-path "$TOP/images" "$ID"
		[ "$status" = 1 ]
		[[ $output == *org.zones.procView* ]]
		[ "$(status)" = running ]
	fi
}
