#!/usr/bin/env bats
# zone migrate: a zone to another host, over a real ssh.
bats_require_minimum_version 1.5.0
load helper
load migrate

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	mount -t tmpfs -o mode=755 none "$TOP"
	mkdir -m 700 "$TOP/shut"
	other_host
}
teardown_more() {
	other_gone
	umount "$TOP"
}

# what is in a root, with owners, modes, times, attributes and contents
listing() {
	(cd "$1" && find . -not -type s -printf '%P\0%y %U %G %m %T@ %l\0' | sort -z | tr '\0\n' '\n?' | md5sum
		find . -type f -print0 | sort -z | xargs -0 md5sum | md5sum
		find . -print0 | sort -z | xargs -0 getfattr -h -d -m '^(user|security.capability)' 2>/dev/null | md5sum
		find . -not -type l -print0 | sort -z | xargs -0 getfacl -n | md5sum)
}

@test "a stopped zone arrives whole: names with newlines, attributes, capabilities, access lists, hard links, holes; here it stays detached" {
	native web cpuShares=20
	root=$ZONES_STORAGE_DIR/web/root
	mkdir "$root/srv/d"
	printf one >"$root/srv/d/"$'a\nb\r\e[31m'
	ln "$root/srv/d/"$'a\nb\r\e[31m' "$root/srv/d/again"
	ln -s /etc/shadow "$root/srv/d/link"
	cp /bin/true "$root/srv/d/cap"
	setcap cap_net_raw+ep "$root/srv/d/cap"
	setfattr -n user.note -v hello "$root/srv/d/again"
	chown 1000:1001 "$root/srv/d/again"
	setfacl -m u:1000:r,d:g:5:rx "$root/srv/d"
	truncate -s 8M "$root/srv/d/hole"
	mkfifo "$root/srv/d/fifo"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$root/srv/d/socket"
	chmod 4711 "$root/srv/d/cap"
	setcap cap_net_raw+ep "$root/srv/d/cap"
	before=$(listing "$root")
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	run migrate -n web root@192.0.2.2
	[ "$status" -eq 0 ]
	says rsync
	[ -z "$(there zone list -p -o name)" ]
	[ "$(state_of web)" = installed ]
	run migrate --json web root@192.0.2.2
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq '.ok, (.rounds | length)' <<<"$output" | xargs)" = "true 1" ]
	[ "$(state_there web)" = installed ]
	[ "$(listing "$TOP/b/storage/web/root")" = "$before" ]
	[ "$(du -k "$TOP/b/storage/web/root/srv/d/hole" | cut -f1)" -lt 100 ]
	[ -S "$TOP/b/storage/web/root/srv/d/socket" ]
	[ "$(there zone list --json web | jq -r '.[0].uuid')" = "$uuid" ]
	[ "$(there zone export web | jq .cpuShares)" = 20 ]
	[ "$(state_of web)" = configured ]
	fails 1 zone boot web
	says "zone attach web"
	fails 1 zone attach web
	says migrated
	run zone why web
	says "root@192.0.2.2"
	[ ! -e "$ZONES_STORAGE_DIR/.migrate" ]
	[ ! -e "$TOP/b/storage/.migrate" ]
	there zone boot web
}

