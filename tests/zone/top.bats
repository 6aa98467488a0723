#!/usr/bin/env bats
# zone top on a real terminal (a pty): what it shows, its keys, its end.
bats_require_minimum_version 1.5.0
load helper

# Run zone top WORDS..., press the keys of KEYS one after the other, each after another frame has come; print all that came and the exit status.
on_pty() { # KEYS ROWS COLUMNS WORDS...
	python3 - "$@" <<'P'
import fcntl, os, pty, select, struct, sys, termios, time
keys, rows, columns, words = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execvp("zone", ["zone", "top"] + words)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(fd)
out, frames, end = b"", 0, time.time() + 40
def take():
    global out
    if select.select([fd], [], [], 0.2)[0]:
        try: data = os.read(fd, 65536)
        except OSError: return False
        if not data: return False
        out += data
    return True
for key in keys:
    while out.count(b"\x1b[H") <= frames and time.time() < end:
        if not take(): break
    frames = out.count(b"\x1b[H")
    if key == "^": os.kill(pid, 15)
    elif key == "w": fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 4, 30, 0, 0))
    else: os.write(fd, key.encode())
after = None
while time.time() < end and take():
    if b"\x1b[?1049l" in out and after is None:
        time.sleep(0.3)
        try: after = termios.tcgetattr(fd)
        except termios.error: after = before
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(out)
print("\nstatus", os.waitstatus_to_exitcode(status), "same terminal", after is None or after[3] == before[3])
P
}

frame() { # N: lines of the N-th frame, without escapes
	python3 -c '
import re, sys
frames = sys.stdin.read().split("\x1b[H")
print(re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", frames[int(sys.argv[1])]).replace("\r", ""))' "$1" <"$TOP/out"
}

setup_more() {
	booted busy 'service.command=["/bin/sh","-c","while :; do :; done"]' cappedCPU.ncpus=0.3
	booted large 'service.command=["/usr/bin/python3","-c","import time; b = bytearray(60 << 20); time.sleep(1000)"]'
	wait_for 20 eval '[ "$(zone stat --json -z large | jq ".[0].memoryBytes")" -gt 60000000 ]'
}

@test "the machine and the sum stand above, then the zones by the key; the terminal is as before at the end" {
	on_pty cxmaq 24 160 300ms >"$TOP/out"
	tail -n 1 "$TOP/out" | grep -qx "status 0 same terminal True"
	[ "$(frame 3 | awk 'NR > 2 {print $1}' | head -n 4 | paste -sd' ')" = "[system] [total] busy large" ] || { frame 3; false; }
	n=$(grep -o "$(printf '\033')\[H" "$TOP/out" | wc -l)
	[ "$(frame "$n" | sed -n 1p | grep -c 'by name')" = 1 ] || { frame "$n"; false; }
	python3 - "$TOP/out" <<'P'
import re, sys
frames = [re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", f).replace("\r", "") for f in open(sys.argv[1], newline="").read().split("\x1b[H")[1:]]
by = lambda word: [f for f in frames if "by " + word in f.split("\n")[0]]
rows = lambda f: [l.split()[0] for l in f.split("\n")[2:] if l and not l.startswith("status")][2:4]
assert by("memory") and all(rows(f) == ["large", "busy"] for f in by("memory")), frames
assert by("name") and all(rows(f) == ["busy", "large"] for f in by("name")), frames
P
	grep -q "$(printf '\033')\[?1049h" "$TOP/out"
	grep -q "$(printf '\033')\[?1049l" "$TOP/out"
}

@test "no line is longer than the terminal and no frame higher, also when it shrinks" {
	on_pty wmq 24 160 300ms >"$TOP/out"
	tail -n 1 "$TOP/out" | grep -qx "status 0 same terminal True"
	n=$(grep -o "$(printf '\033')\[H" "$TOP/out" | wc -l)
	frame "$n" | sed '/^status/d' >"$TOP/last"
	[ "$(awk 'length > 30' "$TOP/last" | wc -l)" = 0 ] || { cat "$TOP/last"; false; }
	[ "$(grep -c . "$TOP/last")" -le 4 ] || { cat "$TOP/last"; false; }
}

@test "chosen zones, their end, a signal" {
	on_pty 'm^' 24 160 -z large 300ms >"$TOP/out"
	tail -n 1 "$TOP/out" | grep -qx "status 0 same terminal True"
	run grep -c busy "$TOP/out"
	[ "$output" = 0 ]
	on_pty m 24 160 -z large 300ms >"$TOP/out" &
	wait_for 20 grep -q . "$ZONES_RUN_DIR/large/run.json"
	sleep 1
	zone halt large
	wait $!
	grep -q "status 1 same terminal True" "$TOP/out"
	grep -q large "$TOP/out"
}

@test "without a terminal the way out is named; wrong words" {
	run zone top </dev/null
	[ "$status" = 1 ]
	says "zone stat 2"
	fails 2 zone top 1x
	fails 2 zone top 10ms
	fails 2 zone top 5 5
	on_pty q 24 160 -z nosuch >"$TOP/out"
	grep -q "status 1" "$TOP/out"
	grep -q nosuch "$TOP/out"
}
