#!/usr/bin/env bats
# publish: ports of the host that lead into a zone.
load helper
load publishing

@test "a port leads into the zone over IPv4 and IPv6, from outside, from the host and from 127.0.0.1; the client's address is kept" {
	networked web 'publish=[{"port":8080,"to":80}]'
	answers web 80
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	[ "$(ask client fd00:51::1 8080)" = "fd00:51::2 80" ]
	[ "$(ask host 198.51.100.1 8080)" = "198.51.100.1 80" ]
	[ "$(ask host 127.0.0.1 8080)" = "10.88.0.1 80" ]
	[ "$(ask host fd00:51::1 8080)" = "fd00:51::1 80" ]
	run ask client 198.51.100.1 8081
	says refused
	run ask host ::1 8080 # says so in the manual; refused at once instead of waiting
	says refused
	# another zone, and the zone itself, by the host's address: routed by the host with its own address as sender, or (br_netfilter) bridged as it is
	networked other
	run ask other 198.51.100.1 8080
	says " 80"
	if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
		echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
		echo 0 >/proc/sys/net/bridge/bridge-nf-call-ip6tables
	fi
	[ "$(ask other 198.51.100.1 8080)" = "10.88.0.1 80" ]
	[ "$(ask web 198.51.100.1 8080)" = "10.88.0.1 80" ]
	[ "$(ask other fd00:51::1 8080)" = "fd00:88::1 80" ]
	[ -z "$(nft list tables | grep -v zones)" ]
}

@test "UDP, a chosen address, ranges that keep and that change their numbers" {
	networked web 'publish=[{"port":5353,"to":53,"protocol":"udp"},{"port":9000,"address":"127.0.0.1"},{"port":"7000-7010"},{"port":"6000-6003","to":600}]'
	answers web 53 udp
	answers web 9000
	answers web 7007
	answers web 602
	[ "$(ask client 198.51.100.1 5353 udp)" = "198.51.100.2 53" ]
	[ "$(ask client fd00:51::1 5353 udp)" = "fd00:51::2 53" ]
	[ "$(ask host 127.0.0.1 5353 udp)" = "10.88.0.1 53" ]
	[ "$(ask host 127.0.0.1 9000)" = "10.88.0.1 9000" ]
	run ask client 198.51.100.1 9000
	says refused
	[ "$(ask client 198.51.100.1 7007)" = "198.51.100.2 7007" ]
	[ "$(ask client 198.51.100.1 6002)" = "198.51.100.2 602" ]
	run ask client 198.51.100.1 7011
	says refused
	run zone info web
	says 7000-7010
}

@test "thousands of ports that change their numbers: the zone boots, they lead in, and another zone goes on coming and going" {
	networked web "publish=$(python3 -c '
import json
print(json.dumps([{"port": "%d-%d" % (p, p + 63), "to": p + 1} for p in range(10000, 10000 + 64 * 40, 64)]))')"
	answers web 12001
	[ "$(ask client 198.51.100.1 12000)" = "198.51.100.2 12001" ]
	[ "$(ask client fd00:51::1 12000)" = "fd00:51::2 12001" ]
	networked other
	zone halt other
	zone halt web
	! nft list table inet zones 2>/dev/null
}

@test "an isolated zone reaches what others publish, isolated ones as well, through the host as anybody does, and not what they do not publish" {
	if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
		echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
		echo 0 >/proc/sys/net/bridge/bridge-nf-call-ip6tables
	fi
	networked web 'anet=[{"isolated":true}]' 'publish=[{"port":8080,"to":80}]'
	networked other 'anet=[{"isolated":true}]'
	networked open
	answers web 80
	for from in other open web; do # the host's address on the bridge is what the zone sees
		for host in 198.51.100.1 10.88.0.1; do
			[ "$(ask "$from" "$host" 8080)" = "10.88.0.1 80" ]
		done
		[ "$(ask "$from" fd00:51::1 8080)" = "fd00:88::1 80" ]
	done
	for from in other open; do
		run ask "$from" 10.88.0.2 80
		[ "$status" != 0 ]
		run ask "$from" fd00:88::2 80
		[ "$status" != 0 ]
	done
}

