#!/usr/bin/env bats
# The manual and the completion know every verb and option that the program has.
load helper

verbs() { "$BUILD/zrun" --help | sed -nE 's/^  ([a-z]+)  +.*/\1/p'; }
options() { "$BUILD/zrun" "$@" --help | sed -nE 's/^ +(-[a-zA-Z], *)?--([a-z][a-z0-9-]*).*/\2/p' | grep -vx help; }

@test "zrun.8 describes every verb and every option, and mandoc finds no error in it" {
	manual=$ROOT/runtime/zrun_cmd/zrun.8
	mandoc -T lint -W error "$manual"
	[ "$(verbs | wc -l)" -ge 15 ]
	for verb in $(verbs); do
		grep -qE "^\.It Cm .*\b$verb\b" "$manual" || { echo "no verb $verb"; false; }
		for option in $(options "$verb"); do
			grep -qE "(Fl|,) -$option\b|Fl -$option\b" "$manual" || { echo "no --$option of $verb"; false; }
		done
	done
	for option in $(options | grep -vx version); do
		grep -qE "Fl -$option\b" "$manual" || { echo "no --$option"; false; }
	done
}

@test "completion: verbs, options of a verb, ids" {
	background
	complete_() { # LINE: what a tab behind it offers
		bash --norc -c '
			. "$1" || exit 9
			PATH=$3:$PATH
			read -ra COMP_WORDS <<<"$2"
			case $2 in *" ") COMP_WORDS+=("") ;; esac
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_zrun
			printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/dist/completion/zrun.bash" "$1" "$BUILD"
	}
	complete_ "zrun e" | grep -qx exec
	complete_ "zrun e" | grep -qx events
	complete_ "zrun update --mem" | grep -qx -e --memory-swap
	[ "$(complete_ "zrun --root $TOP/run kill t")" = "$ID" ]
	[ -z "$(complete_ "zrun --root $TOP/run kill zzz")" ]
}

@test "--version has the lines that engines look for; a missing value is told in Go's words; wrong words are usage errors" {
	run "$BUILD/zrun" --version
	[[ ${lines[0]} == "zrun version "* ]]
	[[ $output == *"commit: "* ]]
	[[ $output == *"spec: 1."* ]]
	run "$BUILD/zrun" create --bundle
	[ "$status" -eq 2 ]
	[[ $output == *"flag needs an argument"* ]]
	for words in nosuch "create --nosuch x" "create" "start" "kill a b c"; do
		# shellcheck disable=SC2086
		run "$BUILD/zrun" $words
		[ "$status" -eq 2 ] || { echo "$words: $status"; false; }
	done
	for words in "--rootless banana list" "--cgroup-manager x list" "--log-format x list"; do
		# shellcheck disable=SC2086
		run "$BUILD/zrun" $words
		[ "$status" -eq 1 ] || { echo "$words: $status"; false; }
	done
}
