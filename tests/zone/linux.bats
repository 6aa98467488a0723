#!/usr/bin/env bats
# Brand linux: a tree with an init of its own - Debian with systemd, busybox, a script - or a foreign tree with a service.
load helper
load trees

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	load trees
	debian_tree >/dev/null
}

# 200 MB in 4,000 files for each test: in memory, so that nobody waits for the disk. What the tests with busybox do is on the disk, and everything where the kernel cannot idmap a tmpfs (before 6.3).
in_memory() {
	mkdir -p "$ZONES_STORAGE_DIR"
	printf '%s\n' 6.3 "$(uname -r)" | sort -CV || return 0
	mount -t tmpfs -o mode=755,size=2G zones-test "$ZONES_STORAGE_DIR"
}

teardown_more() {
	tmux -L "zones$$" kill-server 2>/dev/null || true
	! mountpoint -q "$ZONES_STORAGE_DIR" || umount "$ZONES_STORAGE_DIR"
}

# deb [PATH=VALUE...]: a Debian zone of that name without a network, installed. Its root is $R, its console's log $LOG.
deb() {
	in_memory
	zone create -t linux deb 'anet=[]' "$@"
	zone install --from "$(debian_tree)" deb 2>/dev/null
	R=$ZONES_STORAGE_DIR/deb/root
	LOG=$ZONES_STORAGE_DIR/deb/log/console.log
}

# Everything is started and nothing has failed.
is_up() {
	[ "$(zone exec "${1:-deb}" systemctl is-system-running)" = running ]
}

up() {
	wait_for 20 is_up deb || {
		zone exec deb systemctl list-jobs --no-pager
		zone exec deb systemctl --failed --no-pager
		zone exec deb journalctl -b -p warning --no-pager
		return 1
	}
}

booted_deb() {
	deb "$@"
	zone boot deb
	up
}

is_installed() {
	[ "$(state_of "$1")" = installed ]
}

screen_has() {
	tmux -L "zones$$" capture-pane -p -S -200 | grep -q -e "$1"
}

console_of() {
	tmux -L "zones$$" -f /dev/null new-session -d -x 120 -y 40 "PATH=$PATH ZONES_CONFIG_DIR=$ZONES_CONFIG_DIR ZONES_STORAGE_DIR=$ZONES_STORAGE_DIR ZONES_RUN_DIR=$ZONES_RUN_DIR zone console $1; echo left with \$?; sleep 60"
}

keys() {
	tmux -L "zones$$" send-keys "$@"
}

# The folder of a zone's init in the hierarchy that has this controller ("" for cgroup2 alone), as the host sees it. systemd moves itself into init.scope of cgroup2.
cgroup_of() { # cgroup_of ZONE CONTROLLER
	local rel
	rel=$(awk -F: -v c="$2" '$2 == c {print $3}' "/proc/$(init_pid "$1")/cgroup")
	if [ -n "$2" ] && [ -n "$rel" ]; then
		echo "/sys/fs/cgroup/$2$rel"
		return
	fi
	rel=$(awk -F: '$2 == "" {print $3}' "/proc/$(init_pid "$1")/cgroup")
	rel=${rel%/init.scope}
	[ -d "/sys/fs/cgroup/unified$rel" ] && echo "/sys/fs/cgroup/unified$rel" || echo "/sys/fs/cgroup$rel"
}

# --- systemd -------------------------------------------------------------------------------------------------------

# ask_inside ZONE COMMAND...: what ends or reboots the zone from inside; the command itself may be among the first that the zone's init ends, or that go with the zone
ask_inside() {
	local status=0
	zone exec "$@" || status=$?
	case $status in 0 | 137 | 143) ;; *) echo "zone exec $*: status $status"; return 1 ;; esac
}

