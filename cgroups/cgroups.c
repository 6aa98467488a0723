/* cgroups - the facade: what a caller asks of "the cgroup" is done in every hierarchy that the host has.
 *
 *   detect -> layout -> tree (directories) -> driver (v1, v2)      make
 *   limits + limits_v1, limits_v2 -> limits_apply, devices         limit
 *   attach · freeze · kill · stats                                 use
 *   tree                                                           remove */
#include "cgroups/cgroups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/detect.h"
#include "cgroups/devices.h"
#include "cgroups/driver.h"
#include "cgroups/freeze.h"
#include "cgroups/kill.h"
#include "cgroups/layout.h"
#include "cgroups/limits.h"
#include "cgroups/members.h"
#include "cgroups/stats.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"

enum { REMOVE_MS = 5000, UNDO_MS = 1000, FREEZE_MS = 10000 };

enum cgroup_mode cgroup_host_mode(void)
{
	struct cgroup_host host auto_done(cgroup_host) = { 0 };
	struct err ignored = { 0 };

	return detect_host(&host, &ignored) < 0 ? CGROUP_MODE_NONE : host.mode;
}

void cgroup_free(struct cgroup *cg)
{
	if (!cg)
		return;
	for (size_t i = 0; i < cg->n_parts; i++)
		part_done(&cg->parts[i]);
	cgroup_unit_free(cg->unit);
	free(cg->token);
	free(cg->parts);
	free(cg);
}
DEFINE_AUTO_PTR(cgroup);

/* --- making ------------------------------------------------------------------------------------------------------- */

static int plan_part(struct cgroup *cg, const struct hierarchy *h, const char *path, const char *id,
		     struct err *e)
{
	auto_free char *below = NULL;
	int r = layout_path(h, path, id, &below, e);

	if (r < 0)
		return r;
	struct cgroup_part *p = part_add(cg);

	p->v2 = h->v2;
	p->mount = mem_strdup(h->mount);
	p->root = mem_strdup(h->root);
	p->dir = mem_format("%s%s", h->mount, below);
	p->path = ptr_steal(&below);
	strv_copy(&p->controllers, &h->controllers);
	return 0;
}

/* systemd names cgroups from the root of its view; a mount may show only what is below. */
static const char *below_root(const struct hierarchy *h, const char *path)
{
	const char *rest = strcmp(h->root, "/") == 0 ? NULL : str_after(path, h->root);

	return rest && *rest == '/' ? rest : path;
}

int cgroup_plan(const char *id, const struct cgroup_options *o, struct cgroup **ret, struct err *e)
{
	struct cgroup_host host auto_done(cgroup_host) = { 0 };
	auto_ptr(cgroup) struct cgroup *cg = mem_zero(sizeof(*cg));
	bool disabled = o->manager == CGROUP_MANAGER_DISABLED;

	auto_free char *unit_path = NULL;
	int r = disabled ? 0 : detect_host(&host, e); /* disabled: nothing is even looked at */

	if (r < 0)
		return r;
	if (!disabled && !o->rootless && host.mode == CGROUP_MODE_NONE)
		return err_set(e, EOPNOTSUPP, "no cgroup hierarchy is mounted on this host");
	cg->token = part_token();
	cg->mode = host.mode;
	cg->planned = true;
	cg->rootless = o->rootless;
	cg->exact_devices = o->exact_devices;
	cg->delegate_uid = o->delegate_uid;
	cg->delegate_gid = o->delegate_gid;
	if (o->manager == CGROUP_MANAGER_SYSTEMD)
		r = systemd_plan(id, o, &cg->unit, &unit_path, e);
	for (size_t i = 0; r == 0 && i < host.n; i++) {
		const char *path = unit_path ? below_root(&host.items[i], unit_path) : o->path;

		r = plan_part(cg, &host.items[i], path, id, e);
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&cg);
	return 0;
}

/* A directory that was there before us must not hold anybody: limits and signals would hit strangers. */
static int check_unused(struct cgroup_part *p, struct err *e)
{
	auto_free pid_t *pids = NULL;
	auto_free char *state = NULL;
	size_t n = 0;
	int r = tree_pids(p, &pids, &n, e);

	if (r < 0)
		return r;
	if (n > 0)
		return err_set(e, EBUSY,
			       "container's cgroup is not empty: %zu process(es) found in \"%s\"",
			       n, p->dir);
	const char *file = p->v2 ? "cgroup.freeze" : "freezer.state";

	if (!part_has(p, file) || part_read(p, file, &state, e) < 0)
		return 0; /* it has no freezer */
	if (strcmp(state, "0") != 0 && strcmp(state, "THAWED") != 0)
		return err_set(e, EBUSY, "container's cgroup unexpectedly frozen: \"%s\"", p->dir);
	return 0;
}

