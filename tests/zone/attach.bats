#!/usr/bin/env bats
# zone detach and attach: a zone's files leave with a description of themselves, and come back after a look at what could keep them from working here.
bats_require_minimum_version 1.5.0
load helper

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	ip link set lo up
	mount -t tmpfs -o mode=755 none "$TOP"
}

teardown_more() {
	umount "$TOP"
}

result() { # result CHECK: of the report in $output
	jq -r --arg c "$1" '[.report[] | select(.check == $c) | .result] | unique | join(",")' <<<"$output"
}

@test "detach and attach: the zone is configured meanwhile, then as it was, with its UUID" {
	native web cpuShares=20
	echo mine >"$ZONES_STORAGE_DIR/web/root/srv/mark"
	before=$(zone list --json web | jq -c '.[0] | del(.state, .reason)')
	zone detach web
	[ "$(state_of web)" = configured ]
	[ "$(cat "$ZONES_STORAGE_DIR/web/root/srv/mark")" = mine ]
	jq -e '.format == "zones-detached" and .zonename == "web" and .configuration.cpuShares == 20' "$ZONES_STORAGE_DIR/web/detached.json"
	[ ! -s "$ZONES_STORAGE_DIR/.ids.json" ]
	fails 1 zone install web
	says "zone attach web"
	fails 1 zone boot web
	says "zone attach web"
	run zone why web
	says "zone attach web"
	fails 0 zone detach web
	says "no files"
	zone attach web
	[ "$(state_of web)" = installed ]
	[ "$(zone list --json web | jq -c '.[0] | del(.state, .reason)')" = "$before" ]
	[ ! -e "$ZONES_STORAGE_DIR/web/detached.json" ]
	zone boot web
	[ "$(zone exec web cat /srv/mark)" = mine ]
	fails 0 zone attach web
	says "already"
	fails 1 zone detach web
	says "zone halt web"
	zone events web | grep -q detached
	zone events web | grep -q attached
}

@test "a directory is taken to another host: its path is enough, and the configuration comes with it" {
	native web cpuShares=20 zonepath="$TOP/disk/web"
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	zone detach web
	(
		export ZONES_CONFIG_DIR=$TOP/etc2 ZONES_STORAGE_DIR=$TOP/storage2 ZONES_RUN_DIR=$TOP/run2
		mv "$TOP/disk/web" "$TOP/disk/moved"
		run zone attach -n --json "$TOP/disk/moved"
		[ "$status" -eq 0 ]
		[ "$(jq -r .zone <<<"$output")" = web ]
		[ -z "$(zone list -p -o name)" ]
		zone attach "$TOP/disk/moved"
		[ "$(state_of web)" = installed ]
		[ "$(zone list --json web | jq -r '.[0].uuid')" = "$uuid" ]
		[ "$(zone export web | jq -r '[.cpuShares, .zonepath] | @csv')" = "20,\"$TOP/disk/moved\"" ]
		zone boot web
		zone halt web
		zone delete -F web
	)
}

@test "attach -n reports and changes nothing; problems keep the files out, -F takes them in" {
	native web
	zone detach web
	file=$ZONES_STORAGE_DIR/web/detached.json
	jq '.architecture = "vax" | .kernel = "99.1" | .brand = "linux\u001b[31m" | .driver = "overlay" | .image = {"service": 5}' "$file" >"$TOP/changed"
	cp "$TOP/changed" "$file"
	zone set web 'net=[{"physical":"nosuch0"}]'
	run zone attach -n --json web
	[ "$status" -eq 1 ]
	[ "$(jq .ok <<<"$output")" = false ]
	[ "$(result architecture)" = problem ]
	[ "$(result kernel)" = warning ]
	[ "$(result brand)" = problem ]
	[ "$(result host)" = problem ]
	[ "$(result root)" = ok ]
	says nosuch0
	fails 1 zone attach -n web
	says "architecture"
	case $output in *$'\033'*) false ;; esac
	fails 1 zone attach web
	says "-F attaches them all the same"
	[ "$(state_of web)" = configured ]
	[ -e "$file" ]
	[ ! -s "$ZONES_STORAGE_DIR/.ids.json" ]
	zone clear web net
	zone attach -F web
	[ "$(state_of web)" = installed ]
	zone boot web
}

