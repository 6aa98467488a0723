#!/usr/bin/env bats
# zone export: the configuration as a document that create reads again, or as an OCI bundle's config.json.
load helper

teardown_more() {
	[ ! -e "$TOP/zrun/zonesexport" ] || timeout 20 zrun --root "$TOP/zrun" delete --force zonesexport
}

@test "export and create make the same zone again" {
	zone create web cpuShares=20 attr.a=b 'fs=[{"dir":"/a","type":"tmpfs","options":["size=1M"]}]' 'rlimit.nofile=[1,2]' service.command='["/bin/true"]' cappedMemory.physical=512M shutdownTimeout=5s
	zone export web | sed 's/"web"/"shop"/' | zone create -f - shop
	diff <(zone export web | jq -S 'del(.zonename)') <(zone export shop | jq -S 'del(.zonename)')
	diff <(zone info --json web | jq -S '[.properties[] | select(.path | IN("zonename", "hostname", "zonepath", "hostid") | not)]') \
		<(zone info --json shop | jq -S '[.properties[] | select(.path | IN("zonename", "hostname", "zonepath", "hostid") | not)]')
}

@test "export says what the file says, no defaults" {
	zone create -t isolated web maxLwps=5
	[ "$(zone export web | jq -cS 'keys')" = "$(jq -cS keys "$ZONES_CONFIG_DIR/web.json")" ] || [ "$(zone export web | jq '.maxLwps')" = 5 ]
	[ "$(zone export web | jq .autoboot)" = null ]
}

@test "export -f writes a file and prints nothing" {
	zone create web
	[ -z "$(zone export -f "$TOP/out.json" web)" ]
	jq -e '.zonename == "web"' "$TOP/out.json"
	fails 1 zone export -f "$TOP/no/such/dir/out.json" web
}

@test "export --oci is a config.json of the runtime specification" {
	zone create web maxLwps=55 cappedMemory.physical=128M cappedCPU.ncpus=0.5 service.command='["/bin/true"]'
	zone install web # which gives it its user ids
	zone export --oci web >"$TOP/config.json"
	/usr/bin/python3 - "$TOP/config.json" <<'P'
import json, sys
c = json.load(open(sys.argv[1]))
assert c["ociVersion"].startswith("1."), c["ociVersion"]
assert c["root"]["path"]
assert c["process"]["args"] and c["process"]["cwd"].startswith("/")
l = c["linux"]
kinds = {n["type"] for n in l["namespaces"]}
assert {"pid", "mount", "uts", "ipc", "network", "user", "cgroup"} <= kinds, kinds
assert sum(m["size"] for m in l["uidMappings"]) >= 65536
assert l["resources"]["pids"]["limit"] == 55
assert l["resources"]["memory"]["limit"] == 128 << 20
cpu = l["resources"]["cpu"]
assert abs(cpu["quota"] / cpu["period"] - 0.5) < 0.01
assert l["seccomp"]["defaultAction"] in ("SCMP_ACT_ERRNO", "SCMP_ACT_KILL")
assert l["maskedPaths"] and l["readonlyPaths"]
caps = set(c["process"]["capabilities"]["bounding"])
assert not caps & {"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_TIME", "CAP_BPF", "CAP_MAC_ADMIN"}, caps
for m in c["mounts"]:
    assert m["destination"].startswith("/"), m
P
}

@test "export --oci follows the file" {
	zone create -t isolated web
	zone export --oci web >"$TOP/a"
	zone set web maxLwps=7 hostname=other.example 'fs=[{"dir":"/scratch","type":"tmpfs"}]'
	zone export --oci web >"$TOP/b"
	[ "$(jq .linux.resources.pids.limit "$TOP/b")" = 7 ]
	[ "$(jq -r .hostname "$TOP/b")" = other.example ]
	[ "$(jq '[.mounts[] | select(.destination == "/scratch")] | length' "$TOP/a")" = 0 ]
	[ "$(jq '[.mounts[] | select(.destination == "/scratch")] | length' "$TOP/b")" = 1 ]
}

@test "export --oci of a linux zone names an init, and works before and after the installation" {
	zone create -t linux deb
	[ "$(zone export --oci deb | jq -r '.process.args[0]')" = /sbin/init ]
	native web
	zone export --oci web | jq -e .ociVersion
}

@test "zrun accepts what export --oci writes" {
	[ -x "$BUILD/zrun" ] || skip "zrun is not built"
	native web service.command='["/bin/true"]'
	mkdir "$TOP/bundle"
	# a terminal would need a console socket; the cgroup of a zone called web may be in use by one of the host's own
	zone export --oci web | jq '.process.terminal = false | .linux.cgroupsPath = "/zrun-export-test"' >"$TOP/bundle/config.json"
	# not through run: the container keeps the output open until it is deleted
	code=0
	timeout 20 zrun --root "$TOP/zrun" create --bundle "$TOP/bundle" zonesexport >"$TOP/out" 2>&1 </dev/null || code=$?
	cat "$TOP/out"
	[ "$code" = 0 ]
	[ "$(zrun --root "$TOP/zrun" state zonesexport | jq -r .status)" = created ]
	timeout 20 zrun --root "$TOP/zrun" delete --force zonesexport
}

@test "export of a broken file, of no zone and of a zone that does not exist" {
	zone create web
	echo '{' >"$ZONES_CONFIG_DIR/web.json"
	fails 1 zone export web
	says web.json
	fails 1 zone export --oci web
	fails 1 zone export nosuch
	fails 2 zone export
}
