#!/usr/bin/env python3
"""images.py good OUT | hostile OUT CANARY - container images made by hand, for `zone image import` and `zone install --from`.

good: OUT/layout (tags "web", "init", "plain"; three layers: uncompressed, gzip, zstd), OUT/layout.tar.gz, OUT/multi (an index for several machines, in an index), OUT/docker.tar (docker save), OUT/mixed.tar (both
forms in one), OUT/sha512.

hostile: OUT/NN-kind and OUT/expect, one line each:  REFERENCE <tab> refused|harmless <tab> words that the error must hold, or a path of the top layer <tab> what is tried
"""
import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import tarfile

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker."
REF = "org.opencontainers.image.ref.name"
REG, DIR, SYM, LNK, CHR = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE


def entry(name, kind=REG, data=b"x\n", link="", **more):
    t = tarfile.TarInfo(name)
    t.type, t.linkname, t.mode = kind, link, 0o755 if kind == DIR else 0o644
    if kind == REG:
        t.size = len(data)
    for k, v in more.items():
        setattr(t, k, v)
    return t, data if kind == REG else None


def tar(entries, fmt=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as f:
        for t, data in entries:
            f.addfile(t, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def squeeze(data, how):
    if how == "gzip":
        return gzip.compress(data, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def digest(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


class Layout:
    def __init__(self, path, algorithm="sha256"):
        self.path, self.algorithm, self.entries = path, algorithm, []
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path + "/blobs/" + algorithm)

    def file(self, name, data):
        os.makedirs(os.path.dirname(self.path + "/" + name), exist_ok=True)
        with open(self.path + "/" + name, "wb") as f:
            f.write(data)

    def blob(self, data, media, **more):
        d = digest(data, self.algorithm)
        self.file("blobs/" + d.replace(":", "/"), data)
        return dict({"mediaType": media, "digest": d, "size": len(data)}, **more)

    def json(self, value, media, **more):
        return self.blob(json.dumps(value).encode(), media, **more)

    def image(self, layers, config=None, tag=None, platform_=None, **change):
        """layers: (tar bytes, compression) each; change: what is to be different, see the hostile ones"""
        descriptors = []
        for plain, how in layers:
            media = OCI + "layer.v1.tar" + ("+" + how if how else "")
            descriptors.append(self.blob(squeeze(plain, how), change.get("layer_type", media)))
        c = {"architecture": ARCH, "os": "linux", "config": config or {},
             "rootfs": {"type": "layers", "diff_ids": [digest(p, self.algorithm) for p, _ in layers]}}
        c.update(change.get("root", {}))
        if "edit" in change:
            change["edit"](descriptors)
        m = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
             "config": self.json(c, change.get("config_type", OCI + "config.v1+json")), "layers": descriptors}
        m.update(change.get("manifest", {}))
        d = self.json(m, change.get("manifest_type", OCI + "manifest.v1+json"))
        if tag:
            d["annotations"] = {REF: tag}
        if platform_:
            d["platform"] = platform_
        return d

    def write(self, *entries, **more):
        self.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        self.file("index.json", json.dumps(dict({"schemaVersion": 2, "manifests": list(entries)}, **more)).encode())


def capability():  # cap_net_raw=ep, version 2
    return struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin-1")


def busybox(names):
    with open("/bin/busybox", "rb") as f:
        program = f.read()
    return [entry("bin/", DIR), entry("bin/busybox", data=program, mode=0o755)] + \
        [entry("bin/" + n, SYM, link="busybox") for n in names.split()]


def base_layer():
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in
                                          ((1, 6, 2**32 - 1), (2, 4, 4242), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 4, 2**32 - 1)))
    deep = "srv/" + "/".join("d%03d" % i for i in range(60)) + "/end"
    return tar(busybox("sh cat ls id env sleep test kill true") + [
        entry("etc/", DIR), entry("etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/srv:/bin/sh\n"),
        entry("etc/group", data=b"root:x:0:\nwww:x:33:\n"),
        entry("tmp/", DIR, mode=0o1777), entry("srv/", DIR, mode=0o2775, uid=33, gid=33),
        entry("srv/gone"), entry("srv/dir/", DIR), entry("srv/dir/a"), entry("srv/dir/b"),
        entry("srv/hidden/", DIR), entry("srv/hidden/a"), entry("srv/hidden/b"),
        entry("srv/remade/", DIR), entry("srv/remade/old"), entry("srv/becomes-file/", DIR), entry("srv/becomes-file/x"),
        entry("srv/late/", DIR), entry("srv/late/old"), entry("srv/wh-parent/", DIR), entry("srv/wh-parent/old"), entry("srv/wh-first/", DIR), entry("srv/wh-first/old"),
        entry("srv/becomes-dir"), entry("srv/sticky/", DIR, mode=0o1770, uid=5, gid=6, mtime=1000000000),
        entry("srv/linked", data=b"shared\n" * 1000, mode=0o4755, uid=33), entry("srv/linked2", LNK, link="srv/linked"),
        entry("srv/attr", pax_headers={"SCHILY.xattr.user.note": "kept", "SCHILY.xattr.user.overlay.opaque": "y", "SCHILY.xattr.trusted.overlay.opaque": "y"}),
        entry("srv/acl", pax_headers={"SCHILY.acl.access": "user::rw-,user:joe:r--:4242,group::r--,mask::r--,other::r--"}),
        entry("srv/cap", mode=0o755, pax_headers={"SCHILY.xattr.security.capability": capability()}),
        entry("srv/null", CHR, devmajor=1, devminor=3), entry("srv/fake-whiteout", CHR, devmajor=0, devminor=0),
        entry("srv/" + "n" * 255), entry(deep), entry("srv/F\u0151tan\u00fas\u00edtv\u00e1ny"),
    ]), acl


