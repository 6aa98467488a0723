#!/usr/bin/env bats
# A tenant with root inside a zone, or a local user with some rights over one, against the network of the other zones and of the host.
load zone

setup_more() {
	outside_new
}

# --- names ----------------------------------------------------------------------------------------------------------

links_of() { # of the zone of that alias: name and alias
	ip -j link | jq -r '.[] | select(.ifalias == "zones:'"$1"'") | .ifname' | sort
}

takes_links() { # of another zone: by each verb that gives a name, and by a file that the administrator has put there by hand
	local had words
	up victim139944 'anet=[{"maxbw":"100M"}]' || return 1
	native web || return 1
	native other || return 1
	had=$(links_of victim139944; nft -s list ruleset)
	[ -n "$had" ] || return 1
	for words in "create -t isolated web-558" "clone web web-558" "rename other web-558"; do
		# shellcheck disable=SC2086
		run zone $words
		[ "$status" -ne 0 ] || { echo "taken: $words"; return $HARM; }
		[ "$status" -eq 1 ] || return 1
		says 'its links would have the names of those of zone "victim139944"' || return 1
	done
	[ ! -e "$ZONES_CONFIG_DIR/web-558.json" ] || return $HARM
	native web-559 'anet=[{}]' || return 1
	jq '.zonename = "web-558"' "$ZONES_CONFIG_DIR/web-559.json" > "$ZONES_CONFIG_DIR/web-558.json"
	zone install web-558
	run timeout 20 zone boot web-558
	[ "$(links_of victim139944; nft -s list ruleset)" = "$had" ] || return $HARM
	[ "$status" -eq 1 ] || return 1
	says 'victim139944'
}

# family: Q
# shown: weak: clash (the name is given)
@test "Q: a name with the digits of another zone's links is taken by nobody: neither create, clone nor rename, and boot leaves those links alone" {
	takes_links
	bites clash takes_links
}
