#!/usr/bin/env bats
# create, start, state, kill, delete: the operations of runtime.md, and config.json as a whole.
# shellcheck disable=SC2016
load helper

@test "create: without an id it fails, with one there is a container of that id, a second one of it is refused" {
	script true
	fails zrun create -b "$BUNDLE"
	create
	[ "$(zrun state "$ID" | jq -r .id)" = "$ID" ]
	fails zrun create -b "$BUNDLE" "$ID"
	[ "$(status)" = created ]
}

@test "start: only what is created can be started, once; the program runs then and not before" {
	writable
	script 'echo called >>/output'
	fails zrun start
	fails zrun start "$ID"
	create
	[ ! -e "$BUNDLE/rootfs/output" ]
	start
	becomes stopped
	[ "$(cat "$BUNDLE/rootfs/output")" = called ]
	fails zrun start "$ID"
	becomes stopped
	[ "$(cat "$BUNDLE/rootfs/output")" = called ]
}

@test "start: a running container is refused and goes on" {
	background
	fails zrun start "$ID"
	[ "$(status)" = running ]
}

@test "start: without a process it fails, create does not" {
	config 'del(.process)'
	create
	fails zrun start "$ID"
}

@test "state: an id must be given and known; the state has all that the specification lists" {
	script true
	config '.annotations = {"org.example.key":"value"}'
	fails zrun state
	fails zrun state "$ID"
	create
	zrun state "$ID" | jq -e --arg id "$ID" --arg b "$BUNDLE" '(.ociVersion | test("^1\\.")) and .id == $id and .status == "created" and .pid > 1 and .bundle == $b and .annotations == {"org.example.key":"value"}'
	start
	becomes stopped
	zrun state "$ID" | jq -e --arg id "$ID" '.id == $id and .status == "stopped" and (.pid // 0) == 0'
}

@test "kill: an id must be given and known; created and running containers get the signal, a stopped one is refused" {
	script true
	fails zrun kill
	fails zrun kill "$ID" KILL
	create
	zrun kill "$ID" KILL
	becomes stopped
	zrun delete "$ID"
	create
	start
	becomes stopped
	fails zrun kill "$ID" KILL
	zrun delete "$ID"
	background
	zrun kill "$ID" KILL
	becomes stopped
}

@test "kill_no_effect: the state of a stopped container is the same after it" {
	script true
	create
	start
	becomes stopped
	before=$(zrun state "$ID")
	fails zrun kill "$ID" KILL
	[ "$(zrun state "$ID")" = "$before" ]
}

@test "killsig: TERM, USR1 and USR2 arrive as what they are" {
	writable
	for signal in TERM USR1 USR2; do
		script "trap 'echo got >/got-$signal; exit' $signal; echo ready >/ready-$signal; sleep 10 & wait"
		create
		start
		for _ in $(seq 100); do [ -e "$BUNDLE/rootfs/ready-$signal" ] && break; sleep 0.05; done
		zrun kill "$ID" "$signal"
		becomes stopped
		[ "$(cat "$BUNDLE/rootfs/got-$signal")" = got ]
		zrun delete "$ID"
	done
	[ "$(find "$BUNDLE/rootfs" -name 'got-*' | wc -l)" = 3 ]
}

@test "delete: an id must be given; a running container is refused and goes on; a stopped one goes" {
	fails zrun delete
	fails zrun delete "$ID"
	background
	fails zrun delete "$ID"
	[ "$(status)" = running ]
	zrun kill "$ID" KILL
	becomes stopped
	zrun delete "$ID"
	fails zrun state "$ID"
}

# runtime.md wants an error here. runc and crun delete it, and containerd, Podman and Docker count on that when a start fails: reason "callers" in docs/conformance.md.
@test "delete: a created container is deleted with all it has, as by runc and crun, whose callers count on it" {
	script true
	create
	pid=$(pid_of)
	zrun delete "$ID"
	fails zrun state "$ID"
	[ ! -e "/proc/$pid" ] || [ "$(awk '/^State/ { print $2 }' "/proc/$pid/status")" = Z ]
}

pids_root() { if [ -d /sys/fs/cgroup/pids ]; then echo /sys/fs/cgroup/pids; else echo /sys/fs/cgroup; fi; }

@test "delete_resources: the cgroup that create made is gone with the container" {
	config '.linux.cgroupsPath = "/" + $id + "-made" | .linux.resources.pids.limit = 1000' --arg id "$ID"
	script true
	create
	[ "$(cat "$(pids_root)/$ID-made/pids.max")" = 1000 ]
	start
	becomes stopped
	zrun delete "$ID"
	[ -z "$(find /sys/fs/cgroup -maxdepth 6 -name "$ID-made")" ]
}

@test "delete_only_create_resources: a cgroup that was there before stays, even when the container's process was put into it" {
	FOREIGN=$(pids_root)/$ID-foreign
	mkdir "$FOREIGN"
	script true
	create
	pid_of >"$FOREIGN/cgroup.procs"
	grep -q "/$ID-foreign\$" "/proc/$(pid_of)/cgroup"
	start
	becomes stopped
	zrun delete "$ID"
	[ -d "$FOREIGN" ]
	rmdir "$FOREIGN"
}

@test "config_updates_without_affect: config.json of the moment of create counts, whatever becomes of the file" {
	config '.linux.maskedPaths += ["/proc/kcore","/proc/version"] | .linux.readonlyPaths += ["/proc/fs"] | .linux.sysctl = {"net.ipv4.ip_forward":"1"}
		| .process.oomScoreAdj = 100 | .process.rlimits = [{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}] | .linux.rootfsPropagation = "shared"'
	writable
	script '{ cat /proc/version /proc/kcore 2>/dev/null | wc -c; grep -q " /proc/fs proc ro," /proc/self/mounts && echo 1; cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj; ulimit -Sn; ulimit -Hn; grep -c "^[^ ]* [^ ]* [^ ]* [^ ]* / .* shared:" /proc/self/mountinfo; } >/output 2>&1'
	create
	echo '{"ociVersion":"1.0.0"}' >"$BUNDLE/config.json"
	start
	becomes stopped
	cat "$BUNDLE/rootfs/output"
	[ "$(tr '\n' ' ' <"$BUNDLE/rootfs/output")" = "0 1 1 100 1024 1024 1 " ]
	zrun delete "$ID"
}

@test "pidfile: it holds the number that state shows, and nothing else" {
	script 'exec sleep 1000'
	create --pid-file "$TOP/pid"
	[ "$(cat "$TOP/pid")" = "$(pid_of)" ]
	[ "$(wc -c <"$TOP/pid")" = "$(pid_of | tr -d '\n' | wc -c)" ]
	start
	zrun kill "$ID" KILL
	becomes stopped
}

@test "misc_props: unknown annotations and properties are no error, an invalid version is one" {
	script true
	config '.annotations = {("org." + $id): ""}' --arg id "$ID"
	create
	start
	becomes stopped
	zrun delete "$ID"
	config '.unknown = "unknown" | .linux.unknown = {"a":[1]} | .process.unknown = true'
	create
	start
	becomes stopped
	zrun delete "$ID"
	refused '.ociVersion = "invalid"' 'ociVersion: "invalid"'
}
