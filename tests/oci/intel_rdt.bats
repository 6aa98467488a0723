#!/usr/bin/env bats
# linux.intelRdt against a tree that looks like resctrl, on a machine without the hardware: which groups are made, joined, filled and taken away.
load helper

# files that the kernel would make with a group: here they appear when a group does
setup_tree() {
	export ZONES_RESCTRL_DIR=$TOP/resctrl
	mkdir -p "$ZONES_RESCTRL_DIR"
}

# group NAME [SCHEMATA]: one that was there before
group() {
	mkdir -p "$ZONES_RESCTRL_DIR/$1/mon_groups"
	printf '%s\n' "${2:-}" >"$ZONES_RESCTRL_DIR/$1/schemata"
	: >"$ZONES_RESCTRL_DIR/$1/tasks"
}

init() { zrun state "$ID" | jq .pid; }

@test "a group that is there is joined when it has what is asked for, and stays" {
	setup_tree
	group gold "    L3:0=f;1=f"
	config '.linux.intelRdt = {"closID": "gold", "l3CacheSchema": "L3:0=f;1=f"}'
	background
	grep -qx "$(init)" "$ZONES_RESCTRL_DIR/gold/tasks"
	zrun exec "$ID" true
	zrun delete -f "$ID"
	[ -d "$ZONES_RESCTRL_DIR/gold" ]
}

@test "a group that is there with another share is refused, and so is a name without group and schema" {
	setup_tree
	group gold "L3:0=1"
	config '.linux.intelRdt = {"closID": "gold", "schemata": ["L3:0=f"]}'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *'linux.intelRdt: the group'*'does not have "L3:0=f"'* ]]
	config '.linux.intelRdt = {"closID": "none"}'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *linux.intelRdt.closID* ]]
	for name in info mon_groups mon_data .. a/b; do
		config '.linux.intelRdt = {"closID": $n, "schemata": ["L3:0=f"]}' --arg n "$name"
		run zrun create -b "$BUNDLE" "$ID"
		[ "$status" -eq 1 ]
	done
	[ "$(ls "$ZONES_RESCTRL_DIR")" = gold ]
	[ -z "$(zrun list -q)" ]
}

@test "monitoring: a group of its own inside, taken away with the container; the group that was there stays" {
	setup_tree
	group gold
	mkdir "$ZONES_RESCTRL_DIR/gold/mon_groups/$ID" # the kernel makes the files in it
	: >"$ZONES_RESCTRL_DIR/gold/mon_groups/$ID/tasks"
	config '.linux.intelRdt = {"closID": "gold", "enableMonitoring": true}'
	background
	grep -qx "$(init)" "$ZONES_RESCTRL_DIR/gold/tasks"
	grep -qx "$(init)" "$ZONES_RESCTRL_DIR/gold/mon_groups/$ID/tasks"
	rm "$ZONES_RESCTRL_DIR/gold/mon_groups/$ID/tasks" # as the kernel's rmdir would
	zrun delete -f "$ID"
	[ ! -e "$ZONES_RESCTRL_DIR/gold/mon_groups/$ID" ]
	[ -d "$ZONES_RESCTRL_DIR/gold" ]
}

@test "without a closID the group has the container's id; a create that fails takes it away again" {
	setup_tree
	config '.linux.intelRdt = {"schemata": ["L3:0=f"]}'
	run zrun create -b "$BUNDLE" "$ID" # a plain directory has no file "schemata", so it must fail just here
	[ "$status" -eq 1 ]
	[[ $output == *'linux.intelRdt: write "L3:0=f"'* ]]
	[ -z "$(ls "$ZONES_RESCTRL_DIR")" ]
	[ -z "$(zrun list -q)" ]
}

@test "a group that somebody makes between the look and the make is an error, and stays theirs" {
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	setup_tree
	config '.linux.intelRdt = {"closID": "new", "schemata": ["L3:0=f"]}'
	strace -qq -o "$TOP/trace" -P "$ZONES_RESCTRL_DIR/new" -e trace=mkdirat -e inject=mkdirat:delay_enter=3000000 "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID" >"$TOP/said" 2>&1 </dev/null 3>&- &
	late=$!
	for _ in $(seq 50); do [ ! -s "$TOP/run/$ID/state.json" ] || ! grep -q resctrl "$TOP/run/$ID/state.json" || break; sleep 0.05; done
	group new "L3:0=1"
	rmdir "$ZONES_RESCTRL_DIR/new/mon_groups"
	wait $late || late=failed
	cat "$TOP/said"
	[ "$late" = failed ]
	grep "made meanwhile: try again" "$TOP/said"
	grep "L3:0=1" "$ZONES_RESCTRL_DIR/new/schemata"
}

@test "update writes new schemata, and is refused for a container without a group" {
	setup_tree
	group gold
	config '.linux.intelRdt = {"closID": "gold"}'
	background
	zrun update --l3-cache-schema "L3:0=3" --mem-bw-schema "MB:0=50" "$ID"
	grep -q "MB:0=50" "$ZONES_RESCTRL_DIR/gold/schemata"
	zrun delete -f "$ID"
	config 'del(.linux.intelRdt)'
	background
	run zrun update --mem-bw-schema "MB:0=50" "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"no linux.intelRdt"* ]]
}

@test "without resctrl the error says what is missing; without intelRdt nothing is touched" {
	[ "$(stat -f -c %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip "this machine has resctrl"
	config '.linux.intelRdt = {"closID": "gold"}'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"no resctrl file system"* ]]
	setup_tree
	config 'del(.linux.intelRdt)'
	background
	[ -z "$(ls "$ZONES_RESCTRL_DIR")" ]
}
