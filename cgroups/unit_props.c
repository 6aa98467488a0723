/* unit_props - limits and device rules in the words of systemd.resource-control(5).
 *
 * The same limits are written into the cgroup's files as well, exactly; systemd must know them because it writes its own values whenever it is reloaded or told to change something. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/convert.h"
#include "cgroups/unit.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { QUOTA_STEP_USEC = 10000, PERIOD_DEFAULT_USEC = 100000, USEC_PER_SEC = 1000000 };

void unit_props_done(struct unit_props *p)
{
	while (p->n > 0)
		unit_props_remove(p, p->n - 1);
	free(p->items);
	p->items = NULL;
}

void unit_props_add(struct unit_props *p, const char *name, const char *type, struct json *value)
{
	p->items = mem_grow(p->items, p->n + 1, sizeof(p->items[0]));
	p->items[p->n++] = (struct unit_prop){ mem_strdup(name), mem_strdup(type), value };
}

void unit_props_remove(struct unit_props *p, size_t i)
{
	free(p->items[i].name);
	free(p->items[i].type);
	json_free(p->items[i].value);
	memmove(&p->items[i], &p->items[i + 1], (p->n - i - 1) * sizeof(p->items[0]));
	p->n--;
}

char *unit_props_text(const struct unit_props *p)
{
	struct strbuf b auto_done(strbuf) = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		auto_free char *value = json_print(p->items[i].value, false);

		strbuf_format(&b, "%s %s %s\n", p->items[i].name, p->items[i].type, value);
	}
	return strbuf_steal(&b);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static void add_u64(struct unit_props *p, const char *name, uint64_t v)
{
	unit_props_add(p, name, "t", json_new_u64(v));
}

/* OCI's -1 is systemd's infinity. */
static void add_size(struct unit_props *p, const char *name, int64_t v)
{
	add_u64(p, name, v < 0 ? UINT64_MAX : (uint64_t)v);
}

static int add_memory(const struct memory_spec *m, const struct limit_ground *g, bool v2,
		      struct unit_props *p, struct err *e)
{
	bool given = m->limit.set && m->limit.value != 0;
	bool write = false;
	int64_t swap = 0;

	if (given)
		add_size(p, v2 ? "MemoryMax" : "MemoryLimit", m->limit.value);
	if (!v2)
		return 0; /* systemd never wrote v1's other files */
	if (m->reservation.set && m->reservation.value != 0)
		add_size(p, "MemoryLow", m->reservation.value);
	int r = convert_swap(m->swap, given ? m->limit : g->memory_limit, &write, &swap, e);

	if (r == 0 && write)
		add_size(p, "MemorySwapMax", swap);
	return r;
}

/* systemd keeps hundredths of a second per second, so the quota is rounded up. */
static void add_quota(const struct cpu_spec *c, struct unit_props *p)
{
	uint64_t period =
		c->period.set && c->period.value > 0 ? c->period.value : PERIOD_DEFAULT_USEC;
	uint64_t per_second = UINT64_MAX;

	if (c->period.set && c->period.value > 0)
		add_u64(p, "CPUQuotaPeriodUSec", period);
	if (!c->quota.set || c->quota.value == 0)
		return;
	if (c->quota.value > 0 && (uint64_t)c->quota.value < UINT64_MAX / USEC_PER_SEC) {
		per_second = (uint64_t)c->quota.value * USEC_PER_SEC / period;
		per_second = (per_second + QUOTA_STEP_USEC - 1) / QUOTA_STEP_USEC * QUOTA_STEP_USEC;
	}
	add_u64(p, "CPUQuotaPerSecUSec", per_second);
}

/* "0-1,9" -> [3,2]: a bit for each, eight to a byte. */
static int add_list(const char *list, const char *name, struct unit_props *p, struct err *e)
{
	uint8_t bytes[CONVERT_LIST_MAX / 8] = { 0 };
	size_t n = 0;

	if (convert_list_bits(list, bytes, sizeof(bytes), &n) < 0)
		return err_set(e, EINVAL, "cpu: \"%.128s\" is no list of CPUs or memory nodes",
			       list);
	struct json *value = json_new_array();

	for (size_t i = 0; i < n; i++)
		(void)json_add(value, json_new_u64(bytes[i]));
	unit_props_add(p, name, "ay", value);
	return 0;
}

