#!/usr/bin/env bats
# zone create: a new zone is one file, checked as a whole before it is made.
bats_require_minimum_version 1.5.0
load helper

setup_more() {
	zone list >/dev/null # makes the directories
	: >"$TOP/web.json"
	BEFORE=$(store)
}

# Everything in the three directories but the log of acts (zone history keeps refused ones too), with sizes and times of files.
store() {
	find "$ZONES_CONFIG_DIR" "$ZONES_STORAGE_DIR" "$ZONES_RUN_DIR" -name .audit -prune -o -type d -printf '%p\n' -o -printf '%p %s %T@\n' | sort
}

nothing_made() {
	[ "$(store)" = "$BEFORE" ] || {
		echo "the store has changed:"
		diff <(echo "$BEFORE") <(store)
		return 1
	}
}

# refused WORD: what is in $TOP/web.json is refused at a place in the file, with this word, and leaves nothing.
refused() {
	run zone create -f "$TOP/web.json" web
	[ "$status" -eq 1 ] || { echo "status $status: $(head -c 200 "$TOP/web.json")"; echo "$output"; return 1; }
	says "$1"
	[[ $output =~ web.json:[0-9]+:[0-9]+:\  ]] || { echo "no place in: $output"; return 1; }
	nothing_made
}

@test "create alone makes a zone that can be installed and booted" {
	ip link set lo up
	zone create web
	[ "$(state_of web)" = configured ]
	zone install web
	zone boot web
	[ "$(state_of web)" = running ]
	[ "$(zone exec web hostname)" = web ]
}

@test "create writes a file that is one JSON document and says the zone's name" {
	zone create web
	jq -e '.zonename == "web" and .brand == "native" and (.anet | length) == 1' "$ZONES_CONFIG_DIR/web.json"
	[ "$(tail -c 1 "$ZONES_CONFIG_DIR/web.json" | od -An -c | tr -d ' ')" = '\n' ]
	[ "$(stat -c '%U %a' "$ZONES_CONFIG_DIR/web.json")" = "root 600" ] # service.env may hold secrets
}

@test "create says what comes next on a terminal and nothing without one" {
	[ -z "$(zone create web)" ]
	run script -qec "zone create shop" /dev/null
	says "zone install shop"
}

@test "create -f takes a file as it is" {
	printf '{\n  "attr": { "b": "2", "a": "1" },\n\t"zonename": "web"\n}\n' >"$TOP/web.json"
	zone create -f "$TOP/web.json" web
	cmp "$TOP/web.json" "$ZONES_CONFIG_DIR/web.json"
}

@test "create -f - reads standard input" {
	echo '{"zonename": "web", "maxLwps": 77}' | zone create -f - web
	[ "$(jq .maxLwps "$ZONES_CONFIG_DIR/web.json")" = 77 ]
	echo '{"zonename": "shop", "maxLwsp": 77}' >"$TOP/web.json"
	run zone create -f - shop <"$TOP/web.json"
	[ "$status" -eq 1 ]
	says maxLwps
	[ ! -e "$ZONES_CONFIG_DIR/shop.json" ]
}

@test "create -f adds the name to a file without one and refuses another name" {
	echo '{"maxLwps": 77}' >"$TOP/web.json"
	zone create -f "$TOP/web.json" web
	[ "$(jq -r .zonename "$ZONES_CONFIG_DIR/web.json")" = web ]
	[ "$(jq .maxLwps "$ZONES_CONFIG_DIR/web.json")" = 77 ]
	echo '{"zonename": "other"}' >"$TOP/web.json"
	fails 1 zone create -f "$TOP/web.json" shop
	says shop
	[ ! -e "$ZONES_CONFIG_DIR/shop.json" ]
	[ ! -e "$ZONES_CONFIG_DIR/other.json" ]
}

@test "create -f of a file that is not there, a directory or a fifo says so and does not hang" {
	fails 1 zone create -f "$TOP/nosuch.json" web
	says nosuch.json
	fails 1 zone create -f "$TOP" web
	mkfifo "$TOP/pipe"
	run timeout 10 zone create -f "$TOP/pipe" web
	[ "$status" -eq 1 ]
	nothing_made
}

