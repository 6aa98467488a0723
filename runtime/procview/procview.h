/* procview - how the monitor starts the program zone-procview, which serves a zone's view of its own limits and use (runtime/view): as a tiny FUSE file system, and as answers to
 * sysinfo(2).
 *
 * The monitor executes "zone-procview N", N a seqpacket socket, and sends: one message procview_source for each file that the program is to read, with its descriptor; one with
 * PROCVIEW_DEVICE, a descriptor of /dev/fuse that shares the connection of the mount (FUSE_DEV_IOC_CLONE); for a zone whose calls are answered the five of PROCVIEW_USERS to
 * PROCVIEW_CHANNEL_END and one PROCVIEW_LISTENER for each listener; then procview_start, without a descriptor. The program gives up every right, answers with one byte, closes the socket and serves until
 * the file system is gone or it is killed. It keeps nothing that a successor would need: when it dies, the monitor starts another one on a new clone,
 * because it holds the connection too, and whoever reads in the zone goes on; only a request that was being answered ends with an error.
 * Both sides are one installation; the version is there because a monitor may outlive the program's file.
 *
 * sysinfo(2). Every program that is started in the zone by us - its init, and what `zone exec` and `zone login` run - first loads a filter of five instructions which hands this one call to a listener
 * (seccomp_unotify(2)); children inherit it. The listener goes to the monitor, which keeps it and gives a copy to the program, through a channel whose two ends the program holds as well:
 *
 *      init, exec'ed process -- listener --> monitor -- PROCVIEW_LISTENER through the channel --> zone-procview
 *
 * So each listener has two holders, and calls wait while the program is started again; only when both have been killed the kernel answers ENOSYS to those who have the filter. A monitor that takes over
 * fetches all of it from the program (pidfd_getfd), under the numbers below. A call that was being answered when the program died is not lost: it was received right into the ledger, a page that all
 * of them share, and the successor finishes it.
 *
 * What writes into a tenant's memory, and why it may:
 *   - It is in the user namespace of the zone with CAP_SYS_PTRACE there and CAP_DAC_OVERRIDE (/proc/PID/mem is a file of its process, mode 0600; whoever may trace init needs no other right), under a user id that nobody inside has, and in the host's pid namespace, where no pid of the zone names it. Its
 *     root is a procfs that shows only what it may trace: the zone's processes. Whoever took it over would have the power of the zone's root over the zone, and none over the host or another zone.
 *   - It writes to the right process: /proc/PID/mem is opened, then the kernel is asked whether the call still waits (NOTIF_ID_VALID). If so PID was the caller all the time, and the descriptor is bound to
 *     the address space that the caller had, not to the number. process_vm_writev(2) would take the number again: between the question and the write the caller may be killed and its pid given to
 *     another user's process, or one of its threads may execute a set-user-ID program under the same pid, and an attacker would choose the address in there.
 *   - It writes only where the caller could: writes to /proc/PID/mem ignore the protection of pages (FOLL_FORCE), so the mappings are asked first, of the same address space and before the same
 *     question. All of the structure must be in writable ones, else the caller gets EFAULT and nothing is written. The caller's other threads can change the mappings between question and write. Then
 *     memory was writable during the call, or it was a private mapping that they have just put there, of which the write makes a private copy; a shared one is never written against its protection
 *     (the kernel refuses). Nobody but this process, by its own doing, is touched.
 *   - Protection keys are not looked at, as for every write from outside.
 * A call that cannot be answered so (no mapping file, ptrace forbidden on this host) is given back to the kernel, which tells of the host: SECCOMP_USER_NOTIF_FLAG_CONTINUE. */
#ifndef RUNTIME_PROCVIEW_PROCVIEW_H
#define RUNTIME_PROCVIEW_PROCVIEW_H

#include <linux/seccomp.h>
#include <stdint.h>

enum {
	PROCVIEW_VERSION = 2,
	/* The numbers that descriptors get in the program, for a monitor that has to find them again: PROCVIEW_DEVICE_FD + kind - PROCVIEW_DEVICE, and one for each listener. */
	PROCVIEW_DEVICE_FD = 100,
	PROCVIEW_LISTENER_FD = 200,
	PROCVIEW_LISTENERS = 256,
};

