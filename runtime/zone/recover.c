/* recover - what the next command does after a monitor was killed.
 *
 * The run file names the monitor and init by pid and start time, so a reused pid fools nobody. If init lives, a new monitor takes over. If not, everything that the monitor had made is
 * taken away: the container, the links (by what was saved, and by their alias for what was not), the run folder; and the reason is stored, because nobody asked for this state. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/spawn.h"
#include "runtime/zone/zone.h"

int zone_remains_of_engine(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	int r = engine_open(root, name, true, &c, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_wrap(e, "open what is left of zone \"%s\"", name);
	r = engine_delete(c, true, e);
	engine_free(c);
	return r < 0 ? err_wrap(e, "remove what is left of zone \"%s\"", name) : 0;
}

static int remains_of_net(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	auto_ptr(json) struct json *saved = NULL;
	auto_done(strv) struct strv names = { 0 }, alive = { 0 };
	struct err ignored = { 0 };
	auto_close int lock = -1;
	int r;

	if (z->run.net_saved &&
	    json_parse_simple(z->run.net_saved, __builtin_strlen(z->run.net_saved), &saved,
			      &ignored) == 0) {
		r = net_detach(saved, &dirs, e);
		if (r < 0)
			return r;
	}
	lock = net_lock(&dirs, e);
	if (lock < 0)
		return lock;
	r = zone_names(d, &names, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++) {
		auto_ptr(zone) struct zone *other = NULL;

		if (str_eq(names.items[i], z->name) ||
		    zone_open(d, names.items[i], 0, &other, &ignored) < 0)
			continue;
		if (other->has_run)
			strv_add(&alive, names.items[i]);
	}
	static const char *const none[] = { NULL };

	const char *const *others = alive.n ? (const char *const *)alive.items : none;

	r = net_sweep(others, (const char *const *)names.items, &dirs, e);
	fd_close(&lock);
	if (r == 0)
		net_sweep_cni(others, &dirs);
	return r;
}

/* The lock is held. */
static int recover_locked(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	int r;

	if (z->init_alive && (z->run.state == ZONE_RUNNING || z->run.state == ZONE_READY ||
			      z->run.state == ZONE_SHUTTING_DOWN))
		return spawn_monitor(z->name, NULL, true, z->lock_fd, e);
	zone_view_kill(&z->run);
	r = zone_remains_of_engine(d, z->name, e);
	if (r == 0)
		r = zone_cpus_release(d, z->name, e);
	if (r < 0)
		return r;
	r = remains_of_net(d, z, e);
	if (r < 0)
		return err_wrap(e, "remove the network that zone \"%s\" left", z->name);
	if (z->has_record) {
		r = zone_record_set_reason(
			d, z->name,
			z->run.state == ZONE_RUNNING
				? "its monitor was killed and the zone ended while nobody watched"
				: "its monitor was killed while the zone was going up or down",
			-1, e);
		if (r < 0)
			return r;
	}
	return zone_run_remove(d, z->name, e);
}

int zone_recover(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, 0, &z, e);

	if (r < 0)
		return r;
	if (!z->has_run || z->monitor_alive)
		return 0;
	zone_free(ptr_steal(&z));
	r = zone_open(d, name, ZONE_OPEN_LOCK, &z,
		      e); /* look again: another command may have been faster */
	if (r < 0)
		return r;
	return !z->has_run || z->monitor_alive ? 0 : recover_locked(d, z, e);
}

/* A root on its way from one form to another is finished or undone first. */
static int settle(const struct zone_dirs *d, struct zone **z, unsigned flags, struct err *e)
{
	auto_ptr(zone) struct zone *locked = NULL;

	if (flags & ZONE_OPEN_LOCK)
		return layers_settle(d, *z, e);
	if ((*z)->record.next.n == 0) /* what is being copied hinders nobody */
		return 0;
	int r = zone_open(d, (*z)->name, ZONE_OPEN_LOCK, &locked, e);

	if (r == 0)
		r = layers_settle(d, locked, e);
	if (r < 0)
		return r;
	auto_free char *name = mem_strdup((*z)->name);

	zone_free(ptr_steal(&locked));
	zone_free(ptr_steal(z));
	return zone_open(d, name, flags, z, e);
}

/* An apply that was killed may have left it frozen. */
static int let_go_on(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", d->run);

	return engine_go_on(root, name, e);
}

int zone_open_for(const struct zone_dirs *d, const char *name, unsigned flags, struct zone **ret,
		  struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	bool is_name = zone_name_ok(name, NULL);
	int r = is_name ? zone_recover(d, name, e) : 0;

	if (r == 0 && is_name)
		r = let_go_on(d, name, e);
	if (r == 0)
		r = zone_open(d, name, flags, &z, e);
	if (r == 0)
		r = settle(d, &z, flags, e);
	if (r == 0)
		*ret = ptr_steal(&z);
	return r;
}
