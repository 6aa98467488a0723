#!/bin/bash
# What tests/vm/links.bats runs in the guest: links on cards and in VLANs of the host, and links of the host in a zone, with a kernel that has all kinds of links and is older than the
# machine's (before 6.16 a chain goes with its link). "card0" is one end of a cable, "wire" in the namespace of the host "outside" the other.
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"
top=/disk/zones
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
mkdir -p $top && chmod 755 /disk $top

outside() { nsenter --net=/proc/$outside/ns/net "$@"; }
inside() { nsenter --net="/proc/$(zone list --json "$1" | jq '.[0].id')/ns/net" "${@:2}"; }
reaches() { # COMMAND... ADDRESS: a TCP connection to port 80, answered or refused
	"${@:1:$#-1}" python3 -c '
import socket, sys
try: socket.create_connection((sys.argv[1], 80), 4)
except ConnectionRefusedError: pass' "${@: -1}"
}
refused() { if reaches "$@" 2>/dev/null; then echo "$* is reached"; return 1; fi; }
on() { # NAME LOWER ADDRESS MORE: an installed and booted zone
	zone create -t isolated "$1" "anet=[{\"lowerLink\":\"$2\",\"allowedAddress\":[\"$3/24\"]$4}]"
	zone install "$1"
	zone boot "$1"
}
hears() { # ZONE: which of the words BROADCAST5 (of VLAN 5) and BROADCAST1 (of the untagged one) it hears
	inside "$1" python3 -c '
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.settimeout(1)
heard, end = set(), time.monotonic() + 12
open("'$top/listening'", "w")
while time.monotonic() < end and b"BROADCAST5" not in heard:
    try: p = s.recv(65536)
    except OSError: continue
    heard |= {w for w in (b"BROADCAST1", b"BROADCAST5") if w in p}
print(*sorted(w.decode() for w in heard))' >$top/heard &
	wait_for 10 test -e $top/listening
	outside python3 -c '
import socket, time
for word, to in ((b"BROADCAST1", "192.0.2.255"), (b"BROADCAST5", "198.51.105.255")):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.sendto(word, (to, 9)); time.sleep(0.5)'
	wait $!
	rm $top/listening
	cat $top/heard
}
ours() { ip -o link show | grep -E ': z[a-z]' || true; }
gone() {
	for z in "$@"; do zone halt "$z"; zone delete -F "$z"; done
	need "left: $(ours)" [ -z "$(ours)" ]
	need "left: $(nft list ruleset)" [ -z "$(nft list tables | grep zones)" ]
}

