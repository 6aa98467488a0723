#!/usr/bin/env bats
# zone migrate: a zone to another host, over a real ssh.
bats_require_minimum_version 1.5.0
load helper
load migrate

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	mount -t tmpfs -o mode=755 none "$TOP"
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
	run there timeout -k 5 120 zone migrate -n -o IdentityFile="$TOP/ssh/me" -o UserKnownHostsFile="$TOP/ssh/known" -o BatchMode=yes web root@192.0.2.1
	[ "$status" -eq 0 ]
	says "comes back"
	run there timeout -k 5 120 zone migrate -S --delete -o IdentityFile="$TOP/ssh/me" -o UserKnownHostsFile="$TOP/ssh/known" -o BatchMode=yes web root@192.0.2.1
	echo "$output"
	[ "$status" -eq 0 ]
	says "stood still"
	[ "$(state_of web)" = running ]
	[ "$(zone exec web cat /srv/mark)" = there ]
	[ -z "$(there zone list -p -o name)" ]
	[ ! -e "$TOP/b/storage/web" ]
}

@test "what is in the way is told before a byte is copied, all of it at once, and nothing changes" {
	mkdir -p "$TOP/only/here"
	there mount -t tmpfs none "$TOP/only"
	native web 'fs=[{"dir":"/srv/data","special":"'"$TOP"'/only/here","type":"lofs"}]'
	there zone create -t isolated web
	run migrate -n --json web root@192.0.2.2
	[ "$status" -eq 1 ]
	[ "$(jq -r '[.report[] | select(.result == "problem") | .check] | join(",")' <<<"$output")" = "name,host" ]
	there zone delete -F web
	there umount "$TOP/only"
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
