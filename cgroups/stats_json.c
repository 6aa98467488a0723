/* stats_json - the counters as runc prints them. One row a number: where it stands in the document, and where the kernel has it. What is a list or a table of its own has a function. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/stats.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { NS_PER_US = 1000 };

/* section, part of it (NULL: the section itself), name, place */
static const struct {
	const char *section, *part, *name;
	struct stats_place where;
} rows[] = {
	{ "cpu",
	  "usage",
	  "total",
	  { "cpuacct", "cpuacct.usage", NULL, "cpu.stat", "usage_usec", NS_PER_US } },
	{ "cpu",
	  "usage",
	  "kernel",
	  { "cpuacct", "cpuacct.usage_sys", NULL, "cpu.stat", "system_usec", NS_PER_US } },
	{ "cpu",
	  "usage",
	  "user",
	  { "cpuacct", "cpuacct.usage_user", NULL, "cpu.stat", "user_usec", NS_PER_US } },
	{ "cpu",
	  "throttling",
	  "periods",
	  { "cpu", "cpu.stat", "nr_periods", "cpu.stat", "nr_periods", 1 } },
	{ "cpu",
	  "throttling",
	  "throttledPeriods",
	  { "cpu", "cpu.stat", "nr_throttled", "cpu.stat", "nr_throttled", 1 } },
	{ "cpu",
	  "throttling",
	  "throttledTime",
	  { "cpu", "cpu.stat", "throttled_time", "cpu.stat", "throttled_usec", NS_PER_US } },
	{ "memory",
	  NULL,
	  "cache",
	  { "memory", "memory.stat", "total_cache", "memory.stat", "file", 1 } },
	{ "memory",
	  "usage",
	  "limit",
	  { "memory", "memory.limit_in_bytes", NULL, "memory.max", NULL, 1 } },
	{ "memory",
	  "usage",
	  "usage",
	  { "memory", "memory.usage_in_bytes", NULL, "memory.current", NULL, 1 } },
	{ "memory",
	  "usage",
	  "max",
	  { "memory", "memory.max_usage_in_bytes", NULL, "memory.peak", NULL, 1 } },
	{ "memory",
	  "usage",
	  "failcnt",
	  { "memory", "memory.failcnt", NULL, "memory.events", "max", 1 } },
	{ "memory",
	  "swap",
	  "limit",
	  { "memory", "memory.memsw.limit_in_bytes", NULL, "memory.swap.max", NULL, 1 } },
	{ "memory",
	  "swap",
	  "usage",
	  { "memory", "memory.memsw.usage_in_bytes", NULL, "memory.swap.current", NULL, 1 } },
	{ "memory",
	  "swap",
	  "max",
	  { "memory", "memory.memsw.max_usage_in_bytes", NULL, "memory.swap.peak", NULL, 1 } },
	{ "memory",
	  "swap",
	  "failcnt",
	  { "memory", "memory.memsw.failcnt", NULL, "memory.swap.events", "max", 1 } },
	{ "memory",
	  "kernel",
	  "limit",
	  { "memory", "memory.kmem.limit_in_bytes", NULL, NULL, NULL, 1 } },
	{ "memory",
	  "kernel",
	  "usage",
	  { "memory", "memory.kmem.usage_in_bytes", NULL, "memory.stat", "kernel", 1 } },
	{ "memory", "kernel", "failcnt", { "memory", "memory.kmem.failcnt", NULL, NULL, NULL, 1 } },
	{ "memory",
	  "kernelTCP",
	  "limit",
	  { "memory", "memory.kmem.tcp.limit_in_bytes", NULL, NULL, NULL, 1 } },
	{ "memory",
	  "kernelTCP",
	  "usage",
	  { "memory", "memory.kmem.tcp.usage_in_bytes", NULL, "memory.stat", "sock", 1 } },
	{ "memory",
	  "kernelTCP",
	  "failcnt",
	  { "memory", "memory.kmem.tcp.failcnt", NULL, NULL, NULL, 1 } },
	{ "pids", NULL, "current", { "pids", "pids.current", NULL, "pids.current", NULL, 1 } },
};

/* A section of the document, or a part of one; made when it is missing. */
static struct json *section_of(struct json *all, const char *section, const char *part)
{
	struct json *s = json_get(all, section);

	if (!s)
		s = json_set(all, section, json_new_object());
	if (!part)
		return s;
	struct json *p = json_get(s, part);

	return p ? p : json_set(s, part, json_new_object());
}

static void add_rows(struct cgroup *cg, struct json *all)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;
		struct json *to = section_of(all, rows[i].section, rows[i].part);

		/* a counter that the kernel does not have is 0 for runc's readers, never missing */
		(void)stats_counter(cg, &rows[i].where, &value);
		(void)json_set(to, rows[i].name, json_new_u64(value));
	}
}

static uint64_t number_of(struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);
	uint64_t v = 0;

	return j && j->text && num_u64(j->text, &v) == 0 ? v : 0;
}

