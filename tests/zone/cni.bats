#!/usr/bin/env bats
# lowerLink "cni:NAME": links made by CNI plugins. Debian's own plugins and small scripts that misbehave; everything happens in the test's own network namespace, configurations and the plugins'
# books lie in the test's directory.
load helper

setup_more() {
	[ -x /usr/lib/cni/bridge ] || skip "containernetworking-plugins is not installed"
	mkdir -p "$TOP/net.d" "$TOP/bin" "$TOP/ipam"
	export NETCONFPATH=$TOP/net.d CNI_PATH=$TOP/bin:/usr/lib/cni
	ip link set lo up
	servers=()
}

teardown_more() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
	ip link del cnitest0 2>/dev/null || true
}

# conflist NAME MORE: a bridge with host-local addresses of 10.99.0.0/24, and more plugins (", {...}") behind it.
conflist() {
	cat >"$TOP/net.d/10-$1.conflist" <<J
{ "cniVersion": "${VERSION:-0.4.0}", "name": "$1", "plugins": [
  { "type": "bridge", "bridge": "cnitest0", "isGateway": true, "capabilities": { "ips": true, "mac": true },
    "ipam": { "type": "host-local", "dataDir": "$TOP/ipam",
              "ranges": [ [ { "subnet": "10.99.0.0/24" } ] ], "routes": [ { "dst": "0.0.0.0/0" } ] },
    "dns": { "nameservers": [ "10.99.0.1" ], "search": [ "cluster.test" ] } }$2 ] }
J
}

# plugin NAME: a program of the test, from standard input; what it was called with is written to NAME.log.
plugin() {
	{
		echo '#!/bin/sh'
		echo "echo \"\$CNI_COMMAND \$CNI_CONTAINERID \$CNI_NETNS\" >>$TOP/$1.log"
		echo "[ \"\$CNI_COMMAND\" != VERSION ] || { echo '{\"cniVersion\":\"0.4.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}'; exit 0; }"
		cat
	} >"$TOP/bin/$1"
	chmod 755 "$TOP/bin/$1"
}

anet() { # anet NETWORK MORE
	echo "anet=[{\"linkname\":\"net0\",\"lowerLink\":\"cni:$1\"${2:+,$2}}]"
}

joined() { # joined ZONE NETWORK MORE WORDS...
	zone create "$1" "$(anet "$2" "$3")" "${@:4}"
	zone install "$1"
	zone boot "$1"
}

address() {
	zone list --json "$1" | jq -r '.[0].ip' | sed 's|/.*||'
}

leases() {
	find "$TOP/ipam" -name '10.*' -printf '%f\n' 2>/dev/null | sort
}

# Nothing is left of the zone in the plugins' books, in ours and on the host.
nothing_left() {
	[ -z "$(leases)" ] || { echo "leases: $(leases)"; return 1; }
	[ -z "$(ls "$ZONES_STORAGE_DIR/.cni" 2>/dev/null)" ] || { ls "$ZONES_STORAGE_DIR/.cni"; return 1; }
	wait_for 10 no_veth || { ip -o link; return 1; }
	[ -z "$(nft list tables netdev 2>/dev/null)" ] || { nft list ruleset; return 1; }
}

no_veth() {
	[ -z "$(ip -o link show type veth)" ]
}

