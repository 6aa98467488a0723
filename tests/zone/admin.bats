#!/usr/bin/env bats
# Users who are not root: what a zone's file allows them, and nothing else. The users are "daemon" and "bin", which every host has, without a group of theirs.
load helper
bats_require_minimum_version 1.5.0

setup_more() {
	cp "$BUILD/zone" "$TOP/zone" # where users reach it
	native web 'admin=[{"user":"daemon","auths":["login","manage"]},{"user":"bin","auths":["manage"]}]'
	zone create -t isolated other
	serve
}

teardown_more() {
	[ -z "${flood:-}" ] || { kill "$flood" && wait "$flood"; } 2>/dev/null
	[ -z "${server:-}" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	return 0
}

serve() {
	zone admin-server 3>&- 2>"$TOP/server.log" &
	server=$!
	wait_for 10 test -S "$ZONES_RUN_DIR/.admin"
}

as() { # USER COMMAND...
	local uid
	uid=$(id -u "$1")
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}
alice() { as daemon "$TOP/zone" "$@"; } # login and manage
bob() { as bin "$TOP/zone" "$@"; }      # manage
eve() { as games "$TOP/zone" "$@"; }    # nothing

# talk: PYTHON as the user daemon, with ask(words, fds=...) that sends a request and returns the answer's code and text.
talk() {
	as daemon timeout 60 python3 -c '
import array, os, socket, struct, sys, time
path = sys.argv[1]
def conn():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(path); return s
def send(s, data, fds):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
def answer(s):
    d = s.recv(4096)
    return (struct.unpack("i", d[:4])[0], d[4:].split(b"\0")[0].decode()) if d else None
def raw(data, fds):
    s = conn(); send(s, data, fds); return answer(s)
def ask(words, fds=None):
    r, w = os.pipe()
    null = os.open("/dev/null", os.O_RDWR)
    a = raw(b"\0".join([b"xterm"] + words) + b"\0", fds or [null, w, w])
    os.close(w); out = b""
    while True:
        d = os.read(r, 65536)
        if not d: break
        out += d
    return a, out.decode(errors="replace")
'"$1" "$ZONES_RUN_DIR/.admin" "${@:2}"
}

@test "a user boots, enters, looks at and halts a zone whose file allows it; root's commands go on as ever" {
	fails 0 alice boot web
	[ "$(state_of web)" = running ]
	[ "$(alice exec web id -u)" = 0 ]
	[ "$(alice exec -l daemon web id -u)" = 1 ]
	fails 7 alice exec web sh -c 'exit 7'
	[ "$(echo text | alice exec web cat)" = text ]
	echo file >"$TOP/in" && chmod 644 "$TOP/in"
	[ "$(alice exec web sh -c 'cat; echo err >&2' <"$TOP/in" 2>&1)" = $'file\nerr' ]
	alice exec web cat <"$TOP/in" >"$TOP/out"
	[ "$(cat "$TOP/out")" = file ]
	[ "$(alice exec web sh -c 'head -c 3000000 /dev/zero' | wc -c)" = 3000000 ]
	alice exec web sh -c 'head -c 3000000 /dev/zero' >"$TOP/out"
	[ "$(stat -c %s "$TOP/out")" = 3000000 ]
	fails 0 bob ps web
	says /dev/.zone/init
	fails 0 bob list web
	says running
	fails 0 bob freeze web
	fails 0 bob thaw web
	fails 0 bob info web maxLwps
	fails 0 bob events web
	says 'daemon (uid 1): zone boot, status 0'
	fails 0 zone exec web true
	fails 0 bob halt web
	[ "$(state_of web)" = installed ]
}

@test "on a terminal a user has a terminal in the zone; its size and ^C reach the program, and the terminal is given back" {
	fails 0 alice boot web
	run timeout 60 python3 - "$TOP/zone" <<'P'
import fcntl, os, pty, select, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.setgroups([]); os.setresgid(1, 1, 1); os.setresuid(1, 1, 1)
    os.environ["TERM"] = "vt100"
    os.execv(sys.argv[1], ["zone", "exec", "-t", "web", "sh", "-c", "tty; echo $TERM; stty size; trap 'stty size; exit 5' INT; echo go; while :; do sleep 0.1; done"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 44, 0, 0))
out, end, sent = b"", time.time() + 40, False
while time.time() < end:
    if not select.select([fd], [], [], 1)[0]: continue
    try: d = os.read(fd, 4096)
    except OSError: break
    if not d: break
    out += d
    if b"go" in out and not sent:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 55, 66, 0, 0))
        time.sleep(1); os.write(fd, b"\x03"); sent = True