@test "a running zone: rounds while it writes, a short stop, it runs there with what it wrote last; and it comes back" {
	booted web
	zone exec web sh -c 'head -c 6000000 /dev/urandom >/srv/big; (i=0; while :; do i=$((i + 1)); echo $i >/srv/count; head -c 100000 /dev/urandom >/srv/f$((i % 50)); touch -d 2020-01-01 /srv/f$((i % 50)); done) >/dev/null 2>&1 &'
	wait_for 10 test -e "$ZONES_STORAGE_DIR/web/root/srv/f9"
	run migrate --json web root@192.0.2.2
	echo "$output" | jq 'del(.report)'
	[ "$status" -eq 0 ]
	[ "$(jq '(.rounds | length > 1) and .stoppedMilliseconds > 0' <<<"$output")" = true ]
	[ "$(state_there web)" = running ]
	[ "$(state_of web)" = configured ]
	[ "$(there zone exec web cat /srv/count)" = "$(cat "$ZONES_STORAGE_DIR/web/root/srv/count")" ]
	there zone audit -q web
	# back: from there to here, into the old files
	there zone exec web sh -c 'echo there >/srv/mark'
	here_sshd
	run there timeout -k 5 120 zone migrate -n "${ssh_options[@]}" web root@192.0.2.1
	[ "$status" -eq 0 ]
	says "comes back"
	run there timeout -k 5 120 zone migrate -S --delete "${ssh_options[@]}" web root@192.0.2.1
	echo "$output"
	[ "$status" -eq 0 ]
	says "stood still"
	[ "$(state_of web)" = running ]
	[ "$(zone exec web cat /srv/mark)" = there ]
	[ -z "$(there zone list -p -o name)" ]
	[ ! -e "$TOP/b/storage/web" ]
}

@test "what is in the way is told before a byte is copied, all of it at once, and nothing changes" {
	mkdir -p "$TOP/shut/only/here"
	there mount -t tmpfs none "$TOP/shut/only"
	native web 'fs=[{"dir":"/srv/data","special":"'"$TOP"'/shut/only/here","type":"lofs"}]'
	there zone create -t isolated web
	run migrate -n --json web root@192.0.2.2
	[ "$status" -eq 1 ]
	[ "$(jq -r '[.report[] | select(.result == "problem") | .check] | join(",")' <<<"$output")" = "name,host" ]
	there zone delete -F web
	there umount "$TOP/shut/only"
	zone snapshot create web one
	fails 1 migrate web root@192.0.2.2
	says "zone snapshot delete web NAME"
	fails 1 migrate web root@192.0.2.9x/
	says "[USER@]HOST"
	fails 1 migrate web -- -oProxyCommand=x
	says "[USER@]HOST"
	fails 2 migrate web
	fails 2 migrate -r x web root@192.0.2.2
	fails 2 migrate -t 5 web root@192.0.2.2
	fails 2 migrate --abort web root@192.0.2.2
	fails 1 migrate nosuch root@192.0.2.2
	sed -i 's/AAAA.*/AAAAC3NzaC1lZDI1NTE5AAAAIHHqHk0pNZ1zGkY1yHnGkR9tGoqJgDdMUVpfJc0g6n7U/' "$TOP/ssh/known"
	fails 1 migrate web root@192.0.2.2
	says "Host key verification failed"
	[ "$(state_of web)" = installed ]
	[ -z "$(there zone list -p -o name)" ]
	[ ! -e "$ZONES_STORAGE_DIR/.migrate" ]
	[ ! -e "$TOP/b/storage/.migrate" ]
}

# In the place of `zone` there: when STEP is asked for the first time, something happens to it.
at_step() { # at_step STEP WHAT [COMMAND]
	mkdir -p "$TOP/wrap"
	rm -f "$TOP/wrap/"*
	cat >"$TOP/wrap/zone" <<W
#!/bin/sh
if [ "\$1" = migrate-receive ] && [ "\$2" = "$1" ] && [ ! -e "$TOP/wrap/done" ]; then
	: >"$TOP/wrap/done"
	case $2 in
	cut) kill -9 \$PPID ;; # the connection, before
	lost) "$BUILD/zone" "\$@" >/dev/null; kill -9 \$PPID; exit 1 ;; # the connection, after
	receiver) exec 5<&0; "$BUILD/zone" "\$@" <&5 & sleep 0.1; kill -9 \$!; exit 1 ;;
	sender) : >"$TOP/wrap/kill"; sleep 1 ;;
	*) ${3:-} ;;
	esac
