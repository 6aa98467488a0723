#!/usr/bin/env bats
# ipType shared: a zone's addresses are on a card of the host, whose routes and packet filter carry its traffic. The card is a veth, "card0", with the host's 192.0.2.5; its other end "wire" lies in a
# namespace of its own with another host of the same network in it, 192.0.2.1. ZONES_KILLS: how many moments of boot and of halt the last test tries.
bats_require_minimum_version 1.5.0
load helper

setup_more() {
	unshare --net sleep 1000 3>&- & OUTSIDE=$!
	wait_for 5 other_namespace $OUTSIDE
	ip link add card0 type veth peer name wire netns "/proc/$OUTSIDE/ns/net"
	ip link set card0 up
	ip addr add 192.0.2.5/24 dev card0
	ip addr add 2001:db8::5/64 dev card0 nodad
	outside ip addr add 192.0.2.1/24 dev wire
	outside ip addr add 2001:db8::1/64 dev wire nodad
	outside ip link set lo up
	outside ip link set wire up
	wait_for 5 sh -c 'ip -6 addr show card0 | grep -q "fe80.*scope link $"'
	BEFORE=$(looks)
	export ZONES_PROBE_MS=50 # nobody has their addresses, but in one test
}

teardown_more() {
	local l
	kill "$OUTSIDE"
	nft delete table inet mine 2>/dev/null || true
	for l in card0 card1 "mybr$$"; do
		ip link del "$l" 2>/dev/null || true
	done
}

other_namespace() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
outside() { nsenter --net="/proc/$OUTSIDE/ns/net" timeout -k 1 60 "$@"; }
inside() { nsenter --net="/proc/$(init_pid "$1")/ns/net" timeout -k 1 60 "${@:2}"; }

# All about the host's network that a shared zone may change while it runs.
looks() {
	grep -H . /proc/sys/net/ipv[46]/conf/{all,default,lo,card0}/{forwarding,accept_ra,proxy_ndp,force_forwarding,proxy_arp,rp_filter} 2>/dev/null
	ip -d -o link show card0
	ip -o addr show card0
	ip route show table all | grep -v '^ff00\|^multicast' | sed 's/ expires [0-9]*sec//' | sort
	ip -6 route show | sed 's/ expires [0-9]*sec//' | sort
	ip neigh show proxy
	ip rule
	nft list tables
}

nothing_left() {
	[ "$(looks)" = "$BEFORE" ] || { diff <(echo "$BEFORE") <(looks); return 1; }
	[ -z "$(ip -o link show | grep -E ': (zv|zi|zm|zbr)')" ]
	[ ! -e "$ZONES_RUN_DIR/net.json" ]
}

created() { # NAME LAST WORDS...: with the addresses 192.0.2.LAST and 2001:db8::LAST
	zone create -t isolated "$1" ipType=shared "net=[{\"physical\":\"card0\",\"address\":[\"192.0.2.$2/24\",\"2001:db8::$2/64\"]}]" "${@:3}"
	zone install "$1"
}

connects() { # FROM ADDRESS PORT: FROM is a zone, "outside" or "host"
	local from
	case $1 in
	host) from=(timeout 60) ;;
	outside) from=(outside) ;;
	*) from=(inside "$1") ;;
	esac
	"${from[@]}" python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()' "$2" "$3" "${4:-5}" 2>/dev/null
}

refused() { if connects "$@" 1; then echo "$1 reaches $2"; return 1; fi; }

halted() { # a monitor that is being killed may still be asked, and not answer
	wait_for 20 sh -c 'zone halt "$1" >/dev/null 2>&1; [ "$(zone list --json "$1" | jq -r ".[0].state")" = installed ]' sh "$1"
}

cat_talk() {
	cat <<'P'
import socket, sys, threading
role, address = sys.argv[1], sys.argv[2]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
size = 1 << 20
if role == "serve":
    tcp = socket.create_server((address, 5000), family=family)
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, 5000))
    def echo():
        while True:
            data, peer = udp.recvfrom(2000)
            udp.sendto(peer[0].encode(), peer)
    threading.Thread(target=echo, daemon=True).start()
    print("ready", flush=True)
    while True:
        c, peer = tcp.accept()
        got = 0
        while got < size:
            got += len(c.recv(65536))
        c.sendall(peer[0].encode())
        c.close()