@test "Debian boots to systemd as pid 1 in its user namespace: running, no unit failed" {
	booted_deb
	[ "$(zone exec deb cat /proc/1/comm)" = systemd ]
	[ -z "$(zone exec deb systemctl --failed --no-legend --plain)" ]
	pid=$(init_pid deb)
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[ "$(awk '/^Uid/{print $2}' "/proc/$pid/status")" -ge 65536 ]
	run zone exec deb systemctl status --no-pager
	says "State: running"
	says "console-getty.service"
	[ "$(zone exec deb systemd-detect-virt)" != none ]
	zone exec deb systemd-detect-virt --container
}

@test "systemd sees itself at the root of its cgroups, and hostname and machine-id are the zone's" {
	booted_deb
	# pid 1 moves itself into init.scope of its own hierarchy; in all others it stays where it was put
	run zone exec deb cat /proc/1/cgroup
	[ "$(echo "$output" | grep -cvE ':/(init.scope)?$')" = 0 ]
	[ "$(zone exec deb hostname)" = deb ]
	run zone exec deb hostnamectl
	says "Static hostname: deb"
	uuid=$(zone list --json deb | jq -r '.[0].uuid')
	[ "$(zone exec deb cat /etc/machine-id)" = "${uuid//-/}" ]
}

@test "journald keeps the journal: pid 1's messages, a unit's output, a program's syslog" {
	booted_deb
	zone exec deb systemd-run --quiet --wait --unit=talk sh -c 'echo said-by-a-unit; logger said-by-logger'
	zone exec deb journalctl --sync
	run zone exec deb journalctl -b --no-pager
	says "Startup finished"
	says said-by-a-unit
	says said-by-logger
	run zone exec deb journalctl --verify --quiet
	[ "$status" -eq 0 ]
}

@test "login gives a login shell, exec runs in the tree, both with the zone's ids" {
	booted_deb
	[ "$(zone login deb 'id -u; pwd' | tr '\n' ' ')" = "0 /root " ]
	[ "$(zone exec -l nobody deb id -u)" = 65534 ]
	zone exec deb useradd -m -s /bin/bash anna
	[ "$(zone login -l anna deb pwd)" = /home/anna ]
	[ "$(zone exec deb stat -c %U:%G /home/anna /etc/shadow /usr/bin/passwd | tr '\n' ' ')" = "anna:anna root:shadow root:root " ]
	# setuid programs of the tree work: the brand leaves no_new_privs off
	run zone exec -l anna deb sh -c 'passwd -S'
	says "anna L"
}

@test "the console shows the boot and a login prompt; logging in with a password gives a shell on it" {
	deb
	sed -i "s|^root:[^:]*:|root:$(openssl passwd -6 -salt zones secret):|" "$R/etc/shadow"
	console_of deb
	wait_for 5 screen_has "waiting for the zone"
	zone boot deb
	wait_for 20 screen_has "deb login:"
	keys root Enter
	wait_for 10 screen_has "Password:"
	keys wrong Enter
	wait_for 15 screen_has "Login incorrect"
	wait_for 10 sh -c "tmux -L zones$$ capture-pane -p | grep -v '^$' | tail -1 | grep -q 'login:'"
	keys root Enter
	wait_for 10 sh -c "tmux -L zones$$ capture-pane -p | grep -v '^$' | tail -1 | grep -q 'Password:'"
	keys secret Enter
	wait_for 10 screen_has 'root@deb:~#'
	keys 'echo on-$(tty)-$((6*7)); stty size' Enter
	wait_for 5 screen_has "on-/dev/console-42"
	# job control works: the terminal has become the shell's
	keys 'sleep 1000' Enter
	wait_for 5 zone exec deb sh -c 'cat /proc/[0-9]*/comm | grep -qx sleep'
	keys C-c
	keys 'echo status-$?' Enter
	wait_for 5 screen_has "status-130"
	keys 'exit' Enter
	wait_for 10 sh -c "tmux -L zones$$ capture-pane -p | grep -v '^$' | tail -1 | grep -q 'login:'"
	keys Enter '~.'
	wait_for 5 screen_has "left with 0"
}

