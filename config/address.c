/* address - inet_pton for the address, our own strict reader for the prefix length. */
#include "config/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { TEXT_MAX = 64 };

static int refuse(char *why, size_t why_size, const char *reason)
{
	(void)snprintf(why, why_size, "%s", reason);
	return -EINVAL;
}

static unsigned bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

static int parse_prefix(const char *text, struct address *a, char *why, size_t why_size)
{
	uint32_t prefix;

	if (num_u32(text, &prefix) < 0 || prefix > bits_of(a->family) || strlen(text) > 3 ||
	    (text[0] == '0' && text[1])) {
		(void)snprintf(why, why_size, "the prefix length must be from 0 to %u",
			       bits_of(a->family));
		return -EINVAL;
	}
	a->prefix = prefix;
	a->has_prefix = true;
	return 0;
}

int address_parse(const char *text, struct address *ret, char *why, size_t why_size)
{
	struct address a = { 0 };
	char host[TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof(host))
		return refuse(why, why_size, "it is too long");
	memcpy(host, text, n);
	host[n] = '\0';
	a.family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, host, a.bytes) != 1)
		return refuse(
			why, why_size,
			a.family == AF_INET6
				? "IPv6 is written as groups of hexadecimal digits, like fd00::2"
				: "IPv4 is written as four numbers from 0 to 255");
	a.prefix = bits_of(a.family);
	if (slash && parse_prefix(slash + 1, &a, why, why_size) < 0)
		return -EINVAL;
	*ret = a;
	return 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, bits_of(a->family) / 8) == 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	if (memcmp(a, b, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

bool address_in_subnet(const struct address *subnet, const struct address *a)
{
	return subnet->family == a->family && same_bits(subnet->bytes, a->bytes, subnet->prefix);
}

/* Addresses that mean something else than one machine. */
static const struct range {
	int family;
	uint8_t bytes[16];
	unsigned prefix;
	const char *reason;
} ranges[] = {
	{ AF_INET, { 0 }, 8, "addresses of 0.0.0.0/8 name no machine" },
	{ AF_INET, { 127 }, 8, "it is a loopback address" },
	{ AF_INET, { 224 }, 4, "it is a multicast address" },
	{ AF_INET, { 240 }, 4, "it is reserved" },
	{ AF_INET6, { 0 }, 128, "it is the unspecified address" },
	{ AF_INET6, { [15] = 1 }, 128, "it is the loopback address" },
	{ AF_INET6,
	  { [10] = 0xff, [11] = 0xff },
	  96,
	  "it is an IPv4 address in IPv6 clothes; write the IPv4 address" },
	{ AF_INET6, { 0xff }, 8, "it is a multicast address" },
};

bool address_is_link_local(const struct address *a)
{
	static const uint8_t v4[16] = { 169, 254 };
	static const uint8_t v6[16] = { 0xfe, 0x80 };

	return a->family == AF_INET ? same_bits(a->bytes, v4, 16) : same_bits(a->bytes, v6, 10);
}

/* Are all bits behind the prefix `bit`? */
static bool host_part_is(const struct address *a, uint8_t bit)
{
	for (unsigned i = a->prefix; i < bits_of(a->family); i++)
		if ((a->bytes[i / 8] >> (7 - i % 8) & 1) != bit)
			return false;
	return true;
}

int address_check_host(const struct address *a, char *why, size_t why_size)
{
	unsigned host_bits = bits_of(a->family) - a->prefix;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (ranges[i].family == a->family &&
		    same_bits(ranges[i].bytes, a->bytes, ranges[i].prefix))
			return refuse(why, why_size, ranges[i].reason);
	if (host_bits < 2)
		return 0; /* point-to-point and single addresses have no network address */
	if (host_part_is(a, 0))
		return refuse(why, why_size, "it is the network's own address, not a machine's");
	if (a->family == AF_INET && host_part_is(a, 1))
		return refuse(why, why_size, "it is the network's broadcast address");
	return 0;
}