print(out.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
	echo "$output"
	says /dev/pts/
	says vt100
	says '55 66'
	[ "${lines[-1]##* }" = 5 ]
}

@test "other zones, other verbs, other users: refused in one sentence, nothing happens" {
	fails 0 zone boot web
	for words in "halt other" "boot other" "halt nowhere" "info ../etc/passwd" "halt .admin"; do
		# shellcheck disable=SC2086
		fails 1 alice $words
		says 'you have no right "manage" over a zone'
	done
	fails 1 bob exec web true
	says 'you have no right "login" over a zone "web"'
	fails 1 bob login web true
	fails 1 eve halt web
	says 'you have no right'
	fails 1 eve list web
	run eve --json halt web
	[ "$status" -ne 0 ]
	[ "$(eve halt --json web | jq -r .code)" = EPERM ]
	for words in "delete -F web" "uninstall -F web" "set web maxLwps=5" "add web admin user=games auths=login" "edit web" "apply web" "apply -f /etc/passwd web" "create new" "clone web new" \
		"create -f /etc/shadow new" "install --from / web" "snapshot create web" "snapshot rollback web x" "publish web oci:/tmp/x" "image list" "export web" "export -f $TOP/x web" \
		"tenant t cappedCPU.ncpus=1" "autoboot" "capacity" "monitor web" "admin-server" "login -T web true" "login -S web" "boot -w web" "verify web" "diff web" "stat" "list" "list other"; do
		# shellcheck disable=SC2086
		run alice $words </dev/null
		[ "$status" -ne 0 ] || { echo "allowed: $words"; false; }
	done
	for words in "login -T web true" "login -S web" "boot -w web" "list -T x web"; do
		# shellcheck disable=SC2086
		fails 2 alice $words </dev/null
		says 'unknown option'
	done
	[ ! -e "$TOP/x" ]
	[ "$(state_of web)" = running ]
	[ "$(zone list -p -o name)" = $'other\nweb' ]
}

@test "a user who is taken out of the file has no right from then on, and is hung up on where he is logged in" {
	fails 0 zone boot web
	alice exec web sh -c 'echo in; exec sleep 600' >"$TOP/out" 2>&1 3>&- &
	client=$!
	wait_for 10 grep -q in "$TOP/out"
	zone clear web admin
	zone add web admin user=bin auths=manage
	wait_for 20 test ! -d "/proc/$client"
	run wait "$client"
	[ "$status" -ne 0 ]
	wait_for 10 sh -c '! zone ps web | grep -q "sleep 600"'
	fails 1 alice exec web true
	fails 0 bob list web
	mv "$ZONES_CONFIG_DIR/web.json" "$TOP/good"
	echo '{ broken' >"$ZONES_CONFIG_DIR/web.json"
	fails 1 bob list web # nobody, when it cannot be read
	mv "$TOP/good" "$ZONES_CONFIG_DIR/web.json"
}

@test "nothing of the user's surroundings reaches root: environment, folder, umask, limits; the monitor holds none of his descriptors" {
	cd /var/tmp
	umask 077
	run as daemon env LD_PRELOAD=/nowhere.so ZONES_CONFIG_DIR="$TOP/evil" ZONES_STORAGE_DIR="$TOP/evil" ZONES_LIBEXEC_DIR="$TOP/evil" EVIL=1 prlimit --nofile=20 "$TOP/zone" boot web
	[ "$status" -eq 0 ]
	umask 022
	cd /
	monitor=$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")
	run ! grep -aqE 'evil|EVIL|LD_PRELOAD' "/proc/$monitor/environ"
	[ "$(awk '/Max open files/ {print $4}' "/proc/$monitor/limits")" -gt 20 ]
	[ "$(grep Umask "/proc/$monitor/status" | awk '{print $2}')" = 0022 ]
	for fd in "/proc/$monitor/fd/"[012]; do [ "$(readlink "$fd")" = /dev/null ]; done
	run ! sh -c "ls -l /proc/$monitor/fd | grep -q '[.]admin'"
	[ ! -e "$TOP/evil" ]
}

