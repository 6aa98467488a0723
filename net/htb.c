/* The root class has the total; classes below it have rates that together are the total, so each is served from its own while it has traffic, and borrows from the root in turns.
 * Bursts are 10 ms as in qdisc.c, for the same reason. */
#include "net/htb.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/qdisc.h"
#include "runtime/base/str.h"

enum {
	ROOT_CLASS = 1,
	BURST_PER_SECOND = 100,
	BURST_MIN = 16 << 10,
	LIMIT_PER_SECOND = 10,
	LIMIT_MIN = 256 << 10,
	LIMIT_MAX = 16 << 20,
	TICK_NS = 64, /* the kernel's unit of time here */
};
static const uint64_t SECOND_NS = 1000000000;

static uint64_t htb_clamp(uint64_t v, uint64_t min, uint64_t max)
{
	if (v < min)
		return min;
	return v > max ? max : v;
}

uint32_t htb_priority(uint32_t minor)
{
	return (uint32_t)HTB_MAJOR << 16 | minor;
}

static struct tcmsg *htb_begin(struct netlink_request *q, uint16_t type, uint16_t flags,
			       uint32_t index)
{
	struct tcmsg *t;

	netlink_begin(q, type, flags);
	t = mnl_nlmsg_put_extra_header(q->h, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)index;
	return t;
}

/* How long the burst of a rate takes at that rate, in ticks. */
static uint32_t htb_buffer(uint64_t bytes_per_second)
{
	uint64_t burst = htb_clamp(bytes_per_second / BURST_PER_SECOND, BURST_MIN, UINT32_MAX);

	return (uint32_t)htb_clamp(burst * SECOND_NS / bytes_per_second / TICK_NS, 1, UINT32_MAX);
}

static void htb_put_rate(struct tc_ratespec *to, uint64_t bytes_per_second)
{
	to->linklayer = TC_LINKLAYER_ETHERNET; /* named, so no table of rates has to be sent */
	to->rate = (uint32_t)htb_clamp(bytes_per_second, 1, UINT32_MAX);
}

