#!/usr/bin/env bats
# Podman drives zrun as it drives crun: through conmon, with its own configuration, as dist/podman/zrun.conf says.
load helper

setup_file() {
	image_tree
	sed "s|/usr/local/sbin/zrun|$ZRUN|" "$ROOT/dist/podman/zrun.conf" >"$TOP/containers.conf"
	cat >>"$TOP/containers.conf" <<CONF
[containers]
default_ulimits = ["$ULIMIT", "nproc=4096:4096"]
[network]
network_backend = "netavark"
CONF
	printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$TOP/policy.json"
	export CONTAINERS_CONF=$TOP/containers.conf
	# --userns=auto takes its ranges from this user; the files are this mount namespace's own
	for f in subuid subgid; do
		cp /etc/$f "$TOP/$f"
		echo 'containers:2000000000:1000000' >>"$TOP/$f"
		mount --bind "$TOP/$f" /etc/$f
	done
	tar -C "$TOP/image" -cf "$TOP/image.tar" .
	podman_ import "$TOP/image.tar" bb >/dev/null 2>&1
}

podman_() {
	timeout 60 podman --root "$TOP/root" --runroot "$TOP/run" --tmpdir "$TOP/tmp" --network-config-dir "$TOP/networks" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"
}

setup() {
	export CONTAINERS_CONF=$TOP/containers.conf
}

teardown() {
	podman_ pod rm -af -t 0 >/dev/null 2>&1
	podman_ rm -af -t 0 >/dev/null 2>&1
	true
}

teardown_file() {
	umount /etc/subuid /etc/subgid
}

# go OPTIONS... -- COMMAND...: run to the end in a container without a network
go() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	podman_ run --rm --network none --pull never "${options[@]}" localhost/bb "$@"
}

# there NAME [OPTIONS...]: a container that stays
there() {
	local name=$1
	shift
	podman_ run -d --name "$name" --network none --pull never "$@" localhost/bb sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
}

@test "podman says that zrun is its runtime" {
	run podman_ info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'
	says zrun
}

@test "run: output, exit codes, and the codes for what cannot be run" {
	[ "$(go -- echo hello)" = hello ]
	fails 7 go -- sh -c 'exit 7'
	fails 127 go -- /bin/nosuch
	says "no such file or directory"
	fails 127 go -- nosuch
	says "executable file not found"
	fails 126 go -- /etc
	fails 125 go --nosuch -- true
}

@test "run -it: a terminal through conmon's console socket" {
	run in_terminal "podman --root $TOP/root --runroot $TOP/run --tmpdir $TOP/tmp --storage-driver vfs --cgroup-manager cgroupfs --events-backend file run --rm --network none --pull never -it localhost/bb sh -c 'tty; [ -t 0 ] && echo is-a-terminal'"
	says /dev/pts/0
	says is-a-terminal
}

@test "exec: user, environment, directory, exit codes, a terminal, standard input" {
	there c
	[ "$(podman_ exec -e A=b -w /tmp -u 33 c sh -c 'echo $A $(pwd) $(id -u)')" = "b /tmp 33" ]
	fails 5 podman_ exec c sh -c 'exit 5'
	fails 127 podman_ exec c /nosuch
	[ "$(echo from-stdin | podman_ exec -i c cat)" = from-stdin ]
	run in_terminal "podman --root $TOP/root --runroot $TOP/run --tmpdir $TOP/tmp --storage-driver vfs --cgroup-manager cgroupfs --events-backend file exec -it c tty"
	says /dev/pts/
}

@test "logs, stop with its signal, start again, restart, kill, wait, rm" {
	there c
	wait_for 10 sh -c "podman --root $TOP/root --runroot $TOP/run --tmpdir $TOP/tmp --storage-driver vfs logs c | grep -q started"
	podman_ stop -t 10 c
	[ "$(podman_ inspect -f '{{.State.ExitCode}}' c)" = 3 ]
	podman_ start c
	podman_ restart -t 0 c
	[ "$(podman_ inspect -f '{{.State.Status}}' c)" = running ]
	podman_ kill c
	podman_ wait c
	podman_ rm c
	fails 125 podman_ exec c true
}

