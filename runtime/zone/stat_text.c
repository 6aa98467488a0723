/* stat_text - what is shown is a table of numbers; every form for programs walks the same one. */
#include "runtime/zone/stat_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/zone/stat_values.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, PERCENT = 100 };

const char *const stat_kind_words[] = {
	[STAT_NOW] = NULL, [STAT_TOTAL] = "total", [STAT_AVERAGE] = "average", [STAT_HIGH] = "high"
};

/* --- rates ------------------------------------------------------------------------------------------------------------ */

static const struct zone_stat *earlier(const struct stat_report *r, size_t i)
{
	for (size_t k = 0; k < r->n_before; k++) { /* most are where they were */
		const struct zone_stat *b = &r->before[(i + k) % r->n_before];

		if (str_eq(b->name, r->now[i].name) && str_eq(b->brand, r->now[i].brand) &&
		    b->age_ms <= r->now[i].age_ms)
			return b;
	}
	return NULL; /* there was none, or it was started anew */
}

/* How much more it is, and in what time. */
bool stat_growth(const struct stat_report *r, size_t i, size_t offset, uint64_t *ret,
		 uint64_t *ret_ms)
{
	const struct zone_stat *before = earlier(r, i);
	const struct opt_u64 *now = (const void *)((const char *)&r->now[i] + offset);
	const struct opt_u64 *then = before ? (const void *)((const char *)before + offset) : NULL;
	bool has_then = then && then->set;
	uint64_t from = has_then ? then->value : 0;

	*ret_ms = has_then ? r->interval_ms : r->now[i].age_ms;
	*ret = now->value > from ? now->value - from
				 : 0; /* a sum is less when one of it has ended */
	return now->set && *ret_ms > 0;
}

static bool time_part(const struct stat_report *r, size_t i, size_t offset, uint64_t *ret)
{
	uint64_t ns, ms;

	if (!stat_growth(r, i, offset, &ns, &ms))
		return false;
	*ret = ns / (NS_PER_MS / PERCENT) * PERCENT / ms;
	return true;
}

bool stat_cpu(const struct stat_report *r, size_t i, uint64_t *ret)
{
	return time_part(r, i, offsetof(struct zone_stat, cgroup.cpu_ns), ret);
}

bool stat_throttled(const struct stat_report *r, size_t i, uint64_t *ret)
{
	return time_part(r, i, offsetof(struct zone_stat, cgroup.cpu_throttled_ns), ret);
}

bool stat_per_second(const struct stat_report *r, size_t i, enum stat_rate which, uint64_t *ret)
{
	static const size_t offsets[] = {
		[STAT_READ] = offsetof(struct zone_stat, cgroup.io_read_bytes),
		[STAT_WRITTEN] = offsetof(struct zone_stat, cgroup.io_write_bytes),
		[STAT_RECEIVED] = offsetof(struct zone_stat, received),
		[STAT_SENT] = offsetof(struct zone_stat, sent),
		[STAT_READS] = offsetof(struct zone_stat, cgroup.io_read_ops),
		[STAT_WRITES] = offsetof(struct zone_stat, cgroup.io_write_ops),
	};
	uint64_t bytes, ms;

	if (!stat_growth(r, i, offsets[which], &bytes, &ms))
		return false;
	*ret = bytes * MS_PER_S / ms;
	return true;
}

bool stat_of_share(const struct stat_report *r, size_t i, uint64_t *ret)
{
	const struct opt_u64 *share = &r->now[i].share_milli;
	uint64_t cpu;

	if (!share->set || share->value == 0 || r->kind == STAT_TOTAL || !stat_cpu(r, i, &cpu))
		return false;
	*ret = cpu * MS_PER_S / share->value;
	return true;
}

/* --- the numbers -------------------------------------------------------------------------------------------------------- */

