#!/usr/bin/env bats
# Attacks through what a container is made of - its configuration as far as a tenant may choose it, its annotations, its files - and on what limits it: cgroups, filters, sizes.
load helper

# --- C: masks are not taken away by mistake -----------------------------------------------------------------------

unmask_by_link() {
	zrun mounts remove "$ID" /data/irq >"$TOP/out" 2>&1 || true
	cat "$TOP/out"
	[ "$(zrun exec "$ID" sh -c '(: >>/proc/irq/default_smp_affinity) 2>/dev/null && echo GONE; true')" != GONE ]
}

# family: C
# confused deputy: root inside makes /data a link to /proc; shown: the same folder without the link is unmounted, so the name is no obstacle
@test "C: whoever takes a mount away from a running container never takes a mask of /proc or /sys for it" {
	mkdir -p "$TOP/src" "$BUNDLE/rootfs/data/irq"
	config '.root.readonly = false | .mounts += [{"destination": "/data/irq", "type": "bind", "source": $s, "options": ["rbind"]}]' --arg s "$TOP/src"
	config '.linux.readonlyPaths = ["/proc/irq", "/proc/sys"]'
	ln -s busybox "$BUNDLE/rootfs/bin/mv"
	ln -s busybox "$BUNDLE/rootfs/bin/ln"
	config '.process.capabilities[] += ["CAP_DAC_OVERRIDE"]'
	background
	zrun exec "$ID" sh -c 'mv /data /data.was && ln -s /proc /data'
	unmask_by_link
	grep -q 'which is refused' "$TOP/out"
	zrun exec "$ID" sh -c 'rm /data && mv /data.was /data'
	zrun mounts remove "$ID" /data/irq
}

# --- K: cgroups, kernel parameters, units -------------------------------------------------------------------------

lets_through() { # PARAMETER: with the value that it has, so that nothing changes
	local value
	value=$(cat "/proc/sys/${1//./\/}")
	config '.linux.sysctl = {($k): $v}' --arg k "$1" --arg v "$value"
	if within 10 run -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>&1; then return 1; fi
	cat "$TOP/out"
	grep -q 'belongs to the whole host' "$TOP/out"
}

# family: K F
# CVE-2022-0811; shown: weak: sysctl writes it
@test "K: kernel parameters of the host are refused, however they are written" {
	config '.process.args = ["true"]'
	lets_through kernel.core_pattern
	lets_through vm.max_map_count
	lets_through fs.file-max
	bites sysctl lets_through kernel.core_pattern
	for name in kernel/core_pattern net.ipv4/../../kernel/core_pattern net/../kernel/core_pattern net..kernel.core_pattern /kernel/core_pattern kernel.core_pattern+kernel.shmmax kernel.shm_rmid_forced+kernel.core_pattern; do
		config '.linux.sysctl = {($k): "1"}' --arg k "$name"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "$name"; false; }
	done
	for value in $'1\nkernel.core_pattern=|/x' $'1\n2' $'\e[31m'; do
		config '.linux.sysctl = {"net.ipv4.ip_forward": $v}' --arg v "$value"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "$value"; false; }
	done
}

# family: K
# CVE-2022-0492, CVE-2023-25809; shown: the test writes to the file of the same name in its own cgroup mount where there is one, and finds the container's marked read-only
@test "K: root inside writes no release_agent, makes no cgroup beside its own and mounts no hierarchy" {
	config '.process.capabilities[] += ["CAP_DAC_OVERRIDE", "CAP_SYS_CHROOT"]'
	runs 'for f in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name cgroup.procs -o -name devices.allow 2>/dev/null); do (: >>$f) 2>/dev/null && echo "WRITABLE $f"; done
		for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/x 2>/dev/null && echo "MADE $d/x"; done; mkdir -p /dev/m; mount -t cgroup -o memory none /dev/m 2>/dev/null && echo MOUNTED; echo seen'
	[ "$output" = seen ] || { echo "$output"; false; }
	ln -s busybox "$BUNDLE/rootfs/bin/find"
	runs 'find /sys/fs/cgroup -name cgroup.procs | grep -c .'
	[ "$(tail -n 1 <<<"$output")" -ge 1 ] # it has seen some
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup")).options -= ["ro"]'
	runs 'for f in $(find /sys/fs/cgroup -name cgroup.procs); do (: >>$f) 2>/dev/null && echo "WRITABLE $f"; done'
	[[ "$output" == *WRITABLE* ]]
}