@test "create -t starts from a template: default, linux, isolated" {
	zone create -t default a
	zone create -t linux b
	zone create -t isolated c
	[ "$(jq -r .brand "$ZONES_CONFIG_DIR/a.json")" = native ]
	[ "$(jq -r .brand "$ZONES_CONFIG_DIR/b.json")" = linux ]
	[ "$(jq '.anet | length' "$ZONES_CONFIG_DIR/c.json")" = 0 ]
}

@test "create -t takes the administrator's own templates, also in place of a built-in one" {
	mkdir "$ZONES_CONFIG_DIR/templates"
	echo '{"attr": {"from": "mine"}}' >"$ZONES_CONFIG_DIR/templates/small.json"
	echo '{"attr": {"from": "replaced"}}' >"$ZONES_CONFIG_DIR/templates/default.json"
	zone create -t small a
	zone create b
	[ "$(jq -r .attr.from "$ZONES_CONFIG_DIR/a.json")" = mine ]
	[ "$(jq -r .attr.from "$ZONES_CONFIG_DIR/b.json")" = replaced ]
}

@test "create -t with an unknown template names those that there are" {
	fails 1 zone create -t nosuch web
	says isolated
	for t in ../web /etc/passwd "" "a b"; do
		run zone create -t "$t" web
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ]
	done
	nothing_made
}

@test "create -f and -t together is wrong usage" {
	echo '{}' >"$TOP/web.json"
	fails 2 zone create -f "$TOP/web.json" -t linux web
	nothing_made
}

@test "create takes PATH=VALUE for every kind of property" {
	zone create -t isolated web cpuShares=20 cappedMemory.physical=512M cappedCPU.ncpus=1.5 autoboot=true bootargs="-v quiet" attr.owner=acme attr.a.b=c \
		'fs=[{"dir":"/tmp/x","type":"tmpfs"}]' 'fs[+]={"dir":"/tmp/y","type":"tmpfs"}' 'dns.nameservers=192.0.2.1,192.0.2.2' 'rlimit.nofile=[1024,65536]' \
		'service.command=["/bin/true","a b"]' sysctl.net.ipv4.ip_unprivileged_port_start=0 shutdownTimeout=5s
	jq -e '.cpuShares == 20 and .cappedMemory.physical == "512M" and .cappedCPU.ncpus == 1.5 and .autoboot == true and .bootargs == "-v quiet"
		and .attr.owner == "acme" and .attr["a.b"] == "c" and (.fs | length) == 2 and .fs[1].dir == "/tmp/y"
		and .dns.nameservers == ["192.0.2.1", "192.0.2.2"] and .rlimit.nofile == [1024, 65536] and .service.command[1] == "a b"
		and .sysctl["net.ipv4.ip_unprivileged_port_start"] == "0" and .shutdownTimeout == "5s"' "$ZONES_CONFIG_DIR/web.json"
}

@test "create with PATH=VALUE on top of a file changes only these" {
	echo '{"zonename": "web", "maxLwps": 77, "attr": {"a": "1"}}' >"$TOP/web.json"
	zone create -f "$TOP/web.json" web attr.b=2
	jq -e '.maxLwps == 77 and .attr == {"a": "1", "b": "2"}' "$ZONES_CONFIG_DIR/web.json"
}

@test "create with wrong PATH=VALUE words reports all of them and makes nothing" {
	fails 1 zone create web maxLwps=many cpuShare=20 autoboot=maybe brand=solaris 'anet[0].mtu=1' novalue
	for word in maxLwps cpuShares autoboot brand mtu novalue; do says "$word"; done
	nothing_made
}

@test "create refuses a zone that exists and leaves it byte for byte" {
	zone create web
	sum=$(sha256sum "$ZONES_CONFIG_DIR/web.json")
	fails 1 zone create web maxLwps=3
	says exists
	fails 1 zone create -t linux web
	[ "$(sha256sum "$ZONES_CONFIG_DIR/web.json")" = "$sum" ]
}

@test "wrong names are refused with exit status 1 or 2, and nothing is made" {
	long=$(printf 'a%.0s' {1..64})
	for name in "" . .. ... global -x --web a/b /etc ../a 'a b' $'a\nb' $'a\tb' $'a\001b' 'a:b' 'a*b' 'a=b' 'ä' .hidden _x a. '$(id)' "a'b" 'a\b' "$long" "$long$long$long$long"; do
		run zone create "$name"
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "accepted with $status: '$name'"; false; }
		[ -n "$output" ]
		run zone create -- "$name"
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "accepted with $status behind --: '$name'"; false; }
	done
	nothing_made
}

