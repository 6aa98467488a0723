#!/usr/bin/env bats
# zone schema: the JSON Schema and the parser say the same.
load helper

# check FILE: prints "valid" or "invalid" as the schema has it.
check() {
	/usr/bin/python3 - "$TOP/schema.json" "$1" <<'P'
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
document = json.load(open(sys.argv[2]))
print("valid" if Draft202012Validator(schema).is_valid(document) else "invalid")
P
}

setup_more() {
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
	zone schema >"$TOP/schema.json"
}

@test "the schema is a correct schema of draft 2020-12" {
	/usr/bin/python3 - "$TOP/schema.json" <<'P'
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
Draft202012Validator.check_schema(schema)
P
}

@test "the examples are valid for the schema and for create" {
	for f in "$ROOT"/docs/examples/*.json; do
		[ "$(check "$f")" = valid ] || { echo "$f"; false; }
		zone create -f "$f" "$(jq -r .zonename "$f")"
	done
}

@test "what the templates and export write is valid for the schema" {
	for t in default linux isolated; do
		zone create -t "$t" "z$t" cpuShares=3 cappedMemory.physical=1.5G attr.a=b shutdownTimeout=250ms 'rlimit.nofile=unlimited'
		[ "$(check "$ZONES_CONFIG_DIR/z$t.json")" = valid ]
		zone export "z$t" >"$TOP/out.json"
		[ "$(check "$TOP/out.json")" = valid ]
	done
}

@test "documents with one mistake are invalid for the schema and refused by create" {
	n=0
	while IFS= read -r text; do
		[ -n "$text" ] || continue
		echo "$text" >"$TOP/web.json"
		[ "$(check "$TOP/web.json")" = invalid ] || { echo "the schema accepts $text"; false; }
		fails 1 zone create -f "$TOP/web.json" web
		n=$((n + 1))
	done <<'E'
[]
{"zonename": 5}
{"zonename": "a/b"}
{"zonename": "global"}
{"zonename": "web", "nosuch": 1}
{"zonename": "web", "brand": "solaris"}
{"zonename": "web", "autoboot": "yes"}
{"zonename": "web", "maxLwps": 0}
{"zonename": "web", "maxLwps": 1.5}
{"zonename": "web", "maxLwps": "many"}
{"zonename": "web", "cpuShares": 65536}
{"zonename": "web", "hostid": "12"}
{"zonename": "web", "zonepath": "a"}
{"zonename": "web", "cappedCPU": {}}
{"zonename": "web", "cappedCPU": {"ncpus": "fast"}}
{"zonename": "web", "cappedMemory": {"physical": "12Q"}}
{"zonename": "web", "cappedMemory": {"nosuch": 1}}
{"zonename": "web", "anet": {}}
{"zonename": "web", "anet": [{"nosuch": 1}]}
{"zonename": "web", "anet": [{"linkProtection": ["ip"]}]}
{"zonename": "web", "anet": [{"mtu": 100}]}
{"zonename": "web", "anet": [{"macAddress": "01:00:00:00:00:01"}]}
{"zonename": "web", "anet": [{"allowedAddress": "10.88.0.2/24"}]}
{"zonename": "web", "fs": [{"type": "tmpfs"}]}
{"zonename": "web", "fs": [{"dir": "/proc/a", "type": "tmpfs"}]}
{"zonename": "web", "fs": [{"dir": "/a", "type": "nfs"}]}
{"zonename": "web", "device": [{"match": "/etc/passwd"}]}
{"zonename": "web", "device": [{"match": "/dev/fuse", "access": "x"}]}
{"zonename": "web", "dns": {"nameservers": "192.0.2.1"}}
{"zonename": "web", "service": {"command": []}}
{"zonename": "web", "service": {"command": "/bin/true"}}
{"zonename": "web", "rlimit": {"nofiles": 1}}
{"zonename": "web", "attr": {"a": 1}}
{"zonename": "web", "restart": "sometimes"}
{"zonename": "web", "sysctl": {"nodots": "1"}}
E
	[ "$n" -ge 15 ]
}

@test "documents in every spelling that create takes are valid for the schema" {
	n=0
	while IFS= read -r text; do
		[ -n "$text" ] || continue
		echo "$text" >"$TOP/web.json"
		zone create -f "$TOP/web.json" "z$n" || { echo "create refuses $text"; false; }
		jq --arg z "z$n" '{zonename: $z} + .' "$TOP/web.json" >"$TOP/named.json"
		[ "$(check "$TOP/named.json")" = valid ] || { echo "the schema refuses $text"; false; }
		n=$((n + 1))
	done <<'E'
{}
{"cappedMemory": {"physical": 536870912}}
{"cappedMemory": {"physical": "512M", "swap": "1.5GiB", "locked": 0}}
{"cappedCPU": {"ncpus": 0.5}}
{"cappedCPU": {"ncpus": "1.5"}}
{"shutdownTimeout": 60}
{"shutdownTimeout": "1m"}
{"rlimit": {"nofile": 5, "core": "unlimited", "nproc": [1, "unlimited"]}}
{"anet": [{}]}
{"anet": [{"allowedAddress": ["10.88.0.2/24", "fd00:88::2/64"], "macAddress": "02:08:20:5a:c1:07", "linkProtection": ["none"]}]}
{"anet": [{"vlanId": 0, "configureAllowedAddress": true}], "fileMacProfile": "none", "ipType": "exclusive"}
{"fs": [{"dir": "/a", "type": "lofs", "special": "/srv", "options": ["ro", "nodevices", "rbind"]}, {"dir": "/b", "type": "tmpfs", "options": ["size=50%", "mode=1777"]}]}
{"service": {"command": ["true"], "user": "33:www-data", "env": {"A": ""}, "cwd": "/", "restart": "always", "stopSignal": "RTMIN+3"}}
{"sysctl": {"net.ipv4.ip_forward": "1"}, "attr": {"a/b.c-d": "x"}}
{"limitpriv": "default,!sys_chroot,net_raw", "bootargs": "-v", "hostid": "0x1", "hostname": "a.b"}
{"dns": {"nameservers": ["127.0.0.1", "::1"], "search": ["."], "options": ["ndots:2"]}}
{"device": [{"match": "/dev/fuse"}], "nesting": true, "maxProcesses": 5, "cpuShares": 1, "autoboot": true, "restart": "always"}
E
	[ "$n" -ge 15 ]
}

@test "every property of help is in the schema and the other way round" {
	/usr/bin/python3 - "$TOP/schema.json" <(zone help properties --json) <<'P'
import json, sys
schema = json.load(open(sys.argv[1]))
def resolve(s):
    while "$ref" in s:
        node = schema
        for part in s["$ref"].lstrip("#/").split("/"):
            node = node[part]
        s = node
    return s
have = set()
def walk(s, path):
    s = resolve(s)
    for key, sub in s.get("properties", {}).items():
        here = f"{path}.{key}" if path else key
        sub = resolve(sub)
        have.add(here)
        walk(sub, here)
        if "items" in sub and "properties" in resolve(sub["items"]):
            walk(sub["items"], here + "[]")
walk(schema, "")
listed = {row["path"] for row in json.load(open(sys.argv[2]))}
for key, sub in schema["properties"].items():  # what is refused altogether has no members in the schema
    sub = resolve(sub)
    if not ({"properties", "items"} & sub.keys()):
        listed = {p for p in listed if not p.replace("[]", "").startswith(key + ".")}
plain = lambda p: p.replace("[]", "")
a, b = {plain(p) for p in listed}, {plain(p) for p in have if not p.startswith("rlimit.")}
assert a == b, (a - b, b - a)
P
}

@test "schema needs no root and no directories" {
	cp "$BUILD/zone" "$TOP/zone"
	chmod 755 "$TOP/zone"
	[ "$(setpriv --reuid 65534 --clear-groups "$TOP/zone" schema | jq -r '.["$schema"]')" = https://json-schema.org/draft/2020-12/schema ]
	[ ! -e "$ZONES_CONFIG_DIR" ]
	fails 2 zone schema web
}
