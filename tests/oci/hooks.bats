#!/usr/bin/env bats
# hooks: order, namespaces, state on stdin, failures (OCI config.md "POSIX-platform hooks").
# shellcheck disable=SC2016
load helper

# hook KIND SCRIPT
hook() { config '.hooks[$k] += [{"path":"/bin/sh","args":["sh","-c",$s],"env":["PATH=/bin:/usr/bin"]}]' --arg k "$1" --arg s "$2"; }

all_hooks() {
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "echo $kind \$(cat) >>$TOP/log"
	done
	config '.root.readonly = false'
	hook startContainer 'echo startContainer $(cat) >>/tmp/log'
}

@test "all six run in order, each with the state of its moment" {
	all_hooks
	script 'true'
	zrun run -b "$BUNDLE" "$ID"
	[ "$(cut -d' ' -f1 "$TOP/log" | tr '\n' ' ')" = "prestart createRuntime createContainer poststart poststop " ]
	[ "$(sed 's/^[^ ]* //' "$TOP/log" | jq -r .status | tr '\n' ' ')" = "creating creating creating running stopped " ]
	[ "$(sed 's/^[^ ]* //' "$BUNDLE/rootfs/tmp/log" | jq -r '.status, .pid' | tr '\n' ' ')" = "created 1 " ]
	[ "$(sed -n 's/^createContainer //p' "$TOP/log" | jq .pid)" = 1 ]
	[ "$(sed -n 's/^createRuntime //p' "$TOP/log" | jq -r .bundle)" = "$BUNDLE" ]
}

@test "the text is compact and slashes are not escaped" {
	hook prestart "cat >$TOP/state"
	script true
	zrun run -b "$BUNDLE" "$ID"
	grep -q "\"bundle\":\"$BUNDLE\"" "$TOP/state"
}

@test "a failing hook of create ends it, says what it printed, and poststop runs" {
	for kind in prestart createRuntime createContainer; do
		rm -f "$TOP/log"
		config 'del(.hooks)'
		hook poststop "echo poststop >>$TOP/log"
		hook $kind 'echo because; exit 3'
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		[[ "$output" == *"$kind hook \"/bin/sh\": exited with 3: because"* ]]
		[ "$(cat "$TOP/log")" = poststop ]
		[ -z "$(zrun list -q)" ]
	done
}

@test "a failing poststart hook stops and deletes the container" {
	hook poststart 'exit 1'
	script 'exec sleep 1000'
	run zrun run -d -b "$BUNDLE" "$ID" 3>&-
	[ "$status" = 1 ]
	[ -z "$(zrun list -q)" ]
}

@test "a hook that hangs is killed after its timeout" {
	config '.hooks.prestart = [{"path":"/bin/sleep","args":["sleep","60"],"timeout":1}]'
	run timeout 20 "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"did not end in time"* ]]
}

@test "createContainer runs in the container's namespaces before the root changes" {
	hook createContainer "readlink /proc/self/ns/mnt >$TOP/ns; ls $TOP >/dev/null"
	script 'readlink /proc/self/ns/mnt'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$output" = "$(cat "$TOP/ns")" ]
	[ "$output" != "$(readlink /proc/self/ns/mnt)" ]
}

@test "a hook has its own environment and nothing of the program's or the caller's" {
	config '.process.env += ["LD_PRELOAD=/evil.so","SECRET=x"] | .hooks.createRuntime = [{"path":"/usr/bin/env","args":["env"],"env":["ONLY=this"]}]'
	config '.hooks.createRuntime[0] |= (.path = "/bin/sh" | .args = ["relative-name","-c","/usr/bin/env >$OUT"] | .env += ["OUT=" + $o])' --arg o "$TOP/env"
	script true
	CALLERS=1 zrun run -b "$BUNDLE" "$ID"
	grep -q '^ONLY=this$' "$TOP/env"
	! grep -E 'LD_PRELOAD|SECRET|CALLERS|^PATH' "$TOP/env"
}

@test "a hook that does not read its state does no harm" {
	config '.hooks.createRuntime = [{"path":"/bin/true"}] | .annotations = {"big": ("x" * 200000)}'
	script 'echo fine'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$output" = fine ]
}

@test "hooks that break the rules are refused before anything happens" {
	for bad in '{"path":"bin/true"}' '{"path":"/bin/true","timeout":0}' '{"path":"/bin/true","timeout":-1}' '{}'; do
		config '.hooks.prestart = [$h]' --argjson h "$bad"
		run zrun create -b "$BUNDLE" "$ID"
		echo "$bad: $output"
		[ "$status" = 1 ]
		[[ "$output" == *"hooks.prestart[0]"* ]]
		[ -z "$(zrun list -q)" ]
	done
}

@test "a failing startContainer hook is an error of start, a failing poststop only a warning" {
	config '.hooks.startContainer = [{"path":"/bin/false"}]'
	script true
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"startContainer hook"* ]]
	[ -z "$(zrun list -q)" ]
	config '.hooks = {"poststop":[{"path":"/bin/false"},{"path":"/bin/sh","args":["sh","-c","echo second >" + $o]}]}' --arg o "$TOP/second"
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[ "$(cat "$TOP/second")" = second ]
}
