/* plan - what is to be done for a zone's network, as data. Private to net/.
 *
 * Built in two moments, both pure:  plan_build() reads the configuration and reports every mistake in it;  plan_finish(), once each link has its
 * addresses, derives the bridge's addresses and default routes and writes the list of operations that net_attach() carries out and net_plan_text() prints. */
#ifndef NET_PLAN_H
#define NET_PLAN_H

#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/zone_spec.h"
#include "net/cni_conf.h"
#include "net/inet.h"
#include "net/net.h"
#include "net/physical.h"
#include "net/publish.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct plan_addrs {
	struct inet_addr *items;
	size_t n;
};
void plan_addrs_add(struct plan_addrs *v, const struct inet_addr *a);

/* Subnets of an automatic bridge; the addresses are the bridge's own (the first of each). */
struct plan_subnets {
	struct inet_addr four, six; /* family 0: none */
};

/* Where one address of a shared zone is. */
struct plan_lower {
	char name[IFNAMSIZ]; /* the link of the host */
	size_t net;          /* number of the entry of `net` */
};

struct plan_link {
	char host[IFNAMSIZ]; /* "zv1f2e3d4c.0"; of a CNI link only its guard has that name */
	char name[IFNAMSIZ]; /* inside */
	char bridge[IFNAMSIZ];
	bool automatic;                    /* the bridge is ours */
	char network[ZONE_LOWER_NAME + 1]; /* of "zbr-NAME"; "": not such a bridge (networks.h) */
	struct plan_subnets
		subnets; /* of an automatic bridge; with a network those written, after networks_settle() the network's */
	bool is_uplink; /* "bridge" is a link of another kind; known once net_attach() has looked */
	bool wants_lease; /* no address is written: take free ones of the bridge's subnet */
	bool configure;   /* put the addresses on the link */
	bool isolated;    /* the port, too; GUARD_ISOLATED does the rest */
	uint8_t mac[INET_MAC];
	uint16_t vlan;  /* 0: none */
	uint32_t mtu;   /* 0: the bridge's */
	uint64_t maxbw; /* bits per second in each direction; 0: not limited */
	uint64_t
		total; /* what all links on the bridge have together; 0: not known (share_total.h) */
	bool says_total;      /* this zone says it */
	uint32_t share;       /* of the total; 0: without one */
	uint32_t share_class; /* after net_attach() */
	unsigned guards;      /* enum guard_kind */
	struct plan_addrs addrs;
	struct plan_addrs
		routers; /* written ones, after plan_finish() also the bridge's where none is written */
	struct plan_addrs gates; /* addresses the bridge must have for this link */
	/* the one link of a shared zone (shared.h); "bridge" is the first of its links of the host, and its routers are the host's end */
	bool is_shared;
	struct plan_lower *lowers; /* as many as addrs */
	/* a link that CNI plugins make: addresses, MAC and device are known once net_attach() has had it made */
	char cni[CNI_NAME];       /* the network; "": not such a link */
	struct json *cni_runtime; /* what plugins with the capability of that name are told */
	char device[IFNAMSIZ];    /* the plugins' name of the end on the host; "": none known */
	uint32_t device_index;
};

/* In the order they are carried out; host-wide ones first. */
enum plan_kind {
	PLAN_TAKE,   /* the links of the host move; first, so that they keep their numbers */
	PLAN_BRIDGE, /* the automatic bridges with the addresses of all links on them, forwarding, translation, answers for shared zones */
	PLAN_LINK,   /* a pair of links, one end in the zone */
	PLAN_GUARD,  /* link protection on the host end */
	PLAN_SHAPE,  /* its bandwidth, or its share of the bridge's */
	PLAN_PORT,   /* host end on the bridge, up */
	PLAN_ENTER,  /* kernel parameters in the zone's namespace, and a way to talk to it */
	PLAN_LO,     /* lo up */
	PLAN_ADDRESS, /* an address inside */
	PLAN_UP,      /* inner end up */
	PLAN_ROUTE,   /* a default route inside */
	PLAN_SETTLE, /* addresses, up and default routes of a moved link; `link` is its number among those */
	PLAN_CNI, /* a link with all that belongs to it, by the plugins of a CNI network */
};
struct plan_op {
	enum plan_kind kind;
	size_t link;           /* index */
	struct inet_addr addr; /* PLAN_ADDRESS, PLAN_ROUTE */
};

