#!/usr/bin/env python3
"""hostile-archives.py OUT CANARY - archives from an enemy, for `zone install --from`.

Writes OUT/NN-kind.{tar,...} and OUT/expect, one line for each archive:

    FILE <tab> refused|harmless <tab> PATH-BELOW-THE-ROOT or - <tab> what is tried

"refused": install must fail, with a sentence, and leave the zone configured. "harmless": install must succeed; when a path is given it must exist below the root.
In both cases nothing in CANARY (made here: file "victim" with "untouched\n", directory "dir") may change and nothing may appear in it. Every archive holds a
good file, etc/ok, before the hostile entry.
"""
import gzip
import io
import os
import struct
import sys
import tarfile
import zipfile

out, canary = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
os.makedirs(out, exist_ok=True)
os.makedirs(os.path.join(canary, "dir"), exist_ok=True)
with open(os.path.join(canary, "victim"), "w") as f:
    f.write("untouched\n")
rows = []
REG, DIR, SYM, LNK, CHR, BLK, FIFO = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
                                      tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
up = "../" * 12 + canary.lstrip("/")


def entry(name, kind=REG, data=b"pwned\n", link="", **more):
    t = tarfile.TarInfo(name)
    t.type, t.linkname, t.mode = kind, link, 0o755 if kind == DIR else 0o644
    if kind == REG:
        t.size = len(data)
    for k, v in more.items():
        setattr(t, k, v)
    return t, data if kind == REG else None


def save(kind, verdict, what, entries, path="-", fmt=tarfile.PAX_FORMAT):
    name = "%02d-%s.tar" % (len(rows) + 1, kind)
    with tarfile.open(os.path.join(out, name), "w", format=fmt) as tar:
        for t, data in [entry("etc/", DIR), entry("etc/ok", data=b"ok\n")] + entries:
            tar.addfile(t, io.BytesIO(data) if data is not None else None)
    rows.append((name, verdict, path, what))
    return os.path.join(out, name)


def raw(kind, verdict, what, data, ending="tar", path="-"):
    name = "%02d-%s.%s" % (len(rows) + 1, kind, ending)
    with open(os.path.join(out, name), "wb") as f:
        f.write(data)
    rows.append((name, verdict, path, what))


# --- names
save("dotdot", "refused", "a name that begins with ..", [entry(up + "/pwned")])
save("dotdot-middle", "refused", "a name with .. in it", [entry("etc/../../" + up + "/pwned")])
save("dotdot-end", "refused", "a name that ends with ..", [entry("etc/..", DIR)])
save("absolute", "harmless", "an absolute name", [entry(canary + "/pwned")], path=canary.lstrip("/") + "/pwned")
save("absolute-slashes", "harmless", "an absolute name with many slashes", [entry("////" + canary + "//pwned")], path=canary.lstrip("/") + "/pwned")
save("absolute-dotdot", "refused", "an absolute name with ..", [entry("/.." + canary + "/pwned")])
save("long-name", "refused", "a name longer than the kernel takes", [entry("a/" * 2600 + "x")])
save("long-element", "refused", "an element longer than 255 bytes", [entry("etc/" + "a" * 300)])
save("control-name", "harmless", "a name with newline and escape", [entry("etc/a\nb\x1b[2Jc")], path="etc/a\nb\x1b[2Jc".replace("\n", "?"))
rows[-1] = rows[-1][:2] + ("-",) + rows[-1][3:]
save("utf8-name", "harmless", "a name that is not ASCII", [entry("etc/Főtanúsítvány")], path="etc/Főtanúsítvány")
t, d = entry("etc/" + "\udcff\udcfe")
save("bytes-name", "harmless", "a name that is not UTF-8", [(t, d)], fmt=tarfile.GNU_FORMAT)
save("backslash", "harmless", "a name with backslashes", [entry("..\\..\\pwned")], path="..\\..\\pwned")
save("root-file", "refused", "the root itself as a file", [entry("./", REG)])
save("root-symlink", "refused", "the root itself as a symlink", [entry(".", SYM, link=canary)])
save("root-hardlink", "refused", "the root itself as a hard link", [entry("/", LNK, link="etc/ok")])
save("deep", "harmless", "1,500 directories in each other", [entry("d/" * 1500 + "x")], path="d/d/d")