@test "verify names users whom the host does not know; what is no right is refused" {
	zone set web 'admin=[{"user":"nosuchuser","auths":["login"]}]'
	fails 1 zone verify web
	says 'admin[0].user'
	says 'no user "nosuchuser"'
	fails 0 zone boot web # a directory of users that is away keeps no zone down
	fails 1 zone set web 'admin=[{"user":"bin","auths":["root"]}]'
	says root
}

@test "the log of acts has root's and users', refused ones apart; what is looked at leaves no line" {
	fails 1 zone boot other
	fails 0 alice boot web
	fails 0 alice exec -e SECRET=geheim web true
	fails 9 zone exec web sh -c 'exit 9'
	fails 0 bob list web
	fails 0 zone list
	fails 0 zone snapshot list web
	fails 0 zone tenant
	fails 0 zone image
	fails 0 zone apply -n web
	fails 1 zone clone web other
	fails 1 bob exec web true
	fails 1 eve halt "$(printf 'a\033[31m\nb%0500d' 0)"
	[ "$(zone history --json | jq -rc '.[] | [.user, .uid, .verb, .zone, .status] | join(" ")')" = "root 0 create web 0
root 0 install web 0
root 0 create other 0
root 0 boot other 1
daemon 1 boot web 0
daemon 1 exec web 0
root 0 exec web 9
root 0 clone other 1" ]
	[ "$(zone history -n 1 --json web | jq length)" = 1 ]
	[ "$(zone history --json other | jq length)" = 3 ]
	run zone history --refused
	[ "${#lines[@]}" = 3 ]
	says 'bin    -'
	says 'a?[31m?b000'
	run ! grep -r geheim "$ZONES_STORAGE_DIR/.audit"
	[ "$(stat -c %a "$ZONES_STORAGE_DIR/.audit")" = 700 ]
	run alice history
	[ "$status" -ne 0 ]
}

@test "forged requests: no descriptors, many, of other kinds, no end, too long, slow: refused, and the next one is served" {
	fails 0 zone boot web
	run talk '
import resource
null = os.open("/dev/null", os.O_RDWR)
r, w = os.pipe()
bad = []
def refused(what, a):
    if not a or a[0] == 0 or not a[1]: bad.append((what, a))
good = b"xterm\0list\0web\0"
slow = conn(); began = time.time()
long = conn(); send(long, b"xterm\0exec\0web\0sleep\0" + b"11\0", [null] * 3) # longer than those may stay who are allowed nothing
refused("none", raw(good, []))
refused("one", raw(good, [null]))
refused("four", raw(good, [null] * 4))
refused("200", raw(good, [null] * 200))
refused("no end", raw(b"xterm\0list\0web", [null] * 3))
refused("empty words", raw(b"xterm\0", [null] * 3))
refused("long", raw(b"x\0list\0" + b"w" * 40000 + b"\0", [null] * 3))
refused("many", raw(b"x\0list\0" + b"w\0" * 10000, [null] * 3))
f = os.open("/proc/self/oom_score_adj", os.O_RDWR)
for what, fd in (("proc", f), ("folder", os.open("/", os.O_RDONLY)), ("file", os.open("/etc/passwd", os.O_RDONLY)), ("socket", conn().fileno()), ("zero", os.open("/dev/zero", os.O_RDWR)), ("path", os.open("/etc/shadow", os.O_PATH)),
                 ("unix", socket.socketpair()[0].fileno())):
    for at in range(3):
        fds = [null] * 3; fds[at] = fd
        refused(what, raw(good, fds))
for i in range(100):
    n = os.urandom(1)[0]
    a = raw(os.urandom(n) + (b"\0" if i % 2 else b""), [null] * 3)
    if not a or a[0] == 0: bad.append(("random", a))
a, out = ask([b"list", b"web"])
if a != (0, "") or "running" not in out: bad.append(("good", a, out))
a, out = ask([b"exec", b"web", b"sh", b"-c", b"echo $0 $1", b"--", b"\xff\x1b[31m"])
if a[0] != 0: bad.append(("bytes", a, out))
for letter in b"X", b"", b"II", b"\0":
    s = conn(); send(s, b"xterm\0exec\0web\0sleep\0" + b"600\0", [null] * 3); time.sleep(0.5)
    try: s.send(letter) if letter else s.shutdown(socket.SHUT_WR)
    except OSError as x: bad.append((letter, x))
    s.settimeout(20); a = answer(s)
    if a is None or a[0] == 0: bad.append(("letter", letter, a))
a = answer(slow)
if not a or a[0] == 0 or time.time() - began > 30: bad.append(("slow", a))
a = answer(long)
if a != (0, ""): bad.append(("long", a))
print("bad:", bad)
'
	echo "$output"
	[ "$output" = "bad: []" ]
	kill -0 "$server"
}

@test "1000 connections of one user keep nobody else out; clients that are killed leave nothing" {
	fails 0 zone boot web
	setpriv --reuid 5 --regid 5 --clear-groups timeout 100 python3 -c '
import socket, sys, time
l = []
for i in range(1000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); l.append(s)
print("there", flush=True)
time.sleep(60)' "$ZONES_RUN_DIR/.admin" >"$TOP/out" 3>&- &
	flood=$!
	wait_for 30 grep -q there "$TOP/out"
	[ "$(pgrep -c -P "$server")" -le 16 ]
	fails 0 alice list web
	fails 1 setpriv --reuid 3999999 --regid 1 --clear-groups "$TOP/zone" list web
	says 'no name on this host'
	kill "$flood"
	wait "$flood" || true
	for i in 1 2 3 4 5; do
		setpriv --reuid 1 --regid 1 --clear-groups "$TOP/zone" exec web sleep 700 </dev/null >/dev/null 2>&1 3>&- &
		clients="${clients:-} $!"
	done
	wait_for 20 sh -c '[ "$(zone ps web | grep -c "sleep 700")" = 5 ]'
	# shellcheck disable=SC2086
	kill -9 $clients
	wait_for 20 sh -c '! pgrep -P '"$server"
	fails 0 alice halt web
}

@test "a user's shutdown ends within the zone's own time, and those of his that wait keep root's commands from nothing" {
	zone set web shutdownTimeout=2s
	fails 0 zone boot web
	kill -STOP "$(init_pid web)" # it does not listen
	fails 0 timeout -k 5 20 setpriv --reuid daemon --regid daemon --clear-groups "$TOP/zone" shutdown -t 24h web
	[ "$(state_of web)" = installed ]
	zone set web shutdownTimeout=60s
	fails 0 zone boot web
	kill -STOP "$(init_pid web)" # it does not listen
	for i in $(seq 16); do
		as daemon "$TOP/zone" shutdown -t 24h web </dev/null >/dev/null 2>>"$TOP/waiting" 3>&- &
		clients="${clients:-} $!"
	done
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = shutting_down ]'
	wait_for 20 sh -c '[ "$(grep -c "wait for its end" "$1")" = 8 ]' sh "$TOP/waiting"
	fails 0 timeout -k 5 20 zone shutdown -t 1 web
	[ "$(state_of web)" = installed ]
	# shellcheck disable=SC2086
	wait $clients || true
}

