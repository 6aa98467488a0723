#!/usr/bin/env bats
# apply: links that wait for a boot - in a VLAN, with a share, on a lower link that is no bridge, joining or leaving a network of its own - and what goes on beside them.
# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'
machine=

setup_more() {
	ip link set lo up
	ip link add low0 type veth peer name wire
	ip link set low0 up
	ip link set wire up
	ip link add br-s type bridge
	ip link add br-a type bridge mcast_snooping 0
	ip link set br-s up
	ip link set br-a up
}
teardown_more() {
	local l
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || true
	for l in low0 br-s br-a; do
		ip link del "$l" 2>/dev/null || true
	done
	[ -z "$(nft list tables)" ] || { nft list tables >&2; return 1; }
}
differs() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
pending() { zone list --json web | jq -r '.[0].pending'; }
how() { zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .how'; }
why() { zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .why'; }
live() { zone info --live --json web | jq -r ".live.network.$1"; }
applied() {
	zone apply web
	[ "$(pending)" = false ]
	[ "$(zone diff --json web | jq '.changes | length')" = 0 ]
}
# what is on the host for the links behind the first, without counters
others() {
	ip -o link | grep -oE '(zv[0-9a-f]+\.[1-9]|zm[0-9a-f]+\.[0-9]|zs[0-9a-f]+\.[ft]|zbr-blue)[@:].*(mtu [0-9]+|master [^ ]*)' | sort
	nft -s list table netdev zones | sed 's/counter.*//' | awk '/chain/ { c = $2 } /[a-z]/ { print c ": " $0 }' | grep -E '^z[a-z][0-9a-f]+\.[1-9]' | sort
	jq -S . "$ZONES_RUN_DIR/shares.json"
}
nothing_left() {
	[ -z "$(ip -o link | grep -E ': z[a-z]+[0-9a-f]*[.@:]|: zbr')" ]
	[ -z "$(nft list tables)" ]
	[ ! -e "$ZONES_RUN_DIR/net.json" ]
}

@test "beside a link on a card, with a share and on a network of its own the others change; those wait, with the key as the reason" {
	local before i
	zone create web "$sleeper" 'anet=[
		{"linkname":"net0"},
		{"linkname":"card","lowerLink":"low0","allowedAddress":["192.0.2.20/24"]},
		{"linkname":"part","lowerLink":"br-s","sharedbw":"50M","bwShare":200,"allowedAddress":["198.51.100.20/24"]},
		{"linkname":"own","lowerLink":"auto:blue","subnet":["10.77.0.0/24"]}]'
	zone install web
	zone boot web
	before=$(others)
	for i in zm zs 'zv.*master zbr-blue'; do
		grep -q "$i" <<<"$before"
	done
	zone set web 'anet[0].mtu=1400' 'anet[0].maxbw=10M' 'publish=[{"port":8080,"to":80}]' 'dns.search=["example.org"]'
	[ "$(how 'anet[net0]')" = live ]
	[ "$(how 'publish[8080]')" = live ]
	applied
	[ "$(live 'links[0].mtu')" = 1400 ]
	nft list table inet zones | grep -q 'dport 8080'
	diff <(others) - <<<"$before"
	[ "$(live 'links | map(.name) | join(" ")')" = "net0 card part own" ]
	# what a link on a network of its own has besides is live
	zone set web 'anet[3].mtu=1380'
	applied
	[ "$(live 'links[3].mtu')" = 1380 ]
	before=$(others)
	cp "$ZONES_CONFIG_DIR/web.json" "$TOP/web.json"
	waits() { # LINK KEY WORDS...
		zone set web "${@:3}"
		[ "$(how "anet[$1]")" = reboot ] || { zone diff web; return 1; }
		case $(why "anet[$1]") in *"$2"*) ;; *) why "anet[$1]"; return 1 ;; esac
		zone apply web
		[ "$(pending)" = true ]
		diff <(others) - <<<"$before"
		cp "$TOP/web.json" "$ZONES_CONFIG_DIR/web.json"
		zone apply web # a port that is not to be led any more needs no boot
		[ "$(pending)" = false ]
	}
	waits card 'lowerLink' 'anet[1].mtu=1300'
	waits part 'bandwidth' 'anet[2].bwShare=300'
	waits part 'bandwidth' 'anet[2].sharedbw=60M'
	waits own 'auto:NAME' 'anet[3].lowerLink=auto' 'anet[3].subnet='
	waits own 'auto:NAME' 'anet[3].lowerLink=auto:red' 'anet[3].subnet='
	waits net0 'auto:NAME' 'anet[0].lowerLink=auto:blue'
	# no kernel here has VLANs to filter: what is said before a kernel is asked
	zone set web 'anet[0].vlanId=5' 'anet[0].lowerLink=br-a' 'anet[0].allowedAddress=["203.0.113.21/24"]' 'publish=[]'
	[ "$(how 'anet[net0]')" = reboot ]
	case $(why 'anet[net0]') in *vlanId*) ;; *) false ;; esac
	cp "$TOP/web.json" "$ZONES_CONFIG_DIR/web.json"
	waits net0 'no bridge' 'anet[0].lowerLink=low0' 'anet[0].allowedAddress=["192.0.2.21/24"]' 'publish=[]'
	waits net0 'share the bandwidth' 'anet[0].lowerLink=br-s' 'anet[0].allowedAddress=["198.51.100.21/24"]' 'publish=[]'
	zone halt web
	nothing_left
}