fi
exec "$BUILD/zone" "\$@"
W
	chmod 755 "$TOP/wrap/zone"
}
# One of them has it, whole; neither both nor none.
one_has_it() {
	local pair
	pair=$(state_of web):$(state_there web)
	echo "# here:there $pair"
	case $pair in
	running:incomplete | installed:incomplete | running: | installed: | incomplete:incomplete | incomplete:installed | incomplete:running | configured:running) ;;
	*) return 1 ;;
	esac
}

@test "killed or cut off at every step: one of the two hosts has it, and the next migrate brings it to its end" {
	local step what sender
	for pair in "begin cut" "rsync receiver" "rsync sender" "verify sender" "verify receiver" "commit cut" "commit lost" "commit sender" "boot lost" "boot sender" "end sender"; do
		read -r step what <<<"$pair"
		echo "# $step $what"
		at_step "$step" "$what"
		booted web
		zone exec web sh -c "echo $pair >/srv/mark"
		zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
		sender=$!
		if [ "$what" = sender ]; then
			wait_for 30 test -e "$TOP/wrap/kill"
			kill -9 "$sender"
		fi
		if wait "$sender"; then
			echo "# went on by itself"
		else
			cat "$TOP/out"
			one_has_it
			fails 0 migrate web root@192.0.2.2
		fi
		one_has_it
		[ "$(state_of web):$(state_there web)" = configured:running ]
		[ "$(there zone exec web cat /srv/mark)" = "$pair" ]
		[ ! -e "$ZONES_STORAGE_DIR/.migrate" ]
		[ "$what" = sender ] || [ ! -e "$TOP/b/storage/.migrate" ]
		there zone halt web
		there zone uninstall -F web
		there zone delete -F web
		zone delete -F web
		rm -rf "$ZONES_STORAGE_DIR/web"
	done
}

@test "a migration that was interrupted is given up: the zone is here as before, nothing of it is there; one that has arrived is not taken back" {
	at_step verify sender
	booted web
	zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
	sender=$!
	wait_for 30 test -e "$TOP/wrap/kill"
	kill -9 "$sender"
	wait "$sender" || true
	[ "$(state_of web):$(state_there web)" = installed:incomplete ]
	there zone list -v web | grep -q migrating-in
	fails 1 there zone boot web
	says "zone uninstall web"
	fails 1 migrate web root@192.0.2.3
	says "zone migrate --abort web"
	fails 0 zone migrate --abort web
	[ "$(state_of web)" = running ]
	[ -z "$(there zone list -p -o name)" ]
	[ ! -e "$TOP/b/storage/web" ]
	[ ! -e "$ZONES_STORAGE_DIR/.migrate" ]
	[ ! -e "$TOP/b/storage/.migrate" ]
	fails 0 zone migrate --abort web
	says "no migration"
	at_step boot sender
	zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
	sender=$!
	wait_for 30 test -e "$TOP/wrap/kill"
	kill -9 "$sender"
	wait "$sender" || true
	[ "$(state_of web)" = incomplete ]
	fails 1 zone boot web
	says "zone migrate --abort web"
	fails 1 zone uninstall -F web
	zone list -v web | grep -q migrating-out
	wait_for 10 eval '[ "$(state_there web)" = running ]'
	fails 1 zone migrate --abort web
	says "already"
	# nobody can be asked: only whoever knows better takes it back
	there ip link set over down
	fails 1 zone migrate --abort -o ConnectTimeout=1 "${ssh_options[@]}" web
	says "ask again with zone migrate web"
	there ip link set over up
	fails 0 migrate web root@192.0.2.2
	[ "$(state_of web):$(state_there web)" = configured:running ]
}