@test "pause, unpause, top, stats, ps, inspect" {
	there c
	podman_ pause c
	[ "$(podman_ inspect -f '{{.State.Status}}' c)" = paused ]
	podman_ unpause c
	run podman_ top c pid comm
	says sh
	run podman_ stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' c
	says B
	run podman_ ps --format '{{.Names}} {{.Status}}'
	says "c Up"
}

@test "--memory --pids-limit --cpus reach the kernel's files and bite" {
	run go --memory 64m --pids-limit 20 --cpus 0.5 -- sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null'
	says 67108864
	says 20
	fails 137 go --memory 30m --memory-swap 30m -- dd if=/dev/zero of=/dev/null bs=100M count=1
	run go --pids-limit 8 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11; do sleep 1 & done'
	says "can't fork"
}

@test "--userns=auto and --uidmap: ids of the container's own" {
	run go --userns=auto:size=65536 -- cat /proc/self/uid_map
	[ "$status" -eq 0 ]
	says 2000000000
	[ "$(go --uidmap 0:100000:65536 -- id -u)" = 0 ]
}

@test "--cgroups=disabled: no cgroup of its own" {
	run go --cgroups=disabled -- cat /proc/self/cgroup
	[ "$status" -eq 0 ]
	case $output in *libpod-*) false ;; esac
}

@test "--cgroupns=private, --privileged, --read-only, --init, --device, --sysctl, --tmpfs, --hostname, --volume" {
	run go --cgroupns=private -- cat /proc/self/cgroup
	case $output in *libpod*) echo "$output"; false ;; esac
	run go --privileged -- sh -c 'grep CapBnd /proc/self/status; mount -t tmpfs x /tmp && echo mounted'
	says mounted
	run go --read-only -- sh -c 'touch /x; touch /tmp/x && echo tmp-ok'
	says tmp-ok
	says "Read-only"
	run go --init -- ps
	says podman-init
	run go --device /dev/fuse -- ls -l /dev/fuse
	says "10, 229"
	[ "$(go --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	run go --tmpfs /foo:size=1m -- mount
	says "/foo type tmpfs"
	[ "$(go --hostname h1 -- hostname)" = h1 ]
	mkdir -p "$TOP/vol"
	echo data >"$TOP/vol/f"
	[ "$(go -v "$TOP/vol:/vol:ro" -- cat /vol/f)" = data ]
	fails 1 go -v "$TOP/vol:/vol:ro" -- touch /vol/g
}

@test "seccomp: Podman's profile is in force, a profile of one's own too, and unconfined is none" {
	run go -- grep Seccomp: /proc/self/status
	says 2
	run go --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status
	says 0
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >"$TOP/seccomp.json"
	fails 1 go --security-opt "seccomp=$TOP/seccomp.json" -- mkdir /tmp/x
	says "not permitted"
}

@test "capabilities, groups and --group-add keep-groups" {
	run go --cap-drop all --cap-add chown -- grep CapEff /proc/self/status
	says 0000000000000001
	run go --user 33:33 --group-add 55 -- id
	says 55
	run go --group-add keep-groups -- id
	[ "$status" -eq 0 ]
}

@test "a health check runs in the container" {
	there c --health-cmd 'test -e /tmp/well' --health-interval disable
	fails 1 podman_ healthcheck run c
	podman_ exec c touch /tmp/well
	podman_ healthcheck run c
}

@test "a pod shares its network and ipc namespaces" {
	podman_ pod create --name p --infra-command "/bin/sleep 1000" --infra-image localhost/bb --network none >/dev/null
	podman_ run -d --pod p --name a --pull never localhost/bb sleep 1000 >/dev/null
	podman_ run -d --pod p --name b --pull never localhost/bb sleep 1000 >/dev/null
	[ "$(podman_ exec a readlink /proc/self/ns/net)" = "$(podman_ exec b readlink /proc/self/ns/net)" ]
	[ "$(podman_ exec a readlink /proc/self/ns/pid)" != "$(podman_ exec b readlink /proc/self/ns/pid)" ]
	podman_ pod stop -t 0 p
	podman_ pod rm -f p
}

