/* nft - packet filter rules as tables, sent to the kernel in one all-or-nothing batch.
 *
 * A rule is a list of matches and a verdict; a match loads something of the packet and compares it. Values that differ from link to link (addresses, names) stand in an
 * array beside the table and are referred to by number, so the tables themselves are constant. Every rule counts and carries a comment, which `nft list ruleset` shows and
 * nft_counters() reads back. */
#ifndef NET_NFT_H
#define NET_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"

enum nft_load {
	NFT_LOAD_NONE, /* ends a rule's matches */
	NFT_LOAD_LINK, /* bytes of the link header; the Ethernet type of a tagged frame is seen as 0x8100 */
	NFT_LOAD_NETWORK,   /* bytes of the IP or ARP header */
	NFT_LOAD_TRANSPORT, /* bytes behind it, extension headers of IPv6 skipped */
	NFT_LOAD_META,      /* `at` is an NFT_META_* key */
	NFT_LOAD_CT,        /* `at` is an NFT_CT_* key */
	NFT_LOAD_ADDRESS_TYPE, /* of the destination: RTN_LOCAL ... (32 bits, host order); needs nft_fib in the kernel */
	NFT_LOAD_FLOW4, /* for a set with a name: link, source, destination, protocol and port of an IPv4 packet */
	NFT_LOAD_FLOW6,
};
enum nft_compare {
	NFT_IS, /* equals the value's only item */
	NFT_IS_NOT,
	NFT_IN, /* is one of the value's items */
	NFT_NOT_IN,
	NFT_BETWEEN,  /* from the value's first item to its second, both included; network order */
	NFT_HAS_BITS, /* any bit of the value is set (32 bits, host order) */
	NFT_IN_SET,   /* is an element of the set that has the value as its name */
	NFT_NOT_IN_SET,
};
struct nft_match {
	enum nft_load load;
	uint32_t at, len;
	enum nft_compare compare;
	size_t value; /* index into the values */
};
enum nft_verdict {
	NFT_VERDICT_ACCEPT,
	NFT_VERDICT_DROP,
	NFT_VERDICT_MASQUERADE,
	NFT_VERDICT_FORWARD, /* to the link whose index (32 bits, host order) is value 0; netdev family only */
	NFT_VERDICT_PRIORITY, /* none: the packet's priority becomes value 1 (32 bits, host order), the next rule goes on */
	NFT_VERDICT_DNAT4, /* the destination becomes NFT_DNAT_ADDRESS and, where that value has an item, NFT_DNAT_PORT */
	NFT_VERDICT_DNAT6,
	NFT_VERDICT_NOTE4, /* NFT_LOAD_FLOW4 goes into the set whose name is value NFT_NOTE_SET, and the packet is dropped */
	NFT_VERDICT_NOTE6,
};
enum { NFT_NOTE_SET };                    /* numbers of values */
enum { NFT_DNAT_ADDRESS, NFT_DNAT_PORT }; /* numbers of values */
enum { NFT_MATCHES = 6 };
struct nft_rule {
	const char *comment;
	enum nft_verdict verdict;
	struct nft_match matches[NFT_MATCHES];
	unsigned
		when; /* left out unless all these bits are in the `when` given to nft_batch_rules(); 0: always */
};
struct nft_value {
	const void *data; /* n items, one behind the other, each of the match's length */
	size_t n;
	bool masked; /* the load is cut to `prefix` bits before it is compared (NFT_IS, NFT_IS_NOT) */
	unsigned prefix;
};

struct nft_chain {
	const char *name;
	const char *type; /* "filter" "nat" */
	uint32_t hook;    /* NF_INET_*, NF_NETDEV_INGRESS */
	int32_t priority;
	const char *device; /* netdev family only */
};

/* A set of flows, which rules fill and ask; every element is forgotten after its time. Full, it takes no more. */
struct nft_set {
	const char *name;
	enum nft_load load; /* NFT_LOAD_FLOW4, NFT_LOAD_FLOW6 */
	uint64_t timeout_ms;
	uint32_t size;
};

struct nft_batch;
struct nft_batch *nft_batch_new(uint32_t family,
				const char *table); /* NFPROTO_*; the strings are borrowed */
void nft_batch_free(struct nft_batch *b);
DEFINE_AUTO_PTR(nft_batch);

void nft_batch_add_table(struct nft_batch *b);                        /* there already: fine */
void nft_batch_drop_table(struct nft_batch *b);                       /* must exist */
void nft_batch_add_set(struct nft_batch *b, const struct nft_set *s); /* must not exist */
/* A set of link names, each of IFNAMSIZ bytes filled with zeros, for any number of rules; must not exist. */
void nft_batch_add_names(struct nft_batch *b, const char *set, const char *names, size_t n);
void nft_batch_add_chain(struct nft_batch *b, const struct nft_chain *c); /* must not exist */
void nft_batch_drop_chain(struct nft_batch *b, const char *name); /* must exist; with its rules */
void nft_batch_flush_chain(struct nft_batch *b, const char *name);
void nft_batch_rules(struct nft_batch *b, const char *chain, const struct nft_rule *rules, size_t n,
		     const struct nft_value *values, unsigned when);

/* From now on a text of every rule goes into `texts` too, for comparison with nft_chain_texts(). */
void nft_batch_texts(struct nft_batch *b, struct strv *texts);
/* Send. All or nothing. Needs CAP_NET_ADMIN in the caller's network namespace. */
MUST_CHECK int nft_batch_commit(struct nft_batch *b, struct err *e);
/* Let the kernel judge the batch, changing nothing: it lacks its end, so the kernel checks every message and takes them all back. */
MUST_CHECK int nft_batch_probe(struct nft_batch *b, struct err *e);

/* 1 exists, 0 not, negative errno. *ret_chains (may be NULL): how many chains it has. */
MUST_CHECK int nft_table_exists(uint32_t family, const char *table, uint32_t *ret_chains,
				struct err *e);
MUST_CHECK int nft_chain_exists(uint32_t family, const char *table, const char *chain,
				struct err *e);
/* 1 when a table of the family other than `except` can drop packets at the hook: it has a chain there whose policy is to drop, or one with rules. */
MUST_CHECK int nft_hook_drops(uint32_t family, uint32_t hook, const char *except, struct err *e);
/* 1 when the chain has a rule with that comment. */
MUST_CHECK int nft_rule_exists(uint32_t family, const char *table, const char *chain,
			       const char *comment, struct err *e);
/* Names of a table's chains; an absent table has none. */
MUST_CHECK int nft_chains(uint32_t family, const char *table, struct strv *ret, struct err *e);

/* The rules of a chain as the kernel has them, a text each, in order; the first says where the chain is hooked: nft_hook_text(). An absent chain has none. */
MUST_CHECK int nft_chain_texts(uint32_t family, const char *table, const char *chain,
			       struct strv *ret, struct err *e);
char *nft_hook_text(uint32_t hook, int32_t priority, const char *device); /* policy accept */

typedef void (*nft_counter_fn)(const char *comment, uint64_t packets, uint64_t bytes, void *arg);
/* Visit the counters of a chain's rules in order; an absent chain has none. */
MUST_CHECK int nft_counters(uint32_t family, const char *table, const char *chain,
			    nft_counter_fn fn, void *arg, struct err *e);

#endif
