#include "config/zone_table.h"

#include <errno.h>

#include "tests/unit/test.h"

/* "CODE PATH" of the first error, or the printed result. */
static char *load(const char *text)
{
	auto_ptr(json) struct json *j = NULL;
	struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	struct zone_spec z = { 0 };
	struct err e;
	struct json *saved;
	auto_done(strbuf) struct strbuf out = { 0 };

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	(void)zone_rlimit_load(&c, j, &z);
	saved = zone_rlimit_save(&z);
	if (diags.n > 0) {
		strbuf_format(&out, "%s %s", diags.items[0].code, diags.items[0].path);
	} else if (saved) {
		auto_free char *printed = json_print(saved, false);

		strbuf_add(&out, printed);
	}
	json_free(saved);
	zone_rlimit_done(&z);
	CHECK(!z.rlimit && z.n_rlimit == 0);
	bind_ctx_done(&c);
	diag_done(&diags);
	return strbuf_steal(&out);
}

static void expect(const char *text, const char *want)
{
	auto_free char *got = load(text);

	test_str(got, want, text, __FILE__, __LINE__);
}

int main(void)
{
	auto_ptr(json) struct json *schema = zone_rlimit_schema();
	const struct json *properties = json_get(schema, "properties");

	expect("{\"nofile\":[1024,65536]}", "{\"nofile\":[1024,65536]}");
	expect("{\"nofile\":\"unlimited\",\"core\":0}",
	       "{\"nofile\":[\"unlimited\",\"unlimited\"],\"core\":[0,0]}");
	expect("{\"core\":[0,\"unlimited\"]}", "{\"core\":[0,\"unlimited\"]}");
	expect("{\"stack\":18446744073709551614}",
	       "{\"stack\":[18446744073709551614,18446744073709551614]}");
	expect("{\"stack\":\"8192\"}", "{\"stack\":[8192,8192]}");
	expect("{}", "");
	expect("[]", "type ");
	expect("{\"nofiles\":1}", "unknown-key nofiles");
	expect("{\"RLIMIT_NOFILE\":1}", "unknown-key RLIMIT_NOFILE");
	expect("{\"nofile\":[2,1]}", "conflict nofile");
	expect("{\"nofile\":[\"unlimited\",1]}", "conflict nofile");
	expect("{\"nofile\":[1]}", "value nofile");
	expect("{\"nofile\":[1,2,3]}", "value nofile");
	expect("{\"nofile\":[1,-2]}", "value nofile[1]");
	expect("{\"nofile\":1.5}", "value nofile");
	expect("{\"nofile\":18446744073709551616}", "range nofile");
	expect("{\"nofile\":true}", "type nofile");
	expect("{\"nofile\":{}}", "type nofile");
	CHECK(properties && json_get(properties, "nofile") && json_get(properties, "rtprio"));
	CHECK_INT(properties ? properties->n : 0, 16);
	return test_done();
}
