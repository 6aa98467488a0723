#!/usr/bin/env python3
"""loop.py BUILD FAULT VERB MODE: the N-th system call of a command fails, or its process is killed before it, for every N.

VERB is a row of the tables below (zone-create, zrun-run ...), MODE an error's name (every call fails with it), "error" (each call fails with
the error that is likely for it) or "kill". ZONES_FAULTS says for which N: "all" (each place in the program where a call is made, the first
and the last time), "every" (each call), a number (so many, spread evenly; the default is 12), or "=N[,N...]".

After each fault: the command neither hung nor crashed; its status is 0 only if the work is done, and what it says otherwise names
something; "zone list" tells the truth; the same command again succeeds; then the way back with ordinary commands leads to where the whole
thing began, and nothing more is there: processes, mounts, cgroups, links, nft tables, loop devices, files. The last line counts."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 40  # seconds after which a command hangs: far more than any takes
SETTLE = 10  # seconds in which what ends by itself has to end


class Wrong(Exception):
    pass


def fnv(text):
    h = 2166136261
    for c in text.encode():
        h = ((h ^ c) * 16777619) & 0xFFFFFFFF
    return "%08x" % h


class World:
    """Directories of its own, and what can be seen of them from outside."""

    def __init__(self, build):
        self.build = build
        mark = os.environ.get("ZONES_TEST_MARK", "0")
        self.top = tempfile.mkdtemp(prefix="zones-test.%s." % mark, dir="/var/lib")
        os.chmod(self.top, 0o755)
        self.said = ""  # by the command with the fault
        self.env = dict(os.environ, PATH=build + ":" + os.environ["PATH"])
        for key, name in ("CONFIG", "etc"), ("STORAGE", "storage"), ("RUN", "run"):
            self.env["ZONES_%s_DIR" % key] = self.top + "/" + name
        self.group = "zones-" + fnv(self.top + "/run")
        # cgroups of zrun are named after the container, whose name carries ours
        self.id = "t-" + self.top.rsplit(".", 1)[1]
        noted = os.environ.get("ZONES_TEST_CGROUPS")
        if noted:
            with open(noted, "a") as f:
                f.write(self.group + "\n" + self.id + "\n")

    def run(self, argv, limit=LIMIT):
        """Status and standard error; both streams are files, so that nobody who lives on holds a pipe."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            p = subprocess.Popen(argv, env=self.env, cwd=self.top, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            try:
                p.wait(limit)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                raise Wrong("hangs: %s" % " ".join(argv))
            out.seek(0)
            err.seek(0)
            return p.returncode, out.read().decode(errors="replace"), err.read().decode(errors="replace")

    def must(self, *argv):
        code, out, err = self.run(list(argv))
        if code:
            raise Wrong("%s: status %d: %s" % (" ".join(argv), code, err.strip()))
        return out

    def listed(self):
        return {z["name"]: z for z in json.loads(self.must("zone", "list", "-c", "--json") or "[]")}

    def cgroups(self):
        found = []
        for top in [["/sys/fs/cgroup"] + ["/sys/fs/cgroup/" + n for n in os.listdir("/sys/fs/cgroup")]][0]:
            for name in self.group, self.id:
                for here, _, _ in os.walk(top + "/" + name):
                    found.append(here)
        for here in "/sys/fs/cgroup", "/sys/fs/cgroup/unified":
            for base in os.listdir(here) if os.path.isdir(here) else []:
                for name in self.group, self.id:
                    found += [d for d, _, _ in os.walk("%s/%s/%s" % (here, base, name))]
        return sorted(set(found))

    def processes(self):
        """Command lines of those whose environment, arguments or cgroup are ours."""
        found = {}
        top = self.top.encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) == os.getpid():
                continue
            try:
                texts = [open("/proc/%s/%s" % (pid, f), "rb").read() for f in ("cmdline", "environ", "cgroup")]
            except OSError:
                continue
            if top in texts[0] or top in texts[1] or self.group.encode() in texts[2] or self.id.encode() in texts[2]:
                found[int(pid)] = texts[0].replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def members(self, name):
        """Processes in the cgroups of a zone, zombies left out."""
        pids = set()
        for d in self.cgroups():
            if "/%s/%s" % (self.group, name) in d:
                try:
                    pids |= set(map(int, open(d + "/cgroup.procs").read().split()))
                except OSError:
                    pass
        return pids

    ignore = None

    def files(self):
        found = []
        for base in "etc", "storage", "run":
            for here, dirs, names in os.walk(self.top + "/" + base):
                at = here[len(self.top) + 1:]
                if at.count("/") >= 4:
                    dirs[:] = []
                    continue
                found += [at + "/" + n for n in names + dirs]
        return sorted(f for f in found if not IGNORED.search(f) and not (self.ignore and re.search(self.ignore, f)))

    def snapshot(self):
        mounts = [line.split()[4] for line in open("/proc/self/mountinfo") if self.top in line]
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
        nft = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True).stdout
        loops = []
        for n in os.listdir("/sys/block"):
            try:
                text = open("/sys/block/%s/loop/backing_file" % n).read()
                loops += [text] if self.top in text else []
            except OSError:
                pass
        return {
            "processes": sorted(self.processes().values()),
            "mounts": sorted(mounts),
            "cgroups": [re.sub(r"zones-[0-9a-f]{8}", "ZONES", c) for c in self.cgroups()],
            "links": sorted(re.sub(r"^\d+: ([^:@]*).*", r"\1", line) for line in links.splitlines()),
            "nft": nft.splitlines(),
            "loops": loops,
            "files": self.files(),
        }

    def settled(self, wants, but=()):
        """Waits until the snapshot is one of those wanted; returns the differences from the first otherwise."""
        end = time.time() + SETTLE
        while True:
            now = self.snapshot()
            for want in wants:
                if all(now[k] == want[k] for k in now if k not in but):
                    return []
            if time.time() > end:
                return differences(wants[0], now, but)
            time.sleep(0.1)

    def truth(self):
        """What the list says of each zone is so."""
        end = time.time() + SETTLE
        while True:
            lies = []
            for name, z in self.listed().items():
                alive = self.members(name)
                if z["state"] == "running" and not (z["id"] and os.path.exists("/proc/%d" % z["id"])):
                    lies.append("%s is listed as running, its init is %s" % (name, z["id"]))
                if z["state"] in ("configured", "installed", "incomplete") and alive:
                    lies.append("%s is listed as %s, processes live: %s" % (name, z["state"], alive))
                root = os.path.exists(z["path"] + "/root/etc") or os.path.exists(z["path"] + "/upper")
                if z["state"] == "installed" and not root:
                    lies.append("%s is listed as installed and has no root" % name)
                if z["state"] == "configured" and root:
                    lies.append("%s is listed as configured and has a root" % name)
            if not lies or time.time() > end:
                return lies
            time.sleep(0.1)

    def end(self):
        """Whatever is left goes, however it looks."""
        for name in self.safe_names():
            for verb in ["thaw"], ["halt"], ["delete", "-F"]:
                try:
                    self.run(["zone"] + verb + [name])
                except Wrong:
                    pass
        try:
            self.run([self.build + "/zrun", "--root", self.top + "/zrun", "delete", "-f", self.id])
        except Wrong:
            pass
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.1)
        for m in sorted((l.split()[4] for l in open("/proc/self/mountinfo") if self.top in l.split()[4]), reverse=True):
            subprocess.run(["umount", "-l", m], stderr=subprocess.DEVNULL)
        for d in sorted(self.cgroups(), reverse=True):
            try:
                os.rmdir(d)
            except OSError:
                pass
        for link in re.findall(r"^\d+: (z[vimlb][^:@]*)", subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout, re.M):
            subprocess.run(["ip", "link", "del", link], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.top, ignore_errors=True)

    def safe_names(self):
        try:
            return [f[:-5] for f in os.listdir(self.top + "/etc") if f.endswith(".json")]
        except OSError:
            return []


