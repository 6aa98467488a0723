# checks.bash - what the scripts that run in the guest load: "ok NAME" or "not ok NAME: why" for each check.
# shellcheck shell=bash
set -u
log=$(mktemp)

check() { # NAME COMMAND...
	local name=$1 rc
	shift
	(set -e; "$@") >"$log" 2>&1 # in no condition, or set -e would do nothing
	rc=$?
	sed 's/^/# /' "$log"
	if [ $rc = 0 ]; then echo "ok $name"; else echo "not ok $name: $(tail -n 1 "$log")"; fi
	echo "# $(cut -d' ' -f1 /proc/uptime) s"
}
need() { # TEXT COMMAND...: an assertion with words
	local text=$1
	shift
	"$@" || { echo "$text"; exit 1; }
}
wait_for() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "in vain: $*"; return 1; }
		sleep 0.3
	done
}
