"""bandwidth.py receive tcp|udp ADDRESS PORT BYTES: what arrives, in bits per second from the first byte to the last of BYTES; says "ready" first.
bandwidth.py send tcp|udp ADDRESS PORT [FROM]: as much as goes, until the receiver has enough and is gone."""
import socket
import sys
import time

what, kind, address, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
if what == "receive":
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.settimeout(120)
    if kind == "tcp":
        s.listen()
    print("ready", flush=True)
    if kind == "tcp":
        s, _ = s.accept()
        s.settimeout(60)
    s.recv(65536)
    start, got = time.monotonic(), 0
    while got < int(sys.argv[5]):
        n = len(s.recv(65536))
        if n == 0:
            sys.exit("the sender went away")
        got += n
    print(int(got * 8 / (time.monotonic() - start)))
else:
    if len(sys.argv) > 5:
        s.bind((sys.argv[5], 0))
    s.connect((address, port))
    block = bytes(65536 if kind == "tcp" else 1400)
    try:
        while True:
            s.send(block)
    except OSError:  # reset, or the host's word that the port is closed
        pass
