/* nft_batch - the inside of a batch, for the files that fill it. Private to nft*.c. */
#ifndef NET_NFT_BATCH_H
#define NET_NFT_BATCH_H

#include <libmnl/libmnl.h>

#include "net/nft.h"

struct nft_batch {
	uint32_t family;
	const char *table;
	char *data;
	size_t len, cap;
	uint32_t seq, set_id;
};

/* A message at the end of the buffer, NFT_MSG_*; what libnftnl builds behind the header belongs to the batch once nft_end() has counted it. */
struct nlmsghdr *nft_begin(struct nft_batch *b, uint16_t type, uint16_t flags);
void nft_end(struct nft_batch *b, const struct nlmsghdr *h);
/* What libnftnl allocated; it never returns NULL, as mem_* do. */
void *nft_must(void *p);

#endif
