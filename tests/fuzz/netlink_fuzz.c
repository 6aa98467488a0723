#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* libFuzzer target (make fuzz-netlink): any bytes as what the kernel answers about links, addresses, routes, neighbours, shaping and the packet filter. The kernel is no enemy, but much in its answers
 * is a tenant's own text (names, aliases), and kernels change what they say. The first byte chooses the question; then come datagrams, each behind two bytes of length. Their messages get the number of
 * the question, or else nothing would be read. What libnftnl reads (rules and sets as texts) is left out: it ends the
 * process when the kernel breaks its own form. net/netlink.c is a part of this file, so that its two system calls are ours. */
static ssize_t fuzz_sendmsg(int fd, const struct msghdr *m, int flags);
static ssize_t fuzz_recvmsg(int fd, struct msghdr *m, int flags);
#define sys_sendmsg fuzz_sendmsg
#define sys_recvmsg fuzz_recvmsg
#include "net/netlink.c"
#undef sys_sendmsg
#undef sys_recvmsg

#include <linux/netfilter.h>

#include "net/addr.h"
#include "net/conntrack.h"
#include "net/htb.h"
#include "net/identity.h"
#include "net/link.h"
#include "net/neigh.h"
#include "net/nft.h"
#include "net/qdisc.h"
#include "net/route.h"
#include "runtime/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct {
	const uint8_t *data;
	size_t left;
	uint32_t seq, pid;
} answer;

static ssize_t fuzz_sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct nlmsghdr *h = m->msg_iov[0].iov_base;

	(void)fd;
	(void)flags;
	answer.seq = h->nlmsg_seq;
	answer.pid = h->nlmsg_pid;
	return (ssize_t)m->msg_iov[0].iov_len;
}

/* Give every message the number of the question. */
static void number(char *data, int n)
{
	for (struct nlmsghdr *h = (struct nlmsghdr *)data; netlink_ok(h, n);
	     h = mnl_nlmsg_next(h, &n)) {
		h->nlmsg_seq = answer.seq;
		h->nlmsg_pid = answer.pid;
	}
}

static ssize_t fuzz_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	size_t n = 0;

	(void)fd;
	if (answer.left < 2) {
		errno = flags & MSG_DONTWAIT ? EAGAIN : ENOBUFS; /* nothing more comes */
		return -1;
	}
	n = answer.data[0] | (size_t)answer.data[1] << 8;
	answer.data += 2;
	answer.left -= 2;
	if (n > answer.left)
		n = answer.left;
	if (n > m->msg_iov[0].iov_len)
		n = m->msg_iov[0].iov_len;
	memcpy(m->msg_iov[0].iov_base, answer.data, n);
	answer.data += n;
	answer.left -= n;
	memcpy(m->msg_name, &kernel, sizeof(kernel));
	m->msg_namelen = sizeof(kernel);
	m->msg_flags = 0;
	number(m->msg_iov[0].iov_base, (int)n);
	return (ssize_t)n;
}

static void ask_links(struct netlink *nl, struct err *e)
{
	auto_done(link_list) struct link_list l = { 0 };

	(void)!link_all(nl, &l, e);
}
static void ask_link(struct netlink *nl, struct err *e)
{
	struct link_info i = { 0 };
	bool isolated = false;

	(void)!link_find(nl, "eth0", &i, e);
	(void)!link_is_isolated(nl, "eth0", &isolated, e);
}
static void ask_ports(struct netlink *nl, struct err *e)
{
	auto_done(link_list) struct link_list l = { 0 };

	(void)!link_ports(nl, 7, &l, e);
}
static void ask_peer(struct netlink *nl, struct err *e)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
	uint32_t index = 0;

	(void)!link_port_of(nl, 7, mac, &index, e);
}
static void ask_addresses(struct netlink *nl, struct err *e)
{
	auto_done(addr_list) struct addr_list l = { 0 };

	(void)!addr_all(nl, &l, e);
}
static void ask_routes(struct netlink *nl, struct err *e)
{
	auto_done(route_list) struct route_list l = { 0 };
	bool carries = false;

	(void)!route_all(nl, &l, e);
	(void)!route_carries_default(nl, 2, &carries, e);
}
static void ask_neighbours(struct netlink *nl, struct err *e)
{
	auto_done(neigh_list) struct neigh_list l = { 0 };

	(void)!neigh_proxies(nl, &l, e);
}
static void ask_shaping(struct netlink *nl, struct err *e)
{
	uint64_t rate = 0, ceil = 0;

	(void)!qdisc_rate(nl, 2, &rate, e);
	(void)!htb_rates(nl, 2, 1, &rate, &ceil, e);
}
static void ask_identity(struct netlink *nl, struct err *e)
{
	auto_done(identity) struct identity i = { 0 }, found = { 0 };
	char name[IFNAMSIZ] = "";

	if (identity_find(nl, "eth0", &i, e) == 0)
		(void)!identity_search(nl, &i, false, &found, e);
	(void)!identity_used_by(nl, 2, name, e);
}
static void ask_filter(struct netlink *nl, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	uint32_t chains = 0;

	(void)nl;
	(void)!nft_table_exists(NFPROTO_INET, "zones", &chains, e);
	(void)!nft_chains(NFPROTO_INET, "zones", &names, e);
	(void)!nft_hook_drops(NFPROTO_INET, 2, "zones", e);
}
static void ask_flows(struct netlink *nl, struct err *e)
{
	struct inet_addr a = { 0 };

	(void)nl;
	(void)!conntrack_forget(&a, 1, e);
}

static void (*const questions[])(struct netlink *nl, struct err *e) = {
	ask_links,      ask_link,    ask_ports,    ask_peer,   ask_addresses, ask_routes,
	ask_neighbours, ask_shaping, ask_identity, ask_filter, ask_flows,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct netlink nl = NETLINK_CLOSED;
	struct err e = { 0 };

	if (n < 1 || (nl.fd < 0 && netlink_open(&nl, NETLINK_ROUTE, &e) < 0))
		return 0;
	answer.data = data + 1;
	answer.left = n - 1;
	questions[data[0] % (sizeof(questions) / sizeof(questions[0]))](&nl, &e);
	return 0;
}
