/* net - a zone's network: links, addresses, routes, name service, address translation and link protection.
 *
 * All through rtnetlink (libmnl) and nftables (libnftnl); programs are run only for links of CNI networks, whose plugins are programs (cni.h). Four moments:
 *   net_plan    pure: zone -> list of operations, printable
 *   net_attach  monitor: makes the links, moves one end into the zone's network namespace, configures both, adds our nft rules
 *   net_change  a verb, while the zone runs: another configuration's links, addresses, ports; what both have goes on
 *   net_detach  monitor or any later command: removes by what net_attach saved; idempotent; the last zone on an automatic bridge removes it and our table
 *
 * Naming on the host: bridges "zbr0" and "zbr-NAME" (automatic), link "zv<8 hex digits of the zone's name hash>.<n>" at most 15 characters, with maxbw an ifb "zi...", on a lower link that is no bridge a macvlan "zm..." of the same digits, with vlanId on a VLAN link "zl<8 hex digits>", with sharedbw two ifbs "zs<8 hex digits of the lower link's name hash>." and f or t; nft table inet "zones" and netdev table "zones" only.
 * Links of the host that a zone has (`net`) are written down in RUN/.links/ZONE; RUN/.netns/ZONE holds the namespace they are in.
 * Concurrency: host-wide changes (bridge, table, leases) happen under RUN/net.lock; the lease file STORAGE/leases.json is replaced atomically.
 * Every function runs in the HOST's network namespace (the one of the caller), except for short excursions into netns_fd that are always undone - done in a forked child so that
 * the caller can never be left in a foreign namespace. */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/spec.h"
#include "config/zone_spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/finding.h"
#include "runtime/base/json.h"

struct net_dirs {
	const char *run_dir;     /* "/run/zones" */
	const char *storage_dir; /* "/var/lib/zones" */
};

struct net_plan;

/* Build the plan of a zone's effective configuration. Addresses that are automatic are leased here (under the lock), so it is not pure in that one case; net_release() gives them back. */
MUST_CHECK int net_plan(const struct zone_spec *z, const struct net_dirs *dirs,
			struct net_plan **ret, struct err *e);
void net_plan_free(struct net_plan *p);
DEFINE_AUTO_PTR(net_plan);
char *net_plan_text(const struct net_plan *p); /* one operation a line */

/* Checks against this host that change nothing: lower links exist, addresses not used by another zone's lease or by the host, prefix and gateway sane, kernel features. Adds to diags with code "host". */
int net_verify(const struct zone_spec *z, const struct net_dirs *dirs, struct diag_list *diags);

/* Make it. netns_fd: the zone's network namespace; init_pid: its init (for IFLA_NET_NS_PID is not used, the descriptor is). Also brings `lo` up. On failure everything made is removed. *ret_saved describes what was made. */
MUST_CHECK int net_attach(struct net_plan *p, int netns_fd, struct json **ret_saved, struct err *e);
/* Whether CNI plugins said something about name service, which net_resolv_conf() knows only after net_attach(). */
bool net_has_dns(const struct net_plan *p);
/* `lo` up in a namespace and nothing else (OCI containers, zones without anet). */
MUST_CHECK int net_lo_up(int netns_fd, struct err *e);
/* OCI linux.netDevices: links of the host (the caller's namespace) move into a container, keep their permanent global addresses and are brought up. They never come back by us. */
MUST_CHECK int net_move_devices(const struct net_device_spec *devices, size_t n, int netns_fd,
				struct err *e);
/* Take it all away; missing things are fine. dirs as in net_plan. */
MUST_CHECK int net_detach(const struct json *saved, const struct net_dirs *dirs, struct err *e);
/* Make the links, addresses, published ports and protection of a running zone those of another configuration. What both have is not touched: its connections go on. */
struct net_change {
	const struct zone_spec *from, *to; /* effective configurations */
	const struct json *saved;          /* what net_attach(), or this, saved last */
	int netns_fd;                      /* the zone's network namespace */
	/* Is it still the same run of the zone? Asked under RUN/net.lock, so that whoever takes a zone's network away afterwards finds what was saved. */
	int (*check)(void *arg, struct err *e);
	/* Keep what was saved; called before anything is changed, with all that may be there until the change is complete, and when it is. */
	int (*save)(void *arg, const struct json *saved, struct err *e);
	void *arg;
};
/* A verb, for a zone whose lock it holds. What can be refused is refused before anything is touched; when a step fails, those before it are undone. An interrupted change is finished, or
 * undone, by the next one, whatever it asks for; so is one that could not be undone (-ENOTRECOVERABLE). Links of the host come and go too. A link of a CNI network stays as it is: the caller has to see to it that none changes. */
