#!/bin/bash
# What tests/vm/quota.bats runs in the guest. As inside.sh, each check prints "ok NAME" or "not ok NAME: why".
top=/disk/zones
export ZONES_CONFIG_DIR=$top/etc ZONES_STORAGE_DIR=$top/storage ZONES_RUN_DIR=$top/run
mkdir -p $top && chmod 755 /disk $top
# shellcheck source=tests/vm/checks.bash
. "$(dirname "$0")/checks.bash"

# project PATH ID: "used-bytes limit inodes limit" of a project, of the file system at PATH
project() {
	python3 - "$@" <<'P'
import ctypes, os, struct, sys
q = ctypes.create_string_buffer(72)
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
if libc.syscall(443, fd, ctypes.c_uint((0x800007 << 8) | 2).value, int(sys.argv[2]), q) < 0:
    print("none", os.strerror(ctypes.get_errno()))
else:
    bhard, bsoft, space, ihard, isoft, inodes = struct.unpack("=6Q", q.raw[:48])
    print(space, bhard << 10, inodes, ihard)
P
}
id_of() { jq -r ".[\"$1\"]" "$ZONES_STORAGE_DIR/.ids.json"; }
on() { # DIR NAME PATH=VALUE...
	zone create -t isolated "$2" zonepath="$1/$2" "${@:3}"
	zone install "$2"
}
up() {
	on "$@"
	zone boot "$2"
}
much() { # NAME MIB: does not fit
	if zone exec "$1" sh -c "dd if=/dev/zero of=/var/much bs=1M count=$2" >/tmp/said 2>&1; then
		echo "$2 MiB fit"
		exit 1
	fi
	need "$(cat /tmp/said)" grep -qiE 'quota exceeded|no space' /tmp/said
	need "$(zone exec "$1" stat -c %b /var/much) blocks" [ "$(zone exec "$1" stat -c %b /var/much)" -lt $(($2 << 11)) ]
	zone exec "$1" rm /var/much
}
fits() {
	zone exec "$1" sh -c "dd if=/dev/zero of=/var/fits bs=1M count=$2 2>/dev/null && rm /var/fits"
}
df_is() { # NAME KIB
	need "df: $(zone exec "$1" df -k --output=size / | tail -n 1)" [ "$(zone exec "$1" df -k --output=size / | tail -n 1)" -eq "$2" ]
}
away() {
	local name
	for name; do
		zone halt "$name"
		zone delete -F "$name"
	done
}

# As root of the zone, on the root itself, on a folder and on a file: another project, none, and no inheritance, by both requests.
leave='
import errno, fcntl, os, struct
GET, SET, GETFLAGS, SETFLAGS = 0x801C581F, 0x401C5820, 0x80086601, 0x40086602
def refused(fd, what, arg):
    try:
        fcntl.ioctl(fd, what, arg)
    except OSError as e:
        assert e.errno in (errno.EINVAL, errno.EPERM), e
    else:
        raise SystemExit("it is let go")
for path in "/", "/var", "/var/f0":
    fd = os.open(path, os.O_RDONLY)
    flags, size, n, project, cow = struct.unpack("=5I8x", fcntl.ioctl(fd, GET, bytes(28)))
    assert project >= 0x40000000, project
    for other in 0, 7:
        refused(fd, SET, struct.pack("=5I8x", flags, size, n, other, cow))
    if os.path.isdir(path):
        assert flags & 0x200
        refused(fd, SET, struct.pack("=5I8x", flags & ~0x200, size, n, project, cow))
        old, = struct.unpack("=L", fcntl.ioctl(fd, GETFLAGS, bytes(8))[:4])
        refused(fd, SETFLAGS, struct.pack("=Q", old & ~0x20000000))
'
limits() { # DIR
	local id
	up "$1" web quota=12M quotaInodes=1000
	id=$(id_of web)
	df_is web $((12 << 10))
	need "inodes" [ "$(zone exec web df --output=itotal / | tail -n 1)" -eq 1000 ]
	fits web 5
	much web 16
	if zone exec web python3 -c 'for i in range(1000): open("/var/f%d" % i, "w")'; then
		echo "1000 files more fit"
		exit 1
	fi
	zone exec web python3 -c "$leave"
	zone set web quota=24M
	zone clear web quotaInodes
	zone apply web
	df_is web $((24 << 10))
	fits web 16
	zone exec web touch /var/one /var/more
	need "stat: $(zone stat -z web -r disk)" grep -q 24M <<<"$(zone stat -z web -r disk)"
	zone clear web quota
	zone apply web
	fits web 30
	need "limits: $(project "$1" "$id")" grep -qE ' 0 [0-9]+ 0$' <<<"$(project "$1" "$id")"
	zone set web quota=20M
	zone diff web | grep 'next boot'
	away web
	need "left: $(project "$1" "$id")" [ "$(project "$1" "$id" | sed 's/^none.*/0 0 0 0/')" = "0 0 0 0" ]
}