@test "the link on the common bridge goes and comes while another stays on a network of its own: the common bridge with it" {
	zone create web "$sleeper" 'anet=[{"linkname":"own","lowerLink":"auto:blue"},{"linkname":"net1"}]'
	zone install web
	zone boot web
	ip link show zbr0
	zone set web 'anet=[{"linkname":"own","lowerLink":"auto:blue"}]' 'publish=[{"port":8080,"to":80}]'
	[ "$(how 'publish[8080]')" = live ]
	applied
	run ip link show zbr0
	[ "$status" != 0 ]
	ip link show zbr-blue
	zone set web 'anet=[{"linkname":"own","lowerLink":"auto:blue"},{"linkname":"net1","maxbw":"5M"}]'
	applied
	ip -o link show master zbr0 | grep -q zv
	zone halt web
	nothing_left
}

@test "a MAC changes on a bridge with a machine of somebody else: the zone does not stand in its own way" {
	unshare --net sleep 300 3>&- & machine=$!
	wait_for 5 differs "$machine"
	ip link add plug0 type veth peer name eth0 netns "$machine"
	ip link set plug0 master br-a up
	nsenter --net="/proc/$machine/ns/net" sh -c 'ip link set eth0 up; ip addr add 192.0.2.99/24 dev eth0'
	zone create web "$sleeper" 'anet=[{"linkname":"net0","lowerLink":"br-a","allowedAddress":["192.0.2.20/24"]}]'
	zone install web
	zone boot web
	zone set web 'anet[0].macAddress=02:00:00:00:00:07'
	applied
	[ "$(live 'links[0].mac')" = 02:00:00:00:00:07 ]
	zone set web 'anet[0].macAddress=02:00:00:00:00:08' 'anet[0].allowedAddress=["192.0.2.20/24","192.0.2.99/24"]'
	fails 1 zone apply web
	says '192.0.2.99 is in use by another machine'
	zone halt web
	nothing_left
}

@test "a lease that another machine has taken meanwhile stays the running zone's while something else changes" {
	unshare --net sleep 300 3>&- & machine=$!
	wait_for 5 differs "$machine"
	zone create web "$sleeper" 'anet=[{"linkname":"net0"}]'
	zone install web
	zone boot web
	ip link add plug0 type veth peer name eth0 netns "$machine"
	ip link set plug0 master zbr0 up
	nsenter --net="/proc/$machine/ns/net" sh -c 'ip link set eth0 up; ip addr add 10.88.0.2/24 dev eth0'
	zone set web 'anet[0].mtu=1400' 'anet[0].macAddress=02:00:00:00:00:07'
	applied
	[ "$(live 'links[0].mtu')" = 1400 ]
	zone exec web ip -o -4 addr show net0 | grep -q ' 10.88.0.2/24 '
	ip link del plug0
	zone halt web
	nothing_left
}
