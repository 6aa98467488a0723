#!/bin/bash
# What tests/vm/criu.bats runs in the guest.
# shellcheck disable=SC2016
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"
run=/disk/run bundle=/disk/bundle images=/disk/images

z() { zrun --root $run "$@"; }
config() { jq "$@" "$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"; }
pid_of() { z state "$1" | jq .pid; }
gone() { # ID
	need "$1 is still there" [ -z "$(z list -q)" ]
	need "its cgroup is left" [ -z "$(find /sys/fs/cgroup -mindepth 1 -name "$1")" ]
	need "its directory is left" [ ! -e "$run/$1" ]
	need "a mount is left on the host" [ -z "$(grep "$bundle" /proc/self/mountinfo)" ]
}
make_bundle() {
	local n
	for n in $(z list -q); do z delete -f "$n"; done
	rm -rf $bundle $images /disk/work
	mkdir -p $bundle/rootfs/{bin,proc,dev,sys,tmp,data} /disk/host /disk/other
	cp "$(command -v busybox)" $bundle/rootfs/bin/
	for n in sh sleep cat echo tty id grep ls; do ln -s busybox $bundle/rootfs/bin/$n; done
	echo from-host >/disk/host/file
	echo from-other >/disk/other/file
	zrun spec -b $bundle
	config '.process.terminal = false | .process.noNewPrivileges = false | .root.readonly = false | .linux.resources.memory.limit = 33554432 | .linux.resources.pids.limit = 40 |
		.mounts += [{"destination":"/data","type":"bind","source":"/disk/host","options":["rbind","rw"]}]'
	counting
}
# counts in its memory, and says how far it is in a file of a tmpfs, which is saved as well
counting() { config '.process.args = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/dev/shm/n; sleep 0.2; done"]'; }
counted() { z exec "$1" cat /dev/shm/n; }
# criu's own words, when something failed
words() { cat /disk/err; grep -h -E "Error|Warn" $images/*.log $images/*/*.log 2>/dev/null | tail -n 20; false; }
restored() { z restore -d -b $bundle --image-path "$1" "$2" </dev/null >/dev/null 2>/disk/err || words; }
saved() { # ID OPTIONS...
	local id=$1
	shift
	z checkpoint "$@" "$id" 2>/disk/err || words
}
start() { z run -d -b $bundle "$1" </dev/null >/dev/null 2>&1; }

