#!/usr/bin/env bats
# quota and quotaInodes: what btrfs counts, and the refusals. Project quotas of ext4 and XFS are in tests/vm/quota.bats, whose kernel has them.
bats_require_minimum_version 1.5.0
load helper
load disks

ON=btrfs # where the zones of a test are, below $TOP

setup_more() {
	disk btrfs "$TOP/btrfs"
	btrfs quota enable "$TOP/btrfs"
}

teardown_more() {
	disks_gone
}

on() { # NAME PATH=VALUE...: a zone on the disk, installed
	zone create -t isolated "$1" zonepath="$TOP/$ON/$1" "${@:2}"
	zone install "$1"
}

# MiB that the zone can still write, within what metadata takes.
fits() { # NAME MIB
	zone exec "$1" sh -c "dd if=/dev/urandom of=/var/fits bs=1M count=$2 2>/dev/null && sync /var/fits"
	zone exec "$1" sh -c 'rm -f /var/fits; sync /var'
}
does_not_fit() {
	if zone exec "$1" sh -c "dd if=/dev/urandom of=/var/much bs=1M count=$2 2>&1 && sync /var/much" >"$TOP/said"; then false; fi
	grep -q 'quota exceeded' "$TOP/said"
	zone exec "$1" sh -c 'rm -f /var/much; sync /var'
}

limit_of() { # NAME: bytes as btrfs has it
	btrfs qgroup show -r --raw "$TOP/btrfs" | awk -v id="0/$(btrfs inspect-internal rootid "$TOP/btrfs/$1/root")" '$1 == id { print $4 }'
}
disk_of() {
	zone stat -r disk --json "$1" 1 1 2>/dev/null | jq -r '.. | objects | select(has("disk")) | .disk' | head -n 1
}

@test "quota is refused by name where nothing counts, with what would help" {
	zone create -t isolated web quota=10M
	fails 1 zone verify web
	says "quota: "
	says prjquota
	fails 1 zone install web
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	zone set web zonepath="$TOP/btrfs/web" quotaInodes=5000
	fails 1 zone verify web
	says "quotaInodes: btrfs"
	zone clear web quotaInodes
	zone verify web
	btrfs quota disable "$TOP/btrfs"
	fails 1 zone verify web
	says "btrfs quota enable"
	for kind in ext4 xfs; do
		disk "$kind" "$TOP/$kind"
		zone set web zonepath="$TOP/$kind/web"
		fails 1 zone verify web
		says "quota: "
	done
	mkdir "$TOP/memory"
	mount -t tmpfs -o mode=755 tmpfs "$TOP/memory"
	zone set web zonepath="$TOP/memory/web"
	fails 1 zone verify web
	says "cannot limit what a directory takes"
	fails 1 zone create bad quota=0
	fails 1 zone create bad quotaInodes=1
}

@test "btrfs: the limit holds, is changed and lifted while the zone runs, and stat tells it" {
	on web quota=30M
	[ "$(limit_of web)" = $((30 << 20)) ]
	zone boot web
	fits web 10
	does_not_fit web 60
	zone set web quota=100M
	zone apply web
	[ "$(limit_of web)" = $((100 << 20)) ]
	fits web 60
	zone stat -z web -r disk | grep -q 100M
	zone set web quota=20M
	zone apply web
	does_not_fit web 60
	zone clear web quota
	zone apply web
	[ "$(limit_of web)" = none ]
	fits web 60
	# the first limit waits: the zone may have made subvolumes
	zone halt web
	zone boot web
	zone set web quota=30M
	zone diff web | grep -q "next boot"
	zone apply web
	[ "$(limit_of web)" = none ]
	zone reboot web
	wait_for 10 zone exec web true
	[ "$(limit_of web)" = $((30 << 20)) ]
	zone halt web
	zone clear web quota
	zone boot web
	[ "$(limit_of web)" = none ]
}

# btrfs(8) is not in the zone's way: the request itself.
subvolume='import fcntl, os, struct
fd = os.open("/var", os.O_RDONLY)
try:
    fcntl.ioctl(fd, 0x5000940E, bytearray(struct.pack("=q4088s", 0, b"mine")))
except OSError as e:
    print(e.errno)
else:
    print("made")'

@test "btrfs: no way round the limit by a subvolume" {
	on web quota=30M
	zone boot web
	[ "$(zone exec web python3 -c "$subvolume")" = 1 ]
	zone halt web
	zone clear web quota
	zone boot web
	[ "$(zone exec web python3 -c "$subvolume")" = made ]
	zone halt web
	zone set web quota=30M
	fails 1 zone boot web
	says "subvolumes of its own"
	btrfs subvolume delete "$TOP/btrfs/web/root/var/mine"
	zone boot web
}

@test "btrfs: a clone has its own limit, a rollback keeps it, an uninstall takes it away" {
	on web quota=30M
	zone boot web
	zone snapshot create web one
	zone exec web sh -c 'dd if=/dev/urandom of=/var/new bs=1M count=5 2>/dev/null'
	zone halt web
	zone clone web copy zonepath="$TOP/btrfs/copy" quota=80M
	zone snapshot rollback web one
	zone boot web
	[ "$(limit_of web)" = $((30 << 20)) ]
	does_not_fit web 60
	zone boot copy
	[ "$(limit_of copy)" = $((80 << 20)) ]
	fits copy 60
	zone halt web
	zone uninstall -F web
	[ ! -e "$TOP/btrfs/web" ]
	[ "$(limit_of copy)" = $((80 << 20)) ]
	# a plain directory is counted with what is around it, which is not the zone's
	btrfs qgroup limit 200M "$TOP/btrfs"
	zone clear copy quota
	zone halt copy
	cp -a --reflink=auto "$TOP/btrfs/copy/root" "$TOP/btrfs/copy/plain"
	btrfs subvolume delete "$TOP/btrfs/copy/root"
	mv "$TOP/btrfs/copy/plain" "$TOP/btrfs/copy/root"
	zone boot copy
	[ "$(btrfs qgroup show -r --raw "$TOP/btrfs" | awk '$1 == "0/5" { print $4 }')" = $((200 << 20)) ]
	zone halt copy
	zone set copy quota=30M
	fails 1 zone boot copy
	zone uninstall -F copy
	[ "$(btrfs qgroup show -r --raw "$TOP/btrfs" | awk '$1 == "0/5" { print $4 }')" = $((200 << 20)) ]
}
