# helper.bash - what every bats file of tests/zone loads.
#
# Each test has configuration, storage and run directories of its own below /var/lib (zonepaths must not lie under a world-writable folder such as /tmp), and the whole file runs in a
# network namespace of its own (tests/run-bats does that), so nothing of the host's network is touched. teardown takes everything away, also after a failure, and fails when
# something of the zone is left.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ZONES_BUILD:-$ROOT/build}
export PATH=$BUILD:$PATH
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	TOP=$(mktemp -d "/var/lib/zones-test.${ZONES_TEST_MARK:-0}.XXXXXX")
	chmod 755 "$TOP"
	mkdir -m 700 "$TOP/shut" # what a zone may write to: no user of the host enters it
	export ZONES_CONFIG_DIR=$TOP/etc ZONES_STORAGE_DIR=$TOP/storage ZONES_RUN_DIR=$TOP/run
	[ -z "${ZONES_TEST_CGROUPS:-}" ] || echo "zones-$(cgroup_hash)" >>"$ZONES_TEST_CGROUPS"
	CGROUPS_BEFORE=$(zone_cgroups)
	[ "$(type -t setup_more)" = function ] && setup_more
	return 0
}

teardown() {
	local name left=0
	[ -n "${TOP:-}" ] || return 0
	for name in $(zone list -p -o name 2>/dev/null); do
		zone thaw "$name" >/dev/null 2>&1
		zone halt "$name" >/dev/null 2>&1
		zone delete -F "$name" >/dev/null 2>&1
	done
	[ "$(type -t teardown_more)" = function ] && teardown_more
	if [ -n "$(find "$TOP/run" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2>/dev/null)" ]; then
		echo "# left in $TOP/run:" >&2
		find "$TOP/run" >&2
		left=1
	fi
	if [ -n "$(ip -o link show 2>/dev/null | grep -E ': (zv|zi|zm|zl|zbr)')" ]; then
		echo "# links left:" >&2
		ip -o link >&2
		left=1
	fi
	if [ "$(zone_cgroups)" != "$CGROUPS_BEFORE" ]; then
		echo "# cgroups left:" >&2
		zone_cgroups >&2
		left=1
	fi
	if findmnt -rno TARGET | grep -qF "$TOP"; then
		echo "# mounts left:" >&2
		findmnt -rno TARGET | grep "^$TOP" >&2
		left=1
	fi
	rm -rf --one-file-system "$TOP"
	return $left
}

# Folders of zones in every hierarchy.
zone_cgroups() {
	find /sys/fs/cgroup -maxdepth 4 -path "*/zones-$(cgroup_hash)/*" -type d 2>/dev/null | sort
}

# The folder that zones of this run directory have in every hierarchy (runtime/zone/prepare.c).
cgroup_hash() {
	python3 -c '
import sys
h = 2166136261
for c in sys.argv[1].encode(): h = ((h ^ c) * 16777619) & 0xffffffff
print("%08x" % h)' "$ZONES_RUN_DIR"
}

# A native zone NAME with the given PATH=VALUE words on top of the isolated template (no network), installed.
native() {
	local name=$1
	shift
	zone create -t isolated "$name" "$@"
	zone install "$name"
}

# The same, booted: and what it was promised is what the kernel enforces.
booted() {
	native "$@"
	zone boot "$1"
	zone audit -q "$1" || { echo "zone audit: a promise is broken right after the boot"; return 1; }
}

init_pid() {
	zone list --json "$1" | jq -r '.[0].id'
}

state_of() {
	zone list --json "$1" | jq -r '.[0].state'
}

# What the monitor says of its attached consoles of the zone "web".
consoles_are() {
	python3 - "$ZONES_RUN_DIR/web/control" "$1" <<'PY'
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b'{"verb":"status"}')
sys.exit(0 if json.loads(s.recv(65536))["console_clients"] == int(sys.argv[2]) else 1)
PY
}

# A device of the host that its root alone may open, without harm.
shut_device() {
	local d
	for d in /dev/fuse /dev/loop-control /dev/btrfs-control /dev/vhost-net /dev/kvm; do
		case $(stat -c %a "$d" 2>/dev/null) in 6?0) (: <>"$d") 2>/dev/null && echo "$d" && return 0 ;; esac
	done
	return 1
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# run COMMAND and show what happened when the next assertion fails.
fails() { # fails STATUS COMMAND...
	local want=$1
	shift
	run "$@"
	[ "$status" -eq "$want" ] || { echo "status $status instead of $want: $*"; echo "$output"; return 1; }
}

says() { # the last `run` printed this text
	case $output in *"$1"*) ;; *) echo "wanted: $1"; echo "got: $output"; return 1 ;; esac
}
