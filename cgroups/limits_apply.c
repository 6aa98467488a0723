/* limits_apply - a plan meets the kernel.
 *
 * First everything that can be refused without a side effect: does each controller exist here, and can it be enabled?
 * Then the writes in order. On a cgroup that is in use the old content is read first, and written back in reverse order
 * when a later write fails: a live update happens as a whole or not at all, as far as the kernel lets it. */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/driver.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#define V1_UNLIMITED \
	(INT64_MAX - 0xffff) /* PAGE_COUNTER_MAX in bytes, for every page size up to 64 KiB */

/* --- the ground --------------------------------------------------------------------------------------------------- */

static struct opt_i64 read_limit(struct cgroup_part *p, const char *file)
{
	uint64_t v;

	if (!p || !part_number(p, file, &v))
		return (struct opt_i64){ 0 };
	return (struct opt_i64){ .set = true,
				 .value = v >= (uint64_t)V1_UNLIMITED ? -1 : (int64_t)v };
}

static void read_memory(struct cgroup *cg, struct limit_ground *ret)
{
	struct cgroup_part *v1 = part_of_v1(cg, "memory");
	struct cgroup_part *v2 = part_unified(cg);

	if (v1) {
		ret->memsw_limit = read_limit(v1, "memory.memsw.limit_in_bytes");
		ret->memory_limit = read_limit(v1, "memory.limit_in_bytes");
	} else if (v2) {
		ret->memory_limit = read_limit(v2, "memory.max");
		ret->memory_usage.set = part_number(v2, "memory.current", &ret->memory_usage.value);
	}
}

static void read_quota(struct cgroup *cg, struct limit_ground *ret)
{
	struct err ignored = { 0 };
	struct cgroup_part *v2 = part_of_v1(cg, "cpu") ? NULL : part_unified(cg);
	auto_free char *text = NULL;

	if (!v2 || part_read(v2, "cpu.max", &text, &ignored) < 0)
		return;
	text[strcspn(text, " ")] = '\0';
	if (strcmp(text, "max") == 0)
		ret->cpu_quota = (struct opt_i64){ .set = true, .value = -1 };
	else
		ret->cpu_quota.set = num_i64(text, &ret->cpu_quota.value) == 0;
}

void limit_ground_read(struct cgroup *cg, const struct resources_spec *r, struct limit_ground *ret)
{
	struct cgroup_part *v2 = part_unified(cg);
	struct cgroup_part *blkio = part_of_v1(cg, "blkio");

	ret->v2 = v2 != NULL;
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (!cg->parts[i].v2)
			strv_copy(&ret->v1, &cg->parts[i].controllers);
	}
	if (r->memory)
		read_memory(cg, ret);
	if (r->cpu && r->cpu->period.set && !r->cpu->quota.set)
		read_quota(cg, ret);
	if (r->block_io)
		ret->bfq = blkio ? part_has(blkio, "blkio.bfq.weight")
				 : v2 && part_has(v2, "io.bfq.weight");
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static struct cgroup_part *part_for(struct cgroup *cg, const struct limit *l)
{
	return l->v2 ? part_unified(cg) : part_of_v1(cg, l->controller);
}

static int check_controllers(struct cgroup *cg, const struct limit_plan *p, struct err *e)
{
	struct strv wanted auto_done(strv) = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		const struct limit *l = &p->items[i];

		if (!part_for(cg, l))
			return err_set(e, EOPNOTSUPP,
				       "%s: this host has no cgroup controller \"%s\"", l->key,
				       l->controller);
		if (l->v2 && *l->controller && !strv_has(&wanted, l->controller))
			strv_add(&wanted, l->controller);
	}
	return wanted.n > 0 ? v2_enable(part_unified(cg), &wanted, true, e) : 0;
}

/* Say what the bare errno does not. */
static int explain(struct cgroup_part *p, const struct limit *l, struct err *e)
{
	uint64_t usage;

	if (e->code == EBUSY && str_has_prefix(l->file, "memory.") &&
	    part_number(p, "memory.usage_in_bytes", &usage))
		return err_set(e, EBUSY, "%s: %s is below what is in use now, %" PRIu64, l->key,
			       l->value, usage);
	if (e->code == ENOENT)
		return err_set(e, EOPNOTSUPP, "%s: this kernel has no \"%s\"", l->key, l->file);
	return err_wrap(e, "%s: set \"%s\"", l->key, l->value);
}

struct applied {
	char **old; /* per limit of the plan: the content before, NULL when not written or not restorable */
	size_t n;
};
static void applied_done(struct applied *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->old[i]);
	free(a->old);
}

/* The kernel takes the word and says afterwards that the partition is none. */
static int check_partition(struct cgroup_part *p, const struct limit *l, struct err *e)
{
	static const char invalid[] = "invalid";
	auto_free char *now = NULL;
	const char *why;
	int r = str_eq(l->file, "cpuset.cpus.partition") ? part_read(p, l->file, &now, e) : 0;

	if (r < 0 || !now)
		return r;
	why = strstr(now, invalid);
	return why ? err_set(e, EOPNOTSUPP, "the kernel calls the partition invalid%s",
			     why + strlen(invalid))
		   : 0;
}

static int write_one(struct cgroup *cg, const struct limit *l, char **ret_old, struct err *e)
{
	struct cgroup_part *p = part_for(cg, l);
	auto_free char *old = NULL;
	struct err why = { 0 };

	if (!cg->fresh && !(l->flags & LIMIT_KEYED) && part_read(p, l->file, &old, &why) == 0 &&
	    strchr(old, '\n')) {
		free(old);
		old = NULL;
	}
	if (strcmp(l->file, "cpu.rt_runtime_us") == 0)
		v1_raise_rt(p, l->value);
	int r = part_write(p, l->file, l->value, e);

	if (r == -ENOENT && (l->flags & LIMIT_OPTIONAL))
		return 0;
	if (r == 0 && !*ret_old)
		*ret_old = ptr_steal(&old);
	return r == 0 ? check_partition(p, l, e) : r;
}

static int write_all(struct cgroup *cg, const struct limit_plan *p, struct applied *done,
		     struct err *e)
{
	auto_free bool *late = mem_array(p->n, sizeof(bool));

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->n; i++) {
			const struct limit *l = &p->items[i];

			if (pass == 1 && !late[i])
				continue;
			struct err why = { 0 };
			int r = write_one(cg, l, &done->old[i], &why);

			late[i] = r == -EINVAL && pass == 0 && (l->flags & LIMIT_RETRY);
			if (r == 0 || late[i])
				continue;
			*e = why;
			return explain(part_for(cg, l), l, e);
		}
	}
	return 0;
}

static void restore(struct cgroup *cg, const struct limit_plan *p, const struct applied *done)
{
	for (size_t i = p->n; i-- > 0;) {
		const char *old = done->old[i];
		struct err why = { 0 };

		if (old && !*old)
			old = "\n"; /* a write of nothing does not reach the file */
		if (old && part_write(part_for(cg, &p->items[i]), p->items[i].file, old, &why) < 0)
			log_debug("restore %s: %s", p->items[i].file, why.text);
	}
}

int limits_apply(struct cgroup *cg, const struct limit_plan *p, struct err *e)
{
	struct applied done auto_done(applied) = { .old = mem_array(p->n, sizeof(char *)),
						   .n = p->n };
	int r = check_controllers(cg, p, e);

	if (r < 0)
		return r;
	r = write_all(cg, p, &done, e);
	if (r < 0)
		restore(cg, p, &done);
	return r;
}
