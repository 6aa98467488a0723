#!/usr/bin/env bats
# apply: links, addresses, protection, published ports and name service of a running zone. Seen from inside and in the kernel; connections that a change does not concern go on.
# shellcheck disable=SC2016,SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'
servers=()

setup_more() {
	unshare --net sleep 600 3>&- & client=$!
	servers+=("$client")
	wait_for 5 differs "$client"
	ip link set lo up
	ip link add out type veth peer name eth0 netns "$client"
	ip addr add 198.51.100.1/24 dev out
	ip link set out up
	nsenter --net="/proc/$client/ns/net" sh -c 'ip link set lo up; ip addr add 198.51.100.2/24 dev eth0; ip link set eth0 up; ip route add default via 198.51.100.1'
	cat >"$TOP/echo.py" <<'E'
import socket, sys, threading
def serve(c):
    while True:
        d = c.recv(100)
        if not d: return
        c.send(d)
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 80)); s.listen(50)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
E
	# a connection that is used all the time: FILE says how often it was answered, then "dead"
	cat >"$TOP/keep.py" <<'E'
import socket, sys, time
n, out = 0, sys.argv[3]
def say(t):
    with open(out + ".new", "w") as f: f.write(t)
    import os; os.rename(out + ".new", out)
try:
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    s.settimeout(float(sys.argv[4]) if len(sys.argv) > 4 else 20)
    while True:
        s.send(b"x")
        if s.recv(10) != b"x": raise OSError("odd answer")
        n += 1; say(str(n)); time.sleep(0.02)
