# helper.bash - what the bats files of tests/vm load: one script runs in the guest, each test looks at one of its results.
# shellcheck shell=bash

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

# in_the_guest SCRIPT SECONDS [ARGUMENTS]: run it there, with these arguments for its kernel; what it prints is for `passed`
in_the_guest() {
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
	ZONES_BUILD=${ZONES_BUILD:-$here/../../build} "$here/guest" -m 1280 -t "$2" -a "${3:-}" -o "$OUT" "$here/$1" 2>"$BATS_FILE_TMPDIR/err" || echo "guest: status $?" >>"$BATS_FILE_TMPDIR/err"
}

# passed NAME: the script said so
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
