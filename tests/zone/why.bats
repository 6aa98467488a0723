#!/usr/bin/env bats
# zone why: the thing behind a state, by its name.
bats_require_minimum_version 1.5.0
load helper

@test "why of a zone that is well says so" {
	zone create -t isolated web
	fails 0 zone why web
	says configured
	says "nothing is wrong"
	zone why --json web | jq -e '.zone == "web" and .state == "configured" and .reasons == []'
}

@test "why names the line of a broken file" {
	zone create -t isolated web
	sed -i 's/"brand"/"brnd"/' "$ZONES_CONFIG_DIR/web.json"
	run zone why web
	says brnd
	[[ $output =~ web.json:[0-9]+:[0-9]+ ]]
}

@test "why names the directory that is missing or that others can write to" {
	native web
	mv "$ZONES_STORAGE_DIR/web" "$TOP/away"
	run zone why web
	says unavailable
	says "$ZONES_STORAGE_DIR/web"
	mv "$TOP/away" "$ZONES_STORAGE_DIR/web"
	chmod 777 "$ZONES_STORAGE_DIR/web"
	run zone why web
	says unavailable
	chmod 700 "$ZONES_STORAGE_DIR/web"
	run zone why web
	says "nothing is wrong"
}

@test "why names what would keep the zone from booting" {
	native web
	zone add web fs dir=/a special="$TOP/nosuch" type=lofs
	run zone why web
	says nosuch
	says "fs[0].special"
}

@test "why names the exit status or the signal of an init that ended by itself" {
	booted web
	kill -KILL "$(init_pid web)"
	wait_for 15 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = installed ]'
	run zone why web
	says "signal 9"
	[ "${#lines[@]}" = 2 ] # and nothing else
	zone boot web
	zone halt web
	run zone why web
	says "nothing is wrong"
}

@test "why says that a zone is frozen and how to let it go on" {
	booted web
	zone freeze web
	run zone why web
	says "zone thaw web"
	zone thaw web
}

@test "why names the service that failed" {
	booted web service.command='["/bin/nosuchprogram"]'
	wait_for 10 sh -c 'zone why web | grep -q service'
	[ -n "$(zone list --json web | jq -r '.[0].aux // empty')" ]
}

@test "why names the memory cap when the kernel killed for it" {
	booted web cappedMemory.physical=64M cappedMemory.swap=64M
	zone exec web sh -c 'x=$(head -c 200m /dev/zero | tr "\0" a)' || true
	run zone why web
	says cappedMemory.physical
}

@test "why says that an install was interrupted and that uninstall is the way out" {
	zone create -t isolated web
	zone install web
	record=$ZONES_STORAGE_DIR/.records/web.json
	jq '.state = "incomplete" | .aux = "installing"' "$record" >"$TOP/r" && cat "$TOP/r" >"$record"
	[ "$(state_of web)" = incomplete ]
	fails 1 zone boot web
	says "zone uninstall web"
	zone uninstall -F web
	[ "$(state_of web)" = configured ]
}

@test "why of a zone that does not exist names it" {
	fails 1 zone why nosuch
	says nosuch
	fails 2 zone why
	run --separate-stderr zone why --json nosuch
	[ "$status" -eq 1 ]
	jq -e '.ok == false and .code == "ENOENT"' <<<"$output"
}
