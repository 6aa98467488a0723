#!/usr/bin/env bats
# Zones of one bridge find each other by name: /etc/hosts of all of them is kept current when any boots or halts (net/names.h).
load helper

bridges=()
teardown_more() {
	local b
	for b in "${bridges[@]}"; do ip link del "$b" 2>/dev/null || true; done
}

networked() { # NAME WORDS...
	zone create "$1" "${@:2}"
	zone install "$1"
	zone boot "$1"
}

# An administrator's bridge, NAME ADDRESS
bridge() {
	ip link add "$1" type bridge
	bridges+=("$1")
	ip addr add "$2" dev "$1"
	ip link set "$1" up
}

# The addresses that ZONE finds for a NAME, on one line; nothing when it finds none
finds() { # ZONE NAME [ahostsv4|ahostsv6]
	zone exec "$1" getent "${3:-hosts}" "$2" | awk '{print $1}' | sort -u | xargs
}

address() { # ZONE 4|6
	zone exec "$1" ip "-$2" -o addr show dev net0 scope global | awk '{print $4}' | sed 's|/.*||'
}

@test "two zones find each other over IPv4 and IPv6; the name goes with the zone and comes back with it" {
	networked one
	networked two
	[ "$(finds one two ahostsv4)" = "$(address two 4)" ]
	[ "$(finds one two ahostsv6)" = "$(address two 6)" ]
	[ "$(finds two one ahostsv4)" = "$(address one 4)" ]
	[ "$(finds one one ahostsv4)" = "$(address one 4)" ]
	echo two >"$ZONES_STORAGE_DIR/two/root/srv/index.html"
	zone exec two busybox httpd -p 80 -h /srv
	wait_for 5 zone exec one busybox wget -qO- http://two/
	[ "$(finds one localhost ahostsv4)" = 127.0.0.1 ]
	two=$(address two 4)
	zone halt two
	[ -z "$(finds one two)" ]
	[ "$(finds one one ahostsv4)" = "$(address one 4)" ]
	zone boot two
	[ "$(finds one two ahostsv4)" = "$two" ]
	zone reboot two
	[ "$(finds one two ahostsv4)" = "$two" ]
	[ "$(finds two one ahostsv4)" = "$(address one 4)" ]
	# one file for all who see the same
	[ "$ZONES_RUN_DIR/one/names/hosts" -ef "$ZONES_RUN_DIR/two/names/hosts" ]
}

@test "nothing of it can be written from inside, and no name stays behind" {
	networked one limitpriv=default,sys_admin
	networked two
	before=$(cat "$ZONES_RUN_DIR/one/names/hosts")
	run zone exec one sh -c 'echo 6.6.6.6 two >> /etc/hosts'
	[ "$status" -ne 0 ]
	run zone exec one sh -c 'mount -o remount,bind,rw /dev/.zone/names; echo 6.6.6.6 two > /dev/.zone/names/hosts; rm -f /dev/.zone/names/hosts; touch /dev/.zone/names/x'
	[ "$status" -ne 0 ]
	[ "$(cat "$ZONES_RUN_DIR/one/names/hosts")" = "$before" ]
	[ "$(ls "$ZONES_RUN_DIR/two/names")" = hosts ]
	zone halt one
	zone halt two
	[ ! -e "$ZONES_RUN_DIR/names.json" ]
	[ ! -e "$ZONES_RUN_DIR/one" ]
}

@test "bridges are separate; a zone on both sees both" {
	bridge "ba$$" 10.99.0.1/24
	bridge "bb$$" 10.98.0.1/24
	networked one anet='[{"lowerLink":"ba'$$'","allowedAddress":["10.99.0.5/24"]}]'
	networked two anet='[{"lowerLink":"bb'$$'","allowedAddress":["10.98.0.5/24"]}]'
	networked three
	[ -z "$(finds one two)" ]
	[ -z "$(finds two one)" ]
	[ -z "$(finds one three)" ]
	networked both anet='[{"lowerLink":"ba'$$'","allowedAddress":["10.99.0.6/24"]},{"lowerLink":"bb'$$'","allowedAddress":["10.98.0.6/24"]}]'
	[ "$(finds both one)" = 10.99.0.5 ]
	[ "$(finds both two)" = 10.98.0.5 ]
	[ "$(finds one both)" = 10.99.0.6 ]
	[ "$(finds two both)" = 10.98.0.6 ]
	[ -z "$(finds one two)" ]
	[ -z "$(finds both three)" ]
}

@test "isolated zones see themselves only and are shown to nobody" {
	networked one
	networked alone anet='[{"isolated":true}]'
	[ -z "$(finds one alone)" ]
	[ -z "$(finds alone one)" ]
	[ "$(finds alone alone ahostsv4)" = "$(address alone 4)" ]
}

