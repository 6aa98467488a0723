/* From `net` of a configuration with ipType shared to the one link that carries all its addresses. Contradictions in the file are told of by the configuration's own rules; here is what needs the network. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/guard.h"
#include "net/plan.h"
#include "net/shared.h"
#include "net/sysctl.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

struct shared_reader {
	const struct zone_net *net;
	size_t index, errors;
	struct diag_list *diags;
};

static void shared_report(struct shared_reader *r, const char *key, const char *text,
			  const char *why)
{
	auto_free char *path = mem_format("net[%zu].%s", r->index, key);

	diag_add(r->diags, DIAG_AT(0, 0), path, "host", NULL, "\"%s\" %s", text, why);
	r->errors++;
}

static bool shared_is_link_local(const struct inet_addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static void shared_address(struct shared_reader *r, struct plan_link *l, const char *text)
{
	struct plan_lower lower = { .net = r->index };
	const char *why = NULL;
	struct inet_addr a;

	if (inet_parse(text, &a) < 0)
		why = "is not an address";
	else if (!a.has_prefix)
		why = "has no prefix length";
	else if (a.family == AF_INET6 && !sysctl_has_ipv6())
		why = "cannot be had: this kernel runs without IPv6";
	else if (shared_is_link_local(&a))
		why = "is link-local, which is not routed";
	else
		why = inet_unusable(&a);
	for (size_t i = 0; !why && i < l->addrs.n; i++)
		if (inet_same(&l->addrs.items[i], &a))
			why = "is written twice";
	if (why) {
		shared_report(r, "address", text, why);
		return;
	}
	(void)!str_format(lower.name, sizeof(lower.name), "%s", r->net->physical);
	l->lowers = mem_grow(l->lowers, l->addrs.n + 1, sizeof(*l->lowers));
	l->lowers[l->addrs.n] = lower;
	plan_addrs_add(&l->addrs, &a);
}

static void shared_routers(struct plan_link *l)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (size_t i = 0; i < l->addrs.n; i++)
			if (l->addrs.items[i].family == families[f]) {
				struct inet_addr gateway = shared_gateway(families[f]);

				plan_addrs_add(&l->routers, &gateway);
				break;
			}
}

size_t plan_read_shared(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags)
{
	struct shared_reader r = { .diags = diags };
	struct plan_link *l = &p->links[0];
	char mac[INET_MAC_TEXT];

	if (z->n_net == 0)
		return 0;
	p->n_links = 1;
	*l = (struct plan_link){ .is_shared = true,
				 .configure = true,
				 .guards = GUARD_MAC | GUARD_IP | GUARD_DHCP | GUARD_RESTRICTED };
	plan_host_name(z->zonename, 0, l->host);
	net_auto_mac(z->zonename, 0, mac);
	(void)!inet_mac_parse(mac, l->mac);
	for (; r.index < z->n_net; r.index++) {
		r.net = &z->net[r.index];
		if (str_format(l->bridge, sizeof(l->bridge), "%s", r.net->physical) < 0)
			shared_report(&r, "physical", r.net->physical,
				      "cannot be the name of a link");
		for (size_t i = 0; i < r.net->address.n; i++)
			shared_address(&r, l, r.net->address.items[i]);
	}
	(void)!str_format(l->bridge, sizeof(l->bridge), "%s", z->net[0].physical);
	(void)!str_format(l->name, sizeof(l->name), "%s", z->net[0].physical);
	shared_routers(l);
	return r.errors;
}

char *plan_address_path(const struct net_plan *p, size_t link, size_t address)
{
	const struct plan_link *l = &p->links[link];

	if (l->is_shared)
		return mem_format("net[%zu].address", l->lowers[address].net);
	return mem_format("anet[%zu].allowedAddress[%zu]", link, address);
}