layers() {
	local id
	export ZONES_STORAGE_DIR=$1/storage # layers are made by a rename
	zone create -t isolated web quota=12M
	zone install web
	id=$(id_of web)
	zone boot web
	zone exec web sh -ec 'dd if=/dev/zero of=/var/old bs=1M count=8 2>/dev/null; ln -s old /var/link; mkfifo -m 640 /var/pipe; chown 3:4 /var/pipe'
	zone halt web
	zone snapshot create web one
	need "driver" [ "$(jq -r .driver "$ZONES_STORAGE_DIR/.records/web.json")" = overlay ]
	zone boot web
	df_is web $((12 << 10))
	need "the layer is counted: $(project "$1" "$id")" [ "$(project "$1" "$id" | cut -d' ' -f1)" -lt $((5 << 20)) ]
	zone exec web sh -ec '[ "$(readlink /var/link)" = old ]; [ "$(stat -c %a:%u:%g:%F /var/pipe)" = "640:3:4:fifo" ]; mv /var/link /var/other; rm /var/pipe'
	fits web 9
	much web 16
	need "stat: $(zone stat -z web -r disk)" grep -q 12M <<<"$(zone stat -z web -r disk)"
	away web
	need "left: $(project "$1" "$id")" [ "$(project "$1" "$id" | sed 's/^none.*/0 0 0 0/')" = "0 0 0 0" ]
}

late() {
	local id
	up "$1" web
	id=$(id_of web)
	zone exec web sh -ec 'dd if=/dev/zero of=/var/old bs=1M count=8 2>/dev/null; mkdir -p /var/a/b; ln -s /old /var/a/link; mkfifo /var/a/pipe; ln /var/old /var/a/hard'
	need "counted already" [ "$(project "$1" "$id" | cut -d' ' -f1 | tr -dc 0-9 | sed 's/^$/0/')" = 0 ]
	zone set web quota=12M
	zone halt web
	zone boot web
	need "not counted: $(project "$1" "$id")" [ "$(project "$1" "$id" | cut -d' ' -f1)" -gt $((8 << 20)) ]
	df_is web $((12 << 10))
	much web 8
	# a rename within a project is refused for what is outside of it
	zone exec web python3 -c 'import os
for name in "link", "pipe", "hard", "b": os.rename("/var/a/" + name, "/var/" + name)
assert os.readlink("/var/link") == "/old"'
	# interrupted half-way: the mark of that, and a folder that was not reached
	zone halt web
	python3 - "$1/web/root" <<'P'
import fcntl, os, struct, sys
for path, project, flags in (sys.argv[1], None, 0x280), (sys.argv[1] + "/var/a", 0, 0):
    fd = os.open(path, os.O_RDONLY)
    x = list(struct.unpack("=5I8x", fcntl.ioctl(fd, 0x801C581F, bytes(28))))
    x[0] = flags
    x[3] = x[3] if project is None else project
    fcntl.ioctl(fd, 0x401C5820, struct.pack("=5I8x", *x))
P
	ln -s gone "$1/web/root/var/a/.zone-quota"
	zone boot web
	zone exec web python3 -c 'import os
os.rename("/var/a", "/var/c")
assert not os.path.lexists("/var/c/.zone-quota")
open("/var/c/new", "w")
os.rename("/var/c/new", "/var/new")'
	zone halt web
	zone detach web
	need "still counted: $(project "$1" "$id")" [ "$(project "$1" "$id" | sed 's/^none.*/0 0 0 0/')" = "0 0 0 0" ]
	zone attach web
	zone boot web
	zone halt web
	id=$(id_of web)
	need "not counted again: $(project "$1" "$id")" [ "$(project "$1" "$id" | cut -d' ' -f1)" -gt $((8 << 20)) ]
	zone move web /disk/xfs/web
	need "left by the move: $(project "$1" "$id")" [ "$(project "$1" "$id" | sed 's/^none.*/0 0 0 0/')" = "0 0 0 0" ]
	zone boot web
	df_is web $((12 << 10))
	away web
}

