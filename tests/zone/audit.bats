#!/usr/bin/env bats
# zone audit: every promise of a running zone is read back, and whatever is changed behind its back shows as exactly the line that it breaks.
# shellcheck disable=SC2016
load helper

# The properties whose lines have this verdict, sorted, in one line.
lines() {
	zone audit -q --json web | jq -r --arg v "$1" '[.[0].findings[] | select(.verdict == $v) | .property] | unique | join(" ")'
}

# breaks PROPERTIES COMMAND...: exactly these differ afterwards.
breaks() {
	local want=$1 is
	shift
	"$@"
	is=$(lines differs)
	[ "$is" = "$want" ] || { echo "$*: differs \"$is\" instead of \"$want\""; zone audit -q web; return 1; }
	if [ -n "$want" ]; then fails 1 zone audit -q web; else zone audit -q web; fi
}

holds() { breaks "" "$@"; }

# The folder of the zone in the hierarchy of a controller.
folder() {
	find /sys/fs/cgroup -maxdepth 5 -type d -path "*zones-$(cgroup_hash)/web" | grep "/$1/"
}

put() { echo "$1" >"$2"; }

@test "a fresh zone keeps all promises, of every kind; what does not run has none" {
	native web cappedMemory.physical=64M cappedMemory.swap=64M cappedMemory.locked=4M maxLwps=50 cappedCPU.ncpus=0.5 'rlimit={"nproc":40}' cpuShares=3 \
		'sysctl={"kernel.msgmax":"4096"}' 'fs=[{"dir":"/data","special":"/usr/share","type":"lofs","options":["ro"]},{"dir":"/scratch","type":"tmpfs","options":["size=8m"]}]'
	fails 1 zone audit web
	says 'only what runs can be audited'
	fails 1 zone audit nosuch
	fails 2 zone audit
	fails 2 zone audit -a web
	zone boot web
	zone audit web >"$TOP/table"
	zone audit --json -a >"$TOP/json"
	jq -e 'length == 1 and .[0].zone == "web" and .[0].ok and (.[0].findings | length > 60 and all(.verdict == "ok"))' "$TOP/json" || { cat "$TOP/table"; false; }
	for property in namespaces.user uid_map ownerUid processes.namespaces processes.Uid limitpriv.bounding limitpriv.effective seccomp noNewPrivileges rlimit.NOFILE maxProcesses hostname sysctl.kernel.msgmax \
		cappedMemory.physical cappedMemory.swap cappedMemory.locked cappedCPU.ncpus cpuShares maxLwps device cgroup root.idmap mounts./usr mounts./data mounts./scratch mounts devices./dev/null \
		maskedPaths./proc/kcore readonlyPaths./proc/sys/vm procView; do
		[ "$property" = rlimit.NOFILE ] || grep -qE "^web +ok +$property " "$TOP/table" || { echo "no line for $property"; cat "$TOP/table"; false; }
	done
	[ -z "$(zone audit -q web)" ]
	# what zone apply changes is the promise from then on
	zone set web maxLwps=60 'rlimit={"nproc":30}'
	zone audit -q web
	zone apply web
	zone audit web | grep -E '^web +ok +maxLwps .*=60 '
}

# over NODE: this node of the host shows in the zone instead of its $device; without a NODE that ends
over() {
	python3 - "$1" "$device" "$(init_pid web)" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
node, place, pid = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3]
tree = libc.syscall(428, -100, node, 1)                                     # open_tree CLONE
assert libc.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0) == 0
if node:
    assert tree >= 0 and libc.syscall(429, tree, b"", -100, place, 4) == 0   # move_mount F_EMPTY_PATH
else:
    assert libc.umount2(place, 2) == 0
P
}

@test "a device that the zone's root cannot open, or that is another" {
	device=$(shut_device) || skip "no device here is shut to others and can be opened"
	booted web 'device=[{"match":"'"$device"'"}]'
	# the host's own node: there, and open to nobody in the zone
	breaks "devices.$device" over "$device"
	zone audit -q web | grep "not open to its owner inside"
	holds over ""
	holds over /dev/null
	[ "$(lines changed)" = "devices.$device" ]
	over ""
	[ "$(lines changed)" = "" ]
}

