/* A tenant's namespace may hold any number of links with any number of names: a search keeps one candidate and no list. */
#include "net/identity.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"

enum { NAMES_MAX = 1024 }; /* further names; the kernel allows half as many */

/* What root of the owning namespace can set; where 0 means that the kernel does not say, it is left alone. */
static const struct {
	const char *key;
	uint16_t attribute;
	bool zero_counts;
} identity_numbers[IDENTITY_NUMBERS] = {
	{ "mtu", IFLA_MTU, false },
	{ "queue", IFLA_TXQLEN, true },
	{ "group", IFLA_GROUP, true },
	{ "gsoMaxSize", IFLA_GSO_MAX_SIZE, false },
	{ "gsoMaxSegments", IFLA_GSO_MAX_SEGS, false },
	{ "groMaxSize", IFLA_GRO_MAX_SIZE, false },
};

void identity_done(struct identity *i)
{
	strv_done(&i->names);
	free(i->alias);
	*i = (struct identity){ 0 };
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct ifinfomsg *identity_begin(struct netlink_request *q, uint16_t type, uint16_t flags,
					uint32_t index)
{
	struct ifinfomsg *i;

	netlink_begin(q, type, flags);
	i = mnl_nlmsg_put_extra_header(q->h, sizeof(*i));
	i->ifi_family = AF_UNSPEC;
	i->ifi_index = (int)index;
	return i;
}

/* With a mask the kernel makes room for the longest entry; without, its list ends before one that is longer than a page or two - one with some hundred names. */
static void identity_begin_list(struct netlink_request *q)
{
	identity_begin(q, RTM_GETLINK, 0, 0);
	mnl_attr_put_u32(q->h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static void take_text(const struct nlattr *a, char *buf, size_t size)
{
	size_t n = a ? strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)) : 0;

	n = n < size ? n : size - 1;
	if (a)
		memcpy(buf, mnl_attr_get_payload(a), n);
	buf[n] = '\0';
}

static uint32_t take_u32(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a) : 0;
}

static bool take_mac(const struct nlattr *a, uint8_t mac[INET_MAC])
{
	if (!a || mnl_attr_get_payload_len(a) != INET_MAC)
		return false;
	memcpy(mac, mnl_attr_get_payload(a), INET_MAC);
	return true;
}

static void take_names(const struct nlattr *list, struct strv *names)
{
	const struct nlattr *a;

	if (!list)
		return;
	mnl_attr_for_each_nested(a, list)
	{
		size_t n = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

		if (mnl_attr_get_type(a) != IFLA_ALT_IFNAME || names->n >= NAMES_MAX)
			continue;
		strv_format(names, "%.*s", (int)n, (const char *)mnl_attr_get_payload(a));
	}
}

static int identity_read(const struct nlmsghdr *h, struct identity *ret)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const size_t skip = sizeof(*m);
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < skip)
		return -EPROTO;
	*ret = (struct identity){ .index = (uint32_t)m->ifi_index,
				  .flags = m->ifi_flags,
				  .type = m->ifi_type };
	take_text(netlink_attr(h, skip, IFLA_IFNAME), ret->name, sizeof(ret->name));
	take_text(netlink_attr(h, skip, IFLA_PARENT_DEV_NAME), ret->parent, sizeof(ret->parent));
	a = netlink_attr(h, skip, IFLA_LINKINFO);
	take_text(a ? netlink_nested(a, IFLA_INFO_KIND) : NULL, ret->kind, sizeof(ret->kind));
	ret->lower = take_u32(netlink_attr(h, skip, IFLA_LINK));
	for (size_t k = 0; k < IDENTITY_NUMBERS; k++)
		ret->numbers[k] = take_u32(netlink_attr(h, skip, identity_numbers[k].attribute));
	ret->master = take_u32(netlink_attr(h, skip, IFLA_MASTER));
	ret->has_mac = take_mac(netlink_attr(h, skip, IFLA_ADDRESS), ret->mac);
	ret->has_hardware = take_mac(netlink_attr(h, skip, IFLA_PERM_ADDRESS), ret->hardware);
	take_names(netlink_attr(h, skip, IFLA_PROP_LIST), &ret->names);
	a = netlink_attr(h, skip, IFLA_IFALIAS);
	if (a)
		ret->alias = mem_format("%.*s", (int)mnl_attr_get_payload_len(a),
					(const char *)mnl_attr_get_payload(a));
	return 0;
}

