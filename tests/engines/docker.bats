#!/usr/bin/env bats
# dockerd drives zrun as a runtime of its configuration (dist/docker/daemon.json), alone and as a Swarm of one node.
load helper

setup_file() {
	image_tree
	jq --arg top "$TOP" --arg zrun "$ZRUN" '. + {"data-root": "\($top)/root", "exec-root": "\($top)/exec", "pidfile": "\($top)/pid", "hosts": ["unix://\($top)/sock"],
		"storage-driver": "vfs", "bridge": "none", "iptables": false, "ip6tables": false, "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": ($hard | tonumber)}}}
		| .runtimes.zrun.path = $zrun' --arg hard "$(ulimit -Hn)" "$ROOT/dist/docker/daemon.json" >"$TOP/daemon.json"
	dockerd --config-file "$TOP/daemon.json" >"$TOP/dockerd.log" 2>&1 3>&- &
	wait_for 30 docker -H "unix://$TOP/sock" version
	tar -C "$TOP/image" -cf - . | docker -H "unix://$TOP/sock" import - bb:latest >/dev/null
}

teardown_file() {
	end_daemon "$TOP/pid"
}

teardown() {
	docker_ ps -aq | xargs -r timeout 60 docker -H "unix://$TOP/sock" rm -f >/dev/null 2>&1
	true
}

docker_() {
	timeout 60 docker -H "unix://$TOP/sock" "$@"
}

go() { # [OPTIONS...] -- COMMAND...
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	docker_ run --rm --network none "${options[@]}" bb "$@"
}

there() { # NAME [OPTIONS...]
	local name=$1
	shift
	docker_ run -d --name "$name" --network none "$@" bb sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
}

@test "docker info shows the runtime, and it is the default" {
	run docker_ info
	says zrun
	[ "$(docker_ info --format '{{.DefaultRuntime}}')" = zrun ]
}

@test "run: output, exit codes, and the codes for what cannot be run" {
	[ "$(go -- echo hello)" = hello ]
	[ "$(go --runtime zrun -- echo by-name)" = by-name ]
	fails 9 go -- sh -c 'exit 9'
	fails 127 go -- /bin/nosuch
	fails 127 go -- nosuch
	says "executable file not found"
	fails 126 go -- /etc
	fails 125 go --nosuch -- true
	[ -z "$(docker_ ps -aq)" ]
}

@test "run -it: a terminal" {
	run in_terminal "docker -H unix://$TOP/sock run --rm -it --network none bb sh -c 'tty; [ -t 0 ] && echo is-a-terminal'"
	says /dev/pts/0
	says is-a-terminal
}

@test "exec: user, environment, directory, exit codes, standard input, a terminal" {
	there box
	[ "$(docker_ exec -e A=b -w /tmp -u 33:55 box sh -c 'echo $A $(pwd) $(id -u) $(id -g)')" = "b /tmp 33 55" ]
	fails 5 docker_ exec box sh -c 'exit 5'
	run docker_ exec box /nosuch
	[ "$status" -ne 0 ]
	says "no such file or directory"
	[ "$(echo from-stdin | docker_ exec -i box cat)" = from-stdin ]
	run in_terminal "docker -H unix://$TOP/sock exec -it box tty"
	says /dev/pts/
}

@test "logs, stop with its exit code, start, restart, kill, wait, rm" {
	there box
	wait_for 10 sh -c "docker -H unix://$TOP/sock logs box | grep -q started"
	docker_ stop -t 10 box
	[ "$(docker_ inspect -f '{{.State.ExitCode}}' box)" = 3 ]
	docker_ start box
	docker_ restart -t 0 box
	[ "$(docker_ inspect -f '{{.State.Status}}' box)" = running ]
	docker_ kill -s KILL box
	[ "$(docker_ wait box)" = 137 ]
	docker_ rm box
}

@test "pause, unpause, top, stats, ps" {
	there box
	docker_ pause box
	[ "$(docker_ inspect -f '{{.State.Status}}' box)" = paused ]
	fails 1 docker_ exec box true
	docker_ unpause box
	run docker_ top box
	says "while"
	run docker_ stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' box
	says iB
}

@test "update: memory, CPU and processes of a running container, in the kernel's files" {
	there box --memory 50m --memory-swap 60m
	docker_ update --memory 100m --memory-swap 200m --cpus 0.3 --pids-limit 50 box
	pid=$(docker_ inspect -f '{{.State.Pid}}' box)
	dir() { awk -F: -v n="$1" '$2 == n { print "/sys/fs/cgroup/" n $3 } $2 == "" && !found { unified = "/sys/fs/cgroup" $3 }' "/proc/$pid/cgroup"; }
	if [ -n "$(dir memory)" ]; then
		[ "$(cat "$(dir memory)/memory.limit_in_bytes")" = 104857600 ]
		[ "$(cat "$(dir memory)/memory.memsw.limit_in_bytes")" = 209715200 ]
		[ "$(cat "$(dir cpu)/cpu.cfs_quota_us")" = 30000 ]
		[ "$(cat "$(dir pids)/pids.max")" = 50 ]
	else
		[ "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/memory.max")" = 104857600 ]
	fi
}

