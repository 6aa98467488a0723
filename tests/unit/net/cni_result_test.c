/* Results of the versions 0.3.1, 0.4.0 and 1.0.0 as Debian's plugins print them, hostile ones, and errors. */
#include "net/cni_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &j, &e) == 0);
	return j;
}

/* The addresses of net0, one after the other; the reason when the result is refused. */
static const char *read_result(const char *text, const char *version)
{
	static char out[500];
	auto_ptr(json) struct json *j = parse(text);
	struct plan_addrs addrs = { 0 };
	struct err e = { 0 };
	size_t len = 0;

	out[0] = '\0';
	if (cni_result_check(j, version, &e) < 0) {
		(void)snprintf(out, sizeof(out), "%s", e.text);
		return out;
	}
	cni_result_addresses(j, "net0", &addrs);
	for (size_t i = 0; i < addrs.n && len < 200; i++) {
		char one[INET_TEXT];

		inet_text(&addrs.items[i], one);
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s ", one);
	}
	free(addrs.items);
	return out;
}

#define LINKS                                                                \
	"\"interfaces\":[{\"name\":\"cni0\",\"mac\":\"02:00:00:00:00:01\"}," \
	"{\"name\":\"veth1\"},{\"name\":\"net0\",\"sandbox\":\"/proc/1/fd/9\"}]"

static void test_versions(void)
{
	CHECK_STR(
		read_result(
			"{\"cniVersion\":\"0.3.1\"," LINKS
			",\"ips\":[{\"version\":\"4\",\"interface\":2,\"address\":\"10.1.0.2/16\",\"gateway\":\"10.1.0.1\"}],\"dns\":{}}",
			"0.3.1"),
		"10.1.0.2/16 ");
	CHECK_STR(
		read_result(
			"{\"cniVersion\":\"0.4.0\"," LINKS
			",\"ips\":[{\"version\":\"4\",\"interface\":2,\"address\":\"10.1.0.2/16\"},{\"version\":\"6\",\"interface\":2,\"address\":\"fd00::2/64\"}]}",
			"0.4.0"),
		"10.1.0.2/16 fd00::2/64 ");
	CHECK_STR(read_result("{\"cniVersion\":\"1.0.0\"," LINKS
			      ",\"ips\":[{\"interface\":2,\"address\":\"10.1.0.2/16\"}]}",
			      "1.0.0"),
		  "10.1.0.2/16 ");
	/* an address that names no interface is ours, one of the bridge or of another link is not */
	CHECK_STR(
		read_result(
			"{" LINKS
			",\"ips\":[{\"address\":\"10.1.0.9/16\"},{\"interface\":0,\"address\":\"10.1.0.1/16\"},{\"interface\":1,\"address\":\"10.1.0.3/16\"}]}",
			"1.0.0"),
		"10.1.0.9/16 ");
	CHECK_STR(read_result("{}", "1.0.0"), "");
}

static void test_hostile(void)
{
	CHECK(strstr(read_result("[]", "1.0.0"), "no result"));
	CHECK(strstr(read_result("{\"cniVersion\":\"7\"}", "1.0.0"), "cniVersion"));
	CHECK(strstr(read_result("{\"ips\":{}}", "1.0.0"), "\"ips\""));
	CHECK(strstr(read_result("{\"ips\":[7]}", "1.0.0"), "ips[0] is not an object"));
	CHECK(strstr(read_result("{\"ips\":[{\"address\":\"10.0.0.1\"}]}", "1.0.0"), "prefix"));
	CHECK(strstr(read_result("{\"ips\":[{\"address\":\"10.0.0.1/99\"}]}", "1.0.0"), "ips[0]"));
	CHECK(strstr(
		read_result("{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":3}]}", "1.0.0"),
		"names no interface"));
	CHECK(strstr(read_result("{\"interfaces\":[\"x\"]}", "1.0.0"), "interfaces[0]"));
	CHECK(cni_result_check(NULL, "1.0.0", &(struct err){ 0 }) < 0);
}

static void test_dns(void)
{
	auto_ptr(json) struct json *j = parse(
		"{\"dns\":{\"nameservers\":[\"10.0.0.1\",\"not an address\",\"10.0.0.1\",7,\"fd00::1\"],\"domain\":\"lan\","
		"\"search\":[\"a.test\",\"b\\nnameserver 6.6.6.6\",\"a b\"],\"options\":[\"ndots:2\"]}}");
	auto_ptr(json) struct json *domain = parse("{\"dns\":{\"domain\":\"lan\"}}");
	struct zone_dns dns = { 0 }, other = { 0 };

	cni_result_dns(j, &dns);
	CHECK_INT(dns.nameservers.n, 2);
	CHECK_STR(dns.nameservers.items[1], "fd00::1");
	CHECK_INT(dns.search.n, 1);
	CHECK_STR(dns.search.items[0], "a.test");
	CHECK_STR(dns.options.items[0], "ndots:2");
	cni_result_dns(domain, &other);
	CHECK_STR(other.search.items[0], "lan");
	strv_done(&dns.nameservers);
	strv_done(&dns.search);
	strv_done(&dns.options);
	strv_done(&other.search);
}

static void test_error(void)
{
	auto_ptr(json) struct json *full = parse(
		"{\"cniVersion\":\"1.0.0\",\"code\":103,\"msg\":\"no port\",\"details\":\"ask\\u001b\"}");
	auto_ptr(json) struct json *again = parse("{\"code\":11,\"msg\":\"later\"}");
	auto_ptr(json) struct json *none = parse("{\"cniVersion\":\"1.0.0\"}");
	struct err e = { 0 };

	CHECK_INT(cni_result_error(full, &e), -EPROTO);
	CHECK_STR(e.text, "no port: ask? (code 103)");
	CHECK_INT(cni_result_error(again, &e), -EAGAIN);
	CHECK_INT(cni_result_error(none, &e), 0);
}

int main(void)
{
	test_versions();
	test_hostile();
	test_dns();
	test_error();
	return test_done();
}