else:
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.settimeout(2)
    for _ in range(5):
        try:
            u.sendto(b"x" * 1200, (address, 5000))
            print("udp from", u.recv(100).decode())
            break
        except OSError:
            pass
    s = socket.create_connection((address, 5000), 8)
    s.sendall(b"y" * size)
    print("tcp from", s.recv(100).decode())
P
}

advertises() { # the other host says that it is a router; its own address may not be ready for that
	outside python3 - 2>/dev/null <<'P'
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("wire"))
s.sendto(struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0))
P
	sleep 0.2
	ip -6 route | grep -q "default.* proto ra"
}
advertised() { wait_for 10 advertises; }

@test "TCP and UDP both ways, IPv4 and IPv6, with the zone's own address; the zone shows what its file says, and a halt leaves the host as it was" {
	created web 10
	fails 0 zone verify web
	advertised
	BEFORE=$(looks)
	card=$(ip -j link show card0 | jq -r ".[0].address")
	for a in 192.0.2.10 2001:db8::10; do outside ip neigh replace $a lladdr 02:00:00:00:00:99 dev wire nud stale; done
	zone boot web
	for a in 192.0.2.10 2001:db8::10; do # who knew it elsewhere has heard that it is here now
		wait_for 5 sh -c "[ \"\$(nsenter --net=/proc/$OUTSIDE/ns/net ip -j neigh show $a | jq -r '.[0].lladdr')\" = $card ]"
	done
	cat_talk >"$TOP/talk.py"
	cp "$TOP/talk.py" "$ZONES_STORAGE_DIR/web/root/root/"
	for pair in 192.0.2.10,192.0.2.1 2001:db8::10,2001:db8::1; do
		own=${pair%,*} peer=${pair#*,}
		zone exec web python3 /root/talk.py serve "$own" >"$TOP/ready" 3>&- & serve=$!
		wait_for 10 grep -q ready "$TOP/ready"
		run outside python3 "$TOP/talk.py" ask "$own"
		says "udp from $peer"
		says "tcp from $peer"
		run timeout 30 python3 "$TOP/talk.py" ask "$own" # the host itself
		says "tcp from ${peer%1}5"
		kill $serve
		nsenter --net="/proc/$OUTSIDE/ns/net" python3 "$TOP/talk.py" serve "$peer" >"$TOP/ready2" 3>&- & serve=$!
		wait_for 10 grep -q ready "$TOP/ready2"
		run zone exec web python3 /root/talk.py ask "$peer"
		says "udp from $own"
		says "tcp from $own"
		kill $serve
	done
	run zone exec web ip -o addr show card0
	says "inet 192.0.2.10/24 "
	says "inet6 2001:db8::10/64 "
	run zone exec web ip route
	[ "$output" = "default via 169.254.1.1 dev card0 proto static onlink " ]
	run zone list -v web
	says "card0 on card0: up, 192.0.2.10/24 2001:db8::10/64"
	[ "$(zone list --json web | jq -r '.[0].ip')" = 192.0.2.10/24 ]
	[ "$(zone stat --json | jq '[.. | .receivedBytes? // empty] | max')" -gt 2000000 ]
	fails 0 zone why web
	says "nothing is wrong"
	ip -6 route | grep -q "default.* proto ra" # the kernel drops it where a link becomes a router just like that
	ip -6 route flush proto ra
	advertised # still listened to
	zone exec web grep -q '^192.0.2.10[[:space:]]*web' /etc/hosts
	zone halt web
	nothing_left
}

@test "a zone on an automatic bridge leaves the host the default route that it has learned, too" {
	advertised
	zone create -t isolated web 'anet=[{}]'
	zone install web
	zone boot web
	ip -6 route | grep -q "default.* proto ra"
	[ "$(cat /proc/sys/net/ipv6/conf/zbr0/forwarding)" = 1 ]
	zone halt web
	ip -6 route | grep -q "default.* proto ra"
}

@test "root inside changes nothing of it: addresses, routes, parameters, raw sockets; forged senders are dropped and counted" {
	created bad 10 limitpriv=all
	zone boot bad
	mac=$(zone exec bad cat /sys/class/net/card0/address)
	for words in "ip addr add 192.0.2.66/24 dev card0" "ip addr del 192.0.2.10/24 dev card0" "ip link set card0 down" "ip route add 192.0.2.0/24 dev card0" \
		"ip neigh replace 169.254.1.1 lladdr 02:00:00:00:00:01 dev card0 nud permanent" "sh -c 'echo 1 >/proc/sys/net/ipv6/conf/card0/disable_ipv6'" \
		"python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'" "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'"; do
		if eval "zone exec bad $words" 2>/dev/null; then echo "root can: $words"; false; fi
	done
	run zone exec bad ip -o addr show card0
	says "inet 192.0.2.10/24 "
	# somebody who has them all the same, from outside
	cat >"$TOP/forge.py" <<'P'
import socket, struct, sys
own, to = bytes.fromhex(sys.argv[1].replace(":", "")), bytes.fromhex(sys.argv[2].replace(":", ""))
a = socket.inet_aton; a6 = lambda t: socket.inet_pton(socket.AF_INET6, t)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("card0", 0))
udp = lambda sp, dp, p: struct.pack(">HHHH", sp, dp, 8 + len(p), 0) + p
def ip4(src, p):
    h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(p), 1, 0, 64, 17, 0, a(src), a("192.0.2.1"))
    n = sum(struct.unpack(">10H", h)); n = (n & 0xffff) + (n >> 16); n = ~(n + (n >> 16)) & 0xffff
    return h[:10] + struct.pack(">H", n) + h[12:] + p
