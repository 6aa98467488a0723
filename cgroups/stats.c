/* stats - one row per counter: where it is in either hierarchy, which word of the file, and the factor to our unit. */
#include "cgroups/stats.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { NS_PER_US = 1000, N_IO_BRIEF = 2 };

#define V1_UNLIMITED ((uint64_t)INT64_MAX - 0xffff) /* as in limits_apply.c */

struct row {
	size_t offset;
	struct stats_place where;
};

#define AT(member) offsetof(struct cgroup_stats, member)

static const struct row rows[] = {
	{ AT(cpu_ns), { "cpuacct", "cpuacct.usage", NULL, "cpu.stat", "usage_usec", NS_PER_US } },
	{ AT(memory), { "memory", "memory.usage_in_bytes", NULL, "memory.current", NULL, 1 } },
	{ AT(memory_limit), { "memory", "memory.limit_in_bytes", NULL, "memory.max", NULL, 1 } },
	{ AT(swap),
	  { "memory", "memory.memsw.usage_in_bytes", NULL, "memory.swap.current", NULL, 1 } },
	{ AT(swap_limit),
	  { "memory", "memory.memsw.limit_in_bytes", NULL, "memory.swap.max", NULL, 1 } },
	{ AT(oom_kills),
	  { "memory", "memory.oom_control", "oom_kill", "memory.events", "oom_kill", 1 } },
	{ AT(pids), { "pids", "pids.current", NULL, "pids.current", NULL, 1 } },
	{ AT(pids_limit), { "pids", "pids.max", NULL, "pids.max", NULL, 1 } },
};

/* Not in a brief look. */
static const struct row detail_rows[] = {
	{ AT(cpu_throttled_ns),
	  { "cpu", "cpu.stat", "throttled_time", "cpu.stat", "throttled_usec", NS_PER_US } },
	{ AT(memory_max), { "memory", "memory.max_usage_in_bytes", NULL, "memory.peak", NULL, 1 } },
	{ AT(memory_cache), { "memory", "memory.stat", "total_cache", "memory.stat", "file", 1 } },
	{ AT(locked),
	  { "memory", "memory.stat", "total_unevictable", "memory.stat", "unevictable", 1 } },
	{ AT(cpu_weight), { "cpu", "cpu.shares", NULL, "cpu.weight", NULL, 1 } },
};

static const struct {
	size_t offset;
	const char *v1_file, *v1_operation, *v2_key;
} io_rows[] = {
	/* bytes, and then operations, which are details */
	{ AT(io_read_bytes), "blkio.throttle.io_service_bytes_recursive", "Read", "rbytes" },
	{ AT(io_write_bytes), "blkio.throttle.io_service_bytes_recursive", "Write", "wbytes" },
	{ AT(io_read_ops), "blkio.throttle.io_serviced_recursive", "Read", "rios" },
	{ AT(io_write_ops), "blkio.throttle.io_serviced_recursive", "Write", "wios" },
};

static struct opt_u64 *at(struct cgroup_stats *s, size_t offset)
{
	return (struct opt_u64 *)(void *)((char *)s + offset);
}

bool stats_sum_v1(const char *text, const char *operation, uint64_t *ret)
{
	struct strv lines auto_done(strv) = { 0 };
	uint64_t sum = 0;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct strv words auto_done(strv) = { 0 };
		uint64_t v;

		strv_split(&words, lines.items[i], ' ');
		if (words.n == 3 && strcmp(words.items[1], operation) == 0 &&
		    num_u64(words.items[2], &v) == 0)
			sum += v;
	}
	*ret = sum;
	return true;
}

