#!/usr/bin/env bats
# zone snapshot: create, list, rollback, delete, diff and get in every form a root can have.
bats_require_minimum_version 1.5.0
load helper
load disks

teardown_more() {
	disks_gone
}

names_of() {
	zone snapshot list --json "$1" | jq -r '.[].snapshot'
}

# Changes of every kind, made by the zone itself.
change() {
	zone exec "$1" sh -ec 'cd /srv; echo new >changed; echo x >added; rm -rf removed; mkdir -p folder/sub; echo y >folder/sub/file; ln -sf b link; chmod 600 mode; rm -rf replaced; mkdir replaced; echo z >replaced/in'
}

# What change() is about, before it.
furnish() {
	zone exec "$1" sh -ec 'cd /srv; echo old >changed; mkdir -p removed/deep; echo r >removed/deep/file; ln -s a link; echo m >mode; chmod 644 mode; echo file >replaced; cp /bin/busybox caps; setcap cap_net_raw+ep caps'
}

is_old() {
	zone exec "$1" sh -ec 'cd /srv; [ "$(cat changed)" = old ]; [ ! -e added ]; [ -e removed/deep/file ]; [ ! -e folder ]; [ "$(readlink link)" = a ]; [ "$(stat -c %a mode)" = 644 ]; [ -f replaced ]; getcap caps | grep -q cap_net_raw'
}

is_new() {
	zone exec "$1" sh -ec 'cd /srv; [ "$(cat changed)" = new ]; [ -e added ]; [ ! -e removed ]; [ -e folder/sub/file ]; [ -d replaced ]'
}

# A whole life with the snapshots of zone $1, which is installed; $2 is their kind. With $3 = live the snapshot is made while the zone runs.
life() {
	zone boot "$1"
	furnish "$1"
	[ "$3" = live ] || zone halt "$1"
	[ "$(zone snapshot create "$1" one)" = "$1@one" ]
	[ "$(zone snapshot list --json "$1" | jq -r '.[0] | .snapshot + " " + .driver')" = "one $2" ]
	[ "$3" = live ] || zone boot "$1"
	[ "$(zone list --json "$1" | jq -r '.[0].aux')" = null ]
	is_old "$1"
	change "$1"
	# while it runs, and afterwards: what differs, and files out of the snapshot
	zone snapshot diff "$1" one | grep /srv >"$TOP/live"
	fails 1 zone snapshot rollback "$1" one
	says "halt it first"
	zone halt "$1"
	zone snapshot diff "$1" one | grep /srv >"$TOP/still"
	diff "$TOP/live" "$TOP/still"
	diff "$TOP/still" - <<-'D'
		A /srv/added
		M /srv/changed
		A /srv/folder
		A /srv/folder/sub
		A /srv/folder/sub/file
		M /srv/link
		M /srv/mode
		D /srv/removed
		D /srv/removed/deep
		D /srv/removed/deep/file
		M /srv/replaced
		A /srv/replaced/in
	D
	[ "$(zone snapshot get "$1" one /srv/changed -)" = old ]
	echo precious >"$TOP/out"
	run zone snapshot get "$1" one /srv/nothing "$TOP/out"
	[ "$status" -eq 1 ] && [ "$(cat "$TOP/out")" = precious ]
	run zone snapshot get "$1" one /srv/nothing "$TOP/none"
	[ "$status" -eq 1 ] && [ ! -e "$TOP/none" ]
	zone snapshot get "$1" one srv/removed/deep/file "$TOP/out"
	[ "$(cat "$TOP/out")" = r ]
	zone snapshot create "$1" two
	[ "$(zone snapshot diff --json "$1" one two | jq length)" -ge 12 ]
	zone snapshot rollback "$1" one
	zone boot "$1"
	is_old "$1"
	zone halt "$1"
	zone snapshot rollback "$1" two
	zone boot "$1"
	is_new "$1"
	zone halt "$1"
	# a clone of a snapshot is what the zone was
	zone clone -s one "$1" "$1-clone"
	zone boot "$1-clone"
	is_old "$1-clone"
	zone delete -F "$1-clone" 2>/dev/null || { zone halt "$1-clone"; zone delete -F "$1-clone"; }
	zone snapshot delete "$1" one
	[ "$(names_of "$1")" = two ]
	fails 1 zone snapshot rollback "$1" one
	zone snapshot rollback "$1" two
	zone boot "$1"
	is_new "$1"
	zone halt "$1"
}

@test "layers: a stopped zone on ext4 becomes one of layers; a life of snapshots; uninstall leaves nothing" {
	native web
	life web overlay halted
	run -0 zone snapshot diff web two
	if grep /srv <<<"$output"; then false; fi
	zone uninstall -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.layers")" ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
}

