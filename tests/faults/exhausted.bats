#!/usr/bin/env bats
# What the runtime does when the machine has run out of something, or somebody does not answer: it fails with a sentence, leaves nothing, and goes on when there is enough again.
load ../zone/helper
bats_require_minimum_version 1.5.0

# what the sanitizers need themselves is not the runtime's
plain() { case $BUILD in */san) skip "the sanitizers need more than that" ;; esac; }

teardown_more() {
	[ -z "${SERVER:-}" ] || kill -9 "$SERVER" 2>/dev/null || true
	local id
	for id in $(zrun --root "$TOP/zrun" list -q 2>/dev/null); do zrun --root "$TOP/zrun" delete -f "$id" || true; done
	[ -z "${FEW:-}" ] || rmdir "$FEW" || true
	findmnt -rno TARGET | grep "^$TOP/" | sort -r | xargs -r umount -l || true
}

# attempt COMMAND...: ends in time, by itself, with 0 or with a sentence that says more than that it failed
attempt() {
	run timeout -k 5 "${LIMIT:-60}" "$@"
	echo "$status: $* : $output"
	[ "$status" -lt 124 ] || [[ "$status" = 127 && "$output" == *"shared librar"* ]] || return 1
	[ "$status" = 0 ] || [[ "$output" == *": "*[a-z]* || "$output" == *memory* ]]
}

hanging_server() { # $TOP/server.py DIR: a FUSE file system with one file that cannot be read to its end
	cat >"$TOP/server.py" <<'P'
import ctypes, os, struct, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"hang", sys.argv[1].encode(), b"fuse", 6, f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
q = os.read(fd, 1 << 20)
unique = struct.unpack_from("<IIQ", q)[2]
os.write(fd, struct.pack("<IiQIIIIHHIIHHI7I", 16 + 64, 0, unique, 7, 31, 65536, 0, 0, 0, 4096, 1, 0, 0, 0, *[0] * 7))
print("ready", flush=True)
def attr(ino):
    return struct.pack("<QQQQQQIIIIIIIIII", ino, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755 if ino == 1 else 0o100644, 2, 0, 0, 0, 4096, 0)
while True:
    q = os.read(fd, 1 << 20)
    n, op, unique, node = struct.unpack_from("<IIQQ", q)
    if op in (2, 15, 36, 42): # FORGET and INTERRUPT want no answer; READ gets none
        continue
    answers = {1: struct.pack("<QQQQII", 2, 0, 1000, 1000, 0, 0) + attr(2), 3: struct.pack("<QII", 1000, 0, 0) + attr(node), 14: struct.pack("<QII", 1, 1, 0), 17: bytes(80), 18: b"", 27: struct.pack("<QII", 1, 0, 0), 29: b"", 28: b""}
    body = answers.get(op)
    if op == 1 and not q[40:].startswith(b"file\0"):
        body = None
    os.write(fd, struct.pack("<IiQ", 16 + len(body or b""), 0 if body is not None else -2 if op == 1 else -38, unique) + (body or b""))
P
}

@test "with too little memory a verb ends with a sentence, never by a crash" {
	plain
	zone create -t isolated web
	printf '#!/bin/sh\nn=$1; shift; exec prlimit --as=$((n * 1024)) "$@"\n' >"$TOP/few" && chmod +x "$TOP/few"
	for verb in "install" "boot" "halt"; do
		for n in 4000 6000 7000 8000 8500 9000 9500 10000 11000 12000 16000 32000; do
			attempt "$TOP/few" $n zone $verb web
			[ "$status" != 0 ] || break
		done
		zone $verb web
	done
	zone delete -F web
}

@test "without a free file in the store install is refused and leaves none" {
	mkdir -p "$TOP/storage"
	mount -t tmpfs -o size=8m,nr_inodes=30,mode=755 none "$TOP/storage"
	zone create -t isolated web
	attempt zone install web
	[ "$status" = 1 ]
	says "No space left"
	[ "$(state_of web)" = configured ]
	mount -o remount,nr_inodes=3000 "$TOP/storage"
	zone install web
	zone delete -F web
}

