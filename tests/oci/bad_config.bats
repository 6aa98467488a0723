#!/usr/bin/env bats
# Malformed config.json files of every kind: one line that names the field, exit status 1, within a second, nothing left.
load helper

@test "more than six hundred malformed configurations are refused, each by name, and leave nothing" {
	run python3 "$ROOT/tests/helper/bad-configs.py" "$BUILD/zrun" "$BUNDLE" "$TOP/run"
	[ "$status" -eq 0 ] || { echo "$output" | head -n 40; false; }
	[ "${output%% *}" -ge 600 ]
}

@test "ids with paths in them are refused by every verb, and touch nothing" {
	for id in ../x a/b . .. "" "$(printf 'a\nb')" "$(printf '%01025d' 0)" 'a b' 'a;b' '@seccomp'; do
		for verb in create start state kill delete pause resume ps update "exec"; do
			case $verb in create) set -- create -b "$BUNDLE" "$id" ;; exec) set -- exec "$id" true ;; *) set -- "$verb" "$id" ;; esac
			run zrun "$@"
			[ "$status" -ne 0 ] || { echo "accepted: $*"; false; }
		done
	done
	[ -z "$(find "$TOP/run" -mindepth 1 -maxdepth 1 ! -name '@seccomp' 2>/dev/null)" ]
}
