/* sources - from the open files of the kernel to a text. Files are read afresh from their beginning each time: the kernel makes them when they are read. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/procview/private.h"

enum { CHUNK = 4096 };

/* Everything that one look needs, released together. */
struct look {
	struct sources *s;
	struct view_text texts[PROCVIEW_SOURCES];
	bool is_read[PROCVIEW_SOURCES];
	struct view_cpus cpus;
};

uint64_t sources_now(int clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* "" for what cannot be read. */
static const char *text_of(struct look *l, enum procview_source_kind kind)
{
	struct view_text *t = &l->texts[kind];
	char chunk[CHUNK];
	ssize_t n;

	if (!l->is_read[kind] && l->s->fds[kind] >= 0)
		while ((n = pread(l->s->fds[kind], chunk, sizeof(chunk), (off_t)t->len)) > 0 &&
		       !t->failed)
			view_add_bytes(t, chunk, (size_t)n);
	l->is_read[kind] = true;
	return t->at && !t->failed ? t->at : "";
}

static uint64_t tasks_of(struct look *l)
{
	return view_number(text_of(l, PROCVIEW_TASKS));
}

/* --- memory --------------------------------------------------------------------------------------------------------- */

static void read_memory(struct look *l, struct view_memory *m)
{
	const struct view_memory_texts t = {
		.limit = text_of(l, PROCVIEW_MEMORY_LIMIT),
		.usage = text_of(l, PROCVIEW_MEMORY_USAGE),
		.swap_limit = text_of(l, PROCVIEW_SWAP_LIMIT),
		.swap_usage = text_of(l, PROCVIEW_SWAP_USAGE),
		.stat = text_of(l, PROCVIEW_MEMORY_STAT),
		.host = text_of(l, PROCVIEW_HOST_MEMINFO),
		.v1 = l->s->v1[PROCVIEW_MEMORY_STAT],
	};

	view_memory_read(&t, m);
}

static void make_meminfo(struct look *l, struct view_text *t)
{
	struct view_memory m;

	read_memory(l, &m);
	view_meminfo(t, &m, text_of(l, PROCVIEW_HOST_MEMINFO));
}

static void make_swaps(struct look *l, struct view_text *t)
{
	struct view_memory m;

	read_memory(l, &m);
	view_swaps(t, &m);
}

/* --- processors ----------------------------------------------------------------------------------------------------- */

static const struct view_cpus *read_cpus(struct look *l)
{
	if (!view_cpus_parse(text_of(l, PROCVIEW_CPUSET), &l->cpus))
		(void)view_cpus_parse(text_of(l, PROCVIEW_HOST_ONLINE), &l->cpus);
	if (l->cpus.n == 0) {
		l->cpus.ids[0] = 0;
		l->cpus.n = 1;
	}
	view_cpus_cap(&l->cpus, text_of(l, PROCVIEW_CPU_QUOTA), text_of(l, PROCVIEW_CPU_PERIOD));
	return &l->cpus;
}

/* v1 has a file each, in nanoseconds; v2 has lines of cpu.stat, in microseconds. */
static uint64_t cpu_time(struct look *l, enum procview_source_kind kind, const char *word)
{
	const char *text = text_of(l, kind);
	uint64_t v = l->s->v1[kind] ? view_number(text) : view_word(text, word);

	if (v == VIEW_NONE)
		return 0;
	return l->s->v1[kind] ? v : v * 1000;
}

static uint64_t since_boot(const struct sources *s)
{
	uint64_t now = sources_now(CLOCK_BOOTTIME);

	return now > s->boot ? now - s->boot : 0;
}

static void advance(struct look *l)
{
	view_clock_advance(&l->s->clock, since_boot(l->s),
			   cpu_time(l, PROCVIEW_CPU_USER, "user_usec"),
			   cpu_time(l, PROCVIEW_CPU_SYSTEM, "system_usec"), read_cpus(l)->n);
}

static void make_online(struct look *l, struct view_text *t)
{
	view_online(t, read_cpus(l));
}

static void make_cpuinfo(struct look *l, struct view_text *t)
{
	view_cpuinfo(t, text_of(l, PROCVIEW_HOST_CPUINFO), read_cpus(l));
}

static void make_stat(struct look *l, struct view_text *t)
{
	advance(l);
	view_stat(t, &l->s->clock, &l->cpus,
		  (sources_now(CLOCK_REALTIME) - l->s->clock.at + NS_PER_S / 2) / NS_PER_S,
		  tasks_of(l));
}

static void make_uptime(struct look *l, struct view_text *t)
{
	advance(l);
	view_uptime(t, &l->s->clock, &l->cpus);
}

static void advance_load(struct look *l)
{
	uint64_t busy = cpu_time(l, PROCVIEW_CPU_USER, "user_usec") +
			cpu_time(l, PROCVIEW_CPU_SYSTEM, "system_usec") +
			view_pressure(text_of(l, PROCVIEW_CPU_PRESSURE)) +
			view_pressure(text_of(l, PROCVIEW_IO_PRESSURE));

	view_load_advance(&l->s->load, since_boot(l->s), busy);
}

static void make_loadavg(struct look *l, struct view_text *t)
{
	advance_load(l);
	view_loadavg(t, &l->s->load, tasks_of(l));
}

/* --- disks ---------------------------------------------------------------------------------------------------------- */

static void make_diskstats(struct look *l, struct view_text *t)
{
	view_diskstats(t, text_of(l, PROCVIEW_HOST_DISKSTATS), text_of(l, PROCVIEW_IO_BYTES),
		       text_of(l, PROCVIEW_IO_OPERATIONS), l->s->v1[PROCVIEW_IO_BYTES]);
}

static void make_vmstat(struct look *l, struct view_text *t)
{
	struct view_memory m;

	read_memory(l, &m);
	view_vmstat(t, &m, text_of(l, PROCVIEW_IO_BYTES), l->s->v1[PROCVIEW_IO_BYTES]);
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

/* In the order of procview_files. */
static void (*const makers[PROCVIEW_FILES])(struct look *l, struct view_text *t) = {
	make_meminfo, make_cpuinfo,   make_stat,   make_loadavg, make_uptime,
	make_swaps,   make_diskstats, make_vmstat, make_online,
};

static void look_free(struct look *l)
{
	for (unsigned i = 0; i < PROCVIEW_SOURCES; i++)
		view_text_done(&l->texts[i]);
	free(l);
}

void sources_text(struct sources *s, unsigned file, struct view_text *t)
{
	struct look *l = calloc(1, sizeof(*l));

	if (!l) {
		t->failed = true;
		return;
	}
	l->s = s;
	makers[file](l, t);
	look_free(l);
}

bool sources_info(struct sources *s, struct sysinfo *ret)
{
	struct look *l = calloc(1, sizeof(*l));
	struct view_memory m;

	if (!l)
		return false;
	l->s = s;
	read_memory(l, &m);
	advance_load(l);
	view_info(ret, since_boot(s), &m, &s->load, tasks_of(l));
	look_free(l);
	return true;
}
