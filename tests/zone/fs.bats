#!/usr/bin/env bats
# "fs" of every kind: images through loop devices, overlays, owners of lofs; live; hostile images, places and moments.
load helper

setup_more() {
	mkdir -p "$TOP/img" "$TOP/shut/tree/sub"
	echo content >"$TOP/shut/tree/sub/file"
	chown 33:34 "$TOP/shut/tree/sub/file"
	cp "$(command -v id)" "$TOP/shut/tree/id"
	chmod 4755 "$TOP/shut/tree/id"
	mknod "$TOP/shut/tree/null" c 1 3
	chmod 666 "$TOP/shut/tree/null"
}

teardown_more() {
	loops_gone || { losetup -l; return 1; }
}

loops() { # how many of ours
	losetup -ln -O BACK-FILE | grep -c "^ *$TOP/" || true
}
dead() { # ended, reaped or not
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}
loops_gone() { wait_for 5 eval '[ "$(loops)" = 0 ]'; }

known() { # is this file system in the kernel?
	grep -qw "$1" /proc/filesystems || { modprobe -q "$1" && grep -qw "$1" /proc/filesystems; }
}

# image TYPE [FILE]: a file system of that type, from $TOP/shut/tree where its tool can do that. 1: the kernel does not know it.
image() {
	local file=${2:-$TOP/img/$1}
	known "$1" || return 1
	case $1 in
	ext4) truncate -s 16M "$file" && mke2fs -q -t ext4 -d "$TOP/shut/tree" "$file" ;;
	xfs) truncate -s 300M "$file" && mkfs.xfs -q "$file" ;;
	btrfs) truncate -s 120M "$file" && mkfs.btrfs -q -r "$TOP/shut/tree" "$file" ;;
	squashfs) mksquashfs "$TOP/shut/tree" "$file" -quiet -no-progress >/dev/null ;;
	erofs) mkfs.erofs --quiet "$file" "$TOP/shut/tree" ;;
	esac
}

# How one is mounted in zone z: options and file system of its line in mountinfo.
mounted() {
	zone exec z sh -c 'while read -r _ _ _ _ at how rest; do [ "$at" != "$1" ] || echo "$how ${rest#* }"; done </proc/self/mountinfo' sh "$1"
}

@test "images of every kind: content, owners, options that root inside cannot take back, no device left" {
	zone create -t isolated z limitpriv=default,sys_admin
	kinds=
	for type in ext4 xfs btrfs squashfs erofs; do
		image $type || continue
		kinds+=" $type"
		zone add z fs "dir=/m/$type" "type=$type" "special=$TOP/img/$type"
	done
	[ -n "$kinds" ] || skip "this kernel knows none of them"
	zone verify z
	zone install z
	zone boot z
	[ "$(loops)" = "$(wc -w <<<"$kinds")" ]
	for type in $kinds; do
		at=/m/$type
		run mounted $at
		says nosuid
		says nodev
		says idmapped
		case $type in
		squashfs | erofs) says ro, && run zone exec z touch $at/x && [ "$status" -ne 0 ] ;;
		*) zone exec z sh -c "echo x >$at/x && [ \$(stat -c %u:%g $at/x) = 0:0 ]" ;;
		esac
		[ $type = xfs ] || {
			[ "$(zone exec z stat -c %u:%g $at/sub/file)" = 33:34 ]
			[ "$(zone exec z cat $at/sub/file)" = content ]
			run zone exec z sh -c "echo >$at/null"
			[ "$status" -ne 0 ]
			[ "$(zone exec -l www-data z $at/id -u)" = 33 ]
		}
		for o in dev suid rw,nosuid,nodev; do
			case $type/$o in ext4/rw* | xfs/rw* | btrfs/rw*) continue ;; esac
			run zone exec z mount -o "remount,bind,$o" $at
			[ "$status" -ne 0 ]
		done
	done
	zone halt z
	loops_gone
	zone boot z
	! known ext4 || [ "$(zone exec z cat /m/ext4/x)" = x ]
	zone halt z
}

