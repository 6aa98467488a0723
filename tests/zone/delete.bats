#!/usr/bin/env bats
# zone delete: the zone ceases to exist.
bats_require_minimum_version 1.5.0
load helper

nothing_of() { # nothing_of NAME: no file of it in any of the three directories
	[ -z "$(find "$TOP" -name "$1" -o -name "$1.json" -o -name ".$1.*" -o -name ".edit-$1-*")" ] || { find "$TOP" -name "*$1*"; return 1; }
	if grep -s "\"$1\"" "$ZONES_STORAGE_DIR/.ids.json" "$ZONES_STORAGE_DIR/leases.json"; then return 1; fi
}

@test "delete without a terminal refuses, names -F and removes nothing" {
	zone create -t isolated web
	fails 1 zone delete web </dev/null
	says -F
	[ "$(state_of web)" = configured ]
	run --separate-stderr zone delete --json web </dev/null
	[ "$status" -eq 1 ]
	jq -e '.ok == false' <<<"$output"
	[ "$(state_of web)" = configured ]
}

@test "delete -F of a configured zone leaves nothing of it" {
	zone create -t isolated web
	zone delete -F web
	nothing_of web
	fails 1 zone delete -F web
	says web
}

@test "delete -F of an installed zone takes its files, ids and addresses too, and nothing of another zone" {
	zone create web
	zone create other
	zone install web
	zone install other
	zone boot web
	zone halt web
	zone delete -F web
	nothing_of web
	[ "$(state_of other)" = installed ]
	[ -d "$ZONES_STORAGE_DIR/other/root/etc" ]
}

@test "delete of an installed zone without -F says to uninstall it first, also on a terminal" {
	native web
	fails 1 zone delete web </dev/null
	says "zone uninstall web"
	run timeout 20 script -qec "zone delete web" /dev/null <<<y
	says "zone uninstall web"
	[ "$(state_of web)" = installed ]
}

@test "delete on a terminal asks: no keeps, yes removes" {
	zone create -t isolated web
	run timeout 20 script -qec "zone delete web" /dev/null <<<n
	says "[y/N]"
	[ "$(state_of web)" = configured ]
	run timeout 20 script -qec "zone delete web" /dev/null <<<yes
	nothing_of web
}

@test "delete of a running or ready zone is refused, with -F as well" {
	booted web
	fails 1 zone delete -F web
	says "zone halt web"
	[ "$(state_of web)" = running ]
	zone halt web
	zone ready web
	fails 1 zone delete -F web
	says "zone halt web"
	zone halt web
}

@test "delete -F of an incomplete, an unavailable and a broken zone works" {
	native a
	record=$ZONES_STORAGE_DIR/.records/a.json
	jq '.state = "incomplete" | .aux = "installing"' "$record" >"$TOP/r" && cat "$TOP/r" >"$record"
	zone delete -F a
	nothing_of a
	native b
	rm -rf "$ZONES_STORAGE_DIR/b"
	zone delete -F b
	nothing_of b
	native c
	echo '{ broken' >"$ZONES_CONFIG_DIR/c.json"
	zone delete -F c
	nothing_of c
	native d
	rm "$ZONES_CONFIG_DIR/d.json"
	zone delete -F d
	nothing_of d
}

@test "a deleted zone can be made again and is another one" {
	native web
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	zone delete -F web
	native web
	[ "$(zone list --json web | jq -r '.[0].uuid')" != "$uuid" ]
	zone boot web
}

@test "five deletes at once: one does it, the others find it done or say that there is no such zone" {
	zone create -t isolated web
	for i in 1 2 3 4 5; do
		{ code=0; zone delete -F web 2>"$TOP/e$i" || code=$?; echo $code >>"$TOP/codes"; } &
	done
	wait
	[ "$(grep -c '^0$' "$TOP/codes")" -ge 1 ]
	[ "$(grep -c '^[01]$' "$TOP/codes")" = 5 ]
	[ "$(cat "$TOP"/e? | grep -vc 'does not exist')" = 0 ]
	nothing_of web
}

@test "delete never removes files outside the three directories, whatever zonepath says" {
	mkdir -m 700 "$TOP/precious"
	touch "$TOP/precious/file"
	zone create -t isolated web zonepath="$TOP/precious"
	zone delete -F web
	[ -f "$TOP/precious/file" ]
}

@test "delete without a name, and of names that no zone can have" {
	fails 2 zone delete
	fails 2 zone delete -F
	for name in .. . ../etc global a/b; do
		run zone delete -F "$name"
		[ "$status" -ne 0 ]
	done
	[ -d "$TOP" ]
}
