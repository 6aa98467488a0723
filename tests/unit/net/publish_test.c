#include "net/publish.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct publish port(const char *address, unsigned first, unsigned last)
{
	struct publish p = { .protocol = IPPROTO_TCP,
			     .first = (uint16_t)first,
			     .last = (uint16_t)last,
			     .to = (uint16_t)first };

	if (address)
		CHECK(inet_parse(address, &p.address) == 0);
	return p;
}

static void check_text(const struct publish *p, const char *want)
{
	char text[PUBLISH_TEXT];

	publish_text(p, text);
	CHECK_STR(text, want);
}

static void test_text(void)
{
	struct publish p = port("127.0.0.1", 80, 80), q = port("fd00::1", 80, 90),
		       r = port(NULL, 1, 65535);

	check_text(&p, "tcp 127.0.0.1:80");
	check_text(&q, "tcp [fd00::1]:80-90");
	r.protocol = IPPROTO_UDP;
	check_text(&r, "udp 1-65535");
}

static void test_overlap(void)
{
	struct publish all = port(NULL, 80, 90), one = port("192.0.2.1", 90, 95),
		       two = port("192.0.2.2", 85, 99), above = port(NULL, 91, 92);

	CHECK(publish_overlaps(&all, &one) && publish_overlaps(&one, &all));
	CHECK(!publish_overlaps(&one, &two));
	CHECK(!publish_overlaps(&all, &above));
	CHECK(publish_overlaps(&two, &above));
	CHECK(publish_covers(&all, &all) && publish_covers(&two, &two));
	CHECK(!publish_covers(&all, &one) && !publish_covers(&two, &above));
	one.last = 90;
	CHECK(publish_covers(&all, &one) && !publish_covers(&one, &all));
	one.last = 95;
	all.protocol = IPPROTO_UDP;
	CHECK(!publish_overlaps(&all, &one));
}

static void test_loopback(void)
{
	struct publish all = port(NULL, 1, 1), lo = port("127.0.0.1", 1, 1),
		       other = port("192.0.2.1", 1, 1);

	CHECK(!publish_on_loopback(&all)); /* leads nowhere over IPv4 */
	CHECK(inet_parse("10.88.0.2", &all.four) == 0);
	lo.four = other.four = all.four;
	CHECK(publish_on_loopback(&all) && publish_on_loopback(&lo) &&
	      !publish_on_loopback(&other));
}

/* What is saved comes back; what nobody could have saved does not. */
static void test_record(void)
{
	static const char *const wrong[] = {
		"{}",
		"{\"first\":0,\"last\":5,\"to\":1}",
		"{\"first\":5,\"last\":4,\"to\":1}",
		"{\"first\":5,\"last\":65536,\"to\":1}",
		"{\"first\":1,\"last\":9,\"to\":65535}",
		"{\"first\":1,\"last\":1,\"to\":1,\"four\":\"fd00::1\"}",
		"{\"first\":1,\"last\":1,\"to\":1,\"address\":\"x\"}",
	};
	struct publish p = port("192.0.2.1", 80, 90), back;

	p.to = 8080;
	CHECK(inet_parse("10.88.0.2", &p.four) == 0 && inet_parse("fd00:88::2", &p.six) == 0);
	auto_ptr(json) struct json *j = publish_save(&p);

	CHECK(publish_load(j, &back));
	CHECK(back.protocol == p.protocol && back.first == 80 && back.last == 90 &&
	      back.to == 8080);
	CHECK(inet_same(&back.address, &p.address) && inet_same(&back.four, &p.four) &&
	      inet_same(&back.six, &p.six));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_ptr(json) struct json *w = NULL;
		struct err e = { 0 };

		CHECK(json_parse_simple(wrong[i], strlen(wrong[i]), &w, &e) == 0);
		CHECK(!publish_load(w, &back));
	}
}

int main(void)
{
	test_text();
	test_overlap();
	test_loopback();
	test_record();
	return test_done();
}
