/* Addresses are byte strings in network order with a prefix length, so IPv4 and IPv6 share all arithmetic: masks and
 * additions walk over bytes and never care about the family. */
#include "net/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/num.h"

size_t inet_len(const struct inet_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

unsigned inet_bits(const struct inet_addr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

static int inet_parse_prefix(const char *text, struct inet_addr *a)
{
	uint32_t prefix;

	if (num_u32(text, &prefix) < 0 || prefix > inet_bits(a))
		return -EINVAL;
	a->prefix = prefix;
	a->has_prefix = true;
	return 0;
}

int inet_parse(const char *text, struct inet_addr *ret)
{
	struct inet_addr a = { 0 };
	char host[INET_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (n == 0 || n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	a.family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, host, a.bytes) != 1)
		return -EINVAL;
	a.prefix = inet_bits(&a);
	if (slash && inet_parse_prefix(slash + 1, &a) < 0)
		return -EINVAL;
	*ret = a;
	return 0;
}

void inet_text_bare(const struct inet_addr *a, char *buf)
{
	if (!inet_ntop(a->family, a->bytes, buf, INET_TEXT))
		buf[0] = '\0';
}

void inet_text(const struct inet_addr *a, char *buf)
{
	size_t n;

	inet_text_bare(a, buf);
	n = strlen(buf);
	(void)snprintf(buf + n, INET_TEXT - n, "/%u", a->prefix);
}

bool inet_same(const struct inet_addr *a, const struct inet_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, inet_len(a)) == 0;
}

/* The mask's byte number i for a prefix: /20 gives ff ff f0 00. */
static uint8_t inet_mask_byte(unsigned prefix, size_t i)
{
	unsigned before = (unsigned)i * 8;

	if (prefix >= before + 8)
		return 0xff;
	return prefix <= before ? 0 : (uint8_t)(0xff << (8 - (prefix - before)));
}

static bool inet_same_bits(const struct inet_addr *a, const struct inet_addr *b, unsigned prefix)
{
	for (size_t i = 0; i < inet_len(a); i++)
		if ((a->bytes[i] ^ b->bytes[i]) & inet_mask_byte(prefix, i))
			return false;
	return true;
}

bool inet_contains(const struct inet_addr *net, const struct inet_addr *a)
{
	return net->family == a->family && inet_same_bits(net, a, net->prefix);
}

bool inet_overlaps(const struct inet_addr *a, const struct inet_addr *b)
{
	unsigned shorter = a->prefix < b->prefix ? a->prefix : b->prefix;

	return a->family == b->family && inet_same_bits(a, b, shorter);
}

struct inet_addr inet_net(const struct inet_addr *a)
{
	struct inet_addr net = *a;

	for (size_t i = 0; i < inet_len(a); i++)
		net.bytes[i] &= inet_mask_byte(a->prefix, i);
	return net;
}

struct inet_addr inet_nth(const struct inet_addr *net, uint32_t n)
{
	struct inet_addr a = inet_net(net);
	uint64_t carry = n;

	for (size_t i = inet_len(&a); i-- > 0 && carry;) {
		carry += a.bytes[i];
		a.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return a;
}

uint64_t inet_host_count(const struct inet_addr *net)
{
	unsigned host_bits = inet_bits(net) - net->prefix;
	uint64_t all;

	if (host_bits >= 32)
		return UINT32_MAX - 1;
	all = (uint64_t)1 << host_bits;
	/* number 0 is the network (IPv6: the routers' anycast address), the last one IPv4's broadcast */
	if (all <= 2)
		return all - 1;
	return net->family == AF_INET ? all - 2 : all - 1;
}

bool inet_is_loopback(const struct inet_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == AF_INET ? a->bytes[0] == 127 : memcmp(a->bytes, one, 16) == 0;
}

/* All host bits are ones / zeros. */
static bool inet_host_part_is(const struct inet_addr *a, uint8_t fill)
{
	for (size_t i = 0; i < inet_len(a); i++)
		if ((a->bytes[i] ^ fill) & (uint8_t)~inet_mask_byte(a->prefix, i))
			return false;
	return true;
}

const char *inet_unusable(const struct inet_addr *a)
{
	bool four = a->family == AF_INET;
	unsigned host_bits = inet_bits(a) - a->prefix;

	if (a->prefix == 0)
		return "has a prefix of 0";
	if (inet_is_loopback(a))
		return "is a loopback address";
	if (four ? a->bytes[0] >= 224 : a->bytes[0] == 0xff)
		return "is a multicast or reserved address";
	if (four && a->bytes[0] == 0)
		return "is no host's address";
	if (!four && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80)
		return "is a link-local address, which every link has by itself";
	if (host_bits >= 2 && inet_host_part_is(a, 0))
		return "is the address of the network itself";
	if (four && host_bits >= 2 && inet_host_part_is(a, 0xff))
		return "is the broadcast address of its network";
	return NULL;
}

struct inet_addr inet_link_local(const uint8_t mac[INET_MAC])
{
	struct inet_addr a = { .family = AF_INET6, .prefix = 64, .has_prefix = true };
	const uint8_t eui[8] = { mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };

	a.bytes[0] = 0xfe;
	a.bytes[1] = 0x80;
	memcpy(a.bytes + 8, eui, sizeof(eui));
	return a;
}

int inet_mac_parse(const char *text, uint8_t ret[INET_MAC])
{
	uint8_t mac[INET_MAC];

	if (strlen(text) != INET_MAC_TEXT - 1)
		return -EINVAL;
	for (size_t i = 0; i < INET_MAC; i++) {
		char pair[3] = { text[i * 3], text[i * 3 + 1], '\0' };
		char after = text[i * 3 + 2];
		uint32_t v;

		if (after != (i + 1 < INET_MAC ? ':' : '\0') || pair[1] == 'x' || pair[1] == 'X')
			return -EINVAL;
		if (num_hex32(pair, &v) < 0 || v > 0xff)
			return -EINVAL;
		mac[i] = (uint8_t)v;
	}
	memcpy(ret, mac, INET_MAC);
	return 0;
}

void inet_mac_text(const uint8_t mac[INET_MAC], char *buf)
{
	(void)snprintf(buf, INET_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		       mac[3], mac[4], mac[5]);
}

uint64_t inet_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *c = text; *c; c++)
		h = (h ^ (uint8_t)*c) * 0x100000001b3u;
	/* FNV leaves similar names similar in the upper bits; this spreads every input bit */
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}
