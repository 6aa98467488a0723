/* Some links are made when the zone boots and not taken apart while it runs: in a VLAN, on a lower link that is no bridge, or where zones share a bandwidth. Their parts are more than the
 * table of change_link.c knows. Such a link stays as it is, record included, while the others change; what would change it is refused before anything is touched. */
#include "net/change.h"

#include <errno.h>

#include "net/bridge.h"
#include "net/link.h"
#include "net/networks.h"
#include "net/share.h"
#include "runtime/base/str.h"

#define NO_BRIDGE "lowerLink is no bridge: a link on it is made when the zone boots"
#define SHARED \
	"sharedbw: where zones share the bandwidth of a lower link, a link gets its part of it when the zone boots"
#define IN_VLAN "vlanId: a link is put into its VLAN when the zone boots"

/* What is there now; a lower link that is missing is told of by whoever needs it. */
static int lower_look(struct netlink *host, const char *bridge, const char **ret, struct err *e)
{
	struct link_info l = { 0 };
	struct err why = { 0 };
	bool shared = false;
	int r = link_find(host, bridge, &l, &why);

	*ret = NULL;
	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = share_is_on(host, bridge, &shared, &why);
	if (r < 0)
		*e = why;
	else if (!str_eq(l.kind, "bridge"))
		*ret = NO_BRIDGE;
	else if (shared)
		*ret = SHARED;
	return r;
}

const char *net_lower_waits(const char *lower)
{
	auto_done(netlink) struct netlink host = NETLINK_CLOSED;
	const char *network = str_after(lower, ZONE_LOWER_AUTO);
	const char *why = NULL;
	struct err ignored = { 0 };
	char name[IFNAMSIZ];

	if (str_eq(lower, "auto"))
		lower = BRIDGE_NAME;
	else if (network && str_format(name, sizeof(name), NETWORKS_BRIDGE "%s", network) == 0)
		lower = name;
	/* net_change() asks again and says what failed */
	if (netlink_open(&host, NETLINK_ROUTE, &ignored) < 0 ||
	    lower_look(&host, lower, &why, &ignored) < 0)
		return NULL;
	return why;
}

/* Why a link as one of the plans has it is not changed; *ret NULL: it can be. */
static int link_look(struct netlink *host, const struct plan_link *l, const struct json *old,
		     const char **ret, struct err *e)
{
	*ret = NULL;
	if (l->cni[0])
		return 0;
	if (l->vlan || json_get(old, "vlan"))
		*ret = IN_VLAN;
	else if (json_get_bool(old, "uplink", false))
		*ret = NO_BRIDGE;
	else if (l->total || json_get(old, "share"))
		*ret = SHARED;
	return *ret ? 0 : lower_look(host, l->bridge, ret, e);
}

static struct json *entry(const struct json *record, size_t i)
{
	struct json *links = json_get(record, "links");

	return links && i < links->n ? links->items[i] : NULL;
}

static bool same_entry(const struct json *a, const struct json *b)
{
	auto_free char *left = a ? json_print(a, false) : NULL;
	auto_free char *right = b ? json_print(b, false) : NULL;

	return a && b && str_eq(left, right);
}

static void entry_replace(struct json *record, size_t i, const struct json *with)
{
	struct json *links = json_get(record, "links");

	json_free(links->items[i]);
	links->items[i] = json_clone(with);
}

static const char *network_of(const struct plan_link *l)
{
	return l ? l->network : "";
}

/* Link number i of both plans, where each may lack it. */
static int fix_link(struct netlink *host, const struct change_sides *s, size_t i, struct err *e)
{
	struct plan_link *from = i < s->from->n_links ? &s->from->links[i] : NULL;
	struct plan_link *to = i < s->to->n_links ? &s->to->links[i] : NULL;
	const struct plan_link *any = from ? from : to;
	const struct json *old = change_entry(s->old, any->host);
	const char *why = NULL, *why_new = NULL;
	int r = from ? link_look(host, from, old, &why, e) : 0;

	if (r == 0 && to)
		r = link_look(host, to, old, &why_new, e);
	if (r < 0)
		return r;
	if (!why)
		why = why_new;
	if (!why && !str_eq(network_of(from), network_of(to)))
		return err_set(
			e, EOPNOTSUPP,
			"anet[%s].lowerLink: a network \"auto:NAME\" is joined and left when the zone boots",
			any->name);
	if (!why)
		return 0;
	if (!from || !to || !old || !same_entry(entry(s->from_record, i), entry(s->to_record, i)))
		return err_set(e, EOPNOTSUPP, "anet[%s].%s", any->name, why);
	from->stays = to->stays = true;
	entry_replace(s->from_record, i, old);
	entry_replace(s->to_record, i, old);
	return 0;
}

int change_keep_fixed(struct netlink *host, const struct change_sides *s, struct err *e)
{
	size_t n = s->from->n_links > s->to->n_links ? s->from->n_links : s->to->n_links;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = fix_link(host, s, i, e);
	return r;
}
