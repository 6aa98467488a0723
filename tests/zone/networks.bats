#!/usr/bin/env bats
# lowerLink auto:NAME: several automatic bridges, each with subnets of its own, that zones cannot cross. The "host" is the test's network namespace; "out" leads to a client, a namespace of its own.
load helper

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
	ip link del lan0 2>/dev/null || true
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

made_on() { # NAME NETWORK [MORE MEMBERS OF anet[0], [PATH=VALUE...]]
	zone create "$1" "anet=[{\"lowerLink\":\"auto${2:+:$2}\"${3:+,$3}}]" "${@:4}"
}
on() { made_on "$@" && zone install "$1"; }
booted_on() { on "$@" && zone boot "$1"; }
address() { # ZONE 4|6
	zone exec "$1" ip "-$2" -o addr show dev net0 scope global | awk '{print $4}' | sed 's|/.*||'
}
netns() {
	case $1 in
	host) echo /proc/self/ns/net ;;
	client) echo "/proc/$client/ns/net" ;;
	*) echo "/proc/$(zone list --json "$1" | jq '.[0].id')/ns/net" ;;
	esac
}
# serve WHERE PORT: tells each client the address it sees
serve() {
	nsenter --net="$(netns "$1")" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", int(sys.argv[1])))
s.listen()
while True:
    c, peer = s.accept()
    c.send(peer[0].replace("::ffff:", "").encode())
    c.close()' "$2" 3>&- >/dev/null 2>&1 & servers+=($!)
	wait_for 10 ask "$1" ::1 "$2"
}
# ask WHERE ADDRESS PORT [SECONDS]
ask() {
	timeout -k 1 10 nsenter --net="$(netns "$1")" python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))
print(s.recv(100).decode())' "$2" "$3" "${4:-4}" 2>&1
}
silent() { # WHERE ADDRESS PORT: nothing comes back
	if ask "$1" "$2" "$3" 1.2; then
		echo "$1 reaches $2 port $3"
		return 1
	fi
}
nothing_left() {
	[ -z "$(ip -o link show | grep -E ': (zv|zi|zbr)')" ] || { ip -o link; return 1; }
	[ -z "$(nft list tables | grep zones)" ] || { nft list ruleset; return 1; }
	[ ! -e "$ZONES_RUN_DIR/net.json" ] || { cat "$ZONES_RUN_DIR/net.json"; return 1; }
}

@test "zones of two bridges do not reach each other, over IPv4 nor IPv6; zones of one do, and all reach the host and the world" {
	booted_on one blue "" limitpriv=default,net_admin
	booted_on two red "" limitpriv=default,net_admin
	booted_on three blue
	booted_on four ""
	[ "$(ip -o link show type bridge | grep -oE 'zbr[^:]*' | sort | xargs)" = "zbr-blue zbr-red zbr0" ]
	for z in one two three four client; do serve $z 80; done
	serve host 81
	for f in 4 6; do
		for pair in "one two" "two one" "one four" "four one" "two four" "four two"; do
			# shellcheck disable=SC2086
			set -- $pair
			silent "$1" "$(address "$2" $f)" 80
		done
		[ "$(ask one "$(address three $f)" 80)" = "$(address one $f)" ]
		[ "$(ask three "$(address one $f)" 80)" = "$(address three $f)" ]
	done
	for z in one two four; do
		[ "$(ask $z 198.51.100.2 80)" = 198.51.100.1 ]
		[ "$(ask $z fd00:51::2 80)" = fd00:51::1 ]
		gw=$(zone exec $z ip route | awk '/default/{print $3}')
		[ "$(ask $z "$gw" 81)" = "$(address $z 4)" ]
		ip -o addr show | grep -q " inet $gw/24 "
		[ "$(ask host "$(address $z 4)" 80)" = "$gw" ]
	done
	# the client does not get in either, and a route of root inside changes nothing
	nsenter --net="$(netns client)" ip route add 10.88.0.0/16 via 198.51.100.1
	silent client "$(address one 4)" 80
	zone exec one ip route add "$(address two 4)" via "$(zone exec one ip route | awk '/default/{print $3}')"
	silent one "$(address two 4)" 80
}

@test "a published port is reached from everywhere, from a zone of another bridge too; the zone sees who asks" {
	booted_on web blue "" 'publish=[{"port":8080,"to":80}]'
	booted_on other red
	booted_on same blue
	serve web 80
	[ "$(ask client 198.51.100.1 8080)" = 198.51.100.2 ]
	[ "$(ask client fd00:51::1 8080)" = fd00:51::2 ]
	[ "$(ask host 198.51.100.1 8080)" = 198.51.100.1 ]
	[ "$(ask host 127.0.0.1 8080)" = "$(ip -4 -o addr show dev zbr-blue | awk '{print $4}' | sed 's|/.*||')" ]
	[ "$(cat /proc/sys/net/ipv4/conf/zbr-blue/route_localnet /proc/sys/net/ipv4/conf/zbr-red/route_localnet | xargs)" = "1 0" ]
	[ "$(ask other 198.51.100.1 8080)" = "$(address other 4)" ]
	[ "$(ask other fd00:51::1 8080)" = "$(address other 6)" ]
	ask same 198.51.100.1 8080
	ask same fd00:51::1 8080
	silent other "$(address web 4)" 80
	zone halt web
	silent other 198.51.100.1 8080
	[ "$(ip -o link show type bridge | grep -oE 'zbr[^:]*' | sort | xargs)" = "zbr-blue zbr-red" ]
}

