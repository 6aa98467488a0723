#!/usr/bin/env bats
# Attacks of an image, or of somebody who shares a folder with a container, against the runtime while it makes the container: paths, mounts, masks, the console, /proc.
load helper

# --- A: paths of the image ----------------------------------------------------------------------------------------

# plant KIND PATH: where the runtime looks for something else
plant() {
	local kind=$1 at=$2
	rm -rf "${at:?}"
	mkdir -p "$(dirname "$at")"
	case $kind in
	absolute) ln -s "$OUTSIDE" "$at" ;;
	relative) ln -s "../../../../../../../../../..$OUTSIDE" "$at" ;;
	dangling) ln -s "$OUTSIDE/new/deep" "$at" ;;
	loop) ln -s "$(basename "$at")" "$at" ;;
	fifo) mkfifo "$at" ;;
	socket) ln "$TOP/socket" "$at" ;;
	file) ln "$OUTSIDE/canary" "$at" ;;
	esac
}

# kinds_of NAMES...: each of them as each kind of file; the container is made or refused, quickly, and nothing outside is touched
kinds_of() {
	local where kind status
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TOP/socket" || return 1
	for where in "$@"; do
		for kind in absolute relative dangling loop fifo socket file; do
			rm -rf "$BUNDLE/bad" && cp -al "$BUNDLE/rootfs" "$BUNDLE/bad" && plant "$kind" "$BUNDLE/bad/$where" || return 1
			status=0
			within 10 run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || status=$?
			[ $status -ne 124 ] || { echo "it hangs: $where is a $kind"; return 1; }
			unharmed || { echo "$where is a $kind"; return 1; }
		done
	done
	rm -f "$TOP/socket"
}

many_mounts() {
	mkdir "$TOP/dir"
	config '.root.path = "bad" | .process.args = ["true"] | .process.cwd = "/tmp/made/for/it"
		| .mounts += [{"destination": "/etc/hosts", "type": "bind", "source": $file, "options": ["bind", "ro"]}, {"destination": "/run/made/dir", "type": "bind", "source": $dir, "options": ["bind"]},
			{"destination": "/tmp/made/here", "type": "tmpfs", "source": "tmpfs"}]' --arg file /etc/hostname --arg dir "$TOP/dir"
}

# family: A
# CVE-2015-1335, CVE-2019-18837, CVE-2024-45310, CVE-2026-41579; shown: without RESOLVE_IN_ROOT (weak: resolve) folders are made outside
@test "A: every element of the image's paths as every kind of file: nothing is made or opened outside, nothing hangs" {
	many_mounts
	kinds_of dev proc sys etc tmp run dev/pts sys/fs/cgroup
	bites resolve kinds_of etc tmp run
}

# family: A
# CVE-2026-47766 (default devices in a folder of the host), CVE-2026-41579 (links of /dev); shown: as above
@test "A: no mount on /dev, and /dev or what is in it leads out: neither nodes nor links are made there" {
	config '.root.path = "bad" | .process.args = ["true"] | .mounts |= map(select(.destination | startswith("/dev") | not))'
	kinds_of dev dev/null dev/ptmx dev/fd dev/shm
	bites resolve kinds_of dev
}

dev_in_volume() {
	outside_new
	rm -rf "$BUNDLE/rootfs/dev"
	ln -s /volume "$BUNDLE/rootfs/dev"
	within 10 run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || true
	unharmed
}

# family: A
# CVE-2026-47766; shown: weak: volume makes nodes and links in it
@test "A: /dev of the image leads into a volume: no device node is made in the host's folder" {
	config '.process.args = ["true"] | .mounts |= map(select(.destination | startswith("/dev") | not)) | .mounts += [{"destination": "/volume", "type": "bind", "source": $o, "options": ["rbind"]}]' --arg o "$OUTSIDE"
	dev_in_volume
	bites volume dev_in_volume
}

below_root() { # path system calls with a path below the root, which somebody could turn between the call and its effect
	grep -F "\"$BUNDLE/rootfs/" "$TOP/trace" || true
}