@test "loop devices go with a zone whose processes were killed at once, and stay with one that goes on" {
	image ext4 || skip "this kernel has no ext4"
	native z "fs=[{\"dir\":\"/m\",\"type\":\"ext4\",\"special\":\"$TOP/img/ext4\"}]"
	zone boot z
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/z/run.json")
	kill -9 "$monitor"
	wait_for 5 dead "$monitor"
	[ "$(zone exec z cat /m/sub/file)" = content ]
	[ "$(loops)" = 1 ]
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/z/run.json")
	init=$(init_pid z)
	kill -9 "$monitor" "$init"
	wait_for 5 dead "$monitor"
	wait_for 5 dead "$init"
	loops_gone
	zone boot z
	zone exec z touch /m/again
	zone halt z
}

@test "an image that others may have written is refused, unless it is trusted" {
	image ext4 || skip "this kernel has no ext4"
	f=$TOP/img/ext4
	native z
	zone add z fs dir=/m type=ext4 "special=$f"
	zone verify z
	refused() { # TEXT: by verify and by boot alike
		fails 1 zone verify z && says "$1" && says 'fs[0].special' && fails 1 zone boot z && says "$1" && [ "$(loops)" = 0 ]
	}
	chmod 664 "$f"
	refused "others than root can write"
	zone set z 'fs[0].trusted=true'
	zone verify z
	zone clear z 'fs[0].trusted'
	chmod 644 "$f"
	chown 1234 "$f"
	refused "others than root can write"
	zone set z 'fs[0].trusted=true'
	zone boot z
	[ "$(zone exec z cat /m/sub/file)" = content ]
	zone halt z
	loops_gone
	zone clear z 'fs[0].trusted'
	chown 0 "$f"
	ln -s "$TOP/img" "$TOP/link"
	zone set z "fs[0].special=$TOP/link/ext4"
	refused "symbolic link"
	# root of a zone makes files that are root's on the disk
	native other "fs=[{\"dir\":\"/data\",\"type\":\"lofs\",\"special\":\"$TOP/shut/tree\"}]"
	cp "$f" "$ZONES_STORAGE_DIR/other/root/made"
	zone set z "fs[0].special=$ZONES_STORAGE_DIR/other/root/made"
	refused 'where zone "other" can write'
	cp "$f" "$TOP/shut/tree/made"
	zone set z "fs[0].special=$TOP/shut/tree/made"
	refused 'where zone "other" can write'
	zone set other 'fs[0].options=["ro"]'
	zone verify z
	# what it runs with counts too, not only its file
	zone clear other 'fs[0].options'
	zone clear z 'fs'
	zone boot other
	zone clear other fs
	zone add z fs dir=/m type=ext4 "special=$TOP/shut/tree/made"
	refused 'where zone "other" can write'
	zone halt other
	# and the other way round: the image was first
	zone boot z
	zone add other fs dir=/data type=lofs "special=$TOP/shut/tree"
	fails 1 zone verify other
	says "holds the image"
	fails 1 zone boot other
	says "holds the image"
	zone clear z fs
	fails 1 zone verify other
	zone halt z
	zone verify other
}

@test "what is no image of that type is refused by name, and leaves no device" {
	image ext4 || skip "this kernel has no ext4"
	native z
	zone add z fs dir=/m type=ext4 "special=$TOP/nosuch"
	fails 1 zone verify z
	says "$TOP/nosuch"
	for bad in "$TOP/shut/tree" "$TOP/pipe" /dev/null; do
		[ "$bad" != "$TOP/pipe" ] || mkfifo "$bad"
		zone set z "fs[0].special=$bad"
		fails 1 zone verify z
	done
	head -c 65536 /dev/urandom >"$TOP/img/noise"
	chmod 644 "$TOP/img/noise"
	: >"$TOP/img/empty"
	for bad in noise empty; do
		zone set z "fs[0].special=$TOP/img/$bad"
		fails 1 zone boot z
		says "$TOP/img/$bad"
		[ "$(loops)" = 0 ]
	done
	# what an image says of itself does not stop the machine
	tune2fs -e panic "$TOP/img/ext4" >/dev/null
	zone set z "fs[0].special=$TOP/img/ext4"
	zone boot z
	run mounted /m
	says errors=remount-ro
	zone halt z
}

@test "verity: the digest must be the kernel's, and where there is none it is refused by name" {
	image ext4 || skip "this kernel has no ext4"
	native z
	zone add z fs dir=/m type=ext4 "special=$TOP/img/ext4" "verity=sha256:$(printf '%064d' 0)"
	[ "$(zone info --json z 'fs[0].options' | jq -r '.properties[0].value')" = '["ro","nosuid","nodev"]' ]
	fails 1 zone verify z
	says fs-verity
	fails 1 zone boot z
	says fs-verity
	fails 1 zone set z 'fs[0].options=["rw"]'
	says "cannot be written to"
}