def sparse():
    t, _ = entry("srv/hole")
    body = (b"1\n%d\n1\n" % (4096 * 10000)).ljust(512, b"\0") + b"x"
    t.size = len(body)
    t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "srv/hole", "GNU.sparse.realsize": str(4096 * 10000 + 1)}
    return t, body


def second_layer():
    return tar([
        entry("srv/.wh.gone"), entry("srv/.wh.dir"), entry("srv/hidden/.wh..wh..opq"), entry("srv/hidden/c"),
        entry("srv/.wh.remade"), entry("srv/remade/", DIR), entry("srv/remade/new"),
        entry("srv/becomes-file", data=b"file\n"), entry("srv/becomes-dir/", DIR), entry("srv/becomes-dir/x"),
        entry("srv/sticky/inside"), entry("srv/also-linked", LNK, link="srv/linked"),
        entry("srv/.wh.never-there"), entry(".wh..wh.plnk/", DIR), sparse(),
    ])


def third_layer():
    return tar([
        entry("srv/remade/.wh..wh..opq"), entry("srv/remade/third"),  # an opaque marker before and after the file
        entry("srv/late/", DIR), entry("srv/late/x"), entry("srv/.wh.late"), entry("srv/hidden/d"),
        entry("srv/wh-parent/x"), entry("srv/.wh.wh-parent"), entry("srv/.wh.wh-first"), entry("srv/wh-first/x"), entry("srv/becomes-dir/y"),
    ])


CONFIG = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo \"$GREETING $(id -u) $(pwd)\" >/srv/said; exec sleep 1000"],
          "Env": ["PATH=/bin", "GREETING=hello", "LINES=a\nb"], "User": "www:www", "WorkingDir": "/srv", "StopSignal": "SIGINT",
          "ExposedPorts": {"80/tcp": {}, "443/tcp": {}}, "Volumes": {"/srv/data": {}}, "Labels": {"maker": "us"},
          "Healthcheck": {"Test": ["CMD-SHELL", "test -e /srv/said"]}}


def docker_files(layers, config, tag, blobs):
    c = json.dumps({"architecture": ARCH, "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": [digest(p) for p in layers]}}).encode()
    name = (lambda d, old: "blobs/sha256/" + d[7:]) if blobs else (lambda d, old: d[7:] + old)
    files = {name(digest(c), ".json"): c}
    files.update({name(digest(p), "/layer.tar"): p for p in layers})
    files["manifest.json"] = json.dumps([{"Config": name(digest(c), ".json"), "RepoTags": [tag], "Layers": [name(digest(p), "/layer.tar") for p in layers]}]).encode()
    return files


def tar_of_files(path, files, mode="w"):
    with tarfile.open(path, mode) as f:
        for name, data in files.items():
            t, d = entry(name, data=data)
            f.addfile(t, io.BytesIO(d))


