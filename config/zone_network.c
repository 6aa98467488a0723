/* zone_network - the rows of zone.json that say how a zone is connected. */
#include "config/zone_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "config/address.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum {
	MAX_ADDRESSES = 64,
	MAX_SERVERS = 3,
	MAX_DOMAINS = 32,
	MAX_RANGE = 1024,
	MAX_SHIFTED = 64,
	NETWORK_BYTES = 64
};

static const char *const protection_words[] = {
	"mac-nospoof", "ip-nospoof", "dhcp-nospoof", "restricted", "none", NULL,
};
static const struct value_type protection_type = { .name = "kind of protection",
						   .words = protection_words };

static const char *const protocol_words[] = { "tcp", "udp", NULL };
static const struct value_type protocol_type = { .name = "protocol", .words = protocol_words };

static const struct value_type vlan_type = { .name = "VLAN number", .max = 4094 };
static const struct value_type share_type = {
	.name = "number of shares", .example = "100", .min = 1, .max = 10000
};
static const struct value_type mtu_type = { .name = "MTU", .min = 576, .max = 65535 };

/* The name of an automatic bridge: with "zbr-" before it that of a link. */
static int check_automatic(const char *name, char *why, size_t why_size)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(name);

	if (n > 0 && n <= ZONE_LOWER_NAME && strspn(name, chars) == n && name[0] != '-')
		return 0;
	(void)snprintf(
		why, why_size,
		"the name of an automatic bridge has 1 to %d of the characters a-z, 0-9 and -, not beginning with -",
		ZONE_LOWER_NAME);
	return -EINVAL;
}

/* What a link is attached to: a link's name, an automatic bridge or a network of CNI plugins. */
static int check_lower(const char *text, char *why, size_t why_size)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *automatic = str_after(text, ZONE_LOWER_AUTO);
	const char *network = str_after(text, ZONE_LOWER_CNI);
	size_t n = network ? strlen(network) : 0;

	if (automatic)
		return check_automatic(automatic, why, why_size);
	if (!network)
		return zone_interface_type.check(text, why, why_size);
	if (n > 0 && n <= NETWORK_BYTES && strspn(network, chars) == n &&
	    !strchr("_.-", network[0]))
		return 0;
	(void)snprintf(
		why, why_size,
		"the name of a CNI network has 1 to 64 letters, digits and _ . -, beginning with a letter or digit");
	return -EINVAL;
}
static const struct value_type lower_type = {
	.name = "link, automatic bridge or CNI network",
	.check = check_lower,
	.example = "auto",
	.pattern =
		"^((?!(lo|all|default)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,14}|auto:[a-z0-9][a-z0-9-]{0,9}|cni:[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$",
};

/* Room for the bridge's address and a zone's, and nothing behind the prefix. */
static int check_subnet(const char *text, char *why, size_t why_size)
{
	struct address a;
	unsigned bits;
	int r = address_parse(text, &a, why, why_size);

	if (r < 0)
		return r;
	bits = a.family == AF_INET ? 32 : 128;
	if (!a.has_prefix || a.prefix == 0) {
		(void)snprintf(why, why_size, "a subnet has a prefix length, as in 10.5.0.0/24");
		return -EINVAL;
	}
	if (a.prefix + 2 > bits) {
		(void)snprintf(why, why_size,
			       "the subnet is too small, it has no room for the bridge and a zone");
		return -EINVAL;
	}
	for (unsigned i = a.prefix; i < bits; i++)
		if (a.bytes[i / 8] & (0x80 >> i % 8)) {
			(void)snprintf(why, why_size,
				       "it has bits behind the prefix length, so it is no subnet");
			return -EINVAL;
		}
	if (address_is_link_local(&a)) {
		(void)snprintf(why, why_size, "it is link-local, which cannot be routed");
		return -EINVAL;
	}
	a.bytes[bits / 8 - 1] |= 1; /* the bridge's address */
	return address_check_host(&a, why, why_size);
}
static const struct value_type subnet_type = {
	.name = "subnet",
	.check = check_subnet,
	.example = "10.5.0.0/24",
	.pattern = "^[0-9A-Fa-f:.]+/[0-9]{1,3}$",
};

/* "192.0.2.10/24" or a list of them. */
static int load_addresses(struct bind_ctx *c, const struct json *j, void *member)
{
	struct strv *v = member;

	if (j->type == JSON_STRING) {
		if (bind_text(c, j, &zone_prefix_type) < 0)
			return -EINVAL;
		strv_add(v, j->text);
		return 0;
	}
	if (bind_expect(c, j, JSON_ARRAY) < 0 || bind_limit(c, j, MAX_ADDRESSES) < 0)
		return -EINVAL;
	for (size_t i = 0; i < j->n; i++) {
		size_t mark = bind_enter_index(c, i);

		strv_add(v, bind_text(c, j->items[i], &zone_prefix_type) == 0 ? j->items[i]->text
									      : "");
		bind_leave(c, mark);
	}
	return 0;
}