@test "a monitor that is stopped holds nobody up for ever" {
	booted web
	monitor=$(jq .monitor "$ZONES_RUN_DIR/web/run.json")
	kill -STOP "$monitor"
	[ "$(state_of web)" = running ]
	attempt zone exec web true
	LIMIT=100 attempt zone halt web
	kill -CONT "$monitor"
	zone halt web
	[ "$(state_of web)" = installed ]
}

# whole WORDS...: every verb of a zone's life, each through WORDS (a program that takes things away), then for real
whole() {
	local verb
	for verb in "create -t isolated" install boot "exec:true" halt "uninstall -F" "delete -F"; do
		case $verb in
		exec:*) attempt "$@" zone exec web true ;;
		*) # shellcheck disable=SC2086
			attempt "$@" zone $verb web ;;
		esac
		zone list >/dev/null
		case $verb:$status in
		*:0) ;;
		exec:*) zone exec web true ;;
		install:*) [ "$(state_of web)" != incomplete ] || zone uninstall -F web; zone install web ;;
		"create -t isolated":* | boot:* | halt:* | uninstall*:* | "delete -F":*) # shellcheck disable=SC2086
			zone $verb web ;;
		esac
	done
	[ -z "$(zone list -p -o name)" ]
}

bundle() { # $TOP/bundle: a container that sleeps
	mkdir -p "$TOP"/bundle/rootfs/{bin,proc,dev,sys}
	cp /bin/busybox "$TOP/bundle/rootfs/bin/sh"
	zrun spec -b "$TOP/bundle"
	jq '.process.terminal = false | .process.args = ["sh", "-c", "exec sleep 1000"]' "$TOP/bundle/config.json" >"$TOP/c.json"
	mv "$TOP/c.json" "$TOP/bundle/config.json"
}

@test "zrun: without descriptors or processes create, start, exec, kill and delete end with a sentence, and go on when there are some again" {
	plain
	bundle
	own=$(awk -F: '$2 == "pids" { print "/sys/fs/cgroup/pids" $3 }' /proc/self/cgroup)
	[ -n "$own" ] && [ -e "$own/cgroup.procs" ] || skip "a host with the pids controller of cgroup v1"
	FEW=$own/zones-few-$$
	mkdir "$FEW"
	printf '#!/bin/sh\nn=$1; shift; exec prlimit --nofile=$n:$n "$@"\n' >"$TOP/files"
	printf '#!/bin/sh\necho $1 >%s/pids.max; echo $$ >%s/cgroup.procs; shift; exec "$@"\n' "$FEW" "$FEW" >"$TOP/processes"
	chmod +x "$TOP/files" "$TOP/processes"
	id=few-$$
	for kind in "files 6" "files 8" "files 10" "files 12" "files 15" "files 20" "files 26" "processes 1" "processes 2" "processes 3"; do
		echo "# $kind"
		for verb in "create -b $TOP/bundle $id" "start $id" "exec $id sh -c :" "kill $id KILL" "delete -f $id"; do
			# shellcheck disable=SC2086
			before=$(zrun --root "$TOP/zrun" state "$id" 2>/dev/null | jq -r .status)
			# its output goes to a file: a container that was created holds it
			LIMIT=30 attempt sh -c '"$@" >"$0" 2>&1; r=$?; cat "$0"; exit $r' "$TOP/out" "$TOP/${kind% *}" "${kind#* }" "$BUILD/zrun" --root "$TOP/zrun" $verb </dev/null 3>&-
			[[ "$before:$output" != running:*"not running"* && "$before:$output" != created:*"not running"* ]]
			# shellcheck disable=SC2086
			[ "$status" = 0 ] || [ "${verb#delete}" != "$verb" ] || [ "$(zrun --root "$TOP/zrun" state "$id" 2>/dev/null | jq -r .status)" = stopped ] || zrun --root "$TOP/zrun" $verb </dev/null >/dev/null 2>&1 3>&-
		done
		zrun --root "$TOP/zrun" delete -f "$id"
		[ -z "$(zrun --root "$TOP/zrun" list -q)" ]
		[ -z "$(find /sys/fs/cgroup -maxdepth 6 -name "$id*" 2>/dev/null)" ]
		wait_for 10 eval '[ -z "$(cat "$FEW/cgroup.procs")" ]'
	done
}

