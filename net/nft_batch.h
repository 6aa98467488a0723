/* nft_batch - the inside of a batch, for the files that fill it. Private to nft*.c. */
#ifndef NET_NFT_BATCH_H
#define NET_NFT_BATCH_H

#include <libmnl/libmnl.h>

#include "net/netlink.h"
#include "net/nft.h"
#include "runtime/base/str.h"

struct nftnl_rule;
struct nftnl_set;

struct nft_batch {
	uint32_t family;
	const char *table;
	char *data;
	size_t len, cap;
	uint32_t seq, set_id;
	bool asked;         /* its first message asks for an acknowledgement */
	struct strv *texts; /* nft_batch_texts(); NULL */
	struct strbuf sets; /* items of the sets of the rule that is being made, for its text */
};

/* A message at the end of the buffer, NFT_MSG_*; what libnftnl builds behind the header belongs to the batch once nft_end() has counted it. */
struct nlmsghdr *nft_begin(struct nft_batch *b, uint16_t type, uint16_t flags);
void nft_end(struct nft_batch *b, const struct nlmsghdr *h);
/* nft_ask.c: a list of the kernel. `fn` sees it once and whole, however often it had to be asked for. */
MUST_CHECK int nft_dump(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn,
			void *arg, struct err *e);
/* nft_text.c: a rule as a text that is the same for what is sent and for what the kernel shows of it. `sets`: the items of its anonymous sets, from nft_set_text() one after the other. */
char *nft_rule_text(const struct nftnl_rule *rule, const char *sets);
void nft_set_text(const struct nftnl_set *set, struct strbuf *to); /* sorted */
/* What libnftnl allocated; it never returns NULL, as mem_* do. */
void *nft_must(void *p);

#endif