@test "attach of files without a manifest, with a broken one, without a root, of what is not there" {
	zone create -t isolated web
	fails 1 zone attach -F web
	says root
	[ "$(state_of web)" = configured ]
	native other
	zone detach other
	file=$ZONES_STORAGE_DIR/other/detached.json
	cp "$file" "$TOP/good"
	for text in '' '{' '[]' '{"format":"zones-detached","version":2}' "$(head -c 100000 /dev/zero | tr '\0' '[')"; do
		printf '%s' "$text" >"$file"
		fails 1 zone attach other
		fails 1 zone attach "$ZONES_STORAGE_DIR/other"
		[ "$(state_of other)" = configured ]
	done
	rm "$file"
	fails 1 zone attach other
	says manifest
	zone attach -F other
	[ "$(state_of other)" = installed ]
	zone detach other
	jq '.zonename = "../x"' "$TOP/good" >"$file"
	fails 1 zone attach "$ZONES_STORAGE_DIR/other"
	jq '.zonename = "new" | .configuration = {"nosuch": 1}' "$TOP/good" >"$file"
	fails 1 zone attach "$ZONES_STORAGE_DIR/other"
	[ "$(zone list -p -o name | xargs)" = "other web" ]
	chmod 755 "$ZONES_STORAGE_DIR/other"
	fails 1 zone attach -F other
	says "chmod 700"
	chmod 700 "$ZONES_STORAGE_DIR/other"
	chown 70000 "$ZONES_STORAGE_DIR/other/root"
	fails 1 zone attach -F other
	says 70000
	fails 1 zone attach nosuch
	fails 1 zone attach "$TOP/nosuch"
	fails 2 zone attach
	fails 1 zone detach nosuch
}

@test "files that another zone has cannot be attached, not even with -F" {
	native web zonepath="$TOP/disk/web"
	zone create -t isolated two zonepath="$TOP/disk/web"
	fails 1 zone attach -F two
	says 'belongs to zone "web"'
	[ "$(state_of two)" = configured ]
	jq '.state = "incomplete" | .aux = "uninstalling"' "$ZONES_STORAGE_DIR/.records/web.json" >"$TOP/x"
	cat "$TOP/x" >"$ZONES_STORAGE_DIR/.records/web.json"
	run zone attach -F -n --json two
	[ "$(result zonepath)" = problem ]
	fails 1 zone attach -F two
	zone uninstall -F web
	[ ! -e "$TOP/disk/web/root" ]
}

@test "a zone that has another's UUID by then keeps its own; uninstall takes the description as well" {
	native web
	zone detach web
	cp -a "$ZONES_STORAGE_DIR/web" "$TOP/storage/copy"
	zone attach web
	jq '.zonename = "copy" | .configuration.zonename = "copy"' "$TOP/storage/copy/detached.json" >"$TOP/x"
	cp "$TOP/x" "$TOP/storage/copy/detached.json"
	run zone attach -n --json "$TOP/storage/copy"
	[ "$status" -eq 0 ]
	[ "$(result uuid)" = warning ]
	zone attach "$TOP/storage/copy"
	[ "$(zone list --json | jq -r '.[].uuid' | sort -u | wc -l)" = 2 ]
	cp "$TOP/x" "$TOP/storage/copy/detached.json"
	zone uninstall -F copy
	[ ! -e "$TOP/storage/copy" ]
}

@test "detach and attach that are killed leave the files in one state or the other" {
	command -v strace >/dev/null || skip "needs strace"
	native web
	echo mine >"$ZONES_STORAGE_DIR/web/root/srv/mark"
	killed=0
	for call in rename renameat2 unlinkat fsync; do
		for verb in detach attach; do
			for at in 1 2 3 4 6; do
				code=0
				[ $verb = detach ] && [ "$(state_of web)" = configured ] && zone attach web
				[ $verb = attach ] && [ "$(state_of web)" = installed ] && zone detach web
				strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone $verb web >/dev/null 2>&1 || code=$?
				[ $code = 0 ] && break
				killed=$((killed + 1))
				case $(state_of web) in installed | configured) ;; *) zone list -v; false ;; esac
				[ -e "$ZONES_STORAGE_DIR/web/root/srv/mark" ]
			done
		done
	done
	[ "$(state_of web)" = installed ] || zone attach web
	[ $killed -ge 8 ]
	zone boot web
	[ "$(zone exec web cat /srv/mark)" = mine ]
}

@test "attach with a path is never about other files of a zone of that name" {
	native n
	zone detach n
	mkdir "$TOP/elsewhere"
	mv "$ZONES_STORAGE_DIR/n" "$TOP/elsewhere/n"
	zone install n
	fails 1 zone attach "$TOP/elsewhere/n"
	says 'zone "n" exists here with the zonepath'
	zone delete -F n
	zone attach "$TOP/elsewhere/n/"
	[ "$(zone list -p -o path n)" = "$TOP/elsewhere/n" ]
	fails 1 zone attach -F "$TOP/elsewhere/n"
	says "has no detached.json"
}

@test "two zones are attached to one directory at once: one of them gets it" {
	native one
	zone detach one
	zone create -t isolated two zonepath="$ZONES_STORAGE_DIR/one"
	for _ in 1 2 3; do
		zone attach one 2>/dev/null 3>&- & first=$!
		zone attach two 2>/dev/null 3>&- & second=$!
		wait "$first" || true
		wait "$second" || true
		[ "$(zone list -p -i -o name | wc -l)" = 1 ]
		zone detach "$(zone list -p -i -o name)"
	done
	zone delete -F two
}
