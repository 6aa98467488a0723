#include "net/share_total.h"

#include <string.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* A zone's two links on the common bridge; 0: not said. */
struct want {
	const char *zone;
	uint64_t total[2];
	uint32_t share[2];
};

static char *settled(struct json *leases, const struct want *w)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_new();
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };
	const struct plan_subnets common = { 0 };
	auto_free char *before = json_print(leases, false);
	bool changed = false;

	z->zonename = mem_strdup(w->zone);
	z->anet = mem_array(2, sizeof(*z->anet));
	z->n_anet = 2;
	for (size_t i = 0; i < 2; i++) {
		z->anet[i].shared_bw = (struct opt_u64){ w->total[i] > 0, w->total[i] };
		z->anet[i].bw_share = (struct opt_u64){ w->share[i] > 0, w->share[i] };
	}
	CHECK(plan_build(z, &common, &p, &diags) == 0);
	size_t errors = share_settle(p, leases, &diags, &changed);
	auto_free char *after = json_print(leases, false);

	CHECK_INT(errors, diags.n);
	CHECK(changed == (strcmp(before, after) != 0));
	if (errors)
		return diag_text(&diags, 0);
	return mem_format("%u/%llu %u/%llu %s", p->links[0].share,
			  (unsigned long long)p->links[0].total, p->links[1].share,
			  (unsigned long long)p->links[1].total, after);
}

#define TREE(totals) "{\"leases\":[]" totals "}"
#define TOTAL(bits, zones) \
	",\"totals\":[{\"name\":\"zbr0\",\"bits\":" bits ",\"zones\":[" zones "]}]"

/* What only a record knows counts for the moment; what is said wins. */
static void assuming(struct json *leases)
{
	static const char text[] =
		"{\"links\":[{\"bridge\":\"zbr0\",\"shareTotal\":7000},{\"bridge\":\"zbr0\",\"shareTotal\":1},{\"bridge\":\"br1\"}]}";
	const struct want w = { "b", { 0, 0 }, { 9, 0 } }, says = { "a", { 8000, 0 }, { 0, 0 } };
	auto_ptr(json) struct json *record = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &record, &e) == 0);
	share_assume(leases, record);
	auto_free char *got = settled(leases, &w);

	CHECK_STR(got, "9/7000 100/7000 " TREE(TOTAL("7000", "\"\"")));
	share_assume_end(leases);
	auto_free char *left = json_print(leases, false);

	CHECK_STR(left, TREE(""));
	auto_free char *said = settled(leases, &says);

	share_assume(leases, record);
	share_assume_end(leases);
	auto_free char *still = json_print(leases, false);

	CHECK_STR(still, TREE(TOTAL("8000", "\"a\"")));
	CHECK_STR(said, "100/8000 100/8000 " TREE(TOTAL("8000", "\"a\"")));
}

int main(void)
{
	static const struct {
		struct want w;
		const char *want;
	} rows[] = {
		{ { "a", { 0, 0 }, { 0, 0 } }, "0/0 0/0 " TREE("") },
		{ { "a", { 0, 0 }, { 0, 7 } },
		  "anet[1].bwShare: what the zones on \"zbr0\" have together is not known: say it with sharedbw, here or in another zone there that boots first" },
		{ { "a", { 0, 8000 }, { 7, 0 } }, /* the second link says it for both */
		  "7/8000 100/8000 " TREE(TOTAL("8000", "\"a\"")) },
		{ { "b", { 0, 0 }, { 9, 0 } }, "9/8000 100/8000 " TREE(TOTAL("8000", "\"a\"")) },
		{ { "b", { 8000, 0 }, { 0, 0 } },
		  "100/8000 100/8000 " TREE(TOTAL("8000", "\"a\",\"b\"")) },
		{ { "a", { 9000, 0 }, { 0, 0 } },
		  "anet[0].sharedbw: zone \"b\" says 8K of \"zbr0\"; write the same or nothing" },
		{ { "a", { 8000, 9000 }, { 0, 0 } },
		  "anet[1].sharedbw: is not what anet[0] says of \"zbr0\"" },
		{ { "a", { 0, 0 }, { 0, 0 } }, "100/8000 100/8000 " TREE(TOTAL("8000", "\"b\"")) },
		{ { "b", { 9000, 0 }, { 0, 0 } }, /* alone it may change its mind */
		  "100/9000 100/9000 " TREE(TOTAL("9000", "\"b\"")) },
		{ { "b", { 0, 0 }, { 0, 0 } }, "0/0 0/0 " TREE("") },
	};
	auto_ptr(json) struct json *leases = json_new_object();

	json_set(leases, "leases", json_new_array());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *got = settled(leases, &rows[i].w);

		/* of a refused zone only what the others say counts, so the tree may have lost its word */
		test_str(got, rows[i].want, rows[i].want, __FILE__, __LINE__);
	}
	assuming(leases);
	return test_done();
}
