# zrun.bash - completion of zrun(8) for bash. Verbs and options come from the program's own help, ids from "zrun list".
# shellcheck shell=bash

# Words that begin a line of help: "  create   make a container", "  -b, --bundle DIR   the bundle"
_zrun_words()
{
	"$@" --help 2>/dev/null | sed -nE 's/^ +([a-z][a-z-]*)  .*/\1/p; s/^ +(-[a-zA-Z], *)?(--[a-z][a-z-]*).*/\2/p'
}

_zrun()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} verb='' root='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) root=${COMP_WORDS[i + 1]:-}; i=$((i + 1)) ;;
		--log | --log-format | --log-level | --cgroup-manager | --rootless) i=$((i + 1)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $previous in
	--root | --log | -b | --bundle | -f | --config | --pid-file | --console-socket | --pidfd-socket | -p | --process | -r | --resources)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return 0
		;;
	--log-format | --format) mapfile -t COMPREPLY < <(compgen -W "text json table" -- "$current"); return 0 ;;
	--cgroup-manager) mapfile -t COMPREPLY < <(compgen -W "cgroupfs systemd disabled" -- "$current"); return 0 ;;
	esac
	if [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_zrun_words "$program")" -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_zrun_words "$program" "$verb")" -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$("$program" ${root:+--root "$root"} list -q 2>/dev/null)" -- "$current")
	fi
}
complete -F _zrun zrun