# logs, histories, locks and caches: there from the first command on or only ever appended to
IGNORED = re.compile(r"/\.audit|/\.events|/\.monitor\.log|\.lock$|/\.locks|/@seccomp|/\.journal$|/log/|/\.history|storage/\.layers$|/run/utmp")


def differences(want, now, but=()):
    text = []
    for k in now:
        if k in but or now[k] == want[k]:
            continue
        text += ["%s left: %s" % (k, x) for x in now[k] if x not in want[k]]
        text += ["%s missing: %s" % (k, x) for x in want[k] if x not in now[k]]
        if not text:
            text.append("%s: %s instead of %s" % (k, now[k], want[k]))
    return text


class Verb:
    """command: what is tried. begin: from an empty world to the state before it. back: from the state after it to the state before.
    done: whether the work is done. watch: processes that work for the command and are not its children. clear: what has to come
    before the second try of one that was killed. ignore: files that may be more than
    without a fault: the layers of a root whose first try to get a new top has failed, which the record names."""

    def __init__(self, command, begin=(), back=(), done=None, watch=(), clear=(), ignore=None):
        self.command, self.begin, self.back, self.done, self.watch, self.clear, self.ignore = command, begin, back, done, watch, clear, ignore


def state(name, want):
    return lambda w: (w.listed().get(name) or {}).get("state") == want


