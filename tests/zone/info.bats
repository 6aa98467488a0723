#!/usr/bin/env bats
# zone info: the whole effective configuration and where each value comes from.
bats_require_minimum_version 1.5.0
load helper

# origin_of PATH, value_of PATH
origin_of() {
	zone info --json web | jq -r --arg p "$1" '.properties[] | select(.path == $p) | .origin'
}

value_of() {
	zone info --json web | jq -r --arg p "$1" '.properties[] | select(.path == $p) | .value'
}

@test "info tells for each value whether the file, the product, the brand or the host says it" {
	zone create web maxLwps=77 attr.owner=acme
	[ "$(origin_of maxLwps) $(value_of maxLwps)" = "file 77" ]
	[ "$(origin_of attr.owner) $(value_of attr.owner)" = "file acme" ]
	[ "$(origin_of 'anet[0].linkname')" = file ]
	[ "$(origin_of 'anet[0].mtu') $(value_of 'anet[0].mtu')" = "default 1500" ]
	[ "$(origin_of autoboot) $(value_of autoboot)" = "default false" ]
	[ "$(origin_of restart) $(value_of restart)" = "default no" ]
	[ "$(origin_of limitpriv)" = brand ]
	[ "$(origin_of cappedMemory.physical)" = host ]
	[ "$(origin_of zonepath) $(value_of zonepath)" = "host $ZONES_STORAGE_DIR/web" ]
}

@test "info shows the safe defaults: link protection, a bound on threads and on memory" {
	zone create web
	[ "$(value_of maxLwps)" = 4096 ]
	[ "$(value_of 'anet[0].linkProtection' | jq -c sort)" = '["dhcp-nospoof","ip-nospoof","mac-nospoof","restricted"]' ]
	[ -n "$(value_of cappedMemory.physical)" ]
	[ "$(value_of nesting)" = false ]
}

@test "info with paths shows these and what is below them, and nothing else" {
	zone create web attr.owner=acme attr.team=blue maxLwps=5
	run --separate-stderr zone info --json web attr maxLwps
	[ "$(jq -r '[.properties[].path] | sort | join(" ")' <<<"$output")" = "attr.owner attr.team maxLwps" ]
	run zone info web 'anet[0]'
	says 'anet[0].mtu'
	case $output in *maxLwps*) false ;; esac
}

@test "info of a path that no zone has is an error with the nearest name" {
	zone create web
	fails 1 zone info web maxLwsp
	says maxLwps
}

@test "info as text is a table with heads" {
	zone create web
	run zone info web
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^PROPERTY\ +VALUE\ +ORIGIN ]]
	grep -Eq '^zonename +web +file' <<<"$output"
}

@test "every path that info prints can be given to info" {
	zone create web attr.a.b=c 'fs=[{"dir":"/a","type":"tmpfs"}]' service.command='["/bin/true"]' service.env.X=1 'rlimit.nofile=[1,2]' dns.search=lan
	for path in $(zone info --json web | jq -r '.properties[].path'); do
		[ "$(zone info --json web "$path" | jq '.properties | length')" -ge 1 ] || { echo "$path"; false; }
	done
}

@test "control characters of a file cannot reach a terminal" {
	zone create web
	run zone set web $'attr.x=\033[31m'
	[ "$status" -eq 1 ]
	case $output in *$'\033[31m'*) false ;; esac
}

@test "info --live adds what the kernel holds, and only while the zone runs" {
	zone create -t isolated web maxLwps=55
	zone install web
	zone boot web
	run --separate-stderr zone info --live --json web
	[ "$status" -eq 0 ]
	jq -e '.live | type == "object" and ([.. | strings] | any(. == "55"))' <<<"$output"
	zone halt web
	fails 1 zone info --live web
	says "zone boot web"
}

@test "info of a broken file names the mistake with its place" {
	zone create web
	sed -i 's/"brand"/"brnd"/' "$ZONES_CONFIG_DIR/web.json"
	fails 1 zone info web
	says brnd
	[[ $output =~ web.json:[0-9]+:[0-9]+ ]]
}

@test "info of no zone and of a zone that does not exist" {
	fails 2 zone info
	zone create web
	fails 1 zone info wbe
	says wbe
	says web
}