ip6 = lambda src, p: struct.pack(">IHBB16s16s", 0x60000000, len(p), 17, 255, a6(src), a6("2001:db8::1")) + p
eth = lambda src, typ, p: to + src + struct.pack(">H", typ) + p
for f in [
    eth(own, 0x0800, ip4("192.0.2.10", udp(5, 5, b"GOODGOOD" * 5))),
    eth(own, 0x0800, ip4("192.0.2.5", udp(5, 5, b"FORGED" * 8))),
    eth(own, 0x0800, ip4("192.0.2.66", udp(5, 5, b"FORGED" * 8))),
    eth(own, 0x86dd, ip6("2001:db8::66", udp(5, 5, b"FORGED" * 8))),
    eth(b"\2\0\0\0\0\1", 0x0800, ip4("192.0.2.10", udp(5, 5, b"FORGED" * 8))),
    eth(own, 0x88cc, b"FORGED" * 8),
]:
    s.send(f)
P
	cat >"$TOP/listen.py" <<'P'
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("wire", 0)); s.settimeout(0.2)
print("listening", flush=True)
n = {b"GOODGOOD": 0, b"FORGED": 0}
end = time.monotonic() + 2
while time.monotonic() < end:
    try:
        p, how = s.recvfrom(65536)
    except OSError:
        continue
    for k in n:
        n[k] += k in p and how[2] != socket.PACKET_OUTGOING
print("good", n[b"GOODGOOD"], "forged", n[b"FORGED"], flush=True)
P
	connects bad 192.0.2.1 9 || true # so that the host knows the MAC on the wire
	outside python3 "$TOP/listen.py" >"$TOP/heard" & l=$!
	wait_for 5 grep -q listening "$TOP/heard"
	inside bad python3 "$TOP/forge.py" "$mac" "$(ip -j link | jq -r '.[] | select(.ifname | startswith("zv")) | .address')"
	wait $l
	run cat "$TOP/heard"
	says "good 1 forged 0"
	[ "$(zone info --live --json bad | jq -c '[.. | .dropped? // empty | ."mac-nospoof", ."ip-nospoof", .restricted]')" = "[1,3,1]" ]
	fails 0 zone why bad
	says "link protection has dropped 5 packets of the zone"
}

