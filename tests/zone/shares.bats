#!/usr/bin/env bats
# anet[].sharedbw and bwShare with real traffic: what busy zones get of a total far below what the machine can do, so that only the shares decide. A machine that is busy for a
# moment fails no test: one of five tries has to be within 10 %. What is never exceeded in any of them is the total.
load helper

TOTAL=20000000

teardown_more() { ip link del "mybr$$" 2>/dev/null || true; }

shared() { # NAME ADDRESS MEMBERS OF anet[0] [PATH=VALUE...]
	zone create "$1" "${@:4}" "anet=[{\"allowedAddress\":[$2]${3:+,$3}}]"
	zone install "$1"
	cp "$ROOT/tests/zone/shares.py" "$ZONES_STORAGE_DIR/$1/root/root/"
	zone boot "$1"
}
inside() { zone exec "$1" timeout -k 1 60 python3 /root/shares.py "${@:2}"; }
outside() { timeout -k 1 60 python3 "$ROOT/tests/zone/shares.py" "$@"; }
now_plus() { python3 -c "import time; print(time.time() + $1)"; }

# busy from|to ZONE=ADDRESS[=KIND[=PRIORITY=TOS]]...: all at once; prints each one's bits per second, in order. `from`: ADDRESS is the host's, `to`: the zone's.
busy() {
	local direction=$1 begin end i=0 port zone address kind priority tos send receive jobs=() receivers=()
	shift
	begin=$(now_plus 3.5) end=$(now_plus 7.5)
	for one in "$@"; do
		IFS== read -r zone address kind priority tos <<<"$one"
		i=$((i + 1)) port=$((5000 + i))
		send=(inside "$zone") receive=(outside)
		[ "$direction" = from ] || { send=(outside) receive=(inside "$zone"); }
		: >"$TOP/rate$i"
		"${receive[@]}" receive "$address" $port "$begin" "$end" >"$TOP/rate$i" 3>&- & receivers+=($!)
		wait_for 20 grep -q ready "$TOP/rate$i"
		# shellcheck disable=SC2086
		"${send[@]}" send "${kind:-tcp}" "$address" $port "$end" $priority $tos >/dev/null 2>&1 3>&- & jobs+=($!)
	done
	for i in "${receivers[@]}"; do wait "$i" || true; done
	for i in "${jobs[@]}"; do wait "$i" || true; done
	for ((i = 1; i <= $#; i++)); do sed -n 2p "$TOP/rate$i"; done | xargs
}

# split PERCENTS busy...: each rate is within 10 % of its percentage of 96 % of the total (headers count); all together never more than the total
split() {
	local want=$1 try got
	shift
	for try in 1 2 3 4 5; do
		got=$(busy "$@")
		echo "try $try: $* - $got of $TOTAL, wanted $want %"
		python3 - "$want" "$TOTAL" "$got" <<'P' && return 0
import sys
want, total, got = [float(x) for x in sys.argv[1].split(",")], int(sys.argv[2]), [int(x) for x in sys.argv[3].split()]
if sum(got) > total * 1.01:
    sys.exit(2)
sys.exit(0 if all(abs(g - total * 0.96 * w / 100) <= total * 0.96 * w / 1000 for g, w in zip(got, want)) and len(got) == len(want) else 1)
P
		[ $? != 2 ] || return 1
	done
	return 1
}
nothing_left() {
	[ -z "$(ip -o link show | grep -E ': (zv|zi|zs|zbr)')" ] || { ip -o link; return 1; }
	[ -z "$(nft list tables | grep zones)" ] || { nft list ruleset; return 1; }
	[ ! -e "$ZONES_RUN_DIR/shares.json" ]
}
classes() { tc class show dev "$(ip -o link show | grep -oE 'zs[0-9a-f]{8}\.f')" | grep -c "parent 5a42:1 "; }

@test "two busy zones with shares 1 to 3 split the total, in both directions, over IPv4 and IPv6; one alone gets all of it" {
	shared one '"10.88.0.7/24","fd00:88::7/64"' '"sharedbw":"20M"'
	shared two '"10.88.0.8/24","fd00:88::8/64"' '"bwShare":300'
	split 25,75 from one=10.88.0.1 two=10.88.0.1
	split 25,75 to one=10.88.0.7 two=10.88.0.8
	split 25,75 from one=fd00:88::1 two=fd00:88::1
	split 25,75 to one=fd00:88::7 two=fd00:88::8
	split 100 from one=10.88.0.1
	split 100 to one=10.88.0.7
	run zone info --live --json two
	[ "$(jq -c '[.. | .bwShare? | objects]' <<<"$output")" = '[{"toZone":15000000,"fromZone":15000000}]' ]
}

@test "the shares follow the zones that come and go; nothing is left" {
	shared one '"10.88.0.7/24"' '"sharedbw":"20M"'
	[ "$(classes)" = 1 ]
	shared two '"10.88.0.8/24"' '"bwShare":100'
	shared three '"10.88.0.9/24"' '"bwShare":200'
	[ "$(classes)" = 3 ]
	split 25,25,50 from one=10.88.0.1 two=10.88.0.1 three=10.88.0.1
	zone halt three
	[ "$(classes)" = 2 ]
	split 50,50 from one=10.88.0.1 two=10.88.0.1
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/two/run.json")" "$(init_pid two)"
	wait_for 20 sh -c 'zone halt two >/dev/null 2>&1; [ "$(zone list --json two | jq -r ".[0].state")" = installed ]'
	[ "$(classes)" = 1 ]
	zone boot two
	zone halt one
	[ "$(classes)" = 1 ]
	zone halt two
	nothing_left
}

@test "a zone does not raise its share: not by priority or type of service, not by a flood, not by what root does to its own end" {
	shared one '"10.88.0.7/24"' '"sharedbw":"20M"' limitpriv=default,net_admin
	shared two '"10.88.0.8/24"' '"bwShare":300'
	[ "$(nft -j list table netdev zones | jq -c '[.. | .mangle? | objects | .value] | sort')" = '["5a42:10","5a42:10","5a42:20","5a42:20"]' ]
	split 25,75 from one=10.88.0.1=tcp=$((0x5a420020))=184 two=10.88.0.1
	split 25,75 from one=10.88.0.1=tcp=6=16 two=10.88.0.1
	split 25,75 from one=10.88.0.1=udp two=10.88.0.1
	zone exec one ip link set net0 mtu 9000 gso_max_size 65536 txqueuelen 100000
	split 25,75 from one=10.88.0.1=tcp=$((0x5a420000))=184 two=10.88.0.1
}

@test "what is idle is lent in the same proportion; maxbw is a ceiling of its own" {
	shared one '"10.88.0.7/24"' '"sharedbw":"20M"'
	shared two '"10.88.0.8/24"' '"bwShare":300'
	shared idle '"10.88.0.9/24"' '"bwShare":400'
	shared held '"10.88.0.10/24"' '"bwShare":800,"maxbw":"2M"'
	split 10 from held=10.88.0.1
	split 22.5,67.5,10 from one=10.88.0.1 two=10.88.0.1 held=10.88.0.1
	run zone info --live --json held
	[ "$(jq -c '[.. | .maxbw? | objects]' <<<"$output")" = '[{"toZone":2000000,"fromZone":2000000}]' ]
}

@test "zones that were there before the total was said are taken in, with their maxbw" {
	shared plain '"10.88.0.7/24"' ''
	shared held '"10.88.0.9/24"' '"maxbw":"2M"'
	shared says '"10.88.0.8/24"' '"sharedbw":"20M"'
	split 50,50 from plain=10.88.0.1 says=10.88.0.1
	split 50,50 to plain=10.88.0.7 says=10.88.0.8
	split 45,45,10 from plain=10.88.0.1 says=10.88.0.1 held=10.88.0.1
	split 10 to held=10.88.0.9
	zone halt says
	split 10 from held=10.88.0.1
	zone halt plain
	zone halt held
	nothing_left
}

@test "the guard judges before the shares: forged frames are dropped and cost no bandwidth" {
	shared one '"10.88.0.7/24"' '"sharedbw":"20M"' limitpriv=default,net_admin
	zone exec one ip addr add 10.88.0.66/24 dev net0
	zone exec one ip neigh replace 10.88.0.1 lladdr "$(ip -j link show zbr0 | jq -r '.[0].address')" dev net0 nud permanent
	zone exec one timeout 60 python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.88.0.66", 0))
s.connect(("10.88.0.1", 5999))
while True:
    s.send(bytes(1400))' >/dev/null 2>&1 3>&- &
	wait_for 20 sh -c 'nft list table netdev zones | grep -q "counter packets [1-9][0-9]* .* drop comment \"ip-nospoof\""'
	split 100 from one=10.88.0.1
	zone halt one
}

@test "each lower link has a total of its own; a bridge of the administrator has one too" {
	ip link add "mybr$$" type bridge
	ip addr add 10.99.0.1/24 dev "mybr$$"
	ip link set "mybr$$" up
	shared one '"10.99.0.7/24"' '"lowerLink":"mybr'$$'","sharedbw":"20M"'
	shared two '"10.99.0.8/24"' '"lowerLink":"mybr'$$'","bwShare":300'
	shared other '"10.88.1.7/24"' '"lowerLink":"auto:blue","sharedbw":"2M"'
	split 25,75 from one=10.99.0.1 two=10.99.0.1
	split 10 from other=10.88.1.1
	[ "$(ip -o link show | grep -oE 'zs[0-9a-f]{8}\.' | sort -u | wc -l)" = 2 ]
	for z in one two other; do zone halt $z; done
	nothing_left
	ip link del "mybr$$"
}

@test "verify refuses by name a share of an unknown total, a second total, and shares of CNI links; why says what was taken away" {
	zone create one 'anet=[{"bwShare":300}]'
	fails 1 zone verify one
	says 'anet[0].bwShare: what the zones on "zbr0" have together is not known'
	zone set one 'anet[0].sharedbw=20M'
	zone verify one
	[ -z "$(ip -o link show | grep -E ': zs')" ]
	zone install one
	zone boot one
	zone create two 'anet=[{"bwShare":100,"sharedbw":"50M"}]'
	fails 1 zone verify two
	says 'anet[0].sharedbw: zone "one" says 20M of "zbr0"; write the same or nothing'
	zone set two 'anet[0].sharedbw=20M'
	zone verify two
	zone create three 'anet=[{"lowerLink":"cni:x","bwShare":100,"sharedbw":"50M"}]'
	fails 1 zone verify three
	says 'anet[0].bwShare: has no effect on a link that a CNI network makes'
	for bad in 0 10001 x; do fails 1 zone create bad "anet=[{\"bwShare\":\"$bad\"}]"; done
	run zone info one
	says 20M
	zone set one 'anet[0].sharedbw=60M'
	zone reboot one
	[ "$(zone info --live --json one | jq -c '[.. | .bwShare? | objects]')" = '[{"toZone":60000000,"fromZone":60000000}]' ]
	ip link del "$(ip -o link show | grep -oE 'zs[0-9a-f]{8}\.t')"
	run zone why one
	says 'link "net0": its share of sharedbw is not in force any more, somebody took it away: zone reboot one'
	zone reboot one
	run zone why one
	[[ $output != *sharedbw* ]]
	zone halt one
	zone uninstall -F one
	zone set two 'anet=[{"bwShare":100}]'
	fails 1 zone verify two
	says "is not known"
}