static struct json *save_addresses(const void *member)
{
	const struct strv *v = member;
	struct json *array;

	if (v->n == 0)
		return NULL;
	array = json_new_array();
	for (size_t i = 0; i < v->n; i++)
		(void)json_add(array, json_new_string(v->items[i]));
	return array;
}

static void done_addresses(void *member)
{
	struct strv *v = member;

	strv_done(v);
	*v = (struct strv){ 0 };
}

static struct json *addresses_schema(void)
{
	struct json *j = json_new_object();
	struct json *types = json_set(j, "type", json_new_array());

	(void)json_add(types, json_new_string("string"));
	(void)json_add(types, json_new_string("array"));
	(void)json_set(j, "pattern", json_new_string(zone_prefix_type.pattern));
	(void)json_set(json_set(j, "items", json_new_object()), "type", json_new_string("string"));
	return j;
}

/* An empty list would look like "no protection" and be read as "not given". */
static int check_anet(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct zone_anet *a = object;
	const struct json *list = json_get(j, "linkProtection");
	size_t mark;
	int r = 0;

	if (!list)
		return 0;
	mark = bind_enter_key(c, "linkProtection");
	if (list->n == 0)
		r = bind_error(c, list, "value", NULL,
			       "an empty list protects nothing; write [\"none\"] if that is meant");
	else if (list->n > 1 && strv_has(&a->link_protection, "none"))
		r = bind_error(c, list, "conflict", NULL,
			       "\"none\" cannot stand beside other words");
	bind_leave(c, mark);
	return r;
}

static const struct field
	anet_fields[] = {
		ROW(zone_anet, linkname, "linkname", FIELD_STRING, .type = &zone_interface_type,
		    .fallback = "net0, net1, ... by position",
		    .doc = "Name of the link inside the zone, 1 to 15 characters, unique in the zone."),
		ROW(zone_anet, lower_link, "lowerLink", FIELD_STRING, .type = &lower_type,
		    .fallback = "auto",
		    .doc = "What the link is attached to on the host: auto is the bridge made for all zones, auto:NAME one more (see AUTOMATIC BRIDGES); cni:NAME has the link made by CNI plugins (see CNI NETWORKS); any other name is a bridge or another Ethernet link that exists already (see LINKS OF THE HOST)."),
		ROW(zone_anet, subnet, "subnet", FIELD_STRINGS, .type = &subnet_type,
		    .max_items = 2,
		    .fallback =
			    "those that other zones gave it, else of allowedAddress, else free ones",
		    .doc = "Subnets of the bridge of lowerLink auto:NAME, at most one of IPv4 and one of IPv6. The first zone decides."),
		ROW(zone_anet, allowed_address, "allowedAddress", FIELD_STRINGS,
		    .type = &zone_prefix_type, .max_items = MAX_ADDRESSES,
		    .fallback =
			    "with lowerLink auto a free address of the bridge's subnet, kept until the zone is uninstalled; else none",
		    .doc = "IPv4 and IPv6 addresses, each with its prefix length. They are configured on the link, and with ip-nospoof the zone can use no others."),
		ROW(zone_anet, configure_allowed_address, "configureAllowedAddress", FIELD_OPT_BOOL,
		    .fallback = "true",
		    .doc = "Whether allowedAddress is configured from outside. With false the link comes up without addresses and routes, and the zone configures itself, by hand or by DHCP (its requests pass ip-nospoof then); it can still use no other addresses."),
		ROW(zone_anet, isolated, "isolated", FIELD_OPT_BOOL, .fallback = "false",
		    .doc = "Whether the link is kept apart on its bridge: no frame passes between two isolated links, and nothing that the zone sends to other addresses of the bridge's own subnets is let out, also not through the host. The bridge's addresses and what lies behind them can be reached."),
		ROW(zone_anet, defrouter, "defrouter", FIELD_STRINGS, .type = &zone_address_type,
		    .max_items = 8,
		    .fallback = "with lowerLink auto the bridge's address, else none",
		    .doc = "Default routers, at most one for each of IPv4 and IPv6. Each must be inside the subnet of an allowedAddress of the same link, or be an IPv6 link-local address."),
		ROW(zone_anet, link_protection, "linkProtection", FIELD_STRINGS,
		    .type = &protection_type, .max_items = 5,
		    .fallback = "mac-nospoof, ip-nospoof, dhcp-nospoof, restricted",
		    .doc = "What the host drops from this link: mac-nospoof frames with another sender than the link's own MAC address, ip-nospoof packets, ARP or neighbour messages from, and probes for, what is no allowedAddress, dhcp-nospoof answers of DHCP servers and router advertisements, restricted everything that is neither IPv4, IPv6 nor ARP. The word none alone switches all of it off."),
		ROW(zone_anet, mac_address, "macAddress", FIELD_STRING, .type = &zone_mac_type,
		    .fallback = "auto",
		    .doc = "MAC address of the link as six pairs of hexadecimal digits with colons; auto derives a locally administered one from the zone's name, the same at every boot."),
		ROW(zone_anet, vlan_id, "vlanId", FIELD_OPT_U64, .type = &vlan_type,
		    .fallback = "0",
		    .doc = "VLAN that the link's frames are in, 1 to 4094; 0 is none. The zone sees no tags. The lower link is a bridge that filters VLANs or no bridge."),
		ROW(zone_anet,
		    maxbw, "maxbw", FIELD_OPT_U64, .type = &zone_bitrate_type, .fallback = "none", .doc = "Highest bandwidth in each direction, in bits per second, with the decimal suffixes K M G T. Ethernet headers count, so that TCP carries about 4 % less of data. What is too much waits for up to a tenth of a second (on slow links for 256 KiB) and is then dropped."),
		ROW(zone_anet, shared_bw, "sharedbw", FIELD_OPT_U64, .type = &zone_bitrate_type,
		    .fallback = "what another zone there says, else none",
		    .doc = "Bandwidth in each direction that all zones' links on this lower link have together (see SHARED BANDWIDTH)."),
		ROW(zone_anet, bw_share, "bwShare", FIELD_OPT_U64, .type = &share_type,
		    .fallback = "100 where sharedbw is known",
		    .doc = "Weight of the link, 1 to 10000, where the sharedbw of its lower link is scarce."),
		ROW(zone_anet, mtu, "mtu", FIELD_OPT_U64, .type = &mtu_type, .fallback = "1500",
		    .doc = "Largest packet on the link in bytes, 576 to 65535; with IPv6 addresses at least 1280."),
	};
