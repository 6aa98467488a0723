#!/usr/bin/env python3
"""bad-configs.py BASE DIR [process]: malformed OCI documents made from the good one BASE, as DIR/NNN.json, each spoilt in one place.

DIR/list has one line for each file: NNN TAB FIELD TAB WHAT. FIELD is what the error must name. With "process" BASE is a process document for exec --process.
Values of the wrong type come from a table of every field; what a type cannot express (ranges, duplicates, conflicts) is written out below it."""
import copy
import json
import re
import sys

HOOKS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
THROTTLES = ["throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice"]
MAP = [{"containerID": 0, "hostID": 1000, "size": 10}]
ARG = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
RULE = {"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [ARG]}

# objects that a field needs around it: good ones, so that the field is the only fault
GOOD = {
    "process.consoleSize": {"height": 20, "width": 80},
    "process.user": {"uid": 0, "gid": 0, "umask": 18, "additionalGids": [1]},
    "process.rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}],
    "process.scheduler": {"policy": "SCHED_OTHER", "nice": 0, "flags": []},
    "process.ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
    "process.execCPUAffinity": {"initial": "0", "final": "0"},
    "mounts": [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]}],
    "mounts[0].uidMappings": MAP,
    "mounts[0].gidMappings": MAP,
    "annotations": {"a": "b"},
    "linux.timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 1}, "boottime": {"secs": 1, "nanosecs": 1}},
    "linux.devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 0}],
    "linux.uidMappings": MAP,
    "linux.gidMappings": MAP,
    "linux.netDevices": {"eth7": {"name": "eth0"}},
    "linux.personality": {"domain": "LINUX", "flags": []},
    "linux.intelRdt": {"closID": "a", "schemata": [], "l3CacheSchema": "", "memBwSchema": "", "enableMonitoring": False},
    "linux.memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": []},
    "linux.seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [], "flags": [], "syscalls": [RULE]},
    "linux.resources": {
        "devices": [{"allow": False, "type": "c", "major": 1, "minor": 1, "access": "rwm"}],
        "memory": {"limit": 100000000}, "cpu": {"shares": 100}, "pids": {"limit": 10},
        "blockIO": dict({k: [{"major": 8, "minor": 0, "rate": 1}] for k in THROTTLES},
                        weightDevice=[{"major": 8, "minor": 0, "weight": 10, "leafWeight": 10}]),
        "hugepageLimits": [{"pageSize": "2MB", "limit": 0}],
        "network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 1}]},
        "rdma": {"mlx5": {"hcaHandles": 1, "hcaObjects": 1}},
        "unified": {"memory.high": "1000000000"}},
}
GOOD.update({f"hooks.{h}": [{"path": "/bin/true", "args": ["true"], "env": ["A=b"], "timeout": 1}] for h in HOOKS})

