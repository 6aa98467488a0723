/* The table of `zone apply` and the table of properties agree on what can change while a zone runs. */
#include "runtime/zone/changes.h"

#include "config/bind.h"
#include "config/zone_spec.h"
#include "tests/unit/test.h"

/* Members of list entries are not looked at: an entry changes as a whole. */
static void property(const char *path, const char *type, const char *fallback, const char *doc,
		     unsigned flags, void *arg)
{
	const struct change_rule *rule = change_rule_find(path);
	bool is_live = flags & FIELD_LIVE;

	(void)type;
	(void)fallback;
	(void)doc;
	if (strstr(path, "[]") || (flags & FIELD_UNENFORCED))
		return;
	if (is_live && rule->how != CHANGE_LIVE) {
		printf("# %s is documented as live\n", path);
		++*(int *)arg;
	}
	if (rule->how == CHANGE_LIVE && !is_live && !strchr(path, '.') && !rule->judge) {
		printf("# %s is live and not documented so\n", path);
		++*(int *)arg;
	}
}

int main(void)
{
	int bad = 0;

	zone_properties(property, &bad);
	CHECK_INT(bad, 0);
	for (size_t i = 0; change_rule_at(i); i++) {
		const struct change_rule *r = change_rule_at(i);

		bad += change_rule_find(r->path) != r; /* not hidden by one before it */
		bad += r->how != CHANGE_LIVE && (!r->why || r->act || r->judge);
	}
	CHECK_INT(bad, 0);
	CHECK_STR(change_rule_find("cappedMemory.locked")->path, "cappedMemory.locked");
	CHECK_STR(change_rule_find("cappedMemory.physical")->path, "cappedMemory");
	CHECK_STR(change_rule_find("fs[/a]")->path, "fs");
	CHECK_STR(change_rule_find("networks")->path, "");
	CHECK(change_rule_find("no such")->how == CHANGE_REBOOT);
	return test_done();
}
