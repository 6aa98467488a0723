#!/usr/bin/env bats
# zrun's systemd driver with cgroup2 alone and all its controllers (tests/vm/systemd-inside.sh); the rest of it is tests/oci/systemd.bats.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest systemd-inside.sh 400
}

@test "v2: limits told to systemd are in the scope's files, exactly, and outlive a reload; update; nothing is left" {
	passed limits
}
