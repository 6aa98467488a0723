#!/usr/bin/env bats
# Rootless Podman drives zrun: an unprivileged user with subordinate ids, whom only this file's mount namespace knows, without cgroups of its own (cgroup v1 and hybrid hosts delegate none).
# shellcheck disable=SC2016
load helper

ID=30999
FILES="passwd group subuid subgid"

setup_file() {
	local f
	image_tree
	mkdir -p "$TOP/bin" "$TOP/home/run" "$TOP/home/.config/containers"
	cp "$ZRUN" "$TOP/bin/zrun" # where every user may run it
	for f in $FILES; do cp "/etc/$f" "$TOP/$f"; done
	echo "zuser:x:$ID:$ID::$TOP/home:/bin/sh" >>"$TOP/passwd"
	echo "zuser:x:$ID:" >>"$TOP/group"
	for f in subuid subgid; do echo 'zuser:2100000000:65536' >>"$TOP/$f"; done
	for f in $FILES; do mount --bind "$TOP/$f" "/etc/$f"; done
	sed "s|/usr/local/sbin/zrun|$TOP/bin/zrun|" "$ROOT/dist/podman/zrun.conf" >"$TOP/home/containers.conf"
	cat >>"$TOP/home/containers.conf" <<CONF
[containers]
default_ulimits = ["$ULIMIT", "nproc=4096:4096"]
CONF
	printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$TOP/home/.config/containers/policy.json"
	chmod 700 "$TOP/home/run"
	tar -C "$TOP/image" -cf "$TOP/image.tar" .
	chown -R "$ID:$ID" "$TOP/home"
	podman_ import "$TOP/image.tar" bb >/dev/null 2>&1
}

teardown_file() {
	local f
	for f in $FILES; do umount "/etc/$f"; done
}

as_user() {
	timeout 60 setpriv --reuid "$ID" --regid "$ID" --clear-groups env -i -C "$TOP/home" PATH="$PATH" USER=zuser HOME="$TOP/home" XDG_RUNTIME_DIR="$TOP/home/run" \
		CONTAINERS_CONF="$TOP/home/containers.conf" "$@"
}

podman_() { as_user podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"; }

teardown() {
	podman_ pod rm -af -t 0 >/dev/null 2>&1
	podman_ rm -af -t 0 >/dev/null 2>&1
	true
}

go() { # OPTIONS... -- COMMAND...: run to the end in a container without a network
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	podman_ run --rm --network none --pull never "${options[@]}" localhost/bb "$@"
}

there() { # NAME: a container that stays
	podman_ run -d --name "$1" --network none --pull never localhost/bb sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
}

@test "rootless: Podman says so, and zrun keeps its state below the user's own run directory" {
	[ "$(podman_ info --format '{{.Host.OCIRuntime.Name}} {{.Host.Security.Rootless}}' 2>/dev/null)" = "zrun true" ]
	there c
	[ -e "$TOP/home/run/zrun/$(podman_ inspect -f '{{.Id}}' c)/state.json" ]
	[ ! -e /run/zrun ]
	podman_ rm -f -t 0 c
	[ -z "$(find "$TOP/home/run/zrun" -name state.json)" ]
}

@test "rootless: run is root inside, the user outside; exit codes" {
	run go -- sh -c 'id -u; cat /proc/self/uid_map; exit 7'
	[ "$status" = 7 ]
	[ "${lines[0]}" = 0 ]
	says "$ID"
	says 2100000000
	fails 127 go -- nosuch
	says "executable file not found"
	fails 126 go -- /etc
	fails 125 go --nosuch -- true
}

@test "rootless: exec in a container without cgroups; a user, a terminal, exit codes" {
	there c
	fails 4 podman_ exec c sh -c 'exit 4'
	[ "$(podman_ exec -u 33 -w /tmp c sh -c 'id -u; pwd' | tr '\n' ' ')" = "33 /tmp " ]
	fails 127 podman_ exec c nosuch
	run in_terminal "setpriv --reuid $ID --regid $ID --clear-groups env -i -C $TOP/home PATH=$PATH HOME=$TOP/home XDG_RUNTIME_DIR=$TOP/home/run CONTAINERS_CONF=$TOP/home/containers.conf podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file exec -it c tty"
	says /dev/pts/
}

@test "rootless: logs, top, stop with its signal, start, restart, kill, rm" {
	there c
	run podman_ logs c
	says started
	run podman_ top c pid comm user
	says root
	podman_ stop -t 10 c
	[ "$(podman_ inspect -f '{{.State.ExitCode}}' c)" = 3 ]
	podman_ start c
	podman_ restart -t 0 c
	[ "$(podman_ inspect -f '{{.State.Status}}' c)" = running ]
	podman_ kill c
	podman_ wait c
	podman_ rm c
}

@test "rootless: --userns=keep-id is the user inside, --userns=auto has ids of its own" {
	[ "$(go --userns=keep-id -- id -u)" = "$ID" ]
	run go --userns=auto:size=500 -- cat /proc/self/uid_map
	[ "$status" = 0 ]
	[ "$(echo "$output" | awk '{ print $1, $3 }')" = "0 500" ]
}

@test "rootless: --privileged, --cgroups=disabled, --read-only, --init, --device, --sysctl, --volume, seccomp" {
	run go --privileged -- sh -c 'mount -t tmpfs x /tmp && echo mounted'
	says mounted
	[ "$(go --cgroups=disabled -- echo none)" = none ]
	run go --read-only -- touch /x
	says "Read-only"
	run go --init -- ps
	says podman-init
	run go --device /dev/fuse -- ls -l /dev/fuse
	says "10, 229"
	[ "$(go --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(go -v "$TOP/home:/h:ro" -- ls /h/containers.conf)" = /h/containers.conf ]
	fails 1 go -v "$TOP/home:/h:ro" -- touch /h/x
	run go -- grep Seccomp: /proc/self/status
	says 2
}

@test "rootless: a limit that nobody can set is said" {
	there c
	run podman_ update --memory 50m c
	[ "$status" = 125 ]
	[ -e /sys/fs/cgroup/cgroup.controllers ] || says "cannot limit a container without a cgroup"
}

@test "rootless: a network through slirp4netns" {
	as_user test -w /dev/net/tun || skip "/dev/net/tun is not open to users on this host"
	run podman_ run --rm --pull never localhost/bb ip -4 addr
	says 10.0.2.100
}

@test "rootless: a pod shares its namespaces; a health check" {
	podman_ pod create --name p --infra-command "/bin/sleep 1000" --infra-image localhost/bb --network none >/dev/null
	podman_ run -d --pod p --name a --pull never localhost/bb sleep 1000 >/dev/null
	podman_ run -d --pod p --name b --pull never --health-cmd 'test -e /tmp/well' --health-interval disable localhost/bb sleep 1000 >/dev/null
	[ "$(podman_ exec a readlink /proc/self/ns/net)" = "$(podman_ exec b readlink /proc/self/ns/net)" ]
	fails 1 podman_ healthcheck run b
	podman_ exec b touch /tmp/well
	podman_ healthcheck run b
}
