#!/usr/bin/env bats
# hooks: when they run, in which order, what they are told and what follows from their failure.
# shellcheck disable=SC2016
load helper

log() { tr '\n' ' ' <"$TOP/log" 2>/dev/null || true; }

@test "hooks: two of each kind run in the order in which they are listed" {
	for kind in prestart poststart poststop; do
		for n in 1 2; do hook $kind "echo $kind$n >>$TOP/log"; done
	done
	script true
	create
	start
	becomes stopped
	zrun delete "$ID"
	[ "$(log)" = "prestart1 prestart2 poststart1 poststart2 poststop1 poststop2 " ]
}

# The case wants "created" for prestart; that moment is part of create, which the specification calls "creating".
@test "hooks_stdin: id, pid, bundle, annotations and status of the moment arrive on stdin" {
	config '.annotations = {"org.example.key":"hook stdin"}'
	for kind in prestart poststart poststop; do hook $kind "cat >$TOP/$kind"; done
	script 'exec sleep 1000'
	create
	pid=$(pid_of)
	start
	zrun kill "$ID" KILL
	becomes stopped
	zrun delete "$ID"
	for pair in prestart:creating poststart:running poststop:stopped; do
		jq -e --arg id "$ID" --arg b "$BUNDLE" --arg s "${pair#*:}" '.id == $id and .bundle == $b and .status == $s and .annotations == {"org.example.key":"hook stdin"} and (.ociVersion | test("^1\\."))' "$TOP/${pair%:*}"
	done
	[ "$(jq .pid "$TOP/prestart") $(jq .pid "$TOP/poststart")" = "$pid $pid" ]
}

# The case wants it after the call of start, as version 1.0 said; since 1.1 it is part of create: reason "specification" in docs/conformance.md.
@test "prestart: runs once, as part of create, before the program" {
	writable
	hook prestart "echo prestart >>$TOP/log; [ ! -e $BUNDLE/rootfs/output ] || echo late >>$TOP/log"
	script 'echo called >>/output'
	create
	[ "$(log)" = "prestart " ]
	[ ! -e "$BUNDLE/rootfs/output" ]
	start
	becomes stopped
	[ "$(cat "$BUNDLE/rootfs/output")" = called ]
	[ "$(log)" = "prestart " ]
}

@test "prestart_fail: an error, the program never runs, and nothing of the container is left" {
	writable
	config '.hooks.prestart = [{"path":"/bin/false","args":["false"]}]'
	script ': >/output'
	fails zrun create -b "$BUNDLE" "$ID"
	[[ "$output" == *'prestart hook "/bin/false"'* ]]
	fails zrun state "$ID"
	fails zrun start "$ID"
	[ ! -e "$BUNDLE/rootfs/output" ]
}

@test "poststart: runs after the program was executed and before start returns" {
	writable
	hook poststart "pid=\$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); readlink /proc/\$pid/exe >>$TOP/log; echo poststart >>$TOP/log"
	script 'echo called >>/output; exec sleep 1000'
	create
	[ "$(log)" = "" ]
	[ ! -e "$BUNDLE/rootfs/output" ]
	start
	[ "$(log)" = "/bin/busybox poststart " ] || [ "$(log)" = "$BUNDLE/rootfs/bin/busybox poststart " ]
	for _ in $(seq 100); do [ -e "$BUNDLE/rootfs/output" ] && break; sleep 0.05; done
	[ "$(cat "$BUNDLE/rootfs/output")" = called ]
}

# The case wants a warning and no more, as versions up to 1.2 said; since 1.3 it is an error that ends the container: reason "specification" in docs/conformance.md.
@test "poststart_fail: an error of start that stops and deletes the container" {
	config '.hooks.poststart = [{"path":"/bin/false","args":["false"]}]'
	hook poststop "echo poststop >>$TOP/log"
	script 'exec sleep 1000'
	create
	pid=$(pid_of)
	fails zrun start "$ID"
	[[ "$output" == *'poststart hook "/bin/false"'* ]]
	fails zrun state "$ID"
	[ "$(log)" = "poststop " ]
	[ ! -e "/proc/$pid" ] || [ "$(awk '/^State/ { print $2 }' "/proc/$pid/status")" = Z ]
}

@test "poststop: runs when the container is deleted, not before, and before delete returns" {
	writable
	hook poststop "echo poststop >>$BUNDLE/rootfs/output"
	script 'echo called >>/output'
	create
	[ ! -e "$BUNDLE/rootfs/output" ]
	start
	becomes stopped
	[ "$(cat "$BUNDLE/rootfs/output")" = called ]
	zrun delete "$ID"
	[ "$(tr '\n' ' ' <"$BUNDLE/rootfs/output")" = "called poststop " ]
}

@test "poststop_fail: a warning that names the hook; the next one runs, and delete succeeds" {
	config '.hooks.poststop = [{"path":"/bin/false","args":["false"]}]'
	hook poststop "echo second >>$TOP/log"
	script true
	create
	start
	becomes stopped
	run zrun delete "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *'warning: poststop hook "/bin/false"'* ]]
	[ "$(log)" = "second " ]
	fails zrun state "$ID"
}