@test "shutdown asks systemd, which stops its units in order, within seconds" {
	deb
	cat >"$R/etc/systemd/system/witness.service" <<-'UNIT'
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'echo up >> /var/witness'
		ExecStop=/bin/sh -c 'echo down >> /var/witness'
		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -s ../witness.service "$R/etc/systemd/system/multi-user.target.wants/witness.service"
	zone boot deb
	up
	start=$SECONDS
	zone shutdown deb
	[ $((SECONDS - start)) -le 6 ]
	is_installed deb
	[ "$(tr '\n' ' ' <"$R/var/witness")" = "up down " ]
	grep -q "Halting system" "$LOG"
	fails 0 zone why deb
	case $output in *killed* | *fail*) false ;; esac
}

@test "shutdown while systemd is still starting works too" {
	deb
	for _ in 1 2 3; do
		zone boot deb
		start=$SECONDS
		zone shutdown deb
		[ $((SECONDS - start)) -le 10 ]
		is_installed deb
	done
}

@test "a unit that does not stop is ended at the deadline" {
	deb
	cat >"$R/etc/systemd/system/stubborn.service" <<-'UNIT'
		[Service]
		ExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 1; done'
		TimeoutStopSec=infinity
		SendSIGKILL=no
		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -s ../stubborn.service "$R/etc/systemd/system/multi-user.target.wants/stubborn.service"
	zone boot deb
	up
	start=$SECONDS
	zone shutdown -t 2s deb
	[ $((SECONDS - start)) -ge 1 ]
	[ $((SECONDS - start)) -le 8 ]
	is_installed deb
}

@test "zone reboot and shutdown -r boot it again" {
	booted_deb
	before=$(init_pid deb)
	zone reboot deb
	up
	[ "$(init_pid deb)" != "$before" ]
	before=$(init_pid deb)
	zone shutdown -r deb
	up
	[ "$(init_pid deb)" != "$before" ]
	[ "$(grep -c "Welcome to.*Debian" "$LOG")" -ge 3 ]
}

@test "systemctl reboot inside boots the zone again; poweroff and halt inside end it, with the reason" {
	booted_deb
	before=$(init_pid deb)
	ask_inside deb systemctl reboot
	wait_for 20 sh -c "[ \"\$(zone list --json deb | jq -r '.[0].id')\" != $before ] && [ \"\$(zone exec deb systemctl is-system-running)\" = running ]"
	for verb in poweroff halt; do
		ask_inside deb systemctl $verb
		wait_for 20 is_installed deb
		run zone why deb
		says "powered off from inside"
		zone boot deb
		up
	done
}

@test "the restart policy: a power-off from inside is no failure, the death of init is one" {
	booted_deb restart=on-failure
	ask_inside deb systemctl poweroff
	wait_for 20 is_installed deb
	zone boot deb
	up
	before=$(init_pid deb)
	kill -9 "$before"
	wait_for 20 is_up deb
	[ "$(init_pid deb)" != "$before" ]
}

@test "boot -s is rescue mode, boot arguments reach systemd" {
	deb
	zone boot -s deb
	wait_for 20 zone exec deb systemctl --quiet is-active rescue.target
	run zone exec deb systemctl is-active multi-user.target
	[ "$output" = inactive ]
	zone halt deb
	zone boot deb -- systemd.unit=basic.target systemd.setenv=FROM=bootargs
	wait_for 20 zone exec deb systemctl --quiet is-active basic.target
	run zone exec deb systemctl show-environment
	says FROM=bootargs
	zone halt deb
	zone set deb bootargs=systemd.setenv=FROM=file
	zone boot deb
	up
	run zone exec deb systemctl show-environment
	says FROM=file
}

@test "a zone whose monitor was killed goes on; the next command brings another one, and shutdown works" {
	booted_deb
	pid=$(init_pid deb)
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/deb/run.json")"
	wait_for 5 is_up deb
	[ "$(init_pid deb)" = "$pid" ]
	zone shutdown deb
	is_installed deb
}