@test "what fails there leaves the zone running here: no space, no boot, no rsync; a root in layers arrives as one tree" {
	booted web
	# the file system there is full
	mkdir -p "$TOP/b/storage"
	there mount -t tmpfs -o size=3m,mode=755 none "$TOP/b/storage"
	zone exec web sh -c 'head -c 9000000 /dev/urandom >/srv/big'
	fails 1 migrate web root@192.0.2.2
	says "space"
	says "MiB are needed"
	[ "$(state_of web)" = running ]
	# and it is filled while it is copied
	there mount -t tmpfs -o size=10m,mode=755 none "$TOP/b/storage"
	at_step rsync do "head -c 6000000 /dev/zero >$TOP/b/storage/fill"
	fails 1 migrate web root@192.0.2.2
	says "No space left"
	[ "$(state_of web)" = running ]
	there rm "$TOP/b/storage/fill"
	fails 0 zone migrate --abort web
	there umount "$TOP/b/storage"
	there umount "$TOP/b/storage"
	# it does not boot there
	zone exec web rm /srv/big
	at_step boot do "export ZONES_LIBEXEC_DIR=/nonexistent"
	run migrate web root@192.0.2.2
	[ "$status" -eq 1 ]
	says "could not be booted there"
	says "the zone runs here again"
	[ "$(state_of web)" = running ]
	[ -z "$(there zone list -p -o name)" ]
	rm -f "$TOP/wrap/zone"
	# a program is missing
	there mount --bind /dev/null /usr/bin/rsync
	fails 1 migrate -n web root@192.0.2.2
	says "apt-get install rsync"
	there umount /usr/bin/rsync
	run unshare --mount sh -c "mount --bind /dev/null /usr/bin/ssh; exec zone migrate web root@192.0.2.2"
	[ "$status" -eq 1 ]
	says "apt-get install openssh-client"
	run unshare --mount sh -c "mount --bind /dev/null /usr/bin/rsync; exec zone migrate web root@192.0.2.2"
	[ "$status" -eq 1 ]
	says "apt-get install rsync"
	# layers
	zone halt web
	zone clone -m overlay web two
	zone boot two
	zone exec two sh -c 'rm /etc/profile; echo two >/srv/two'
	fails 1 migrate two root@192.0.2.2
	says "--delete"
	fails 0 migrate --delete -z "$TOP/b/elsewhere/two" two root@192.0.2.2
	[ "$(state_there two)" = running ]
	[ "$(there zone exec two cat /srv/two)" = two ]
	fails 1 there zone exec two test -e /etc/profile
	[ "$(there zone list -p -o path two)" = "$TOP/b/elsewhere/two" ]
	fails 1 zone list two
}

