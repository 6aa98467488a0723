/* address - IPv4 and IPv6 addresses as text, with or without a prefix length. Pure; private to config/.
 *
 * Only the canonical forms that inet_pton(3) knows: no host names, no "10.1", no leading zeros, no zone indices. */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

struct address {
	int family;      /* AF_INET, AF_INET6 */
	unsigned prefix; /* 32 or 128 when none was written */
	bool has_prefix;
	uint8_t bytes[16]; /* network order; the first four for IPv4 */
};

/* "10.88.0.2", "fd00::2/64". -EINVAL with a reason. */
MUST_CHECK int address_parse(const char *text, struct address *ret, char *why, size_t why_size);

bool address_equal(const struct address *a, const struct address *b); /* ignores prefixes */
bool address_in_subnet(const struct address *subnet,
		       const struct address *a);     /* false for different families */
bool address_is_link_local(const struct address *a); /* 169.254/16, fe80::/10 */

/* Can a link inside a zone carry it, or a machine that is asked for something have it? -EINVAL with a reason: "is a multicast address" ... */
MUST_CHECK int address_check_host(const struct address *a, char *why, size_t why_size);

#endif
