#!/usr/bin/env bats
# zone verify: the configuration against this host.
bats_require_minimum_version 1.5.0
load helper

# problem PATH: verify --json of the zone web has a problem there.
problem() {
	run --separate-stderr zone verify --json web
	[ "$status" -eq 1 ]
	jq -e --arg p "$1" '.ok == false and (.problems | any(.path == $p and (.message | length) > 0))' <<<"$output" || { echo "$output"; return 1; }
}

@test "verify of a new zone finds nothing, in every state" {
	zone create web
	zone verify web
	zone install web
	zone verify web
	zone boot web
	zone verify web
	run --separate-stderr zone verify --json web
	jq -e '.ok == true and .zone == "web"' <<<"$output"
}

@test "verify changes nothing" {
	zone create web
	before=$(find "$TOP" -type f -printf '%p %s %T@\n' | sort; ip -o link; nft list tables)
	zone verify web
	[ "$(find "$TOP" -type f -printf '%p %s %T@\n' | sort; ip -o link; nft list tables)" = "$before" ]
}

@test "verify finds a directory and a device of the host that are missing, all in one go" {
	zone create -t isolated web
	zone add web fs dir=/a special="$TOP/nosuch" type=lofs
	zone add web device match=/dev/nosuch
	problem 'fs[0].special'
	problem 'device[0].match'
	fails 1 zone verify web
	says nosuch
	[ "${#lines[@]}" -ge 2 ]
}

@test "verify finds what is not a device and what is neither a directory nor a file" {
	zone create -t isolated web
	mkfifo "$TOP/pipe"
	zone add web fs dir=/a special="$TOP/pipe" type=lofs
	zone add web device match=/dev/pts
	problem 'fs[0].special'
	problem 'device[0].match'
}

@test "verify finds a link of the host that is missing or is no bridge" {
	zone create web 'anet[0].lowerLink=nosuch0' 'anet[0].allowedAddress=192.0.2.2/24'
	problem 'anet[0].lowerLink'
}

@test "verify finds an address that the host has itself" {
	ip link add zvbr type bridge
	ip addr add 192.0.2.1/24 dev zvbr
	ip link set zvbr up
	zone create web 'anet[0].lowerLink=zvbr' 'anet[0].allowedAddress=192.0.2.1/24'
	run --separate-stderr zone verify --json web
	ip link del zvbr
	[ "$status" -eq 1 ]
	jq -e '.problems | any(.path | startswith("anet[0].allowedAddress"))' <<<"$output"
}

@test "verify finds a zonepath that others can write to, that is a symlink or that belongs to another zone" {
	mkdir -m 777 "$TOP/open"
	zone create -t isolated web zonepath="$TOP/open/web"
	problem zonepath
	mkdir -m 700 "$TOP/real"
	ln -s real "$TOP/link"
	zone set web zonepath="$TOP/link"
	problem zonepath
	native other
	zone set web zonepath="$ZONES_STORAGE_DIR/other"
	problem zonepath
}

@test "verify of a broken file gives every mistake with its place" {
	zone create web
	printf '{\n "zonename": "web",\n "maxLwsp": 1,\n "autoboot": 3\n}\n' >"$ZONES_CONFIG_DIR/web.json"
	fails 1 zone verify web
	says "web.json:3:"
	says "web.json:4:"
	run --separate-stderr zone verify --json web
	jq -e '.problems | length == 2 and all(.line > 0 and .column > 0)' <<<"$output"
}

@test "verify of a file whose name is not the zone's says so" {
	zone create -t isolated web
	sed 's/"web"/"shop"/' "$ZONES_CONFIG_DIR/web.json" >"$ZONES_CONFIG_DIR/other.json"
	fails 1 zone verify other
	says shop
	rm "$ZONES_CONFIG_DIR/other.json"
}

@test "what verify refuses, install and boot refuse for the same reason" {
	zone create -t isolated web
	zone add web fs dir=/a special="$TOP/nosuch" type=lofs
	fails 1 zone install web
	says nosuch
	[ "$(state_of web)" = configured ]
	zone remove web 'fs[0]'
	zone install web
	zone add web fs dir=/a special="$TOP/nosuch" type=lofs
	fails 1 zone boot web
	says nosuch
	[ "$(state_of web)" = installed ]
}

@test "verify finds a brand and a zonepath that were changed after the installation" {
	native web
	zone set web zonepath="$TOP/elsewhere"
	problem zonepath
	zone clear web zonepath
	zone set web brand=linux
	problem brand
}

@test "verify of a zone that does not exist, and without a name" {
	fails 1 zone verify nosuch
	says nosuch
	fails 2 zone verify
}

@test "boot arguments that nothing in the zone would take are refused, in the file and in the command" {
	native web
	zone set web 'bootargs=-v quiet'
	problem bootargs
	fails 1 zone boot web
	says "nothing in the zone takes boot arguments"
	zone clear web bootargs
	fails 1 zone boot web -- -v
	says "nothing in the zone takes boot arguments"
	[ "$(state_of web)" = installed ]
	zone set web 'service={"command":["/bin/sh","-c","echo got $0 $1 > /var/tmp/got; sleep 1000"]}' bootargs='-v quiet'
	zone verify web
	zone boot web
	wait_for 10 grep -qx 'got -v quiet' "$ZONES_STORAGE_DIR/web/root/var/tmp/got"
}

@test "a device that no zone can have is refused under every name of its node, by verify and by boot" {
	native web
	# names of ours in /dev/shm, which only this mount namespace sees
	cat >"$TOP/try" <<'T'
mount -t tmpfs none /dev/shm
for minor in 1 2 4 11; do
	rm -f /dev/shm/other
	mknod /dev/shm/other c 1 $minor
	ln -sfn other /dev/shm/link
	for name in other link; do
		zone set web "device=[{\"match\":\"/dev/shm/$name\"}]"
		! zone verify web || exit 10
		! zone boot web || exit 11
	done
done
rm -f /dev/shm/other
mknod /dev/shm/other c 1 5
zone set web 'device=[{"match":"/dev/shm/other"}]'
zone verify web
T
	run unshare --mount --propagation private sh -e "$TOP/try"
	echo "$status: $output"
	[ "$status" -eq 0 ]
	[ "$(grep -c "a zone can never have" <<<"$output")" -ge 16 ]
}
