/* What is read of an anet whose lowerLink is a CNI network, and a link that a plugin makes, from ADD to nothing. */
#include "net/cni_attach.h"

#include <string.h>

#include "net/guard.h"
#include "tests/unit/net/own_network.h"

static void anet_init(struct zone_anet *a, const char *lower)
{
	*a = (struct zone_anet){ .lower_link = mem_strdup(lower) };
}

static void anet_done(struct zone_anet *a)
{
	free(a->lower_link);
	free(a->mac_address);
	strv_done(&a->allowed_address);
	strv_done(&a->defrouter);
}

static void test_read(void)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct plan_link l = { 0 }, bad = { 0 };
	struct zone_anet a, b;

	anet_init(&a, "cni:blue");
	strv_add(&a.allowed_address, "10.0.0.2/24");
	a.mac_address = mem_strdup("02:00:00:00:00:02");
	a.maxbw.set = true;
	a.maxbw.value = 100000000;
	CHECK_INT(cni_attach_read(&a, 0, &l, &diags), 0);
	CHECK_STR(l.cni, "blue");
	auto_free char *runtime = json_print(l.cni_runtime, false);

	CHECK_STR(
		runtime,
		"{\"ips\":[\"10.0.0.2/24\"],\"mac\":\"02:00:00:00:00:02\",\"bandwidth\":{\"ingressRate\":100000000,\"ingressBurst\":10000000,"
		"\"egressRate\":100000000,\"egressBurst\":10000000}}");
	anet_init(&b, "cni:a/b");
	strv_add(&b.defrouter, "10.0.0.1");
	strv_add(&b.allowed_address, "224.0.0.1/24");
	b.mtu.set = b.vlan_id.set = b.isolated.set = b.configure_allowed_address.set = true;
	b.vlan_id.value = 7;
	b.isolated.value = true;
	CHECK_INT(cni_attach_read(&b, 1, &bad, &diags), 7);
	CHECK_STR(diags.items[1].path, "anet[1].defrouter");
	anet_done(&a);
	anet_done(&b);
	json_free(l.cni_runtime);
	json_free(bad.cni_runtime);
}

static void write_file(const struct own_dirs *d, const char *name, unsigned mode, const char *text)
{
	auto_free char *path = mem_format("%s/%s", d->base, name);
	struct err e = { 0 };

	CHECK(file_replace(AT_FDCWD, path, text, strlen(text), mode, &e) == 0);
}

/* The plugin makes a veth whose host end is vethcni. */
static void setup(struct own_dirs *d)
{
	own_dirs_make(d);
	(void)setenv("NETCONFPATH", d->base, 1);
	(void)setenv("CNI_PATH", d->base, 1);
	write_file(d, "net.conflist", 0644,
		   "{\"cniVersion\":\"0.4.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"p\"}]}");
	write_file(
		d, "p", 0755,
		"#!/bin/sh\n[ $CNI_COMMAND = ADD ] || exit 0\nexec 9<$CNI_NETNS\n"
		"ip link add vethcni type veth peer name net0 netns /proc/self/fd/9 >&2 || exit 1\n"
		"echo '{\"ips\":[{\"address\":\"10.0.0.2/24\"}],\"dns\":{\"nameservers\":[\"10.0.0.1\"]}}'\n");
}

static void test(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = own_zone("web", 1);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_ptr(json) struct json *saved = NULL;
	auto_done(strv) struct strv chains = { 0 };
	auto_close int ns = own_zone_namespace();
	struct own_dirs d;
	struct err e = { 0 };

	test_read();
	setup(&d);
	z->anet[0].lower_link = mem_strdup("cni:net");
	CHECK(net_plan(z, &d.dirs, &p, &e) == 0);
	auto_free char *text = net_plan_text(p);

	CHECK(strstr(text, "cni net zone:net0\n"));
	CHECK(strstr(text, "guard "));
	CHECK(!strstr(text, "link zv"));
	CHECK(!net_has_dns(p));
	CHECK(net_attach(p, ns, &saved, &e) == 0);
	test_str(e.text, "", "no error", __FILE__, __LINE__);
	auto_free char *first = net_first_address(saved);
	auto_free char *resolv = net_resolv_conf(z, p);

	CHECK_STR(first, "10.0.0.2/24");
	CHECK(net_has_dns(p));
	CHECK(strstr(resolv, "nameserver 10.0.0.1\n"));
	CHECK_STR(p->links[0].device, "vethcni");
	CHECK(guard_list(&chains, &e) == 0 && chains.n == 1);
	CHECK_INT(own_count_links("vethcni"), 1);
	CHECK(net_detach(saved, &d.dirs, &e) == 0);
	CHECK_INT(own_count_links("vethcni"), 0);
	strv_done(&chains);
	chains = (struct strv){ 0 };
	CHECK(guard_list(&chains, &e) == 0 && chains.n == 0);
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
