#!/usr/bin/env bats
# Labels of SELinux, with a kernel that was told to use it and a policy of our own (policy.cil): tests/vm/selinux-inside.sh does everything in the guest in one go.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest selinux-inside.sh 400 "security=selinux selinux=1 enforcing=0"
}

@test "v2: SELinux: the policy is loaded and enforced" {
	passed policy
}
@test "v2: zrun: selinuxLabel holds root inside; the same program without it is free" {
	passed oci
}
@test "v2: zrun exec: the label of the container, or that of --process-label" {
	passed oci-exec
}
@test "v2: zrun: mountLabel is on what is mounted for the container, message queues too" {
	passed mount-label
}
@test "v2: zrun: a context that the policy does not know is an error that names it, and nothing stays" {
	passed oci-unknown
}
@test "v2: selinuxLabel of a zone holds its processes, and audit says so" {
	passed zone
}
@test "v2: selinuxLabel, apparmorProfile: what this host has not is refused by verify and boot, by name" {
	passed zone-unknown
}
