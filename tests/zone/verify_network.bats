#!/usr/bin/env bats
# zone verify: what would keep a zone's network from working on this host is told by name, with the property and the way out, before anything is made.
load helper

setup_more() {
	ip link add lan0 type bridge
	ip link set lan0 up
}
teardown_more() {
	local link
	for link in lan0 down0 one0 zbr0; do
		ip link del "$link" 2>/dev/null || true
	done
}

# refused PATH TEXT ANET: verify and boot of a zone with that link, and nothing is made
refused() {
	zone create web 'anet=[]'
	zone install web
	zone set web "anet=[$3]"
	fails 1 zone verify web
	says "$1: "
	says "$2"
	fails 1 zone boot web
	says "$2"
	[ -z "$(ip -o link | grep -E ': z[vib]')" ]
	[ -z "$(nft list tables)" ]
	zone delete -F web
}

@test "the lower link: none of that name, a link and a bridge that are down" {
	refused 'anet[0].lowerLink' 'no link "nix0" exists' '{"lowerLink":"nix0","allowedAddress":["10.99.0.5/24"]}'
	ip link add one0 type veth peer name two0
	refused 'anet[0].lowerLink' 'the link "one0" is down: ip link set one0 up' '{"lowerLink":"one0","allowedAddress":["10.99.0.5/24"]}'
	ip link add down0 type bridge
	refused 'anet[0].lowerLink' 'the bridge "down0" is down: ip link set down0 up' '{"lowerLink":"down0","allowedAddress":["10.99.0.5/24"]}'
	ip link set down0 up
	zone create web 'anet=[{"lowerLink":"down0","allowedAddress":["10.99.0.5/24"]}]'
	zone verify web
}

@test "a link of the host that has the automatic bridge's name" {
	ip link add zbr0 type bridge
	zone create web 'anet=[{}]'
	fails 1 zone verify web
	says 'anet[0].lowerLink: a link "zbr0" exists already and is not of zones'
	ip link del zbr0
	zone verify web
}

@test "the address: another zone's, the host's own, of a subnet that the host has elsewhere" {
	zone create first 'anet=[{"lowerLink":"lan0","allowedAddress":["10.99.0.5/24","fd00:99::5/64"]}]'
	zone install first
	zone boot first
	zone create web 'anet=[{"lowerLink":"lan0","allowedAddress":["10.99.0.5/24","fd00:99::5/64"]}]'
	fails 1 zone verify web
	says 'anet[0].allowedAddress[0]: 10.99.0.5 belongs to zone "first"'
	says 'anet[0].allowedAddress[1]: fd00:99::5 belongs to zone "first"'
	zone delete -F web
	zone halt first
	zone delete -F first
	ip addr add 10.99.0.1/24 dev lan0
	ip -6 addr add fd00:99::1/64 dev lan0 nodad
	refused 'anet[0].allowedAddress[0]' '10.99.0.1 is an address of the host' '{"lowerLink":"lan0","allowedAddress":["10.99.0.1/24"]}'
	refused 'anet[0].allowedAddress[0]' 'fd00:99::1 is an address of the host' '{"lowerLink":"lan0","allowedAddress":["fd00:99::1/64"]}'
	refused 'anet[0].allowedAddress' "the subnet 10.99.0.0/24 overlaps the host's route to 10.99.0.0/24" '{"allowedAddress":["10.99.0.5/24"]}'
	refused 'anet[0].allowedAddress' "the subnet fd00:99::/64 overlaps the host's route to fd00:99::/64" '{"allowedAddress":["fd00:99::5/64"]}'
}

@test "the prefix and the router" {
	# refused before there is a file
	wrong() { # LINK TEXT
		fails 1 zone create web "anet=[{\"lowerLink\":\"lan0\",$1}]"
		says "anet[0]."
		says "$2"
	}
	wrong '"allowedAddress":["10.99.0.5/33"]' '"10.99.0.5/33" is not an address with a prefix length'
	wrong '"allowedAddress":["fd00:99::5/129"]' '"fd00:99::5/129" is not an address with a prefix length'
	wrong '"allowedAddress":["10.99.0.5"]' '"10.99.0.5" is not an address with a prefix length'
	wrong '"allowedAddress":["10.99.0.0/24"]' "it is the network's own address"
	wrong '"allowedAddress":["10.99.0.255/24"]' broadcast
	wrong '"allowedAddress":["224.0.0.1/24"]' multicast
	wrong '"allowedAddress":["10.99.0.5/24"],"defrouter":["10.98.0.1"]' 'defrouter[0]: it is in no subnet'
	wrong '"allowedAddress":["10.99.0.5/24"],"defrouter":["fd00:98::1"]' 'defrouter[0]: the link has no IPv6 address'
	wrong '"allowedAddress":["fd00:99::5/64"],"defrouter":["fd00:98::1"]' 'defrouter[0]: it is in no subnet'
	refused 'anet[0].allowedAddress' 'has no room for the bridge' '{"allowedAddress":["10.99.0.5/32"]}'
}

# without_socket PROTOCOL COMMAND...: on a kernel that has no netlink of that protocol (its socket cannot be made, as there)
without_socket() {
	python3 - "$@" <<'P'
import ctypes, os, struct, sys
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
code = [(LOAD, 0, 0, 0), (EQUAL, 0, 5, number), (LOAD, 0, 0, 16), (EQUAL, 0, 3, 16), (LOAD, 0, 0, 32), (EQUAL, 0, 1, int(sys.argv[1])),
        (RETURN, 0, 0, 0x50000 | 93), (RETURN, 0, 0, 0x7FFF0000)]
rows = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(rows)))
if ctypes.CDLL(None, use_errno=True).prctl(22, 2, program, 0, 0):
    sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
P
}

@test "a kernel without nftables: neither link protection nor address translation, each told" {
	zone create web
	fails 1 without_socket 12 zone verify web
	says "anet: this kernel cannot protect links: "
	says "anet: this kernel cannot translate addresses: "
	zone create bare 'anet=[{"lowerLink":"lan0","allowedAddress":["10.99.0.5/24"],"linkProtection":["none"]}]'
	without_socket 12 zone verify bare # needs neither
	zone set bare 'anet[0].maxbw=1M'
	fails 1 without_socket 12 zone verify bare
	says "anet[0].maxbw: this kernel cannot limit the bandwidth of a link: "
}

@test "an address cannot be asked for without packet sockets: told, with the way round" {
	ip link add one0 type veth peer name two0
	ip link set one0 master lan0 up
	zone create web 'anet=[{"lowerLink":"lan0","allowedAddress":["10.99.0.5/24"]}]'
	zone verify web
	fails 1 setpriv --bounding-set -net_raw --inh-caps -net_raw zone verify web
	says "anet: ask whether an address is in use: open a packet socket: "
	says "ZONES_PROBE_MS=0 leaves the question out"
	ZONES_PROBE_MS=0 setpriv --bounding-set -net_raw --inh-caps -net_raw zone verify web
}
