#!/usr/bin/python3
"""bad-configs.py ZRUN BUNDLE ROOT: hundreds of malformed config.json files, each of which `zrun create` must refuse.

For each: exit status 1, exactly one line on standard error that contains the expected words, within a second, and nothing left in the state root nor in any cgroup
hierarchy. Prints what went wrong and a closing line "N refused"; exit status 1 when anything was not as it must be.
"""
import copy, glob, json, os, subprocess, sys, tempfile, time

zrun, bundle, root = sys.argv[1:4]
patience = 10 if "/san/" in zrun else 1  # seconds; the sanitizers are slow
base = json.load(open(f"{bundle}/config.json"))
base["process"]["terminal"] = False
cases = []  # (name, bytes, words that the error line must contain)


def put(tree, path, value):
    """path: "linux.namespaces.0.type"; makes what is missing on the way."""
    keys = [int(k) if k.isdigit() else k for k in path.split("/")]
    for here, following in zip(keys, keys[1:]):
        empty = [] if isinstance(following, int) else {}
        if isinstance(here, int):
            while len(tree) <= here:
                tree.append(copy.deepcopy(empty))
            tree = tree[here]
        else:
            tree = tree.setdefault(here, empty)
    if isinstance(keys[-1], int):
        while len(tree) <= keys[-1]:
            tree.append(None)
    tree[keys[-1]] = value


def words_of(path):
    out = ""
    for k in path.split("/"):
        out += f"[{k}]" if k.isdigit() else ("." if out else "") + k
    return out


def bad(path, value, word=None, **also):
    tree = copy.deepcopy(base)
    for other, v in also.get("also", {}).items():
        put(tree, other, copy.deepcopy(v))
    if path.startswith("linux/namespaces") or also:
        tree.pop("hostname", None)  # it needs a uts namespace, which is not the point
    put(tree, path, value)
    cases.append((f"{path} = {json.dumps(value)[:60]}", json.dumps(tree).encode(), word or words_of(path)))


def raw(name, data, word):
    cases.append((name, data, word))