@test "an image that is written to has one user, one that is read has many" {
	image ext4 || skip "this kernel has no ext4"
	booted z "fs=[{\"dir\":\"/m\",\"type\":\"ext4\",\"special\":\"$TOP/img/ext4\"}]"
	native y "fs=[{\"dir\":\"/m\",\"type\":\"ext4\",\"special\":\"$TOP/img/ext4\",\"options\":[\"ro\"]}]"
	fails 1 zone boot y
	says "mounted already"
	says "chmod 600"
	chmod 600 "$TOP/img/ext4"
	fails 1 zone boot y
	says "mounted already"
	[[ "$output" != *"chmod 600"* ]]
	zone halt z
	zone set z 'fs[0].options=["ro"]'
	zone boot z
	zone boot y
	[ "$(zone exec z cat /m/sub/file)$(zone exec y cat /m/sub/file)" = contentcontent ]
	run zone exec y touch /m/x
	[ "$status" -ne 0 ]
}

@test "overlay: what is below never changes, what is written stays on disk or goes with the memory" {
	mkdir -p "$TOP/low/sub/deep"
	echo low >"$TOP/low/sub/f"
	echo gone >"$TOP/low/g"
	chown 33:34 "$TOP/low"
	chmod 1755 "$TOP/low"
	before=$(cd "$TOP/low" && find . -printf '%p %y %U %m\n' | sort && cat sub/f g)
	native z limitpriv=default,sys_admin "fs=[{\"dir\":\"/d\",\"type\":\"overlay\",\"special\":\"$TOP/low\"},{\"dir\":\"/m\",\"type\":\"overlay\",\"special\":\"$TOP/low\",\"upper\":\"memory\",\"options\":[\"size=1M\"]}]"
	zone boot z
	for at in /d /m; do
		[ "$(zone exec z stat -c %u:%g:%a $at)" = 33:34:1755 ]
		zone exec z sh -c "cd $at && echo new >sub/f && rm g && rm -r sub/deep && mkdir sub/deep && touch sub/deep/x && mv sub moved 2>/dev/null || cp -r sub moved; echo y >y; chown 5:6 y"
	done
	run zone exec z sh -c 'head -c 3000000 /dev/zero >/m/big'
	[ "$status" -ne 0 ]
	[ "$(cd "$TOP/low" && find . -printf '%p %y %U %m\n' | sort && cat sub/f g)" = "$before" ]
	# nobody inside has a way to the layers
	[ -z "$(zone exec z sh -c 'find / -xdev \( -name work -o -name lower -o -name upper \) -not -path "/proc/*" -not -path "/usr/*" 2>/dev/null; ls -d /d/work /d/upper /m/upper /m/lower 2>/dev/null')" ]
	zone exec z umount /d
	[ -z "$(zone exec z ls -A /d)" ]
	zone reboot z
	zone exec z sh -c '[ ! -e /d/g ] && [ "$(cat /d/y)" = y ] && [ "$(stat -c %u:%g /d/y)" = 5:6 ] && [ ! -e /m/y ] && [ "$(cat /m/g)" = gone ]'
	zone halt z
	[ "$(stat -c %a "$ZONES_STORAGE_DIR/z/changes")" = 700 ]
	zone uninstall -F z
	[ ! -e "$ZONES_STORAGE_DIR/z" ]
	[ "$(cd "$TOP/low" && find . -printf '%p %y %U %m\n' | sort && cat sub/f g)" = "$before" ]
}

@test "owner: files of one user of the host are one user's inside, and nobody else's files are touched" {
	mkdir "$TOP/user" "$TOP/roots"
	touch "$TOP/user/roots"
	touch "$TOP/user/own"
	chown 1234:1235 "$TOP/user" "$TOP/user/own"
	booted z "fs=[{\"dir\":\"/r\",\"type\":\"lofs\",\"special\":\"$TOP/user\",\"owner\":\"root\"},{\"dir\":\"/w\",\"type\":\"lofs\",\"special\":\"$TOP/user\",\"owner\":\"www-data\"},{\"dir\":\"/n\",\"type\":\"lofs\",\"special\":\"$TOP/user\",\"owner\":\"77:78\"}]"
	[ "$(zone exec z stat -c %u:%g /r/own /w/own /n/own /r/roots | tr '\n' ' ')" = "0:0 33:33 77:78 65534:65534 " ]
	zone exec z sh -c 'touch /r/a && ! touch /w/no 2>/dev/null && ! chown 5 /r/a 2>/dev/null && ! sh -c "echo x >>/r/roots" 2>/dev/null'
	zone exec -l www-data z touch /w/b
	[ "$(stat -c %u:%g "$TOP/user/a" "$TOP/user/b" | tr '\n' ' ')" = "1234:1235 1234:1235 " ]
	[ "$(stat -c %u:%s "$TOP/user/roots")" = 0:0 ]
	zone halt z
	zone set z "fs[1].special=$TOP/roots"
	fails 1 zone verify z
	says "belongs to the host's root"
	fails 1 zone boot z
	zone set z "fs[1].special=$TOP/user"
	fails 1 zone set z 'fs[1].options=["setuid"]'
	says "set-uid"
	zone set z 'fs[1].owner=nosuchuser'
	fails 1 zone boot z
	says nosuchuser
}

@test "each kind comes and goes while the zone runs; what fails leaves the zone as it was" {
	mkdir "$TOP/low" "$TOP/user"
	chown 1234:1235 "$TOP/user"
	image ext4 || skip "this kernel has no ext4"
	image squashfs || true
	booted z limitpriv=default,sys_admin
	zone add z fs dir=/l/e type=ext4 "special=$TOP/img/ext4"
	! known squashfs || zone add z fs dir=/l/s type=squashfs "special=$TOP/img/squashfs"
	zone add z fs dir=/l/d type=overlay "special=$TOP/low"
	zone add z fs dir=/l/m type=overlay "special=$TOP/low" upper=memory
	zone add z fs dir=/l/u type=lofs "special=$TOP/user" owner=root
	zone apply z
	zone exec z sh -c 'for d in e d m u; do touch /l/$d/x || exit 1; done; [ "$(cat /l/e/sub/file)" = content ]'
	[ -f "$TOP/user/x" ] && [ -z "$(ls -A "$TOP/low")" ]
	run zone exec z mount -o remount,bind,dev /l/e
	[ "$status" -ne 0 ]
	run zone diff z
	[[ "$output" != *fs* ]]
	# a change of what is gone with its mount waits, the others are mounted anew
	zone set z 'fs[+]={"dir":"/l/bad","type":"ext4","special":"'"$TOP/img/none"'"}'
	fails 1 zone apply z
	zone remove z fs dir=/l/bad
	zone exec z sh -c 'for d in e d m u; do [ -f /l/$d/x ] || exit 1; done; [ ! -e /l/bad/x ]'
	zone set z 'fs=[]'
	zone apply z
	loops_gone
	[ -z "$(zone exec z sh -c 'ls -A /l/*/')" ] || [ -z "$(zone exec z sh -c 'cat /l/*/x 2>/dev/null')" ]
	zone add z fs dir=/l/e type=ext4 "special=$TOP/img/ext4" 'options=["ro"]'
	zone add z fs dir=/l/d type=overlay "special=$TOP/low"
	zone apply z
	zone exec z test -f /l/e/x -a -f /l/d/x
}

@test "overlay of a running zone: a link in the place of its new top is not followed on the host" {
	command -v strace >/dev/null || skip "needs strace"
	mkdir -p "$TOP/low" "$TOP/victim"
	chmod 1777 "$TOP/low"
	chmod 700 "$TOP/victim"
	booted z
	zone add z fs dir=/l/d type=overlay "special=$TOP/low"
	# time enough to put it there, between the owner and the mode
	strace -qq -o /dev/null -e trace=fchown,fchownat -e inject=fchown,fchownat:delay_exit=1000000 "$(type -P zone)" apply z >"$TOP/said" 2>&1 3>&- &
	applies=$!
	new() { ls -d "$ZONES_STORAGE_DIR"/z/changes/*/new 2>/dev/null; }
	until at=$(new) || dead $applies; do :; done
	[ -z "$at" ] || { sleep 0.3 && mv "$at" "$at.aside" && ln -s "$TOP/victim" "$at"; }
	wait $applies || true
	[ "$(stat -c %a "$TOP/victim")" = 700 ] && [ -z "$(ls -A "$TOP/victim")" ]
}

