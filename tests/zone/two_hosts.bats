#!/usr/bin/env bats
# Two hosts, each with a zone: this test's network namespace and another one, joined by a veth. Between them a VXLAN, whose bridge is the zones' lower link on either side.
load helper

setup_more() {
	unshare --net sleep 600 3>&- & other=$!
	wait_for 5 differs "$other"
	ip link add under type veth peer name under netns "$other"
	join 192.0.2.1 192.0.2.2 sh -c
	join 192.0.2.2 192.0.2.1 nsenter --net="/proc/$other/ns/net" sh -c
}
# join OWN PEER HOW...: the host's end, the tunnel and its bridge
join() {
	"${@:3}" "ip link set lo up
	ip addr add $1/24 dev under && ip link set under up
	ip link add lan type bridge && ip link set lan up
	ip link add tunnel type vxlan id 42 local $1 remote $2 dstport 4789 dev under
	ip link set tunnel master lan up"
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
# The other host has directories of its own.
there() {
	env ZONES_CONFIG_DIR="$TOP/b/etc" ZONES_STORAGE_DIR="$TOP/b/storage" ZONES_RUN_DIR="$TOP/b/run" nsenter --net="/proc/$other/ns/net" "$@"
}
teardown_more() {
	there zone halt two >/dev/null 2>&1
	there zone delete -F two >/dev/null 2>&1
	[ -z "$(there ip -o link | grep ': zv')" ] || echo "# links left on the other host" >&2
	kill "$other" 2>/dev/null
	ip link del tunnel 2>/dev/null
	ip link del lan 2>/dev/null
	ip link del under 2>/dev/null
	return 0
}
lan() { printf 'anet=[{"lowerLink":"lan","allowedAddress":["10.77.0.%d/24","fd00:77::%d/64"],"mtu":1400}]' "$1" "$1"; }

@test "zones of two hosts on one VXLAN: TCP and UDP over IPv4 and IPv6 both ways, and link protection holds across the tunnel" {
	[ -z "${ZONES_TEST_CGROUPS:-}" ] || echo "zones-$(ZONES_RUN_DIR="$TOP/b/run" cgroup_hash)" >>"$ZONES_TEST_CGROUPS"
	zone create one limitpriv=default,net_raw "$(lan 11)"
	zone install one
	zone boot one
	there zone create two limitpriv=default,net_raw "$(lan 12)"
	there zone install two
	there zone boot two
	cat >"$TOP/talk.py" <<'P'
import socket, sys, threading, time
role, address = sys.argv[1], sys.argv[2]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
size = 4 << 20
if role == "serve":
    tcp = socket.create_server((address, 5000), family=family)
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, 5000))
    def echo():
        while True:
            data, peer = udp.recvfrom(2000)
            udp.sendto(data, peer)
    threading.Thread(target=echo, daemon=True).start()
    print("ready", flush=True)
    c, _ = tcp.accept()
    got = 0
    while True:
        data = c.recv(65536)
        if not data:
            break
        got += len(data)
    c.sendall(str(got).encode())
    c.close()
    time.sleep(10)
else:
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.settimeout(1)
    for _ in range(8):
        try:
            u.sendto(b"x" * 1200, (address, 5000))
            print("udp", len(u.recv(2000)))
            break
        except OSError:
            pass
    s = socket.create_connection((address, 5000), 8)
    s.sendall(b"y" * size)
    s.shutdown(socket.SHUT_WR)
    print("tcp", int(s.recv(100)) == size)
P
	cp "$TOP/talk.py" "$ZONES_STORAGE_DIR/one/root/root/"
	cp "$TOP/talk.py" "$TOP/b/storage/two/root/root/"
	for address in 10.77.0.12 fd00:77::12; do
		there zone exec two python3 /root/talk.py serve "$address" >"$TOP/ready" 3>&- & serve=$!
		wait_for 10 grep -q ready "$TOP/ready"
		run timeout -k 1 30 zone exec one python3 /root/talk.py ask "$address"
		kill $serve 2>/dev/null || true
		echo "$output"
		says "udp 1200"
		says "tcp True"
	done
	zone exec one python3 /root/talk.py serve 10.77.0.11 >"$TOP/ready2" 3>&- & serve=$!
	wait_for 10 grep -q ready "$TOP/ready2"
	run there timeout -k 1 30 zone exec two python3 /root/talk.py ask 10.77.0.11
	kill $serve 2>/dev/null || true
	says "tcp True"
	# an address of the other host's zone is forged: nothing of it leaves the zone's own link
	zone exec one python3 -c '
import socket, struct
own = bytes.fromhex(open("/sys/class/net/net0/address").read().strip().replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
s.send(b"\xff" * 6 + own + struct.pack(">HHHBBH6s4s6s4s", 0x806, 1, 0x800, 6, 4, 2, own, socket.inet_aton("10.77.0.12"), b"\xff" * 6, socket.inet_aton("10.77.0.12")))'
	[ "$(zone info --live --json one | jq '[.live | .. | ."ip-nospoof"? // empty] | add')" = 1 ]
}