MUST_CHECK int net_change(const struct net_change *c, const struct net_dirs *dirs, struct err *e);
/* Give back a zone's leases (uninstall, delete). */
MUST_CHECK int net_release(const char *zonename, const struct net_dirs *dirs, struct err *e);
/* The leases of a zone that does not run are another name's from now on. What CNI plugins keep for it is given back. Again is fine. */
MUST_CHECK int net_rename(const char *from, const char *to, const struct net_dirs *dirs,
			  struct err *e);
/* RUN/net.lock, as a descriptor to be closed: nobody attaches or detaches meanwhile. */
MUST_CHECK int net_lock(const struct net_dirs *dirs, struct err *e);
/* The caller holds net_lock() since before it made the lists: a zone that attached after it was looked for would lose its links.
 * Remove links, rules and leases of ours that belong to no zone in the NULL-terminated list `alive` (zones that are ready or running) - after crashes. Leases of zones in `known` are kept. */
MUST_CHECK int net_sweep(const char *const *alive, const char *const *known,
			 const struct net_dirs *dirs, struct err *e);

/* The same for what CNI plugins hold for such zones. WITHOUT net_lock(): plugins may take long, and a zone that came up since the list was made is told by its living monitor. */
void net_sweep_cni(const char *const *alive, const struct net_dirs *dirs);

/* The files to be seen inside: text of /etc/resolv.conf and of /etc/hosts for the zone. Freshly allocated. The plan matters for what CNI plugins have said; else it may be NULL. */
char *net_resolv_conf(const struct zone_spec *z, const struct net_plan *p);
char *net_hosts(const struct zone_spec *z, const struct net_plan *p);
/* Zones of one bridge know each other by name (net/names.h). A zone whose plan has links gets the folder below mounted read-only on NET_NAMES_MOUNT, with a file in it that net_attach() makes
 * and every attach and detach keeps current; its /etc/hosts is a symbolic link to NET_HOSTS_LINK. The folder belongs to the zone's run folder and is made by whoever mounts it. */
#define NET_NAMES_MOUNT "/dev/.zone/names"
#define NET_HOSTS_LINK  NET_NAMES_MOUNT "/hosts"
char *net_names_dir(const struct net_dirs *dirs, const char *zonename);
bool net_has_names(const struct net_plan *p); /* NULL: false */

/* Do the names of two zones have the same 8 digits, so that their links would be called the same? Whoever knows a zone's name finds another such one: a zone is not made beside it. Pure. */
bool net_names_clash(const char *a, const char *b);

/* First address of the first link as text for `zone list` ("10.88.0.2/24"), from what was saved or planned; NULL when none. Freshly allocated. */
char *net_first_address(const struct json *saved);
/* Live state: links with flags, MTU, addresses, counters, dropped packets, missing default routes, their host ends and bridges. A link that is not inside under its name
 * ("present": false) lacks what is only seen there: "up", "addresses", the counters.
 * `view` is what the host's side shows, asked for once for the status of many zones; NULL: for this one alone. */
struct net_view;
MUST_CHECK int net_view_open(struct net_view **ret, struct err *e);
void net_view_free(struct net_view *v); /* NULL is fine */
DEFINE_AUTO_PTR(net_view);
MUST_CHECK int net_status(const struct json *saved, int netns_fd, struct net_view *view,
			  struct json **ret, struct err *e);
/* The links, protection, bandwidth and published ports of a running zone beside what it runs with: lines "anet[0].mac" and so on. Takes no lock and changes nothing. What root inside may change at its
 * own end is FINDING_CHANGED. */
struct net_audit {
	const struct zone_spec *zone; /* effective configuration */
	const struct json *saved;     /* what net_attach() or net_change() saved */
	int netns_fd;
};
MUST_CHECK int net_audit(const struct net_audit *a, const struct net_dirs *dirs,
			 struct findings *ret, struct err *e);
/* Pure: what keeps the links of such a status from working, a sentence each with the way out, most important first (`init`: the zone's, whose network namespace a way out may enter; few zones may change their links); at the end what link protection has dropped. Added to ret. */
void net_explain(const struct json *status, const char *zonename, pid_t init, struct strv *ret);

/* A deterministic, locally administered MAC address from the zone's uuid/name and the link's index; buf of 18. Pure. */
void net_auto_mac(const char *zonename, size_t index, char *buf);

#endif
