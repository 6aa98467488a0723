/* inet - IPv4 and IPv6 addresses with a prefix, as values. Pure. */
#ifndef NET_INET_H
#define NET_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

enum { INET_TEXT = 64, INET_MAC = 6, INET_MAC_TEXT = 18 };

struct inet_addr {
	int family;        /* AF_INET, AF_INET6; 0: no address */
	unsigned prefix;   /* 0-32, 0-128 */
	bool has_prefix;   /* it was written */
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
};

/* "10.88.0.2/24", "fd00:88::2"; without a prefix it is the whole length. 0 or -EINVAL. */
MUST_CHECK int inet_parse(const char *text, struct inet_addr *ret);
/* "10.88.0.2/24"; buf of INET_TEXT. */
void inet_text(const struct inet_addr *a, char *buf);
/* "10.88.0.2" */
void inet_text_bare(const struct inet_addr *a, char *buf);

size_t inet_len(const struct inet_addr *a);                           /* 4 or 16 bytes */
unsigned inet_bits(const struct inet_addr *a);                        /* 32 or 128 */
bool inet_same(const struct inet_addr *a, const struct inet_addr *b); /* prefix ignored */
bool inet_contains(const struct inet_addr *net, const struct inet_addr *a);
bool inet_overlaps(const struct inet_addr *a, const struct inet_addr *b);
struct inet_addr inet_net(const struct inet_addr *a);               /* host part zero */
struct inet_addr inet_nth(const struct inet_addr *net, uint32_t n); /* network + n, same prefix */
uint64_t inet_host_count(
	const struct inet_addr *net); /* numbers 1..count are hosts; at most 2^32-1 */

/* NULL when `a` can be an interface's address, else why not: "is a multicast address". */
const char *inet_unusable(const struct inet_addr *a);
bool inet_is_loopback(const struct inet_addr *a);
struct inet_addr inet_link_local(
	const uint8_t mac[INET_MAC]); /* fe80::/64 with the EUI-64 of the MAC */

MUST_CHECK int inet_mac_parse(const char *text, uint8_t ret[INET_MAC]); /* "02:00:00:aa:bb:cc" */
void inet_mac_text(const uint8_t mac[INET_MAC], char *buf);             /* buf of INET_MAC_TEXT */

/* 64-bit hash of a text (FNV-1a with a final mix): names of links and MAC addresses come from it, so it never changes. */
uint64_t inet_hash(const char *text);

#endif