except OSError as e: say("dead " + str(e))
E
}
teardown_more() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
	ip link del out 2>/dev/null || true
	ip link del br-a 2>/dev/null || true
	ip link del br-b 2>/dev/null || true
	[ -z "$(nft list tables)" ] || { nft list tables >&2; return 1; }
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# networked NAME WORD...: installed, booted, answering on port 80
networked() {
	zone create "$@"
	zone install "$1"
	zone boot "$1"
	cp "$TOP/echo.py" "$ZONES_STORAGE_DIR/$1/root/root/echo.py"
	zone exec "$1" sh -c 'python3 /root/echo.py >/dev/null 2>&1 &'
	wait_for 10 nsenter --net="/proc/$(init_pid "$1")/ns/net" sh -c 'ss -ltn | grep -q :80'
}
# keep FILE WHERE ADDRESS PORT [TIMEOUT]
keep() {
	local ns=/proc/self/ns/net
	[ "$2" = host ] || ns=/proc/$client/ns/net
	rm -f "$TOP/$1"
	timeout -k 1 120 nsenter --net="$ns" python3 "$TOP/keep.py" "$3" "$4" "$TOP/$1" "${@:5}" 3>&- &
	servers+=($!)
	wait_for 8 test -e "$TOP/$1"
	alive "$1"
}
alive() {
	local before
	before=$(cat "$TOP/$1")
	case $before in dead*) echo "$1: $before"; return 1 ;; esac
	wait_for 15 moves_on "$TOP/$1" "$before" || { echo "$1: stands still at $before"; return 1; }
	case $(cat "$TOP/$1") in dead*) cat "$TOP/$1"; return 1 ;; esac
}
moves_on() { [ "$(cat "$1")" != "$2" ]; }
dead() {
	wait_for 15 grep -q dead "$TOP/$1" || { echo "$1: $(cat "$TOP/$1") and alive"; return 1; }
}
reaches() { # WHERE ADDRESS PORT
	local ns=/proc/self/ns/net
	[ "$1" = host ] || ns=/proc/$client/ns/net
	timeout -k 1 8 nsenter --net="$ns" python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); s.send(b"y"); s.settimeout(2); sys.exit(s.recv(9) != b"y")' "$2" "$3" 2>/dev/null
}
in_net() { # COMMAND... in the zone's network namespace, with the host's rights
	nsenter --net="/proc/$(init_pid web)/ns/net" "$@"
}
inside() { zone exec web "$@"; }
pending() { zone list --json web | jq -r '.[0].pending'; }
how() { zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .how'; }
link() { # JQ: of the zone's first link, live
	zone info --live --json web | jq -r ".live.network.links[0]$1"
}
host_end() { # [INDEX]
	python3 - "$ZONES_RUN_DIR/web" "${1:-0}" <<'E'
import glob, json, sys
f = sorted(glob.glob(sys.argv[1] + "/net.*.json"))
d = json.load(open(f[0])) if f else json.loads(json.load(open(sys.argv[1] + "/run.json"))["net"])
print(d["links"][int(sys.argv[2])]["host"])
E
}
rules() { nft -s list ruleset | awk '/chain|table/ { c = $2 } /[a-z]/ { print c ": " $0 }' | sort; }
leases() { jq -r '.leases[] | select(.zone == "web") | "\(.link) \(.address)"' "$ZONES_STORAGE_DIR/leases.json" 2>/dev/null | sort | tr '\n' ' '; }
applied() { # the file is live now, and a second apply has nothing to do
	run zone diff --json web
	[ "$(jq -r '[.changes[] | select(.how != "live")] | length' <<<"$output")" = 0 ] || { echo "$output"; return 1; }
	fails 0 zone apply web
	[ "$(pending)" = false ]
	fails 0 zone apply web
	says "nothing to do"
}

@test "publish: ports come, change and go; connections over the others go on, those over the removed ones end" {
	networked web "$sleeper" 'publish=[{"port":8080,"to":80},{"port":8081,"to":80},{"port":8083,"to":80}]'
	init=$(init_pid web)
	keep a client 198.51.100.1 8080
	keep b client 198.51.100.1 8081
	keep c host 10.88.0.2 80
	keep d client 198.51.100.1 8083
	zone remove web publish port=8081
	zone add web publish port=8082 to=80
	zone set web 'publish[1].to=81'
	[ "$(how 'publish[8081]')" = live ]
	fails 0 zone apply -n web
	says live
	alive b
	applied
	alive a
	alive c
	dead b
	dead d # another port inside
	reaches client 198.51.100.1 8082
	reaches client 198.51.100.1 8080
	run reaches client 198.51.100.1 8081
	[ "$status" != 0 ]
	run rules
	says 8082
	case $output in *8081*) false ;; esac
	# a port that a program of the host has is refused with its name, and nothing has changed
	before=$(rules)
	python3 -c 'import socket, time; s = socket.create_server(("0.0.0.0", 8099)); time.sleep(100)' 3>&- & servers+=($!)
	wait_for 5 sh -c 'ss -ltn | grep -q :8099'
	zone add web publish port=8099 to=80
	fails 1 zone apply web
	says python3
	says 8099
	[ "$(rules)" = "$before" ]
	alive a
	zone remove web publish port=8099
	zone clear web publish
	applied
	dead a
	alive c
	[ "$(init_pid web)" = "$init" ]
	zone halt web
}

@test "publish: a zone that had none gets one; another zone's port is refused by name" {
	networked web "$sleeper"
	networked two "$sleeper" 'publish=[{"port":8090,"to":80}]'
	zone add web publish port=8090 to=80
	fails 1 zone apply web
	says two
	says 8090
	zone set web 'publish[0].port=8080'
	applied
	reaches client 198.51.100.1 8080
	reaches client 198.51.100.1 8090
	zone halt web
	run reaches client 198.51.100.1 8080
	[ "$status" != 0 ]
	reaches client 198.51.100.1 8090
}

