#!/usr/bin/env bats
# zone publish: a zone as an OCI image. That Podman runs it is tests/engines/images.bats.
load helper

tree() { # a root with everything that an image can carry
	mkdir -p "$1"/{bin,etc/ssh,srv,tmp}
	cp /bin/busybox "$1/bin/"
	for name in sh cat sleep id true; do ln -s busybox "$1/bin/$name"; done
	printf 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n' >"$1/etc/passwd"
	printf 'www:x:33:\n' >"$1/etc/group"
	chmod 1777 "$1/tmp"
	echo data >"$1/srv/a"
	ln "$1/srv/a" "$1/srv/b"
	ln -s /etc/passwd "$1/srv/link"
	mkfifo "$1/srv/fifo"
	truncate -s 40M "$1/srv/hole" && echo end >>"$1/srv/hole"
	touch "$1/srv/$(printf 'n%.0s' $(seq 255))" "$1/srv/a b" "$1/srv/"$'line\nbreak' "$1/srv/Főtanúsítvány"
	echo secret >"$1/etc/ssh/ssh_host_rsa_key"
	cp /bin/true "$1/srv/cap" && setcap cap_net_raw=ep "$1/srv/cap"
	setfattr -n user.note -v kept "$1/srv/a"
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004009210000004000400ffffffff10000400ffffffff20000400ffffffff "$1/srv/link2" 2>/dev/null || true
	chown -R 33:33 "$1/srv"
	setcap cap_net_raw=ep "$1/srv/cap"
	chmod 4755 "$1/srv/b"
}

zone_of_tree() { # zone_of_tree NAME
	tree "$TOP/tree"
	zone create -t linux "$1" 'anet=[]' 'service={"command":["/bin/sh","-c","exec sleep 1000"],"user":"www","cwd":"/srv","env":{"A":"b"},"stopSignal":"INT"}'
	zone install --from "$TOP/tree" "$1"
}

facts() { # facts DIR: everything about the files in it
	(cd "$1" && find . -printf '%p %y %m %U %G %s %l %n\n' | grep -v -e '^\. ' -e '^\./srv d' | sort)
	getfattr -R --absolute-names -m - -d -e hex "$1" | sed "s|$1||"
}

@test "what is published can be installed again and is the same: owners, modes, links, attributes, capabilities, holes, names" {
	zone_of_tree web
	run zone publish web "oci:$TOP/out:v1"
	[ "$status" -eq 0 ]
	says "the image is sha256:"
	jq -e '.manifests[0].annotations["org.opencontainers.image.ref.name"] == "v1"' "$TOP/out/index.json"
	zone create -t linux two 'anet=[]'
	zone install --from "oci:$TOP/out:v1" two
	layer=$ZONES_STORAGE_DIR/.layers/$(ls "$ZONES_STORAGE_DIR/.layers")/fs
	[ ! -e "$layer/etc/ssh/ssh_host_rsa_key" ] # what machines must not have in common
	rm "$ZONES_STORAGE_DIR/web/root/etc/ssh/ssh_host_rsa_key"
	diff <(facts "$ZONES_STORAGE_DIR/web/root") <(facts "$layer")
	[ "$(stat -c %b "$layer/srv/hole")" -lt 100 ]
	[ "$(zone info --json two | jq -r '.properties[] | select(.path == "service.command" or .path == "service.user" or .path == "service.stopSignal" or .path == "service.env.A") | .value + " " + .origin' | tr '\n' ' ')" = '["/bin/sh","-c","exec sleep 1000"] image www image b image SIGINT image ' ]
	zone boot two
}

@test "the same root gives the same bytes; a tag is replaced, others stay; nothing is published over what is no layout" {
	zone_of_tree web
	export SOURCE_DATE_EPOCH=1700000000
	zone publish web "oci:$TOP/a"
	touch -d @1900000000 "$ZONES_STORAGE_DIR/web/root/srv/a" # later than the epoch, as all are
	zone publish web "oci:$TOP/b"
	diff -r "$TOP/a" "$TOP/b"
	zone publish web "oci:$TOP/a:other"
	zone publish web "oci:$TOP/a:other"
	[ "$(jq -r '.manifests | length' "$TOP/a/index.json")" = 2 ]
	mkdir -p "$TOP/c/blobs"
	fails 1 zone publish web "oci:$TOP/c"
	says "no image layout"
	fails 1 zone publish web "$TOP/d"
	says "oci:DIR"
	fails 1 zone publish web "oci:$TOP/d:a b"
	[ ! -e "$TOP/d" ]
	SOURCE_DATE_EPOCH=x fails 1 zone publish web "oci:$TOP/d"
	[ ! -e "$TOP/d" ]
}