static int add_cpu(const struct cpu_spec *c, bool v2, struct unit_props *p, struct err *e)
{
	int r = 0;

	if (c->shares.set && c->shares.value > 0)
		add_u64(p, v2 ? "CPUWeight" : "CPUShares",
			v2 ? convert_shares(c->shares.value) : c->shares.value);
	if (v2 && c->idle.set && c->idle.value == 1)
		add_u64(p, "CPUWeight", 0);
	add_quota(c, p);
	if (v2 && !str_empty(c->cpus))
		r = add_list(c->cpus, "AllowedCPUs", p, e);
	if (r == 0 && v2 && !str_empty(c->mems))
		r = add_list(c->mems, "AllowedMemoryNodes", p, e);
	return r;
}

/* Keys of `unified` that systemd would otherwise write its own value over. */
static void add_unified(const struct strmap *unified, struct unit_props *p)
{
	static const char *const rows[][2] = {
		{ "memory.min", "MemoryMin" },          { "memory.low", "MemoryLow" },
		{ "memory.high", "MemoryHigh" },        { "memory.max", "MemoryMax" },
		{ "memory.swap.max", "MemorySwapMax" }, { "memory.zswap.max", "MemoryZSwapMax" },
		{ "cpu.weight", "CPUWeight" },          { "pids.max", "TasksMax" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = strmap_get(unified, rows[i][0]);
		uint64_t v = UINT64_MAX;

		if (value && (strcmp(value, "max") == 0 || num_u64(value, &v) == 0))
			add_u64(p, rows[i][1], v);
	}
}

int unit_props_limits(const struct resources_spec *r, const struct limit_ground *g, bool v2,
		      struct unit_props *ret, struct err *e)
{
	int rc = r->memory ? add_memory(r->memory, g, v2, ret, e) : 0;

	if (rc == 0 && r->cpu)
		rc = add_cpu(r->cpu, v2, ret, e);
	if (rc < 0)
		return rc;
	if (r->pids_limit.set) /* systemd knows no zero; the file has it */
		add_size(ret, "TasksMax", r->pids_limit.value == 0 ? 1 : r->pids_limit.value);
	if (r->block_io && r->block_io->weight.set && r->block_io->weight.value > 0)
		add_u64(ret, v2 ? "IOWeight" : "BlockIOWeight",
			v2 ? convert_io_weight(r->block_io->weight.value)
			   : r->block_io->weight.value);
	if (v2)
		add_unified(&r->unified, ret);
	return 0;
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

/* A device is named by its path below /dev/char or /dev/block, which systemd takes apart without looking, a whole driver by its major number. */
static char *device_word(const struct device_rule *d)
{
	const char *kind = d->type == 'b' ? "block" : "char";

	if (d->major < 0)
		return d->minor < 0 ? mem_format("%s-*", kind) : NULL;
	if (d->minor < 0)
		return mem_format("%s-%" PRId64, kind, d->major);
	return mem_format("/dev/%s/%" PRId64 ":%" PRId64, kind, d->major, d->minor);
}

static struct json *device_list(const struct device_rules *list)
{
	struct json *all = json_new_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct device_rule *d = &list->items[i];
		auto_free char *word = device_word(d);
		char access[4] = "";

		if (!word) /* a minor number of every driver: systemd has no word, so after its reload that access is gone */
			continue;
		if (d->access & ACCESS_READ)
			strcat(access, "r");
		if (d->access & ACCESS_WRITE)
			strcat(access, "w");
		if (d->access & ACCESS_MKNOD)
			strcat(access, "m");
		struct json *pair = json_add(all, json_new_array());

		(void)json_add(pair, json_new_string(word));
		(void)json_add(pair, json_new_string(access));
	}
	return all;
}

int unit_props_devices(const struct device_rules *r, struct unit_props *ret, struct err *e)
{
	struct device_rules list auto_done(device_rules) = { 0 };
	bool allow = false;
	int rc = device_rules_flatten(r, &allow, &list, e);

	if (rc < 0)
		return rc;
	unit_props_add(ret, "DeviceAllow", "a(ss)",
		       json_new_array()); /* empty: forget the old ones */
	unit_props_add(ret, "DevicePolicy", "s", json_new_string(allow ? "auto" : "strict"));
	if (!allow)
		unit_props_add(ret, "DeviceAllow", "a(ss)", device_list(&list));
	return 0;
}