def tar_of_folder(path, folder, mode="w"):
    with tarfile.open(path, mode) as f:
        for top, _, names in os.walk(folder):
            for n in names:
                f.add(os.path.join(top, n), os.path.relpath(os.path.join(top, n), folder))


def good(out):
    os.makedirs(out, exist_ok=True)
    plain = [base_layer()[0], second_layer(), third_layer()]
    layers = list(zip(plain, (None, "gzip", "zstd" if shutil.which("zstd") else "gzip")))
    l = Layout(out + "/layout")
    l.write(l.image(layers, CONFIG, "web"), l.image(layers[:1], {"Cmd": ["/sbin/init"]}, "init"), l.image(layers[:1], {"Cmd": ["sh"], "Env": ["A=b"]}, "plain"))
    tar_of_folder(out + "/layout.tar.gz", out + "/layout", "w:gz")
    m = Layout(out + "/multi")
    here = m.image(layers[:1], CONFIG, platform_={"os": "linux", "architecture": ARCH})
    other = dict(m.image(layers[1:2], {}, root={"architecture": "mips"}), platform={"os": "linux", "architecture": "mips"})
    windows = dict(other, platform={"os": "windows", "architecture": ARCH})
    proof = dict(m.image(layers[1:2], {}, config_type="application/vnd.in-toto+json"), platform={"os": "unknown", "architecture": "unknown"})
    m.write(m.json({"schemaVersion": 2, "manifests": [proof, windows, other, here]}, OCI + "index.v1+json", annotations={REF: "latest"}))
    tar_of_files(out + "/docker.tar", docker_files(plain, CONFIG, "example.org/web:2", False))
    mixed = docker_files(plain[:1], CONFIG, "example.org/web:3", True)
    x = Layout(out + "/mixed")
    x.write(x.image(layers[:1], CONFIG, "3"))
    for name, data in mixed.items():
        x.file(name, data)
    tar_of_folder(out + "/mixed.tar", out + "/mixed")
    s = Layout(out + "/sha512", "sha512")
    s.write(s.image(layers[:2], CONFIG))


# --- the hostile ones -------------------------------------------------------------------------------------------------