# s text, b boolean, u number from 0, i number, l list, o object, L list of texts, N list of numbers from 0
FIELDS = """
s ociVersion | s root.path | b root.readonly | s hostname | s domainname | o root | o process | l mounts | o hooks | o annotations | o linux
s annotations.a | s mounts[0].destination | s mounts[0].type | s mounts[0].source | L mounts[0].options | l mounts[0].uidMappings | l mounts[0].gidMappings
u mounts[0].uidMappings[0].containerID | u mounts[0].uidMappings[0].hostID | u mounts[0].uidMappings[0].size
b process.terminal | o process.consoleSize | u process.consoleSize.height | u process.consoleSize.width | s process.cwd | L process.env | L process.args
o process.user | u process.user.uid | u process.user.gid | u process.user.umask | N process.user.additionalGids
l process.rlimits | s process.rlimits[0].type | u process.rlimits[0].soft | u process.rlimits[0].hard
o process.capabilities | L process.capabilities.bounding | L process.capabilities.effective | L process.capabilities.inheritable
L process.capabilities.permitted | L process.capabilities.ambient | b process.noNewPrivileges | s process.apparmorProfile | s process.selinuxLabel
i process.oomScoreAdj | o process.scheduler | s process.scheduler.policy | i process.scheduler.nice | i process.scheduler.priority | L process.scheduler.flags
u process.scheduler.runtime | u process.scheduler.deadline | u process.scheduler.period | o process.ioPriority | s process.ioPriority.class
i process.ioPriority.priority | o process.execCPUAffinity | s process.execCPUAffinity.initial | s process.execCPUAffinity.final
l linux.namespaces | s linux.namespaces[0].type | s linux.namespaces[0].path | l linux.uidMappings | l linux.gidMappings
u linux.uidMappings[0].containerID | u linux.gidMappings[0].hostID | u linux.gidMappings[0].size
o linux.timeOffsets | o linux.timeOffsets.boottime | o linux.timeOffsets.monotonic | i linux.timeOffsets.monotonic.secs | u linux.timeOffsets.boottime.nanosecs
l linux.devices | s linux.devices[0].path | s linux.devices[0].type | i linux.devices[0].major | i linux.devices[0].minor | u linux.devices[0].fileMode
u linux.devices[0].uid | u linux.devices[0].gid | o linux.netDevices | s linux.netDevices.eth7.name | s linux.cgroupsPath | o linux.sysctl
s linux.sysctl.net.ipv4.ip_forward | o linux.seccomp | s linux.seccomp.defaultAction | u linux.seccomp.defaultErrnoRet | L linux.seccomp.architectures
L linux.seccomp.flags | s linux.seccomp.listenerPath | s linux.seccomp.listenerMetadata | l linux.seccomp.syscalls | L linux.seccomp.syscalls[0].names
s linux.seccomp.syscalls[0].action | u linux.seccomp.syscalls[0].errnoRet | l linux.seccomp.syscalls[0].args | u linux.seccomp.syscalls[0].args[0].index
u linux.seccomp.syscalls[0].args[0].value | u linux.seccomp.syscalls[0].args[0].valueTwo | s linux.seccomp.syscalls[0].args[0].op
s linux.rootfsPropagation | L linux.maskedPaths | L linux.readonlyPaths | s linux.mountLabel | o linux.personality | s linux.personality.domain
L linux.personality.flags | o linux.intelRdt | s linux.intelRdt.closID | L linux.intelRdt.schemata | s linux.intelRdt.l3CacheSchema
s linux.intelRdt.memBwSchema | b linux.intelRdt.enableMonitoring | o linux.memoryPolicy | s linux.memoryPolicy.mode | s linux.memoryPolicy.nodes
L linux.memoryPolicy.flags | o linux.resources | l linux.resources.devices | b linux.resources.devices[0].allow | s linux.resources.devices[0].type
i linux.resources.devices[0].major | i linux.resources.devices[0].minor | s linux.resources.devices[0].access | o linux.resources.memory
i linux.resources.memory.limit | i linux.resources.memory.reservation | i linux.resources.memory.swap | i linux.resources.memory.kernel
i linux.resources.memory.kernelTCP | u linux.resources.memory.swappiness | b linux.resources.memory.disableOOMKiller
b linux.resources.memory.useHierarchy | b linux.resources.memory.checkBeforeUpdate | o linux.resources.cpu | u linux.resources.cpu.shares
i linux.resources.cpu.quota | u linux.resources.cpu.burst | u linux.resources.cpu.period | i linux.resources.cpu.realtimeRuntime
u linux.resources.cpu.realtimePeriod | s linux.resources.cpu.cpus | s linux.resources.cpu.mems | i linux.resources.cpu.idle | o linux.resources.pids
i linux.resources.pids.limit | o linux.resources.blockIO | u linux.resources.blockIO.weight | u linux.resources.blockIO.leafWeight
l linux.resources.blockIO.weightDevice | i linux.resources.blockIO.weightDevice[0].major | u linux.resources.blockIO.weightDevice[0].weight
l linux.resources.hugepageLimits | s linux.resources.hugepageLimits[0].pageSize | u linux.resources.hugepageLimits[0].limit | o linux.resources.network
u linux.resources.network.classID | l linux.resources.network.priorities | s linux.resources.network.priorities[0].name
u linux.resources.network.priorities[0].priority | o linux.resources.rdma | u linux.resources.rdma.mlx5.hcaHandles | u linux.resources.rdma.mlx5.hcaObjects
o linux.resources.unified | s linux.resources.unified.memory.high
"""
BIG = 2**64
WRONG = {"s": [5, True, [], {}], "b": [1, "true", []], "u": ["1", True, {}, -1, 1.5, BIG], "i": ["1", False, [], 1.5, BIG],
         "l": ["a", 7, {}], "o": ["a", 7, []], "L": ["a", {}, [5]], "N": ["a", {}, ["5"], [-1]]}

