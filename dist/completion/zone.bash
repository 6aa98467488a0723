# zone.bash - completion of zone(8) for bash. Every word comes from "zone __complete", that is from the program's own tables, so nothing here needs to know a verb.
# shellcheck shell=bash

_zone()
{
	local line words typed cut word i
	# COMP_WORDBREAKS cuts at "=" and ":", the program wants the words as they were typed: take them from the line.
	line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	case $line in *[[:space:]]) words+=("") ;; esac
	typed=${words[${#words[@]} - 1]}
	cut=
	case $typed in *[=:]*) cut=${typed%"${typed##*[=:]}"} ;; esac

	COMPREPLY=()
	while IFS= read -r word; do
		case $word in
		:files)
			compopt -o filenames 2>/dev/null
			while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "${typed#"$cut"}")
			return 0
			;;
		*[=.]) compopt -o nospace 2>/dev/null ;;
		esac
		# bash replaces only what stands behind the last word break
		COMPREPLY+=("${word#"$cut"}")
	done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _zone zone
