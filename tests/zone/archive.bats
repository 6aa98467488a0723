#!/usr/bin/env bats
# zone install --from: archives from an enemy, and the honest ones. The list of attacks is tests/helper/hostile-archives.py; SECURITY: nothing outside the zone's root is read or written.
load helper

linux_zone() { # linux_zone NAME
	zone create -t linux "$1" 'anet=[]' 'service={"command":["/bin/true"]}'
}

# Everything about the canary that an attack could change.
canary() {
	find "$TOP/canary" -printf '%p %y %s %m %u %g %i %l %T@\n' | sort
	cat "$TOP/canary/victim"
}

# A small tree that counts as a root.
good_tree() {
	mkdir -p "$1"/{bin,etc,usr/share}
	printf 'root:x:0:0::/root:/bin/sh\n' >"$1/etc/passwd"
	head -c 100000 /dev/urandom >"$1/usr/share/data"
	ln "$1/usr/share/data" "$1/usr/share/again"
	ln -s ../usr/share/data "$1/etc/link"
	cp /bin/true "$1/bin/su"
	chown 0:42 "$1/bin/su"
	chmod 4755 "$1/bin/su"
	touch -d '2020-02-02 02:02:02 UTC' "$1/etc/passwd"
}

same_tree() { # same_tree A B
	diff <(cd "$1" && find . -path ./dev -o -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp -o -type d -printf '%p %y %m %U %G\n' -o -printf '%p %y %m %U %G %s %l %Ts\n' | sort) \
		<(cd "$2" && find . -path ./dev -o -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp -o -type d -printf '%p %y %m %U %G\n' -o -printf '%p %y %m %U %G %s %l %Ts\n' | sort)
	diff -r --no-dereference -x dev -x proc -x sys -x run -x tmp "$1" "$2"
}

@test "each hostile archive is refused with a sentence or made harmless, and the canary stays as it was" {
	python3 "$ROOT/tests/helper/hostile-archives.py" "$TOP/hostile" "$TOP/canary"
	before=$(canary)
	n=0 bad=0
	while IFS=$'\t' read -r file verdict path what; do
		n=$((n + 1))
		name=h$n
		root=$ZONES_STORAGE_DIR/$name/root
		linux_zone "$name" </dev/null
		run timeout 60 zone install --from "$TOP/hostile/$file" "$name" </dev/null
		problem=
		[ "$(canary)" = "$before" ] || problem="$problem the canary has changed;"
		if [ "$verdict" = refused ]; then
			[ "$status" -eq 1 ] && [ -n "$output" ] || problem="$problem status $status;"
			[ "$(state_of "$name")" = configured ] || problem="$problem $(state_of "$name");"
			[ ! -e "$ZONES_STORAGE_DIR/$name" ] || problem="$problem files are left;"
		else
			[ "$status" -eq 0 ] || problem="$problem status $status: $output;"
			[ "$path" = - ] || [ -e "$root/$path" ] || [ -L "$root/$path" ] || problem="$problem $path is missing;"
			[ -z "$(find "$root" -type b -o -type c -o -type s)" ] || problem="$problem a device or socket;"
		fi
		case $output in *$'\033'*) problem="$problem escapes on the terminal;" ;; esac
		zone delete -F "$name" </dev/null >/dev/null 2>&1 || problem="$problem cannot be deleted;"
		[ -z "$problem" ] || { bad=$((bad + 1)); echo "$file ($what):$problem"; }
	done <"$TOP/hostile/expect"
	echo "$n archives, $bad bad"
	[ "$n" -ge 80 ]
	[ "$bad" -eq 0 ]
}

@test "an archive that asks for gigabytes of memory, in 100 kB, is refused before it has them" {
	case $BUILD in */san) skip "the sanitizers' memory has no limit" ;; esac
	zone create -t linux web 'anet=[]'
	python3 - "$TOP/bomb.cpio" <<'P'
import sys
with open(sys.argv[1], "wb") as f: # a name of 2.5 GB
    f.write(b"070701" + b"".join(b"%08x" % n for n in (1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xa0000000, 0)) + b"a")
    f.truncate(0xa0000000)
P
	zstd -q --rm "$TOP/bomb.cpio"
	[ "$(stat -c %s "$TOP/bomb.cpio.zst")" -lt 400000 ]
	run python3 -c 'import resource, subprocess, sys
r = subprocess.run(sys.argv[1:])
print("status", r.returncode, "MiB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)' zone install --from "$TOP/bomb.cpio.zst" web
	echo "$output"
	says "status 1"
	[ "${output##*MiB }" -lt 1100 ]
	[ "$(state_of web)" = configured ]
}