@test "kube play starts what a Kubernetes pod says, kube down takes it away" {
	podman_ import --change 'ENTRYPOINT ["/bin/sleep", "1000"]' "$TOP/image.tar" infra >/dev/null 2>&1
	sed "s|^\[engine\]|[engine]\ninfra_image = \"localhost/infra:latest\"|" "$TOP/containers.conf" >"$TOP/kube.conf"
	cat >"$TOP/pod.yaml" <<'Y'
apiVersion: v1
kind: Pod
metadata: { name: kp }
spec:
  containers:
  - name: one
    image: localhost/bb:latest
    imagePullPolicy: Never
    command: ["sleep", "1000"]
    env: [ { name: A, value: b } ]
    resources: { limits: { memory: 50Mi } }
Y
	CONTAINERS_CONF=$TOP/kube.conf podman_ kube play --network none "$TOP/pod.yaml"
	[ "$(podman_ exec kp-one sh -c 'echo $A')" = b ]
	CONTAINERS_CONF=$TOP/kube.conf podman_ kube down "$TOP/pod.yaml"
}

@test "create, start, attach; preserved descriptors; rename; cp; commit" {
	podman_ create --name c --network none --pull never localhost/bb sh -c 'echo attached' >/dev/null
	[ "$(podman_ start -a c)" = attached ]
	echo through-three >"$TOP/three"
	run go --preserve-fds 1 -- cat /proc/self/fd/3 3<"$TOP/three"
	says through-three
	podman_ cp "$TOP/three" c:/tmp/three
	podman_ commit -q c bb2 >/dev/null
	run podman_ run --rm --network none --pull never localhost/bb2 cat /tmp/three
	says through-three
}

@test "update changes the limit of a running container" {
	there c --memory 64m
	podman_ update --memory 80m c
	run podman_ exec c sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null'
	says 83886080
}

@test "--restart: Podman starts it again as often as it said" {
	podman_ run -d --name c --restart on-failure:2 --network none --pull never localhost/bb sh -c 'exit 3' >/dev/null
	wait_for 20 sh -c "podman --root $TOP/root --runroot $TOP/run --tmpdir $TOP/tmp --storage-driver vfs inspect -f '{{.RestartCount}} {{.State.Status}}' c | grep -q '2 exited'"
	[ "$(podman_ inspect -f '{{.State.ExitCode}}' c)" = 3 ]
}

@test "checkpoint: where criu cannot work the container runs on" {
	! criu check >/dev/null 2>&1 || skip "criu works here: tests/vm/criu.bats"
	there c
	run podman_ container checkpoint c
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" != *"does not support checkpoint"* ]]
	[ "$(podman_ inspect -f '{{.State.Status}}' c)" = running ]
	podman_ exec c true
}

@test "--sdnotify: conmon tells when it runs, or the program gets the socket" {
	python3 - "$TOP/notify" >"$TOP/notified" 3>&- <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(15)
for _ in range(2):
    print(s.recv(4096).decode().replace("\n", " "), flush=True)
P
	local listener=$!
	wait_for 5 test -S "$TOP/notify"
	NOTIFY_SOCKET=$TOP/notify podman_ run -d --sdnotify conmon --network none --pull never localhost/bb sleep 1000 >/dev/null
	NOTIFY_SOCKET=$TOP/notify podman_ run -d --name c --sdnotify container --network none --pull never localhost/bb sh -c 'test -S "$NOTIFY_SOCKET" && echo "socket $?"; sleep 1000' >/dev/null
	wait "$listener"
	run cat "$TOP/notified"
	says READY=1
	[ "${#lines[@]}" = 2 ]
	wait_for 10 sh -c "podman --root $TOP/root --runroot $TOP/run --tmpdir $TOP/tmp --storage-driver vfs logs c | grep -q 'socket 0'"
}

@test "netavark: an address on the bridge, a published port" {
	podman_ network create -d bridge n1 >/dev/null
	podman_ run -d --name c --network n1 -p 127.0.0.1:8099:80 --pull never localhost/bb sh -c 'mkdir /w; echo served >/w/i; exec httpd -f -p 80 -h /w' >/dev/null
	run podman_ exec c ip -4 addr show eth0
	says "inet 10."
	wait_for 10 curl -sf -m 2 http://127.0.0.1:8099/i
	[ "$(curl -s -m 2 http://127.0.0.1:8099/i)" = served ]
	podman_ rm -f -t 0 c
	podman_ network rm n1 >/dev/null
}
