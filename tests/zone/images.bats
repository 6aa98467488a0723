#!/usr/bin/env bats
# zone image and zone install --from oci:, docker-archive:, image: - the honest images and those from an enemy, all made by tests/helper/images.py.
load helper

setup_file() {
	GOOD=$(mktemp -d /var/lib/zones-images.XXXXXX)
	chmod 755 "$GOOD"
	export GOOD
	python3 "${BATS_TEST_DIRNAME}/../helper/images.py" good "$GOOD/good"
}

teardown_file() {
	rm -rf "$GOOD"
}

layers() { # names of the layers in the store
	find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort
}

canary() {
	find "$TOP/canary" -printf '%p %y %s %m %u %g %i %l %T@\n' | sort
	cat "$TOP/canary/victim"
}

linux_zone() { # linux_zone NAME [WORD...]
	local name=$1
	shift
	zone create -t linux "$name" 'anet=[]' "$@"
}

layer_of() { # layer_of IMAGE NUMBER: its directory
	echo "$ZONES_STORAGE_DIR/.layers/$(zone image inspect --json "$1" | jq -r ".layers[$2]")/fs"
}

@test "each hostile image is refused with a sentence and leaves nothing, or is harmless; the canary stays as it was" {
	python3 "$ROOT/tests/helper/images.py" hostile "$TOP/hostile" "$TOP/canary"
	before=$(canary)
	n=0 bad=0
	while IFS=$'\t' read -r from verdict words what; do
		n=$((n + 1))
		problem=
		name=h
		[ "$words" != - ] || words=
		case $from in *docker-name*) name= ;; esac # its own
		run timeout 60 zone image import "$from" $name </dev/null
		[ "$(canary)" = "$before" ] || problem="$problem the canary has changed;"
		if [ "$verdict" = refused ]; then
			[ "$status" -eq 1 ] || problem="$problem status $status;"
			case $output in *"$words"*) ;; *) problem="$problem it said: $output;" ;; esac
			[ "$(zone image list --json)" = "[]" ] || problem="$problem an image is kept;"
			zone image prune
		else
			[ "$status" -eq 0 ] || problem="$problem status $status: $output;"
			top=$(layer_of h -1)
			[ -z "$words" ] || [ -e "$top/$words" ] || problem="$problem $words is missing;"
			[ -z "$(find "$top" -type b)" ] || problem="$problem a device;"
			[ -z "$(getfattr -R --absolute-names -m '^(user|trusted).overlay' "$top" 2>/dev/null)" ] || problem="$problem attributes of the overlay;"
			zone image rm h >/dev/null 2>&1 || problem="$problem cannot be removed;"
		fi
		case $output in *$'\033'*) problem="$problem escapes on the terminal;" ;; esac
		[ -z "$(layers)" ] || problem="$problem layers are left: $(layers);"
		[ -z "$(find "$ZONES_STORAGE_DIR/.images" -mindepth 1 ! -name .lock ! -name _wanted.json)" ] || problem="$problem files are left;"
		[ -z "$problem" ] || { bad=$((bad + 1)); echo "$from ($what):$problem"; }
	done <"$TOP/hostile/expect"
	echo "$n images, $bad bad"
	[ "$n" -ge 85 ]
	[ "$bad" -eq 0 ]
}

@test "three layers become what they mean: whiteouts, opaque directories, hard links across layers, attributes, holes, names" {
	zone image import "oci:$GOOD/good/layout:web"
	linux_zone web
	zone install --from image:layout:web web
	zone boot web
	root=/proc/$(init_pid web)/root
	cd "$root/srv"
	for gone in gone dir null fake-whiteout ../.wh..wh.plnk; do [ ! -e $gone ]; done
	listed() { [ "$(ls "$1" | tr '\n' ' ')" = "$2" ]; }
	listed hidden "c d "
	listed remade "third "
	listed becomes-dir "x y "
	listed late "x "
	listed wh-parent "x "
	listed wh-first "x "
	[ "$(cat becomes-file)" = file ]
	cmp "$root/srv/linked" "$root/srv/also-linked"
	[ "$(stat -c '%a %u' "$root/srv/also-linked")" = "4755 $(stat -c %u "$root/srv/linked")" ]
	[ "$(stat -c '%a %Y' "$root/srv/sticky")" = "1770 1000000000" ] # the second layer put a file into it and did not say what it is
	[ "$(getfattr --absolute-names --only-values -n user.note "$root/srv/attr")" = kept ]
	[ "$(stat -c %b "$root/srv/hole")" -lt 1000 ] && [ "$(stat -c %s "$root/srv/hole")" = 40960001 ]
	[ -e "$root/srv/$(printf 'n%.0s' $(seq 255))" ]
	[ -e "$root/srv/$(seq -f 'd%03g' -s / 0 59)/end" ]
	[ "$(zone exec web cat /srv/becomes-file)" = file ]
	cd /
	base=$(layer_of layout:web 0)
	getcap "$base/srv/cap" | grep -q cap_net_raw=ep
	[ "$(getfattr --absolute-names -e hex --only-values -n system.posix_acl_access "$base/srv/acl" | xxd -p | tr -d '\n')" = 0200000001000600ffffffff020004009210000004000400ffffffff10000400ffffffff20000400ffffffff ]
	[ -z "$(find "$base" -name '*.wh.*' -o -type c)" ]
	[ "$(find "$(layer_of layout:web 1)" -type c -printf '%f %t\n' | sed 's/ .*//' | sort | tr '\n' ' ')" = "dir gone never-there " ]
}