@test "without descriptors every verb ends with a sentence, and goes on when there are some again" {
	plain
	printf '#!/bin/sh\nn=$1; shift; exec prlimit --nofile=$n:$n "$@"\n' >"$TOP/few" && chmod +x "$TOP/few"
	for n in 4 5 6 7 8 9 10 11 12 14 17 20 24; do
		echo "# $n descriptors"
		whole "$TOP/few" $n
	done
	zone create -t isolated web
	fails 1 prlimit --nofile=9:9 "$BUILD/zone" install web
	says "Too many open files"
}

@test "without processes every verb ends with a sentence, and goes on when there are some again" {
	own=$(awk -F: '$2 == "pids" { print "/sys/fs/cgroup/pids" $3 }' /proc/self/cgroup)
	[ -n "$own" ] && [ -e "$own/cgroup.procs" ] || skip "a host with the pids controller of cgroup v1"
	FEW=$own/zones-few-$$
	mkdir "$FEW"
	printf '#!/bin/sh\necho $1 >%s/pids.max; echo $$ >%s/cgroup.procs; shift; exec "$@"\n' "$FEW" "$FEW" >"$TOP/few" && chmod +x "$TOP/few"
	for n in 1 2 3 4 6; do
		echo "# $n processes"
		whole "$TOP/few" $n
		wait_for 10 eval '[ -z "$(cat "$FEW/cgroup.procs")" ]'
	done
	zone create -t isolated web
	zone install web
	fails 1 "$TOP/few" 1 "$BUILD/zone" boot web
	says "Resource temporarily unavailable"
	[ "$(state_of web)" = installed ]
}

@test "on a full disk nothing lies: what needs room is refused, and the zone can be halted, uninstalled and deleted" {
	mkdir -p "$TOP/storage"
	mount -t tmpfs -o size=4m,mode=755 none "$TOP/storage"
	booted web
	dd if=/dev/zero of="$TOP/storage/fill" bs=4k 2>/dev/null || true
	attempt zone exec web true
	[ "$status" = 0 ]
	fails 1 zone snapshot create web one
	says "No space left"
	[ "$(zone snapshot list --json web | jq length)" = 0 ]
	attempt zone set web cpuShares=20
	attempt zone create -t isolated other
	attempt zone halt web
	[ "$status" = 0 ]
	[ "$(state_of web)" = installed ]
	dd if=/dev/zero of="$TOP/storage/fill2" bs=4k 2>/dev/null || true
	attempt zone boot web
	says "No space left"
	attempt zone halt web
	[ "$(state_of web)" = installed ]
	attempt zone uninstall -F web
	[ "$status:$(state_of web)" = 0:configured ]
	dd if=/dev/zero of="$TOP/storage/fill3" bs=4k 2>/dev/null || true
	attempt zone delete -F web
	[ "$status" = 0 ]
	! zone list -p -o name other || zone delete -F other
	[ -z "$(zone list -p -o name)" ]
	umount "$TOP/storage"
}

