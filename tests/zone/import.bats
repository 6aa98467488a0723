#!/usr/bin/env bats
# zone import of other container managers' configurations: what maps becomes the zone's, the rest is listed, and a broken or hostile file is refused with its line. (Archives: export_archive.bats.)
bats_require_minimum_version 1.5.0
load helper

# In memory: hundreds of small durable writes would wait for a busy disk.
setup_more() {
	mount -t tmpfs -o mode=755 none "$TOP"
}

teardown_more() {
	umount "$TOP"
}

golden=$BATS_TEST_DIRNAME/../golden/foreign

# zone import KIND:FILE makes FILE.expect and reports FILE.report.
as_golden() { # as_golden KIND FILE
	zone import --json "$1:$golden/$2" x >"$TOP/out"
	diff <(jq -S . "$golden/$2.expect") <(jq -S . "$ZONES_CONFIG_DIR/x.json")
	diff "$golden/$2.report" <(jq -r '(.mapped[] | "\(.line) \(.key) -> \(.property)"), (.left[] | "\(.line) \(.key) left")' "$TOP/out" | sort -n)
	[ "$(jq '[.left[] | select((.why | length) < 5)] | length' "$TOP/out")" = 0 ]
	zone delete -F x
}

@test "LXC: a container's configuration, in the form of today and in that of LXC 2" {
	as_golden lxc lxc.config
	as_golden lxc lxc2.config
}

@test "nspawn: a settings file" {
	as_golden nspawn myapp.nspawn
}

@test "zonecfg: an export of Solaris" {
	as_golden zonecfg solaris.cfg
}

@test "docker-inspect: a container" {
	as_golden docker-inspect docker-inspect.json
}

@test "the zone has the name it had there, or the one that is given; an existing one stays as it is" {
	zone import "lxc:$golden/lxc.config" >"$TOP/out"
	[ "$(state_of CT103)" = configured ]
	grep -q 'lxc.uts.name  *hostname' "$TOP/out"
	grep -q 'lxc.tty.max  *-  *a zone has one console' "$TOP/out"
	zone import "docker-inspect:$golden/docker-inspect.json" >/dev/null
	zone import "nspawn:$golden/myapp.nspawn" >/dev/null
	zone import "zonecfg:$golden/solaris.cfg" web >/dev/null
	[ "$(zone list -p -o name | xargs)" = "CT103 myapp web webfront" ]
	before=$(md5sum "$ZONES_CONFIG_DIR/web.json")
	fails 1 zone import "lxc:$golden/lxc.config" web
	says "exists already"
	[ "$(md5sum "$ZONES_CONFIG_DIR/web.json")" = "$before" ]
	printf 'lxc.uts.name = ../x\n' >"$TOP/bad"
	fails 1 zone import "lxc:$TOP/bad"
	says "cannot be the name"
	fails 1 zone import "lxc:$TOP/nosuch"
	fails 1 zone import nspawn:nosuch-machine
	fails 2 zone import
}

@test "an LXC container's directory with its root: import tells, install takes it, and it runs" {
	mkdir -p "$TOP/lxc/web/rootfs/"{bin,etc,proc,sys,dev,tmp,run,var}
	cp "$(readlink -f "$(command -v busybox)")" "$TOP/lxc/web/rootfs/bin/busybox"
	ln -s busybox "$TOP/lxc/web/rootfs/bin/sh"
	ln -s busybox "$TOP/lxc/web/rootfs/bin/sleep"
	printf 'root:x:0:0::/:/bin/sh\n' >"$TOP/lxc/web/rootfs/etc/passwd"
	printf 'lxc.uts.name = web\nlxc.rootfs.path = dir:%s/lxc/web/rootfs\nlxc.init.cmd = /bin/sleep 1000\nlxc.environment = A=b\nlxc.net.0.type = empty\n' "$TOP" >"$TOP/lxc/web/config"
	run zone import "lxc:$TOP/lxc/web"
	[ "$status" -eq 0 ]
	says "zone install --from $TOP/lxc/web/rootfs web"
	zone install --from "$TOP/lxc/web/rootfs" web
	zone boot web
	[ "$(zone exec web /bin/busybox hostname)" = web ]
	wait_for 5 zone exec web /bin/busybox pidof sleep
}

bad() { # bad KIND WANT TEXT: refused, with the line, and nothing is made
	printf '%b' "$3" >"$TOP/bad.in"
	run timeout 20 zone import "$1:$TOP/bad.in" x
	[ "$status" -eq 1 ] || { echo "status $status: $1 $3"; echo "$output"; return 1; }
	says "$2"
	case $output in *$'\033'*) echo "escapes: $3"; return 1 ;; esac
	[ -z "$(zone list -p -o name)" ]
}