struct net_plan {
	char *zonename, *run_dir, *storage_dir;
	char *hostname;      /* set by net_plan(); may be NULL */
	struct zone_dns dns; /* what CNI plugins said, after net_attach() */
	struct plan_link *links;
	size_t n_links;
	struct physical_list moved; /* links of the host */
	struct publish_list ports;  /* published ones */
	struct plan_op *ops;
	size_t n_ops;
	const struct plan_addrs *own; /* of plan_lease(), while it runs; else NULL */
};

/* Those of the common bridge "zbr0": 10.88.0.0/24 and fd00:88::/64, or what ZONES_SUBNET4 and ZONES_SUBNET6 say; no IPv6 when the kernel has none. */
MUST_CHECK int plan_subnets_get(struct plan_subnets *ret, struct err *e);

/* *ret is set in any case, so that the rest can be judged too; with mistakes (-EINVAL) it must not be carried out. */
MUST_CHECK int plan_build(const struct zone_spec *z, const struct plan_subnets *s,
			  struct net_plan **ret, struct diag_list *diags);
/* `leases` (borrowed) tells which router addresses belong to other zones. */
MUST_CHECK int plan_finish(struct net_plan *p, const struct plan_subnets *s,
			   const struct json *leases, struct diag_list *diags);

/* "anet[INDEX].KEY: message": a mistake for this host. */
void plan_complain(struct diag_list *diags, size_t index, const char *key, const char *fmt,
		   va_list args) __attribute__((format(printf, 4, 0)));

/* The part of the first that is about links of the host (plan_physical.c); returns the number of mistakes. */
size_t plan_read_physical(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags);

/* The same with ipType shared (plan_shared.c). */
size_t plan_read_shared(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags);
/* Where an address of a link stands in the configuration: "anet[0].allowedAddress[1]". Freshly allocated. */
char *plan_address_path(const struct net_plan *p, size_t link, size_t address);

/* net_plan() on leases in memory, which are changed and not saved. The caller holds RUN/net.lock. `own` are addresses that the zone has now: who answers for them is itself. */
MUST_CHECK int plan_lease(const struct zone_spec *z, const struct net_dirs *dirs,
			  const struct plan_addrs *own, struct json *leases, struct net_plan **ret,
			  struct err *e);

/* The parts of the two that are about published ports (plan_publish.c); they return the number of mistakes. */
size_t plan_read_publish(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags);
size_t plan_finish_publish(struct net_plan *p, struct diag_list *diags);

/* "zv<8 hex digits>.<index>" */
void plan_host_name(const char *zonename, size_t index, char buf[IFNAMSIZ]);
/* What stands beside the link of that host name, "z<letter><8 hex digits>.<index>": 'i' its ifb link, 'm' its macvlan, 'o' the chain on the way to that. */
void plan_twin_name(const char *host, char letter, char buf[IFNAMSIZ]);
void plan_ifb_name(const char *host, char buf[IFNAMSIZ]);
/* "zt<8 hex digits>.<index>": the packet filter chain that gives what goes to the zone its share. */
void plan_share_chain(const char *host, char buf[IFNAMSIZ]);
/* The 8 digits and what follows of a name of these forms, or NULL: what ties a link to its zone. */
const char *plan_host_name_hash(const char *link);

/* What net_attach() saves. */
struct json *plan_save(const struct net_plan *p);

#endif