@test "layers: a zone that runs, once it is of layers, stands still for its snapshot" {
	native web
	zone boot web
	fails 1 zone snapshot create web first
	says "halt it first"
	zone halt web
	zone snapshot create web first
	zone snapshot delete web first
	life web overlay live
	zone boot web
	# writers are stopped meanwhile: eight files that are always written one after the other are of one moment, though hundreds of others are copied in between
	zone exec web sh -c 'mkdir /srv/w; i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo $i >/srv/w/f$i; done
		(while :; do i=$((i+1)); for k in 1 2 3 4 5 6 7 8; do echo $i >/srv/w/p$k; done; done) >/dev/null 2>&1 &'
	wait_for 10 test -s "$ZONES_STORAGE_DIR/web/upper/fs/srv/w/p8"
	for i in 1 2; do
		zone snapshot create web "w$i"
		layer=$ZONES_STORAGE_DIR/.layers/$(jq -r ".snapshots[] | select(.name == \"w$i\") | .layers[0]" "$ZONES_STORAGE_DIR/.records/web.json")/fs/srv/w
		[ "$(ls "$layer" | wc -l)" = 608 ]
		values=$(cat "$layer"/p? | sort -n)
		[ $(($(tail -n 1 <<<"$values") - $(head -n 1 <<<"$values"))) -le 1 ] || { echo "$values"; false; }
	done
	# also when the child that is to let them go on is killed
	if command -v strace >/dev/null; then
		strace -f -qq -o /dev/null -e trace=setsid -e inject=setsid:signal=KILL zone snapshot create web three
	fi
	[ "$(zone list --json web | jq -r '.[0].aux')" = null ]
}

@test "layers: whoever copies the top of a zone keeps no other zone waiting, nobody removes the copy, and a kill leaves nothing" {
	command -v strace >/dev/null || skip "needs strace"
	record=$ZONES_STORAGE_DIR/.records/web.json
	copies() { find "$ZONES_STORAGE_DIR/.layers" -maxdepth 1 -name '.new-*' | wc -l; }
	native web
	native other
	zone snapshot create web first
	zone snapshot create other first
	zone boot web
	zone exec web sh -c 'echo content >/srv/file'
	# stopped when all is copied and not yet on the disk, for as long as we like
	strace -f -qq -o /dev/null -e trace=syncfs -e inject=syncfs:signal=STOP "$(type -P zone)" snapshot create web slow 3>&- &
	tracer=$!
	wait_for 30 eval '[ "$(jq -r .copying "$record")" != null ] && grep -q "^State:.[tT]" "/proc/$(pgrep -P $tracer)/status"'
	zone image prune
	zone clone other another
	zone snapshot create other second
	[ "$(copies)" = 1 ]
	kill -CONT "$(pgrep -P $tracer)"
	wait $tracer
	[ "$(copies) $(jq -r .copying "$record")" = "0 null" ]
	zone snapshot get web slow /srv/file "$TOP/file"
	[ "$(cat "$TOP/file")" = content ]
	strace -f -qq -o /dev/null -e trace=syncfs -e inject=syncfs:signal=KILL "$(type -P zone)" snapshot create web killed 3>&- || true
	[ "$(copies)" = 1 ]
	zone snapshot list web # who only looks waits for nobody and changes nothing
	[ "$(copies)" = 1 ]
	zone snapshot create web last
	[ "$(copies) $(jq -r .copying "$record")" = "0 null" ]
	[ "$(names_of web | tr '\n' ' ')" = "first slow last " ]
}

@test "btrfs: snapshots are read-only subvolumes, and all of them go with the zone" {
	disk btrfs "$TOP/btrfs"
	zone create -t isolated web zonepath="$TOP/btrfs/web"
	zone install web
	life web btrfs live
	run ! touch "$TOP/btrfs/web/snapshots/two/x"
	inner=$TOP/btrfs/web/root/srv/inner # as root of the zone can make it
	btrfs -q subvolume create "$inner"
	mkdir -p "$inner/a/b"
	echo x >"$inner/a/b/file"
	btrfs property set "$inner" ro true
	zone uninstall -F web
	[ -z "$(ls -A "$TOP/btrfs")" ]
	[ "$(btrfs subvolume list "$TOP/btrfs" | wc -l)" = 0 ]
}

@test "XFS: snapshots are copies that share their blocks" {
	disk xfs "$TOP/xfs"
	zone create -t isolated web zonepath="$TOP/xfs/web"
	zone install web
	life web dir live
	zone uninstall -F web
	[ -z "$(ls -A "$TOP/xfs")" ]
}

@test "a snapshot of one form is a way back from another" {
	disk xfs "$TOP/xfs"
	export ZONES_STORAGE_DIR=$TOP/xfs/store
	native web
	zone boot web
	furnish web
	zone halt web
	zone snapshot create web tree
	zone clone -m overlay web other
	zone boot web
	change web
	zone halt web
	zone snapshot create web layers
	[ "$(zone snapshot list --json web | jq -c 'map(.driver)')" = '["dir","overlay"]' ]
	for i in 1 2; do
		zone snapshot rollback web tree
		zone boot web
		is_old web
		zone halt web
		zone snapshot rollback web layers
		zone boot web
		is_new web
		zone halt web
	done
	[ "$(ls -A "$ZONES_STORAGE_DIR/web")" = "$(printf 'log\nroot\nsnapshots\nupper')" ]
	zone delete -F other
	zone uninstall -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.layers")" ]
}

