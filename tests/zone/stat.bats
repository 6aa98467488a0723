#!/usr/bin/env bats
# zone stat: what is shown is what the kernel counts.
# shellcheck disable=SC2016
load helper

row() { jq -c --arg n "$1" '.[] | select(.name == $n)'; }

@test "limits and usage of a zone are the numbers of its cgroup" {
	booted web cappedMemory.physical=64M cappedMemory.swap=64M maxLwps=50 cappedCPU.ncpus=0.5
	zone exec web sh -c 'dd if=/dev/zero of=/tmp/x bs=1M count=20 2>/dev/null'
	zone stat --json >"$TOP/stat"
	web=$(row web <"$TOP/stat")
	echo "$web"
	[ "$(jq .memoryLimitBytes <<<"$web")" = 67108864 ]
	[ "$(jq .lwpsLimit <<<"$web")" = 50 ]
	[ "$(jq .cpuLimitMilli <<<"$web")" = 500 ]
	[ "$(jq .memoryBytes <<<"$web")" -ge 20971520 ]
	[ "$(jq .memoryBytes <<<"$web")" -le 67108864 ]
	[ "$(jq .lwps <<<"$web")" -ge 1 ]
	[ "$(jq .oomKills <<<"$web")" = 0 ]
	[ "$(jq '.cpuNanoseconds > 0' <<<"$web")" = true ]
	# the sum of all zones, and the machine itself
	[ "$(row '[total]' <"$TOP/stat" | jq .memoryBytes)" = "$(jq .memoryBytes <<<"$web")" ]
	[ "$(row '[system]' <"$TOP/stat" | jq .memoryLimitBytes)" = "$(($(awk '/MemTotal/{print $2}' /proc/meminfo) * 1024))" ]
	[ "$(row '[system]' <"$TOP/stat" | jq .cpuLimitMilli)" = "$(($(nproc) * 1000))" ]
}

@test "over an interval: a burner is seen at its cap, bytes are seen on the link, and the kill for memory is counted" {
	booted web cappedCPU.ncpus=0.3 cappedMemory.physical=32M cappedMemory.swap=32M
	address=$(zone list -p -o ip web | cut -d/ -f1)
	zone exec web sh -c 'while :; do :; done' >/dev/null 2>&1 3>&- &
	zone exec web python3 -c 'bytearray(64 << 20)' >/dev/null 2>&1 || true
	(sleep 0.3; ping -c 5 -i 0.05 -s 1000 "$address" >/dev/null 2>&1 || zone exec web ping -c 5 -i 0.05 -s 1000 10.88.0.1 >/dev/null 2>&1) 3>&- &
	zone stat --json -z web 2 1 >"$TOP/stat"
	cat "$TOP/stat"
	cpu=$(jq '.[0].cpuHundredthsOfPercent' "$TOP/stat")
	[ "$cpu" -gt 300 ] && [ "$cpu" -lt 3600 ]
	# who did not get to the cap, on a machine that is busy with others, was not held back by it
	[ "$(jq '.[0] | .cpuThrottledNanoseconds > 0 or .cpuHundredthsOfPercent < 2700' "$TOP/stat")" = true ]
	[ "$(jq '.[0].oomKills >= 1' "$TOP/stat")" = true ]
	[ "$(jq length "$TOP/stat")" = 1 ]
	if command -v ping >/dev/null; then [ "$(jq '.[0].receivedBytesPerSecond > 1000' "$TOP/stat")" = true ]; fi
	zone halt web
}

@test "the table has a row for each, COUNT reports, and nothing for zones that do not run" {
	booted web
	zone create off
	run zone stat 0.2 3
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^ZONE ' <<<"$output")" = 3 ]
	[ "$(grep -c '^web ' <<<"$output")" = 3 ]
	[ "$(grep -c '^\[total\] ' <<<"$output")" = 3 ]
	[ "$(grep -c '^\[system\] ' <<<"$output")" = 3 ]
	[[ "$output" != *off* ]]
}

@test "-p: as many fields as --fields names, raw numbers; --prometheus: samples with their types" {
	booted web maxLwps=77
	fields=$(zone stat --fields)
	line=$(zone stat -p | grep ^web:)
	echo "$fields"; echo "$line"
	[ "$(tr -cd : <<<"$fields")" = "$(tr -cd : <<<"$line")" ]
	n=$(tr : '\n' <<<"$fields" | grep -nx lwpsLimit | cut -d: -f1)
	[ "$(cut -d: -f"$n" <<<"$line")" = 77 ]
	zone stat --prometheus >"$TOP/page"
	grep -qx 'zones_lwps_limit{zone="web",brand="native"} 77' "$TOP/page"
	grep -qx '# TYPE zones_cpu_seconds_total counter' "$TOP/page"
	# every line is a comment or a sample, and no metric is named twice
	! grep -vE '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{zone="[^"]+",brand="[^"]+"\} [0-9]+(\.[0-9]+)?)$' "$TOP/page"
	[ -z "$(grep '^# TYPE' "$TOP/page" | sort | uniq -d)" ]
}

