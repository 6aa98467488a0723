#!/usr/bin/env bats
# apply and diff: a running zone becomes what its file says, all of it or nothing, and the kernel has it.
# shellcheck disable=SC2016,SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper

sleeper='service.command=["/bin/sleep","1000"]'

setup_more() {
	mkdir "$TOP/shut/src"
	echo "of the host" >"$TOP/shut/src/file"
}

# A file of the zone's cgroup, as zone info --live shows it.
cgroup() { # FILE...: the first one that is there
	local f
	for f in "$@"; do
		jq -er --arg f "$f" '.live.cgroup[$f] // empty' <<<"$LIVE" && return 0
	done
	return 1
}
look() {
	LIVE=$(zone info --live --json web)
}

pending() {
	zone list --json web | jq -r '.[0].pending'
}

how() { # PATH: what zone diff says of it
	zone diff --json web | jq -r --arg p "$1" '.changes[] | select(.path == $p) | .how'
}

inside() {
	zone exec web "$@"
}

mounted() { # DIR: in the zone
	inside awk -v d="$1" '$5 == d { n++ } END { print n + 0 }' /proc/self/mountinfo
}

MiB=1048576

@test "caps: CPU, memory, swap, threads are changed under a running zone, and taken away again" {
	booted web "$sleeper" cappedMemory.physical=200M
	init=$(init_pid web)
	zone set web cappedMemory.physical=100M cappedMemory.swap=150M cappedCPU.ncpus=0.5 cpuShares=50 maxLwps=40
	fails 0 zone apply web
	look
	[ "$(cgroup memory.limit_in_bytes memory.max)" = $((100 * MiB)) ]
	case $(cgroup memory.memsw.limit_in_bytes memory.swap.max) in $((150 * MiB)) | $((50 * MiB))) ;; *) false ;; esac
	case $(cgroup cpu.cfs_quota_us cpu.max) in 50000 | "50000 100000") ;; *) false ;; esac
	[ "$(cgroup pids.max)" = 40 ]
	shares=$(cgroup cpu.shares cpu.weight)
	# inside they hold
	run inside python3 -c '
import os, time
n = 0
try:
    while n < 500:
        if os.fork() == 0:
            time.sleep(2); os._exit(0)
        n += 1
except OSError: print("stopped")'
	says stopped
	wait_for 10 sh -c '[ "$(zone ps web --json | jq length)" -lt 10 ]'
	run inside python3 -c 'bytearray(400 << 20)'
	[ "$status" -eq 137 ]
	# and away
	zone clear web cappedMemory.swap cappedCPU cpuShares maxLwps
	zone set web cappedMemory.physical=300M
	fails 0 zone apply web
	look
	[ "$(cgroup memory.limit_in_bytes memory.max)" = $((300 * MiB)) ]
	case $(cgroup memory.memsw.limit_in_bytes memory.swap.max) in max | 9223372036854771712) ;; *) false ;; esac
	case $(cgroup cpu.cfs_quota_us cpu.max) in -1 | "max 100000") ;; *) false ;; esac
	[ "$(cgroup cpu.shares cpu.weight)" -gt "$shares" ]
	[ "$(cgroup pids.max)" = 4096 ]
	inside python3 -c 'bytearray(200 << 20)'
	[ "$(init_pid web)" = "$init" ]
	[ "$(pending)" = false ]
}

@test "fs: a folder of the host and a tmpfs come, change and go" {
	booted web "$sleeper" limitpriv=default,sys_admin
	zone add web fs dir=/data special="$TOP/shut/src" type=lofs options=ro
	zone add web fs dir=/deep/er/scratch type=tmpfs options=size=1M
	fails 0 zone apply web
	[ "$(inside cat /data/file)" = "of the host" ]
	[ "$(inside stat -c '%u %g' /data/file)" = "0 0" ]
	run inside sh -c 'echo x >/data/new'
	says "Read-only"
	[ ! -e "$TOP/shut/src/new" ]
	[ "$(inside stat -c %U /deep/er/scratch)" = root ]
	inside sh -c 'echo x >/deep/er/scratch/f'
	run inside dd if=/dev/zero of=/deep/er/scratch/big bs=1M count=2
	says "No space left"
	# root inside takes nothing back
	run inside mount -o remount,bind,rw /data
	[ "$status" -ne 0 ]
	run inside sh -c 'echo x >/data/new'
	says "Read-only"
	inside sh -c 'mount -t tmpfs t /mnt && umount /mnt' # it can mount, that is
	# changed in place; a tmpfs would lose its files
	zone set web 'fs[0].options=["rw"]' 'fs[1].options=["size=2M"]'
	[ "$(how 'fs[/data]')" = live ]
	[ "$(how 'fs[/deep/er/scratch]')" = reboot ]
	fails 0 zone apply web
	inside sh -c 'echo of the zone >/data/new'
	[ "$(stat -c %u "$TOP/shut/src/new")" = 0 ]
	[ "$(inside cat /deep/er/scratch/f)" = x ]
	[ "$(mounted /data)" = 1 ]
	zone clear web fs
	fails 0 zone apply web
	[ "$(mounted /data)" = 0 ]
	[ "$(mounted /deep/er/scratch)" = 0 ]
	[ "$(pending)" = false ]
	run ! grep -qF "$TOP/storage" <(findmnt -rno TARGET)
	grep -q "of the zone" "$TOP/shut/src/new"
}

