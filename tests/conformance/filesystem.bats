#!/usr/bin/env bats
# the root, mounts, devices, masked and read-only paths, propagation; and all that holds without being asked for.
# shellcheck disable=SC2016
load helper

@test "default: file systems of their types, mounted in the order of the list" {
	works 'cut -d" " -f1-3 /proc/self/mounts'
	jq -r '.mounts[] | select(.type != "cgroup") | "\(.source) \(.destination) \(.type)"' "$BUNDLE/config.json" >"$TOP/wanted"
	while read -r want; do grep -qx "$want" <<<"$output" || { echo "no: $want"; return 1; }; done <"$TOP/wanted"
	output=$(cut -d' ' -f2- <<<"$output")
	for want in "/proc proc" "/sys sysfs" "/dev/pts devpts" "/dev/shm tmpfs" "/dev tmpfs" "/dev/mqueue mqueue"; do grep -qx "$want" <<<"$output"; done
	wanted=$(jq -r '.mounts[].destination' "$BUNDLE/config.json")
	[ "$(cut -d' ' -f1 <<<"$output" | grep -xF "$wanted" | awk '!seen[$0]++')" = "$wanted" ]
}

@test "default: devices and links of /dev" {
	works 'for d in null zero full random urandom tty; do /bin/busybox stat -c "%n %F %t:%T %a" /dev/$d; done; /bin/busybox stat -L -c "ptmx %F %t:%T" /dev/ptmx; for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
	[ "$output" = "/dev/null character special file 1:3 666
/dev/zero character special file 1:5 666
/dev/full character special file 1:7 666
/dev/random character special file 1:8 666
/dev/urandom character special file 1:9 666
/dev/tty character special file 5:0 666
ptmx character special file 5:2
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx" ]
}

@test "default: a terminal has /dev/console" {
	config '.process.terminal = true'
	script '/bin/busybox stat -c "%n %F" /dev/console; tty </dev/console; [ -t 0 ] && echo terminal'
	run timeout 20 script -qec "'$BUILD/zrun' --root '$TOP/run' run -b '$BUNDLE' '$ID'" /dev/null </dev/null
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"/dev/console character special file"*terminal* ]]
}

@test "default: user, limits, capabilities, noNewPrivileges, hostname of config.json" {
	works 'id -u; id -g; hostname; ulimit -n; grep -E "^(Cap|NoNewPrivs)" /proc/self/status | tr "\t" " "; cat /proc/self/oom_score_adj'
	[ "${lines[*]}" = "0 0 zrun 1024 CapInh: 0000000000000000 CapPrm: 0000000020000420 CapEff: 0000000020000420 CapBnd: 0000000020000420 CapAmb: 0000000000000000 NoNewPrivs: 1 $(cat /proc/self/oom_score_adj)" ]
}

@test "default: masked paths show nothing, read-only paths take nothing" {
	masked=$(jq -r '.linux.maskedPaths[]' "$BUNDLE/config.json" | tr '\n' ' ')
	readonly=$(jq -r '.linux.readonlyPaths[]' "$BUNDLE/config.json" | tr '\n' ' ')
	[ "$(wc -w <<<"$masked")" -ge 8 ]
	[ "$(wc -w <<<"$readonly")" -ge 4 ]
	works "for p in $masked; do [ -e \$p ] || continue; if [ -d \$p ]; then ls -A \$p; else cat \$p; fi | wc -c; done; for p in $readonly; do [ -e \$p ] || continue; grep -c \" \$p [a-z0-9]* ro,\" /proc/self/mounts; done"
	[ "$(tr '\n' ' ' <<<"$output" | sed 's/\(0 \)*\(1 \)*//')" = "" ]
	[[ "$output" == *0*1* ]]
}

@test "root_readonly_true: nothing can be written to the root" {
	config '.root.readonly = true'
	works '(: >/new) 2>&1; mkdir /new 2>&1; rm /etc/passwd 2>&1; ls -d /etc/passwd /new 2>&1; true'
	[ "$(grep -c 'Read-only file system' <<<"$output")" = 3 ]
	[ ! -e "$BUNDLE/rootfs/new" ]
}

@test "root_readonly_false: the root can be written" {
	config '.root.readonly = false'
	works 'echo text >/new; mkdir /dir'
	[ "$(cat "$BUNDLE/rootfs/new")" = text ]
	[ -d "$BUNDLE/rootfs/dir" ]
}

