#!/usr/bin/env bats
# blockIO and ioWeight: what a zone reads from and writes to a disk of the host, measured inside on a loop device.
# shellcheck disable=SC2016,SC2030,SC2031
load helper

setup_more() {
	truncate -s 64M "$TOP/disk"
	LOOP=$(losetup -f --show "$TOP/disk" 2>/dev/null) || { LOOP=; skip "no loop devices here"; }
	mke2fs -q -t ext4 "$LOOP"
	mkdir "$TOP/shut/mnt"
	mount "$LOOP" "$TOP/shut/mnt"
	NUMBER=$(stat -c '%Hr:%Lr' "$LOOP")
}
teardown_more() {
	umount "$TOP/shut/mnt" 2>/dev/null
	[ -z "${LOOP:-}" ] || losetup -d "$LOOP"
}

# took ZONE COMMAND...: milliseconds
took() {
	local start=$(($(date +%s%N) / 1000000)) zone=$1
	shift
	zone exec "$zone" "$@" >/dev/null 2>&1 || return
	echo $(($(date +%s%N) / 1000000 - start))
}
writes() { # ZONE BLOCKSIZE COUNT
	took "$1" dd if=/dev/zero of=/data/file "bs=$2" "count=$3" oflag=direct conv=notrunc
}
reads() {
	took "$1" dd if=/data/file of=/dev/null "bs=$2" "count=$3" iflag=direct
}
live() { # FILE...: the first there is
	local f
	LIVE=$(zone info --live --json web)
	for f in "$@"; do
		jq -er --arg f "$f" '.live.cgroup[$f] // empty' <<<"$LIVE" && return 0
	done
	return 1
}

@test "blockIO by path: writing and reading are as slow as asked for, and quick again after apply" {
	booted web 'blockIO=[{"path":"'"$TOP/shut/mnt"'","writeBps":"1M","readBps":"2M"}]' 'fs=[{"dir":"/data","special":"'"$TOP/shut/mnt"'","type":"lofs"}]'
	live blkio.throttle.write_bps_device io.max | grep -q "$NUMBER"
	w=$(writes web 256k 12) # 3 MB
	r=$(reads web 256k 12)
	echo "wrote in $w ms, read in $r ms"
	[ "$w" -gt 1800 ]
	[ "$r" -gt 800 ]
	# the host beside it does not wait
	start=$(date +%s%N)
	dd if=/dev/zero of="$TOP/shut/mnt/other" bs=256k count=12 oflag=direct 2>/dev/null
	[ $((($(date +%s%N) - start) / 1000000)) -lt 1500 ]
	zone clear web blockIO
	fails 0 zone apply web
	w=$(writes web 256k 12)
	[ "$w" -lt 1500 ]
	run live blkio.throttle.write_bps_device io.max
	[[ "$output" != *"$NUMBER 1048576"* ]]
}

@test "blockIO by device: operations in a second, changed live" {
	booted web 'fs=[{"dir":"/data","special":"'"$TOP/shut/mnt"'","type":"lofs"}]'
	writes web 4k 60
	zone set web 'blockIO=[{"device":"'"$LOOP"'","readIops":20,"writeIops":20}]'
	fails 0 zone apply web
	r=$(reads web 4k 40)
	w=$(writes web 4k 40)
	echo "read in $r ms, wrote in $w ms"
	[ "$r" -gt 1200 ]
	[ "$w" -gt 1200 ]
	zone set web 'blockIO=[{"device":"'"$LOOP"'","readIops":20000}]'
	fails 0 zone apply web
	[ "$(reads web 4k 40)" -lt 1200 ]
	[ "$(writes web 4k 40)" -lt 1200 ]
}

@test "blockIO: what is on no disk, is none, or stands twice is refused by name" {
	zone create -t isolated web
	zone set web 'blockIO=[{"path":"/dev/shm","readBps":"1M"}]'
	fails 1 zone verify web
	says "blockIO[0].path"
	says "on no disk"
	zone set web 'blockIO=[{"device":"/dev/null","readBps":"1M"}]'
	fails 1 zone verify web
	says '"/dev/null" is not a block device'
	zone set web 'blockIO=[{"device":"'"$LOOP"'","readBps":"1M"},{"path":"'"$TOP/shut/mnt"'","writeBps":"1M"}]'
	fails 1 zone verify web
	says "same disk as that of blockIO[0]"
	fails 1 zone set web 'blockIO=[{"path":"/x"}]'
	says "limits nothing"
	fails 1 zone set web 'blockIO=[{"readBps":"1M"}]'
	says "needs a path or a device"
	fails 1 zone set web 'blockIO=[{"path":"/","device":"/dev/loop0","readBps":"1M"}]'
	says "one of them"
}

@test "ioWeight reaches the kernel's file and changes live" {
	native web ioWeight=300
	run zone boot web
	[ "$status" -eq 0 ] || skip "no weights here: $output"
	live blkio.bfq.weight blkio.weight io.bfq.weight | grep -q 300
	zone set web ioWeight=700
	fails 0 zone apply web
	live blkio.bfq.weight blkio.weight io.bfq.weight | grep -q 700
	zone clear web ioWeight
	fails 0 zone apply web
	live blkio.bfq.weight blkio.weight io.bfq.weight | grep -q 100
}
