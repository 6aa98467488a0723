/* Two formats: ARP for IPv4 over Ethernet (RFC 826), ICMPv6 neighbour messages (RFC 4861). What is read here comes from strangers: every length is checked first. */
#include "net/probe.h"

#include <string.h>
#include <sys/socket.h>

enum {
	ETHER = 14,
	ARP_SIZE = 28,
	ARP_SENDER = ETHER + 8, /* MAC, address; then the target's */
	ARP_SENDER_ADDRESS = ETHER + 14,
	ARP_TARGET_ADDRESS = ETHER + 24,
	IP6 = 40,
	IP6_SENDER = ETHER + 8,
	ICMP6 = ETHER + IP6,
	ICMP6_TARGET = ICMP6 + 8,
	ICMP6_SIZE = 24, /* neighbour message without options */
	ICMP6_MAC = 8,   /* the option with the MAC of the target */
	SOLICIT = 135,
	ADVERT = 136
};

static const uint8_t arp_head[] = {
	0, 1, 8, 0, 6, 4, 0
}; /* Ethernet, IPv4; the operation's first byte */
static const uint8_t zeros[16];

static size_t probe_arp(const struct probe *p, uint8_t *f)
{
	memset(f, 0xff, INET_MAC);
	f[12] = 0x08;
	f[13] = 0x06;
	memcpy(f + ETHER, arp_head, sizeof(arp_head));
	f[ETHER + 7] = 1; /* request */
	memcpy(f + ARP_SENDER, p->mac, INET_MAC);
	memcpy(f + ARP_TARGET_ADDRESS, p->addr.bytes, 4);
	return ETHER + ARP_SIZE;
}

/* RFC 1071 over the pseudo header (addresses, length, next header) and the message. */
static uint16_t probe_checksum(const uint8_t *f, uint32_t size)
{
	uint32_t sum = size + 58;

	for (size_t i = IP6_SENDER; i < ICMP6 + size; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* All but sender, group and what is behind the target's address. */
static size_t probe_message(const struct probe *p, uint8_t *f, uint8_t type, uint8_t size)
{
	uint16_t sum;

	f[0] = f[1] = 0x33;
	memcpy(f + 2, f + IP6_SENDER + 16 + 12, 4);
	f[12] = 0x86;
	f[13] = 0xdd;
	f[ETHER] = 0x60;
	f[ETHER + 5] = size;
	f[ETHER + 6] = 58;
	f[ETHER + 7] = 255; /* neighbours take no message that came through a router */
	f[ICMP6] = type;
	memcpy(f + ICMP6_TARGET, p->addr.bytes, 16);
	sum = probe_checksum(f, size);
	f[ICMP6 + 2] = (uint8_t)(sum >> 8);
	f[ICMP6 + 3] = (uint8_t)sum;
	return (size_t)ICMP6 + size;
}

static size_t probe_solicit(const struct probe *p, uint8_t *f)
{
	static const uint8_t group[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };
	uint8_t *to = f + IP6_SENDER + 16;

	memcpy(to, group, sizeof(group)); /* the address's solicited-node group */
	memcpy(to + 13, p->addr.bytes + 13, 3);
	return probe_message(p, f, SOLICIT, ICMP6_SIZE);
}

/* RFC 4861, 7.2.6: unsolicited, and it overrides what is known. */
static size_t probe_advert(const struct probe *p, uint8_t *f)
{
	static const uint8_t all_nodes[16] = { [0] = 0xff, [1] = 2, [15] = 1 };
	uint8_t *option = f + ICMP6 + ICMP6_SIZE;

	memcpy(f + IP6_SENDER, p->addr.bytes, 16);
	memcpy(f + IP6_SENDER + 16, all_nodes, 16);
	f[ICMP6 + 4] = 0x20;
	option[0] = 2;
	option[1] = 1;
	memcpy(option + 2, p->mac, INET_MAC);
	return probe_message(p, f, ADVERT, ICMP6_SIZE + ICMP6_MAC);
}

size_t probe_frame(const struct probe *p, uint8_t frame[PROBE_FRAME])
{
	memset(frame, 0, PROBE_FRAME);
	memcpy(frame + INET_MAC, p->mac, INET_MAC);
	return p->addr.family == AF_INET ? probe_arp(p, frame) : probe_solicit(p, frame);
}

size_t probe_announcement(const struct probe *p, uint8_t frame[PROBE_FRAME])
{
	size_t n;

	memset(frame, 0, PROBE_FRAME);
	memcpy(frame + INET_MAC, p->mac, INET_MAC);
	if (p->addr.family != AF_INET)
		return probe_advert(p, frame);
	n = probe_arp(p, frame);
	memcpy(frame + ARP_SENDER_ADDRESS, p->addr.bytes, 4);
	return n;
}

/* RFC 5227, 2.1.1: any ARP packet whose sender has the address, or another's probe for it. */
static const uint8_t *probe_read_arp(const struct probe *p, const uint8_t *f, size_t n)
{
	bool speaks, asks;

	if (n < ETHER + ARP_SIZE || f[12] != 0x08 || f[13] != 0x06 ||
	    memcmp(f + ETHER, arp_head, sizeof(arp_head)) != 0)
		return NULL;
	speaks = memcmp(f + ARP_SENDER_ADDRESS, p->addr.bytes, 4) == 0;
	asks = f[ETHER + 7] == 1 && memcmp(f + ARP_SENDER_ADDRESS, zeros, 4) == 0 &&
	       memcmp(f + ARP_TARGET_ADDRESS, p->addr.bytes, 4) == 0;
	return speaks || asks ? f + ARP_SENDER : NULL;
}

/* RFC 4862, 5.4.3 and 5.4.4: an advertisement of the address, or another's solicitation for it from ::. */
static const uint8_t *probe_read_neighbour(const struct probe *p, const uint8_t *f, size_t n)
{
	bool speaks, asks;

	if (n < ICMP6 + ICMP6_SIZE || f[12] != 0x86 || f[13] != 0xdd || f[ETHER] >> 4 != 6 ||
	    f[ETHER + 6] != 58 || f[ETHER + 7] != 255 ||
	    memcmp(f + ICMP6_TARGET, p->addr.bytes, 16) != 0)
		return NULL;
	speaks = f[ICMP6] == ADVERT;
	asks = f[ICMP6] == SOLICIT && memcmp(f + IP6_SENDER, zeros, 16) == 0;
	return speaks || asks ? f + INET_MAC : NULL;
}

bool probe_is_answer(const struct probe *p, const uint8_t *frame, size_t n,
		     uint8_t holder[INET_MAC])
{
	const uint8_t *mac = p->addr.family == AF_INET ? probe_read_arp(p, frame, n)
						       : probe_read_neighbour(p, frame, n);

	/* our own question, sent back by a link that echoes, says nothing */
	if (!mac || memcmp(mac, p->mac, INET_MAC) == 0 ||
	    (p->own && memcmp(mac, p->own, INET_MAC) == 0))
		return false;
	memcpy(holder, mac, INET_MAC);
	return true;
}