@test "overlay of a running zone: nobody inside sees its layers while it is made, also with CAP_SYS_ADMIN" {
	command -v strace >/dev/null || skip "needs strace"
	mkdir -p "$TOP/low/below"
	booted z limitpriv=default,sys_admin
	zone exec z sh -c 'mkdir -p /l/d /l/m; touch /run/go; while [ -e /run/go ]; do for l in /l/?/lower /l/?/upper /l/?/work; do [ ! -e $l ] || echo $l >>/run/seen; done; done' &
	wait_for 5 zone exec z test -e /run/go
	zone add z fs dir=/l/d type=overlay "special=$TOP/low"
	zone add z fs dir=/l/m type=overlay "special=$TOP/low" upper=memory
	# the kernel is asked for the overlay while the layers have names: time enough to look
	strace -f -qq -o "$TOP/trace" -e trace=fsmount -e inject=fsmount:delay_enter=400000 "$(type -P zone)" apply z 3>&-
	grep -q fsmount "$TOP/trace"
	zone exec z sh -c 'rm /run/go; [ ! -e /run/seen ] && touch /l/d/x /l/m/x && [ -d /l/d/below ] && [ -d /l/m/below ]'
	wait
	[ "$(ls "$TOP/low")" = below ]
}

@test "links in the place of a mount stay inside, also when they are turned while it is made" {
	image ext4 || skip "this kernel has no ext4"
	mkdir "$TOP/low" "$TOP/outside"
	booted z
	R=$ZONES_STORAGE_DIR/z/root
	ln -s "$TOP/outside" "$R/abs"
	mkdir -p "$R/x" "$R$TOP/outside"
	ln -s ../../../../../../../../../../../../..$TOP/outside "$R/x/up"
	zone add z fs dir=/abs/e type=ext4 "special=$TOP/img/ext4"
	zone add z fs dir=/x/up/o type=overlay "special=$TOP/low"
	zone apply z
	zone exec z sh -c 'touch /abs/e/there /x/up/o/there'
	[ -z "$(ls -A "$TOP/outside")" ]
	[ -d "$R$TOP/outside/e" ] && [ -d "$R$TOP/outside/o" ]
	zone set z 'fs=[]'
	zone apply z
	# somebody inside turns it all the time
	turn() {
		zone exec z sh -c 'mkdir -p /turn/a/m; ln -sfn /proc /turn/l; touch /run/go; while [ -e /run/go ]; do mv /turn/a /turn/b; mv /turn/l /turn/a; mv /turn/a /turn/l; mv /turn/b /turn/a; done' >/dev/null 2>&1 &
		wait_for 5 zone exec z test -e /run/go
	}
	turn
	for _ in $(seq "${ZONES_RACES:-4}"); do
		zone set z 'fs=[{"dir":"/turn/a/m","type":"ext4","special":"'"$TOP/img/ext4"'"},{"dir":"/turn/a/o","type":"overlay","special":"'"$TOP/low"'","upper":"memory"}]' 2>/dev/null
		zone apply z >/dev/null 2>&1 || true
		zone set z 'fs=[]' 2>/dev/null
		zone apply z >/dev/null 2>&1 || zone reboot z
		zone exec z test -e /run/go 2>/dev/null || { rm -rf "$R/turn" && turn; }
	done
	zone exec z rm -f /run/go || true
	wait
	[ -z "$(ls -A "$TOP/outside")" ] && [ -z "$(findmnt -rno TARGET | grep "$TOP/")" ]
	zone halt z
	loops_gone
}