@test "a user makes no boot of a shutdown that has begun" {
	zone set web shutdownTimeout=5s
	fails 0 zone boot web
	kill -STOP "$(init_pid web)" # it does not listen
	zone shutdown web 3>&- &
	client=$!
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = shutting_down ]'
	fails 1 as daemon "$TOP/zone" shutdown -r web
	says 'going down already'
	# nor does the other verb, should it come between: what the command looks at before it asks may be over when the monitor hears of it
	run python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b"{\"verb\":\"reboot\"}")
print(s.recv(4096))' "$ZONES_RUN_DIR/web/control"
	says 'going down already'
	wait $client
	[ "$(state_of web)" = installed ]
}

@test "a user makes no boot of a shutdown that root waits for, nor of the host's end" {
	zone set web shutdownTimeout=20s
	fails 0 zone boot web
	kill -STOP "$(init_pid web)" # it does not listen
	zone autoshutdown >/dev/null 2>"$TOP/end" 3>&- &
	waiting=$!
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = shutting_down ]'
	fails 1 as daemon "$TOP/zone" shutdown -r -t 1 web
	says 'going down already'
	fails 0 as daemon "$TOP/zone" shutdown -t 1 web # sooner is his to ask
	wait $waiting
	[ "$(state_of web)" = installed ]
	fails 0 zone boot web
	kill -STOP "$(init_pid web)"
	kill -TERM "$(jq -r .monitor "$ZONES_RUN_DIR/web/run.json")"
	wait_for 10 sh -c '[ "$(zone list --json web | jq -r ".[0].state")" = shutting_down ]'
	fails 1 as daemon "$TOP/zone" shutdown -r -t 1 web
	says 'going down already'
	fails 0 as daemon "$TOP/zone" shutdown -t 1 web
	[ "$(state_of web)" = installed ]
}

