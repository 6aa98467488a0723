/* Find what a crash left. Everything of ours can be told by itself: links by their names, which carry a hash of the zone's name, guard chains by the link's name, the bridge's users
 * and the leases by the zone's name. What belongs to no living zone goes. */
#include "net/net.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bridge.h"
#include "net/cni.h"
#include "net/guard.h"
#include "net/ipam.h"
#include "net/link.h"
#include "net/names.h"
#include "net/networks.h"
#include "net/physical.h"
#include "net/plan.h"
#include "net/share.h"
#include "net/vlan.h"
#include "runtime/base/file.h"

/* Is the link (or chain) of this name one of a zone in the list? Compared by the hash in the name. */
static bool sweep_is_alive(const char *name, const char *const *alive)
{
	const char *hash = plan_host_name_hash(name);

	for (; hash && *alive; alive++) {
		char one[IFNAMSIZ];

		plan_host_name(*alive, 0, one);
		if (strncmp(hash, plan_host_name_hash(one), strlen("12345678.")) == 0)
			return true;
	}
	return false;
}

/* The kind a link of ours has, by its name. */
static const char *sweep_kind(const char *name)
{
	static const struct {
		char letter;
		const char *kind;
	} rows[] = { { 'v', "veth" }, { 'i', "ifb" }, { 'm', "macvlan" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].letter == name[1])
			return rows[i].kind;
	return "";
}

static int sweep_links(struct netlink *nl, const char *const *alive, struct err *e)
{
	auto_done(link_list) struct link_list links = { 0 };
	int r = link_all(nl, &links, e);

	for (size_t i = 0; r == 0 && i < links.n; i++) {
		const struct link_info *l = &links.items[i];
		/* the alias is set a moment after birth, so a link without one may be ours too */
		bool ours = plan_host_name_hash(l->name) && str_eq(l->kind, sweep_kind(l->name)) &&
			    (!l->alias[0] || str_has_prefix(l->alias, BRIDGE_ALIAS));

		if (ours && !sweep_is_alive(l->name, alive))
			r = link_delete(nl, l->name, e);
	}
	return r;
}

static int sweep_guards(const char *const *alive, struct err *e)
{
	auto_done(strv) struct strv chains = { 0 };
	int r = guard_list(&chains, e);

	for (size_t i = 0; r == 0 && i < chains.n; i++)
		if (plan_host_name_hash(chains.items[i]) && !sweep_is_alive(chains.items[i], alive))
			r = guard_remove(chains.items[i], e);
	return r;
}

static int sweep_leases(const char *const *alive, const char *const *known, const char *storage_dir,
			struct err *e)
{
	auto_ptr(json) struct json *leases = NULL;
	int r = ipam_load(storage_dir, &leases, e);

	if (r == 0 && (ipam_keep(leases, alive, known) | networks_keep(leases, alive, known)))
		r = ipam_save(storage_dir, leases, e);
	return r;
}

/* Half-written files of an interrupted replacement; the ones in use are told apart by their locks. */
static void sweep_temporaries(const char *dir)
{
	struct err ignored = { 0 };
	auto_close int fd = file_open_dir(AT_FDCWD, dir, &ignored);

	if (fd >= 0)
		file_sweep_temporaries(fd);
}

int net_lock(const struct net_dirs *dirs, struct err *e)
{
	return bridge_lock(dirs->run_dir, e);
}

int net_sweep(const char *const *alive, const char *const *known, const struct net_dirs *dirs,
	      struct err *e)
{
	static const char *const none[] = { NULL };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r;

	alive = alive ? alive : none;
	sweep_temporaries(dirs->run_dir);
	sweep_temporaries(dirs->storage_dir);
	r = netlink_open(&nl, NETLINK_ROUTE, e);
	if (r == 0)
		r = sweep_links(&nl, alive, e);
	if (r == 0)
		r = vlan_sweep(&nl, e);
	if (r == 0)
		r = sweep_guards(alive, e);
	if (r == 0)
		r = share_drop_dead(&nl, dirs->run_dir, e);
	if (r == 0)
		r = physical_sweep(&nl, dirs->run_dir, alive, e);
	if (r == 0)
		r = bridge_keep(&nl, dirs->run_dir, alive, e);
	if (r == 0)
		r = names_keep(&nl, dirs, alive, e);
	if (r == 0)
		r = sweep_leases(alive, known ? known : none, dirs->storage_dir, e);
	return r;
}

void net_sweep_cni(const char *const *alive, const struct net_dirs *dirs)
{
	static const char *const none[] = { NULL };

	cni_sweep(dirs->storage_dir, alive ? alive : none);
}
