#!/usr/bin/env bats
# apply: links on bridges, on cards, with a share, on a network of their own, and from one to the other, while connections over the link beside them go on. VLANs: tests/vm/links.bats.
# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'
machine= talker=

setup_more() {
	ip link add low1 type veth peer name wire1
	ip link set low1 up
	ip link set wire1 up
	ip link set lo up
	ip link add low0 type veth peer name wire
	ip link set low0 up
	ip link set wire up
	ip link add br-s type bridge
	ip link add br-a type bridge mcast_snooping 0
	ip link set br-s up
	ip link set br-a up
}
teardown_more() {
	local l
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || true
	[ -z "$talker" ] || kill "$talker" 2>/dev/null || true
	for l in low0 low1 br-s br-a; do
		ip link del "$l" 2>/dev/null || true
	done
	[ -z "$(nft list tables)" ] || { nft list tables >&2; return 1; }
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
pending() { zone list --json web | jq -r '.[0].pending'; }
how() { zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .how'; }
why() { zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .why'; }
live() { zone info --live --json web | jq -r ".live.network.$1"; }
applied() {
	zone apply web >/dev/null
	[ "$(pending)" = false ]
	[ "$(zone diff --json web | jq '.changes | length')" = 0 ]
}
# keep ADDRESS: a connection from the host to the zone, used all the time; the zone's end echoes
keep() {
	cat >"$ZONES_STORAGE_DIR/web/root/root/echo.py" <<'E'
import socket, threading
def serve(c):
    while True:
        d = c.recv(100)
        if not d: return
        c.send(d)
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 80)); s.listen(50)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
E
	zone exec web sh -c 'python3 /root/echo.py >/dev/null 2>&1 &'
	wait_for 10 nsenter --net="/proc/$(init_pid web)/ns/net" sh -c 'ss -ltn | grep -q :80'
	timeout -k 1 300 python3 -c '
import os, socket, sys, time
def say(t):
    with open(sys.argv[2] + ".new", "w") as f: f.write(t)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
try:
    s, n = socket.create_connection((sys.argv[1], 80), 5), 0
    s.settimeout(20)
    while True:
        s.send(b"x")
        if s.recv(10) != b"x": raise OSError("odd answer")
        n += 1; say(str(n)); time.sleep(0.01)
except OSError as e: say("dead " + str(e))' "$1" "$TOP/kept" 3>&- & talker=$!
	wait_for 8 test -e "$TOP/kept"
}
alive() {
	local before
	before=$(cat "$TOP/kept")
	wait_for 15 sh -c '[ "$(cat "$1")" != "$2" ]' sh "$TOP/kept" "$before"
	case $(cat "$TOP/kept") in dead*) cat "$TOP/kept"; return 1 ;; esac
}
nothing_left() {
	[ -z "$(ip -o link | grep -E ': z[a-z]+[0-9a-f]*[.@:]|: zbr')" ] || { ip -o link; return 1; }
	[ -z "$(nft list tables)" ]
	[ ! -e "$ZONES_RUN_DIR/net.json" ]
}