@test "an honest archive arrives as it was, in every compression" {
	good_tree "$TOP/tree"
	for z in "tar:cf" "tar.gz:czf" "tar.bz2:cjf" "tar.xz:cJf"; do
		tar -C "$TOP/tree" -"${z#*:}" "$TOP/a.${z%%:*}" --numeric-owner .
	done
	command -v zstd >/dev/null && tar -C "$TOP/tree" --zstd -cf "$TOP/a.tar.zst" --numeric-owner .
	for a in "$TOP"/a.tar*; do
		linux_zone web
		zone install --from "$a" web
		same_tree "$TOP/tree" "$ZONES_STORAGE_DIR/web/root"
		[ "$(stat -c %h "$ZONES_STORAGE_DIR/web/root/usr/share/data")" = 2 ]
		zone delete -F web
	done
}

@test "a directory arrives as it was, with hard links, holes, modes, times and file capabilities" {
	good_tree "$TOP/tree"
	truncate -s 100M "$TOP/tree/usr/share/hole"
	setcap cap_net_raw=ep "$TOP/tree/bin/su" 2>/dev/null && has_cap=1
	zone_dir=$ZONES_STORAGE_DIR/web/root
	linux_zone web
	zone install --from "$TOP/tree" web
	same_tree "$TOP/tree" "$zone_dir"
	[ "$(stat -c %h "$zone_dir/usr/share/data")" = 2 ]
	[ "$(stat -c %b "$zone_dir/usr/share/hole")" -lt 2000 ]
	[ -z "${has_cap:-}" ] || getcap "$zone_dir/bin/su" | grep -q cap_net_raw
}

@test "a directory with devices, sockets and mounts arrives without them, and says so" {
	good_tree "$TOP/tree"
	mknod "$TOP/tree/etc/null" c 1 3
	mkdir "$TOP/tree/mnt"
	unshare -m sh -ec '
		mount -t tmpfs none "$1/mnt"
		echo secret >"$1/mnt/secret"
		zone create -t linux web "anet=[]" "service={\"command\":[\"/bin/true\"]}"
		zone install --from "$1" web 2>"$2"
	' sh "$TOP/tree" "$TOP/said"
	grep -q 'device' "$TOP/said"
	grep -q 'mounts' "$TOP/said"
	[ -d "$ZONES_STORAGE_DIR/web/root/mnt" ]
	[ ! -e "$ZONES_STORAGE_DIR/web/root/mnt/secret" ]
	[ ! -e "$ZONES_STORAGE_DIR/web/root/etc/null" ]
}

@test "a directory whose owners a zone cannot have, or that holds the zone itself, is refused and leaves nothing" {
	good_tree "$TOP/tree"
	chown 70000 "$TOP/tree/etc/passwd"
	linux_zone web
	fails 1 zone install --from "$TOP/tree" web
	says 70000
	says /etc/passwd
	[ "$(state_of web)" = configured ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
	fails 1 zone install --from "$TOP" web
	[ "$(state_of web)" = configured ]
	[ ! -e "$ZONES_STORAGE_DIR/web" ]
}

@test "an install that is killed leaves the zone incomplete, and uninstall is the way out" {
	mkdir -p "$TOP/tree/etc"
	for i in $(seq 3000); do echo "$i" >"$TOP/tree/etc/f$i"; done
	head -c 200M /dev/zero | tr '\0' x >"$TOP/tree/etc/big"
	linux_zone web
	killed=0
	for ms in 0.05 0.1 0.15 0.2 0.3; do
		zone install --from "$TOP/tree" web >/dev/null 2>&1 &
		pid=$!
		sleep $ms
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		case $(state_of web) in
		incomplete)
			killed=1
			fails 1 zone boot web
			says "zone uninstall web"
			run zone why web
			says interrupted
			zone uninstall -F web
			;;
		installed) zone uninstall -F web ;;
		configured) ;;
		*) state_of web; false ;;
		esac
		[ "$(state_of web)" = configured ]
		[ ! -e "$ZONES_STORAGE_DIR/web" ]
	done
	[ $killed = 1 ]
}

@test "an archive that does not fit leaves the file system usable and the zone configured" {
	mkdir "$TOP/small"
	mount -t tmpfs -o size=8M,mode=700 none "$TOP/small"
	mkdir -p "$TOP/tree/etc"
	head -c 30M /dev/zero >"$TOP/tree/etc/big"
	tar -C "$TOP/tree" -czf "$TOP/bomb.tar.gz" .
	zone create -t linux web 'anet=[]' zonepath="$TOP/small/web" 'service={"command":["/bin/true"]}'
	run zone install --from "$TOP/bomb.tar.gz" web
	code=$status
	left=$(df --output=used -k "$TOP/small" | tail -1)
	state=$(state_of web)
	umount "$TOP/small"
	[ "$code" -eq 1 ]
	[ "$state" = configured ]
	[ "$left" -lt 100 ]
	says left
}

