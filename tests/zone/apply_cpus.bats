#!/usr/bin/env bats
# zone apply of who runs on which CPUs: dedicatedCPU and pool of a running zone come, change and go, also while its programs want all they can get; others leave and come back.
# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'

setup_more() {
	ALL=$(cat /sys/fs/cgroup/cpuset/cpuset.cpus 2>/dev/null || cat /sys/devices/system/cpu/online)
	case $ALL in 0-[1-9]*) ;; *) skip "needs two CPUs" ;; esac
	LAST=${ALL#0-}
	REST=0$([ "$LAST" = 1 ] || echo "-$((LAST - 1))")
	mkdir -p "$ZONES_CONFIG_DIR/pools"
	echo "{ \"cpus\": \"$LAST\" }" >"$ZONES_CONFIG_DIR/pools/fast.json"
	echo '{ "cpus": "0" }' >"$ZONES_CONFIG_DIR/pools/slow.json"
}

cpus_of() {
	awk '/^Cpus_allowed_list/{print $2}' "/proc/$(init_pid "$1")/status"
}
on() { # ZONE CPUS
	[ "$(cpus_of "$1")" = "$2" ] || { echo "$1 is on $(cpus_of "$1"), not on $2"; return 1; }
}
pending() {
	zone list --json web | jq -r '.[0].pending'
}
applied() {
	zone apply web >/dev/null
	[ "$(pending)" = false ]
}

# Everything of the zone's configuration but the CPUs, and then those.
declare -gA form=([plain]='{}' [own]='{"dedicatedCPU":{"ncpus":"1"}}' [most]='{"dedicatedCPU":{"ncpus":"1-99"}}' [fast]='{"pool":"fast"}' [slow]='{"pool":"slow"}')
becomes() {
	jq --argjson f "${form[$1]}" 'del(.dedicatedCPU, .pool) + $f' "$ZONES_CONFIG_DIR/web.json" >"$TOP/new.json"
	cp "$TOP/new.json" "$ZONES_CONFIG_DIR/web.json"
}
# What the kernel has, and what the next zones will be told.
picture() {
	echo "web $(cpus_of web) $(zone exec web nproc), other $(cpus_of other)"
	for file in "$ZONES_RUN_DIR"/.cpus/*; do
		[ ! -e "$file" ] || echo "${file##*/} $(cat "$file")"
	done
}
same() { diff "$TOP/picture.$1" <(picture) || { echo "$2"; return 1; }; }

# ZONES_PAIRS: each form becomes each other, in an order of its own each time; else a circle in which each kind of change is there
@test "each form becomes each other as if the zone had been booted so, with the other zone beside it" {
	local from to pairs=(own fast own slow plain most fast plain own plain)
	booted other "$sleeper"
	native web "$sleeper"
	for to in "${!form[@]}"; do
		becomes "$to"
		zone boot web
		picture >"$TOP/picture.$to"
		zone halt web
	done
	if [ -n "${ZONES_PAIRS:-}" ]; then
		mapfile -t pairs < <(for from in "${!form[@]}"; do for to in "${!form[@]}"; do echo "$from $to"; done; done | shuf | tr ' ' '\n')
		echo "# ${pairs[*]}"
	fi
	becomes plain
	zone boot web
	init=$(init_pid web)
	from=plain
	for to in "${pairs[@]}"; do
		becomes "$to"
		[ -z "$(zone diff --json web | jq -r '.changes[] | select(.how != "live")')" ]
		applied || { echo "$from to $to"; return 1; }
		same "$to" "$from to $to"
		applied # nothing to do
		from=$to
	done
	[ "$(init_pid web)" = "$init" ]
	zone audit web
	zone halt web
	on other "$ALL"
	[ -z "$(ls "$ZONES_RUN_DIR/.cpus")" ]
}

@test "under load: who runs is moved, who is born meanwhile too, and nobody else's program stays on the CPU" {
	booted web 'service.command=["/bin/sh","-c","while :; do for i in 1 2 3; do sh -c \"while :; do :; done\" & done; sleep 0.2; kill $(jobs -p); done"]'
	booted other 'service.command=["/bin/sh","-c","while :; do :; done"]'
	for cpus in "$LAST" "$ALL" "$LAST"; do
		if [ "$cpus" = "$ALL" ]; then zone clear web dedicatedCPU; else zone set web dedicatedCPU.ncpus=1; fi
		applied
		sleep 0.3
		n=0
		for pid in $(zone ps --json web | jq '.[].pid'); do
			now=$(awk '/^Cpus_allowed_list/{print $2}' "/proc/$pid/status" 2>/dev/null) || continue
			[ -z "$now" ] || [ "$now" = "$cpus" ] || { echo "process $pid is on $now, not on $cpus"; false; }
			n=$((n + 1))
		done
		[ "$n" -ge 3 ]
		[ "$cpus" = "$ALL" ] || on other "$REST"
	done
	# the last CPU that other's program was on is not one that it lost
	[ "$(awk '{print $39}' "/proc/$(zone ps --json other | jq '[.[].pid] | max')/stat")" != "$LAST" ]
	zone halt web
	on other "$ALL"
}