@test "dns: the file inside is replaced, a file of the zone's own is left alone, and no link leads us out of the root" {
	networked web "$sleeper"
	zone set web 'dns.nameservers=["192.0.2.1"]' 'dns.search=["example.org"]'
	[ "$(how dns.nameservers)" = live ]
	applied
	[ "$(inside sed -n 's/^nameserver //p' /etc/resolv.conf)" = 192.0.2.1 ]
	inside grep -q '^search example.org' /etc/resolv.conf
	# a link to somewhere else is replaced and not followed
	echo keep >"$TOP/target"
	chmod 666 "$TOP/target"
	inside ln -sf "$TOP/target" /etc/resolv.conf
	zone set web 'dns.nameservers=["192.0.2.2"]'
	applied
	[ "$(cat "$TOP/target")" = keep ]
	inside grep -q 192.0.2.2 /etc/resolv.conf
	# /etc itself as a way out
	inside sh -c "mv /etc /etc.away; ln -s ../../../../../..$TOP /etc"
	zone set web 'dns.nameservers=["192.0.2.3"]'
	run zone apply web
	[ ! -e "$TOP/resolv.conf" ]
	inside sh -c 'rm /etc; mv /etc.away /etc'
	applied
	# a FIFO does not hold us up
	inside sh -c 'rm /etc/resolv.conf; mkfifo /etc/resolv.conf'
	zone set web 'dns.nameservers=["192.0.2.4"]'
	timeout 20 zone apply web
	inside grep -q 192.0.2.4 /etc/resolv.conf
	# his own
	inside sh -c 'echo nameserver 9.9.9.9 >/etc/resolv.conf'
	zone clear web dns
	applied
	[ "$(inside cat /etc/resolv.conf)" = "nameserver 9.9.9.9" ]
}

