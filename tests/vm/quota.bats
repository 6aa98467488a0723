#!/usr/bin/env bats
# Project quotas of ext4 and XFS, which the kernels of few test machines have: tests/vm/quota-inside.sh does everything in the guest in one go.
# bats file_tags=vm

load helper

setup_file() {
	in_the_guest quota-inside.sh 600
}

@test "ext4: quota and quotaInodes hold, root inside cannot leave its project, df tells them, they change and go while the zone runs" {
	passed ext4-limits
}
@test "ext4: a root in layers is counted by its top; what becomes a layer is not; nothing is left" {
	passed ext4-layers
}
@test "ext4: a zone that has been there without a quota gets one at its next boot, all of it, and takes it along" {
	passed ext4-late
}
@test "ext4: refused where it is not mounted for it, where the folder is somebody's, where the project is" {
	passed ext4-refused
}
@test "XFS: quota and quotaInodes hold, root inside cannot leave its project, df tells them, they change and go while the zone runs" {
	passed xfs-limits
}
@test "XFS: a copy, its rollback and a clone each count in their own zone; nothing is left" {
	passed xfs-copies
}
@test "fs-verity: an image is mounted when the kernel's digest of its file is the one that the configuration names, and refused by name otherwise" {
	passed verity
}
