#!/usr/bin/python3
"""oci-image.py TREE OUT.tar NAME: a directory as an OCI image layout in a tar, for engines without a registry."""
import hashlib, io, json, os, platform, sys, tarfile

tree, out, name = sys.argv[1:4]
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as t:
    for entry in sorted(os.listdir(tree)):
        t.add(os.path.join(tree, entry), entry)
layer = layer.getvalue()
blobs = {}


def blob(data, media):
    digest = hashlib.sha256(data).hexdigest()
    blobs[digest] = data
    return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data)}


arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
config = {
    "architecture": arch, "os": "linux", "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}, "history": [{}],
}
manifest = {
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
    "layers": [blob(layer, "application/vnd.oci.image.layer.v1.tar")],
}
entry = blob(json.dumps(manifest).encode(), manifest["mediaType"])
entry["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]}
entry["platform"] = {"architecture": arch, "os": "linux"}
files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()}
files.update({"blobs/sha256/" + d: data for d, data in blobs.items()})
with tarfile.open(out, "w") as t:
    for path, data in files.items():
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(data), 0o644
        t.addfile(info, io.BytesIO(data))
