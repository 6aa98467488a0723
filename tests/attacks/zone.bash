# zone.bash - what the attacks on zones share: a folder of the host's that must stay as it is, and the program without one of its protections.
#
# An attack is a function that returns 0 when it did no harm and HARM when it did; anything else is a mistake of its own. Each is run against the program, and must then be shown to be able to do harm: against the
# same program without one protection (bites NAME, tests/attacks/weak.c and weak_zone.c). A test that cannot be shown so says how it is ("shown: ...").
# shellcheck shell=bash disable=SC2034
load ../zone/helper

HARM=66

outside_new() {
	rm -rf "${TOP:?}/outside"
	mkdir "$TOP/outside"
	echo canary > "$TOP/outside/canary"
	echo 'outsider:x:0:0::/:/bin/sh' > "$TOP/outside/passwd"
	touch -d @1000000000 "$TOP/outside/canary" "$TOP/outside/passwd" "$TOP/outside"
	before=$(canary)
}

canary() {
	find "$TOP/outside" -printf '%P %y %m %u %s %T@\n' | sort
	cat "$TOP/outside/canary"
}

unharmed() {
	[ "$(canary)" = "$before" ] && return 0
	echo "the canary has changed:"
	canary
	return $HARM
}

# What a program inside has found: it ends with "bad: []".
none_bad() {
	echo "$output"
	case $output in
	*"bad: []"*) return 0 ;;
	*"bad: ["*) return $HARM ;;
	*) return 1 ;;
	esac
}

# A zone as native() makes it, booted: and what the program promises is what the kernel enforces.
up() {
	native "$@" && timeout 20 zone boot "$1" && { [ -n "${ZONES_WEAK:-}" ] || zone audit -q "$1"; }
}

# hangs SECONDS COMMAND...: does it take longer?
hangs() {
	timeout -k 2 "$@" > "$TOP/hangs.log" 2>&1 3>&-
	case $? in 124 | 137) return 0 ;; *) return 1 ;; esac
}

zones_away() {
	local name
	for name in $(zone list -p -o name); do
		timeout -k 5 20 zone halt "$name" >/dev/null 2>&1 || true
		timeout 20 zone delete -F "$name" >/dev/null 2>&1 || true
	done
	[ -z "$(zone list -p -o name)" ] && rm -rf --one-file-system "$TOP/run" "$TOP/storage"
}

# bites NAME ATTACK...: without this protection the attack does harm. The zones of the test are gone afterwards.
bites() {
	local name=$1 status=0
	shift
	[ "$BUILD" = "$ROOT/build" ] && [ -x "$BUILD/weak/zone" ] || return 0 # the sanitizers' pass: the release's has shown it
	zones_away
	outside_new
	(export ZONES_WEAK=$name ZONES_LIBEXEC_DIR=$BUILD PATH=$BUILD/weak:$PATH && "$@") >"$TOP/weak.log" 2>&1 || status=$?
	zones_away
	outside_new
	[ $status = $HARM ] && return 0
	echo "without \"$name\" the attack does no harm (status $status), so it proves nothing:"
	cat "$TOP/weak.log"
	return 1
}