checkpoint() {
	make_bundle
	start one
	wait_for 20 z exec one grep . /dev/shm/n
	sleep 1
	counted one >/disk/before
	saved one --image-path $images --work-path /disk/work
	gone one
	need "no images" [ -s $images/pstree.img ]
	need "the log is not in the work directory" [ -s /disk/work/dump.log ]
}
restore() {
	local pid
	z restore -d -b $bundle --image-path $images --pid-file /disk/pid two </dev/null >/dev/null 2>&1
	pid=$(pid_of two)
	need "the pid file says $(cat /disk/pid), the state $pid" [ "$(cat /disk/pid)" = "$pid" ]
	need "it counted to $(counted two) after $(cat /disk/before)" [ "$(counted two)" -ge "$(cat /disk/before)" ]
	need "it is $(z state two | jq -r .status)" [ "$(z state two | jq -r .status)" = running ]
	need "cgroup $(cat "/proc/$pid/cgroup")" [ "$(cat "/proc/$pid/cgroup")" = 0::/two ]
	need memory [ "$(cat /sys/fs/cgroup/two/memory.max)" = 33554432 ]
	need pids [ "$(cat /sys/fs/cgroup/two/pids.max)" = 40 ]
	need "what it sees of its cgroup: $(z exec two cat /proc/self/cgroup)" [ "$(z exec two cat /proc/self/cgroup)" = 0::/ ]
	need "the host's file: $(z exec two cat /data/file)" [ "$(z exec two cat /data/file)" = from-host ]
	need "a masked file can be read" [ -z "$(z exec two cat /proc/timer_list)" ]
	for n in pid mnt net ipc uts cgroup; do need "the host's $n namespace" [ "$(readlink "/proc/$pid/ns/$n")" != "$(readlink /proc/self/ns/$n)" ]; done
	need "capabilities: $(grep CapBnd "/proc/$pid/status")" [ "$(awk '/CapBnd/{print $2}' "/proc/$pid/status")" = 0000000020000420 ]
	z exec two sh -c 'echo x >/data/file' && [ "$(cat /disk/host/file)" = x ]
	z delete -f two
	gone two
}
other_bundle() {
	config '.mounts |= map(if .destination == "/data" then .source = "/disk/other" else . end)'
	restored $images three
	need "$(z exec three cat /data/file)" [ "$(z exec three cat /data/file)" = from-other ]
	z delete -f three
	gone three
}
leave_running() {
	make_bundle
	start one
	wait_for 20 z exec one grep . /dev/shm/n
	saved one --pre-dump --image-path $images/pre
	need "it does not run on" [ "$(z state one | jq -r .status)" = running ]
	saved one --leave-running --parent-path ../pre --image-path $images/full
	need "it does not run on" [ "$(z state one | jq -r .status)" = running ]
	need "the dump does not build on the first" [ -e $images/full/parent ]
	z delete -f one
	restored $images/full two
	[ "$(counted two)" -ge 1 ]
	z delete -f two
	gone two
}
foreground() {
	local rc=0
	make_bundle
	config '.process.args = ["sh", "-c", "while [ ! -e /data/go ]; do sleep 0.2; done; echo after the restore; exit 7"]'
	(z run -b $bundle one </dev/null | cat) >/dev/null 2>&1 &
	wait_for 20 sh -c 'zrun --root '$run' state one | grep -q running'
	saved one --image-path $images
	wait
	gone one
	touch /disk/host/go
	z restore -b $bundle --image-path $images two </dev/null | cat >/disk/said
	rc=${PIPESTATUS[0]}
	rm /disk/host/go
	need "status $rc" [ "$rc" = 7 ]
	need "it said: $(cat /disk/said)" [ "$(cat /disk/said)" = "after the restore" ]
	gone two
}
# takes masters of terminals and keeps them until it is ended: the last one's output goes to /disk/screen
console_server() {
	python3 - <<'P'
import array, os, socket, threading
s = socket.socket(socket.AF_UNIX)
s.bind("/disk/console"); s.listen(4)
def copy(fd):
    with open("/disk/screen", "ab", 0) as f:
        while True:
            try: b = os.read(fd, 4096)
            except OSError: return
            if not b: return
            f.write(b)
while True:
    c, _ = s.accept()
    m, anc, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(4))
    fd = array.array("i", anc[0][2])[0]
    threading.Thread(target=copy, args=(fd,), daemon=True).start()
