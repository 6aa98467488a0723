#!/usr/bin/env bats
# zone why of a running zone: each thing that can happen to a link, in one sentence that names the link and the way out. The way out is tried.
bats_require_minimum_version 1.5.0
load helper

teardown_more() {
	ip link del "mybr$$" 2>/dev/null || true
}

networked() {
	zone create "$@"
	zone install "$1"
	zone boot "$1"
}

host_end() {
	zone info --live --json "$1" | jq -r '.live.network.links[0].host'
}

is_well() {
	fails 0 zone why web
	says "nothing is wrong"
}

# As a zone with the privilege to change its links would.
inside() {
	nsenter -t "$(init_pid web)" -n "$@"
}

one_reason() { # exactly one, with this text
	fails 0 zone why web
	says "$1"
	[ "${#lines[@]}" = 2 ] || { echo "$output"; return 1; }
}

# The command behind the last ": " of the only reason.
follow_advice() {
	advice=${lines[1]##*: }
	[[ $advice == "zone "* || $advice == "ip "* || $advice == "nsenter "* ]]
	eval "$advice"
}

@test "why of a zone whose link works says that nothing is wrong" {
	networked web
	is_well
}

@test "why says that a link is down inside, and which default routes went with it" {
	networked web
	inside ip link set net0 down
	fails 0 zone why web
	[[ ${lines[1]} == *'link "net0" is down inside the zone: nsenter -t '"$(init_pid web)"' -n ip link set net0 up'* ]]
	says "default route through 10.88.0.1 is missing"
	inside ip link set net0 up
	zone reboot web
	is_well
}

@test "why says that a link was deleted inside; a reboot makes it again" {
	networked web
	inside ip link del net0
	one_reason 'link "net0" was deleted'
	follow_advice
	is_well
}

@test "why says that a link was renamed inside" {
	networked web
	inside ip link set net0 down
	inside ip link set net0 name other0
	fails 0 zone why web
	says 'link "net0" is not in the zone under that name any more'
}

@test "why says that the host end was taken off its bridge" {
	networked web
	ip link set "$(host_end web)" nomaster
	one_reason "was taken off bridge \"zbr0\""
	says "$(host_end web)"
	follow_advice
	is_well
}

@test "the way back of an isolated link is a reboot, because a port put back by hand is not isolated" {
	networked web 'anet=[{"linkname":"net0","lowerLink":"auto","isolated":true}]'
	is_well
	ip link set "$(host_end web)" nomaster
	one_reason "was taken off bridge"
	[[ ${lines[1]} == *": zone reboot web" ]]
	follow_advice
	is_well
	bridge -d link show dev "$(host_end web)" | grep -q "isolated on"
}

@test "why says that the host end is on another bridge" {
	networked web
	ip link add "mybr$$" type bridge
	ip link set "$(host_end web)" master "mybr$$"
	one_reason "was taken off bridge \"zbr0\""
}

@test "why says that the host end is down" {
	networked web
	ip link set "$(host_end web)" down
	one_reason "its host end \"$(host_end web)\" is down"
	follow_advice
	is_well
}

@test "why says that the bridge is down" {
	networked web
	ip link set zbr0 down
	one_reason 'bridge "zbr0" is down'
	follow_advice
	is_well
}

@test "why says that the bridge is gone; a reboot makes the automatic one again" {
	networked web
	ip link del zbr0
	one_reason 'bridge "zbr0" is gone'
	follow_advice
	is_well
}

@test "why says that a bridge of the administrator is gone, and that he must make it" {
	ip link add "mybr$$" type bridge
	ip link set "mybr$$" up
	networked web "anet=[{\"linkname\":\"net0\",\"lowerLink\":\"mybr$$\",\"allowedAddress\":[\"192.0.2.7/24\"]}]"
	is_well
	ip link del "mybr$$"
	one_reason "bridge \"mybr$$\" is gone"
	says "make it again"
}

@test "why says that a default route is missing inside, by its family" {
	networked web
	inside ip route del default
	one_reason "default route through 10.88.0.1 is missing"
	follow_advice
	is_well
	inside ip -6 route del default
	one_reason "default route through fd00:88::1 is missing"
	follow_advice
	is_well
}

@test "a second IPv6 default route beside the zone's does not hide it" {
	networked web
	inside ip -6 route append default via fd00:88::fe dev net0 metric 1024
	is_well
}

@test "a zone that sets its addresses itself is not told that routes are missing" {
	networked web 'anet=[{"linkname":"net0","lowerLink":"auto","allowedAddress":["10.88.0.77/24"],"configureAllowedAddress":false}]'
	is_well
}

@test "why counts the packets that link protection dropped, by kind" {
	networked web limitpriv=default,net_raw
	zone exec web python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
own = s.getsockname()[4]
for i in range(3): s.send(b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + b"\x08\x00" + b"x" * 50)
s.send(b"\xff" * 6 + own + b"\x88\xb5" + b"x" * 50)'
	one_reason "link protection has dropped 4 packets of the zone"
	says "mac-nospoof 3"
	says "restricted 1"
}

@test "why says that link protection or maxbw was taken away from outside" {
	networked web 'anet=[{"linkname":"net0","lowerLink":"auto","maxbw":10000000}]'
	is_well
	tc qdisc del dev "$(host_end web)" root
	one_reason "maxbw is not in force"
	follow_advice
	is_well
	nft delete table netdev zones
	fails 0 zone why web
	says "link protection is not in the kernel any more"
	zone reboot web
	is_well
}

@test "why has one sentence for each link, and --json has them too" {
	networked web 'anet=[{"linkname":"net0","lowerLink":"auto"},{"linkname":"net1","lowerLink":"auto"}]'
	inside ip link del net1
	one_reason 'link "net1" was deleted'
	zone why --json web | jq -e '.state == "running" and (.reasons | length) == 1'
}
