/* guard - link protection: what a zone may send.
 *
 * One chain per link in table netdev "zones", named after the link's host end (as we would name it, where a CNI plugin made it) and hooked to its ingress, so a frame is judged before the bridge learns anything from it.
 * The kernel forgets the chain's hook when the link goes; guard_remove() takes the chain and, with the last one, the table. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

#define GUARD_TABLE "zones" /* of the family netdev; shape.c has chains in it as well */

enum guard_kind {
	GUARD_MAC = 1, /* "mac-nospoof": the frame's sender is the zone's MAC */
	GUARD_IP =
		2, /* "ip-nospoof": ARP, IPv4, IPv6 and neighbour advertisements speak of the zone's addresses only */
	GUARD_DHCP =
		4, /* "dhcp-nospoof": no DHCP server replies, no router advertisements, no redirects */
	GUARD_RESTRICTED = 8, /* "restricted": only untagged IPv4, IPv6 and ARP */
	/* 16 and 32: guard.c */
	GUARD_ISOLATED =
		64, /* "isolated": of the bridge's subnets only the bridge itself is reached */
	GUARD_DHCP_CLIENT =
		128, /* no protection, an exception from GUARD_IP: the zone may ask for an address */
};

/* Bits of a word of linkProtection; 0 when it is unknown. */
unsigned guard_bit(const char *word);
/* The words of a set of bits, in one order. */
void guard_words(unsigned kinds, struct strv *ret);

struct guard {
	const char *device; /* host end of the link */
	const char *chain;  /* name of the chain; NULL: the device's */
	unsigned kinds;
	const uint8_t *mac;
	const struct inet_addr *addrs; /* the zone's */
	size_t n_addrs;
	const struct inet_addr
		*gates; /* the bridge's addresses with their subnets; GUARD_ISOLATED */
	size_t n_gates;
};
/* A chain of that name that is there already is replaced. */
MUST_CHECK int guard_add(const struct guard *g, struct err *e);
/* Is the chain there, and is it, rule by rule and with its hook, what guard_add() makes? Changes nothing. */
MUST_CHECK int guard_audit(const struct guard *g, bool *ret_there, bool *ret_same, struct err *e);
/* Missing is fine. */
MUST_CHECK int guard_remove(const char *device, struct err *e);
/* Chains there are. */
MUST_CHECK int guard_list(struct strv *ret, struct err *e);
/* Would this kernel take it? Changes nothing. */
MUST_CHECK int guard_probe(struct err *e);
/* {"mac-nospoof": 3, ...}: packets dropped by kind of protection. */
MUST_CHECK int guard_dropped(const char *device, struct json **ret, struct err *e);

#endif