refused() {
	zone create -t isolated web zonepath=/disk/plain/web quota=30M
	if zone verify web >/tmp/said 2>&1; then exit 1; fi
	need "$(cat /tmp/said)" grep -q 'quota: .*prjquota' /tmp/said
	zone delete -F web
	on "$1" web quota=30M
	zone uninstall -F web
	# the administrator's own project on the folder
	mkdir "$1/theirs"
	give "$1/theirs" 7
	zone set web zonepath="$1/theirs/web"
	if zone install web >/tmp/said 2>&1; then exit 1; fi
	need "$(cat /tmp/said)" grep -q 'project 7' /tmp/said
	# the number of the project that the zone would have
	mkdir "$1/taken"
	give "$1/taken" $((0x40000000))
	zone set web zonepath="$1/web"
	if zone install web >/tmp/said 2>&1; then exit 1; fi
	need "$(cat /tmp/said)" grep -q 'has files already' /tmp/said
	need "its limit" [ "$(project "$1" $((0x40000000)) | cut -d' ' -f3)" = 1 ]
	zone delete -F web
}
give() { # DIR ID
	python3 -c 'import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x401C5820, struct.pack("=5I8x", 0x200, 0, 0, int(sys.argv[2]), 0))' "$@"
}

copies() {
	local id
	up "$1" web quota=12M
	id=$(id_of web)
	zone exec web sh -ec 'dd if=/dev/zero of=/var/old bs=1M count=8 2>/dev/null; sync'
	zone halt web
	zone snapshot create web one
	zone clone web copy zonepath="$1/copy" quota=40M
	zone snapshot rollback web one
	zone boot web
	zone boot copy
	df_is web $((12 << 10))
	df_is copy $((40 << 10))
	need "web: $(project "$1" "$id")" [ "$(project "$1" "$id" | cut -d' ' -f1)" -gt $((8 << 20)) ]
	much web 8
	fits copy 20
	away web copy
	sync
	need "left: $(project "$1" "$id")" [ "$(project "$1" "$id" | sed 's/^none.*/0 0 0 0/' | cut -d' ' -f2,4)" = "0 0" ]
}

# An image whose every byte the kernel checks: the digest of the file is the zone's promise.
verity() {
	local digest other
	truncate -s 40M /disk/verity.img
	mke2fs -q -t ext4 -b 4096 -O verity /disk/verity.img
	mkdir -p /disk/verity /disk/tree
	mount -o loop /disk/verity.img /disk/verity
	echo inside >/disk/tree/file
	truncate -s 8M /disk/verity/img
	mke2fs -q -t ext4 -d /disk/tree /disk/verity/img
	cp /disk/verity/img /disk/verity/plain
	digest=$(python3 - /disk/verity/img <<'P'
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x40806685, struct.pack("=IIIIQIIQ11Q", 1, 1, 4096, 0, 0, 0, 0, 0, *[0] * 11)) # FS_IOC_ENABLE_VERITY: SHA-256
q = bytearray(struct.pack("=HH", 0, 32) + bytes(32))
fcntl.ioctl(fd, 0xc0046686, q) # FS_IOC_MEASURE_VERITY
print(q[4:].hex())
P
)
	need "digest $digest" [ ${#digest} = 64 ]
	other=$(printf '%064d' 7)
	on /disk/verity-zones z
	zone add z fs dir=/m type=ext4 special=/disk/verity/img verity=sha256:$digest
	zone verify z
	zone boot z
	need "what is in it" [ "$(zone exec z cat /m/file)" = inside ]
	zone audit -q z
	if zone exec z touch /m/new; then exit 1; fi
	zone halt z
	# another digest, and a file that the kernel does not check
	zone set z "fs[0].verity=sha256:$other"
	if zone boot z >/tmp/said 2>&1; then exit 1; fi
	need "$(cat /tmp/said)" grep -q "$digest" /tmp/said
	zone set z fs[0].special=/disk/verity/plain "fs[0].verity=sha256:$digest"
	if zone boot z >/tmp/said 2>&1; then exit 1; fi
	need "$(cat /tmp/said)" grep -q fs-verity /tmp/said
	zone delete -F z
	umount /disk/verity
}

modprobe=/run/guest/modprobe
$modprobe loop
for fs in ext4 xfs; do
	truncate -s 600M /disk/$fs.img
	mkdir -p /disk/$fs
done
mke2fs -q -F -t ext4 -O project,quota -E quotatype=prjquota /disk/ext4.img
mkfs.xfs -q -f /disk/xfs.img
mount -o loop,prjquota /disk/ext4.img /disk/ext4
mount -o loop,prjquota /disk/xfs.img /disk/xfs
chmod 755 /disk/ext4 /disk/xfs
check ext4-limits limits /disk/ext4
check ext4-layers layers /disk/ext4
check ext4-late late /disk/ext4
check ext4-refused refused /disk/ext4
check xfs-limits limits /disk/xfs
check xfs-copies copies /disk/xfs
check verity verity