@test "the network is there before the first unit: addresses, route, names, both directions" {
	in_memory
	zone create -t linux deb
	zone install --from "$(debian_tree)" deb 2>/dev/null
	R=$ZONES_STORAGE_DIR/deb/root
	cat >"$R/srv/serve.pl" <<-'PERL'
		use IO::Socket::INET;
		my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
		while (my $c = $s->accept) { print $c "served by a unit\n"; close $c; }
	PERL
	cat >"$R/etc/systemd/system/serve.service" <<-'UNIT'
		[Unit]
		After=network-online.target
		Wants=network-online.target
		[Service]
		ExecStart=/usr/bin/perl /srv/serve.pl
		User=nobody
		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -s ../serve.service "$R/etc/systemd/system/multi-user.target.wants/serve.service"
	zone boot deb
	up
	ip=$(zone list --json deb | jq -r '.[0].ip' | sed 's|/.*||')
	wait_for 5 sh -c "busybox nc -w 2 $ip 8080 </dev/null | grep -q 'served by a unit'"
	# out again: to the gateway, which is this test's network namespace
	gw=$(zone exec deb awk '$2 == "00000000" {print $3}' /proc/net/route | head -1 | sed 's/\(..\)\(..\)\(..\)\(..\)/0x\4 0x\3 0x\2 0x\1/' | xargs printf '%d.%d.%d.%d')
	echo from-the-host >"$TOP/index.html"
	busybox httpd -f -p "$gw:8081" -h "$TOP" & h=$!
	wait_for 5 sh -c "zone exec deb perl -MIO::Socket::INET -e '\$s = IO::Socket::INET->new(PeerAddr => \"$gw:8081\") or exit 1; print \$s \"GET /index.html HTTP/1.0\r\n\r\n\"; print <\$s>' | grep -q from-the-host"
	kill $h
	grep -q nameserver "$R/etc/resolv.conf"
	zone exec deb getent hosts deb
	# after a reboot it is the same address
	ask_inside deb systemctl reboot
	wait_for 20 sh -c "busybox nc -w 2 $ip 8080 </dev/null | grep -q 'served by a unit'"
}

@test "limits hold for a zone with systemd, in whatever unit a program hides" {
	booted_deb cappedMemory.physical=128M cappedMemory.swap=128M maxLwps=100 cappedCPU.ncpus=0.5
	run zone exec deb systemd-run --quiet --wait -p Delegate=yes -p TasksMax=infinity -p MemoryMax=infinity perl -e '$a = "x" x (400 << 20); print length $a'
	[ "$status" -ne 0 ]
	run zone exec deb systemd-run --quiet --wait --pipe -p TasksMax=infinity perl -e '
		for (1..500) { my $p = fork; if (!defined $p) { print "stopped at $_\n"; exit } if (!$p) { sleep 5; exit } }
		print "not stopped\n"'
	says "stopped at"
	[ "$(echo "$output" | awk '/stopped at/{print $3}')" -lt 100 ]
	# and the zone survives
	wait_for 20 zone exec deb true
	[ "$(state_of deb)" = running ]
	[ "$(cat "$(cgroup_of deb pids)/pids.max")" = 100 ]
	zone shutdown deb
}