# path, value, [what the error names when it is not the path]
VALUES = [
    ("ociVersion", "2.0.0"), ("ociVersion", "1.0"), ("ociVersion", "x"), ("ociVersion", ""), ("ociVersion", "1.0.0-"), ("ociVersion", "01.0.0"),
    ("root.path", ""), ("root.path", "a\0b"), ("hostname", "h" * 65), ("hostname", "a/b"), ("hostname", "a\nb"), ("domainname", "d" * 65),
    ("annotations", {"": "x"}, "annotations"), ("mounts[0].destination", ""), ("mounts[0].destination", "/a\0b"),
    ("mounts[0].destination", "/../../etc"), ("mounts[0].destination", "a/../../b"), ("mounts[0].destination", ".."),
    ("mounts[0].options", ["bind", "size=1"]), ("mounts[0].options", ["idmap"]), ("mounts[0]", {"destination": "/x", "options": ["bind"]}, "mounts[0].source"),
    ("mounts[0]", {"destination": "/x", "type": "tmpfs", "uidMappings": MAP}, "mounts[0].gidMappings"), ("mounts[0]", {"destination": "/x", "uidMappings": [{"containerID": 0, "hostID": 0, "size": 0}], "gidMappings": MAP}, "mounts[0].uidMappings[0].size"),
    ("process.args", []), ("process.args", [""]), ("process.args", ["a\0b"]), ("process.env", ["A=b\0c"]), ("process.cwd", "relative"), ("process.cwd", ""),
    ("process.user.uid", 2**32 - 1), ("process.user.uid", 2**32), ("process.user.gid", 2**32 - 1), ("process.user.gid", 2**63),
    ("process.user.additionalGids", [2**32 - 1]), ("process.user.additionalGids", list(range(65537))), ("process.user.umask", 0o1000),
    ("process.consoleSize.height", 65536), ("process.rlimits[0].type", "RLIMIT_X"), ("process.rlimits[0].type", ""), ("process.rlimits[0].soft", 21),
    ("process.rlimits", [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}] * 2, "process.rlimits[1].type"),
    ("process.oomScoreAdj", 1001), ("process.oomScoreAdj", -1001), ("process.scheduler.policy", "SCHED_X"), ("process.scheduler.nice", 20),
    ("process.scheduler.nice", -21), ("process.scheduler", {"policy": "SCHED_FIFO"}, "process.scheduler.priority"), ("process.scheduler.priority", 5),
    ("process.scheduler.priority", 100), ("process.scheduler.flags", ["X"]), ("process.scheduler.runtime", 5, "process.scheduler"),
    ("process.ioPriority.class", "IOPRIO_CLASS_X"), ("process.ioPriority.priority", 8), ("process.ioPriority.priority", -1),
    ("process.execCPUAffinity.initial", "a"), ("process.execCPUAffinity.final", "3-1"), ("process.execCPUAffinity.initial", "1,"),
    ("process.apparmorProfile", "a\nb"), ("process.selinuxLabel", "a\nb"),
    ("linux.namespaces", [{"type": "pid"}, {"type": "mount"}, {"type": "pid"}], "linux.namespaces[2]"), ("linux.namespaces[0].type", "mnt"),
    ("linux.namespaces[0].path", "relative", "linux.namespaces[0]"), ("linux.uidMappings", MAP), ("linux.timeOffsets.monotonic.secs", 5, "linux.timeOffsets"),
    ("linux.devices[0].path", "dev/x"), ("linux.devices[0].type", "x"), ("linux.devices[0].type", "a"), ("linux.devices[0].type", ""),
    ("linux.devices[0].major", -1), ("linux.devices[0].major", 4096), ("linux.devices[0].minor", 2**20), ("linux.devices[0].fileMode", 2**16),
    ("linux.devices[0].uid", 2**32 - 1), ("linux.devices[0].gid", 2**32 - 1), ("linux.devices[0]", {"path": "/dev/x", "type": "c"}),
    ("linux.devices", [{"path": "/dev/x", "type": "p"}] * 2, "linux.devices[1].path"), ("linux.devices[0].path", "/dev/../../x"),
    ("linux.netDevices", {"a/b": {}}, "linux.netDevices"), ("linux.netDevices", {"x" * 16: {}}, "linux.netDevices"), ("linux.netDevices.eth7.name", ".."),
    ("linux.netDevices", {"a": {"name": "x"}, "b": {"name": "x"}}, "linux.netDevices.b"),
    ("linux.cgroupsPath", "../x"), ("linux.cgroupsPath", "/a/../../b"), ("linux.cgroupsPath", "a:..:b"), ("linux.cgroupsPath", "/a\nb"), ("linux.cgroupsPath", "/a\0b"),
    ("linux.sysctl", {"kernel.hostname": "x"}, "linux.sysctl.kernel.hostname"), ("linux.sysctl", {"kernel.panic": "1"}, "linux.sysctl.kernel.panic"),
    ("linux.sysctl", {"vm.swappiness": "1"}, "linux.sysctl.vm.swappiness"), ("linux.sysctl", {"net/../kernel/panic": "1"}, "linux.sysctl"),
    ("linux.sysctl", {"net.ipv4..x": "1"}, "linux.sysctl"), ("linux.sysctl", {"": "1"}, "linux.sysctl"), ("linux.sysctl", {"net.": "1"}, "linux.sysctl"),
    ("linux.sysctl", {"user.max_user_namespaces": "1"}, "linux.sysctl.user.max_user_namespaces"), ("linux.sysctl", {"net.a": "x\ny"}, "linux.sysctl.net.a"),
    ("linux.sysctl", {"fs.mqueue.": "1"}, "linux.sysctl"), ("linux.sysctl", {"/kernel/sem": "1"}, "linux.sysctl"),
    ("linux.seccomp.defaultAction", "SCMP_ACT_X"), ("linux.seccomp.defaultAction", ""), ("linux.seccomp.defaultErrnoRet", 1), ("linux.seccomp.defaultErrnoRet", 4096),
    ("linux.seccomp.architectures", ["SCMP_ARCH_X"]), ("linux.seccomp.flags", ["SECCOMP_FILTER_FLAG_X"]), ("linux.seccomp.listenerMetadata", "m"),
    ("linux.seccomp.syscalls[0].names", []), ("linux.seccomp.syscalls[0]", {"names": ["read"], "action": "SCMP_ACT_NOTIFY"}, "linux.seccomp.syscalls[0].action"), ("linux.seccomp.syscalls[0].action", "x"),
    ("linux.seccomp.syscalls[0].errnoRet", 4096), ("linux.seccomp.syscalls[0].args[0].index", 6), ("linux.seccomp.syscalls[0].args[0].op", "SCMP_CMP_X"),
    ("linux.seccomp.syscalls[0]", {"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}, "linux.seccomp.syscalls[0].errnoRet"),
    ("linux.seccomp.syscalls[0]", {"names": ["read"], "action": "SCMP_ACT_KILL", "errnoRet": 1}, "linux.seccomp.syscalls[0].errnoRet"),
    ("linux.seccomp.syscalls[0]", {"action": "SCMP_ACT_ERRNO"}, "linux.seccomp.syscalls[0].names"), ("linux.seccomp.defaultAction", "SCMP_ACT_NOTIFY"),
    ("linux.rootfsPropagation", "x"), ("linux.maskedPaths", ["proc"]), ("linux.readonlyPaths", ["proc"]), ("linux.maskedPaths", ["/a\0"]),
    ("linux.personality.domain", "LINUX64"), ("linux.personality.flags", ["X"]), ("linux.intelRdt.closID", ".."), ("linux.intelRdt.closID", "a/b"),
    ("linux.intelRdt.closID", ""), ("linux.intelRdt.schemata", ["a\nb"]), ("linux.memoryPolicy.mode", "MPOL_X"), ("linux.memoryPolicy.nodes", "x"),
    ("linux.memoryPolicy.flags", ["MPOL_F_X"]), ("linux.memoryPolicy.mode", "MPOL_DEFAULT", "linux.memoryPolicy.nodes"),
    ("linux.memoryPolicy.flags", ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]),
    ("linux.resources.devices[0].type", "x"), ("linux.resources.devices[0].access", "x"), ("linux.resources.devices[0].access", ""),
    ("linux.resources.devices[0].major", -2), ("linux.resources.memory.limit", -2), ("linux.resources.memory.swap", 5),
    ("linux.resources.memory.swappiness", 101), ("linux.resources.cpu.cpus", "x"), ("linux.resources.cpu.mems", "1-0"), ("linux.resources.cpu.idle", 2),
    ("linux.resources.cpu", {"quota": 100000, "burst": 200000}, "linux.resources.cpu.burst"), ("linux.resources.cpu.idle", 1),
    ("linux.resources.blockIO.weight", 1001), ("linux.resources.blockIO.weightDevice[0].major", -1), ("linux.resources.pids.limit", -2),
    ("linux.resources.hugepageLimits[0].pageSize", "../x"), ("linux.resources.hugepageLimits[0].pageSize", "2MB/../x"),
    ("linux.resources.hugepageLimits[0].pageSize", "2mb"), ("linux.resources.hugepageLimits[0].pageSize", ""), ("linux.resources.hugepageLimits[0].pageSize", "02MB"),
    ("linux.resources.hugepageLimits", [{"pageSize": "2MB", "limit": 1}] * 2, "linux.resources.hugepageLimits[1].pageSize"),
    ("linux.resources.network.classID", 2**32), ("linux.resources.network.priorities[0].name", "a/b"), ("linux.resources.rdma", {"a": {}}, "linux.resources.rdma.a"),
    ("linux.resources.rdma", {"": {"hcaHandles": 1}}, "linux.resources.rdma"),
] + [("linux.resources.unified", {k: "1"}, "linux.resources.unified") for k in
     ("../x", "memory/../x.y", "/memory.high", "cgroup", ".x", "memory.", "", "a..b", "memory.high\n")] \
  + [(f"hooks.{h}[0].path", "bin/true") for h in HOOKS] + [(f"hooks.{h}[0].timeout", t) for h in HOOKS for t in (0, -1, 2**31)] \
  + [(f"hooks.{h}[0].args", 5) for h in HOOKS] + [(f"hooks.{h}[0].env", "A=b") for h in HOOKS] + [(f"hooks.{h}", {"path": "/x"}) for h in HOOKS] \
  + [(f"linux.resources.blockIO.{t}[0].rate", v) for t in THROTTLES for v in (-1, "1")]