@test "fs that were there at boot go and come back" {
	booted web "$sleeper" "fs=[{\"dir\":\"/data\",\"special\":\"$TOP/shut/src\",\"type\":\"lofs\"},{\"dir\":\"/data/sub\",\"type\":\"tmpfs\"}]"
	zone remove web fs dir=/data
	[ "$(how 'fs[/data]')" = reboot ] # something is mounted below it
	zone remove web fs dir=/data/sub
	fails 0 zone apply web
	[ "$(mounted /data/sub)" = 0 ]
	fails 0 zone apply web # nothing is below it any more
	[ "$(mounted /data)" = 0 ]
	zone add web fs dir=/data special="$TOP/shut/src" type=lofs
	fails 0 zone apply web
	[ "$(inside cat /data/file)" = "of the host" ]
	[ "$(pending)" = false ]
}

@test "a folder of the host that root inside has moved or covered is not called gone" {
	booted web "$sleeper" limitpriv=default,sys_admin "fs=[{\"dir\":\"/deep/data\",\"special\":\"$TOP/shut/src\",\"type\":\"lofs\"}]"
	inside mv /deep /elsewhere
	zone clear web fs
	fails 1 zone apply web
	says "fs[/deep/data]"
	says "zone reboot web"
	[ "$(pending)" = true ]
	inside mv /elsewhere /deep
	inside mount -t tmpfs cover /deep/data
	fails 0 zone apply web
	[ "$(mounted /deep/data)" = 0 ]
	run inside cat /deep/data/file
	[ "$status" -ne 0 ]
}

@test "device: the node and the right to it come, change and go" {
	[ -c /dev/fuse ] || skip "no /dev/fuse"
	booted web "$sleeper"
	zone add web device match=/dev/fuse
	fails 0 zone apply web
	inside test -c /dev/fuse
	look
	run cgroup devices.list
	[ "$status" -ne 0 ] || says "10:229 rwm" || says "10:229 rw"
	zone set web 'device[0].access=r'
	fails 0 zone apply web
	look
	run cgroup devices.list
	[ "$status" -ne 0 ] || says "10:229 r"
	case $output in *"10:229 rw"*) false ;; esac
	[ "$(mounted /dev/fuse)" = 1 ]
	zone clear web device
	fails 0 zone apply web
	run inside ls /dev/fuse
	[ "$status" -ne 0 ]
	look
	run cgroup devices.list
	case $output in *"10:229"*) false ;; esac
	[ "$(pending)" = false ]
}

@test "device: one that is shut on the host is the root's in the zone: at boot, live, and with a monitor that was killed" {
	device=$(shut_device) || skip "no device here is shut to others and can be opened"
	before=$(stat -c '%a %u %g %t %T %Z' "$device")
	bits=$(stat -c %a "$device")
	opens() { inside python3 -c 'import os, sys; os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1])); os.open(sys.argv[2], os.O_RDWR)' "$@"; }
	is_the_roots() {
		[ "$(inside stat -c '%a %u %g' "$device")" = "$bits 0 0" ]
		opens 0 "$device"
		run opens 1000 "$device"
		says "Permission denied"
		[ "$(mounted "$device")" = 1 ]
		zone audit -q web
	}
	booted web "$sleeper" 'device=[{"match":"'"$device"'"}]'
	is_the_roots
	# root inside may hand it on; the next boot knows nothing of it
	inside chown 1000:1000 "$device"
	opens 1000 "$device"
	inside chmod 0 "$device"
	inside chown root:root "$device"
	zone audit -q web
	zone clear web device
	fails 0 zone apply web
	run inside ls "$device"
	[ "$status" -ne 0 ]
	zone add web device match="$device"
	fails 0 zone apply web
	is_the_roots
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	[ "$(state_of web)" = running ]
	is_the_roots
	zone clear web device
	fails 0 zone apply web
	run inside ls "$device"
	[ "$status" -ne 0 ]
	zone add web device match="$device"
	fails 0 zone apply web
	is_the_roots
	zone reboot web
	is_the_roots
	[ "$(stat -c '%a %u %g %t %T %Z' "$device")" = "$before" ]
}

