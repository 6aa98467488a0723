#!/usr/bin/env bats
# fileMacProfile: what each profile leaves writable, that root inside cannot change it, the ways around it for the administrator.
load helper
load trees

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	load trees
	debian_tree >/dev/null
}

teardown_more() {
	! mountpoint -q "$ZONES_STORAGE_DIR" || umount "$ZONES_STORAGE_DIR"
}

# immutable PROFILE [PATH=VALUE...]: a running native zone "z" whose root has all folders of the table. Its root inside may mount.
immutable() {
	native z "fileMacProfile=$1" limitpriv=default,sys_admin "${@:2}"
	R=$ZONES_STORAGE_DIR/z/root
	mkdir -p "$R"/var/lib/{dpkg,apt,rpm,dnf,pacman,apk} "$R/var/spool/cron" "$R/root" "$R/srv"
	zone boot z
}

# Which of the folders can be written to inside, in the order of the list.
FOLDERS="/ /etc /root /srv /usr /var /var/lib /var/lib/dpkg /var/lib/apt /var/lib/rpm /var/lib/dnf /var/lib/pacman /var/lib/apk /var/spool /var/spool/cron /run /tmp /dev/shm"
writable() {
	zone exec z sh -c 'for d; do if touch "$d/.probe" 2>/dev/null; then rm "$d/.probe"; printf "%s " "$d"; fi; done' sh $FOLDERS
}

@test "each profile leaves writable what its row says" {
	immutable strict
	[ "$(writable)" = "/run /tmp /dev/shm " ]
	zone set z fileMacProfile=fixed-configuration
	run zone diff z
	says fileMacProfile
	says reboot
	zone reboot z
	[ "$(writable)" = "/var /var/lib /var/spool /run /tmp /dev/shm " ]
	zone set z fileMacProfile=flexible-configuration
	zone reboot z
	[ "$(writable)" = "/etc /root /var /var/lib /var/spool /run /tmp /dev/shm " ]
	zone set z fileMacProfile=none
	zone reboot z
	[ "$(writable)" = "/ /etc /root /srv /var /var/lib /var/lib/dpkg /var/lib/apt /var/lib/rpm /var/lib/dnf /var/lib/pacman /var/lib/apk /var/spool /var/spool/cron /run /tmp /dev/shm " ]
}

@test "root inside cannot take it back, not even with CAP_SYS_ADMIN" {
	immutable fixed-configuration
	before=$(find "$R" | sort)
	zone exec z sh -c '
		mount -o remount,rw / ; mount -o remount,bind,rw /
		mount --bind / /tmp ; mount -o remount,bind,rw /tmp ; touch /tmp/evil /tmp/etc/evil ; umount /tmp
		mount --bind /var/lib/dpkg /run ; mount -o remount,bind,rw /run ; touch /run/evil ; umount /run
		unshare -m sh -c "mount -o remount,bind,rw / ; touch /evil ; umount /var ; umount -l /var/lib ; umount -l /var/lib/dpkg ; touch /var/lib/dpkg/evil /var/evil2"
		umount /var/lib/dpkg ; umount -l /var/lib/dpkg ; touch /var/lib/dpkg/evil
		mv /var/lib /var/lib.old ; mv /var/lib/dpkg /var/lib/dpkg.old ; mv /var/spool /var/x ; rmdir /var/spool/cron ; ln /etc/passwd /var/passwd
		mount --move /var/lib/dpkg /tmp ; mount -o remount,bind,rw /var/lib/dpkg
		for p in /proc/[0-9]*; do touch $p/root/etc/evil $p/cwd/evil ; done
		umount /var/lib ; umount -l /var ; true' >/dev/null 2>&1 || true
	rm -f "$R/var/evil2"
	[ "$(find "$R" | sort)" = "$before" ]
	# what it could do: all this is not because nothing works in there
	zone exec z sh -c 'mount -t tmpfs t /mnt && touch /mnt/x && unshare -m true'
}