@test "-r: a table for each resource: shares, what is locked, processes, and only those in the forms for programs" {
	native one cpuShares=3 'rlimit={"nproc":40}' cappedMemory.locked=4M cappedMemory.physical=64M
	native two cpuShares=1
	zone boot one
	zone boot two
	zone exec one python3 -c '
import ctypes, mmap, time
m = mmap.mmap(-1, 2 << 20)
libc = ctypes.CDLL(None, use_errno=True)
libc.mlock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
assert libc.mlock(ctypes.addressof(ctypes.c_char.from_buffer(m)), 2 << 20) == 0
print("locked", flush=True)
time.sleep(100)' >"$TOP/out" 2>&1 3>&- &
	wait_for 10 grep -q locked "$TOP/out"
	wait_for 10 eval '[ "$(zone stat --json -r locked -z one | jq ".[0].lockedBytes")" -gt 1900000 ]'
	zone stat --json >"$TOP/stat"
	one=$(row one <"$TOP/stat")
	echo "$one"
	[ "$(jq .cpuShareHundredthsOfPercent <<<"$one")" = 7500 ]
	[ "$(row two <"$TOP/stat" | jq .cpuShareHundredthsOfPercent)" = 2500 ]
	[ "$(jq .cpuShareMilli <<<"$one")" = "$(($(nproc) * 750))" ]
	[ "$(jq .lockedLimitBytes <<<"$one")" = 4194304 ]
	[ "$(jq .processesLimit <<<"$one")" = 40 ]
	[ "$(jq .processes <<<"$one")" = "$(zone ps --json one | jq length)" ]
	# one alone has the same share: the sum is that of all that run
	[ "$(zone stat --json -r cpu -z one | jq '.[0].cpuShareHundredthsOfPercent')" = 7500 ]
	[ "$(zone stat --json -r memory -z one | jq '.[0] | has("memoryBytes") and (has("cpuNanoseconds") or has("lwps") | not)')" = true ]
	run zone stat -r cpu,locked,disk
	echo "$output"
	[ "$(grep -cxE 'cpu|locked|disk' <<<"$output")" = 3 ]
	grep -E '^one +.* 75\.0 ' <<<"$output"
	grep -E '^one +2\.[0-9]M +4\.0M +5[0-9]\.' <<<"$output"
	fails 2 zone stat -r cpu,nosuch
	says 'no resource: there are cpu, memory'
}

@test "-R: what the run comes to, at its end and when it is ended" {
	booted web cappedCPU.ncpus=0.5
	fails 2 zone stat -R high
	says "needs an interval"
	fails 2 zone stat -R lowest 1
	says "there are total, average, high"
	fails 2 zone stat --json --prometheus
	fails 2 zone stat -p --json
	says "do not go together"
	zone exec web sh -c 'while :; do :; done' >/dev/null 2>&1 3>&- &
	zone stat --json -z web -R total,average,high 0.4 3 >"$TOP/stat"
	echo "$(cat "$TOP/stat")"
	jq -s -e 'map(.[0]) | length == 6 and [.[3:][].report] == ["total", "average", "high"]' "$TOP/stat"
	# the sum is what was used in the three intervals; the mean lies between the least and the most
	jq -s -e 'map(.[0]) | .[3].cpuNanoseconds > .[2].cpuNanoseconds - .[0].cpuNanoseconds and .[3].cpuNanoseconds < .[2].cpuNanoseconds' "$TOP/stat"
	jq -s -e 'map(.[0]) | (.[5].cpuHundredthsOfPercent - ([.[:3][].cpuHundredthsOfPercent] | max) | fabs < 10) and .[4].cpuHundredthsOfPercent <= .[5].cpuHundredthsOfPercent' "$TOP/stat"
	run zone stat -R total 0.2 2
	[ "$(grep -c '^total$' <<<"$output")" = 1 ]
	grep -q '^ZONE   *CPU s ' <<<"$output"
	# SIGTERM is the end of a run, not of its reports
	zone stat -p -R average 0.2 >"$TOP/lines" 3>&- &
	pid=$!
	wait_for 10 grep -q '^web:' "$TOP/lines"
	kill "$pid"
	wait "$pid"
	tail -n 1 "$TOP/lines" | grep -q ':average$'
}

@test "inside a zone: its own row and nothing of others, and no folders are made" {
	booted web cappedMemory.physical=256M cappedMemory.swap=256M
	booted other
	cp "$BUILD/zone" "$TOP/storage/web/root/root/zone"
	stat_inside() { zone exec -e ASAN_OPTIONS=detect_leaks=0 web /root/zone stat "$@"; }
	stat_inside --json 0.3 1 >"$TOP/stat"
	cat "$TOP/stat"
	jq -e 'length == 1 and .[0].name == "web" and .[0].brand == "zone"' "$TOP/stat"
	jq -e '.[0] | .memoryLimitBytes == 268435456 and .memoryBytes > 0 and .memoryBytes < 268435456 and .processes >= 2 and .cpuNanoseconds > 0' "$TOP/stat"
	[ "$(stat_inside | tail -n +2 | cut -d' ' -f1)" = web ]
	fails 1 stat_inside -z other
	says 'inside a zone there is only "web"'
	run ! zone exec web test -e /etc/zones -o -e /var/lib/zones
}

@test "errors: unknown and stopped zones by name, bad intervals" {
	zone create off
	run zone stat -z nosuch
	[ "$status" = 1 ]
	says 'zone "nosuch" does not exist'
	run zone stat -z off
	[ "$status" = 1 ]
	says 'zone "off" is configured'
	for words in "0" "0.01" "x" "1 0" "1 x" "1 2 3"; do
		# shellcheck disable=SC2086
		run zone stat $words
		echo "$words: $output"
		[ "$status" = 2 ]
	done
	run zone stat --json
	[ "$(jq -r '.[].name' <<<"$output" | tr '\n' ' ')" = "[total] [system] " ]
}
