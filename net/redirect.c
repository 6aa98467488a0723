/* Why tc and not the packet filter: nftables' fwd can send to an ifb link too, but does not note which link the frame was to leave by, and the ifb would give it back to the one it came in by.
 * A frame that comes back from the ifb meets the filter a second time; the kernel skips actions for it then. */
#include "net/redirect.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/str.h"

enum { FILTER_PRIORITY = 1, FIRST = 1 };

static struct tcmsg *redirect_begin(struct netlink_request *q, uint16_t type, uint16_t flags,
				    uint32_t index)
{
	struct tcmsg *t;

	netlink_begin(q, type, flags);
	t = mnl_nlmsg_put_extra_header(q->h, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)index;
	return t;
}

static int redirect_hook(struct netlink *nl, uint32_t index, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = redirect_begin(&q, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index);
	int r;

	t->tcm_parent = TC_H_CLSACT;
	t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(q.h, TCA_KIND, "clsact");
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r < 0 && r != -EEXIST)
		*e = why;
	return r == -EEXIST ? 0 : r;
}

static void redirect_put_action(struct netlink_request *q, uint32_t to_index)
{
	const struct tc_mirred m = { .action = TC_ACT_STOLEN,
				     .eaction = TCA_EGRESS_REDIR,
				     .ifindex = to_index };
	struct nlattr *list = mnl_attr_nest_start(q->h, TCA_U32_ACT);
	struct nlattr *one = mnl_attr_nest_start(q->h, FIRST);
	struct nlattr *options;

	mnl_attr_put_strz(q->h, TCA_ACT_KIND, "mirred");
	options = mnl_attr_nest_start(q->h, TCA_ACT_OPTIONS);
	mnl_attr_put(q->h, TCA_MIRRED_PARMS, sizeof(m), &m);
	mnl_attr_nest_end(q->h, options);
	mnl_attr_nest_end(q->h, one);
	mnl_attr_nest_end(q->h, list);
}

static int redirect_remove(struct netlink *nl, uint32_t index, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = redirect_begin(&q, RTM_DELTFILTER, 0, index);
	int r;

	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	t->tcm_info = TC_H_MAKE((uint32_t)FILTER_PRIORITY << 16, htons(ETH_P_ALL));
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r < 0 && r != -ENOENT)
		*e = why;
	return r == -ENOENT ? 0 : r;
}

int redirect_add(struct netlink *nl, uint32_t from_index, uint32_t to_index, struct err *e)
{
	/* one key behind it, of zeros: any four bytes match */
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };
	char all[sizeof(sel) + sizeof(struct tc_u32_key)] = { 0 };
	struct netlink_request q;
	struct nlattr *options;
	struct tcmsg *t;
	int r = redirect_hook(nl, from_index, e);

	if (r == 0)
		r = redirect_remove(nl, from_index, e);
	if (r < 0)
		return err_wrap(e, "redirect link number %u", from_index);
	memcpy(all, &sel, sizeof(sel));
	t = redirect_begin(&q, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, from_index);
	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	t->tcm_info = TC_H_MAKE((uint32_t)FILTER_PRIORITY << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(q.h, TCA_KIND, "u32");
	options = mnl_attr_nest_start(q.h, TCA_OPTIONS);
	mnl_attr_put(q.h, TCA_U32_SEL, sizeof(all), all);
	redirect_put_action(&q, to_index);
	mnl_attr_nest_end(q.h, options);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "redirect link number %u", from_index) : 0;
}

static int redirect_take(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *kind = netlink_attr(h, sizeof(struct tcmsg), TCA_KIND);

	if (h->nlmsg_type == RTM_NEWTFILTER && kind &&
	    mnl_attr_validate(kind, MNL_TYPE_NUL_STRING) >= 0 &&
	    str_eq(mnl_attr_get_str(kind), "u32") &&
	    netlink_attr(h, sizeof(struct tcmsg), TCA_OPTIONS))
		(*(size_t *)arg)++;
	return 0;
}

int redirect_is_on(struct netlink *nl, uint32_t from_index, bool *ret, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = redirect_begin(&q, RTM_GETTFILTER, 0, from_index);
	size_t n = 0;
	int r;

	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	r = netlink_dump(nl, &q, redirect_take, &n, &n, &why);
	*ret = r == 0 && n > 0;
	if (r == 0 || r == -ENODEV || r == -EINVAL || r == -ENOENT)
		return 0;
	*e = why;
	return err_wrap(e, "ask where link number %u redirects to", from_index);
}

int redirect_end(struct netlink *nl, uint32_t from_index, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = redirect_begin(&q, RTM_DELQDISC, 0, from_index);
	int r;

	t->tcm_parent = TC_H_CLSACT;
	t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -ENOENT || r == -EINVAL) /* EINVAL: there is none of that kind */
		return 0;
	*e = why;
	return err_wrap(e, "redirect link number %u no more", from_index);
}
