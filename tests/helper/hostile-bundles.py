#!/usr/bin/env python3
"""hostile-bundles.py ARCHIVE.tar DIR CANARY: variants of a zone's archive (uncompressed), each of which must be refused and leave nothing.

Writes DIR/NAME.tar and DIR/expect: "NAME<TAB>part of the sentence that is wanted"."""
import copy
import hashlib
import io
import json
import sys
import tarfile

source, out, canary = sys.argv[1:4]
members = []  # (TarInfo, bytes)
with tarfile.open(source) as t:
    for m in t:
        members.append((m, t.extractfile(m).read() if m.isreg() else b""))


def info(name, kind=tarfile.REGTYPE, **more):
    m = tarfile.TarInfo(name)
    m.type = kind
    for k, v in more.items():
        setattr(m, k, v)
    return m


def index(name):
    return next(i for i, (m, _) in enumerate(members) if m.name == name)


def clone():
    l = [(copy.copy(m), d) for m, d in members]
    for m, _ in l:
        m.pax_headers = dict(m.pax_headers)  # the times in it are exact
    return l


def with_data(name, change):
    l = clone()
    i = index(name)
    data = change(l[i][1])
    l[i][0].size = len(data)
    l[i] = (l[i][0], data)
    return l


def with_info(name, **more):
    l = clone()
    for k, v in more.items():
        setattr(l[index(name)][0], k, v)
    if "mtime" in more:
        l[index(name)][0].pax_headers.pop("mtime", None)
    return l


def inserted(at, *entries):
    l = clone()
    return l[:at] + list(entries) + l[at:]


def about(**more):
    def change(data):
        j = json.loads(data)
        for k, v in more.items():
            if v is None:
                j.pop(k)
            else:
                j[k] = v
        return json.dumps(j).encode()
    return with_data("about.json", change)


def resealed(l):
    """The manifest says the digests of the two texts as they are now."""
    data = {m.name: d for m, d in l}
    lines = data["manifest.mtree"].decode().split("\n")
    for k, name in ((1, "about.json"), (2, "zone.json")):
        lines[k] = "./%s type=file size=%d sha256=%s" % (name, len(data[name]), hashlib.sha256(data[name]).hexdigest())
    i = next(i for i, (m, _) in enumerate(l) if m.name == "manifest.mtree")
    text = "\n".join(lines).encode()
    l[i][0].size = len(text)
    l[i] = (l[i][0], text)
    return l


def flip(data):
    return bytes([data[0] ^ 1]) + data[1:]


