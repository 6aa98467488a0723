#!/usr/bin/env bats
# zone list: every zone, whatever is wrong with it, for people and for programs.
load helper

@test "list without zones prints only the heads and succeeds" {
	run zone list
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -le 1 ]
	[ "$(zone list --json | jq -c .)" = "[]" ]
	[ -z "$(zone list -p)" ]
}

@test "list shows ID NAME STATUS PATH BRAND IP, aligned" {
	booted web
	zone create -t linux deb
	run zone list
	[[ ${lines[0]} =~ ^ID\ +NAME\ +STATUS\ +PATH\ +BRAND\ +IP ]]
	grep -Eq "^[0-9]+ +web +running +$ZONES_STORAGE_DIR/web +native" <<<"$output"
	grep -Eq "^- +deb +configured +$ZONES_STORAGE_DIR/deb +linux" <<<"$output"
	at=$(awk '{print index($0, "STATUS")}' <<<"${lines[0]}")
	for line in "${lines[@]:1}"; do [[ ${line:at-1} =~ ^(running|configured) ]]; done
}

@test "list is sorted by name" {
	for z in c a b; do zone create -t isolated $z; done
	[ "$(zone list -p -o name | tr '\n' ' ')" = "a b c " ]
}

@test "list -i shows what is installed, -r what runs, -c all" {
	booted run1
	native inst
	zone create -t isolated conf
	[ "$(zone list -r -p -o name | xargs)" = "run1" ]
	[ "$(zone list -i -p -o name | xargs)" = "inst run1" ]
	[ "$(zone list -c -p -o name | xargs)" = "conf inst run1" ]
	[ "$(zone list -ci -p -o name | xargs)" = "conf inst run1" ]
}

@test "list NAME shows these zones and fails when one does not exist" {
	zone create -t isolated a
	zone create -t isolated b
	[ "$(zone list -p -o name b)" = b ]
	fails 1 zone list a nosuch
	says nosuch
}

@test "list -p has no heads, a fixed number of fields, and escapes colons and backslashes" {
	mkdir -m 700 "$TOP/odd:dir\\x"
	zone create -t isolated web zonepath="$TOP/odd:dir\\x/web"
	line=$(zone list -p -o name,path,brand)
	[ "$line" = "web:$TOP/odd\\:dir\\\\x/web:native" ]
	[ "$(zone list -p | wc -l)" = 1 ]
	[ "$(zone list -p | sed 's/\\\\//g; s/\\://g' | tr -cd : | wc -c)" = 8 ]
}

@test "list -o takes the columns in the order given and refuses unknown ones with exit status 2" {
	native web
	uuid=$(zone list --json web | jq -r '.[0].uuid')
	[ "$(zone list -p -o state,name,uuid web)" = "installed:web:$uuid" ]
	[[ $uuid =~ ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$ ]]
	fails 2 zone list -o nosuch
	says uuid
	fails 2 zone list -o name,,id
	fails 2 zone list -o ''
	fails 1 zone list -T nosuch
	says 'tenant "nosuch" does not exist'
}

@test "list --json has the same members for every zone, null for what there is not" {
	booted web
	zone create -t isolated conf
	zone list --json | jq -e 'length == 2 and all(.[]; keys == ["aux", "brand", "id", "ip", "links", "name", "path", "pending", "profile", "reason", "rw", "state", "tenant", "uuid"])'
	zone list --json | jq -e '.[] | select(.name == "conf") | .id == null and .links == null and .state == "configured" and .aux == null and .reason == null'
	zone list --json | jq -e '.[] | select(.name == "web") | (.id | type) == "number" and .links == [] and .state == "running"'
	[ -d "/proc/$(init_pid web)" ]
}

@test "list shows the address that a zone has" {
	zone create web
	zone install web
	zone boot web
	ip=$(zone list --json web | jq -r '.[0].ip')
	[[ $ip =~ ^[0-9a-f.:]+/[0-9]+$ ]]
	zone exec web ip -o addr | grep -qF "${ip%/*}"
}

@test "list -v shows the auxiliary word and the reason" {
	booted web
	zone freeze web
	run zone list -v web
	says frozen
	[ "$(zone list --json web | jq -r '.[0].aux')" = frozen ]
	zone thaw web
	zone halt web
	mv "$ZONES_STORAGE_DIR/web" "$TOP/away"
	run zone list -v web
	says unavailable
	[ -n "$(zone list --json web | jq -r '.[0].reason // empty')" ]
	mv "$TOP/away" "$ZONES_STORAGE_DIR/web"
	[ "$(state_of web)" = installed ]
}

