#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <signal.h>

#include "net/guard.h"
#include "net/nat.h"
#include "tests/unit/net/own_network.h"

static const struct nft_rule rules[] = {
	{ "first", NFT_VERDICT_ACCEPT, { { NFT_LOAD_META, NFT_META_NFPROTO, 1, NFT_IS, 0 } }, 0 },
	{ "second", NFT_VERDICT_DROP, { { NFT_LOAD_NETWORK, 12, 4, NFT_NOT_IN, 1 } }, 1 },
	{ "third", NFT_VERDICT_DROP, { { NFT_LOAD_NETWORK, 12, 4, NFT_IS, 2 } }, 3 },
};
static const struct nft_value values[] = {
	{ .data = "\x02", .n = 1 },
	{ .data = "\x0a\0\0\1\x0a\0\0\2", .n = 2 },
	{ .data = "\x0a\0\0\0", .n = 1, .masked = true, .prefix = 8 },
};
static const struct nft_chain chain = { "c", "filter", NF_INET_FORWARD, 0, NULL };

static void collect(const char *comment, uint64_t packets, uint64_t bytes, void *arg)
{
	CHECK(packets == 0 && bytes == 0);
	strv_add(arg, comment);
}

static struct nft_batch *batch(unsigned when)
{
	struct nft_batch *b = nft_batch_new(NFPROTO_INET, "zones-test");

	nft_batch_add_table(b);
	nft_batch_add_chain(b, &chain);
	nft_batch_rules(b, "c", rules, 3, values, when);
	return b;
}

static void test(void)
{
	auto_ptr(nft_batch) struct nft_batch *probe = batch(3);
	auto_ptr(nft_batch) struct nft_batch *make = batch(1);
	auto_ptr(nft_batch) struct nft_batch *again = batch(1);
	auto_ptr(nft_batch) struct nft_batch *drop = nft_batch_new(NFPROTO_INET, "zones-test");
	auto_done(strv) struct strv chains = { 0 };
	auto_done(strv) struct strv comments = { 0 };
	struct err e = { 0 };
	uint32_t n_chains = 0;

	/* judged and forgotten */
	CHECK(nft_batch_probe(probe, &e) == 0);
	CHECK(nft_table_exists(NFPROTO_INET, "zones-test", NULL, &e) == 0);
	CHECK(guard_probe(&e) == 0);
	CHECK(nat_probe(&e) == 0);
	CHECK(nat_exists(&e) == 0);

	CHECK(nft_batch_commit(make, &e) == 0);
	CHECK(nft_table_exists(NFPROTO_INET, "zones-test", &n_chains, &e) == 1 && n_chains == 1);
	CHECK(nft_chains(NFPROTO_INET, "zones-test", &chains, &e) == 0);
	CHECK(chains.n == 1 && strv_has(&chains, "c"));
	CHECK(nft_chain_exists(NFPROTO_INET, "zones-test", "c", &e) == 1);
	CHECK(nft_chain_exists(NFPROTO_INET, "zones-test", "d", &e) == 0);
	CHECK(nft_counters(NFPROTO_INET, "zones-test", "c", collect, &comments, &e) == 0);
	CHECK_INT(comments.n, 2); /* the third needs bit 2 */
	CHECK_STR(comments.items[0], "first");
	CHECK_STR(comments.items[1], "second");

	/* all or nothing: the chain is there already */
	CHECK(nft_batch_commit(again, &e) == -EEXIST);
	nft_batch_drop_table(drop);
	CHECK(nft_batch_commit(drop, &e) == 0);
	CHECK(nft_table_exists(NFPROTO_INET, "zones-test", NULL, &e) == 0);
	CHECK(nft_counters(NFPROTO_INET, "zones-test", "c", collect, &comments, &e) == 0);
}

enum { ITEMS = 3000 };

/* All items of a set arrive, however many. */
static void test_long_set(void)
{
	static uint32_t items[ITEMS];
	static const struct nft_rule rule = {
		"long", NFT_VERDICT_DROP, { { NFT_LOAD_NETWORK, 12, 4, NFT_IN, 0 } }, 0
	};
	const struct nft_value value = { .data = items, .n = ITEMS };
	auto_ptr(nft_batch) struct nft_batch *make = nft_batch_new(NFPROTO_INET, "zones-test");
	auto_ptr(nft_batch) struct nft_batch *drop = nft_batch_new(NFPROTO_INET, "zones-test");
	auto_done(strv) struct strv sent = { 0 };
	auto_done(strv) struct strv is = { 0 };
	struct err e = { 0 };
	size_t spaces = 0;

	for (uint32_t i = 0; i < ITEMS; i++)
		items[i] = htonl(0x0a000000 + i);
	nft_batch_add_table(make);
	nft_batch_add_chain(make, &chain);
	nft_batch_texts(make, &sent);
	nft_batch_rules(make, "c", &rule, 1, &value, 0);
	CHECK_INT(nft_batch_commit(make, &e), 0);
	CHECK(nft_chain_texts(NFPROTO_INET, "zones-test", "c", &is, &e) == 0);
	CHECK(is.n == 2 && sent.n == 1 && str_eq(is.items[1], sent.items[0]));
	for (const char *p = strchr(is.items[is.n - 1], '{'); p && *p && *p != '}'; p++)
		spaces += *p == ' ';
	CHECK_INT(spaces, ITEMS - 1);
	nft_batch_drop_table(drop);
	CHECK(nft_batch_commit(drop, &e) == 0);
}

enum { CHAINS = 400, LISTS = 300 };

/* One chain comes and goes, so that the kernel says of lists that they were interrupted. */
static void disturb(void)
{
	for (;;) {
		auto_ptr(nft_batch) struct nft_batch *add =
			nft_batch_new(NFPROTO_INET, "zones-test");
		auto_ptr(nft_batch) struct nft_batch *drop =
			nft_batch_new(NFPROTO_INET, "zones-test");
		const struct nft_chain c = { "x", "filter", NF_INET_FORWARD, 0, NULL };
		struct err ignored = { 0 };

		nft_batch_add_chain(add, &c);
		nft_batch_drop_chain(drop, "x");
		(void)!nft_batch_commit(add, &ignored);
		(void)!nft_batch_commit(drop, &ignored);
		(void)usleep(500);
	}
}

/* A list that is asked for again holds nothing twice. */
static void test_interrupted(void)
{
	auto_ptr(nft_batch) struct nft_batch *make = nft_batch_new(NFPROTO_INET, "zones-test");
	size_t wrong = 0, whole = 0;
	struct err e = { 0 };
	pid_t child;

	nft_batch_add_table(make);
	for (int i = 0; i < CHAINS; i++) {
		char name[64];
		const struct nft_chain c = { name, "filter", NF_INET_FORWARD, i, NULL };

		(void)snprintf(name, sizeof(name), "chain-%050d", i);
		nft_batch_add_chain(make, &c);
	}
	CHECK(nft_batch_commit(make, &e) == 0);
	child = fork();
	if (child == 0)
		disturb();
	for (int i = 0; i < LISTS; i++) {
		auto_done(strv) struct strv names = { 0 };
		int r = nft_chains(NFPROTO_INET, "zones-test", &names, &e);

		wrong += r == 0 && names.n != CHAINS && names.n != CHAINS + 1;
		whole += r == 0;
	}
	CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
	CHECK_INT(wrong, 0);
	CHECK(whole > 0);
}

static void test_all(void)
{
	test();
	test_long_set();
	test_interrupted();
}

int main(void)
{
	return own_network_run(test_all);
}
