#!/usr/bin/env bats
# zrun checkpoint and restore where criu works: the guest's kernel (tests/vm/criu-inside.sh does everything in one go). What is said where it does not: tests/oci/checkpoint.bats.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest criu-inside.sh 600
}

@test "criu: a container is saved with its memory, its limits and what is mounted from the host, and is then gone" {
	passed checkpoint
}
@test "criu: it goes on from there in a new container: processes, mounts, namespaces, limits, exec" {
	passed restore
}
@test "criu: another bundle says where its mounts come from" {
	passed other-bundle
}
@test "criu: --leave-running, and --pre-dump with a dump that builds on it" {
	passed leave-running
}
@test "criu: in front: standard output is the caller's, the exit code comes back, and the container is deleted" {
	passed foreground
}
@test "criu: a terminal's new master comes through the console socket" {
	passed terminal
}
@test "criu: hooks of the runtime run when the namespaces exist, and at the end" {
	passed hooks
}
@test "criu: the directory of its NOTIFY_SOCKET is there again" {
	passed notify
}
@test "criu: a user namespace, a paused container" {
	passed user-namespace
}
@test "criu: a container that may not gain privileges never runs without that" {
	passed no-new-privs
}
@test "criu: what cannot be restored leaves nothing" {
	passed nothing-left
}
