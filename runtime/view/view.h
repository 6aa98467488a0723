/* view - what a zone sees in /proc/meminfo, cpuinfo, stat, loadavg, uptime, swaps, diskstats, vmstat and /sys/devices/system/cpu/online, and what sysinfo(2) says: numbers in, text out.
 *
 * All of it is pure: no file is opened, no clock is asked, nothing but memory changes. The program zone-procview (runtime/procview) reads the sources and serves the texts; it is static and has none
 * of the library, so this folder includes nothing either. The formats are those of proc(5). Memory in bytes, times in nanoseconds since the zone's boot. Unknown counters are VIEW_NONE. */
#ifndef RUNTIME_VIEW_VIEW_H
#define RUNTIME_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysinfo.h>

#define VIEW_NONE UINT64_MAX /* not known, or no limit */

/* --- text.c: a text that grows; `failed` when memory ran out or it became larger than VIEW_TEXT_MAX: it is then incomplete and must not be used --- */
enum { VIEW_TEXT_MAX = 4 << 20 };
struct view_text {
	char *at; /* NUL-terminated once something was added; free(3) it, or view_text_done() */
	size_t len, size;
	bool failed;
};
__attribute__((format(printf, 2, 3))) void view_add(struct view_text *t, const char *fmt, ...);
void view_add_bytes(struct view_text *t, const char *p, size_t n);
void view_text_done(struct view_text *t);

/* The number behind a word at the beginning of a line ("MemTotal: 5 kB", "total_cache 5"); VIEW_NONE when there is no such line. "max" is VIEW_NONE. */
uint64_t view_word(const char *text, const char *word);
/* A file that is one number; "max" and what is not a number are VIEW_NONE. */
uint64_t view_number(const char *text);
/* Behind "word=" somewhere in a line, up to the line's end; VIEW_NONE. */
uint64_t view_value(const char *line, const char *word);

/* --- memory.c ------------------------------------------------------------------------------------------------------- */
struct view_memory {
	uint64_t total, used;           /* the smaller of the zone's cap and the host's memory */
	uint64_t swap_total, swap_used; /* swap alone */
	uint64_t anon, file, shmem, mapped, dirty, writeback, swap_cached;
	uint64_t active_anon, inactive_anon, active_file, inactive_file, unevictable;
	uint64_t slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables;
	uint64_t faults, major_faults; /* counts */
};
/* The texts of the cgroup's files; NULL or "" where it has none. `v1`: the words and meanings of cgroup v1, where the swap files count memory and swap together. `host`: the host's /proc/meminfo. */
struct view_memory_texts {
	const char *limit, *usage, *swap_limit, *swap_usage, *stat, *host;
	bool v1;
};
void view_memory_read(const struct view_memory_texts *t, struct view_memory *ret);
void view_meminfo(struct view_text *t, const struct view_memory *m, const char *host);
void view_swaps(struct view_text *t, const struct view_memory *m);

/* --- cpu.c ---------------------------------------------------------------------------------------------------------- */
enum { VIEW_CPUS_MAX = 4096 };
struct view_cpus { /* the numbers that the host gives its CPUs, so that a program can pin itself to what it sees */
	uint16_t ids[VIEW_CPUS_MAX];
	size_t n;
};
/* From a list as in cpuset.cpus ("0-2,7"). False: not such a list, or an empty one. */
bool view_cpus_parse(const char *list, struct view_cpus *ret);
/* No more than a quota of CPU time has use for, rounded up; at least one. `quota` is cpu.max ("50000 100000", "max 100000"), or v1's cfs_quota_us with the period in `period`. */
void view_cpus_cap(struct view_cpus *c, const char *quota, const char *period);
void view_online(struct view_text *t, const struct view_cpus *c);
/* The host's text without the processors that are not in `c`. */
void view_cpuinfo(struct view_text *t, const char *host, const struct view_cpus *c);

struct view_cpu_times {
	uint64_t user, system, idle;
};
/* How the zone's CPU time was spent so far. The kernel counts it for all CPUs together (and lets a capped zone run on any), so it is dealt out evenly over the CPUs that are shown at the time;
 * what they had beyond that was idle. Zero is the valid beginning. Counters never go back, also when the number of CPUs changes. */
struct view_clock {
	uint64_t at, user, system; /* the last reading */
	size_t known;              /* CPUs that were ever shown */
	struct view_cpu_times cpus[VIEW_CPUS_MAX];
};
/* `at`: nanoseconds since the boot; user and system: of the zone since then. */
void view_clock_advance(struct view_clock *k, uint64_t at, uint64_t user, uint64_t system,
			size_t n);
/* `boot_time`: seconds since 1970. */
void view_stat(struct view_text *t, const struct view_clock *k, const struct view_cpus *c,
	       uint64_t boot_time, uint64_t tasks);
void view_uptime(struct view_text *t, const struct view_clock *k, const struct view_cpus *c);

/* --- load.c --------------------------------------------------------------------------------------------------------- */
/* The load is what the zone had to do, as averages that forget like the kernel's (1, 5, 15 minutes): CPUs in use, and the share of time in which somebody waited for a CPU or for storage
 * (pressure stall information). It differs from the kernel's in that several that wait at the same time count as one. Cumulative counters say it, so nobody has to look regularly. */
enum { VIEW_LOADS = 3 };
struct view_load {
	uint64_t at, busy;          /* the last reading, in whole seconds since the boot */
	uint64_t milli[VIEW_LOADS]; /* thousandths */
};
/* `busy`: nanoseconds of CPU time and of waiting, since the boot. */
void view_load_advance(struct view_load *l, uint64_t at, uint64_t busy);
/* "some ... total=MICROSECONDS" of a PSI file in nanoseconds; 0 when it is not there. */
uint64_t view_pressure(const char *text);
void view_loadavg(struct view_text *t, const struct view_load *l, uint64_t tasks);

/* --- disk.c --------------------------------------------------------------------------------------------------------- */
/* The devices that the zone has used, with its own transfers; how long they took nobody counts per zone. `v1`: blkio.throttle.io_service_bytes_recursive and io_serviced_recursive; else `bytes` is io.stat. */
void view_diskstats(struct view_text *t, const char *host, const char *bytes,
		    const char *operations, bool v1);
/* /proc/vmstat, as far as the kernel counts it for cgroups. */
void view_vmstat(struct view_text *t, const struct view_memory *m, const char *bytes, bool v1);

/* --- info.c --------------------------------------------------------------------------------------------------------- */
/* What sysinfo(2) says, in bytes: the same numbers as in meminfo, loadavg and uptime. `at`: nanoseconds since the boot. All of *ret is written, padding too. */
void view_info(struct sysinfo *ret, uint64_t at, const struct view_memory *m,
	       const struct view_load *l, uint64_t tasks);

#endif