@test "boot -w: writable for one boot, said in list and why; a boot from inside is read-only again" {
	immutable strict
	[ "$(zone list -p -o rw,profile z)" = R:strict ]
	run zone exec z touch /etc/no
	[ "$status" -ne 0 ]
	zone halt z
	[ "$(zone list -p -o rw,profile z)" = -:strict ]
	zone boot -w z
	[ "$(zone list -p -o rw z)" = W ]
	zone exec z touch /etc/yes
	[ -f "$R/etc/yes" ]
	run zone list -v z
	says "writable for this once"
	run zone why z
	says "writable for this once"
	run zone list -p z
	says :W:strict
	pid=$(init_pid z)
	zone exec z busybox reboot -f || true
	wait_for 10 eval '[ "$(zone list -p -o rw z)" = R ] && [ "$(init_pid z)" != '"$pid"' ]'
	run zone exec z touch /etc/no
	[ "$status" -ne 0 ]
	zone halt z
	zone set z fileMacProfile=none
	zone boot z
	[ "$(zone list -p -o rw,profile z)" = -:none ]
	[ "$(zone list --json z | jq -c '.[0] | [.rw, .profile]')" = '[null,"none"]' ]
}

@test "login -T: the administrator writes, and nobody of the zone gets there through him" {
	mkdir "$TOP/shut/data"
	immutable fixed-configuration limitpriv=default "fs=[{\"dir\":\"/srv/a b\",\"type\":\"lofs\",\"special\":\"$TOP/shut/data\"}]"
	zone login -T z 'touch /etc/trusted "/srv/a b/there" /run/same /var/lib/dpkg/trusted && ! touch /usr/trusted 2>/dev/null && ! mount -t tmpfs t /mnt 2>/dev/null && id -u && ls /proc/self/ns >/dev/null'
	[ -f "$R/etc/trusted" ] && [ "$(stat -c %u "$R/etc/trusted")" = 0 ]
	[ -f "$TOP/shut/data/there" ] && [ -f "$R/var/lib/dpkg/trusted" ]
	zone exec z test -f /run/same
	zone login -T z 'touch /run/ready; exec sleep 300' &
	wait_for 10 zone exec z test -f /run/ready
	run zone exec z sh -c 'for p in $(pgrep -x sleep); do
			touch /proc/$p/root/etc/evil && echo BAD1; ls /proc/$p/root && echo BAD2; cat /proc/$p/environ && echo BAD3; nsenter -m -t $p touch /etc/evil && echo BAD4; readlink /proc/$p/cwd && echo BAD5
		done; echo asked $(pgrep -cx sleep)'
	says "asked 1"
	[[ "$output" != *BAD* ]]
	[ ! -e "$R/etc/evil" ]
	zone exec z pkill -x sleep
	wait
	run zone exec z touch /etc/no
	[ "$status" -ne 0 ]
	zone halt z
	zone boot -w z
	fails 1 zone login -T z true
	says "there is no trusted path"
	fails 2 zone login -C -T z
}

@test "login -T: what root inside has mounted over a program is not run with a writable root" {
	immutable strict
	zone exec z sh -c 'printf "#!/bin/busybox sh\ntouch /etc/evil\n" >/run/evil && chmod 755 /run/evil && mount --bind /run/evil /bin/touch'
	fails 1 zone login -T z 'touch /etc/good'
	says "CAP_SYS_ADMIN"
	says "zone boot -w"
	[ ! -e "$R/etc/evil" ] && [ ! -e "$R/etc/good" ]
	zone set z limitpriv=default
	zone reboot z
	zone login -T z 'touch /etc/good'
	[ -f "$R/etc/good" ] && [ ! -e "$R/etc/evil" ]
}

