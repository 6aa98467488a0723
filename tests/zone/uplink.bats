#!/usr/bin/env bats
# lowerLink of another kind than a bridge: the zone shares a card of the host. The card is a veth, "low0"; its other end "wire" lies in a namespace of its own with a host of the same
# network in it, 192.0.2.1.
bats_require_minimum_version 1.5.0
load helper
more=()

CAP=20000000 BYTES=6000000 # see bandwidth.bats

setup_more() {
	unshare --net sleep 1000 3>&- & OUTSIDE=$!
	wait_for 5 other_namespace $OUTSIDE
	ip link add low0 type veth peer name wire netns "/proc/$OUTSIDE/ns/net"
	ip link set low0 up
	outside ip addr add 192.0.2.1/24 dev wire
	outside ip addr add 2001:db8::1/64 dev wire nodad
	outside ip link set lo up
	outside ip link set wire up
}

teardown_more() {
	local l
	kill "$OUTSIDE"
	[ ${#more[@]} = 0 ] || kill "${more[@]}" 2>/dev/null || true
	for l in low0 other0 "mybr$$"; do
		ip link del "$l" 2>/dev/null || true
	done
}

other_namespace() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
outside() { nsenter --net="/proc/$OUTSIDE/ns/net" timeout -k 1 60 "$@"; }
inside() { nsenter --net="/proc/$(init_pid "$1")/ns/net" timeout -k 1 60 "${@:2}"; }

networked() { # NAME LAST ANET-MORE WORDS...: with the addresses 192.0.2.LAST and 2001:db8::LAST
	local name=$1 last=$2 more=$3
	zone create "$name" "${@:4}" "anet=[{\"lowerLink\":\"low0\",\"allowedAddress\":[\"192.0.2.$last/24\",\"2001:db8::$last/64\"],\"defrouter\":[\"192.0.2.1\"]$more}]"
	zone install "$name"
	zone boot "$name"
}

connects() { # FROM ADDRESS PORT: FROM is a zone or "outside"
	local from=("inside" "$1")
	[ "$1" != outside ] || from=(outside)
	"${from[@]}" python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5)' "$2" "$3" 2>/dev/null
}

refused() { if connects "$@"; then echo "$1 reaches $2"; return 1; fi; }

serves() { # ZONE or "outside": whoever connects to port 80 is accepted
	if [ "$1" = outside ]; then
		outside busybox httpd -f -p 80 -h "$TOP" >/dev/null 2>&1 3>&- &
	else
		zone exec "$1" busybox httpd -p 80 -h /srv
	fi
	sleep 0.2
}

halted() { # a monitor that is being killed may still be asked, and not answer
	wait_for 20 sh -c 'zone halt "$1" >/dev/null 2>&1; [ "$(zone list --json "$1" | jq -r ".[0].state")" = installed ]' sh "$1"
}

ours() { ip -o link show | grep -E ': (zv|zi|zm|zbr)' || true; }

nothing_left() {
	[ -z "$(ours)" ] || { ip -o link; return 1; }
	[ -z "$(nft list tables | grep zones)" ] || { nft list ruleset; return 1; }
	ip link show low0 >/dev/null
}

@test "a zone on a card: both families, both directions, its default route; halt leaves the card as it was" {
	before=$(ip -d -o link show low0)
	networked web 11 ""
	serves web
	serves outside
	connects web 192.0.2.1 80
	connects web 2001:db8::1 80
	connects outside 192.0.2.11 80
	outside ip -6 neigh flush dev wire # neighbours are asked for by a group of the zone's address
	connects outside 2001:db8::11 80
	run zone exec web ip route
	says "default via 192.0.2.1"
	run zone list -v web
	says "net0 on low0: up, 192.0.2.11/24"
	fails 0 zone why web
	says "nothing is wrong"
	[ "$(outside ip -j neigh show 192.0.2.11 | jq -r '.[0].lladdr')" = "$(zone exec web cat /sys/class/net/net0/address)" ]
	zone halt web
	nothing_left
	[ "$(ip -d -o link show low0)" = "$before" ]
}

@test "forged MAC and addresses, ARP for others and router advertisements do not reach the wire" {
	networked bad 11 "" limitpriv=default,net_raw,net_admin
	cat >"$TOP/listen.py" <<'P'
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("wire", 0)); s.settimeout(0.2)
print("listening", flush=True)
n = {b"GOODGOOD": 0, b"FORGED": 0}
end = time.monotonic() + 3
while time.monotonic() < end:
    try:
        p = s.recv(65536)
    except OSError:
        continue
    for k in n:
        n[k] += k in p
print("good", n[b"GOODGOOD"], "forged", n[b"FORGED"], flush=True)
P
	cat >"$TOP/forge.py" <<'P'
import socket, struct, sys
all = b"\xff" * 6; own = bytes.fromhex(sys.argv[1].replace(":", ""))
a = socket.inet_aton; a6 = lambda t: socket.inet_pton(socket.AF_INET6, t)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
def ip4(src, p):
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(p), 1, 0, 64, 17, 0, a(src), a("192.0.2.1")) + p
udp = lambda sp, dp, p: struct.pack(">HHHH", sp, dp, 8 + len(p), 0) + p
ip6 = lambda src, nh, p: struct.pack(">IHBB16s16s", 0x60000000, len(p), nh, 255, a6(src), a6("ff02::1")) + p
eth = lambda src, typ, p: all + src + struct.pack(">H", typ) + p
arp = lambda mac, ip: struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 2, mac, a(ip), all, a(ip))
mark = b"FORGED" * 8
for f in [
    eth(own, 0x0800, ip4("192.0.2.11", udp(5, 5, b"GOODGOOD" * 5))),
    eth(b"\2\0\0\0\0\1", 0x0800, ip4("192.0.2.11", udp(5, 5, mark))),
    eth(own, 0x0800, ip4("192.0.2.66", udp(5, 5, mark))),
    eth(own, 0x0800, ip4("192.0.2.11", udp(67, 68, mark))),
    eth(own, 0x0806, arp(own, "192.0.2.66") + mark),
    eth(own, 0x86dd, ip6("2001:db8::66", 17, udp(5, 5, mark))),
    eth(own, 0x86dd, ip6("2001:db8::11", 58, struct.pack(">BBHI", 134, 0, 0, 0) + mark)),
    eth(own, 0x88cc, mark),
]:
    s.send(f)
