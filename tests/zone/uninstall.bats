#!/usr/bin/env bats
# zone uninstall: remove the files, keep the configuration.
bats_require_minimum_version 1.5.0
load helper

ids() {
	jq -c . "$ZONES_STORAGE_DIR/.ids.json" 2>/dev/null | grep -c "\"$1\"" || true
}

@test "uninstall without a terminal refuses, names -F and removes nothing" {
	native web
	fails 1 zone uninstall web </dev/null
	says -F
	[ "$(state_of web)" = installed ]
	[ -d "$ZONES_STORAGE_DIR/web/root/etc" ]
	run --separate-stderr zone uninstall --json web </dev/null
	[ "$status" -eq 1 ]
	jq -e '.ok == false' <<<"$output"
	[ "$(state_of web)" = installed ]
}

@test "uninstall -F takes files, ids and nothing else" {
	native web
	native other
	zone uninstall -F web
	[ "$(state_of web)" = configured ]
	[ "$(state_of other)" = installed ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	[ -d "$ZONES_STORAGE_DIR/other/root/etc" ]
	[ -f "$ZONES_CONFIG_DIR/web.json" ]
	[ "$(ids web)" = 0 ]
	[ "$(ids other)" = 1 ]
}

@test "uninstall on a terminal asks: no keeps, yes removes" {
	native web
	run timeout 20 script -qec "zone uninstall web" /dev/null <<<n
	says "[y/N]"
	[ "$(state_of web)" = installed ]
	run timeout 20 script -qec "zone uninstall web" /dev/null <<<""
	[ "$(state_of web)" = installed ]
	run timeout 20 script -qec "zone uninstall web" /dev/null <<<y
	[ "$(state_of web)" = configured ]
}

@test "uninstall and install again works, with the same UUID" {
	native web
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	zone uninstall -F web
	zone install web
	zone boot web
	[ "$(zone list --json web | jq -r '.[0].uuid')" = "$uuid" ]
}

@test "uninstall of a zone that is not installed succeeds with a note" {
	zone create -t isolated web
	fails 0 zone uninstall -F web
	says "not installed"
	fails 0 zone uninstall web </dev/null
}

@test "uninstall of a running, ready or frozen zone is refused and says to halt it" {
	native web
	zone ready web
	fails 1 zone uninstall -F web
	says "zone halt web"
	zone boot web
	fails 1 zone uninstall -F web
	says "zone halt web"
	zone freeze web
	fails 1 zone uninstall -F web
	zone thaw web
	[ "$(state_of web)" = running ]
}

@test "uninstall leaves what is not the zone's in the zonepath and says so" {
	native web
	echo precious >"$ZONES_STORAGE_DIR/web/notes"
	run zone uninstall -F web
	[ "$status" -eq 0 ]
	says "$ZONES_STORAGE_DIR/web"
	[ "$(cat "$ZONES_STORAGE_DIR/web/notes")" = precious ]
	[ "$(state_of web)" = configured ]
}

@test "uninstall never follows a symlink out of the zone's root" {
	native web
	mkdir "$TOP/victim"
	touch "$TOP/victim/file"
	ln -s "$TOP/victim" "$ZONES_STORAGE_DIR/web/root/srv/link"
	zone uninstall -F web
	[ -f "$TOP/victim/file" ]
	zone install web
	rm -rf "$ZONES_STORAGE_DIR/web"
	ln -s "$TOP/victim" "$ZONES_STORAGE_DIR/web"
	run zone uninstall -F web
	[ -f "$TOP/victim/file" ]
}

@test "uninstall works when the files are gone already" {
	native web
	rm -rf "$ZONES_STORAGE_DIR/web"
	zone uninstall -F web
	[ "$(state_of web)" = configured ]
}

@test "uninstall works when the configuration is broken" {
	native web
	echo '{ broken' >"$ZONES_CONFIG_DIR/web.json"
	zone uninstall -F web
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
}

@test "uninstall removes trees with odd names, deep paths and immutable-looking modes" {
	native web
	root=$ZONES_STORAGE_DIR/web/root/srv
	mkdir -p "$root/$(printf 'd/%.0s' {1..300})"
	touch "$root/"$'new\nline' "$root/-rf" "$root/ " "$root/$(printf '\377')"
	mkdir -m 000 "$root/closed"
	mkfifo "$root/pipe"
	ln -s loop "$root/loop"
	zone uninstall -F web
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
}

@test "an uninstall that is killed leaves an incomplete or configured zone, and uninstall goes on" {
	for ms in 1 2 4 8 15; do
		native "z$ms"
		mkdir -p "$ZONES_STORAGE_DIR/z$ms/root/srv/many"
		(cd "$ZONES_STORAGE_DIR/z$ms/root/srv/many" && seq 2000 | xargs touch)
		zone uninstall -F "z$ms" & pid=$!
		sleep "$(printf '0.%03d' $ms)"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		case $(state_of "z$ms") in incomplete | configured | installed | unavailable) ;; *) state_of "z$ms"; false ;; esac
		zone uninstall -F "z$ms"
		[ "$(state_of "z$ms")" = configured ]
		[ ! -e "$ZONES_STORAGE_DIR/z$ms" ]
	done
}

