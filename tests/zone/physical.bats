#!/usr/bin/env bats
# net: a link of the host moves into the zone and comes back as it was. It is a veth, "card0", with a MAC, an MTU, a further name and addresses of its own; its other end "wire" lies in a namespace
# with a host of the same network in it, 192.0.2.1.
bats_require_minimum_version 1.5.0
load helper
talkers=()

setup_more() {
	unshare --net sleep 1000 3>&- & OUTSIDE=$!
	wait_for 5 other_namespace $OUTSIDE
	ip link add card0 address 02:00:00:00:ca:4d mtu 1450 type veth peer name wire netns "/proc/$OUTSIDE/ns/net"
	ip link property add dev card0 altname longnameofcard0
	ip link set card0 alias "the card" up
	ip addr add 192.0.2.99/24 dev card0
	ip addr add 2001:db8::99/64 dev card0 nodad
	outside ip addr add 192.0.2.1/24 dev wire
	outside ip addr add 2001:db8::1/64 dev wire nodad
	outside ip link set lo up
	outside ip link set wire up
	wait_for 5 carrier
}

teardown_more() {
	local l
	kill "$OUTSIDE"
	[ ${#talkers[@]} = 0 ] || kill "${talkers[@]}" 2>/dev/null || true
	for l in card0 zback0 other0 "mybr$$"; do
		ip link del "$l" 2>/dev/null || true
	done
	[ -z "$(findmnt -rno TARGET | grep "$TOP")" ] # no namespace is held any more
}

other_namespace() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
carrier() { ip link show card0 | grep -q LOWER_UP; }
outside() { nsenter --net="/proc/$OUTSIDE/ns/net" timeout -k 1 60 "$@"; }
inside() { nsenter --net="/proc/$(init_pid "$1")/ns/net" timeout -k 1 60 "${@:2}"; }

created() { # NAME WORDS...: with the card and the address 192.0.2.11
	zone create -t isolated "$1" "${@:2}" 'net=[{"physical":"card0","address":["192.0.2.11/24","2001:db8::11/64"],"defrouter":["192.0.2.1"]}]'
	zone install "$1"
}

halted() { # a monitor that is being killed may still be asked, and not answer
	wait_for 20 sh -c 'zone halt "$1" >/dev/null 2>&1; [ "$(zone list --json "$1" | jq -r ".[0].state")" = installed ]' sh "$1"
}

looks() { # [NAME]: everything about the card that must come back
	ip -j -d addr show "${1:-card0}" | jq -c '.[0] | [.ifname, .ifindex, .address, .mtu, .ifalias, .altnames, .txqlen, .group, .gso_max_size, .gso_max_segs, (.flags | map(select(. != "LOWER_UP")) | sort), .promiscuity,
		([.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"] | sort)]'
}

is_back() { # AS-BEFORE
	[ "$(looks)" = "$1" ] || { echo "was: $1"; echo "now: $(looks)"; ip -d addr; return 1; }
	nothing_held
}

nothing_held() {
	[ -z "$(ls "$ZONES_RUN_DIR/.links" "$ZONES_RUN_DIR/.netns" 2>/dev/null | grep -v :)" ]
	[ -z "$(findmnt -rno TARGET | grep "$ZONES_RUN_DIR/.netns")" ]
}

connects() { # WHERE ADDRESS PORT
	"$1" "${@:4}" python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5)' "$2" "$3"
}

@test "a link moves in with addresses and default router, and comes back with all it had" {
	before=$(looks)
	created web
	fails 0 zone verify web
	zone boot web
	fails 1 ip link show card0
	outside busybox httpd -f -p 80 -h "$TOP" >/dev/null 2>&1 3>&- &
	wait_for 5 inside web python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 1)'
	wait_for 5 inside web python3 -c 'import socket; socket.create_connection(("2001:db8::1", 80), 1)'
	run zone exec web ip route
	says "default via 192.0.2.1 dev card0"
	run zone list -v web
	says "card0 of the host: up, 192.0.2.11/24 2001:db8::11/64"
	[ "$(zone list --json web | jq -r '.[0].ip')" = 192.0.2.11/24 ]
	fails 0 zone why web
	says "nothing is wrong"
	zone reboot web
	zone exec web ip link show card0
	zone halt web
	is_back "$before"
}

@test "what root inside does to it is undone: name, MAC, MTU, flags, a bridge, 400 further names of which one is taken on the host" {
	before=$(looks)
	ip link add other0 type veth peer name taken0
	created web limitpriv=default,net_admin
	zone boot web
	inside web ip link set card0 down
	inside web ip link set card0 name lo0 address 02:66:66:66:66:66 mtu 700 promisc on allmulticast on arp off alias mine txqueuelen 7 group 9 gso_max_size 3000 gso_max_segs 3
	inside web ip link property add dev lo0 altname other0
	inside web python3 -c '
print("\n".join("link property add dev lo0 altname " + "x" * 100 + str(i) for i in range(400)))' >"$TOP/batch"
	inside web ip -batch "$TOP/batch"
	inside web ip link add br0 type bridge
	inside web ip link set lo0 master br0 up
	inside web ip link set br0 up
	fails 0 zone why web
	says 'link "card0" of the host is not in the zone under that name any more'
	zone halt web
	ip link del other0
	is_back "$before"
}

@test "kill -9 of the monitor, with init or without, and anywhere in boot: the next command gives the link back" {
	before=$(looks)
	created web limitpriv=default,net_admin
	zone boot web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	inside web ip link show card0 >/dev/null
	zone halt web
	is_back "$before"
	zone boot web
	inside web ip link set card0 down
	inside web ip link set card0 name foo address 02:66:66:66:66:66
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")" "$(init_pid web)"
	halted web
	is_back "$before"
	for ms in 10 20 25 30 35 40 45 50 60; do
		zone boot web & b=$!
		sleep "0.0$ms"
		for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
			grep -qzx monitor "${f%environ}cmdline" 2>/dev/null && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
		done
		wait $b || true
		halted web
		is_back "$before"
	done
}

@test "its name is taken meanwhile: it comes back under another, with its addresses" {
	created web
	zone boot web
	ip link add card0 type veth peer name other0
	zone halt web
	run looks zback0
	says 192.0.2.99/24
	says 02:00:00:00:ca:4d
	nothing_held
	ip link del card0
}

@test "a boot that fails afterwards gives the link back" {
	ip link set card0 mtu 1000 # no IPv6 with that
	ip addr flush dev card0
	ip addr add 192.0.2.99/24 dev card0
	before=$(looks)
	created web
	fails 1 zone boot web
	says 2001:db8::11
	is_back "$before"
}

@test "a link that was deleted inside is gone, and the zone halts and is told why" {
	created web limitpriv=default,net_admin
	zone boot web
	inside web ip link del card0
	fails 0 zone why web
	says 'link "card0" of the host is not in the zone'
	zone halt web
	nothing_held
	fails 1 zone boot web
	says 'no link "card0" exists'
}

@test "refused by name before anything is touched: held by another zone, missing, a port, a bridge, one with links on it, the host's way out" {
	before=$(looks)
	created web
	created two
	zone boot web
	fails 1 zone verify two
	says 'net[0].physical: zone "web" has the link "card0"; halt it first'
	fails 1 zone boot two
	says 'zone "web" has the link "card0"'
	zone exec web ip link show card0
	fails 0 zone verify web
	zone halt web
	zone boot two
	zone halt two
	is_back "$before"
	refused() { # TEXT
		fails 1 zone boot web
		says "$1"
		is_back "$(looks)"
	}
	ip link add link card0 name other0 type macvlan
	refused '"card0" has the link "other0" on it'
	ip link del other0
	ip route add default via 192.0.2.1
	refused '"card0" carries the host'"'"'s default route'
	ip route del default
	ip -6 route add default via 2001:db8::1
	refused '"card0" carries the host'"'"'s default route'
	ip -6 route del default
	ip link add "mybr$$" type bridge
	ip link set card0 master "mybr$$"
	refused '"card0" is a port of "mybr'$$'"; take it off first (ip link set card0 nomaster)'
	ip link set card0 nomaster
	zone set web "net[0].physical=mybr$$"
	refused '"mybr'$$'" is a bridge'
	zone set web "net[0].physical=nosuch0"
	refused 'net[0].physical: no link "nosuch0" exists'
	zone set web "net[0].physical=longnameofcard0"
	refused '"longnameofcard0" is a further name of the link "card0": write that'
}

applied() {
	fails 0 zone apply web
	[ "$(zone list --json web | jq -r '.[0].pending')" = false ]
	fails 0 zone apply web
	says "nothing to do"
}
gone_home() { # AS-BEFORE: while the zone runs
	is_back "$1"
	fails 1 inside web ip link show card0
}
# a connection that is used all the time, from the zone to the host outside
talk() {
	# exec: what is killed in the end is the program, not a shell that waits for it
	(exec nsenter --net="/proc/$OUTSIDE/ns/net" timeout -k 1 60 python3 -c '
import socket
s = socket.create_server(("192.0.2.1", 80)); c = s.accept()[0]
while True:
    d = c.recv(9)
    if not d: break
    c.send(d)') >/dev/null 2>&1 3>&- & talkers+=($!)
	wait_for 5 outside sh -c 'ss -ltn | grep -q 192.0.2.1:80'
	(exec nsenter --net="/proc/$(init_pid web)/ns/net" timeout -k 1 60 python3 -c '
import os, socket, sys, time
s, n = socket.create_connection(("192.0.2.1", 80), 5, (sys.argv[2], 0)), 0
s.settimeout(20)
while True:
    s.send(b"x")
    if s.recv(9) != b"x": break
    n += 1
    with open(sys.argv[1] + ".new", "w") as f: f.write(str(n))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.01)' "$TOP/talk" "$1") >/dev/null 2>&1 3>&- & talkers+=($!)
	wait_for 5 test -e "$TOP/talk"
}
talks() {
	local before
	before=$(cat "$TOP/talk")
	wait_for 15 sh -c '[ "$(cat "$1")" != "$2" ]' sh "$TOP/talk" "$before"
}

@test "apply: a link moves into a running zone, its addresses change while a connection goes on, and it goes home with all it had" {
	before=$(looks)
	ip link add other0 type veth peer name taken0
	zone create -t isolated web limitpriv=default,net_admin
	zone install web
	zone boot web
	zone set web 'net=[{"physical":"card0","address":["192.0.2.11/24","2001:db8::11/64"],"defrouter":["192.0.2.1"]}]'
	[ "$(zone diff --json web | jq -r '.changes[] | "\(.path) \(.how)"')" = "net[card0] live" ]
	applied
	fails 1 ip link show card0
	run zone list -v web
	says "card0 of the host: up, 192.0.2.11/24 2001:db8::11/64"
	run zone exec web ip route
	says "default via 192.0.2.1 dev card0"
	[ "$(inside web sysctl -n net.ipv6.conf.card0.accept_ra)" = 0 ]
	zone exec web test -s /etc/resolv.conf
	zone set web 'net[0].address=["192.0.2.11/24","192.0.2.12/24"]'
	applied
	talk 192.0.2.12
	# the first one goes, and a second link comes
	zone set web 'net=[{"physical":"card0","address":["192.0.2.12/24"],"defrouter":["192.0.2.254"]},{"physical":"other0","address":"198.51.100.1/24"}]'
	applied
	talks
	[ "$(inside web ip -j addr show card0 | jq -c '[.[0].addr_info[] | select(.scope == "global") | .local]')" = '["192.0.2.12"]' ]
	[ "$(inside web ip -j route show default | jq -c "[.[].gateway]")" = '["192.0.2.254"]' ] || { inside web ip route; false; }
	inside web ip -o addr show other0 | grep -q 198.51.100.1/24
	[ "$(jq -c '[.links[].name]' "$ZONES_RUN_DIR/.links/web")" = '["card0","other0"]' ]
	zone remove web net physical=other0
	applied
	talks
	ip link show other0
	[ "$(jq -c '[.links[].name]' "$ZONES_RUN_DIR/.links/web")" = '["card0"]' ]
	# whatever root inside makes of it
	inside web ip link set card0 down
	inside web ip link set card0 name lo0 address 02:66:66:66:66:66 mtu 700 promisc on arp off alias mine
	inside web ip link add br0 type bridge
	inside web ip link set lo0 master br0 up
	zone clear web net
	applied
	gone_home "$before"
	fails 0 zone why web
	says "nothing is wrong"
	ip link del other0
	zone halt web
	is_back "$before"
}

@test "apply: a link that cannot be had is refused by name or given back; one that was deleted inside goes without a boot" {
	before=$(looks)
	zone create -t isolated web limitpriv=default,net_admin
	zone install web
	zone boot web
	zone set web 'net=[{"physical":"card0"},{"physical":"nosuch0"}]'
	fails 1 zone apply web
	says 'net[1].physical: no link "nosuch0" exists'
	gone_home "$before"
	inside web ip link add card0 type bridge
	zone set web 'net=[{"physical":"card0"}]'
	fails 1 zone apply web
	says 'give the zone the link "card0"'
	is_back "$before"
	inside web ip link del card0
	zone set web 'net=[{"physical":"card0","address":"192.0.2.11/24","defrouter":["fe80::1"]}]'
	ip link set card0 mtu 1000 # no IPv6 with that, so no such router
	fails 1 zone apply web
	says "card0"
	gone_home "$(looks)"
	ip link set card0 mtu 1450
	zone clear web 'net[0].defrouter'
	applied
	inside web ip link del card0
	zone clear web net
	fails 0 zone apply web
	says 'the link "card0" that zone "web" had is gone'
	zone halt web
	nothing_held
}

@test "root inside that puts a link of its own in the place of one that it deleted brings none onto the host, neither by apply nor by a halt" {
	local wire way
	for way in apply halt; do
		ip link del card0
		ip link add card0 index 4711 type veth peer name wire netns "/proc/$OUTSIDE/ns/net"
		wire=$(outside ip -j link show wire | jq '.[0].ifindex')
		[ $way = halt ] || created web limitpriv=default,net_admin
		zone set web 'net=[{"physical":"card0"}]'
		zone boot web
		inside web ip link del card0
		inside web ip link add card0 index 4711 type veth peer name mine index "$wire"
		[ $way = halt ] || zone clear web net
		fails 0 zone $way web
		[ $way = halt ] || says 'has put a link of its own in the place of one that it was lent' # else the monitor says it
		fails 1 ip link show card0
		zone halt web
		nothing_held
		ip link add card0 type veth peer name wire netns "/proc/$OUTSIDE/ns/net"
	done
}

# ZONES_KILLS: at each call instead of at some
@test "kill -9 while links come and go: the next apply finishes or undoes it, and a halt gives all back" {
	command -v strace >/dev/null || skip "needs strace"
	local call at code killed=0 step
	before=$(looks)
	zone create -t isolated web
	zone install web
	cp "$ZONES_CONFIG_DIR/web.json" "$TOP/none.json"
	jq '.net = [{"physical":"card0","address":"192.0.2.11/24","defrouter":["192.0.2.1"]}]' "$TOP/none.json" >"$TOP/card.json"
	zone boot web
	for call in sendmsg renameat unlinkat mount umount2 clone3; do
		at=1 code=1 step=$([ $call = sendmsg ] && echo 7 || echo 2)
		[ -z "${ZONES_KILLS:-}" ] || step=1
		while [ "$code" != 0 ]; do
			for way in card none; do
				cp "$TOP/$way.json" "$ZONES_CONFIG_DIR/web.json"
				code=0
				strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone apply web >/dev/null 2>&1 || code=$?
				[ "$code" = 0 ] || killed=$((killed + 1))
				if [ $((at % 4)) = 1 ]; then # back at once
					[ $way = card ] && zone apply -f "$TOP/none.json" || zone apply -f "$TOP/card.json"
				fi
				fails 0 zone apply -f "$TOP/$way.json"
				if [ $way = card ]; then
					[ "$(inside web ip -j addr show card0 | jq -c '[.[0].addr_info[] | select(.scope == "global") | .local]')" = '["192.0.2.11"]' ]
					inside web ip route show default | grep -q 192.0.2.1
					fails 1 ip link show card0
				else
					gone_home "$before"
				fi
			done
			at=$((at + step))
			[ $at -lt 200 ]
		done
	done
	echo "# $killed kills" >&3
	[ $killed -ge 10 ]
	cp "$TOP/card.json" "$ZONES_CONFIG_DIR/web.json"
	strace -qq -o /dev/null -e trace=mount -e inject=mount:signal=KILL:when=1 zone apply web >/dev/null 2>&1 || true
	zone halt web
	is_back "$before"
}