@test "the same with the place of what runs (/run) full" {
	native web
	mkdir -p "$TOP/run"
	mount -t tmpfs -o size=64k,mode=755 none "$TOP/run"
	dd if=/dev/zero of="$TOP/run/.fill" bs=4k 2>/dev/null || true
	attempt zone boot web
	[ "$status" = 1 ]
	says "No space left"
	[ "$(state_of web)" = installed ]
	rm "$TOP/run/.fill"
	zone boot web
	dd if=/dev/zero of="$TOP/run/.fill" bs=4k 2>/dev/null || true
	attempt zone exec web true
	[ "$status" = 0 ]
	attempt zone halt web
	[ "$status" = 0 ]
	[ "$(state_of web)" = installed ]
	rm "$TOP/run/.fill"
	zone delete -F web
	umount "$TOP/run"
}

@test "a zone that is full of its own processes, one that is frozen, one whose init stands still or hears nothing: exec says why, halt ends it" {
	booted web maxProcesses=12 service.command='["/usr/bin/python3","-c","import os, time\nwhile True:\n try:\n  if os.fork() == 0: time.sleep(1000)\n except OSError: time.sleep(0.1)"]'
	wait_for 10 eval '[ "$(zone ps -p -o pid web 2>/dev/null | wc -l)" -ge 11 ] || [ "$(zone stat --json -z web | jq ".[0].processes")" -ge 11 ]'
	attempt zone exec web true # the administrator may still come in, where the kernel lets processes enter a full cgroup
	LIMIT=30 attempt zone halt web
	[ "$status" = 0 ]
	zone set web maxProcesses=100 service.command='["/bin/sh","-c","trap : TERM INT HUP PWR; while :; do sleep 1; done"]'
	# frozen
	zone boot web
	zone freeze web
	LIMIT=30 attempt zone exec web true
	[ "$status" != 0 ]
	says "frozen"
	LIMIT=30 attempt zone halt web
	[ "$status" = 0 ]
	# init stands still
	zone boot web
	kill -STOP "$(init_pid web)"
	LIMIT=30 attempt zone exec web true
	[ "$status" = 0 ]
	LIMIT=30 attempt zone shutdown -t 2 web
	LIMIT=30 attempt zone halt web
	[ "$status" = 0 ]
	# nobody hears
	zone boot web
	LIMIT=60 attempt zone shutdown -t 2 web
	[ "$status" = 0 ]
	[ "$(state_of web)" = installed ]
}

@test "a FUSE file system in a zone whose server does not answer: nothing hangs but its readers; halt says who, and ends when it is gone" {
	hanging_server
	mkdir "$TOP/shut/hang"
	python3 "$TOP/server.py" "$TOP/shut/hang" >"$TOP/said" 2>&1 3>&- &
	SERVER=$!
	wait_for 10 grep -q ready "$TOP/said" || { cat "$TOP/said"; false; }
	# verify finds out by itself
	native web
	zone set web 'fs=[{"dir":"/srv/hang","special":"'"$TOP"'/shut/hang","type":"lofs"}]'
	fails 1 zone boot web
	says "fuse"
	zone set web 'fs=[]'
	# a container has it all the same
	bundle
	mkdir "$TOP/bundle/rootfs/hang"
	jq --arg s "$TOP/shut/hang" '.process.terminal = false | .process.args = ["sh", "-c", "cat /hang/file & exec sleep 1000"] | .mounts += [{"destination": "/hang", "type": "bind", "source": $s, "options": ["rbind"]}]' "$TOP/bundle/config.json" >"$TOP/c.json"
	mv "$TOP/c.json" "$TOP/bundle/config.json"
	zrun --root "$TOP/zrun" run -d -b "$TOP/bundle" hang-$$ </dev/null >/dev/null 2>&1 3>&-
	sleep 0.3
	LIMIT=30 attempt zrun --root "$TOP/zrun" ps hang-$$
	LIMIT=30 attempt zrun --root "$TOP/zrun" kill hang-$$ KILL
	LIMIT=60 attempt zrun --root "$TOP/zrun" delete -f hang-$$
	if [ "$status" != 0 ]; then
		[[ $output == *uninterruptible* || $output == *"does not end"* || $output == *busy* ]]
		kill -9 "$SERVER"
		wait_for 10 zrun --root "$TOP/zrun" delete -f hang-$$
	fi
	[ -z "$(zrun --root "$TOP/zrun" list -q)" ]
	kill -9 "$SERVER" 2>/dev/null || true
}

