"""shares.py receive ADDRESS PORT BEGIN END: what arrives between the two moments (time.time()), in bits per second; says "ready" first.
shares.py send tcp|udp ADDRESS PORT UNTIL [PRIORITY TOS]: as much as goes."""
import socket
import sys
import time

what = sys.argv[1]
if what == "receive":
    address, port, begin, end = sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, port))
    listener.listen()
    listener.setblocking(False)
    udp.settimeout(0.05)
    print("ready", flush=True)
    s, got = udp, 0
    while time.time() < end:
        if s is udp:
            try:
                s, _ = listener.accept()
                s.settimeout(0.05)
            except OSError:
                pass
        try:
            n = len(s.recv(1 << 16))
            if n == 0 and s is not udp:
                break
        except OSError:
            continue
        if time.time() >= begin:
            got += n
    print(int(got * 8 / (end - begin)))
else:
    kind, address, port, until = sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    if len(sys.argv) > 6:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, int(sys.argv[6]))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(sys.argv[7]))
    s.settimeout(max(0.1, until - time.time()))
    s.connect((address, port))
    block = bytes(65536 if kind == "tcp" else 1400)
    try:
        while time.time() < until:
            s.send(block)
    except OSError:
        pass
