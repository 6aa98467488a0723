# helper.bash - the helper of tests/oci and what the cases of runtime-tools' validation/ need besides. docs/conformance.md says which case is where.
# shellcheck shell=bash disable=SC2034,SC2016,SC2154

# shellcheck source=tests/oci/helper.bash
. "$(dirname "${BASH_SOURCE[0]}")/../oci/helper.bash"
eval "oci_$(declare -f teardown)"

# a case may have started sessions of processes (HELPERS) and made a cgroup of its own (FOREIGN)
teardown() {
	for id in $(zrun list -q); do zrun delete -f "$id"; done
	end_helpers
	if [ -n "${FOREIGN:-}" ] && [ -d "$FOREIGN" ]; then
		for _ in $(seq 50); do rmdir "$FOREIGN" 2>/dev/null && break; sleep 0.1; done
	fi
	oci_teardown
}

end_helpers() {
	local pid
	for pid in ${HELPERS:-}; do
		kill -9 -- "-$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	HELPERS=
}

# create, start: without the test's own descriptors, or bats would wait for the container; what it prints is in $TOP/err
create() { # arguments: options
	zrun create -b "$BUNDLE" "$@" "$ID" </dev/null >"$TOP/out" 2>"$TOP/err" 3>&- || { cat "$TOP/err"; return 1; }
}
start() { zrun start "$ID" 3>&-; }
pid_of() { zrun state "$ID" | jq .pid; }

# becomes STATUS: within five seconds
becomes() {
	for _ in $(seq 100); do
		[ "$(status)" = "$1" ] && return
		sleep 0.05
	done
	echo "the container is $(status) instead of $1"
	return 1
}

writable() { config '.root.readonly = false'; }

# a program with all capabilities in all sets and no filter
privileged() {
	local all
	all=$(capsh --decode=ffffffffffffffff | sed 's/.*=//' | tr ',' '\n' | grep '^cap_' | tr '[:lower:]' '[:upper:]' | jq -R . | jq -sc .)
	config '.process.capabilities = (["bounding","effective","inheritable","permitted","ambient"] | map({(.): $all}) | add) | del(.linux.seccomp)' --argjson all "$all"
}

# fails COMMAND...: it must end with an error, and say one
fails() {
	run "$@"
	echo "$* -> $status: $output"
	[ "$status" != 0 ]
	[ -n "$output" ]
}

# never COMMAND...: it must not succeed ("!" alone does not end a test)
never() { if "$@"; then echo "$* succeeded"; return 1; fi; }

# works SCRIPT: the container's program, which must succeed; its lines are in $lines
works() {
	runs "$1"
	echo "$output"
	[ "$status" = 0 ]
}

# hook KIND SCRIPT: one more hook of this kind
hook() { config '.hooks[$k] += [{"path":"/bin/sh","args":["sh","-c",$s],"env":["PATH=/bin:/usr/bin"]}]' --arg k "$1" --arg s "$2"; }
