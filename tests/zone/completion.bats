#!/usr/bin/env bats
# Completion: words come from the verb table, the property table and the zones that there are.
load helper

# words WORD...: what `zone WORD...` completes to; the last word is the one being typed.
words() {
	zone __complete -- "$@"
}

# in_bash LINE: COMPREPLY after <Tab> at the end of LINE, one word a line.
in_bash() {
	bash --norc -c '
		for f in /usr/share/bash-completion/bash_completion; do [ -r "$f" ] && . "$f"; done
		. "$1" || exit 9
		line=$2
		f=$(complete -p zone | sed -n "s/.*-F \([^ ]*\).*/\1/p")
		[ -n "$f" ] || exit 8
		COMP_LINE=$line COMP_POINT=${#line}
		read -ra COMP_WORDS <<<"$line"
		case $line in *" ") COMP_WORDS+=("") ;; esac
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		COMP_TYPE=9 COMP_KEY=9
		"$f" zone "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$ROOT/dist/completion/zone.bash" "$1"
}

@test "the first word is a verb" {
	words "" | grep -qx create
	words "" | grep -qx why
	[ "$(words bo)" = boot ]
	[ "$(words "" | grep -cE 'monitor|__complete')" = 0 ]
}

@test "names of zones are completed by their state" {
	native inst
	zone create -t isolated conf
	[ "$(words boot "")" = inst ]
	[ "$(words install "" | xargs)" = conf ]
	[ "$(words info "" | xargs)" = "conf inst" ]
	[ -z "$(words halt "")" ]
	zone boot inst
	[ "$(words halt in)" = inst ]
}

@test "options of a verb are completed behind a dash" {
	words boot -- | grep -qx -- --single-user
	words list --ver | grep -qx -- --verbose
	words create --f | grep -qx -- --file
}

@test "properties are completed for set, clear, add and info" {
	zone create -t isolated web
	words set web maxL | grep -qx 'maxLwps='
	words set web cappedM | grep -qx 'cappedMemory.physical='
	words clear web maxL | grep -qx maxLwps
	words info web anet | grep -q '^anet'
	words add web f | grep -qx fs
}

@test "files are left to the shell" {
	[ "$(words create -f "")" = ":files" ]
	[ "$(words install --from "")" = ":files" ]
}

@test "completion never fails, whatever is typed" {
	for line in "nosuch" "boot -" "set" "set nosuch a=b" "create -f" "-" "--" "list -o" $'a\nb' '$(touch /tmp/x)'; do
		run zone __complete -- $line
		[ "$status" -eq 0 ] || { echo "$line: $status"; false; }
	done
	fails 0 zone __complete --
}

@test "the bash completion loads and completes verbs, zones, options and properties" {
	[ -r "$ROOT/dist/completion/zone.bash" ]
	native web
	in_bash "zone bo" | grep -qx boot
	in_bash "zone boot w" | grep -qx web
	in_bash "zone boot --si" | grep -q -- --single-user
	in_bash "zone set web maxL" | grep -q '^maxLwps='
	in_bash "zone help propert" | grep -qx properties
}

@test "the bash completion completes files where the tables say so" {
	touch "$TOP/some.json"
	cd "$TOP"
	in_bash "zone create -f som" | grep -qx some.json
}

@test "values of options are completed, of lists one after the other" {
	[ "$(words clone -m o)" = overlay ]
	[ "$(words list -o na)" = name ]
	[ "$(words list -o name,sta)" = name,state ]
	[ "$(words stat -R total,h)" = total,high ]
	[ "$(words create -t lin)" = linux ]
	words create -f "" | grep -qx ":files"
	zone create -t isolated conf
	[ "$(words detach "")" = "" ]
	[ "$(words profile l)" = learn ]
}
