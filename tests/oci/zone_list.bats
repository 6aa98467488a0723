#!/usr/bin/env bats
# zone list, ps and why show the containers of zrun too.
load helper

setup_zone() {
	export ZONES_CONFIG_DIR=$TOP/etc ZONES_STORAGE_DIR=$TOP/storage ZONES_RUN_DIR=$TOP/zones ZONES_OCI_DIR=$TOP/run
}

zone() { "$BUILD/zone" "$@"; }

@test "zone list shows a container with brand oci, its state, pid and bundle; zone ps its processes; zone why its state" {
	setup_zone
	script 'exec sleep 1000'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(zone list --json | jq -c '.[] | [.name, .brand, .state, .path]')" = "[\"$ID\",\"oci\",\"ready\",\"$BUNDLE\"]" ]
	run zone why "$ID"
	[[ $output == *"zrun start $ID"* ]]
	zrun start "$ID"
	[ "$(zone list --json "$ID" | jq '.[0].id')" = "$(zrun state "$ID" | jq .pid)" ]
	[ "$(zone ps --json "$ID" | jq -r '.[0].command')" = "sleep 1000" ]
	zrun pause "$ID"
	[ "$(zone list --json "$ID" | jq -r '.[0].aux')" = frozen ]
	run zone why "$ID"
	[[ $output == *"zrun resume $ID"* ]]
	zrun resume "$ID"
	zrun kill "$ID" KILL
	for _ in $(seq 50); do [ "$(status)" = stopped ] && break; sleep 0.1; done
	[ "$(zone list --json "$ID" | jq -r '.[0].state')" = down ]
	run zone why "$ID"
	[[ $output == *"zrun delete $ID"* ]]
	zrun delete "$ID"
	[ "$(zone list --json)" = "[]" ] || [ "$(zone list --json | jq length)" = 0 ]
}

@test "zone why tells of a container that was killed for memory" {
	setup_zone
	config '.linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	background
	zrun exec "$ID" /bin/busybox dd if=/dev/zero of=/dev/null bs=50M count=1 || true
	run zone why "$ID"
	[[ $output == *"linux.resources.memory.limit was reached"* ]] || { echo "$output"; false; }
}

@test "an installation of its own shows none of the host's containers, and zone verbs do not touch any" {
	setup_zone
	background
	unset ZONES_OCI_DIR
	[ "$(zone list --json | jq length)" = 0 ]
	export ZONES_OCI_DIR=$TOP/run
	for verb in halt reboot shutdown freeze uninstall; do
		run zone "$verb" "$ID"
		[ "$status" -ne 0 ]
	done
	run zone delete -F "$ID"
	[ "$(status)" = running ]
}

@test "zone stat shows what a container uses and may use" {
	setup_zone
	config '.linux.resources.pids.limit = 21 | .linux.resources.memory.limit = 33554432'
	background
	zone stat --json -z "$ID" >"$TOP/stat"
	cat "$TOP/stat"
	[ "$(jq -c '.[0] | [.name, .brand, .lwps, .lwpsLimit, .memoryLimitBytes]' "$TOP/stat")" = "[\"$ID\",\"oci\",1,21,33554432]" ]
	[ "$(jq '.[0].receivedBytes' "$TOP/stat")" = 0 ]
	[[ "$(zone stat)" == *"$ID"* ]]
}
