#!/usr/bin/env bats
# zone audit of zrun's containers: against their config.json.
load helper

audit() {
	ZONES_CONFIG_DIR=$TOP/etc ZONES_STORAGE_DIR=$TOP/storage ZONES_RUN_DIR=$TOP/zones ZONES_OCI_DIR=$TOP/run "$BUILD/zone" audit "$@"
}

differing() { audit -q --json "$ID" | jq -r '[.[0].findings[] | select(.verdict == "differs") | .property] | unique | join(" ")'; }

@test "a container as zrun spec writes it keeps its promises, and shows what is changed" {
	config '.process.args = ["sleep", "100"] | .linux.resources.pids = {"limit": 20} | .process.oomScoreAdj = 100'
	zrun create -b "$BUNDLE" "$ID" >"$TOP/out" 2>&1 </dev/null || { cat "$TOP/out"; false; }
	run audit "$ID"
	[ "$status" = 1 ] # it has not been sealed yet
	zrun start "$ID"
	audit "$ID"
	audit --json -a | jq -e --arg id "$ID" 'length == 1 and .[0].zone == $id and .[0].ok'
	audit "$ID" | grep -E " ok +root.readonly +true "
	audit "$ID" | grep -E " ok +oomScoreAdj +100 or more "
	# what zrun update changes is not in config.json
	zrun update --pids-limit 30 "$ID"
	[ "$(differing)" = resources.pids.limit ]
	zrun update --pids-limit 20 "$ID"
	[ -z "$(differing)" ]
	zrun mounts add "$ID" -d /tmp -s "$TOP" -o bind
	[ "$(differing)" = mounts ]
	zrun mounts remove "$ID" /tmp
	# a process with more capabilities than the container has
	zrun exec --cap CAP_SYS_ADMIN -d "$ID" sleep 100 >/dev/null 2>&1 </dev/null
	differing
	[[ "$(differing)" = capabilities.* ]]
}

@test "an init that was moved out of every cgroup is told" {
	background
	audit "$ID"
	for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do
		[ ! -e "$f" ] || zrun state "$ID" | jq .pid >"$f"
	done
	[ "$(differing)" = cgroup ]
	audit -q "$ID" | grep "init is in none"
}

@test "a process of the host in the container's cgroup is told, with and without a user namespace" {
	for _ in without with; do
		background
		[ -z "$(differing)" ]
		sleep 100 3>&- &
		stranger=$!
		for d in $(find /sys/fs/cgroup -maxdepth 3 -name "$ID"); do echo $stranger >"$d/cgroup.procs"; done
		found=$(differing)
		kill $stranger
		[[ "$found" == *processes.namespaces* ]]
		zrun delete -f "$ID"
		user_namespace
	done
}

@test "a tmpfs of the host that is shown inside is told, one that is made inside is not" {
	mkdir "$TOP/t"
	mount -t tmpfs none "$TOP/t"
	background
	nsenter -t "$(zrun state "$ID" | jq .pid)" -m /bin/mount -t tmpfs none /tmp
	own=$(differing)
	zrun mounts add "$ID" -d /etc -s "$TOP/t" -o bind
	hosts=$(differing)
	zrun delete -f "$ID"
	umount "$TOP/t"
	[ "$own:$hosts" = ":mounts" ]
}

@test "a root that others get mounts of is told" {
	background
	[ -z "$(differing)" ]
	nsenter -t "$(zrun state "$ID" | jq .pid)" -m /bin/mount --make-shared /
	[ "$(differing)" = root.propagation ]
	audit -q "$ID" | grep "root.propagation .*private .*shared"
}