enum procview_source_kind {
	PROCVIEW_MEMORY_LIMIT,
	PROCVIEW_MEMORY_USAGE,
	PROCVIEW_SWAP_LIMIT,
	PROCVIEW_SWAP_USAGE,
	PROCVIEW_MEMORY_STAT,
	PROCVIEW_CPU_QUOTA,
	PROCVIEW_CPU_PERIOD, /* v1 only */
	PROCVIEW_CPUSET,
	PROCVIEW_CPU_USER, /* v1: a number; v2: cpu.stat */
	PROCVIEW_CPU_SYSTEM,
	PROCVIEW_TASKS,
	PROCVIEW_IO_BYTES, /* v2: io.stat */
	PROCVIEW_IO_OPERATIONS,
	PROCVIEW_CPU_PRESSURE,
	PROCVIEW_IO_PRESSURE,
	PROCVIEW_HOST_MEMINFO,
	PROCVIEW_HOST_CPUINFO,
	PROCVIEW_HOST_DISKSTATS,
	PROCVIEW_HOST_ONLINE,
	PROCVIEW_SOURCES,
	PROCVIEW_DEVICE = PROCVIEW_SOURCES,
	PROCVIEW_USERS,       /* the zone's user namespace */
	PROCVIEW_PROC,        /* a procfs for it alone: hidepid=ptraceable,subset=pid */
	PROCVIEW_LEDGER,      /* a file with one struct procview_ledger */
	PROCVIEW_CHANNEL,     /* where later listeners come from */
	PROCVIEW_CHANNEL_END, /* the monitor's end, kept for the next monitor; so it never ends */
	PROCVIEW_LISTENER,
	PROCVIEW_START,
};
#define PROCVIEW_FD(kind) (PROCVIEW_DEVICE_FD + (int)(kind) - (int)PROCVIEW_DEVICE)

/* Every message has this size. */
struct procview_message {
	uint32_t version;
	uint32_t kind; /* enum procview_source_kind */
	uint32_t v1;   /* source: the file has the form of cgroup v1 */
	uint32_t uid;  /* start: who the program becomes, user and group */
	uint32_t
		slot; /* listener: less than PROCVIEW_LISTENERS; takes the place of what was there */
	uint32_t pad;
	uint64_t boot; /* start: CLOCK_BOOTTIME of the zone's boot in nanoseconds */
};

/* A successor that finds PROCVIEW_WRITING gives the call back to the kernel: a second write could hang as the first did (memory that is a file of a server that does not answer), and the kernel's own hangs in the
 * caller's place. */
enum procview_progress { PROCVIEW_RECEIVED, PROCVIEW_WRITING, PROCVIEW_WRITTEN };

/* The call that is being answered; a successor finds it when id is not 0 and still waits. The kernel writes `call`, the program the rest. */
struct procview_ledger {
	uint64_t answered; /* only grows: the monitor sees that the program works */
	uint32_t slot;     /* of the listener */
	uint32_t progress; /* enum procview_progress */
	struct seccomp_notif call;
};

/* What is served, and where in a zone it belongs. The index and the root's 1 make the inode. A text is made afresh when it is older than this; ps(1) compares the uptime with the start of processes
 * that are younger than any age. */
struct procview_file {
	const char *name, *target;
	uint32_t fresh_ms;
};
static const struct procview_file procview_files[] = {
	{ "meminfo", "/proc/meminfo", 100 },
	{ "cpuinfo", "/proc/cpuinfo", 100 },
	{ "stat", "/proc/stat", 100 },
	{ "loadavg", "/proc/loadavg", 100 },
	{ "uptime", "/proc/uptime", 0 },
	{ "swaps", "/proc/swaps", 100 },
	{ "diskstats", "/proc/diskstats", 100 },
	{ "vmstat", "/proc/vmstat", 100 },
	{ "online", "/sys/devices/system/cpu/online", 100 },
};
enum { PROCVIEW_FILES = sizeof(procview_files) / sizeof(procview_files[0]) };

#endif
