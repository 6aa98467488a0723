/* stat_text - what is shown is a table of numbers; every form walks the same one. */
#include "runtime/zone/stat_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, PERCENT = 100 };

/* --- rates ------------------------------------------------------------------------------------------------------------ */

static const struct zone_stat *earlier(const struct stat_report *r, size_t i)
{
	for (size_t k = 0; k < r->n_before; k++) {
		if (str_eq(r->before[k].name, r->now[i].name) &&
		    str_eq(r->before[k].brand, r->now[i].brand) &&
		    r->before[k].age_ms <= r->now[i].age_ms)
			return &r->before[k];
	}
	return NULL; /* there was none, or it was started anew */
}

/* How much more it is, and in what time. */
static bool growth(const struct stat_report *r, size_t i, size_t offset, uint64_t *ret,
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

bool stat_cpu(const struct stat_report *r, size_t i, uint64_t *ret)
{
	uint64_t ns, ms;

	if (!growth(r, i, offsetof(struct zone_stat, cgroup.cpu_ns), &ns, &ms))
		return false;
	*ret = ns / (NS_PER_MS / PERCENT) * PERCENT / ms;
	return true;
}

bool stat_per_second(const struct stat_report *r, size_t i, enum stat_rate which, uint64_t *ret)
{
	static const size_t offsets[] = {
		[STAT_READ] = offsetof(struct zone_stat, cgroup.io_read_bytes),
		[STAT_WRITTEN] = offsetof(struct zone_stat, cgroup.io_write_bytes),
		[STAT_RECEIVED] = offsetof(struct zone_stat, received),
		[STAT_SENT] = offsetof(struct zone_stat, sent),
	};
	uint64_t bytes, ms;

	if (!growth(r, i, offsets[which], &bytes, &ms))
		return false;
	*ret = bytes * MS_PER_S / ms;
	return true;
}

/* --- the numbers -------------------------------------------------------------------------------------------------------- */

/* Every plain value once: its name in JSON, in -p, and for Prometheus with its unit and kind. */
static const struct value {
	const char *name, *metric, *type, *help;
	size_t offset;
	uint64_t divisor; /* to Prometheus' base unit; 0: none */
} values[] = {
#define AT(member) offsetof(struct zone_stat, member)
	{ "cpuNanoseconds", "zones_cpu_seconds_total", "counter", "CPU time used",
	  AT(cgroup.cpu_ns), 1000000000 },
	{ "cpuThrottledNanoseconds", "zones_cpu_throttled_seconds_total", "counter",
	  "time held back by a CPU limit", AT(cgroup.cpu_throttled_ns), 1000000000 },
	{ "cpuLimitMilli", "zones_cpu_limit", "gauge", "CPUs that may be used",
	  AT(cgroup.cpu_limit), 1000 },
	{ "cpuWeight", "zones_cpu_weight", "gauge", "share of a busy CPU", AT(cgroup.cpu_weight),
	  0 },
	{ "memoryBytes", "zones_memory_bytes", "gauge", "memory in use", AT(cgroup.memory), 0 },
	{ "memoryLimitBytes", "zones_memory_limit_bytes", "gauge", "memory that may be used",
	  AT(cgroup.memory_limit), 0 },
	{ "memoryMaxBytes", "zones_memory_max_bytes", "gauge", "most memory ever in use",
	  AT(cgroup.memory_max), 0 },
	{ "memoryCacheBytes", "zones_memory_cache_bytes", "gauge", "memory that holds files",
	  AT(cgroup.memory_cache), 0 },
	{ "swapBytes", "zones_swap_bytes", "gauge", "swap in use", AT(cgroup.swap), 0 },
	{ "swapLimitBytes", "zones_swap_limit_bytes", "gauge", "swap that may be used",
	  AT(cgroup.swap_limit), 0 },
	{ "oomKills", "zones_oom_kills_total", "counter", "processes killed for memory",
	  AT(cgroup.oom_kills), 0 },
	{ "lwps", "zones_lwps", "gauge", "processes and threads", AT(cgroup.pids), 0 },
	{ "lwpsLimit", "zones_lwps_limit", "gauge", "processes and threads that may be",
	  AT(cgroup.pids_limit), 0 },
	{ "readBytes", "zones_io_read_bytes_total", "counter", "read from block devices",
	  AT(cgroup.io_read_bytes), 0 },
	{ "writtenBytes", "zones_io_written_bytes_total", "counter", "written to block devices",
	  AT(cgroup.io_write_bytes), 0 },
	{ "readOperations", "zones_io_reads_total", "counter", "read operations on block devices",
	  AT(cgroup.io_read_ops), 0 },
	{ "writeOperations", "zones_io_writes_total", "counter",
	  "write operations on block devices", AT(cgroup.io_write_ops), 0 },
	{ "receivedBytes", "zones_network_received_bytes_total", "counter", "received by its links",
	  AT(received), 0 },
	{ "sentBytes", "zones_network_sent_bytes_total", "counter", "sent by its links", AT(sent),
	  0 },
	{ "cpuPressure", "zones_cpu_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for CPU", AT(cgroup.cpu_pressure), 10000 },
	{ "memoryPressure", "zones_memory_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for memory", AT(cgroup.memory_pressure),
	  10000 },
	{ "ioPressure", "zones_io_pressure_ratio", "gauge",
	  "part of the last 10 s that somebody waited for I/O", AT(cgroup.io_pressure), 10000 },
#undef AT
};
enum { N_VALUES = sizeof(values) / sizeof(values[0]) };

const char stat_line_fields[] =
	"name:brand:ageMilliseconds:cpuHundredthsOfPercent:cpuNanoseconds:cpuThrottledNanoseconds:"
	"cpuLimitMilli:cpuWeight:memoryBytes:memoryLimitBytes:memoryMaxBytes:memoryCacheBytes:"
	"swapBytes:swapLimitBytes:oomKills:lwps:lwpsLimit:readBytes:writtenBytes:readOperations:"
	"writeOperations:receivedBytes:sentBytes:cpuPressure:memoryPressure:ioPressure";

static const struct opt_u64 *value_of(const struct zone_stat *s, size_t k)
{
	return (const void *)((const char *)s + values[k].offset);
}

/* Those of which there is one sum. A limit of all is none of any: the machine's are in its own row. */
static bool can_be_summed(size_t k)
{
	return !strstr(values[k].name, "Limit") && !strstr(values[k].name, "Pressure") &&
	       strcmp(values[k].name, "cpuWeight") != 0 &&
	       strcmp(values[k].name, "memoryMaxBytes") != 0;
}

struct zone_stat stat_total(const struct zone_stat *list, size_t n)
{
	struct zone_stat t = { .name = mem_strdup("[total]"), .brand = mem_strdup("-") };

	for (size_t i = 0; i < n; i++) {
		t.age_ms = list[i].age_ms > t.age_ms ? list[i].age_ms : t.age_ms;
		for (size_t k = 0; k < N_VALUES; k++) {
			const struct opt_u64 *v = value_of(&list[i], k);
			struct opt_u64 *sum = (void *)((char *)&t + values[k].offset);

			if (!v->set || !can_be_summed(k))
				continue;
			sum->set = true;
			sum->value += v->value;
		}
	}
	return t;
}

/* --- table ---------------------------------------------------------------------------------------------------------------- */

const char *const stat_heads[] = { "ZONE",   "CPU%",     "OF",  "MEMORY", "OF",      "%",
				   "SWAP",   "LWPS",     "OF",  "READ/s", "WRITE/s", "RECV/s",
				   "SENT/s", "PRESSURE", "OOM", NULL };

static char *size_text(const struct opt_u64 *v)
{
	static const char units[] = "KMGTP";
	uint64_t scaled = v->value * 10;
	size_t unit = 0;

	if (!v->set)
		return mem_strdup("-");
	if (v->value < 1024)
		return mem_format("%" PRIu64, v->value);
	for (scaled /= 1024; scaled >= 10240 && unit + 2 < sizeof(units); unit++)
		scaled /= 1024;
	return scaled < 100 ? mem_format("%" PRIu64 ".%" PRIu64 "%c", scaled / 10, scaled % 10,
					 units[unit])
			    : mem_format("%" PRIu64 "%c", scaled / 10, units[unit]);
}

static char *count_text(const struct opt_u64 *v)
{
	return v->set ? mem_format("%" PRIu64, v->value) : mem_strdup("-");
}

/* Hundredths as "12.3". */
static char *percent_text(bool set, uint64_t v)
{
	return set ? mem_format("%" PRIu64 ".%" PRIu64, v / 100, v / 10 % 10) : mem_strdup("-");
}

static char *limit_text(const struct opt_u64 *milli)
{
	return milli->set ? mem_format("%" PRIu64 ".%" PRIu64, milli->value / 10, milli->value % 10)
			  : mem_strdup("-");
}

static char *share_text(const struct opt_u64 *used, const struct opt_u64 *of)
{
	bool both = used->set && of->set && of->value > 0;

	return both ? mem_format("%" PRIu64, used->value * 100 / of->value) : mem_strdup("-");
}

/* The three in one cell, whole percents: CPU, memory, I/O. */
static char *pressure_text(const struct cgroup_stats *s)
{
	if (!s->cpu_pressure.set && !s->memory_pressure.set && !s->io_pressure.set)
		return mem_strdup("-");
	return mem_format("%" PRIu64 "/%" PRIu64 "/%" PRIu64, s->cpu_pressure.value / 100,
			  s->memory_pressure.value / 100, s->io_pressure.value / 100);
}

void stat_cells(const struct stat_report *r, size_t i, struct strv *ret)
{
	const struct zone_stat *s = &r->now[i];
	const struct cgroup_stats *c = &s->cgroup;
	uint64_t cpu = 0;
	bool has_cpu = stat_cpu(r, i, &cpu);

	strv_add(ret, s->name);
	strv_take(ret, percent_text(has_cpu, cpu));
	strv_take(ret, limit_text(&c->cpu_limit));
	strv_take(ret, size_text(&c->memory));
	strv_take(ret, size_text(&c->memory_limit));
	strv_take(ret, share_text(&c->memory, &c->memory_limit));
	strv_take(ret, size_text(&c->swap));
	strv_take(ret, count_text(&c->pids));
	strv_take(ret, count_text(&c->pids_limit));
	for (int which = 0; which < STAT_RATES; which++) {
		struct opt_u64 rate = { 0 };

		rate.set = stat_per_second(r, i, (enum stat_rate)which, &rate.value);
		strv_take(ret, size_text(&rate));
	}
	strv_take(ret, pressure_text(c));
	strv_take(ret, count_text(&c->oom_kills));
}

/* --- for programs --------------------------------------------------------------------------------------------------------- */

char *stat_line(const struct stat_report *r, size_t i)
{
	const struct zone_stat *s = &r->now[i];
	struct strbuf b = { 0 };
	uint64_t cpu = 0;

	strbuf_format(&b, "%s:%s:%" PRIu64 ":", s->name, s->brand, s->age_ms);
	if (stat_cpu(r, i, &cpu))
		strbuf_format(&b, "%" PRIu64, cpu);
	for (size_t k = 0; k < N_VALUES; k++) {
		const struct opt_u64 *v = value_of(s, k);

		strbuf_add_char(&b, ':');
		if (v->set)
			strbuf_format(&b, "%" PRIu64, v->value);
	}
	return strbuf_steal(&b);
}

struct json *stat_json(const struct stat_report *r, size_t i)
{
	static const char *const rates[] = { [STAT_READ] = "readBytesPerSecond",
					     [STAT_WRITTEN] = "writtenBytesPerSecond",
					     [STAT_RECEIVED] = "receivedBytesPerSecond",
					     [STAT_SENT] = "sentBytesPerSecond" };
	const struct zone_stat *s = &r->now[i];
	struct json *j = json_new_object();
	uint64_t v = 0;

	(void)json_set(j, "name", json_new_string(s->name));
	(void)json_set(j, "brand", json_new_string(s->brand));
	(void)json_set(j, "ageMilliseconds", json_new_u64(s->age_ms));
	if (stat_cpu(r, i, &v))
		(void)json_set(j, "cpuHundredthsOfPercent", json_new_u64(v));
	for (size_t k = 0; k < N_VALUES; k++) {
		if (value_of(s, k)->set)
			(void)json_set(j, values[k].name, json_new_u64(value_of(s, k)->value));
	}
	for (int which = 0; which < STAT_RATES; which++) {
		if (stat_per_second(r, i, (enum stat_rate)which, &v))
			(void)json_set(j, rates[which], json_new_u64(v));
	}
	return j;
}

/* Label values: backslash, quote and newline are escaped. Names of zones have none of them, ids of containers neither. */
static void add_sample(struct strbuf *b, const struct zone_stat *s, size_t k)
{
	uint64_t v = value_of(s, k)->value, divisor = values[k].divisor;

	strbuf_format(b, "%s{zone=\"%s\",brand=\"%s\"} ", values[k].metric, s->name, s->brand);
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
			if (!value_of(&r->now[i], k)->set)
				continue;
			if (!begun)
				strbuf_format(&b, "# HELP %s %s\n# TYPE %s %s\n", values[k].metric,
					      values[k].help, values[k].metric, values[k].type);
			begun = true;
			add_sample(&b, &r->now[i], k);
		}
	}
	return strbuf_steal(&b);
}
