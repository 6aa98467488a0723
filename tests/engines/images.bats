#!/usr/bin/env bats
# Images between zones and the tools of others: what buildah and podman make becomes a zone, what a zone publishes runs under podman, and what a registry has comes by skopeo.
load helper

setup_file() {
	export PATH=$BUILD:$PATH
	WORK=/var/lib/zones-images.$$.$(date +%s%N) # zones do not lie on tmpfs; podman makes an image's name of it, which has no capitals
	mkdir "$WORK"
	export WORK ZONES_CONFIG_DIR=$WORK/etc ZONES_STORAGE_DIR=$WORK/storage ZONES_RUN_DIR=$WORK/run
	chmod 755 "$WORK"
	printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$TOP/policy.json"
	mkdir -p /etc/containers
	cp "$TOP/policy.json" /etc/containers/policy.json # this mount namespace's own
	sed "s|/usr/local/sbin/zrun|$ZRUN|" "$ROOT/dist/podman/zrun.conf" >"$TOP/containers.conf"
	printf '[containers]\ndefault_ulimits = ["%s", "nproc=4096:4096"]\n' "$ULIMIT" >>"$TOP/containers.conf"
	export CONTAINERS_CONF=$TOP/containers.conf BUILDAH_ISOLATION=oci BUILDAH_RUNTIME=$ZRUN
}

teardown_file() {
	rm -rf --one-file-system "$WORK"
}

teardown() {
	local name
	for name in $(zone list -p -o name 2>/dev/null); do
		zone halt "$name" >/dev/null 2>&1
		zone delete -F "$name" >/dev/null 2>&1
	done
	end_daemon "$TOP/registry.pid"
}

buildah_() {
	timeout 120 buildah --root "$WORK/buildah" --runroot "$TOP/run" --storage-driver vfs "$@"
}

podman_() {
	timeout 120 podman --root "$WORK/podman" --runroot "$TOP/prun" --tmpdir "$TOP/tmp" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"
}

state_of() {
	zone list --json "$1" | jq -r '.[0].state'
}

@test "a Debian image of buildah becomes a zone that boots systemd, twenty clones, a snapshot that comes back, an image again, and runs under podman" {
	. "$ROOT/tests/zone/trees.bash"
	tar=$(debian_tree)
	c=$(buildah_ from scratch)
	buildah_ add "$c" "$tar" / >/dev/null
	buildah_ config --cmd /sbin/init --label maker=us "$c"
	buildah_ run --network none "$c" -- sh -c 'rm /usr/share/doc/apt/copyright; echo second >/etc/second; chmod 4711 /etc/second'
	buildah_ commit --rm "$c" "oci:$WORK/layout:deb" >/dev/null
	zone create -t linux deb 'anet=[]'
	zone install --from "oci:$WORK/layout:deb" deb
	zone boot deb
	wait_for 60 zone exec deb systemctl is-active multi-user.target
	[ "$(zone exec deb stat -c '%a %u' /etc/second)" = "4711 0" ]
	zone exec deb sh -c 'echo third >/etc/third; rm /etc/second; chown 33:33 /etc/third'
	run zone info deb image
	says '"maker":"us"'
	zone shutdown deb
	wait_for 60 test "$(state_of deb)" = installed
	zone publish deb "oci:$WORK/out:1"
	run podman_ run -q --rm --network none "oci:$WORK/out:1" sh -c 'cat /etc/third; stat -c "%U %a" /etc/third /etc; [ -e /etc/second ] || echo gone; [ -e /usr/share/doc/apt/copyright ] || echo gone too'
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says "third"
	says "www-data 644"
	says "root 755"
	says "gone"
	says "gone too"
	# twenty clones that share its bytes; each is a machine of its own
	before=$(du -sk "$WORK/storage" | cut -f1)
	for i in $(seq 20); do zone clone deb "c$i" >/dev/null; done
	[ $(($(du -sk "$WORK/storage" | cut -f1) - before)) -lt 20480 ]
	[ "$(zone list --json | jq -r '[.[] | .uuid] | unique | length')" = 21 ]
	zone boot c7
	zone boot c20
	wait_for 90 zone exec c7 systemctl is-active multi-user.target
	wait_for 90 zone exec c20 systemctl is-active multi-user.target
	[ "$(zone exec c7 cat /etc/machine-id)" != "$(zone exec c20 cat /etc/machine-id)" ]
	[ "$(zone exec c7 cat /etc/third)" = third ]
	# a snapshot of what runs, and back to it
	zone exec c7 sh -c 'echo before >/etc/fourth'
	zone snapshot create c7 good
	zone exec c7 sh -c 'echo after >/etc/fourth; rm /etc/third; echo more >/etc/fifth'
	zone shutdown c7
	zone snapshot rollback c7 good
	zone boot c7
	[ "$(zone exec c7 cat /etc/fourth /etc/third | xargs)" = "before third" ]
	run ! zone exec c7 test -e /etc/fifth
	fails 1 zone exec c20 test -e /etc/fourth
	zone halt c7
	zone publish c7 "oci:$WORK/out:2"
	run podman_ run -q --rm --network none "oci:$WORK/out:2" sh -c 'cat /etc/fourth /etc/third; [ -e /etc/fifth ] || echo not later'
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	says "before"
	says "not later"
}

