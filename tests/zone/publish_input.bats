#!/usr/bin/env bats
# publish and the administrator's rules for what comes in to the host: a published port obeys them as a port of a program of the host does.
load helper
load publishing

admin() { # the rest of a chain at the hook input
	nft -f - <<N
table inet admin {
	chain input {
		type filter hook input priority 0; $1
	}
}
N
}
admitted() { nft -j list ruleset | jq '[.nftables[].set? // empty | select(.name | startswith("admitted")) | .elem // [] | length] | add // 0'; }

@test "a rule that drops what comes in for a published port holds, for TCP and UDP, IPv4 and IPv6, and by the client's address and link" {
	admin 'iifname "out" tcp dport 8080 drop; udp dport 5353 drop; ip saddr 198.51.100.9 drop; ip6 saddr fd00:51::9 drop;'
	networked web 'publish=[{"port":8080,"to":80},{"port":8081,"to":81},{"port":5353,"to":53,"protocol":"udp"},{"port":5354,"to":54,"protocol":"udp"}]'
	answers web 80
	answers web 81
	answers web 53 udp
	answers web 54 udp
	# what no rule drops is led into the zone
	[ "$(ask client 198.51.100.1 8081)" = "198.51.100.2 81" ]
	[ "$(ask client fd00:51::1 8081)" = "fd00:51::2 81" ]
	[ "$(ask client 198.51.100.1 5354 udp)" = "198.51.100.2 54" ]
	[ "$(ask client fd00:51::1 5354 udp)" = "fd00:51::2 54" ]
	for at in "198.51.100.1 8080" "fd00:51::1 8080" "198.51.100.1 5353 udp" "fd00:51::1 5353 udp"; do
		# shellcheck disable=SC2086
		run ask client $at
		echo "$at: $output"
		says "timed out"
	done
	# another address of the same client, which is not let in
	nsenter --net="/proc/$client/ns/net" sh -c 'ip addr del 198.51.100.2/24 dev eth0; ip addr add 198.51.100.9/24 dev eth0; ip addr del fd00:51::2/64 dev eth0; ip addr add fd00:51::9/64 dev eth0 nodad'
	run ask client 198.51.100.1 8081
	says "timed out"
	run ask client fd00:51::1 8081
	says "timed out"
	# the rule of port 8080 is about what comes in by "out" only: another zone comes by the bridge
	networked other
	run ask other 198.51.100.1 8080
	says " 80"
	# and programs of the host do not come in at all
	[ "$(ask host 127.0.0.1 8080)" = "10.88.0.1 80" ]
	[ "$(ask host 198.51.100.1 8080)" = "198.51.100.1 80" ]
}

@test "who was let in by one link is judged again when he comes by another" {
	ip link add out2 type veth peer name eth1 netns "$client"
	ip link set out2 up
	nsenter --net="/proc/$client/ns/net" ip link set eth1 up
	for link in all out2; do echo 0 >"/proc/sys/net/ipv4/conf/$link/rp_filter"; done
	nft -f - <<'N'
table inet admin {
	counter dropped { }
	chain input {
		type filter hook input priority 0;
		iifname "out2" tcp dport 8080 counter name dropped drop
	}
}
N
	networked web 'publish=[{"port":8080,"to":80}]'
	answers web 80
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	nsenter --net="/proc/$client/ns/net" ip route add 198.51.100.1/32 dev eth1 src 198.51.100.2
	run ask client 198.51.100.1 8080
	says "timed out"
	[ "$(nft -j list counter inet admin dropped | jq '.nftables[].counter? // empty | .packets')" -gt 0 ]
}

