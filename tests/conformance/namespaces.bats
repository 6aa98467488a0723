#!/usr/bin/env bats
# namespaces: new ones, those of the caller, those that a path names; mappings of ids.
# shellcheck disable=SC2016
load helper

export FILES="cgroup ipc mnt net pid user uts"

@test "linux_ns_nopath: without a path each is a new one" {
	config '.linux.namespaces = (["cgroup","ipc","mount","network","pid","user","uts"] | map({"type":.})) | .linux.uidMappings = [{"hostID":1000,"containerID":0,"size":1000}] | .linux.gidMappings = .linux.uidMappings'
	script true
	create
	pid=$(pid_of)
	for n in $FILES; do
		[ -n "$(readlink "/proc/$pid/ns/$n")" ]
		[ "$(readlink "/proc/$pid/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ]
	done
}

# In a mount namespace of its own, because the container's mounts are then the caller's.
@test "linux_ns_itype: without a type each is the caller's, and delete leaves no mount behind" {
	config '.linux.namespaces = [] | del(.hostname)'
	script 'exec sleep 1000'
	export BUILD TOP BUNDLE ID
	run unshare --mount --propagation private bash -c '
		set -e
		zrun() { "$BUILD/zrun" --root "$TOP/run" "$@"; }
		before=$(cut -d" " -f5- /proc/self/mountinfo | sort)
		zrun create -b "$BUNDLE" "$ID" </dev/null >"$TOP/out" 2>"$TOP/err" || { cat "$TOP/err"; exit 1; }
		pid=$(zrun state "$ID" | jq .pid)
		for n in $FILES; do
			[ "$(readlink "/proc/$pid/ns/$n")" = "$(readlink "/proc/self/ns/$n")" ] || { echo "$n is another"; exit 1; }
		done
		zrun delete -f "$ID"
		[ "$(cut -d" " -f5- /proc/self/mountinfo | sort)" = "$before" ] || { echo "mounts are left"; exit 1; }
	' 3>&-
	echo "$output"
	[ "$status" = 0 ]
}

# holder OPTION FILE: a process with a namespace of its own; its link is in $path
holder() {
	setsid unshare "$1" --fork sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	HELPERS+=" $!"
	path=/proc/$!/ns/$2
	[ "$2" != pid ] || path+=_for_children
	for _ in $(seq 100); do
		case $(readlink "$path" 2>/dev/null) in
		"" | "$(readlink "/proc/self/ns/$2")") ;;
		*) return ;;
		esac
		sleep 0.05
	done
	return 1
}

@test "linux_ns_path: a path is joined, for each type" {
	config 'del(.hostname)'
	script 'exec sleep 1000'
	for triple in ipc:ipc:--ipc mount:mnt:--mount network:net:--net pid:pid:--pid uts:uts:--uts; do
		IFS=: read -r type file option <<<"$triple"
		holder "$option" "$file"
		cp "$BUNDLE/config.json" "$TOP/plain.json"
		config '.linux.namespaces |= map(if .type == $t then .path = $p else . end)' --arg t "$type" --arg p "$path"
		create
		echo "$type: $(readlink "$path") $(readlink "/proc/$(pid_of)/ns/$file")"
		[ "$(readlink "/proc/$(pid_of)/ns/$file")" = "$(readlink "$path")" ]
		start
		[ "$(status)" = running ]
		zrun delete -f "$ID"
		end_helpers
		cp "$TOP/plain.json" "$BUNDLE/config.json"
	done
}

@test "linux_ns_path_type: a path of another type is an error, for each type" {
	config 'del(.hostname) | .linux.uidMappings = []'
	for triple in cgroup:ipc ipc:mnt mount:net network:pid pid:user user:uts uts:cgroup; do
		refused ".linux.namespaces |= (map(select(.type != \"${triple%:*}\")) + [{\"type\":\"${triple%:*}\",\"path\":\"/proc/self/ns/${triple#*:}\"}])" "/proc/self/ns/${triple#*:}"
	done
}

mapped() { config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"hostID":1000,"containerID":0,"size":3200}] | .linux.gidMappings = .linux.uidMappings'; }

@test "linux_uid_mappings: the map is the one that is listed, and root is the host's 1000" {
	mapped
	script 'exec sleep 1000'
	create
	[ "$(tr -s ' ' <"/proc/$(pid_of)/uid_map")" = " 0 1000 3200" ]
	start
	[ "$(zrun exec "$ID" id -u)" = 0 ]
	[ "$(stat -c %u "/proc/$(pid_of)")" = 1000 ]
}

@test "linux_gid_mappings: the map is the one that is listed, and root's group is the host's 1000" {
	mapped
	script 'exec sleep 1000'
	create
	[ "$(tr -s ' ' <"/proc/$(pid_of)/gid_map")" = " 0 1000 3200" ]
	start
	[ "$(zrun exec "$ID" id -g)" = 0 ]
	[ "$(stat -c %g "/proc/$(pid_of)")" = 1000 ]
}
