#!/usr/bin/env bats
# launcher: zrun's first code, which starts the protected image before there is a C library (CVE-2019-5736), and what happens where it cannot.
# shellcheck disable=SC2016
load helper

needs_launcher() { ! readelf -lW "$BUILD/zrun" | grep -q INTERP || skip "this flavour of zrun has no launcher"; }

# starts COMMAND...: how often it executes something, itself included, one line each
starts() { strace -qq -e trace=execve,execveat -o "$TOP/trace" "$@" >"$TOP/said" 2>&1 && grep -c exec "$TOP/trace"; }

# exe_of_run COMMAND...: what a running "zrun run" executes, and whether root, holding on to that, can write to it when it has ended: nobody else may run the same file
exe_of_run() {
	script 'exec sleep 1000'
	"$@" --root "$TOP/run" run -b "$BUNDLE" "$ID" </dev/null >"$TOP/said" 2>&1 3>&- &
	local runner=$!
	for _ in $(seq 100); do [ "$(status 2>/dev/null)" = running ] && break; sleep 0.1; done
	readlink "/proc/$runner/exe"
	awk -v inode="$(stat -Lc %i "/proc/$runner/exe")" '$5 == inode { printf "%s ", $2 }' "/proc/$runner/maps"
	exec 8<"/proc/$runner/exe"
	zrun kill "$ID" KILL
	wait "$runner" || true
	python3 -c '
import os
try:
    os.write(os.open("/proc/self/fd/8", os.O_WRONLY), b"x")
    print("WRITABLE")
except OSError as e:
    print(e.strerror)'
	exec 8<&-
}

@test "a verb that enters a container loads the C library once, in an image that nobody can write to" {
	needs_launcher
	script 'exit 0'
	[ "$(starts "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID")" = 2 ]
	strace -qq -e trace=openat,execve,execveat -o "$TOP/trace" "$BUILD/zrun" --root "$TOP/run" run -b "$BUNDLE" "$ID" 3>&-
	[[ "$(sed -n 3p "$TOP/trace")" == *" = 3" ]] # no descriptor was left over
	[ "$(grep -n 'execveat' "$TOP/trace" | cut -d: -f1)" = 2 ] # nothing at all was opened before
	[ "$(grep -c '"/etc/ld.so.cache"' "$TOP/trace")" = 1 ]
	cp "$BUILD/zrun" "$TOP/zrun"
	run exe_of_run "$TOP/zrun"
	echo "$output"
	[ "${lines[1]}" = "r--p r-xp r--p r--p rw-p Read-only file system" ] # the fourth is RELRO: the loader saw all program headers
}

@test "other verbs start once" {
	needs_launcher
	[ "$(starts "$BUILD/zrun" --version)" = 1 ]
	[ "$(starts "$BUILD/zrun" --root "$TOP/run" list)" = 1 ]
}

@test "a word that only looks like a verb changes nothing" {
	[ "$("$BUILD/zrun" --root "$TOP/run" state run 2>&1 || true)" = "$("$BUILD/zrun" --root "$TOP/run" state ruin 2>&1 | sed 's/ruin/run/' || true)" ]
	background
	run zrun exec "$ID" sh -c 'echo "$0 $*"' run exec create
	[ "$output" = "run exec create" ]
	[ "$status" = 0 ]
}

@test "a program on a read-only file system is protected and starts once" {
	needs_launcher
	script 'exit 0'
	mkdir "$TOP/ro"
	cp "$BUILD/zrun" "$TOP/ro/zrun"
	n=$(starts unshare --mount --propagation private sh -c 'mount --bind -o ro "$1" "$1" && exec "$1/zrun" --root "$2" run -b "$3" "$4"' sh "$TOP/ro" "$TOP/run" "$BUNDLE" "$ID")
	cat "$TOP/said" "$TOP/trace"
	[ "$(sed -n '/ro\/zrun/,$p' "$TOP/trace" | grep -c exec)" = 1 ]
	[ "$n" -gt 0 ]
}

@test "where a mount cannot be had the program protects itself with a copy in memory" {
	mkdir "$TOP/place"
	cat >"$TOP/unbindable" <<'S'
mount -t tmpfs -o mode=755 tmpfs "$1" && mount --make-unbindable "$1" && cp "$2" "$1/zrun" || exit 90
place=$1
shift 2
exec "$place/zrun" "$@"
S
	run exe_of_run unshare --mount --propagation private sh "$TOP/unbindable" "$TOP/place" "$BUILD/zrun"
	echo "$output"
	[[ "${lines[0]}" == "/memfd:zones"* ]]
	[[ "${lines[1]}" == *"Operation not permitted" ]]
}

@test "the program gets its name, its environment and its descriptors, and keeps none of the launcher's" {
	script 'ls /proc/self/fd; cat <&3'
	echo kept >"$TOP/file"
	run zrun run -b "$BUNDLE" --preserve-fds 1 "$ID" 3<"$TOP/file"
	[ "${lines[*]}" = "0 1 2 3 4 kept" ] # 4: the directory that ls reads
	# without any descriptor at all the launcher's own must not become one of the program's
	config '.root.readonly = false'
	script 'ls /proc/self/fd >/tmp/out'
	zrun run -b "$BUNDLE" "$ID" <&- >&- 2>&- 3>&-
	[ "$(tr '\n' ' ' <"$BUNDLE/rootfs/tmp/out")" = "0 1 2 3 " ]
	run bash -c 'exec -a /any/name "$1" --root "$2" run "" ""' bash "$BUILD/zrun" "$TOP/run"
	[ "$status" = 2 ]
	[[ "$output" == *zrun* ]]
	run env -i LD_TRACE_LOADED_OBJECTS=1 "$BUILD/zrun" exec # the loader sees the environment
	[[ "$output" == *libc.so* ]]
}

@test "a copy of the program runs anywhere, and stripped" {
	cp "$BUILD/zrun" "$TOP/copy"
	[ "$("$TOP/copy" --version)" = "$("$BUILD/zrun" --version)" ]
	strip "$TOP/copy"
	script 'echo ran'
	run "$TOP/copy" --root "$TOP/run" run -b "$BUNDLE" "$ID"
	[ "$output" = ran ]
}
