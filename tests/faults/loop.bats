#!/usr/bin/env bats
# Every system call of a command fails, or its process is killed before it: loop.py tells what is looked at afterwards. Here for a few of the calls, spread over the command; ZONES_FAULTS=all tries
# every place in the programs that makes one, ZONES_FAULTS=every every call (hours).

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ "$(uname -m)" = x86_64 ] || skip "the tracer knows x86-64 only"
	case ${ZONES_BUILD:-} in */san) skip "the sanitizers' own calls would be counted" ;; esac
	command -v gcc >/dev/null || skip "needs a compiler"
	gcc -O1 -o "$BATS_FILE_TMPDIR/fault" "$BATS_TEST_DIRNAME/fault.c"
}

# loop VERB MODE
loop() {
	export ZONES_FAULTS=${ZONES_FAULTS:-1}
	run python3 "$BATS_TEST_DIRNAME/loop.py" "${ZONES_BUILD:-$BATS_TEST_DIRNAME/../../build}" "$BATS_FILE_TMPDIR/fault" "$1" "$2"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "zone create: a system call that fails leaves no lie and nothing behind" { loop zone-create error; }
@test "zone create: killed before a system call it leaves no lie and nothing behind" { loop zone-create kill; }
@test "zone set: a system call that fails leaves no lie and nothing behind" { loop zone-set error; }
@test "zone set: killed before a system call it leaves no lie and nothing behind" { loop zone-set kill; }
@test "zone install: a system call that fails leaves no lie and nothing behind" { loop zone-install error; }
@test "zone install: killed before a system call it leaves no lie and nothing behind" { loop zone-install kill; }
@test "zone clone: a system call that fails leaves no lie and nothing behind" { loop zone-clone error; }
@test "zone clone: killed before a system call it leaves no lie and nothing behind" { loop zone-clone kill; }
@test "zone snapshot: a system call that fails leaves no lie and nothing behind" { loop zone-snapshot error; }
@test "zone snapshot: killed before a system call it leaves no lie and nothing behind" { loop zone-snapshot kill; }
@test "zone rollback: a system call that fails leaves no lie and nothing behind" { loop zone-rollback error; }
@test "zone rollback: killed before a system call it leaves no lie and nothing behind" { loop zone-rollback kill; }
@test "zone rename: a system call that fails leaves no lie and nothing behind" { loop zone-rename error; }
@test "zone rename: killed before a system call it leaves no lie and nothing behind" { loop zone-rename kill; }
@test "zone move: a system call that fails leaves no lie and nothing behind" { loop zone-move error; }
@test "zone move: killed before a system call it leaves no lie and nothing behind" { loop zone-move kill; }
@test "zone apply: a system call that fails leaves no lie and nothing behind" { loop zone-apply error; }
@test "zone apply: killed before a system call it leaves no lie and nothing behind" { loop zone-apply kill; }
@test "zone boot: a system call that fails leaves no lie and nothing behind" { loop zone-boot error; }
@test "zone boot: killed before a system call it leaves no lie and nothing behind" { loop zone-boot kill; }
@test "zone exec: a system call that fails leaves no lie and nothing behind" { loop zone-exec error; }
@test "zone exec: killed before a system call it leaves no lie and nothing behind" { loop zone-exec kill; }
@test "zone halt: a system call that fails leaves no lie and nothing behind" { loop zone-halt error; }
@test "zone halt: killed before a system call it leaves no lie and nothing behind" { loop zone-halt kill; }
@test "zone uninstall: a system call that fails leaves no lie and nothing behind" { loop zone-uninstall error; }
@test "zone uninstall: killed before a system call it leaves no lie and nothing behind" { loop zone-uninstall kill; }
@test "zone delete: a system call that fails leaves no lie and nothing behind" { loop zone-delete error; }
@test "zone delete: killed before a system call it leaves no lie and nothing behind" { loop zone-delete kill; }
@test "zrun create: a system call that fails leaves no lie and nothing behind" { loop zrun-create error; }
@test "zrun create: killed before a system call it leaves no lie and nothing behind" { loop zrun-create kill; }
@test "zrun start: a system call that fails leaves no lie and nothing behind" { loop zrun-start error; }
@test "zrun start: killed before a system call it leaves no lie and nothing behind" { loop zrun-start kill; }
@test "zrun exec: a system call that fails leaves no lie and nothing behind" { loop zrun-exec error; }
@test "zrun exec: killed before a system call it leaves no lie and nothing behind" { loop zrun-exec kill; }
@test "zrun run: a system call that fails leaves no lie and nothing behind" { loop zrun-run error; }
@test "zrun run: killed before a system call it leaves no lie and nothing behind" { loop zrun-run kill; }
@test "zrun kill: a system call that fails leaves no lie and nothing behind" { loop zrun-kill error; }
@test "zrun kill: killed before a system call it leaves no lie and nothing behind" { loop zrun-kill kill; }
@test "zrun delete: a system call that fails leaves no lie and nothing behind" { loop zrun-delete error; }
@test "zrun delete: killed before a system call it leaves no lie and nothing behind" { loop zrun-delete kill; }