# the zone's network as the host, the zone and our records have it, without numbers that a boot chooses anew
picture() {
	nft -s list ruleset | awk '/chain|table/ { c = $2 } /[a-z]/ { print c ": " $0 }' | sort
	ip -d -o link | sed 's/^[0-9]*: //' | grep -oE '^z[a-z-]*[0-9a-f.]*|@[a-z0-9-]+|mtu [0-9]+|master [a-z0-9-]+|[<,]UP[,>]|mode (bridge|private)|isolated o[nf]+|^br-.*promiscuity' | sed 's/[<,]UP[,>]/UP/; s/@if.*//' | tr '\n' ' ' | sed 's/ z/\nz/g' | sed 's/ *$//' | grep ^z | sort
	tc qdisc show | grep -E ' z|^qdisc (tbf|htb)' | { grep -v noqueue || true; } | sed -E 's/(tbf|clsact|bfifo) [0-9a-f]+:/\1/; s/refcnt [0-9]+ *//; s/ *$//; s/direct_packets_stat [0-9]+//' | sort
	for l in $(ip -o link show type ifb | grep -oE 'zs[0-9a-f]+\.[ft]'); do tc class show dev "$l" | sed 's/leaf [0-9a-f]*: //' | sort; done
	for l in $(ip -o link show type veth | grep -oE 'zv[0-9a-f]+\.[0-9]'); do tc filter show dev "$l" egress | { grep -oE 'Egress Redirect to device .*' || true; }; done
	nsenter --net="/proc/$(init_pid web)/ns/net" sh -c 'ip -o addr; ip route; ip -6 route; ip -o link' | sed -E 's/^[0-9]+: //; s/valid_lft.*//; s/ nodad//; s/@if[0-9]+//; s/link-netnsid [0-9]+//; s/expires [0-9]+sec//' | sort
	jq -S . "$ZONES_RUN_DIR/shares.json" "$ZONES_RUN_DIR/net.json" 2>/dev/null || true
	jq -S '.leases |= sort_by(.link, .address)' "$ZONES_STORAGE_DIR/leases.json"
	record | jq -S .
}
record() {
	local f
	f=$(ls "$ZONES_RUN_DIR"/web/net.*.json 2>/dev/null) || true
	if [ -n "$f" ]; then cat "$f"; else jq -r .net "$ZONES_RUN_DIR/web/run.json"; fi
}
declare -gA form=(
	[bridge]='{"lowerLink":"br-s","allowedAddress":["198.51.100.20/24"]}'
	[shared]='{"lowerLink":"br-s","allowedAddress":["198.51.100.20/24"],"sharedbw":"50M","bwShare":200}'
	[ceiling]='{"lowerLink":"br-s","allowedAddress":["198.51.100.20/24"],"sharedbw":"40M","maxbw":"10M"}'
	[bucket]='{"lowerLink":"br-a","allowedAddress":["198.51.100.20/24"],"maxbw":"20M","isolated":true}'
	[other]='{"lowerLink":"br-a","allowedAddress":["198.51.100.20/24"],"sharedbw":"30M","bwShare":10}'
	[card]='{"lowerLink":"low0","allowedAddress":["192.0.2.20/24"]}'
	[narrow]='{"lowerLink":"low0","allowedAddress":["192.0.2.20/24","2001:db8::20/64"],"maxbw":"20M","mtu":1400,"macAddress":"02:00:00:00:00:07","isolated":true}'
	[second]='{"lowerLink":"low1","allowedAddress":["192.0.2.20/24"],"linkProtection":["none"]}'
	[blue]='{"lowerLink":"auto:blue","subnet":["10.78.0.0/24","fd00:78::/64"]}'
	[wide]='{"lowerLink":"auto:blue","subnet":["10.77.0.0/16"],"maxbw":"5M"}'
	[red]='{"lowerLink":"auto:red"}'
	[common]='{"lowerLink":"auto","sharedbw":"60M"}'
	[none]=''
)
becomes() { # FORM: the file says so
	local more=${form[$1]}
	zone set web >/dev/null 2>&1 "anet=[{\"linkname\":\"net0\",\"allowedAddress\":[\"10.88.0.20/24\"]}${more:+,${more/\{/\{\"linkname\":\"b\",}}]"
}
same() { diff "$TOP/picture.$1" <(picture) || { echo "$2"; return 1; }; }

@test "a link becomes whatever another lower link, share, card or network makes of it, as if it had been booted so; a connection over the one beside it goes on" {
	local from to forms pairs=()
	export ZONES_PROBE_MS=0 # nobody else is there
	zone create web "$sleeper" anet=[]
	zone install web
	forms=("${!form[@]}")
	for to in "${forms[@]}"; do
		becomes "$to"
		zone boot web
		picture >"$TOP/picture.$to"
		zone halt web
	done
	nothing_left
	# each becomes each other when ZONES_PAIRS is set; else each once in a circle, where kinds differ
	pairs=(bridge shared ceiling bucket other shared bridge card narrow second bridge narrow bucket narrow card shared narrow shared wide blue red common card blue common second none narrow none ceiling none wide bridge)
	if [ -n "${ZONES_PAIRS:-}" ]; then
		pairs=()
		for from in "${forms[@]}"; do for to in "${forms[@]}"; do pairs+=("$from" "$to"); done; done
	fi
	becomes bridge
	zone boot web
	keep 10.88.0.20
	from=bridge
	for to in "${pairs[@]}"; do
		[ "$from" != "$to" ] || continue
		becomes "$to"
		[ -z "$(zone diff --json web | jq -r '.changes[] | select(.how != "live")')" ]
		applied || { echo "$from to $to"; return 1; }
		same "$to" "$from to $to"
		alive
		from=$to
	done
	zone halt web
	nothing_left
}

