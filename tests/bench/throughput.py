"""throughput.py receive ADDRESS PORT: says "ready", takes one TCP connection, and says its bits per second from the first byte to the last.
throughput.py send ADDRESS PORT SECONDS: as much as goes for so long."""
import socket
import sys
import time

what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
block = bytearray(256 << 10)
s = socket.socket()
s.settimeout(20)
if what == "receive":
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen()
    print("ready", flush=True)
    s, _ = s.accept()
    s.settimeout(20)
    s.recv_into(block)
    start, got = time.monotonic(), 0
    while n := s.recv_into(block):
        got += n
    print(int(got * 8 / (time.monotonic() - start)), flush=True)
else:
    s.connect((address, port))
    end = time.monotonic() + float(sys.argv[4])
    while time.monotonic() < end:
        s.sendall(block)