bool stats_sum_v2(const char *text, const char *key, uint64_t *ret)
{
	struct strv words auto_done(strv) = { 0 };
	auto_free char *flat = mem_strdup(text);
	auto_free char *prefix = mem_format("%s=", key);
	uint64_t sum = 0;

	for (char *c = flat; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	strv_split(&words, flat, ' ');
	for (size_t i = 0; i < words.n; i++) {
		const char *number = str_after(words.items[i], prefix);
		uint64_t v;

		if (number && num_u64(number, &v) == 0)
			sum += v;
	}
	*ret = sum;
	return true;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

/* The file that was read last: neighbours in the tables ask for the same one. Three system calls instead of the five of file_read_all(): a file of one record that does not fill the buffer has been
 * read to its end, and what lies in a cgroup's folder is a file. */
struct source {
	const struct cgroup_part *part;
	const char *name;
	char *whole; /* of one that does not fit: io.stat has a line for each disk */
	const char *shown;
	char text[8192];
};
static void source_done(struct source *s)
{
	free(s->whole);
}

static const char *source_read(struct source *s, struct cgroup_part *p, const char *name)
{
	struct err ignored = { 0 };
	int dir;
	ssize_t n = -1;

	if (s->name && s->part == p && strcmp(s->name, name) == 0)
		return s->shown;
	dir = part_open(p, &ignored);
	auto_close int fd = dir < 0 ? -1 : sys_openat(dir, name, O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0)
		n = sys_read(fd, s->text, sizeof(s->text) - 1);
	s->part = p;
	s->name = name;
	free(s->whole);
	s->whole = NULL;
	if (n == (ssize_t)sizeof(s->text) - 1)
		return s->shown = part_read(p, name, &s->whole, &ignored) < 0 ? NULL : s->whole;
	while (n > 0 && s->text[n - 1] == '\n')
		n--;
	s->text[n > 0 ? n : 0] = '\0';
	return s->shown = n < 0 ? NULL : s->text;
}

static bool parse_number(const char *text, uint64_t *ret)
{
	if (strcmp(text, "max") != 0 && strcmp(text, "-1") != 0)
		return num_u64(text, ret) == 0;
	*ret = UINT64_MAX;
	return true;
}

static bool counter_from(struct source *s, struct cgroup *cg, const struct stats_place *where,
			 uint64_t *ret)
{
	struct cgroup_part *v1 = part_of_v1(cg, where->controller);
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);
	const char *file = v1 ? where->v1_file : where->v2_file;
	const char *word = v1 ? where->v1_word : where->v2_word;
	const char *text = p && file ? source_read(s, p, file) : NULL;

	if (!text || !(word ? part_word(text, word, ret) : parse_number(text, ret)))
		return false;
	if (!v1 && *ret != UINT64_MAX)
		*ret *= where->v2_factor;
	return true;
}

bool stats_counter(struct cgroup *cg, const struct stats_place *where, uint64_t *ret)
{
	auto_done(source) struct source s = { .name = NULL };

	return counter_from(&s, cg, where, ret);
}

bool cgroup_cpu_weight(struct cgroup *cg, uint64_t *ret)
{
	static const struct stats_place place = {
		"cpu", "cpu.shares", NULL, "cpu.weight", NULL, 1
	};

	return stats_counter(cg, &place, ret);
}

/* --- the tables ------------------------------------------------------------------------------------------------------- */

static void read_row(struct source *s, struct cgroup *cg, const struct row *row,
		     struct cgroup_stats *ret)
{
	struct opt_u64 value = { .set = true };

	if (!counter_from(s, cg, &row->where, &value.value) || value.value == UINT64_MAX)
		return; /* not offered, or a limit that is unlimited */
	*at(ret, row->offset) = value;
}

static void read_io(struct source *s, struct cgroup *cg, bool brief, struct cgroup_stats *ret)
{
	struct cgroup_part *v1 = part_of_v1(cg, "blkio");
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);

	for (size_t i = 0; p && i < sizeof(io_rows) / sizeof(io_rows[0]); i++) {
		bool wanted = !brief || i < N_IO_BRIEF;
		const char *text =
			wanted ? source_read(s, p, v1 ? io_rows[i].v1_file : "io.stat") : NULL;
		struct opt_u64 *to = at(ret, io_rows[i].offset);

		if (text)
			to->set = v1 ? stats_sum_v1(text, io_rows[i].v1_operation, &to->value)
				     : stats_sum_v2(text, io_rows[i].v2_key, &to->value);
	}
}

