#!/usr/bin/env bats
# Rights config, liveconfig, clonefrom and remove: what users who are not root may change, and that it makes them nothing on the host. daemon and bin are the users.
load helper
bats_require_minimum_version 1.5.0

setup_more() {
	cp "$BUILD/zone" "$TOP/zone" # where users reach it
	native web 'admin=[{"user":"daemon","auths":["login","config","liveconfig","clonefrom"],"limits":{"maxLwps":500}},{"user":"bin","auths":["manage","liveconfig"]}]' maxLwps=200 cappedMemory.physical=256M
	zone create -t isolated other 'admin=[{"user":"bin","auths":["config"]}]'
	zone admin-server 3>&- 2>"$TOP/server.log" &
	server=$!
	wait_for 10 test -S "$ZONES_RUN_DIR/.admin"
}

teardown_more() {
	[ -z "${server:-}" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	return 0
}

as() { # USER COMMAND...
	local uid
	uid=$(id -u "$1")
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}
alice() { as daemon "$TOP/zone" "$@"; } # login, config, liveconfig, clonefrom
bob() { as bin "$TOP/zone" "$@"; }      # manage and liveconfig; config of the other
eve() { as games "$TOP/zone" "$@"; }    # nothing
file() { cat "$ZONES_CONFIG_DIR/${1:-web}.json"; }

# Every one of these is refused with its property's name, and the file stays.
refused() { # USER VERB ZONE WORDS...
	local before
	before=$(file "$3")
	run "$@" </dev/null
	[ "$status" -eq 1 ] || { echo "not refused: $* ($status) $output"; return 1; }
	[ "$(file "$3")" = "$before" ] || { echo "changed: $*"; return 1; }
}

@test "config: what root inside could do as well is changed; the rest is root's, each property by its name and with the reason" {
	fails 0 alice set web attr.owner=alice autoboot=true autoshutdown=halt bootargs=x restart=always service.command='["/bin/sleep","1000"]' service.env.A=b
	fails 0 alice add web dns.search=lan
	[ "$(zone export web | jq -r '.attr.owner, .restart, .service.env.A, .dns.search[0]' | xargs)" = 'alice always b lan' ]
	fails 0 alice clear web attr
	fails 0 alice export web
	says '"maxLwps"'
	fails 0 alice verify web
	while read -r property words; do
		# shellcheck disable=SC2086
		refused alice $words
		says "$property"
		says 'only root of the host may change it'
	done <<-'E'
		zonepath set web zonepath=/var/lib/x
		brand set web brand=linux
		tenant set web tenant=t
		limitpriv set web limitpriv=all
		nesting set web nesting=true
		seccomp set web seccomp=["read"]
		ipType set web ipType=shared
		bootPriority set web bootPriority=1000
		dependency set web dependency=["other"]
		hostid set web hostid=0x1
		hostname set web hostname=other
		fileMacProfile set web fileMacProfile=strict
		schedulingClass set web schedulingClass=idle
		dedicatedCPU set web dedicatedCPU.ncpus=1
		pool set web pool=p
		hugepages set web hugepages.2M=64M
		blockIO add web blockIO path=/ readBps=1M
		procView set web procView=false
		anet add web anet lowerLink=auto
		net add web net physical=eth0
		publish add web publish port=8080
		fs add web fs dir=/mnt special=/etc type=lofs
		fs add web fs dir=/mnt type=tmpfs
		device add web device match=/dev/sda
		rctl add web rctl name=zone.max-msg-ids value=100
		rlimit set web rlimit.nofile=100
		sysctl set web sysctl.kernel.shmall=100
		admin add web admin user=daemon auths=manage
		admin set web admin[0].limits.maxLwps=100000
		admin set web admin[0].auths[+]=remove
		admin clear web admin
		admin remove web admin user=bin
	E
	fails 1 alice set web zonename=other # nobody can
	# one good word does not carry a bad one
	refused alice set web attr.a=b fs='[{"dir":"/mnt","special":"/","type":"lofs"}]' nesting=true
	says 'fs: only root'
	says 'nesting: only root'
	refused alice set other attr.a=b
	says 'no right "config" over a zone "other"'
	refused bob set web attr.a=b
	refused eve set web attr.a=b
	fails 0 bob set other attr.a=b
}

@test "config: amounts go down, and up only to what limits say; taking a cap away raises it" {
	refused alice set web maxLwps=501
	says 'maxLwps: only root of the host may raise it'
	fails 0 alice set web maxLwps=500
	fails 0 alice set web maxLwps=50
	fails 0 alice set web maxLwps=450
	refused alice clear web maxLwps # 4096 then
	refused alice set web cappedMemory.physical=257M
	refused alice clear web cappedMemory
	refused alice set web cappedMemory.soft=1M # is memory that the zone keeps: without it none
	refused alice set web cpuShares=101
	refused alice set web ioWeight=101
	refused alice set web shutdownTimeout=61s
	fails 0 alice set web cappedMemory.physical=128M cpuShares=50 cappedCPU.ncpus=0.5 shutdownTimeout=5s
	refused alice set web cappedMemory.physical=129M
	refused alice set web cappedCPU.ncpus=0.6
	refused alice set web cappedCPU.burst=0.1
	refused alice clear web cpuShares
	zone clear web admin
	zone add web admin user=daemon auths=config
	refused alice set web maxLwps=451 # the limits went with the entry
}

@test "liveconfig: apply makes the running zone what its file says; a new file needs config as well, and comes from the user's own eyes" {
	fails 0 zone boot web
	fails 0 alice set web maxLwps=100
	says 'zone apply web'
	fails 0 bob diff web
	says maxLwps
	fails 0 bob apply -n web
	fails 0 bob apply web
	[ "$(zone diff --json web | jq '.changes | length')" = 0 ]
	file | jq '.maxLwps = 90 | .attr.x = "y"' >"$TOP/new.json"
	chmod 644 "$TOP/new.json"
	fails 1 bob apply -f "$TOP/new.json" web
	says 'no right "config"'
	fails 0 alice apply -f "$TOP/new.json" web
	[ "$(zone info web maxLwps --json | jq -r '.. | .value? // empty')" = 90 ]
	fails 0 alice apply -n -f - web <"$TOP/new.json"
	jq '.fs = [{"dir":"/mnt","special":"/etc","type":"lofs"}]' "$TOP/new.json" >"$TOP/evil.json"
	chmod 644 "$TOP/evil.json"
	before=$(file)
	fails 1 alice apply -f "$TOP/evil.json" web
	says 'fs: only root of the host may change it'
	chmod 600 "$TOP/evil.json"
	fails 1 alice apply -f "$TOP/evil.json" web
	says 'Permission denied'
	fails 1 alice apply -f - web < <(head -c 3000000 /dev/zero | tr '\0' ' ')
	[ "$(file)" = "$before" ]
	fails 2 alice exec web ls /mnt/shadow
	fails 1 alice apply -f - nowhere <"$TOP/new.json"
	[ "$(zone list -p -o name)" = $'other\nweb' ]
	[ "$(zone history --json web | jq -rc '.[] | select(.uid > 0) | [.user, .verb, .status] | join(" ")' | head -3)" = "daemon set 0
bin apply 0
bin apply 1" ]
}

@test "liveconfig alone: neither diff nor apply shows the variables of the service or what others are allowed" {
	zone set web service.command='["/bin/sleep","1000"]' service.env.TOKEN=geheim
	zone boot web
	zone set web service.env.TOKEN=geheimer maxLwps=150
	zone add web admin user=games auths=manage
	for json in "" --json; do
		for verb in diff 'apply -n'; do
			# shellcheck disable=SC2086
			run bob $verb $json web
			says '(hidden)'
			says service
			says maxLwps
			says admin
			case $output in *geheim* | *games*) echo "$verb: $output"; false ;; esac
			# shellcheck disable=SC2086
			run alice $verb $json web
			says geheimer
			says games
		done
	done
	run bob apply web
	case $output in *geheim* | *games*) echo "$output"; false ;; esac
	zone set web 'admin[2].auths=["login"]'
	zone add web admin user=sync auths=manage
	zone set web 'admin[1].auths=["liveconfig"]'
	run bob diff --json web
	says 'admin[bin]' # his own
	case $output in *sync* | *games*) echo "$output"; false ;; esac
}