@test "the layer is compressed as asked: media type, digest and diff_id are true, nothing in it tells of the day, and each can be installed" {
	zone_of_tree web
	export SOURCE_DATE_EPOCH=1700000000
	for how in gzip zstd none; do
		out=$TOP/$how
		case $how in gzip) zone publish web "oci:$out" ;; *) zone publish --compress $how web "oci:$out" ;; esac
		manifest=$out/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$out/index.json")
		layer=$(jq -r '.layers[0].digest[7:]' "$manifest")
		[ "$(sha256sum <"$out/blobs/sha256/$layer")" = "$layer  -" ]
		[ "$(stat -c %s "$out/blobs/sha256/$layer")" = "$(jq '.layers[0].size' "$manifest")" ]
		case $how in gzip) plain="gzip -dc" media=+gzip ;; zstd) plain="zstd -dqc" media=+zstd ;; none) plain=cat media= ;; esac
		[ "$(jq -r '.layers[0].mediaType' "$manifest")" = "application/vnd.oci.image.layer.v1.tar$media" ]
		diff_id=$(jq -r '.rootfs.diff_ids[0][7:]' "$out/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")")
		[ "$($plain <"$out/blobs/sha256/$layer" | sha256sum)" = "$diff_id  -" ]
		ids+=" $diff_id"
		zone create -t linux "of-$how" 'anet=[]'
		zone install --from "oci:$out" "of-$how"
	done
	[ "$(tr ' ' '\n' <<<"$ids" | grep . | sort -u | wc -l)" = 1 ] # so that zones share it
	[ "$(find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
	sleep 1.1
	zone publish web "oci:$TOP/again"
	diff -r "$TOP/gzip" "$TOP/again"
	fails 1 zone publish -c lzma web "oci:$TOP/bad"
	says "gzip, zstd, none"
	[ ! -e "$TOP/bad" ]
}

@test "a zone that runs is refused, a frozen one is not; a zone on the host's /usr is refused" {
	zone_of_tree web
	zone boot web
	fails 1 zone publish web "oci:$TOP/out"
	says "zone halt web"
	zone freeze web
	zone publish web "oci:$TOP/out"
	zone thaw web
	native nat
	fails 1 zone publish nat "oci:$TOP/out2"
	says "is the host's"
}

@test "what a tenant makes of its root does not lead outside, and does not make the image endless" {
	zone_of_tree web
	root=$ZONES_STORAGE_DIR/web/root
	mkdir "$TOP/secret"
	echo secret >"$TOP/secret/file"
	ln -s "$TOP/secret" "$root/srv/out"
	ln -s . "$root/srv/self"
	mknod "$root/srv/disk" b 7 0
	python3 -c 'import socket,os; os.chdir("'"$root"'/srv"); socket.socket(socket.AF_UNIX).bind("s")'
	run zone publish web "oci:$TOP/out"
	[ "$status" -eq 0 ]
	says "1 device nodes"
	says "1 sockets"
	layer=$(jq -r .layers[0].digest "$TOP/out/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$TOP/out/index.json")")
	tar -tvf "$TOP/out/blobs/sha256/${layer#sha256:}" >"$TOP/list"
	[ "$(grep -c secret "$TOP/list")" = 1 ] # the symlink itself
	truncate -s 15T "$root/srv/endless"
	fails 1 timeout 20 zone publish web "oci:$TOP/out2"
	says "/srv/endless"
	says holes
	[ ! -e "$TOP/out2/index.json" ]
	rm "$root/srv/endless"
	truncate -s 64G "$root/srv/more" # beside the holes that came before
	fails 1 timeout 20 zone publish web "oci:$TOP/out2"
	says "/srv/more"
	says holes
}

