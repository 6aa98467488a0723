#include "config/zone_spec.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static const struct root_part *find(const struct root_part *p, const char *path)
{
	for (; p && p->path; p++)
		if (str_eq(p->path, path))
			return p;
	return NULL;
}

static void test_table(void)
{
	static const struct {
		const char *profile, *path;
		bool there, readonly;
	} rows[] = {
		{ "strict", "/var", false, false },
		{ "fixed-configuration", "/var", true, false },
		{ "fixed-configuration", "/etc", false, false },
		{ "fixed-configuration", "/var/lib/dpkg", true, true },
		{ "flexible-configuration", "/etc", true, false },
		{ "flexible-configuration", "/root", true, false },
		{ "flexible-configuration", "/var/spool/cron", true, true },
		{ "flexible-configuration", "/usr", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct root_part *p = find(zone_profile_parts(rows[i].profile), rows[i].path);

		CHECK((p != NULL) == rows[i].there);
		CHECK(!p || p->readonly == rows[i].readonly);
	}
	CHECK(zone_profile_parts("none") == NULL);
	CHECK(zone_profile_parts(NULL) == NULL);
	CHECK(zone_profile_parts("strict") && !zone_profile_parts("strict")->path);
}

/* A read-only folder in a writable one: the folder between them is a mount point too, so that it cannot be renamed; parents come first. */
static void test_names_are_held(void)
{
	const struct root_part *all = zone_profile_parts("flexible-configuration");

	for (const struct root_part *p = all; p->path; p++) {
		auto_free char *parent = mem_strdup(p->path);

		*strrchr(parent, '/') = 0;
		const struct root_part *above = *parent ? find(all, parent) : NULL;

		CHECK(!*parent || (above && above < p));
	}
}

static void test_word(void)
{
	char strict[] = "strict";
	struct zone_spec z = { .file_mac_profile = strict };

	CHECK_STR(zone_profile_word(&z), "strict");
	z.file_mac_profile = NULL;
	CHECK_STR(zone_profile_word(&z), "none");
	CHECK_STR(zone_profile_word(NULL), "none");
}

int main(void)
{
	test_table();
	test_names_are_held();
	test_word();
	return test_done();
}