# family: A
# shown: the same search finds the call of a program that does it
@test "A: no system call takes a path below the image's root" {
	many_mounts
	config '.root.path = "rootfs"'
	strace -f -qq -e trace=%file,mount,umount2,pivot_root,open_tree,move_mount,mount_setattr -o "$TOP/trace" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	grep -q move_mount "$TOP/trace"
	[ -z "$(below_root)" ] || { below_root; false; }
	strace -f -qq -e trace=%file -o "$TOP/trace" cat "$BUNDLE/rootfs/etc/passwd"
	[ -n "$(below_root)" ]
}

# --- B: races on shared folders -----------------------------------------------------------------------------------

# volume_race N: a container whose mount point lies in a volume in which somebody exchanges folders for links
volume_race() {
	local i
	rm -rf "$TOP/volume" && mkdir -p "$TOP/volume/x" || return 1
	ln -s "$OUTSIDE" "$TOP/volume/x.absolute"
	ln -s "../../../../../../../..$OUTSIDE" "$TOP/volume/x.relative"
	race "$TOP/volume/x" "$TOP/volume/x.absolute" "$TOP/volume/x" "$TOP/volume/x.absolute" "$TOP/volume/x" "$TOP/volume/x.relative" "$TOP/volume/x" "$TOP/volume/x.relative"
	: >"$TOP/mounts"
	for ((i = 0; i < $1; i++)); do
		within 10 run -b "$BUNDLE" "$ID" </dev/null >>"$TOP/mounts" 2>/dev/null || [ $? -ne 124 ] || { echo "it hangs"; return 1; }
	done
	race_end || return 1
	unharmed || return 1
	# what the containers had mounted: the volume, and in it the other folder
	! awk '{print $5}' "$TOP/mounts" | sort -u | grep -v -e '^/volume$' -e '^/volume/[a-z.]*/y$' -e '^/volume/[a-z.]*$' || return 1
	! grep -F "$OUTSIDE" "$TOP/mounts"
}

# family: B
# CVE-2021-30465, CVE-2019-19921, CVE-2023-27561; shown: weak: resolve makes the mount point outside
@test "B: 500 containers with a mount point in a volume, while its folders are exchanged for links outwards" {
	mkdir "$TOP/data"
	script 'grep /volume /proc/self/mountinfo'
	config '.mounts += [{"destination": "/volume", "type": "bind", "source": $v, "options": ["rbind"]}, {"destination": "/volume/x/y", "type": "bind", "source": $d, "options": ["rbind"]}]' \
		--arg v "$TOP/volume" --arg d "$TOP/data"
	volume_race "$RACE"
	grep -q 'volume' "$TOP/mounts" # some came through
	bites resolve volume_race 40
}

# The container looks at itself: a procfs whose dangerous files are there, or can be written to, must not be anywhere in it.
look_at_proc='for p in /proc /proc.x; do [ ! -e $p/self/mountinfo ] || info=$(cat $p/self/mountinfo); done
echo "$info" | while read -r a b c root at rest; do
	case $rest in *" - proc "*) ;; *) continue ;; esac
	[ "$root" = / ] || continue # its parts are what hides it
	! (: >>"$at/sys/kernel/threads-max") 2>/dev/null || echo "UNMASKED sys at $at"
	[ ! -f "$at/interrupts" ] || echo "UNMASKED interrupts at $at"
	! (: >>"$at/irq/default_smp_affinity") 2>/dev/null || echo "UNMASKED irq at $at"
	echo "seen $at"
done'

# root_race N: the folders of the root itself are exchanged, for links outwards and for each other
root_race() {
	local i n root=$BUNDLE/rootfs
	: >"$TOP/out"
	set -- "$1" etc dev sys tmp run
	for n in "${@:2}"; do ln -sfn "$OUTSIDE" "$root/$n.x"; mkdir -p "$root/$n"; done
	mkdir -p "$root/proc.x"
	race "$root/etc" "$root/etc.x" "$root/proc" "$root/proc.x" "$root/dev" "$root/dev.x" "$root/sys" "$root/sys.x" "$root/tmp" "$root/tmp.x" "$root/run" "$root/run.x"
	for ((i = 0; i < $1; i++)); do
		within 10 run -b "$BUNDLE" "$ID" </dev/null >>"$TOP/out" 2>/dev/null || [ $? -ne 124 ] || { echo "it hangs"; return 1; }
	done
	race_end || return 1
	unharmed || return 1
	! grep UNMASKED "$TOP/out"
}

