#!/bin/bash
# What tests/vm/systemd.bats runs in the guest: zrun's systemd driver where cgroup2 has all controllers, beside a systemd of its own (tests/helper/systemd-host).
# shellcheck disable=SC2016
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"
top=/disk/sd bundle=/disk/sd/bundle

limits() {
	mkdir -p $bundle/rootfs/{bin,proc,dev,sys,tmp}
	cp "$(command -v busybox)" $bundle/rootfs/bin/
	cp "$(command -v zrun)" $top/zrun # /tmp, where the build may be, is another one beside that systemd
	for n in sh sleep cat; do ln -s busybox $bundle/rootfs/bin/$n; done
	zrun spec -b $bundle
	jq '.process.terminal = false | .process.args = ["sleep", "1000"] | .linux.cgroupsPath = "test-pod.slice:test:one" |
		.linux.resources = {"pids":{"limit":33},"memory":{"limit":67108864,"swap":67108864,"reservation":33554432},"cpu":{"quota":50000,"period":100000,"shares":2048,"cpus":"0"},
			"blockIO":{"weight":500},"unified":{"memory.high":"60000000"},"devices":[{"allow":false,"access":"rwm"}]}' $bundle/config.json >$bundle/new && mv $bundle/new $bundle/config.json
	for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
	cat >$top/lines <<'LINES'
fail() { echo "FAILED: $*"; exit 1; }
z="/disk/sd/zrun --root /disk/sd/run --systemd-cgroup"
$z create -b /disk/sd/bundle one </dev/null >/dev/null && $z start one || fail start
dir=/sys/fs/cgroup/test.slice/test-pod.slice/test-one.scope
[ "$(cut -d: -f3 "/proc/$($z state one | jq .pid)/cgroup")" = /test.slice/test-pod.slice/test-one.scope ] || fail place
is() { [ "$(cat $dir/$1)" = "$2" ] || fail "$1 is $(cat $dir/$1) instead of $2"; }
check() {
	is pids.max 33; is memory.max 67108864; is memory.swap.max 0; is memory.low 33554432; is memory.high 59998208
	is cpu.max "50000 100000"; is cpuset.cpus 0; is cpu.weight "$1"
}
weight=$(cat $dir/cpu.weight)
[ "$weight" -gt 100 ] || fail "cpu.weight $weight"
check "$weight"
systemctl daemon-reload
check "$weight"
systemctl set-property --runtime test-one.scope TasksMax=44
is pids.max 44
is memory.max 67108864
[ "$(systemctl show test-one.scope -p MemorySwapMax --value)/$(systemctl show test-one.scope -p AllowedCPUs --value)" = 0/0 ] || fail "$(systemctl show test-one.scope)"
$z exec one sh -c 'echo x >/dev/null' || fail /dev/null
$z update --memory 128m --memory-swap 128m --pids-limit 20 one || fail update
is memory.max 134217728; is pids.max 20
[ "$(systemctl show test-one.scope -p MemoryMax --value)" = 134217728 ] || fail "systemd was not told"
$z delete -f one || fail delete
[ ! -e $dir ] || fail "the cgroup is left"
[ "$(systemctl show test-one.scope -p LoadState --value)" = not-found ] || fail "the unit is left"
LINES
	"$(dirname "$0")/../helper/systemd-host" unified $top zrun-systemd bash $top/lines || { tail -n 20 $top/systemd/log; false; }
}

check limits limits
