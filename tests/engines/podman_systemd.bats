#!/usr/bin/env bats
# Podman with the systemd cgroup manager, beside a systemd of its own (tests/helper/systemd-host).
load helper

@test "podman --cgroup-manager systemd: run, limits, exec, stats, and no scope left" {
	[ -x /lib/systemd/systemd ] || skip "needs systemd"
	image_tree
	mkdir -p "$TOP/tmpdir"
	cp "$ZRUN" "$TOP/zrun" # /tmp is another one there
	sed "s|/usr/local/sbin/zrun|$TOP/zrun|" "$ROOT/dist/podman/zrun.conf" >"$TOP/containers.conf"
	printf '[containers]\ndefault_ulimits = ["%s", "nproc=4096:4096"]\n[network]\nnetwork_backend = "netavark"\n' "$ULIMIT" >>"$TOP/containers.conf"
	tar -C "$TOP/image" -cf "$TOP/image.tar" .
	cat >"$TOP/lines" <<'LINES'
fail() { echo "FAILED: $*"; exit 1; }
p() { timeout 60 podman --root "$TOP/root" --runroot "$TOP/run" --tmpdir "$TOP/tmp" --network-config-dir "$TOP/networks" --storage-driver vfs --cgroup-manager systemd --events-backend file "$@"; }
p import "$TOP/image.tar" bb >/dev/null 2>&1 || fail import
[ "$(p run --rm --network none localhost/bb echo hello)" = hello ] || fail run
id=$(p run -d --name c --memory 64m --pids-limit 50 --network none localhost/bb sleep 1000) || fail "run -d"
pid=$(p inspect c --format '{{.State.Pid}}')
place=/machine.slice/libpod-$id.scope
grep -qx "0::$place" "/proc/$pid/cgroup" || { cat "/proc/$pid/cgroup"; fail place; }
[ "$(systemctl show "libpod-$id.scope" -p TasksMax --value)" = 50 ] || fail TasksMax
if [ -e /sys/fs/cgroup/memory ]; then
	[ "$(cat "/sys/fs/cgroup/memory$place/memory.limit_in_bytes")" = 67108864 ] || fail memory
fi
p exec c true || fail exec
p stats --no-stream --format '{{.PIDs}}' c | grep -qx 1 || fail stats
p rm -f -t 0 c >/dev/null || fail rm
for _ in $(seq 50); do # conmon's own ends a little later
	[ -z "$(systemctl list-units --all --plain --no-legend 'libpod-*')" ] && break
	sleep 0.1
done
[ -z "$(systemctl list-units --all --plain --no-legend 'libpod-*')" ] || fail "left: $(systemctl list-units --all)"
LINES
	mode=hybrid
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || mode=unified
	run "$ROOT/tests/helper/systemd-host" $mode "$TOP" "engines.$$.systemd" env TOP="$TOP" TMPDIR="$TOP/tmpdir" CONTAINERS_CONF="$TOP/containers.conf" bash "$TOP/lines"
	echo "$output"
	[ "$status" = 0 ]
}
