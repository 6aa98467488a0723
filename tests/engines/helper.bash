# helper.bash - what every bats file of tests/engines loads. Everything is below TOP, an empty tmpfs that only this file's mount namespace has (tests/run-engines).
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ZONES_BUILD:-$ROOT/build}
TOP=${ZONES_ENGINES_TOP:?run these through tests/run-engines}
ZRUN=$BUILD/zrun
# this class of machine lacks CAP_SYS_RESOURCE in places: engines would ask for a million descriptors, which nobody may raise to.
# Both limits are the same: the infra container of Podman 4.3's `kube play` gets soft and hard interchanged, which every runtime refuses.
ULIMIT="nofile=$(ulimit -Hn):$(ulimit -Hn)"

# A root file system with busybox: $TOP/image
image_tree() {
	local name
	mkdir -p "$TOP/image/bin" "$TOP/image/etc" "$TOP/image/tmp" "$TOP/image/proc" "$TOP/image/dev" "$TOP/image/sys" "$TOP/image/root"
	chmod 1777 "$TOP/image/tmp"
	cp /bin/busybox "$TOP/image/bin/"
	for name in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox "$TOP/image/bin/$name"; done
	printf 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/srv:/bin/sh\n' >"$TOP/image/etc/passwd"
	printf 'root:x:0:\nwww:x:33:\nextra:x:55:www\n' >"$TOP/image/etc/group"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited in vain: $*"; return 1; }
		sleep 0.1
	done
}

# fails STATUS COMMAND...: it ends with just this status
fails() {
	local want=$1
	shift
	run "$@"
	[ "$status" -eq "$want" ] || { echo "status $status instead of $want: $*"; echo "$output"; return 1; }
}

says() { # the last `run` printed this text
	case $output in *"$1"*) ;; *) echo "wanted: $1"; echo "got: $output"; return 1 ;; esac
}

# in_terminal COMMAND: run it with a terminal as its standard input and output
in_terminal() {
	script -qec "$1" /dev/null </dev/null | tr -d '\r\000'
}

end_daemon() { # PIDFILE: TERM, then KILL
	local pid
	[ -s "$1" ] || return 0
	pid=$(cat "$1")
	kill "$pid" 2>/dev/null || return 0
	for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
	kill -9 "$pid" 2>/dev/null || true
}
