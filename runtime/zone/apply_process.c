/* apply_process - limits of every process and kernel parameters of a running zone.
 *
 * What was there before a value was set is only known where the zone's file said it, or by asking the kernel now; so what is taken out of the file waits for the next boot. */
#include "runtime/zone/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
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
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_load(running);

	(void)wanted;
	if (!c->to)
		return NOT_KNOWN;
	return !c->from && zone_writes_parameters(z)
		       ? "the zone may have ipc namespaces of its own by now"
		       : NULL;
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

#define OTHER_NAMESPACES \
	"user.max_ipc_namespaces" /* the first cap of the ipc namespace takes them away */

static int parameter_set(struct apply *a, const char *name, bool back, struct err *e)
{
	const char *value = strmap_get(back ? &a->sysctl_old : &a->after->linux.sysctl, name);
	auto_free char *old = NULL;
	int r;

	if (!value)
		return err_set(e, back ? ENOTRECOVERABLE : EINVAL, "its value is not known");
	r = engine_sysctl(a->container, name, value, &old, e);
	if (r == 0 && !back && old && !strmap_get(&a->sysctl_old, name))
		strmap_set(&a->sysctl_old, name, old);
	return r;
}

static int sysctl_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const char *name = parameter_of(c);
	bool first = !c->name && !strmap_get(&a->before->linux.sysctl, OTHER_NAMESPACES);
	struct err ignored = { 0 };
	int r = parameter_set(a, name, back, e);

	if (r == 0 && (first || (!c->name && c->again)))
		r = parameter_set(a, OTHER_NAMESPACES, back, e);
	if (r < 0 && !back && strmap_get(&a->sysctl_old, name))
		(void)!parameter_set(a, name, true, &ignored); /* the first sentence matters */
	return r < 0 ? err_wrap(e, "%s", c->path) : 0;
}

const struct change_act apply_sysctl = { .run = sysctl_run };

/* --- limits of processes -------------------------------------------------------------------------------------------- */

#define NOT_RAISED \
	"the hard limit of processes that run cannot be raised on this host, whose root has no CAP_SYS_RESOURCE"

/* The resource whose limit a property sets; maxProcesses and rlimit.nproc are two names of one. Freshly allocated. */
static char *type_of(const struct change *c)
{
	static const struct {
		const char *path, *type;
	} others[] = { { "maxProcesses", "RLIMIT_NPROC" },
		       { "cappedMemory.locked", "RLIMIT_MEMLOCK" } };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_eq(c->path, others[i].path))
			return mem_strdup(others[i].type);
	}
	return c->name ? rlimit_type(c->name) : NULL;
}

static bool limit_in(const struct json *document, const char *type, struct rlimit *ret)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_load(document);

	return rlimit_of(z, type, ret);
}

const char *apply_rlimit_judge(const struct change *c, const struct json *running,
			       const struct json *wanted)
{
	auto_free char *type = type_of(c);
	struct rlimit from, to;

	if (!type || engine_can_raise_rlimits() || !limit_in(running, type, &from))
		return type ? NULL : NOT_KNOWN;
	return limit_in(wanted, type, &to) && to.rlim_max <= from.rlim_max ? NULL : NOT_RAISED;
}

static struct apply_limits *limits_of(struct apply *a, const char *type)
{
	for (size_t i = 0; i < a->n_limits; i++) {
		if (str_eq(a->limits[i].type, type))
			return &a->limits[i];
	}
	return NULL;
}

/* What its init was born with where the file says nothing: its monitor, which gave it birth, has it still. */
static int inherited(const struct apply *a, const char *type, struct rlimit *ret, struct err *e)
{
	int64_t resource;

	if (!names_find(rlimit_names, type, &resource))
		return err_set(e, EINVAL, "\"%s\" is no resource limit", type);
	if (sys_prlimit(a->zone->monitor_alive ? a->zone->run.monitor : 0, (int)resource, NULL,
			ret) < 0)
		return err_sys(e, "ask for the limit of the zone's monitor");
	return 0;
}

static int rlimit_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	auto_free char *type = type_of(c);
	struct engine_rlimit x = { .type = type };
	struct engine_rlimits_saved *saved = NULL;
	const struct apply_limits *before = limits_of(a, type);
	int r = 0;

	if (before) /* done already for the resource's other name; or undone, where that is no harm */
		return back ? engine_rlimit_undo(a->container, before->saved, e) : 0;
	if (back)
		return 0;
	x.has_from = !c->again && rlimit_of(a->zone_before, type, &x.from);
	if (!rlimit_of(a->zone_after, type, &x.to))
		r = inherited(a, type, &x.to, e);
	if (r == 0)
		r = engine_rlimit(a->container, &x, &saved, e);
	if (r == -EPERM)
		return err_set(e, EPERM,
			       "%s: " NOT_RAISED
			       ": lower it, or boot the zone again (zone reboot %s)",
			       c->path, a->zone->name);
	if (r < 0)
		return err_wrap(e, "%s", c->path);
	*LIST_GROW(a->limits, a->n_limits) =
		(struct apply_limits){ .type = ptr_steal(&type), .saved = saved };
	return 0;
}

static bool hard_of(const struct json *j, uint64_t *ret)
{
	if (j && j->type == JSON_ARRAY)
		j = j->n == 2 ? j->items[1] : NULL;
	*ret = UINT64_MAX; /* "unlimited" */
	return j && (j->type != JSON_NUMBER || num_u64(j->text, ret) == 0);
}

static bool is_raised(const struct change *c)
{
	uint64_t from, to;

	return hard_of(c->from, &from) && hard_of(c->to, &to) && to > from;
}

/* At the end, what may be refused before what cannot be taken back everywhere: a hard limit that was lowered. A limit that had none before is not known to be lowered, and may be refused. */
static int rlimit_order(const struct change *c)
{
	return !c->from || !c->to || is_raised(c) ? RAISE : LOWER;
}

const struct change_act apply_rlimit = { .run = rlimit_run, .order = rlimit_order };

void apply_process_done(struct apply *a)
{
	strmap_done(&a->sysctl_old);
	for (size_t i = 0; i < a->n_limits; i++) {
		free(a->limits[i].type);
		engine_rlimits_saved_free(a->limits[i].saved);
	}
	free(ptr_steal(&a->limits));
	a->n_limits = 0;
}
