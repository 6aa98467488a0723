# What the tests of sysinfo(2) run inside a zone: python3 /srv/sysinfo.py WORD [ARGUMENT...]. Everything here must be able to be said by an unprivileged program.
import ctypes, ctypes.util, errno, mmap, os, signal, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
libc.sysinfo.argtypes = [ctypes.c_void_p]
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
R, W, X, PRIVATE, SHARED, ANON, FIXED = 1, 2, 4, 2, 1, 0x20, 0x10
PAGE = 4096

class Info(ctypes.Structure):
    _fields_ = [("uptime", ctypes.c_long), ("loads", ctypes.c_ulong * 3), ("total", ctypes.c_ulong), ("free", ctypes.c_ulong), ("shared", ctypes.c_ulong),
                ("buffer", ctypes.c_ulong), ("swap", ctypes.c_ulong), ("freeswap", ctypes.c_ulong), ("procs", ctypes.c_ushort), ("pad", ctypes.c_ushort),
                ("totalhigh", ctypes.c_ulong), ("freehigh", ctypes.c_ulong), ("unit", ctypes.c_uint), ("end", ctypes.c_uint)]
SIZE = ctypes.sizeof(Info)
assert SIZE == 112

def call(at):
    """0, or the errno"""
    return 0 if libc.sysinfo(at) == 0 else ctypes.get_errno()

def info():
    i = Info()
    ctypes.memset(ctypes.addressof(i), 0xff, SIZE)
    e = call(ctypes.addressof(i))
    assert e == 0, os.strerror(e)
    return i

def page(protection, flags=PRIVATE | ANON, n=1, fd=-1, at=None):
    a = libc.mmap(at, n * PAGE, protection, flags, fd, 0)
    assert a not in (None, 2**64 - 1), os.strerror(ctypes.get_errno())
    return a

def words():
    i = info()
    print(i.total * i.unit, i.free, i.swap, i.procs, i.uptime, i.loads[0], i.end)

def agree():
    """The files and the call say the same. With the files' age of 0.1 s in mind."""
    up = lambda: float(open("/proc/uptime").read().split()[0])
    before = up()
    mem = {l.split(":")[0]: int(l.split()[1]) * 1024 for l in open("/proc/meminfo")}
    i = info()
    assert before <= i.uptime <= up() + 1
    assert i.unit == 1 and i.end == 0 and i.pad == 0 and i.buffer == 0 and i.totalhigh == i.freehigh == 0
    assert i.total == mem["MemTotal"], (i.total, mem)
    assert abs(i.free - mem["MemFree"]) < 16 << 20, (i.free, mem)
    assert abs(i.shared - mem["Shmem"]) < 1 << 20
    assert i.swap == mem["SwapTotal"] and i.freeswap <= i.swap
    assert abs(i.loads[0] / 65536 - float(open("/proc/loadavg").read().split()[0])) < 0.3
    assert 1 <= i.procs < 100
    assert os.sysconf("SC_PHYS_PAGES") * PAGE == i.total
    assert os.sysconf("SC_AVPHYS_PAGES") * PAGE <= i.total
    x = bytearray(SIZE + 32) # exactly the structure is written
    b = (ctypes.c_char * len(x)).from_buffer(x)
    assert call(ctypes.addressof(b) + 16) == 0
    assert x[:16] == bytes(16) and x[16 + SIZE:] == bytes(16) and x[48:56] == i.total.to_bytes(8, "little")