TEXT, NUMBER, FLAG, LIST, MAP = "text", "number", "flag", "list", "map"
MAPPINGS = {"linux/namespaces": [{"type": n} for n in ("pid", "mount", "user")], "linux/uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
            "linux/gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}]}
fields = {
    "ociVersion": TEXT, "root": MAP, "root/path": TEXT, "root/readonly": FLAG, "hostname": TEXT, "domainname": TEXT, "mounts": LIST, "mounts/0": MAP,
    "mounts/0/destination": TEXT, "mounts/0/type": TEXT, "mounts/0/source": TEXT, "mounts/0/options": LIST, "process": MAP, "process/terminal": FLAG,
    "process/cwd": TEXT, "process/env": LIST, "process/env/0": TEXT, "process/args": LIST, "process/args/0": TEXT, "process/user": MAP, "process/user/uid": NUMBER,
    "process/user/gid": NUMBER, "process/user/umask": NUMBER, "process/user/additionalGids": LIST, "process/rlimits": LIST, "process/rlimits/0/type": TEXT,
    "process/rlimits/0/soft": NUMBER, "process/rlimits/0/hard": NUMBER, "process/capabilities": MAP, "process/capabilities/bounding": LIST,
    "process/capabilities/ambient": LIST, "process/noNewPrivileges": FLAG, "process/apparmorProfile": TEXT, "process/selinuxLabel": TEXT,
    "process/oomScoreAdj": NUMBER, "process/scheduler": MAP, "process/ioPriority": MAP, "process/consoleSize": MAP, "hooks": MAP, "hooks/prestart": LIST,
    "hooks/createRuntime": LIST, "hooks/createContainer": LIST, "hooks/startContainer": LIST, "hooks/poststart": LIST, "hooks/poststop": LIST,
    "annotations": MAP, "linux": MAP, "linux/namespaces": LIST, "linux/namespaces/0": MAP, "linux/namespaces/0/type": TEXT, "linux/uidMappings": LIST,
    "linux/gidMappings": LIST, "linux/devices": LIST, "linux/cgroupsPath": TEXT, "linux/resources": MAP, "linux/resources/memory": MAP,
    "linux/resources/memory/limit": NUMBER, "linux/resources/memory/swap": NUMBER, "linux/resources/memory/reservation": NUMBER,
    "linux/resources/memory/swappiness": NUMBER, "linux/resources/memory/disableOOMKiller": FLAG, "linux/resources/cpu": MAP, "linux/resources/cpu/shares": NUMBER,
    "linux/resources/cpu/quota": NUMBER, "linux/resources/cpu/period": NUMBER, "linux/resources/cpu/cpus": TEXT, "linux/resources/cpu/mems": TEXT,
    "linux/resources/cpu/idle": NUMBER, "linux/resources/pids": MAP, "linux/resources/pids/limit": NUMBER, "linux/resources/blockIO": MAP,
    "linux/resources/blockIO/weight": NUMBER, "linux/resources/hugepageLimits": LIST, "linux/resources/network": MAP, "linux/resources/rdma": MAP,
    "linux/resources/unified": MAP, "linux/resources/devices": LIST, "linux/rootfsPropagation": TEXT, "linux/seccomp": MAP, "linux/sysctl": MAP,
    "linux/maskedPaths": LIST, "linux/readonlyPaths": LIST, "linux/mountLabel": TEXT, "linux/personality": MAP, "linux/timeOffsets": MAP,
    "linux/netDevices": MAP, "linux/memoryPolicy": MAP, "linux/intelRdt": MAP,
}
samples = {TEXT: "x", NUMBER: 5, FLAG: True, LIST: [], MAP: {}}
for path, kind in fields.items():  # every field with every other type
    for other, value in samples.items():
        if other != kind:
            bad(path, value)

for n in (-1, 2**32 - 1, 2**32, 2**63, 2**64, 10**30, 1.5, "0"):  # ids outside 0 ... 2^32-2
    for path in ("process/user/uid", "process/user/gid", "process/user/additionalGids/0"):
        bad(path, n)
for n in (2**63, 10**40, -(2**63) - 1, 0.5):
    for path in ("linux/resources/memory/limit", "linux/resources/pids/limit", "linux/resources/cpu/quota"):
        bad(path, n)
for path in ("linux/uidMappings/0/containerID", "linux/uidMappings/0/hostID", "linux/uidMappings/0/size", "linux/gidMappings/0/hostID"):
    for n in (-1, 2**32, "1"):
        bad(path, n, also=MAPPINGS)
bad("linux/uidMappings", [{"containerID": 0, "hostID": 100000, "size": 0}], "uidMappings", also=MAPPINGS)
bad("linux/uidMappings", [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 5, "hostID": 200000, "size": 10}], "uidMappings", also=MAPPINGS)
bad("linux/uidMappings", [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 20, "hostID": 100005, "size": 10}], "uidMappings", also=MAPPINGS)
bad("linux/uidMappings", [{"containerID": 4294967290, "hostID": 0, "size": 100}], "uidMappings", also=MAPPINGS)
bad("linux/namespaces", [{"type": "mount"}, {"type": "user"}], "uidMappings")

for value in ("1", "1.0", "one", "2.0.0", "1.0.0.0", ""):
    bad("ociVersion", value)
for value in ("", "relative", "./x"):
    bad("process/cwd", value)
for value in ("", "/nosuch/root", "rootfs/../../../nosuch"):
    bad("root/path", value, "root")
bad("process/args", [])
for value in ("NOEQUALSIGN", "=x", ""):
    bad("process/env/0", value)
for value in ("RLIMIT_NOSUCH", "NOFILE", "rlimit_nofile", ""):
    bad("process/rlimits/0", {"type": value, "soft": 1, "hard": 1}, "process.rlimits[0].type")