def hostile(out, canary):
    out, canary = os.path.abspath(out), os.path.abspath(canary)
    os.makedirs(out, exist_ok=True)
    os.makedirs(canary + "/dir", exist_ok=True)
    with open(canary + "/victim", "w") as f:
        f.write("untouched\n")
    up = "../" * 12 + canary.lstrip("/")
    rows = []
    base = (tar([entry("etc/", DIR), entry("etc/ok")]), None)

    def row(kind, verdict, words, what, reference=None, path=None):
        rows.append((reference or "oci:" + (path or here(kind)), verdict, words, what))

    def here(kind):
        return "%s/%02d-%s" % (out, len(rows) + 1, kind)

    def layers(kind, verdict, words, what, *more, how=None):
        """one more layer on a good one"""
        l = Layout(here(kind))
        l.write(l.image([base] + [(tar(m), how) for m in more]))
        row(kind, verdict, words, what)

    def changed(kind, words, what, verdict="refused", **change):
        l = Layout(here(kind))
        l.write(l.image([base], **change))
        row(kind, verdict, words, what)
        return l

    def first(**members):  # change the descriptor of the first layer
        return {"edit": lambda d: d[0].update(members)}

    # digests and sizes
    changed("layer-digest", "missing", "a layer's digest that no blob has", **first(digest="sha256:" + "0" * 64))
    l = changed("layer-changed", "its digest is", "a layer whose blob was changed")
    name = [n for n in os.listdir(l.path + "/blobs/sha256") if os.path.getsize(l.path + "/blobs/sha256/" + n) > 5000][0]
    data = bytearray(open(l.path + "/blobs/sha256/" + name, "rb").read())
    data[1024] ^= 1 if data[1024] else 0
    data[-1] ^= 1
    l.file("blobs/sha256/" + name, bytes(data))
    changed("layer-longer", "should be", "a layer that is longer than its descriptor says", **first(size=1000))
    changed("layer-shorter", "should be", "a layer that is shorter", **first(size=10 ** 9))
    changed("layer-negative", "layer 1", "a negative size", **first(size=-1))
    changed("layer-no-size", "layer 1", "a size that is text", **first(size="10240"))
    changed("digest-dotdot", "layer 1", "a digest with .. in it", **first(digest="sha256:../../../../etc/passwd"))
    changed("digest-upper", "layer 1", "a digest in capitals", **first(digest="SHA256:" + "A" * 64))
    changed("digest-md5", "layer 1", "a digest of md5", **first(digest="md5:" + "0" * 32))
    changed("digest-short", "layer 1", "a digest that is too short", **first(digest="sha256:00"))
    changed("digest-slash", "layer 1", "a digest that is a path", **first(digest="sha256:/" + "0" * 63))
    changed("diff-id", "unpacked", "a diff_id that is not the layer's", root={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "1" * 64]}})
    changed("diff-ids-few", "lists 0", "fewer diff_ids than layers", root={"rootfs": {"type": "layers", "diff_ids": []}})
    changed("diff-ids-text", "layer 1", "a diff_id that is a number", root={"rootfs": {"type": "layers", "diff_ids": [7]}})
    changed("no-rootfs", "does not list", "a configuration without layers", root={"rootfs": None})
    l = changed("manifest-changed", "its digest is", "a manifest that was changed")
    index = json.load(open(l.path + "/index.json"))
    path = "blobs/" + index["manifests"][0]["digest"].replace(":", "/")
    l.file(path, open(l.path + "/" + path, "rb").read().replace(b'"schemaVersion": 2', b'"schemaVersion": 3'))
    l = changed("manifest-size", "should be", "a manifest of another size than its descriptor says")
    index = json.load(open(l.path + "/index.json"))
    index["manifests"][0]["size"] += 1
    l.file("index.json", json.dumps(index).encode())
    # symlinks and other things in the place of blobs
    for kind, make in (("blob-symlink", lambda p: os.symlink(canary + "/victim", p)), ("blob-fifo", os.mkfifo), ("blob-dir", os.mkdir),
                       ("blob-missing", lambda p: None)):
        l = changed(kind, "missing" if kind == "blob-missing" else "symlink" if kind == "blob-symlink" else "regular", "a layer's blob that is no file: " + kind)
        m = json.load(open(l.path + "/index.json"))["manifests"][0]
        layer = json.load(open(l.path + "/blobs/" + m["digest"].replace(":", "/")))["layers"][0]["digest"]
        p = l.path + "/blobs/" + layer.replace(":", "/")
        os.unlink(p)
        make(p)
    l = changed("blobs-symlink", "symlink", "the folder of blobs as a symlink")
    os.rename(l.path + "/blobs", l.path + "-elsewhere")
    os.symlink(l.path + "-elsewhere", l.path + "/blobs")
    l = changed("index-symlink", "symlink", "index.json as a symlink to a file of the host")
    os.unlink(l.path + "/index.json")
    os.symlink("/etc/passwd", l.path + "/index.json")
    # JSON
    for kind, text, words in (("json-huge", b'{"manifests":[' + b"1," * (3 << 20) + b"1]}", "index.json"), ("json-deep", b"[" * 100000, "index"), ("json-array", b"[]", "no object"),
                              ("json-cut", b'{"manifests":[', "index"), ("json-twice", b'{"manifests":[],"manifests":[]}', "index"), ("json-nul", b'{"manifests":"\\u0000"}', "index"),
                              ("json-empty", b"{}", "manifests"), ("json-many", json.dumps({"manifests": [{}] * 2000}).encode(), "manifests"), ("json-nothing", b"", "index")):
        l = changed(kind, words, "an index that is " + kind)
        l.file("index.json", text)
    l = changed("no-version", "image layout", "no oci-layout")
    os.unlink(l.path + "/oci-layout")
    changed("version-2", "version 1", "a layout of another version").file("oci-layout", b'{"imageLayoutVersion":"2.0.0"}')
    # indexes
    l = Layout(here("index-deep"))
    d = l.image([base])
    for _ in range(6):
        d = l.json({"schemaVersion": 2, "manifests": [d]}, OCI + "index.v1+json")
    l.write(d)
    row("index-deep", "refused", "deeper", "indexes in indexes")
    l = Layout(here("index-loop"))
    l.write({"mediaType": OCI + "index.v1+json", "digest": "sha256:" + "2" * 64, "size": 100})
    l.file("blobs/sha256/" + "2" * 64, open(l.path + "/index.json", "rb").read())
    row("index-loop", "refused", "should be", "an index that names itself")
    l = Layout(here("no-arch"))
    l.write(l.image([base], platform_={"os": "linux", "architecture": "mips"}))
    row("no-arch", "refused", "linux/" + ARCH, "an image for another machine only")
    changed("arch-lie", "mips", "a configuration for another machine than the index says", root={"architecture": "mips"})
    changed("os-windows", "windows", "an image of another system", root={"os": "windows"})
    l = Layout(here("two"))
    l.write(l.image([base], tag="a"), l.image([base, base], tag="b"))
    row("two", "refused", "several", "two images and no tag")
    row("no-tag", "refused", "no tag", "a tag that is not there", reference="oci:" + l.path + ":c")
    row("no-digest", "refused", "sha256:3", "a digest that is not there", reference="oci:" + l.path + "@sha256:" + "3" * 64)
    # kinds of content
    changed("encrypted", "encrypted", "an encrypted layer", layer_type=OCI + "layer.v1.tar+gzip+encrypted")
    changed("foreign", "distributed", "a layer that is elsewhere", layer_type=DOCKER + "image.rootfs.foreign.diff.tar.gzip")
    changed("nondistributable", "distributed", "the same in OCI's words", layer_type=OCI + "layer.nondistributable.v1.tar")
    changed("layer-type", "not known", "a layer of an unknown kind", layer_type="application/x-executable\x1b[2J")
    changed("artifact", "no image", "an artifact that is no image", config_type="application/vnd.cncf.helm.config.v1+json")
    changed("no-layers", "no layers", "no layers at all", manifest={"layers": []})
    changed("many-layers", "at most", "a thousand layers", edit=lambda d: d.extend(d * 1000))
    changed("user-odd", "service", "a user with a line break", config={"User": "root\nwww"})
    changed("cwd-odd", "service", "a working directory with ..", config={"WorkingDir": "../../etc"})
    changed("user-escape", "service", "a user that is an escape sequence", config={"User": "\x1b[2J"})
    # what layers hold
    layers("through-symlink", "harmless", "link/pwned", "a layer that writes through a symlink of an earlier layer", [entry("link", SYM, link=canary)], [entry("link/pwned")])
    layers("through-symlink-up", "harmless", "link/pwned", "the same with a relative one", [entry("link", SYM, link=up)], [entry("link/pwned")])
    layers("through-own", "refused", "symlink", "a layer that writes through a symlink of its own", [entry("link", SYM, link=canary), entry("link/pwned")])
    layers("dotdot", "refused", "..", "a name with ..", [entry(up + "/pwned")])
    layers("absolute", "harmless", canary.lstrip("/") + "/pwned", "an absolute name", [entry(canary + "/pwned")])
    layers("hardlink-lower-symlink", "refused", "hard link", "a hard link to a symlink of an earlier layer", [entry("sl", SYM, link=canary + "/victim")], [entry("h", LNK, link="sl")])
    layers("hardlink-lower-dir", "refused", "hard link", "a hard link through a symlinked folder of an earlier layer", [entry("sd", SYM, link=canary)], [entry("h", LNK, link="sd/victim")])
    layers("hardlink-outside", "refused", "hard link", "a hard link to a path outside", [entry("h", LNK, link=canary + "/victim")])
    layers("hardlink-dotdot", "refused", "hard link", "a hard link through ..", [entry("h", LNK, link=up + "/victim")])
    layers("hardlink-whited", "refused", "hard link", "a hard link to what the same layer takes away", [entry("etc/.wh.ok"), entry("h", LNK, link="etc/ok")])
    layers("whiteout-dotdot", "refused", "whiteout", "a whiteout of ..", [entry("etc/.wh...")])
    layers("whiteout-dot", "refused", "whiteout", "a whiteout of .", [entry("etc/.wh..")])
    layers("whiteout-empty", "refused", "whiteout", "a whiteout of nothing", [entry("etc/.wh.")])
    layers("whiteout-through", "harmless", "sd/.", "a whiteout below a symlink of an earlier layer", [entry("sd", SYM, link=canary)], [entry("sd/.wh.victim")])
    layers("whiteout-through-own", "refused", "symlink", "a whiteout below a symlink of its own", [entry("sd", SYM, link=canary), entry("sd/.wh.victim")])
    layers("opaque-through-own", "refused", "symlink", "an opaque marker below a symlink of its own", [entry("sd", SYM, link=canary), entry("sd/.wh..wh..opq")])
    layers("whiteout-device", "harmless", "-", "a device 0:0, which would be a whiteout", [entry("etc/ok", CHR, devmajor=0, devminor=0)])
    layers("overlay-attrs", "harmless", "etc/x", "attributes of the kernel's overlay", [entry("etc/x", pax_headers={"SCHILY.xattr.user.overlay.redirect": "/" + up, "SCHILY.xattr.user.overlay.metacopy": "", "SCHILY.xattr.trusted.overlay.redirect": canary})])
    layers("owner", "refused", "owner", "an owner that no zone has", [entry("etc/x", uid=70000)])
    layers("root-symlink", "refused", "root", "the root as a symlink", [entry("./", SYM, link=canary)])
    layers("no-tar", "harmless", "-", "an empty archive", [])
    l = Layout(here("noise"))
    l.write(l.image([base, (bytes((i * 131 + (i >> 3) * 17) & 0xff for i in range(8192)), None)]))
    row("noise", "refused", "layer 2", "a layer that is no archive")
    l = Layout(here("zip"))
    l.write(l.image([base, (b"PK\3\4" + bytes(2000), None)]))
    row("zip", "refused", "layer 2", "a layer that is a zip")
    l = Layout(here("cut"))
    l.write(l.image([base, (tar([entry("etc/x", data=b"x" * 100000)])[:50000], "gzip")]))
    row("cut", "refused", "layer 2", "a layer that was cut before its digest was made")
    bomb = tar([entry("etc/x")]) + bytes(64 << 20)
    for how in ("gzip", "zstd") if shutil.which("zstd") else ("gzip",):
        l = Layout(here("tail-" + how))
        l.write(l.image([base, (bomb, how)]))
        row("tail-" + how, "refused", "follow the end", "64 MiB of zeros behind the end of an archive, " + how)
    # docker-archive
    def docker(kind, words, what, change, verdict="refused", link=None):
        files = docker_files([base[0]], {}, "x:1", False)
        change(files)
        p = here(kind) + ".tar"
        tar_of_files(p, files)
        if link:
            with tarfile.open(p, "a") as f:
                f.addfile(entry(link[0], SYM, link=link[1])[0])
        row(kind, verdict, words, what, reference="docker-archive:" + p)

    def manifest(files, **members):
        m = json.loads(files["manifest.json"])
        m[0].update(members)
        files["manifest.json"] = json.dumps(m).encode()

    docker("docker-dotdot", "layer 1", "a layer's path with ..", lambda f: manifest(f, Layers=[up + "/victim"]))
    docker("docker-absolute", "missing", "an absolute path of a layer", lambda f: manifest(f, Layers=[canary + "/victim"]))
    docker("docker-config", "configuration", "a configuration's path with ..", lambda f: manifest(f, Config="../../etc/passwd"))
    docker("docker-symlink", "symlink", "a layer that is a symlink to a file outside", lambda f: manifest(f, Layers=["l.tar"]), link=("l.tar", canary + "/victim"))
    docker("docker-layer", "its digest is", "a layer that was changed", lambda f: f.update({next(n for n in f if n.endswith("layer.tar")): tar([entry("etc/", DIR)])}))
    docker("docker-digest", "digest", "a configuration that was changed", lambda f: f.update({n: d.replace(b"linux", b"linuy") for n, d in f.items() if n.endswith(".json") and n != "manifest.json"}))
    docker("docker-none", "manifest.json", "no manifest.json", lambda f: f.pop("manifest.json"))
    docker("docker-name", "own name", "a name of its own that cannot be one", lambda f: manifest(f, RepoTags=["../../../etc/cron.d/x"]))
    docker("docker-tag-type", "-", "tags of another type", lambda f: manifest(f, RepoTags=7), verdict="harmless")
    with open(here("dotdot-tar") + ".tar", "wb") as f:
        f.write(tar([entry("oci-layout"), entry(up + "/pwned")]))
    row("dotdot-tar", "refused", "..", "an archive of a layout with .. in a name", reference="oci:" + here("dotdot-tar") + ".tar")
    with open(out + "/expect", "w", encoding="utf-8") as f:
        for r in rows:
            f.write("\t".join(r) + "\n")
    print("%d images in %s" % (len(rows), out))


if __name__ == "__main__":
    if sys.argv[1] == "good":
        good(sys.argv[2])
    else:
        hostile(sys.argv[2], sys.argv[3])
