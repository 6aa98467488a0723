#!/usr/bin/env bats
# containerd drives zrun through its runc v2 shim, as `ctr run --runc-binary` and dist/containerd/config.toml say.
load helper

setup_file() {
	image_tree
	cat >"$TOP/config.toml" <<CONF
version = 2
root = "$TOP/root"
state = "$TOP/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$TOP/sock"
[ttrpc]
  address = "$TOP/ttrpc"
CONF
	containerd -c "$TOP/config.toml" >"$TOP/containerd.log" 2>&1 3>&- &
	echo $! >"$TOP/pid"
	wait_for 20 ctr -a "$TOP/sock" version
	python3 "$ROOT/tests/engines/oci-image.py" "$TOP/image" "$TOP/image.tar" localhost/bb:latest
	ctr -a "$TOP/sock" image import "$TOP/image.tar" >/dev/null
}

teardown_file() {
	end_daemon "$TOP/pid"
}

ctr_() {
	timeout 60 ctr -a "$TOP/sock" "$@"
}

go() { # [OPTIONS...] -- ID COMMAND...
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	ctr_ run --rm --runc-binary "$ZRUN" --snapshotter native "${options[@]}" localhost/bb:latest "$@"
}

there() { # ID [OPTIONS...]
	local id=$1
	shift
	ctr_ run -d --runc-binary "$ZRUN" --snapshotter native "$@" localhost/bb:latest "$id" sleep 1000
}

gone() { # ID
	ctr_ task kill -s KILL "$1"
	wait_for 10 sh -c "ctr -a $TOP/sock task ls | grep -q '$1 .*STOPPED'"
	ctr_ task rm "$1" || true
	ctr_ container rm "$1"
}

@test "run: output and exit codes; what cannot be run is an error of the runtime" {
	[ "$(go -- a echo hello)" = hello ]
	fails 9 go -- b sh -c 'exit 9'
	fails 1 go -- c /bin/nosuch
	says "no such file or directory"
	ctr_ container rm c || true
	fails 1 go -- d nosuch
	says "executable file not found"
	ctr_ container rm d || true
}

@test "a task: exec, ps, pause, resume, metrics, kill, rm" {
	there t
	[ "$(ctr_ task exec --exec-id e1 t id -u)" = 0 ]
	fails 4 ctr_ task exec --exec-id e2 t sh -c 'exit 4'
	fails 1 ctr_ task exec --exec-id e3 t nosuch
	says "executable file not found"
	run ctr_ task ps t
	says PID
	ctr_ task pause t
	run ctr_ task ls
	says PAUSED
	ctr_ task resume t
	run ctr_ task metrics t
	says memory
	says pids
	gone t
}

@test "limits: memory, and the second container of the same name is refused" {
	there t --memory-limit 50000000
	run ctr_ task metrics t
	says 49999872
	fails 1 there t
	says "already exists"
	gone t
}

@test "a terminal through the shim's console socket" {
	run in_terminal "ctr -a $TOP/sock run --rm -t --runc-binary $ZRUN --snapshotter native localhost/bb:latest tty sh -c 'tty; [ -t 0 ] && echo is-a-terminal'"
	says /dev/pts/0
	says is-a-terminal
}

@test "options of ctr: read-only, seccomp, privileged, env, cwd, mount, user namespace" {
	run go --read-only -- a sh -c 'touch /x || echo refused'
	says refused
	run go --seccomp -- b grep Seccomp: /proc/self/status
	says 2
	run go --privileged -- c sh -c 'mount -t tmpfs x /tmp && echo mounted'
	says mounted
	[ "$(go --env A=b --cwd /tmp -- d sh -c 'echo $A $(pwd)')" = "b /tmp" ]
	mkdir -p "$TOP/vol"
	echo data >"$TOP/vol/f"
	[ "$(go --mount "type=bind,src=$TOP/vol,dst=/mnt,options=rbind:ro" -- e cat /mnt/f)" = data ]
}

@test "twenty containers at once all answer and all go" {
	for i in $(seq 20); do there "m$i" & done
	wait
	[ "$(ctr_ task ls -q | grep -c '^m')" = 20 ]
	for i in $(seq 20); do gone "m$i" & done
	wait
	[ -z "$(ctr_ task ls -q)" ]
	[ -z "$(find "$TOP/state" -name state.json)" ]
}
