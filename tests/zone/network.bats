#!/usr/bin/env bats
# anet with lowerLink auto: bridge, veth, addresses, routes, name service, masquerading, link protection. Everything happens in the test's own network namespace.
load helper

servers=()
teardown_more() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
	ip link del "mybr$$" 2>/dev/null || true
}

networked() {
	zone create "$1" "${@:2}"
	zone install "$1"
	zone boot "$1"
}

address() {
	zone list --json "$1" | jq -r '.[0].ip' | sed 's|/.*||'
}

@test "a zone gets an address, a default route, lo, names, and reaches the host; the host reaches it" {
	networked web service.command='["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]'
	echo page > "$ZONES_STORAGE_DIR/web/root/srv/index.html"
	ip=$(address web)
	[ -n "$ip" ]
	wait_for 5 curl -sf --max-time 2 "http://$ip:8080/"
	[ "$(curl -s "http://$ip:8080/")" = page ]
	run zone exec web ip route
	says "default via"
	run zone exec web ip -br link show lo
	says UNKNOWN
	run zone exec web cat /etc/hosts
	says web
	[ -s "$ZONES_STORAGE_DIR/web/root/etc/resolv.conf" ]
	gw=$(zone exec web ip route | awk '/default/{print $3}')
	busybox httpd -f -p "$gw:8081" -h "$TOP" & h=$!
	echo host > "$TOP/index.html"
	wait_for 5 zone exec web busybox wget -qO- "http://$gw:8081/"
	kill $h
}

@test "two zones reach each other over IPv4 and IPv6" {
	networked one service.command='["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]'
	networked two
	echo one > "$ZONES_STORAGE_DIR/one/root/srv/index.html"
	ip=$(address one)
	wait_for 5 zone exec two busybox wget -qO- "http://$ip:8080/"
	ip6=$(zone exec one ip -6 -br addr show net0 scope global | awk '{print $3}' | sed 's|/.*||')
	[ -n "$ip6" ]
	run zone exec two python3 -c "
import socket; s = socket.create_connection(('$ip6', 8080), 5); s.send(b'GET /index.html HTTP/1.0\r\n\r\n'); print(s.makefile().read())"
	says one
}

@test "chosen addresses, MTU and MAC arrive" {
	zone create web 'anet=[{"linkname":"eth7","lowerLink":"auto","allowedAddress":["10.88.0.77/24","fd00:88::77/64"],"mtu":1400,"macAddress":"02:00:00:00:00:77"}]'
	zone install web
	zone boot web
	run zone exec web ip addr show eth7
	says 10.88.0.77/24
	says fd00:88::77/64
	says "mtu 1400"
	says 02:00:00:00:00:77
	[ "$(address web)" = 10.88.0.77 ]
}

@test "an address that another zone has is refused by name before anything is touched" {
	zone create one 'anet=[{"linkname":"net0","lowerLink":"auto","allowedAddress":["10.88.0.77/24"]}]'
	zone install one
	zone boot one
	zone create two 'anet=[{"linkname":"net0","lowerLink":"auto","allowedAddress":["10.88.0.77/24"]}]'
	fails 1 zone verify two
	says 10.88.0.77
	says one
}

@test "the outside is reached through masquerading, in the project's own table" {
	ip netns add "zt$$"
	ip link add "ztv$$" type veth peer name out netns "zt$$"
	ip addr add 198.51.100.1/24 dev "ztv$$"
	ip link set "ztv$$" up
	ip -n "zt$$" addr add 198.51.100.2/24 dev out
	ip -n "zt$$" link set out up
	ip -n "zt$$" link set lo up
	networked web
	nsenter --net="/run/netns/zt$$" python3 -c "
import socket
s = socket.create_server(('198.51.100.2', 9000)); s.settimeout(30); print('ready', flush=True)
c, peer = s.accept(); c.send(peer[0].encode()); c.close()" >"$TOP/server" & srv=$!
	wait_for 20 grep -q ready "$TOP/server"
	run zone exec web python3 -c "
import socket; print(socket.create_connection(('198.51.100.2', 9000), 5).recv(100).decode())"
	wait $srv || true
	ip link del "ztv$$"
	ip netns del "zt$$"
	says 198.51.100.1
	run nft list tables
	[ "$(echo "$output" | grep -v zones | grep -c .)" = 0 ]
}

@test "forged MAC, forged addresses, ARP for others, DHCP answers and router advertisements are dropped at the zone's link" {
	networked bad limitpriv=default,net_raw
	networked victim limitpriv=default,net_raw
	cat > "$ZONES_STORAGE_DIR/bad/root/root/forge.py" <<'P'
import socket, struct, sys
dst = bytes.fromhex(sys.argv[1].replace(":", "")); own = bytes.fromhex(open("/sys/class/net/net0/address").read().strip().replace(":", ""))
ip = socket.inet_aton(sys.argv[2]); mine = socket.inet_aton(sys.argv[3])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
def ip4(src, dst, proto, payload):
    h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0, src, dst)
    c = sum(struct.unpack(">10H", h)); c = (c & 0xffff) + (c >> 16); c = ~((c & 0xffff) + (c >> 16)) & 0xffff
    return h[:10] + struct.pack(">H", c) + h[12:] + payload
udp = lambda sp, dp, p: struct.pack(">HHHH", sp, dp, 8 + len(p), 0) + p
eth = lambda src, typ, p: dst + src + struct.pack(">H", typ) + p
mark = b"FORGED" * 4
frames = {
    "good": eth(own, 0x0800, ip4(mine, ip, 17, udp(5000, 5000, b"GOOD" * 6))),
    "mac": eth(bytes.fromhex("020000000001"), 0x0800, ip4(mine, ip, 17, udp(5000, 5000, mark))),
    "ip": eth(own, 0x0800, ip4(socket.inet_aton("10.88.0.250"), ip, 17, udp(5000, 5000, mark))),
    "dhcp": eth(own, 0x0800, ip4(mine, ip, 17, udp(67, 68, mark))),
    "arp": eth(own, 0x0806, struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 2, own, socket.inet_aton("10.88.0.250"), dst, ip) + mark),
    "ip6": eth(own, 0x86dd, struct.pack(">IHBB16s16s", 0x60000000, 8 + len(mark), 17, 64, socket.inet_pton(10, "fd00:88::bad"), socket.inet_pton(10, "ff02::1"), ) + udp(1, 1, mark)),
    "ra": eth(own, 0x86dd, struct.pack(">IHBB16s16s", 0x60000000, 8 + len(mark), 58, 255, socket.inet_pton(10, "fe80::1"), socket.inet_pton(10, "ff02::1")) + struct.pack(">BBHI", 134, 0, 0, 0) + mark),
}
for f in frames.values():
    s.send(f)