@test "all zones, names made up, the last N of those stay; a bind mount is not in the way" {
	mkdir "$TOP/shut/data"
	echo host >"$TOP/shut/data/file"
	zone create -t isolated web "fs=[{\"dir\":\"/data\",\"special\":\"$TOP/shut/data\",\"type\":\"lofs\"}]"
	zone install web
	native other
	zone create -t isolated never
	zone snapshot create web mine
	for i in 1 2 3 4; do
		run -0 zone snapshot create -a -k 2
		[ "${#lines[@]}" = 2 ]
	done
	[ "$(names_of web | grep -c ^auto-)" = 2 ]
	[ "$(names_of web | head -n 1)" = mine ]
	[ "$(names_of other | grep -c ^auto-)" = 2 ]
	[ "$(zone snapshot list --json | jq length)" = 5 ]
	zone boot web
	[ "$(zone exec web cat /data/file)" = host ]
	zone exec web sh -c 'echo x >/srv/x'
	zone snapshot create -k 1 web
	zone halt web
	[ "$(names_of web | grep -c ^auto-)" = 1 ]
	zone snapshot rollback web mine
	[ "$(cat "$TOP/shut/data/file")" = host ]
	[ "$(zone snapshot diff web mine)" = "" ]
}

@test "wrong words, hostile names and hostile files are refused" {
	native web
	zone snapshot create web one
	fails 1 zone snapshot create web one
	says "already"
	for name in ../x .hidden a/b "" "a b" "$(printf 'x%.0s' {1..64})"; do
		fails 1 zone snapshot create web "$name"
	done
	fails 1 zone snapshot delete web ../one
	fails 2 zone snapshot
	fails 2 zone snapshot make web
	fails 2 zone snapshot create
	fails 2 zone snapshot create -a web
	fails 2 zone snapshot create -k 0 web
	fails 2 zone snapshot rollback web
	fails 1 zone snapshot list nosuch
	zone create -t isolated fresh
	fails 1 zone snapshot create fresh
	says "install it first"
	top=$ZONES_STORAGE_DIR/web/upper/fs
	mkdir -p "$top/srv"
	echo secret >"$TOP/secret"
	ln -s "$TOP/secret" "$top/srv/escape"
	ln -s /../../../../../../../etc/shadow "$top/srv/up"
	mkfifo "$top/srv/fifo"
	printf 'x' >"$top/srv/$(printf 'evil\033[31m\nname')"
	zone snapshot create web two
	for file in /srv/escape /srv/fifo /srv /dev /srv/nosuch /srv/up; do
		run zone snapshot get web two "$file" -
		[ "$status" = 1 ] || [ "$file" = /srv/up ]
		case $output in *secret*root:*) false ;; esac
	done
	run -0 zone snapshot diff web one two
	case $output in *$'\033'*) false ;; esac
	run -0 zone snapshot diff --json web one two
	jq -e 'map(.path) | index("/srv/fifo")' <<<"$output"
	# a record that names a snapshot elsewhere is not followed
	sed -i 's|"name": "two"|"name": "../../x"|' "$ZONES_STORAGE_DIR/.records/web.json"
	[ "$(state_of web)" = unavailable ]
	fails 1 zone snapshot rollback web ../../x
}

@test "kill -9 at any moment of create, rollback and delete: every snapshot that is named is whole" {
	native web
	zone boot web
	furnish web
	zone halt web
	begin=$(date +%s%N)
	zone snapshot create web base
	span=$((($(date +%s%N) - begin) / 1000000 + 2)) # the kills are spread over what it takes here
	[ $span -lt 900 ] || span=900
	for i in $(seq 1 "${ZONES_KILLS:-9}"); do
		case $((i % 3)) in
		0) set -- create web "s$i" ;;
		1) set -- rollback web base ;;
		2) set -- delete web "s$((i - 2))" ;;
		esac
		mkdir -p "$ZONES_STORAGE_DIR/web/upper/fs/srv"
		echo "$i" >"$ZONES_STORAGE_DIR/web/upper/fs/srv/round"
		zone snapshot "$@" >/dev/null 2>&1 &
		pid=$!
		sleep "$(printf '0.%03d' $((RANDOM % span)))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		[ "$(state_of web)" = installed ]
		for name in $(names_of web); do
			[ "$(zone snapshot get web "$name" /srv/changed -)" = old ]
		done
		zone boot web
		is_old web
		zone halt web
	done
	zone snapshot rollback web base
	zone boot web
	is_old web
	zone halt web
	zone uninstall -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.layers")" ]
}
