# helper.bash - what the attacks against zrun share: a bundle (tests/oci/helper.bash), a folder of the host's that must stay as it is, racing processes, and the runtime without one of its protections.
#
# An attack is a function that returns 0 when it did no harm. Each is run against the runtime, and must then be shown to be able to do harm: against the same runtime without one protection
# (bites NAME, tests/attacks/weak.c). A test that cannot be shown so says how it is.
# shellcheck shell=bash disable=SC2034
load ../oci/helper

eval "oci_$(declare -f setup)"
eval "oci_$(declare -f teardown)"

setup() {
	oci_setup
	OUTSIDE=$TOP/outside
	RACE=${ZONES_QUICK:+40}
	RACE=${RACE:-500}
	outside_new
}

teardown() {
	rm -f "$TOP/racing"
	[ -z "${racer:-}" ] || wait "$racer" || true
	oci_teardown
}

zrun() { "${RUNTIME:-$BUILD/zrun}" --root "${STATE:-$TOP/run}" "$@"; }

# within SECONDS ARGUMENTS...: zrun, ended when it hangs; 124 then
within() {
	local seconds=$1
	shift
	timeout -k 5 "$seconds" "${RUNTIME:-$BUILD/zrun}" --root "${STATE:-$TOP/run}" "$@"
}

# --- the canary ---------------------------------------------------------------------------------------------------

outside_new() {
	rm -rf "${OUTSIDE:?}"
	mkdir "$OUTSIDE"
	echo canary >"$OUTSIDE/canary"
	touch -d @1000000000 "$OUTSIDE/canary" "$OUTSIDE"
	before=$(canary)
}

canary() {
	find "$OUTSIDE" -printf '%P %y %m %u %s %T@\n' | sort
	cat "$OUTSIDE/canary" 2>/dev/null
}

unharmed() {
	[ "$(canary)" = "$before" ] && return 0
	echo "the canary has changed:"
	canary
	return 1
}

# --- can the attack fail at all? ----------------------------------------------------------------------------------

# bites NAME ATTACK...: without this protection the attack does harm
bites() {
	local name=$1
	shift
	[ "$BUILD" = "$ROOT/build" ] && [ -x "$BUILD/weak/zrun" ] || return 0 # the sanitizers' pass: the release's has shown it
	if (RUNTIME=$BUILD/weak/zrun ZONES_WEAK=$name && export ZONES_WEAK && "$@") >"$TOP/weak.log" 2>&1; then
		echo "without \"$name\" the attack does no harm, so it proves nothing:"
		cat "$TOP/weak.log"
		return 1
	fi
	outside_new
}

# --- races --------------------------------------------------------------------------------------------------------

# race A B [A B]...: exchange A with B all the time, until race_end
race() {
	touch "$TOP/racing"
	rm -f "$TOP/rounds"
	mkfifo "$TOP/begun"
	python3 - "$TOP/racing" "$TOP/rounds" "$TOP/begun" "$@" 3>&- <<'P' &
import ctypes, os, sys
racing, rounds, begun, *names = sys.argv[1:]
libc = ctypes.CDLL(None)
pairs = [(a.encode(), b.encode()) for a, b in zip(names[::2], names[1::2])]
n = 0
open(begun, "w").write("x\n")
while os.path.exists(racing):
    for a, b in pairs:
        n += libc.renameat2(-100, a, -100, b, 2) == 0
open(rounds, "w").write(str(n))
P
	racer=$!
	read -r _ <"$TOP/begun"
	rm "$TOP/begun"
}

# race_end: and it was a race
race_end() {
	rm -f "$TOP/racing"
	wait "$racer"
	racer=
	[ "$(cat "$TOP/rounds")" -ge "$RACE" ] || { echo "only $(cat "$TOP/rounds") exchanges"; return 1; }
}

# --- terminals ----------------------------------------------------------------------------------------------------

# at_terminal SECONDS ARGUMENTS...: zrun at a terminal of its own
at_terminal() {
	local seconds=$1
	shift
	timeout -k 5 "$seconds" script -qec "${RUNTIME:-$BUILD/zrun} --root ${STATE:-$TOP/run} $*" /dev/null </dev/null
}