@test "the delegated cgroup is no way out: limits cannot be written, other cgroups not seen, no process leaves" {
	booted_deb
	# its own root: only what delegation needs belongs to the zone
	run zone exec deb sh -c 'cd /sys/fs/cgroup && for f in cgroup.freeze cgroup.kill cgroup.max.depth cgroup.max.descendants cgroup.type *.max *.high *.weight *.limit_in_bytes; do
		[ -e "$f" ] && (echo 1 >"$f") 2>/dev/null && echo "wrote $f"; done; :'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	# mounted again, in version 1 and 2, it is the same part of the tree
	run zone exec deb sh -c 'mkdir -p /tmp/g && for c in memory pids devices freezer cpu name=systemd; do
		mount -t cgroup -o $c none /tmp/g 2>/dev/null || continue
		[ -z "$(find /tmp/g -mindepth 1 -type d)" ] || echo "$c: others are seen"
		mkdir /tmp/g/mine 2>/dev/null && echo "$c: a group was made"
		for f in /tmp/g/*; do (echo -1 >$f) 2>/dev/null && echo "wrote $f"; (echo a >$f) 2>/dev/null && echo "wrote $f"; done
		umount /tmp/g
	done
	mount -t cgroup2 none /tmp/g && { [ -e /tmp/g/init.scope ] || echo "another root"; umount /tmp/g; }; :'
	[ "$status" -eq 0 ]
	[ -z "$output" ] || { echo "$output"; false; }
	# every process of the zone, wherever systemd has put it, is below the zone's folder in every hierarchy
	for h in "" pids memory devices freezer cpu; do
		top=$(cgroup_of deb "$h")
		[ -d "$top" ]
		case $top in */zones-"$(cgroup_hash)"/deb) ;; *) echo "$h: $top"; false ;; esac
	done
	for p in $(zone ps --json deb | jq -r '.[].pid'); do
		[ -e "/proc/$p/cgroup" ] || continue
		[ -z "$(awk -F: '{print $3}' "/proc/$p/cgroup" | grep -v "^/zones-$(cgroup_hash)/deb\(/\|\$\)" | grep -v '^/$')" ] || { cat "/proc/$p/cgroup"; false; }
	done
	[ "$(zone ps --json deb | jq length)" -ge 4 ]
}

@test "a service of systemd may use the sandbox that Debian's units ask for" {
	booted_deb
	run zone exec deb systemd-run --quiet --wait --pipe -p PrivateTmp=yes -p ProtectSystem=strict -p ProtectHome=yes -p PrivateDevices=yes -p NoNewPrivileges=yes -p DynamicUser=yes \
		sh -c 'id -u; touch /etc/x 2>&1; ls -d /dev/null'
	[ "$status" -eq 0 ]
	says "Read-only file system"
	says /dev/null
}

@test "halt takes a systemd zone down at once and leaves nothing" {
	booted_deb
	start=$SECONDS
	zone halt deb
	[ $((SECONDS - start)) -le 3 ]
	is_installed deb
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -path "*/zones-$(cgroup_hash)/deb*")" ]
}

@test "two Debian zones beside each other have other ids, and neither sees the other's processes" {
	booted_deb
	zone create -t linux two 'anet=[]'
	zone install --from "$(debian_tree)" two 2>/dev/null
	zone boot two
	wait_for 20 is_up two
	a=$(awk '/^Uid/{print $2}' "/proc/$(init_pid deb)/status") b=$(awk '/^Uid/{print $2}' "/proc/$(init_pid two)/status")
	[ "$a" != "$b" ]
	[ "$(zone exec deb cat /etc/machine-id)" != "$(zone exec two cat /etc/machine-id)" ]
	ask_inside deb systemctl poweroff
	wait_for 20 is_installed deb
	is_up two
}

# --- the tree's ways in --------------------------------------------------------------------------------------------

@test "tar, tar.zst, tar.xz and directory give the same tree, with owners, modes, links and times of the archive" {
	list() { # names, types, modes, owners, sizes, times and targets; mount points are the zone's own
		(cd "$1" && find . -mindepth 1 \( -path ./dev -o -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp \) -prune -o -mindepth 1 -type d -printf '%P d %m %U:%G %Ts\n' -o -type l -printf '%P l %U:%G %l\n' -o -printf '%P %y %m %U:%G %s %Ts %n\n' | sort)
	}
	in_memory
	zone create -t linux deb 'anet=[]'
	mkdir "$ZONES_STORAGE_DIR/wanted"
	tar -C "$ZONES_STORAGE_DIR/wanted" --numeric-owner --xattrs --xattrs-include='*' -xpf "$(debian_tree)" --exclude='./dev/*'
	list "$ZONES_STORAGE_DIR/wanted" >"$TOP/wanted.list"
	[ "$(wc -l <"$TOP/wanted.list")" -gt 3000 ]
	grep -q ' 4755 ' "$TOP/wanted.list"
	for from in "$(debian_tree)" "$(debian_packed zst)" "$(debian_packed xz)" "$ZONES_STORAGE_DIR/wanted"; do
		zone install --from "$from" deb
		list "$ZONES_STORAGE_DIR/deb/root" >"$TOP/got.list"
		diff "$TOP/wanted.list" "$TOP/got.list"
		zone uninstall -F deb
	done
}

