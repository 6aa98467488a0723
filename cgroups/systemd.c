/* systemd - scopes. What is asked of systemd: make the cgroup in every hierarchy, leave it to us (Delegate), and know the limits that it has words for, so that it never writes others. */
#include "cgroups/systemd.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroups/bus.h"
#include "cgroups/freeze.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"

enum { FREEZE_MS = 10000 };

void cgroup_unit_free(struct cgroup_unit *u)
{
	if (!u)
		return;
	systemd_end_holder(u);
	unit_name_done(&u->name);
	unit_props_done(&u->props);
	free(u);
}

int systemd_plan(const char *id, const struct cgroup_options *o, struct cgroup_unit **ret,
		 char **ret_path, struct err *e)
{
	auto_ptr(cgroup_unit) struct cgroup_unit *u = mem_zero(sizeof(*u));
	auto_ptr(bus) struct bus *bus = NULL;
	auto_free char *top = NULL;

	u->user = o->rootless || geteuid() != 0;
	int r = unit_parse(o->path, id, u->user, &u->name, e);

	if (r == 0)
		r = unit_props_annotations(o->annotations, &u->props, e);
	if (r == 0)
		r = bus_open(u->user, &bus, e);
	if (r == 0)
		r = bus_cgroup(bus, NULL, &top, e);
	if (r < 0)
		return r;
	*ret_path = mem_format("%s%s", top, u->name.path);
	*ret = ptr_steal(&u);
	return 0;
}

/* --- the holder ----------------------------------------------------------------------------------------------------- */

static _Noreturn void hold(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	proc_reset_signals();
	proc_close_others(0, NULL, 0);
	while (getppid() == parent)
		(void)pause();
	proc_exit(0);
}

static int start_holder(struct cgroup_unit *u, struct err *e)
{
	pid_t self = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, "start a process that holds the scope");
	if (pid == 0)
		hold(self);
	u->holder = pid;
	return 0;
}

void systemd_end_holder(struct cgroup_unit *u)
{
	struct err ignored = { 0 };

	if (u->holder <= 0)
		return;
	(void)kill(u->holder, SIGKILL);
	(void)!proc_wait(u->holder, &ignored);
	u->holder = 0;
}

/* --- start and stop --------------------------------------------------------------------------------------------------- */

static void add_base(const struct cgroup_unit *u, struct unit_props *p)
{
	static const char *const always[] = { "MemoryAccounting", "CPUAccounting", "IOAccounting",
					      "TasksAccounting" };
	bool slice = unit_is_slice(u->name.name);

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		unit_props_add(p, always[i], "b", json_new_bool(true));
	unit_props_add(p, "DefaultDependencies", "b", json_new_bool(false));
	if (slice) {
		struct json *wants = json_new_array();

		(void)json_add(wants, json_new_string(u->name.slice));
		unit_props_add(p, "Wants", "as", wants);
		return;
	}
	unit_props_add(p, "Delegate", "b", json_new_bool(true));
	unit_props_add(p, "Slice", "s", json_new_string(u->name.slice));
}

static void add_all(const struct cgroup_unit *u, struct unit_props *p)
{
	auto_free char *text = mem_format("container %s", u->name.name);

	unit_props_add(p, "Description", "s", json_new_string(text));
	add_base(u, p);
	for (size_t i = 0; i < u->props.n; i++)
		unit_props_add(p, u->props.items[i].name, u->props.items[i].type,
			       json_clone(u->props.items[i].value));
}

int systemd_start(struct cgroup_unit *u, struct err *e)
{
	auto_done(unit_props) struct unit_props all = { 0 };
	auto_ptr(bus) struct bus *bus = NULL;
	int r = unit_is_slice(u->name.name) ? 0 : start_holder(u, e);

	add_all(u, &all);
	if (r == 0)
		r = bus_open(u->user, &bus, e);
	if (r == 0)
		r = bus_start_unit(bus, u->name.name, &all, u->holder, e);
	if (r < 0)
		systemd_end_holder(u);
	return r;
}

void systemd_stop(struct cgroup_unit *u)
{
	auto_ptr(bus) struct bus *bus = NULL;
	struct err why = { 0 };

	systemd_end_holder(u);
	if (bus_open(u->user, &bus, &why) < 0 || bus_stop_unit(bus, u->name.name, &why) < 0)
		log_debug("%s", why.text);
}

/* --- limits --------------------------------------------------------------------------------------------------------- */

static int set(struct cgroup_unit *u, const struct unit_props *p, struct err *e)
{
	auto_ptr(bus) struct bus *bus = NULL;

	if (p->n == 0)
		return 0;
	auto_free char *ignored = NULL;
	int r = bus_open(u->user, &bus, e);

	if (r == 0)
		r = bus_set_props(bus, u->name.name, p, e);
	/* systemd answers first and writes the files then; the answer to one more question comes after that */
	return r < 0 ? r : bus_cgroup(bus, NULL, &ignored, e);
}

int systemd_limit(struct cgroup *cg, const struct resources_spec *r, const struct limit_ground *g,
		  struct err *e)
{
	auto_done(unit_props) struct unit_props p = { 0 };
	int rc = unit_props_limits(r, g, cg->mode == CGROUP_MODE_V2, &p, e);

	return rc < 0 ? rc : set(cg->unit, &p, e);
}

/* systemd has no word for "all but these". */
static void warn_of_exceptions(const struct device_rules *rules)
{
	struct device_rules list auto_done(device_rules) = { 0 };
	struct err ignored = { 0 };
	bool allow = false;

	if (device_rules_flatten(rules, &allow, &list, &ignored) == 0 && allow && list.n > 0)
		log_warning(
			"resources.devices: systemd cannot keep \"all devices but these\" on cgroup v1: with its next daemon-reload the container may use all");
}

/* systemd denies all before it allows again. Nobody who runs in there may meet that moment. */
int systemd_limit_devices(struct cgroup *cg, const struct device_rules *rules, struct err *e)
{
	auto_done(unit_props) struct unit_props p = { 0 };
	struct err ignored = { 0 };
	bool frozen = true, in_use = cg->unit->holder <= 0;
	int rc = unit_props_devices(rules, &p, e);

	if (rc < 0)
		return rc;
	warn_of_exceptions(rules);
	if (in_use && freeze_get(cg, &frozen, &ignored) == 0 && !frozen &&
	    freeze_set(cg, true, FREEZE_MS, &ignored) < 0)
		log_debug("%s", ignored.text);
	rc = set(cg->unit, &p, e);
	if (in_use && !frozen)
		freeze_release(cg);
	return rc;
}