@test "limits bite: memory (with OOMKilled in inspect), processes" {
	docker_ run --name oom --network none --memory 30m --memory-swap 30m bb dd if=/dev/zero of=/dev/null bs=100M count=1 || [ $? = 137 ]
	[ "$(docker_ inspect -f '{{.State.ExitCode}}' oom)" = 137 ]
	wait_for 5 sh -c "[ \"\$(docker -H unix://$TOP/sock inspect -f '{{.State.OOMKilled}}' oom)\" = true ]"
	run go --pids-limit 8 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11; do sleep 1 & done'
	says "can't fork"
}

@test "capabilities, users, groups, read-only, tmpfs, init, privileged, sysctl, hostname, device, ulimit, volume" {
	run go --cap-drop all --cap-add chown -- grep CapEff /proc/self/status
	says 0000000000000001
	run go --user 33:33 --group-add 55 -- id
	says "uid=33"
	says 55
	run go --read-only --tmpfs /x -- sh -c 'touch /y; touch /x/y && echo x-ok'
	says x-ok
	says "Read-only"
	run go --init -- ps
	says docker-init
	run go --privileged -- sh -c 'mount -t tmpfs x /tmp && echo mounted'
	says mounted
	[ "$(go --sysctl net.ipv4.ip_forward=1 --hostname h1 -- sh -c 'hostname; cat /proc/sys/net/ipv4/ip_forward' | tr '\n' ' ')" = "h1 1 " ]
	run go --device /dev/fuse -- ls -l /dev/fuse
	says "10, 229"
	[ "$(go --ulimit nofile=100:200 -- sh -c 'ulimit -n')" = 100 ]
	mkdir -p "$TOP/vol"
	echo data >"$TOP/vol/f"
	[ "$(go -v "$TOP/vol:/vol:ro" -- cat /vol/f)" = data ]
}

@test "namespaces shared and private: --pid --ipc --network container:, --cgroupns" {
	there box --ipc shareable
	[ "$(docker_ run --rm --network container:box --pid container:box --ipc container:box bb readlink /proc/self/ns/net)" = "$(docker_ exec box readlink /proc/self/ns/net)" ]
	run docker_ run --rm --network none --pid container:box bb ps
	says "while"
	run go --cgroupns private -- cat /proc/self/cgroup
	case $output in *docker*) echo "$output"; false ;; esac
}

@test "seccomp: the default profile, one of one's own, none" {
	run go -- grep Seccomp: /proc/self/status
	says 2
	run go --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status
	says 0
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >"$TOP/seccomp.json"
	fails 1 go --security-opt "seccomp=$TOP/seccomp.json" -- mkdir /tmp/x
	says "not permitted"
}

@test "a health check turns healthy; a restart policy restarts" {
	docker_ run -d --name health --network none --health-cmd 'true' --health-interval 1s bb sleep 1000
	wait_for 15 sh -c "[ \"\$(docker -H unix://$TOP/sock inspect -f '{{.State.Health.Status}}' health)\" = healthy ]"
	docker_ run -d --name again --network none --restart on-failure:2 bb sh -c 'exit 1'
	wait_for 15 sh -c "[ \"\$(docker -H unix://$TOP/sock inspect -f '{{.RestartCount}} {{.State.Status}}' again)\" = '2 exited' ]"
}

@test "a user-defined bridge: two containers reach each other over TCP" {
	docker_ network create --internal net1 >/dev/null 2>&1 || skip "this kernel or dockerd makes no bridge here: $(docker_ network create --internal net1 2>&1 | tail -n 1)"
	docker_ run -d --name server --network net1 bb sh -c 'while :; do echo from-server | nc -l -p 7777; done' >/dev/null
	ip=$(docker_ inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' server)
	wait_for 10 sh -c "docker -H unix://$TOP/sock run --rm --network net1 bb nc -w 2 $ip 7777 </dev/null | grep -q from-server"
	docker_ rm -f server
	docker_ network rm net1
}

@test "Swarm: a service of two replicas, scaled to three, updated, removed" {
	docker_ swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377 >/dev/null
	docker_ service create --detach --name web --replicas 2 --network host --no-resolve-image --limit-memory 50M --restart-delay 1s bb:latest sleep 1000
	replicas() { [ "$(docker_ service ls --format '{{.Replicas}}')" = "$1" ]; }
	wait_for 40 replicas 2/2
	[ "$(docker_ ps -q | head -n 1 | xargs docker -H "unix://$TOP/sock" inspect -f '{{.HostConfig.Runtime}}')" = zrun ]
	docker_ service scale --detach web=3
	wait_for 40 replicas 3/3
	docker_ service update --detach --limit-memory 60M --update-delay 0s --update-parallelism 3 web
	all_updated() { [ "$(docker_ ps -q | xargs docker -H "unix://$TOP/sock" inspect -f '{{.HostConfig.Memory}}' | sort -u)" = 62914560 ] && replicas 3/3; }
	wait_for 60 all_updated
	# a replica that dies is replaced
	docker_ ps -q | head -n 1 | xargs docker -H "unix://$TOP/sock" kill
	wait_for 40 replicas 3/3
	docker_ service rm web
	none() { [ -z "$(docker_ ps -q)" ]; }
	wait_for 40 none
	docker_ swarm leave --force
}