@test "a file capability of the tree arrives and counts inside, as the zone's" {
	busybox_tree "$TOP/bb"
	printf 'nobody:x:65534:65534::/:/bin/sh\n' >>"$TOP/bb/etc/passwd"
	cp "$TOP/bb/bin/busybox" "$TOP/bb/bin/grep"
	setcap cap_net_bind_service=ep "$TOP/bb/bin/grep"
	tar -C "$TOP/bb" --xattrs --xattrs-include='*' -cf "$TOP/with-cap.tar" --numeric-owner .
	zone create -t linux two 'anet=[]'
	for from in "$TOP/with-cap.tar" "$TOP/bb"; do
		zone install --from "$from" two 2>/dev/null
		getcap "$ZONES_STORAGE_DIR/two/root/bin/grep" | grep -q cap_net_bind_service=ep
		zone boot two
		wait_for 5 zone exec two true
		[ "$(zone exec -l nobody two grep CapEff /proc/self/status)" = "CapEff:	0000000000000400" ]
		[ "$(zone exec -l nobody two sh -c 'while read -r a b; do [ $a != CapEff: ] || echo $b; done </proc/self/status')" = 0000000000000000 ]
		zone halt two
		zone uninstall -F two
	done
}

# --- other inits ---------------------------------------------------------------------------------------------------

bb() { # bb [PATH=VALUE...]: a zone with busybox init, installed
	busybox_tree "$TOP/bb"
	zone create -t linux bb 'anet=[]' "$@"
	zone install --from "$TOP/bb" bb
	R=$ZONES_STORAGE_DIR/bb/root
	LOG=$ZONES_STORAGE_DIR/bb/log/console.log
}

@test "busybox init: sysinit runs, the console has a shell that comes back, shutdown runs its shutdown lines" {
	bb
	console_of bb
	wait_for 5 screen_has "waiting for the zone"
	zone boot bb
	wait_for 5 screen_has sysinit-on-console
	keys 'echo pid-$$-$((6*7))' Enter
	wait_for 5 screen_has "pid-[0-9]*-42"
	keys 'exit' Enter
	keys 'echo again-$((6*7))' Enter
	wait_for 5 screen_has again-42
	[ "$(zone exec bb cat /proc/1/comm)" = init ]
	start=$SECONDS
	zone shutdown bb
	[ $((SECONDS - start)) -le 6 ]
	is_installed bb
	[ "$(cat "$R/var/boots")" = boot ]
	[ "$(cat "$R/var/ends")" = end ]
	keys Enter '~.'
}

@test "busybox init: reboot inside boots again, poweroff and halt inside end it" {
	bb
	zone boot bb
	wait_for 5 test -e "$R/var/boots"
	before=$(init_pid bb)
	ask_inside bb reboot
	wait_for 10 sh -c "[ \$(grep -c boot $R/var/boots) = 2 ]"
	wait_for 5 zone exec bb true
	[ "$(init_pid bb)" != "$before" ]
	for verb in poweroff halt; do
		ask_inside bb $verb
		wait_for 10 is_installed bb
		run zone why bb
		says "powered off from inside"
		zone boot bb
	done
	zone shutdown -r bb
	wait_for 5 zone exec bb true
	[ "$(state_of bb)" = running ]
	[ "$(grep -c end "$R/var/ends")" = 4 ]
}

@test "an init of another kind is asked by SIGPWR, as sysvinit is" {
	busybox_tree "$TOP/bb"
	rm "$TOP/bb/sbin/init"
	cat >"$TOP/bb/sbin/init" <<-'INIT'
		#!/bin/sh
		trap 'echo pwr >> /var/ends; exit 0' PWR
		while :; do sleep 1 & wait $!; done
	INIT
	chmod 755 "$TOP/bb/sbin/init"
	zone create -t linux bb 'anet=[]'
	zone install --from "$TOP/bb" bb
	zone boot bb
	wait_for 5 zone exec bb true
	sleep 0.3
	start=$SECONDS
	zone shutdown bb
	[ $((SECONDS - start)) -le 4 ]
	is_installed bb
	[ "$(cat "$ZONES_STORAGE_DIR/bb/root/var/ends")" = pwr ]
}