# family: B C F
# CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-52881; shown: weak: resolve makes folders outside
@test "B: 500 containers while the folders of their root are exchanged: nothing outside, and no procfs without its masks" {
	script "$look_at_proc"
	config '.linux.maskedPaths = ["/proc/interrupts", "/proc/timer_list"] | .linux.readonlyPaths = ["/proc/sys", "/proc/irq"] | .process.cwd = "/tmp/made"'
	root_race "$RACE"
	grep -q seen "$TOP/out"
	bites resolve root_race 40
}

proc_moved() {
	local out
	rm -rf "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/proc.x" && mkdir "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/proc.x" || return 1
	out=$(within 10 run -b "$BUNDLE" "$ID" </dev/null 2>&1) || true
	echo "$out"
	case $out in *UNMASKED*) return 1 ;; *"seen"*) ;; *) return 2 ;; esac
}

# family: B C
# CVE-2019-19921, CVE-2023-27561, CVE-2023-28642; shown: weak: top finds nothing to mask at the old place
@test "B: the folder on which /proc is mounted is moved just before the masks: they are there all the same" {
	script "$look_at_proc"
	printf '#!/usr/bin/python3\nimport ctypes\nctypes.CDLL(None).renameat2(-100, b"%s/proc", -100, b"%s/proc.x", 2)\n' "$BUNDLE/rootfs" "$BUNDLE/rootfs" >"$TOP/exchange"
	chmod 755 "$TOP/exchange"
	config '.linux.maskedPaths = ["/proc/interrupts"] | .linux.readonlyPaths = ["/proc/sys", "/proc/irq"] | .hooks.createRuntime = [{"path": $h}]' --arg h "$TOP/exchange"
	proc_moved
	[[ "$(proc_moved)" == *"seen"* ]]
	bites top proc_moved
}

# --- C: masks -----------------------------------------------------------------------------------------------------

mask_source() { # what covers /secret is not the volume's /dev/null
	local out
	outside_new
	rm -rf "$TOP/dev" && mkdir "$TOP/dev" && ln -s /outside/canary "$TOP/dev/null" || return 1
	out=$(within 10 run -b "$BUNDLE" "$ID" </dev/null 2>&1)
	echo "$out"
	unharmed || return 1
	case $out in *canary* | *secret* | *written*) return 1 ;; esac
}

# family: C
# CVE-2025-31133, CVE-2025-62161; shown: weak: mask covers it with the link's target, which can then be read and written through the mask
@test "C: a /dev/null that the container brings is never what a file is masked with" {
	echo secret >"$BUNDLE/rootfs/secret"
	script 'cat /secret; echo x >/secret; [ "$(cat /outside/canary)" = canary ] || echo written'
	config '.linux.maskedPaths = ["/secret"] | .mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{"destination": "/outside", "type": "bind", "source": $o, "options": ["rbind"]}, {"destination": "/dev", "type": "bind", "source": $d, "options": ["rbind"]}]' \
		--arg o "$OUTSIDE" --arg d "$TOP/dev"
	mask_source
	bites mask mask_source
}

# family: C
# shown: the same container without the two lists can do all of it
@test "C: what is masked or read-only stays so for root inside: remounts, unmounts, copies and links help nothing" {
	local text='for p in /proc/interrupts /proc/sys /proc/irq; do umount $p 2>/dev/null && echo "GONE $p"; mount -o remount,rw,bind $p 2>/dev/null && echo "RW $p"; done
		mkdir -p /tmp/c && mount --bind /proc /tmp/c 2>/dev/null && echo COPY; ln -s /proc/sys /tmp/link; ! (: >>/tmp/link/kernel/threads-max) 2>/dev/null || echo WRITABLE; [ ! -f /proc/interrupts ] || echo FILE; echo seen'
	ln -s busybox "$BUNDLE/rootfs/bin/umount"
	ln -s busybox "$BUNDLE/rootfs/bin/ln"
	config '.root.readonly = false | .linux.maskedPaths = ["/proc/interrupts"] | .linux.readonlyPaths = ["/proc/sys", "/proc/irq"]'
	runs "$text"
	[ "$output" = seen ]
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	runs "$text"
	[[ "$output" == *WRITABLE* && "$output" == *FILE* ]]
}

masks_through_links() {
	local out
	outside_new
	out=$(within 10 run -b "$BUNDLE" "$ID" </dev/null 2>&1) || true
	unharmed || return 1
	! grep -F "$TOP" /proc/self/mountinfo || return 1
	[ "$out" = "" ]
}

