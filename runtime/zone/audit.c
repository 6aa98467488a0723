/* audit - a running zone beside the configuration that it runs with.
 *
 * What the zone runs with (running.h) is translated to a container once more; the engine reads back what that container should have. What only its boot decided (its clocks, names of other zones,
 * boot -w) is taken from the engine's record. The network is net_audit()'s. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/apply.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/running.h"
#include "runtime/zone/zone.h"

/* --- words ------------------------------------------------------------------------------------------------------------ */

/* What the engine calls it, and zone.json. A name that ends with a dot stands for all that begin so. */
static const struct {
	const char *engine, *zone;
} words[] = {
	{ "resources.memory.limit", "cappedMemory.physical" },
	{ "resources.memory.swap", "cappedMemory.swap" },
	{ "resources.memory.reservation", "cappedMemory.soft" },
	{ "resources.cpu.quota", "cappedCPU.ncpus" },
	{ "resources.cpu.period", "cappedCPU.ncpus" },
	{ "resources.cpu.burst", "cappedCPU.burst" },
	{ "resources.cpu.shares", "cpuShares" },
	{ "resources.cpu.idle", "schedulingClass" },
	{ "resources.cpu.cpus", "cpus" },
	{ "resources.cpu.mems", "mems" },
	{ "resources.pids.limit", "maxLwps" },
	{ "resources.blockIO.weight", "ioWeight" },
	{ "resources.blockIO.", "blockIO." },
	{ "resources.hugepageLimits", "hugepages" },
	{ "resources.devices", "device" },
	{ "resources.unified.", "rctl." },
	{ "scheduler.policy", "schedulingClass" },
	{ "rlimits.NPROC", "maxProcesses" },
	{ "rlimits.MEMLOCK", "cappedMemory.locked" },
	{ "rlimits.", "rlimit." },
	{ "capabilities.", "limitpriv." },
	{ "root.parts.", "fileMacProfile." },
	{ "root.readonly", "fileMacProfile" },
};

static bool row_fits(const char *row, const char *property)
{
	return row[strlen(row) - 1] == '.' ? str_has_prefix(property, row) : str_eq(property, row);
}

static char *zone_word(const char *property)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (row_fits(words[i].engine, property))
			return mem_format("%s%s", words[i].zone,
					  property + strlen(words[i].engine));
	return mem_strdup(property);
}

static void translate_words(struct findings *f, size_t from)
{
	for (size_t i = from; i < f->n; i++) {
		char *word = zone_word(f->items[i].property);

		free(f->items[i].property);
		f->items[i].property = word;
	}
}

/* --- the container that should be ------------------------------------------------------------------------------------- */

struct checked {
	const struct zone_dirs *dirs;
	struct zone *zone;
	struct engine_container *container;
	struct running running;
	struct zone_spec *spec;
	struct container_spec *wanted;
	struct findings *ret;
};
static void checked_done(struct checked *c)
{
	zone_free(c->zone);
	engine_free(c->container);
	running_done(&c->running);
	zone_spec_free(c->spec);
	container_spec_free(c->wanted);
}

static void copy_mount(struct container_spec *to, const struct mount_spec *from)
{
	struct mount_spec *m = LIST_GROW(to->mounts, to->n_mounts);

	m->destination = mem_strdup(from->destination);
	m->type = mem_strdup(from->type);
	m->source = mem_strdup(from->source);
	strv_copy(&m->options, &from->options);
}

enum { STATUS_MAX = 65536 };

static int want(struct checked *c, struct err *e)
{
	const struct apply a = { .dirs = c->dirs, .zone = c->zone };
	const struct zone_run *run = &c->zone->run;
	bool is_own = str_empty(run->init_kind) || str_eq(run->init_kind, "zone-init");
	const struct zone_boot_options options = { .init_kind = run->init_kind,
						   .init = is_own ? NULL : "/sbin/init",
						   .writable = run->root == ZONE_ROOT_WRITABLE };
	const struct container_spec *made = engine_spec(c->container);
	int r = apply_translate(&a, c->running.config, &options, &c->spec, &c->wanted, e);

	if (r < 0)
		return r;
	if (!made)
		return err_set(e, ENOENT, "the engine's record of it is gone");
	c->wanted->linux.namespaces[NS_TIME].wanted = made->linux.namespaces[NS_TIME].wanted;
	for (size_t i = 0; i < made->n_mounts; i++)
		if (str_eq(made->mounts[i].destination, NET_NAMES_MOUNT))
			copy_mount(c->wanted, &made->mounts[i]);
	return 0;
}