@test "verify names a kind of file system that the kernel does not have" {
	native z
	missing=
	for type in ext4 xfs btrfs squashfs erofs; do
		known $type || missing=$type
	done
	[ -n "$missing" ] || skip "this kernel has all of them"
	: >"$TOP/img/x"
	zone add z fs dir=/m "type=$missing" "special=$TOP/img/x"
	fails 1 zone verify z
	says "no file system \"$missing\""
}

@test "members and options that do not go with a type are refused with their place" {
	zone create -t isolated z
	while IFS='|' read -r text where; do
		fails 1 zone set z "fs=[{\"dir\":\"/m\",$text}]"
		says "$where" || { echo "$text"; false; }
	done <<-'E'
		"type":"overlay"|fs[0].special
		"type":"ext4"|fs[0].special
		"type":"ext4","special":"/x","owner":"root"|fs[0].owner
		"type":"lofs","special":"/x","upper":"disk"|fs[0].upper
		"type":"tmpfs","trusted":true|fs[0].trusted
		"type":"tmpfs","verity":"sha256:0000000000000000000000000000000000000000000000000000000000000000"|fs[0].verity
		"type":"erofs","special":"/x","verity":"sha256:00"|fs[0].verity
		"type":"overlay","special":"/x","options":["ro"]|fs[0].options[0]
		"type":"overlay","special":"/x","options":["size=1M"]|fs[0].options[0]
		"type":"overlay","special":"/x","upper":"memory","options":["mode=700"]|fs[0].options[0]
		"type":"xfs","special":"/x","options":["nosuid","dev"]|fs[0].options[1]
		"type":"squashfs","special":"/x","options":["rw"]|fs[0].options[0]
		"type":"ext4","special":"/x","options":["rbind"]|fs[0].options[0]
	E
}