@test "allowedAddress: another one comes, the first one goes; a connection over the one that stays goes on" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24","fd00:88::20/64"]'
	networked two "$sleeper"
	keep a host 10.88.0.20 80 4
	keep six host fd00:88::20 80
	zone set web 'anet[0].allowedAddress=["10.88.0.20/24","10.88.0.21/24","fd00:88::20/64"]'
	[ "$(how 'anet[net0]')" = live ]
	applied
	alive a
	in_net ip -o addr show dev net0 | grep -q 10.88.0.21/24
	[ "$(leases)" = "0 10.88.0.20/24 0 10.88.0.21/24 0 fd00:88::20/64 " ]
	keep b host 10.88.0.21 80
	zone exec two grep -q '10.88.0.21 web' /etc/hosts
	# the first of the subnet goes, which by default takes the second one with it
	zone set web 'anet[0].allowedAddress=["10.88.0.21/24","fd00:88::20/64"]'
	applied
	alive b
	alive six
	dead a
	run in_net ip -o addr show dev net0
	says 10.88.0.21/24
	case $output in *10.88.0.20/*) false ;; esac
	in_net ip route show default | grep -q 'via 10.88.0.1 '
	[ "$(leases)" = "0 10.88.0.21/24 0 fd00:88::20/64 " ]
	[ "$(zone list --json web | jq -r '.[0].ip')" = 10.88.0.21/24 ]
	run nft list chain netdev zones "$(host_end)"
	says 10.88.0.21
	case $output in *10.88.0.20*) false ;; esac
	zone exec two cat /etc/hosts | grep -q '10.88.0.21 web'
	run zone exec two grep 10.88.0.20 /etc/hosts
	[ "$status" != 0 ]
	# root inside cannot take it back: nothing that comes from it leaves the link
	in_net ip addr add 10.88.0.20/32 dev net0
	run reaches host 10.88.0.20 80
	[ "$status" != 0 ]
	# another zone may have it
	zone set two 'anet[0].allowedAddress=["10.88.0.20/24"]'
	fails 0 zone apply two
	reaches host 10.88.0.20 80
	# and ours is refused where it is another's
	zone set web 'anet[0].allowedAddress=["10.88.0.20/24"]'
	fails 1 zone apply web
	says 'belongs to zone "two"'
	alive b
}

@test "allowedAddress: from automatic to another subnet and back; published ports follow" {
	networked web "$sleeper" 'publish=[{"port":8080,"to":80}]'
	old=$(zone list --json web | jq -r '.[0].ip')
	zone set web 'anet[0].allowedAddress=["10.99.0.5/24"]'
	applied
	reaches host 10.99.0.5 80
	reaches client 198.51.100.1 8080
	[ "$(ip -o -4 addr show dev zbr0 | grep -c .)" = 1 ]
	ip -o -4 addr show dev zbr0 | grep -q 10.99.0.1/24
	in_net ip route show default | grep -q 'via 10.99.0.1 '
	[ "$(in_net ip route show default | wc -l)" = 1 ]
	run nft list table inet zones
	case $output in *10.88.*) false ;; esac
	zone clear web 'anet[0].allowedAddress'
	applied
	[ "$(zone list --json web | jq -r '.[0].ip')" = "$old" ]
	reaches client 198.51.100.1 8080
	run ip -o -4 addr show dev zbr0
	case $output in *10.99.*) false ;; esac
}

@test "configureAllowedAddress and defrouter" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24"]'
	keep a host 10.88.0.20 80
	zone set web 'anet[0].defrouter=["10.88.0.254"]'
	applied
	[ "$(in_net ip route show default | grep -c .)" = 1 ]
	in_net ip route show default | grep -q 'via 10.88.0.254 '
	ip -o addr show dev zbr0 | grep -q 10.88.0.254/24
	reaches client 10.88.0.20 80 || true # private: only the host
	reaches host 10.88.0.20 80
	zone clear web 'anet[0].defrouter'
	zone set web 'anet[0].configureAllowedAddress=false' 'anet[0].allowedAddress=["10.88.0.20/24","10.88.0.22/24"]'
	applied
	run in_net ip -o addr show dev net0
	says 10.88.0.20
	case $output in *10.88.0.22*) false ;; esac
	reaches host 10.88.0.20 80
	in_net ip addr add 10.88.0.22/24 dev net0 # the zone's own affair, and allowed
	reaches host 10.88.0.22 80
	zone clear web 'anet[0].configureAllowedAddress'
	in_net ip addr del 10.88.0.22/24 dev net0
	applied
	reaches host 10.88.0.22 80
}

@test "maxbw, mtu, isolated, linkProtection: a connection goes on, the kernel has them" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24"]'
	networked two "$sleeper" 'anet[0].allowedAddress=["10.88.0.30/24"]'
	zv=$(host_end)
	keep a host 10.88.0.20 80
	zone set web 'anet[0].maxbw=50M'
	applied
	[ "$(link .maxbw.toZone) $(link .maxbw.fromZone)" = "50000000 50000000" ]
	ifb=$(ip -o link show type ifb | awk -F': ' '/zi/ { print $1 }')
	zone set web 'anet[0].maxbw=80M'
	applied
	[ "$(link .maxbw.toZone) $(link .maxbw.fromZone)" = "80000000 80000000" ]
	[ "$(ip -o link show type ifb | awk -F': ' '/zi/ { print $1 }')" = "$ifb" ] # the same queue
	alive a
	zone clear web 'anet[0].maxbw'
	applied
	[ -z "$(ip -o link show type ifb)" ]
	run tc qdisc show dev "$zv"
	case $output in *tbf*) false ;; esac
	alive a
	zone set web 'anet[0].mtu=1400'
	applied
	ip -o link show dev "$zv" | grep -q 'mtu 1400 '
	[ "$(link .mtu)" = 1400 ]
	alive a
	zone clear web 'anet[0].mtu'
	applied
	ip -o link show dev "$zv" | grep -q 'mtu 1500 '
	in_net sh -c 'timeout 5 python3 -c "import socket; socket.create_connection((\"10.88.0.30\", 80), 3)"'
	zone set web 'anet[0].isolated=true'
	applied
	bridge -d link show dev "$zv" | grep -q 'isolated on'
	run in_net sh -c 'timeout 5 python3 -c "import socket; socket.create_connection((\"10.88.0.30\", 80), 2)"'
	[ "$status" != 0 ]
	alive a
	zone clear web 'anet[0].isolated'
	applied
	bridge -d link show dev "$zv" | grep -q 'isolated off'
	in_net sh -c 'timeout 5 python3 -c "import socket; socket.create_connection((\"10.88.0.30\", 80), 3)"'
	zone set web 'anet[0].linkProtection=["none"]'
	applied
	run nft list table netdev zones
	case $output in *"$zv"*) false ;; esac
	zone set web 'anet[0].linkProtection=["mac-nospoof"]'
	applied
	nft list chain netdev zones "$zv" | grep -q mac-nospoof
	alive a
}

@test "macAddress and linkname: connections go on, neighbours follow" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24","fd00:88::20/64"]'
	keep a host 10.88.0.20 80
	keep six host fd00:88::20 80
	zone set web 'anet[0].macAddress=02:00:00:00:12:34' 'anet[0].mtu=1450'
	applied
	[ "$(link .mac)" = 02:00:00:00:12:34 ]
	alive a
	alive six
	in_net ip -o -6 addr show dev net0 scope link | grep -q fe80::ff:fe00:1234
	[ "$(in_net ip -o -6 addr show dev net0 scope link | grep -c .)" = 1 ]
	dropped=$(link '.dropped["mac-nospoof"]') # what was on its way at that moment
	alive a
	[ "$(link '.dropped["mac-nospoof"]')" = "$dropped" ]
	zone set web 'anet[0].linkname=lan'
	[ "$(how 'anet[lan]')" = live ]
	applied
	[ "$(link .name)" = lan ]
	inside test -d /proc/sys/net/ipv4/conf/lan
	alive a
	alive six
	reaches host 10.88.0.20 80
}

@test "links come and go behind the first; what is left at a halt is nothing" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24"]'
	ip link add br-a type bridge
	ip link set br-a up
	ip addr add 192.0.2.1/24 dev br-a
	keep a host 10.88.0.20 80
	zone add web anet linkname=second lowerLink=br-a allowedAddress='["192.0.2.20/24"]' maxbw=10M
	applied
	reaches host 192.0.2.20 80
	[ "$(zone info --live --json web | jq -r '.live.network.links[1].up')" = true ]
	[ "$(zone info --live --json web | jq -r '.live.network.links[1].maxbw.toZone')" = 10000000 ]
	nft list chain netdev zones "$(host_end 1)" | grep -q 192.0.2.20
	alive a
	keep b host 192.0.2.20 80 4
	zone add web anet linkname=third
	applied
	[ "$(leases | wc -w)" = 8 ] || [ "$(leases | wc -w)" = 6 ]
	zone set web 'anet=[{"linkname":"net0","allowedAddress":["10.88.0.20/24"]}]'
	applied
	alive a
	dead b
	[ "$(ip -o link | grep -c ': zv')" = 1 ]
	[ -z "$(ip -o link show type ifb)" ]
	[ "$(leases)" = "0 10.88.0.20/24 " ]
	[ "$(nft list table netdev zones | grep -c chain)" = 1 ]
	zone add web anet linkname=second lowerLink=br-a allowedAddress='["192.0.2.20/24"]'
	applied
	# the monitor that has not made it takes it away
	zone halt web
	[ -z "$(ip -o link | grep -E ': z[vi]')" ]
	[ -z "$(nft list tables)" ]
	zone set web 'anet=[{"linkname":"net0","allowedAddress":["10.88.0.20/24"]}]'
	zone boot web
	zone add web anet linkname=second lowerLink=br-a allowedAddress='["192.0.2.20/24"]'
	applied
	# and so does one that takes over
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	zone exec web true
	[ "$(zone info --live --json web | jq -r '.live.network.links | length')" = 2 ]
	zone halt web
	[ -z "$(ip -o link | grep -E ': z[vi]')" ]
	[ -z "$(nft list tables)" ]
	zone boot web
	[ "$(zone info --live --json web | jq -r '.live.network.links | length')" = 2 ]
}

@test "lowerLink: from one bridge to another and to the automatic one" {
	ip link add br-a type bridge
	ip link set br-a up
	ip addr add 192.0.2.1/24 dev br-a
	ip link add br-b type bridge
	ip link set br-b up
	ip addr add 203.0.113.1/24 dev br-b
	networked web "$sleeper" 'anet[0].allowedAddress=["192.0.2.20/24"]' 'anet[0].lowerLink=br-a'
	reaches host 192.0.2.20 80
	zone set web 'anet[0].lowerLink=br-b' 'anet[0].allowedAddress=["203.0.113.20/24"]' 'anet[0].isolated=true'
	applied
	reaches host 203.0.113.20 80
	ip -o link show master br-b | grep -q "$(host_end)"
	bridge -d link show dev "$(host_end)" | grep -q 'isolated on'
	zone set web 'anet=[{"linkname":"net0"}]' 'publish=[{"port":8080,"to":80}]'
	applied
	reaches client 198.51.100.1 8080
	[ "$(link .bridge)" = zbr0 ]
	zone set web 'anet=[{"linkname":"net0","lowerLink":"br-a","allowedAddress":["192.0.2.20/24"]}]' 'publish=[]'
	applied
	reaches host 192.0.2.20 80
	[ -z "$(ip -o link show type bridge | grep zbr0)" ]
	run nft list tables
	case $output in *"inet zones"*) false ;; esac
}

@test "a zone that had no link gets its first one, with a port, names and name servers; and loses its last one" {
	networked two "$sleeper"
	booted web "$sleeper"
	cp "$TOP/echo.py" "$ZONES_STORAGE_DIR/web/root/root/echo.py"
	zone exec web sh -c 'python3 /root/echo.py >/dev/null 2>&1 &'
	for i in 1 2; do
		zone set web 'anet[+].lowerLink=auto' 'publish=[{"port":8080,"to":80}]'
		[ "$(how 'anet[net0]')" = live ]
		applied
		wait_for 5 reaches client 198.51.100.1 8080
		inside grep -q '^10.88.0.2 two' /etc/hosts
		inside grep -q '^10.88.0.[0-9]* web' /etc/hosts
		zone exec two grep -q ' web$' /etc/hosts
		run inside sh -c 'echo 1 >/dev/.zone/names/hosts'
		[ "$status" != 0 ]
		inside test -s /etc/resolv.conf
		keep a client 198.51.100.1 8080
		zone clear web anet publish
		applied
		dead a
		[ "$(ip -o link | grep -c ': zv')" = 1 ]
		run inside grep 10.88 /etc/hosts
		[ "$status" != 0 ]
		inside grep -q '^127.0.1.1 web' /etc/hosts
		run zone exec two grep ' web$' /etc/hosts
		[ "$status" != 0 ]
		[ "$(leases)" = "" ]
		[ "$(inside grep -c ' /dev/.zone/names ' /proc/self/mountinfo)" = 1 ]
	done
	zone halt web
	zone halt two
}

@test "what waits for a boot says why: links whose place changes" {
	networked web "$sleeper"
	zone set web 'anet=[{"linkname":"a"},{"linkname":"net0"}]'
	[ "$(how 'anet[net0]')" = "" ]
	[ "$(how 'anet[a]')" = reboot ]
	fails 0 zone apply web
	says "its place"
	# it is still known which link is which
	zone set web 'anet=[{"linkname":"net0","mtu":1400},{"linkname":"a"}]'
	applied
	[ "$(zone info --live --json web | jq -r '[.live.network.links[].name] | join(" ")')" = "net0 a" ]
	[ "$(link .mtu)" = 1400 ]
}

@test "root inside has renamed, emptied, moved or removed its link: it becomes what the file says" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24"]'
	in_net ip link set net0 down
	in_net ip link set net0 name mine
	in_net ip link set mine up
	in_net ip link add net0 type bridge # in its place
	zone set web 'anet[0].allowedAddress=["10.88.0.20/24","10.88.0.21/24"]'
	fails 0 zone apply web # that name was not asked for: the link keeps the one the zone gave it
	in_net ip -o addr show dev mine | grep -q 10.88.0.21
	[ -z "$(in_net ip -o -4 addr show dev net0)" ]
	in_net ip link del net0
	in_net ip addr flush dev mine
	zone set web 'anet[0].allowedAddress=["10.88.0.21/24"]'
	fails 0 zone apply web
	reaches host 10.88.0.21 80
	# gone
	in_net ip link del mine
	zone set web 'anet[0].allowedAddress=["10.88.0.22/24"]'
	fails 0 zone apply web
	reaches host 10.88.0.22 80
	[ "$(link .name)" = net0 ]
	# moved into a namespace below
	unshare --net sleep 100 3>&- & nested=$!
	servers+=($nested)
	wait_for 5 differs $nested
	in_net ip link set net0 netns $nested
	zone set web 'anet[0].allowedAddress=["10.88.0.23/24"]'
	fails 0 zone apply web
	reaches host 10.88.0.23 80
	run nsenter --net=/proc/$nested/ns/net ip -o link
	case $output in *net0*) false ;; esac
	nft list chain netdev zones "$(host_end)" | grep -q 10.88.0.23
}

# A link of the zone that is on the bridge is protected, with an address that the zone was ever given.
guarded() {
	local zv
	zv=$(host_end)
	! nft list chain netdev zones "$zv" 2>/dev/null | grep -q 'ip saddr != { 10.88.0.2' || return 0
	! ip -o link show master zbr0 | grep -q "$zv" || { echo "$zv is on the bridge without protection"; return 1; }
}

@test "root inside works against us all the time: its link is never without protection, and afterwards all is as the file says" {
	networked web "$sleeper" 'anet[0].allowedAddress=["10.88.0.20/24"]'
	setsid nsenter --net="/proc/$(init_pid web)/ns/net" sh -c 'while :; do
		for l in net0 a; do
			ip link set $l down; ip link set $l name b; ip addr flush dev b; ip link set b name net0; ip link set net0 up
			ip addr add 10.88.0.99/24 dev net0; ip route flush dev net0; ip link set net0 name a; ip link del a
		done
	done' 2>/dev/null 3>&- & racer=$!
	servers+=("$racer")
	done_=0
	for n in 21 22 23 24 25 26 27 28; do
		zone set web "anet[0].allowedAddress=[\"10.88.0.$n/24\"]"
		run zone apply web
		[ "$status" = 0 ] || [ "$status" = 1 ]
		if [ "$status" = 0 ]; then
			done_=$((done_ + 1))
		fi
		guarded
	done
	kill -9 -- "-$racer"
	wait "$racer" 2>/dev/null || true
	wait_for 10 sh -c "! pgrep -g $racer" # its last ip(8), too, which could still take away what apply has just made
	echo "# $done_ of 8 applied against a racer" >&3
	zone set web 'anet[0].allowedAddress=["10.88.0.30/24"]'
	fails 0 zone apply web
	reaches host 10.88.0.30 80
	[ "$(leases)" = "0 10.88.0.30/24 " ]
	zone halt web
	[ -z "$(ip -o link | grep -E ': z[vi]')" ]
	[ -z "$(nft list tables)" ]
}

snapshot() {
	rules
	in_net ip -o addr | sed 's/^[0-9]*: //; s/valid_lft.*//; s/ nodad//'
	in_net ip route
	ip -o addr show dev zbr0 | sed 's/^[0-9]*: //'
	ip -o link | grep -E 'z[vi]' | sed 's/^[0-9]*: //; s/@[^:]*//' | awk '{ print $1, $5 }' | sort
	bridge -d link | sed 's/@[^:]*//' | grep -oE 'zv[0-9a-f.]*|isolated o[nf]+'
	tc qdisc show | grep tbf | sed 's/qdisc tbf [0-9a-f]*://; s/refcnt [0-9]*//' | sort
	leases
	zone exec two cat /etc/hosts | sort
	jq -S . "$ZONES_RUN_DIR/net.json"
}

