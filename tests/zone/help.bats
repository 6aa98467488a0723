#!/usr/bin/env bats
# Help, usage errors, version, and the manual pages, which must know every verb, option and property.
bats_require_minimum_version 1.5.0
load helper

verbs() {
	zone help | sed -nE 's/^  ([a-z]+)  +.*/\1/p'
}

@test "zone without a verb prints the verbs to standard error and exits with 2" {
	run --separate-stderr zone
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == *create* ]]
}

@test "zone help, --help and -h print the verbs and exit with 0" {
	for words in help --help -h; do
		run --separate-stderr zone "$words"
		[ "$status" -eq 0 ]
		[[ $output == *create*boot*list* ]]
		[ -z "$stderr" ]
	done
	case $output in *monitor* | *__complete*) false ;; esac
}

@test "every verb explains itself in three ways and exits with 0" {
	[ "$(verbs | wc -l)" -ge 25 ]
	for verb in $(verbs); do
		for words in "help $verb" "$verb --help" "$verb -h"; do
			run --separate-stderr zone $words
			[ "$status" -eq 0 ] || { echo "zone $words: $status"; false; }
			[[ ${lines[0]} == "usage: zone $verb"* ]] || { echo "$output"; false; }
			[[ $output == *--json* ]]
		done
	done
}

@test "help needs no root and makes no directories" {
	cp "$BUILD/zone" "$TOP/zone"
	chmod 755 "$TOP/zone"
	run setpriv --reuid 65534 --clear-groups "$TOP/zone" help boot
	[ "$status" -eq 0 ]
	[ ! -e "$ZONES_CONFIG_DIR" ]
	[ ! -e "$ZONES_RUN_DIR" ]
}

@test "everything else needs root and says so" {
	cp "$BUILD/zone" "$TOP/zone"
	chmod 755 "$TOP/zone"
	for words in list "info web" "create web" "boot web"; do
		run setpriv --reuid 65534 --clear-groups "$TOP/zone" $words
		[ "$status" -eq 1 ]
		says root
	done
}

@test "unknown verbs and options exit with 2 and come with the nearest right one" {
	fails 2 zone bot
	says boot
	fails 2 zone lits
	says list
	fails 2 zone boot --single-usr web
	says single-user
	fails 2 zone --nosuch
	fails 2 zone help nosuch
	fails 2 zone boot -Z web
}

@test "every verb that wants a name exits with 2 without one and with one too many" {
	for verb in verify edit install uninstall delete detach attach ready shutdown halt reboot freeze thaw console ps logs why export; do
		fails 2 zone "$verb"
		fails 2 zone "$verb" a b
	done
	for verb in set add remove clear exec migrate; do
		fails 2 zone "$verb"
		fails 2 zone "$verb" a
	done
}

@test "every verb about a zone that does not exist exits with 1, names it, and answers --json with one document" {
	zone create -t isolated web
	for verb in verify info edit export install "uninstall -F" "delete -F" detach attach "attach -n" ready boot "shutdown" halt reboot freeze thaw login "login -S" console ps logs events why "profile learn"; do
		fails 1 zone $verb nosuchzone </dev/null
		says nosuchzone
		run --separate-stderr zone $verb --json nosuchzone </dev/null
		[ "$status" -eq 1 ] || { echo "$verb: $status"; false; }
		jq -es 'length == 1 and .[0].ok == false and .[0].code == "ENOENT"' <<<"$output" || { echo "$verb: $output"; false; }
	done
}

@test "zone --version prints one line with a number" {
	run zone --version
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ [0-9]+\.[0-9]+ ]]
}

@test "help properties tells path, type, default and meaning of every property" {
	run zone help properties
	[ "$status" -eq 0 ]
	for p in zonename brand cappedMemory.physical 'anet[].allowedAddress' service.command attr; do says "$p"; done
	zone help properties --json | jq -e 'length > 60 and all(.[]; (.path | length) > 0 and (.type | length) > 0 and (.doc | length) > 10)'
}

@test "the manual page knows every verb and every option of every verb" {
	mandoc -T utf8 "$ROOT/runtime/zone_cmd/zone.8" | col -b >"$TOP/page"
	for verb in $(verbs); do
		grep -Eq "^ +$verb( |$)" "$TOP/page" || { echo "zone.8 does not explain $verb"; false; }
		for option in $(zone help "$verb" | sed -nE 's/^  (-[A-Za-z], |    )(--[a-z-]+).*/\2/p'); do
			grep -qe "$option" "$TOP/page" || { echo "zone.8 does not explain $verb $option"; false; }
		done
	done
}

@test "the manual pages have no errors for mandoc" {
	mandoc -T lint -W error "$ROOT/runtime/zone_cmd/zone.8"
	zone help properties --man >"$TOP/properties.man"
	sed -e "/@PROPERTIES@/{r $TOP/properties.man" -e 'd;}' "$ROOT/config/zone.json.5.in" >"$TOP/zone.json.5"
	mandoc -T lint -W error "$TOP/zone.json.5"
	mandoc -T utf8 "$TOP/zone.json.5" | col -b | grep -q linkProtection
}

@test "the JSON and the commands of the README are right" {
	sed -n '/^```json/,/^```/p' "$ROOT/README.md" | sed '/^```/d' >"$TOP/web.json"
	zone create -f "$TOP/web.json" web
	zone verify web
	for verb in $(grep -oE '`zone [a-z]+' "$ROOT/README.md" | sed 's/`zone //' | sort -u); do
		zone help "$verb" >/dev/null || { echo "README: zone $verb"; false; }
	done
}

@test "directories must be absolute paths" {
	ZONES_CONFIG_DIR=relative fails 1 zone list
	says ZONES_CONFIG_DIR
	ZONES_STORAGE_DIR=$TOP/../x fails 1 zone list
	ZONES_RUN_DIR=run fails 1 zone list
	says ZONES_RUN_DIR
}

@test "a closed or full standard output is an error, not a success" {
	zone create -t isolated web
	run sh -c 'zone list --json >/dev/full'
	[ "$status" -ne 0 ]
}