@test "what is no configuration is refused with the line, and nothing is made" {
	bad lxc 'bad.in:2:1' 'lxc.uts.name = a\nnonsense\n'
	bad lxc 'bad.in:1:1' '= x\n'
	bad lxc 'bad.in:1:1' 'hostname = x\n'
	bad lxc 'bad.in:3:1' '\n\nlxc.uts.name = \033[31m\n'
	bad lxc 'bad.in:1:1' 'lxc.uts.name = \377\n'
	bad nspawn 'bad.in:1:1' 'Boot=yes\n'
	bad nspawn 'bad.in:2:1' '[Exec]\nBoot\n'
	bad nspawn 'bad.in:2:1' '[Exec]\n[Files\n'
	bad nspawn 'bad.in:4:1' '[Exec]\nParameters=a \\\\\n  b\nBoot\n'
	bad zonecfg 'bad.in:2:1' 'create -b\nfrobnicate x\n'
	bad zonecfg 'bad.in:1:1' 'set brand\n'
	bad zonecfg 'bad.in:1:1' 'end\n'
	bad zonecfg 'bad.in:2:1' 'add anet\nadd net\n'
	bad zonecfg 'bad.in:1:1' 'set bootargs="a\n'
	bad zonecfg 'bad.in:1:1' 'add ../x\n'
	bad docker-inspect 'bad.in:1' '{'
	bad docker-inspect 'bad.in:1:1' '[]'
	bad docker-inspect 'bad.in:1:1' '[{"Config":{}},{"Config":{}}]'
	bad docker-inspect 'bad.in:1' '[1]'
	bad docker-inspect 'bad.in' '{"Config":{"Env":["a=\\u0000"]}}'
	bad docker-inspect 'deep' "$(printf '[%.0s' {1..300})"
	head -c 600000 /dev/zero | tr '\0' 'x' >"$TOP/large"
	for kind in lxc nspawn zonecfg docker-inspect; do
		fails 1 zone import "$kind:$TOP/large" x
		fails 1 zone import "$kind:/dev/zero" x
		fails 1 zone import "$kind:$TOP" x
	done
	seq 5000 | sed 's/^/lxc.sysctl.a/; s/$/ = 1/' >"$TOP/many"
	fails 1 zone import "lxc:$TOP/many" x
	says "many:4001"
	[ -z "$(zone list -p -o name)" ]
}

left() { # left KIND KEY TEXT: the zone is made, the setting is listed as left out
	printf '%b' "$3" >"$TOP/odd.in"
	zone import --json "$1:$TOP/odd.in" x >"$TOP/out"
	jq -e --arg k "$2" '.left[] | select(.key == $k)' "$TOP/out" >/dev/null || { cat "$TOP/out"; return 1; }
	zone delete -F x
}

@test "a value that a zone cannot have is listed and never written" {
	left lxc lxc.uts.name 'lxc.uts.name = -bad_\n'
	left lxc lxc.mount.entry 'lxc.mount.entry = / proc none bind 0 0\n'
	left lxc lxc.mount.entry 'lxc.mount.entry = /a ../../b none bind 0 0\n'
	left lxc lxc.mount.entry 'lxc.mount.entry = x\n'
	left lxc lxc.cap.drop 'lxc.cap.drop = nosuch_cap\n'
	left lxc lxc.cgroup2.memory.max 'lxc.cgroup2.memory.max = 99999999999999999999999\n'
	left lxc lxc.cgroup2.cpu.max 'lxc.cgroup2.cpu.max = 1 0\n'
	left lxc lxc.cgroup2.cpu.max 'lxc.cgroup2.cpu.max = 18446744073709551615 1\n'
	left lxc lxc.sysctl.kernel.core_pattern 'lxc.sysctl.kernel.core_pattern = |/bin/x\n'
	left lxc lxc.net.7.mtu 'lxc.net.7.mtu = 1400\n'
	left lxc lxc.nosuch 'lxc.nosuch = 1\n'
	left nspawn Files.Bind '[Files]\nBind=relative:/x\n'
	left nspawn Network.Port '[Network]\nPort=tcp:99999:1\n'
	left nspawn Network.Zone '[Network]\nZone=a name that is far too long\n'
	left nspawn Own.Key '[Own]\nKey=1\n'
	left zonecfg zonepath 'set zonepath=relative\n'
	left zonecfg net.0 'add net\nend\n'
	left zonecfg rctl.0 'add rctl\nset name=zone.nosuch\nadd value (priv=privileged,limit=1,action=deny)\nend\n'
	left docker-inspect HostConfig.PortBindings '{"Config":{"Tty":true},"HostConfig":{"PortBindings":{"80/icmp":[{"HostPort":"80"}]}}}'
	left docker-inspect Mounts '{"Config":{"Tty":true},"Mounts":[{"Type":"npipe","Source":"x","Destination":"/"}]}'
	left docker-inspect HostConfig.Ulimits '{"Config":{"Tty":true},"HostConfig":{"Ulimits":[{"Name":"nosuch","Soft":1,"Hard":2},7]}}'
	left docker-inspect HostConfig.Sysctls '{"Config":{"Tty":true},"HostConfig":{"Sysctls":{"kernel.hostname":"x"}}}'
}
