/* zone_link_text: the word for the state, the addresses, the counters. */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "tests/unit/test.h"

/* The line of a link with these members. */
static char *text(const char *members)
{
	auto_free char *all = mem_format("{\"name\":\"net0\",\"bridge\":\"zbr0\"%s}", members);
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	return json_parse_simple(all, strlen(all), &j, &e) < 0 ? NULL : zone_link_text(j);
}

#define REST ", no address, rx 0 bytes, tx 0 bytes, dropped 0"

static const struct {
	const char *members, *line;
} cases[] = {
	{ "", "net0 on zbr0: up" REST },
	{ ",\"addresses\":[\"10.88.0.2/24\",\"fe80::1/64\",\"fd00::2/64\"],\"rxBytes\":7,\"txBytes\":5000000000,"
	  "\"dropped\":{\"mac-nospoof\":2,\"restricted\":1}",
	  "net0 on zbr0: up, 10.88.0.2/24 fd00::2/64, rx 7 bytes, tx 5000000000 bytes, dropped 3" },
	{ ",\"addresses\":[\"1/8\",\"2/8\",\"3/8\",\"4/8\",\"5/8\",\"6/8\",\"7/8\",\"8/8\",\"9/8\",\"10/8\"]",
	  "net0 on zbr0: up, 1/8 2/8 3/8 4/8 5/8 6/8 7/8 8/8 and 2 more, rx 0 bytes, tx 0 bytes, dropped 0" },
	{ ",\"addresses\":[\"fe80::1/64\"]", "net0 on zbr0: up" REST },
	{ ",\"present\":false,\"hostUp\":false,\"dropped\":{\"ip-nospoof\":4}",
	  "net0 on zbr0: gone, dropped 4" },
	{ ",\"up\":false,\"bridgeUp\":false", "net0 on zbr0: down" REST },
	{ ",\"hostUp\":false", "net0 on zbr0: host end down" REST },
	{ ",\"bridgePresent\":false,\"bridgeUp\":false,\"attached\":false",
	  "net0 on zbr0: bridge gone" REST },
	{ ",\"bridgeUp\":false", "net0 on zbr0: bridge down" REST },
	{ ",\"attached\":false", "net0 on zbr0: off its bridge" REST },
	{ ",\"uplink\":true,\"carrier\":true", "net0 on zbr0: up" REST },
	{ ",\"uplink\":true,\"bridgePresent\":false", "net0 on zbr0: lower link gone" REST },
	{ ",\"uplink\":true,\"bridgeUp\":false,\"carrier\":false",
	  "net0 on zbr0: lower link down" REST },
	{ ",\"uplink\":true,\"carrier\":false", "net0 on zbr0: no carrier" REST },
	{ ",\"uplink\":true,\"attached\":false", "net0 on zbr0: off its lower link" REST },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *line = text(cases[i].members);

		CHECK_STR(line, cases[i].line);
	}
	return test_done();
}