P
	outside python3 "$TOP/listen.py" >"$TOP/heard" & l=$!
	wait_for 5 grep -q listening "$TOP/heard"
	inside bad python3 "$TOP/forge.py" "$(zone exec bad cat /sys/class/net/net0/address)"
	wait $l
	run cat "$TOP/heard"
	says "good 1 forged 0"
	[ "$(zone info --live --json bad | jq '[.. | .dropped? // empty | ."mac-nospoof", ."ip-nospoof", ."dhcp-nospoof", .restricted] | min')" -gt 0 ]
	fails 0 zone why bad
	says "link protection has dropped"
}

@test "zones on one card reach each other; isolated ones reach none of them, but what is on the wire" {
	networked one 11 ""
	networked two 12 ""
	networked three 13 ',"isolated":true'
	networked four 14 ',"isolated":true'
	for z in one two three four outside; do serves $z; done
	connects one 192.0.2.12 80
	connects two 2001:db8::11 80
	connects three 192.0.2.1 80
	connects outside 192.0.2.14 80
	refused three 192.0.2.14 80
	refused three 2001:db8::14 80
	refused four 192.0.2.11 80
	refused one 192.0.2.13 80
}

@test "maxbw holds in both directions" {
	networked web 11 ',"maxbw":"20M"'
	measure() { # SENDER RECEIVER ADDRESS
		: >"$TOP/rate"
		$2 python3 "$ROOT/tests/zone/bandwidth.py" receive tcp "$3" 5001 $BYTES >"$TOP/rate" & local r=$!
		wait_for 20 grep -q ready "$TOP/rate"
		$1 python3 "$ROOT/tests/zone/bandwidth.py" send tcp "$3" 5001 >/dev/null 2>&1 & local s=$!
		wait $r || true
		wait $s || true
		sed -n 2p "$TOP/rate"
	}
	held() {
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
	held "inside web" outside 192.0.2.1
	held outside "inside web" 192.0.2.11
	[ "$(zone info --live --json web | jq -c '[.. | .maxbw? | objects]')" = '[{"toZone":20000000,"fromZone":20000000}]' ]
	zone halt web
	nothing_left
}

@test "kill -9 of the monitor leaves the zone connected, also of init: the next command leaves nothing; nor does it anywhere in boot" {
	networked web 11 ',"maxbw":"20M"'
	serves web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	connects outside 192.0.2.11 80
	zone halt web
	nothing_left
	zone boot web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")" "$(init_pid web)"
	halted web
	nothing_left
	for ms in 10 25 35 40 45 50 60; do
		zone boot web & b=$!
		sleep "0.0$ms"
		for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
			grep -qzx monitor "${f%environ}cmdline" 2>/dev/null && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
		done
		wait $b || true
		halted web
		nothing_left
		zone boot web
		zone halt web
		nothing_left
	done
}

@test "why: a card that is down, without carrier or gone, and rules that somebody took away; the host stays deaf without them" {
	networked web 11 "" limitpriv=default,net_admin
	ip addr add 192.0.2.99/24 dev low0
	busybox httpd -f -p 192.0.2.99:80 -h "$TOP" >/dev/null 2>&1 3>&- & h=$!
	refused web 192.0.2.99 80
	ip link set low0 down
	fails 0 zone why web
	says 'lower link "low0" is down: ip link set low0 up'
	run zone list -v web
	says "net0 on low0: lower link down"
	ip link set low0 up
	outside ip link set wire down
	fails 0 zone why web
	says 'lower link "low0" has no carrier'
	outside ip link set wire up
	fails 0 zone why web
	says "nothing is wrong"
	serves web
	connects outside 192.0.2.11 80
	nft flush ruleset
	fails 0 zone why web
	says 'its way to lower link "low0" is not whole any more'
	inside web ip neigh replace 192.0.2.99 lladdr "$(ip -j link show "$(ours | sed -n 's/.*: \(zv[^@]*\)@.*/\1/p')" | jq -r '.[0].address')" dev net0 nud permanent
	refused web 192.0.2.99 80
	kill $h
	zone reboot web
	serves web
	connects outside 192.0.2.11 80
	ip link del low0
	fails 0 zone why web
	says 'lower link "low0" is gone'
	fails 1 zone reboot web
	says low0
	[ -z "$(ours)" ]
}

@test "verify refuses by name: a port of a bridge, a tunnel without Ethernet, an MTU above the card's, no link" {
	card() { # NAME: the configuration of a zone on it
		zone delete -F web >/dev/null 2>&1 || true
		zone create web "anet=[{\"lowerLink\":\"$1\",\"allowedAddress\":[\"192.0.2.11/24\"]}]"
		run zone verify web
	}
	card low0
	[ "$status" = 0 ]
	zone set web anet[0].mtu=9000
	fails 1 zone verify web
	says 'anet[0].lowerLink: the MTU 9000 is above the 1500 of "low0"'
	card nosuch0
	[ "$status" = 1 ]
	says 'no link "nosuch0" exists'
	card low0
	zone install web
	ip link add "mybr$$" type bridge
	ip link set low0 master "mybr$$"
	fails 1 zone verify web
	says '"low0" is a port of another link'
	fails 1 zone boot web
	says '"low0" is a port of another link'
	[ -z "$(ours)" ]
	ip tuntap add other0 mode tun
	card other0
	[ "$status" = 1 ]
	says '"other0" is no Ethernet link'
}

@test "vlanId: refused by name on the automatic bridge, on a bridge that does not filter, and by a kernel without VLANs" {
	zone create web 'anet=[{"vlanId":5}]'
	fails 1 zone verify web
	says 'anet[0].vlanId: the automatic bridge has no VLANs; name a bridge that filters VLANs or another link as lowerLink'
	ip link add "mybr$$" type bridge
	ip link set "mybr$$" up
	zone set web "anet[0].lowerLink=mybr$$" 'anet[0].allowedAddress=["192.0.2.11/24"]'
	fails 1 zone verify web
	says 'anet[0].vlanId: the bridge "mybr'$$'" does not filter VLANs'
	zone set web 'anet[0].lowerLink=low0'
	if ip link add link low0 name other0 type vlan id 7 2>/dev/null; then # the rest is tested where there are VLANs
		fails 0 zone verify web
	else
		fails 1 zone verify web
		says 'anet[0].vlanId: this kernel has no VLAN links (8021q)'
	fi
}

# a connection from outside to ADDRESS of the zone, used all the time
talk() {
	timeout -k 1 200 nsenter --net="/proc/$OUTSIDE/ns/net" python3 -c '
import os, socket, sys, time
s, n = socket.create_connection((sys.argv[2], 81), 5), 0
s.settimeout(20)
while True:
    s.send(b"x")
    if s.recv(9) != b"x": break
    n += 1
    with open(sys.argv[1] + ".new", "w") as f: f.write(str(n))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.01)' "$TOP/talk" "$1" >/dev/null 2>&1 3>&- & more+=($!)
	wait_for 8 test -e "$TOP/talk"
}
talks() {
	local before
	before=$(cat "$TOP/talk")
	wait_for 15 sh -c '[ "$(cat "$1")" != "$2" ]' sh "$TOP/talk" "$before"
}
echoes() { # ZONE
	timeout -k 1 200 nsenter --net="/proc/$(init_pid "$1")/ns/net" python3 -c '
import socket, threading
def serve(c):
    while True:
        d = c.recv(9)
        if not d: return
        c.send(d)
s = socket.create_server(("::", 81), family=socket.AF_INET6, dualstack_ipv6=True)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()' >/dev/null 2>&1 3>&- & more+=($!)
}
applied() {
	zone apply "$1" >/dev/null
	[ "$(zone list --json "$1" | jq -r '.[0].pending')" = false ]
}

