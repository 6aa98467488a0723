/* A link that moves is down meanwhile: nothing of the zone reaches the new place before it is as it shall be there, nor the old one after it has been left. */
#include "net/change_port.h"

#include <errno.h>

#include "net/attach.h"
#include "net/bridge.h"
#include "net/conntrack.h"
#include "net/qdisc.h"
#include "net/shape.h"
#include "net/share.h"
#include "net/uplink.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static bool any_old(const struct relink *x, const char *key)
{
	for (size_t i = 0; i < x->olds.n; i++)
		if (json_get(x->olds.items[i], key))
			return true;
	return false;
}

/* Do all records say that it hangs on what it is to be on? */
static bool same_place(const struct relink *x)
{
	for (size_t i = 0; i < x->olds.n; i++) {
		const struct json *old = x->olds.items[i];

		if (!str_eq(json_get_string(old, "bridge", ""), x->link->bridge) ||
		    json_get_i64(old, "vlan", 0) != x->link->vlan ||
		    json_get_bool(old, "uplink", false) != x->link->is_uplink)
			return false;
	}
	return true;
}

/* --- place ------------------------------------------------------------------------------------ */

int relink_unport(struct relink *x, struct err *e)
{
	struct netlink *host = x->run->host;
	const struct plan_link *l = x->link;
	struct link_info lower = { 0 };
	int r = link_find(host, l->bridge, &lower, e);

	if (r < 0)
		return r;
	/* the kernel's word counts too: somebody may have taken the port off */
	if (same_place(x) && x->outer.master == (l->is_uplink ? 0 : lower.index))
		return 0;
	r = link_set_down(host, l->host, e);
	if (r == 0) /* connections by the other way */
		r = conntrack_forget(l->addrs.items, l->addrs.n, e);
	if (r == 0 && x->outer.master)
		r = link_set_free(host, l->host, e);
	if (r == 0 && !l->is_uplink && any_old(x, "uplink"))
		r = uplink_remove(host, l->host, e);
	return r;
}

int relink_port(struct relink *x, struct err *e)
{
	return attach_again(x->run->host, x->run->plan, x->index, PLAN_PORT, e);
}

int relink_isolate(struct relink *x, struct err *e)
{
	return x->link->is_uplink /* its macvlan is made that way */
		       ? 0
		       : link_set_isolated(x->run->host, x->link->host, x->link->isolated, e);
}

/* --- bandwidth -------------------------------------------------------------------------------- */

/* The bucket of its own goes once the way does not lead there any more. */
static int share_instead(struct relink *x, const char *ifb, struct err *e)
{
	struct plan_link *l = x->link;
	const struct share s = { .bridge = l->bridge,
				 .host = l->host,
				 .total = l->total,
				 .maxbw = l->maxbw,
				 .weight = l->share,
				 .joined = x->run->before->n == 1 && same_place(x) &&
					   any_old(x, "share") };
	int r = share_join(x->run->host, x->run->plan->run_dir, &s, &l->share_class, e);

	if (r == 0)
		r = share_leave(x->run->host, x->run->plan->run_dir, l->host, l->bridge, e);
	if (r == 0)
		r = qdisc_clear(x->run->host, x->outer.index, e);
	return r < 0 ? r : link_delete(x->run->host, ifb, e);
}

/* On a card the macvlan holds what comes from the zone. */
static int shape_uplink(struct relink *x, const struct shape *s, struct err *e)
{
	int r = shape_remove(x->run->host, s->ifb, e);
	const struct shape one = { .host = s->host, .bits = s->bits };

	if (r < 0)
		return r;
	return s->bits ? shape_add(x->run->host, &one, e)
		       : qdisc_clear(x->run->host, x->outer.index, e);
}

/* `afresh`: what stands under the names of the bucket may lead elsewhere. */
static int shape_bridge(struct relink *x, const struct shape *s, bool afresh, struct err *e)
{
	if (s->bits)
		return afresh ? shape_add(x->run->host, s, e) : shape_change(x->run->host, s, e);
	return afresh || any_old(x, "maxbw") ? shape_end(x->run->host, s->host, s->ifb, e) : 0;
}

int relink_shape(struct relink *x, struct err *e)
{
	const struct plan_link *l = x->link;
	const char *run_dir = x->run->plan->run_dir;
	auto_free char *alias = mem_format(BRIDGE_ALIAS "%s", x->run->plan->zonename);
	char ifb[IFNAMSIZ];
	const struct shape s = { .host = l->host, .ifb = ifb, .alias = alias, .bits = l->maxbw };
	bool shares = false;
	int r;

	plan_ifb_name(l->host, ifb);
	if (l->total)
		return share_instead(x, ifb, e);
	/* also without a record of it: another zone's total takes in all that are there */
	r = share_has(run_dir, l->host, &shares, e);
	if (r == 0)
		r = l->is_uplink ? shape_uplink(x, &s, e) : shape_bridge(x, &s, shares, e);
	return r < 0 || !shares ? r : share_leave(x->run->host, run_dir, l->host, NULL, e);
}
