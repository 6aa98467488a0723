/* stat - what runs and how much it uses. Everything is read from the cgroup and from /proc of the first process; no monitor is asked, so a busy or dead one does no harm. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"

enum { TEXT_MAX = 1 << 20, KIB = 1024, MS_PER_S = 1000, NS_PER_S = 1000000000 };

void zone_stats_free(struct zone_stat *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].brand);
	}
	free(list);
}

/* --- network -------------------------------------------------------------------------------------------------------- */

static bool has_own_network(pid_t pid)
{
	auto_free char *file = mem_format("/proc/%d/ns/net", (int)pid);
	struct stat theirs, ours;

	return stat(file, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	       theirs.st_ino != ours.st_ino;
}

/* "  net0: RECEIVED packets errs drop fifo frame compressed multicast SENT ..." */
static void add_link(char *line, struct zone_stat *ret)
{
	struct strv words auto_done(strv) = { 0 };
	char *colon = strchr(line, ':');
	uint64_t received, sent;

	if (!colon || strncmp(line + strspn(line, " "), "lo:", 3) == 0)
		return;
	strv_split(&words, colon + 1, ' ');
	for (size_t i = words.n; i-- > 0;) {
		if (!*words.items[i])
			strv_remove(&words, i);
	}
	if (words.n < 9 || num_u64(words.items[0], &received) < 0 ||
	    num_u64(words.items[8], &sent) < 0)
		return;
	ret->received.value += received;
	ret->sent.value += sent;
}

static void read_network(pid_t pid, struct zone_stat *ret)
{
	auto_free char *file = mem_format("/proc/%d/net/dev", (int)pid);
	struct strv lines auto_done(strv) = { 0 };
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (!has_own_network(pid) ||
	    file_read_all(AT_FDCWD, file, TEXT_MAX, &text, NULL, &ignored) < 0)
		return;
	ret->received.set = ret->sent.set = true;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		add_link(lines.items[i], ret);
}

/* --- one ------------------------------------------------------------------------------------------------------------ */

static uint64_t age_of(pid_t pid)
{
	struct timespec now;
	struct err ignored = { 0 };
	uint64_t start = 0;
	long ticks = sysconf(_SC_CLK_TCK);

	if (ticks <= 0 || proc_stat(pid, &start, NULL, &ignored) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	uint64_t now_ms = (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / 1000000;
	uint64_t start_ms = start * MS_PER_S / (uint64_t)ticks;

	return now_ms > start_ms ? now_ms - start_ms : 0;
}

static bool read_one(struct engine_container *c, const struct zone_row *row, struct zone_stat *ret)
{
	pid_t pid = engine_pid(c);
	struct cgroup *cg = engine_cgroup(c);
	struct err ignored = { 0 };

	if (pid <= 0)
		return false; /* it has ended meanwhile */
	*ret = (struct zone_stat){ .name = mem_strdup(row->name),
				   .brand = mem_strdup(row->brand),
				   .age_ms = age_of(pid) };
	if (cg && cgroup_stats(cg, &ret->cgroup, &ignored) < 0)
		ret->cgroup = (struct cgroup_stats){ 0 };
	read_network(pid, ret);
	return true;
}

static bool open_one(const struct zone_dirs *d, const struct zone_row *row,
		     struct engine_container **ret)
{
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct err ignored = { 0 };

	return str_eq(row->brand, "oci") ? containers_open(d, row->name, ret, &ignored) == 0
					 : engine_open(root, row->name, false, ret, &ignored) == 0;
}

/* --- all ------------------------------------------------------------------------------------------------------------ */

static const struct zone_row *find(const struct zone_row *rows, size_t n, const char *name)
{
	const struct zone_row *found = NULL;

	for (size_t i = 0; i < n; i++) { /* of two with one name the one that runs */
		if (str_eq(rows[i].name, name) && (!found || rows[i].state >= ZONE_READY))
			found = &rows[i];
	}
	return found;
}

static int check_names(const struct strv *names, const struct zone_row *rows, size_t n,
		       struct err *e)
{
	for (size_t i = 0; names && i < names->n; i++) {
		const struct zone_row *row = find(rows, n, names->items[i]);

		if (!row)
			return err_set(e, ENOENT, "no zone \"%s\" exists", names->items[i]);
		if (row->state < ZONE_READY)
			return err_set(e, EBUSY, "zone \"%s\" is %s: it uses nothing",
				       names->items[i], zone_state_word(row->state));
	}
	return 0;
}

int zone_stat(const struct zone_dirs *d, const struct strv *names, struct zone_stat **ret,
	      size_t *ret_n, struct err *e)
{
	struct zone_row *rows = NULL;
	size_t n = 0, used = 0;
	int r = zone_list(d, &rows, &n, e);

	if (r < 0)
		return r;
	r = check_names(names, rows, n, e);
	*ret = mem_array(n, sizeof(**ret));
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct engine_container *c = NULL;
		bool wanted = !names || names->n == 0 || strv_has(names, rows[i].name);

		if (!wanted || rows[i].state < ZONE_READY || !open_one(d, &rows[i], &c))
			continue;
		used += read_one(c, &rows[i], &(*ret)[used]) ? 1 : 0;
		engine_free(c);
	}
	zone_rows_free(rows, n);
	*ret_n = used;
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

/* --- tenants -------------------------------------------------------------------------------------------------------- */

int zone_stat_tenants(const struct zone_dirs *d, const struct strv *names, struct zone_stat **ret,
		      size_t *ret_n, struct err *e)
{
	auto_done(strv) struct strv all = { 0 };
	int r = 0;

	if (names)
		strv_copy(&all, names);
	else
		r = tenant_names(d, &all, e);
	*ret = mem_array(all.n, sizeof(**ret));
	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct cgroup_stats s = { 0 };
		struct err why = { 0 };

		r = tenant_stats(d, all.items[i], &s, &why);
		if (r == 0) {
			(*ret)[(*ret_n)++] =
				(struct zone_stat){ .name = mem_format("@%s", all.items[i]),
						    .brand = mem_strdup("tenant"),
						    .cgroup = s };
		} else if (r == -ENOENT && !names) {
			r = 0; /* no zone of it runs */
		} else {
			*e = why;
		}
	}
	if (r < 0) {
		zone_stats_free(*ret, *ret_n);
		*ret = NULL;
		*ret_n = 0;
	}
	return r;
}

/* --- the machine ------------------------------------------------------------------------------------------------------ */

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
	const char *slash = strchr(loadavg, '/');
	uint64_t threads = 0;

	*ret = (struct cgroup_stats){
		.cpu_ns = { true, busy_ticks(stat) * (NS_PER_S / (uint64_t)ticks_per_second) },
		.memory = { true, total - memory_row(meminfo, "MemAvailable") },
		.memory_limit = { true, total },
		.swap = { true, swap - memory_row(meminfo, "SwapFree") },
		.swap_limit = { true, swap },
	};
	if (!slash)
		return;
	auto_free char *digits = mem_strndup(slash + 1, strspn(slash + 1, "0123456789"));

	ret->pids.set = num_u64(digits, &threads) == 0;
	ret->pids.value = threads;
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
					   .age_ms = (uint64_t)now.tv_sec * MS_PER_S };
		zone_stat_read_host(texts[0], texts[1], texts[2], ticks > 0 ? ticks : 100,
				    &ret->cgroup);
		ret->cgroup.cpu_limit =
			(struct opt_u64){ true, (uint64_t)(cpus > 0 ? cpus : 1) * 1000 };
	}
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	return r;
}
