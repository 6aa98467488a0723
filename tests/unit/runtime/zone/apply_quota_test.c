/* Which change of a quota can be made while the zone runs: those of a zone whose files are counted. */
#include "runtime/zone/apply.h"

#include "runtime/base/json.h"
#include "tests/unit/test.h"

static const char *judged(const char *property)
{
	auto_ptr(json) struct json *running = json_new_object(), *wanted = json_new_object();
	struct change c = { 0 };

	if (property)
		json_set(running, property, json_new_u64(5000));
	return apply_quota_judge(&c, running, wanted);
}

int main(void)
{
	CHECK_STR(judged(NULL), "its files are counted from its next boot");
	CHECK(judged("quota") == NULL);
	CHECK(judged("quotaInodes") == NULL);
	CHECK(judged("maxLwps") != NULL);
	CHECK(apply_quota.together && apply_quota.run);
	return test_done();
}
