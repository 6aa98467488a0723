/* net_explain: one sentence for one cause, nothing for a link that works. */
#include "net/net.h"

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* The sentences for a link with these members, one a line. */
static char *explain(const char *members)
{
	auto_free char *text = mem_format(
		"{\"links\":[{\"name\":\"net0\",\"host\":\"zv0.0\",\"bridge\":\"zbr0\"%s}]}",
		members);
	auto_ptr(json) struct json *j = NULL;
	auto_done(strv) struct strv lines = { 0 };
	struct err e = { 0 };

	if (json_parse_simple(text, strlen(text), &j, &e) < 0)
		return NULL;
	net_explain(j, "web", 7, &lines);
	return strv_join(&lines, "\n");
}

static const struct {
	const char *members, *sentences;
} cases[] = {
	{ "", "" },
	{ ",\"up\":true,\"dropped\":{\"mac-nospoof\":0},\"protection\":[\"mac-nospoof\"]", "" },
	{ ",\"up\":false",
	  "link \"net0\" is down inside the zone: nsenter -t 7 -n ip link set net0 up" },
	/* what follows from a deleted link is left out */
	{ ",\"present\":false,\"hostPresent\":false,\"hostUp\":false,\"attached\":false",
	  "link \"net0\" was deleted, with its host end \"zv0.0\"; a start makes them again: zone reboot web" },
	{ ",\"present\":false",
	  "link \"net0\" is not in the zone under that name any more, it was renamed or moved inside; its host end \"zv0.0\" is there: zone reboot web" },
	{ ",\"bridgePresent\":false,\"bridgeUp\":false,\"attached\":false",
	  "link \"net0\": bridge \"zbr0\" is gone, so it leads nowhere; a start makes it again: zone reboot web" },
	{ ",\"bridgeUp\":false", "link \"net0\": bridge \"zbr0\" is down: ip link set zbr0 up" },
	{ ",\"hostUp\":false",
	  "link \"net0\": its host end \"zv0.0\" is down: ip link set zv0.0 up" },
	{ ",\"attached\":false",
	  "link \"net0\": its host end \"zv0.0\" was taken off bridge \"zbr0\": ip link set zv0.0 master zbr0" },
	{ ",\"attached\":false,\"protection\":[\"isolated\"]",
	  "link \"net0\": its host end \"zv0.0\" was taken off bridge \"zbr0\": zone reboot web" },
	{ ",\"routesMissing\":[\"10.88.0.1\"]",
	  "link \"net0\": the default route through 10.88.0.1 is missing inside the zone: nsenter -t 7 -n ip route add default via 10.88.0.1 dev net0" },
	{ ",\"routesMissing\":[\"fd00:88::1\"]",
	  "link \"net0\": the default route through fd00:88::1 is missing inside the zone: nsenter -t 7 -n ip -6 route add default via fd00:88::1 dev net0" },
	{ ",\"dropped\":{},\"protection\":[\"mac-nospoof\"]",
	  "link \"net0\": its link protection is not in the kernel any more, somebody took it away: zone reboot web" },
	{ ",\"bwShare\":{\"toZone\":0,\"fromZone\":5},\"maxbw\":{\"toZone\":0,\"fromZone\":5}",
	  "link \"net0\": its share of sharedbw is not in force any more, somebody took it away: zone reboot web" },
	{ ",\"maxbw\":{\"toZone\":5,\"fromZone\":0}",
	  "link \"net0\": maxbw is not in force any more, somebody took it away: zone reboot web" },
	{ ",\"dropped\":{\"mac-nospoof\":2,\"ip-nospoof\":0,\"restricted\":1}",
	  "link \"net0\": link protection has dropped 3 packets of the zone: mac-nospoof 2, restricted 1" },
	{ ",\"uplink\":true,\"carrier\":true,\"attached\":true", "" },
	{ ",\"uplink\":true,\"bridgePresent\":false,\"bridgeUp\":false,\"attached\":false,\"carrier\":false",
	  "link \"net0\": lower link \"zbr0\" is gone, so it leads nowhere; make it again, then: zone reboot web" },
	{ ",\"uplink\":true,\"bridgeUp\":false,\"carrier\":false",
	  "link \"net0\": lower link \"zbr0\" is down: ip link set zbr0 up" },
	{ ",\"uplink\":true,\"carrier\":false",
	  "link \"net0\": lower link \"zbr0\" has no carrier: look at its cable and its other end" },
	{ ",\"uplink\":true,\"attached\":false",
	  "link \"net0\": its way to lower link \"zbr0\" is not whole any more, somebody took a part of it away or \"zbr0\" was made anew: zone reboot web" },
	{ ",\"dropped\":{\"ip-nospoof\":1}",
	  "link \"net0\": link protection has dropped 1 packet of the zone: ip-nospoof 1" },
};

int main(void)
{
	auto_done(strv) struct strv none = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *said = explain(cases[i].members);

		CHECK_STR(said, cases[i].sentences);
	}
	net_explain(NULL, "web", 7, &none);
	CHECK_INT(none.n, 0);
	return test_done();
}