static int take_one(const struct nlmsghdr *h, void *arg)
{
	identity_done(arg);
	return identity_read(h, arg);
}

int identity_find(struct netlink *nl, const char *name, struct identity *ret, struct err *e)
{
	struct netlink_request q;
	struct identity found = { 0 };
	int r;

	identity_begin(&q, RTM_GETLINK, 0, 0);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, take_one, &found, e);
	if (r < 0) {
		identity_done(&found);
		return err_wrap(e, "link \"%s\"", name);
	}
	*ret = found;
	return 0;
}

/* --- the same one ----------------------------------------------------------------------------- */

static bool is_hardware(const struct identity *i)
{
	return i->has_hardware || i->parent[0];
}

static bool is_same(const struct identity *now, const struct identity *was, bool strictly)
{
	if (!str_eq(now->kind, was->kind) || !str_eq(now->parent, was->parent) ||
	    now->lower != was->lower || now->type != was->type ||
	    now->has_hardware != was->has_hardware ||
	    (was->has_hardware && memcmp(now->hardware, was->hardware, INET_MAC) != 0))
		return false;
	return is_hardware(was) ||
	       (now->index == was->index && (!strictly || str_eq(now->name, was->name)));
}

struct search {
	const struct identity *wanted;
	struct identity found;
	size_t n;
	bool strictly;
};

static int search_next(const struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct identity one = { 0 };
	int r = identity_read(h, &one);
	bool better = s->n == 0 || one.index == s->wanted->index;

	if (r < 0 || !better || !is_same(&one, s->wanted, s->strictly)) {
		identity_done(&one);
		return r;
	}
	identity_done(&s->found);
	s->found = one;
	s->n = 1;
	return 0;
}

int identity_search(struct netlink *nl, const struct identity *wanted, bool strictly,
		    struct identity *ret, struct err *e)
{
	struct search s = { .wanted = wanted, .strictly = strictly };
	struct netlink_request q;
	int r;

	identity_begin_list(&q);
	r = netlink_dump(nl, &q, search_next, &s, &s.n, e);
	if (r < 0 || s.n == 0) {
		identity_done(&s.found);
		return r < 0 ? err_wrap(e, "list the network links") : 0;
	}
	*ret = s.found;
	return 1;
}

struct users {
	uint32_t index;
	char name[IFNAMSIZ];
	size_t n;
};

/* Of a veth the number is that of its other end. */
static int users_next(const struct nlmsghdr *h, void *arg)
{
	struct users *u = arg;
	struct identity one = { 0 };
	int r = identity_read(h, &one);

	if (r == 0 && one.lower == u->index && one.index != u->index && !str_eq(one.kind, "veth") &&
	    !netlink_attr(h, sizeof(struct ifinfomsg), IFLA_LINK_NETNSID)) {
		(void)!str_format(u->name, sizeof(u->name), "%s", one.name);
		u->n++;
	}
	identity_done(&one);
	return r;
}

int identity_used_by(struct netlink *nl, uint32_t index, char ret[IFNAMSIZ], struct err *e)
{
	struct users u = { .index = index };
	struct netlink_request q;
	int r;

	identity_begin_list(&q);
	r = netlink_dump(nl, &q, users_next, &u, &u.n, e);
	if (r < 0)
		return err_wrap(e, "list the network links");
	memcpy(ret, u.n ? u.name : "", u.n ? IFNAMSIZ : 1);
	return 0;
}

/* --- changing ---------------------------------------------------------------------------------- */