@test "clonefrom: a clone that is his, of the name ZONE-WORD, with no more than the zone has, one at a time; he removes it himself" {
	fails 1 bob clone web web-b
	says 'no right "clonefrom"'
	for name in other new web web- webx ../web-x; do
		fails 1 alice clone web "$name"
	done
	fails 1 alice clone web web-master.debian.org # its neighbours would find it by that name
	says 'no dot'
	fails 1 alice clone web web-a zonepath=/var/lib/evil
	says 'zonepath: only root'
	fails 1 alice clone web web-a maxLwps=501
	fails 1 alice clone web web-a 'admin=[{"user":"games","auths":["login"]}]'
	fails 2 alice clone -m copy web web-a
	[ "$(zone list -p -o name)" = $'other\nweb' ]
	fails 0 alice clone web web-a maxLwps=100
	[ "$(zone export web-a | jq -c .admin)" = '[{"user":"daemon","auths":["login","config","liveconfig","remove"],"limits":{"maxLwps":500}}]' ]
	[ "$(zone export web-a | jq -r '.cappedMemory.physical, .maxLwps' | xargs)" = '256M 100' ]
	fails 1 alice clone web web-b
	says 'may have 1 at a time'
	fails 1 alice clone web-a web-a-a
	fails 1 bob list web-a
	fails 0 alice set web-a attr.a=b
	refused alice set web-a tenant=t
	zone set web admin[0].clones=3
	zone set web dedicatedCPU.ncpus=1 2>/dev/null
	fails 1 alice clone web web-b
	says dedicatedCPU
	zone clear web dedicatedCPU
	fails 0 alice clone web web-b
	fails 1 alice delete -F web
	fails 1 alice uninstall -F web
	fails 1 bob delete -F web-a
	fails 0 alice uninstall -F web-a
	fails 0 alice delete -F web-a
	fails 0 alice delete -F web-b
	[ "$(zone list -p -o name)" = $'other\nweb' ]
}