# --- symlinks
save("symlink-absolute", "refused", "a file through an absolute symlink", [entry("link", SYM, link=canary), entry("link/pwned")])
save("symlink-relative", "refused", "a file through a relative symlink", [entry("link", SYM, link=up), entry("link/pwned")])
save("symlink-chain", "refused", "a file through a chain of symlinks", [entry("b", SYM, link=canary), entry("a", SYM, link="b"), entry("a/pwned")])
save("symlink-chain-dirs", "refused", "a file through symlinks in a directory", [entry("d/", DIR), entry("d/up", SYM, link=".."), entry("d/up2", SYM, link="up/.."), entry("d/up2/" + canary.lstrip("/") + "/pwned")])
save("symlink-inside", "refused", "a file through a symlink that stays inside", [entry("link", SYM, link="etc"), entry("link/pwned")])
save("symlink-dir", "refused", "a directory below a symlink", [entry("link", SYM, link=canary), entry("link/new/", DIR)])
save("symlink-loop", "refused", "a file through symlinks in a loop", [entry("a", SYM, link="b"), entry("b", SYM, link="a"), entry("a/pwned")])
save("symlink-final", "harmless", "a file over a symlink to a file outside", [entry("etc/x", SYM, link=canary + "/victim"), entry("etc/x")], path="etc/x")
save("symlink-dangling", "harmless", "a file over a dangling symlink", [entry("etc/x", SYM, link=canary + "/new"), entry("etc/x")], path="etc/x")
save("symlink-to-dir", "harmless", "a directory over a symlink to one outside, then a file in it", [entry("s", SYM, link=canary), entry("s/", DIR), entry("s/pwned")], path="s/pwned")
save("dir-to-symlink", "refused", "an empty directory that becomes a symlink, then a file in it", [entry("s/", DIR), entry("s", SYM, link=canary), entry("s/pwned")])
save("dir-to-symlink-warm", "refused", "the same with files before it, so that a cached parent would be used", [entry("s/t/", DIR), entry("s/t/a"), entry("s/t", DIR), entry("s/u/", DIR), entry("s/u", SYM, link=canary), entry("s/u/pwned")])
save("etc-to-symlink", "refused", "a directory with contents that becomes a symlink", [entry("etc", SYM, link=canary), entry("etc/pwned")])
save("mode-through-symlink", "harmless", "mode and owner of a symlink to a file outside", [entry("etc/x", SYM, link=canary + "/victim", mode=0o4777, uid=1000, gid=1000)], path="etc/x")
save("symlink-long", "refused", "a symlink with a target of 5,000 bytes", [entry("l", SYM, link="x/" * 2500)])
save("symlink-empty", "refused", "a symlink without a target", [entry("l", SYM, link="")])

# --- hard links
save("hardlink-absolute", "refused", "a hard link to an absolute path outside", [entry("h", LNK, link=canary + "/victim")])
save("hardlink-dotdot", "refused", "a hard link through ..", [entry("h", LNK, link=up + "/victim")])
save("hardlink-symlink", "refused", "a hard link to a symlink to a file outside", [entry("sl", SYM, link=canary + "/victim"), entry("h", LNK, link="sl")])
save("hardlink-through", "refused", "a hard link through a symlinked directory", [entry("sd", SYM, link=canary), entry("h", LNK, link="sd/victim")])
save("hardlink-missing", "refused", "a hard link to something that is not there", [entry("h", LNK, link="etc/nothing")])
save("hardlink-dir", "refused", "a hard link to a directory", [entry("h", LNK, link="etc")])
save("hardlink-self", "refused", "a hard link to itself", [entry("etc/ok", LNK, link="etc/ok")])
save("hardlink-into-symlink", "refused", "a hard link below a symlink", [entry("sd", SYM, link=canary), entry("sd/h", LNK, link="etc/ok")])
save("hardlink-then-write", "harmless", "a file over a hard link does not change the other name", [entry("etc/h", LNK, link="etc/ok"), entry("etc/h")], path="etc/h")