@test "apply: a connection over the card goes on while what is not its own changes; the zone leaves the card for a bridge and comes back" {
	networked web 11 ""
	echoes web
	wait_for 5 inside web sh -c 'ss -ltn | grep -q :81'
	talk 192.0.2.11
	for word in maxbw=50M maxbw=60M maxbw= mtu=1400 isolated=true isolated= macAddress=02:00:00:00:00:07 linkname=lan 'allowedAddress=["192.0.2.11/24","192.0.2.12/24","2001:db8::11/64"]' 'linkProtection=["mac-nospoof"]' linkProtection=; do
		case $word in *=) zone clear web "anet[0].${word%=}" ;; *) zone set web "anet[0].$word" ;; esac >/dev/null 2>&1
		applied web
		talks
	done
	[ "$(outside ip -j neigh show 192.0.2.11 | jq -r '.[0].lladdr')" = 02:00:00:00:00:07 ]
	ip link add "mybr$$" type bridge
	ip link set "mybr$$" up
	ip addr add 198.51.100.1/24 dev "mybr$$"
	zone set web "anet[0].lowerLink=mybr$$" 'anet[0].allowedAddress=["198.51.100.11/24"]' 'anet[0].defrouter=[]'
	applied web
	python3 -c 'import socket; socket.create_connection(("198.51.100.11", 81), 2)'
	refused outside 192.0.2.12 81
	[ -z "$(ip -o link | grep ': zm')" ]
	zone set web anet[0].lowerLink=low0 'anet[0].allowedAddress=["192.0.2.11/24","2001:db8::11/64"]'
	applied web
	outside ip -6 neigh flush dev wire
	wait_for 5 connects outside 2001:db8::11 81
	connects outside 192.0.2.11 81
	fails 0 zone why web
	says "nothing is wrong"
	zone halt web
	nothing_left
}

