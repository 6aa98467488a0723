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

@test "a limit where no cgroup could be made is an error that names it" {
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "this host may delegate cgroups"
	rootless_bundle
	config '.linux.resources.memory.limit = 50000000'
	run user sh -c '"$XDG_RUNTIME_DIR/zrun-program" run -b "$1" "$2" </dev/null' sh "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *memory.limit* ]]
}