const struct shape zone_anet_shape = SHAPE(
	"anet", zone_anet, anet_fields, .check = check_anet,
	.doc = "A virtual link that is made when the zone becomes ready and gone when it halts.");

static const struct field net_fields[] = {
	ROW(zone_net, physical, "physical", FIELD_STRING, .flags = FIELD_REQUIRED,
	    .type = &zone_interface_type,
	    .doc = "Name of the host's link, which leaves the host while the zone runs and comes back when it halts. It keeps its name inside. With ipType shared the link stays where it is, and the zone's addresses are on it."),
	ROW(zone_net, address, "address", FIELD_CUSTOM, .load = load_addresses,
	    .save = save_addresses, .done = done_addresses, .schema = addresses_schema,
	    .fallback = "none",
	    .doc = "Address with prefix length, or a list of them, to be configured on the link. With ipType shared there is at least one."),
	ROW(zone_net, defrouter, "defrouter", FIELD_STRINGS, .type = &zone_address_type,
	    .max_items = 8, .fallback = "none",
	    .doc = "Default routers, each inside the subnet of an address of the link, or IPv6 link-local. With ipType shared the host's routes hold, and none is written."),
};
const struct shape zone_net_shape = SHAPE(
	"net", zone_net, net_fields,
	.doc = "An existing link of the host that is moved into the zone, without link protection (see LINKS OF THE HOST), or with ipType shared carries its addresses (see SHARED ZONES).");

/* 8080 or "8000-8010". */
static int load_ports(struct bind_ctx *c, const struct json *j, void *member)
{
	struct zone_ports *p = member;
	auto_done(strv) struct strv ends = { 0 };
	uint64_t first = 0, last;

	if (j->type == JSON_NUMBER) {
		if (bind_u64(c, j, &zone_port_type, &first) < 0)
			return -EINVAL;
		*p = (struct zone_ports){ .first = (uint16_t)first, .last = (uint16_t)first };
		return 0;
	}
	if (bind_expect(c, j, JSON_STRING) < 0)
		return -EINVAL;
	strv_split(&ends, j->text, '-');
	if (ends.n < 1 || ends.n > 2 || num_u64(ends.items[0], &first) < 0 ||
	    num_u64(ends.items[ends.n - 1], &last) < 0 || first < 1 || last > UINT16_MAX)
		return bind_error(c, j, "value", NULL,
				  "\"%s\" is not a port or a range of ports such as 8000-8010",
				  j->text);
	if (last < first || last - first >= MAX_RANGE)
		return bind_error(c, j, "range", NULL, "\"%s\" must rise and hold at most %d ports",
				  j->text, MAX_RANGE);
	*p = (struct zone_ports){ .first = (uint16_t)first, .last = (uint16_t)last };
	return 0;
}