def gone(name):
    return lambda w: name not in w.listed()


def monitor_of(name):
    """The process that a command's work goes on in."""

    def find(w):
        return [p for p, c in w.processes().items() if re.search(r"\bmonitor\b.*\b%s\b" % name, c)]

    return find


NET = ["zone", "create", "web", "publish=[{\"port\":8080,\"to\":80}]"]
ZONE = ["zone", "create", "-t", "isolated", "web"]
INSTALL = ["zone", "install", "web"]
BOOT = ["zone", "boot", "web"]
HALT = ["zone", "halt", "web"]
UNINSTALL = ["zone", "uninstall", "-F", "web"]
DELETE = ["zone", "delete", "-F", "web"]
PRUNE = ["zone", "image", "prune"]  # a layer that no record names any more


def both(*checks):
    return lambda w: all(c(w) for c in checks)


def snapshots(w, name="web"):
    return [s["snapshot"] for s in json.loads(w.must("zone", "snapshot", "list", "--json", name))]


NEW = "/storage/web/upper/fs/new"


def touch_new(w):
    """A file in the top of a root in layers, which a rollback takes away."""
    open(w.top + NEW, "w").close()


def tidy(name):
    """Clear up what an interrupted command has left, as its message says."""

    def clear(w):
        if state(name, "incomplete")(w):
            w.must("zone", "uninstall", "-F", name)

    return clear


def told(path):
    """Whether the command inside has run: it leaves a file."""

    def look(w):
        at = w.top + path
        if os.path.exists(at):
            os.unlink(at)
            return True
        return False

    return look


def limit_is(value):
    def look(w):
        for d in w.cgroups():
            if re.search(r"/web$", d):
                for f in "pids.max",:
                    try:
                        if open(d + "/" + f).read().strip() == value:
                            return True
                    except OSError:
                        pass
        return False

    return look