@test "the host's abstract sockets and 127.0.0.1 are not reached; its forward rules hold; two zones reach each other and know each other's name" {
	created one 10
	created two 11
	zone boot one
	zone boot two
	python3 -c '
import socket, sys, threading, time
a = socket.socket(socket.AF_UNIX); a.bind("\0zones-shared-ip"); a.listen()
t = socket.create_server(("127.0.0.1", 5005)); o = socket.create_server(("192.0.2.5", 5006))
print("ready", flush=True); time.sleep(60)' >"$TOP/ready" 3>&- & s=$!
	wait_for 5 grep -q ready "$TOP/ready"
	connects host 127.0.0.1 5005
	refused one 127.0.0.1 5005
	connects one 192.0.2.5 5006
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("\0zones-shared-ip")'
	if inside one python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("\0zones-shared-ip")' 2>/dev/null; then false; fi
	kill $s
	for z in one two; do
		zone exec $z busybox httpd -p 80 -h /srv
		zone exec $z busybox httpd -p '[::]:81' -h /srv
	done
	wait_for 5 connects outside 192.0.2.10 80
	zone exec one python3 -c 'import socket; socket.create_connection(("two", 80), 2)'
	connects two 2001:db8::10 81
	nft -f - <<'N'
table inet mine {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ip daddr 192.0.2.10 tcp dport 80 drop
		ip6 daddr 2001:db8::10 tcp dport 81 drop
	}
}
N
	refused outside 192.0.2.10 80
	refused outside 2001:db8::10 81
	connects outside 192.0.2.11 80
	nft delete table inet mine
	connects outside 192.0.2.10 80
	zone halt one
	connects outside 192.0.2.11 80 # the other one is answered for as before
	connects outside 2001:db8::11 81
	zone halt two
	nothing_left
}

@test "verify refuses by name what contradicts it, what the link cannot carry and addresses that somebody has" {
	unset ZONES_PROBE_MS
	created web 10
	no() { # SENTENCE PATH=VALUE...
		local says=$1
		shift
		run zone set web "$@"
		[ "$status" = 0 ] || { says "$says"; return; }
		fails 1 zone verify web
		says "$says"
		zone set web 'net=[{"physical":"card0","address":["192.0.2.10/24","2001:db8::10/64"]}]' ipType=shared
	}
	no "anet needs ipType exclusive" 'anet=[{}]'
	no "publish needs ipType exclusive" 'publish=[{"port":80}]'
	no 'a shared zone can never have "net_raw"' limitpriv=default,net_raw
	no 'a shared zone can never have "net_admin"' limitpriv=default,net_admin
	no "a shared zone cannot set it" 'sysctl={"net.ipv4.conf.all.forwarding":"1"}'
	no "a shared zone needs one on the link" 'net=[{"physical":"card0"}]'
	no "a shared zone has the host's routes" 'net=[{"physical":"card0","address":"192.0.2.10/24","defrouter":["192.0.2.1"]}]'
	no 'net[0].physical: no link "nosuch0" exists' 'net=[{"physical":"nosuch0","address":"192.0.2.10/24"}]'
	no 'net[0].address: 198.51.100.10/24: the host has no route to its subnet through "card0"' 'net=[{"physical":"card0","address":"198.51.100.10/24"}]'
	no "net[0].address: 192.0.2.5 is an address of the host" 'net=[{"physical":"card0","address":"192.0.2.5/24"}]'
	no "net[0].address: 192.0.2.1 is in use by another machine" 'net=[{"physical":"card0","address":"192.0.2.1/24"}]'
	no "net[0].address: 2001:db8::1 is in use by another machine" 'net=[{"physical":"card0","address":"2001:db8::1/64"}]'
	zone boot web
	fails 0 zone verify web # its own addresses are no one else's
	zone create -t isolated taker 'net=[{"physical":"card0"}]'
	fails 1 zone verify taker
	says 'net[0].physical: zone "web" has addresses on "card0" (ipType shared); halt it first'
	created two 11
	zone set two 'net=[{"physical":"card0","address":"192.0.2.10/24"}]' || true
	jq '.net[0].address = ["192.0.2.10/24"]' "$ZONES_CONFIG_DIR/two.json" >"$TOP/two.json"
	cp "$TOP/two.json" "$ZONES_CONFIG_DIR/two.json"
	fails 1 zone verify two
	says 'net[0].address: 192.0.2.10 belongs to zone "web"'
	fails 1 zone boot two
	says '192.0.2.10 belongs to zone "web"'
	zone set two 'net=[{"physical":"card0","address":"198.51.100.10/32"}]'
	ip route add 198.51.100.10/32 dev card0
	fails 1 zone boot two
	says "the host has a route to 198.51.100.10 already"
	ip route del 198.51.100.10/32 dev card0
	ip addr add 198.51.100.5/24 dev card0
	outside ip route add 198.51.100.10/32 via 192.0.2.5
	zone boot two
	zone exec two busybox httpd -p 80 -h /srv
	wait_for 5 connects outside 198.51.100.10 80
}

