#!/bin/bash
# What tests/vm/lsm.bats runs in the guest: its kernel has AppArmor, which hosts of developers may not have. As inside.sh, each check prints "ok NAME" or "not ok NAME: why".
top=/disk/zones
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
mkdir -p $top && chmod 755 /disk $top
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"

fails() { # TEXT COMMAND...: it fails and says so
	local text=$1
	shift
	if "$@" >/tmp/said 2>&1; then echo "it succeeds: $*"; exit 1; fi
	need "it says: $(cat /tmp/said)" grep -qF -- "$text" /tmp/said
}
label_of() { # ZONE
	cat "/proc/$(zone list --json "$1" | jq -r '.[0].id')/attr/apparmor/current"
}
# Everything but what the test looks for: a file that not even root may write, and a program that root may not run.
load_profiles() {
	need "the kernel's LSMs are $(cat /sys/kernel/security/lsm)" grep -q apparmor /sys/kernel/security/lsm
	for name in "$@"; do
		cat <<EOF
profile $name flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, dbus,
  deny /**/denied w,
  deny /denied w,
}
EOF
	done | apparmor_parser --config-file /dev/null --replace --skip-cache
	need "not loaded: $(cat /sys/kernel/security/apparmor/profiles)" grep -qx "$1 (enforce)" /sys/kernel/security/apparmor/profiles
}

bundle() {
	mkdir -p /disk/b/rootfs/bin
	cp /run/guest/busybox /disk/b/rootfs/bin/busybox
	ln -sf busybox /disk/b/rootfs/bin/sh
	cd /disk/b || exit 1
	[ -e config.json ] || zrun spec
	jq --arg p "$1" '.process.apparmorProfile = $p | .process.terminal = false | .root.readonly = false | .process.args = ["sh", "-c", "busybox cat /proc/self/attr/current; busybox touch /free; busybox touch /denied"]' config.json >c.json
}
oci() {
	bundle zones-test
	rm -f rootfs/free rootfs/denied
	fails "/denied: Permission denied" zrun --root $top/oci run --config c.json c1
	need "its label: $(cat /tmp/said)" grep -qx "zones-test (enforce)" /tmp/said
	[ -e rootfs/free ] && [ ! -e rootfs/denied ]
	# the same program without
	bundle unconfined
	zrun --root $top/oci run --config c.json c1 >/tmp/said
	[ -e rootfs/denied ] && grep -qx unconfined /tmp/said
}
oci_exec() {
	bundle zones-test
	jq '.process.args = ["busybox", "sleep", "1000"]' c.json >d.json
	zrun --root $top/oci run -d --config d.json c2 </dev/null
	[ "$(zrun --root $top/oci exec c2 busybox cat /proc/self/attr/current)" = "zones-test (enforce)" ]
	[ "$(zrun --root $top/oci exec --apparmor zones-other c2 busybox cat /proc/self/attr/current)" = "zones-other (enforce)" ]
	zone audit --json --root $top/oci c2 >/tmp/audit 2>&1 || true
	zrun --root $top/oci delete -f c2
}
oci_unknown() {
	bundle zones-nobody-loaded-this
	fails 'apply the AppArmor profile "zones-nobody-loaded-this", which is not loaded' zrun --root $top/oci run --config c.json c3
	fails "does not exist" zrun --root $top/oci state c3
}
zone_profile() {
	zone create -t isolated web apparmorProfile=zones-test
	zone install web
	zone boot web
	need "label $(label_of web)" [ "$(label_of web)" = "zones-test (enforce)" ]
	[ "$(zone exec web cat /proc/self/attr/current)" = "zones-test (enforce)" ]
	fails "Permission denied" zone exec web sh -c 'touch /var/free; : >/var/denied'
	zone exec web sh -c '[ -e /var/free ] && [ ! -e /var/denied ]'
	# every process; one that is not confined is seen
	zone audit --json web >/tmp/audit
	jq -e '.[0].findings[] | select(.property == "apparmorProfile") | .verdict == "ok" and .promised == "zones-test"' /tmp/audit
	apparmor_parser --config-file /dev/null --remove <<<'profile zones-test {}'
	fails "apparmorProfile" zone audit web
	load_profiles zones-test zones-other
	zone set web apparmorProfile=zones-other
	(zone apply -n web || true) | grep apparmorProfile | grep 'every process has it from its birth'
	zone reboot web
	need "label $(label_of web)" [ "$(label_of web)" = "zones-other (enforce)" ]
	zone halt web
}
zone_unknown() {
	zone set web apparmorProfile=zones-nobody-loaded-this
	fails 'apparmorProfile: no AppArmor profile "zones-nobody-loaded-this" is loaded' zone verify web
	fails 'no AppArmor profile' zone boot web
	zone set web apparmorProfile= selinuxLabel=a:b:c:s0
	fails 'selinuxLabel: SELinux is not enabled on this host' zone verify web
	zone delete -F web
}

check profiles load_profiles zones-test zones-other
check oci oci
check oci-exec oci_exec
check oci-unknown oci_unknown
check zone zone_profile
check zone-unknown zone_unknown
