#!/usr/bin/env bats
# anet[].maxbw with real traffic between a zone and the host. A cap is far below what the machine can do, so that only the cap decides: it may never be exceeded (what waits for
# the bucket's 10 ms is less than the headers, which count), and it is reached in one of three tries - a machine that is busy for a moment fails no test.
load helper

CAP=20000000 BYTES=6000000 ZONE=10.88.0.7 HOST=10.88.0.1 ZONE6=fd00:88::7 HOST6=fd00:88::1

shaped() { # NAME ADDRESS [PATH=VALUE...]: with the cap
	local name=$1 address=$2
	zone create "$name" "${@:3}" "anet=[{\"maxbw\":\"20M\",\"allowedAddress\":[$address]}]"
	zone install "$name"
	cp "$ROOT/tests/zone/bandwidth.py" "$ZONES_STORAGE_DIR/$name/root/root/"
	zone boot "$name"
}

inside() { zone exec web timeout -k 1 60 python3 /root/bandwidth.py "$@"; }
outside() { timeout -k 1 60 python3 "$ROOT/tests/zone/bandwidth.py" "$@"; }

# measure SENDER RECEIVER tcp|udp ADDRESS PORT: prints bits per second
measure() {
	local send=$1 receive=$2 s
	: >"$TOP/rate"
	"$receive" receive "${@:3}" $BYTES >"$TOP/rate" & local r=$!
	wait_for 20 grep -q ready "$TOP/rate"
	"$send" send "${@:3}" >/dev/null 2>&1 & s=$!
	wait $r || true
	wait $s || true
	sed -n 2p "$TOP/rate"
}

held() { # like measure: between 90 % of the cap and all of it
	local try rate
	for try in 1 2 3; do
		rate=$(measure "$@")
		echo "try $try: $* $rate bit/s"
		[ -n "$rate" ] || continue
		[ "$rate" -le $CAP ] || return 1
		[ "$rate" -lt $((CAP * 9 / 10)) ] || return 0
	done
	return 1
}

nothing_left() {
	[ -z "$(ip -o link show | grep -E ': (zv|zi|zbr)')" ] || { ip -o link; return 1; }
	[ -z "$(nft list tables | grep zones)" ] || { nft list ruleset; return 1; }
}

@test "TCP is held to maxbw in both directions, over IPv4 and IPv6, and reaches it" {
	shaped web '"10.88.0.7/24","fd00:88::7/64"'
	held inside outside tcp $HOST 5001
	held outside inside tcp $ZONE 5002
	held inside outside tcp $HOST6 5003
	held outside inside tcp $ZONE6 5004
	zone halt web
	nothing_left
}

@test "a UDP flood of the zone is held to maxbw" {
	shaped web '"10.88.0.7/24"'
	held inside outside udp $HOST 5001
	held outside inside udp $ZONE 5002
}

@test "without maxbw the same traffic is not held" {
	zone create web 'anet=[{"allowedAddress":["10.88.0.7/24"]}]'
	zone install web
	cp "$ROOT/tests/zone/bandwidth.py" "$ZONES_STORAGE_DIR/web/root/root/"
	zone boot web
	BYTES=200000000
	[ "$(measure inside outside tcp $HOST 5001)" -gt $((CAP * 2)) ]
	[ "$(measure outside inside tcp $ZONE 5002)" -gt $((CAP * 2)) ]
}

@test "what root in the zone does to its own end changes nothing" {
	shaped web '"10.88.0.7/24"' limitpriv=default,net_admin
	zone exec web ip link set net0 mtu 1400 gso_max_size 4000 txqueuelen 10
	held inside outside tcp $HOST 5001
	zone exec web ip link set net0 mtu 9000 gso_max_size 65536 txqueuelen 100000
	held inside outside udp $HOST 5002
	run zone info --live --json web
	[ "$(jq -c '[.. | .maxbw? | objects]' <<<"$output")" = '[{"toZone":20000000,"fromZone":20000000}]' ]
}

@test "the guard judges what is on its way through the shaper: forged frames are dropped and cost no bandwidth" {
	shaped web '"10.88.0.7/24"' limitpriv=default,net_admin
	zone exec web ip addr add 10.88.0.66/24 dev net0
	zone exec web ip neigh replace $HOST lladdr "$(ip -j link show zbr0 | jq -r '.[0].address')" dev net0 nud permanent # it would ask with the forged address
	timeout -k 1 120 python3 "$ROOT/tests/zone/bandwidth.py" receive udp $HOST 5001 1 >"$TOP/forged" 3>&- & r=$!
	wait_for 20 grep -q ready "$TOP/forged"
	inside send udp $HOST 5001 10.88.0.66 >/dev/null 2>&1 3>&- & # until the zone halts
	wait_for 20 sh -c 'nft list table netdev zones | grep -q "counter packets [1-9][0-9]* .* drop comment \"ip-nospoof\""'
	held inside outside tcp $HOST 5002
	kill -0 $r # still waiting for the first forged byte
	zone halt web
	kill $r
	wait $r || true
	[ "$(cat "$TOP/forged")" = ready ]
}

@test "kill -9 of the monitor leaves the limit in force; halt takes it away" {
	shaped web '"10.88.0.7/24"'
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	held inside outside tcp $HOST 5001
	zone halt web
	nothing_left
}

@test "kill -9 of monitor and init, and of the monitor anywhere in boot: the next command leaves nothing" {
	shaped web '"10.88.0.7/24"'
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")" "$(init_pid web)"
	wait_for 20 sh -c 'zone halt web >/dev/null 2>&1; [ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	nothing_left
	for ms in 10 25 35 40 45 50 60; do
		zone boot web & b=$!
		sleep "0.0$ms"
		for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
			grep -qzx monitor "${f%environ}cmdline" 2>/dev/null && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
		done
		wait $b || true
		zone boot web
		zone halt web
		nothing_left
	done
}

@test "verify accepts maxbw and makes nothing; zone info shows it" {
	zone create web 'anet=[{"maxbw":"20M","allowedAddress":["10.88.0.7/24"]}]'
	zone verify web
	nothing_left
	zone install web
	run zone info web
	says 20M
}