@test "docker-archive and layout of podman save, and a zone of them with the image's service" {
	image_tree
	c=$(buildah_ from scratch)
	buildah_ add "$c" "$TOP/image" / >/dev/null
	buildah_ config --entrypoint '["/bin/sh","-c","echo $A >/tmp/said; exec sleep 1000"]' --env A=from-the-image --user www --workingdir /tmp --port 80/tcp "$c"
	buildah_ commit --rm --format docker "$c" "docker-archive:$WORK/one.tar:example.org/one:1" >/dev/null
	zone create -t linux one 'anet=[]'
	zone install --from "docker-archive:$WORK/one.tar" one
	zone boot one
	wait_for 10 zone exec one test -s /tmp/said
	[ "$(zone exec one cat /tmp/said)" = from-the-image ]
	podman_ load -i "$WORK/one.tar" >/dev/null 2>&1
	podman_ save --format oci-archive -o "$WORK/one-oci.tar" example.org/one:1 >/dev/null 2>&1
	zone image import "oci:$WORK/one-oci.tar" two
	zone image inspect two
	[ "$(zone image inspect --json two | jq -c '[.service.user,.service.cwd,.exposedPorts]')" = '["www","/tmp",["80/tcp"]]' ]
	[ "$(zone image inspect --json two | jq -r '.layers[0]')" = "$(jq -r '.layers[0]' "$ZONES_STORAGE_DIR/.records/one.json")" ] # there once
	zone image rm two
}

@test "an image of a registry comes by skopeo, and what is there is not fetched again" {
	command -v docker-registry || skip "no docker-registry"
	image_tree
	printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: 127.0.0.1:5055\n' "$WORK/registry" >"$TOP/registry.yml"
	docker-registry serve "$TOP/registry.yml" >"$TOP/registry.log" 2>&1 &
	echo $! >"$TOP/registry.pid"
	mkdir -p /etc/containers/registries.conf.d
	printf '[[registry]]\nlocation = "127.0.0.1:5055"\ninsecure = true\n' >/etc/containers/registries.conf.d/zones-test.conf # this mount namespace's own
	wait_for 20 curl -sf http://127.0.0.1:5055/v2/
	python3 "$ROOT/tests/engines/oci-image.py" "$TOP/image" "$WORK/reg.tar" reg:1
	skopeo copy -q "oci-archive:$WORK/reg.tar" docker://127.0.0.1:5055/bb:1
	zone image pull 127.0.0.1:5055/bb:1
	[ "$(zone image list --json | jq -r '.[0].name')" = 127.0.0.1:5055/bb:1 ]
	zone create -t linux web 'anet=[]' 'service={"command":["/bin/sleep","1000"]}'
	zone install --from docker://127.0.0.1:5055/bb:1 web
	zone boot web
	[ "$(zone exec web sh -c 'echo $PATH')" = /usr/sbin:/usr/bin:/sbin:/bin ]
	[ "$(find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 | wc -l)" = "$(jq '.layers | length' "$ZONES_STORAGE_DIR/.records/web.json")" ]
	run zone image pull 127.0.0.1:5055/nosuch:1
	[ "$status" -eq 1 ]
	says "skopeo cannot copy"
	zone image prune
	zone image rm 127.0.0.1:5055/bb:1
	[ -z "$(find "$ZONES_STORAGE_DIR/.images" -mindepth 1 ! -name .lock)" ]
}