@test "a step that fails undoes the others; the record is true" {
	networked web "$sleeper" 'anet=[{"linkname":"net0","allowedAddress":["10.88.0.20/24"],"maxbw":"50M"},{"linkname":"net1","allowedAddress":["10.77.0.20/24"]}]' 'publish=[{"port":8080,"to":80}]' maxLwps=50
	networked two "$sleeper"
	keep a client 198.51.100.1 8080
	keep b host 10.77.0.20 80
	in_net ip link add taken type bridge
	before=$(snapshot)
	zone set web maxLwps=60 'dns.search=["example.org"]' 'publish=[{"port":8081,"to":80}]' 'anet=[{"linkname":"net0","allowedAddress":["10.66.0.20/24"],"mtu":1400,"isolated":true,"macAddress":"02:00:00:00:12:34"},{"linkname":"taken","allowedAddress":["10.77.0.21/24"]},{"linkname":"more"}]'
	fails 1 zone apply web
	says taken
	diff <(echo "$before") <(snapshot)
	[ "$(link .mac)" != 02:00:00:00:12:34 ]
	alive a
	alive b
	run inside grep example.org /etc/resolv.conf
	[ "$status" != 0 ]
	[ "$(zone info --live --json web | jq -r '.live.cgroup["pids.max"]')" = 50 ]
	[ "$(zone diff --json web | jq '[.changes[] | select(.again)] | length')" = 0 ]
	in_net ip link del taken
	applied
	[ "$(zone info --live --json web | jq -r '[.live.network.links[].name] | join(" ")')" = "net0 taken more" ]
	reaches client 198.51.100.1 8081
	zone halt web
	[ "$(ip -o link | grep -c ': z[vi]')" = 1 ]
}