def pointers():
    for bad in (0, 1, PAGE, 1 << 47, 2**63, 2**64 - 1, 2**64 - SIZE, 0xffffffffff600000):
        assert call(bad) == errno.EFAULT, hex(bad)
    for protection in (R, 0, R | X):
        a = page(protection)
        assert call(a) == errno.EFAULT
        assert libc.mprotect(a, PAGE, R) == 0
        assert ctypes.string_at(a, PAGE) == bytes(PAGE)
    # shared and read-only, private and read-only, of a file
    fd = os.open("/srv/page", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(fd, b"x" * PAGE)
    ro = os.open("/srv/page", os.O_RDONLY)
    for flags in (SHARED, PRIVATE):
        a = page(R, flags, fd=ro)
        assert call(a) == errno.EFAULT and ctypes.string_at(a, PAGE) == b"x" * PAGE
    # a file is written as by the kernel
    a = page(R | W, SHARED, fd=fd)
    assert call(a + 100) == 0 and os.pread(fd, 8, 132) == info().total.to_bytes(8, "little")
    # half in read-only memory, and half in none: nothing is written
    for second in (lambda a: libc.mprotect(a, PAGE, R), lambda a: libc.munmap(a, PAGE)):
        a = page(R | W, n=2)
        assert second(a + PAGE) == 0
        assert call(a + PAGE - 50) == errno.EFAULT
        assert ctypes.string_at(a, PAGE) == bytes(PAGE)
    # over two mappings that may both be written to
    a = page(R | W, n=2)
    page(R | W, SHARED | ANON | FIXED, at=a + PAGE)
    assert call(a + PAGE - 50) == 0
    # beyond the end of a file
    os.ftruncate(fd, 0)
    a = page(R | W, SHARED, fd=fd)
    assert call(a) == errno.EFAULT
    # other threads, vfork's children and processes that cannot be dumped
    t = threading.Thread(target=lambda: os.write(1, b"") if info().total else 0)
    t.start(); t.join()
    assert libc.prctl(4, 0, 0, 0, 0) == 0
    info()

def races(seconds, total):
    """Memory that comes, goes and changes, and programs that are executed, while the answer is written into it."""
    a = page(R | W)
    end = time.time() + seconds
    seen = set()
    def change():
        while time.time() < end:
            libc.mprotect(a, PAGE, R)
            libc.mprotect(a, PAGE, R | W)
            libc.munmap(a, PAGE)
            page(R | W, PRIVATE | ANON | FIXED, at=a)
    t = threading.Thread(target=change)
    t.start()
    while time.time() < end:
        seen.add(call(a))
    t.join()
    assert seen <= {0, errno.EFAULT}, seen
    for n in range(10):
        pid = os.fork()
        if pid == 0: # one thread asks without end, another one executes
            for k in range(3):
                threading.Thread(target=lambda: [call(a) for i in range(100000)], daemon=True).start()
            time.sleep(0.01 * n)
            os.execv("/bin/sh", ["sh", "-c", "exit 7"])
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        pid = os.fork()
        if pid == 0:
            while True: call(a)
        time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    assert info().total == total

def signals():
    got = [0]
    def heard(*_): got[0] += 1
    signal.signal(signal.SIGALRM, heard)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    for n in range(3000): info()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert got[0] > 5, got

def many(processes, calls, total):
    pids = []
    for n in range(processes):
        pid = os.fork()
        if pid == 0:
            for k in range(calls):
                assert info().total == total
            os._exit(0)
        pids.append(pid)
    for pid in pids: assert os.waitpid(pid, 0)[1] == 0

def until(path, total):
    """Ask without end until the file is there; each answer must be the zone's."""
    n = 0
    while not os.path.exists(path):
        assert info().total == total
        n += 1
        if n == 20: open(path + ".begun", "w").close()
    open(path + ".done", "w").write(str(n))

def serve(directory):
    """In a process that was there before anything happened: one question for each file N.ask."""
    open(directory + "/ready", "w").close()
    n = 0
    while True:
        if os.path.exists("%s/%d.ask" % (directory, n)):
            i = Info()
            e = call(ctypes.addressof(i))
            open("%s/%d.new" % (directory, n), "w").write("%s\n" % (errno.errorcode[e] if e else i.total))
            os.rename("%s/%d.new" % (directory, n), "%s/%d.said" % (directory, n))
            n += 1
        time.sleep(0.02)

def other_abi():
    """int 0x80 from a 64-bit program: the filter of zones allows no call of i386."""
    pid = os.fork()
    if pid == 0:
        code = page(R | W | X)
        ctypes.memmove(code, b"\x53\x89\xfb\xb8\x74\x00\x00\x00\xcd\x80\x5b\xc3", 12) # sysinfo is 116
        low = page(R | W, PRIVATE | ANON | 0x40) # MAP_32BIT
        r = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint)(code)(low)
        os._exit(3 if r == 0 or ctypes.string_at(low, SIZE) != bytes(SIZE) else 0)
    # refused with an error, killed by the filter, or the kernel has no i386 at all
    assert os.waitpid(pid, 0)[1] & ~0x80 in (0, signal.SIGSYS, signal.SIGSEGV)

def listener():
    """May a program have a listener of its own? Prints 0 or the errno."""
    class Program(ctypes.Structure):
        _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]
    allow = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f")
    p = Program(1, ctypes.addressof(allow))
    libc.prctl(38, 1, 0, 0, 0)
    fd = libc.syscall(317, 1, 8, ctypes.byref(p))
    print(0 if fd >= 0 else errno.errorcode[ctypes.get_errno()])

def rate(n):
    i = Info()
    a = ctypes.addressof(i)
    f = libc.sysinfo
    start = time.perf_counter()
    for k in range(n): f(a)
    print("%.2f" % ((time.perf_counter() - start) / n * 1e6))

arguments = [int(x) if x.isdigit() else x for x in sys.argv[2:]]
globals()[sys.argv[1]](*arguments)