@test "mounts: type, source, destination and options as they are listed" {
	config '.mounts += [{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=1k"]}]'
	works 'grep " /tmp " /proc/self/mounts; /bin/busybox stat -c %a /tmp'
	[[ "${lines[0]}" == "tmpfs /tmp tmpfs rw,nosuid,"*size=4k* ]]
	[[ "${lines[0]}" != *relatime* && "${lines[0]}" != *noatime* ]]
	[ "${lines[1]}" = 755 ]
}

@test "mounts: one above the other in the order of the list, a bind shows its source" {
	mkdir "$TOP/source"
	echo bound >"$TOP/source/file"
	config '.mounts += [{"destination":"/tmp","type":"tmpfs","source":"first"},{"destination":"/tmp/a","type":"tmpfs","source":"second"},{"destination":"/tmp/a/b","source":$s,"options":["bind","ro"]}]' --arg s "$TOP/source"
	# the first two columns of mountinfo: the mount's number and that of the one below it
	works 'cat /tmp/a/b/file; grep -E " /tmp(/a|/a/b)? " /proc/self/mountinfo'
	[ "${lines[0]}" = bound ]
	number() { awk -v d="$1" -v c="$2" '$5 == d { print $c }' <<<"$output"; }
	[ -n "$(number /tmp 1)" ]
	[ "$(number /tmp/a 2)" = "$(number /tmp 1)" ]
	[ -n "$(number /tmp/a 1)" ]
	[ "$(number /tmp/a/b 2)" = "$(number /tmp/a 1)" ]
}

@test "linux_devices: character, block and fifo, with mode and owner" {
	config '.linux.devices = [{"path":"/dev/test1","type":"c","major":10,"minor":666,"fileMode":432,"uid":0,"gid":0},{"path":"/dev/test2","type":"b","major":8,"minor":666,"fileMode":432,"uid":0,"gid":0},{"path":"/dev/test3","type":"p","major":8,"minor":666,"fileMode":432}]'
	works '/bin/busybox stat -c "%F %t:%T %a %u:%g" /dev/test1 /dev/test2 /dev/test3'
	[ "${lines[0]}" = "character special file a:29a 660 0:0" ]
	[ "${lines[1]}" = "block special file 8:29a 660 0:0" ]
	[[ "${lines[2]}" == "fifo 0:0 660 "* ]]
}

# tree NAME: a directory with a directory and files in it, and a file
tree() {
	mkdir -p "$BUNDLE/rootfs/$1-dir/$1-subdir"
	for f in "$1-file" "$1-dir/$1-file" "$1-dir/$1-subdir/$1-file"; do echo text >"$BUNDLE/rootfs/$f"; done
}

# nodes NAME: a block device, a character device and a fifo
nodes() {
	mknod "$BUNDLE/rootfs/$1-b" b 0 0
	mknod "$BUNDLE/rootfs/$1-c" c 0 0
	mknod "$BUNDLE/rootfs/$1-p" p
}

@test "linux_masked_paths: directories, files, and those within masked directories" {
	writable
	tree masked
	config '.linux.maskedPaths += ["/masked-dir","/masked-file","/masked-dir/masked-subdir","/masked-dir/masked-file","/masked-dir/masked-subdir/masked-file"]'
	works 'ls -A /masked-dir | wc -l; wc -c </masked-file; (: >/masked-dir/new) 2>&1; true'
	[ "${lines[0]} ${lines[1]}" = "0 0" ]
	[[ "${lines[2]}" == *"Read-only"* || "${lines[2]}" == *"denied"* ]]
	[ "$(cat "$BUNDLE/rootfs/masked-file")" = text ]
}

@test "linux_masked_paths: inner paths alone" {
	tree masked
	config '.linux.maskedPaths += ["/masked-dir/masked-subdir","/masked-dir/masked-file"]'
	works 'ls -A /masked-dir/masked-subdir | wc -l; wc -c </masked-dir/masked-file; wc -c </masked-file'
	[ "${lines[*]}" = "0 0 5" ]
}