@test "what the monitor needs it has from then on: restart, shutdownTimeout; also when it was killed" {
	booted web 'service.command=["/bin/sh","-c","trap \"\" TERM; while :; do sleep 1; done"]'
	zone set web restart=always shutdownTimeout=500ms attr.owner=acme autoboot=true
	fails 0 zone apply web
	[ "$(pending)" = false ]
	old=$(init_pid web)
	kill -9 "$old"
	wait_for 20 eval '[ "$(state_of web)" = running ] && [ "$(init_pid web)" != "$old" ]'
	# a file that changes without an apply is not what the zone runs with, not for a new monitor either
	zone set web shutdownTimeout=1h
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	zone exec web true
	[ "$(pending)" = true ]
	timeout -k 5 30 zone shutdown web
	[ "$(state_of web)" = installed ]
}

@test "keys that need a boot are named, have a pending mark, and hold after the boot" {
	booted web "$sleeper" maxLwps=50
	[ "$(pending)" = false ]
	run zone list web
	case $output in *pending*) false ;; esac
	zone set web hostname=other maxLwps=60 nesting=true hostid=0x84f1a2c3 limitpriv=default,!chown
	[ "$(pending)" = true ]
	run zone list
	says pending
	run zone info web
	says "zone diff web"
	zone info --json web | jq -e '.pending == 5'
	run --separate-stderr zone apply web
	[ "$status" = 0 ]
	[[ $stderr == *"zone reboot web"* ]]
	says "reboot  hostname"
	[ "$(pending)" = true ]
	[ "$(inside hostname)" = web ]
	[ "$(inside hostid)" = 84f1a2c3 ]
	run zone apply --json web
	jq -e '.ok and .pending == 3 and (.changes | map(.path) | sort) == ["hostname", "limitpriv", "nesting"] and all(.changes[]; .why)' <<<"$output"
	zone reboot web
	[ "$(inside hostname)" = other ]
	[ "$(pending)" = false ]
	[ "$(zone diff --json web | jq '.pending')" = 0 ]
}