# family: C
# shown: what is masked is the file that the link means inside
@test "C: masked and read-only paths that are links of the image lead no further than its root" {
	ln -s "$OUTSIDE" "$BUNDLE/rootfs/out"
	ln -s "$OUTSIDE/canary" "$BUNDLE/rootfs/file"
	mkdir -p "$BUNDLE/rootfs$OUTSIDE"
	echo inside >"$BUNDLE/rootfs$OUTSIDE/canary"
	config '.linux.maskedPaths = ["/file"] | .linux.readonlyPaths = ["/out"]'
	script "cat $OUTSIDE/canary" # the one inside, which is what was masked
	masks_through_links
	[ "$(cat "$BUNDLE/rootfs$OUTSIDE/canary")" = inside ]
}

# --- D: the console -----------------------------------------------------------------------------------------------

console() { # TARGET: of the image's /dev/console
	outside_new
	rm -f "$BUNDLE/rootfs/dev/console"
	ln -s "$1" "$BUNDLE/rootfs/dev/console"
	at_terminal 10 run -b "$BUNDLE" "$ID" >/dev/null 2>&1 || [ $? -ne 124 ] || { echo "it hangs"; return 1; }
	unharmed
}

# family: D
# CVE-2026-88264; shown: weak: console makes the file outside
@test "D: a /dev/console of the image that leads out is not followed" {
	config '.process.terminal = true | .process.args = ["true"] | .mounts |= map(select(.destination | . == "/dev" or . == "/dev/console" | not))'
	for target in "$OUTSIDE/new" "../../../../../../../../..$OUTSIDE/new" "$OUTSIDE/canary" /proc/self/fd/0; do
		console "$target"
	done
	bites console console "$OUTSIDE/new"
	config '.root.readonly = true'
	console "$OUTSIDE/new"
}

console_race() { # N
	local i d=$BUNDLE/rootfs/dev
	outside_new
	rm -rf "$d" && mkdir -p "$d/pts" "$d/pts.d" "$OUTSIDE/pts" || return 1
	before=$(canary)
	: >"$d/console"
	ln -s "$OUTSIDE/pts" "$d/pts.x"
	ln -s "$OUTSIDE/new" "$d/console.x"
	race "$d/pts" "$d/pts.x" "$d/console" "$d/console.x" "$d/pts" "$d/pts.d"
	for ((i = 0; i < $1; i++)); do
		at_terminal 10 run -b "$BUNDLE" "$ID" >>"$TOP/out" 2>&1 || [ $? -ne 124 ] || { echo "it hangs"; return 1; }
	done
	race_end || return 1
	unharmed
}

# family: D B
# CVE-2025-52565; shown: weak: console makes the file outside
@test "D: the console while /dev/pts and /dev/console are exchanged for links outwards" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "echo came through"] | .mounts |= map(select(.destination | . == "/dev" or . == "/dev/console" | not))'
	console_race "$((RACE / 5))"
	bites console console_race 20
}

# --- E: standard input and output ---------------------------------------------------------------------------------

owner_outside() {
	outside_new
	"${RUNTIME:-$BUILD/zrun}" --root "${STATE:-$TOP/run}" run -b "$BUNDLE" "$ID" <"$TOP/null" >/dev/null 2>&1 || true
	[ "$(stat -c %u "$TOP/null")" = 0 ] || { echo "the host's device has another owner"; chown 0 "$TOP/null"; return 1; }
	unharmed
}

# family: E
# CVE-2026-88265, a host's /dev/null that belonged to a container's user (runc 3731); shown: weak: chown gives both away
@test "E: neither the host's device on standard input nor what the image's /dev/null leads to gets another owner" {
	mknod -m 666 "$TOP/null" c 1 3
	mkdir "$TOP/dev"
	ln -s /outside/canary "$TOP/dev/null"
	config '.process.args = ["true"] | .process.user = {"uid": 1000, "gid": 1000} | .mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{"destination": "/outside", "type": "bind", "source": $o, "options": ["rbind"]}, {"destination": "/dev", "type": "bind", "source": $d, "options": ["rbind"]}]' \
		--arg o "$OUTSIDE" --arg d "$TOP/dev"
	owner_outside
	bites chown owner_outside
}

