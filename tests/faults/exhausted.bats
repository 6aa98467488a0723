#!/usr/bin/env bats
# What the runtime does when the machine has run out of something, or somebody does not answer: it fails with a sentence, leaves nothing, and goes on when there is enough again.
load ../zone/helper
bats_require_minimum_version 1.5.0

# what the sanitizers need themselves is not the runtime's
plain() { case $BUILD in */san) skip "the sanitizers need more than that" ;; esac; }

teardown_more() {
	findmnt -rno TARGET | grep "^$TOP/" | sort -r | xargs -r umount -l || true
}

# attempt COMMAND...: ends in time, by itself, with 0 or with a sentence that says more than that it failed
attempt() {
	run timeout -k 5 "${LIMIT:-60}" "$@"
	echo "$status: $* : $output"
	[ "$status" -lt 124 ] || [[ "$status" = 127 && "$output" == *"shared librar"* ]] || return 1
	[ "$status" = 0 ] || [[ "$output" == *": "*[a-z]* || "$output" == *memory* ]]
}

@test "with too little memory a verb ends with a sentence, never by a crash" {
	plain
	zone create -t isolated web
	printf '#!/bin/sh\nn=$1; shift; exec prlimit --as=$((n * 1024)) "$@"\n' >"$TOP/few" && chmod +x "$TOP/few"
	for verb in "install" "boot" "halt"; do
		for n in 4000 6000 7000 8000 8500 9000 9500 10000 11000 12000 16000 32000; do
			attempt "$TOP/few" $n zone $verb web
			[ "$status" != 0 ] || break
		done
		zone $verb web
	done
	zone delete -F web
}

@test "without a free file in the store install is refused and leaves none" {
	mkdir -p "$TOP/storage"
	mount -t tmpfs -o size=8m,nr_inodes=30,mode=755 none "$TOP/storage"
	zone create -t isolated web
	attempt zone install web
	[ "$status" = 1 ]
	says "No space left"
	[ "$(state_of web)" = configured ]
	mount -o remount,nr_inodes=3000 "$TOP/storage"
	zone install web
	zone delete -F web
}

@test "a monitor that is stopped holds nobody up for ever" {
	booted web
	monitor=$(jq .monitor "$ZONES_RUN_DIR/web/run.json")
	kill -STOP "$monitor"
	[ "$(state_of web)" = running ]
	attempt zone exec web true
	LIMIT=100 attempt zone halt web
	kill -CONT "$monitor"
	zone halt web
	[ "$(state_of web)" = installed ]
}
