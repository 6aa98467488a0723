/* From the live state of a zone's links to sentences: the thing, what is wrong with it, the way out. One sentence for one cause: what follows from a cause (a link that is gone
 * has no routes either) is left out. */
#include "net/net.h"

#include <string.h>

#include "net/networks.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

struct explain {
	const char *zone, *name, *host, *bridge;
	pid_t init;
	bool is_physical; /* a link of the host itself */
	bool is_uplink;   /* "bridge" is a link of another kind */
	bool is_shared;   /* ... whose addresses the zone shares */
	const struct json *link;
	struct strv *ret;
};

static bool explain_is(const struct explain *x, const char *key)
{
	return json_get_bool(x->link, key, true);
}

static bool explain_is_isolated(const struct explain *x)
{
	const struct json *words = json_get(x->link, "protection");

	for (size_t i = 0; words && i < words->n; i++)
		if (words->items[i]->type == JSON_STRING &&
		    str_eq(words->items[i]->text, "isolated"))
			return true;
	return false;
}

/* False when there is no such link any more. */
static bool explain_inside(const struct explain *x)
{
	if (explain_is(x, "present")) {
		if (!explain_is(x, "up"))
			strv_format(
				x->ret,
				"link \"%s\" is down inside the zone: nsenter -t %d -n ip link set %s up",
				x->name, (int)x->init, x->name);
		return true;
	}
	if (x->is_physical)
		strv_format(
			x->ret,
			"link \"%s\" of the host is not in the zone under that name any more, it was renamed, moved or deleted inside; unless it was deleted a halt gives it back: zone reboot %s",
			x->name, x->zone);
	else if (explain_is(x, "hostPresent"))
		strv_format(
			x->ret,
			"link \"%s\" is not in the zone under that name any more, it was renamed or moved inside; its host end \"%s\" is there: zone reboot %s",
			x->name, x->host, x->zone);
	else
		strv_format(
			x->ret,
			"link \"%s\" was deleted, with its host end \"%s\"; a start makes them again: zone reboot %s",
			x->name, x->host, x->zone);
	return explain_is(x, "hostPresent");
}

/* The same for a link on one that is no bridge. */
static void explain_uplink(const struct explain *x)
{
	if (!explain_is(x, "bridgePresent"))
		strv_format(
			x->ret,
			"link \"%s\": lower link \"%s\" is gone, so it leads nowhere; make it again, then: zone reboot %s",
			x->name, x->bridge, x->zone);
	else if (!explain_is(x, "bridgeUp"))
		strv_format(x->ret, "link \"%s\": lower link \"%s\" is down: ip link set %s up",
			    x->name, x->bridge, x->bridge);
	else if (!explain_is(x, "carrier"))
		strv_format(
			x->ret,
			"link \"%s\": lower link \"%s\" has no carrier: look at its cable and its other end",
			x->name, x->bridge);
}

static void explain_bridge(const struct explain *x)
{
	if (x->is_uplink || x->is_shared) {
		explain_uplink(x);
		return;
	}
	if (!explain_is(x, "bridgePresent"))
		strv_format(
			x->ret,
			"link \"%s\": bridge \"%s\" is gone, so it leads nowhere; %szone reboot %s",
			x->name, x->bridge,
			networks_is_automatic(x->bridge) ? "a start makes it again: "
							 : "make it again, then: ",
			x->zone);
	else if (!explain_is(x, "bridgeUp"))
		strv_format(x->ret, "link \"%s\": bridge \"%s\" is down: ip link set %s up",
			    x->name, x->bridge, x->bridge);
}

static void explain_host(const struct explain *x)
{
	if (!explain_is(x, "hostUp"))
		strv_format(x->ret, "link \"%s\": its host end \"%s\" is down: ip link set %s up",
			    x->name, x->host, x->host);
	if (explain_is(x, "attached") || !explain_is(x, "bridgePresent"))
		return;
	if (x->is_uplink) {
		strv_format(
			x->ret,
			"link \"%s\": its way to lower link \"%s\" is not whole any more, somebody took a part of it away or \"%s\" was made anew: zone reboot %s",
			x->name, x->bridge, x->bridge, x->zone);
		return;
	}
	if (x->is_shared) {
		if (explain_is(x, "bridgeUp"))
			strv_format(
				x->ret,
				"link \"%s\": the host has no route to its addresses any more, or \"%s\" does not answer for them, as after it was down: zone reboot %s",
				x->name, x->bridge, x->zone);
		return;
	}
	/* the isolation of a port goes when it leaves the bridge, and putting it back by hand would lose it */
	auto_free char *way = explain_is_isolated(x)
				      ? mem_format("zone reboot %s", x->zone)
				      : mem_format("ip link set %s master %s", x->host, x->bridge);

	strv_format(x->ret, "link \"%s\": its host end \"%s\" was taken off bridge \"%s\": %s",
		    x->name, x->host, x->bridge, way);
}

