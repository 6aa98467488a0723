#!/usr/bin/env bats
# An address of a zone that another machine on the same network has. The machine is a network namespace, joined by a veth to a bridge of the host's.
load helper

servers=()
setup_more() {
	unshare --net sleep 300 3>&- & machine=$!
	servers+=("$machine")
	wait_for 5 differs "$machine"
	ip link add lan0 type bridge mcast_snooping 0
	ip link set lan0 up
	plug lan0
}
teardown_more() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
	ip link del plug0 2>/dev/null || true
	ip link del lan0 2>/dev/null || true
	if ip link del zbr0 2>/dev/null; then nft delete table inet zones; fi # a stranger kept it alive
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
inside() { nsenter --net="/proc/$machine/ns/net" "$@"; }
# plug BRIDGE: a cable from the machine to the bridge
plug() {
	ip link del plug0 2>/dev/null || true
	ip link add plug0 type veth peer name eth0 address 02:00:00:00:99:99 netns "$machine"
	ip link set plug0 master "$1" up
	inside ip link set lo up
	inside ip link set eth0 up
}
# on_lan NAME ADDRESS...: an installed zone on the bridge
on_lan() {
	zone create "$1" "anet=[{\"lowerLink\":\"lan0\",\"allowedAddress\":$(printf '%s\n' "${@:2}" | jq -R . | jq -sc .)}]"
	zone install "$1"
}
nothing_made() { [ -z "$(ip -o link | grep -E ': zv')" ]; }

# counts FILE ADDRESS...: how many questions for the addresses leave by any link, while the test goes on; "ready" first
count_questions() {
	python3 - "$@" <<'P' 3>&- &
import socket, sys
wanted = [socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a) for a in sys.argv[2:]]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
n = 0
open(sys.argv[1], "w").write("0")
while True:
    f, at = s.recvfrom(2000)
    arp = f[12:14] == b"\x08\x06" and f[28:32] == b"\0" * 4 and f[38:42] in wanted
    solicit = f[12:14] == b"\x86\xdd" and f[54:55] == b"\x87" and f[22:38] == b"\0" * 16 and f[62:78] in wanted
    if at[2] == 4 and (arp or solicit) and not at[0].startswith(("zv", "plug")):
        n += 1
        open(sys.argv[1], "w").write(str(n))
P
	servers+=("$!")
	wait_for 5 test -s "$1"
}
# answers_late MILLISECONDS ADDRESS: the machine answers the first ARP question for the address, after that time
answers_late() {
	inside python3 - "$TOP/late" "$@" <<'P' 3>&- &
import socket, sys, time
address = socket.inet_aton(sys.argv[3])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806)); s.bind(("eth0", 0x806))
own = b"\x02\0\0\0\x99\x99"
open(sys.argv[1], "w").write("ready")
while True:
    f = s.recv(100)
    if f[20:22] == b"\0\x01" and f[38:42] == address:
        time.sleep(int(sys.argv[2]) / 1000)
        s.send(f[6:12] + own + b"\x08\x06\0\x01\x08\0\x06\x04\0\x02" + own + address + f[22:28] + b"\0" * 4)
        break
P
	late=$!
	servers+=("$late")
	wait_for 5 test -s "$TOP/late"
	rm "$TOP/late"
}

@test "an IPv4 address that another machine has is refused by verify and by boot, with the machine's MAC and the way out, and nothing is made" {
	inside ip addr add 10.99.0.5/24 dev eth0
	zone create web 'anet=[{"lowerLink":"lan0","allowedAddress":["10.99.0.4/24","10.99.0.5/24"]}]'
	fails 1 zone verify web
	says 'anet[0].allowedAddress[1]: 10.99.0.5 is in use by another machine: 02:00:00:00:99:99 answers for it on "lan0"'
	says "give the zone another address"
	case $output in *10.99.0.4*) false ;; esac
	inside ip addr del 10.99.0.5/24 dev eth0
	zone install web
	inside ip addr add 10.99.0.5/24 dev eth0
	fails 1 zone boot web
	says "10.99.0.5 is in use by another machine: 02:00:00:00:99:99"
	nothing_made
	[ "$(state_of web)" = installed ]
	fails 0 zone why web
	says "10.99.0.5 is in use"
	# the way out
	inside ip addr del 10.99.0.5/24 dev eth0
	zone boot web
	# a zone that runs answers for itself
	zone verify web
}

