#!/usr/bin/env bats
# Links of zones with a kernel that has VLANs (tests/vm/links-inside.sh); the rest of it is tests/zone/uplink.bats and physical.bats.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest links-inside.sh 900
}

@test "v2: zones on a card" {
	passed card
}
@test "v2: vlanId on a card: zones reach their own VLAN and no other; the VLAN's link goes with the last of them, also after kill -9" {
	passed card-vlan
}
@test "v2: ipType shared on a kernel that forwards IPv6 for the whole host: both families, advertised routes stay, kill -9 leaves the host as it was" {
	passed shared-card
}
@test "v2: vlanId of a VLAN that has a link of the host is refused with its name" {
	passed vlan-taken
}
@test "v2: vlanId on a bridge: refused without vlan_filtering, with it the zone is in its own VLAN alone" {
	passed bridge-vlan
}
@test "v2: net: a dummy link moves into the zone and comes back as it was, after kill -9 of all" {
	passed moved
}
@test "v2: vlanId changes while the zone runs: into a VLAN, another, out of it, on a card and on a bridge, also after kill -9" {
	passed live-vlan
}
