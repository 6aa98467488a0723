/* From `publish` of the configuration to published ports: what is written when the plan is built, where it leads when the links have their addresses. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/plan.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static void publish_report(struct diag_list *diags, size_t i, const char *key, const char *text)
{
	auto_free char *path = mem_format("publish[%zu]%s", i, key);

	diag_add(diags, DIAG_AT(0, 0), path, "host", NULL, "%s", text);
}

/* NULL or what is wrong with the address. */
static const char *publish_address(const struct zone_publish *z, struct publish *p)
{
	struct inet_addr loopback6 = { .family = AF_INET6 };
	static const uint8_t none[sizeof(p->address.bytes)];

	if (str_empty(z->address))
		return NULL;
	if (inet_parse(z->address, &p->address) < 0)
		return "is not an address";
	if (memcmp(p->address.bytes, none, sizeof(none)) == 0) /* no packet is sent there */
		return "is no address of the host; without \"address\" the port is published on all";
	loopback6.bytes[15] = 1;
	if (inet_same(&p->address, &loopback6))
		return "::1 cannot be published on: answers to it can come in by lo only; 127.0.0.1 can";
	return NULL;
}

static bool plan_is_translated(const struct net_plan *p)
{
	for (size_t i = 0; i < p->n_links; i++)
		if (p->links[i].automatic)
			return true;
	return false;
}

/* The link whose plugins are told of the ports where none of the zone's links hangs on our own bridge. */
static struct plan_link *plan_mapping_link(const struct net_plan *p)
{
	for (size_t i = 0; i < p->n_links && !plan_is_translated(p); i++)
		if (p->links[i].cni[0])
			return &p->links[i];
	return NULL;
}

/* The words of the capability "portMappings", which knows no ranges. */
static void plan_map_port(struct json *mappings, const struct publish *one)
{
	char address[INET_TEXT];

	inet_text_bare(&one->address, address);
	for (unsigned i = 0; i <= (unsigned)(one->last - one->first); i++) {
		struct json *j = json_add(mappings, json_new_object());

		json_set(j, "hostPort", json_new_u64(one->first + i));
		json_set(j, "containerPort", json_new_u64(one->to + i));
		json_set(j, "protocol",
			 json_new_string(one->protocol == IPPROTO_UDP ? "udp" : "tcp"));
		if (one->address.family)
			json_set(j, "hostIP", json_new_string(address));
	}
}

static void plan_map_ports(struct net_plan *p)
{
	struct plan_link *l = plan_mapping_link(p);
	struct json *mappings;

	if (!l || p->ports.n == 0)
		return;
	mappings = json_set(l->cni_runtime, "portMappings", json_new_array());
	for (size_t i = 0; i < p->ports.n; i++)
		plan_map_port(mappings, &p->ports.items[i]);
	publish_list_done(&p->ports); /* not ours to lead */
}

size_t plan_read_publish(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags)
{
	bool led = plan_is_translated(p) || plan_mapping_link(p);
	size_t errors = 0;

	for (size_t i = 0; i < z->n_publish; i++) {
		const struct zone_publish *from = &z->publish[i];
		struct publish one = {
			.protocol = str_eq(from->protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP,
			.first = from->port.first,
			.last = from->port.last,
			.to = from->to.set ? (uint16_t)from->to.value : from->port.first,
		};
		const char *why = publish_address(from, &one);

		if (why)
			publish_report(diags, i, ".address", why);
		if (!led)
			publish_report(
				diags, i, "",
				"needs a link with lowerLink auto, to which the host leads the port, or one of a CNI network with port mappings");
		errors += (why ? 1 : 0) + (led ? 0 : 1);
		for (size_t k = 0; k < p->ports.n; k++) {
			auto_free char *text = NULL;

			if (!publish_overlaps(&p->ports.items[k], &one))
				continue;
			text = mem_format("publish[%zu] has the port already", k);
			publish_report(diags, i, ".port", text);
			errors++;
		}
		publish_add(&p->ports, &one);
	}
	plan_map_ports(p);
	return errors;
}

/* The first address of the family on a link whose bridge is ours. */
static void plan_target(const struct net_plan *p, int family, struct inet_addr *ret)
{
	for (size_t i = 0; i < p->n_links; i++)
		for (size_t k = 0; p->links[i].automatic && k < p->links[i].addrs.n; k++)
			if (p->links[i].addrs.items[k].family == family) {
				*ret = p->links[i].addrs.items[k];
				return;
			}
}

static bool plan_waits_for_lease(const struct net_plan *p)
{
	for (size_t i = 0; i < p->n_links; i++)
		if (p->links[i].wants_lease && p->links[i].addrs.n == 0)
			return true;
	return false;
}

size_t plan_finish_publish(struct net_plan *p, struct diag_list *diags)
{
	size_t errors = 0;

	for (size_t i = 0; i < p->ports.n; i++) {
		struct publish *one = &p->ports.items[i];
		int family = one->address.family;

		plan_target(p, AF_INET, &one->four);
		plan_target(p, AF_INET6, &one->six);
		if (plan_waits_for_lease(p) || !family ||
		    (family == AF_INET ? one->four.family : one->six.family))
			continue;
		publish_report(diags, i, ".address",
			       family == AF_INET
				       ? "is an IPv4 address, and the zone has none to lead it to"
				       : "is an IPv6 address, and the zone has none to lead it to");
		errors++;
	}
	return errors;
}