/* "QUOTA PERIOD" in one file, or a file each; "max" and -1 are no limit. */
bool stats_cpu_limit(const char *quota, const char *period, uint64_t *ret)
{
	struct strv words auto_done(strv) = { 0 };
	uint64_t q, p;

	strv_split(&words, quota, ' ');
	if (words.n == 0 || num_u64(words.items[0], &q) < 0 ||
	    num_u64(words.n > 1 ? words.items[1] : period, &p) < 0 || p == 0)
		return false;
	*ret = q * 1000 / p;
	return true;
}

static void read_cpu_limit(struct source *s, struct cgroup *cg, struct opt_u64 *ret)
{
	struct cgroup_part *v1 = part_of_v1(cg, "cpu");
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);
	const char *text = p ? source_read(s, p, v1 ? "cpu.cfs_quota_us" : "cpu.max") : NULL;

	if (!text || str_has_prefix(text, "-1") || str_has_prefix(text, "max"))
		return;
	auto_free char *quota = mem_strdup(text);
	const char *period = v1 ? source_read(s, p, "cpu.cfs_period_us") : "";

	ret->set = period && stats_cpu_limit(quota, period, &ret->value);
}

/* "some avg10=1.25 avg60=..." -> 125 */
bool stats_pressure(const char *text, uint64_t *ret)
{
	const char *at = str_after(text, "some avg10=");
	const char *dot = at ? strchr(at, '.') : NULL;
	uint64_t whole, part;

	if (!dot || strcspn(dot + 1, " ") != 2)
		return false;
	auto_free char *before = mem_strndup(at, (size_t)(dot - at));
	auto_free char *behind = mem_strndup(dot + 1, 2);

	if (num_u64(before, &whole) < 0 || num_u64(behind, &part) < 0)
		return false;
	*ret = whole * 100 + part;
	return true;
}

static void read_pressure(struct source *s, struct cgroup *cg, struct cgroup_stats *ret)
{
	static const struct {
		size_t offset;
		const char *file;
	} files[] = { { AT(cpu_pressure), "cpu.pressure" },
		      { AT(memory_pressure), "memory.pressure" },
		      { AT(io_pressure), "io.pressure" } };
	struct cgroup_part *p = part_unified(cg);

	for (size_t i = 0; p && i < sizeof(files) / sizeof(files[0]); i++) {
		const char *text = source_read(s, p, files[i].file);
		struct opt_u64 *to = at(ret, files[i].offset);

		if (text)
			to->set = stats_pressure(text, &to->value);
	}
}

/* v1 counts memory and swap together. */
static void split_swap(struct cgroup_stats *s)
{
	bool limited = s->memory_limit.set && s->memory_limit.value < V1_UNLIMITED;

	if (s->swap.set)
		s->swap.value -= s->memory.set && s->memory.value < s->swap.value ? s->memory.value
										  : s->swap.value;
	if (s->swap_limit.set && s->swap_limit.value >= V1_UNLIMITED)
		s->swap_limit = (struct opt_u64){ 0 };
	if (s->swap_limit.set && limited)
		s->swap_limit.value -= s->memory_limit.value;
	if (!limited)
		s->memory_limit = (struct opt_u64){ 0 };
}

void stats_read(struct cgroup *cg, bool brief, struct cgroup_stats *ret)
{
	auto_done(source) struct source s = { .name = NULL };

	*ret = (struct cgroup_stats){ 0 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		read_row(&s, cg, &rows[i], ret);
	for (size_t i = 0; !brief && i < sizeof(detail_rows) / sizeof(detail_rows[0]); i++)
		read_row(&s, cg, &detail_rows[i], ret);
	read_io(&s, cg, brief, ret);
	read_cpu_limit(&s, cg, &ret->cpu_limit);
	read_pressure(&s, cg, ret);
	if (part_of_v1(cg, "memory"))
		split_swap(ret);
}
