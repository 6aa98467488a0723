#include "config/zone_table.h"

#include <errno.h>

#include "tests/unit/test.h"

/* What a shape makes of a text: what is saved again, or "CODE PATH" of the first error. */
static char *through(const struct shape *shape, const char *text)
{
	auto_ptr(json) struct json *j = NULL;
	auto_ptr(json) struct json *saved = NULL;
	struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	auto_done(strbuf) struct strbuf out = { 0 };
	union {
		struct zone_anet anet;
		struct zone_net net;
		struct zone_publish publish;
		struct zone_dns dns;
	} o = { .anet = { 0 } };
	struct err e;

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	(void)!bind_load(&c, shape, j, &o);
	saved = bind_save(shape, &o);
	auto_free char *printed = json_print(saved, false);

	if (diags.n > 0)
		strbuf_format(&out, "%s %s", diags.items[0].code, diags.items[0].path);
	else
		strbuf_add(&out, printed);
	bind_free(shape, &o);
	bind_ctx_done(&c);
	diag_done(&diags);
	return strbuf_steal(&out);
}

static void expect(const struct shape *shape, const char *text, const char *want)
{
	auto_free char *got = through(shape, text);

	test_str(got, want, text, __FILE__, __LINE__);
}

int main(void)
{
	expect(&zone_anet_shape, "{}", "{}");
	expect(&zone_anet_shape, "{\"linkProtection\":[\"none\"],\"mtu\":9000}",
	       "{\"linkProtection\":[\"none\"],\"mtu\":9000}");
	expect(&zone_anet_shape, "{\"linkProtection\":[]}", "value linkProtection");
	expect(&zone_anet_shape, "{\"linkProtection\":[\"none\",\"ip-nospoof\"]}",
	       "conflict linkProtection");
	expect(&zone_anet_shape, "{\"lowerLink\":\"br0\"}", "{\"lowerLink\":\"br0\"}");
	expect(&zone_anet_shape, "{\"lowerLink\":\"a/b\"}", "value lowerLink");
	expect(&zone_anet_shape,
	       "{\"lowerLink\":\"auto:ten-chars-\",\"subnet\":[\"10.5.0.0/30\",\"fd00::/126\"]}",
	       "{\"lowerLink\":\"auto:ten-chars-\",\"subnet\":[\"10.5.0.0/30\",\"fd00::/126\"]}");
	expect(&zone_anet_shape, "{\"sharedbw\":\"40M\",\"bwShare\":10000}",
	       "{\"sharedbw\":\"40M\",\"bwShare\":10000}");
	expect(&zone_anet_shape, "{\"bwShare\":0}", "range bwShare");
	expect(&zone_anet_shape, "{\"bwShare\":10001}", "range bwShare");
	expect(&zone_anet_shape, "{\"sharedbw\":7999}", "range sharedbw");
	expect(&zone_anet_shape, "{\"lowerLink\":\"auto:\"}", "value lowerLink");
	expect(&zone_anet_shape, "{\"lowerLink\":\"auto:-a\"}", "value lowerLink");
	expect(&zone_anet_shape, "{\"lowerLink\":\"auto:A\"}", "value lowerLink");
	expect(&zone_anet_shape, "{\"lowerLink\":\"auto:elevenchars\"}", "value lowerLink");
	expect(&zone_anet_shape, "{\"subnet\":[\"10.5.0.0\"]}", "value subnet[0]");
	expect(&zone_anet_shape, "{\"subnet\":[\"10.5.0.0/31\"]}", "value subnet[0]");
	expect(&zone_anet_shape, "{\"subnet\":[\"10.5.0.4/24\"]}", "value subnet[0]");
	expect(&zone_anet_shape, "{\"subnet\":[\"127.0.0.0/24\"]}", "value subnet[0]");
	expect(&zone_anet_shape, "{\"subnet\":[\"fe80::/64\"]}", "value subnet[0]");
	expect(&zone_anet_shape, "{\"lowerLink\":\"cni:a-network.of_24characters\"}",
	       "{\"lowerLink\":\"cni:a-network.of_24characters\"}");
	expect(&zone_anet_shape, "{\"lowerLink\":\"cni:\"}", "value lowerLink");
	expect(&zone_anet_shape, "{\"lowerLink\":\"cni:../x\"}", "value lowerLink");
	expect(&zone_anet_shape,
	       "{\"lowerLink\":\"cni:01234567890123456789012345678901234567890123456789012345678901234\"}",
	       "value lowerLink");
	expect(&zone_anet_shape, "{\"maxbw\":\"100M\"}", "{\"maxbw\":\"100M\"}");
	expect(&zone_anet_shape, "{\"maxbw\":\"1K\"}", "range maxbw");
	expect(&zone_anet_shape, "{\"vlanId\":4095}", "range vlanId");
	expect(&zone_net_shape, "{\"physical\":\"eth1\",\"address\":\"192.0.2.1/24\"}",
	       "{\"physical\":\"eth1\",\"address\":[\"192.0.2.1/24\"]}");
	expect(&zone_net_shape, "{\"physical\":\"eth1\",\"address\":[\"192.0.2.1/24\",\"x\"]}",
	       "value address[1]");
	expect(&zone_net_shape, "{\"address\":\"192.0.2.1/24\"}", "missing physical");
	expect(&zone_net_shape, "{\"physical\":\"eth1\",\"address\":5}", "type address");
	expect(&zone_publish_shape,
	       "{\"port\":8080,\"to\":80,\"protocol\":\"udp\",\"address\":\"127.0.0.1\"}",
	       "{\"port\":8080,\"to\":80,\"protocol\":\"udp\",\"address\":\"127.0.0.1\"}");
	expect(&zone_publish_shape, "{\"port\":65536}", "range port");
	expect(&zone_publish_shape, "{\"port\":\"8000-8010\"}", "{\"port\":\"8000-8010\"}");
	expect(&zone_publish_shape, "{\"port\":\"80\"}", "{\"port\":80}");
	expect(&zone_publish_shape, "{\"port\":\"80-70\"}", "range port");
	expect(&zone_publish_shape, "{\"port\":\"1-1025\"}", "range port");
	expect(&zone_publish_shape, "{\"port\":\"0-5\"}", "value port");
	expect(&zone_publish_shape, "{\"port\":\"80-\"}", "value port");
	expect(&zone_publish_shape, "{\"port\":\"1-2-3\"}", "value port");
	expect(&zone_publish_shape, "{\"port\":[80]}", "type port");
	expect(&zone_publish_shape, "{\"port\":\"1-65\",\"to\":100}", "range to");
	expect(&zone_publish_shape, "{\"port\":\"1-64\",\"to\":65530}", "range to");
	expect(&zone_publish_shape, "{\"to\":1}", "missing port");
	expect(&zone_publish_shape, "{\"port\":1,\"protocol\":\"sctp\"}", "value protocol");
	expect(&zone_dns_shape, "{\"nameservers\":[\"127.0.0.53\"],\"options\":[\"ndots:2\"]}",
	       "{\"nameservers\":[\"127.0.0.53\"],\"options\":[\"ndots:2\"]}");
	expect(&zone_dns_shape, "{\"options\":[\"a b\"]}", "value options[0]");
	return test_done();
}
