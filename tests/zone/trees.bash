# trees.bash - root file systems for zones of brand linux.
# shellcheck shell=bash disable=SC2119,SC2120

TREES=${ZONES_TREES:-/var/tmp/zones-test}

# debian_tree [SUITE]: the path of a tar archive with a minimal Debian and systemd. Made once and kept, because that takes half a minute; the same packages give the same bytes. A second
# caller waits for the first one, and an archive whose making was interrupted never has its final name.
debian_tree() {
	local suite=${1:-bookworm} tar
	tar=$TREES/debian-$suite.tar
	mkdir -p "$TREES"
	(
		flock 9
		[ -s "$tar" ] || {
			rm -f "$tar".new.tar
			SOURCE_DATE_EPOCH=1700000000 mmdebstrap --quiet --variant=minbase --include=systemd-sysv,dbus "$suite" "$tar".new.tar >"$tar.log" 2>&1 &&
				mv "$tar".new.tar "$tar"
		}
	) 9>"$tar.lock" || { cat "$tar.log" >&2; return 1; }
	echo "$tar"
}

# debian_packed zst|xz: the same archive, compressed. As fast as it goes: what is tested is reading.
debian_packed() {
	local tar
	tar=$(debian_tree) || return
	(
		flock 9
		[ "$tar.$1" -nt "$tar" ] && exit
		case $1 in
		zst) zstd -q -f -1 -T2 "$tar" -o "$tar.new.$1" ;;
		xz) xz -0 -T2 -c "$tar" >"$tar.new.$1" ;;
		esac && mv "$tar.new.$1" "$tar.$1"
	) 9>"$tar.lock" || return
	echo "$tar.$1"
}

# busybox_tree DIR: the smallest tree with an init of its own. What it does at boot and at the end can be read from files in /var.
busybox_tree() {
	local applet
	mkdir -p "$1"/{bin,sbin,etc,var,root,proc,sys,dev,tmp,run}
	cp "$(readlink -f "$(command -v busybox)")" "$1/bin/busybox"
	for applet in sh true cat echo sleep ls id hostname reboot poweroff halt kill touch sync ps httpd mount; do
		ln -s busybox "$1/bin/$applet"
	done
	ln -s ../bin/busybox "$1/sbin/init"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\n' >"$1/etc/group"
	cat >"$1/etc/inittab" <<-'INITTAB'
		::sysinit:/bin/sh -c 'echo boot >> /var/boots; echo sysinit-on-console'
		::respawn:/bin/sh -i
		::shutdown:/bin/sh -c 'echo end >> /var/ends'
	INITTAB
}
