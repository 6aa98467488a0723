#include "config/zone_shared.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/bind.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* With them root inside could take other addresses and routes, or put frames of its own making on its link. */
static const char *const kept_back[] = { "net_admin", "net_raw" };

/* Kernel parameters of links, neighbours and routes; what is about sockets and protocols is the zone's own. */
static const char *const kept_sysctls[] = {
	"net.ipv4.conf.",      "net.ipv6.conf.",  "net.ipv4.neigh.",
	"net.ipv6.neigh.",     "net.ipv4.route.", "net.ipv6.route.",
	"net.ipv4.ip_forward", "net.ipv4.fib_",   "net.ipv6.fib_",
};

struct shared_check {
	const struct json *root;
	struct diag_list *diags;
	size_t errors;
};

static void report(struct shared_check *c, const char *path, const char *code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
static void report(struct shared_check *c, const char *path, const char *code, const char *fmt, ...)
{
	struct json *where = NULL;
	struct err ignored;
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* No place in the file is no reason to stay silent. */
	if (c->root && zone_path_get(c->root, path, &where, &ignored) < 0)
		where = NULL;
	c->errors++;
	diag_add(c->diags, DIAG_AT(where ? where->line : 0, where ? where->column : 0), path, code,
		 NULL, "%s", text);
}

bool zone_is_shared(const struct zone_spec *z)
{
	return str_eq(z->ip_type, "shared");
}

static bool is_kept_back(const char *name)
{
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < BIND_COUNT(kept_back); i++)
		if (strcasecmp(kept_back[i], name) == 0)
			return true;
	return false;
}

static void check_links(struct shared_check *c, const struct zone_spec *z)
{
	if (z->n_anet)
		report(c, "anet", "conflict",
		       "a shared zone has no links of its own, its addresses stand in net; anet needs ipType exclusive");
	if (z->n_publish)
		report(c, "publish", "conflict",
		       "a shared zone is reached at its own addresses; publish needs ipType exclusive");
	for (size_t i = 0; i < z->n_net; i++) {
		auto_free char *entry = mem_format("net[%zu]", i);
		auto_free char *router = mem_format("net[%zu].defrouter", i);

		if (z->net[i].address.n == 0)
			report(c, entry, "missing",
			       "address is missing: a shared zone needs one on the link, which stays the host's");
		if (z->net[i].defrouter.n)
			report(c, router, "conflict",
			       "a shared zone has the host's routes; set it on the host, or use ipType exclusive");
	}
}

static void check_privileges(struct shared_check *c, const struct zone_spec *z)
{
	auto_done(strv) struct strv words = { 0 };

	strv_split(&words, z->limitpriv ? z->limitpriv : "", ',');
	for (size_t i = 0; i < words.n; i++)
		if (is_kept_back(words.items[i]))
			report(c, "limitpriv", "prohibited",
			       "a shared zone can never have \"%.40s\": its network is the host's",
			       words.items[i]);
}

static void check_parameters(struct shared_check *c, const struct zone_spec *z)
{
	for (size_t i = 0; i < z->sysctl.n; i++)
		for (size_t k = 0; k < BIND_COUNT(kept_sysctls); k++) {
			const char *key = z->sysctl.items[i].key;
			auto_free char *path = mem_format("sysctl.%s", key);

			if (str_has_prefix(key, kept_sysctls[k]))
				report(c, path, "prohibited",
				       "a shared zone cannot set it: the host sees to its links, neighbours and routes");
		}
}

size_t zone_check_shared(const struct zone_spec *z, const struct json *root,
			 struct diag_list *diags)
{
	struct shared_check c = { .root = root, .diags = diags };

	if (!zone_is_shared(z))
		return 0;
	check_links(&c, z);
	check_privileges(&c, z);
	check_parameters(&c, z);
	return c.errors;
}

void zone_shared_ceiling(struct strv *caps)
{
	struct strv rest = { 0 };

	for (size_t i = 0; i < caps->n; i++)
		if (!is_kept_back(caps->items[i]))
			strv_add(&rest, caps->items[i]);
	strv_done(caps);
	*caps = rest;
}