/* v2 counts swap alone. */
static void join_swap(struct json *memory)
{
	static const char *const names[] = { "limit", "usage", "max" };
	struct json *usage = json_get(memory, "usage"), *swap = json_get(memory, "swap");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t a = number_of(usage, names[i]), b = number_of(swap, names[i]);

		(void)json_set(swap, names[i],
			       json_new_u64(a > UINT64_MAX - b ? UINT64_MAX : a + b));
	}
}

static char *read_file(struct cgroup *cg, const char *controller, const char *v1_file,
		       const char *v2_file)
{
	struct cgroup_part *v1 = part_of_v1(cg, controller);
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);
	const char *file = v1 ? v1_file : v2_file;
	struct err ignored = { 0 };
	char *text = NULL;

	return p && file && part_read(p, file, &text, &ignored) == 0 ? text : NULL;
}

/* "key value" lines as an object. */
static void add_raw(struct json *to, const char *text)
{
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, text ? text : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *blank = strchr(lines.items[i], ' ');
		uint64_t v;

		if (!blank || num_u64(blank + 1, &v) < 0)
			continue;
		*blank = '\0';
		(void)json_set(to, lines.items[i], json_new_u64(v));
	}
}

static void add_percpu(struct cgroup *cg, struct json *usage)
{
	static const char *const files[][2] = {
		{ "percpu", "cpuacct.usage_percpu" },
		{ "percpu_kernel", "cpuacct.usage_percpu_sys" },
		{ "percpu_user", "cpuacct.usage_percpu_user" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		auto_free char *text = read_file(cg, "cpuacct", files[i][1], NULL);
		struct strv words auto_done(strv) = { 0 };

		if (!text)
			continue;
		struct json *list = json_set(usage, files[i][0], json_new_array());

		strv_split(&words, text, ' ');
		for (size_t k = 0; k < words.n; k++) {
			uint64_t v;

			if (num_u64(words.items[k], &v) == 0)
				(void)json_add(list, json_new_u64(v));
		}
	}
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void add_pressure(struct cgroup *cg, const char *file, struct json *to)
{
	struct cgroup_part *p = part_unified(cg);
	struct strv lines auto_done(strv) = { 0 };
	struct err ignored = { 0 };
	auto_free char *text = NULL;

	if (!p || part_read(p, file, &text, &ignored) < 0)
		return;
	struct json *psi = json_set(to, "psi", json_new_object());

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct strv words auto_done(strv) = { 0 };

		strv_split(&words, lines.items[i], ' ');
		struct json *kind =
			words.n > 0 ? json_set(psi, words.items[0], json_new_object()) : NULL;

		for (size_t k = 1; k < words.n; k++) {
			char *equals = strchr(words.items[k], '=');

			if (!equals)
				continue;
			*equals = '\0';
			(void)json_set(kind, words.items[k], json_new_number_text(equals + 1));
		}
	}
}

static void add_io_entry(struct json *list, const char *device, const char *operation,
			 uint64_t value)
{
	struct json *entry = json_new_object();
	unsigned major = 0, minor = 0;

	(void)sscanf(device, "%u:%u", &major, &minor); /* the kernel wrote it */
	(void)json_set(entry, "major", json_new_u64(major));
	(void)json_set(entry, "minor", json_new_u64(minor));
	(void)json_set(entry, "op", json_new_string(operation));
	(void)json_set(entry, "value", json_new_u64(value));
	(void)json_add(list, entry);
}

/* v1: "8:0 Read 4096" */
static void add_io_v1(struct json *blkio, const char *key, const char *text)
{
	struct json *list = json_set(blkio, key, json_new_array());
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct strv words auto_done(strv) = { 0 };
		uint64_t v;

		strv_split(&words, lines.items[i], ' ');
		if (words.n == 3 && num_u64(words.items[2], &v) == 0)
			add_io_entry(list, words.items[0], words.items[1], v);
	}
}