VERBS = {
    "zone-create": Verb(ZONE, [], [DELETE], state("web", "configured")),
    # what was killed half way is "incomplete", and says that it has to be cleared up first
    "zone-install": Verb(INSTALL, [ZONE], [UNINSTALL], state("web", "installed"), clear=tidy("web")),
    "zone-boot": Verb(BOOT, [NET, INSTALL], [HALT], state("web", "running")),
    # a monitor that was killed is another one after the next command
    "zone-exec": Verb(["zone", "exec", "web", "sh", "-c", "echo >/root/mark"], [ZONE, INSTALL, BOOT], [["zone", "exec", "web", "true"]],
                      told("/storage/web/root/root/mark"), monitor_of("web")),
    "zone-halt": Verb(HALT, [NET, INSTALL, BOOT], [BOOT], state("web", "installed"), monitor_of("web")),
    "zone-uninstall": Verb(UNINSTALL, [ZONE, INSTALL], [INSTALL], state("web", "configured")),
    "zone-delete": Verb(DELETE, [ZONE], [ZONE], gone("web")),
    "zone-clone": Verb(["zone", "clone", "web", "two"], [ZONE, INSTALL],
                       [["zone", "uninstall", "-F", "two"], ["zone", "delete", "-F", "two"], PRUNE], state("two", "installed"), clear=tidy("two")),
    "zone-snapshot": Verb(["zone", "snapshot", "create", "web", "s1"], [ZONE, INSTALL],
                          [["zone", "snapshot", "delete", "web", "s1"], UNINSTALL, PRUNE, INSTALL],  # a layer that could not be merged stays below the root
                          lambda w: "s1" in snapshots(w), ignore="^storage/.layers/"),
    "zone-rollback": Verb(["zone", "snapshot", "rollback", "web", "s1"],
                          [ZONE, INSTALL, ["zone", "snapshot", "create", "web", "s1"], touch_new],
                          [touch_new, PRUNE], lambda w: not os.path.exists(w.top + NEW)),
    "zone-rename": Verb(["zone", "rename", "web", "wob"], [ZONE, INSTALL], [["zone", "rename", "wob", "web"]],
                        both(state("wob", "installed"), gone("web"))),
    "zone-move": Verb(["zone", "move", "web", "TOP/there/z"], [ZONE, INSTALL, ["mkdir", "there"]],
                      [["zone", "move", "web", "TOP/storage/web"]],
                      lambda w: w.listed()["web"]["path"] == w.top + "/there/z"),
    "zone-apply": Verb(["zone", "apply", "web"], [NET, INSTALL, BOOT, ["zone", "set", "web", "maxLwps=777"]],
                       [["zone", "set", "web", "maxLwps=666"], ["zone", "apply", "web"], ["zone", "set", "web", "maxLwps=777"]],
                       limit_is("777"), monitor_of("web")),
    "zone-set": Verb(["zone", "set", "web", "maxLwps=777"], [ZONE], [["zone", "clear", "web", "maxLwps"]],
                     lambda w: json.load(open(w.top + "/etc/web.json")).get("maxLwps") == 777),
}


def bundle(w):
    """A bundle with busybox, whose program leaves a mark and waits."""
    root = w.top + "/bundle/rootfs"
    for d in "bin", "etc", "tmp", "proc", "dev", "sys":
        os.makedirs(root + "/" + d, exist_ok=True)
    shutil.copy("/bin/busybox", root + "/bin/busybox")
    for name in "sh", "sleep", "true":
        os.symlink("busybox", root + "/bin/" + name)
    w.must(w.build + "/zrun", "spec", "-b", w.top + "/bundle")
    with open(w.top + "/bundle/config.json") as f:
        c = json.load(f)
    c["process"]["terminal"] = False
    c["process"]["args"] = ["sh", "-c", "echo >/tmp/mark; [ -e /tmp/short ] || exec sleep 1000"]
    c["root"]["readonly"] = False
    c["linux"]["cgroupsPath"] = "/" + w.id
    with open(w.top + "/bundle/config.json", "w") as f:
        json.dump(c, f)


def zrun(*argv):
    return ["zrun", "--root", "zrun"] + list(argv)


def status_of(w):
    code, out, _ = w.run(zrun("state", w.id))
    return json.loads(out)["status"] if code == 0 else None


def status(want):
    def look(w):
        end = time.time() + SETTLE
        while status_of(w) != want:
            if time.time() > end:
                return False
            time.sleep(0.05)
        return True

    return look


CREATE = zrun("create", "-b", "bundle", "ID")
START = zrun("start", "ID")
FORCE = zrun("delete", "-f", "ID")