@test "limits, device rules and who is in the cgroups" {
	[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ] || skip "this host has no cgroup v1"
	booted web cappedMemory.physical=64M cappedMemory.swap=64M maxLwps=50 cappedCPU.ncpus=0.5
	breaks maxLwps put 51 "$(folder pids)/pids.max"
	holds put 50 "$(folder pids)/pids.max"
	breaks maxLwps put max "$(folder pids)/pids.max"
	holds put 50 "$(folder pids)/pids.max"
	breaks cappedMemory.swap put 128M "$(folder memory)/memory.memsw.limit_in_bytes"
	breaks 'cappedMemory.physical cappedMemory.swap' put 100M "$(folder memory)/memory.limit_in_bytes"
	put 64M "$(folder memory)/memory.limit_in_bytes"
	holds put 64M "$(folder memory)/memory.memsw.limit_in_bytes"
	breaks cappedCPU.ncpus put -1 "$(folder cpu)/cpu.cfs_quota_us"
	holds put 50000 "$(folder cpu)/cpu.cfs_quota_us"
	breaks device put 'c 10:229 rwm' "$(folder devices)/devices.allow"
	holds put 'c 10:229 rwm' "$(folder devices)/devices.deny"
	breaks device put 'c 1:3 rwm' "$(folder devices)/devices.deny"
	holds put 'c 1:3 rwm' "$(folder devices)/devices.allow"
	breaks cgroup put "$(init_pid web)" "$(dirname "$(folder pids)")/cgroup.procs"
	holds put "$(init_pid web)" "$(folder pids)/cgroup.procs"
}

@test "links: protection, bandwidth, port, addresses" {
	booted web 'anet=[{"linkname":"net0","lowerLink":"auto","maxbw":"20M","isolated":true}]' 'publish=[{"port":8080,"to":80}]'
	zone audit -q web
	host=$(ip -o link | grep -oE 'zv[0-9a-f]+\.0' | head -n 1)
	inside() { nsenter -t "$(init_pid web)" -n "$@"; }
	handle=$(nft -a list chain netdev zones "$host" | grep -m 1 '"mac-nospoof"' | grep -oE 'handle [0-9]+' | cut -d' ' -f2)
	breaks 'anet[0].linkProtection' nft delete rule netdev zones "$host" handle "$handle"
	zone audit -q web | grep -E 'linkProtection .* other rules'
	breaks 'anet[0].linkProtection' nft flush chain netdev zones "$host"
	zone halt web
	zone boot web
	breaks 'anet[0].linkProtection' nft insert rule netdev zones "$host" accept
	zone halt web
	zone boot web
	breaks 'anet[0].macAddress' inside ip link set net0 address 02:00:00:00:00:01
	mac=$(zone audit --json web | jq -r '.[0].findings[] | select(.property == "anet[0].macAddress") | .promised')
	holds inside ip link set net0 address "$mac"
	breaks 'anet[0].allowedAddress anet[0].defrouter' inside ip addr del 10.88.0.2/24 dev net0
	inside ip addr add 10.88.0.2/24 dev net0
	inside ip route replace default via 10.88.0.1 dev net0
	holds true
	breaks 'anet[0].mtu' inside ip link set net0 mtu 1400
	holds inside ip link set net0 mtu 1500
	breaks 'anet[0].mtu.host' ip link set "$host" mtu 1400
	holds ip link set "$host" mtu 1500
	breaks 'anet[0].isolated' bridge link set dev "$host" isolated off
	holds bridge link set dev "$host" isolated on
	breaks 'anet[0].lowerLink' ip link set "$host" down
	holds ip link set "$host" up
	breaks 'anet[0].isolated anet[0].lowerLink' ip link set "$host" nomaster
	ip link set "$host" master zbr0
	holds bridge link set dev "$host" isolated on
	breaks 'anet[0].maxbw' tc qdisc del dev "$host" root
	zone halt web
	zone boot web
	breaks 'anet[0].maxbw' nft flush chain netdev zones "zi${host#zv}" # the bucket is there and nothing goes through it
	zone halt web
	zone boot web
	handle=$(nft -a list chain inet zones prerouting | grep -m 1 '"publish"' | grep -oE 'handle [0-9]+' | cut -d' ' -f2)
	breaks 'publish[0]' nft delete rule inet zones prerouting handle "$handle"
}

@test "a share of a bandwidth: a class is nothing without the way to it" {
	booted web 'anet=[{"linkname":"net0","lowerLink":"auto","sharedbw":"50M","maxbw":"20M"}]'
	host=$(ip -o link | grep -oE 'zv[0-9a-f]+\.0' | head -n 1)
	zone audit -q web
	for way in "nft flush chain netdev zones zi${host#zv}" "nft flush chain netdev zones zt${host#zv}" "tc filter del dev $host egress"; do
		# shellcheck disable=SC2086
		breaks 'anet[0].bwShare anet[0].maxbw' $way
		zone halt web
		zone boot web
		holds true
	done
}

