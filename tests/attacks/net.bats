#!/usr/bin/env bats
# A tenant with root inside a zone, or a local user with some rights over one, against the network of the other zones and of the host.
load ../zone/helper

# --- names ----------------------------------------------------------------------------------------------------------

links_of() { # of the zone of that alias: name and alias
	ip -j link | jq -r '.[] | select(.ifalias == "zones:'"$1"'") | .ifname' | sort
}

# family: Q
@test "Q: a name with the digits of another zone's links is taken by nobody: neither create, clone nor rename, and boot leaves those links alone" {
	booted victim139944 'anet=[{"maxbw":"100M"}]'
	native web
	native other
	had=$(links_of victim139944; nft -s list ruleset)
	[ -n "$had" ]
	fails 1 zone create -t isolated web-558
	says 'its links would have the names of those of zone "victim139944"'
	fails 1 zone clone web web-558
	says 'its links would have the names of those of zone "victim139944"'
	fails 1 zone rename other web-558
	says 'its links would have the names of those of zone "victim139944"'
	[ ! -e "$ZONES_CONFIG_DIR/web-558.json" ]
	# a file that the administrator has put there by hand
	native web-559 'anet=[{}]'
	jq '.zonename = "web-558"' "$ZONES_CONFIG_DIR/web-559.json" > "$ZONES_CONFIG_DIR/web-558.json"
	zone install web-558
	fails 1 zone boot web-558
	says 'victim139944'
	[ "$(links_of victim139944; nft -s list ruleset)" = "$had" ]
}
