# helper.bash - what every bats file of tests/oci loads: a bundle with busybox, a state root of its own, and a teardown that fails when anything is left.
# shellcheck shell=bash disable=SC2034,SC2016

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ZONES_BUILD:-$ROOT/build}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v jq >/dev/null || skip "needs jq"
	TOP=$(mktemp -d "/var/lib/zones-test.${ZONES_TEST_MARK:-0}.XXXXXX")
	chmod 755 "$TOP"
	ID=t-${TOP##*.}
	BUNDLE=$TOP/bundle
	mkdir -p "$BUNDLE/rootfs/bin" "$BUNDLE/rootfs/etc" "$BUNDLE/rootfs/tmp" "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/dev" "$BUNDLE/rootfs/sys"
	cp /bin/busybox "$BUNDLE/rootfs/bin/"
	for name in sh true false cat ls sleep id ps mount env tty stty readlink wc grep hostname mkdir rm; do
		ln -s busybox "$BUNDLE/rootfs/bin/$name"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$BUNDLE/rootfs/etc/passwd"
	"$BUILD/zrun" spec -b "$BUNDLE"
	config '.process.terminal = false'
}

teardown() {
	local left=0
	[ -n "${TOP:-}" ] || return 0
	for id in $(zrun list -q); do zrun delete -f "$id"; done
	[ -z "$(find "$TOP/run" -mindepth 1 ! -name '@seccomp' ! -path '*/@seccomp/*' 2>/dev/null)" ] || { find "$TOP/run"; left=1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 6 -name "$ID*" 2>/dev/null)" ] || { find /sys/fs/cgroup -maxdepth 6 -name "$ID*"; left=1; }
	! grep "$TOP" /proc/self/mountinfo || left=1
	rm -rf "$TOP"
	return $left
}

zrun() { "$BUILD/zrun" --root "$TOP/run" "$@"; }

# config FILTER [jq arguments]: change the bundle's config.json
config() {
	local filter=$1
	shift
	jq "$@" "$filter" "$BUNDLE/config.json" >"$BUNDLE/new.json" && mv "$BUNDLE/new.json" "$BUNDLE/config.json"
}

# script TEXT: what the container runs
script() { config '.process.args = ["sh", "-c", $s]' --arg s "$1"; }

user_namespace() {
	config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
}

# a container in the background that does nothing; its descriptors are not the test's
background() {
	script 'exec sleep 1000'
	zrun run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

status() { zrun state "$ID" | jq -r .status; }

# python TEXT: the container runs this, in the host's Python
python() {
	[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3"
	mkdir -p "$BUNDLE/rootfs/usr" "$BUNDLE/rootfs/lib" "$BUNDLE/rootfs/lib64"
	config '.process.args = ["/usr/bin/python3", "-u", "-c", $s] | .process.env = (.process.env - ["PYTHONDONTWRITEBYTECODE=1"]) + ["PYTHONDONTWRITEBYTECODE=1"]
		| .mounts |= map(select(.type != "bind" or (.source | startswith("/usr") | not)))
		| .mounts += ({"/usr": "/usr", "/lib": "/usr/lib", "/lib64": "/usr/lib64"} | to_entries | map({destination: .key, source: .value, type: "bind", options: ["rbind", "ro"]}))' --arg s "$1"
}

# runs TEXT: the container's script, its output in $output
runs() {
	script "$1"
	run zrun run -b "$BUNDLE" "$ID"
}

# refused CHANGE WORDS: a configuration with this change (a filter for config, or what $REFUSED_BY takes) is an error that says so, and nothing is left
refused() {
	cp "$BUNDLE/config.json" "$TOP/before.json"
	"${REFUSED_BY:-config}" "$1"
	run zrun create -b "$BUNDLE" "$ID"
	echo "$1: $output"
	[ "$status" = 1 ]
	[[ "$output" == *"$2"* ]]
	[ -z "$(zrun list -q)" ]
	mv "$TOP/before.json" "$BUNDLE/config.json"
}
