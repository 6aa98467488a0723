#include "net/judge.h"

#include <netinet/in.h>
/* behind it: the kernel's header would bring its own of the same names */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "net/nat.h"
#include "tests/unit/net/own_network.h"

static const struct nft_chain at_input = { "c", "filter", NF_INET_LOCAL_IN, 0, NULL };
static const struct nft_chain at_forward = { "c", "filter", NF_INET_FORWARD, 0, NULL };
static const struct nft_rule rule = { "r", NFT_VERDICT_ACCEPT, { { 0 } }, 0 };

/* Somebody's table with a chain, and a rule in it or not. */
static void somebody(uint32_t family, const struct nft_chain *chain, size_t rules)
{
	auto_ptr(nft_batch) struct nft_batch *b = nft_batch_new(family, "somebody");
	struct err e = { 0 };

	nft_batch_add_table(b);
	nft_batch_add_chain(b, chain);
	nft_batch_rules(b, "c", &rule, rules, NULL, 0);
	CHECK(nft_batch_commit(b, &e) == 0);
}

static void nobody(uint32_t family)
{
	auto_ptr(nft_batch) struct nft_batch *b = nft_batch_new(family, "somebody");
	struct err e = { 0 };

	nft_batch_drop_table(b);
	CHECK(nft_batch_commit(b, &e) == 0);
}

static void count(const char *comment, uint64_t packets, uint64_t bytes, void *arg)
{
	(void)packets;
	(void)bytes;
	*(unsigned *)arg += str_has_suffix(comment, "judged");
}

static unsigned rules_in(const char *chain)
{
	struct err e = { 0 };
	unsigned n = 0;

	CHECK(nft_counters(NFPROTO_INET, NAT_TABLE, chain, count, &n, &e) == 0);
	return n;
}

static void test_need(void)
{
	static const uint32_t families[] = { NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 };
	struct err e = { 0 };

	CHECK(judge_is_needed(&e) == 0);
	for (size_t i = 0; i < 3; i++) {
		somebody(families[i], &at_input, 1);
		CHECK(judge_is_needed(&e) == 1);
		nobody(families[i]);
		somebody(families[i], &at_input, 0); /* lets everything pass */
		CHECK(judge_is_needed(&e) == 0);
		nobody(families[i]);
	}
	somebody(NFPROTO_INET, &at_forward, 1);
	CHECK(judge_is_needed(&e) == 0);
	(void)setenv("ZONES_PUBLISH_INPUT", "always", 1);
	CHECK(judge_is_needed(&e) == 1);
	nobody(NFPROTO_INET);
	somebody(NFPROTO_INET, &at_input, 1);
	(void)setenv("ZONES_PUBLISH_INPUT", "never", 1);
	CHECK(judge_is_needed(&e) == 0);
	(void)unsetenv("ZONES_PUBLISH_INPUT");
	nobody(NFPROTO_INET);
	CHECK_STR(e.text, "");
}

static void test_rules(void)
{
	struct publish p = { .protocol = IPPROTO_TCP, .first = 80, .last = 89, .to = 8000 };
	const struct bridge_link zbr0 = { .name = "zbr0" };
	struct nat n = { .bridges = &zbr0, .n_bridges = 1, .ports = &p, .n_ports = 1 };
	struct err e = { 0 };

	CHECK(inet_parse("10.88.0.2", &p.four) == 0);
	CHECK(nat_apply(&n, &e) == 0);
	CHECK(nft_chain_exists(NFPROTO_INET, NAT_TABLE, "input", &e) == 0);
	n.judged = true;
	CHECK(nat_apply(&n, &e) == 0);
	CHECK_INT(rules_in("prerouting"), 2); /* of each family, before all others */
	CHECK_INT(rules_in("input"), 1);      /* the range as a whole */
	CHECK_INT(rules_in("output"), 0);
	CHECK(judge_is_needed(&e) == 0); /* our own chain counts for nothing */
	CHECK(inet_parse("fd00:88::2", &p.six) == 0);
	CHECK(nat_apply(&n, &e) == 0);
	CHECK_INT(rules_in("input"), 2);
	CHECK(inet_parse("192.0.2.1", &p.address) == 0); /* of one family */
	CHECK(nat_apply(&n, &e) == 0);
	CHECK_INT(rules_in("input"), 1);
	CHECK(nat_remove(&e) == 0);
}

static void test(void)
{
	test_need();
	test_rules();
}

int main(void)
{
	return own_network_run(test);
}