# family: K
# CVE-2024-3154, crun's "..", runc's unified keys; shown: the same members with a harmless value are taken
@test "K: names of cgroups, files of limits, sizes of pages and properties of units lead nowhere else" {
	config '.process.args = ["true"]'
	for path in ../../x /a/../../x ..; do refused ".linux.cgroupsPath = \"$path\"" 'must not contain ".."'; done
	for key in ../cgroup.procs a/../../b /etc/x .. 'memory.max/../x' $'memory.max\nx'; do
		config '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "unified: $key"; false; }
	done
	config '.linux.resources.unified = {}'
	for size in ../../x '2MB/../x' '' 2MB/; do
		config '.linux.resources.hugepageLimits = [{"pageSize": $s, "limit": 1}]' --arg s "$size"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "pageSize: $size"; false; }
	done
	config '.linux.resources.hugepageLimits = []'
	for a in ExecStartPre ExecStart ExecStopPost BindPaths RootDirectory User Environment LoadCredential; do
		config '.annotations = {("org.systemd.property." + $a): "\"/bin/touch /x\""}' --arg a "$a"
		run zrun --systemd-cgroup run -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "$a"; false; }
	done
	for value in $'x\nSuccessAction=reboot-force' $'x\\\\\nSuccessAction=reboot-force' $'x\ry' $'x\x7fy' 'x\\'; do # lines of a unit file of the host's systemd
		config '.annotations = {"org.systemd.property.Description": ("\u0027" + $v + "\u0027")}' --arg v "$value"
		run zrun --systemd-cgroup run -b "$BUNDLE" "$ID"
		[[ "$status" = 1 && "$output" == *"is no value of the type"* ]] || { echo "$value: $output"; false; }
	done
	config '.annotations = {} | .linux.cgroupsPath = "/" + $p' --arg p "$ID"
	zrun run -b "$BUNDLE" "$ID"
	background
	for path in .. ../.. /.. a/../../..; do
		run zrun exec --cgroup "$path" "$ID" true
		[ "$status" -ne 0 ] || { echo "exec --cgroup $path"; false; }
	done
}

# --- L: large and many --------------------------------------------------------------------------------------------

maps() { # N lines: what the kernel has is what was asked for, or nothing is made
	local out
	config '.linux.uidMappings = [range($n) | {"containerID": ., "hostID": (1000 + 2 * .), "size": 1}] | .linux.gidMappings = .linux.uidMappings' --argjson n "$1"
	out=$(within 20 run -b "$BUNDLE" "$ID" </dev/null 2>&1) || true
	[ "$1" -gt 340 ] || [ "$out" = "$1" ] || { echo "$1 lines: $out"; return 1; }
	[ "$1" -le 340 ] || grep -q 'Mappings' <<<"$out" || { echo "$1 lines: $out"; return 1; }
}

# family: L
# CVE-2021-43784, crun's buffer for maps; shown: weak: maps writes the first line only
@test "L: 1 to 340 lines of id maps arrive whole, more are refused" {
	user_namespace
	script 'grep -c . /proc/self/uid_map'
	for n in 1 339 340 341 700 5000; do maps $n; done
	bites maps maps 340
}

# family: L O
# CVE-2021-43784, CVE-2022-31030; shown: what fits arrives whole
@test "L: a megabyte of environment, long paths, many arguments, mounts, groups, devices: whole or refused, never a crash or a hang" {
	sane() { # the exit code of zrun is one of its own
		local code=0
		within 60 run -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>&1 || code=$?
		[ $code -eq 0 ] || { [ $code -eq 1 ] && [ -s "$TOP/out" ]; } || { echo "$1: $code"; head -c 500 "$TOP/out"; return 1; }
		[ -z "$(zrun list -q)" ]
	}
	cp "$BUNDLE/config.json" "$TOP/good.json"
	each() { # NAME FILTER
		cp "$TOP/good.json" "$BUNDLE/config.json"
		config "$2"
		sane "$1"
	}
	config '.process.args = ["true"]'
	cp "$BUNDLE/config.json" "$TOP/good.json"
	each environment '.process.env += [range(10000) | "V\(.)=" + ("x" * 100)]'
	each variable '.process.env += ["V=" + ("x" * 1048576)]'
	each argument '.process.args += ["x" * 1048576]'
	each arguments '.process.args += [range(20000) | "x"]'
	each path '.process.cwd = "/" + ("x/" * 35000)'
	each name '.hostname = ("x" * 70000)'
	each target '.mounts += [{"destination": ("/tmp/" + ("x/" * 35000)), "type": "tmpfs", "source": "x"}]'
	each mounts '.mounts += [range(300) | {"destination": "/dev/shm/m\(.)", "type": "tmpfs", "source": "x"}]'
	each groups '.process.user.additionalGids = [range(70000)]'
	each masks '.linux.maskedPaths = [range(1000) | "/proc/\(.)"]'
	each devices '.linux.devices = [range(200) | {"path": "/dev/d\(.)", "type": "c", "major": 1, "minor": 3}]'
	each capabilities '.process.capabilities.bounding = [range(5000) | "CAP_\(.)"]'
	each annotations '.annotations = ([range(5000) | {"key": "k\(.)", "value": ("v" * 100)}] | from_entries)'
	each id '.linux.cgroupsPath = "/" + ("x" * 300)'
	cp "$TOP/good.json" "$BUNDLE/config.json"
	config '.process.env += [range(1000) | "V\(.)=" + ("x" * 100)]'
	runs 'env | grep -c "^V"'
	[ "$output" = 1000 ]
}

