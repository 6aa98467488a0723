/* A bridge gives each new port its default VLAN; that one is taken away, so that the zone is in its own alone. */
#include "net/vlan.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bridge.h"
#include "net/inet.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

#define VLAN_ALIAS BRIDGE_ALIAS "vlan"

enum { VLAN_LAST = 4094 };

struct vlan_facts {
	uint8_t filters; /* of a bridge */
	uint16_t id;     /* of a VLAN link */
	uint32_t on;     /* the link it stands on */
	char kind[16], name[IFNAMSIZ];
};

static struct ifinfomsg *vlan_begin(struct netlink_request *q, uint16_t type, uint16_t flags)
{
	struct ifinfomsg *i;

	netlink_begin(q, type, flags);
	i = mnl_nlmsg_put_extra_header(q->h, sizeof(*i));
	i->ifi_family = AF_UNSPEC;
	return i;
}

static void take_text(const struct nlattr *a, char *buf, size_t size)
{
	if (a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		(void)!str_format(buf, size, "%s", mnl_attr_get_str(a));
}

static int vlan_read(const struct nlmsghdr *h, struct vlan_facts *ret)
{
	const size_t skip = sizeof(struct ifinfomsg);
	const struct nlattr *info, *data, *a;

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < skip)
		return -EPROTO;
	*ret = (struct vlan_facts){ 0 };
	take_text(netlink_attr(h, skip, IFLA_IFNAME), ret->name, sizeof(ret->name));
	a = netlink_attr(h, skip, IFLA_LINK);
	if (a && mnl_attr_get_payload_len(a) == sizeof(uint32_t))
		ret->on = mnl_attr_get_u32(a);
	info = netlink_attr(h, skip, IFLA_LINKINFO);
	take_text(info ? netlink_nested(info, IFLA_INFO_KIND) : NULL, ret->kind, sizeof(ret->kind));
	data = info ? netlink_nested(info, IFLA_INFO_DATA) : NULL;
	if (!data)
		return 0;
	a = str_eq(ret->kind, "bridge") ? netlink_nested(data, IFLA_BR_VLAN_FILTERING) : NULL;
	ret->filters = a ? mnl_attr_get_u8(a) : 0;
	a = str_eq(ret->kind, "vlan") ? netlink_nested(data, IFLA_VLAN_ID) : NULL;
	ret->id = a ? mnl_attr_get_u16(a) : 0;
	return 0;
}

/* --- is it possible? -------------------------------------------------------------------------- */

struct vlan_search {
	const struct link_info *lower;
	uint16_t id;
	struct vlan_facts lower_facts;
	char other[IFNAMSIZ]; /* a VLAN link of that number on the lower link that is not ours */
	bool taken;           /* something else has the name of ours */
	size_t n;
};

static int vlan_search_next(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct vlan_search *s = arg;
	struct vlan_facts one;
	char ours[IFNAMSIZ];
	int r = vlan_read(h, &one);

	if (r < 0)
		return r;
	if (s->n++ == 0) { /* perhaps once more */
		s->other[0] = '\0';
		s->taken = false;
	}
	if ((uint32_t)i->ifi_index == s->lower->index)
		s->lower_facts = one;
	vlan_name(s->lower->name, s->id, ours);
	bool is_it = one.id == s->id && one.on == s->lower->index;

	if (is_it && !str_eq(one.name, ours))
		memcpy(s->other, one.name, sizeof(s->other));
	s->taken = s->taken || (!is_it && str_eq(one.name, ours));
	return 0;
}