cable() {
	unshare --net sleep 100000 & echo $! >$top/outside
	sleep 1
	outside=$(cat $top/outside)
	ip link set lo up
	ip link add card0 type veth peer name wire netns /proc/$outside/ns/net
	ip link set card0 up
	outside ip link set lo up
	outside ip link set wire up
	outside ip addr add 192.0.2.1/24 dev wire
	for id in 5 6; do
		outside ip link add link wire name wire.$id type vlan id $id
		outside ip link set wire.$id up
		outside ip addr add 198.51.$((100 + id)).1/24 dev wire.$id
	done
}
card() {
	on one card0 192.0.2.11 ""
	on two card0 192.0.2.12 ',"isolated":true'
	reaches inside one 192.0.2.1
	reaches outside 192.0.2.12
	refused inside one 192.0.2.12
	zone why one | grep "nothing is wrong"
	gone one two
}
card_vlan() {
	on five card0 198.51.105.11 ',"vlanId":5'
	on also card0 198.51.105.12 ',"vlanId":5'
	on six card0 198.51.106.11 ',"vlanId":6,"linkProtection":["none"]'
	reaches inside five 198.51.105.1
	reaches outside 198.51.105.12
	reaches inside five 198.51.105.12
	reaches inside six 198.51.106.1
	zone why five | grep "nothing is wrong"
	[ "$(ip -o -d link show type vlan | grep -c 'vlan protocol 802.1Q id [56] ')" = 2 ]
	# an address of the other VLAN is of no use
	inside six ip addr add 198.51.105.13/24 dev net0
	refused inside six 198.51.105.1
	zone halt also
	[ "$(ip -o link show type vlan | wc -l)" = 2 ]
	reaches inside five 198.51.105.1
	# the lower link is taken from below it
	zone halt five
	[ "$(ip -o link show type vlan | wc -l)" = 1 ]
	zone boot five
	kill -9 "$(jq .monitor $top/run/five/run.json)" "$(jq .init $top/run/five/run.json)"
	wait_for 30 sh -c 'zone halt five; [ "$(zone list --json five | jq -r ".[0].state")" = installed ]'
	[ "$(ip -o link show type vlan | wc -l)" = 1 ]
	gone five also six
}
# Before 6.17 IPv6 forwards for the whole host or not at all; routes that the host has learned from advertisements (here: one that says so) stay.
shared_card() {
	local before
	roles() { grep -H . /proc/sys/net/ipv[46]/conf/{all,default,card0}/{forwarding,accept_ra,proxy_ndp}; ip neigh show proxy; ip route; ip -6 route | sed 's/ expires [0-9]*sec//'; }
	ip addr add 192.0.2.5/24 dev card0
	ip addr add 2001:db8::5/64 dev card0 nodad
	outside ip addr add 2001:db8::1/64 dev wire nodad
	advertised
	before=$(roles)
	echo "$before" | grep "default.* proto ra"
	zone create -t isolated mine ipType=shared 'net=[{"physical":"card0","address":["192.0.2.15/24","2001:db8::15/64"]}]'
	zone install mine
	zone boot mine
	reaches outside 192.0.2.15
	reaches outside 2001:db8::15
	reaches inside mine 192.0.2.1
	reaches inside mine 2001:db8::1
	ip -6 route | grep "default.* proto ra"
	zone why mine | grep "nothing is wrong"
	kill -9 "$(jq .monitor $top/run/mine/run.json)" "$(jq .init $top/run/mine/run.json)"
	wait_for 30 sh -c 'zone halt mine; [ "$(zone list --json mine | jq -r ".[0].state")" = installed ]'
	gone mine
	need "was $before, is $(roles)" [ "$before" = "$(roles)" ]
	ip addr flush dev card0 scope global
}
advertised() { # the host "outside" advertises itself as a router
	outside python3 - <<'P'
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("wire"))
s.sendto(struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0))
P
	wait_for 10 sh -c 'ip -6 route | grep "default.* proto ra"'
}
vlan_taken() {
	ip link add link card0 name card0.7 type vlan id 7
	zone create -t isolated seven 'anet=[{"lowerLink":"card0","vlanId":7,"allowedAddress":["198.51.107.11/24"]}]'
	local said
	said=$(zone verify seven 2>&1) && return 1
	echo "$said"
	echo "$said" | grep -F 'anet[0].vlanId: VLAN 7 of "card0" is the link "card0.7" already; use that as lowerLink, without vlanId'
	zone delete -F seven
	ip link del card0.7
}
bridge_vlan() {
	local said
	ip link add br7 type bridge
	ip link set br7 up
	ip link set card0 master br7
	zone create -t isolated five 'anet=[{"lowerLink":"br7","vlanId":5,"allowedAddress":["198.51.105.11/24"]}]'
	said=$(zone verify five 2>&1) && return 1
	echo "$said"
	echo "$said" | grep -F 'the bridge "br7" does not filter VLANs, so the number would mean nothing: ip link set br7 type bridge vlan_filtering 1'
	zone delete -F five
	ip link set br7 type bridge vlan_filtering 1
	bridge vlan add dev card0 vid 5 2>/dev/null || python3 - <<'P'
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
index = socket.if_nametoindex("card0")
vlans = b"".join(struct.pack("=HHHH", 8, 2, 0, v) for v in (5, 6))
spec = struct.pack("=HH", 4 + len(vlans), 26 | 0x8000) + vlans
body = struct.pack("=BxHiII", 7, 0, index, 0, 0) + spec
s.send(struct.pack("=IHHII", 16 + len(body), 19, 5, 1, 0) + body)
print("answer", struct.unpack("=i", s.recv(4096)[16:20]))
P
	on five br7 198.51.105.11 ',"vlanId":5,"linkProtection":["none"]'
	on also br7 198.51.105.12 ',"vlanId":5'
	on six br7 198.51.106.11 ',"vlanId":6,"linkProtection":["none"]'
	on none br7 192.0.2.13 ""
	reaches inside five 198.51.105.1
	reaches outside 198.51.105.12
	reaches inside five 198.51.105.12
	reaches inside six 198.51.106.1
	reaches inside none 192.0.2.1
	inside six ip addr add 198.51.105.13/24 dev net0
	refused inside six 198.51.105.1
	need "five hears $(hears five)" [ "$(hears five)" = BROADCAST5 ]
	inside five ip addr add 192.0.2.14/24 dev net0
	refused inside five 192.0.2.1
	gone five also six none
	ip link del br7
}
moved() {
	local before now
	ip link add dummy7 type dummy
	ip addr add 203.0.113.9/24 dev dummy7
	ip link set dummy7 up mtu 1400
	before=$(ip -j addr show dummy7 | jq -c '.[0] | [.ifname, .ifindex, .address, .mtu, .operstate, [.addr_info[] | select(.scope == "global").local]]')
	zone create -t isolated has limitpriv=default,net_admin 'net=[{"physical":"dummy7","address":"203.0.113.10/24"}]'
	zone install has
	zone boot has
	inside has ip -br addr show dummy7 | grep 203.0.113.10
	inside has ip link set dummy7 down
	inside has ip link set dummy7 name foo mtu 900 address 02:00:00:00:00:66
	kill -9 "$(jq .monitor $top/run/has/run.json)" "$(jq .init $top/run/has/run.json)"
	wait_for 30 sh -c 'zone halt has; [ "$(zone list --json has | jq -r ".[0].state")" = installed ]'
	now=$(ip -j addr show dummy7 | jq -c '.[0] | [.ifname, .ifindex, .address, .mtu, .operstate, [.addr_info[] | select(.scope == "global").local]]')
	need "was $before, is $now" [ "$before" = "$now" ]
	zone delete -F has
}
# into a VLAN, another, out of it, on a card and on a bridge, while the zone runs
live_vlan() {
	is() { # VLAN ADDRESS ROUTER LOWER
		zone set web "anet[0].vlanId=$1" "anet[0].allowedAddress=[\"$2/24\"]" "anet[0].lowerLink=$4"
		zone apply web
		need "pending" [ "$(zone list --json web | jq '.[0].pending')" = false ]
		reaches inside web "$3"
		reaches outside "$2"
		zone why web | grep "nothing is wrong"
	}
	local init
	on web card0 192.0.2.11 ""
	init=$(jq .init $top/run/web/run.json)
	is 5 198.51.105.11 198.51.105.1 card0
	is 6 198.51.106.11 198.51.106.1 card0
	[ "$(ip -o link show type vlan | wc -l)" = 1 ]
	# killed anywhere, then finished
	local at
	for at in 40 50 60 70; do
		zone set web 'anet[0].vlanId=5' 'anet[0].allowedAddress=["198.51.105.11/24"]'
		killed_at $at || true
		is 6 198.51.106.11 198.51.106.1 card0
		[ "$(ip -o link show type vlan | wc -l)" = 1 ]
	done
	is 0 192.0.2.11 192.0.2.1 card0
	[ "$(ip -o link show type vlan | wc -l)" = 0 ]
	ip link add br7 type bridge vlan_filtering 1
	ip link set br7 up
	is 5 198.51.105.11 198.51.105.1 card0
	# the card becomes a port of the bridge; the zone has left it before
	ip link add br8 type bridge
	ip link set br8 up
	zone set web 'anet[0].vlanId=0' 'anet[0].lowerLink=br8' 'anet[0].allowedAddress=["203.0.113.11/24"]'
	zone apply web
	[ -z "$(ip -o link | grep -E ': z[ml]')" ]
	ip link set card0 master br7
	python3 - <<'P'
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
vlans = b"".join(struct.pack("=HHHH", 8, 2, 0, v) for v in (5, 6))
spec = struct.pack("=HH", 4 + len(vlans), 26 | 0x8000) + vlans
body = struct.pack("=BxHiII", 7, 0, socket.if_nametoindex("card0"), 0, 0) + spec
s.send(struct.pack("=IHHII", 16 + len(body), 19, 5, 1, 0) + body)
P
	is 5 198.51.105.11 198.51.105.1 br7
	need "web hears $(hears web)" [ "$(hears web)" = BROADCAST5 ]
	is 6 198.51.106.11 198.51.106.1 br7
	is 0 192.0.2.11 192.0.2.1 br7
	is 5 198.51.105.11 198.51.105.1 br7
	[ "$(jq .init $top/run/web/run.json)" = "$init" ]
	gone web
	ip link set card0 nomaster
	ip link del br7
	ip link del br8
}
killed_at() { # N: zone apply web, ended at its N-th hundredth of a second
	zone apply web & local p=$!
	sleep "0.$1"
	kill -9 $p 2>/dev/null
	wait $p 2>/dev/null
}

check cable cable
outside=$(cat $top/outside)
check card card
check card-vlan card_vlan
check shared-card shared_card
check vlan-taken vlan_taken
check bridge-vlan bridge_vlan
check moved moved
check live-vlan live_vlan
kill "$outside"
