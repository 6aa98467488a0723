#!/usr/bin/env bats
# zone rename: another name for a zone that does not run; everything that is its own goes with it, and a crash leaves one zone.
bats_require_minimum_version 1.5.0
load helper

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	ip link set lo up
	mount -t tmpfs -o mode=755 none "$TOP"
}

teardown_more() {
	exec 9>&- # a lock that a test has left
	umount "$TOP"
}

# The zone is there under exactly one of the two names, whole: its file, its record, its ids and its files agree. Prints the name.
one_of() { # one_of OLD NEW
	local name list
	list=$(zone list -p -o name)
	[ "$(wc -l <<<"$list")" = 1 ] || { echo "zones: $list" >&2; return 1; }
	name=$list
	[ "$name" = "$1" ] || [ "$name" = "$2" ] || { echo "zone: $name" >&2; return 1; }
	[ "$(state_of "$name")" = installed ] || { zone list -v >&2; return 1; }
	[ "$(ls "$ZONES_CONFIG_DIR")" = "$name.json" ] || { ls "$ZONES_CONFIG_DIR" >&2; return 1; }
	[ "$(ls "$ZONES_STORAGE_DIR/.records")" = "$name.json" ] || return 1
	[ "$(jq -r 'keys[]' "$ZONES_STORAGE_DIR/.ids.json")" = "$name" ] || return 1
	[ "$(jq -r .zonename "$ZONES_CONFIG_DIR/$name.json")" = "$name" ] || return 1
	[ "$(find "$ZONES_STORAGE_DIR" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n')" = "$name" ] || return 1
	[ ! -e "$ZONES_STORAGE_DIR/.journal" ] || { find "$ZONES_STORAGE_DIR/.journal" >&2; return 1; }
	echo "$name"
}

@test "rename: file, record, ids, files, log, events and UUID go with the name, and it boots" {
	native web 'anet=[{"lowerLink":"auto"}]'
	zone boot web
	address=$(zone list --json web | jq -r '.[0].ip')
	zone halt web
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	base=$(jq .web "$ZONES_STORAGE_DIR/.ids.json")
	echo here >"$ZONES_STORAGE_DIR/web/root/etc/mark"
	echo told >>"$ZONES_STORAGE_DIR/web/log/console.log"
	zone rename web shop
	[ "$(one_of web shop)" = shop ]
	[ "$(zone list --json shop | jq -r '.[0].uuid')" = "$uuid" ]
	[ "$(jq .shop "$ZONES_STORAGE_DIR/.ids.json")" = "$base" ]
	[ "$(zone list --json shop | jq -r '.[0].path')" = "$ZONES_STORAGE_DIR/shop" ]
	zone logs shop | grep -q told
	zone events shop | grep -q 'renamed.*"web"'
	zone events shop | grep -q booted
	fails 1 zone boot web
	zone boot shop
	[ "$(zone exec shop cat /etc/mark)" = here ]
	[ "$(zone exec shop hostname)" = shop ]
	[ "$(zone list --json shop | jq -r '.[0].ip')" = "$address" ]
	run ! grep -q '"web"' "$ZONES_STORAGE_DIR/leases.json"
}

@test "rename: a zone that is only configured, a zonepath of its own, numbers as names, back again" {
	zone create -t isolated web zonepath="$TOP/own/web"
	zone rename web 42
	[ "$(state_of 42)" = configured ]
	[ "$(jq -r .zonename "$ZONES_CONFIG_DIR/42.json")" = 42 ]
	zone install 42
	zone rename 42 true
	[ "$(zone list --json true | jq -r '.[0].path')" = "$TOP/own/web" ]
	[ -d "$TOP/own/web/root/etc" ]
	zone rename true web
	[ "$(state_of web)" = installed ]
	fails 0 zone rename web web
	says "already"
}

@test "rename is refused before anything is changed" {
	native web
	native other
	zone create -t isolated third
	before=$(find "$TOP/etc" "$TOP/storage" -name .audit -prune -o -type f -exec md5sum {} + | sort)
	fails 1 zone rename web other
	says "exists already"
	fails 1 zone rename web third
	fails 1 zone rename web ../x
	fails 1 zone rename web global
	fails 1 zone rename nosuch x
	says nosuch
	fails 2 zone rename web
	mkdir "$ZONES_STORAGE_DIR/taken"
	fails 1 zone rename web taken
	says "$ZONES_STORAGE_DIR/taken"
	[ "$(find "$TOP/etc" "$TOP/storage" -name .audit -prune -o -type f -exec md5sum {} + | sort)" = "$before" ]
	zone boot web
	fails 1 zone rename web free
	says "zone halt web"
	[ -z "$(find "$ZONES_RUN_DIR/.locks" -name free -o -name taken -o -name x)" ]
}

@test "rename that is killed at any of its system calls leaves one zone, under one name" {
	command -v strace >/dev/null || skip "needs strace"
	native a
	from=a to=b killed=0 at=0
	for call in renameat2 unlinkat fsync; do
		for at in $(seq "${ZONES_KILLS:-12}"); do
			code=0
			strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone rename $from $to >/dev/null 2>&1 || code=$?
			name=$(one_of a b)
			[ $code = 0 ] || killed=$((killed + 1))
			[ "$name" = a ] && from=a to=b
			[ "$name" = b ] && from=b to=a
			[ $code != 0 ] || break
		done
	done
	[ $killed -ge 8 ]
	zone boot "$name"
}

@test "rename whose flushes fail, each in turn, leaves one zone, under one name" {
	command -v strace >/dev/null || skip "needs strace"
	native a
	from=a to=b failed=0
	for at in $(seq 10); do
		code=0
		strace -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO:when="$at" zone rename $from $to >/dev/null 2>&1 || code=$?
		name=$(one_of a b)
		[ $code = 0 ] || failed=$((failed + 1))
		[ "$name" = a ] && from=a to=b
		[ "$name" = b ] && from=b to=a
		[ $code != 0 ] || break
	done
	[ $failed -ge 4 ]
}

@test "while layers are removed no record that names some moves, and no clone takes some unseen" {
	native web
	zone snapshot create web one
	# somebody is at the store of layers
	exec 9>>"$ZONES_STORAGE_DIR/.layers.lock"
	flock -x 9
	run -124 timeout 1 zone clone -s one web copy 9>&-
	run -124 timeout 1 zone rename web shop 9>&-
	[ -e "$ZONES_STORAGE_DIR/.records/web.json" ]
	[ ! -e "$ZONES_STORAGE_DIR/.records/shop.json" ]
	exec 9>&-
	zone delete -F copy
	# the next command finishes it
	[ "$(one_of web shop)" = shop ]
	zone image prune
	zone snapshot rollback shop one
	zone boot shop
}