def removed_as_said(w):
    """A run that was killed, or that could not remove its container, leaves it to delete -f."""
    if w.said == "killed" or "could not be removed, which zrun delete -f" in w.said:
        w.must(*[w.id if a == "ID" else a for a in FORCE])


MARK = "/bundle/rootfs/tmp/mark"
VERBS.update({
    # what dies right after it has been made is made all the same; after a create that was killed an engine deletes by force
    "zrun-create": Verb(CREATE, [bundle], [FORCE], lambda w: status_of(w) in ("created", "stopped"), clear=FORCE),
    "zrun-start": Verb(START, [bundle, CREATE], [FORCE, CREATE], status("running")),
    "zrun-exec": Verb(zrun("exec", "ID", "sh", "-c", "echo >/tmp/mark"), [bundle, CREATE, START, ["sleep", "0.3"], ["rm", "-f", MARK[1:]]],
                      [], told(MARK)),
    "zrun-kill": Verb(zrun("kill", "ID", "KILL"), [bundle, CREATE, START], [FORCE, CREATE, START], status("stopped")),
    "zrun-delete": Verb(zrun("delete", "ID"), [bundle, CREATE, START, zrun("kill", "ID", "KILL"), ["sleep", "0.3"]],
                        [CREATE, START, zrun("kill", "ID", "KILL"), ["sleep", "0.3"]], lambda w: status_of(w) is None),
    # the program's own status is run's: that the container could not be removed afterwards is said, with the way out
    "zrun-run": Verb(zrun("run", "-b", "bundle", "ID"), [bundle, ["touch", "bundle/rootfs/tmp/short"], ["touch", MARK[1:]], ["rm", MARK[1:]]],
                     [removed_as_said], told(MARK), clear=FORCE),
})


