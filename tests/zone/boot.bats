#!/usr/bin/env bats
# zone ready, boot: from installed to a running private machine.
load helper

@test "boot brings a native zone up with zone-init as pid 1" {
	booted web
	[ "$(state_of web)" = running ]
	[ "$(zone exec web sh -c 'tr "\0" " " < /proc/1/cmdline')" = "/dev/.zone/init " ]
	run zone exec web readlink /proc/1/ns/pid
	inside=$output
	[ "$inside" != "$(readlink /proc/1/ns/pid)" ]
}

@test "boot of a running zone succeeds with a note" {
	booted web
	fails 0 zone boot web
	says already
}

@test "boot of a zone that is only configured says what to do first" {
	zone create -t isolated web
	fails 1 zone boot web
	says "zone install web"
}

@test "boot of a zone that does not exist names it" {
	fails 1 zone boot nosuch
	says nosuch
	fails 2 zone boot
}

@test "ready makes namespaces and limits but starts no process of the zone; boot goes on from there" {
	native web service.command='["/bin/sleep","1000"]'
	zone ready web
	[ "$(state_of web)" = ready ]
	init=$(init_pid web)
	[ "$(readlink /proc/$init/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	fails 1 zone exec web true
	zone boot web
	[ "$(state_of web)" = running ]
	[ "$(init_pid web)" = "$init" ]
	wait_for 5 zone exec web pidof sleep
}

@test "halt from ready leaves an installed zone" {
	native web
	zone ready web
	zone halt web
	[ "$(state_of web)" = installed ]
}

@test "boot -s starts no service" {
	native web service.command='["/bin/sleep","1000"]'
	zone boot -s web
	sleep 0.3
	run zone exec web pidof sleep
	[ "$status" -ne 0 ]
}

@test "a zone whose file is broken does not boot, the place of the mistake is named, and nothing is left" {
	native web
	sed -i 's/"brand"/"brnd"/' "$ZONES_CONFIG_DIR/web.json"
	fails 1 zone boot web
	says brnd
	[ ! -e "$ZONES_RUN_DIR/web" ]
}

@test "a boot that fails stores its reason" {
	native web
	mv "$ZONES_STORAGE_DIR/web/root" "$ZONES_STORAGE_DIR/web/elsewhere"
	fails 1 zone boot web
	run zone why web
	says root
	mv "$ZONES_STORAGE_DIR/web/elsewhere" "$ZONES_STORAGE_DIR/web/root"
	zone boot web
}

@test "two boots at once: one boots, both succeed" {
	native web
	zone boot web & a=$!
	zone boot web & b=$!
	wait $a && wait $b
	[ "$(state_of web)" = running ]
}

@test "kill -9 of zone boot at any moment leaves a state with a name and a way out" {
	native web
	for ms in 1 3 5 8 12 16 20 30 40 60; do
		zone boot web & pid=$!
		sleep "$(printf '0.%03d' $ms)"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		zone boot web
		[ "$(state_of web)" = running ]
		zone halt web
		[ "$(state_of web)" = installed ]
	done
}
