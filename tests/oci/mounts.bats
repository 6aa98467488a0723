#!/usr/bin/env bats
# mounts: every option word of config.md, id maps, propagation, and what is refused.
# shellcheck disable=SC2016
load helper

add() { config '.mounts += [$m]' --argjson m "$1"; }

REFUSED_BY=add # what refused() changes the configuration with

line() { echo "grep ' $1 ' /proc/self/mountinfo"; }

@test "every option word of the specification is taken by a tmpfs" {
	for word in async atime defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid private \
		relatime ro rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync unbindable nosymfollow symfollow rro rrw rsuid rnosuid rdev rnodev rexec \
		rnoexec ratime rnoatime rdiratime rnodiratime rrelatime rnorelatime rstrictatime rnostrictatime rsymfollow rnosymfollow nomand noacl tmpcopyup; do
		cp "$BUNDLE/config.json" "$TOP/before.json"
		add "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"$word\"]}"
		runs 'grep -c " /tmp " /proc/self/mountinfo'
		echo "$word: $output"
		[ "$output" = 1 ]
		mv "$TOP/before.json" "$BUNDLE/config.json"
	done
}

@test "the flags arrive" {
	add '{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["ro","nosuid","nodev","noexec","noatime","nodiratime","nosymfollow","sync","dirsync","size=1m","mode=1750"]}'
	runs "$(line /tmp); stat -c %a /tmp 2>/dev/null || busybox stat -c %a /tmp"
	for word in ro nosuid nodev noexec noatime nodiratime nosymfollow sync dirsync size=1024k; do
		[[ "${lines[0]}" == *"$word"* ]]
	done
	[ "${lines[1]}" = 1750 ]
}

@test "a relative destination means below /" {
	config '.root.readonly = false'
	add '{"destination":"some/where","type":"tmpfs","source":"tmpfs"}'
	runs "$(line /some/where)"
	[ "$status" = 0 ]
}

@test "a bind is what the options say, whatever the type says; a relative source is the bundle's" {
	mkdir "$BUNDLE/data"
	echo here >"$BUNDLE/data/file"
	add '{"destination":"/tmp","type":"tmpfs","source":"data","options":["rbind","ro"]}'
	runs 'cat /tmp/file; touch /tmp/x 2>/dev/null || busybox touch /tmp/x'
	[ "${lines[0]}" = here ]
	[[ "$output" == *"Read-only file system"* ]]
}

@test "a file is bound on a file that is made for it" {
	config '.root.readonly = false'
	echo text >"$BUNDLE/file"
	add '{"destination":"/new/dir/file","type":"bind","source":"file","options":["bind"]}'
	runs 'cat /new/dir/file'
	[ "$output" = text ]
}

@test "rro reaches the mounts below, ro does not" {
	mkdir -p "$TOP/src/sub"
	mount -t tmpfs tmpfs "$TOP/src"
	mkdir "$TOP/src/sub"
	mount -t tmpfs tmpfs "$TOP/src/sub"
	add "{\"destination\":\"/tmp\",\"source\":\"$TOP/src\",\"options\":[\"rbind\",\"ro\"]}"
	runs 'echo a >/tmp/sub/a && echo written'
	first=$output
	config '.mounts[-1].options = ["rbind","rro"]'
	runs 'echo a >/tmp/sub/b && echo written'
	umount -R "$TOP/src"
	[ "$first" = written ]
	[[ "$output" == *"Read-only file system"* ]]
}

@test "clearing options clear what a bind inherits" {
	mkdir "$TOP/src"
	mount -t tmpfs -o ro,nosuid,nodev,noexec tmpfs "$TOP/src"
	add "{\"destination\":\"/tmp\",\"source\":\"$TOP/src\",\"options\":[\"bind\",\"rw\",\"suid\",\"dev\",\"exec\"]}"
	runs "$(line /tmp)"
	first=$output
	config '.mounts[-1].options = ["bind"]'
	runs "$(line /tmp)"
	umount "$TOP/src"
	for word in nosuid nodev noexec; do
		[[ "$first" != *"$word"* ]]
		[[ "$output" == *"$word"* ]]
	done
}

@test "in a user namespace locked flags stay when nobody asks, and are an error when somebody does" {
	user_namespace
	mkdir "$TOP/src"
	mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs "$TOP/src"
	add "{\"destination\":\"/tmp\",\"source\":\"$TOP/src\",\"options\":[\"bind\",\"ro\"]}"
	runs "$(line /tmp)"
	umount "$TOP/src"
	for word in ro nosuid nodev noexec; do [[ "$output" == *"$word"* ]]; done
}

