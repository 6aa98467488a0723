/* The sizes of a token bucket decide whether a bandwidth is met.
 *
 * burst  The kernel looks at a bucket again when a timer fires; on a busy machine late. What came together in between and does not fit is lost bandwidth, so the bucket holds
 *        10 ms - and at slow rates some whole frames, because a frame larger than the bucket is dropped. The large packets of segmentation offload are no such frames: the
 *        kernel cuts those that do not fit into frames of the link's size.
 * limit  100 ms, but never less than four of those large packets: TCP hands them over whole, and a queue that cannot take the pieces of one drops the tail of every one
 *        (measured at 1 Mbit/s: 64 KiB of queue carry 0.88 of the bandwidth, 200 KiB 0.96, which is all of it less headers). And not more than 16 MiB of kernel memory. */
#include "net/qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/str.h"

enum {
	FRAME_EXTRA = 18, /* Ethernet header and a VLAN tag */
	BURST_FRAMES = 4,
	BURST_PER_SECOND = 100, /* 10 ms */
	LIMIT_PER_SECOND = 10,  /* 100 ms */
	LIMIT_MIN = 256 << 10,
	LIMIT_MAX = 16 << 20,
};

static uint64_t qdisc_clamp(uint64_t v, uint64_t min, uint64_t max)
{
	if (v < min)
		return min;
	return v > max ? max : v;
}

struct qdisc_tbf qdisc_tbf_for(uint64_t bits, uint32_t mtu)
{
	uint64_t rate = qdisc_clamp(bits / 8, 1, UINT64_MAX);
	uint64_t frames = ((uint64_t)mtu + FRAME_EXTRA) * BURST_FRAMES;

	return (struct qdisc_tbf){
		.rate = rate,
		.burst = (uint32_t)qdisc_clamp(rate / BURST_PER_SECOND, frames, UINT32_MAX),
		.limit = (uint32_t)qdisc_clamp(rate / LIMIT_PER_SECOND, LIMIT_MIN, LIMIT_MAX),
	};
}

static void qdisc_begin(struct netlink_request *q, uint16_t type, uint16_t flags, uint32_t index)
{
	struct tcmsg *t;

	netlink_begin(q, type, flags);
	t = mnl_nlmsg_put_extra_header(q->h, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)index;
	t->tcm_parent = TC_H_ROOT;
}

int qdisc_set_tbf(struct netlink *nl, uint32_t index, const struct qdisc_tbf *q, struct err *e)
{
	struct tc_tbf_qopt parms = { .limit = q->limit };
	struct netlink_request request;
	struct nlattr *options;
	int r;

	/* with the kind of link named no table of rates has to be sent, and with TCA_TBF_BURST no clock ticks */
	parms.rate.linklayer = TC_LINKLAYER_ETHERNET;
	parms.rate.rate = (uint32_t)qdisc_clamp(q->rate, 1, UINT32_MAX);
	qdisc_begin(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
	mnl_attr_put_strz(request.h, TCA_KIND, "tbf");
	options = mnl_attr_nest_start(request.h, TCA_OPTIONS);
	mnl_attr_put(request.h, TCA_TBF_PARMS, sizeof(parms), &parms);
	mnl_attr_put_u32(request.h, TCA_TBF_BURST, q->burst);
	if (q->rate > UINT32_MAX)
		mnl_attr_put_u64(request.h, TCA_TBF_RATE64, q->rate);
	mnl_attr_nest_end(request.h, options);
	r = netlink_talk(nl, &request, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "limit the bandwidth of link number %u", index) : 0;
}

int qdisc_clear(struct netlink *nl, uint32_t index, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	qdisc_begin(&q, RTM_DELQDISC, 0, index);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -ENOENT || r == -EINVAL) /* the one that every link is born with */
		return 0;
	*e = why;
	return err_wrap(e, "no longer limit the bandwidth of link number %u", index);
}

static int qdisc_take_rate(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *kind = netlink_attr(h, sizeof(struct tcmsg), TCA_KIND);
	const struct nlattr *options = netlink_attr(h, sizeof(struct tcmsg), TCA_OPTIONS);
	const struct nlattr *parms, *wide;
	struct tc_tbf_qopt old;

	if (!kind || mnl_attr_validate(kind, MNL_TYPE_NUL_STRING) < 0)
		return -EPROTO;
	if (!str_eq(mnl_attr_get_str(kind), "tbf") || !options)
		return 0;
	parms = netlink_nested(options, TCA_TBF_PARMS);
	wide = netlink_nested(options, TCA_TBF_RATE64);
	if (!parms || mnl_attr_get_payload_len(parms) < sizeof(old))
		return -EPROTO;
	memcpy(&old, mnl_attr_get_payload(parms), sizeof(old));
	*(uint64_t *)arg = old.rate.rate;
	if (wide && mnl_attr_get_payload_len(wide) >= sizeof(uint64_t))
		*(uint64_t *)arg = mnl_attr_get_u64(wide);
	return 0;
}

int qdisc_rate(struct netlink *nl, uint32_t index, uint64_t *ret, struct err *e)
{
	struct netlink_request q;
	uint64_t rate = 0;
	int r;

	/* without NLM_F_ECHO the answer goes to those who listen for changes, and not to us */
	qdisc_begin(&q, RTM_GETQDISC, NLM_F_ECHO, index);
	r = netlink_talk(nl, &q, qdisc_take_rate, &rate, e);
	if (r < 0)
		return err_wrap(e, "ask for the bandwidth of link number %u", index);
	*ret = rate;
	return 0;
}

int qdisc_probe(struct netlink *nl, struct err *e)
{
	enum { LO = 1 }; /* the first link of every namespace */
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	/* without options: a kernel that knows the kind asks for them (EINVAL), one that does not says ENOENT */
	qdisc_begin(&q, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, LO);
	mnl_attr_put_strz(q.h, TCA_KIND, "tbf");
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == -EINVAL)
		return 0;
	return err_set(e, EOPNOTSUPP, "it has no token buckets (sch_tbf): %s", why.text);
}