@test "a folder that users of the host can enter is not written to by a zone: verify, boot and apply refuse, and say what helps" {
	mkdir -m 755 "$TOP/open" "$TOP/shut/in" "$TOP/users" "$TOP/mnt"
	chown 1234:1235 "$TOP/users"
	native z 'service.command=["/bin/sleep","1000"]'
	allowed() { zone set z "fs=[{\"dir\":\"/d\",\"type\":\"lofs\",$1}]" && zone verify z; }
	refused() { # by all three, and nothing is made
		zone set z "fs=[{\"dir\":\"/d\",\"type\":\"lofs\",$1}]"
		fails 1 zone verify z && says 'fs[0].special' && says "set-user-ID" && fails 1 zone boot z && says "set-user-ID"
	}
	refused "\"special\":\"$TOP/open\""
	says '"trusted": true'
	says "a mount with nosuid"
	refused "\"special\":\"$TOP/open\",\"options\":[\"suid\"]"
	refused "\"special\":\"$TOP/open\",\"owner\":\"root\""
	refused "\"special\":\"$TOP/users\""
	touch "$TOP/open/file"
	refused "\"special\":\"$TOP/open/file\""
	ln -s "$TOP/open" "$TOP/shut/link"
	refused "\"special\":\"$TOP/shut/link\""
	chmod 700 "$TOP/open" # root inside would open it again
	refused "\"special\":\"$TOP/open\""
	allowed "\"special\":\"$TOP/open\",\"options\":[\"ro\"]"
	allowed "\"special\":\"$TOP/open\",\"trusted\":true"
	allowed "\"special\":\"$TOP/users\",\"owner\":\"www-data\""
	chgrp 0 "$TOP/users"
	zone set z "fs=[{\"dir\":\"/d\",\"type\":\"lofs\",\"special\":\"$TOP/users\",\"owner\":\"www-data\"}]"
	fails 1 zone verify z
	says chgrp
	allowed "\"special\":\"$TOP/shut/in\""
	chmod 711 "$TOP/shut"
	refused "\"special\":\"$TOP/shut/in\""
	chmod 700 "$TOP/shut"
	zone set z 'fs=[]'
	zone boot z
	zone add z fs dir=/d type=lofs "special=$TOP/open"
	fails 1 zone apply z
	says "set-user-ID"
	[ ! -e "$ZONES_STORAGE_DIR/z/root/d/x" ] && zone exec z sh -c '! mount | grep " /d "'
	zone set z 'fs=[]'
	zone add z fs dir=/d type=lofs "special=$TOP/shut/in"
	zone apply z
	zone exec z sh -c 'cp /bin/sh /d/sh && chmod 4755 /d/sh'
	[ "$(stat -c %u:%a "$TOP/shut/in/sh")" = 0:4755 ] # why it is so
	run setpriv --reuid 1234 --regid 1235 --clear-groups sh -c '"$1" -p -c "id -u"' sh "$TOP/shut/in/sh"
	[ "$status" -ne 0 ]
	zone halt z
	mount -t tmpfs -o nosuid,mode=755 none "$TOP/mnt"
	run allowed "\"special\":\"$TOP/mnt\""
	one=$status
	run refused "\"special\":\"$TOP/mnt\",\"options\":[\"rbind\"]"
	two=$status
	umount "$TOP/mnt"
	[ "$one $two" = "0 0" ]
}