/* What containers are counted and limited by. Which of them the host has is the host's matter until a limit asks for one. */
static int enable_usual(struct cgroup_part *p, struct err *e)
{
	static const char *const usual[] = { "cpu",  "cpuset",  "io",   "memory",
					     "pids", "hugetlb", "rdma", "misc" };
	struct strv names auto_done(strv) = { 0 };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		strv_add(&names, usual[i]);
	return v2_enable(p, &names, false, e);
}

static int make_part(struct cgroup *cg, struct cgroup_part *p, struct err *e)
{
	int r = tree_make(p, e);

	if (r < 0)
		return r;
	if (r > 0 && cg->unit) { /* systemd made it for us, and its holder is in there */
		p->made = p->made > 0 ? p->made : 1;
		part_take(p, cg->token); /* a unit of this name may have been another one's */
	} else if (r > 0 && check_unused(p, e) < 0) {
		p->made = 0; /* somebody lives there: hands off */
		return -e->code;
	} else if (p->was_there) {
		part_take(p, cg->token);
	}
	if (!p->v2)
		return v1_prepare(p, e);
	r = cg->mode == CGROUP_MODE_V2 ? enable_usual(p, e) : 0;
	return r < 0 ? r : part_open(p, e);
}

static bool is_forbidden(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

static int delegate(struct cgroup *cg, struct err *e)
{
	struct cgroup_part *v2 = part_unified(cg);
	uid_t uid = cg->delegate_uid.set ? (uid_t)cg->delegate_uid.value : (uid_t)-1;
	gid_t gid = cg->delegate_gid.set ? (gid_t)cg->delegate_gid.value : (gid_t)-1;
	struct err why = { 0 };

	if (!v2 || (!cg->delegate_uid.set && !cg->delegate_gid.set))
		return 0;
	int r = v2_delegate(v2, uid, gid, &why);

	if (r < 0 && cg->rootless && is_forbidden(r)) {
		log_debug("not given away: %s", why.text);
		return 0;
	}
	if (r < 0)
		*e = why;
	return r;
}

/* What an earlier call has made stays: somebody may live there by now. */
static void undo(struct cgroup *cg)
{
	struct backoff until = backoff_start(UNDO_MS);

	if (cg->unit)
		systemd_stop(cg->unit);
	for (size_t i = 0; i < cg->n_parts; i++) {
		struct err why = { 0 };

		if (cg->parts[i].there)
			continue;
		if (tree_remove(&cg->parts[i], &until, &why) < 0)
			log_debug("%s", why.text);
		cg->parts[i].made = 0;
	}
}

bool cgroup_has_any(const struct cgroup *cg)
{
	return cg->n_parts > 0;
}

bool cgroup_is_all_made(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (cg->parts[i].made == 0)
			return false;
	}
	return true;
}

bool cgroup_is_there(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (access(cg->parts[i].dir, F_OK) < 0)
			return false;
	}
	return cg->n_parts > 0;
}

/* Those that are not there yet; only the unified one if that is enough. */
static int make_parts(struct cgroup *cg, bool only_unified, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < cg->n_parts;) {
		struct cgroup_part *p = &cg->parts[i];
		struct err why = { 0 };

		r = p->there || (only_unified && !p->v2) ? 0 : make_part(cg, p, &why);
		if (r < 0 && cg->rootless && is_forbidden(r)) {
			log_debug("without this cgroup: %s", why.text);
			part_drop(cg, i);
			r = 0;
			continue;
		}
		if (r < 0)
			*e = why;
		i++;
	}
	return r < 0 ? r : delegate(cg, e);
}

/* Who lives where we have not made ours is nobody's to kill. */
static void forget_missing(struct cgroup *cg)
{
	for (size_t i = cg->n_parts; i-- > 0;) {
		if (!cg->parts[i].there)
			part_drop(cg, i);
	}
}

static int make(struct cgroup *cg, bool only_unified, struct err *e)
{
	int r = make_parts(cg, only_unified, e);

	if (r < 0) {
		undo(cg);
		const struct cgroup_part *first = part_unified(cg);

		if (first && first->there) /* a failure in the second half */
			forget_missing(cg);
		return r;
	}
	for (size_t i = 0; i < cg->n_parts; i++)
		cg->parts[i].there = !only_unified || cg->parts[i].v2;
	return 0;
}

bool cgroup_has_halves(const struct cgroup *cg)
{
	return cg->mode == CGROUP_MODE_HYBRID && !cg->unit && !cg->rootless && part_unified(cg) &&
	       cg->n_parts <= CGROUP_MAX_TASKS;
}

int cgroup_make_unified(struct cgroup *cg, struct err *e)
{
	return make(cg, true, e);
}

