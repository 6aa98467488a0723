#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/plan.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void add(struct zone_spec *z, unsigned first, unsigned last, unsigned to,
		const char *address)
{
	z->publish = mem_grow(z->publish, z->n_publish + 1, sizeof(*z->publish));
	z->publish[z->n_publish] = (struct zone_publish){ 0 };
	z->publish[z->n_publish].port =
		(struct zone_ports){ .first = (uint16_t)first, .last = (uint16_t)last };
	z->publish[z->n_publish].to.set = to != 0;
	z->publish[z->n_publish].to.value = to;
	if (address)
		z->publish[z->n_publish].address = mem_strdup(address);
	z->n_publish++;
}

/* A zone with one link on our bridge, or on another one. */
static struct net_plan *planned(const struct zone_spec *z, bool automatic, struct diag_list *diags,
				size_t *errors)
{
	struct net_plan *p = mem_zero(sizeof(*p));
	struct inet_addr four;

	CHECK(inet_parse("10.88.0.2/24", &four) == 0);
	p->links = mem_array(1, sizeof(*p->links));
	p->n_links = 1;
	p->links[0].automatic = automatic;
	plan_addrs_add(&p->links[0].addrs, &four);
	*errors = plan_read_publish(z, p, diags);
	*errors += plan_finish_publish(p, diags);
	return p;
}

static void check(const struct zone_spec *z, bool automatic, const char *want)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	size_t errors = 0;
	auto_ptr(net_plan) struct net_plan *p = planned(z, automatic, &diags, &errors);
	auto_free char *text =
		diags.n ? mem_format("%s: %s", diags.items[0].path, diags.items[0].message) : NULL;

	CHECK_INT(errors > 0, want != NULL);
	if (want)
		CHECK_STR(text, want);
	if (want || p->ports.n == 0)
		return;
	CHECK(p->ports.items[0].four.family == AF_INET && p->ports.items[0].six.family == 0);
}

/* Without a link on our bridge the ports are told to the plugins of the first CNI link. */
static void check_mappings(const struct zone_spec *z)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(net_plan) struct net_plan *p = mem_zero(sizeof(*p));

	p->links = mem_array(2, sizeof(*p->links));
	p->n_links = 2;
	p->links[1].cni_runtime = json_new_object();
	CHECK(str_format(p->links[1].cni, sizeof(p->links[1].cni), "blue") == 0);
	CHECK_INT(plan_read_publish(z, p, &diags), 0);
	CHECK_INT(p->ports.n, 0);
	auto_free char *text = json_print(p->links[1].cni_runtime, false);

	CHECK_STR(
		text,
		"{\"portMappings\":[{\"hostPort\":8000,\"containerPort\":80,\"protocol\":\"tcp\"},{\"hostPort\":8001,\"containerPort\":81,\"protocol\":\"tcp\"},"
		"{\"hostPort\":53,\"containerPort\":53,\"protocol\":\"tcp\",\"hostIP\":\"127.0.0.1\"}]}");
	/* with one they are the host's to lead */
	p->links[0].automatic = true;
	CHECK_INT(plan_read_publish(z, p, &diags), 0);
	CHECK_INT(p->ports.n, 2);
}

int main(void)
{
	auto_ptr(zone_spec) struct zone_spec *mapped = zone_spec_new();
	auto_ptr(zone_spec) struct zone_spec *fine = zone_spec_new();
	auto_ptr(zone_spec) struct zone_spec *twice = zone_spec_new();
	auto_ptr(zone_spec) struct zone_spec *six = zone_spec_new();
	auto_ptr(zone_spec) struct zone_spec *loop = zone_spec_new();
	auto_ptr(zone_spec) struct zone_spec *any = zone_spec_new();

	add(fine, 8080, 8080, 80, NULL);
	add(fine, 8081, 8090, 0, "127.0.0.1");
	check(fine, true, NULL);
	check(fine, false,
	      "publish[0]: needs a link with lowerLink auto, to which the host leads the port, or one of a CNI network with port mappings");
	add(twice, 80, 80, 0, "192.0.2.1");
	add(twice, 70, 90, 0, NULL);
	check(twice, true, "publish[1].port: publish[0] has the port already");
	add(six, 80, 80, 0, "fd00::1");
	check(six, true,
	      "publish[0].address: is an IPv6 address, and the zone has none to lead it to");
	add(loop, 80, 80, 0, "::1");
	check(loop, true,
	      "publish[0].address: ::1 cannot be published on: answers to it can come in by lo only; 127.0.0.1 can");
	add(any, 80, 80, 0, "0.0.0.0");
	check(any, true,
	      "publish[0].address: is no address of the host; without \"address\" the port is published on all");
	add(mapped, 8000, 8001, 80, NULL);
	add(mapped, 53, 53, 0, "127.0.0.1");
	check_mappings(mapped);
	return test_done();
}