# --- kinds
save("char-device", "harmless", "/dev/mem as a node", [entry("etc/mem", CHR, devmajor=1, devminor=1)])
save("block-device", "harmless", "the first disk as a node", [entry("etc/sda", BLK, devmajor=8, devminor=0, mode=0o666)])
save("device-over-file", "harmless", "a node over a file", [entry("etc/x"), entry("etc/x", CHR, devmajor=1, devminor=1)], path="etc/x")
save("fifo", "harmless", "a FIFO where files are read at boot", [entry("etc/passwd", FIFO)], path="etc/passwd")
save("fifo-then-data", "harmless", "a file over a FIFO does not hang", [entry("etc/f", FIFO), entry("etc/f")], path="etc/f")
save("setuid", "harmless", "a setuid program of root", [entry("etc/su", mode=0o4755)], path="etc/su")
save("unreadable-dir", "harmless", "a directory of mode 000, then a file in it", [entry("d/", DIR, mode=0), entry("d/x")], path="d/x")
save("unknown-type", "harmless", "an entry of an unknown type", [entry("etc/v", type=b"V", size=0)])
save("file-over-dir", "refused", "a file over a directory with contents", [entry("etc")])
save("dir-over-file", "harmless", "a directory over a file, then a file in it", [entry("x"), entry("x/", DIR), entry("x/y")], path="x/y")
save("through-file", "refused", "a file below a file", [entry("etc/ok/pwned")])
save("twice", "harmless", "the same name many times", [entry("etc/x", data=b"%d" % i) for i in range(50)], path="etc/x")

# --- owners
save("uid-70000", "refused", "an owner beyond the zone's ids", [entry("etc/x", uid=70000)])
save("gid-65536", "refused", "a group one beyond", [entry("etc/x", gid=65536)])
save("uid-max", "refused", "owner 2^32-1", [entry("etc/x", uid=4294967295)])
save("uid-wrap", "refused", "owner 2^32, which would become 0", [entry("etc/x", uid=4294967296)])
save("uid-negative", "refused", "owner -1", [entry("etc/x", uid=-1)], fmt=tarfile.GNU_FORMAT)
save("uid-65535", "harmless", "the last owner that is possible", [entry("etc/x", uid=65535, gid=65535)], path="etc/x")
save("uname", "harmless", "a name of an owner that exists on the host", [entry("etc/x", uname="postgres", gname="shadow", uid=5, gid=5)], path="etc/x")

# --- attributes
save("attr-trusted", "harmless", "trusted.* and security.* of the host", [entry("etc/x", pax_headers={"SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.security.selinux": "x", "SCHILY.xattr.security.ima": "x"})], path="etc/x")
save("attr-capability-bad", "refused", "a file capability that is none", [entry("etc/x", pax_headers={"SCHILY.xattr.security.capability": "nonsense"})])
save("attr-huge", "refused", "an attribute of 200,000 bytes", [entry("etc/x", pax_headers={"SCHILY.xattr.user.big": "x" * 200000})])
save("attr-many", "harmless", "an attribute on a symlink to a file outside", [entry("etc/x", SYM, link=canary + "/victim", pax_headers={"SCHILY.xattr.user.a": "b"})], path="etc/x")

