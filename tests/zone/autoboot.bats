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

# The zones that events of these words tell of, in their order.
went() { # WORD...
	printf ' '
	zone events --json | jq -r --args '.[] | select(.event as $e | $ARGS.positional | index($e)) | .zone' "$@" | tr '\n' ' '
}

@test "bootPriority and dependency: in that order, what others depend on too, and who waits for one that fails is told" {
	native cache
	native disk autoboot=true
	native db dependency='["disk"]' bootPriority=10
	native web autoboot=true dependency='["db","cache"]' bootPriority=200
	native late autoboot=true bootPriority=0
	native broken
	native lost autoboot=true dependency='["broken"]'
	rm -rf "$ZONES_STORAGE_DIR/broken/root"
	fails 1 zone boot web
	says 'zone "db" must run before'
	says "zone boot db"
	fails 1 zone autoboot
	says 'zone "broken"'
	says 'zone "lost": dependency: it waits for zone "broken"'
	for zone in web cache db disk late; do [ "$(state_of $zone)" = running ]; done
	[ "$(state_of lost)" = installed ]
	order=$(went booted)
	case $order in *" disk "*" db "*" web "*" late "*) ;; *) echo "$order"; false ;; esac
	case $order in *" cache "*" web "*) ;; *) echo "$order"; false ;; esac
	# the other way round
	zone set late 'service={"command":["/bin/sleep","1000"]}' autoshutdown=halt
	fails 0 zone autoshutdown
	for zone in web cache db disk late; do [ "$(state_of $zone)" = installed ]; done
	order=$(went halted shut-down)
	case $order in *" late "*" web "*" db "*" disk "*) ;; *) echo "$order"; false ;; esac
	fails 0 zone autoshutdown # nothing runs
}

@test "dependency: a circle is told by autoboot and verify, a zone that is not there by boot; the file's own mistakes with their places" {
	native a autoboot=true
	native b 'dependency=["a"]'
	native c
	zone set a 'dependency=["b"]'
	zone set c 'dependency=["gone"]'
	fails 1 zone autoboot
	says "a waits for b, which waits for a"
	fails 1 zone verify a
	says "dependency[0]"
	says "neither would boot"
	fails 1 zone verify c
	says 'there is no zone "gone"'
	fails 1 zone boot c
	says 'there is no zone "gone"'
	fails 1 zone set c 'dependency=["c"]'
	says "would wait for itself"
	fails 1 zone set c bootPriority=1001
	fails 1 zone set c autoshutdown=suspend
	# who runs already is ended all the same
	zone clear a dependency
	zone boot a
	zone boot b
	zone set a 'dependency=["b"]'
	fails 0 zone autoshutdown
	[ "$(state_of a) $(state_of b)" = "installed installed" ]
}

@test "autoshutdown: shutdown asks the zone's init, halt does not" {
	command='service={"command":["/bin/sh","-c","trap \"echo asked > /var/tmp/end; exit 0\" TERM; echo ready >/var/tmp/up; while :; do sleep 0.1; done"]}'
	booted web "$command"
	booted hard "$command" autoshutdown=halt
	for zone in web hard; do wait_for 20 test -e "$ZONES_STORAGE_DIR/$zone/root/var/tmp/up"; done
	fails 0 zone autoshutdown
	[ -e "$ZONES_STORAGE_DIR/web/root/var/tmp/end" ]
	[ ! -e "$ZONES_STORAGE_DIR/hard/root/var/tmp/end" ]
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