@test "rsync sees the zone's root and the host's /usr, has no network and one right; a tenant who puts a link in a directory's place gets nothing of the host" {
	booted web
	echo secret >"$TOP/secret"
	zone exec web sh -c "mkdir -p /srv/real$TOP; echo mine >/srv/real$TOP/secret; (while :; do ln -sfn real /srv/d; rm -f /srv/d; mkdir -p /srv/d$TOP; : >/srv/d$TOP/secret; rm -rf /srv/d; ln -s / /srv/d; rm /srv/d; done) >/dev/null 2>&1 &"
	at_step rsync do "sleep 2"
	zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
	sender=$!
	wait_for 30 pgrep -P "$sender" rsync
	jailed=$(pgrep -P "$sender" rsync)
	[ "$(ls "/proc/$jailed/root" | grep -vxE 'usr|bin|sbin|lib|lib32|lib64|libx32|proc|zone-program' | xargs)" = zone ]
	[ ! -e "/proc/$jailed/root/$TOP" ]
	[ "$(awk '$1 == "CapBnd:" || $1 == "CapEff:" || $1 == "NoNewPrivs:" { print $2 }' "/proc/$jailed/status" | xargs)" = "0000000000000002 0000000000000002 1" ]
	for ns in net pid ipc uts mnt; do
		[ "$(readlink "/proc/$jailed/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	fails 1 touch "/proc/$jailed/root/zone/x"
	fails 1 touch "/proc/$jailed/root/usr/x"
	wait "$sender" || { cat "$TOP/out"; false; }
	[ "$(state_there web)" = running ]
	run grep -rlx secret "$TOP/b/storage/web/root/srv"
	[ -z "$output" ]
	# the other end is asked for nothing but this
	token=0123456789abcdef
	fails 1 there zone migrate-receive rsync "$token" --server --sender -lHogtpAXrSe.LsfxCIvu . /zone/
	says "may not be called"
	fails 1 there zone migrate-receive rsync "$token" --server -lHogtpAXrSe.LsfxCIvu . /zone/
	says "no zone is arriving"
	fails 1 there zone migrate-receive rsync ../../x --server -lHogtpAXrSe.LsfxCIvu . /zone/
	for bad in '' '{}' '[' '{"protocol":2}' '{"protocol":1,"token":"x","zone":"web"}' '{"protocol":1,"token":"'$token'","zone":"../web"}' \
		'{"protocol":1,"token":"'$token'","zone":"new","facts":{"configuration":5}}' '{"protocol":1,"token":"'$token'","zone":"new","zonepath":"/a/../b","facts":{"configuration":{}}}' \
		'{"protocol":1,"token":"'$token'","zone":"new","facts":{"configuration":{"zonename":"other"}}}'; do
		run sh -c 'printf %s "$1" | zone migrate-receive begin' sh "$bad"
		[[ $output == 'zones-migrate: {"ok":false,'* ]] || { echo "$bad: $output"; false; }
	done
	fails 1 zone list new
}

# In the place of rsync in the jail stands a program of an enemy's, as rsync is once it is taken over; the name that it takes says how far it came: h1, the folder beside the zones was opened by its handle; n1, so it was by way of
# namespaces of its own; m1, something was mounted there; x1, a program that it brought along was executed.
enemy_is_rsync() {
	enemy=e$((RANDOM % 10000)) # a name has 15 bytes
	mkdir -p "$TOP/usr/bin"
	echo secret >"$TOP/secret"
	python3 - "$TOP" >"$TOP/usr/handle" <<'P'
import ctypes, sys
libc = ctypes.CDLL(None)
handle = ctypes.create_string_buffer((128).to_bytes(4, "little"), 8 + 128)
mount = ctypes.c_int()
if libc.name_to_handle_at(-100, sys.argv[1].encode(), handle, ctypes.byref(mount), 0) < 0: sys.exit("this file system has no handles")
print(handle.raw[:8 + int.from_bytes(handle.raw[:4], "little")].hex())
P
	cat >"$TOP/usr/bin/rsync" <<P
#!/usr/bin/python3
import ctypes, os, time
libc = ctypes.CDLL(None)
def opened():
    fd = libc.open_by_handle_at(os.open("/zone", os.O_RDONLY), bytes.fromhex(open("/usr/handle").read()), os.O_RDONLY | os.O_DIRECTORY)
    return fd >= 0 and "secret" in os.listdir(fd)
def executed():
    try:
        with open("/zone/own", "wb") as f: f.write(open("/usr/bin/true", "rb").read())
        os.chmod("/zone/own", 0o755)
        return os.spawnv(os.P_WAIT, "/zone/own", ["own"]) == 0
    except OSError: return False
h, x = opened(), executed()
libc.unshare(0x10020000)
n = opened()
m = libc.mount(b"none", b"/zone", b"tmpfs", 0, None) == 0
libc.prctl(15, b"$enemy h%dn%dm%dx%d" % (h, n, m, x), 0, 0, 0)
time.sleep(60)
P
	chmod 755 "$TOP/usr/bin/rsync"
}
enemy_came() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep "^$enemy h"
}