@test "what the image runs is the zone's service, as its user, in its directory; the zone's file wins key by key" {
	run zone image import "oci:$GOOD/good/layout:web" web
	says "1 variables of the image's environment were left out"
	linux_zone web
	zone install --from image:web web
	info() { zone info --json web | jq -r --arg p "$1" '.properties[] | select(.path == $p) | .value + " " + .origin'; }
	[ "$(info service.user)" = "www:www image" ]
	[ "$(info service.cwd)" = "/srv image" ]
	[ "$(info service.stopSignal)" = "SIGINT image" ]
	[ "$(info service.env.GREETING)" = "hello image" ]
	[ "$(info service.restart)" = "on-failure default" ]
	[ "$(info image.exposedPorts)" = '["80/tcp","443/tcp"] image' ]
	[ "$(info image.healthCheck)" = 'test -e /srv/said image' ]
	zone boot web
	said() { [ "$(zone exec web cat /srv/said)" = "$1" ]; }
	wait_for 10 said "hello 33 /srv"
	zone halt web
	zone set web 'service.env.GREETING=goodbye' service.user=root
	[ "$(info service.env.GREETING)" = "goodbye file" ]
	[ "$(info service.env.PATH)" = "/bin image" ]
	[ "$(info service.user)" = "root file" ]
	zone boot web
	wait_for 10 said "goodbye 0 /srv"
}

@test "archives of layouts, docker-archives, both in one, indexes in indexes, sha512: each gives its layers, and equal ones are there once" {
	zone image import "oci:$GOOD/good/layout.tar.gz:web"
	[ "$(layers | wc -l)" = 3 ]
	before=$(find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 -printf '%i\n' | sort)
	zone image import "docker-archive:$GOOD/good/docker.tar"
	zone image import "docker-archive:$GOOD/good/mixed.tar"
	zone image import "oci:$GOOD/good/mixed.tar" mixed
	zone image import "oci:$GOOD/good/multi" multi
	zone image import "oci:$GOOD/good/layout@$(jq -r '.manifests[1].digest' "$GOOD/good/layout/index.json")" by-digest
	[ "$(find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 -printf '%i\n' | sort)" = "$before" ]
	[ "$(zone image list --json | jq -r '[.[] | .name] | join(" ")')" = "by-digest example.org/web:2 example.org/web:3 layout.tar.gz:web mixed multi" ]
	zone image import "oci:$GOOD/good/sha512"
	[ "$(layers | wc -l)" = 5 ]
	fails 1 zone image import "oci:$GOOD/good/layout"
	says "several images"
	[ -z "$(find "$ZONES_STORAGE_DIR/.images" -name '.tmp*')" ]
}

@test "layers stay as long as an image or a zone has them; prune and rm take no other" {
	zone image import "oci:$GOOD/good/layout:web" web
	linux_zone one
	linux_zone two
	zone install --from "oci:$GOOD/good/layout:web" one
	zone install --from image:web two
	[ "$(layers | wc -l)" = 3 ]
	mkdir "$ZONES_STORAGE_DIR/.layers/.new-left" "$ZONES_STORAGE_DIR/.images/.tmp-layer-left" "$ZONES_STORAGE_DIR/.images/.tmp-left" "$ZONES_STORAGE_DIR/.images/.pull-left"
	zone image rm web
	zone image prune
	[ "$(layers | wc -l)" = 3 ]
	[ -z "$(find "$ZONES_STORAGE_DIR/.layers" "$ZONES_STORAGE_DIR/.images" -name '*-left')" ]
	linux_zone three
	fails 1 zone install --from image:web three
	[ "$(state_of three)" = configured ]
	[ ! -e "$ZONES_STORAGE_DIR/three" ]
	zone uninstall -F one
	zone image prune
	[ "$(layers | wc -l)" = 3 ]
	zone uninstall -F two
	[ -z "$(layers)" ]
	fails 1 zone image rm web
	says 'no image "web"'
}