/* Every plain value once: its name in JSON, in -p, and for Prometheus with its unit and kind. New rows come last: the fields of -p follow their order. */
const struct stat_value stat_values[] = {
#define AT(member) offsetof(struct zone_stat, member)
	{ "cpuNanoseconds", STAT_CPU, "zones_cpu_seconds_total", "counter", "CPU time used",
	  AT(cgroup.cpu_ns), 1000000000 },
	{ "cpuThrottledNanoseconds", STAT_CPU, "zones_cpu_throttled_seconds_total", "counter",
	  "time held back by a CPU limit", AT(cgroup.cpu_throttled_ns), 1000000000 },
	{ "cpuLimitMilli", STAT_CPU, "zones_cpu_limit", "gauge", "CPUs that may be used",
	  AT(cgroup.cpu_limit), 1000 },
	{ "cpuWeight", STAT_CPU, "zones_cpu_weight", "gauge", "share of a busy CPU",
	  AT(cgroup.cpu_weight), 0 },
	{ "memoryBytes", STAT_MEMORY, "zones_memory_bytes", "gauge", "memory in use",
	  AT(cgroup.memory), 0 },
	{ "memoryLimitBytes", STAT_MEMORY, "zones_memory_limit_bytes", "gauge",
	  "memory that may be used", AT(cgroup.memory_limit), 0 },
	{ "memoryMaxBytes", STAT_MEMORY, "zones_memory_max_bytes", "gauge",
	  "most memory ever in use", AT(cgroup.memory_max), 0 },
	{ "memoryCacheBytes", STAT_MEMORY, "zones_memory_cache_bytes", "gauge",
	  "memory that holds files", AT(cgroup.memory_cache), 0 },
	{ "swapBytes", STAT_SWAP, "zones_swap_bytes", "gauge", "swap in use", AT(cgroup.swap), 0 },
	{ "swapLimitBytes", STAT_SWAP, "zones_swap_limit_bytes", "gauge", "swap that may be used",
	  AT(cgroup.swap_limit), 0 },
	{ "oomKills", STAT_MEMORY, "zones_oom_kills_total", "counter",
	  "processes killed for memory", AT(cgroup.oom_kills), 0 },
	{ "lwps", STAT_LWPS, "zones_lwps", "gauge", "processes and threads", AT(cgroup.pids), 0 },
	{ "lwpsLimit", STAT_LWPS, "zones_lwps_limit", "gauge", "processes and threads that may be",
	  AT(cgroup.pids_limit), 0 },
	{ "readBytes", STAT_BLOCKIO, "zones_io_read_bytes_total", "counter",
	  "read from block devices", AT(cgroup.io_read_bytes), 0 },
	{ "writtenBytes", STAT_BLOCKIO, "zones_io_written_bytes_total", "counter",
	  "written to block devices", AT(cgroup.io_write_bytes), 0 },
	{ "readOperations", STAT_BLOCKIO, "zones_io_reads_total", "counter",
	  "read operations on block devices", AT(cgroup.io_read_ops), 0 },
	{ "writeOperations", STAT_BLOCKIO, "zones_io_writes_total", "counter",
	  "write operations on block devices", AT(cgroup.io_write_ops), 0 },
	{ "receivedBytes", STAT_NETWORK, "zones_network_received_bytes_total", "counter",
	  "received by its links", AT(received), 0 },
	{ "sentBytes", STAT_NETWORK, "zones_network_sent_bytes_total", "counter",
	  "sent by its links", AT(sent), 0 },
	{ "cpuPressure", STAT_PSI, "zones_cpu_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for CPU", AT(cgroup.cpu_pressure), 10000 },
	{ "memoryPressure", STAT_PSI, "zones_memory_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for memory", AT(cgroup.memory_pressure),
	  10000 },
	{ "ioPressure", STAT_PSI, "zones_io_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for I/O", AT(cgroup.io_pressure), 10000 },
	{ "processes", STAT_PROCESSES, "zones_processes", "gauge", "processes", AT(processes), 0 },
	{ "processesLimit", STAT_PROCESSES, "zones_processes_limit", "gauge",
	  "processes that each user may have", AT(processes_limit), 0 },
	{ "lockedBytes", STAT_LOCKED, "zones_locked_bytes", "gauge", "memory that is locked in RAM",
	  AT(cgroup.locked), 0 },
	{ "lockedLimitBytes", STAT_LOCKED, "zones_locked_limit_bytes", "gauge",
	  "memory that each process may lock", AT(locked_limit), 0 },
	{ "diskBytes", STAT_DISK, "zones_disk_bytes", "gauge", "space that the root takes",
	  AT(disk), 0 },
	{ "diskLimitBytes", STAT_DISK, "zones_disk_limit_bytes", "gauge",
	  "space that the root may take", AT(disk_limit), 0 },
	{ "cpuShareMilli", STAT_CPU, "zones_cpu_share", "gauge",
	  "CPUs that the weight comes to when all zones are busy", AT(share_milli), 1000 },
	{ "cpuShareHundredthsOfPercent", STAT_CPU, "zones_cpu_share_ratio", "gauge",
	  "part of all weights", AT(share), 10000 },
#undef AT
};
enum { N_VALUES = sizeof(stat_values) / sizeof(stat_values[0]) };
const size_t stat_n_values = N_VALUES;

