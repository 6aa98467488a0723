/* destroy - a zone ceases to exist: `zone delete`. The file goes first; a record without it is no zone any more. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/zone.h"

int zone_delete(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_DELETE, NULL, e);
	if (r < 0)
		return r;
	r = net_release(name, &dirs, e);
	if (r == 0)
		r = zone_ids_release(d, name, e);
	if (r == 0 && sys_unlinkat(AT_FDCWD, z->config_file, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove \"%s\"", z->config_file);
	if (r == 0)
		r = zone_record_remove(d, name, e);
	if (r == 0)
		r = zone_run_remove(d, name, e);
	if (r < 0)
		return err_wrap(e, "delete %s", name);
	zone_events_forget(d, name);
	zone_forget_lock(d, z);
	return 0;
}
