#!/usr/bin/env bats
# Labels of AppArmor, with a kernel that has it: tests/vm/lsm-inside.sh does everything in the guest in one go. On a host without it they are refused by name (tests/oci/process.bats).
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest lsm-inside.sh 400
}

@test "v2: AppArmor: a profile is loaded" {
	passed profiles
}
@test "v2: zrun: apparmorProfile holds root inside; the same program without it is free" {
	passed oci
}
@test "v2: zrun exec: the profile of the container, or that of --apparmor" {
	passed oci-exec
}
@test "v2: zrun: a profile that is not loaded is an error that names it, and nothing stays" {
	passed oci-unknown
}
@test "v2: apparmorProfile of a zone holds all its processes; audit sees one that is not confined; a change waits for the next boot" {
	passed zone
}
@test "v2: apparmorProfile, selinuxLabel: what this host has not is refused by verify and boot, by name" {
	passed zone-unknown
}
