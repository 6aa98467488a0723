#!/usr/bin/env bats
# zrun checkpoint and restore: what is said where criu cannot work. Where it can: tests/vm/criu.bats.
# shellcheck disable=SC2016
load helper

@test "a kernel that the installed criu cannot work on is said, and the container runs on" {
	command -v criu >/dev/null || skip "criu is not installed (Debian: apt-get install criu)"
	! criu check >/dev/null 2>&1 || skip "criu works here: tests/vm/criu.bats and its like"
	background
	run zrun checkpoint --image-path "$TOP/images" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"criu cannot work on this kernel (see \"criu check\")"* ]]
	[ "$(status)" = running ]
	zrun exec "$ID" true
	run zrun restore -b "$BUNDLE" --image-path "$TOP/images" "$ID-2"
	echo "$output"
	[ "$status" = 1 ]
	[ "$(zrun list -q)" = "$ID" ]
}

@test "no criu at all is one sentence with the package's name" {
	background
	[ -e /usr/sbin/criu ] || [ ! -e /usr/local/sbin/criu ] || skip "criu is somewhere else here"
	: >"$TOP/nothing"
	chmod 644 "$TOP/nothing"
	run unshare --mount --propagation private bash -c '[ ! -e /usr/sbin/criu ] || mount --bind "$1" /usr/sbin/criu; shift; "$@"' sh "$TOP/nothing" "$BUILD/zrun" --root "$TOP/run" checkpoint --image-path "$TOP/images" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"need the program criu, which is not installed (Debian: apt-get install criu)"* ]]
	[ "$(status)" = running ]
}

@test "only a running container can be saved; images and options are checked first" {
	script 'exec sleep 1000'
	zrun create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	fails() { # WORDS COMMAND...
		local words=$1
		shift
		run zrun "$@"
		echo "$*: $output"
		[ "$status" = 1 ]
		[[ "$output" == *"$words"* ]]
	}
	fails "container not running: it is created" checkpoint "$ID"
	fails "container does not exist" checkpoint "$ID-none"
	zrun start "$ID"
	touch "$TOP/file"
	fails "$TOP/file" checkpoint --image-path "$TOP/file" "$ID"
	fails '"bad" is not soft, full, strict or ignore' checkpoint --manage-cgroups-mode bad "$ID"
	fails 'only "network" can be left empty' checkpoint --empty-ns pid "$ID"
	fails "is not ADDRESS:PORT" checkpoint --image-path "$TOP/images" --page-server 1.2.3.4 "$ID"
	fails "\"$TOP/none\": No such file" restore -b "$BUNDLE" --image-path "$TOP/none" "$ID-2"
	mkdir "$TOP/empty"
	fails descriptors.json restore -b "$BUNDLE" --image-path "$TOP/empty" "$ID-2"
	fails "container with given ID already exists" restore -b "$BUNDLE" --image-path "$TOP/empty" "$ID"
	[ "$(status)" = running ]
	[ "$(zrun list -q)" = "$ID" ]
}

@test "what callers ask before they use it: --help, and an option without its value" {
	run zrun checkpoint --help
	[ "$status" = 0 ]
	run zrun restore --lsm-mount-context
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"flag needs an argument"* ]]
}