@test "who publishes into a layout waits for others who do" {
	zone_of_tree web
	zone publish web "oci:$TOP/out:one"
	exec 9<"$TOP/out"
	flock 9
	zone publish web "oci:$TOP/out:two" 3>&- 9>&- &
	pid=$!
	sleep 1
	[ "$(jq '.manifests | length' "$TOP/out/index.json")" = 1 ]
	flock -u 9
	exec 9<&-
	wait "$pid"
	[ "$(jq '.manifests | length' "$TOP/out/index.json")" = 2 ]
	mkdir "$TOP/begun" # by one who was killed
	echo '{}' >"$TOP/begun/oci-layout"
	zone publish web "oci:$TOP/begun:one"
}

@test "--debootstrap runs mmdebstrap with the host's mirror and takes what it made as any archive" {
	[ -x /usr/bin/mmdebstrap ] || skip "no mmdebstrap"
	tree "$TOP/tree"
	mkdir "$TOP/tree/dev"
	mknod "$TOP/tree/dev/null" c 1 3
	cat >"$TOP/fake" <<'FAKE'
#!/bin/sh
printf '%s\n' "$@" >"$TOP/arguments"
[ "$FAKE" != fail ] || { echo "E: no such suite" >&2; exit 25; }
for last; do case $last in *.tar) tar -C "$TOP/tree" -cf "$last" . ;; esac; done
FAKE
	chmod 755 "$TOP/fake"
	zone create -t linux deb 'anet=[]'
	export TOP
	with() { FAKE=$1 unshare -m sh -ec 'mount --bind "$TOP/fake" /usr/bin/mmdebstrap; shift; exec "$@"' sh "$@"; }
	fails 1 with fail zone install --debootstrap nosuch deb
	says "mmdebstrap ended with 25: E: no such suite"
	[ "$(state_of deb)" = configured ]
	fails 1 with good zone install --debootstrap --hook=x deb
	says "cannot be a suite"
	fails 1 with good zone install --debootstrap bookworm --from "$TOP/tree" deb
	run with good zone install --debootstrap bookworm deb
	[ "$status" -eq 0 ]
	says "1 device nodes were left out"
	[ "$(stat -c '%a %u' "$ZONES_STORAGE_DIR/deb/root/srv/b")" = "4755 33" ]
	grep -qx bookworm "$TOP/arguments"
	grep -q '^https\?://' "$TOP/arguments"
	[ -z "$(find "$ZONES_STORAGE_DIR/.images" -mindepth 1 ! -name .lock)" ]
	native nat
	zone create -t isolated nat2
	fails 1 zone install --debootstrap bookworm nat2
	says brand=linux
}

@test "a layout in a folder of a user's leads root nowhere else: neither its own links nor those above it" {
	zone_of_tree web
	mkdir -p "$TOP/shut/roots" "$TOP/users/one" "$TOP/users/two/blobs" "$TOP/users/three"
	echo '{"manifests":[{"digest":"sha256:0","annotations":{"secret":"of root"}}]}' >"$TOP/shut/index"
	for name in one two three; do echo '{"imageLayoutVersion":"1.0.0"}' >"$TOP/users/$name/oci-layout"; done
	ln -s "$TOP/shut/roots" "$TOP/users/one/blobs"
	ln -s "$TOP/shut/roots" "$TOP/users/two/blobs/sha256"
	ln -s "$TOP/shut/index" "$TOP/users/three/index.json"
	ln -s "$TOP/shut/roots" "$TOP/users/four"
	chown -hR 1234:1235 "$TOP/users"
	fails 1 zone publish web "oci:$TOP/users/one"
	fails 1 zone publish web "oci:$TOP/users/two"
	zone publish web "oci:$TOP/users/three" || true
	run grep secret "$TOP/users/three/index.json"
	[ ! -f "$TOP/users/three/index.json" ] || [ -L "$TOP/users/three/index.json" ] || [ "$status" -ne 0 ]
	fails 1 zone publish web "oci:$TOP/users/four"
	fails 1 zone publish web "oci:$TOP/users/four/new/layout"
	[ -z "$(ls -A "$TOP/shut/roots")" ]
	# from where one stands, and what has to be made
	(cd "$TOP/users" && zone publish web oci:new/layout)
	[ -e "$TOP/users/new/layout/index.json" ]
}
