#!/usr/bin/env bats
# zone profile learn: a service gets the calls and privileges that it was seen to use, and no others.
load helper
bats_require_minimum_version 1.5.0

setup_more() {
	command -v strace >/dev/null || skip "needs strace"
	# a service that answers each line of a socket, and gives a file away once
	native web service.command='["/usr/bin/python3","-c","import os,socket,sys\nopen(\"/run/own\",\"w\"); os.chown(\"/run/own\",1,1)\ns=socket.socket(socket.AF_UNIX); s.bind(\"/run/s\"); s.listen(4)\nprint(\"up\",flush=True)\nwhile True:\n  c,_=s.accept(); c.send(b\"hello\\n\"); c.close()"]' \
		limitpriv=default
	# what the service answers, asked from the host: a program inside could not connect, which the service does not
	cat >"$TOP/ask" <<-'E'
		#!/bin/bash
		exec python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect("/proc/%s/root/run/s" % sys.argv[1]); print(s.recv(99).decode(), end="")' "$(jq .init "$ZONES_RUN_DIR/web/run.json")"
	E
	chmod 755 "$TOP/ask"
}

@test "what a service was seen to use is enough for it; a call and a privilege that it did not use are denied" {
	run --separate-stderr zone profile learn -f "$TOP/p.json" --apply web -- sh -c 'for i in $(seq 200); do zone logs web | grep -q up && break; sleep 0.2; done; "$0"' "$TOP/ask"
	echo "$output $stderr"
	[ "$status" -eq 0 ]
	says 'limitpriv: none,'
	says 'did not do in this time'
	[ "$(state_of web)" = installed ]
	[ "$(jq -r .status "$TOP/p.json")" = 0 ]
	jq -e '.seccomp | index("accept4") and index("listen") and index("bind") and (index("mount") | not) and (index("listmount") | not)' "$TOP/p.json"
	jq -e '.limitpriv | test("chown")' "$TOP/p.json"
	if [ "$(jq -r .how.capabilities "$TOP/p.json")" = tracepoint ]; then
		jq -e '.capabilities.chown > 0 and (.limitpriv | test("mknod|sys_chroot|net_bind_service") | not)' "$TOP/p.json"
	fi
	[ "$(zone export web | jq -c '[.limitpriv, .seccomp]')" = "$(jq -c '[.limitpriv, .seccomp]' "$TOP/p.json")" ]
	fails 0 zone boot web
	fails 0 zone audit -q web
	wait_for 20 sh -c 'zone logs web | grep -c up | grep -q 2'
	fails 0 "$TOP/ask"
	says hello
	# mkfifo is mknodat, which the service did not make
	fails 1 zone exec web mkfifo /tmp/f
	says 'not permitted'
	# no dac_override, which nothing needed: a file of another user is closed to root
	fails 2 zone exec web sh -c 'echo x >/run/own'
	says 'Permission denied'
	fails 0 zone shutdown web
	zone clear web seccomp limitpriv
	zone boot web
	fails 0 zone exec web sh -c 'mkfifo /tmp/f; echo x >/run/own'
}

@test "a zone that runs, a wrong word, a missing zone: refused, nothing is done; the present set is never made larger" {
	fails 2 zone profile forget web
	fails 2 zone profile learn -s soon web
	fails 1 zone profile learn nowhere
	zone set web limitpriv=none,setuid,setgid seccomp='["accept4","bind"]' service.command='["/bin/sleep","1000"]'
	fails 0 zone profile learn -s 1 --json web
	[ "$(jq -c '[.seccomp - ["accept4","bind"], (.limitpriv | split(",") - ["none","setuid","setgid"])]' <<<"$output")" = '[[],[]]' ]
	before=$(cat "$ZONES_CONFIG_DIR/web.json")
	zone boot web
	fails 1 zone profile learn web
	says 'must be installed and not run'
	[ "$(state_of web)" = running ]
	[ "$(cat "$ZONES_CONFIG_DIR/web.json")" = "$before" ]
	fails 1 zone set web seccomp='["bpf"]'
	says 'no system call that a zone may make'
}