# --- M: nothing of the container configures the runtime -----------------------------------------------------------

annotated() {
	outside_new
	within 10 run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || true
	unharmed
}

# family: M
# CVE-2025-24965, CVE-2026-40226, crun's annotations; shown: a hook of the configuration itself does write to the folder
@test "M: files of the root and annotations make the runtime do nothing" {
	local root=$BUNDLE/rootfs f
	for f in config.json .nspawn etc/zones/x.json etc/zrun.conf etc/criu/zrun.conf rootfs/config.json state.json .krun_config.json; do
		mkdir -p "$root/$(dirname "$f")"
		jq -n --arg o "$OUTSIDE/made" '{hooks: {prestart: [{path: "/bin/touch", args: ["touch", $o]}]}}' >"$root/$f"
	done
	config '.process.args = ["true"] | .annotations = {"run.oci.hooks.stdout": $f, "run.oci.hooks.stderr": $f, "run.oci.handler": "krun", "run.oci.systemd.subgroup": "../../x", "run.oci.delegate-cgroup": "../x",
		"run.oci.seccomp.receiver": $f, "run.oci.seccomp_bpf_data": "AAAA", "run.oci.pidfd_receiver": $f, "run.oci.mount_context_type": "x", "org.criu.config": $f, "module.wasm.image/variant": "compat",
		"run.oci.keep_original_groups": "1"} | .hooks.poststop = [{"path": "/bin/echo", "args": ["echo", "hook"]}]' --arg f "$OUTSIDE/canary"
	annotated
	config '.hooks.poststop = [{"path": "/bin/touch", "args": ["touch", $f]}]' --arg f "$OUTSIDE/made"
	run annotated
	[ "$status" = 1 ]
}

# family: M
# CVE-2022-4318; shown: a passwd without the line break gives its home
@test "M: line breaks, colons and control characters in a home directory, a user's name or a host's name make no line of their own" {
	printf 'evil:x:1000:1000::/home\rx\e[31m:/bin/sh\nroot:x:0:0:root:/root:/bin/sh\ngood:x:1001:1001::/good:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.env = ["PATH=/bin"]'
	runs 'env | grep ^HOME='
	[ "$output" = HOME=/ ]
	config '.process.user = {"uid": 1001, "gid": 1001}'
	runs 'env | grep ^HOME='
	[ "$output" = HOME=/good ]
	for name in $'a\nb' $'a\e[31m' 'a:b/../c'; do
		config '.hostname = $n' --arg n "$name"
		run zrun run -b "$BUNDLE" "$ID"
		[ "$(hostname)" != "$name" ]
	done
}

# --- O: files of the image that exhaust ---------------------------------------------------------------------------

passwd_kinds() {
	local e=$BUNDLE/rootfs/etc make code
	for make in 'mkfifo passwd' 'mkdir passwd' 'ln -s /dev/zero passwd' 'ln -s /proc/kmsg passwd' 'ln -s passwd passwd' 'truncate -s 10G passwd' 'mkfifo group' 'ln -s /dev/zero group' 'yes : | head -c 900000 >group' \
		"ln -s $OUTSIDE/canary passwd"; do
		rm -rf "$e/passwd" "$e/group"
		(cd "$e" && sh -c "$make") || return 1
		code=0
		within 5 exec -u root "$ID" true </dev/null >/dev/null 2>&1 || code=$?
		[ $code -ne 124 ] || { echo "it hangs: $make"; return 1; }
	done
	unharmed
}