@test "a FUSE file system that root of a zone makes itself and does not serve: every verb answers, halt ends it" {
	hanging_server
	booted web 'device=[{"match":"/dev/fuse"}]' limitpriv=default,sys_admin
	zone exec web sh -c 'cat >/srv/server.py; mkdir /srv/hang' <"$TOP/server.py"
	zone exec web sh -c '(python3 /srv/server.py /srv/hang >/srv/said 2>&1; echo ended >>/srv/said) &' 3>&-
	wait_for 10 zone exec web grep -q ready /srv/said || { zone exec web cat /srv/said; false; }
	zone exec web sh -c 'cat /srv/hang/file >/dev/null 2>&1 &' 3>&-
	zone exec web sh -c 'kill -STOP $(pgrep -f server.py | head -n 1) 2>/dev/null || pkill -STOP -f "^python3 /srv/server.py"'
	for verb in list "stat -z web" "ps web" "why web" "info --live web" "exec web true" "audit -q web" "verify web"; do
		# shellcheck disable=SC2086
		LIMIT=30 attempt zone $verb
	done
	LIMIT=60 attempt zone halt web
	[ "$status" = 0 ]
	[ "$(state_of web)" = installed ]
}

@test "a FUSE file system that root of a zone mounts on /dev and does not serve keeps no new monitor from its work" {
	hanging_server
	booted web 'device=[{"match":"/dev/fuse"}]' limitpriv=default,sys_admin
	zone exec web sh -c 'cat >/srv/server.py' <"$TOP/server.py"
	zone exec web sh -c '(python3 /srv/server.py /dev >/srv/said 2>&1; echo ended >>/srv/said) &' 3>&-
	wait_for 10 zone exec web grep -q ready /srv/said || { zone exec web cat /srv/said; false; }
	zone exec web pkill -STOP -f '^python3 /srv/server.py'
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	LIMIT=40 attempt zone exec web true
	[ "$status" = 0 ]
	LIMIT=60 attempt zone halt web
	[ "$status" = 0 ]
	[ "$(state_of web)" = installed ]
}

@test "a shared folder whose file system hangs: the boot says so, and one that is killed meanwhile leaves no lock" {
	hanging_server
	sed -i 's/(2, 15, 36, 42)/(2, 15, 17, 36, 42)/' "$TOP/server.py" # STATFS gets no answer either: one that was taken cannot be interrupted
	mkdir "$TOP/shut/hang"
	python3 "$TOP/server.py" "$TOP/shut/hang" >"$TOP/said" 2>&1 3>&- &
	SERVER=$!
	wait_for 10 grep -q ready "$TOP/said" || { cat "$TOP/said"; false; }
	native web
	zone set web 'fs=[{"dir":"/srv/hang","special":"'"$TOP"'/shut/hang","type":"lofs"}]'
	LIMIT=40 attempt zone boot web
	[ "$status" = 1 ]
	says 'does not answer'
	zone boot web >"$TOP/said" 2>&1 3>&- &
	sleep 1
	for f in $(grep -lzx "ZONES_RUN_DIR=$ZONES_RUN_DIR" /proc/[0-9]*/environ 2>/dev/null); do
		[ "$(cat "${f%environ}comm")" != zone ] || kill -9 "$(basename "${f%/environ}")"
	done
	sleep 0.2
	LIMIT=20 attempt zone set web 'fs=[]'
	first=$status
	LIMIT=40 attempt zone boot web
	kill -9 "$SERVER"
	[ "$first:$status" = 0:0 ]
	zone halt web
}