@test "propagation of a mount and of the root" {
	mkdir "$TOP/src"
	mount -t tmpfs tmpfs "$TOP/src"
	mount --make-shared "$TOP/src"
	for want in "shared:shared:" "rslave:master:" "slave:master:" "private: - " "unbindable:unbindable"; do
		cp "$BUNDLE/config.json" "$TOP/before.json"
		add "{\"destination\":\"/tmp\",\"source\":\"$TOP/src\",\"options\":[\"rbind\",\"${want%%:*}\"]}"
		runs "$(line /tmp)"
		echo "$want $output"
		case $output in *"${want#*:}"*) ;; *) umount "$TOP/src"; false ;; esac
		mv "$TOP/before.json" "$BUNDLE/config.json"
	done
	umount "$TOP/src"
	config '.linux.rootfsPropagation = "shared"'
	runs "$(line /)"
	[[ "$output" == *shared:* ]]
	config '.linux.rootfsPropagation = "unbindable"'
	runs "$(line /)"
	[[ "$output" == *unbindable* ]]
	config '.linux.rootfsPropagation = "sideways"'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *rootfsPropagation* ]]
}

@test "tmpcopyup brings the directory's files along" {
	echo kept >"$BUNDLE/rootfs/tmp/file"
	add '{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}'
	runs 'cat /tmp/file; echo new >/tmp/other; cat /tmp/other'
	[ "${lines[*]}" = "kept new" ]
	[ ! -e "$BUNDLE/rootfs/tmp/other" ]
}

@test "remount changes an earlier mount" {
	add '{"destination":"/tmp","type":"tmpfs","source":"tmpfs"}'
	add '{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["remount","ro","nosuid"]}'
	runs "$(line /tmp)"
	[[ "$output" == *" ro,nosuid"* ]]
}

@test "an idmapped bind: the row's own maps, or the user namespace's" {
	mkdir "$BUNDLE/data"
	echo x >"$BUNDLE/data/f"
	chown 1000:1000 "$BUNDLE/data/f"
	add '{"destination":"/tmp","source":"data","options":["bind"],"uidMappings":[{"containerID":1000,"hostID":7000,"size":1}],"gidMappings":[{"containerID":1000,"hostID":8000,"size":1}]}'
	runs 'ls -ln /tmp/f | tr -s " " | cut -d" " -f3,4'
	[ "$output" = "7000 8000" ]
	config '.mounts[-1] = {"destination":"/tmp","source":"data","options":["rbind","ridmap"]}'
	user_namespace
	chown 0:0 "$BUNDLE/data/f"
	runs 'ls -ln /tmp/f | tr -s " " | cut -d" " -f3,4'
	[ "$output" = "0 0" ]
}

@test "any file system may be idmapped" {
	add '{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["idmap","mode=755"],"uidMappings":[{"containerID":0,"hostID":7000,"size":1}],"gidMappings":[{"containerID":0,"hostID":8000,"size":1}]}'
	runs 'ls -lnd /tmp | tr -s " " | cut -d" " -f3,4'
	[ "$output" = "7000 8000" ]
}

@test "id maps that make no sense are refused" {
	refused '{"destination":"/tmp","source":"/tmp","options":["bind","idmap"]}' "or a user namespace"
	refused '{"destination":"/tmp","source":"/tmp","options":["bind"],"uidMappings":[{"containerID":0,"hostID":0,"size":1}]}' gidMappings
	refused '{"destination":"/tmp","type":"proc","source":"proc","options":["idmap"],"uidMappings":[{"containerID":0,"hostID":1,"size":1}],"gidMappings":[{"containerID":0,"hostID":1,"size":1}]}' "cannot be idmapped"
}

@test "refused: data for a bind, the root, places inside /proc but for those of lxcfs" {
	refused '{"destination":"/tmp","source":"/tmp","options":["bind","size=1m"]}' size=1m
	refused '{"destination":"/","type":"tmpfs","source":"tmpfs"}' "root itself"
	refused '{"destination":"/proc/self","type":"tmpfs","source":"tmpfs"}' "/proc"
	refused '{"destination":"/tmp","type":"nosuchfs","source":"x"}' nosuchfs
	refused '{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["nonsense"]}' nonsense
	echo 'zrun cpu' >"$BUNDLE/cpuinfo"
	add '{"destination":"/proc/cpuinfo","source":"cpuinfo","options":["bind"]}'
	runs 'cat /proc/cpuinfo'
	[ "$output" = "zrun cpu" ]
}

@test "without a mount namespace nothing is mounted on the host" {
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	before=$(grep -cF "$TOP" /proc/self/mountinfo || true)
	script 'true'
	run zrun run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -cF "$TOP" /proc/self/mountinfo || true)" = "$before" ]
}

@test "masked and read-only paths: files, directories, nothing there" {
	echo secret >"$BUNDLE/rootfs/etc/secret"
	mkdir "$BUNDLE/rootfs/etc/dir"
	echo secret >"$BUNDLE/rootfs/etc/dir/file"
	config '.root.readonly = false | .linux.maskedPaths = ["/etc/secret","/etc/dir","/etc/nothing"] | .linux.readonlyPaths = ["/tmp","/none"]'
	runs 'cat /etc/secret; ls /etc/dir; echo x >/tmp/x'
	[[ "$output" != *secret* ]]
	[[ "$output" == *"Read-only file system"* ]]
}

