#!/usr/bin/env bats
# mounts add and remove: a mount more or less in a running container, whatever the container has prepared.
# shellcheck disable=SC2016
load helper

@test "a bind from options, gone again, nothing on the host" {
	mkdir "$TOP/src"
	echo here >"$TOP/src/file"
	background
	zrun mounts add "$ID" -d /tmp -s "$TOP/src" -o bind -o ro
	[ "$(zrun exec "$ID" cat /tmp/file)" = here ]
	run zrun exec "$ID" sh -c 'echo x >/tmp/new'
	[[ "$output" == *"Read-only file system"* ]]
	! grep "$BUNDLE/rootfs/tmp" /proc/self/mountinfo
	zrun mounts remove "$ID" /tmp
	run zrun exec "$ID" cat /tmp/file
	[ "$status" = 1 ]
	run zrun mounts remove "$ID" /tmp
	[ "$status" = 1 ]
	[[ "$output" == *"nothing is mounted"* ]]
}

@test "from JSON: one object, a list, a file system, a target that is made" {
	config '.root.readonly = false'
	background
	echo '{"destination":"/made/here","type":"tmpfs","source":"tmpfs","options":["size=1m","nosuid"]}' >"$TOP/one.json"
	zrun mounts add "$ID" "$TOP/one.json"
	zrun exec "$ID" grep ' /made/here .*nosuid.*tmpfs' /proc/self/mountinfo
	echo "[{\"destination\":\"/a\",\"source\":\"/etc/hostname\",\"options\":[\"bind\"]},{\"destination\":\"/b\",\"source\":\"$TOP\",\"options\":[\"rbind\",\"nodev\"]}]" | zrun mounts add "$ID" -
	[ "$(zrun exec "$ID" cat /a)" = "$(cat /etc/hostname)" ]
	zrun mounts remove "$ID" /a /b /made/here
	[ "$(zrun exec "$ID" grep -cE ' (/a|/b|/made/here) ' /proc/self/mountinfo)" = 0 ]
}

@test "a read-only bind stays so for root of a user namespace" {
	user_namespace
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"] | .process.capabilities.permitted += ["CAP_SYS_ADMIN"]'
	mkdir "$TOP/src"
	chmod 777 "$TOP/src"
	background
	zrun mounts add "$ID" -d /tmp -s "$TOP/src" -o bind -o ro
	run zrun exec "$ID" sh -c 'mount -o remount,bind,rw /tmp; echo x >/tmp/new'
	[ "$status" != 0 ]
	[ ! -e "$TOP/src/new" ]
}

@test "hostile targets lead nowhere" {
	mkdir -p "$TOP/src" "$TOP/victim"
	config '.root.readonly = false'
	ln -s "$TOP/victim" "$BUNDLE/rootfs/out"
	ln -s /../../../../../../"$TOP/victim" "$BUNDLE/rootfs/up"
	ln -s /proc/1/root "$BUNDLE/rootfs/magic"
	ln -s /proc/self "$BUNDLE/rootfs/self"
	background
	# what this test could mount anywhere on the host shows its own directory as source or as target; other tests mount and unmount beside it
	own() { grep -F "$TOP" /proc/self/mountinfo || true; }
	before=$(own)
	for target in /out /up /magic/x /self/x /proc/1 / ../../..; do
		run zrun mounts add "$ID" -d "$target" -s "$TOP/src" -o bind
		echo "$target: $status $output"
	done
	[ "$(own)" = "$before" ]
	[ -z "$(ls -A "$TOP/victim")" ]
	for target in / /proc /proc/self /proc/sys /nothing /out; do
		run zrun mounts remove "$ID" "$target"
		echo "$target: $status $output"
		[ "$target" = /proc ] || [ "$target" = /out ] || [ "$status" = 1 ]
	done
	[ "$(own)" = "$before" ]
}

@test "refused: what would show the host's, no mount namespace, a stopped container, nonsense" {
	background
	for type in proc sysfs mqueue devpts; do
		run zrun mounts add "$ID" -d /tmp -t "$type" -s "$type"
		[ "$status" = 1 ]
		[[ "$output" == *"show the host's"* ]]
	done
	run zrun mounts add "$ID" -d /tmp -s /nonexistent -o bind
	[ "$status" = 1 ]
	[[ "$output" == *nonexistent* ]]
	run zrun mounts add "$ID"
	[ "$status" = 1 ]
	run zrun mounts change "$ID"
	[ "$status" = 2 ]
	zrun kill "$ID" KILL
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(status)" = stopped ] && break; sleep 0.1; done
	run zrun mounts add "$ID" -d /tmp -s /etc -o bind
	[[ "$output" == *"container not running"* ]]
	zrun delete "$ID"
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	background
	run zrun mounts add "$ID" -d /tmp -s /etc -o bind
	[ "$status" = 1 ]
	[[ "$output" == *"mount namespace of its own"* ]]
}

