#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/probe.h"
#include "tests/unit/test.h"

static const uint8_t ours[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t theirs[INET_MAC] = { 2, 0, 0, 0, 0, 2 };

static struct probe probe_of(const char *address)
{
	struct probe p = { 0 };

	CHECK(inet_parse(address, &p.addr) == 0);
	memcpy(p.mac, ours, INET_MAC);
	return p;
}

static bool answers(const struct probe *p, const uint8_t *frame, size_t n)
{
	uint8_t holder[INET_MAC] = { 0 };
	bool yes = probe_is_answer(p, frame, n, holder);

	CHECK(!yes || memcmp(holder, theirs, INET_MAC) == 0);
	return yes;
}

/* Every shorter frame is refused, and a copy of that length shows the sanitizer any read behind it. */
static void cut_off(const struct probe *p, const uint8_t *frame, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		uint8_t *copy = malloc(k + 1);

		if (!copy)
			abort();
		memcpy(copy, frame, k);
		CHECK(!answers(p, copy, k));
		free(copy);
	}
}

static void test_arp(void)
{
	struct probe p = probe_of("192.0.2.7/24");
	uint8_t f[PROBE_FRAME], reply[PROBE_FRAME];
	size_t n = probe_frame(&p, f);

	/* RFC 5227: broadcast, request, sender 0.0.0.0, target's MAC left out */
	CHECK_INT(n, 42);
	CHECK(memcmp(f, "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1\x08\x06", 14) == 0);
	CHECK(memcmp(f + 14, "\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\xc0\0\2\7", 28) ==
	      0);
	CHECK(!answers(&p, f, n)); /* our own question */

	memcpy(reply, f, n);
	memcpy(reply + 22, theirs, INET_MAC);
	CHECK(answers(&p, reply, n)); /* another asks for it in the same way */
	cut_off(&p, reply, n);
	reply[21] = 2;
	CHECK(!answers(&p, reply, n)); /* a reply of 0.0.0.0 says nothing */
	memcpy(reply + 28, p.addr.bytes, 4);
	CHECK(answers(&p, reply, n));
	cut_off(&p, reply, n);
	reply[21] = 1;
	CHECK(answers(&p, reply, n)); /* a request of the address for whatever */
	reply[31]++;
	CHECK(!answers(&p, reply, n)); /* somebody else's ordinary request for it: only a user */
	reply[31]--;
	p.own = theirs;
	CHECK(!answers(&p, reply, n)); /* the zone itself */
	p.own = NULL;
	reply[18] = 8; /* no Ethernet address */
	CHECK(!answers(&p, reply, n));
}

static uint16_t sum_of(const uint8_t *f)
{
	uint32_t sum = 24 + 58;

	for (size_t i = 22; i < 78; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	return (uint16_t)(sum + (sum >> 16));
}

static void test_neighbour(void)
{
	struct probe p = probe_of("fd00:88::12:3456/64");
	uint8_t f[PROBE_FRAME], reply[PROBE_FRAME];
	size_t n = probe_frame(&p, f);

	CHECK_INT(n, 78);
	CHECK(memcmp(f, "\x33\x33\xff\x12\x34\x56\2\0\0\0\0\1\x86\xdd\x60", 15) == 0);
	CHECK(f[18] == 0 && f[19] == 24 && f[20] == 58 && f[21] == 255);
	CHECK(memcmp(f + 38, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\x12\x34\x56", 16) == 0);
	CHECK(f[54] == 135 && memcmp(f + 62, p.addr.bytes, 16) == 0);
	CHECK_INT(sum_of(f), 0xffff);
	CHECK(!answers(&p, f, n));

	memcpy(reply, f, n);
	memcpy(reply + INET_MAC, theirs, INET_MAC);
	CHECK(answers(&p, reply, n)); /* another's duplicate address detection */
	cut_off(&p, reply, n);
	reply[22] = 0xfe;
	CHECK(!answers(&p, reply, n)); /* an ordinary solicitation: only a user */
	reply[54] = 136;
	CHECK(answers(&p, reply, n));
	reply[21] = 64;
	CHECK(!answers(&p, reply, n)); /* from another network */
	reply[21] = 255;
	reply[77]++;
	CHECK(!answers(&p, reply, n)); /* of another address */
}

static void test_time(void)
{
	(void)setenv("ZONES_PROBE_MS", "1000", 1);
	CHECK_INT(probe_time_ms(), 1000);
	(void)setenv("ZONES_PROBE_MS", "0", 1);
	CHECK_INT(probe_time_ms(), 0);
	(void)setenv("ZONES_PROBE_MS", "10001", 1);
	CHECK_INT(probe_time_ms(), PROBE_MS);
	(void)setenv("ZONES_PROBE_MS", "soon", 1);
	CHECK_INT(probe_time_ms(), PROBE_MS);
	(void)unsetenv("ZONES_PROBE_MS");
	CHECK_INT(probe_time_ms(), PROBE_MS);
}

/* What another machine announces is an answer to who asks for the address. */
static void test_announcement(void)
{
	struct probe four = probe_of("192.0.2.7/24"), six = probe_of("2001:db8::7/64");
	struct probe asked4 = four, asked6 = six;
	uint8_t f[PROBE_FRAME];
	size_t n;
	uint32_t sum = 32 + 58;

	memcpy(four.mac, theirs, INET_MAC);
	memcpy(six.mac, theirs, INET_MAC);
	n = probe_announcement(&four, f);
	CHECK_INT(n, 42);
	CHECK(memcmp(f, "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\x08\x06", 14) == 0);
	CHECK(memcmp(f + 20, "\0\1\2\0\0\0\0\2\xc0\0\2\7\0\0\0\0\0\0\xc0\0\2\7", 22) == 0);
	CHECK(answers(&asked4, f, n));
	n = probe_announcement(&six, f);
	CHECK_INT(n, 86);
	CHECK(memcmp(f, "\x33\x33\0\0\0\1\2\0\0\0\0\2\x86\xdd", 14) == 0);
	CHECK(memcmp(f + 22, six.addr.bytes, 16) == 0 && memcmp(f + 62, six.addr.bytes, 16) == 0);
	CHECK(memcmp(f + 78, "\2\1\2\0\0\0\0\2", 8) == 0 && f[58] == 0x20);
	for (size_t i = 22; i < n; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	CHECK_INT((sum & 0xffff) + (sum >> 16), 0xffff);
	CHECK(answers(&asked6, f, n));
	cut_off(&asked6, f, 78);
}

int main(void)
{
	test_arp();
	test_neighbour();
	test_time();
	test_announcement();
	return test_done();
}
