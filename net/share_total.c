/* First those who say a total, then those who get it, so that the order of a zone's links does not matter. */
#include "net/share_total.h"

#include <string.h>

#include "net/network_rows.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { DEFAULT_SHARE = 100 };

/* Takes the text. */
static size_t report(struct diag_list *diags, size_t index, const char *key, char *taken)
{
	auto_free char *path = mem_format("anet[%zu].%s", index, key);
	auto_free char *text = taken;

	diag_add(diags, DIAG_AT(0, 0), path, "host", NULL, "%s", text);
	return 1;
}

size_t share_read(const struct zone_anet *a, size_t index, struct plan_link *l,
		  struct diag_list *diags)
{
	static const char why[] =
		"has no effect on a link that a CNI network makes; its plugins know maxbw at most";
	bool cni = a->lower_link && str_has_prefix(a->lower_link, ZONE_LOWER_CNI);
	size_t errors = 0;

	l->share = a->bw_share.set ? (uint32_t)a->bw_share.value : 0;
	l->total = a->shared_bw.set ? a->shared_bw.value : 0;
	l->says_total = l->total > 0;
	if (cni && l->share)
		errors += report(diags, index, "bwShare", mem_strdup(why));
	if (cni && l->total)
		errors += report(diags, index, "sharedbw", mem_strdup(why));
	return errors;
}

static bool keeps(const char *bridge, const char *zone, const void *arg)
{
	const struct net_plan *p = arg;

	for (size_t i = 0; i < p->n_links; i++)
		if (p->links[i].says_total && str_eq(p->links[i].bridge, bridge))
			return true;
	return !str_eq(zone, p->zonename);
}

/* Is it what the zone's earlier links and the other zones say? */
static size_t settle_check(const struct net_plan *p, size_t index, const struct json *leases,
			   struct diag_list *diags)
{
	const struct plan_link *l = &p->links[index];
	const struct json *row = network_rows_find(leases, SHARE_TOTALS, l->bridge);
	const char *other = row ? network_rows_other(row, p->zonename) : NULL;
	uint64_t bits = (uint64_t)json_get_i64(row, "bits", 0);
	char text[32];

	for (size_t i = 0; i < index; i++)
		if (p->links[i].says_total && str_eq(p->links[i].bridge, l->bridge) &&
		    p->links[i].total != l->total)
			return report(
				diags, index, "sharedbw",
				mem_format("is not what anet[%zu] says of \"%s\"", i, l->bridge));
	if (!other || bits == l->total)
		return 0;
	num_bitrate_text(bits, text, sizeof(text));
	return report(diags, index, "sharedbw",
		      mem_format("zone \"%s\" says %s of \"%s\"; write the same or nothing", other,
				 text, l->bridge));
}

static bool settle_record(const struct plan_link *l, const char *zone, struct json *leases)
{
	struct json *row = network_rows_make(leases, SHARE_TOTALS, l->bridge);
	bool changed = (uint64_t)json_get_i64(row, "bits", 0) != l->total;

	if (changed)
		json_set(row, "bits", json_new_u64(l->total));
	return network_rows_join(row, zone) || changed;
}

static size_t settle_take(struct net_plan *p, size_t index, const struct json *leases,
			  struct diag_list *diags)
{
	struct plan_link *l = &p->links[index];
	const struct json *row = network_rows_find(leases, SHARE_TOTALS, l->bridge);

	l->total = row ? (uint64_t)json_get_i64(row, "bits", 0) : 0;
	if (l->share && !l->total)
		return report(
			diags, index, "bwShare",
			mem_format(
				"what the zones on \"%s\" have together is not known: say it with sharedbw, here or in another zone there that boots first",
				l->bridge));
	if (l->total && !l->share)
		l->share = DEFAULT_SHARE;
	return 0;
}

size_t share_settle(struct net_plan *p, struct json *leases, struct diag_list *diags, bool *changed)
{
	size_t errors = 0;

	*changed |= network_rows_keep(leases, SHARE_TOTALS, keeps, p);
	for (size_t i = 0; i < p->n_links; i++)
		if (p->links[i].says_total && p->links[i].bridge[0])
			errors += settle_check(p, i, leases, diags);
	for (size_t i = 0; errors == 0 && i < p->n_links; i++)
		if (p->links[i].says_total && p->links[i].bridge[0])
			*changed |= settle_record(&p->links[i], p->zonename, leases);
	for (size_t i = 0; errors == 0 && i < p->n_links; i++)
		if (p->links[i].bridge[0] && !p->links[i].cni[0])
			errors += settle_take(p, i, leases, diags);
	return errors;
}

/* Said by a zone that there is not. */
void share_assume(struct json *leases, const struct json *record)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++) {
		const char *bridge = json_get_string(links->items[i], "bridge", "");
		int64_t bits = json_get_i64(links->items[i], "shareTotal", 0);
		struct json *row;

		if (bits <= 0 || network_rows_find(leases, SHARE_TOTALS, bridge))
			continue;
		row = network_rows_make(leases, SHARE_TOTALS, bridge);
		json_set(row, "bits", json_new_u64((uint64_t)bits));
		(void)network_rows_join(row, "");
	}
}

static bool is_real(const char *bridge, const char *zone, const void *arg)
{
	(void)bridge;
	(void)arg;
	return zone[0] != '\0';
}

void share_assume_end(struct json *leases)
{
	(void)network_rows_keep(leases, SHARE_TOTALS, is_real, NULL);
}