@test "addresses on two cards: each answers for its own, one link inside has both, and names a card that is down" {
	ip link add card1 type veth peer name wire1 netns "/proc/$OUTSIDE/ns/net"
	ip link set card1 up
	ip addr add 198.51.100.5/24 dev card1
	outside ip addr add 198.51.100.1/24 dev wire1
	outside ip link set wire1 up
	zone create -t isolated web ipType=shared 'net=[{"physical":"card0","address":"192.0.2.10/24"},{"physical":"card1","address":["198.51.100.10/24"]}]'
	zone install web
	zone boot web
	zone exec web busybox httpd -p 80 -h /srv
	wait_for 5 connects outside 192.0.2.10 80
	connects outside 198.51.100.10 80
	run outside ip neigh
	says "198.51.100.10 dev wire1"
	run zone exec web ip -o -4 addr show card0
	says "198.51.100.10/24"
	# both cards forward now, and the host is a router between them all the same not
	outside ip rule add to 203.0.113.7 lookup 77
	outside ip route add default via 192.0.2.5 table 77
	ip route add 203.0.113.7 via 198.51.100.1
	outside python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.7", 9))'
	wait_for 5 sh -c 'nft list table inet zones | grep "not a router" | grep -q "packets 1 "'
	ip link set card1 down
	fails 0 zone why web
	says 'lower link "card1" is down'
	zone halt web
	run ip neigh show proxy
	[ -z "$output" ]
}

@test "why: a card that is down or gone, a route or an answer that somebody took away; others' changes of the host's links stay" {
	created web 10
	zone boot web
	ip neigh del proxy 192.0.2.10 dev card0
	fails 0 zone why web
	says 'does not answer for them, as after it was down: zone reboot web'
	zone reboot web
	fails 0 zone why web
	says "nothing is wrong"
	ip route del 192.0.2.10
	fails 0 zone why web
	says "the host has no route to its addresses any more"
	zone reboot web
	ip link set card0 down
	fails 0 zone why web
	says 'lower link "card0" is down: ip link set card0 up'
	ip link set card0 up
	ip addr replace 2001:db8::5/64 dev card0 nodad
	zone reboot web
	zone set web ipType=exclusive 'net=[]' 'anet=[{"lowerLink":"auto"}]'
	fails 0 zone apply web
	says "ipType: a zone has its kind of network from its boot"
	zone set web ipType=shared 'anet=[]' 'net=[{"physical":"card0","address":["192.0.2.10/24"]}]'
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding # the administrator makes it a router
	ip neigh add proxy 192.0.2.77 dev card0
	zone halt web
	[ "$(cat /proc/sys/net/ipv6/conf/card0/forwarding)" = 1 ]
	[ "$(cat /proc/sys/net/ipv6/conf/card0/proxy_ndp)" = 0 ]
	[ "$(ip neigh show proxy | sed 's/ *$//')" = "192.0.2.77 dev card0 proxy" ]
	ip neigh del proxy 192.0.2.77 dev card0
	zone boot web
	ip link del card0
	fails 0 zone why web
	says 'lower link "card0" is gone'
	zone halt web
	[ -z "$(ip -o link show | grep -E ': zv')" ]
}

@test "kill -9 of monitor and init, and of whoever runs at any moment of boot and halt: the next command leaves nothing" {
	created web 10
	zone boot web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	zone exec web busybox httpd -p 80 -h /srv
	wait_for 5 connects outside 192.0.2.10 80
	zone halt web
	nothing_left
	zone boot web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")" "$(init_pid web)"
	halted web
	nothing_left
	for verb in boot halt; do
		for i in $(seq 1 "${ZONES_KILLS:-4}"); do
			[ $verb = boot ] || zone boot web
			zone $verb web >/dev/null 2>&1 & b=$!
			sleep "0.$(printf %03d $((i * 37 % 180 + 3)))"
			kill -9 $b 2>/dev/null || true
			for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
				grep -qzx monitor "${f%environ}cmdline" 2>/dev/null && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
			done
			wait $b || true
			halted web
			nothing_left
		done
	done
	zone boot web
	fails 0 zone why web
	says "nothing is wrong"
}
