# zrun.bash - completion of zrun(8) for bash. Verbs and flags come from the program's own help, ids from "zrun list", so nothing here needs to know a verb.
# shellcheck shell=bash

# the long flags that a help text names
_zrun_flags() { "$1" "${@:2}" --help 2>/dev/null | sed -nE 's/^ *(-., )?(--[a-z0-9-]+).*/\2/p'; }

_zrun()
{
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' root='' i
	local -a global

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) root=${COMP_WORDS[++i]} ;;
		--log | --log-format | --log-level | --cgroup-manager | --rootless) ((i++)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	[ -z "$root" ] || global=(--root "$root")
	COMPREPLY=()
	case $before in
	--root | --bundle | -b | --log | --config | --pid-file | --image-path | --work-path | --console-socket | --pidfd-socket | --process | -p | --resources | -r | --source | -s)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return 0
		;;
	esac
	if [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p') $(_zrun_flags "$program")" -- "$word")
		return 0
	fi
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W "$(_zrun_flags "$program" "$verb")" -- "$word") ;;
	*)
		case $verb in
		create | run | list | spec | features) ;;
		mounts) mapfile -t COMPREPLY < <(compgen -W "add remove $("$program" "${global[@]}" list -q 2>/dev/null)" -- "$word") ;;
		*) mapfile -t COMPREPLY < <(compgen -W "$("$program" "${global[@]}" list -q 2>/dev/null)" -- "$word") ;;
		esac
		;;
	esac
}
complete -F _zrun zrun