/* --- the zone's own --------------------------------------------------------------------------------------------------- */

static void audit_view(struct checked *c)
{
	const struct zone_run *run = &c->zone->run;
	bool lives = run->view > 0 && proc_is(run->view, run->view_start);

	if (!c->spec->proc_view.value)
		return;
	struct finding *f = finding_judge(c->ret, "procView", "served",
					  lives ? "served" : "not served", FINDING_DIFFERS);

	if (!lives && run->view_error)
		f->why = mem_strdup(run->view_error);
}

/* Its first program has one filter more than its profile: the one that hands the call over, which every program inherits. */
static void audit_sysinfo(struct checked *c)
{
	auto_free char *path = mem_format("/proc/%d/status", (int)c->zone->run.init);
	auto_free char *text = NULL;
	static const char word[] = "\nSeccomp_filters:\t";
	struct err why = { 0 };

	if (!zone_answers_sysinfo(c->spec) || c->zone->run.state != ZONE_RUNNING)
		return;
	int r = file_read_all(AT_FDCWD, path, STATUS_MAX, &text, NULL, &why);
	const char *at = r < 0 ? NULL : strstr(text, word);

	if (!at) {
		(void)finding_unknown(c->ret, "procView.sysinfo", "the zone's",
				      r < 0 ? why.text : "this kernel counts no filters");
		return;
	}
	at += sizeof(word) - 1;
	bool has = at[0] > '1' || (at[0] != '\n' && at[1] != '\n');

	(void)finding_judge(c->ret, "procView.sysinfo", "the zone's",
			    has ? "the zone's" : "the host's", FINDING_DIFFERS);
}

static void audit_net(struct checked *c)
{
	const struct net_dirs dirs = { .run_dir = c->dirs->run, .storage_dir = c->dirs->storage };
	auto_free char *path = mem_format("/proc/%d/ns/net", (int)c->zone->run.init);
	auto_close int netns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	auto_ptr(json) struct json *saved = NULL;
	struct err why = { 0 };
	int r = 0;

	if (!c->zone->run.net_saved)
		return;
	if (netns < 0)
		r = err_sys(&why, "open \"%s\"", path);
	if (r == 0)
		r = json_parse_simple(c->zone->run.net_saved, strlen(c->zone->run.net_saved),
				      &saved, &why);
	const struct net_audit what = { .zone = c->spec, .saved = saved, .netns_fd = netns };

	if (r == 0)
		r = net_audit(&what, &dirs, c->ret, &why);
	if (r < 0)
		(void)finding_unknown(c->ret, "anet", "its links", why.text);
}

/* An apply that was killed has left behind what nobody knows. */
static void audit_unsure(struct checked *c)
{
	for (size_t i = 0; i < c->running.unsure.n; i++)
		(void)finding_unknown(c->ret, c->running.unsure.items[i], "",
				      "an apply was killed here: zone apply sets it again");
}

static int audit_zone(struct checked *c, struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", c->dirs->run);
	int r;

	if (c->zone->state < ZONE_RUNNING || !c->zone->init_alive)
		return err_set(e, EBUSY, "zone \"%s\" is %s: only what runs can be audited",
			       c->zone->name, zone_state_word(c->zone->state));
	r = running_load(c->dirs, c->zone, &c->running, e);
	if (r == 0)
		return err_set(
			e, ENOENT,
			"it was booted by a version that kept no record of its configuration");
	r = engine_open(root, c->zone->name, false, &c->container, e);
	if (r == 0)
		r = want(c, e);
	if (r == 0)
		r = engine_audit(c->container, c->wanted, c->ret, e);
	if (r < 0)
		return r;
	translate_words(c->ret, 0);
	audit_view(c);
	audit_sysinfo(c);
	audit_net(c);
	audit_unsure(c);
	return 0;
}

int zone_audit(const struct zone_dirs *d, const char *name, struct findings *ret, struct err *e)
{
	auto_done(checked) struct checked c = { .dirs = d, .ret = ret };
	struct err why = { 0 }, ignored = { 0 };
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &c.zone, &why);

	if (r == -ENOENT && containers_open(d, name, &c.container, &ignored) == 0)
		return engine_audit(c.container, NULL, ret, e);
	if (r == 0)
		return audit_zone(&c, e);
	*e = why;
	return r;
}
