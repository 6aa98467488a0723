#!/usr/bin/env bats
# Many zones, many times: nothing accumulates.
load helper

rounds() {
	if [ -n "${ZONES_QUICK:-}" ]; then echo "$2"; else echo "$1"; fi
}

# What this test's own zones could leave; other tests may run beside it. Leases stay with installed zones.
traces() {
	findmnt -rno TARGET | grep -cF "$TOP" || true
	zone_cgroups
	ip -o link | wc -l
	nft list ruleset | wc -l
	find "$TOP/run" "$TOP/etc" -not -name '*.log' 2>/dev/null | sort
	find "$TOP/storage" -maxdepth 2 -not -name log -not -name leases.json 2>/dev/null | sort
	for f in $(grep -lzxF "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null || true); do
		if grep -qzx monitor "${f%environ}cmdline" 2>/dev/null; then echo "monitor left: $f"; fi
	done
}

@test "create, boot, exec, halt, delete again and again leaves nothing" {
	zone list >/dev/null
	zone create warm && zone install warm && zone boot warm && zone halt warm && zone delete -F warm
	before=$(traces)
	for i in $(seq "$(rounds 200 20)"); do
		zone create soak
		zone install soak
		zone boot soak
		[ "$(zone exec soak echo "$i")" = "$i" ]
		zone halt soak
		zone delete -F soak
	done
	after=$(traces)
	diff <(echo "$before") <(echo "$after")
}

@test "fifty zones at once, each with its own address and ids, all answer and all go" {
	n=$(rounds 50 8)
	zone create warm && zone install warm && zone boot warm && zone halt warm && zone delete -F warm
	for i in $(seq "$n"); do
		zone create "z$i"
		zone install "z$i"
	done
	before=$(traces)
	for i in $(seq "$n"); do zone boot "z$i"; done
	[ "$(zone list --json | jq '[.[] | select(.state == "running")] | length')" = "$n" ]
	[ "$(zone list --json | jq -r '.[].ip' | sort -u | wc -l)" = "$n" ]
	[ "$(for i in $(seq "$n"); do awk '{print $2}' "/proc/$(init_pid "z$i")/uid_map"; done | sort -u | wc -l)" = "$n" ]
	for i in $(seq "$n"); do [ "$(zone exec "z$i" hostname)" = "z$i" ]; done
	for i in $(seq "$n"); do zone halt "z$i"; done
	after=$(traces)
	diff <(echo "$before") <(echo "$after")
}

@test "ten callers of different verbs on one zone at once never corrupt it" {
	native web
	for _ in $(seq "$(rounds 5 2)"); do
		for v in boot halt boot reboot halt freeze thaw boot shutdown list; do
			case $v in list) zone list >/dev/null & ;; shutdown) zone shutdown -t 3 web >/dev/null 2>&1 & ;; *) zone $v web >/dev/null 2>&1 & ;; esac
		done
		wait
		jq . "$ZONES_STORAGE_DIR/.records/web.json" >/dev/null
		zone thaw web || true
		zone halt web
		[ "$(state_of web)" = installed ]
	done
}
