#include "config/address.h"

#include <errno.h>
#include <sys/socket.h>

#include "tests/unit/test.h"

static int parse(const char *text, struct address *a)
{
	char why[200] = "";

	return address_parse(text, a, why, sizeof(why));
}

static void test_parse(void)
{
	static const char *const bad[] = {
		"",
		"10",
		"10.1",
		"10.1.2",
		"10.1.2.3.4",
		"010.1.2.3",
		"10.1.2.256",
		" 10.1.2.3",
		"10.1.2.3 ",
		"10.1.2.3/",
		"10.1.2.3/33",
		"10.1.2.3/-1",
		"10.1.2.3/+8",
		"10.1.2.3/08",
		"10.1.2.3/8/8",
		"10.1.2.3/8x",
		"::1/129",
		"fe80::1%eth0",
		":::",
		"1::2::3",
		"fd00::g",
		"example.org",
		"0x0a.1.2.3",
		"[::1]",
		"10.1.2.3/4294967304",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444:5555:6666",
	};
	struct address a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_check(parse(bad[i], &a) == -EINVAL, bad[i], __FILE__, __LINE__);
	CHECK_INT(parse("10.88.0.2/24", &a), 0);
	CHECK(a.family == AF_INET && a.prefix == 24 && a.has_prefix && a.bytes[0] == 10 &&
	      a.bytes[3] == 2);
	CHECK_INT(parse("fd00::2", &a), 0);
	CHECK(a.family == AF_INET6 && a.prefix == 128 && !a.has_prefix && a.bytes[0] == 0xfd &&
	      a.bytes[15] == 2);
	CHECK_INT(parse("1.2.3.4/0", &a), 0);
	CHECK(a.has_prefix && a.prefix == 0);
}

static bool in(const char *subnet, const char *address)
{
	struct address s;
	struct address a;

	return parse(subnet, &s) == 0 && parse(address, &a) == 0 && address_in_subnet(&s, &a);
}

static void test_subnets(void)
{
	CHECK(in("10.88.0.2/24", "10.88.0.1"));
	CHECK(!in("10.88.0.2/24", "10.88.1.1"));
	CHECK(in("10.88.0.2/20", "10.88.15.255"));
	CHECK(!in("10.88.0.2/20", "10.88.16.0"));
	CHECK(in("10.0.0.1/32", "10.0.0.1"));
	CHECK(!in("10.0.0.1/32", "10.0.0.2"));
	CHECK(in("0.0.0.0/0", "9.9.9.9"));
	CHECK(in("fd00:88::2/64", "fd00:88::ffff:1"));
	CHECK(!in("fd00:88::2/64", "fd00:89::1"));
	CHECK(in("fd00:88::2/127", "fd00:88::3"));
	CHECK(!in("fd00:88::2/127", "fd00:88::4"));
	CHECK(!in("0.0.0.0/0", "::1"));
	CHECK(!in("::/0", "10.0.0.1"));
}

static int host(const char *text)
{
	char why[200] = "";
	struct address a;

	return parse(text, &a) == 0 ? address_check_host(&a, why, sizeof(why)) : 1;
}

static void test_hosts(void)
{
	static const char *const bad[] = {
		"0.0.0.0",     "0.1.2.3",        "127.0.0.1",   "224.0.0.1", "255.255.255.255",
		"10.0.0.0/24", "10.0.0.255/24",  "10.0.0.4/30", "::",        "::1",
		"ff02::1",     "::ffff:1.2.3.4", "fd00::/64"
	};
	static const char *const good[] = { "10.0.0.1",       "10.0.0.0/31",       "10.0.0.1/31",
					    "10.0.0.0/32",    "10.0.0.1/24",       "10.0.1.0/23",
					    "169.254.1.1/16", "fe80::1/64",        "fd00::1/64",
					    "fd00::/127",     "2001:db8::ffff/112" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_check(host(bad[i]) == -EINVAL, bad[i], __FILE__, __LINE__);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		test_check(host(good[i]) == 0, good[i], __FILE__, __LINE__);
}

static void test_equality(void)
{
	struct address a;
	struct address b;

	CHECK(parse("fd00::2/64", &a) == 0 && parse("FD00:0:0::0002/96", &b) == 0 &&
	      address_equal(&a, &b));
	CHECK(parse("10.0.0.1", &b) == 0 && !address_equal(&a, &b));
	CHECK(parse("fe80::1", &a) == 0 && address_is_link_local(&a));
	CHECK(parse("febf::1", &a) == 0 && address_is_link_local(&a));
	CHECK(parse("fec0::1", &a) == 0 && !address_is_link_local(&a));
	CHECK(parse("169.254.3.4", &a) == 0 && address_is_link_local(&a));
	CHECK(parse("169.253.3.4", &a) == 0 && !address_is_link_local(&a));
}

int main(void)
{
	test_parse();
	test_subnets();
	test_hosts();
	test_equality();
	return test_done();
}