const char stat_line_fields[] =
	"name:brand:ageMilliseconds:cpuHundredthsOfPercent:cpuNanoseconds:cpuThrottledNanoseconds:"
	"cpuLimitMilli:cpuWeight:memoryBytes:memoryLimitBytes:memoryMaxBytes:memoryCacheBytes:"
	"swapBytes:swapLimitBytes:oomKills:lwps:lwpsLimit:readBytes:writtenBytes:readOperations:"
	"writeOperations:receivedBytes:sentBytes:cpuPressure:memoryPressure:ioPressure:processes:"
	"processesLimit:lockedBytes:lockedLimitBytes:diskBytes:diskLimitBytes:cpuShareMilli:"
	"cpuShareHundredthsOfPercent:cpuHundredthsOfShare:report";

const struct opt_u64 *stat_value_of(const struct zone_stat *s, size_t k)
{
	return (const void *)((const char *)s + stat_values[k].offset);
}

bool stat_is_limit(size_t k)
{
	return strstr(stat_values[k].name, "Limit") || strstr(stat_values[k].name, "Share") ||
	       strcmp(stat_values[k].name, "cpuWeight") == 0;
}

static bool is_shown(const struct stat_report *r, size_t k)
{
	return r->resources == 0 || (r->resources & stat_values[k].resource);
}

/* Those of which there is one sum. A limit of all is none of any: the machine's are in its own row. */
static bool can_be_summed(size_t k)
{
	return !stat_is_limit(k) && !strstr(stat_values[k].name, "Pressure") &&
	       strcmp(stat_values[k].name, "memoryMaxBytes") != 0;
}

struct zone_stat stat_total(const struct zone_stat *list, size_t n)
{
	struct zone_stat t = { .name = mem_strdup("[total]"), .brand = mem_strdup("-") };

	for (size_t i = 0; i < n; i++) {
		t.age_ms = list[i].age_ms > t.age_ms ? list[i].age_ms : t.age_ms;
		for (size_t k = 0; k < N_VALUES; k++) {
			const struct opt_u64 *v = stat_value_of(&list[i], k);
			struct opt_u64 *sum = (void *)((char *)&t + stat_values[k].offset);

			if (!v->set || !can_be_summed(k))
				continue;
			sum->set = true;
			sum->value += v->value;
		}
	}
	return t;
}

/* --- for programs --------------------------------------------------------------------------------------------------------- */

char *stat_line(const struct stat_report *r, size_t i)
{
	const struct zone_stat *s = &r->now[i];
	struct strbuf b = { 0 };
	bool has_cpu = r->resources == 0 || (r->resources & STAT_CPU);
	uint64_t cpu = 0;

	strbuf_format(&b, "%s:%s:%" PRIu64 ":", s->name, s->brand, s->age_ms);
	if (has_cpu && r->kind != STAT_TOTAL && stat_cpu(r, i, &cpu))
		strbuf_format(&b, "%" PRIu64, cpu);
	for (size_t k = 0; k < N_VALUES; k++) {
		const struct opt_u64 *v = stat_value_of(s, k);

		strbuf_add_char(&b, ':');
		if (v->set && is_shown(r, k))
			strbuf_format(&b, "%" PRIu64, v->value);
	}
	strbuf_add_char(&b, ':');
	if (has_cpu && stat_of_share(r, i, &cpu))
		strbuf_format(&b, "%" PRIu64, cpu);
	strbuf_format(&b, ":%s", stat_kind_words[r->kind] ? stat_kind_words[r->kind] : "");
	return strbuf_steal(&b);
}