@test "an rsync that is taken over opens nothing beside the zone's root, neither where it reads nor where it writes" {
	local where
	native web
	enemy_is_rsync
	for where in here there; do
		if [ "$where" = here ]; then
			# shellcheck disable=SC2016
			unshare --mount sh -c 'mount -t overlay -o "lowerdir=$1:/usr" none /usr; shift; exec "$@"' sh "$TOP/usr" zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
		else
			there mount -t overlay -o "lowerdir=$TOP/usr:/usr" none /usr
			zone migrate "${ssh_options[@]}" web root@192.0.2.2 >"$TOP/out" 2>&1 3>&- &
		fi
		sender=$!
		wait_for 30 enemy_came || { cat "$TOP/out"; false; }
		came=$(enemy_came)
		echo "$where: $came"
		kill -9 "$sender"
		wait "$sender" || true
		kill -9 $(grep -ls "^$enemy h" /proc/[0-9]*/comm | cut -d/ -f3) 2>/dev/null || true # where it writes nobody else ends it
		wait_for 10 eval '! enemy_came'
		[[ $came == "$enemy h0n0m"[01]x0 ]]
		[ "$(zrun features | jq -r '.annotations["org.opencontainers.zrun.landlock.abi"]')" = 0 ] || [[ $came == *m0* ]]
		fails 0 zone migrate --abort "${ssh_options[@]}" web
	done
}

# bytes in memory of the files that a process holds there
memory_of() {
	local fd blocks sum=0
	for fd in "/proc/$1"/fd/*; do
		[[ $(readlink "$fd") == /memfd:* ]] || continue
		blocks=$(stat -L -c %b "$fd") || continue
		sum=$((sum + blocks * 512))
	done
	echo "$sum"
}

# memory_while SECONDS COMMAND...: the most that it held; its status is in $TOP/status, what it said in $TOP/out
memory_while() {
	local most=0 now end=$((SECONDS + $1)) pid
	shift
	"$@" >"$TOP/out" 2>&1 3>&- &
	pid=$!
	while [ -e "/proc/$pid/exe" ] && [ $SECONDS -lt $end ]; do
		now=$(memory_of "$pid" 2>/dev/null)
		[ "${now:-0}" -le "$most" ] || most=$now
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null
	wait "$pid"
	echo $? >"$TOP/status"
	echo "$most"
}

@test "what rsync and the other host say is kept up to a bound, and neither waits for somebody who reads on" {
	native web
	at_step begin do "head -c 400000000 /dev/zero"
	most=$(memory_while 60 zone migrate "${ssh_options[@]}" web root@192.0.2.2)
	echo "instead of an answer: $most $(cat "$TOP/status" "$TOP/out")"
	[ "$most" -lt 300000000 ]
	[ "$(cat "$TOP/status")" = 1 ]
	# rsync, as a tenant's names let it complain
	enemy_is_rsync
	cat >"$TOP/usr/bin/rsync" <<P
#!/usr/bin/python3
import os, subprocess, sys
subprocess.run(["/zone-program", "migrate-pipe", "there", "rsync", "--server", "-lHogtpAXrSe.LsfxCIvu", "--specials", ".", "/zone/"], close_fds=False, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
os.write(2, b"rsync: [receiver] the first words\n")
for i in range(100): os.write(2, b"x" * 999999 + b"\n")
sys.exit(12)
P
	# shellcheck disable=SC2016
	most=$(memory_while 60 unshare --mount sh -c 'mount -t overlay -o "lowerdir=$1:/usr" none /usr; shift; exec "$@"' sh "$TOP/usr" zone migrate "${ssh_options[@]}" web root@192.0.2.2)
	echo "complaints: $most $(cat "$TOP/status" "$TOP/out")"
	[ "$most" -lt 3000000 ]
	grep -q "rsync ended with 12: rsync: .receiver. the first words" "$TOP/out"
	fails 0 zone migrate --abort "${ssh_options[@]}" web
	# the other host's error output
	at_step begin do "head -c 100000000 /dev/zero >&2"
	most=$(memory_while 60 zone migrate "${ssh_options[@]}" web root@192.0.2.2)
	echo "beside the answer: $most $(cat "$TOP/status" "$TOP/out")"
	[ "$most" -lt 3000000 ]
	[ "$(cat "$TOP/status")" = 0 ]
	[ "$(state_there web)" = installed ]
}