F = "root/srv/file"
M = index("manifest.mtree")
end = len(members)
manifest = members[M][1].decode()
cases = [
    ("byte", with_data(F, flip), "sha256"),
    ("longer", with_data(F, lambda d: d + b"x"), "size"),
    ("shorter", with_data(F, lambda d: d[:-1]), "size"),
    ("mode", with_info(F, mode=0o4755), "mode"),
    ("owner", with_info(F, uid=1), "uid"),
    ("group", with_info(F, gid=1), "gid"),
    ("time", with_info(F, mtime=5), "time"),
    ("target", with_info("root/srv/link", linkname="/etc/shadow"), "link"),
    ("kind", with_info("root/srv/link", type=tarfile.REGTYPE, size=0), "type"),
    ("unlinked", with_info("root/srv/later", type=tarfile.REGTYPE, size=0), "hardlink"),
    ("linked", with_info("root/srv/other", type=tarfile.LNKTYPE, linkname=F, size=0), "root/srv/other"),
    ("missing", [e for e in clone() if e[0].name != F], ""),
    ("extra", inserted(M, (info("root/srv/new"), b"")), "root/srv/new"),
    ("extra-dir", inserted(M, (info("root/new", tarfile.DIRTYPE), b"")), "./root/new"),
    ("twice", inserted(M, (info(F, size=3), b"two")), ""),
    ("no-manifest", [e for e in clone() if e[0].name != "manifest.mtree"], "ends too early"),
    ("no-about", clone()[1:], "about.json"),
    ("no-config", [clone()[0]] + clone()[2:], "zone.json"),
    ("swapped", [clone()[1], clone()[0]] + clone()[2:], "about.json"),
    ("empty-manifest", with_data("manifest.mtree", lambda d: b""), "#mtree"),
    ("manifest-digest", with_data("manifest.mtree", lambda d: d.replace(b"sha256=", b"sha256=0", 5)), "sha256"),
    ("manifest-line", with_data("manifest.mtree", lambda d: d + b"./root/zzz type=file\n"), "root/zzz"),
    ("manifest-nul", with_data("manifest.mtree", lambda d: d + b"\0"), "NUL"),
    ("manifest-first", [clone()[0], clone()[1], clone()[M]] + clone()[2:M], ""),
    ("manifest-twice", inserted(end, clone()[M]), "follows the manifest"),
    ("after", inserted(end, (info("root/srv/late"), b"")), "follows the manifest"),
    ("outside", inserted(M, (info("etc/passwd"), b"")), "below"),
    ("prefix", inserted(M, (info("rootkit"), b"")), "below"),
    ("absolute", inserted(M, (info("/etc/passwd"), b"")), "below"),
    ("dotdot", inserted(M, (info("root/../../x"), b"")), ".."),
    ("through-link", inserted(M, (info("root/srv/out", tarfile.SYMTYPE, linkname=canary), b""), (info("root/srv/out/victim", size=3), b"bad")), "symlink"),
    ("hard-outside", inserted(M, (info("root/srv/out", tarfile.LNKTYPE, linkname=canary + "/victim"), b"")), "below"),
    ("hard-about", inserted(M, (info("root/srv/out", tarfile.LNKTYPE, linkname="about.json"), b"")), "below"),
    ("hard-dotdot", inserted(M, (info("root/srv/out", tarfile.LNKTYPE, linkname="root/../../etc/passwd"), b"")), ".."),
    ("foreign-owner", inserted(M, (info("root/srv/new", uid=70000), b"")), "70000"),
    ("root-file", inserted(2, (info("root"), b"")), "not a directory"),
    ("about-link", [(info("about.json", tarfile.SYMTYPE, linkname="/etc/passwd"), b"")] + clone()[1:], "about.json"),
    ("about-large", with_data("about.json", lambda d: d + b" " * 70000), "larger"),
    ("about-broken", with_data("about.json", lambda d: b"{"), "about.json"),
    ("about-list", with_data("about.json", lambda d: b"[]"), "format"),
    ("about-deep", with_data("about.json", lambda d: b"[" * 5000), "about.json"),
    ("format", resealed(about(format="tarball")), "format"),
    ("version", resealed(about(version=2)), "version 2"),
    ("machine", resealed(about(architecture="vax")), "vax"),
    ("machine-escape", resealed(about(architecture="\x1b[31m")), "architecture"),
    ("name-path", resealed(about(zonename="../../etc/x")), "cannot be the name"),
    ("name-none", resealed(about(zonename=None)), "cannot be the name"),
    ("name-kind", resealed(about(zonename=["web"])), "cannot be the name"),
    ("about-changed", about(uuid="00000000-0000-4000-8000-000000000000"), "about.json"),
    ("config-changed", with_data("zone.json", lambda d: d.replace(b'"native"', b'"native", "cpuShares": 5')), "zone.json"),
    ("config-broken", resealed(with_data("zone.json", lambda d: b"{")), "zone.json"),
    ("config-unknown", resealed(with_data("zone.json", lambda d: d.replace(b'"brand"', b'"nosuch": 1, "brand"'))), "nosuch"),
    ("config-host", resealed(with_data("zone.json", lambda d: d.replace(b'"brand"', b'"net": [{"physical": "nosuch0"}], "brand"'))), "nosuch0"),
    ("config-large", with_data("zone.json", lambda d: d + b" " * (1 << 21)), "larger"),
]
with open(out + "/expect", "w") as e:
    for name, entries, want in cases:
        with tarfile.open("%s/%s.tar" % (out, name), "w", format=tarfile.PAX_FORMAT) as t:
            for m, d in entries:
                t.addfile(m, io.BytesIO(d))
        e.write("%s\t%s\n" % (name, want))
