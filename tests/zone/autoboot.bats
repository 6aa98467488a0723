#!/usr/bin/env bats
# zone autoboot: what the host runs at its start.
load helper

@test "autoboot boots the zones that say so, no others, and one that fails does not keep the others down" {
	native yes autoboot=true
	native no
	native broken autoboot=true
	rm -rf "$ZONES_STORAGE_DIR/broken/root"
	fails 1 zone autoboot
	says broken
	[ "$(state_of yes)" = running ]
	[ "$(state_of no)" = installed ]
}

@test "the unit that boots them is one that systemd accepts, and the signal that it ends with shuts a zone down in order" {
	command -v systemd-analyze >/dev/null || skip "needs systemd-analyze"
	sed "s|@SBINDIR@|$BUILD|" "$ROOT/dist/zones.service.in" >"$TOP/zones.service"
	run systemd-analyze verify --man=no "$TOP/zones.service"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	case $output in *zones.service*) echo "$output"; false ;; esac
	booted web 'service={"command":["/bin/sh","-c","trap \"echo asked > /var/tmp/end; exit 0\" TERM; while :; do sleep 0.1; done"]}'
	sleep 0.3
	kill -TERM "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	wait_for 20 test -e "$ZONES_STORAGE_DIR/web/root/var/tmp/end"
	wait_for 20 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
}
