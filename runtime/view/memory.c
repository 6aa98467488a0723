/* memory - one row per counter: what both kinds of hierarchy call it; and one per line of /proc/meminfo. */
#include "runtime/view/view.h"

#include <string.h>

enum { KIB = 1024 };

static const struct {
	size_t offset;
	const char *v1, *v2; /* words of memory.stat; NULL: it has none */
} counters[] = {
	{ offsetof(struct view_memory, anon), "total_rss", "anon" },
	{ offsetof(struct view_memory, file), "total_cache", "file" },
	{ offsetof(struct view_memory, shmem), "total_shmem", "shmem" },
	{ offsetof(struct view_memory, mapped), "total_mapped_file", "file_mapped" },
	{ offsetof(struct view_memory, dirty), "total_dirty", "file_dirty" },
	{ offsetof(struct view_memory, writeback), "total_writeback", "file_writeback" },
	{ offsetof(struct view_memory, swap_cached), NULL, "swapcached" },
	{ offsetof(struct view_memory, active_anon), "total_active_anon", "active_anon" },
	{ offsetof(struct view_memory, inactive_anon), "total_inactive_anon", "inactive_anon" },
	{ offsetof(struct view_memory, active_file), "total_active_file", "active_file" },
	{ offsetof(struct view_memory, inactive_file), "total_inactive_file", "inactive_file" },
	{ offsetof(struct view_memory, unevictable), "total_unevictable", "unevictable" },
	{ offsetof(struct view_memory, slab_reclaimable), NULL, "slab_reclaimable" },
	{ offsetof(struct view_memory, slab_unreclaimable), NULL, "slab_unreclaimable" },
	{ offsetof(struct view_memory, kernel_stack), NULL, "kernel_stack" },
	{ offsetof(struct view_memory, page_tables), NULL, "pagetables" },
	{ offsetof(struct view_memory, faults), "total_pgfault", "pgfault" },
	{ offsetof(struct view_memory, major_faults), "total_pgmajfault", "pgmajfault" },
};

/* Lines of the host that are true in a zone as well: the sizes of pages, and how many large ones there are to be had. */
static const char *const host_lines[] = { "HugePages_Total", "HugePages_Free", "HugePages_Rsvd",
					  "HugePages_Surp",  "Hugepagesize",   "Hugetlb" };

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* A line of the host's /proc/meminfo in bytes. */
static uint64_t host_bytes(const char *host, const char *word)
{
	uint64_t kib = view_word(host, word);

	return kib == VIEW_NONE ? 0 : kib * KIB;
}

static void read_swap(const struct view_memory_texts *t, struct view_memory *m)
{
	uint64_t host = host_bytes(t->host, "SwapTotal");
	uint64_t limit = view_number(t->swap_limit), used = view_number(t->swap_usage);
	uint64_t memory_limit = view_number(t->limit), memory_used = view_number(t->usage);

	if (t->v1 && limit != VIEW_NONE && memory_limit != VIEW_NONE)
		limit = less(limit, memory_limit);
	if (t->v1 && used != VIEW_NONE && memory_used != VIEW_NONE)
		used = less(used, memory_used);
	m->swap_total = smaller(limit, host);
	m->swap_used = used == VIEW_NONE ? 0 : smaller(used, m->swap_total);
}

void view_memory_read(const struct view_memory_texts *t, struct view_memory *ret)
{
	uint64_t used = view_number(t->usage);

	*ret = (struct view_memory){ 0 };
	ret->total = smaller(view_number(t->limit), host_bytes(t->host, "MemTotal"));
	ret->used = used == VIEW_NONE ? 0 : smaller(used, ret->total);
	read_swap(t, ret);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		const char *word = t->v1 ? counters[i].v1 : counters[i].v2;
		uint64_t v = word && t->stat ? view_word(t->stat, word) : VIEW_NONE;

		*(uint64_t *)(void *)((char *)ret + counters[i].offset) = v == VIEW_NONE ? 0 : v;
	}
}

static void add_host_lines(struct view_text *t, const char *host)
{
	for (const char *line = host; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t n = strcspn(line, ":\n");

		for (size_t i = 0; i < sizeof(host_lines) / sizeof(host_lines[0]); i++)
			if (n == strlen(host_lines[i]) && strncmp(line, host_lines[i], n) == 0)
				view_add(t, "%.*s\n", (int)strcspn(line, "\n"), line);
	}
}

void view_meminfo(struct view_text *t, const struct view_memory *m, const char *host)
{
	uint64_t free = less(m->total, m->used);
	uint64_t reclaimable = m->active_file + m->inactive_file + m->slab_reclaimable;
	const struct {
		const char *name;
		uint64_t bytes;
	} lines[] = {
		{ "MemTotal:", m->total },
		{ "MemFree:", free },
		{ "MemAvailable:", smaller(free + reclaimable, m->total) },
		{ "Buffers:", 0 },
		{ "Cached:", smaller(m->file, m->used) },
		{ "SwapCached:", m->swap_cached },
		{ "Active:", m->active_anon + m->active_file },
		{ "Inactive:", m->inactive_anon + m->inactive_file },
		{ "Active(anon):", m->active_anon },
		{ "Inactive(anon):", m->inactive_anon },
		{ "Active(file):", m->active_file },
		{ "Inactive(file):", m->inactive_file },
		{ "Unevictable:", m->unevictable },
		{ "Mlocked:", m->unevictable },
		{ "SwapTotal:", m->swap_total },
		{ "SwapFree:", m->swap_total - m->swap_used },
		{ "Dirty:", m->dirty },
		{ "Writeback:", m->writeback },
		{ "AnonPages:", m->anon },
		{ "Mapped:", m->mapped },
		{ "Shmem:", m->shmem },
		{ "KReclaimable:", m->slab_reclaimable },
		{ "Slab:", m->slab_reclaimable + m->slab_unreclaimable },
		{ "SReclaimable:", m->slab_reclaimable },
		{ "SUnreclaim:", m->slab_unreclaimable },
		{ "KernelStack:", m->kernel_stack },
		{ "PageTables:", m->page_tables },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		view_add(t, "%-15s %8llu kB\n", lines[i].name,
			 (unsigned long long)(lines[i].bytes / KIB));
	add_host_lines(t, host);
}

void view_swaps(struct view_text *t, const struct view_memory *m)
{
	view_add(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	if (m->swap_total > 0)
		view_add(t, "none\t\t\t\t\tvirtual\t\t%llu\t\t%llu\t\t0\n",
			 (unsigned long long)(m->swap_total / KIB),
			 (unsigned long long)(m->swap_used / KIB));
}
