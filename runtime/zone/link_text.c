/* A link of a running zone as one line: "net0 on zbr0: up, 10.88.0.2/24 fd00:88::2/64, rx 1204 bytes, tx 1634 bytes, dropped 0". */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"

enum { ADDRESSES_MAX = 8 }; /* a zone that may add addresses may add any number */

/* "up" is a link that works from the zone to the bridge or lower link. */
static const char *state_of(const struct json *link)
{
	static const struct {
		const char *key, *word, *on_uplink;
	} faults[] = {
		{ "present", "gone", "gone" },
		{ "up", "down", "down" },
		{ "hostUp", "host end down", "host end down" },
		{ "bridgePresent", "bridge gone", "lower link gone" },
		{ "bridgeUp", "bridge down", "lower link down" },
		{ "carrier", "no carrier", "no carrier" },
		{ "attached", "off its bridge", "off its lower link" },
	};
	bool is_uplink =
		json_get_bool(link, "uplink", false) || json_get_bool(link, "shared", false);

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!json_get_bool(link, faults[i].key, true))
			return is_uplink ? faults[i].on_uplink : faults[i].word;
	return "up";
}

/* Link-local ones say nothing: every link has one. */
static char *addresses_of(const struct json *link)
{
	const struct json *list = json_get(link, "addresses");
	auto_done(strv) struct strv shown = { 0 };
	size_t more = 0;

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		const struct json *a = list->items[i];

		if (a->type != JSON_STRING || str_has_prefix(a->text, "fe80:"))
			continue;
		if (shown.n < ADDRESSES_MAX)
			strv_add(&shown, a->text);
		else
			more++;
	}
	if (more > 0)
		strv_format(&shown, "and %zu more", more);
	return shown.n > 0 ? strv_join(&shown, " ") : mem_strdup("no address");
}

static uint64_t dropped_of(const struct json *link)
{
	const struct json *kinds = json_get(link, "dropped");
	uint64_t n = 0;

	for (size_t i = 0; kinds && kinds->type == JSON_OBJECT && i < kinds->n; i++)
		n += (uint64_t)json_get_i64(kinds, kinds->items[i]->key, 0);
	return n;
}

char *zone_link_text(const struct json *link)
{
	const char *name = json_get_string(link, "name", "");
	auto_free char *place = json_get_bool(link, "physical", false)
					? mem_strdup("of the host")
					: mem_format("on %s", json_get_string(link, "bridge", ""));
	unsigned long long dropped = dropped_of(link);

	if (!json_get_bool(link, "present", true))
		return mem_format("%s %s: %s, dropped %llu", name, place, state_of(link), dropped);
	auto_free char *addresses = addresses_of(link);

	return mem_format("%s %s: %s, %s, rx %llu bytes, tx %llu bytes, dropped %llu", name, place,
			  state_of(link), addresses,
			  (unsigned long long)json_get_i64(link, "rxBytes", 0),
			  (unsigned long long)json_get_i64(link, "txBytes", 0), dropped);
}