@test "places of file systems are made at boot and by apply; links in the root's place are refused or left out" {
	mkdir "$TOP/shut/data"
	touch "$TOP/shut/file"
	immutable strict 'fs=[{"dir":"/opt/new/deep","type":"tmpfs"}]'
	zone exec z touch /opt/new/deep/x
	[ "$(stat -c %u "$R/opt/new/deep")" = 0 ]
	zone add z fs dir=/opt/live type=lofs "special=$TOP/shut/data"
	zone add z fs dir=/opt/one type=lofs "special=$TOP/shut/file"
	zone apply z
	zone exec z sh -c 'touch /opt/live/y && echo text > /opt/one'
	[ -f "$TOP/shut/data/y" ] && [ "$(cat "$TOP/shut/file")" = text ]
	zone halt z
	zone set z fileMacProfile=fixed-configuration
	rmdir "$R/var/lib/rpm"
	ln -s /srv "$R/var/lib/rpm"
	zone boot z
	zone exec z rm /var/lib/rpm
	zone halt z
	mv "$R/var" "$R/elsewhere"
	ln -s elsewhere "$R/var"
	fails 1 zone boot z
	says '"/var" of the root is to be writable'
	rm "$R/var"
	mv "$R/elsewhere" "$R/var"
}

@test "a Debian with systemd comes up in each profile" {
	mkdir -p "$ZONES_STORAGE_DIR"
	! printf '%s\n' 6.3 "$(uname -r)" | sort -CV || mount -t tmpfs -o mode=755,size=2G zones-test "$ZONES_STORAGE_DIR"
	zone create -t linux deb 'anet=[]'
	zone install --from "$(debian_tree)" deb 2>/dev/null
	for profile in flexible-configuration fixed-configuration strict; do
		zone set deb "fileMacProfile=$profile"
		zone boot deb
		wait_for 30 eval 'zone exec deb systemctl is-system-running | grep -qE "running|degraded"' || { zone exec deb systemctl list-jobs; false; }
		zone exec deb systemctl --failed --no-pager --plain --no-legend >"$TOP/failed"
		[ ! -s "$TOP/failed" ] || { echo "$profile"; cat "$TOP/failed"; false; }
		run zone exec deb mount -o remount,rw /
		[ "$status" -ne 0 ]
		run zone exec deb touch /usr/no /lib/no
		[ "$status" -ne 0 ]
		zone shutdown -t 30 deb
	done
}

@test "a root in layers is locked in the same way" {
	native z fileMacProfile=none limitpriv=default,sys_admin
	R=$ZONES_STORAGE_DIR/z/root
	mkdir -p "$R"/var/lib/{dpkg,apt,rpm,dnf,pacman,apk} "$R/var/spool/cron" "$R/root" "$R/srv" "$TOP/shut/data"
	zone clone z layered 2>/dev/null || skip "clone is not there"
	[ "$(jq -r .driver "$ZONES_STORAGE_DIR/.records/layered.json")" = overlay ] || skip "the clone is not in layers here"
	zone set layered fileMacProfile=fixed-configuration "fs=[{\"dir\":\"/opt/new\",\"type\":\"lofs\",\"special\":\"$TOP/shut/data\",\"options\":[\"ro\"]}]"
	zone boot layered
	[ "$(zone list -p -o rw layered)" = R ]
	zone exec layered sh -c '
		mount -o remount,rw / ; mount -o remount,bind,rw / ; mount --bind / /tmp ; mount -o remount,bind,rw /tmp ; touch /tmp/evil /tmp/etc/evil ; umount /tmp
		unshare -m sh -c "mount -o remount,bind,rw / ; touch /evil ; umount -l /var ; touch /var/evil2"
		umount /var/lib/dpkg ; touch /var/lib/dpkg/evil ; mv /var/lib /var/x ; mount -o remount,bind,rw /var/lib/dpkg ; mount -o remount,bind,rw /opt/new ; touch /opt/new/evil
		touch /etc/evil /usr/evil /evil ; touch /var/good /var/lib/good; true' >/dev/null 2>&1
	zone exec layered sh -c '[ -e /var/good ] && [ -e /var/lib/good ] && [ -d /opt/new ] && ! ls /evil /etc/evil /usr/evil /var/lib/dpkg/evil /opt/new/evil 2>/dev/null'
	[ -z "$(ls "$TOP/shut/data")" ]
	fails 1 zone login -T layered true
	says "in layers"
	zone halt layered
	zone boot -w layered
	zone exec layered touch /etc/once
	zone halt layered
	zone boot layered
	zone exec layered test -e /etc/once
	run zone exec layered touch /etc/no
	[ "$status" -ne 0 ]
}