USER = [{"type": "user"}, {"type": "mount"}, {"type": "pid"}, {"type": "uts"}, {"type": "ipc"}]
def maps(uid, gid=None):
    return {"namespaces": USER, "uidMappings": uid, "gidMappings": gid or MAP}
def line(c, h, n):
    return {"containerID": c, "hostID": h, "size": n}
# whole objects: fields that only collide with others
LINUX = [
    (maps([line(0, 100, 10), line(5, 200, 10)]), "linux.uidMappings[1]"), (maps([line(0, 100, 10), line(20, 105, 10)]), "linux.uidMappings[1]"),
    (maps(MAP, [line(0, 100, 10), line(9, 200, 1)]), "linux.gidMappings[1]"), (maps([line(0, 2**32 - 1, 1)]), "linux.uidMappings[0].hostID"),
    (maps([line(0, 2**32 - 2, 2)]), "linux.uidMappings[0]"), (maps([line(2**32 - 2, 0, 2)]), "linux.uidMappings[0]"), (maps([line(0, 0, 0)]), "linux.uidMappings[0].size"),
    (maps([line(i, i, 1) for i in range(341)]), "linux.uidMappings"), (maps([line(2**32, 0, 1)]), "linux.uidMappings[0].containerID"),
]
REQUIRED = ["ociVersion", "root", "root.path", "mounts[0].destination", "process.cwd", "process.args", "process.rlimits[0].type", "process.rlimits[0].soft",
            "process.rlimits[0].hard", "process.scheduler.policy", "process.ioPriority.class", "process.consoleSize.height", "linux.namespaces[0].type",
            "linux.devices[0].path", "linux.devices[0].type", "linux.uidMappings[0].size", "linux.uidMappings[0].hostID", "linux.uidMappings[0].containerID",
            "linux.seccomp.defaultAction", "linux.seccomp.syscalls[0].action", "linux.seccomp.syscalls[0].args[0].op", "linux.seccomp.syscalls[0].args[0].index",
            "linux.personality.domain", "linux.memoryPolicy.mode", "linux.resources.hugepageLimits[0].pageSize", "linux.resources.hugepageLimits[0].limit",
            "linux.resources.devices[0].allow", "linux.resources.network.priorities[0].name"] + [f"hooks.{h}[0].path" for h in HOOKS]