@test "with the policy to drop, a published port is open to whom a rule accepts and to nobody else; rules for forwarded packets hold besides" {
	admin 'policy drop; ct state established,related accept; iifname lo accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; tcp dport { 8081, 8082 } accept;'
	nft add chain inet admin forward '{ type filter hook forward priority 0; }'
	nft add rule inet admin forward ip saddr 198.51.100.2 tcp dport 82 drop
	nft add rule inet admin forward ip6 saddr fd00:51::2 tcp dport 82 drop
	before=$(nft list table inet admin)
	networked web 'publish=[{"port":8080,"to":80},{"port":8081,"to":81},{"port":8082,"to":82}]'
	answers web 80
	answers web 81
	answers web 82
	for host in 198.51.100.1 fd00:51::1; do
		run ask client "$host" 8080
		says "timed out"
		run ask client "$host" 8081
		says " 81"
		run ask client "$host" 8082
		says "timed out"
	done
	[ "$(ask host 127.0.0.1 8080)" = "10.88.0.1 80" ]
	# the others are admitted, and their next connections wait for nothing
	start=$(date +%s%N)
	run ask client 198.51.100.1 8081
	says " 81"
	[ $((($(date +%s%N) - start) / 1000000)) -lt 900 ]
	[ "$(admitted)" = 4 ]
	[ "$(nft list table inet admin)" = "$before" ]
	zone halt web
	[ "$(nft list tables)" = "table inet admin" ]
}

@test "who was let in is judged again after five minutes, however often he came; a rule made later holds from then on" {
	admin 'tcp dport 9999 drop;'
	networked web 'publish=[{"port":8080,"to":80}]'
	answers web 80
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	timing() { nft -j list set inet zones admitted4 | jq '[.nftables[].set?.elem[]?.elem.expires] | max'; }
	[ "$(nft -j list set inet zones admitted4 | jq '.nftables[].set? // empty | .timeout')" = 300 ]
	sleep 2.2
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	[ "$(timing)" -le 298 ]
	# as if the time were over
	nft insert rule inet admin input ip saddr 198.51.100.2 tcp dport 8080 drop
	nft flush set inet zones admitted4
	run ask client 198.51.100.1 8080
	says "timed out"
}

@test "without rules for the input nothing is held up, a chain without rules is none; ZONES_PUBLISH_INPUT decides otherwise" {
	admin ''
	networked web 'publish=[{"port":8080,"to":80}]'
	answers web 80
	[ -z "$(nft list table inet zones | grep -E 'admitted|hook input')" ]
	start=$(date +%s%N)
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	[ $((($(date +%s%N) - start) / 1000000)) -lt 900 ]
	# a rule that came later is seen by the next zone that boots or halts
	nft add rule inet admin input tcp dport 8080 drop
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	networked other
	run ask client 198.51.100.1 8080
	says "timed out"
	nft delete table inet admin
	zone halt other
	[ -z "$(nft list table inet zones | grep -E 'admitted|hook input')" ]
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
	export ZONES_PUBLISH_INPUT=always
	zone boot other
	admin 'tcp dport 8080 drop;'
	run ask client 198.51.100.1 8080
	says "timed out"
	zone halt other # its monitor has the same setting
	export ZONES_PUBLISH_INPUT=never
	zone boot other
	[ "$(ask client 198.51.100.1 8080)" = "198.51.100.2 80" ]
}

@test "chains of the families ip and ip6 count as well; answers to what the host asked from a published port are left alone" {
	nft -f - <<'N'
table ip admin {
	chain input {
		type filter hook input priority 300; policy drop;
		ct state established,related accept
		tcp dport 8001 accept
	}
}
N
	networked web 'publish=[{"port":"8000-8010","address":"198.51.100.1"}]'
	answers web 8000
	answers web 8001
	run ask client 198.51.100.1 8000
	says "timed out"
	[ "$(ask client 198.51.100.1 8001)" = "198.51.100.2 8001" ]
	nsenter --net="/proc/$client/ns/net" busybox httpd -f -p 9000 -h "$TOP" >/dev/null 2>&1 3>&- & servers+=($!)
	wait_for 5 nsenter --net="/proc/$client/ns/net" sh -c 'ss -ltn | grep -q :9000'
	# by the program's leave: the host's own socket on a port of the range cannot listen, but can connect
	python3 -c '
import socket
s = socket.socket(); s.bind(("198.51.100.1", 8005)); s.settimeout(3); s.connect(("198.51.100.2", 9000)); s.send(b"GET / HTTP/1.0\r\n\r\n"); assert s.recv(100)'
	nft delete table ip admin
}