@test "user attributes and ACLs arrive from an archive and from a directory; trusted ones stay outside" {
	good_tree "$TOP/tree"
	setfattr -n user.note -v kept "$TOP/tree/etc/passwd" || skip "no user attributes on this file system"
	setfattr -n trusted.secret -v host "$TOP/tree/etc/passwd"
	setcap cap_net_raw=ep "$TOP/tree/bin/su"
	# setfacl may be missing: the attribute's bytes for "u:4242:r" are version 2 and user::rw user:4242:r group::r mask::r other::r
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004009210000004000400ffffffff10000400ffffffff20000400ffffffff "$TOP/tree/usr/share/data"
	tar -C "$TOP/tree" --numeric-owner --xattrs --xattrs-include='*' --acls -cf "$TOP/a.tar" .
	linux_zone web
	root=$ZONES_STORAGE_DIR/web/root
	for from in "$TOP/a.tar" "$TOP/tree"; do
		zone install --from "$from" web
		[ "$(getfattr --absolute-names --only-values -n user.note "$root/etc/passwd")" = kept ]
		[ -z "$(getfattr --absolute-names -n trusted.secret "$root/etc/passwd" 2>/dev/null)" ]
		getcap "$root/bin/su" | grep -q cap_net_raw=ep
		[ "$(stat -c %a "$root/bin/su")" = 4755 ]
		[ "$(getfattr --absolute-names -e hex -n system.posix_acl_access "$root/usr/share/data")" = "$(getfattr --absolute-names -e hex -n system.posix_acl_access "$TOP/tree/usr/share/data" | sed "s|$TOP/tree|$root|")" ]
		zone uninstall -F web
	done
	# a user that has a name on the machine that packed: GNU tar leaves the number out
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004002100000004000400ffffffff10000400ffffffff20000400ffffffff "$TOP/tree/usr/share/data"
	tar -C "$TOP/tree" --numeric-owner --acls -cf "$TOP/a.tar" .
	fails 1 zone install --from "$TOP/a.tar" web
	says 'an ACL names "www-data" without a number'
	[ "$(state_of web)" = configured ]
}

@test "an archive whose extraction is killed leaves the zone incomplete, whatever else is tried" {
	mkdir -p "$TOP/tree/etc"
	for i in $(seq 5000); do echo "$i" >"$TOP/tree/etc/f$i"; done
	tar -C "$TOP/tree" -cf "$TOP/a.tar" .
	linux_zone web
	killed=0
	for ms in 0.01 0.02 0.03 0.04 0.06 0.08 0.12; do
		zone install --from "$TOP/a.tar" web >/dev/null 2>&1 &
		pid=$!
		sleep $ms
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		if [ "$(state_of web)" = incomplete ]; then
			killed=1
			fails 1 zone install --from "$TOP/a.tar" web
			says "zone uninstall web"
			fails 1 zone ready web
			fails 1 zone login web
			[ "$(state_of web)" = incomplete ]
		fi
		zone uninstall -F web
		[ "$(state_of web)" = configured ]
		[ ! -e "$ZONES_STORAGE_DIR/web" ]
	done
	[ $killed = 1 ]
	zone install --from "$TOP/a.tar" web
	[ "$(find "$ZONES_STORAGE_DIR/web/root/etc" -name 'f*' | wc -l)" = 5000 ]
}

@test "a file system that runs out of inodes, or of blocks under the copy, is said so and the zone is configured as before" {
	truncate -s 24M "$TOP/disk"
	mkfs.ext4 -q -F -m 0 -N 256 "$TOP/disk"
	mkdir "$TOP/small"
	mount -o loop "$TOP/disk" "$TOP/small"
	chmod 700 "$TOP/small"
	mkdir -p "$TOP/many/etc" "$TOP/big/etc"
	for i in $(seq 400); do echo "$i" >"$TOP/many/etc/f$i"; done
	head -c 30M /dev/urandom >"$TOP/big/etc/big"
	zone create -t linux web 'anet=[]' zonepath="$TOP/small/web" 'service={"command":["/bin/true"]}'
	tar -C "$TOP/many" -cf "$TOP/many.tar" .
	said=
	for from in "$TOP/many" "$TOP/many.tar" "$TOP/big"; do
		run zone install --from "$from" web
		said="$said $status:$output;$(state_of web);$(find "$TOP/small" -mindepth 1 -not -path '*/lost+found' | wc -l)"$'\n'
	done
	umount "$TOP/small"
	echo "$said"
	[ "$(grep -c '^ 1:.*space.*;configured;0$\|^ 1:.*left on the file system;configured;0$' <<<"$said")" = 3 ]
}
