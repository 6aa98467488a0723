/* apply_process - limits of every process and kernel parameters of a running zone.
 *
 * What was there before a value was set is only known where the zone's file said it, or by asking the kernel now; so what is taken out of the file waits for the next boot. */
#include "runtime/zone/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/rlimits.h"

enum { RAISE = 100, LOWER }; /* order */

#define NOT_KNOWN "what it was before the zone was booted is not known"

/* --- kernel parameters -------------------------------------------------------------------------------------------- */

const char *apply_sysctl_judge(const struct change *c, const struct json *running,
			       const struct json *wanted)
{
	(void)running;
	(void)wanted;
	return c->to && c->name ? NULL : NOT_KNOWN;
}

/* The first cap also takes away the zone's right to make ipc namespaces for which it does not hold; those that are there already stay. */
const char *apply_ipc_judge(const struct change *c, const struct json *running,
			    const struct json *wanted)
{
	(void)running;
	(void)wanted;
	if (!c->to)
		return NOT_KNOWN;
	return c->from ? NULL : "the zone may have ipc namespaces of its own by now";
}

/* The parameter that a property is or becomes. */
static const char *parameter_of(const struct change *c)
{
	static const struct {
		const char *property, *parameter;
	} caps[] = { { "maxMsgIds", "kernel.msgmni" },
		     { "maxSemIds", "kernel.sem" },
		     { "maxShmIds", "kernel.shmmni" },
		     { "maxShmMemory", "kernel.shmall" } };

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		if (str_eq(c->key, caps[i].property))
			return caps[i].parameter;
	}
	return c->name;
}

static int sysctl_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const char *name = parameter_of(c);
	const char *value = strmap_get(back ? &a->sysctl_old : &a->after->linux.sysctl, name);
	auto_free char *old = NULL;
	int r;

	if (!value)
		return err_set(e, back ? ENOTRECOVERABLE : EINVAL, "%s: its value is not known",
			       c->path);
	r = engine_sysctl(a->container, name, value, &old, e);
	if (r == 0 && !back && old)
		strmap_set(&a->sysctl_old, name, old);
	return r < 0 ? err_wrap(e, "%s", c->path) : 0;
}

const struct change_act apply_sysctl = { .run = sysctl_run };

/* --- limits of processes -------------------------------------------------------------------------------------------- */

const char *apply_rlimit_judge(const struct change *c, const struct json *running,
			       const struct json *wanted)
{
	if (!c->to || !c->name)
		return NOT_KNOWN;
	if (str_eq(c->name, "nproc") &&
	    (json_get(running, "maxProcesses") || json_get(wanted, "maxProcesses")))
		return "maxProcesses sets it too, and that is read when the zone boots";
	if (str_eq(c->name, "memlock") && (json_get(json_get(running, "cappedMemory"), "locked") ||
					   json_get(json_get(wanted, "cappedMemory"), "locked")))
		return "cappedMemory.locked sets it too, and that is read when the zone boots";
	return NULL;
}

static bool find_limit(const struct zone_spec *z, const char *name, struct rlimit *ret)
{
	for (size_t i = 0; i < z->n_rlimit; i++) {
		if (!str_eq(z->rlimit[i].name, name))
			continue;
		*ret = (struct rlimit){ .rlim_cur = z->rlimit[i].soft,
					.rlim_max = z->rlimit[i].hard };
		return true;
	}
	return false;
}

static struct apply_limits *limits_of(struct apply *a, const char *name)
{
	for (size_t i = 0; i < a->n_limits; i++) {
		if (str_eq(a->limits[i].name, name))
			return &a->limits[i];
	}
	return NULL;
}

static int rlimit_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	auto_free char *type = rlimit_type(c->name);
	struct engine_rlimit x = { .type = type };
	struct engine_rlimits_saved *saved = NULL;
	const struct apply_limits *before = limits_of(a, c->name);
	int r;

	if (back)
		return before ? engine_rlimit_undo(a->container, before->saved, e) : 0;
	x.has_from = !c->again && find_limit(a->zone_before, c->name, &x.from);
	if (!find_limit(a->zone_after, c->name, &x.to))
		return err_set(e, EINVAL, "rlimit.%s is not in the file", c->name);
	r = engine_rlimit(a->container, &x, &saved, e);
	if (r == -EPERM)
		return err_set(
			e, EPERM,
			"rlimit.%s: a hard limit of processes that run cannot be raised on this host, whose root has no CAP_SYS_RESOURCE: lower it, or boot the zone again (zone reboot %s)",
			c->name, a->zone->name);
	if (r < 0)
		return err_wrap(e, "rlimit.%s", c->name);
	*LIST_GROW(a->limits, a->n_limits) =
		(struct apply_limits){ .name = mem_strdup(c->name), .saved = saved };
	return 0;
}

static bool is_raised(const struct json *from, const struct json *to)
{
	const struct json *before = from && from->n == 2 ? from->items[1] : NULL;
	const struct json *after = to && to->n == 2 ? to->items[1] : NULL;
	uint64_t a = UINT64_MAX, b = UINT64_MAX; /* "unlimited" */

	if (!before || !after)
		return false;
	if (before->type == JSON_NUMBER && num_u64(before->text, &a) < 0)
		return false;
	if (after->type == JSON_NUMBER && num_u64(after->text, &b) < 0)
		return false;
	return b > a;
}

/* At the end, what may be refused before what cannot be taken back everywhere: a hard limit that was lowered. */
static int rlimit_order(const struct change *c)
{
	return is_raised(c->from, c->to) ? RAISE : LOWER;
}

const struct change_act apply_rlimit = { .run = rlimit_run, .order = rlimit_order };

void apply_process_done(struct apply *a)
{
	strmap_done(&a->sysctl_old);
	for (size_t i = 0; i < a->n_limits; i++) {
		free(a->limits[i].name);
		engine_rlimits_saved_free(a->limits[i].saved);
	}
	free(ptr_steal(&a->limits));
	a->n_limits = 0;
}