# silent_server DIR: a FUSE file system there whose server answers what is asked of its root, and never a look-up; its process in $server
silent_server() {
	mkdir -p "$1"
	cat >"$TOP/server.py" <<'P'
import ctypes, os, struct, sys
fd = os.open("/dev/fuse", os.O_RDWR)
if ctypes.CDLL(None).mount(b"silent", sys.argv[1].encode(), b"fuse", 6, f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()):
    sys.exit("no FUSE")
unique = struct.unpack_from("<IIQ", os.read(fd, 1 << 20))[2]
os.write(fd, struct.pack("<IiQIIIIHHIIHHI7I", 80, 0, unique, 7, 31, 65536, 0, 0, 0, 4096, 1, 0, 0, 0, *[0] * 7))
print("ready", flush=True)
root = struct.pack("<QII", 1000, 0, 0) + struct.pack("<QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
while True:
    n, op, unique = struct.unpack_from("<IIQ", os.read(fd, 1 << 20))
    if op not in (1, 2, 36, 42): # LOOKUP, FORGET, INTERRUPT
        body = root if op == 3 else b""
        os.write(fd, struct.pack("<IiQ", 16 + len(body), 0 if body else -38, unique) + body)
P
	python3 "$TOP/server.py" "$1" >"$TOP/said" 2>&1 3>&- &
	server=$!
	for _ in $(seq 50); do grep -q . "$TOP/said" && break; sleep 0.1; done
	grep -q ready "$TOP/said" || { kill $server; skip "$(cat "$TOP/said")"; }
}

@test "a file system that does not answer holds up neither mounts add nor the container's lock" {
	silent_server "$TOP/silent"
	config '.mounts += [{"destination": "/tmp", "source": $s, "options": ["bind"]}]' --arg s "$TOP/silent"
	background
	ended=
	("$BUILD/zrun" --root "$TOP/run" mounts add "$ID" -d /tmp/x -s /etc/hostname -o bind >"$TOP/said" 2>&1 3>&- && echo 0 >"$TOP/ended" || echo $? >"$TOP/ended") &
	for _ in $(seq 300); do [ -s "$TOP/ended" ] && break; sleep 0.1; done
	ended=$(cat "$TOP/ended") || true
	[ -z "$ended" ] || run timeout -k 5 20 "$BUILD/zrun" --root "$TOP/run" delete -f "$ID"
	kill $server
	umount "$TOP/silent"
	wait
	echo "add $ended: $(cat "$TOP/said"); delete $status: $output"
	[ "$ended:$status" = 1:0 ]
	grep "does not answer after" "$TOP/said"
	for _ in $(seq 30); do pgrep -f "mounts add $ID" >/dev/null || break; sleep 0.1; done
	[ -z "$(pgrep -f "mounts add $ID")" ]
}

@test "the container's lock is free when whoever waits for such a file system is killed, and his output ends" {
	silent_server "$TOP/silent"
	config '.mounts += [{"destination": "/tmp", "source": $s, "options": ["bind"]}]' --arg s "$TOP/silent"
	background
	mkfifo "$TOP/output"
	timeout 30 cat "$TOP/output" >"$TOP/said" 3>&- &
	reader=$!
	"$BUILD/zrun" --root "$TOP/run" mounts add "$ID" -d /tmp/x -s /etc/hostname -o bind >"$TOP/output" 2>&1 3>&- &
	adder=$!
	child=
	for _ in $(seq 50); do
		child=$(cat /proc/$adder/task/$adder/children) || true
		[ -z "$child" ] || ! grep -q fuse "/proc/${child% }/stack" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 $adder
	wait $adder || true
	sleep 0.3
	run timeout -k 5 20 "$BUILD/zrun" --root "$TOP/run" delete -f "$ID"
	held= ended=
	kill -0 $child && held=yes
	kill -0 $reader || ended=yes
	kill $server
	umount "$TOP/silent"
	wait
	echo "delete $status: $output; child held: $held; output ended: $ended"
	[ "$held:$status:$ended" = yes:0:yes ]
}
