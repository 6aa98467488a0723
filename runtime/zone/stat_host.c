/* stat_host - the row of the whole machine, from /proc. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/zone.h"

enum {
	TEXT_MAX = 1 << 20,
	KIB = 1024,
	MS_PER_S = 1000,
	NS_PER_S = 1000000000,
	NS_PER_MS = 1000000
};

/* The number behind "Key:" of meminfo, in bytes. */
static uint64_t memory_row(const char *meminfo, const char *key)
{
	auto_free char *start = mem_format("%s:", key);
	const char *at = strstr(meminfo, start);
	uint64_t v = 0;

	if (!at)
		return 0;
	at += strlen(start);
	at += strspn(at, " ");
	auto_free char *digits = mem_strndup(at, strspn(at, "0123456789"));

	return num_u64(digits, &v) == 0 ? v * KIB : 0;
}

/* "cpu  user nice system idle iowait irq softirq steal": all but idle and iowait. */
static uint64_t busy_ticks(const char *stat)
{
	struct strv words auto_done(strv) = { 0 };
	auto_free char *line = mem_strndup(stat, strcspn(stat, "\n"));
	uint64_t sum = 0;
	size_t column = 0;

	strv_split(&words, line, ' ');
	for (size_t i = 1; i < words.n && column < 8; i++) {
		uint64_t v;

		if (!*words.items[i] || num_u64(words.items[i], &v) < 0)
			continue;
		sum += column != 3 && column != 4 ? v : 0;
		column++;
	}
	return sum;
}

void zone_stat_read_host(const char *stat, const char *meminfo, const char *loadavg,
			 long ticks_per_second, struct cgroup_stats *ret)
{
	uint64_t total = memory_row(meminfo, "MemTotal"), swap = memory_row(meminfo, "SwapTotal");
	bool has_locked = strstr(meminfo, "Mlocked:") != NULL;
	const char *slash = strchr(loadavg, '/');
	uint64_t threads = 0;

	*ret = (struct cgroup_stats){
		.cpu_ns = { true, busy_ticks(stat) * (NS_PER_S / (uint64_t)ticks_per_second) },
		.memory = { true, total - memory_row(meminfo, "MemAvailable") },
		.memory_limit = { true, total },
		.locked = { has_locked, memory_row(meminfo, "Mlocked") },
		.swap = { true, swap - memory_row(meminfo, "SwapFree") },
		.swap_limit = { true, swap },
	};
	if (!slash)
		return;
	auto_free char *digits = mem_strndup(slash + 1, strspn(slash + 1, "0123456789"));

	ret->pids.set = num_u64(digits, &threads) == 0;
	ret->pids.value = threads;
}

/* "some avg10=1.25 ..." -> 125; none on kernels without PSI. */
static struct opt_u64 host_pressure(const char *file)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	struct opt_u64 v = { 0 };
	unsigned whole, part;

	if (file_read_all(AT_FDCWD, file, TEXT_MAX, &text, NULL, &ignored) == 0 &&
	    sscanf(text, "some avg10=%5u.%2u", &whole, &part) == 2)
		v = (struct opt_u64){ true, (uint64_t)whole * 100 + part };
	return v;
}

int zone_stat_host(struct zone_stat *ret, struct err *e)
{
	static const char *const files[] = { "/proc/stat", "/proc/meminfo", "/proc/loadavg" };
	char *texts[3] = { NULL, NULL, NULL };
	struct timespec now = { 0 };
	long ticks = sysconf(_SC_CLK_TCK), cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++)
		r = file_read_all(AT_FDCWD, files[i], TEXT_MAX, &texts[i], NULL, e);
	if (r == 0) {
		(void)clock_gettime(CLOCK_BOOTTIME, &now);
		*ret = (struct zone_stat){ .name = mem_strdup("[system]"),
					   .brand = mem_strdup("host"),
					   .age_ms = (uint64_t)now.tv_sec * MS_PER_S +
						     (uint64_t)now.tv_nsec / NS_PER_MS };
		zone_stat_read_host(texts[0], texts[1], texts[2], ticks > 0 ? ticks : 100,
				    &ret->cgroup);
		ret->cgroup.cpu_pressure = host_pressure("/proc/pressure/cpu");
		ret->cgroup.memory_pressure = host_pressure("/proc/pressure/memory");
		ret->cgroup.io_pressure = host_pressure("/proc/pressure/io");
		ret->cgroup.cpu_limit =
			(struct opt_u64){ true, (uint64_t)(cpus > 0 ? cpus : 1) * 1000 };
	}
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	return r;
}