@test "an IPv6 address that another machine has is refused too" {
	on_lan web fd00:99::5/64
	inside ip -6 addr add fd00:99::5/64 dev eth0 nodad
	fails 1 zone verify web
	says 'anet[0].allowedAddress[0]: fd00:99::5 is in use by another machine: 02:00:00:00:99:99 answers for it on "lan0"'
	fails 1 zone boot web
	says "fd00:99::5 is in use"
	nothing_made
	inside ip -6 addr del fd00:99::5/64 dev eth0
	zone boot web
	zone verify web
}

@test "both addresses of both links are asked for at the same time, three times" {
	on_lan web 10.99.0.5/24 10.99.0.6/24 fd00:99::5/64 fd00:99::6/64
	count_questions "$TOP/count" 10.99.0.5 10.99.0.6 fd00:99::5 fd00:99::6
	start=$(date +%s%N)
	zone verify web
	took=$((($(date +%s%N) - start) / 1000000))
	wait_for 2 grep -qx 12 "$TOP/count"
	sleep 0.2
	[ "$(cat "$TOP/count")" = 12 ]
	[ "$took" -ge 240 ]
	export ZONES_PROBE_MS=0
	zone verify web
	zone boot web
	[ "$(cat "$TOP/count")" = 12 ]
}

@test "an answer that comes late is waited for as long as ZONES_PROBE_MS says" {
	on_lan web 10.99.0.5/24
	answers_late 190 10.99.0.5
	fails 1 zone boot web
	says "10.99.0.5 is in use"
	wait "$late"
	answers_late 600 10.99.0.5
	export ZONES_PROBE_MS=3000
	fails 1 zone boot web
	says "10.99.0.5 is in use"
	wait "$late"
	answers_late 600 10.99.0.5
	unset ZONES_PROBE_MS
	zone boot web
}

@test "nobody is asked on a bridge with links of zones only, and a bridge without anybody costs no time" {
	ip link del plug0
	on_lan one 10.99.0.5/24
	on_lan two 10.99.0.6/24
	zone create auto && zone install auto
	zone create more 'anet=[{"allowedAddress":["10.88.0.77/24","fd00:88::77/64"]}]' && zone install more
	count_questions "$TOP/count" 10.99.0.5 10.99.0.6 10.88.0.2 10.88.0.3 10.88.0.77 fd00:88::2 fd00:88::77
	zone boot one
	zone boot two
	zone boot auto
	zone boot more
	sleep 0.2
	[ "$(cat "$TOP/count")" = 0 ]
}

@test "an automatic address that a stranger on our bridge answers for is passed over, and a lease that one has taken is given up" {
	zone create first && zone install first && zone boot first
	[ "$(zone list --json first | jq -r '.[0].ip')" = 10.88.0.2/24 ]
	plug zbr0
	inside ip addr add 10.88.0.3/24 dev eth0
	inside ip -6 addr add fd00:88::4/64 dev eth0 nodad
	zone create web && zone install web
	zone boot web
	[ "$(zone list --json web | jq -r '.[0].ip')" = 10.88.0.5/24 ] # 3 is taken by IPv4, 4 by IPv6
	[ "$(zone exec web ip -6 -br addr show net0 scope global | awk '{print $3}')" = fd00:88::5/64 ]
	zone halt web
	inside ip addr add 10.88.0.5/24 dev eth0
	zone boot web
	[ "$(zone list --json web | jq -r '.[0].ip')" = 10.88.0.6/24 ]
	# what is written is not passed over
	zone create fixed 'anet=[{"allowedAddress":["10.88.0.5/24"]}]'
	fails 1 zone verify fixed
	says '10.88.0.5 is in use by another machine: 02:00:00:00:99:99 answers for it on "zbr0"'
}

