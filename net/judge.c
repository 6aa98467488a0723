/* Why no shorter way: a packet passes input or forward, never both; no verdict sends one that has come to input back to prerouting; and a copy that is made to come in again (dup, a link
 * that echoes) comes in by another link, so that rules which name links would judge it wrongly. Copies of the administrator's rules in our chains would go stale, and miss their sets and limits. */
#include "net/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "net/nat.h"
#include "net/publish_rules.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define JUDGE_SET4 "admitted4"
#define JUDGE_SET6 "admitted6"
/* As many as a default host remembers connections (nf_conntrack_max): a flood of forged senders fills neither sooner. */
enum { JUDGE_CLIENTS = 262144, NAMES_MAX = 4096 };

enum judge_value { V_IP4, V_IP6, V_SET4, V_SET6, V_COUNT };

/* The verdict ends this chain only. */
static const struct nft_rule judge_first[] = {
	{ "to be judged",
	  NFT_VERDICT_ACCEPT,
	  { { NFT_LOAD_META, NFT_META_NFPROTO, 1, NFT_IS, V_IP4 },
	    { NFT_LOAD_FLOW4, 0, 0, NFT_NOT_IN_SET, V_SET4 } },
	  0 },
	{ "to be judged",
	  NFT_VERDICT_ACCEPT,
	  { { NFT_LOAD_META, NFT_META_NFPROTO, 1, NFT_IS, V_IP6 },
	    { NFT_LOAD_FLOW6, 0, 0, NFT_NOT_IN_SET, V_SET6 } },
	  0 },
};

/* The older packet filter has its chains beside those of nftables; which of its tables are there stands in a file of procfs, a name a line. Those with rules for input may drop. */
static int judge_has_xtables(struct err *e)
{
	static const char *const files[] = { "/proc/self/net/ip_tables_names",
					     "/proc/self/net/ip6_tables_names" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		auto_free char *text = NULL;
		struct err why = { 0 };
		size_t n = 0;
		int r = file_read_all(AT_FDCWD, files[i], NAMES_MAX, &text, &n, &why);

		if (r < 0 && r != -ENOENT) {
			*e = why;
			return r;
		}
		if (r == 0 && (strstr(text, "filter\n") || strstr(text, "mangle\n") ||
			       strstr(text, "security\n")))
			return 1;
	}
	return 0;
}

int judge_is_needed(struct err *e)
{
	static const struct {
		uint32_t family;
		const char *ours;
	} families[] = { { NFPROTO_INET, NAT_TABLE },
			 { NFPROTO_IPV4, NULL },
			 { NFPROTO_IPV6, NULL } };
	const char *said = getenv("ZONES_PUBLISH_INPUT");
	int r = 0;

	if (str_eq(said, "always") || str_eq(said, "never"))
		return str_eq(said, "always");
	for (size_t i = 0; r == 0 && i < sizeof(families) / sizeof(families[0]); i++)
		r = nft_hook_drops(families[i].family, NF_INET_LOCAL_IN, families[i].ours, e);
	return r == 0 ? judge_has_xtables(e) : r;
}

void judge_rules(struct nft_batch *b, const char *prerouting, const struct publish *ports, size_t n)
{
	static const struct nft_set sets[] = {
		{ JUDGE_SET4, NFT_LOAD_FLOW4, JUDGE_SECONDS * 1000, JUDGE_CLIENTS },
		{ JUDGE_SET6, NFT_LOAD_FLOW6, JUDGE_SECONDS * 1000, JUDGE_CLIENTS },
	};
	/* behind everybody's, before the connection is remembered (the kernel's own at INT_MAX) */
	static const struct nft_chain last = { "input", "filter", NF_INET_LOCAL_IN, INT_MAX - 1,
					       NULL };
	static const struct nft_value values[V_COUNT] = {
		[V_IP4] = { .data = "\x02", .n = 1 },
		[V_IP6] = { .data = "\x0a", .n = 1 },
		[V_SET4] = { .data = JUDGE_SET4, .n = 1 },
		[V_SET6] = { .data = JUDGE_SET6, .n = 1 },
	};

	nft_batch_add_set(b, &sets[0]);
	nft_batch_add_set(b, &sets[1]);
	nft_batch_add_chain(b, &last);
	nft_batch_rules(b, prerouting, judge_first, sizeof(judge_first) / sizeof(judge_first[0]),
			values, 0);
	for (size_t i = 0; i < n; i++)
		publish_note_rules(b, last.name, &ports[i], JUDGE_SET4, JUDGE_SET6);
}
