#!/usr/bin/env bats
# The systemd cgroup driver, with a systemd that is process 1 of namespaces of its own (tests/helper/systemd-host).
# shellcheck disable=SC2016,SC2030,SC2031
load helper

# host MODE SCRIPT: the script beside systemd. $z is zrun with the driver, $b the bundle, $id the container's id, $unit its unit
host() {
	local mode=$1
	[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian: apt-get install systemd)"
	[ "$mode" = unified ] || [ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "a host with cgroup v1 controllers; v2 is the other test"
	cat >"$TOP/lines" <<'LINES'
set -u
fail() { echo "FAILED: $*"; exit 1; }
where() { awk -F: -v n="$1" '$2 == n { print $3 }' "/proc/$pid/cgroup"; }
file() { if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat "/sys/fs/cgroup$(where "")/$2"; else cat "/sys/fs/cgroup/$1$(where "$1")/$2"; fi; }
is() { [ "$(file "$1" "$2")" = "$3" ] || fail "$2 is $(file "$1" "$2") instead of $3"; }
prop() { systemctl show "$unit" -p "$1" --value; }
inside() { [ -z "$(if [ -e /sys/fs/cgroup/cgroup.controllers ]; then grep ^0 "/proc/$pid/cgroup"; else cat "/proc/$pid/cgroup"; fi | sed 's/.*://' | grep -vxF "$1")" ] || { cat "/proc/$pid/cgroup"; fail "not everywhere in $1"; }; }
start() { $z create -b "$b" "$id" </dev/null >/dev/null && $z start "$id" && pid=$($z state "$id" | jq .pid); }
nothing_left() {
	[ -z "$(find /sys/fs/cgroup -name "$unit")" ] || fail "the cgroup is left"
	[ "$(systemctl show "$unit" -p LoadState --value)" = not-found ] || fail "the unit is left: $(systemctl status "$unit")"
	[ -z "$(pgrep -x zrun)" ] || fail "a process is left"
}
LINES
	printf '%s\n' "$2" >>"$TOP/lines"
	cp "$BUILD/zrun" "$TOP/zrun" # the build may be below /tmp, which is another one there
	run "$ROOT/tests/helper/systemd-host" "$mode" "$TOP" "$ID.systemd" env z="$TOP/zrun --root $TOP/run --systemd-cgroup" b="$BUNDLE" id="$ID" unit="test-$ID.scope" bash "$TOP/lines"
	echo "$output"
	tail -n 20 "$TOP/systemd/log"
	[ "$status" = 0 ]
}

limited() {
	script 'exec sleep 1000'
	config '.linux.cgroupsPath = "test-pod.slice:test:" + $id | .linux.resources += {"pids":{"limit":33},"memory":{"limit":67108864},"cpu":{"quota":50000,"period":100000,"shares":512,"cpus":"0"}}' --arg id "$ID"
}

@test "a scope in every hierarchy, with limits that outlive a reload of systemd, and nothing after delete" {
	limited
	host hybrid '
		start || fail start
		inside "/test.slice/test-pod.slice/$unit"
		check() {
			is pids pids.max 33
			is memory memory.limit_in_bytes 67108864
			is cpu cpu.cfs_quota_us 50000
			is cpuset cpuset.cpus 0
			file devices devices.list | grep -qx "c 1:3 rwm" || fail "no /dev/null"
			[ -z "$(file devices devices.list | grep ^a)" ] || fail "all devices are allowed"
		}
		check
		is cpu cpu.shares 512
		[ "$(prop Delegate)/$(prop TasksMax)/$(prop MemoryLimit)/$(prop DevicePolicy)" = yes/33/67108864/strict ] || fail "$(systemctl show "$unit")"
		systemctl daemon-reload
		systemctl set-property --runtime "$unit" IOWeight=77
		check
		inside "/test.slice/test-pod.slice/$unit"
		$z update --pids-limit 44 --memory 128m "$id" || fail update
		is pids pids.max 44
		[ "$(prop TasksMax)/$(prop MemoryLimit)" = 44/134217728 ] || fail "systemd was not told: $(prop TasksMax)"
		$z exec "$id" cat /proc/self/cgroup >/dev/null || fail exec
		$z delete -f "$id" || fail delete
		nothing_left
	'
}

@test "cgroup2 only: the device program stays through a reload; kill, pause and exec as always" {
	limited
	config 'del(.linux.resources.memory, .linux.resources.cpu, .linux.resources.pids)' # this hierarchy may have no controllers
	host unified '
		start || fail start
		inside "/test.slice/test-pod.slice/$unit"
		systemctl daemon-reload
		$z exec "$id" sh -c "echo x >/dev/null" || fail "/dev/null"
		$z exec "$id" sh -c "/bin/busybox mknod /dev/port c 1 4 && cat /dev/port" && fail "a device that is not allowed"
		$z pause "$id" && [ "$($z state "$id" | jq -r .status)" = paused ] && $z resume "$id" || fail pause
		$z delete -f "$id" || fail delete
		nothing_left
	'
}

@test "a limit of one process leaves room for the first one" {
	limited
	config '.linux.resources.pids.limit = 1'
	host hybrid '
		start || fail start
		is pids pids.max 1
		$z delete -f "$id"
		nothing_left
	'
}

@test "what fails leaves no scope, and a unit of that name that is not ours is left alone" {
	limited
	config '.process.args = ["/nothing/here"]'
	host hybrid '
		$z run -b "$b" "$id" </dev/null && fail "it ran"
		nothing_left
		systemd-run --quiet --scope --unit="$unit" sleep 300 &
		while [ "$(prop ActiveState)" != active ]; do sleep 0.05; done
		text=$($z create -b "$b" "$id" </dev/null 2>&1) && fail created
		[[ "$text" == *"$unit"* ]] || fail "$text"
		[ "$(prop ActiveState)" = active ] || fail "it was ended"
		systemctl stop "$unit"
		[ -z "$($z list -q)" ] || fail "a container is left"
	'
}

@test "a scope that failed is forgotten, before a new one and at delete" {
	limited
	host hybrid '
		start || fail start
		systemctl kill --signal=KILL "$unit"
		while [ "$($z state "$id" | jq -r .status)" != stopped ]; do sleep 0.05; done
		$z delete "$id" || fail delete
		nothing_left
		start || fail "start again"
		$z delete -f "$id" || fail "delete again"
		nothing_left
	'
}

@test "the user's own systemd makes the scope of a rootless container" {
	limited
	config 'del(.linux.resources) | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end) | .mounts |= map(select(.type != "cgroup"))'
	mkdir "$TOP/user"
	cp "$BUILD/zrun" "$TOP/user/zrun-program"
	chown -R games:games "$TOP/user" "$BUNDLE"
	host unified '
		mkdir -p /run/user/games && chown games:games /run/user/games
		export XDG_RUNTIME_DIR=/run/user/games
		systemd-run --quiet --unit=user-manager --uid=games -p Delegate=yes -p StandardError=file:/run/user-manager.log -E XDG_RUNTIME_DIR -E SYSTEMD_UNIT_PATH="$XDG_RUNTIME_DIR/systemd/transient:$(dirname "$b")/systemd/units" /lib/systemd/systemd --user
		for _ in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/systemd/private" ] && break; sleep 0.05; done
		cat >/tmp/rootless <<"LINES"
			z="$1 --root /run/user/games/zrun --systemd-cgroup" b=$2 id=$3
			$z create -b "$b" "$id" </dev/null >/dev/null || exit 91
			$z start "$id" || exit 92
			pid=$($z state "$id" | jq .pid)
			grep ^0: "/proc/$pid/cgroup"
			$z exec "$id" cat /proc/self/cgroup >/dev/null || exit 93
			$z delete -f "$id" || exit 94
			systemctl --user show "test-$id.scope" -p LoadState
LINES
		# in the part of the tree that is the users, as everything that their systemd starts
		top=/sys/fs/cgroup/system.slice/user-manager.service
		mkdir $top/session && chown -R games:games $top/session && echo $$ >$top/session/cgroup.procs
		setpriv --reuid games --regid games --clear-groups unshare --user --map-root-user --mount bash /tmp/rootless "$(dirname "$b")/user/zrun-program" "$b" "$id" >/tmp/out 2>&1
		rc=$?; cat /tmp/out
		[ $rc = 0 ] || { systemctl status --no-pager user-manager; cat /run/user-manager.log; fail "status $rc"; }
		grep -q "^0::/system.slice/user-manager.service/test.slice/test-pod.slice/test-$id.scope$" /tmp/out || fail "not in the scope of the user"
		grep -qx LoadState=not-found /tmp/out || fail "the unit is left"
	'
}

@test "annotations that concern the unit itself become its properties" {
	limited
	config '.annotations = {"org.systemd.property.TimeoutStopSec":"uint64 7","org.systemd.property.Description":"'"'"'a test'"'"'"}'
	host hybrid '
		start || fail start
		[ "$(prop TimeoutStopUSec)/$(prop Description)" = "7s/a test" ] || fail "$(prop TimeoutStopUSec) $(prop Description)"
		$z delete -f "$id"
	'
}

@test "an annotation that would reach beyond the unit is refused by name" {
	limited
	config '.annotations = {"org.systemd.property.FailureAction":"'"'"'reboot'"'"'"}'
	run zrun --systemd-cgroup create -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *org.systemd.property.FailureAction*"no property that a container may set"* ]]
}

