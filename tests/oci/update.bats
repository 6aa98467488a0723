#!/usr/bin/env bats
# zrun update: every limit of a living container, by options and by a resources document.
load helper

dir() { awk -F: -v n="$1" '$2 == n { print "/sys/fs/cgroup/" n $3 }' "/proc/$(zrun state "$ID" | jq .pid)/cgroup"; }
is() { [ "$(cat "$(dir "$1")/$2")" = "$3" ] || { echo "$2 is $(cat "$(dir "$1")/$2") instead of $3"; false; }; }
v1_only() { [ -n "$(dir memory)" ] || skip "a host with cgroup v1 controllers; v2: tests/vm"; }

@test "options reach the kernel's files; what is not given stays" {
	background
	v1_only
	zrun update --memory 64m --memory-swap 128M --pids-limit 33 --cpu-quota 50000 --cpu-period 100000 --cpu-share 512 --memory-reservation 32m "$ID"
	is memory memory.limit_in_bytes 67108864
	is memory memory.memsw.limit_in_bytes 134217728
	is memory memory.soft_limit_in_bytes 33554432
	is pids pids.max 33
	is cpu cpu.cfs_quota_us 50000
	is cpu cpu.shares 512
	zrun update --pids-limit 44 "$ID"
	is pids pids.max 44
	is memory memory.limit_in_bytes 67108864
	is cpu cpu.cfs_quota_us 50000
	zrun update --cpuset-cpus 0 --cpu-quota -1 --pids-limit -1 "$ID"
	is cpuset cpuset.cpus 0
	is cpu cpu.cfs_quota_us -1
	is pids pids.max max
}

@test "memory and swap are raised and lowered in the order that the kernel needs" {
	background
	v1_only
	zrun update --memory 100m --memory-swap 200m "$ID"
	zrun update --memory 400m --memory-swap 500m "$ID"
	is memory memory.limit_in_bytes 419430400
	is memory memory.memsw.limit_in_bytes 524288000
	zrun update --memory 50m --memory-swap 60m "$ID"
	is memory memory.limit_in_bytes 52428800
	is memory memory.memsw.limit_in_bytes 62914560
	zrun update --memory -1 --memory-swap -1 "$ID"
	run cat "$(dir memory)/memory.limit_in_bytes"
	[ "${#output}" -ge 19 ]
	run zrun update --memory 4096 "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"memory.limit"*"in use now"* ]]
	[ "$(status)" = running ]
}

@test "a document from a file and from standard input; options beside it are ignored" {
	background
	v1_only
	echo '{"pids":{"limit":21},"memory":{"limit":73400320}}' >"$TOP/r.json"
	zrun update --resources "$TOP/r.json" --pids-limit 99 "$ID"
	is pids pids.max 21
	is memory memory.limit_in_bytes 73400320
	echo '{"pids":{"limit":22}}' | zrun update -r - "$ID"
	is pids pids.max 22
	for text in '{"pids":{"limit":"x"}}' '{"memory":{"limit":1.5}}' '{' '[]' '{"unified":{"../x":"1"}}'; do
		run sh -c 'echo "$1" | "$2" --root "$3" update -r - "$4"' sh "$text" "$BUILD/zrun" "$TOP/run" "$ID"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" = 1 ]
	done
	is pids pids.max 22
	run zrun update -r /nosuch "$ID"
	[ "$status" -eq 1 ]
}

@test "device rules of a running container change when they are given, and only then" {
	config '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
	background
	zrun exec "$ID" sh -c '/bin/busybox mknod /dev/fuse c 10 229' || true
	reach() { zrun exec "$ID" sh -c '/bin/busybox dd if=/dev/fuse of=/dev/null bs=1 count=0 2>&1'; }
	[ -e /dev/fuse ] || skip "no /dev/fuse here"
	run reach
	[[ $output == *"not permitted"* ]]
	zrun update --pids-limit 30 "$ID"
	run reach
	[[ $output == *"not permitted"* ]]
	echo '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"rwm"}]}' | zrun update -r - "$ID"
	zrun exec "$ID" sh -c '[ -e /dev/fuse ] || /bin/busybox mknod /dev/fuse c 10 229'
	run reach
	[ "$status" -eq 0 ]
	echo '{"devices":[{"allow":false,"access":"rwm"}]}' | zrun update -r - "$ID"
	run reach
	[[ $output == *"not permitted"* ]]
	zrun exec "$ID" sh -c 'echo x >/dev/null' # the devices that OCI promises stay
}

@test "bad values, a stopped container and none are refused" {
	run zrun update --memory 1m "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"container does not exist"* ]]
	background
	for option in --memory --pids-limit --cpu-quota --cpu-share --blkio-weight; do
		run zrun update "$option" abc "$ID"
		[ "$status" -eq 1 ]
		[[ $output == *"$option"* ]]
	done
	run zrun update --kernel-memory 5m "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *"kernel-memory is ignored"* ]]
	zrun kill "$ID" KILL
	for _ in $(seq 50); do [ "$(status)" = stopped ] && break; sleep 0.1; done
	run zrun update --memory 64m "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
}