@test "devices: outside /dev, a pipe, mode and owner, and one that is there but different" {
	config '.root.readonly = false | .linux.devices = [
		{"type":"c","path":"/some/null","major":1,"minor":3,"fileMode":432,"uid":7,"gid":8},
		{"type":"p","path":"/dev/pipe","fileMode":384}, {"type":"u","path":"/dev/zero2","major":1,"minor":5}]'
	runs 'ls -ln /some/null /dev/pipe /dev/zero2 | tr -s " " | cut -d" " -f1,3,4; ls -ld /some | cut -c1-10'
	[ "${lines[0]}" = "prw------- 0 0" ]
	[[ "${lines[1]}" == "crw-rw-rw- 0 0" ]]
	[ "${lines[2]}" = "crw-rw---- 7 8" ]
	[ "${lines[3]}" = drwxr-xr-x ]
	echo "not a device" >"$BUNDLE/rootfs/etc/device"
	config '.linux.devices = [{"type":"c","path":"/etc/device","major":1,"minor":3}]'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"/etc/device"* ]]
}

# node NAME MODE: a device 1:3 of the host at $TOP/NAME, and its row of linux.devices with the members in $more
node() {
	mkdir -p "$BUNDLE/rootfs$TOP"
	chown 100000:100000 "$BUNDLE/rootfs$TOP" # the container's root makes the places in there
	mknod -m "$2" "$TOP/$1" c 1 3
	config '.linux.devices += [{"path":$p,"type":"c","major":1,"minor":3} + '"${more:-{\}}"']' --arg p "$TOP/$1"
}

@test "devices in a user namespace: owner and mode are those that are asked for, and the host's nodes stay as they are" {
	user_namespace
	node shut 0600
	node group 0660
	node open 0666
	more='{"uid":3,"gid":4,"fileMode":416}' node asked 0600
	more='{"uid":0,"gid":0,"fileMode":438}' node engine 0666
	more='{"fileMode":384}' node less 0666
	before=$(stat -c '%n %a %u %g %Z' "$TOP"/{shut,group,open,asked,engine,less})
	config '.linux.devices += [{"path":"/dev/full","type":"c","major":1,"minor":7,"gid":9}] | .linux.resources.devices += [3, 7 | {"allow":true,"type":"c","major":1,"minor":.,"access":"rw"}]'
	runs "cd $TOP; busybox stat -c '%n %a %u %g' shut group open asked engine less /dev/full /dev/null; for f in shut group open engine less; do true 3<>\$f && echo yes; done; busybox chmod 640 shut && busybox stat -c '%a %u %g' shut"
	[ "${lines[*]}" = "shut 600 0 0 group 660 0 0 open 666 65534 65534 asked 640 3 4 engine 666 65534 65534 less 600 0 0 /dev/full 666 0 9 /dev/null 666 65534 65534 yes yes yes yes yes 640 0 0" ] || { echo "$output"; false; }
	[ "$(stat -c '%n %a %u %g %Z' "$TOP"/{shut,group,open,asked,engine,less})" = "$before" ]
	# nobody else inside gets through
	config '.process.user = {"uid": 1000, "gid": 1000}'
	runs "cd $TOP; for f in shut group open asked less; do (true 3<>\$f) 2>/dev/null && echo \$f; done"
	[ "$output" = open ]
	config '.process.user = {"uid": 3, "gid": 1}'
	runs "true 3<>$TOP/asked && echo yes"
	[ "$output" = yes ]
	config '.linux.devices[0].uid = 70000'
	run zrun create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ "$output" == *"linux.devices[0].uid: 70000 is not in linux.uidMappings"* ]]
	# what no rule names stays the host's: engines list all its disks for --privileged and allow everything
	config '.process.user = {"uid":0,"gid":0} | .linux.devices[0].uid = 0 | .linux.resources.devices = [{"allow":true,"access":"rwm"}]'
	runs "cd $TOP; busybox stat -c '%a %u %g' shut asked; for f in shut asked; do true 3<>\$f && echo \$f; done"
	[ "${lines[0]} ${lines[1]}" = "600 65534 65534 600 65534 65534" ]
	[[ "$output" == *"create shut: Permission denied"*"create asked: Permission denied"* ]]
}

@test "devices in a user namespace: a node of its own is no way to a file, a program or another device" {
	user_namespace
	node shut 0600
	config '.linux.resources.devices += [{"allow":true,"type":"c","major":1,"minor":3,"access":"rw"}]'
	config '["CAP_SYS_ADMIN","CAP_MKNOD","CAP_CHOWN","CAP_FOWNER","CAP_DAC_OVERRIDE"] as $all | .process.capabilities = {"bounding":$all,"effective":$all,"permitted":$all} | del(.linux.seccomp)'
	runs "cd $TOP; busybox mknod other c 1 3 2>/dev/null && echo made; mount -o remount,bind,nosuid shut && echo mounts; mount -o remount,size=100m devices shut 2>/dev/null && echo grown; busybox grep -c ' $TOP/shut [^ ]*nosuid,noexec' /proc/self/mountinfo"
	[ "${lines[*]}" = "mounts 1" ] || { echo "$output"; false; }
}

@test "the default devices and links are there" {
	runs 'for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d; done; for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
	[ "${lines[*]}" = "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx" ]
}
