/* The batch: tables and chains as messages of libnftnl, one behind the other in one buffer: BEGIN, messages, END. The kernel applies it as a whole at END; without END it checks
 * and forgets. Rules are made in nft_rule.c, questions asked in nft_ask.c. */
#include "net/nft.h"

#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"
#include "net/nft_batch.h"
#include "runtime/base/mem.h"

enum { MESSAGE_ROOM = 65536 };

/* --- building --------------------------------------------------------------------------------- */

/* Room for one more message at the end of the buffer. */
static char *nft_room(struct nft_batch *b)
{
	if (b->cap - b->len < MESSAGE_ROOM) {
		b->cap = b->cap * 2 + MESSAGE_ROOM;
		b->data = mem_grow(b->data, b->cap, 1);
	}
	return b->data + b->len;
}

struct nlmsghdr *nft_begin(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	/* one acknowledgement a batch: a failure is told unasked, and thousands of "done" are more than a socket takes */
	if (!b->asked)
		flags |= NLM_F_ACK;
	b->asked = true;
	return nftnl_nlmsg_build_hdr(nft_room(b), type, (uint16_t)b->family, flags, ++b->seq);
}

void nft_end(struct nft_batch *b, const struct nlmsghdr *h)
{
	b->len += MNL_ALIGN(h->nlmsg_len);
}

void *nft_must(void *p)
{
	return p ? p : mem_zero(SIZE_MAX); /* libnftnl is out of memory: end as mem_* does */
}

struct nft_batch *nft_batch_new(uint32_t family, const char *table)
{
	struct nft_batch *b = mem_zero(sizeof(*b));

	b->family = family;
	b->table = table;
	nft_end(b, nftnl_batch_begin(nft_room(b), ++b->seq));
	return b;
}

void nft_batch_free(struct nft_batch *b)
{
	if (!b)
		return;
	free(b->data);
	strbuf_done(&b->sets);
	free(b);
}

static void nft_table_message(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	struct nftnl_table *t = nft_must(nftnl_table_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table);
	h = nft_begin(b, type, flags);
	nftnl_table_nlmsg_build_payload(h, t);
	nft_end(b, h);
	nftnl_table_free(t);
}

void nft_batch_add_table(struct nft_batch *b)
{
	nft_table_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_batch_drop_table(struct nft_batch *b)
{
	nft_table_message(b, NFT_MSG_DELTABLE, 0);
}

void nft_batch_add_chain(struct nft_batch *b, const struct nft_chain *c)
{
	struct nftnl_chain *chain = nft_must(nftnl_chain_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, b->table);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, c->name);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, c->type);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, c->hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, c->priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	if (c->device)
		(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_DEV, c->device);
	h = nft_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_chain_nlmsg_build_payload(h, chain);
	nft_end(b, h);
	nftnl_chain_free(chain);
}

void nft_batch_flush_chain(struct nft_batch *b, const char *name)
{
	struct nftnl_rule *rule = nft_must(nftnl_rule_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, name);
	h = nft_begin(b, NFT_MSG_DELRULE, 0);
	nftnl_rule_nlmsg_build_payload(h, rule);
	nft_end(b, h);
	nftnl_rule_free(rule);
}

void nft_batch_drop_chain(struct nft_batch *b, const char *name)
{
	struct nftnl_chain *chain = nft_must(nftnl_chain_alloc());
	struct nlmsghdr *h;

	nft_batch_flush_chain(b, name);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, b->table);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
	h = nft_begin(b, NFT_MSG_DELCHAIN, 0);
	nftnl_chain_nlmsg_build_payload(h, chain);
	nft_end(b, h);
	nftnl_chain_free(chain);
}

/* --- sending ---------------------------------------------------------------------------------- */

int nft_batch_probe(struct nft_batch *b, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = netlink_open(&nl, NETLINK_NETFILTER, e);

	return r < 0 ? r : netlink_batch(&nl, b->data, b->len, e);
}

int nft_batch_commit(struct nft_batch *b, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r;

	nft_end(b, nftnl_batch_end(nft_room(b), ++b->seq));
	r = netlink_open(&nl, NETLINK_NETFILTER, e);
	return r < 0 ? r : netlink_batch(&nl, b->data, b->len, e);
}