@test "an init behind symlinks of the tree is found inside the tree only" {
	busybox_tree "$TOP/bb"
	mkdir -p "$TOP/bb/usr/lib/init"
	mv "$TOP/bb/bin/busybox" "$TOP/bb/usr/lib/init/busybox"
	ln -s /../../../usr/lib/init/busybox "$TOP/bb/bin/busybox"
	ln -sf /bin/busybox "$TOP/bb/sbin/init"
	zone create -t linux bb 'anet=[]'
	zone install --from "$TOP/bb" bb
	zone boot bb
	wait_for 5 test -e "$ZONES_STORAGE_DIR/bb/root/var/boots"
	zone shutdown bb
	is_installed bb
	# the host has /usr/bin/python3, the tree has not
	for link in /sbin/init /etc/init /bin/init /init; do ln -sfn /usr/bin/python3 "$ZONES_STORAGE_DIR/bb/root$link"; done
	fails 1 zone boot bb
	says "no init"
}

@test "a tree without an init, and one with an init that cannot run, are refused with a sentence and stay installed" {
	busybox_tree "$TOP/bb"
	rm "$TOP/bb/sbin/init"
	zone create -t linux bb 'anet=[]'
	zone install --from "$TOP/bb" bb
	fails 1 zone boot bb
	says "there is no init in the zone's root"
	says service
	is_installed bb
	printf '\177ELF\002\001\001 not for this machine' >"$ZONES_STORAGE_DIR/bb/root/sbin/init"
	chmod 755 "$ZONES_STORAGE_DIR/bb/root/sbin/init"
	fails 1 zone boot bb
	says init
	is_installed bb
	run zone why bb
	says "boot failed"
}

@test "a foreign tree with a service: zone-init is pid 1, the service runs as its user and is started again" {
	busybox_tree "$TOP/bb"
	rm "$TOP/bb/sbin/init"
	printf 'web:x:33:33:web:/:/bin/sh\n' >>"$TOP/bb/etc/passwd"
	printf 'web:x:33:\n' >>"$TOP/bb/etc/group"
	zone create -t linux bb 'anet=[]' 'service={"command":["/bin/sh","-c","id -u; echo started >> /tmp/starts; exec sleep 1000"],"user":"web","restart":"always"}'
	zone install --from "$TOP/bb" bb
	chmod 1777 "$ZONES_STORAGE_DIR/bb/root/tmp"
	R=$ZONES_STORAGE_DIR/bb/root
	zone boot bb
	[ "$(zone exec bb cat /proc/1/cmdline | tr '\0' ' ' | cut -d' ' -f1)" = /dev/.zone/init ]
	wait_for 5 test -e "$R/tmp/starts"
	pid=$(zone ps --json bb | jq -r '.[] | select(.command | test("^sleep")) | .pid' | head -1)
	[ "$(awk '/^Uid/{print $2 % 65536}' "/proc/$pid/status")" = 33 ]
	kill -9 "$pid"
	wait_for 10 sh -c "[ \$(grep -c started $R/tmp/starts) -ge 2 ]"
	start=$SECONDS
	zone shutdown bb
	[ $((SECONDS - start)) -le 5 ]
	is_installed bb
}

@test "Debian with a service: its own init is left out" {
	deb 'service={"command":["/usr/bin/perl","-e","$| = 1; print \"perl is here\\n\"; sleep 1000"]}'
	zone boot deb
	wait_for 5 grep -q "perl is here" "$LOG"
	[ "$(zone exec deb cat /proc/1/cmdline | tr '\0' ' ' | cut -d' ' -f1)" = /dev/.zone/init ]
	run zone exec deb pgrep systemd
	[ "$status" -ne 0 ]
	zone shutdown deb
	is_installed deb
}