class Loop:
    def __init__(self, build, fault, name, mode):
        self.build, self.fault, self.name, self.mode = build, fault, name, mode
        self.verb = VERBS[name]
        self.tried = self.hits = self.late = 0
        self.found = []
        self.world = None

    def do(self, step):
        if callable(step):
            return step(self.world)
        return self.world.must(*self.words(step))

    def words(self, step):
        return [self.world.id if a == "ID" else re.sub("^TOP/", self.world.top + "/", a) for a in step]

    def argv(self):
        return self.words(self.verb.command)

    def begin(self):
        """A fresh world in the state before the command, and what the two states look like."""
        if self.world:
            self.world.end()
        self.world = World(self.build)
        self.world.ignore = self.verb.ignore
        self.world.truth()  # looking makes the store's folders
        for step in self.verb.begin:
            self.do(step)
        self.before = self.world.snapshot()
        self.do(self.argv())
        if not self.verb.done(self.world):
            raise Wrong("the command is not done without any fault")
        self.after = self.world.snapshot()
        for step in self.verb.back:
            self.do(step)
        again = self.world.settled([self.before])
        if again:
            # the first way back may leave more than there was (a history): that is the state from now on
            self.before = self.world.snapshot()
        self.do(self.argv())
        self.verb.done(self.world)
        self.after = self.world.snapshot()
        for step in self.verb.back:
            self.do(step)
        wrong = self.world.settled([self.before])
        if wrong:
            raise Wrong("the way back does not lead back: %s" % "; ".join(wrong))

    def faulty(self, options):
        """The command under the tool: its status, what it said, the report."""
        report = self.world.top + "/report"
        watched = []
        for pid in self.verb.watch(self.world) if self.verb.watch else []:
            watched += ["-p", str(pid)]
        linger = ["-l", "150"] if "boot" in self.name or "halt" in self.name else []
        code, _, err = self.world.run([self.fault, "-t", str(LIMIT - 10), "-r", report] + options + watched + linger + ["--"] + self.argv())
        lines = open(report).read().splitlines()
        os.unlink(report)
        return code, err.strip(), lines

    def numbers(self):
        """For which N, by ZONES_FAULTS."""
        how = os.environ.get("ZONES_FAULTS", "12")
        if how.startswith("="):
            return [int(n) for n in how[1:].split(",")]
        _, _, lines = self.faulty(["-v"])
        for step in self.verb.back:
            self.do(step)
        self.verb.done(self.world)
        places = {}
        every = []
        for line in lines:
            m = re.match(r"at=(\d+) (\w+)", line)
            if m:
                every.append(int(m.group(1)))
                places.setdefault(m.group(2), []).append(int(m.group(1)))
        self.total, self.places = len(every), len(places)
        if how == "every":
            return every
        chosen = sorted({n for p in places.values() for n in (p[0], p[-1])})
        if how == "all":
            return chosen
        if how == "first":
            return sorted({p[0] for p in places.values()})
        k = int(how)
        return sorted({chosen[i * len(chosen) // k + (len(self.name) * 7 + i) % max(1, len(chosen) // k)] for i in range(k)}
                      if len(chosen) > k else set(chosen))

    def options(self, n):
        return ["-n", str(n)] + (["-k"] if self.mode == "kill" else [] if self.mode == "error" else ["-e", self.mode])

    def one(self, n):
        w, v = self.world, self.verb
        code, said, lines = self.faulty(self.options(n))
        w.said = "killed" if self.mode == "kill" else said
        hit = [x[4:] for x in lines if x.startswith("hit=")]
        self.tried += 1
        self.hits += len(hit)
        self.what = "%s n=%d %s: status %d%s" % (self.name, n, (hit or ["no hit"])[0], code, " \"%s\"" % said if said else "")
        bad = [x for x in lines if x.startswith(("crash=", "hang="))]
        if bad:
            raise Wrong("; ".join(bad))
        done = v.done(w)
        if code == 0 and not done:
            raise Wrong("status 0 and the work is not done")
        if code and self.mode != "kill" and not re.search(r"^z\w+: (.{8,}: .{8,}|.{25,})|memory|shared librar|dynamic loader", said, re.M):
            raise Wrong("what it says names nothing")
        lies = w.truth()
        if lies:
            raise Wrong("; ".join(lies))
        if self.mode != "kill" and w.settled([self.after if done else self.before, self.before, self.after], ("files",) if code else ()):
            self.late += 1
            if os.environ.get("ZONES_FAULTS_LATE"):
                print("late: " + self.what, w.settled([self.after if done else self.before]))
        if not done:
            if self.mode == "kill" and v.clear:
                self.do(v.clear)
            code, out, err = w.run(self.argv())
            if code or not v.done(w):
                raise Wrong("again it ends with status %d, done: %s, \"%s\"" % (code, v.done(w), err.strip()))
            left = w.settled([self.after])
            if left:
                raise Wrong("after the command succeeded: " + "; ".join(left))
        for step in v.back:
            self.do(step)
        left = w.settled([self.before])
        if left:
            raise Wrong("the way back: " + "; ".join(left))

    def all(self):
        self.begin()
        for n in self.numbers():
            try:
                self.one(n)
            except Wrong as e:
                self.found.append(self.what)
                print("WRONG %s\n      %s" % (self.what, e), flush=True)
                self.begin()
        self.world.end()
        self.world = None

    def close(self):
        if self.world:
            self.world.end()


def main():
    if len(sys.argv) != 5 or sys.argv[3] not in VERBS:
        sys.exit("usage: loop.py BUILD FAULT VERB MODE; VERB: " + " ".join(VERBS))
    loop = Loop(*sys.argv[1:5])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("loop.py: told to end"))  # and what it made goes
    begin = time.time()
    try:
        loop.all()
    finally:
        loop.close()
    print("%s %s: %d tried, %d hit (%s calls at %s places), %d left something to the next command, %d wrong, %ds" % (
        loop.name, loop.mode, loop.tried, loop.hits, getattr(loop, "total", "-"), getattr(loop, "places", "-"), loop.late, len(loop.found),
        time.time() - begin), flush=True)
    sys.exit(1 if loop.found or not loop.hits else 0)


main()
