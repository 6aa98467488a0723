/* Who is to be seen by whom under which name. A book is the state as arrays, and beside it every claim to a name, sorted, so that the holders of a name are found without
 * a walk through all zones. */
#include "net/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/inet.h"
#include "net/resolv.h"
#include "runtime/base/mem.h"

enum { NAMES_OF_A_ZONE = 3 };

struct names_link {
	const char *bridge;
	bool isolated;
	const struct json *addresses; /* an array */
};
struct names_zone {
	const char *names
		[NAMES_OF_A_ZONE]; /* hostname, its first label, zonename; NULL: none, or the same as another */
	const char *zone;
	char *label;
	struct names_link *links;
	size_t n_links;
};
struct names_claim {
	const char *name;
	const struct names_zone *by; /* NULL: a zone that is not attached */
	bool strong;                 /* it is the zone's zonename */
};
struct names_book {
	struct names_zone *zones;
	struct names_claim *claims;
	size_t n_zones, n_claims;
};

void names_book_free(struct names_book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_zones; i++) {
		free(b->zones[i].label);
		free(b->zones[i].links);
	}
	free(b->zones);
	free(b->claims);
	free(b);
}

size_t names_count(const struct names_book *b)
{
	return b->n_zones;
}

const char *names_zone(const struct names_book *b, size_t i)
{
	return b->zones[i].zone;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* A name that may stand in the file: a host name that is no address and none of those that every hosts file has. */
static bool name_is_usable(const char *name)
{
	static const char *const everybodys[] = {
		"localhost",    "localdomain",    "broadcasthost", "ip6-localhost",  "ip6-loopback",
		"ip6-allnodes", "ip6-allrouters", "ip6-localnet",  "ip6-mcastprefix"
	};
	size_t first = strcspn(name, ".");
	struct inet_addr a;

	if (str_empty(name) || inet_parse(name, &a) == 0)
		return false;
	for (const char *p = name; *p; p++)
		if (!isascii((unsigned char)*p) ||
		    (!isalnum((unsigned char)*p) && !strchr("-_.", *p)))
			return false;
	for (size_t i = 0; i < sizeof(everybodys) / sizeof(everybodys[0]); i++)
		if (strncasecmp(name, everybodys[i], first) == 0 && !everybodys[i][first])
			return false;
	return !str_has_suffix(name, ".localhost");
}

static void zone_add_name(struct names_zone *z, size_t slot, const char *name)
{
	for (size_t i = 0; i < NAMES_OF_A_ZONE; i++)
		if (z->names[i] && strcasecmp(z->names[i], name) == 0)
			return;
	if (name_is_usable(name))
		z->names[slot] = name;
}

static void zone_read(struct names_zone *z, const struct json *j)
{
	const char *hostname = json_get_string(j, "hostname", "");
	const struct json *links = json_get(j, "links");
	const struct json *addresses;

	z->zone = json_get_string(j, "zone", "");
	z->label = mem_strndup(hostname, strcspn(hostname, "."));
	zone_add_name(z, 0, hostname);
	if (z->names[0]) /* "10" of "10.0.0.2" is no name either */
		zone_add_name(z, 1, z->label);
	zone_add_name(z, 2, z->zone);
	if (!links || links->type != JSON_ARRAY)
		return;
	z->links = mem_array(links->n + 1, sizeof(*z->links));
	for (size_t i = 0; i < links->n; i++) {
		addresses = json_get(links->items[i], "addresses");
		if (addresses && addresses->type == JSON_ARRAY)
			z->links[z->n_links++] = (struct names_link){
				.bridge = json_get_string(links->items[i], "bridge", ""),
				.isolated = json_get_bool(links->items[i], "isolated", true),
				.addresses = addresses,
			};
	}
}

/* --- claims ------------------------------------------------------------------------------------------------------- */

static int claim_order(const void *a, const void *b)
{
	const struct names_claim *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static void book_claim(struct names_book *b, const char *name, const struct names_zone *by,
		       bool strong)
{
	b->claims[b->n_claims++] = (struct names_claim){ .name = name, .by = by, .strong = strong };
}

struct names_book *names_book_new(const struct json *state, const struct strv *known)
{
	struct names_book *b = mem_zero(sizeof(*b));
	const struct json *zones = json_get(state, "zones");
	size_t n = zones && zones->type == JSON_ARRAY ? zones->n : 0;

	b->zones = mem_array(n + 1, sizeof(*b->zones));
	b->claims = mem_array(n * NAMES_OF_A_ZONE + known->n + n + 1, sizeof(*b->claims));
	for (size_t i = 0; i < n; i++) {
		struct names_zone *z = &b->zones[b->n_zones++];

		zone_read(z, zones->items[i]);
		book_claim(b, z->zone, z, true);
		for (size_t k = 0; k < NAMES_OF_A_ZONE; k++)
			if (z->names[k] && strcasecmp(z->names[k], z->zone) != 0)
				book_claim(b, z->names[k], z, false);
	}
	for (size_t i = 0; i < known->n; i++)
		book_claim(b, known->items[i], NULL, true);
	qsort(b->claims, b->n_claims, sizeof(*b->claims), claim_order);
	return b;
}

/* --- who sees whom ------------------------------------------------------------------------------------------------ */

static bool zone_is_on(const struct names_zone *z, const char *bridge)
{
	for (size_t i = 0; i < z->n_links; i++)
		if (!z->links[i].isolated && str_eq(z->links[i].bridge, bridge))
			return true;
	return false;
}

static bool zone_sees(const struct names_zone *z, const struct names_zone *other)
{
	for (size_t i = 0; i < other->n_links; i++)
		if (!other->links[i].isolated && zone_is_on(z, other->links[i].bridge))
			return true;
	return z == other;
}

/* By halves, not bsearch() and back: where a thousand zones have one hostname, the way back is a walk through them all. */
static const struct names_claim *book_first_claim(const struct names_book *b, const char *name)
{
	size_t low = 0, high = b->n_claims;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(b->claims[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return b->claims + low;
}

/* May z be called so where `viewer` is? A zonename beats hostnames; among equals nobody gets the name. */
static bool book_owns(const struct names_book *b, const struct names_zone *viewer,
		      const struct names_zone *z, const char *name)
{
	const struct names_claim *end = b->claims + b->n_claims;
	bool own = strcasecmp(name, z->zone) == 0;

	for (const struct names_claim *c = book_first_claim(b, name);
	     c < end && strcasecmp(c->name, name) == 0; c++) {
		/* an attached zone may be among the known ones too */
		if (c->by == z || (c->strong && str_eq(c->name, z->zone)))
			continue;
		if (c->strong || (!own && zone_sees(viewer, c->by)))
			return false;
	}
	return true;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* " www.example.org www web": all names that it has for itself, for others those that are its alone. */
static void add_names_of(const struct names_book *b, const struct names_zone *viewer,
			 const struct names_zone *z, struct strbuf *to)
{
	for (size_t i = 0; i < NAMES_OF_A_ZONE; i++)
		if (z->names[i] && (viewer == z || book_owns(b, viewer, z, z->names[i])))
			strbuf_format(to, " %s", z->names[i]);
}

/* A line for each address of a link. We wrote them ourselves, but nothing else than an address gets into the file. */
static void add_lines(const struct json *addresses, const char *names, struct strbuf *to)
{
	for (size_t i = 0; i < addresses->n; i++) {
		const struct json *a = addresses->items[i];
		struct inet_addr parsed;
		char text[INET_TEXT];

		if (a->type != JSON_STRING || inet_parse(a->text, &parsed) < 0)
			continue;
		inet_text_bare(&parsed, text);
		strbuf_format(to, "%s%s\n", text, names);
	}
}

static void add_zone(const struct names_book *b, const struct names_zone *viewer,
		     const struct names_zone *z, struct strbuf *to)
{
	auto_done(strbuf) struct strbuf names = { 0 };
	size_t before = to->len;

	if (!zone_sees(viewer, z)) /* who has which name need not be found out */
		return;
	add_names_of(b, viewer, z, &names);
	for (size_t i = 0; names.len && i < z->n_links; i++)
		if (viewer == z ||
		    (!z->links[i].isolated && zone_is_on(viewer, z->links[i].bridge)))
			add_lines(z->links[i].addresses, strbuf_text(&names), to);
	if (viewer == z && names.len && to->len == before) /* Debian's choice */
		strbuf_format(to, "127.0.1.1%s\n", strbuf_text(&names));
}

static int word_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Everything of its own stands in what all zones on its bridges see. */
static bool zone_is_plain(const struct names_book *b, const struct names_zone *z)
{
	auto_done(strbuf) struct strbuf lines = { 0 };

	for (size_t i = 0; i < z->n_links; i++) {
		if (z->links[i].isolated)
			return false;
		add_lines(z->links[i].addresses, "", &lines);
	}
	for (size_t i = 0; i < NAMES_OF_A_ZONE; i++)
		if (z->names[i] && !book_owns(b, z, z, z->names[i]))
			return false;
	return lines.len > 0;
}

char *names_key(const struct names_book *b, size_t i)
{
	const struct names_zone *z = &b->zones[i];
	auto_done(strv) struct strv bridges = { 0 };

	if (!zone_is_plain(b, z))
		return NULL;
	for (size_t k = 0; k < z->n_links; k++)
		if (!strv_has(&bridges, z->links[k].bridge))
			strv_add(&bridges, z->links[k].bridge);
	if (bridges.n > 1)
		qsort(bridges.items, bridges.n, sizeof(*bridges.items), word_order);
	return strv_join(&bridges, "/"); /* no link's name has one, nor "cni:NETWORK" */
}

char *names_text(const struct names_book *b, size_t i)
{
	const struct names_zone *z = &b->zones[i];
	bool plain = zone_is_plain(b, z);
	auto_done(strbuf) struct strbuf to = { 0 };

	strbuf_add(
		&to,
		"# written by zones: who is on this zone's networks now; to have a file of your own, remove /etc/hosts and make it anew\n");
	strbuf_add(&to, resolv_hosts_head);
	if (!plain)
		add_zone(b, z, z, &to);
	for (size_t k = 0; k < b->n_zones; k++)
		if (plain || k != i)
			add_zone(b, z, &b->zones[k], &to);
	return strbuf_steal(&to);
}
