#!/usr/bin/env python3
"""seeds.py OUT - the first inputs for the fuzz targets, made from what the tests have by hand: OUT/TARGET/seed-*. Kept in tests/fuzz/corpus; run it again when a target reads another form."""
import glob
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

out = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))


def seed(target, name, data):
    os.makedirs(f"{out}/{target}", exist_ok=True)
    with open(f"{out}/{target}/seed-{name}", "wb") as f:
        f.write(data)


def archives():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run([sys.executable, f"{here}/../helper/hostile-archives.py", f"{d}/a", f"{d}/c"], check=True)
        for path in sorted(glob.glob(f"{d}/a/*")):
            data = open(path, "rb").read()
            small = gzip.compress(data, mtime=0) if len(data) > 2000 else data
            if os.path.basename(path) != "expect" and len(small) < 3000 and len(data) < 100000:
                seed("archive", os.path.basename(path), b"\0" + small)
                if ".tar" in path and int(os.path.basename(path)[:2]) % 4 == 0:
                    seed("archive", "layer-" + os.path.basename(path), b"\1" + small)


def image_parts(layout):
    blob = lambda d: open(f"{layout}/blobs/{d['digest'].replace(':', '/')}").read()
    index = json.load(open(f"{layout}/index.json"))
    for i, m in enumerate(index["manifests"][:3]):
        manifest = json.loads(blob(m))
        if "config" not in manifest:
            continue
        config = blob(manifest["config"])
        manifest["config"].update(digest="CCCC", size=8888)
        m.update(digest="MMMM", size=7777)
        index["manifests"] = [m]
        yield i, json.dumps(index), json.dumps(manifest), config


def images():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run([sys.executable, f"{here}/../helper/images.py", "good", f"{d}/g"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, f"{here}/../helper/images.py", "hostile", f"{d}/h", f"{d}/c"], check=True, stdout=subprocess.DEVNULL)
        for layout in sorted(glob.glob(f"{d}/*/*")):
            try:
                for i, *parts in image_parts(layout):
                    text = "\0".join(parts).encode()
                    if len(text) < 4000:
                        seed("image", f"{os.path.basename(layout)}-{i}", text)
            except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                pass  # a layout that is broken on purpose
    for i, text in enumerate(["oci:/x:latest", "oci:/x@sha256:" + "a" * 64, "docker-archive:/x.tar:a/b:1", "docker://docker.io/library/debian:12", "image:a/b:c"]):
        seed("image", f"reference-{i}", text.encode())


def foreign():
    for kind, name in enumerate(["lxc.config", "myapp.nspawn", "docker-inspect.json", "solaris.cfg", "lxc2.config"]):
        data = open(f"{here}/../golden/foreign/{name}", "rb").read()
        seed("foreign", name, bytes([kind % 4]) + data)


def netlink():
    def dump(bus, payload, kind, flags=0x300):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, bus)
        s.bind((0, 0))
        s.settimeout(2)
        s.send(struct.pack("=IHHII", 16 + len(payload), kind, flags | 1, 7, 0) + payload)
        data = b""
        while len(data) < 6000:
            part = s.recv(65536)
            data += struct.pack("<H", len(part)) + part
            if struct.unpack("=H", part[4:6])[0] in (2, 3):
                break
        return data

    links = dump(0, bytes(16), 18)
    for question in (0, 1, 2, 3, 8):
        seed("netlink", f"links-{question}", bytes([question]) + links)
    seed("netlink", "addresses", b"\4" + dump(0, bytes(8), 22))
    seed("netlink", "routes", b"\5" + dump(0, bytes(12), 26))
    seed("netlink", "neighbours", b"\6" + dump(0, bytes(12), 30))
    seed("netlink", "shaping", b"\7" + dump(0, bytes(20), 38))
    try:
        subprocess.run(["nft", "-f", "-"], check=True, input=b"table inet zones { set s { type ipv4_addr . inet_proto . inet_service; elements = { 10.0.0.1 . tcp . 80 } }\n"
                       b"chain forward { type filter hook forward priority 0; policy drop; counter accept comment \"zone a\"\nip saddr 10.0.0.0/8 ip saddr . meta l4proto . th dport @s counter drop\n}\n"
                       b"chain guard {\ncounter comment \"x\"\n}\n}\n")
        for question in (9, 10, 11):
            seed("netlink", f"chains-{question}", bytes([question]) + dump(12, bytes(4), 0xA04) + dump(12, bytes(4), 0xA07))
        seed("netlink", "tables", b"\x0b" + dump(12, bytes(4), 0xA01))
    except (OSError, subprocess.CalledProcessError):
        pass


def small():
    for i, (kind, size) in enumerate([(1, 0), (2, 0), (4, 8), (5, 0), (9, 8), (11, 512), (99, 0)]):
        seed("sync", f"message-{i}", bytes([i % 3]) + struct.pack("=II", kind, size) + bytes(size))
    for verb in ("status", "start", "halt", "shutdown", "reboot", "console", "other"):
        seed("control", verb, b"\0" + json.dumps({"verb": verb, "timeout_ms": 5000, "reboot": True}).encode())
    seed("control", "answer-ok", b'\1{"ok":true,"state":"running","pid":7}')
    seed("control", "answer-error", b'\1{"ok":false,"code":16,"error":"is busy"}')
    for i in range(12):
        data = bytes((i * 37 + k * (11 + i)) % 256 for k in range(2 + 6 * (i + 1)))
        seed("seccomp", f"profile-{i}", data)
        seed("devices", f"rules-{i}", data)


for make in (archives, images, foreign, netlink, small):
    make()