@test "-n prints the plan and changes nothing" {
	booted web "$sleeper" maxLwps=50
	zone set web maxLwps=60 hostname=other
	before=$(cat "$ZONES_RUN_DIR"/web/*.json "$ZONES_CONFIG_DIR/web.json")
	fails 0 zone apply -n web
	says maxLwps
	says hostname
	look
	[ "$(cgroup pids.max)" = 50 ]
	[ "$(cat "$ZONES_RUN_DIR"/web/*.json "$ZONES_CONFIG_DIR/web.json")" = "$before" ]
	fails 0 zone apply -n -f - <<<'{"zonename":"web","maxLwps":70}'
	[ "$(cat "$ZONES_RUN_DIR"/web/*.json "$ZONES_CONFIG_DIR/web.json")" = "$before" ]
	fails 0 zone apply -n -f - <<<'{"zonename":"new"}'
	fails 1 zone list new
}

@test "a second apply has nothing to do; five at once do the work once" {
	booted web "$sleeper"
	zone add web fs dir=/data special="$TOP/shut/src" type=lofs
	zone set web maxLwps=60
	for i in 1 2 3 4 5; do zone apply --json web >"$TOP/out.$i" & done
	wait
	[ "$(jq -s 'map(select(.ok)) | length' "$TOP"/out.*)" = 5 ]
	[ "$(jq -s 'map(select(.changes != [])) | length' "$TOP"/out.*)" = 1 ]
	[ "$(mounted /data)" = 1 ]
	run zone apply web
	[ "$status" = 0 ]
	says "nothing to do"
}

@test "memory below what is in use: refused with the use and the way out, and nothing else happened" {
	booted web 'service.command=["/usr/bin/python3","-c","import time; a = bytearray(b\"x\") * (60 << 20); print(\"full\", flush=True); time.sleep(1000)"]' cappedMemory.physical=200M cappedMemory.swap=200M maxLwps=50
	wait_for 20 sh -c 'zone logs web | grep -q full'
	zone set web cappedMemory.physical=16M cappedMemory.swap=16M maxLwps=60 cappedCPU.ncpus=0.5 attr.a=b
	zone add web fs dir=/data special="$TOP/shut/src" type=lofs
	fails 1 zone apply web
	says "cappedMemory."
	says "in use now"
	look
	[ "$(cgroup memory.limit_in_bytes memory.max)" = $((200 * MiB)) ]
	[ "$(cgroup pids.max)" = 50 ]
	case $(cgroup cpu.cfs_quota_us cpu.max) in -1 | "max 100000") ;; *) false ;; esac
	[ "$(mounted /data)" = 0 ]
	[ "$(state_of web)" = running ]
	[ "$(how maxLwps)" = live ]
	[ "$(zone diff --json web | jq '[.changes[] | select(.again)] | length')" = 0 ]
	zone set web cappedMemory.physical=100M cappedMemory.swap=100M
	fails 0 zone apply web
	look
	[ "$(cgroup memory.limit_in_bytes memory.max)" = $((100 * MiB)) ]
	[ "$(pending)" = false ]
}

@test "a step that fails undoes those before it, and the error names the key" {
	booted web "$sleeper" maxLwps=50 cpuShares=50 "fs=[{\"dir\":\"/old\",\"special\":\"$TOP/shut/src\",\"type\":\"lofs\"}]"
	look
	shares=$(cgroup cpu.shares cpu.weight)
	zone clear web fs
	zone set web maxLwps=60 cpuShares=80
	zone add web fs dir=/data special="$TOP/shut/src" type=lofs
	zone add web fs dir=/data2/x special="$TOP/shut/src" type=lofs
	inside sh -c 'echo >/data2' # a file in the way: only the mount itself finds it
	fails 1 zone apply web
	says "fs[/data2/x]"
	look
	[ "$(cgroup pids.max)" = 50 ]
	[ "$(cgroup cpu.shares cpu.weight)" = "$shares" ]
	[ "$(mounted /data)" = 0 ]
	[ "$(mounted /old)" = 1 ]
	[ "$(inside cat /old/file)" = "of the host" ]
	[ "$(zone diff --json web | jq '[.changes[] | select(.again)] | length')" = 0 ]
	inside rm /data2
	fails 0 zone apply web
	[ "$(mounted /old)" = 0 ]
	[ "$(mounted /data2/x)" = 1 ]
}

@test "apply -f that fails leaves the old file, byte for byte" {
	booted web "$sleeper" maxLwps=50
	sum=$(sha256sum "$ZONES_CONFIG_DIR/web.json")
	inside sh -c 'echo >/data2'
	jq --arg s "$TOP/shut/src" '.maxLwps = 60 | .fs = [{dir: "/data2/x", special: $s, type: "lofs"}]' "$ZONES_CONFIG_DIR/web.json" >"$TOP/new.json"
	fails 1 zone apply -f "$TOP/new.json"
	says "fs[/data2/x]"
	[ "$(sha256sum "$ZONES_CONFIG_DIR/web.json")" = "$sum" ]
	[ "$(pending)" = false ]
	inside rm /data2
	fails 0 zone apply -f "$TOP/new.json"
	cmp "$TOP/new.json" "$ZONES_CONFIG_DIR/web.json"
	[ "$(mounted /data2/x)" = 1 ]
	[ "$(pending)" = false ]
}

@test "apply -f: wrong files are told with line and column, and change nothing" {
	booted web "$sleeper" maxLwps=50
	sum=$(sha256sum "$ZONES_CONFIG_DIR/web.json")
	printf '{ "zonename": "web",\n  "maxLwsp": 5,\n  "autoboot": 7 }' >"$TOP/bad.json"
	fails 1 zone apply -f "$TOP/bad.json"
	says "$TOP/bad.json:2:"
	says maxLwps
	says "$TOP/bad.json:3:"
	printf '{ "zonename": "web",\n' >"$TOP/bad.json"
	fails 1 zone apply -f "$TOP/bad.json"
	says "$TOP/bad.json:2:"
	printf '{ "zonename": "other" }' >"$TOP/bad.json"
	fails 1 zone apply -f "$TOP/bad.json" web
	says zonename
	fails 1 zone apply -f - <<<'{ "maxLwps": 5 }'
	says zonename
	fails 1 zone apply -f - web <<<'{ "fs": [{"dir": "/x", "special": "/no/such", "type": "lofs"}] }'
	says /no/such
	fails 1 zone apply -f /no/such/file
	[ "$(sha256sum "$ZONES_CONFIG_DIR/web.json")" = "$sum" ]
	look
	[ "$(cgroup pids.max)" = 50 ]
	printf '{' >"$ZONES_CONFIG_DIR/web.json"
	fails 1 zone apply web
	says "web.json:1:"
}

@test "apply -f makes a zone that does not exist; for one that does not run the file counts at its boot" {
	run --separate-stderr zone apply --json -f - <<<'{ "zonename": "web", "maxLwps": 50 }'
	[ "$status" = 0 ]
	jq -e '.ok and .created and .state == "configured" and .changes == []' <<<"$output"
	[ "$(state_of web)" = configured ]
	fails 0 zone apply -f - web <<<'{ "maxLwps": 60 }'
	jq -e '.maxLwps == 60' "$ZONES_CONFIG_DIR/web.json"
	zone install web
	fails 0 zone apply web
	says "when it boots"
	zone boot web
	look
	[ "$(cgroup pids.max)" = 60 ]
	fails 0 zone diff web
	[ -z "$output" ]
}

@test "what no running zone can change is refused by name" {
	booted web "$sleeper" maxLwps=50
	jq '.brand = "linux" | .maxLwps = 60' "$ZONES_CONFIG_DIR/web.json" >"$TOP/new.json"
	fails 1 zone apply -f "$TOP/new.json"
	says brand
	says "install it again"
	fails 1 zone apply -n -f "$TOP/new.json"
	says "refused  brand"
	jq --arg p "$TOP/elsewhere" '.zonepath = $p' "$ZONES_CONFIG_DIR/web.json" >"$TOP/new.json"
	fails 1 zone apply -f "$TOP/new.json"
	says zonepath
	look
	[ "$(cgroup pids.max)" = 50 ]
	[ "$(pending)" = false ]
}

@test "a zone with links and a published port: what is its own is not called taken" {
	zone create web "$sleeper" 'publish=[{"port":8080,"to":80}]' maxLwps=50
	zone install web
	zone boot web
	zone set web maxLwps=60
	fails 0 zone apply web
	look
	[ "$(cgroup pids.max)" = 60 ]
	[ "$(pending)" = false ]
}

@test "a frozen zone is changed as well; a ready one too" {
	native web "$sleeper" maxLwps=50
	zone ready web
	zone set web maxLwps=60
	fails 0 zone apply web
	look
	[ "$(cgroup pids.max)" = 60 ]
	zone boot web
	zone freeze web
	zone set web maxLwps=70
	fails 0 zone apply web
	zone thaw web
	look
	[ "$(cgroup pids.max)" = 70 ]
}

@test "usage and states" {
	fails 2 zone apply
	fails 2 zone apply a b
	fails 2 zone diff
	fails 1 zone apply nosuch
	fails 1 zone diff nosuch
	fails 2 zone apply --nosuch web
}

# What the next apply has to reach after a kill: the file that was applied or, for odd numbers, another one that the administrator wrote meanwhile.
finished() { # NUMBER
	local want=60 mount=/data other=/old
	if [ $(($1 % 2)) = 0 ]; then
		fails 0 zone apply web
	else
		fails 0 zone apply -f "$TOP/a.json"
		want=50 mount=/old other=/data
	fi
	look
	[ "$(cgroup pids.max)" = $want ]
	[ "$(mounted $mount)" = 1 ]
	[ "$(mounted $other)" = 0 ]
	[ "$(pending)" = false ]
}

@test "kill -9 at any moment: the next apply finishes" {
	command -v strace >/dev/null || skip "needs strace"
	booted web "$sleeper" maxLwps=50 "fs=[{\"dir\":\"/old\",\"special\":\"$TOP/shut/src\",\"type\":\"lofs\"}]"
	cp "$ZONES_CONFIG_DIR/web.json" "$TOP/a.json"
	jq --arg s "$TOP/shut/src" '.maxLwps = 60 | .cpuShares = 80 | .attr = {"a": "b"} | .fs = [{dir: "/data", special: $s, type: "lofs"}]' "$TOP/a.json" >"$TOP/b.json"
	killed=0
	for call in write rename renameat2 clone3 wait4; do
		at=1 code=1
		while [ "$code" != 0 ]; do
			cp "$TOP/b.json" "$ZONES_CONFIG_DIR/web.json"
			code=0
			strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$at zone apply web >/dev/null 2>&1 || code=$?
			[ "$code" = 0 ] || killed=$((killed + 1))
			finished $at
			fails 0 zone apply -f "$TOP/a.json"
			at=$((at + 1))
			[ $at -lt 200 ]
		done
	done
	[ $killed -ge 12 ]
}
