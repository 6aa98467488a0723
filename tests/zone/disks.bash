# disks.bash - file systems in loop devices for tests of storage. What a test makes is gone after its teardown.
# shellcheck shell=bash

# disk KIND MOUNTPOINT [MKFS OPTION...]: a new file system of 400 MiB, mounted there.
disk() {
	local kind=$1 at=$2 image=$TOP/disk.$1.$RANDOM
	shift 2
	mkdir -p "$at"
	truncate -s 400M "$image"
	case $kind in
	ext4) mkfs.ext4 -q -F "$@" "$image" ;;
	xfs) mkfs.xfs -q -f "$@" "$image" ;;
	btrfs) mkfs.btrfs -q -f "$@" "$image" 2>/dev/null ;;
	esac
	mount -o loop "$image" "$at" # the loop device goes with the mount
	chmod 755 "$at"
}

# Before the helper's teardown looks for mounts.
disks_gone() {
	local at
	for at in $(findmnt -rno TARGET | grep "^$TOP/" | sort -r); do
		umount "$at" || umount -l "$at"
	done
}