@test "a user's consoles leave two places to root; whoever finds none is told so and does not come back for ever" {
	fails 0 zone boot web
	for i in $(seq 8); do
		as daemon "$TOP/zone" console web </dev/null >/dev/null 2>>"$TOP/full" 3>&- &
		clients="${clients:-} $!"
	done
	wait_for 20 sh -c '[ "$(grep -c "6 clients are attached" "$1")" = 2 ]' sh "$TOP/full"
	for i in 1 2; do
		zone console web </dev/null >/dev/null 2>&1 3>&- &
		clients="$clients $!"
		wait_for 10 consoles_are $((6 + i))
	done
	fails 1 timeout -k 5 10 script -qec "zone console web" /dev/null
	says '8 clients are attached'
	# shellcheck disable=SC2086
	kill $clients
	# shellcheck disable=SC2086
	wait $clients || true
}

@test "manage: arguments for the zone's init are for who may be root inside as well" {
	zone set web service.command='["/bin/sh","-c","sleep 1000"]'
	fails 1 bob boot web -- systemd.run=/evil
	says 'you have no right "login" over a zone "web"'
	fails 1 bob boot web single
	[ "$(state_of web)" = installed ]
	[ "$(zone history --refused --json web | jq -rc '[.[] | [.user, .verb] | join(" ")] | unique | .[]')" = "bin boot" ]
	fails 0 alice boot web -- a.word
	fails 0 alice halt web
	zone set web 'admin=[{"user":"bin","auths":["config","manage"]}]'
	fails 0 bob boot web a.word
}

@test "manage: info shows neither the variables of the service nor what others are allowed" {
	zone set web service.command='["/bin/sleep","1000"]' service.env.TOKEN=geheim
	for json in "" --json; do
		# shellcheck disable=SC2086
		fails 0 bob info $json web
		says '(hidden)'
		says 'service.env.TOKEN'
		says 'admin[1].user'
		says 'bin'
		case $output in *geheim* | *daemon* | *'admin[0]'*) echo "$output"; false ;; esac
		# shellcheck disable=SC2086
		fails 0 alice info $json web
		says geheim
		says bin
		# shellcheck disable=SC2086
		fails 0 zone info $json web
		says geheim
	done
	fails 0 bob info web service.env.TOKEN admin
	case $output in *geheim* | *daemon*) echo "$output"; false ;; esac
}

@test "without a server a user is told so; only root can serve; a socket that systemd hands over is used" {
	kill "$server"
	wait "$server" || true
	fails 1 alice halt web
	says 'zones are managed by root'
	fails 1 alice admin-server
	says 'only root'
	python3 - "$TOP/handed" "$BUILD/zone" 3>&- <<'P' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.umask(0); s.bind(sys.argv[1]); s.listen(8)
if s.fileno() != 3: os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], ["zone", "admin-server"])
P
	server=$!
	wait_for 10 test -S "$TOP/handed"
	rm -f "$ZONES_RUN_DIR/.admin"
	mkdir "$TOP/elsewhere"
	ln -s "$TOP/handed" "$TOP/elsewhere/.admin"
	run as daemon env ZONES_RUN_DIR="$TOP/elsewhere" "$TOP/zone" list -p -o name web
	[ "$output" = web ]
	[ ! -e "$ZONES_RUN_DIR/.admin" ]
}

@test "the units that start the server are ones that systemd accepts" {
	command -v systemd-analyze >/dev/null || skip "needs systemd-analyze"
	sed "s|@SBINDIR@|$BUILD|" "$ROOT/dist/zones-admin.service.in" >"$TOP/zones-admin.service"
	cp "$ROOT/dist/zones-admin.socket" "$TOP"
	run systemd-analyze verify --man=no "$TOP/zones-admin.service" "$TOP/zones-admin.socket"
	case $output in *zones-admin*) echo "$output"; false ;; esac
	[ "$status" -eq 0 ]
}
