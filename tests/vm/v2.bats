#!/usr/bin/env bats
# Zones on a host with cgroup v2 alone: tests/vm/guest emulates one, tests/vm/inside.sh does everything there in one go (starting the machine and emulating it are slow), each test here
# looks at one of its results.
# bats file_tags=vm

load ../zone/trees

# on_the_host COMMAND...: with the network of the machine. The tests run in a network namespace without any; the first of our ancestors with another one started them.
on_the_host() {
	local pid=$$ own
	own=$(readlink /proc/self/ns/net)
	while [ "$pid" -gt 1 ] && [ "$(readlink "/proc/$pid/ns/net")" = "$own" ]; do
		pid=$(awk '/^PPid:/{print $2}' "/proc/$pid/status")
	done
	if [ "$pid" -gt 1 ]; then nsenter --net="/proc/$pid/ns/net" "$@"; else "$@"; fi
}

setup_file() {
	local here=$BATS_TEST_DIRNAME
	export OUT=$BATS_FILE_TMPDIR/out WHY=$BATS_FILE_TMPDIR/why
	: >"$OUT"
	if [ "${ZONES_QUICK:-}" ]; then
		echo "emulating the sanitizers takes too long" >"$WHY"
		return 0
	fi
	if ! on_the_host "$here/guest" -p 2>"$WHY"; then
		grep -q . "$WHY" || echo "the guest cannot be had" >"$WHY"
		return 0
	fi
	rm -f "$WHY"
	ZONES_TREE=$(on_the_host bash -c '. "$1" && debian_tree' sh "$here/../zone/trees.bash" 2>/dev/null) || ZONES_TREE=
	export ZONES_TREE
	ZONES_BUILD=${ZONES_BUILD:-$here/../../build} "$here/guest" -m 1280 -t 900 -o "$OUT" "$here/inside.sh" 2>"$BATS_FILE_TMPDIR/err" || echo "guest: status $?" >>"$BATS_FILE_TMPDIR/err"
}

# passed NAME: inside.sh said so
passed() {
	if [ -e "$WHY" ]; then skip "$(tail -n 1 "$WHY" | sed 's/^guest: //')"; fi
	case $1 in systemd*) [ -n "$ZONES_TREE" ] || skip "no Debian tree could be made (tests/zone/trees.bash)" ;; esac
	grep -qx "ok $1" "$OUT" || {
		# what was said since the result before this one; all of the end when there is no result
		awk -v name="$1" '/^ok /{said = ""} {said = said $0 "\n"} /^not ok /{if (index($0, "not ok " name ":") == 1) {found = 1; exit} said = ""} END {printf "%s", said; if (!found) print "no result"}' "$OUT" | tail -n 60
		cat "$BATS_FILE_TMPDIR/err"
		false
	}
}

@test "v2: create, install, boot and exec; the zone's processes are in a cgroup of its own that it sees as /" {
	passed life
}
@test "v2: memory.max, memory.swap.max, pids.max and the device program hold what was asked for" {
	passed limits-are-written
}
@test "v2: cappedMemory.physical: a program that wants more is killed alone" {
	passed memory
}
@test "v2: maxLwps: a fork bomb stays inside its number" {
	passed lwps
}
@test "v2: freeze stops every process through cgroup.freeze, thaw lets them go on" {
	passed freeze-and-thaw
}
@test "v2: anet: modules of bridge, veth and nftables are loaded, the zone serves a page" {
	passed network
}
@test "v2: cpuShares: two busy zones get time in proportion to cpu.weight" {
	passed shares
}
@test "v2: cappedCPU: two burners get what cpu.max allows" {
	passed cpu-cap
}
@test "v2: processes of boot and exec are born in the cgroup (CLONE_INTO_CGROUP), none is moved" {
	passed born-inside
}
@test "v2: halt and delete leave no cgroup, link, process or record" {
	passed halt-and-delete
}
@test "v2: zrun: resources and unified, pause, resume, exec, delete" {
	passed oci
}
@test "v2: a Debian zone with systemd boots" {
	passed systemd-boots
}
@test "v2: systemd says running: no unit has failed" {
	passed systemd-state
}
@test "v2: systemd limits its services with controllers of its own cgroup" {
	passed systemd-manages
}
@test "v2: root of the systemd zone cannot change the limits that the host has set" {
	passed systemd-limits-hold
}
@test "v2: shutdown of the systemd zone leaves no cgroup, not even one that the zone made" {
	passed systemd-halts
}