@test "a hostname is shown while it is one zone's alone; a zonename is always its own" {
	networked one hostname=www.example.org
	networked two
	[ "$(finds two www.example.org ahostsv4)" = "$(address one 4)" ]
	[ "$(finds two www ahostsv4)" = "$(address one 4)" ]
	[ "$(finds two one ahostsv4)" = "$(address one 4)" ]
	networked thief hostname=www.example.org
	[ -z "$(finds two www.example.org)" ]
	[ "$(finds thief www.example.org ahostsv4)" = "$(address thief 4)" ]
	[ "$(finds one www.example.org ahostsv4)" = "$(address one 4)" ]
	[ "$(finds two thief ahostsv4)" = "$(address thief 4)" ]
	zone halt thief
	[ "$(finds two www.example.org ahostsv4)" = "$(address one 4)" ]
	# nobody takes the place of a zone that is down
	zone halt one
	networked four hostname=one
	[ -z "$(finds two one)" ]
	networked five hostname=localhost
	[ "$(finds two localhost ahostsv4)" = 127.0.0.1 ]
	[ "$(finds two five ahostsv4)" = "$(address five 4)" ]
}

@test "whatever stands at /etc/hosts, nothing outside is touched and the zone boots or is refused clearly" {
	echo canary >"$TOP/canary"
	zone create one
	zone install one
	networked two
	etc=$ZONES_STORAGE_DIR/one/root/etc
	for what in "ln -s $TOP/canary" "ln -s ../../../../../../../../$TOP/canary" "ln -s /etc/hosts" mkfifo "ln -s /dev/.zone/names/../../../etc/passwd/"; do
		rm -f "$etc/hosts"
		$what "$etc/hosts"
		zone boot one
		[ "$(finds one two ahostsv4)" = "$(address two 4)" ] || { echo "$what"; zone exec one cat /etc/hosts; false; }
		zone halt one
		[ "$(cat "$TOP/canary")" = canary ]
	done
	rm -f "$etc/hosts"
	mkdir "$etc/hosts"
	fails 1 zone boot one
	says /etc/hosts
	says directory
	rmdir "$etc/hosts"
	# made while the zone runs, it is the zone's own business
	zone boot one
	zone exec one sh -c "rm /etc/hosts && ln -s $TOP/canary /etc/hosts"
	networked three
	zone exec one sh -c "rm /etc/hosts && mkfifo /etc/hosts"
	zone halt three
	[ "$(cat "$TOP/canary")" = canary ]
}

@test "a hosts file of the zone's own stays, while it runs and over boots, however long" {
	networked one
	zone exec one sh -c 'rm /etc/hosts && echo 127.0.0.1 localhost mine > /etc/hosts'
	networked two
	[ "$(finds one mine ahostsv4)" = 127.0.0.1 ]
	zone reboot one
	[ "$(finds one mine ahostsv4)" = 127.0.0.1 ]
	[ -z "$(finds one two)" ]
	zone exec one sh -c 'yes "# a long one" | head -n 20000 >> /etc/hosts'
	zone reboot one
	[ "$(finds one mine ahostsv4)" = 127.0.0.1 ]
	# back to ours
	zone exec one sh -c 'ln -sf /dev/.zone/names/hosts /etc/hosts'
	[ "$(finds one two ahostsv4)" = "$(address two 4)" ]
	zone set one anet='[]'
	zone reboot one
	[ "$(finds one one)" = 127.0.1.1 ]
	[ ! -L "$ZONES_STORAGE_DIR/one/root/etc/hosts" ]
}

@test "a monitor and its zone killed: any next command takes the name away" {
	networked one
	networked two
	networked three
	for how in boot halt why; do
		[ -n "$(finds one two)" ]
		monitor=$(jq .monitor "$ZONES_RUN_DIR/two/run.json") init=$(jq .init "$ZONES_RUN_DIR/two/run.json")
		kill -KILL "$monitor"
		wait_for 5 sh -c "! kill -0 $monitor"
		# the zone lives on, and so does its name
		[ -n "$(finds one two)" ]
		kill -KILL "$init"
		wait_for 5 sh -c "! ip -o link show | grep -q \"\$(jq -r '.net | fromjson | .links[0].host' '$ZONES_RUN_DIR/two/run.json')\""
		case $how in
		boot) networked four ;;
		halt) zone halt three ;;
		why) zone ps two || true; zone halt two || true ;;
		esac
		[ -z "$(finds one two)" ] || { echo "$how"; false; }
		zone boot two
	done
}

@test "name servers and search domains of the zone are as before" {
	networked one 'dns={"nameservers":["192.0.2.53"],"search":["lan"]}'
	run zone exec one cat /etc/resolv.conf
	says "nameserver 192.0.2.53"
	says "search lan"
	[ ! -L "$ZONES_STORAGE_DIR/one/root/etc/resolv.conf" ]
}