bad("process/rlimits", [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2, "process.rlimits[1]")
bad("process/rlimits/0", {"type": "RLIMIT_CORE", "soft": 2, "hard": 1}, "process.rlimits[0]")
for n in (-1001, 1001, 10**10):
    bad("process/oomScoreAdj", n)
for value in ("pid ", "PID", "net", "", "pid\n"):
    bad("linux/namespaces/0/type", value)
bad("linux/namespaces", [{"type": "mount"}, {"type": "pid"}, {"type": "pid"}], "linux.namespaces[2]")
bad("linux/namespaces/0/path", "relative/path", "linux.namespaces[0]")
bad("linux/namespaces", [{"type": "mount"}, {"type": "pid", "path": "/proc/self/ns/net"}], "pid")
bad("linux/namespaces", [{"type": "mount"}, {"type": "network", "path": "/nosuch/ns"}], "/nosuch/ns")
bad("linux/namespaces", [{"type": "mount"}, {"type": "network", "path": "/etc/passwd"}], "/etc/passwd")

for value in ("../../x", "/a/../../x", "/..", "a/../../../../x"):
    bad("linux/cgroupsPath", value)
for value in ("2MB/../x", "../2MB", "0MB", "2mb", "MB", "", "2MB\n", "2"):
    bad("linux/resources/hugepageLimits", [{"pageSize": value, "limit": 1}], "linux.resources.hugepageLimits[0].pageSize")
for key in ("../memory.max", "memory.max/../x", "/memory.max", "memory", "", ".max", "memory.", "memory.max\n", "a b.c"):
    bad("linux/resources/unified", {key: "1"}, "linux.resources.unified")
for value in ("0-", "a", "1,,2", "0-0-0", "-1", "0\n1", "0 1"):
    bad("linux/resources/cpu/cpus", value)
for rule, word in (({}, "allow"), ({"allow": "x"}, "allow"), ({"allow": True, "type": "x"}, "type"), ({"allow": True, "access": "x"}, "access"), ({"allow": True, "access": ""}, "access"),
                   ({"allow": True, "major": "1"}, "major"), ({"allow": True, "type": "p"}, "type")):
    bad("linux/resources/devices", [rule], "linux.resources.devices[0]." + word)
for device, word in (({"type": "x", "path": "/dev/x"}, "type"), ({"type": "c", "path": "dev/x", "major": 1, "minor": 1}, "path"), ({"type": "c", "major": 1, "minor": 1}, "path"),
                     ({"path": "/dev/x"}, "type"), ({"type": "c", "path": "/dev/x", "major": -1, "minor": 1}, "major"), ({"type": "c", "path": "/dev/x", "major": 1, "minor": 2**40}, "minor"),
                     ({"type": "c", "path": "/dev/x", "major": 1, "minor": 1, "fileMode": "0666"}, "fileMode"), ({"type": "c", "path": "/dev/x", "major": 1, "minor": 1, "uid": 2**32 - 1}, "uid")):
    bad("linux/devices", [device], "linux.devices[0]." + word)
for key in ("kernel.core_pattern", "vm.swappiness", "kernel.modprobe", "fs.file-max", "../x", "net/../kernel/core_pattern", "kernel.hostname", "", "net"):
    bad("linux/sysctl", {key: "1"}, "linux.sysctl")
bad("linux/sysctl", {"net.ipv4.ip_forward": 1}, "linux.sysctl")
for value in ("mixed", "rprivate,x"):
    bad("linux/rootfsPropagation", value)
for path in ("linux/maskedPaths/0", "linux/readonlyPaths/0"):
    for value in ("", "relative", 5):
        bad(path, value)
for mount, word in (({}, "destination"), ({"destination": ""}, "destination"), ({"destination": "/x", "type": "bind", "source": "/nosuch", "options": ["bind"]}, "/nosuch"),
                    ({"destination": "/x", "type": "nosuchfs", "source": "none"}, "nosuchfs"), ({"destination": "/proc/self", "type": "tmpfs", "source": "tmpfs"}, "/proc/self"),
                    ({"destination": "/x", "type": "tmpfs", "options": [5]}, "options"), ({"destination": "/x", "type": "tmpfs", "options": ["nosuchoption=1"]}, "nosuchoption"),
                    ({"destination": "/x", "source": "/tmp", "options": ["bind", "mode=755"]}, "mode=755"),
                    ({"destination": "/x", "type": "tmpfs", "uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}, "Mappings")):
    tree = copy.deepcopy(base)
    tree["mounts"].append(mount)
    cases.append((f"mount {json.dumps(mount)[:60]}", json.dumps(tree).encode(), word))
for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"):
    for hook, word in (({}, "path"), ({"path": "relative"}, "path"), ({"path": ""}, "path"), ({"path": "/bin/true", "timeout": 0}, "timeout"), ({"path": "/bin/true", "timeout": -1}, "timeout"),
                       ({"path": "/bin/true", "args": "x"}, "args"), ({"path": "/bin/true", "env": [5]}, "env")):
        bad(f"hooks/{kind}", [hook], f"hooks.{kind}[0].{word}")

seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"]}
for change, word in (({"defaultAction": "ALLOW"}, "defaultAction"), ({"defaultAction": None}, "defaultAction"), ({"architectures": ["X86"]}, "architectures[0]"), ({"flags": ["SECCOMP_X"]}, "flags[0]"),
                     ({"listenerMetadata": "x"}, "listener"), ({"syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}, "syscalls[0].names"), ({"syscalls": [{"action": "SCMP_ACT_ERRNO"}]}, "syscalls[0].names"),
                     ({"syscalls": [{"names": ["mkdir"], "action": "NO"}]}, "syscalls[0].action"), ({"syscalls": [{"names": ["mkdir"]}]}, "syscalls[0].action"),
                     ({"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "errnoRet": 5}]}, "errnoRet"), ({"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 70000}]}, "errnoRet"),
                     ({"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}, "index"),
                     ({"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "EQ"}]}]}, "op"),
                     ({"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]}]}, "value")):
    tree = copy.deepcopy(base)
    tree["linux"]["seccomp"] = {k: v for k, v in {**seccomp, **change}.items() if v is not None}
    cases.append((f"seccomp {json.dumps(change)[:60]}", json.dumps(tree).encode(), word))
for value in ({"policy": "SCHED_NOSUCH"}, {"policy": 5}, {"policy": "SCHED_OTHER", "nice": 50}, {"policy": "SCHED_FIFO", "priority": "x"}, {"nice": 1}):
    bad("process/scheduler", value)
for value in ({"class": "IOPRIO_CLASS_NOSUCH"}, {"class": "IOPRIO_CLASS_BE", "priority": 9}, {"priority": 1}, {"class": 2}):
    bad("process/ioPriority", value)
for value in ({"domain": "PLAN9"}, {"domain": 5}, {}):
    bad("linux/personality", value)
for value in ({"mode": "MPOL_NOSUCH"}, {"mode": "MPOL_BIND", "nodes": "x"}, {"mode": 1}, {}):
    bad("linux/memoryPolicy", value)
for value in ({"x/y": {}}, {"eth0": {"name": "a/b"}}, {"eth0": {"name": "waytoolonginterface"}}, {"..": {}}, {"eth0": 5}, {"": {}}):
    bad("linux/netDevices", value)
bad("annotations", {"": "x"})
bad("annotations", {"a": 5})
bad("hostname", "a/b\n")
bad("hostname", "x" * 300)
bad("domainname", "x" * 300)

good = json.dumps(base)
raw("empty file", b"", "config.json")
raw("only blanks", b" \n\t ", "config.json")
raw("no object", b"[]", "object")
raw("a number", b"5", "object")
raw("trailing text", good.encode() + b" x", "config.json:")
raw("second object", good.encode() + b"{}", "config.json:")
raw("cut in the middle", good.encode()[: len(good) // 2], "config.json:")
raw("NUL at the end", good.encode() + b"\0", "config.json:")
raw("NUL escape", good.replace('"ociVersion"', '"a\\u0000b": 1, "ociVersion"').encode(), "config.json:")
raw("invalid UTF-8", good.replace('"ociVersion"', '"x": "\udcff", "ociVersion"').encode("utf-8", "surrogateescape"), "config.json:")
raw("lone surrogate", good.replace('"ociVersion"', '"x": "\\ud800", "ociVersion"').encode(), "config.json:")
raw("byte order mark", b"\xef\xbb\xbf" + good.encode(), "config.json:")
raw("duplicate key", good.replace('"ociVersion"', '"ociVersion": "1.0.0", "ociVersion"', 1).encode(), "ociVersion")
raw("duplicate key inside", good.replace('"cwd"', '"cwd": "/", "cwd"', 1).encode(), "cwd")
raw("comment", b"/* x */" + good.encode(), "config.json:")
raw("single quotes", b"{'ociVersion': '1.0.0'}", "config.json:")
raw("NaN", good.replace('"terminal": false', '"terminal": NaN').encode(), "config.json:")
raw("trailing comma", (good[:-1] + ",}").encode(), "config.json:")
raw("deep nesting", good[:-1].encode() + b', "x": ' + b"[" * 100000 + b"]" * 100000 + b"}", "config.json:")
raw("100 MB", good[:-1].encode() + b', "x": "' + b"a" * 100_000_000 + b'"}', "config.json")
raw("a million members", b'{"x": {' + b",".join(b'"k%d": 1' % i for i in range(1_000_000)) + b"}}", "config.json")
for field in ("ociVersion", "root", "process/cwd", "process/args", "process/user"):
    tree = copy.deepcopy(base)
    keys = field.split("/")
    holder = tree
    for k in keys[:-1]:
        holder = holder[k]
    del holder[keys[-1]]
    if field != "process/user":  # the specification lets it be absent on Linux: root
        cases.append((f"{field} missing", json.dumps(tree).encode(), keys[-1]))

wrong = 0


def complain(name, why):
    global wrong
    wrong += 1
    print(f"{name}: {why}")


here = os.path.basename(bundle)
for number, (name, data, word) in enumerate(cases):
    cid = f"bad-{os.getpid()}-{number}"
    with open(f"{bundle}/config.json", "wb") as f:
        f.write(data)
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:  # no pipe: a container that lives by mistake would hold it open
        try:
            p = subprocess.run([zrun, "--root", root, "create", "--bundle", bundle, cid], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=20)
        except subprocess.TimeoutExpired:
            complain(name, "it hangs")
            continue
        took = time.monotonic() - start
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    if p.returncode != 1:
        complain(name, f"exit status {p.returncode}: {text.strip()[:200]}")
        if p.returncode == 0:
            subprocess.run([zrun, "--root", root, "delete", "--force", cid], stdin=subprocess.DEVNULL)
    elif text.count("\n") != 1 or not text.endswith("\n"):
        complain(name, f"not one line: {text[:300]!r}")
    elif word not in text:
        complain(name, f"the line does not name {word!r}: {text.strip()[:300]}")
    if took > patience:
        complain(name, f"took {took:.1f} s")
    left = [e for e in (os.listdir(root) if os.path.isdir(root) else []) if e.startswith("bad-")]
    if left:
        complain(name, f"left in the state root: {left}")
    if glob.glob(f"/sys/fs/cgroup/*/{cid}") + glob.glob(f"/sys/fs/cgroup/{cid}") + glob.glob(f"/sys/fs/cgroup/*/*/{cid}"):
        complain(name, "left a cgroup")
print(f"{len(cases)} refused" if not wrong else f"{wrong} of {len(cases)} not as they must be")
sys.exit(1 if wrong else 0)