def steps(path):
    head, dot, key = path.partition(".unified.") if ".unified." in path else path.partition(".sysctl.")
    out = [int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", head)]
    return out + ([dot.strip("."), key] if dot else [])


def spoil(base, path, *value):
    """a copy of base with the value at path; without a value, without the member"""
    doc = copy.deepcopy(base)
    for prefix, good in GOOD.items():  # parents come before their children in GOOD
        if path.startswith(prefix) and path != prefix and path[len(prefix)] in ".[":
            put(doc, steps(prefix), copy.deepcopy(good))
    put(doc, steps(path), *value)
    return doc


def put(doc, path, *value):
    for key, after in zip(path, path[1:]):
        if isinstance(doc, dict) and key not in doc:
            doc[key] = [{}] if isinstance(after, int) else {}
        doc = doc[key]
    if value:
        doc[path[-1]] = value[0]
    else:
        doc.pop(path[-1], None)


def spoilt(base):
    """(document, field, what)"""
    for row in FIELDS.replace("\n", "|").split("|"):
        if row.strip():
            kind, path = row.split()
            for v in WRONG[kind]:
                yield spoil(base, path, v), path, f"{path} = {str(v)[:30]}"
    for path, value, *named in VALUES:
        yield spoil(base, path, value), named[0] if named else path, f"{path} = {str(value)[:60]}"
    for path in REQUIRED:
        yield spoil(base, path), path, f"{path} is missing"
    for part, named in LINUX:
        yield dict(base, linux=dict(base["linux"], **part)), named, f"{named} among others"


def texts(base):
    """(bytes, field, what): faults of the text, which JSON libraries do not write"""
    good = json.dumps(base).encode()
    body = good[1:]
    yield b'{"hostname":"a",' + body if b'"hostname"' in body else b'{"cwd":"/",' + body, "twice", "a member twice"
    yield b'{"cwd":"/","cwd":"/x",' + body, "cwd", "cwd twice"
    yield b'{"x":' + b"[" * 100000 + b"]" * 100000 + b"," + body, "nest", "100,000 lists in each other"
    yield b'{"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"," + body, "nest", "5,000 objects in each other"
    yield b"[" * 65 + b"]" * 65, "nest", "65 lists"
    yield b'{"x":"\xff\xfe",' + body, "UTF-8", "bytes that are no UTF-8"
    yield b'{"x":"\xc0\x80",' + body, "UTF-8", "an overlong NUL"
    yield b'{"x":"\xed\xa0\x80",' + body, "UTF-8", "a surrogate"
    yield b'{"x":"\xf4\x90\x80\x80",' + body, "UTF-8", "beyond U+10FFFF"
    yield b'{"x":"a\x00b",' + body, ".json", "a NUL byte in a text"
    yield b'{"x":"a\x01b",' + body, ".json", "a control character in a text"
    yield b'{"x":"a\\u0000b",' + body, "x:", "an escaped NUL"
    yield good + b"x", ".json", "text behind the end"
    yield good + good, ".json", "two documents"
    yield good[:-1], ".json", "an end too early"
    yield good[:len(good) // 2], ".json", "half a document"
    yield b"", ".json", "nothing"
    yield b"   \n", ".json", "blanks"
    yield b"null", "object", "null"
    yield b"5", "object", "a number"
    yield b'"a"', "object", "a text"
    yield b"[]", "object", "a list"
    yield b'{"x":01,' + body, ".json", "a number that begins with 0"
    yield b'{"x":+1,' + body, ".json", "a number with a plus"
    yield b'{"x":NaN,' + body, ".json", "NaN"
    yield b"{'x':1," + body, ".json", "single quotes"
    yield b"/* c */" + good, ".json", "a comment"
    yield b"{," + body, ".json", "a comma too many"
    yield b"\xef\xbb\xbf" + good, ".json", "a byte order mark"
    yield b'{"x":' + b"9" * 100000 + b',"y":[' + b"1," * 100001 + b"1]," + body, "100000", "more than 100,000 values"
    yield b'{"x":"' + b"a" * (100 << 20) + b'",' + body, "large", "100 MB"
    yield b"\x7fELF" + bytes(1000), ".json", "a program"


def main():
    base = json.load(open(sys.argv[1], encoding="utf-8"))
    only_process = len(sys.argv) > 3
    whole = {"process": base, "linux": {}} if only_process else base
    cases = []
    for doc, field, what in spoilt(whole):
        if not only_process:
            cases.append((json.dumps(doc).encode(), field, what))
        elif field.startswith("process."):
            cases.append((json.dumps(doc["process"]).encode(), field[8:], what))
    cases += texts(base)
    with open(sys.argv[2] + "/list", "w", encoding="utf-8") as index:
        for n, (data, field, what) in enumerate(cases):
            with open(f"{sys.argv[2]}/{n:03}.json", "wb") as f:
                f.write(data)
            index.write(f"{n:03}\t{field}\t{json.dumps(what)}\n")


main()