@test "uninstall without a name, and of a zone that does not exist" {
	fails 2 zone uninstall
	fails 2 zone uninstall -F
	fails 1 zone uninstall -F nosuch
	says nosuch
}

@test "uninstall removes what chattr protects, trees beyond PATH_MAX and many files, and tells how far it is" {
	native web
	python3 - "$ZONES_STORAGE_DIR/web/root/srv" "${ZONES_FILES:-3000}" <<-'P'
		import fcntl, os, struct, sys
		os.chdir(sys.argv[1])
		for d in range(int(sys.argv[2]) // 1000):
		    os.mkdir(f"d{d}")
		    for f in range(1000):
		        open(f"d{d}/f{f}\n", "w").close()
		def protect(path, flag):
		    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
		    try:
		        fcntl.ioctl(fd, 0x40086602, struct.pack("l", flag))  # FS_IOC_SETFLAGS
		    except OSError:
		        print("# this file system has no such flags")
		    os.close(fd)
		os.makedirs("imm/sub")
		for i in range(20):
		    open(f"imm/i{i}", "w").close()
		    protect(f"imm/i{i}", 0x10 if i % 2 else 0x20)
		open("imm/sub/x", "w").close()
		protect("imm/sub", 0x20)
		protect("imm", 0x10)
		for i in range(60):  # 12,000 bytes
		    os.mkdir("n" * 200)
		    os.chdir("n" * 200)
		open("bottom", "w").close()
		protect("bottom", 0x10)
	P
	chattr +i "$ZONES_STORAGE_DIR/web/root" "$ZONES_STORAGE_DIR/web/log" 2>/dev/null || true
	run script -qec "zone uninstall -F web" /dev/null
	[ "$status" -eq 0 ]
	says "removing"
	says " files"
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	[ "$(state_of web)" = configured ]
}

@test "uninstall is refused, by name and before anything is gone, while something is mounted in the zone's files" {
	native web
	mkdir -p "$TOP/data" "$ZONES_STORAGE_DIR/web/root/mnt/a b"
	touch "$TOP/data/keep" "$ZONES_STORAGE_DIR/web/root/srv/first"
	mount --bind "$TOP/data" "$ZONES_STORAGE_DIR/web/root/mnt/a b"
	run zone uninstall -F web
	umount "$ZONES_STORAGE_DIR/web/root/mnt/a b"
	[ "$status" -eq 1 ]
	says "\"$ZONES_STORAGE_DIR/web/root/mnt/a b\" is mounted"
	[ "$(state_of web)" = installed ]
	[ -f "$ZONES_STORAGE_DIR/web/root/srv/first" ] && [ -f "$TOP/data/keep" ]
	zone uninstall -F web
	[ ! -e "$ZONES_STORAGE_DIR/web" ] && [ -f "$TOP/data/keep" ]
}

@test "uninstall takes what a killed install has left, whatever it is" {
	mkdir -p "$TOP/tree/sub"
	(cd "$TOP/tree/sub" && seq 3000 | xargs touch)
	cp /bin/busybox "$TOP/tree/init"
	for ms in 3 10 30; do
		zone create -t linux "z$ms" 'anet=[]'
		zone install --from "$TOP/tree" "z$ms" >/dev/null 2>&1 & pid=$!
		sleep "$(printf '0.%03d' $ms)"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		zone uninstall -F "z$ms"
		[ "$(state_of "z$ms")" = configured ]
		[ ! -e "$ZONES_STORAGE_DIR/z$ms" ]
	done
}
