#!/usr/bin/env bats
# service: started, as its user, restarted by policy, logged.
load helper

log_has() {
	grep -q "$1" "$ZONES_STORAGE_DIR/web/log/console.log"
}

@test "the service runs as its user, in its folder, with its environment" {
	booted web service.command='["/bin/sh","-c","id -un; pwd; echo TZ=$TZ; sleep 1000"]' service.user=www-data service.cwd=/srv service.env.TZ=UTC
	wait_for 5 log_has TZ=UTC
	log_has www-data
	log_has /srv
}

@test "a service that fails is restarted; one that fails too often ends in maintenance, and why says so" {
	booted web service.command='["/bin/sh","-c","echo started; exit 3"]' service.restart=on-failure
	wait_for 20 sh -c 'zone list -v web | grep -q maintenance'
	[ "$(grep -c '^started' "$ZONES_STORAGE_DIR/web/log/console.log")" -eq 5 ]
	run zone why web
	says "status 3"
	[ "$(state_of web)" = running ]
}

@test "restart no leaves a service that has ended alone" {
	booted web service.command='["/bin/sh","-c","echo once; exit 0"]' service.restart=no
	wait_for 5 log_has "exited with status"
	sleep 0.5
	[ "$(grep -c '^once' "$ZONES_STORAGE_DIR/web/log/console.log")" -eq 1 ]
	[ "$(state_of web)" = running ]
}

@test "restart always starts a service again that ended well" {
	booted web service.command='["/bin/sh","-c","echo again; exit 0"]' service.restart=always
	wait_for 5 sh -c "[ \$(grep -c '^again' $ZONES_STORAGE_DIR/web/log/console.log) -ge 2 ]"
}

@test "a service whose program or user does not exist puts the zone into maintenance with the reason" {
	booted web service.command='["/nosuch"]'
	wait_for 20 sh -c 'zone list -v web | grep -q maintenance'
	run zone why web
	says "No such file"
	zone halt web
	zone set web 'service.command=["/bin/true"]' service.user=nosuch
	zone boot web
	wait_for 20 log_has "no such user"
}

@test "zone-init reaps what the zone's processes leave" {
	booted web
	for _ in 1 2 3 4 5; do zone exec web sh -c '(sleep 0.1 &) ; exit 0'; done
	sleep 0.5
	run zone exec web sh -c 'cat /proc/[0-9]*/stat | cut -d" " -f3 | grep -c Z'
	says 0
}

@test "the binary of zone-init cannot be written from inside" {
	booted web
	sum=$(md5sum < "$BUILD/zone-init")
	run zone exec web sh -c 'echo x > /dev/.zone/init; echo x > /proc/1/exe; chmod 777 /dev/.zone/init; true'
	[ "$(md5sum < "$BUILD/zone-init")" = "$sum" ]
}
