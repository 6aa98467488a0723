#include "net/resolv.h"

#include <stdlib.h>

#include "net/plan.h"
#include "tests/unit/test.h"

static void check_resolv(const struct zone_dns *dns, const char *host, const char *want,
			 const char *what)
{
	auto_free char *got = resolv_text(dns, host);

	test_str(got, want, what, __FILE__, __LINE__);
}

static void test_resolv(void)
{
	struct zone_dns dns = { 0 };

	check_resolv(NULL, NULL, "", "nothing is known");
	check_resolv(
		NULL,
		"# comment\nnameserver\t192.0.2.53\nsearch a.example b.example\noptions edns0\n",
		"search a.example b.example\nnameserver 192.0.2.53\n",
		"the host's servers and domains");
	check_resolv(NULL, "nameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\n",
		     "nameserver 192.0.2.1\n", "loopback servers are the host's alone");
	check_resolv(
		NULL,
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n",
		"three at most");
	strv_add(&dns.search, "lan");
	check_resolv(&dns, "nameserver 192.0.2.1\nsearch example\n",
		     "search lan\nnameserver 192.0.2.1\n",
		     "the zone's domains, the host's servers");
	strv_add(&dns.nameservers, "10.88.0.1");
	strv_add(&dns.nameservers, "10.88.0.1\nnameserver 6.6.6.6");
	strv_add(&dns.options, "ndots:2");
	check_resolv(&dns, "nameserver 192.0.2.1\n",
		     "search lan\nnameserver 10.88.0.1\noptions ndots:2\n",
		     "the zone's servers only, and no second line through a newline");
	strv_done(&dns.search);
	strv_done(&dns.nameservers);
	strv_done(&dns.options);
	CHECK(resolv_is_stub("nameserver 127.0.0.53\n"));
	CHECK(!resolv_is_stub("nameserver 127.0.0.53\nnameserver 192.0.2.1\n"));
	CHECK(!resolv_is_stub(""));
}

static void check_hosts(const struct zone_spec *z, const struct net_plan *p, const char *want)
{
	static const char head[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
				   "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n";
	auto_free char *got = net_hosts(z, p);

	CHECK(strncmp(got, head, strlen(head)) == 0);
	test_str(got + strlen(head), want, want, __FILE__, __LINE__);
}

static void test_hosts(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_new();
	struct plan_link link = { .name = "net0" };
	struct net_plan p = { .links = &link, .n_links = 1 };
	struct inet_addr a;

	z->zonename = strdup("web");
	check_hosts(z, NULL, "127.0.1.1 web\n");
	check_hosts(z, &p, "127.0.1.1 web\n");
	CHECK(inet_parse("10.88.0.2/24", &a) == 0);
	plan_addrs_add(&link.addrs, &a);
	CHECK(inet_parse("fd00:88::2/64", &a) == 0);
	plan_addrs_add(&link.addrs, &a);
	check_hosts(z, &p, "10.88.0.2 web\nfd00:88::2 web\n");
	z->hostname = strdup("www.example.org");
	check_hosts(z, &p, "10.88.0.2 www.example.org www\nfd00:88::2 www.example.org www\n");
	free(z->hostname);
	z->hostname = strdup("evil\n6.6.6.6 bank");
	check_hosts(z, &p, "10.88.0.2 localhost\nfd00:88::2 localhost\n");
	free(link.addrs.items);
}

int main(void)
{
	test_resolv();
	test_hosts();
	return test_done();
}
