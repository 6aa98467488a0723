#!/usr/bin/env bats
# procView: /proc/meminfo and its kin in a zone tell of its own limits and use.
load helper

run_json() {
	jq -r "$1" "$ZONES_RUN_DIR/web/run.json"
}

server() {
	run_json .view
}

inside() {
	zone exec web "$@"
}

# meminfo WORD: kB
meminfo() {
	inside sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

has_taken() { # KB of memory without a file
	[ "$(meminfo AnonPages)" -gt "$1" ]
}

# cgroup_file V1-CONTROLLER V1-FILE V2-FILE: of zone web
cgroup_file() {
	local dir
	dir=/sys/fs/cgroup/$1/zones-$(cgroup_hash)/web
	if [ -e "$dir/$2" ]; then cat "$dir/$2"; return; fi
	cat "/sys/fs/cgroup/zones-$(cgroup_hash)/web/$3"
}

near() { # near A B TOLERANCE
	local d=$(($1 - $2))
	[ "${d#-}" -le "$3" ] || { echo "$1 is not within $3 of $2"; return 1; }
}

is_alive() {
	kill -0 "$1" 2>/dev/null
}

kill_both() { # the monitor and the server
	local old
	old=$(run_json .monitor)
	SERVER=$(server)
	[ "$old" -gt 1 ] && [ "$SERVER" -gt 1 ]
	kill -9 "$old" "$SERVER"
	wait_for 5 sh -c "! kill -0 $old 2>/dev/null && ! kill -0 $SERVER 2>/dev/null"
}

ticks_of() { # CPU time of a process in hundredths of a second
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

teardown_more() {
	[ -z "${SERVER:-}" ] || ! is_alive "$SERVER" || ! grep -q zone-procview "/proc/$SERVER/comm" || { kill -9 "$SERVER"; echo "# a server was left" >&2; return 1; }
}

@test "meminfo: the cap is the memory, and what is used is what the cgroup says" {
	booted web cappedMemory.physical=128M service.command='["/usr/bin/python3","-c","import time; x = bytearray(40 << 20); time.sleep(1000)"]'
	[ "$(meminfo MemTotal)" = 131072 ]
	wait_for 10 has_taken 40960
	used=$(($(cgroup_file memory memory.usage_in_bytes memory.current) / 1024))
	near $((131072 - $(meminfo MemFree))) "$used" 3000
	[ "$(meminfo MemFree)" -lt 90112 ]
	near "$(meminfo AnonPages)" 44000 6000
	[ "$(inside awk '/^MemFree/ { f = $2 } /^MemAvailable/ { print ($2 >= f) }' /proc/meminfo)" = 1 ]
	run inside free -k
	says "131072"
	[ "$(inside grep -c DirectMap /proc/meminfo)" = 0 ]
}

@test "processors: as many as the cap has use for, in cpuinfo, stat, online and for getconf" {
	[ "$(nproc)" -gt 1 ] || skip "one processor"
	booted web cappedCPU.ncpus=0.5
	[ "$(inside cat /sys/devices/system/cpu/online)" = 0 ]
	[ "$(inside grep -c ^processor /proc/cpuinfo)" = 1 ]
	[ "$(inside grep -c '^cpu[0-9]' /proc/stat)" = 1 ]
	[ "$(inside getconf _NPROCESSORS_ONLN)" = 1 ]
	zone set web cappedCPU.ncpus=1.5
	zone apply web
	sleep 0.15
	[ "$(inside cat /sys/devices/system/cpu/online)" = 0-1 ]
	[ "$(inside grep -c ^processor /proc/cpuinfo)" = 2 ]
}

@test "limits that zone apply changes show at once" {
	booted web cappedMemory.physical=128M cappedMemory.swap=128M
	[ "$(meminfo MemTotal)" = 131072 ]
	zone set web cappedMemory.physical=192M cappedMemory.swap=192M
	zone apply web
	sleep 0.15
	[ "$(meminfo MemTotal)" = 196608 ]
}

@test "stat, uptime and load: the zone's own time" {
	booted web service.command='["/bin/sh","-c","while :; do :; done"]'
	sleep 3
	zone exec web cat /proc/stat >"$TOP/stat"
	busy=$(awk '$1 == "cpu" { print $2 + $4 }' "$TOP/stat")
	idle=$(awk '$1 == "cpu" { print $5 }' "$TOP/stat")
	[ "$busy" -gt 20 ]
	up=$(inside awk '{ print int($1 * 100) }' /proc/uptime)
	[ "$up" -ge 300 ] && [ "$up" -lt 3000 ]
	near $((busy + idle)) $((up * $(grep -c '^cpu[0-9]' "$TOP/stat"))) 200
	[ "$(awk '/^cpu[0-9]/ { s += $2 } END { print s }' "$TOP/stat")" = "$(awk '$1 == "cpu" { print $2 }' "$TOP/stat")" ]
	near "$(awk '$1 == "btime" { print $2 }' "$TOP/stat")" "$(($(date +%s) - up / 100))" 2
	grep -q '^intr 0$' "$TOP/stat"
	sleep 4
	load=$(inside awk '{ print $1 * 100 }' /proc/loadavg)
	[ "${load%.*}" -ge 5 ] && [ "${load%.*}" -le 300 ]
	inside cat /proc/loadavg | grep -qE "^[0-9.]+ [0-9.]+ [0-9.]+ 1/[0-9]+ [0-9]+$"
	run inside uptime
	says "up 0 min"
	run inside vmstat
	[ "$status" = 0 ]
	run inside top -bn1
	says "total"
}

@test "the zone's clocks begin with its boot: uptime, sysinfo and the start of processes agree" {
	booted web
	sleep 1.2
	for i in 1 2 3 4 5 6 7 8; do
		inside sh -c 'ps -eo etimes= -p $$' >"$TOP/etimes"
		[ "$(sort -n "$TOP/etimes" | tail -n 1)" -lt 60 ]
	done
	run inside python3 -c 'import time, ctypes
up = float(open("/proc/uptime").read().split()[0])
b = (ctypes.c_long * 32)(); assert ctypes.CDLL(None).sysinfo(b) == 0
print(abs(up - time.clock_gettime(time.CLOCK_BOOTTIME)) < 0.1, abs(up - b[0]) < 1.1, 1 <= up < 60)'
	says "True True True"
	kill_both
	run inside python3 -c 'import time
print(abs(float(open("/proc/uptime").read().split()[0]) - time.clock_gettime(time.CLOCK_BOOTTIME)) < 0.1)'
	says True
}

@test "swaps and diskstats tell of the zone" {
	booted web
	inside head -n 1 /proc/swaps | grep -q ^Filename
	[ "$(inside sh -c 'wc -l </proc/diskstats')" -le "$(wc -l </proc/diskstats)" ]
	# no disk is listed that the zone has not used
	for name in $(inside awk '{ print $1 ":" $2 }' /proc/diskstats); do
		cgroup_file blkio blkio.throttle.io_service_bytes_recursive io.stat | grep -q "^$name "
	done
}

@test "procView=false: the host's files, and no server" {
	booted web procView=false
	[ "$(meminfo MemTotal)" = "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" ]
	[ "$(server)" = 0 ]
	run inside grep -c procview /proc/mounts
	[ "$output" = 0 ]
	zone set web procView=true
	run zone diff web
	says procView
	zone reboot web
	[ "$(server)" != 0 ]
	inside grep -q procview /proc/mounts
}

@test "the server has no rights: its own user, no capability, a filter, and nothing it could be traced by" {
	booted web procView=files # what it has for sysinfo(2): sysinfo.bats
	SERVER=$(server)
	grep -q zone-procview "/proc/$SERVER/comm"
	grep -q "^CapEff:.0000000000000000$" "/proc/$SERVER/status"
	grep -q "^CapPrm:.0000000000000000$" "/proc/$SERVER/status"
	grep -q "^NoNewPrivs:.1$" "/proc/$SERVER/status"
	grep -q "^Seccomp:.2$" "/proc/$SERVER/status"
	uid=$(awk '/^Uid:/ { print $2 + 0 }' "/proc/$SERVER/status")
	[ "$uid" -gt 65536 ]
	# nobody inside, nor the zone's owner
	[ "$uid" -gt "$(awk '/^Uid:/ { print $2 + 65536 }' "/proc/$(init_pid web)/status")" ]
	[ "$(find "/proc/$SERVER/fd" -lname 'socket:*' | wc -l)" = 0 ]
}

@test "inside nobody can write, and everybody can read" {
	booted web
	run inside sh -c 'echo x >/proc/meminfo'
	[ "$status" -ne 0 ]
	run inside chmod 666 /proc/meminfo
	[ "$status" -ne 0 ]
	run inside truncate -s 0 /proc/stat
	[ "$status" -ne 0 ]
	run inside python3 -c 'import os
os.setgid(1); os.setuid(1)
print(open("/proc/meminfo").read(9))'
	says MemTotal:
	[ "$(inside cat /proc/meminfo | wc -c)" -gt 500 ]
}

@test "every way to read gets the same text: read, sendfile and splice into a pipe (BusyBox), by its size, from its end" {
	booted web
	run inside python3 -c '
import os
def drain(fd, how):
    r, w = os.pipe()
    n = 1
    while n > 0:
        n = how(w, fd)
    os.close(w)
    return open(r, "rb").read()
for path in ("/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/swaps", "/proc/diskstats", "/proc/vmstat", "/proc/loadavg", "/proc/uptime", "/sys/devices/system/cpu/online"):
    for how in (lambda w, fd: os.sendfile(w, fd, None, 1 << 16), lambda w, fd: os.splice(fd, w, 1 << 16)) if hasattr(os, "splice") else (lambda w, fd: os.sendfile(w, fd, None, 1 << 16),):
        fd = os.open(path, os.O_RDONLY)
        text = drain(fd, how)
        os.close(fd)
        words = [w for w in open(path, "rb").read().split() if not w.replace(b".", b"").isdigit()]
        assert [w for w in text.split() if not w.replace(b".", b"").isdigit()] == words and (text.endswith(b"\n") or not words), (path, text)
    size = os.stat(path).st_size
    assert abs(size - len(open(path, "rb").read())) < 64, (path, size)
print("all the same")'
	says "all the same"
	[ "$(inside tail -n 1 /proc/stat | cut -d" " -f1)" = "$(inside cat /proc/stat | tail -n 1 | cut -d" " -f1)" ]
	[ "$(inside wc -l /proc/meminfo | cut -d" " -f1)" = "$(inside cat /proc/meminfo | wc -l)" ]
}

@test "the server killed: an open descriptor and new ones go on" {
	native web service.command='["/usr/bin/python3","/srv/reader.py"]'
	root=$ZONES_STORAGE_DIR/web/root
	cat >"$root/srv/reader.py" <<'P'
import os, time
fd = os.open("/proc/meminfo", os.O_RDONLY)
os.read(fd, 100)
open("/srv/ready", "w").close()
while not os.path.exists("/srv/go"): time.sleep(0.05)
other = os.open("/proc/uptime", os.O_RDONLY)
os.read(other, 3)
rest = os.read(fd, 10000) # in the middle of this file, not of the other
again = os.pread(fd, 9, 0)
open("/srv/said", "w").write("%d %s\n" % (len(rest) > 400, again.decode()))
time.sleep(1000)
P
	zone boot web
	wait_for 10 test -e "$root/srv/ready"
	SERVER=$(server)
	[ "$SERVER" -gt 1 ]
	kill -9 "$SERVER"
	wait_for 5 sh -c "! kill -0 $SERVER 2>/dev/null"
	touch "$root/srv/go"
	wait_for 5 grep -q MemTotal: "$root/srv/said"
	[ "$(cat "$root/srv/said")" = "1 MemTotal:" ]
	wait_for 5 sh -c "[ \$(jq .view '$ZONES_RUN_DIR/web/run.json') != $SERVER ]"
	inside grep -q MemTotal /proc/meminfo
	SERVER=$(server)
	is_alive "$SERVER"
}

@test "a server that dies again and again is started later and later; zone why and info tell; reads wait and then go on" {
	booted web
	old=$(server)
	[ "$old" -gt 1 ] # 0 is everybody here
	kill -9 "$old"
	wait_for 3 sh -c "jq -e '.view != 0 and .view != $old' '$ZONES_RUN_DIR/web/run.json'"
	old=$(server)
	[ "$old" -gt 1 ]
	kill -9 "$old"
	wait_for 3 sh -c "jq -e '.view != $old' '$ZONES_RUN_DIR/web/run.json'"
	[ "$(server)" = 0 ]
	run zone why web
	says "its view of memory and processors is down"
	run zone info --live web
	says procViewError
	# the reader waits for it, and can be killed
	timeout 15 zone exec web cat /proc/meminfo >"$TOP/text"
	grep -q MemTotal "$TOP/text"
	SERVER=$(server)
	is_alive "$SERVER"
	run zone why web
	case $output in *"is down"*) false ;; esac
}

@test "a reader that hangs can be killed, and does not delay the halt" {
	booted web service.command='["/bin/sh","-c","sleep 1; cat /proc/meminfo /proc/stat; sleep 1000"]'
	SERVER=$(server)
	[ "$SERVER" -gt 1 ]
	kill -STOP "$SERVER"
	sleep 2
	fails 137 zone exec web timeout -s KILL 1 cat /proc/uptime
	start=$(date +%s%N)
	zone halt web
	[ $((($(date +%s%N) - start) / 1000000)) -lt 3000 ]
	run is_alive "$SERVER"
	[ "$status" -ne 0 ]
}

@test "a server that cannot be killed, with a request that it has taken: the halt ends the connection instead" {
	native web service.command='["/bin/sh","-c","while [ ! -e /srv/go ]; do sleep 0.05; done; cat /proc/meminfo; sleep 1000"]'
	zone boot web
	SERVER=$(server)
	[ "$SERVER" -gt 1 ]
	strace -qq -o "$TOP/trace" -p "$SERVER" -e trace=writev -e inject=writev:delay_enter=30000000 2>/dev/null &
	tracer=$!
	wait_for 5 grep -q "^TracerPid:.[1-9]" "/proc/$SERVER/status"
	touch "$ZONES_STORAGE_DIR/web/root/srv/go"
	sleep 1.5 # the reader waits where no signal reaches it any more once it has been killed
	start=$(date +%s%N)
	zone halt web
	took=$((($(date +%s%N) - start) / 1000000))
	kill "$tracer" 2>/dev/null || true
	wait "$tracer" || true
	wait_for 5 sh -c "! kill -0 $SERVER 2>/dev/null"
	[ "$took" -lt 5000 ]
}

@test "after the halt nothing is left, also when the monitor was killed before" {
	booted web
	SERVER=$(server)
	zone halt web
	run is_alive "$SERVER"
	[ "$status" -ne 0 ]
	[ "$(findmnt -rno TARGET -t fuse.procview | wc -l)" = 0 ]
	zone boot web
	SERVER=$(server)
	kill -9 "$(run_json .monitor)" "$(init_pid web)"
	wait_for 5 sh -c "! kill -0 $SERVER 2>/dev/null"
}

@test "the monitor killed: the view goes on, the next one takes it over and replaces a server that dies" {
	booted web cappedMemory.physical=128M
	SERVER=$(server)
	old=$(run_json .monitor)
	kill -9 "$old"
	wait_for 5 sh -c "! kill -0 $old 2>/dev/null"
	[ "$(nsenter -t "$(init_pid web)" -m grep MemTotal /proc/meminfo | tr -dc 0-9)" = 131072 ]
	[ "$(meminfo MemTotal)" = 131072 ]
	[ "$(run_json .monitor)" != "$old" ]
	[ "$(server)" = "$SERVER" ]
	[ "$SERVER" -gt 1 ]
	kill -9 "$SERVER"
	[ "$(meminfo MemTotal)" = 131072 ]
	wait_for 5 sh -c "[ \$(jq .view '$ZONES_RUN_DIR/web/run.json') != $SERVER ]"
	SERVER=$(server)
}

@test "monitor and server killed together: the next command gives the zone a new view" {
	booted web cappedMemory.physical=128M
	init=$(init_pid web)
	kill_both
	fails 1 nsenter -t "$init" -m cat /proc/meminfo
	[ "$(meminfo MemTotal)" = 131072 ]
	[ "$(init_pid web)" = "$init" ]
	SERVER=$(server)
}

@test "hostile reads: offsets, thousands of opens and a storm cost the server next to nothing" {
	booted web
	SERVER=$(server)
	inside python3 -c '
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (3000, 3000)) if resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 3000 else None
fd = os.open("/proc/meminfo", os.O_RDONLY)
assert os.pread(fd, 100, 2**62) == b""
assert os.pread(fd, 100, 10**6) == b""
whole = os.pread(fd, 100000, 0)
assert len(whole) > 500 and whole == b"".join(os.pread(fd, 7, at) for at in range(0, len(whole), 7))
up = os.open("/proc/uptime", os.O_RDONLY)
first = os.pread(up, 100, 0)
time.sleep(0.1)
assert os.pread(up, 100, 2) == first[2:] and os.pread(up, 100, 0) != first
n = min(2500, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 50)
many = [os.open("/proc/" + ("cpuinfo", "meminfo")[i % 2], os.O_RDONLY) for i in range(n)]
for f in many: os.read(f, 10)
assert all(len(os.read(f, 200)) == 200 for f in many)
'
	[ "$(awk '/^RssAnon:/ { print $2 }' "/proc/$SERVER/status")" -lt 1500 ]
	before=$(ticks_of "$SERVER")
	inside timeout 5 python3 -c '
import os
if os.fork() == 0: os.fork()
fd = os.open("/proc/meminfo", os.O_RDONLY)
while True: os.pread(fd, 4096, 0)
' || true
	# a fiftieth of five seconds and the burst, with a margin for what others run beside
	[ $(($(ticks_of "$SERVER") - before)) -le 30 ]
	inside grep -q MemTotal /proc/meminfo
	is_alive "$SERVER"
}

@test "without the program: a zone that asks for it is refused by name, another one boots and tells" {
	mkdir "$TOP/libexec"
	cp "$BUILD/zone-init" "$TOP/libexec"
	native web procView=true
	export ZONES_LIBEXEC_DIR=$TOP/libexec
	run zone verify web
	[ "$status" = 1 ]
	says "procView: the program"
	fails 1 zone boot web
	zone clear web procView
	zone boot web
	run zone why web
	says "it sees the host's memory and processors"
	[ "$(meminfo MemTotal)" = "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" ]
}

@test "while a zone goes up and down many times no server and no descriptor stays" {
	native web
	zone boot web
	for i in 1 2 3 4 5; do zone reboot web; done
	fds=$(find "/proc/$(run_json .monitor)/fd" -lname /dev/fuse | wc -l)
	[ "$fds" = 1 ]
	# zombies too
	[ "$(pgrep -c -P "$(run_json .monitor)" zone-procview)" = 1 ]
}
