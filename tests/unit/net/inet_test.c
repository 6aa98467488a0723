#include "net/inet.h"

#include <sys/socket.h>

#include "tests/unit/test.h"

static struct inet_addr addr(const char *text)
{
	struct inet_addr a = { 0 };

	if (inet_parse(text, &a) < 0)
		printf("# cannot parse %s\n", text);
	return a;
}

static const char *text(struct inet_addr a)
{
	static char buf[INET_TEXT];

	inet_text(&a, buf);
	return buf;
}

static void test_parse(void)
{
	static const char *const bad[] = { "",
					   "/24",
					   "10.88.0/24",
					   "10.88.0.300/24",
					   "10.88.0.2/33",
					   "10.88.0.2/",
					   "010.1.1.1/8",
					   "10.88.0.2/-1",
					   "fd00::/129",
					   "fd00:::1",
					   "web",
					   "10.0.0.1/24/24",
					   "10.0.0.1 /8" };
	struct inet_addr a;

	CHECK_STR(text(addr("10.88.0.2/24")), "10.88.0.2/24");
	CHECK_STR(text(addr("10.88.0.2")), "10.88.0.2/32");
	CHECK_STR(text(addr("FD00:88:0:0::2/64")), "fd00:88::2/64");
	CHECK(!addr("10.88.0.2").has_prefix);
	CHECK(addr("::1/128").has_prefix);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(inet_parse(bad[i], &a) < 0);
}

static void test_arithmetic(void)
{
	struct inet_addr a = addr("10.88.17.2/20");
	struct inet_addr b = addr("10.88.31.9/32");
	struct inet_addr six = addr("fd00:88::1234/64");

	CHECK_STR(text(inet_net(&a)), "10.88.16.0/20");
	CHECK_STR(text(inet_net(&six)), "fd00:88::/64");
	CHECK_STR(text(inet_nth(&a, 1)), "10.88.16.1/20");
	CHECK_STR(text(inet_nth(&a, 300)), "10.88.17.44/20");
	CHECK_STR(text(inet_nth(&six, 0x10002)), "fd00:88::1:2/64");
	CHECK(inet_contains(&a, &b));
	CHECK(!inet_contains(&b, &a));
	CHECK(!inet_contains(&a, &six));
	CHECK(inet_overlaps(&b, &a));
	a = addr("10.88.0.0/24");
	b = addr("10.88.1.0/24");
	CHECK(!inet_overlaps(&a, &b));
	b = addr("10.88.0.0/16");
	CHECK(inet_overlaps(&a, &b));
	b = addr("0.0.0.0/0");
	CHECK(inet_overlaps(&a, &b));
	CHECK_INT(inet_host_count(&a), 254);
	a = addr("10.0.0.0/30");
	CHECK_INT(inet_host_count(&a), 2);
	CHECK_INT(inet_host_count(&six), 4294967294);
	a = addr("fd00::/120");
	CHECK_INT(inet_host_count(&a), 255);
}

static void test_unusable(void)
{
	static const struct {
		const char *address;
		bool usable;
	} rows[] = {
		{ "10.88.0.2/24", true },     { "10.88.0.0/24", false },
		{ "10.88.0.255/24", false },  { "10.88.0.255/16", true },
		{ "127.0.0.5/8", false },     { "224.0.0.5/24", false },
		{ "255.255.255.255", false }, { "0.0.0.0/8", false },
		{ "10.0.0.0/31", true },      { "10.0.0.7/32", true },
		{ "fd00:88::2/64", true },    { "fd00:88::/64", false },
		{ "::1/64", false },          { "ff02::1/64", false },
		{ "fe80::1/64", false },      { "fd00::ffff/112", true },
		{ "10.0.0.1/0", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inet_addr a = addr(rows[i].address);

		test_check((inet_unusable(&a) == NULL) == rows[i].usable, rows[i].address, __FILE__,
			   __LINE__);
	}
}

static void test_mac(void)
{
	uint8_t mac[INET_MAC];
	char buf[INET_MAC_TEXT];

	CHECK(inet_mac_parse("02:00:0a:Bb:cc:ff", mac) == 0);
	inet_mac_text(mac, buf);
	CHECK_STR(buf, "02:00:0a:bb:cc:ff");
	CHECK_STR(text(inet_link_local(mac)), "fe80::aff:febb:ccff/64");
	CHECK(inet_mac_parse("02:00:0a:bb:cc", mac) < 0);
	CHECK(inet_mac_parse("02:00:0a:bb:cc:f", mac) < 0);
	CHECK(inet_mac_parse("02-00-0a-bb-cc-ff", mac) < 0);
	CHECK(inet_mac_parse("02:00:0a:bb:cc:fg", mac) < 0);
	CHECK(inet_mac_parse("02:00:0a:bb:cc:0x", mac) < 0);
	CHECK(inet_mac_parse("02:00:0a:bb:cc: f", mac) < 0);
}

int main(void)
{
	struct inet_addr six = addr("::1"), four = addr("127.0.0.53");

	test_parse();
	test_arithmetic();
	test_unusable();
	test_mac();
	CHECK(inet_is_loopback(&six) && inet_is_loopback(&four));
	CHECK(inet_hash("web") == inet_hash("web"));
	CHECK(inet_hash("web") != inet_hash("wea"));
	return test_done();
}