int cgroup_make(struct cgroup *cg, struct err *e)
{
	int r = cg->unit ? systemd_start(cg->unit, e) : 0;

	if (r < 0)
		return r; /* somebody else's unit, for one: not ours to stop */
	r = make(cg, false, e);
	if (r < 0)
		return r;
	cg->planned = false;
	cg->fresh = true;
	return 0;
}

int cgroup_create(const char *id, const struct cgroup_options *o, struct cgroup **ret,
		  struct err *e)
{
	auto_ptr(cgroup) struct cgroup *cg = NULL;
	int r = cgroup_plan(id, o, &cg, e);

	if (r < 0 || !cg)
		return r;
	r = cgroup_make(cg, e);
	if (r == 0)
		*ret = ptr_steal(&cg);
	return r;
}

int cgroup_settle(struct cgroup *cg, struct err *e)
{
	struct resources_spec exact = { .pids_limit = { .set = true, .value = 1 } };

	if (!cg->unit || cg->unit->holder <= 0)
		return 0;
	systemd_end_holder(cg->unit);
	return cg->unit->spare_pid ? cgroup_limit(cg, &exact, e) : 0;
}

int cgroup_dirfd(const struct cgroup *cg)
{
	const struct cgroup_part *v2 = cg->mode == CGROUP_MODE_V2 ? part_unified(cg) : NULL;

	return v2 && !part_was_killed(v2) ? v2->fd : -1;
}

const char *cgroup_unified_path(const struct cgroup *cg)
{
	const struct cgroup_part *v2 = part_unified(cg);

	return v2 ? v2->dir : "";
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static int limit_devices(struct cgroup *cg, const struct resources_spec *r, struct err *e)
{
	struct device_rules rules auto_done(device_rules) = { 0 };
	struct cgroup_part *v1 = part_of_v1(cg, "devices");
	struct cgroup_part *v2 = part_unified(cg);
	struct err why = { 0 };
	int rc = device_rules_load(r, cg->exact_devices, &rules, e);

	if (rc < 0)
		return rc;
	if (v1)
		rc = devices_set_v1(v1, &rules, &why);
	else if (v2)
		rc = devices_set_v2(v2, &rules, &why);
	else
		rc = err_set(&why, EOPNOTSUPP,
			     "resources.devices: this host has no cgroup controller \"devices\"");
	if (rc == 0)
		return 0;
	/* Without privileges nobody makes device nodes either, so the rules protect nothing more. */
	if (cg->rootless && (is_forbidden(rc) || (!v1 && !v2))) {
		log_debug("without device rules: %s", why.text);
		return 0;
	}
	*e = why;
	return rc;
}

/* The holder of a scope is a process, too: without room for one more the container's own could not be born. */
static struct resources_spec with_room(struct cgroup *cg, const struct resources_spec *r)
{
	struct resources_spec wider = *r; /* borrowed members: nothing is freed */

	if (!cg->unit || cg->unit->holder <= 0 || !r->pids_limit.set || r->pids_limit.value != 1)
		return wider;
	wider.pids_limit.value++;
	cg->unit->spare_pid = true;
	return wider;
}

/* systemd removes directories of v1 that it has no use for and that hold nobody, whenever it is told something: before the container's first process is there they are made again. */
static int remake(struct cgroup *cg, struct err *e)
{
	int r = 0;

	for (size_t i = 0; cg->unit->holder > 0 && r >= 0 && i < cg->n_parts; i++) {
		struct cgroup_part *p = &cg->parts[i];

		if (p->v2)
			continue;
		fd_close(&p->fd);
		r = make_part(cg, p, e);
	}
	return r;
}

bool cgroup_limit_stops(const struct cgroup *cg, const struct resources_spec *r)
{
	return cg->unit && cg->unit->holder <= 0 && r->n_devices > 0 && part_of_v1(cg, "devices");
}

static int tell_systemd(struct cgroup *cg, const struct resources_spec *r,
			const struct limit_ground *g, struct err *e)
{
	struct device_rules rules auto_done(device_rules) = { 0 };
	int rc = systemd_limit(cg, r, g, e);

	if (rc == 0 && r->n_devices > 0 && part_of_v1(cg, "devices")) {
		rc = device_rules_load(r, cg->exact_devices, &rules, e);
		if (rc == 0)
			rc = systemd_limit_devices(cg, &rules, e);
	}
	return rc < 0 ? rc : remake(cg, e);
}

static int limit(struct cgroup *cg, const struct resources_spec *r, struct err *e)
{
	struct limit_ground ground auto_done(limit_ground) = { 0 };
	struct limit_plan plan auto_done(limit_plan) = { 0 };

	limit_ground_read(cg, r, &ground);
	if (cg->n_parts == 0)
		ground.v2 = true; /* any plan will do to find out that something is asked for */
	int rc = limits_plan(r, &ground, &plan, e);

	if (rc < 0)
		return rc;
	if (cg->n_parts == 0)
		return plan.n == 0 ? 0
				   : err_set(e, EOPNOTSUPP,
					     "%s: the container has no cgroup that could limit it",
					     plan.items[0].key);
	if (cg->unit)
		rc = tell_systemd(cg, r, &ground, e);
	if (rc == 0)
		rc = limits_apply(cg, &plan, e);
	if (rc == 0 && r->memory && r->memory->reservation.set)
		rc = protect_folder(cg, e);
	if (rc == 0 && r->n_devices > 0)
		rc = limit_devices(cg, r, e);
	return rc < 0 ? rc
		      : delegate(
				cg,
				e); /* again: a controller enabled just now brings files of its own */
}

int cgroup_limit(struct cgroup *cg, const struct resources_spec *r, struct err *e)
{
	struct resources_spec wider = with_room(cg, r);

	return limit(cg, &wider, e);
}

int cgroup_show_limits(struct cgroup *cg, struct strmap *ret, struct err *e)
{
	struct strmap rows auto_done(strmap) = { 0 };
	struct cgroup_part *v2 = part_unified(cg);
	struct err ignored = { 0 };
	int r = limits_show(cg, &rows, e);

	if (r < 0)
		return r;
	if (v2 && !part_of_v1(cg, "devices")) {
		int n = devices_count_v2(v2, &ignored);
		auto_free char *text = mem_format("%d", n < 0 ? 0 : n);

		strmap_set(&rows, "devices.bpf", text);
	}
	*ret = rows;
	rows = (struct strmap){ 0 };
	return 0;
}

/* --- use ---------------------------------------------------------------------------------------------------------- */

int cgroup_freeze(struct cgroup *cg, bool on, struct err *e)
{
	return freeze_set(cg, on, FREEZE_MS, e);
}

int cgroup_is_frozen(struct cgroup *cg, bool *ret, struct err *e)
{
	return freeze_get(cg, ret, e);
}

int cgroup_kill(struct cgroup *cg, int signo, struct err *e)
{
	if (cg->planned)
		forget_missing(cg);
	return kill_all(cg, signo, e);
}

int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct cgroup_part *p = part_main(cg);

	if (p)
		return tree_pids(p, ret, ret_n, e);
	*ret = mem_array(1, sizeof(pid_t));
	*ret_n = 0;
	return 0;
}