# --- F: writes to /proc -------------------------------------------------------------------------------------------

sysctl_elsewhere() {
	outside_new
	within 10 run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || true
	unharmed
}

# family: F
# CVE-2019-16884, CVE-2019-19921, CVE-2025-52881, CVE-2025-62596; shown: weak: procfs writes the value to the canary
@test "F: kernel parameters are not written to what an image has as /proc" {
	mkdir -p "$BUNDLE/rootfs/proc/sys/net/ipv4"
	ln -s /outside/canary "$BUNDLE/rootfs/proc/sys/net/ipv4/ip_forward"
	config '.process.args = ["true"] | .linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .mounts |= map(select(.destination != "/proc"))
		| .mounts += [{"destination": "/outside", "type": "bind", "source": $o, "options": ["rbind"]}]' --arg o "$OUTSIDE"
	sysctl_elsewhere
	bites procfs sysctl_elsewhere
}

score_elsewhere() {
	local i
	outside_new
	cp "$BUNDLE/config.json" "$TOP/config.json"
	python 'import ctypes, os, sys, time
libc = ctypes.CDLL(None)
libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None)
for name in ("self", "thread-self"):
    os.makedirs(f"/tmp/{name}/attr")
    for f in ("oom_score_adj", "attr/exec", "attr/keycreate"):
        os.symlink("/outside/canary", f"/tmp/{name}/{f}")
print("ready", flush=True)
while not os.path.exists("/outside.stop/stop"): # a procfs that comes and goes
    libc.mount(b"/tmp", b"/proc", None, 0x1000, None)
    libc.umount2(b"/proc", 2)
libc.mount(b"/tmp", b"/proc", None, 0x1000, None)
time.sleep(100)'
	mkdir -p "$TOP/stop" && rm -f "$TOP/stop/stop"
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"] | .process.oomScoreAdj = 100 | .linux.readonlyPaths = [] | .linux.maskedPaths = []
		| .mounts += [{"destination": "/outside", "type": "bind", "source": $o, "options": ["rbind"]}, {"destination": "/outside.stop", "type": "bind", "source": $s, "options": ["rbind"]}]' --arg o "$OUTSIDE" --arg s "$TOP/stop"
	within 60 run -d -b "$BUNDLE" "$ID" </dev/null >"$TOP/ready" 2>&1 3>&- || { cat "$TOP/ready"; cp "$TOP/config.json" "$BUNDLE/config.json"; return 0; }
	for ((i = 0; i < 100; i++)); do grep -q ready "$TOP/ready" && break; sleep 0.05; done
	for ((i = 0; i < $1; i++)); do
		within 10 exec "$ID" /usr/bin/true </dev/null >/dev/null 2>&1 || [ $? -ne 124 ] || { echo "it hangs"; break; }
	done
	touch "$TOP/stop/stop"
	sleep 0.1
	within 10 exec "$ID" /usr/bin/true </dev/null >/dev/null 2>&1 || true
	cp "$TOP/config.json" "$BUNDLE/config.json"
	zrun delete -f "$ID" || return 1
	unharmed
}

# family: F
# CVE-2025-52881, CVE-2025-62596; shown: weak: procfs writes the score to the canary
@test "F: a container that mounts its own files over /proc gets nothing written to them by exec" {
	score_elsewhere "$((RACE / 10))"
	bites procfs score_elsewhere 5
}

# family: F
# CVE-2019-16884; shown: the same link to another folder is followed, and the mount is there
@test "F: a link of the image does not lead a mount into /proc, and the list of what may be covered there is short" {
	config '.mounts += [{"destination": "/way/attr", "type": "bind", "source": $o, "options": ["rbind"]}]' --arg o "$OUTSIDE"
	script 'cat /way/attr/canary'
	for target in /proc/self /proc/1 /proc/sys/kernel ../proc/self; do
		ln -sfn "$target" "$BUNDLE/rootfs/way"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || { echo "$target"; false; }
	done
	ln -sfn /tmp "$BUNDLE/rootfs/way"
	runs 'cat /way/attr/canary'
	[ "$output" = canary ]
	for at in /proc/self/attr /proc/sys /proc/1/ns /proc/sysrq-trigger /proc/keys; do
		config '.mounts[-1].destination = $at' --arg at "$at"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		[[ "$output" == *"is refused"* ]]
	done
	unharmed
}
