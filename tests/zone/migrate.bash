# migrate.bash - another host for tests of zone migrate: sshd in namespaces of its own (network, mounts, processes), with directories of its own for zones, at the other end of a veth.
# shellcheck shell=bash

# The other host: there COMMAND... runs in its namespaces, with its directories.
other_host() {
	mkdir -p "$TOP/b" "$TOP/ssh"
	chmod 755 "$TOP/b"
	chmod 700 "$TOP/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$TOP/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$TOP/ssh/me"
	cp "$TOP/ssh/me.pub" "$TOP/ssh/authorized"
	cat >"$TOP/ssh/config" <<C
Port 22
HostKey $TOP/ssh/host
AuthorizedKeysFile $TOP/ssh/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
SetEnv ZONES_CONFIG_DIR=$TOP/b/etc ZONES_STORAGE_DIR=$TOP/b/storage ZONES_RUN_DIR=$TOP/b/run PATH=$TOP/wrap:$BUILD:/usr/sbin:/usr/bin:/sbin:/bin ASAN_OPTIONS=$ASAN_OPTIONS
C
	ssh_options=(-o "IdentityFile=$TOP/ssh/me" -o "UserKnownHostsFile=$TOP/ssh/known" -o BatchMode=yes)
	printf '192.0.2.2 %s\n' "$(cut -d' ' -f1,2 "$TOP/ssh/host.pub")" >"$TOP/ssh/known"
	unshare --net --mount --pid --fork --kill-child --propagation private sh -c "
		mount -t proc proc /proc
		[ -d /run/sshd ] || { mount -t tmpfs -o mode=755 none /run && mkdir /run/sshd; }
		# bash reads it for every command that comes by ssh, and it may take seconds
		[ ! -e ~/.bashrc ] || mount --bind /dev/null ~/.bashrc
		ip link set lo up
		until ip link show over >/dev/null 2>&1; do sleep 0.02; done
		ip addr add 192.0.2.2/24 dev over && ip link set over up
		exec /usr/sbin/sshd -D -e -f $TOP/ssh/config" 3>&- 2>"$TOP/ssh/log" &
	other=$!
	wait_for 10 other_init
	ip link set lo up
	ip link add under type veth peer name over netns "$other_pid"
	ip addr add 192.0.2.1/24 dev under
	ip link set under up
	[ -z "${ZONES_TEST_CGROUPS:-}" ] || echo "zones-$(ZONES_RUN_DIR="$TOP/b/run" cgroup_hash)" >>"$ZONES_TEST_CGROUPS"
	wait_for 20 ssh_to true
}
other_init() {
	other_pid=$(pgrep -P "$other") && [ "$(readlink "/proc/$other_pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
# this host's own sshd, for the way back
here_sshd() {
	sed "s|SetEnv .*|SetEnv ZONES_CONFIG_DIR=$ZONES_CONFIG_DIR ZONES_STORAGE_DIR=$ZONES_STORAGE_DIR ZONES_RUN_DIR=$ZONES_RUN_DIR PATH=$BUILD:/usr/sbin:/usr/bin:/sbin:/bin ASAN_OPTIONS=$ASAN_OPTIONS|" "$TOP/ssh/config" >"$TOP/ssh/config1"
	printf '192.0.2.1 %s\n' "$(cut -d' ' -f1,2 "$TOP/ssh/host.pub")" >>"$TOP/ssh/known"
	unshare --mount --propagation private sh -c "
		[ -d /run/sshd ] || { mount -t tmpfs -o mode=755 none /run && mkdir /run/sshd; }
		[ ! -e ~/.bashrc ] || mount --bind /dev/null ~/.bashrc
		exec /usr/sbin/sshd -D -e -f $TOP/ssh/config1" 3>&- 2>"$TOP/ssh/log1" &
	here_daemon=$!
	wait_for 20 ssh_here true
}
ssh_here() {
	ssh "${ssh_options[@]}" root@192.0.2.1 "$@"
}
ssh_to() {
	ssh "${ssh_options[@]}" root@192.0.2.2 "$@"
}
# there COMMAND...: with that host's directories and namespaces, without ssh
there() {
	env ZONES_CONFIG_DIR="$TOP/b/etc" ZONES_STORAGE_DIR="$TOP/b/storage" ZONES_RUN_DIR="$TOP/b/run" nsenter --target "$other_pid" --net --mount --pid "$@"
}
state_there() {
	there zone list --json "$1" 2>/dev/null | jq -r '.[0].state'
}
migrate() { # migrate WORDS...
	timeout -k 5 120 zone migrate "${ssh_options[@]}" "$@"
}
other_gone() {
	local name
	[ -n "${other_pid:-}" ] || return 0
	for name in $(there zone list -p -o name 2>/dev/null); do
		there zone halt "$name" >/dev/null 2>&1
		there zone delete -F "$name" >/dev/null 2>&1
	done
	kill -9 "$other_pid" 2>/dev/null
	wait "$other" 2>/dev/null
	[ -z "${here_daemon:-}" ] || kill "$here_daemon" 2>/dev/null
	ip link del under 2>/dev/null
	return 0
}