@test "without a path the scope is zrun-ID.scope in system.slice" {
	script 'exec sleep 1000'
	config 'del(.linux.cgroupsPath)'
	host hybrid '
		start || fail start
		inside "/system.slice/zrun-$id.scope"
		$z delete -f "$id"
	'
}

@test "paths that are not systemd's form, and a host without systemd" {
	script true
	for path in /a/b a:b a:b:c:d :x: 'x.slice:../y:z' 'nosuffix:x:y' 'a--b.slice:x:y'; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		run zrun --systemd-cgroup create -b "$BUNDLE" "$ID"
		echo "$path: $output"
		[ "$status" = 1 ]
		[[ "$output" == *cgroupsPath*"$path"* ]]
	done
	[ ! -d /run/systemd/system ] || skip "systemd is this host's init"
	config '.linux.cgroupsPath = "x.slice:x:y"'
	run zrun --systemd-cgroup create -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"needs systemd as the host's init, which is not running"* ]]
	[ -z "$(zrun list -q)" ]
}

@test "a service of Type=notify: active when the program says so, with the program as its main process; sent by run --detach and by start" {
	[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian: apt-get install systemd)"
	python 'import os, signal, socket, time
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
while not os.path.exists("/tmp/go"): time.sleep(0.05)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"READY=1\nMAINPID=1\nSTATUS=no")
time.sleep(1000)'
	cat >"$TOP/both" <<'SH'
