/* procview - how the monitor starts the program zone-procview, which serves a zone's view of its own limits and use (runtime/view) as a tiny FUSE file system.
 *
 * The monitor executes "zone-procview N", N a seqpacket socket, and sends: one message procview_source for each file that the program is to read, with its descriptor; one with
 * PROCVIEW_DEVICE, a descriptor of /dev/fuse that shares the connection of the mount (FUSE_DEV_IOC_CLONE); then procview_start, without a descriptor. The program gives up every right, answers with
 * one byte, closes the socket and serves until the file system is gone or it is killed. It keeps nothing that a successor would need: when it dies, the monitor starts another one on a new clone,
 * because it holds the connection too, and whoever reads in the zone goes on; only a request that was being answered ends with an error.
 * Both sides are one installation; the version is there because a monitor may outlive the program's file. */
#ifndef RUNTIME_PROCVIEW_PROCVIEW_H
#define RUNTIME_PROCVIEW_PROCVIEW_H

#include <stdint.h>

enum {
	PROCVIEW_VERSION = 1,
	PROCVIEW_DEVICE_FD =
		100, /* the number that the device gets in the program, for a monitor that has to find it again */
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
	PROCVIEW_START,
};

/* Every message has this size. */
struct procview_message {
	uint32_t version;
	uint32_t kind; /* enum procview_source_kind */
	uint32_t v1;   /* source: the file has the form of cgroup v1 */
	uint32_t uid;  /* start: who the program becomes, user and group */
	uint64_t boot; /* start: CLOCK_BOOTTIME of the zone's boot in nanoseconds */
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
