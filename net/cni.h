/* cni - a zone's link is made by plugins of the Container Network Interface (specification 0.3.0 to 1.1.0), so that the zone joins a cluster's network. Private to net/.
 *
 * What was asked of the plugins stands in a record, STORAGE/.cni/ZONE.INDEX.json, written BEFORE the first plugin runs and removed after DEL has succeeded:
 *
 *   { "zone", "link", "pid", "start", "container", "ifname", "path", "config": the list as it was, "runtime": {...}, "result": {...} once ADD has succeeded }
 *
 * It is not below RUN because plugins keep their own books (host-local: which address belongs to whom) over restarts of the host. Whoever finds a record of a zone that
 * does not run has DEL called: cni_add() for its own zone, net_sweep() (the next command after a crash) for all, net_release(). DEL may be called for an ADD that was interrupted or never begun, and
 * twice. A DEL that fails leaves the record: nothing is forgotten, and a broken plugin keeps no zone from halting.
 *
 * Beside it lies a lock, ZONE.INDEX.lock, whose descriptor is left open in the plugins: DEL waits until those of a killed ADD have ended, and takes back what they did last.
 *
 * Plugins run in the host's network namespace with the caller's authority; RUN/net.lock must not be held. */
#ifndef NET_CNI_H
#define NET_CNI_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct cni_link {
	const char *storage_dir, *run_dir, *zone;
	size_t index;
	const char *network, *ifname;
	const struct json *
		runtime; /* values for plugins with the capability of that name; each must have a taker. May be NULL */
	int netns_fd; /* kept open until this returns; plugins reach it as /proc/PID/fd/N of this process */
};
/* ADD by all plugins of the network. On failure DEL has been called. */
MUST_CHECK int cni_add(const struct cni_link *l, struct json **ret_result, struct err *e);
/* DEL by all plugins, as the record says; no record: nothing to do. netns_fd -1: the namespace is gone. */
MUST_CHECK int cni_del(const char *storage_dir, const char *zone, size_t index, int netns_fd,
		       struct err *e);
/* DEL for all records of a zone. The error says what to remove by hand to give up. */
MUST_CHECK int cni_del_zone(const char *storage_dir, const char *zone, struct err *e);
/* DEL for records of zones that are not in the NULL-terminated list and whose maker has ended. What fails is warned of and stays. */
void cni_sweep(const char *storage_dir, const char *const *alive);

/* Is the network there, complete, and one that takes these values? `needs_guard`: a network that is known to make links that link protection cannot reach is refused. Runs its plugins with VERSION (and STATUS, from 1.1.0 on), which
 * change nothing. */
struct cni_want {
	const char *network;
	const struct json *runtime;
	bool needs_guard;
};
MUST_CHECK int cni_verify(const struct cni_want *w, struct err *e);

#endif