# family: O
# CVE-2024-9676, CVE-2025-4437, CVE-2026-47262; shown: weak: regular waits for ever
@test "O: /etc/passwd and group as FIFO, device, link, huge or garbage: exec -u answers at once" {
	background
	passwd_kinds
	bites regular passwd_kinds
}

# family: O
# CVE-2022-1708, CVE-2022-31030; shown: the reader gets what was written
@test "O: a flood of output costs the runtime no memory" {
	background
	# The reader waits until it has been measured: the flood stands before a full pipe as long as that takes.
	mkfifo "$TOP/go"
	zrun exec "$ID" sh -c 'i=0; while [ $i -lt 200 ]; do cat /bin/busybox; i=$((i + 1)); done' 2>/dev/null </dev/null |
		{ read -r _ <"$TOP/go" && head -c 20000000; } >"$TOP/count" &
	reader=$!
	sleep 0.5
	sizes=$(for pid in $(pgrep -f "zrun --root $TOP/run exec"); do
		awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null || true
	done)
	echo >"$TOP/go"
	wait $reader
	[ -n "$sizes" ] || { echo "nobody was measured"; false; }
	for kb in $sizes; do [ "$kb" -lt 50000 ] || { echo "$kb kB"; false; }; done
	[ "$(stat -c %s "$TOP/count")" = 20000000 ]
	rm "$TOP/count"
}

# --- Q: no program with rights of its own -------------------------------------------------------------------------

special() { # DIRECTORY: programs that run with other rights than their caller's
	find "$1" -type f \( -perm /6000 -o -name '*.setuid' \)
	getcap -r "$1" 2>/dev/null
}

# family: Q
# CVE-2017-5985, CVE-2018-6556, CVE-2020-5291, CVE-2022-47952, CVE-2026-39402; shown: a copy with the bit is found
@test "Q: nothing that is installed is setuid, setgid or has capabilities" {
	[ "$BUILD" = "$ROOT/build" ] || skip "the release is what is installed"
	for p in zone zrun zone-init zone-procview; do [ ! -e "$BUILD/$p" ] || cp -a "$BUILD/$p" "$TOP/"; done
	[ -z "$(special "$TOP")" ]
	! grep -nE 'install .*-m *[0-9]?[2467][0-7]{3}|setcap|chmod .*s' "$ROOT/Makefile"
	chmod u+s "$TOP/zrun"
	[ -n "$(special "$TOP")" ]
}

# --- R: what a filter denies --------------------------------------------------------------------------------------

filtered() {
	local out
	out=$(within 20 run -b "$BUNDLE" "$ID" </dev/null 2>&1)
	echo "$out"
	case $out in *"bad: []"*) ;; *) return 1 ;; esac
}

# family: R
# CVE-2022-0185, CVE-2023-2640, CVE-2026-31431, CVE-2026-43284, CVE-2026-43500; shown: weak: seccomp
@test "R: a profile that denies families of sockets and calls does so for every architecture's numbers, with and without no_new_privs" {
	python 'import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
bad = []
for name, family in ("AF_ALG", 38), ("AF_VSOCK", 40), ("AF_RXRPC", 33), ("AF_KEY", 15), ("AF_XDP", 44):
    if libc.socket(family, 3 if family != 38 else 5, 0) >= 0 or ctypes.get_errno() != 1:
        bad.append((name, ctypes.get_errno()))
for name, nr in ("bpf", 321), ("io_uring_setup", 425), ("userfaultfd", 323), ("keyctl", 250), ("unshare", 272), ("perf_event_open", 298):
    if libc.syscall(nr, 0x10000000, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):
        bad.append((name, ctypes.get_errno()))
libc.socket(2, 1, 0) >= 0 or bad.append("AF_INET")
print("bad:", bad)'
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": ([
		{"names": ["bpf", "io_uring_setup", "userfaultfd", "keyctl", "unshare", "perf_event_open"], "action": "SCMP_ACT_ERRNO"}]
		+ [(38, 40, 33, 15, 44) | {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": ., "op": "SCMP_CMP_EQ"}]}])}'
	filtered
	config '.process.noNewPrivileges = false'
	filtered
	bites seccomp filtered
	python 'import ctypes
ctypes.CDLL(None).syscall(0x40000000 | 321, 0, 0, 0)
print("alive")'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 159 ] # x32, which the profile does not name
}
