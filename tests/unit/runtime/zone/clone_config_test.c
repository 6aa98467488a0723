/* The file of a clone: its own name, nothing that only one zone can have, everything else as it was. */
#include "runtime/zone/clone.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "tests/unit/test.h"

static const struct {
	const char *from, *to, *left_out;
} cases[] = {
	{ "{\"zonename\":\"web\"}", "{\"zonename\":\"new\"}", "" },
	{ "{}", "{\"zonename\":\"new\"}", "" },
	{ "{\"zonename\":\"web\",\"maxLwps\":5,\"attr\":{\"hostname\":\"kept\"}}",
	  "{\"zonename\":\"new\",\"maxLwps\":5,\"attr\":{\"hostname\":\"kept\"}}", "" },
	{ "{\"hostname\":\"www\",\"hostid\":\"0x1\",\"publish\":[{\"port\":80}],\"zonename\":\"web\"}",
	  "{\"zonename\":\"new\"}", "hostname, hostid, publish" },
	{ "{\"zonepath\":\"/tank/web\"}", "{\"zonepath\":\"/tank/new\",\"zonename\":\"new\"}", "" },
	{ "{\"zonepath\":\"/web\"}", "{\"zonepath\":\"/new\",\"zonename\":\"new\"}", "" },
	{ "{\"zonepath\":\"/tank/other\"}", "{\"zonename\":\"new\"}", "zonepath" },
	{ "{\"anet\":[{\"lowerLink\":\"auto\",\"macAddress\":\"auto\"},{\"macAddress\":\"02:00:00:00:00:01\",\"allowedAddress\":[\"10.0.0.2/24\"],\"defrouter\":[\"10.0.0.1\"],\"mtu\":1400}]}",
	  "{\"anet\":[{\"lowerLink\":\"auto\",\"macAddress\":\"auto\"},{\"mtu\":1400}],\"zonename\":\"new\"}",
	  "anet[1].macAddress, anet[1].allowedAddress, anet[1].defrouter" },
	{ "{\"net\":[{\"physical\":\"eth1\",\"address\":[\"10.0.0.2/24\"]}]}",
	  "{\"net\":[{\"physical\":\"eth1\"}],\"zonename\":\"new\"}", "net[0].address" },
	/* what is no configuration is for the check that follows */
	{ "{\"anet\":5,\"net\":[7]}", "{\"anet\":5,\"net\":[7],\"zonename\":\"new\"}", "" },
};

int main(void)
{
	struct err e = { 0 };
	char *broken = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_done(strv) struct strv left_out = { 0 };
		auto_free char *text = NULL;
		auto_ptr(json) struct json *got = NULL;

		CHECK_INT(clone_config(cases[i].from, "web", "new", &text, &left_out, &e), 0);
		CHECK_INT(json_parse_simple(text, strlen(text), &got, &e), 0);
		auto_free char *line = json_print(got, false);
		auto_free char *names = strv_join(&left_out, ", ");

		CHECK_STR(line, cases[i].to);
		CHECK_STR(names ? names : "", cases[i].left_out);
	}
	auto_done(strv) struct strv none = { 0 };

	CHECK(clone_config("{", "web", "new", &broken, &none, &e) < 0 && !broken);
	return test_done();
}