@test "names are those of the same bridge" {
	booted_on one blue
	booted_on two red
	booted_on three blue
	[ "$(zone exec one getent ahostsv4 three | awk '{print $1}' | sort -u)" = "$(address three 4)" ]
	run zone exec one getent hosts two
	[ -z "$output" ]
	run zone exec two getent hosts one
	[ -z "$output" ]
}

@test "free subnets are picked clear of the host's, and stay the bridge's as long as a zone has a lease there" {
	ip link add lan0 type bridge
	ip addr add 10.88.1.200/28 dev lan0 # down: an address without a route
	ip link add lan1 type dummy 2>/dev/null || ip link add lan1 type bridge
	ip link set lan1 up
	ip route add 10.88.2.0/23 dev lan1
	booted_on one blue
	[ "$(address one 4)" = 10.88.4.2 ]
	[ "$(address one 6)" = fd00:88:0:4::2 ]
	booted_on two red
	[ "$(address two 4)" = 10.88.5.2 ]
	ip link del lan1
	zone halt one
	fails 1 ip link show zbr-blue
	zone boot one
	[ "$(address one 4)" = 10.88.4.2 ]
	on three blue
	zone halt one
	zone boot three
	[ "$(address three 4)" = 10.88.4.3 ]
	zone halt three
	zone uninstall -F three
	zone uninstall -F one
	[ "$(jq -c '[.networks[].name]' "$ZONES_STORAGE_DIR/leases.json")" = '["red"]' ]
	zone halt two
	zone uninstall -F two
	[ ! -e "$ZONES_STORAGE_DIR/leases.json" ]
	zone install one
	zone boot one
	[ "$(address one 4)" = 10.88.2.2 ]
}

@test "subnet says them; the first zone decides, and a second that says something else is refused with its name" {
	booted_on one blue '"subnet":["10.77.5.0/24"]'
	[ "$(address one 4)" = 10.77.5.2 ]
	[ -z "$(address one 6)" ]
	[ "$(ip -4 -o addr show dev zbr-blue | awk '{print $4}')" = 10.77.5.1/24 ]
	booted_on two blue '"subnet":["10.77.5.0/24"]'
	booted_on three blue
	[ "$(address three 4)" = 10.77.5.4 ]
	booted_on five blue '"allowedAddress":["10.77.5.99/24"]'
	[ "$(address five 4)" = 10.77.5.99 ]
	made_on four blue '"subnet":["10.77.6.0/24"]'
	fails 1 zone verify four
	says 'anet[0].subnet: lowerLink auto:blue has 10.77.5.0/24, which zone "one" uses; write the same or nothing'
	fails 1 zone install four
	says 'which zone "one" uses'
	zone set four 'anet[0].subnet=["10.77.5.0/24","fd00:77::/64"]'
	fails 1 zone verify four
	zone set four 'anet[0].lowerLink=auto:green' 'anet[0].subnet=["10.77.0.0/20"]'
	fails 1 zone verify four
	says 'anet[0].subnet: 10.77.0.0/20 overlaps 10.77.5.0/24 of lowerLink auto:blue, which zone "one" uses'
	zone set four 'anet[0].subnet=["10.88.0.128/25"]'
	fails 1 zone verify four
	says 'overlaps 10.88.0.0/24 fd00:88::/64 of lowerLink auto'
	zone set four 'anet[0].subnet=["198.51.100.0/26"]'
	fails 1 zone verify four
	says "anet[0].subnet: the subnet 198.51.100.0/26 overlaps the host's route to 198.51.100.0/24"
	zone set four 'anet[0].subnet=["10.77.6.0/24"]' 'anet[0].allowedAddress=["10.77.7.9/24"]'
	fails 1 zone verify four
	says 'anet[0].allowedAddress: 10.77.7.9/24 is outside of 10.77.6.0/24, the subnets of lowerLink auto:green'
	zone set four 'anet[0].allowedAddress=["10.77.6.9/25"]'
	fails 1 zone verify four
	zone set four 'anet[0].allowedAddress=["10.77.6.1/24"]'
	fails 1 zone verify four
	says "is the bridge's own address"
	zone set four 'anet[0].allowedAddress=["10.77.6.9/24"]'
	zone install four
	zone boot four
	[ "$(address four 4)" = 10.77.6.9 ]
	zone halt four
	zone set four 'anet[0].lowerLink=auto:blue'
	fails 1 zone boot four
	says 'which zone "one" uses'
	run ip -o link show type bridge
	[[ $output != *zbr-green* ]]
}