P
	cat > "$ZONES_STORAGE_DIR/victim/root/root/listen.py" <<'P'
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.settimeout(0.2)
print("listening", flush=True)
forged = good = 0
end = time.monotonic() + 4
while time.monotonic() < end:
    try:
        p = s.recv(65536)
    except OSError:
        continue
    forged += b"FORGED" in p
    good += b"GOODGOOD" in p
print("good", good, "forged", forged, flush=True)
P
	zone exec victim python3 /root/listen.py > "$TOP/heard" & l=$!
	wait_for 5 grep -q listening "$TOP/heard"
	mac=$(zone exec victim cat /sys/class/net/net0/address)
	zone exec bad python3 /root/forge.py "$mac" "$(address victim)" "$(address bad)"
	wait $l
	run cat "$TOP/heard"
	says "forged 0" # the good frame arrives, and once more inside the answer that its port is closed
	case $output in *"good 0"*) false ;; esac
}

@test "the last zone takes the bridge and the tables with it" {
	networked one
	networked two
	ip link show zbr0
	zone halt one
	ip link show zbr0
	zone halt two
	fails 1 ip link show zbr0
	[ -z "$(nft list tables | grep zones)" ]
}

@test "a zone without anet has lo and nothing else" {
	booted web
	[ "$(zone exec web ls /sys/class/net)" = lo ]
	fails 0 zone exec web python3 -c "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
}

@test "an existing bridge is used and stays" {
	ip link add "mybr$$" type bridge
	ip addr add 10.99.0.1/24 dev "mybr$$"
	ip link set "mybr$$" up
	zone create web 'anet=[{"linkname":"net0","lowerLink":"mybr'$$'","allowedAddress":["10.99.0.5/24"],"defrouter":["10.99.0.1"]}]'
	zone install web
	zone boot web
	fails 0 zone exec web python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('10.99.0.1', 9)); print(s.getsockname())"
	says 10.99.0.5
	zone halt web
	ip link show "mybr$$"
	ip link del "mybr$$"
}

# connects NAME ADDRESS PORT: a TCP connection from the zone
connects() {
	timeout -k 1 8 nsenter --net="/proc/$(zone list --json "$1" | jq '.[0].id')/ns/net" python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5)' "$2" "$3" 2>/dev/null
}
serves() { zone exec "$1" busybox httpd -p 80 -h /srv; }