static int htb_put_class(struct netlink *nl, uint32_t index, uint32_t parent,
			 const struct htb_class *c, struct err *e)
{
	uint64_t rate = htb_clamp(c->rate / 8, 1, UINT64_MAX),
		 ceil = htb_clamp(c->ceil / 8, 1, UINT64_MAX);
	struct tc_htb_opt parms = { .buffer = htb_buffer(rate),
				    .cbuffer = htb_buffer(ceil),
				    .quantum = c->quantum };
	struct netlink_request q;
	struct nlattr *options;
	struct tcmsg *t = htb_begin(&q, RTM_NEWTCLASS, NLM_F_CREATE, index);

	t->tcm_parent = parent;
	t->tcm_handle = htb_priority(c->minor);
	htb_put_rate(&parms.rate, rate);
	htb_put_rate(&parms.ceil, ceil);
	mnl_attr_put_strz(q.h, TCA_KIND, "htb");
	options = mnl_attr_nest_start(q.h, TCA_OPTIONS);
	mnl_attr_put(q.h, TCA_HTB_PARMS, sizeof(parms), &parms);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(q.h, TCA_HTB_RATE64, rate);
	if (ceil > UINT32_MAX)
		mnl_attr_put_u64(q.h, TCA_HTB_CEIL64, ceil);
	mnl_attr_nest_end(q.h, options);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

static int htb_make_root(struct netlink *nl, uint32_t index, struct err *e)
{
	const struct tc_htb_glob glob = { .version = 3, .rate2quantum = 10 };
	struct netlink_request q;
	struct nlattr *options;
	struct tcmsg *t = htb_begin(&q, RTM_NEWQDISC, NLM_F_CREATE, index);

	t->tcm_parent = TC_H_ROOT;
	t->tcm_handle = htb_priority(0);
	mnl_attr_put_strz(q.h, TCA_KIND, "htb");
	options = mnl_attr_nest_start(q.h, TCA_OPTIONS);
	mnl_attr_put(q.h, TCA_HTB_INIT, sizeof(glob), &glob);
	mnl_attr_nest_end(q.h, options);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

int htb_set_total(struct netlink *nl, uint32_t index, uint64_t bits, struct err *e)
{
	const struct htb_class root = {
		.minor = ROOT_CLASS, .rate = bits, .ceil = bits, .quantum = BURST_MIN
	};
	uint64_t rate = 0, ceil = 0;
	int r = htb_rates(nl, index, ROOT_CLASS, &rate, &ceil, e);

	/* without its root class it is one whose maker was killed, and the kernel does not make it again over that */
	if (r == 0 && rate == 0)
		r = qdisc_clear(nl, index, e);
	if (r == 0 && rate == 0)
		r = htb_make_root(nl, index, e);
	if (r == 0)
		r = htb_put_class(nl, index, htb_priority(0), &root, e);
	return r < 0 ? err_wrap(e, "share the bandwidth of link number %u", index) : 0;
}

/* The queue of a new class. */
static int htb_set_queue(struct netlink *nl, uint32_t index, const struct htb_class *c,
			 struct err *e)
{
	const struct tc_fifo_qopt fifo = {
		.limit = (uint32_t)htb_clamp(c->ceil / 8 / LIMIT_PER_SECOND, LIMIT_MIN, LIMIT_MAX)
	};
	struct netlink_request q;
	struct tcmsg *t = htb_begin(&q, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);

	t->tcm_parent = htb_priority(c->minor);
	mnl_attr_put_strz(q.h, TCA_KIND, "bfifo");
	mnl_attr_put(q.h, TCA_OPTIONS, sizeof(fifo), &fifo);
	return netlink_talk(nl, &q, NULL, NULL, e);
}

struct htb_found {
	uint64_t rate, ceil;
	uint32_t queue; /* its handle; 0: the kernel's own, or no such class */
};

static uint64_t htb_take_one(const struct tc_ratespec *narrow, const struct nlattr *wide)
{
	if (wide && mnl_attr_get_payload_len(wide) >= sizeof(uint64_t))
		return mnl_attr_get_u64(wide) * 8;
	return (uint64_t)narrow->rate * 8;
}

static int htb_take_rates(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *options = netlink_attr(h, sizeof(struct tcmsg), TCA_OPTIONS);
	const struct nlattr *parms = options ? netlink_nested(options, TCA_HTB_PARMS) : NULL;
	struct htb_found *found = arg;
	struct tc_htb_opt o;

	if (!parms || mnl_attr_get_payload_len(parms) < sizeof(o))
		return -EPROTO;
	memcpy(&o, mnl_attr_get_payload(parms), sizeof(o));
	found->rate = htb_take_one(&o.rate, netlink_nested(options, TCA_HTB_RATE64));
	found->ceil = htb_take_one(&o.ceil, netlink_nested(options, TCA_HTB_CEIL64));
	found->queue = ((const struct tcmsg *)mnl_nlmsg_get_payload(h))->tcm_info;
	return 0;
}

static int htb_ask(struct netlink *nl, uint32_t index, uint32_t minor, struct htb_found *ret,
		   struct err *e)
{
	struct htb_found found = { 0 };
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = htb_begin(&q, RTM_GETTCLASS, NLM_F_ECHO, index);
	int r;

	t->tcm_handle = htb_priority(minor);
	r = netlink_talk(nl, &q, htb_take_rates, &found, &why);
	if (r == -ENOENT || r == -EINVAL) /* no such class; no such queue, or one of another kind */
		r = 0;
	if (r < 0) {
		*e = why;
		return err_wrap(e, "ask for a share of link number %u", index);
	}
	*ret = found;
	return 0;
}

/* Whoever made the class may have been killed before it got its queue. */
int htb_set_class(struct netlink *nl, uint32_t index, const struct htb_class *c, struct err *e)
{
	struct htb_found found = { 0 };
	int r = htb_ask(nl, index, c->minor, &found, e);

	if (r == 0)
		r = htb_put_class(nl, index, htb_priority(ROOT_CLASS), c, e);
	if (r == 0 && (found.ceil != c->ceil || !found.queue))
		r = htb_set_queue(nl, index, c, e);
	return r < 0 ? err_wrap(e, "give a share of link number %u", index) : 0;
}

int htb_remove_class(struct netlink *nl, uint32_t index, uint32_t minor, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = htb_begin(&q, RTM_DELTCLASS, 0, index);
	int r;

	t->tcm_handle = htb_priority(minor);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r < 0 && r != -ENOENT && r != -ENODEV && r != -EINVAL) { /* EINVAL: no queue at all */
		*e = why;
		return err_wrap(e, "take back a share of link number %u", index);
	}
	return 0;
}

int htb_rates(struct netlink *nl, uint32_t index, uint32_t minor, uint64_t *rate, uint64_t *ceil,
	      struct err *e)
{
	struct htb_found found = { 0 };
	int r = htb_ask(nl, index, minor, &found, e);

	*rate = r < 0 ? *rate : found.rate;
	*ceil = r < 0 ? *ceil : found.ceil;
	return r;
}

int htb_probe(struct netlink *nl, struct err *e)
{
	enum { LO = 1 }; /* the first link of every namespace */
	struct netlink_request q;
	struct err why = { 0 };
	struct tcmsg *t = htb_begin(&q, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, LO);
	int r;

	/* without options: a kernel that knows the kind asks for them (EINVAL), one that does not says ENOENT */
	t->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(q.h, TCA_KIND, "htb");
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == -EINVAL)
		return 0;
	return err_set(e, EOPNOTSUPP, "it has no token buckets with classes (sch_htb): %s",
		       why.text);
}