void cgroup_leave_taken(struct cgroup *cg)
{
	kill_leave_taken(cg);
}

int cgroup_pids_surely(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct cgroup_part *p = part_main(cg);

	return p ? members_all(cg, p, ret, ret_n, e) : cgroup_pids(cg, ret, ret_n, e);
}

int cgroup_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e)
{
	return freeze_wait_empty(cg, timeout_ms, e);
}

static int stats_of(struct cgroup *cg, bool brief, struct cgroup_stats *ret, struct err *e)
{
	struct cgroup_part *p = part_main(cg);
	int r = p ? part_open(p, e) : 0;

	if (r < 0)
		return r;
	stats_read(cg, brief, ret);
	return 0;
}

int cgroup_stats(struct cgroup *cg, struct cgroup_stats *ret, struct err *e)
{
	return stats_of(cg, false, ret, e);
}

int cgroup_stats_brief(struct cgroup *cg, struct cgroup_stats *ret, struct err *e)
{
	return stats_of(cg, true, ret, e);
}

/* The zones that are left need less protection for their folder; that it still has more does no harm. */
static void protect_after(struct cgroup *cg)
{
	struct err ignored = { 0 };

	if (cg->mode == CGROUP_MODE_V2)
		(void)!protect_folder(cg, &ignored);
}

int cgroup_remove(struct cgroup *cg, struct err *e)
{
	struct backoff until = backoff_start(REMOVE_MS);
	int result = 0;

	if (cg->unit)
		systemd_stop(cg->unit);
	for (size_t i = 0; i < cg->n_parts; i++) {
		struct err why = { 0 };
		int r = tree_remove(&cg->parts[i], &until, &why);

		if (r == 0 || result < 0)
			continue; /* the first one is told, the others are tried */
		result = r;
		*e = why;
	}
	protect_after(cg);
	return result;
}

bool cgroup_remove_if_empty(struct cgroup *cg)
{
	struct backoff until = backoff_start(0);
	struct err ignored = { 0 };

	if (cg->unit)
		return false; /* systemd must be told as well */
	if (!cgroup_is_all_made(cg))
		return false;
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (tree_remove(&cg->parts[i], &until, &ignored) < 0)
			return false;
	}
	protect_after(cg);
	return true;
}