@test "a link that a user of the host, or another zone, puts in the place of a shared folder leads nowhere, also when it is turned while it is mounted" {
	local kind
	mkdir "$TOP/shut/secret" "$TOP/shut/given" "$TOP/users" "$TOP/users/data"
	echo secret >"$TOP/shut/secret/file"
	chown -R 1234:1235 "$TOP/users"
	native z
	zone boot z
	for kind in lofs overlay; do
		# what root has linked is root's to link
		ln -sfn shut/given "$TOP/way"
		zone set z "fs=[{\"dir\":\"/d\",\"type\":\"$kind\",\"special\":\"$TOP/way\"$([ $kind = overlay ] && echo ',"upper":"memory"')}]"
		fails 0 zone verify z
		fails 0 zone apply z
		zone set z 'fs=[]'
		zone apply z
		for place in users shut/given; do # below the second another zone may write: its files are root's on the disk
			rm -rf "$TOP/$place/data"
			ln -s "$TOP/shut/secret" "$TOP/$place/data"
			chown -h 1234:1235 "$TOP/users/data"
			zone set z "fs=[{\"dir\":\"/d\",\"type\":\"$kind\",\"special\":\"$TOP/$place/data\"$([ $kind = overlay ] && echo ',"upper":"memory"')}]"
			fails 1 zone verify z
			says "leads over the link"
			fails 1 zone apply z
			says "leads over the link"
			fails 1 zone exec z cat /d/file
		done
	done
	# nor on a file system with nosuid, which a zone may be given anywhere
	mkdir "$TOP/mnt"
	mount -t tmpfs -o nosuid,mode=755 none "$TOP/mnt"
	ln -s "$TOP/shut/secret" "$TOP/mnt/data"
	zone set z "fs=[{\"dir\":\"/d\",\"type\":\"lofs\",\"special\":\"$TOP/mnt/data\"}]"
	run zone apply z
	umount "$TOP/mnt"
	says "leads over the link"
	# a folder and a link are exchanged all the time
	mkdir "$TOP/users/good"
	mv "$TOP/users/data" "$TOP/users/link" 2>/dev/null || ln -s "$TOP/shut/secret" "$TOP/users/link"
	mv "$TOP/users/good" "$TOP/users/data"
	touch "$TOP/racing"
	python3 - "$TOP" 3>&- <<'P' &
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (os.path.join(sys.argv[1], "users", n).encode() for n in ("data", "link"))
while os.path.exists(sys.argv[1] + "/racing"): libc.renameat2(-100, a, -100, b, 2)
P
	racer=$!
	mounted=0
	for i in $(seq 20); do
		zone set z "fs=[{\"dir\":\"/d\",\"type\":\"lofs\",\"special\":\"$TOP/users/data\",\"options\":[\"ro\"]}]"
		! zone apply z 2>/dev/null || mounted=$((mounted + 1))
		if zone exec z cat /d/file 2>/dev/null; then rm "$TOP/racing"; wait $racer; false; fi
		zone set z 'fs=[]'
		zone apply z
	done
	rm "$TOP/racing"
	wait $racer
	echo "mounted $mounted times of 20"
	[ $mounted -gt 0 ]
}

@test "a link that another zone makes in a folder on a nosuid file system, which need not be shut, leads nowhere" {
	mkdir "$TOP/disk" "$TOP/secret"
	echo secret >"$TOP/secret/file"
	mount -t tmpfs -o nosuid,mode=755 tmpfs "$TOP/disk"
	mkdir "$TOP/disk/shared" "$TOP/disk/shared/b"
	booted a 'fs=[{"dir":"/d","type":"lofs","special":"'"$TOP"'/disk/shared"}]'
	native b
	zone exec a sh -c 'rmdir /d/b && ln -s "$1" /d/b' sh "$TOP/secret"
	zone set b 'fs=[{"dir":"/d","type":"lofs","special":"'"$TOP"'/disk/shared/b","options":["ro"]}]'
	run zone boot b
	echo "boot $status: $output"
	booted=$status
	[ "$booted" != 0 ] || zone exec b cat /d/file
	zone halt a
	zone halt b
	umount "$TOP/disk"
	[ "$booted" = 1 ]
	says "leads over the link"
}