@test "isolated zones cannot reach each other on the bridge nor through the host, and reach the host" {
	networked one limitpriv=default,net_admin 'anet=[{"isolated":true}]'
	networked two limitpriv=default,net_admin 'anet=[{"isolated":true}]'
	networked three
	serves one && serves two && serves three
	[ "$(ip -d -j link show master zbr0 | jq -c 'map(.linkinfo.info_slave_data.isolated) | sort')" = "[false,true,true]" ]
	one=$(address one) two=$(address two) three=$(address three)
	gw=$(zone exec one ip route | awk '/default/{print $3}')
	busybox httpd -f -p "$gw:8081" -h "$TOP" >/dev/null 2>&1 3>&- & servers+=($!)
	wait_for 5 connects three "$gw" 8081
	connects one "$gw" 8081
	for pair in "one $two" "two $one" "one $three" "three $one"; do
		# shellcheck disable=SC2086
		set -- $pair
		if connects "$1" "$2" 80; then echo "$1 reaches $2"; false; fi
	done
	networked four
	serves four
	connects three "$(address four)" 80
	# by way of the host: its own routes are the zone's to choose
	zone exec one ip route add "$two/32" via "$gw"
	zone exec two ip route add "$one/32" via "$gw"
	if connects one "$two" 80; then echo "one reaches two through the host"; false; fi
	[ "$(zone info --live --json one | jq '[.live | .. | .isolated? // empty] | add')" -gt 0 ]
}

@test "configureAllowedAddress false: the zone asks a DHCP server, and can still use no other address" {
	busybox --list | grep -qx udhcpd || skip "busybox has no udhcpd"
	ip link add "mybr$$" type bridge
	ip addr add 10.99.0.1/24 dev "mybr$$"
	ip link set "mybr$$" up
	zone create web limitpriv=default,net_admin,net_raw 'anet=[{"lowerLink":"mybr'$$'","allowedAddress":["10.99.0.5/24"],"configureAllowedAddress":false}]'
	zone install web
	zone boot web
	[ -z "$(zone exec web ip -4 -o addr show dev net0)" ]
	mac=$(zone exec web cat /sys/class/net/net0/address)
	: >"$TOP/leases"
	cat >"$TOP/udhcpd.conf" <<CONF
start 10.99.0.50
end 10.99.0.60
interface mybr$$
lease_file $TOP/leases
pidfile $TOP/udhcpd.pid
opt subnet 255.255.255.0
opt router 10.99.0.1
static_lease $mac 10.99.0.5
CONF
	busybox udhcpd -f "$TOP/udhcpd.conf" >/dev/null 2>&1 3>&- & servers+=($!)
	cat >"$ZONES_STORAGE_DIR/web/root/root/take" <<'SCRIPT'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/24" dev "$interface" && ip route add default via "$router"
SCRIPT
	chmod 755 "$ZONES_STORAGE_DIR/web/root/root/take"
	run zone exec web busybox udhcpc -i net0 -n -q -t 5 -T 1 -s /root/take
	echo "$output"
	[ "$status" = 0 ]
	[ "$(zone exec web ip -4 -o addr show dev net0 | awk '{print $4}')" = 10.99.0.5/24 ]
	busybox httpd -f -p 10.99.0.1:8081 -h "$TOP" >/dev/null 2>&1 3>&- & servers+=($!)
	wait_for 5 connects web 10.99.0.1 8081
	zone exec web ip addr del 10.99.0.5/24 dev net0
	zone exec web ip addr add 10.99.0.6/24 dev net0
	if connects web 10.99.0.1 8081; then echo "another address is let out"; false; fi
	zone halt web
	ip link del "mybr$$"
}

@test "an unknown lower link is refused by verify with its name" {
	zone create web 'anet=[{"linkname":"net0","lowerLink":"nosuchbr","allowedAddress":["10.99.0.5/24"]}]'
	fails 1 zone verify web
	says nosuchbr
}

@test "two zones with one MAC address on one bridge: the second is refused by name, by boot and by apply, and nothing of it stays" {
	booted web 'anet=[{"macAddress":"02:00:00:00:00:07"}]'
	native two 'anet=[{"macAddress":"02:00:00:00:00:07"}]'
	before=$(ip -j link | jq -c 'map(.ifname)')
	fails 1 zone boot two
	says 'anet[net0]: zone "web" has the MAC address 02:00:00:00:00:07 on "zbr0" already'
	[ "$(ip -j link | jq -c 'map(.ifname)')" = "$before" ]
	zone set two 'anet[0].lowerLink=auto:other' # is another network
	zone boot two
	zone set two 'anet[0].lowerLink=auto'
	before=$(ip -j link | jq -c 'map([.ifname, .address])')
	fails 1 zone apply two
	says 'anet[net0]: zone "web" has the MAC address 02:00:00:00:00:07 on "zbr0" already'
	[ "$(ip -j link | jq -c 'map([.ifname, .address])')" = "$before" ]
	zone clear two 'anet[0].macAddress'
	fails 0 zone apply two
	zone set two 'anet[0].macAddress=02:00:00:00:00:07'
	zone halt web
	fails 0 zone apply two # nobody has it any more
}