@test "linux_masked_paths: a relative path and a link that leads nowhere are errors" {
	refused '.linux.maskedPaths += ["masked-relpath"]' masked-relpath
	ln -s ../masked-symlink "$BUNDLE/rootfs/masked-symlink"
	refused '.linux.maskedPaths += ["/masked-symlink"]' masked-symlink
}

@test "linux_masked_paths: block device, character device and fifo" {
	nodes masked
	config '.linux.maskedPaths += ["/masked-b","/masked-c","/masked-p"]'
	works 'for n in b c p; do timeout 5 cat /masked-$n | wc -c; /bin/busybox stat -c "%F %t:%T" /masked-$n; done'
	[ "$(sort <<<"$output" | uniq -c | tr -s ' ' | tr '\n' ';')" = " 3 0; 3 character special file 1:3;" ]
}

@test "linux_readonly_paths: directories, files, and those within" {
	writable
	tree readonly
	config '.linux.readonlyPaths += ["/readonly-dir","/readonly-file","/readonly-dir/readonly-subdir","/readonly-dir/readonly-file","/readonly-dir/readonly-subdir/readonly-file"]'
	works 'for f in /readonly-file /readonly-dir/readonly-file /readonly-dir/readonly-subdir/readonly-file; do cat $f; done; for f in /readonly-file /readonly-dir/readonly-file /readonly-dir/readonly-subdir/readonly-file /readonly-dir/new /readonly-dir/readonly-subdir/new; do (echo more >>$f) 2>&1; done; echo fine >/other'
	[ "$(grep -cx text <<<"$output")" = 3 ]
	[ "$(grep -c 'Read-only file system' <<<"$output")" = 5 ]
	[ "$(cat "$BUNDLE/rootfs/other")" = fine ]
}

@test "linux_readonly_paths: a relative path and a link that leads nowhere are errors" {
	refused '.linux.readonlyPaths += ["readonly-relpath"]' readonly-relpath
	ln -s ../readonly-symlink "$BUNDLE/rootfs/readonly-symlink"
	refused '.linux.readonlyPaths += ["/readonly-symlink"]' readonly-symlink
}

@test "linux_readonly_paths: block device, character device and fifo" {
	writable
	nodes readonly
	config '.linux.readonlyPaths += ["/readonly-b","/readonly-c","/readonly-p"]'
	works 'for n in b c p; do grep -c " /readonly-$n [a-z0-9]* ro," /proc/self/mounts; /bin/busybox chmod 600 /readonly-$n 2>&1; done; (: >/readonly-c) 2>&1; true'
	[ "$(grep -cx 1 <<<"$output")" = 3 ]
	[ "$(grep -c 'Read-only file system' <<<"$output")" = 3 ]
}

# A bind of / is a peer of / when / is shared: a mount made below the one then shows below the other.
propagation() {
	privileged
	writable
	config '.linux.rootfsPropagation = $p' --arg p "$1"
	mkdir "$BUNDLE/rootfs/target" "$BUNDLE/rootfs/mount" "$BUNDLE/rootfs/test"
	echo text >"$BUNDLE/rootfs/test/example"
	runs 'mount -o rbind / /target && mount -o bind /test /mount && { [ -e /target/mount/example ] && echo exposed || echo hidden; }'
	echo "$1: $output"
	rm -r "$BUNDLE/rootfs/target" "$BUNDLE/rootfs/mount" "$BUNDLE/rootfs/test"
}

@test "linux_rootfs_propagation: shared exposes a later mount, slave and private do not, unbindable cannot be bound" {
	propagation shared
	[ "$status" = 0 ]
	[[ "$output" == *exposed* ]]
	propagation slave
	[ "$status" = 0 ]
	[[ "$output" == *hidden* ]]
	propagation private
	[ "$status" = 0 ]
	[[ "$output" == *hidden* ]]
	propagation unbindable
	[ "$status" != 0 ]
	[[ "$output" == *"Invalid argument"* ]]
	never grep -q "$BUNDLE/rootfs" /proc/self/mountinfo
}

@test "linux_rootfs_propagation_shared: the same alone" {
	propagation shared
	[ "$status" = 0 ]
	[[ "$output" == *exposed* ]]
}

@test "linux_rootfs_propagation_unbindable: the same alone" {
	propagation unbindable
	[ "$status" != 0 ]
	[[ "$output" == *"Invalid argument"* ]]
}
