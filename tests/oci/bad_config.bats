#!/usr/bin/env bats
# Malformed documents of every kind (tests/helper/bad-configs.py): exit status 1, one error line that names the field, within a second, and nothing left behind.
# shellcheck disable=SC2016
load helper

# The sanitizers are slower by nature; the second is the release's promise.
limit_ms() { case $BUILD in */san) echo 5000 ;; *) echo 1000 ;; esac; }

# what a refused container could leave
traces() {
	ls -A "$TOP/run" 2>/dev/null | grep -v '^@seccomp$' || true
	find /sys/fs/cgroup -maxdepth 6 -name "$ID*" 2>/dev/null
	grep "$TOP" /proc/self/mountinfo || true
	# 256 bytes of a command line are enough to find our own bundle
	pgrep -f "^[^ ]*zrun.*$ID" || true
}

# judge NAME FIELD COMMAND...: runs it with its output in a file, as a container that came to be would hold a pipe open
judge() {
	local name=$1 field=$2 start ms rc=0
	shift 2
	start=${EPOCHREALTIME/./}
	timeout 10 "$@" >"$TOP/out" 2>&1 </dev/null 3>&- || rc=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	[ "$rc" = 1 ] && [ "$(wc -l <"$TOP/out")" = 1 ] && grep -qF -- "$field" "$TOP/out" && [ "$ms" -lt "$(limit_ms)" ] && return 0
	echo "$name: field $field, status $rc, $ms ms: $(head -c 300 "$TOP/out")"
	[ "$rc" != 0 ] || zrun delete -f "$ID"
	return 1
}

make_documents() { # [process]
	mkdir "$TOP/bad"
	cp "$BUNDLE/config.json" "$TOP/good.json"
	[ $# = 0 ] || jq .process "$TOP/good.json" >"$TOP/base.json"
	[ $# != 0 ] || cp "$TOP/good.json" "$TOP/base.json"
	python3 "$ROOT/tests/helper/bad-configs.py" "$TOP/base.json" "$TOP/bad" "$@"
}

@test "the document that the bad ones are made from is good" {
	script 'exit 3'
	run zrun run -b "$BUNDLE" "$ID"
	[ "$status" = 3 ]
}

@test "every malformed config.json is refused with one line that names the field" {
	local bad=0 n field what count=0
	make_documents
	while IFS=$'\t' read -r n field what; do
		count=$((count + 1))
		mv "$TOP/bad/$n.json" "$BUNDLE/config.json"
		judge "$what" "$field" "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" "$ID" || bad=$((bad + 1))
	done <"$TOP/bad/list"
	echo "$count documents, $bad not refused as they should be; left: $(traces)"
	[ "$count" -ge 300 ]
	[ "$bad" = 0 ]
	[ -z "$(traces)" ]
}

@test "zrun run refuses the same way as create, and --log gets exactly one line" {
	local bad=0 n field what
	make_documents
	while IFS=$'\t' read -r n field what; do
		case $n in *[05]) ;; *) continue ;; esac
		mv "$TOP/bad/$n.json" "$BUNDLE/config.json"
		rm -f "$TOP/log"
		judge "$what" "$field" "$BUILD/zrun" --root "$TOP/run" --log "$TOP/log" --log-format json run -b "$BUNDLE" "$ID" || bad=$((bad + 1))
		[ "$(jq -s 'length == 1 and .[0].level == "error"' "$TOP/log")" = true ] || { echo "$what: log $(head -c 300 "$TOP/log")"; bad=$((bad + 1)); }
	done <"$TOP/bad/list"
	[ "$bad" = 0 ]
	[ -z "$(traces)" ]
}

@test "every malformed process document of exec is refused, and the container lives on" {
	local bad=0 n field what count=0
	make_documents process
	background
	while IFS=$'\t' read -r n field what; do
		count=$((count + 1))
		judge "$what" "$field" "$BUILD/zrun" --root "$TOP/run" exec -p "$TOP/bad/$n.json" "$ID" || bad=$((bad + 1))
	done <"$TOP/bad/list"
	echo "$count documents, $bad not refused as they should be"
	[ "$count" -ge 100 ]
	[ "$bad" = 0 ]
	[ "$(status)" = running ]
	[ "$(zrun ps -f json "$ID" | jq length)" = 1 ]
}

@test "ids that are no names are refused and nothing is made of them" {
	local id bad=0
	for id in "" . .. ../x a/b /x "a b" "$(printf 'a\nb')" "$(printf 'a\001')" "$(printf 'a\377')" "$(printf '%01025d' 0)" a/../b '*' "a:b/c"; do
		judge "id $id" "" "$BUILD/zrun" --root "$TOP/run" create -b "$BUNDLE" -- "$id" || bad=$((bad + 1))
	done
	[ "$bad" = 0 ]
	[ -z "$(traces)" ]
	[ ! -e "$TOP/x" ]
}
