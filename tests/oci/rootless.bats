#!/usr/bin/env bats
# rootless: root in a user namespace that an engine made for an unprivileged user.
# shellcheck disable=SC2016
load helper

ID_OF_USER=30999

# user COMMAND...: as root in a user namespace of an unprivileged user, with the environment that Podman gives
user() {
	setpriv --reuid "$ID_OF_USER" --regid "$ID_OF_USER" --clear-groups env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" XDG_RUNTIME_DIR="$TOP/user" "${VARIABLES[@]}" \
		unshare --user --map-root-user --mount -- "$@"
}

rootless_bundle() {
	mkdir -p "$TOP/user"
	cp "$BUILD/zrun" "$TOP/user/zrun-program" # where every user may run it
	config 'del(.linux.resources) | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end) | .mounts |= map(select(.type != "cgroup"))'
	chown -R "$ID_OF_USER:$ID_OF_USER" "$TOP/user" "$BUNDLE"
}

@test "state is kept below the user's own run directory, and cgroups that are refused are no error for create, exec, ps and kill" {
	rootless_bundle
	script 'exec sleep 1000'
	run user sh -c '
		z=$XDG_RUNTIME_DIR/zrun-program
		"$z" run -d -b "$1" "$2" </dev/null >/dev/null 2>&1 3>&- || exit 90
		[ -e "$XDG_RUNTIME_DIR/zrun/$2/state.json" ] || exit 91
		"$z" exec "$2" sh -c "id -u; exit 4"
		[ $? = 4 ] || exit 92
		"$z" ps -f json "$2"
		"$z" kill -a "$2" KILL || exit 93
		"$z" delete -f "$2" || exit 94
		[ ! -e "$XDG_RUNTIME_DIR/zrun/$2" ] || exit 95
	' sh "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" =~ ^\[[0-9]+\]$ ]]
}

@test "root of a user namespace who logged in as root there uses /run/zrun" {
	rootless_bundle
	VARIABLES=(USER=root)
	run user sh -c '
		mount -t tmpfs tmpfs /run
		"$XDG_RUNTIME_DIR/zrun-program" run -b "$1" "$2" </dev/null || exit 90
		[ -d /run/zrun ] && [ ! -e "$XDG_RUNTIME_DIR/zrun" ]
	' sh "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
}

@test "a container that has ended and whose cgroup another one uses now: kill --all and delete leave that one alone, and the last takes the cgroup with it" {
	top=/sys/fs/cgroup/unified
	[ -d "$top" ] || top=/sys/fs/cgroup
	[ -e "$top/cgroup.procs" ] || skip "no cgroups of version 2"
	mkdir "$top/$ID" "$top/$ID/engine"
	chown -R "$ID_OF_USER" "$top/$ID"
	rootless_bundle
	script 'exec sleep 1000'
	for path in "/$ID/one" "/$ID/two/three"; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		run sh -c 'echo $$ >"$1" || exit 89; shift; exec "$@"' sh "$top/$ID/engine/cgroup.procs" setpriv --reuid "$ID_OF_USER" --regid "$ID_OF_USER" --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR="$TOP/user" unshare --user --map-root-user --mount -- sh -c '
			z=$XDG_RUNTIME_DIR/zrun-program
			"$z" run -d -b "$1" "$2" </dev/null >/dev/null 2>&1 3>&- || exit 90
			grep -q "$3" "/proc/$("$z" state "$2" | jq .pid)/cgroup" || exit 96
			"$z" kill "$2" KILL || exit 91
			until "$z" state "$2" | grep -q stopped; do sleep 0.1; done
			"$z" run -d -b "$1" "$2-2" </dev/null >/dev/null 2>&1 3>&- || exit 92
			"$z" kill --all "$2" KILL || exit 93
			timeout 5 "$z" delete "$2" || exit 94
			"$z" state "$2-2" | grep -q running || exit 95
			"$z" delete -f "$2-2" || exit 97
		' sh "$BUNDLE" "$ID" "$path"
		left=$(find "$top/$ID" -mindepth 1 -type d | grep -v '/engine$') || true
		echo "$status: $output; left: $left"
		[ "$status:$left" = 0: ] || break
	done
	wait_gone=
	[ "$status" = 0 ] || echo 1 >"$top/$ID/cgroup.kill"
	for _ in $(seq 20); do find "$top/$ID" -depth -type d -exec rmdir {} + && wait_gone=yes && break; sleep 0.1; done
	[ "$status:$left:$wait_gone" = 0::yes ]
}

@test "a limit where no cgroup could be made is an error that names it" {
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "this host may delegate cgroups"
	rootless_bundle
	config '.linux.resources.memory.limit = 50000000'
	run user sh -c '"$XDG_RUNTIME_DIR/zrun-program" run -b "$1" "$2" </dev/null' sh "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *memory.limit* ]]
}