@test "list -v shows each link of a running zone below it: bridge, state, addresses, bytes, dropped packets" {
	zone create web limitpriv=default,net_raw 'anet=[{"linkname":"net0","lowerLink":"auto","allowedAddress":["10.88.0.77/24"]},{"linkname":"eth7","lowerLink":"auto","allowedAddress":["10.88.0.78/24"]}]'
	zone install web
	zone create -t isolated zz
	[ "$(zone list -v | wc -l)" = 3 ]
	zone boot web
	run zone list -v
	[ "${#lines[@]}" = 5 ]
	[[ ${lines[1]} =~ ^[0-9]+\ +web\ +running ]]
	[[ ${lines[2]} =~ ^\ +net0\ on\ zbr0:\ up,\ 10.88.0.77/24,\ rx\ [0-9]+\ bytes,\ tx\ [0-9]+\ bytes,\ dropped\ 0$ ]]
	[[ ${lines[3]} =~ ^\ +eth7\ on\ zbr0:\ up,\ 10.88.0.78/24, ]]
	[[ ${lines[4]} =~ ^-\ +zz ]]
	[ "$(zone list | wc -l)" = 3 ]
	[ "$(zone list -pv | wc -l)" = 2 ] # programs count fields
	run zone list -v -o name zz
	[ "${#lines[@]}" = 2 ]
	zone exec web python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("net0", 0))
for i in range(3): s.send(b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + b"\x08\x00" + b"x" * 50)'
	nsenter -t "$(init_pid web)" -n ip link set eth7 down
	run zone list -v -o id,name web
	[[ ${lines[2]} == *" dropped 3" ]]
	[[ ${lines[3]} == *"eth7 on zbr0: down,"* ]]
	zone list --json | jq -e '.[0].links | length == 2 and .[0].dropped["mac-nospoof"] == 3 and .[0].up and (.[1].up | not)
		and (.[0].addresses | index("10.88.0.77/24") != null) and .[0].txBytes >= 192 and .[0].bridge == "zbr0"'
	nsenter -t "$(init_pid web)" -n ip link del eth7
	run zone list -v web
	[[ ${lines[3]} == *"eth7 on zbr0: gone, dropped "* ]]
	zone list --json web | jq -e '.[0].links[1].present == false'
}

@test "one broken file, record or stray name does not hide the other zones" {
	zone create -t isolated good
	echo '{ broken' >"$ZONES_CONFIG_DIR/bad.json"
	echo '{}' >"$ZONES_CONFIG_DIR/nameless.json"
	touch "$ZONES_CONFIG_DIR/.hidden.json" "$ZONES_CONFIG_DIR/notes.txt" "$ZONES_CONFIG_DIR/a b.json" "$ZONES_CONFIG_DIR/$(printf 'x\033[31m').json"
	mkdir "$ZONES_CONFIG_DIR/dir.json"
	ln -s /nosuch "$ZONES_CONFIG_DIR/dangling.json"
	run zone list
	[ "$status" -eq 0 ]
	says good
	grep -Eq 'bad +configured' <<<"$output"
	case $output in *$'\033'*) false ;; esac
	zone list --json | jq -e '.[] | select(.name == "bad") | .reason | length > 0'
	rm -rf "$ZONES_CONFIG_DIR"/{bad,nameless,dir,dangling}.json
}

@test "list has no colours without a terminal, has them on one, and respects NO_COLOR" {
	booted web
	case $(zone list) in *$'\033'*) false ;; esac
	TERM=xterm run script -qec "zone list" /dev/null
	says $'\033['
	TERM=xterm NO_COLOR=1 run script -qec "zone list" /dev/null
	case $output in *$'\033'*) false ;; esac
}

@test "list of 50 zones is quick" {
	zone list >/dev/null
	for i in $(seq 50); do printf '{ "zonename": "z%s" }\n' "$i" >"$ZONES_CONFIG_DIR/z$i.json"; done
	start=$(date +%s%N)
	[ "$(zone list -p | wc -l)" = 50 ]
	[ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ]
	rm -f "$ZONES_CONFIG_DIR"/z*.json
}
