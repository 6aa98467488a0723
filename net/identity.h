/* identity - tell a link of the host again after a zone had it, whatever name, MAC or number it has by then; and move it from one network namespace to another. Private to net/.
 *
 * What root of the owning namespace cannot change counts: the kind, the MAC of the hardware, the device it belongs to (a PCI address), the number of a veth's other end or of the
 * lower link. A virtual link has little of that, and root of the zone can make another one like it (physical_row.h tells the two apart); hardware cannot be forged.
 * Every call works in the namespace of the socket it is given. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

enum { IDENTITY_PARENT = 64, IDENTITY_NUMBERS = 6 };

struct identity {
	char name[IFNAMSIZ], kind[16], parent[IDENTITY_PARENT];
	uint32_t index, lower, flags, master;
	uint32_t numbers
		[IDENTITY_NUMBERS]; /* MTU, length of the queue, group, largest segments: identity.c */
	uint16_t type;              /* ARPHRD_* */
	bool has_mac, has_hardware;
	uint8_t mac[INET_MAC], hardware[INET_MAC];
	struct strv names; /* further ones ("altnames") */
	char *alias;       /* NULL: none */
};
void identity_done(struct identity *i);

struct json *identity_save(const struct identity *i);
MUST_CHECK int identity_load(const struct json *j, struct identity *ret, struct err *e);

/* -ENODEV when there is none of that name. */
MUST_CHECK int identity_find(struct netlink *nl, const char *name, struct identity *ret,
			     struct err *e);
/* 1 and the link that `wanted` is now, 0 when there is none. One without hardware must have its old number, and with `strictly`, for a place where others make links too, its old name. */
MUST_CHECK int identity_search(struct netlink *nl, const struct identity *wanted, bool strictly,
			       struct identity *ret, struct err *e);
/* The name of a link that stands on this one (a VLAN, a macvlan ...), "" when there is none. */
MUST_CHECK int identity_used_by(struct netlink *nl, uint32_t index, char ret[IFNAMSIZ],
				struct err *e);

/* Take away all further names; one that is taken on the other side would keep the link from moving. */
MUST_CHECK int identity_drop_names(struct netlink *nl, const struct identity *i, struct err *e);
/* Put further names, alias, MAC, MTU and up or down back to what `was` says on link `index`, as far as they differ. The first failure is told, the rest is still done. */
MUST_CHECK int identity_restore(struct netlink *nl, uint32_t index, const struct identity *was,
				struct err *e);
MUST_CHECK int identity_rename(struct netlink *nl, uint32_t index, const char *name, struct err *e);
/* Into the namespace of netns_fd under this name; -EEXIST when it is taken there. Goes down on the way. */
MUST_CHECK int identity_move(struct netlink *nl, uint32_t index, int netns_fd, const char *name,
			     struct err *e);

#endif