@test "names with upper case, digits, dots, dashes and 63 characters are fine" {
	for name in A a 0 Web web-1 web_1 a.b 9x "$(printf 'a%.0s' {1..63})"; do
		zone create -t isolated "$name"
		[ "$(state_of "$name")" = configured ]
	done
}

@test "names differ by case" {
	zone create -t isolated web
	zone create -t isolated Web
	[ "$(zone list -p -o name | wc -l)" = 2 ]
}

@test "JSON that is broken in any way is refused at its place and leaves the store as it was" {
	n=0
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		printf '%b' "$line" >"$TOP/web.json"
		refused "" || { echo "document: $line"; false; }
		n=$((n + 1))
	done <<'E'
{
{"zonename": "web"
{"zonename": "web",}
{"zonename" "web"}
{"zonename": "web" "brand": "native"}
{'zonename': 'web'}
{zonename: "web"}
{"zonename": "web"}}
{"zonename": "web"} {}
{"zonename": "web"} x
{"zonename": "web"} // comment
/* comment */ {"zonename": "web"}
{"zonename": "web", "zonename": "web"}
{"zonename": "web", "cappedMemory": {"swap": "1G", "swap": "1G"}}
{"zonename": "web", "attr": {"a": "1", "a": "2"}}
{"zonename": "web", "bootargs": "\xff"}
{"zonename": "web", "bootargs": "\xc0\xaf"}
{"zonename": "web", "bootargs": "\xed\xa0\x80"}
{"zonename": "web", "bootargs": "\xf4\x90\x80\x80"}
{"zonename": "web", "bootargs": "a\\u0000b"}
{"zonename": "web", "bootargs": "\\ud800"}
{"zonename": "web", "bootargs": "\\udc00\\ud800"}
{"zonename": "web", "bootargs": "\\x"}
{"zonename": "web", "bootargs": "a\nb"}
{"zonename": "web", "bootargs": "a\tb"}
{"zonename": "web", "bootargs": "a\\nb"}
{"zonename": "web", "maxLwps": 01}
{"zonename": "web", "maxLwps": +1}
{"zonename": "web", "maxLwps": .5}
{"zonename": "web", "maxLwps": 1.}
{"zonename": "web", "maxLwps": 0x10}
{"zonename": "web", "maxLwps": NaN}
{"zonename": "web", "autoboot": True}
{"zonename": "web"}\v
[]
"web"
null
42
true
E
	[ "$n" -ge 30 ]
}

@test "an empty file, blanks, NUL bytes, a byte order mark, deep nesting and a big file are refused" {
	for text in '' ' \n\t ' '\xef\xbb\xbf{"zonename": "web"}'; do
		printf '%b' "$text" >"$TOP/web.json"
		refused ""
	done
	for text in '\0' '{"zonename": "web"}\0' '{"zonename": "web"}\0{' '{"zonename": "web", "bootargs": "a\0b"}'; do
		printf '%b' "$text" >"$TOP/web.json"
		fails 1 zone create -f "$TOP/web.json" web
		nothing_made
		fails 1 zone create -f - web <"$TOP/web.json"
		nothing_made
	done
	printf '[%.0s' {1..5000} >"$TOP/web.json"
	refused ""
	printf '{"a":%.0s' {1..5000} >"$TOP/web.json"
	refused ""
	{ printf '{"zonename": "web"}'; head -c 2097152 /dev/zero | tr '\0' ' '; } >"$TOP/web.json"
	fails 1 zone create -f "$TOP/web.json" web
	nothing_made
	fails 1 zone create -f - web <"$TOP/web.json"
	nothing_made
	fails 1 zone create -f /dev/zero web
	nothing_made
}

@test "values that are wrong are refused at their place, with the name of the property" {
	n=0
	while IFS='|' read -r word text; do
		[ -n "$word" ] || continue
		printf '{\n  "zonename": "web",\n  %s\n}\n' "$text" >"$TOP/web.json"
		refused "$word" || { echo "text: $text"; false; }
		says "web.json:3:"
		n=$((n + 1))
	done <<'E'
zonename|"x": 1, "zonename": 42
maxLwps|"maxLwsp": 5
anet|"Anet": []
allowedAddress|"anet": [ { "alowedAddress": [] } ]
autoboot|"autoboot": "yes"
autoboot|"autoboot": 1
maxLwps|"maxLwps": "many"
maxLwps|"maxLwps": 1.5
maxLwps|"maxLwps": 1e3
maxLwps|"maxLwps": -1
maxLwps|"maxLwps": 0
maxLwps|"maxLwps": 99999999999999999999999
maxLwps|"maxLwps": true
cpuShares|"cpuShares": 65536
anet|"anet": {}
anet[0]|"anet": [ 1 ]
anet[0]|"anet": [ [] ]
attr|"attr": []
attr.owner|"attr": { "owner": 5 }
brand|"brand": "solaris"
brand|"brand": 5
zonepath|"zonepath": "relative/path"
zonepath|"zonepath": "/a/../b"
zonepath|"zonepath": "/"
hostname|"hostname": "-x"
hostid|"hostid": "0xffffffff"
limitpriv|"limitpriv": "default,sys_module"
limitpriv|"limitpriv": "default,nosuchpriv"
cappedCPU.ncpus|"cappedCPU": { "ncpus": 0 }
cappedCPU.ncpus|"cappedCPU": {}
cappedMemory.physical|"cappedMemory": { "physical": "12Q" }
cappedMemory.physical|"cappedMemory": { "physical": "1K" }
cappedMemory.swap|"cappedMemory": { "physical": "2G", "swap": "1G" }
cappedMemory.locked|"cappedMemory": { "physical": "1G", "locked": "2G" }
allowedAddress[0]|"anet": [ { "allowedAddress": ["10.88.0.300/24"] } ]
allowedAddress[0]|"anet": [ { "allowedAddress": ["10.88.0.2"] } ]
allowedAddress[1]|"anet": [ { "allowedAddress": ["10.88.0.2/24", "10.88.0.2/24"] } ]
linkname|"anet": [ { "linkname": "a" }, { "linkname": "a" } ]
linkname|"anet": [ { "linkname": "averyveryverylongname" } ]
macAddress|"anet": [ { "macAddress": "01:00:00:00:00:01" } ]
defrouter|"anet": [ { "allowedAddress": ["10.88.0.2/24"], "defrouter": ["10.99.0.1"] } ]
linkProtection|"anet": [ { "linkProtection": [] } ]
linkProtection|"anet": [ { "linkProtection": ["none", "restricted"] } ]
mtu|"anet": [ { "allowedAddress": ["fd00::2/64"], "mtu": 1000 } ]
dir|"fs": [ { "type": "tmpfs" } ]
dir|"fs": [ { "dir": "/proc/x", "type": "tmpfs" } ]
special|"fs": [ { "dir": "/a", "type": "lofs" } ]
special|"fs": [ { "dir": "/a", "type": "lofs", "special": "/proc" } ]
options[0]|"fs": [ { "dir": "/a", "type": "tmpfs", "options": ["noexce"] } ]
fs[1].dir|"fs": [ { "dir": "/a", "type": "tmpfs" }, { "dir": "/a", "type": "tmpfs" } ]
device[0].match|"device": [ { "match": "/dev/mem" } ]
device[0].match|"device": [ { "match": "/etc/passwd" } ]
rlimit|"rlimit": { "nofiles": 5 }
rlimit|"rlimit": { "nofile": [5, 4] }
kernel.core_pattern|"sysctl": { "kernel.core_pattern": "|/bin/sh" }
sysctl|"sysctl": { "vm.swappiness": "1" }
sysctl|"sysctl": { "net/../../kernel": "1" }
service.command|"service": {}
service.command|"service": { "command": [] }
service.user|"service": { "command": ["/bin/true"], "user": "70000" }
service.env|"service": { "command": ["/bin/true"], "env": { "A=B": "1" } }
service.stopSignal|"service": { "command": ["/bin/true"], "stopSignal": "NOSUCH" }
shutdownTimeout|"shutdownTimeout": "2d"
restart|"restart": "sometimes"
E
	[ "$n" -ge 40 ]
}

@test "properties that this version does not enforce are refused by name, never ignored" {
	for text in '"autoshutdown": "halt"' '"bootPriority": 5' '"dependency": ["db"]'; do
		printf '{ "zonename": "web", %s }' "$text" >"$TOP/web.json"
		refused "" || { echo "$text"; false; }
	done
}

@test "a misspelt property comes with the right one as a hint" {
	for pair in maxLwsp=maxLwps capedMemory=cappedMemory zonepaht=zonepath autobot=autoboot servce=service; do
		printf '{ "zonename": "web", "%s": 1 }' "${pair%=*}" >"$TOP/web.json"
		refused "\"${pair#*=}\""
	done
}

@test "all errors of a file are reported at once, each with its own line" {
	cat >"$TOP/web.json" <<'E'
{
  "zonename": "web",
  "maxLwsp": 5,
  "autoboot": "yes",
  "anet": [ {
    "allowedAddress": [ "10.88.0.300/24" ],
    "mtu": 7
  } ],
  "cappedMemory": { "physical": "2G", "swap": "1G" },
  "service": { "user": "root" }
}
E
	refused ""
	for place in 3 4 6 7 9 10; do says "web.json:$place:"; done
	[ "$(grep -c 'web.json:[0-9]*:[0-9]*: ' <<<"$output")" -ge 6 ]
}

@test "a file without the zone's name has its errors at their places too" {
	printf '{\n  "maxLwps": 5,\n  "maxLwsp": 5\n}\n' >"$TOP/web.json"
	refused maxLwps
	says "web.json:3:3:"
	printf '{ "maxLwsp": 5 }' >"$TOP/web.json"
	refused maxLwps
	says "web.json:1:3:"
}

@test "columns count characters and point at the value or the name" {
	printf '{ "zonename": "web",\n  "attr": { "ä": "ö" }, "maxLwps": -5 }\n' >"$TOP/web.json"
	run zone create --json -f "$TOP/web.json" web
	[ "$status" -eq 1 ]
	jq -e '.problems | map(select(.path == "maxLwps")) | .[0] | .line == 2 and .column == 36' <<<"$output"
}

@test "a file with very many errors is refused without drowning the reader" {
	{ printf '{ "zonename": "web"'; for i in {1..500}; do printf ',\n"x%s": 1' "$i"; done; printf '}'; } >"$TOP/web.json"
	refused x1
	[ "${#lines[@]}" -le 110 ]
	says more
}

@test "--json reports every error as an object with file, line, column, path, code, message and hint" {
	printf '{\n  "zonename": "web",\n  "maxLwsp": 5,\n  "maxProcesses": "x"\n}\n' >"$TOP/web.json"
	run --separate-stderr zone create --json -f "$TOP/web.json" web
	[ "$status" -eq 1 ]
	jq -e '.ok == false and .code == "EINVAL" and (.error | type) == "string" and (.problems | length) == 2' <<<"$output"
	jq -e '.problems[] | select(.path == "maxLwsp") | .line == 3 and .column == 3 and .code == "unknown-key" and .hint == "maxLwps" and (.message | length) > 0 and (.file | endswith("web.json"))' <<<"$output"
	jq -e '.problems[] | select(.path == "maxProcesses") | .line == 4 and .column == 19' <<<"$output"
	nothing_made
}

@test "--json prints exactly one document, on success and on failure" {
	run --separate-stderr zone create --json web
	[ "$status" -eq 0 ]
	jq -es 'length == 1 and .[0].ok == true and .[0].zone == "web"' <<<"$output"
	run --separate-stderr zone create --json web
	[ "$status" -eq 1 ]
	jq -es 'length == 1 and .[0].ok == false and .[0].code == "EEXIST"' <<<"$output"
	run --separate-stderr zone create --json a/b
	[ "$status" -ne 0 ]
	jq -es 'length == 1 and .[0].ok == false' <<<"$output"
}

@test "five creates of one name at once: one makes it, the others are refused, the file is whole" {
	for i in 1 2 3 4 5; do
		zone create -t isolated web "attr.n=$i" >/dev/null 2>&1 && echo "$i" >>"$TOP/won" &
	done
	wait
	[ "$(wc -l <"$TOP/won")" = 1 ]
	[ "$(jq -r .attr.n "$ZONES_CONFIG_DIR/web.json")" = "$(cat "$TOP/won")" ]
}

@test "create without a name, with an unknown option or as another user than root is refused" {
	fails 2 zone create
	fails 2 zone create --nosuch web
	run setpriv --reuid 65534 --clear-groups zone create web
	[ "$status" -ne 0 ]
	nothing_made
}

@test "create does not follow a symlink in the place of the configuration" {
	ln -s "$TOP/victim" "$ZONES_CONFIG_DIR/web.json"
	run zone create web
	[ ! -e "$TOP/victim" ]
}
