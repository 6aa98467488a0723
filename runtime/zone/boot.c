/* boot - installed -> running, through a new monitor; ready -> running, through the one that is there. */
#include <errno.h>
#include <poll.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/zone/control.h"
#include "runtime/zone/spawn.h"
#include "runtime/zone/zone.h"

enum { START_TIMEOUT_MS = 120000, WAIT_STEP_MS = 20 };

static int boot_go_on(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(json) struct json *request = json_new_object();
	auto_close int fd = control_connect(d, name, e);

	if (fd < 0)
		return err_wrap(e, "reach the monitor of zone \"%s\"", name);
	json_set(request, "verb", json_new_string("start"));
	return control_call(fd, request, START_TIMEOUT_MS, NULL, e);
}

/* Another boot of this zone may be under way, its command killed or gone: its monitor goes on, so wait until it has come to an end. */
static int boot_wait(const struct zone_dirs *d, const char *name, struct zone **z, struct err *e)
{
	for (int waited = 0; (*z)->state == ZONE_DOWN && (*z)->monitor_alive &&
			     str_eq((*z)->run.aux, "booting") && waited < START_TIMEOUT_MS;
	     waited += WAIT_STEP_MS) {
		int lock = fd_steal(&(*z)->lock_fd), r;

		(void)poll(NULL, 0, WAIT_STEP_MS);
		zone_free(ptr_steal(z));
		r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, z, e);
		if (r < 0) {
			fd_close(&lock);
			return r;
		}
		(*z)->lock_fd = lock;
	}
	return 0;
}

/* A boot by hand waits for nobody. */
static int check_dependency(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	for (size_t i = 0; i < z->spec->dependency.n; i++) {
		const char *first = z->spec->dependency.items[i];
		auto_ptr(zone) struct zone *other = NULL;
		int r = zone_open(d, first, 0, &other, e);

		if (r < 0)
			return err_wrap(e, "dependency");
		if (other->state == ZONE_NONE)
			return err_set(e, ENOENT, "dependency: there is no zone \"%s\"", first);
		if (other->state != ZONE_RUNNING)
			return err_set(
				e, EBUSY,
				"dependency: zone \"%s\" must run before, and is %s (zone boot %s)",
				first, zone_state_word(other->state), first);
	}
	return 0;
}

int zone_boot(const struct zone_dirs *d, const char *name, const struct zone_boot *o,
	      char **ret_note, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			      &z, e);

	*ret_note = NULL;
	if (r < 0)
		return r;
	r = boot_wait(d, name, &z, e);
	if (r < 0)
		return r;
	r = zone_allow(z, o->ready_only ? ZONE_VERB_READY : ZONE_VERB_BOOT, ret_note, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = o->ready_only ? 0 : check_dependency(d, z, e);
	if (r < 0)
		return r;
	if (z->state == ZONE_READY)
		return boot_go_on(d, name, e);
	if (z->state == ZONE_INSTALLED) {
		r = zone_remains_of_engine(d, name, e);
		if (r < 0)
			return r;
	}
	return spawn_monitor(name, o, false, z->lock_fd, e);
}