static void explain_routes(const struct explain *x)
{
	const struct json *list = json_get(x->link, "routesMissing");

	if (x->is_shared && list && list->n) {
		strv_format(
			x->ret,
			"link \"%s\": its default route is missing inside the zone: zone reboot %s",
			x->name, x->zone);
		return;
	}
	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		const char *router =
			list->items[i]->type == JSON_STRING ? list->items[i]->text : "";

		strv_format(
			x->ret,
			"link \"%s\": the default route through %s is missing inside the zone: nsenter -t %d -n ip %sroute add default via %s dev %s",
			x->name, router, (int)x->init, strchr(router, ':') ? "-6 " : "", router,
			x->name);
	}
}

/* Taken away from outside, with "nft flush ruleset" or tc: the zone runs on without. */
static void explain_limits(const struct explain *x)
{
	const struct json *share = json_get(x->link, "bwShare");
	const struct json *rates = share ? share : json_get(x->link, "maxbw");
	const struct json *words = json_get(x->link, "protection");
	const struct json *dropped = json_get(x->link, "dropped");

	if (words && words->n > 0 && dropped && dropped->n == 0)
		strv_format(
			x->ret,
			"link \"%s\": its link protection is not in the kernel any more, somebody took it away: zone reboot %s",
			x->name, x->zone);
	if (rates && (!json_get_i64(rates, "toZone", 0) || !json_get_i64(rates, "fromZone", 0)))
		strv_format(
			x->ret,
			"link \"%s\": %s is not in force any more, somebody took it away: zone reboot %s",
			x->name, share ? "its share of sharedbw" : "maxbw", x->zone);
}

static void explain_dropped(const struct explain *x)
{
	const struct json *kinds = json_get(x->link, "dropped");
	auto_done(strv) struct strv counts = { 0 };
	unsigned long long all = 0;

	for (size_t i = 0; kinds && i < kinds->n; i++) {
		const char *kind = kinds->items[i]->key;
		unsigned long long n = (unsigned long long)json_get_i64(kinds, kind, 0);

		all += n;
		if (n > 0)
			strv_format(&counts, "%s %llu", kind, n);
	}
	if (all == 0)
		return;
	auto_free char *text = strv_join(&counts, ", ");

	strv_format(x->ret,
		    "link \"%s\": link protection has dropped %llu packet%s of the zone: %s",
		    x->name, all, all == 1 ? "" : "s", text);
}

static void explain_physical(const struct explain *x)
{
	if (!explain_is(x, "carrier"))
		strv_format(x->ret,
			    "link \"%s\" has no carrier: look at its cable and its other end",
			    x->name);
	if (explain_is(x, "present"))
		explain_routes(x);
}

static void explain_link(const struct explain *x)
{
	bool is_there = explain_inside(x);

	if (x->is_physical) {
		explain_physical(x);
		return;
	}
	explain_bridge(x);
	if (is_there) {
		explain_host(x);
		explain_routes(x);
		explain_limits(x);
	}
	explain_dropped(x);
}

void net_explain(const struct json *status, const char *zonename, pid_t init, struct strv *ret)
{
	const struct json *links = json_get(status, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++) {
		const struct json *link = links->items[i];
		const struct explain x = { .zone = zonename,
					   .name = json_get_string(link, "name", ""),
					   .host = json_get_string(link, "host", ""),
					   .bridge = json_get_string(link, "bridge", ""),
					   .init = init,
					   .is_physical = json_get_bool(link, "physical", false),
					   .is_uplink = json_get_bool(link, "uplink", false),
					   .is_shared = json_get_bool(link, "shared", false),
					   .link = link,
					   .ret = ret };

		explain_link(&x);
	}
}