@test "a killed import leaves what prune removes, or what the next one goes on with" {
	python3 - "$TOP" "$ROOT/tests/helper" <<'PY'
import sys
top = sys.argv[1]
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
import images as i
l = i.Layout(top + "/many")
l.write(l.image([(i.tar([i.entry("etc/", i.DIR)] + [i.entry("etc/%d-%d" % (n, k), data=b"x" * 3000) for k in range(400)]), None) for n in range(4)]))
PY
	killed=0 went_on=0
	for ms in $(seq 1 "${ZONES_IMAGE_KILLS:-6}"); do
		zone image import "oci:$TOP/many" many >/dev/null 2>&1 &
		pid=$!
		sleep 0.0$((ms * 7 % 9 + 1))$ms
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || killed=$((killed + 1))
		first=$(find "$ZONES_STORAGE_DIR/.layers" -mindepth 1 -maxdepth 1 -printf '%i ' | sort)
		if [ $((ms % 2)) = 0 ]; then
			zone image import "oci:$TOP/many" many
			for inode in $first; do [ -n "$(find "$ZONES_STORAGE_DIR/.layers" -maxdepth 1 -inum "$inode")" ] && went_on=$((went_on + 1)); done
			[ "$(layers | wc -l)" = 4 ]
			[ "$(find "$ZONES_STORAGE_DIR/.layers" -type f | wc -l)" = 1600 ]
			zone image rm many
		fi
		zone image rm many 2>/dev/null || true
		zone image prune
		[ -z "$(layers)" ]
		[ -z "$(find "$ZONES_STORAGE_DIR/.images" -mindepth 1 ! -name .lock)" ]
	done
	echo "$killed killed, $went_on layers were there already"
}

@test "a killed install is incomplete, and uninstall leaves nothing of it" {
	for ms in 01 03 05 08; do
		linux_zone web
		zone install --from "oci:$GOOD/good/layout:web" web >/dev/null 2>&1 &
		pid=$!
		sleep 0.$ms
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		case $(state_of web) in incomplete | installed | configured) ;; *) state_of web; false ;; esac
		zone uninstall -F web
		zone delete -F web
		zone image prune
		[ ! -e "$ZONES_STORAGE_DIR/web" ]
		[ -z "$(layers)" ]
		[ -z "$(find "$ZONES_STORAGE_DIR/.images" -mindepth 1 ! -name .lock)" ]
	done
}

@test "a layer that unpacks to more than there is room for is stopped before the file system is full" {
	mkdir -m 711 "$TOP/small"
	mount -t tmpfs -o size=24M,mode=711 none "$TOP/small"
	python3 - "$TOP" "$ROOT/tests/helper" <<'PY'
import sys
top = sys.argv[1]
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
import images as i
for n, files in (("one", [i.entry("etc/big", data=bytes(120 << 20))]), ("many", [i.entry("etc/%d" % k, data=bytes(1 << 19)) for k in range(240)])):
    l = i.Layout(top + "/" + n)
    l.write(l.image([(i.tar(files), "gzip")]))
PY
	said=
	for n in one many; do
		ZONES_STORAGE_DIR=$TOP/small run zone image import "oci:$TOP/$n" x
		said="$said$status $output $(df --output=used -k "$TOP/small" | tail -1) "
	done
	umount "$TOP/small"
	[[ $said =~ ^1\ .*left\ on\ the\ file\ system\ +[0-9]{1,3}\ 1\ .*left\ on\ the\ file\ system\ +[0-9]{1,3}\ $ ]] || { echo "$said"; false; }
}

@test "without skopeo a registry's image is refused with the way out; images and their words are completed" {
	if [ ! -x /usr/bin/skopeo ]; then
		fails 1 zone image pull docker.io/library/debian:12
		says "apt-get install skopeo"
	fi
	fails 2 zone image nosuch
	says "list, pull, import, inspect, rm, prune"
	fails 2 zone image import
	zone image import "oci:$GOOD/good/multi" multi
	[ "$(zone __complete -- image p | tr '\n' ' ')" = "pull prune " ]
	[ "$(zone __complete -- image rm m)" = multi ]
	fails 1 zone image inspect mult
	says 'did you mean "multi"?'
	zone create -t isolated nat
	fails 1 zone install --from image:multi nat
	says brand=linux
}