#!/bin/sh
set -e
$z create -b "$b" "$id" </dev/null
exec $z start "$id"
SH
	chmod 755 "$TOP/both"
	host unified '
		z="${z% --systemd-cgroup} --cgroup-manager disabled" top=${b%/*}
		until_active() { for _ in $(seq 150); do [ "$(systemctl is-active "$1")" = active ] && return; sleep 0.1; done; systemctl status "$1"; fail "$1 is $(systemctl is-active "$1")"; }
		for command in "$z run -d -b $b $id" "$top/both"; do
			rm -f "$b/rootfs/tmp/go"
			systemd-run --no-block -q --unit=box -p Type=notify -p TimeoutStartSec=60 -E "z=$z" -E "b=$b" -E "id=$id" $command || fail "$command"
			for _ in $(seq 100); do [ "$($z state "$id" 2>/dev/null | jq -r .status)" = running ] && break; sleep 0.1; done
			sleep 0.5
			[ "$(systemctl is-active box)" = activating ] || fail "box is $(systemctl is-active box) too early"
			touch "$b/rootfs/tmp/go"
			until_active box
			[ "$(systemctl show box -p MainPID --value)" = "$($z state "$id" | jq .pid)" ] || fail "the main process is $(systemctl show box -p MainPID --value)"
			[ -z "$(systemctl show box -p StatusText --value)" ] || fail "a status came through"
			sleep 0.5
			[ "$(systemctl is-active box)" = active ] || fail "it does not stay: $(systemctl status box)"
			systemctl stop box
			for _ in $(seq 20); do [ "$($z state "$id" | jq -r .status)" != stopped ] || break; sleep 0.1; done # systemd hears of an empty cgroup first
			[ "$($z state "$id" | jq -r .status)" = stopped ] || fail "it is $($z state "$id")"
			$z delete "$id"
			systemctl reset-failed box 2>/dev/null
		done
		# in the foreground zrun is the main process itself
		rm -f "$b/rootfs/tmp/go"
		systemd-run --no-block -q --unit=front -p Type=notify -p TimeoutStartSec=60 $z run -b "$b" "$id" || fail run
		sleep 1
		[ "$(systemctl is-active front)" = activating ] || fail "front is $(systemctl is-active front) too early"
		touch "$b/rootfs/tmp/go"
		until_active front
		[ "$(cat "/proc/$(systemctl show front -p MainPID --value)/comm")" = zrun ] || fail "the main process is another"
		systemctl stop front
		[ -z "$($z list -q)" ] || fail "$($z list)"
	'
}

@test "a container that has ended and whose unit another one has now: kill --all and delete leave that one alone" {
	script 'exec sleep 1000'
	config '.linux.cgroupsPath = "test-pod.slice:test:" + $id' --arg id "$ID"
	cp "$BUNDLE/config.json" "$TOP/own.json"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	cp "$BUNDLE/config.json" "$TOP/hosts.json"
	host hybrid '
		for c in own hosts; do
			cp "${b%/*}/$c.json" "$b/config.json"
			start || fail start
			$z kill "$id" KILL
			for _ in $(seq 100); do [ "$(systemctl show "$unit" -p LoadState --value)" = not-found ] && break; sleep 0.1; done
			$z run -d -b "$b" "$id-2" </dev/null >/dev/null || fail "run another with $c"
			$z kill --all "$id" KILL
			sleep 0.2
			[ "$($z state "$id-2" | jq -r .status)" = running ] || fail "$c: kill --all has ended another one"
			timeout 5 $z delete "$id" || fail "$c: delete"
			sleep 0.2
			[ "$($z state "$id-2" | jq -r .status)" = running ] || fail "$c: delete has ended another one"
			[ "$(systemctl is-active "$unit")" = active ] || fail "$c: the unit of another one is gone"
			$z delete -f "$id-2" || fail "$c: delete the other one"
			nothing_left
		done
	'
}

@test "all devices but one: a warning says that a reload of systemd allows that one on cgroup v1" {
	script 'exec sleep 1000'
	config '.linux.cgroupsPath = "test-pod.slice:test:" + $id | .linux.resources.devices = [{"allow": true}, {"allow": false, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]' --arg id "$ID"
	host hybrid '
		$z run -d -b "$b" "$id" </dev/null >"$b/said" 2>&1 || fail start
		grep "resources.devices: systemd cannot keep" "$b/said" || fail "no warning: $(cat "$b/said")"
		$z delete -f "$id" || fail delete
		nothing_left
	'
}

@test "an update of device rules that is killed while the container stands still lets it go on" {
	[[ "$BUILD" != */san ]] || skip "strace and the sanitizers"
	limited
	host hybrid '
		start || fail start
		echo "{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rwm\"}]}" >"$b/devices"
		$z update -r "$b/devices" "$id" || fail update
		freezer=/sys/fs/cgroup/unified$(where "")/cgroup.freeze
		[ -e "$freezer" ] || fail "no $freezer"
		strace -qq -o "$b/trace" -P "$freezer" -e trace=write -e inject=write:signal=KILL:when=2 $z update -r "$b/devices" "$id" && fail "not killed: $(cat "$b/trace")"
		grep KILL "$b/trace" || fail "it was not frozen: $(cat "$b/trace")" # at the thaw
		for _ in $(seq 50); do [ "$($z state "$id" | jq -r .status)" != running ] || break; sleep 0.1; done
		[ "$($z state "$id" | jq -r .status)" = running ] || fail "it stays frozen"
		$z update -r "$b/devices" "$id" || fail "update after it"
		$z delete -f "$id" || fail delete
		nothing_left
	'
}