@test "somebody who answers for everything does not keep a boot going for ever" {
	zone create first && zone install first && zone boot first
	plug zbr0
	inside ip addr add 10.88.0.250/24 dev eth0
	inside ip -6 route add local fd00:88::/64 dev lo
	inside ip route add local 10.88.0.0/24 dev lo
	zone create web && zone install web
	fails 1 zone boot web
	says "anet[0].allowedAddress: 10.88.0.10 is in use by another machine"
	says "ZONES_PROBE_MS=0 asks nobody"
	[ "$(ip -o link | grep -cE ': zv')" = 1 ]
	ZONES_PROBE_MS=0 zone boot web
	[ "$(zone list --json web | jq -r '.[0].ip')" = 10.88.0.3/24 ]
}

# liar NAME: root in there asks for every address that somebody else asks for before he takes it, in the same way (RFC 5227, RFC 4862: then he must not take it)
liar() {
	cat >"$ZONES_STORAGE_DIR/$1/root/root/liar.py" <<'P'
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("net0", 3))
mac = s.getsockname()[4]
s.setsockopt(263, 1, struct.pack("IHH8s", socket.if_nametoindex("net0"), 1, 0, b""))    # every frame
open("/root/ready", "w").close()
while True:
    f, at = s.recvfrom(2000)
    if at[2] == 4 or f[6:12] == mac:
        continue
    if f[12:14] == b"\x08\x06" and f[28:32] == b"\0" * 4:
        s.send(b"\xff" * 6 + mac + f[12:22] + mac + b"\0" * 4 + b"\0" * 6 + f[38:42])
    if f[12:14] == b"\x86\xdd" and f[54:55] == b"\x87" and f[22:38] == b"\0" * 16:
        # without the number by which the asker knows his own question (RFC 7527)
        head = b"\x87\0\0\0" + b"\0" * 4 + f[62:78]
        total = sum(struct.unpack("!32H", f[22:54] + struct.pack("!II", 24, 58) + head))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        s.send(f[:6] + mac + b"\x86\xdd\x60\0\0\0\0\x18\x3a\xff" + f[22:54] + head[:2] + struct.pack("!H", total ^ 0xffff) + head[4:])
P
	zone exec "$1" sh -c 'python3 /root/liar.py >/dev/null 2>&1 &'
	wait_for 10 test -e "$ZONES_STORAGE_DIR/$1/root/root/ready"
}

@test "root in a zone with net_raw keeps neither another zone nor another machine from an address" {
	for protection in '' ',"linkProtection":["none"]'; do
		zone create evil "anet=[{\"lowerLink\":\"lan0\",\"allowedAddress\":[\"10.99.0.66/24\",\"fd00:99::66/64\"]$protection}]" limitpriv=default,net_raw
		zone install evil
		zone boot evil
		zone audit -q evil
		liar evil
		on_lan web 10.99.0.5/24 fd00:99::5/64
		zone verify web
		zone boot web
		if [ -z "$protection" ]; then
			inside ip -6 addr add fd00:99::7/64 dev eth0
			wait_for 5 sh -c "! nsenter --net=/proc/$machine/ns/net ip -6 addr show dev eth0 | grep tentative"
			! inside ip -6 addr show dev eth0 | grep dadfailed
			# its own addresses it may ask for
			zone exec evil ip -6 addr add fd00:99::66/64 dev net0 2>/dev/null || true
			! zone exec evil ip -6 addr show dev net0 | grep -E 'dadfailed|tentative'
		fi
		zone halt web && zone delete -F web
		zone halt evil && zone delete -F evil
	done
}