# --- sizes and damage
t, _ = entry("etc/big")
t.size = 1 << 60
path = save("size-huge", "refused", "a size of 2^60 without data", [(t, None)], fmt=tarfile.GNU_FORMAT)
t, _ = entry("etc/big")
t.size = 1 << 45
save("size-too-big", "refused", "a size that no disk has", [(t, None)], fmt=tarfile.GNU_FORMAT)
whole = open(save("truncated", "refused", "cut in the middle of a file", [entry("etc/x", data=b"x" * 100000)]), "rb").read()
with open(os.path.join(out, rows[-1][0]), "wb") as f:
    f.write(whole[:len(whole) // 2])
bad = bytearray(whole)
bad[512 * 3 + 20] ^= 0xff
raw("checksum", "refused", "a header with a wrong checksum", bytes(bad))
squeezed = bytearray(gzip.compress(whole))
squeezed[10] |= 0x06  # a block type that does not exist
raw("gzip-damaged", "refused", "a damaged gzip stream", bytes(squeezed), "tar.gz")
raw("gzip-cut", "refused", "a gzip stream that ends early", gzip.compress(whole)[:-40], "tar.gz")
raw("noise", "refused", "no archive at all", bytes((i * 131 + (i >> 3) * 17) & 0xff for i in range(8192)))
raw("empty", "refused", "an empty file", b"")
raw("zeros", "refused", "nothing but zeros", bytes(10240))
raw("magic-only", "refused", "a gzip magic and nothing more", b"\x1f\x8b\x08\x00", "tar.gz")
name = "%02d-no-root.tar" % (len(rows) + 1)
with tarfile.open(os.path.join(out, name), "w") as tar:
    t, d = entry("readme.txt")
    tar.addfile(t, io.BytesIO(d))
rows.append((name, "refused", "-", "an archive of something else"))

# --- sparse: one hole of a petabyte, in GNU's pax form 1.0 (map in front of the data)
t, _ = entry("etc/hole")
body = b"1\n%d\n1\n" % ((1 << 50) - 1)
body = body.ljust(512, b"\0") + b"x"
t.size = len(body)
t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "etc/hole", "GNU.sparse.realsize": str(1 << 50)}
save("sparse-huge", "refused", "a hole larger than a file can be", [(t, body)])
t, _ = entry("etc/hole")
body = (b"1\n%d\n1\n" % (4096 * 1000)).ljust(512, b"\0") + b"x"
t.size = len(body)
t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "etc/hole", "GNU.sparse.realsize": str(4096 * 1000 + 1)}
save("sparse", "harmless", "a hole stays a hole", [(t, body)], path="etc/hole")
t, _ = entry("etc/hole")
body = (b"1\n%d\n1\n" % (1 << 40)).ljust(512, b"\0") + b"x"
t.size = len(body)
t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": up + "/pwned", "GNU.sparse.realsize": "10"}
save("sparse-name", "refused", "a name with .. and data behind the end in a sparse header", [(t, body)])

# --- other formats
buf = io.BytesIO()
with zipfile.ZipFile(buf, "w") as z:
    z.writestr("etc/ok", "ok\n")
    z.writestr(up + "/pwned", "pwned\n")
raw("zip-slip", "refused", "a zip with ..", buf.getvalue(), "zip")
buf = io.BytesIO()
with zipfile.ZipFile(buf, "w") as z:
    z.writestr("etc/ok", "ok\n")
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    z.writestr(link, canary)
    z.writestr("link/pwned", "pwned\n")
raw("zip-symlink", "refused", "a zip with a file through a symlink", buf.getvalue(), "zip")


def cpio(name, mode, data=b"", nlink=1, ino=1):
    n = name.encode() + b"\0"
    head = b"070701" + b"".join(b"%08X" % v for v in (ino, mode, 0, 0, nlink, 0, len(data), 0, 0, 0, 0, len(n), 0))
    body = head + n
    body += b"\0" * (-len(body) % 4) + data
    return body + b"\0" * (-len(body) % 4)


end = cpio("TRAILER!!!", 0)
raw("cpio-dotdot", "refused", "a cpio with ..", cpio("etc", 0o40755) + cpio(up + "/pwned", 0o100644, b"pwned\n") + end, "cpio")
raw("cpio-symlink", "refused", "a cpio with a file through a symlink", cpio("etc", 0o40755) + cpio("link", 0o120777, canary.encode()) + cpio("link/pwned", 0o100644, b"pwned\n") + end, "cpio")
raw("cpio-socket", "harmless", "a socket", cpio("etc", 0o40755) + cpio("etc/s", 0o140755) + end, "cpio")
raw("cpio-links", "harmless", "data behind the last name of a file", cpio("etc", 0o40755, ino=9) + cpio("etc/a", 0o100644, b"", 2, 5) + cpio("etc/b", 0o100644, b"data\n", 2, 5) + end, "cpio", path="etc/b")
raw("cpio-namesize", "refused", "a cpio whose name is longer than the file", b"070701" + b"".join(b"%08X" % v for v in (1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x7fffffff, 0)) + b"etc\0", "cpio")

with open(os.path.join(out, "expect"), "w", encoding="utf-8", errors="surrogateescape") as f:
    for row in rows:
        f.write("\t".join(row) + "\n")
print("%d archives in %s" % (len(rows), out))