@test "kill -9 at any moment: the next apply finishes, or the halt takes everything away" {
	command -v strace >/dev/null || skip "needs strace"
	networked web "$sleeper" 'anet=[{"linkname":"net0","allowedAddress":["10.88.0.20/24"],"maxbw":"50M"}]' 'publish=[{"port":8080,"to":80}]'
	networked two "$sleeper"
	cp "$ZONES_CONFIG_DIR/web.json" "$TOP/a.json"
	jq '.publish = [{port: 8081, to: 80}] | .anet = [{linkname: "lan", allowedAddress: ["10.66.0.20/24"], mtu: 1400, isolated: true}, {linkname: "more"}]' "$TOP/a.json" >"$TOP/b.json"
	fails 0 zone apply -f "$TOP/a.json"
	A=$(snapshot)
	fails 0 zone apply -f "$TOP/b.json"
	B=$(snapshot)
	fails 0 zone apply -f "$TOP/a.json"
	diff <(echo "$A") <(snapshot)
	killed=0
	for call in sendmsg renameat clone3 wait4; do # messages to the kernel, files put in place, the process inside
		at=1 code=1 step=1
		[ $call != sendmsg ] || step=3
		[ $call != sendmsg ] || step=$((step ${ZONES_QUICK:+* 4}))
		while [ "$code" != 0 ]; do
			cp "$TOP/b.json" "$ZONES_CONFIG_DIR/web.json"
			code=0
			strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone apply web >/dev/null 2>&1 || code=$?
			[ "$code" = 0 ] || killed=$((killed + 1))
			if [ $((at % 2)) = 0 ]; then
				fails 0 zone apply web
				diff <(echo "$B") <(snapshot) || { echo "after $call $at"; false; }
			fi
			fails 0 zone apply -f "$TOP/a.json"
			diff <(echo "$A") <(snapshot) || { echo "after $call $at, back"; false; }
			[ "$(pending)" = false ]
			at=$((at + step))
			[ $at -lt 400 ]
		done
	done
	echo "# $killed kills" >&3
	[ $killed -ge 15 ]
	cp "$TOP/b.json" "$ZONES_CONFIG_DIR/web.json"
	strace -qq -o /dev/null -e trace=sendmsg -e inject=sendmsg:signal=KILL:when=40 zone apply web >/dev/null 2>&1 || true
	zone halt web
	[ "$(ip -o link | grep -c ': z[vi]')" = 1 ]
	run nft list ruleset
	case $output in *808*) false ;; esac
}