@test "a port that another zone or a program has is refused with the owner's name, by verify and by boot, and nothing is left" {
	networked web 'publish=[{"port":8080,"to":80}]'
	zone create two
	zone install two
	zone set two 'publish=[{"port":"8000-8100","address":"198.51.100.1"}]'
	fails 1 zone verify two
	says 'port tcp 8080 is published by zone "web"'
	says 'publish[0].port'
	fails 1 zone boot two
	says 'published by zone "web"'
	[ "$(ip -o link | grep -c ': zv')" = 1 ]
	zone halt web
	zone boot two
	zone halt two
	python3 -c 'import socket,time; s = socket.create_server(("127.0.0.1", 8040)); time.sleep(300)' 3>&- & servers+=($!)
	wait_for 5 sh -c 'ss -ltn | grep -q :8040'
	zone set two 'publish[0].address=127.0.0.1'
	fails 1 zone verify two
	says "port 8040/tcp of the host is taken by python3 (pid ${servers[-1]})"
	fails 1 zone boot two
	says "taken by python3"
	[ -z "$(ip -o link | grep ': zv')" ]
}

@test "whoever binds a port that a running zone has publishes nothing and keeps the zone from no change of its network" {
	networked web 'publish=[{"port":"8080-8090"}]'
	answers web 8080
	python3 -c 'import socket,time; s = socket.create_server(("", 8080)); t = socket.create_server(("", 8100)); time.sleep(300)' 3>&- & servers+=($!)
	wait_for 5 sh -c 'ss -ltn | grep -q :8100'
	zone verify web
	zone set web 'publish=[{"port":8080},{"port":8081,"to":8080}]'
	zone apply web
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 8080" ]
	[ "$(ask client 198.51.100.1 8081)" = "198.51.100.2 8080" ]
	zone set web 'publish=[{"port":8080},{"port":8100}]'
	fails 1 zone apply web
	says "port 8100/tcp of the host is taken by python3"
}

@test "rules of the administrator for forwarded packets hold for published ports; ours are in our table only and go with the zone" {
	nft -f - <<'N'
table inet admin {
	chain forward {
		type filter hook forward priority 0;
		ip saddr 198.51.100.2 tcp dport 80 drop
	}
}
N
	before=$(nft list table inet admin)
	networked web 'publish=[{"port":8080,"to":80},{"port":8081,"to":81}]'
	answers web 80
	answers web 81
	run ask client 198.51.100.1 8080
	says "timed out"
	[ "$(ask client 198.51.100.1 8081)" = "198.51.100.2 81" ]
	[ "$(nft list table inet admin)" = "$before" ]
	[ "$(cat /proc/sys/net/ipv4/conf/zbr0/route_localnet)" = 1 ]
	zone halt web
	[ "$(nft list tables)" = "table inet admin" ]
}

@test "a zone cannot reach what listens on the host's 127.0.0.1, though ports are published there" {
	networked web limitpriv=default,net_raw,net_admin 'publish=[{"port":8080,"to":80}]' 'anet=[{"linkProtection":["none"]}]'
	busybox httpd -f -p 127.0.0.1:8099 -h "$TOP" >/dev/null 2>&1 3>&- & servers+=($!)
	echo secret >"$TOP/index.html"
	wait_for 5 sh -c 'ss -ltn | grep -q :8099'
	gw=$(zone exec web ip route | awk '/default/{print $3}')
	zone exec web ip addr del 127.0.0.1/8 dev lo
	zone exec web ip route add 127.0.0.1/32 via "$gw" || zone exec web ip route replace 127.0.0.0/8 via "$gw"
	zone exec web sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet; echo 1 >/proc/sys/net/ipv4/conf/net0/route_localnet'
	run ask web 127.0.0.1 8099
	[ "$status" != 0 ]
	# the packets did arrive at the host's end of the bridge, where our rule has dropped them
	[ "$(nft -j list chain inet zones raw | jq '[.. | .counter? // empty | .packets] | add')" -gt 0 ]
}