/* v2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void add_io_v2(struct json *blkio, const char *text)
{
	static const struct {
		const char *prefix, *operation;
		bool is_bytes;
	} keys[] = {
		{ "rbytes=", "Read", true },    { "wbytes=", "Write", true },
		{ "dbytes=", "Discard", true }, { "rios=", "Read", false },
		{ "wios=", "Write", false },    { "dios=", "Discard", false },
	};
	struct json *bytes = json_set(blkio, "ioServiceBytesRecursive", json_new_array());
	struct json *served = json_set(blkio, "ioServicedRecursive", json_new_array());
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct strv words auto_done(strv) = { 0 };

		strv_split(&words, lines.items[i], ' ');
		for (size_t k = 0; words.n > 0 && k < sizeof(keys) / sizeof(keys[0]); k++) {
			for (size_t w = 1; w < words.n; w++) {
				const char *number = str_after(words.items[w], keys[k].prefix);
				uint64_t v;

				if (number && num_u64(number, &v) == 0)
					add_io_entry(keys[k].is_bytes ? bytes : served,
						     words.items[0], keys[k].operation, v);
			}
		}
	}
}

static void add_io(struct cgroup *cg, struct json *all)
{
	static const char *const v1_files[][2] = {
		{ "ioServiceBytesRecursive", "blkio.throttle.io_service_bytes_recursive" },
		{ "ioServicedRecursive", "blkio.throttle.io_serviced_recursive" },
	};
	struct json *blkio = section_of(all, "blkio", NULL);

	if (!part_of_v1(cg, "blkio")) {
		auto_free char *text = read_file(cg, "io", NULL, "io.stat");

		if (text)
			add_io_v2(blkio, text);
	}
	for (size_t i = 0; part_of_v1(cg, "blkio") && i < sizeof(v1_files) / sizeof(v1_files[0]);
	     i++) {
		auto_free char *text = read_file(cg, "blkio", v1_files[i][1], NULL);

		if (text)
			add_io_v1(blkio, v1_files[i][0], text);
	}
	add_pressure(cg, "io.pressure", blkio);
}

/* "hugepages-2048kB" -> "2MB"; false for any other name. */
bool stats_page_size(const char *directory, char *ret, size_t size)
{
	static const char units[] = "KMG";
	const char *number = str_after(directory, "hugepages-");
	unsigned long kib = 0;
	size_t unit = 0;

	if (!number || sscanf(number, "%lukB", &kib) != 1 || kib == 0)
		return false;
	while (kib % 1024 == 0 && units[unit + 1]) {
		kib /= 1024;
		unit++;
	}
	return (size_t)snprintf(ret, size, "%lu%cB", kib, units[unit]) < size;
}

static void add_hugepages(struct cgroup *cg, struct json *all)
{
	struct json *to = section_of(all, "hugetlb", NULL);
	DIR *sizes = opendir("/sys/kernel/mm/hugepages");
	char size[32];

	for (const struct dirent *d = sizes ? readdir(sizes) : NULL; d; d = readdir(sizes)) {
		if (!stats_page_size(d->d_name, size, sizeof(size)))
			continue;
		auto_free char *v1_usage = mem_format("hugetlb.%s.usage_in_bytes", size);
		auto_free char *v1_max = mem_format("hugetlb.%s.max_usage_in_bytes", size);
		auto_free char *v1_failures = mem_format("hugetlb.%s.failcnt", size);
		auto_free char *v2_usage = mem_format("hugetlb.%s.current", size);
		auto_free char *v2_events = mem_format("hugetlb.%s.events", size);
		const struct {
			const char *name;
			struct stats_place where;
		} numbers[] = {
			{ "usage", { "hugetlb", v1_usage, NULL, v2_usage, NULL, 1 } },
			{ "max", { "hugetlb", v1_max, NULL, NULL, NULL, 1 } },
			{ "failcnt", { "hugetlb", v1_failures, NULL, v2_events, "max", 1 } },
		};

		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			uint64_t v;

			if (stats_counter(cg, &numbers[i].where, &v))
				(void)json_set(section_of(to, size, NULL), numbers[i].name,
					       json_new_u64(v));
		}
	}
	if (sizes)
		(void)closedir(sizes);
}

static void add_cpuset(struct cgroup *cg, struct json *all)
{
	static const char *const names[][3] = { { "cpus", "cpuset.cpus", "cpuset.cpus.effective" },
						{ "mems", "cpuset.mems",
						  "cpuset.mems.effective" } };
	struct json *to = section_of(all, "cpuset", NULL);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *text = read_file(cg, "cpuset", names[i][1], names[i][2]);
		struct strv parts auto_done(strv) = { 0 };
		struct json *list = json_set(to, names[i][0], json_new_array());

		strv_split(&parts, text ? text : "", ',');
		for (size_t k = 0; k < parts.n; k++) {
			unsigned first = 0, last = 0;
			int n = sscanf(parts.items[k], "%u-%u", &first, &last);

			for (unsigned v = first; n >= 1 && v <= (n == 2 ? last : first); v++)
				(void)json_add(list, json_new_u64(v));
		}
	}
}

struct json *cgroup_stats_json(struct cgroup *cg)
{
	static const struct stats_place pids_max = {
		"pids", "pids.max", NULL, "pids.max", NULL, 1
	};
	struct json *all = json_new_object();
	uint64_t limit;

	add_rows(cg, all);
	struct json *memory = section_of(all, "memory", NULL);
	struct json *cpu = section_of(all, "cpu", NULL);
	auto_free char *memory_stat = read_file(cg, "memory", "memory.stat", "memory.stat");

	if (!part_of_v1(cg, "memory"))
		join_swap(memory);
	add_raw(section_of(memory, "raw", NULL), memory_stat);
	add_percpu(cg, section_of(cpu, "usage", NULL));
	add_pressure(cg, "cpu.pressure", cpu);
	add_pressure(cg, "memory.pressure", memory);
	if (stats_counter(cg, &pids_max, &limit) && limit != UINT64_MAX)
		(void)json_set(section_of(all, "pids", NULL), "limit", json_new_u64(limit));
	add_cpuset(cg, all);
	add_io(cg, all);
	add_hugepages(cg, all);
	return all;
}