P
}
terminal() {
	local server
	make_bundle
	rm -f /disk/console /disk/screen
	console_server &
	server=$!
	wait_for 20 [ -S /disk/console ]
	config '.process.terminal = true | .process.args = ["sh", "-c", "while :; do echo $(tty) $i; i=$((i+1)); sleep 0.3; done"]'
	z run -d -b $bundle --console-socket /disk/console one </dev/null >/dev/null 2>&1
	wait_for 20 grep -q /dev/pts/0 /disk/screen
	saved one --image-path $images
	gone one
	: >/disk/screen
	z restore -d -b $bundle --console-socket /disk/console --image-path $images two </dev/null >/dev/null 2>/disk/err || { cat /disk/err; false; }
	wait_for 20 grep -q /dev/pts/0 /disk/screen
	z delete -f two
	kill "$server"
	gone two
}
hooks() {
	make_bundle
	start one
	saved one --image-path $images
	config '.hooks = {"createRuntime":[{"path":"/bin/sh","args":["sh","-c","cat >/disk/hook.create"]}],"poststart":[{"path":"/bin/sh","args":["sh","-c","cat >/disk/hook.start"]}]}'
	restored $images two
	need "createRuntime: $(cat /disk/hook.create)" [ "$(jq -r .status /disk/hook.create)" = creating ]
	need "its pid" [ "$(jq .pid /disk/hook.create)" = "$(pid_of two)" ]
	need "poststart: $(cat /disk/hook.start)" [ "$(jq -r .status /disk/hook.start)" = running ]
	z delete -f two
	config '.hooks.createRuntime[0].args[2] = "exit 3" | .hooks.poststop = [{"path":"/bin/sh","args":["sh","-c","cat >/disk/hook.stop"]}]'
	! z restore -d -b $bundle --image-path $images three </dev/null >/dev/null 2>/disk/err
	need "$(cat /disk/err)" grep -q 'createRuntime hook "/bin/sh": exited with 3' /disk/err
	need "poststop did not run" [ "$(jq -r .status /disk/hook.stop)" = stopped ]
	gone three
}
user_namespace() {
	make_bundle
	config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 $bundle/rootfs
	start one
	wait_for 20 z exec one grep . /dev/shm/n
	z pause one
	saved one --image-path $images
	gone one
	restored $images two
	need "uid $(z exec two id -u)" [ "$(z exec two id -u)" = 0 ]
	need "uid_map: $(cat "/proc/$(pid_of two)/uid_map")" grep -q 100000 "/proc/$(pid_of two)/uid_map"
	wait_for 20 z exec two grep . /dev/shm/n
	z delete -f two
	gone two
}
# made with NOTIFY_SOCKET, restored without
notify() {
	make_bundle
	NOTIFY_SOCKET=/disk/nobody start one
	need "it has no socket's directory" z exec one ls /run/notify
	saved one --image-path $images
	restored $images two
	need "the directory is not there" z exec two ls /run/notify
	z delete -f two
	gone two
}
# Debian 12's criu does not bring it back: then the container must not run without it
no_new_privs() {
	make_bundle
	config '.process.noNewPrivileges = true'
	start one
	saved one --image-path $images
	if z restore -d -b $bundle --image-path $images two </dev/null >/dev/null 2>/disk/err; then
		need "it runs without" [ "$(awk '/NoNewPrivs/{print $2}' "/proc/$(pid_of two)/status")" = 1 ]
		z delete -f two
	else
		need "$(cat /disk/err)" grep -q 'noNewPrivileges' /disk/err
	fi
	gone two
}
nothing_left() {
	make_bundle
	! z restore -d -b $bundle --image-path /disk/nowhere two </dev/null >/disk/said 2>&1
	need "$(cat /disk/said)" grep -q '"/disk/nowhere": No such file' /disk/said
	start one
	saved one --image-path $images
	rm $images/core-1.img
	! z restore -d -b $bundle --image-path $images two </dev/null >/disk/said 2>&1
	need "$(cat /disk/said)" grep -q 'criu: Error' /disk/said
	gone two
	! z checkpoint --image-path $images none >/disk/said 2>&1
	need "$(cat /disk/said)" grep -q 'container does not exist' /disk/said
	z create -b $bundle three </dev/null >/dev/null 2>&1
	! z checkpoint --image-path $images three >/disk/said 2>&1
	need "$(cat /disk/said)" grep -q 'container not running' /disk/said
	z delete -f three
	gone three
}

need "criu does not work in this guest: $(criu check 2>&1 | tail -n 1)" criu check >/dev/null 2>&1
check checkpoint checkpoint
check restore restore
check other-bundle other_bundle
check leave-running leave_running
check foreground foreground
check terminal terminal
check hooks hooks
check notify notify
check user-namespace user_namespace
check no-new-privs no_new_privs
check nothing-left nothing_left