@test "an open flow on a published port does not follow the address to the next zone" {
	networked web 'publish=[{"port":5353,"to":53,"protocol":"udp"}]'
	answers web 53 udp
	cat >"$TOP/flow.py" <<'P'
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect(("198.51.100.1", 5353))
def ask():
    for _ in range(3):
        try:
            s.send(b"?")
            return s.recv(100).decode()
        except OSError:
            pass
    return "nothing"
print("first", ask(), flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
print("second", ask(), flush=True)
P
	nsenter --net="/proc/$client/ns/net" python3 "$TOP/flow.py" "$TOP/go" >"$TOP/heard" 3>&- & flow=$!
	servers+=("$flow")
	wait_for 10 grep -q "first ::ffff:198.51.100.2 53" "$TOP/heard"
	zone halt web
	zone delete -F web
	networked next
	[ "$(zone list --json next | jq -r '.[0].ip')" = 10.88.0.2/24 ]
	answers next 53 udp
	touch "$TOP/go"
	wait_for 15 grep -q second "$TOP/heard"
	cat "$TOP/heard"
	grep -q "second nothing" "$TOP/heard"
}

@test "a monitor that was killed: the next command leaves no rule of its port" {
	networked web 'publish=[{"port":8080,"to":80}]'
	networked other
	pid=$(zone list --json web | jq '.[0].id')
	monitor=$(awk '/^PPid/{print $2}' "/proc/$pid/status")
	kill -9 "$monitor" "$pid"
	wait_for 10 sh -c "! kill -0 $pid 2>/dev/null"
	zone list >/dev/null
	zone boot web
	zone halt web
	[ -z "$(nft list table inet zones | grep 8080)" ]
	[ "$(cat /proc/sys/net/ipv4/conf/zbr0/route_localnet)" = 0 ]
}

@test "a bridge that a stranger keeps: no port of a zone that is halted, and not the parameter without the rule" {
	kept() { cat "/proc/sys/net/ipv4/conf/$1/route_localnet"; }
	ip link add stranger type veth peer name strangers
	networked web 'publish=[{"port":8080,"to":80}]'
	ip link set stranger master zbr0
	[ "$(kept zbr0)" = 1 ]
	zone halt web
	[ "$(kept zbr0)" = 0 ]
	! nft list table inet zones | grep -E '8080|publish'
	nft list table inet zones | grep -q 'ip saddr 10.88.0.0/24.*masquerade' # others may be on it
	# another bridge goes on
	networked blue 'anet=[{"lowerLink":"auto:blue"}]' 'publish=[{"port":8081,"to":80}]'
	ip link set stranger master zbr-blue
	zone boot web
	zone halt blue
	[ "$(kept zbr-blue)" = 0 ]
	zone halt web
	ip link del stranger
	zone boot web
	zone halt web
	! ip link show zbr-blue 2>/dev/null
}

@test "mistakes are found by verify and by the parser" {
	zone create web 'publish=[{"port":80}]' 'anet=[]'
	fails 1 zone verify web
	says "publish[0]"
	says "lowerLink auto"
	fails 1 zone set web 'publish[0].port=80-70'
	says "must rise"
	fails 1 zone set web 'publish[0].port=http'
	says "not a port"
	fails 1 zone set web 'publish=[{"port":"1-100","to":1000}]'
	says "at most 64"
	zone create dup 'publish=[{"port":80},{"port":"70-90"}]'
	fails 1 zone verify dup
	says "publish[0] has the port already"
	zone create six 'publish=[{"port":80,"address":"::1"}]'
	fails 1 zone verify six
	says "::1 cannot be published on"
	for address in 0.0.0.0 ::; do # would be taken and lead nowhere
		zone set six "publish[0].address=$address"
		fails 1 zone verify six
		says 'publish[0].address: is no address of the host; without "address" the port is published on all'
	done
}