static int names_change(struct netlink *nl, uint16_t type, uint32_t index, const char *name,
			struct err *e)
{
	struct netlink_request q;
	struct nlattr *list;

	identity_begin(&q, type,
		       type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL : 0,
		       index);
	list = mnl_attr_nest_start(q.h, IFLA_PROP_LIST | NLA_F_NESTED);
	mnl_attr_put_strz(q.h, IFLA_ALT_IFNAME, name);
	mnl_attr_nest_end(q.h, list);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

int identity_drop_names(struct netlink *nl, const struct identity *i, struct err *e)
{
	for (size_t k = 0; k < i->names.n; k++) {
		int r = names_change(nl, RTM_DELLINKPROP, i->index, i->names.items[k], e);

		if (r < 0 && r != -ENOENT && r != -EINVAL)
			return err_wrap(e, "take the name \"%s\" from the link \"%s\"",
					i->names.items[k], i->name);
	}
	return 0;
}

int identity_rename(struct netlink *nl, uint32_t index, const char *name, struct err *e)
{
	struct netlink_request q;
	int r;

	identity_begin(&q, RTM_NEWLINK, 0, index)->ifi_change =
		IFF_UP; /* down: older kernels rename no other */
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "rename link number %u to \"%s\"", index, name) : 0;
}

int identity_move(struct netlink *nl, uint32_t index, int netns_fd, const char *name, struct err *e)
{
	struct netlink_request q;
	int r;

	identity_begin(&q, RTM_NEWLINK, 0, index);
	mnl_attr_put_u32(q.h, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "move the link \"%s\"", name) : 0;
}

/* One property of the link, a request of its own, so that a driver that refuses it refuses no other. */
static int restore_mac(struct netlink *nl, uint32_t index, const struct identity *was,
		       struct err *e)
{
	struct netlink_request q;

	if (!was->has_mac)
		return 0;
	identity_begin(&q, RTM_NEWLINK, 0, index);
	mnl_attr_put(q.h, IFLA_ADDRESS, INET_MAC, was->mac);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

static int restore_numbers(struct netlink *nl, uint32_t index, const struct identity *was,
			   struct err *e)
{
	struct err why = { 0 };
	int result = 0;

	for (size_t k = 0; k < IDENTITY_NUMBERS; k++) {
		struct netlink_request q;
		int r;

		if (was->numbers[k] == 0 && !identity_numbers[k].zero_counts)
			continue;
		identity_begin(&q, RTM_NEWLINK, 0, index);
		mnl_attr_put_u32(q.h, identity_numbers[k].attribute, was->numbers[k]);
		r = netlink_talk(nl, &q, NULL, NULL, &why);
		if (r < 0 && result == 0) {
			*e = why;
			result = err_wrap(e, "%s", identity_numbers[k].key);
		}
	}
	return result;
}

static int restore_alias(struct netlink *nl, uint32_t index, const struct identity *was,
			 struct err *e)
{
	struct netlink_request q;

	identity_begin(&q, RTM_NEWLINK, 0, index);
	mnl_attr_put_str(q.h, IFLA_IFALIAS, was->alias ? was->alias : "");
	return netlink_talk(nl, &q, NULL, NULL, e);
}

/* What a zone may have switched on goes off again; and up or down as before. */
static int restore_flags(struct netlink *nl, uint32_t index, const struct identity *was,
			 struct err *e)
{
	const unsigned all = IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP | IFF_MULTICAST;
	struct netlink_request q;
	struct ifinfomsg *i = identity_begin(&q, RTM_NEWLINK, 0, index);

	i->ifi_flags = was->flags & all;
	i->ifi_change = all;
	return netlink_talk(nl, &q, NULL, NULL, e);
}

static int restore_names(struct netlink *nl, uint32_t index, const struct identity *was,
			 struct err *e)
{
	struct err why = { 0 };
	int result = 0;