static void vlan_begin_link(struct netlink_request *q, const char *name, uint32_t lower,
			    uint16_t id)
{
	struct nlattr *info, *data;

	vlan_begin(q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(q->h, IFLA_IFNAME, name);
	mnl_attr_put_u32(q->h, IFLA_LINK, lower);
	info = mnl_attr_nest_start(q->h, IFLA_LINKINFO);
	mnl_attr_put_strz(q->h, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(q->h, IFLA_INFO_DATA);
	mnl_attr_put_u16(q->h, IFLA_VLAN_ID, id);
	mnl_attr_nest_end(q->h, data);
	mnl_attr_nest_end(q->h, info);
}

/* With a MAC that no link can have: see link_probe_ifb(). */
static int vlan_probe(struct netlink *nl, const struct link_info *lower, uint16_t id, struct err *e)
{
	static const uint8_t group[INET_MAC] = { 1 };
	struct netlink_request q;
	struct err why = { 0 };

	vlan_begin_link(&q, "zl-probe", lower->index, id);
	mnl_attr_put(q.h, IFLA_ADDRESS, sizeof(group), group);
	if (netlink_talk(nl, &q, NULL, NULL, &why) == -EADDRNOTAVAIL)
		return 0;
	return err_set(e, EOPNOTSUPP, "this kernel has no VLAN links (8021q): %s", why.text);
}

int vlan_check(struct netlink *nl, const struct link_info *lower, uint16_t id, struct err *e)
{
	struct vlan_search s = { .lower = lower, .id = id };
	struct netlink_request q;
	int r;

	vlan_begin(&q, RTM_GETLINK, 0);
	mnl_attr_put_u32(q.h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = netlink_dump(nl, &q, vlan_search_next, &s, &s.n, e);
	if (r < 0)
		return err_wrap(e, "list the network links");
	if (str_eq(lower->kind, "bridge"))
		return s.lower_facts.filters
			       ? 0
			       : err_set(e, EINVAL,
					 "the bridge \"%s\" does not filter VLANs, so the number would mean nothing: ip link set %s type bridge vlan_filtering 1",
					 lower->name, lower->name);
	if (s.other[0])
		return err_set(
			e, EINVAL,
			"VLAN %u of \"%s\" is the link \"%s\" already; use that as lowerLink, without vlanId",
			id, lower->name, s.other);
	if (s.taken) {
		char ours[IFNAMSIZ];

		vlan_name(lower->name, id, ours);
		return err_set(e, EEXIST,
			       "a link \"%s\" exists already and is not VLAN %u on \"%s\"", ours,
			       id, lower->name);
	}
	return vlan_probe(nl, lower, id, e);
}

/* --- on a link that is no bridge --------------------------------------------------------------- */

void vlan_name(const char *lower, uint16_t id, char buf[IFNAMSIZ])
{
	auto_free char *text = mem_format("%s.%u", lower, id);

	(void)snprintf(buf, IFNAMSIZ, "zl%08x", (unsigned)inet_hash(text));
}

int vlan_open(struct netlink *nl, const struct link_info *lower, uint16_t id, struct link_info *ret,
	      struct err *e)
{
	const struct link_change up = { .alias = VLAN_ALIAS, .no_link_local = true, .up = true };
	struct netlink_request q;
	char name[IFNAMSIZ];
	struct err why = { 0 };
	int r = vlan_check(nl, lower, id, e);

	if (r < 0)
		return r;
	vlan_name(lower->name, id, name);
	vlan_begin_link(&q, name, lower->index, id);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r < 0 && r != -EEXIST) {
		*e = why;
		return err_wrap(e, "make the link \"%s\" for VLAN %u on \"%s\"", name, id,
				lower->name);
	}
	/* one that is there is the one: vlan_check() has looked, before it gets an alias of ours */
	r = link_change(nl, name, &up, e);
	return r < 0 ? r : link_find(nl, name, ret, e);
}

static bool vlan_is_used(const struct link_list *links, uint32_t index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->items[i].peer == index && str_eq(links->items[i].kind, "macvlan"))
			return true;
	return false;
}

int vlan_sweep(struct netlink *nl, struct err *e)
{
	auto_done(link_list) struct link_list links = { 0 };
	int r = link_all(nl, &links, e);

	for (size_t i = 0; r == 0 && i < links.n; i++) {
		const struct link_info *l = &links.items[i];

		/* without alias: we died before it got one */
		if (str_has_prefix(l->name, "zl") && strlen(l->name) == strlen("zl12345678") &&
		    str_eq(l->kind, "vlan") && (!l->alias[0] || str_eq(l->alias, VLAN_ALIAS)) &&
		    !vlan_is_used(&links, l->index))
			r = link_delete(nl, l->name, e);
	}
	return r;
}

/* --- on a bridge ------------------------------------------------------------------------------- */

static int vlan_change_port(struct netlink *nl, uint16_t type, uint32_t port,
			    const struct bridge_vlan_info *from, uint16_t last, struct err *e)
{
	struct bridge_vlan_info first = *from;
	struct netlink_request q;
	struct nlattr *spec;
	struct ifinfomsg *i = vlan_begin(&q, type, 0);

	i->ifi_family = PF_BRIDGE;
	i->ifi_index = (int)port;
	spec = mnl_attr_nest_start(q.h, IFLA_AF_SPEC | NLA_F_NESTED);
	if (last > first.vid) {
		const struct bridge_vlan_info end = { .flags = BRIDGE_VLAN_INFO_RANGE_END,
						      .vid = last };

		first.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
		mnl_attr_put(q.h, IFLA_BRIDGE_VLAN_INFO, sizeof(first), &first);
		mnl_attr_put(q.h, IFLA_BRIDGE_VLAN_INFO, sizeof(end), &end);
	} else {
		mnl_attr_put(q.h, IFLA_BRIDGE_VLAN_INFO, sizeof(first), &first);
	}
	mnl_attr_nest_end(q.h, spec);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

int vlan_set_port(struct netlink *nl, const char *port, uint16_t id, struct err *e)
{
	const struct bridge_vlan_info own = {
		.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, .vid = id
	};
	const struct bridge_vlan_info all = { .vid = 1 };
	struct link_info l = { 0 };
	struct err why = { 0 };
	int r = link_find(nl, port, &l, e);

	if (r < 0)
		return r;
	/* those it is not in are no error to the kernel in a range */
	r = vlan_change_port(nl, RTM_DELLINK, l.index, &all, VLAN_LAST, &why);
	if (r == 0 || r == -ENOENT)
		r = vlan_change_port(nl, RTM_SETLINK, l.index, &own, 0, &why);
	if (r == 0)
		return 0;
	*e = why;
	return err_wrap(e, "put the port \"%s\" into VLAN %u", port, id);
}