# ZONES_KILLS: at each of the messages to the kernel and files put in place, instead of a few
@test "kill -9 while a link moves: the next apply finishes or goes back, as if there had been none; a halt leaves nothing" {
	command -v strace >/dev/null || skip "needs strace"
	local from to call at step code killed=0
	export ZONES_PROBE_MS=0
	zone create web "$sleeper" anet=[]
	zone install web
	for to in ceiling narrow wide common; do
		becomes "$to"
		cp "$ZONES_CONFIG_DIR/web.json" "$TOP/$to.json"
		zone boot web
		picture >"$TOP/picture.$to"
		zone halt web
	done
	cp "$TOP/ceiling.json" "$ZONES_CONFIG_DIR/web.json"
	zone boot web
	for pair in "ceiling narrow" "narrow wide" "wide common" "common ceiling"; do
		read -r from to <<<"$pair"
		for call in sendmsg renameat clone3; do
			at=1 code=1 step=1
			[ -n "${ZONES_KILLS:-}" ] || step=$([ $call = sendmsg ] && echo 97 || echo 7)
			while [ "$code" != 0 ]; do
				cp "$TOP/$to.json" "$ZONES_CONFIG_DIR/web.json"
				code=0
				strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone apply web >/dev/null 2>&1 || code=$?
				[ "$code" = 0 ] || killed=$((killed + 1))
				if [ $((at % 2)) = 0 ] || [ "$code" = 0 ]; then
					applied
					same "$to" "$pair: after $call $at"
				fi
				zone apply -f "$TOP/$from.json" >/dev/null
				[ "$(pending)" = false ]
				same "$from" "$pair: after $call $at, back"
				at=$((at + step))
				[ $at -lt 400 ]
			done
		done
		cp "$TOP/$to.json" "$ZONES_CONFIG_DIR/web.json"
		applied
	done
	echo "# $killed kills" >&3
	[ $killed -ge 8 ]
	cp "$TOP/narrow.json" "$ZONES_CONFIG_DIR/web.json"
	strace -qq -o /dev/null -e trace=sendmsg -e inject=sendmsg:signal=KILL:when=60 zone apply web >/dev/null 2>&1 || true
	zone halt web
	nothing_left
}

share_of() { # ZONE: what is its own, and its ceiling
	zone info --live --json "$1" | jq -c '.live.network.links[0] | [.bwShare.toZone, .maxbw.toZone]'
}

@test "shares of zones beside each other: the total, the weights and the ceiling change in place; who says the total may leave, and so may the others then" {
	zone create web "$sleeper" 'anet=[{"lowerLink":"br-s","sharedbw":"40M","allowedAddress":["198.51.100.20/24"]}]'
	zone create two "$sleeper" 'anet=[{"lowerLink":"br-s","bwShare":300,"allowedAddress":["198.51.100.21/24"]}]'
	for z in web two; do zone install $z; zone boot $z; done
	[ "$(share_of web) $(share_of two)" = "[10000000,null] [30000000,null]" ]
	ifbs=$(ip -o link show type ifb | awk '{ print $1 }')
	zone set web 'anet[0].sharedbw=80M' 'anet[0].bwShare=300'
	applied
	[ "$(share_of web) $(share_of two)" = "[40000000,null] [40000000,null]" ]
	zone set two 'anet[0].bwShare=100' 'anet[0].maxbw=5M'
	zone apply two
	[ "$(share_of web) $(share_of two)" = "[60000000,null] [5000000,5000000]" ]
	[ "$(ip -o link show type ifb | awk '{ print $1 }')" = "$ifbs" ] # the same queues
	# another total than web's is refused by its name
	zone set two 'anet[0].sharedbw=20M'
	fails 1 zone apply two
	says 'zone "web" says 80M'
	zone clear two 'anet[0].sharedbw'
	# nobody says it any more: two keeps what it has until it is changed, whatever else changes
	zone clear web 'anet[0].sharedbw' 'anet[0].bwShare'
	applied
	[ "$(share_of web)" = "[null,null]" ]
	[ "$(share_of two)" = "[5000000,5000000]" ]
	zone set two 'anet[0].mtu=1400'
	fails 1 zone apply two
	says "is not known"
	zone clear two 'anet[0].bwShare'
	zone apply two
	[ "$(zone info --live --json two | jq '.live.network.links[0].mtu')" = 1400 ]
	[ "$(share_of two)" = "[null,5000000]" ]
	[ ! -e "$ZONES_RUN_DIR/shares.json" ]
	[ -z "$(ip -o link | grep ': zs')" ]
	# and from the other side: those that are there already are taken in, and are let go by their own change
	zone set web 'anet[0].sharedbw=40M'
	applied
	[ "$(share_of web)" = "[20000000,null]" ]
	[ "$(jq '.["br-s"].links | length' "$ZONES_RUN_DIR/shares.json")" = 2 ]
	zone set two 'anet[0].maxbw=6M'
	zone apply two
	[ "$(share_of two)" = "[6000000,6000000]" ]
	zone clear web 'anet[0].sharedbw'
	applied
	zone set two 'anet[0].maxbw=7M'
	zone apply two
	[ "$(share_of two)" = "[null,7000000]" ]
	[ ! -e "$ZONES_RUN_DIR/shares.json" ]
	zone halt web
	zone halt two
	nothing_left
}

