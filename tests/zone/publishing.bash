# publishing.bash - what tests of published ports share. A client is a network namespace of its own, joined to the host by a veth; the "host" is the test's network namespace.
# shellcheck shell=bash

servers=()
setup_more() {
	unshare --net sleep 300 3>&- & client=$!
	servers+=("$client")
	wait_for 5 differs "$client"
	ip link add out type veth peer name eth0 netns "$client"
	ip addr add 198.51.100.1/24 dev out
	ip -6 addr add fd00:51::1/64 dev out nodad
	ip link set out up
	nsenter --net="/proc/$client/ns/net" sh -c 'ip link set lo up; ip addr add 198.51.100.2/24 dev eth0; ip addr add fd00:51::2/64 dev eth0 nodad; ip link set eth0 up'
}
teardown_more() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
	ip link del out 2>/dev/null || true
	ip link del stranger 2>/dev/null || true
	nft delete table inet admin 2>/dev/null || true
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# answers NAME PORT [udp]: a server in the zone tells each client the address it sees
answers() {
	cat >"$ZONES_STORAGE_DIR/$1/root/root/answer.py" <<'P'
import socket, sys
port, udp = int(sys.argv[1]), len(sys.argv) > 2
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", port))
if not udp:
    s.listen()
open("/root/ready-%d%s" % (port, "u" if udp else ""), "w").close()
while True:
    if udp:
        data, peer = s.recvfrom(100)
        s.sendto((peer[0] + " " + str(port)).encode(), peer)
        continue
    c, peer = s.accept()
    c.send((peer[0] + " " + str(port)).encode())
    c.close()
P
	zone exec "$1" sh -c "python3 /root/answer.py ${*:2} >/dev/null 2>&1 &"
	wait_for 10 test -e "$ZONES_STORAGE_DIR/$1/root/root/ready-$2${3:+u}"
}
# ask WHERE ADDRESS PORT [udp]: what the server says, from "host", "client" or a zone
ask() {
	local ns=/proc/self/ns/net
	case $1 in
	host) ;;
	client) ns=/proc/$client/ns/net ;;
	*) ns=/proc/$(zone list --json "$1" | jq '.[0].id')/ns/net ;;
	esac
	timeout -k 1 10 nsenter --net="$ns" python3 -c '
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM if len(sys.argv) > 3 else socket.SOCK_STREAM)
s.settimeout(4)
s.connect((sys.argv[1], int(sys.argv[2])))
def hear():
    for _ in range(4): # datagrams get lost
        s.settimeout(1)
        s.send(b"?")
        try:
            return s.recv(100)
        except TimeoutError:
            pass
    raise TimeoutError("timed out")
print((hear() if len(sys.argv) > 3 else s.recv(100)).decode().replace("::ffff:", ""))' "${@:2}" 2>&1
}
networked() {
	zone create "$1" "${@:2}"
	zone install "$1"
	zone boot "$1"
}