@test "too few are free: refused before anything is done, with the names of who holds them; given back they are there" {
	booted web "$sleeper" maxLwps=50
	booted mine "$sleeper" dedicatedCPU.ncpus="$LAST"
	zone set web dedicatedCPU.ncpus=1 maxLwps=60
	fails 1 zone apply web
	says 'dedicatedCPU.ncpus: 1 of the CPUs'
	says 'zone "mine" has'
	fails 1 zone apply -n web
	zone info --live --json web | jq -e '.live.cgroup["pids.max"] == "50"'
	on web 0
	[ "$(ls "$ZONES_RUN_DIR/.cpus")" = mine ]
	zone clear mine dedicatedCPU
	fails 0 zone apply mine
	on web "$ALL"
	fails 0 zone apply web
	on web "$LAST"
	on mine "$REST"
	# of two that want the last one at once, one gets it
	zone clear web dedicatedCPU
	applied
	zone set web "dedicatedCPU.ncpus=$LAST"
	zone set mine "dedicatedCPU.ncpus=$LAST"
	zone apply web 2>/dev/null &
	zone apply mine 2>/dev/null &
	wait
	[ "$(ls "$ZONES_RUN_DIR/.cpus" | wc -l)" = 1 ]
}

@test "a step after it fails: the zone has the CPUs that it had, and so have the others" {
	booted other "$sleeper"
	booted web "$sleeper" dedicatedCPU.ncpus=1
	zone exec web sh -c 'echo >/data2' # a file in the way: only the mount itself finds it
	mkdir "$TOP/src"
	zone clear web dedicatedCPU
	zone set web rlimit.core=0
	fails 0 zone apply web
	on web "$ALL"
	zone set web dedicatedCPU.ncpus=1 'sysctl={"net.ipv4.ip_local_port_range":"9 1"}'
	fails 1 zone apply web
	on web "$ALL"
	on other "$ALL"
	[ -z "$(ls "$ZONES_RUN_DIR/.cpus")" ]
	zone clear web sysctl
	applied
	on web "$LAST"
	on other "$REST"
}

# ZONES_KILLS: at every one of the calls
@test "kill -9 at any moment: never two have a dedicated CPU, and the next apply finishes or goes back" {
	command -v strace >/dev/null || skip "needs strace"
	local from to call at step killed=0 pairs=("plain own" "own slow")
	booted other "$sleeper"
	native web "$sleeper"
	for to in plain own fast slow; do
		becomes "$to"
		cp "$ZONES_CONFIG_DIR/web.json" "$TOP/$to.json"
		zone boot web
		picture >"$TOP/picture.$to"
		zone halt web
	done
	[ -z "${ZONES_KILLS:-}" ] || pairs=("plain own" "own slow" "slow own" "own fast" "fast own" "own plain")
	zone apply -f "$TOP/plain.json"
	zone boot web
	for pair in "${pairs[@]}"; do
		read -r from to <<<"$pair"
		zone apply -f "$TOP/$from.json" >/dev/null
		for call in write renameat renameat2 unlinkat; do
			at=1 code=1 step=1
			[ -n "${ZONES_KILLS:-}" ] || step=2
			while [ "$code" != 0 ]; do
				cp "$TOP/$to.json" "$ZONES_CONFIG_DIR/web.json"
				code=0
				strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone apply web >/dev/null 2>&1 || code=$?
				[ "$code" = 0 ] || killed=$((killed + 1))
				case $(cat "$ZONES_RUN_DIR/.cpus/web" 2>/dev/null),$(cpus_of web) in dedicated*,"$LAST") on other "$REST" ;; esac
				if [ $((at % 2)) = 0 ] || [ "$code" = 0 ]; then
					applied
					same "$to" "$pair: after $call $at"
				fi
				zone apply -f "$TOP/$from.json" >/dev/null
				same "$from" "$pair: after $call $at, back"
				at=$((at + step))
				[ $at -lt 100 ]
			done
		done
	done
	echo "# $killed kills" >&3
	[ $killed -ge 6 ]
	zone halt web
	on other "$ALL"
}