static struct json *save_ports(const void *member)
{
	const struct zone_ports *p = member;
	char text[32];

	if (p->first == 0)
		return NULL;
	if (p->first == p->last)
		return json_new_u64(p->first);
	(void)!str_format(text, sizeof(text), "%u-%u", p->first, p->last);
	return json_new_string(text);
}

static void done_ports(void *member)
{
	*(struct zone_ports *)member = (struct zone_ports){ 0 };
}

static struct json *ports_schema(void)
{
	struct json *j = json_new_object();
	struct json *types = json_set(j, "type", json_new_array());

	(void)json_add(types, json_new_string("integer"));
	(void)json_add(types, json_new_string("string"));
	(void)json_set(j, "minimum", json_new_u64(1));
	(void)json_set(j, "maximum", json_new_u64(UINT16_MAX));
	(void)json_set(j, "pattern", json_new_string("^[0-9]{1,5}(-[0-9]{1,5})?$"));
	return j;
}

/* Ports that keep their numbers are one rule of the packet filter, others are a rule each. */
static int check_publish(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct zone_publish *p = object;
	unsigned n = p->port.last - p->port.first;
	size_t mark;
	int r = 0;

	if (!p->to.set || p->to.value == p->port.first)
		return 0;
	mark = bind_enter_key(c, "to");
	if (p->to.value + n > UINT16_MAX)
		r = bind_error(c, json_get(j, "to"), "range", NULL,
			       "the range would end above port 65535");
	else if (n >= MAX_SHIFTED)
		r = bind_error(c, json_get(j, "to"), "range", NULL,
			       "a range that gets other numbers inside holds at most %d ports",
			       MAX_SHIFTED);
	bind_leave(c, mark);
	return r;
}

static const struct field publish_fields[] = {
	ROW(zone_publish, port, "port", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .load = load_ports,
	    .save = save_ports, .done = done_ports, .schema = ports_schema,
	    .doc = "Port on the host, 1 to 65535, or a range of at most 1024 as text: 8000-8010. A port that another zone or a program of the host has is refused. The zone sees the client's address. The administrator's rules for forwarded packets and for the host's input hold (see PUBLISHED PORTS)."),
	ROW(zone_publish, to, "to", FIELD_OPT_U64, .type = &zone_port_type,
	    .fallback = "the same as port",
	    .doc = "Port inside the zone, 1 to 65535; of a range (at most 64 then) the first one."),
	ROW(zone_publish, protocol, "protocol", FIELD_STRING, .type = &protocol_type,
	    .fallback = "tcp", .doc = "Transport protocol: tcp or udp."),
	ROW(zone_publish, address, "address", FIELD_STRING, .type = &zone_server_type,
	    .fallback = "all addresses of the host",
	    .doc = "The host's address on which the port is published, for example 127.0.0.1 for programs of the host only. Without it these are all addresses of the host and 127.0.0.1, in each of IPv4 and IPv6 in which the zone has an address; the address ::1 cannot be published on, the kernel does not route it."),
};
const struct shape zone_publish_shape = SHAPE(
	"publish", zone_publish, publish_fields, .check = check_publish,
	.doc = "A port of the host that leads into the zone; needs a link with lowerLink auto, or one of a CNI network with port mappings.");

static const struct field dns_fields[] = {
	ROW(zone_dns, nameservers, "nameservers", FIELD_STRINGS, .type = &zone_server_type,
	    .max_items = MAX_SERVERS, .fallback = "the host's",
	    .doc = "Addresses of name servers, at most 3 (resolvers read no more), in the order in which they are asked."),
	ROW(zone_dns, search, "search", FIELD_STRINGS, .type = &zone_domain_type,
	    .max_items = MAX_DOMAINS, .fallback = "the host's",
	    .doc = "Domains in which short names are looked up, at most 32, in order."),
	ROW(zone_dns, options, "options", FIELD_STRINGS, .type = &zone_word_type, .max_items = 16,
	    .fallback = "none",
	    .doc = "Resolver options as in resolv.conf(5), for example ndots:2."),
};
const struct shape zone_dns_shape = SHAPE(
	"dns", zone_dns, dns_fields,
	.doc = "What is written to /etc/resolv.conf of the zone. Zones of the same bridge find each other by zonename and, where it is theirs alone, by hostname without a name server: /etc/hosts is a symbolic link to a file that the host keeps current; a file of the zone's own in its place stays.");
