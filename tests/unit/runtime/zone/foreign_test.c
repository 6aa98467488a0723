/* Foreign configurations: whatever stands in the text, the result is a valid configuration or a diagnostic with a line. The golden files (tests/zone/import.bats compares what becomes of them) are read
 * with random damage: ZONES_DAMAGES=N for more of it. */
#include "runtime/zone/foreign.h"

#include "runtime/zone/config_text.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static const struct {
	const char *file;
	void (*read)(struct foreign *f, const char *text);
	const struct foreign_rule *rules;
} kinds[] = {
	{ "lxc.config", foreign_read_lxc, foreign_lxc_rules },
	{ "lxc2.config", foreign_read_lxc, foreign_lxc_rules },
	{ "myapp.nspawn", foreign_read_nspawn, foreign_nspawn_rules },
	{ "solaris.cfg", foreign_read_zonecfg, foreign_zonecfg_rules },
	{ "docker-inspect.json", foreign_read_docker, foreign_docker_rules },
};

static bool is_valid(const struct json *config)
{
	auto_free char *text = config_print(config);
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;

	return zone_spec_parse(text, strlen(text), &spec, &diags) == 0;
}

static int bad;

/* 0: refused; else the number of settings that were put. */
static size_t read_text(size_t kind, const char *text)
{
	struct zone_foreign report = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_done(foreign) struct foreign f = { .report = &report, .diags = &diags };
	size_t n = 0;

	f.config = json_new_object();
	json_set(f.config, "zonename", json_new_string("x"));
	json_set(f.config, "brand", json_new_string("linux"));
	json_set(f.config, "anet", json_new_array());
	kinds[kind].read(&f, text);
	if (diags.n == 0) {
		foreign_run(&f, kinds[kind].rules);
		bad += !is_valid(f.config);
		for (size_t i = 0; i < report.n; i++)
			n += report.rows[i].property != NULL;
	} else {
		bad += diags.items[0].line <= 0;
	}
	zone_foreign_done(&report);
	return n;
}

static char *golden(size_t kind)
{
	return test_get("tests/golden/foreign", kinds[kind].file);
}

static void damages(size_t kind, long times)
{
	static const char bits[] = "\n\n=\"[]{}(),;:/.-+ 0x9%\\\t\001\377'";
	auto_free char *text = golden(kind);
	size_t n = text ? strlen(text) : 0;

	CHECK(n > 0 && read_text(kind, text) > 5);
	srandom(1);
	for (long i = 0; n > 0 && i < times; i++) {
		auto_free char *copy = mem_strdup(text);

		for (long k = random() % 8; k >= 0; k--)
			copy[(size_t)random() % n] = bits[(size_t)random() % (sizeof(bits) - 1)];
		if (random() % 4 == 0)
			copy[(size_t)random() % n] = '\0';
		(void)read_text(kind, copy);
	}
}

static void words(void)
{
	struct strv w = { 0 };

	foreign_words("  a 'b c' \"d\"e  '' \"open", &w);
	auto_free char *all = strv_join(&w, "|");

	CHECK_STR(all, "a|b c|de||open");
	strv_done(&w);
}

static void stars(void)
{
	const struct foreign_rule middle = { .key = "a.*.b" }, end = { .key = "a.*" };
	const struct foreign_item i = { .key = (char[]){ "a.x.y.b" } };
	const struct foreign_item tiny = { .key = (char[]){ "a" } };
	auto_free char *one = foreign_star(&i, &middle);
	auto_free char *two = foreign_star(&i, &end);
	auto_free char *three = foreign_star(&tiny, &middle);

	CHECK_STR(one, "x.y");
	CHECK_STR(two, "x.y.b");
	CHECK_STR(three, "");
}

int main(void)
{
	const char *more = getenv("ZONES_DAMAGES");

	words();
	stars();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		damages(i, more ? strtol(more, NULL, 10) : 200);
	CHECK_INT(bad, 0);
	return test_done();
}
