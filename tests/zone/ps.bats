#!/usr/bin/env bats
# zone ps: the processes of a zone as the host sees them; what they call themselves cannot harm the reader.
load helper

@test "ps shows the pids of the host and of the zone, the user of the zone and the command" {
	booted web
	zone exec -l www-data web sleep 77 & x=$!
	wait_for 5 sh -c 'zone ps web | grep -q "sleep 77"'
	zone ps --json web | jq -e '.[] | select(.command == "sleep 77") | .uid == 33 and .innerPid > 1 and .pid > 1'
	pid=$(zone ps --json web | jq '.[] | select(.command == "sleep 77") | .pid')
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 77 " ]
	[ "$(zone ps --json web | jq '.[] | select(.innerPid == 1) | .pid')" = "$(init_pid web)" ]
	kill "$pid"
	wait $x || true
}

@test "ps shows no process of the host or of another zone" {
	booted one
	native two
	zone boot two
	zone exec two sleep 78 & x=$!
	wait_for 5 sh -c 'zone ps two | grep -q "sleep 78"'
	run zone ps one
	case $output in *sleep*) false ;; esac
	zone halt two
	wait $x || true
}

@test "ps shows control characters of a process's arguments as question marks, and valid UTF-8 as it is" {
	booted web
	zone exec web /usr/bin/python3 -c 'import os; os.execv("/bin/sleep", [b"a\033[31m\xc2\x9b31m\x07\nb-\xc3\xa4-\xff", b"79"])' & x=$!
	wait_for 5 sh -c 'zone ps web | grep -q " 79$"'
	zone ps web >"$TOP/out"
	[ "$(LC_ALL=C grep -c $'[\033\a]' "$TOP/out")" = 0 ]
	[ "$(LC_ALL=C grep -cF $'\302\233' "$TOP/out")" = 0 ]
	grep -aq 'b-ä-' "$TOP/out"
	zone ps --json web >"$TOP/out.json"
	python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$TOP/out.json"
	zone halt web
	wait $x || true
}

@test "the name of a program, which ps and why show where there are no arguments, and eight-bit control characters are as harmless" {
	booted web
	cat >"$ZONES_STORAGE_DIR/web/root/root/names.py" <<'P'
import ctypes, os, shutil
f = b"/root/a\033[31m\x9b\x07b"
shutil.copy("/bin/sh", f)
if os.fork() == 0: # no arguments at all, and it waits for a word that nobody says
    ctypes.CDLL(None).execv(f, (ctypes.c_char_p * 2)(b"", None))
os.execv("/bin/sleep", [b"a\x9b31m\xc2\x9b32m-\xc3\xa4", b"79"])
P
	mkfifo "$TOP/silent"
	zone exec web /usr/bin/python3 /root/names.py <>"$TOP/silent" & x=$!
	wait_for 5 sh -c 'zone ps web | grep -q " 79$" && zone ps web | grep -q "\[a"'
	kill -STOP "$(init_pid web)"
	zone shutdown -t 5m web 3>&- & waits=$!
	wait_for 10 sh -c 'zone why web | grep -q " 79"'
	for words in "ps web" "why web" "ps --json web" "why --json web"; do
		# shellcheck disable=SC2086
		zone $words >"$TOP/out"
		[ "$(LC_ALL=C grep -c $'[\033\a]' "$TOP/out")" = 0 ] || { echo "zone $words"; cat -v "$TOP/out"; false; }
		[ "$(LC_ALL=C grep -cF $'\233' "$TOP/out")" = 0 ] || { echo "zone $words"; cat -v "$TOP/out"; false; }
		grep -aq 'm-ä' "$TOP/out"
	done
	zone halt web
	wait $x $waits || true
}

@test "ps of a zone that does not run shows no process; without a name it is wrong usage" {
	native web
	[ "$(zone ps --json web | jq -c .)" = "[]" ]
	[ "$(zone ps web | wc -l)" = 1 ]
	fails 2 zone ps
}
