#!/usr/bin/env bats
# zone events: what happened to zones, stored, with the victims of their limits.
bats_require_minimum_version 1.5.0
load helper

setup_more() {
	FOLLOWER=
}

teardown_more() {
	[ -z "$FOLLOWER" ] || kill "$FOLLOWER" 2>/dev/null || true
}

kinds() { # NAME: the words in order
	zone events --json "$1" | jq -r '.[].event' | paste -sd' '
}

# A program that asks for memory until it is killed, in a child so that the shell lives on.
eat='b=[]
while True: b.append(bytearray(1<<20))'

@test "the life of a zone, in the order in which it happened" {
	booted web
	zone freeze web
	zone thaw web
	zone set web maxLwps=100
	zone apply web
	zone reboot web
	zone shutdown web
	zone ready web
	zone halt web
	[ "$(kinds web)" = "installed booted frozen thawed applied rebooting booted shutting-down shut-down ready halted" ] || { kinds web; false; }
	zone events --json web | jq -e '[.[].time] == ([.[].time] | sort) and all(.[]; .zone == "web" and (.time | test("^2[0-9]{3}-[0-9-]{5}T[0-9:.]{12}Z$")))'
	zone events --json -e applied web | jq -e '.[0].data.paths == ["maxLwps"]'
	fails 0 zone events -n 2
	[ "${#lines[@]}" = 2 ]
	says "the zone is halted"
}

@test "a process that is killed for memory is named, with its limit, in events and why" {
	booted web 'service.command=["/bin/sleep","1000"]' cappedMemory.physical=40M cappedMemory.swap=40M
	run zone exec web python3 -c "$eat"
	[ "$status" -eq 137 ]
	wait_for 5 eval '[ "$(zone events --json -e oom web | jq length)" -ge 1 ]'
	zone events --json -e oom web >"$TOP/oom"
	jq -e '.[0].data | .property == "cappedMemory.physical" and .limit == 41943040 and .victim.command == "python3" and .victim.uid == 0 and .victim.pid > 1' "$TOP/oom"
	[ "$(jq length "$TOP/oom")" = 1 ] || { cat "$TOP/oom"; false; }
	fails 0 zone why web
	says 'the kernel killed "python3"'
	says "cappedMemory.physical (40M) was reached"
}

@test "when init itself is the victim, its end is told after it, and the zone is restarted by its policy" {
	native web cappedMemory.physical=40M cappedMemory.swap=40M restart=on-failure
	mkdir -p "$TOP/shut/init"
	printf '#!/usr/bin/python3\nimport os, time\nif os.path.exists("/root/once"): time.sleep(1000)\nopen("/root/once", "w").close()\n%s\n' "$eat" >"$TOP/shut/init/init"
	chmod 755 "$TOP/shut/init/init"
	zone set web fs='[{"dir":"/opt","special":"'"$TOP/shut/init"'","type":"lofs"}]' 'service.command=["/opt/init"]' service.restart=no
	zone boot web
	wait_for 10 eval '[ "$(zone events --json -e oom web | jq length)" -ge 1 ]'
	zone events --json -e oom web | jq -e '.[0].data.victim.command == "init"'
	wait_for 10 eval 'zone events --json -e service web | jq -e length==1'
}

@test "refused forks are counted" {
	booted web 'service.command=["/bin/sleep","1000"]' maxLwps=20
	run zone exec web python3 -c '
import os, time
n = 0
for i in range(60):
    try:
        if os.fork() == 0: time.sleep(3); os._exit(0)
    except OSError: n += 1
print(n)'
	[ "$status" -eq 0 ]
	refused=$output
	[ "$refused" -ge 40 ]
	wait_for 5 eval '[ "$(zone events --json -e limit web | jq "map(.data.refused) | add")" = "$refused" ]'
	zone events --json -e limit web | jq -e '.[0].data | .property == "maxLwps" and .limit == 20'
	fails 0 zone why web
	says "maxLwps (20) is reached"
}

@test "neighbours: what one zone runs into is no event of another, whatever its processes are called" {
	booted web 'service.command=["/bin/sleep","1000"]' cappedMemory.physical=40M cappedMemory.swap=40M
	booted other 'service.command=["/bin/sleep","1000"]' cappedMemory.physical=40M cappedMemory.swap=40M
	run zone exec web python3 -c "
open('/proc/self/comm', 'w').write('a,pid=1,uid=0\x1b')
$eat"
	[ "$status" -eq 137 ]
	wait_for 5 eval '[ "$(zone events --json -e oom web | jq length)" -ge 1 ]'
	[ "$(zone events --json -e oom other | jq length)" = 0 ]
	zone events --json -e oom web | jq -e '.[0].data.victim | .pid > 1 and (.command | startswith("a,pid=1,uid=0"))'
	zone events web >"$TOP/text"
	run grep -c "$(printf '\033')" "$TOP/text"
	[ "$output" = 0 ]
}

@test "-f tells each event once as it happens, of zones that come later too, and their end" {
	native web
	zone events -f --json >"$TOP/followed" &
	FOLLOWER=$!
	wait_for 5 eval '[ "$(wc -l <"$TOP/followed")" = 1 ]'
	zone boot web
	native new
	zone halt web
	zone uninstall -F new
	zone delete -F new
	wait_for 5 grep -q deleted "$TOP/followed"
	[ "$(jq -r '.zone + ":" + .event' "$TOP/followed" | paste -sd' ')" = "web:installed web:booted new:installed web:halted new:uninstalled new:deleted" ] || { cat "$TOP/followed"; false; }
}

@test "a monitor that is killed and replaced goes on telling" {
	booted web 'service.command=["/bin/sleep","1000"]' cappedMemory.physical=40M cappedMemory.swap=40M
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")"
	wait_for 5 eval '! kill -0 "$(jq .monitor "$ZONES_RUN_DIR/web/run.json")" 2>/dev/null'
	zone freeze web
	zone thaw web
	run zone exec web python3 -c "$eat"
	[ "$status" -eq 137 ]
	wait_for 5 eval '[ "$(zone events --json -e oom web | jq length)" = 1 ]'
	case $(kinds web) in *monitor*oom*) ;; *) kinds web; false ;; esac
}

@test "the events go with the zone" {
	native web
	[ -s "$ZONES_STORAGE_DIR/.events/web" ]
	[ "$(stat -c %a "$ZONES_STORAGE_DIR/.events" "$ZONES_STORAGE_DIR/.events/web" | paste -sd' ')" = "700 600" ]
	zone uninstall -F web
	zone delete -F web
	[ -z "$(ls -A "$ZONES_STORAGE_DIR/.events")" ]
	fails 1 zone events web
	says '"web" does not exist'
}

@test "a boot that fails is told with its reason" {
	native web
	rm -rf "$ZONES_STORAGE_DIR/web/root/etc"
	zone boot web || true
	zone set web 'service.command=["/nosuch"]' restart=no
	mkdir "$TOP/shut/gone"
	zone set web fs='[{"dir":"/opt","special":"'"$TOP/shut/gone"'","type":"lofs"}]'
	zone halt web || true
	rmdir "$TOP/shut/gone"
	fails 1 zone boot web
	zone events --json -e boot-failed web | jq -e 'length >= 1 and (.[-1].text | contains("gone"))'
}

@test "wrong words" {
	fails 2 zone events -n 0
	fails 2 zone events -n x
	fails 2 zone events --since yesterday
	says "2026-11-29T10:50"
	fails 2 zone events --since 2026-1x
	fails 1 zone events ../x
	fails 0 zone events --since 2026-11-29T10:50
	fails 1 zone events nosuch
}