static void add_rates(struct json *j, const struct stat_report *r, size_t i)
{
	static const struct {
		const char *name;
		unsigned resource;
	} rates[] = { [STAT_READ] = { "readBytesPerSecond", STAT_BLOCKIO },
		      [STAT_WRITTEN] = { "writtenBytesPerSecond", STAT_BLOCKIO },
		      [STAT_RECEIVED] = { "receivedBytesPerSecond", STAT_NETWORK },
		      [STAT_SENT] = { "sentBytesPerSecond", STAT_NETWORK },
		      [STAT_READS] = { "readOperationsPerSecond", STAT_BLOCKIO },
		      [STAT_WRITES] = { "writeOperationsPerSecond", STAT_BLOCKIO } };
	uint64_t v = 0;

	for (int which = 0; which < STAT_RATES; which++) {
		if (r->resources != 0 && !(r->resources & rates[which].resource))
			continue;
		if (stat_per_second(r, i, (enum stat_rate)which, &v))
			(void)json_set(j, rates[which].name, json_new_u64(v));
	}
}

struct json *stat_json(const struct stat_report *r, size_t i)
{
	const struct zone_stat *s = &r->now[i];
	struct json *j = json_new_object();
	bool has_cpu = r->resources == 0 || (r->resources & STAT_CPU);
	uint64_t v = 0;

	(void)json_set(j, "name", json_new_string(s->name));
	(void)json_set(j, "brand", json_new_string(s->brand));
	if (stat_kind_words[r->kind])
		(void)json_set(j, "report", json_new_string(stat_kind_words[r->kind]));
	(void)json_set(j, "ageMilliseconds", json_new_u64(s->age_ms));
	if (has_cpu && r->kind != STAT_TOTAL && stat_cpu(r, i, &v))
		(void)json_set(j, "cpuHundredthsOfPercent", json_new_u64(v));
	for (size_t k = 0; k < N_VALUES; k++) {
		if (stat_value_of(s, k)->set && is_shown(r, k))
			(void)json_set(j, stat_values[k].name,
				       json_new_u64(stat_value_of(s, k)->value));
	}
	if (has_cpu && stat_of_share(r, i, &v))
		(void)json_set(j, "cpuHundredthsOfShare", json_new_u64(v));
	if (r->kind != STAT_TOTAL)
		add_rates(j, r, i);
	return j;
}

/* Label values: backslash, quote and newline are escaped. Names of zones have none of them, ids of containers neither. */
static void add_sample(struct strbuf *b, const struct zone_stat *s, size_t k)
{
	uint64_t v = stat_value_of(s, k)->value, divisor = stat_values[k].divisor;

	strbuf_format(b, "%s{zone=\"%s\",brand=\"%s\"} ", stat_values[k].metric, s->name, s->brand);
	if (divisor > 1) {
		int digits = divisor == 1000 ? 3 : divisor == 10000 ? 4 : 9;

		strbuf_format(b, "%" PRIu64 ".%0*" PRIu64 "\n", v / divisor, digits, v % divisor);
	} else {
		strbuf_format(b, "%" PRIu64 "\n", v);
	}
}

char *stat_prometheus(const struct stat_report *r)
{
	struct strbuf b = { 0 };

	for (size_t k = 0; k < N_VALUES; k++) {
		bool begun = false;

		for (size_t i = 0; i < r->n; i++) {
			if (!stat_value_of(&r->now[i], k)->set || !is_shown(r, k))
				continue;
			if (!begun)
				strbuf_format(&b, "# HELP %s %s\n# TYPE %s %s\n",
					      stat_values[k].metric, stat_values[k].help,
					      stat_values[k].metric, stat_values[k].type);
			begun = true;
			add_sample(&b, &r->now[i], k);
		}
	}
	return strbuf_steal(&b);
}