@test "mounts, hidden paths, names, parameters" {
	booted web 'sysctl={"kernel.msgmax":"4096"}' 'fs=[{"dir":"/scratch","type":"tmpfs","options":["size=8m"]}]'
	pid=$(init_pid web)
	inside() { nsenter -t "$pid" -m -U -S 0 -G 0 "$@"; } # with rights that root of the zone has not
	breaks mounts./run inside mount -o remount,bind,rw,nodev /run
	holds inside mount -o remount,bind,rw,nosuid,nodev /run
	breaks mounts./dev/shm inside mount -o remount,bind,rw,nosuid,nodev /dev/shm
	holds inside mount -o remount,bind,rw,nosuid,nodev,noexec /dev/shm
	breaks mounts./scratch inside mount -o remount,nosuid,nodev,size=64m /scratch
	holds inside mount -o remount,nosuid,nodev,size=8m /scratch
	breaks mounts./scratch inside umount /scratch
	inside mount -t tmpfs -o nosuid,nodev,size=8m tmpfs /scratch
	holds true
	breaks readonlyPaths./proc/sys/vm inside umount /proc/sys/vm
	hidden=$(zone audit --json web | jq -r '[.[0].findings[] | select(.property | startswith("maskedPaths.")) | select(.enforced == "hidden")][0].property')
	breaks "$hidden readonlyPaths./proc/sys/vm" inside umount "${hidden#maskedPaths.}"
	zone halt web
	zone boot web
	pid=$(init_pid web)
	mkdir "$TOP/secret"
	breaks mounts "$BUILD/zrun" --root "$TOP/run/.engine" mounts add web -d /mnt -s "$TOP/secret" -o bind
	zone halt web
	zone boot web
	pid=$(init_pid web)
	breaks hostname nsenter -t "$pid" -u hostname other
	holds nsenter -t "$pid" -u hostname web
	breaks sysctl.kernel.msgmax nsenter -t "$pid" -i -U -S 0 -G 0 sh -c 'echo 8000 >/proc/sys/kernel/msgmax'
}

@test "a process with more rights, without a filter, in another namespace" {
	booted web maxProcesses=40
	pid=$(init_pid web)
	enter() { # enter OPTIONS...: a process comes in from outside, past the engine
		nsenter -t "$pid" "$@" sleep 100 >/dev/null 2>&1 3>&- &
		stranger=$!
		wait_for 5 eval '[ "$(cat /proc/$stranger/comm)" = sleep ] || pgrep -P $stranger sleep'
		child=$(pgrep -P "$stranger" sleep || echo "$stranger")
		for file in $(find /sys/fs/cgroup -maxdepth 5 -path "*zones-$(cgroup_hash)/web/cgroup.procs"); do echo "$child" >"$file"; done
	}
	breaks 'limitpriv.bounding limitpriv.effective limitpriv.permitted maxProcesses noNewPrivileges seccomp' enter -a
	zone audit --json web | jq -e --arg p "process $child: also" '.[0].findings[] | select(.property == "limitpriv.effective") | .enforced | startswith($p) and contains("sys_admin")'
	holds kill "$child"
	breaks 'limitpriv.bounding limitpriv.effective limitpriv.permitted maxProcesses noNewPrivileges processes.Gid processes.Uid processes.namespaces seccomp' enter -m -p
	kill "$child"
	# what the zone's own root does in namespaces of its own is no breach
	wait_for 5 eval '[ -z "$(lines differs)" ]'
}

@test "what root inside may change by its rights is told, and breaks no promise" {
	booted web limitpriv=default,sys_admin
	zone exec web hostname other
	run zone audit -q web
	echo "$output"
	[ "$status" = 0 ]
	grep -E '^web +changed +hostname +web +other' <<<"$output"
	[ "$(lines changed)" = hostname ]
}

@test "an immutable zone: its root and its folders; boot -w promises none of it" {
	booted web fileMacProfile=fixed-configuration
	zone audit web | grep -E '^web +ok +fileMacProfile +true +true'
	zone audit web | grep -qE '^web +ok +fileMacProfile\./var +writable'
	zone halt web
	zone boot -w web
	zone audit -q web
	zone audit web | grep -E '^web +ok +fileMacProfile +false +false'
}