@test "bridge and host-local: address, name service, TCP to the host and between zones; halt gives everything back" {
	conflist blue
	joined one blue "" service.command='["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]'
	joined two blue
	[ "$(address one)" = 10.99.0.2 ]
	[ "$(address two)" = 10.99.0.3 ]
	echo page >"$ZONES_STORAGE_DIR/one/root/srv/index.html"
	wait_for 5 curl -sf --max-time 2 http://10.99.0.2:8080/
	wait_for 5 zone exec two busybox wget -qO- http://10.99.0.2:8080/
	busybox httpd -f -p 10.99.0.1:8081 -h "$TOP" & servers+=($!)
	echo host >"$TOP/index.html"
	wait_for 5 zone exec two busybox wget -qO- http://10.99.0.1:8081/
	run zone exec one cat /etc/resolv.conf
	says "nameserver 10.99.0.1"
	says "search cluster.test"
	run zone exec two cat /etc/hosts
	says "10.99.0.2 one"
	[ "$(zone info --live --json one | jq -r '[.. | .bridge? // empty][0]')" = cni:blue ]
	[ "$(zone info --live --json one | jq -r '[.. | .attached? // empty][0]')" = true ]
	run zone list -v
	says "net0 on cni:blue: up, 10.99.0.2/24"
	run zone why one
	[[ "$output" != *link* ]]
	[ "$(leases)" = "10.99.0.2
10.99.0.3" ]
	zone halt one
	[ "$(leases)" = 10.99.0.3 ]
	zone halt two
	nothing_left
}

@test "link protection stands on the plugins' veth: a forged address does not get out" {
	conflist blue
	joined bad blue "" limitpriv=default,net_raw,net_admin
	joined good blue
	run nft list table netdev zones
	says 10.99.0.2
	says mac-nospoof
	wait_for 5 zone exec bad busybox ping -c1 -W1 10.99.0.1
	zone exec bad ip addr add 10.99.0.77/24 dev net0
	fails 1 zone exec bad busybox ping -c1 -W1 -I 10.99.0.77 10.99.0.1
	[ "$(zone info --live --json bad | jq '[.. | .dropped? // empty | ."ip-nospoof"] | add')" -gt 0 ]
	zone exec bad ip link set net0 address 02:00:00:00:99:99
	fails 1 zone exec bad busybox ping -c1 -W1 10.99.0.1
	[ "$(zone info --live --json bad | jq '[.. | .dropped? // empty | ."mac-nospoof"] | add')" -gt 0 ]
	zone halt bad
	zone halt good
	nothing_left
}

@test "ptp, and a plain .conf file" {
	cat >"$TOP/net.d/p.conf" <<J
{ "cniVersion": "0.3.1", "name": "point", "type": "ptp",
  "ipam": { "type": "host-local", "dataDir": "$TOP/ipam", "subnet": "10.98.0.0/24", "routes": [ { "dst": "0.0.0.0/0" } ] } }
J
	joined one point "" service.command='["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]'
	[ "$(address one)" = 10.98.0.2 ]
	wait_for 5 curl -s --max-time 2 http://10.98.0.2:8080/
	zone halt one
	nothing_left
}

@test "a chain: tuning and loopback behind the bridge, version 1.0.0" {
	VERSION=1.0.0 conflist blue ', { "type": "tuning", "sysctl": { "net.core.somaxconn": "77" } }, { "type": "loopback" }'
	joined one blue
	[ "$(address one)" = 10.99.0.2 ]
	[ "$(zone exec one cat /proc/sys/net/core/somaxconn)" = 77 ]
	zone halt one
	nothing_left
}

@test "written addresses and MAC are handed on; a network that takes none is refused" {
	conflist blue
	joined one blue '"allowedAddress":["10.99.0.50/24"],"macAddress":"02:00:00:00:00:50"'
	[ "$(address one)" = 10.99.0.50 ]
	run zone exec one ip link show net0
	says 02:00:00:00:00:50
	zone halt one
	nothing_left
	sed -i 's/"capabilities": { "ips": true, "mac": true },//' "$TOP/net.d/10-blue.conflist"
	fails 1 zone verify one
	says 'declares the capability "ips"'
	zone create two "$(anet blue '"mtu":1400')"
	fails 1 zone verify two
	says "anet[0].mtu"
	says "has no effect"
}

@test "publish goes to the plugins that map ports, and to none that do not; firewall" {
	command -v iptables >/dev/null || skip "no iptables, which portmap uses"
	conflist blue ', { "type": "portmap", "capabilities": { "portMappings": true } }, { "type": "firewall" }'
	joined one blue "" service.command='["/bin/busybox","httpd","-f","-p","8080","-h","/srv"]' 'publish=[{"port":18080,"to":8080,"address":"10.99.0.1"}]'
	echo page >"$ZONES_STORAGE_DIR/one/root/srv/index.html"
	wait_for 5 curl -sf --max-time 2 http://10.99.0.1:18080/
	run iptables -t nat -S
	says "10.99.0.2:8080"
	zone halt one
	[[ "$(iptables -t nat -S)" != *10.99.0.2* ]]
	nothing_left
	conflist blue
	fails 1 zone verify one
	says 'declares the capability "portMappings"'
}

@test "kill -9 of monitor and zone: the next command calls DEL" {
	conflist blue
	joined one blue
	[ "$(leases)" = 10.99.0.2 ]
	init=$(init_pid one)
	monitor=$(jq .monitor "$ZONES_RUN_DIR/one/run.json")
	kill -9 "$monitor" "$init"
	wait_for 5 gone "$init"
	zone boot one
	[ "$(leases)" = 10.99.0.3 ] # and not two of them
	zone reboot one
	[ "$(leases | wc -l)" = 1 ]
	zone halt one
	nothing_left
}

@test "kill -9 of the monitor alone: the zone keeps its link, the new monitor gives it back" {
	conflist blue
	joined one blue
	init=$(init_pid one)
	monitor=$(jq .monitor "$ZONES_RUN_DIR/one/run.json")
	kill -9 "$monitor"
	wait_for 5 gone "$monitor"
	joined two blue
	other=$(init_pid two)
	kill -9 "$(jq .monitor "$ZONES_RUN_DIR/two/run.json")" "$other"
	wait_for 5 gone "$other"
	zone boot two # begins with looking for what others left, and must not touch the living
	[ "$(leases)" = "10.99.0.2
10.99.0.4" ]
	[ "$(init_pid one)" = "$init" ]
	run zone exec one ip -br addr show net0
	says 10.99.0.2
	zone halt one
	[ "$(leases)" = 10.99.0.4 ]
	zone halt two
	nothing_left
}

gone() {
	[ ! -e "/proc/$1" ]
}

@test "kill -9 of the monitor while a plugin works: DEL waits for it and takes back what it did" {
	plugin slow <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		touch "$(dirname "$0")/../slow.begun"
		until [ -e "$(dirname "$0")/../slow.go" ]; do sleep 0.05; done
		touch "$(dirname "$0")/../ipam/10.1.1.1"
		echo '{"cniVersion":"0.4.0"}'
	S
	plugin taker <<-'S'
		[ "$CNI_COMMAND" = ADD ] || rm -f "$(dirname "$0")/../ipam/10.1.1.1"
		cat >/dev/null; echo '{"cniVersion":"0.4.0"}'
	S
	conflist blue ', { "type": "taker" }, { "type": "slow" }'
	zone create one "$(anet blue)"
	zone install one
	zone boot one >/dev/null 2>&1 & boot=$!
	wait_for 10 test -e "$TOP/slow.begun"
	monitor=$(jq .monitor "$ZONES_RUN_DIR/one/run.json")
	kill -9 "$monitor"
	wait "$boot" || true
	[ "$(leases)" = 10.99.0.2 ]
	zone list one & list=$!
	zone halt one >/dev/null 2>&1 & halt=$!
	touch "$TOP/slow.go"
	wait "$list" "$halt" || true
	grep -q "^DEL" "$TOP/slow.log"
	nothing_left
}

# broken NAME: the network blue with this plugin at its end; the zone must not boot, and nothing may be left.
broken() {
	conflist blue ", { \"type\": \"$1\" }"
	zone list -p -o name | grep -qx one || { zone create one "$(anet blue)"; zone install one; }
	fails 1 zone boot one
	says "cni network \"blue\""
	says "plugin \"$1\""
	grep -q "^ADD zone-one-[0-9a-f]* /proc/[0-9]*/fd/[0-9]*$" "$TOP/$1.log"
	grep -q "^DEL .* /proc/" "$TOP/$1.log" # while the namespace is there
	[ "$(state_of one)" = installed ]
	nothing_left
}

@test "a plugin that fails: its words, nothing left, DEL called" {
	plugin bad <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		printf '{"cniVersion":"0.4.0","code":103,"msg":"no port left","details":"ask\\u001b[31m the owner"}'
		exit 1
	S
	broken bad
	says "no port left: ask"
	says "(code 103)"
	[[ "$output" != *$'\033'* ]]
	plugin mute <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		echo "mumble" >&2
		exit 3
	S
	broken mute
	says "ended with status 3"
	says mumble
	plugin killed <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		kill -9 $$
	S
	broken killed
	says "killed by signal 9"
}

@test "a plugin that hangs, floods or prints no JSON" {
	plugin hang <<-S
		[ "\$CNI_COMMAND" = ADD ] || exit 0
		sleep 1000 & echo \$! >$TOP/hang.pid
		wait
	S
	export ZONES_CNI_SECONDS=1
	broken hang
	says "did not end within 1 seconds"
	wait_for 5 gone "$(cat "$TOP/hang.pid")"
	unset ZONES_CNI_SECONDS
	plugin flood <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		exec head -c 100000000 /dev/zero
	S
	broken flood
	says "printed more than"
	plugin prose <<-'S'
		[ "$CNI_COMMAND" = ADD ] || exit 0
		echo "all is well"
	S
	broken prose
	says "printed no JSON"
	plugin silent <<-'S'
		exit 0
	S
	broken silent
	says "printed no result"
}

@test "a DEL that fails keeps no zone from halting; it is called again, and by uninstall at the latest" {
	plugin sticky <<-S
		cat >$TOP/sticky.in
		if [ "\$CNI_COMMAND" = ADD ]; then jq .prevResult $TOP/sticky.in; exit 0; fi
		[ ! -e $TOP/stuck ] || { echo '{"code":11,"msg":"later"}'; exit 1; }
	S
	conflist blue ', { "type": "sticky" }'
	joined one blue
	touch "$TOP/stuck"
	zone halt one
	[ "$(state_of one)" = installed ]
	[ "$(leases)" = 10.99.0.2 ]
	fails 1 zone boot one
	says later
	rm "$TOP/stuck"
	zone boot one
	[ "$(leases)" = 10.99.0.3 ]
	touch "$TOP/stuck"
	zone halt one
	jq -e '.prevResult.ips[0].address == "10.99.0.3/24"' "$TOP/sticky.in"
	fails 1 zone uninstall -F one
	says later
	says .cni/one.0.json
	rm "$TOP/stuck"
	zone uninstall -F one
	nothing_left
}

@test "verify: unknown network, missing program, wrong version, hostile type, foreign file" {
	conflist blue
	conflist green
	zone create one "$(anet red)"
	fails 1 zone verify one
	says 'no network "red"'
	says "blue, green"
	zone set one "$(anet blue)"
	zone verify one
	[ -z "$(leases)" ]
	conflist blue ', { "type": "../../bin/sh" }'
	fails 1 zone verify one
	says 'is not the name of a program'
	conflist blue ', { "type": "nosuch" }'
	fails 1 zone verify one
	says 'no program "nosuch"'
	VERSION=9.9.9 conflist blue
	fails 1 zone verify one
	says "9.9.9"
	VERSION=1.1.0 conflist blue
	fails 1 zone verify one
	says "does not support cniVersion 1.1.0"
	conflist blue
	chmod 666 "$TOP/net.d/10-blue.conflist"
	fails 1 zone verify one
	says "can be written by others"
	echo '{' >"$TOP/net.d/10-blue.conflist"
	fails 1 zone verify one
	says "10-blue.conflist"
	fails 1 zone create two "$(anet "../x")"
}

@test "a link without an end on the host needs linkProtection none" {
	plugin inside <<-'S'
		if [ "$CNI_COMMAND" = ADD ]; then
			nsenter --net="$CNI_NETNS" ip link add net0 type bridge && nsenter --net="$CNI_NETNS" ip link set net0 up
			echo '{"cniVersion":"0.4.0","interfaces":[{"name":"net0","sandbox":"'"$CNI_NETNS"'"}],"ips":[{"version":"4","address":"10.97.0.2/24","interface":0}]}'
		fi
	S
	echo '{"cniVersion":"0.4.0","name":"in","plugins":[{"type":"inside"}]}' >"$TOP/net.d/in.conflist"
	zone create one "$(anet in)"
	zone install one
	fails 1 zone boot one
	says "without a veth end on the host"
	grep -q "^DEL .*/proc/" "$TOP/inside.log"
	nothing_left
	zone set one "$(anet in '"linkProtection":["none"]')"
	zone boot one
	[ "$(address one)" = 10.97.0.2 ]
	zone halt one
	nothing_left
	echo '{"cniVersion":"0.4.0","name":"mac","plugins":[{"type":"macvlan","master":"lo"}]}' >"$TOP/net.d/mac.conflist"
	zone create two "$(anet mac)"
	fails 1 zone verify two
	says "has no end on the host"
}

@test "plugins get a clean environment, no descriptors but the lock, and the zone's namespace" {
	plugin spy <<-S
		[ "\$CNI_COMMAND" = ADD ] || exit 0
		env | sort >$TOP/spy.env
		ls -l /proc/self/fd >$TOP/spy.fd
		nsenter --net="\$CNI_NETNS" ip -o link >$TOP/spy.links
		jq .prevResult
	S
	conflist blue ', { "type": "spy" }'
	SECRET=1 LD_PRELOAD="" joined one blue
	run cat "$TOP/spy.env"
	[[ "$output" != *SECRET* ]]
	[[ "$output" != *LD_PRELOAD* ]]
	says CNI_IFNAME=net0
	says CNI_ARGS=IgnoreUnknown=1
	[ "$(grep -c ' -> ' "$TOP/spy.fd")" -le 5 ] # 0 1 2, the lock, and the one that ls reads the folder with
	grep -q net0 "$TOP/spy.links"
	[ "$(stat -c %a "$ZONES_STORAGE_DIR/.cni")" = 700 ]
}

@test "zone apply: a link beside that of a CNI network changes, comes and goes; that one stays as it is, and waits for a boot" {
	conflist test
	zone create web 'anet=[{"linkname":"net0","lowerLink":"cni:test"},{"linkname":"lan"}]'
	zone install web
	zone boot web
	had=$(address web)
	chains=$(nft list table netdev zones | grep -c 'chain ')
	zone set web 'anet[1].mtu=1400' 'publish=[{"port":8080,"to":80}]'
	zone add web anet linkname=more
	run zone apply web
	[ "$status" = 0 ]
	[ "$(zone list --json web | jq -r '.[0].pending')" = false ]
	[ "$(zone info --live --json web | jq -r '[.live.network.links[] | .name, .present, .mtu] | join(" ")')" = "net0 true 1500 lan true 1400 more true 1500" ]
	[ "$(address web)" = "$had" ]
	[ "$(leases)" = "$had" ]
	[ "$(nft list table netdev zones | grep -c 'chain ')" = $((chains + 1)) ]
	zone exec web grep -q "^$had web" /etc/hosts
	zone set web 'anet[0].linkProtection=["mac-nospoof"]' 'anet[1].mtu=1300' 'dns.search=["x.test"]'
	run zone apply web
	[ "$status" = 0 ]
	says "CNI network"
	[ "$(zone list --json web | jq -r '.[0].pending')" = true ]
	[ "$(zone info --live --json web | jq -r '[.live.network.links[].mtu] | join(" ")')" = "1500 1400 1500" ]
	zone halt web
	nothing_left
}