	for (size_t k = 0; k < was->names.n; k++) {
		int r = names_change(nl, RTM_NEWLINKPROP, index, was->names.items[k], &why);

		if (r < 0 && r != -EEXIST && result == 0) {
			result = r;
			*e = why;
		}
	}
	return result;
}

int identity_restore(struct netlink *nl, uint32_t index, const struct identity *was, struct err *e)
{
	static const struct {
		const char *what;
		int (*restore)(struct netlink *, uint32_t, const struct identity *, struct err *);
	} rows[] = {
		{ "MAC address", restore_mac }, { "settings", restore_numbers },
		{ "alias", restore_alias },     { "further names", restore_names },
		{ "flags", restore_flags },
	};
	int result = 0;

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct err why = { 0 };
		int r = rows[k].restore(nl, index, was, &why);

		if (r < 0 && result == 0) {
			*e = why;
			result = err_wrap(e, "give the link \"%s\" its %s back", was->name,
					  rows[k].what);
		}
	}
	return result;
}

/* --- on disk ----------------------------------------------------------------------------------- */

static void save_mac(struct json *j, const char *key, bool has, const uint8_t mac[INET_MAC])
{
	char text[INET_MAC_TEXT];

	inet_mac_text(mac, text);
	if (has)
		json_set(j, key, json_new_string(text));
}

struct json *identity_save(const struct identity *i)
{
	struct json *j = json_new_object();
	struct json *names = json_new_array();

	json_set(j, "name", json_new_string(i->name));
	json_set(j, "kind", json_new_string(i->kind));
	json_set(j, "parent", json_new_string(i->parent));
	json_set(j, "index", json_new_u64(i->index));
	json_set(j, "lower", json_new_u64(i->lower));
	for (size_t k = 0; k < IDENTITY_NUMBERS; k++)
		json_set(j, identity_numbers[k].key, json_new_u64(i->numbers[k]));
	json_set(j, "flags", json_new_u64(i->flags));
	json_set(j, "type", json_new_u64(i->type));
	save_mac(j, "mac", i->has_mac, i->mac);
	save_mac(j, "hardware", i->has_hardware, i->hardware);
	for (size_t k = 0; k < i->names.n; k++)
		json_add(names, json_new_string(i->names.items[k]));
	json_set(j, "names", names);
	if (i->alias)
		json_set(j, "alias", json_new_string(i->alias));
	return j;
}

int identity_load(const struct json *j, struct identity *ret, struct err *e)
{
	const struct json *names = json_get(j, "names");
	const char *alias = json_get_string(j, "alias", NULL);
	struct identity i = { .index = (uint32_t)json_get_i64(j, "index", 0),
			      .lower = (uint32_t)json_get_i64(j, "lower", 0),
			      .flags = (uint32_t)json_get_i64(j, "flags", 0),
			      .type = (uint16_t)json_get_i64(j, "type", 0) };

	if (str_format(i.name, sizeof(i.name), "%s", json_get_string(j, "name", "")) < 0 ||
	    str_format(i.kind, sizeof(i.kind), "%s", json_get_string(j, "kind", "")) < 0 ||
	    str_format(i.parent, sizeof(i.parent), "%s", json_get_string(j, "parent", "")) < 0 ||
	    !i.name[0] || !i.index)
		return err_set(e, EINVAL, "a record of a link is damaged");
	for (size_t k = 0; k < IDENTITY_NUMBERS; k++)
		i.numbers[k] = (uint32_t)json_get_i64(j, identity_numbers[k].key, 0);
	i.has_mac = inet_mac_parse(json_get_string(j, "mac", ""), i.mac) == 0;
	i.has_hardware = inet_mac_parse(json_get_string(j, "hardware", ""), i.hardware) == 0;
	for (size_t k = 0; names && names->type == JSON_ARRAY && k < names->n; k++)
		if (names->items[k]->type == JSON_STRING)
			strv_add(&i.names, names->items[k]->text);
	i.alias = alias ? mem_strdup(alias) : NULL;
	*ret = i;
	return 0;
}