@test "subnet: a network's only zone changes it, one beside others is refused by their name; diff tells what differs in a link" {
	zone create web "$sleeper" 'anet=[{"lowerLink":"auto:blue","subnet":["10.77.0.0/24"]}]'
	zone create two "$sleeper" 'anet=[{"lowerLink":"auto:blue"}]'
	for z in web two; do zone install $z; zone boot $z; done
	zone set web 'anet[0].subnet=["10.78.0.0/24"]' 'anet[0].mtu=1400' 'anet[0].macAddress=02:00:00:00:00:07'
	run zone diff web
	[ "$(grep -c 'anet\[net0\]\.' <<<"$output")" = 3 ]
	grep -qE '^live +anet\[net0\]\.mtu +1500 +1400 *$' <<<"$output"
	grep -qF '["10.77.0.0/24"]' <<<"$output"
	[ "$(zone diff --json web | jq '.changes | length')" = 1 ]
	fails 1 zone apply web
	says 'lowerLink auto:blue has 10.77.0.0/24, which zone "two" uses'
	zone exec web ip -o addr show net0 | grep -q 10.77.0.2/24
	zone halt two
	zone uninstall -F two
	applied
	zone exec web ip -o addr show net0 | grep -q 10.78.0.2/24
	zone exec web ip route show default | grep -q 10.78.0.1
	[ "$(ip -o -4 addr show zbr-blue | grep -c .)" = 1 ]
	zone halt web
	nothing_left
}

@test "the link on the common bridge goes and comes while another stays on a network of its own: the common bridge with it" {
	zone create web "$sleeper" 'anet=[{"linkname":"own","lowerLink":"auto:blue"},{"linkname":"net1"}]'
	zone install web
	zone boot web
	ip link show zbr0
	zone set web 'anet=[{"linkname":"own","lowerLink":"auto:blue"}]' 'publish=[{"port":8080,"to":80}]'
	[ "$(how 'publish[8080]')" = live ]
	applied
	run ip link show zbr0
	[ "$status" != 0 ]
	ip link show zbr-blue
	zone set web 'anet=[{"linkname":"own","lowerLink":"auto:blue"},{"linkname":"net1","maxbw":"5M"}]'
	applied
	ip -o link show master zbr0 | grep -q zv
	zone halt web
	nothing_left
}

@test "a MAC changes on a bridge with a machine of somebody else: the zone does not stand in its own way" {
	unshare --net sleep 300 3>&- & machine=$!
	wait_for 5 differs "$machine"
	ip link add plug0 type veth peer name eth0 netns "$machine"
	ip link set plug0 master br-a up
	nsenter --net="/proc/$machine/ns/net" sh -c 'ip link set eth0 up; ip addr add 192.0.2.99/24 dev eth0'
	zone create web "$sleeper" 'anet=[{"linkname":"net0","lowerLink":"br-a","allowedAddress":["192.0.2.20/24"]}]'
	zone install web
	zone boot web
	zone set web 'anet[0].macAddress=02:00:00:00:00:07'
	applied
	[ "$(live 'links[0].mac')" = 02:00:00:00:00:07 ]
	zone set web 'anet[0].macAddress=02:00:00:00:00:08' 'anet[0].allowedAddress=["192.0.2.20/24","192.0.2.99/24"]'
	fails 1 zone apply web
	says '192.0.2.99 is in use by another machine'
	zone halt web
	nothing_left
}

@test "a lease that another machine has taken meanwhile stays the running zone's while something else changes" {
	unshare --net sleep 300 3>&- & machine=$!
	wait_for 5 differs "$machine"
	zone create web "$sleeper" 'anet=[{"linkname":"net0"}]'
	zone install web
	zone boot web
	ip link add plug0 type veth peer name eth0 netns "$machine"
	ip link set plug0 master zbr0 up
	nsenter --net="/proc/$machine/ns/net" sh -c 'ip link set eth0 up; ip addr add 10.88.0.2/24 dev eth0'
	zone set web 'anet[0].mtu=1400' 'anet[0].macAddress=02:00:00:00:00:07'
	applied
	[ "$(live 'links[0].mtu')" = 1400 ]
	zone exec web ip -o -4 addr show net0 | grep -q ' 10.88.0.2/24 '
	ip link del plug0
	zone halt web
	nothing_left
}
