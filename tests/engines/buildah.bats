#!/usr/bin/env bats
# buildah runs the steps of a build in containers of zrun: --isolation oci --runtime.
load helper

setup_file() {
	image_tree
	printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$TOP/policy.json"
	cat >"$TOP/containers.conf" <<CONF
[containers]
default_ulimits = ["$ULIMIT", "nproc=4096:4096"]
CONF
	tar -C "$TOP/image" -cf "$TOP/image.tar" .
}

setup() {
	export CONTAINERS_CONF=$TOP/containers.conf BUILDAH_ISOLATION=oci BUILDAH_RUNTIME=$ZRUN
}

buildah_() {
	timeout 60 buildah --root "$TOP/root" --runroot "$TOP/run" --storage-driver vfs "$@"
}

@test "from scratch: add a tree, run a command in it, commit, run in what was committed" {
	c=$(buildah_ from scratch)
	buildah_ add "$c" "$TOP/image.tar" / >/dev/null
	[ "$(buildah_ run --network none "$c" -- sh -c 'echo in-the-build; echo made > /made')" = in-the-build ]
	fails 6 buildah_ run --network none "$c" -- sh -c 'exit 6'
	buildah_ commit "$c" made >/dev/null
	d=$(buildah_ from localhost/made)
	[ "$(buildah_ run --network none "$d" -- cat /made)" = made ]
	buildah_ rm -a >/dev/null
}

@test "a Containerfile: RUN, ENV, WORKDIR, USER, and a step that fails fails the build" {
	mkdir -p "$TOP/context"
	cp "$TOP/image.tar" "$TOP/context/"
	cat >"$TOP/context/Containerfile" <<'C'
FROM scratch
ADD image.tar /
ENV A=b
WORKDIR /work
USER 33
RUN echo "$A $(pwd) $(id -u)" > /tmp/result
C
	buildah_ bud --network none --isolation oci --runtime "$ZRUN" -t built "$TOP/context" >/dev/null
	c=$(buildah_ from localhost/built)
	[ "$(buildah_ run --network none "$c" -- cat /tmp/result)" = "b /work 33" ]
	echo 'RUN exit 4' >>"$TOP/context/Containerfile"
	run buildah_ bud --network none --isolation oci --runtime "$ZRUN" -t broken "$TOP/context"
	[ "$status" -ne 0 ]
	says "exit status 4"
	buildah_ rm -a >/dev/null
}