@test "the log and the events name the zone that a verb was about: the clone; and a zone that is gone has no events any more" {
	fails 0 alice clone web web-a
	[ "$(zone history --json web-a | jq -rc '.[] | [.user, .verb, .zone, .status] | join(" ")')" = "daemon clone web-a 0" ]
	fails 0 zone events web-a
	says 'daemon (uid 1): zone clone, status 0'
	fails 1 alice clone web other # the name of a zone that is not his: it must not get his events
	[ ! -e "$ZONES_STORAGE_DIR/.events/other" ] || ! grep -q daemon "$ZONES_STORAGE_DIR/.events/other"
	fails 0 alice delete -F web-a
	[ ! -e "$ZONES_STORAGE_DIR/.events/web-a" ]
	[ "$(zone history --json web-a | jq -rc '.[-1] | [.user, .verb, .status] | join(" ")')" = "daemon delete 0" ]
	zone create -t isolated web-a
	run zone events web-a
	case $output in *delete*) echo "$output"; false ;; esac
}

@test "a user who deletes is not hung up on because the file with his right is gone, however long the rest takes" {
	command -v strace >/dev/null || skip "needs strace"
	fails 0 alice clone web web-a
	# the file goes, and then the verb sits for longer than the server takes to look again
	strace -qq -f -o /dev/null -p "$server" -P "$ZONES_CONFIG_DIR/web-a.json" -e trace=unlinkat -e inject=unlinkat:delay_exit=5000000 3>&- &
	tracer=$!
	wait_for 10 grep -q "^TracerPid:.$tracer" "/proc/$server/status"
	run alice delete -F web-a
	kill "$tracer"
	wait "$tracer" || true
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	[ ! -e "$ZONES_CONFIG_DIR/web-a.json" ]
	[ ! -e "$ZONES_STORAGE_DIR/.records/web-a.json" ]
	[ "$(zone list -p -o name)" = $'other\nweb' ]
}

@test "what is changed between the question and the act is asked again: rights and files of the moment count" {
	# the user's words stay, while root takes right and file from under them, again and again
	(
		for _ in $(seq 8); do
			zone clear web admin
			zone set web maxLwps=10
			zone set web 'admin=[{"user":"daemon","auths":["config","liveconfig"],"limits":{"maxLwps":500}}]'
			zone set web maxLwps=300
		done
	) >"$TOP/root.log" 2>&1 3>&- &
	root=$!
	while kill -0 "$root" 2>/dev/null; do
		alice set web maxLwps=500 >/dev/null 2>&1 || true
		alice set web fs='[{"dir":"/mnt","special":"/etc","type":"lofs"}]' >/dev/null 2>&1 && { echo "fs was taken"; false; }
		jq -e . "$ZONES_CONFIG_DIR/web.json" >/dev/null
	done
	wait "$root" || true
	[ "$(zone export web | jq '.fs | length')" = 0 ]
	zone clear web admin
	refused alice set web maxLwps=5
}
