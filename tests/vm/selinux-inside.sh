#!/bin/bash
# What tests/vm/selinux.bats runs in the guest, whose kernel was told to use SELinux. As inside.sh, each check prints "ok NAME" or "not ok NAME: why".
top=/disk/zones
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
here=$(dirname "$(readlink -f "$0")")
mkdir -p $top && chmod 755 /disk $top
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"

set -o pipefail
fails() { # TEXT COMMAND...: it fails and says so; through a pipe, for the kernel takes a file away from who may not write it
	local text=$1
	shift
	if "$@" 2>&1 | cat >/tmp/said; then echo "it succeeds: $*"; exit 1; fi
	need "it says: $(cat /tmp/said)" grep -qF -- "$text" /tmp/said
}
label_of() { # PID
	tr -d '\0' <"/proc/$1/attr/current"
}
load_policy() {
	need "the kernel's LSMs are $(cat /sys/kernel/security/lsm)" grep -q selinux /sys/kernel/security/lsm
	mount -t selinuxfs selinuxfs /sys/fs/selinux
	secilc -c 33 -o /tmp/policy -f /dev/null "$here/policy.cil"
	cat /tmp/policy >/sys/fs/selinux/load
	echo 1 >/sys/fs/selinux/enforce
	[ "$(label_of self)" = u:r:kernel_t ]
}

bundle() { # LABEL PROGRAM...
	mkdir -p /disk/b/rootfs/bin
	cp /run/guest/busybox /disk/b/rootfs/bin/busybox
	ln -sf busybox /disk/b/rootfs/bin/sh
	cd /disk/b || exit 1
	[ -e config.json ] || zrun spec
	jq --arg l "$1" '.process.selinuxLabel = $l | .process.terminal = false | .root.readonly = false | .process.args = $ARGS.positional' config.json --args -- "${@:2}" >c.json
}
oci() {
	bundle u:r:zone_t sh -c 'busybox cat /proc/self/attr/current; echo x >/there'
	echo >rootfs/there
	fails "there: Permission denied" zrun --root $top/oci run --config c.json c1
	need "its label: $(cat /tmp/said)" grep -aq 'u:r:zone_t' /tmp/said
	bundle "" sh -c 'echo x >/there' # the same program without
	zrun --root $top/oci run --config c.json c1
	grep -qx x rootfs/there
}
oci_exec() {
	bundle u:r:zone_t busybox sleep 1000
	zrun --root $top/oci run -d --config c.json c2 </dev/null
	[ "$(label_of "$(zrun --root $top/oci state c2 | jq .pid)")" = u:r:zone_t ]
	[ "$(zrun --root $top/oci exec c2 busybox cat /proc/self/attr/current | tr -d '\0')" = u:r:zone_t ]
	[ "$(zrun --root $top/oci exec --process-label u:r:other_t c2 busybox cat /proc/self/attr/current | tr -d '\0')" = u:r:other_t ]
	zrun --root $top/oci delete -f c2
}
# Without the label what is mounted is nobody's in particular, and cannot be written.
mount_label() {
	bundle u:r:zone_t sh -c 'echo x >/dev/shm/f'
	jq '.linux.mountLabel = "u:r:mine_t"' c.json >d.json
	fails "Permission denied" zrun --root $top/oci run --config c.json c3
	zrun --root $top/oci run --config d.json c3
	# mqueue takes no such option: its root has the label as an attribute
	jq '.process.args = ["busybox", "sleep", "1000"]' d.json >e.json
	zrun --root $top/oci run -d --config e.json c3 </dev/null
	python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "security.selinux").decode().rstrip("\0"))' "/proc/$(zrun --root $top/oci state c3 | jq .pid)/root/dev/mqueue" | grep -x u:r:mine_t
	zrun --root $top/oci delete -f c3
}
oci_unknown() {
	bundle u:r:nobody_t busybox true
	fails 'apply the SELinux label "u:r:nobody_t"' zrun --root $top/oci run --config c.json c4
	fails 'does not exist' zrun --root $top/oci state c4
}
zone_label() {
	local pid
	zone create -t isolated web selinuxLabel=u:r:zone_t
	zone install web
	zone boot web
	pid=$(zone list --json web | jq -r '.[0].id')
	need "label $(label_of "$pid")" [ "$(label_of "$pid")" = u:r:zone_t ]
	[ "$(zone exec web cat /proc/self/attr/current | tr -d '\0')" = u:r:zone_t ]
	fails "Permission denied" zone exec web sh -c 'echo x >/var/f'
	zone audit --json web >/tmp/audit
	jq -e '.[0].findings[] | select(.property == "selinuxLabel") | .verdict == "ok" and .promised == "u:r:zone_t"' /tmp/audit
	zone halt web
}
zone_unknown() {
	zone set web selinuxLabel=u:r:nobody_t
	fails 'selinuxLabel: the SELinux policy of this host knows no context "u:r:nobody_t"' zone verify web
	fails 'knows no context' zone boot web
	zone set web selinuxLabel= apparmorProfile=some
	fails 'apparmorProfile: AppArmor is not enabled on this host' zone verify web
	zone delete -F web
}

check policy load_policy
check oci oci
check oci-exec oci_exec
check mount-label mount_label
check oci-unknown oci_unknown
check zone zone_label
check zone-unknown zone_unknown