@test "allowedAddress alone brings the subnets; the common bridge takes none of a network's" {
	booted_on one blue '"allowedAddress":["10.77.5.7/24","fd00:77::7/64"]'
	booted_on two blue
	[ "$(address two 4) $(address two 6)" = "10.77.5.2 fd00:77::2" ]
	zone halt one
	zone halt two # blue is not there, and is still known
	on three "" '"allowedAddress":["10.78.5.9/24"]'
	zone set three 'anet[0].allowedAddress=["10.77.5.9/24"]'
	fails 1 zone verify three
	says 'anet[0].allowedAddress: 10.77.5.9/24 overlaps 10.77.5.0/24 fd00:77::/64 of lowerLink auto:blue'
	fails 1 zone boot three
	says "auto:blue"
}

@test "bad names and subnets are refused by name when they are written" {
	for bad in auto: auto:Blue auto:eleven-long auto:-a auto:a.b auto:a/b; do
		fails 1 zone create bad "anet=[{\"lowerLink\":\"$bad\"}]"
		says "anet[0].lowerLink"
	done
	for bad in 10.5.0.0 10.5.0.0/31 10.5.0.1/24 224.0.0.0/24 fd00::/127 10.5.0.0/33 x fe80::/64; do
		fails 1 zone create bad "anet=[{\"lowerLink\":\"auto:a\",\"subnet\":[\"$bad\"]}]"
		says "anet[0].subnet"
	done
	made_on two a '"subnet":["10.5.0.0/24","10.6.0.0/24"]'
	fails 1 zone verify two
	says "anet[0].subnet: holds two subnets of one family"
	made_on three "" '"subnet":["10.5.0.0/24"]'
	fails 1 zone verify three
	says "anet[0].subnet: belongs to lowerLink auto:NAME"
	on ten ten-chars-
	zone boot ten
	ip link show zbr-ten-chars-
	ip link add zbr-taken type bridge
	made_on four taken
	fails 1 zone verify four
	says 'anet[0].lowerLink: a link "zbr-taken" exists already and is not of zones'
	ip link del zbr-taken
	zone install four
	ip link add zbr-taken type bridge
	fails 1 zone boot four
	says 'a link "zbr-taken" exists already and is not of zones'
	ip link show zbr-taken
	ip link del zbr-taken
	zone boot four
}

@test "one zone with links on two bridges; list, why and info name them" {
	zone create web 'anet=[{"lowerLink":"auto:blue"},{"lowerLink":"auto:red","subnet":["10.77.5.0/24"]},{}]'
	zone install web
	zone boot web
	run zone list -v web
	says "net0 on zbr-blue: up, 10.88.1.2/24"
	says "net1 on zbr-red: up, 10.77.5.2/24"
	says "net2 on zbr0: up, 10.88.0.2/24"
	run zone info web
	says 'auto:red'
	says '10.77.5.0/24'
	ip link del zbr-red
	run zone why web
	says 'link "net1": bridge "zbr-red" is gone, so it leads nowhere; a start makes it again: zone reboot web'
	zone reboot web
	ip link show zbr-red
	zone halt web
	nothing_left
}

@test "kill -9 anywhere: the next command leaves nothing of a dead bridge and all of a living one" {
	booted_on stays blue
	serve stays 80
	on web red
	for ms in 05 10 20 30 40 60; do
		zone boot web & b=$!
		sleep "0.0$ms"
		for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
			tr '\0' ' ' <"${f%environ}cmdline" 2>/dev/null | grep -q "monitor.* web " && kill -9 "$(basename "${f%/environ}")" 2>/dev/null
		done
		wait $b || true
		zone boot web || true
		[ "$(ask host "$(address stays 4)" 80)" ]
		zone halt web
		[ "$(ip -o link show | grep -oE ': (zv|zbr)[^:@]*' | wc -l)" = 2 ] || { ip -o link; false; }
	done
	zone boot web
	kill -9 "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")" "$(init_pid web)"
	wait_for 20 sh -c 'zone halt web >/dev/null 2>&1; [ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	fails 1 ip link show zbr-red
	ip link show zbr-blue
	zone halt stays
	nothing_left
}

@test "many zones boot at once on two new bridges, and halt at once" {
	boots=()
	for i in 1 2 3 4 5 6; do on "z$i" "$([ $((i % 2)) = 0 ] && echo blue || echo red)"; done
	for i in 1 2 3 4 5 6; do zone boot "z$i" & boots+=($!); done
	for b in "${boots[@]}"; do wait "$b"; done
	[ "$(for i in 1 2 3 4 5 6; do address "z$i" 4; done | sort -u | wc -l)" = 6 ]
	[ "$(for i in 2 4 6; do address "z$i" 4; done | cut -d. -f1-3 | sort -u | wc -l)" = 1 ]
	boots=()
	for i in 1 2 3 4 5 6; do zone halt "z$i" & boots+=($!); done
	for b in "${boots[@]}"; do wait "$b"; done
	nothing_left
}