@test "apply: while the link moves between the card and a bridge no forged frame gets out on either" {
	export ZONES_PROBE_MS=0
	networked bad 11 "" limitpriv=default,net_raw,net_admin
	ip link add "mybr$$" type bridge mcast_snooping 0
	ip link set "mybr$$" up
	cat >"$TOP/listen.py" <<'P'
import select, socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind((sys.argv[1], 0)); s.settimeout(0.2)
n = {b"GOODGOOD": 0, b"FORGED": 0}
print("listening", flush=True)
while True:
    try: p = s.recv(65536)
    except OSError: continue
    for k in n:
        if k in p:
            n[k] += 1
            if n[k] == 1: print(k.decode(), flush=True)
P
	outside timeout 100 python3 "$TOP/listen.py" wire >"$TOP/wire" 2>&1 3>&- & more+=($!)
	timeout 100 python3 "$TOP/listen.py" "mybr$$" >"$TOP/bridge" 2>&1 3>&- & more+=($!)
	wait_for 5 grep -q listening "$TOP/wire"
	wait_for 5 grep -q listening "$TOP/bridge"
	inside bad python3 -c '
import socket, struct
a = socket.inet_aton
def frame(src, ip, word):
    p = struct.pack(">HHHH", 5, 5, 8 + len(word) * 8, 0) + word * 8
    h = lambda c: struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(p), 1, 0, 64, 17, c, a(ip), a("192.0.2.1"))
    c = sum(struct.unpack(">10H", h(0))) # a bridge may look at it (br_netfilter)
    c = ~(c + (c >> 16)) & 0xffff
    return b"\xff" * 6 + src + b"\x08\x00" + h(c) + p
while True:
    try:
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
        own = s.getsockname()[4]
        while True:
            s.send(frame(own, "192.0.2.11", b"GOODGOOD"))
            s.send(frame(b"\2\0\0\0\0\1", "192.0.2.11", b"FORGED"))
            s.send(frame(own, "192.0.2.66", b"FORGED"))
    except OSError: pass' >/dev/null 2>&1 3>&- & more+=($!)
	for i in $(seq "${ZONES_MOVES:-3}"); do
		zone set bad "anet[0].lowerLink=mybr$$" anet[0].maxbw=$((10 + i))M >/dev/null 2>&1
		applied bad
		wait_for 5 grep -q GOODGOOD "$TOP/bridge"
		zone set bad anet[0].lowerLink=low0 >/dev/null 2>&1
		applied bad
		wait_for 5 grep -q GOODGOOD "$TOP/wire"
		zone set bad "anet[0].lowerLink=mybr$$" anet[0].sharedbw=20M >/dev/null 2>&1
		applied bad
		zone set bad anet[0].lowerLink=low0 >/dev/null 2>&1
		zone clear bad anet[0].sharedbw >/dev/null 2>&1
		applied bad
	done
	cat "$TOP/wire" "$TOP/bridge"
	run ! grep -q FORGED "$TOP/wire" "$TOP/bridge"
	zone halt bad
	nothing_left
}
