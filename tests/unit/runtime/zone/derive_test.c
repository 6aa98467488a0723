/* What is on disk and alive gives one state, in every combination. */
#include "runtime/zone/derive.h"

#include "tests/unit/test.h"

static const struct {
	const char *what;
	struct zone_facts facts;
	enum zone_state state;
	bool has_reason;
} cases[] = {
	{ "nothing", { .has_config = false }, ZONE_NONE, false },
	{ "a file alone", { .has_config = true }, ZONE_CONFIGURED, false },
	{ "a file and its record",
	  { .has_config = true,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_CONFIGURED },
	  ZONE_CONFIGURED,
	  false },
	{ "a record whose file was removed by hand",
	  { .has_record = true, .record_ok = true, .recorded = ZONE_CONFIGURED },
	  ZONE_NONE,
	  false },
	{ "an interrupted install",
	  { .has_config = true,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INCOMPLETE },
	  ZONE_INCOMPLETE,
	  true },
	{ "the same without its file",
	  { .has_record = true, .record_ok = true, .recorded = ZONE_INCOMPLETE },
	  ZONE_INCOMPLETE,
	  true },
	{ "installed",
	  { .has_config = true,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INSTALLED,
	    .storage_ok = true },
	  ZONE_INSTALLED,
	  false },
	{ "installed, storage gone",
	  { .has_config = true, .has_record = true, .record_ok = true, .recorded = ZONE_INSTALLED },
	  ZONE_UNAVAILABLE,
	  true },
	{ "installed, file gone",
	  { .has_record = true, .record_ok = true, .recorded = ZONE_INSTALLED, .storage_ok = true },
	  ZONE_UNAVAILABLE,
	  true },
	{ "a record that cannot be read",
	  { .has_config = true, .has_record = true },
	  ZONE_UNAVAILABLE,
	  true },
	{ "running",
	  { .has_config = true,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INSTALLED,
	    .has_run = true,
	    .monitor_alive = true,
	    .init_alive = true,
	    .running_as = ZONE_RUNNING },
	  ZONE_RUNNING,
	  false },
	{ "ready",
	  { .has_run = true,
	    .monitor_alive = true,
	    .running_as = ZONE_READY,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INSTALLED },
	  ZONE_READY,
	  false },
	{ "monitor killed",
	  { .has_config = true,
	    .has_run = true,
	    .init_alive = true,
	    .running_as = ZONE_RUNNING,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INSTALLED },
	  ZONE_RUNNING,
	  true },
	{ "monitor and init killed",
	  { .has_config = true,
	    .has_run = true,
	    .running_as = ZONE_RUNNING,
	    .has_record = true,
	    .record_ok = true,
	    .recorded = ZONE_INSTALLED,
	    .storage_ok = true },
	  ZONE_DOWN,
	  true },
	{ "shutting down",
	  { .has_run = true, .monitor_alive = true, .running_as = ZONE_SHUTTING_DOWN },
	  ZONE_SHUTTING_DOWN,
	  false },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *reason = NULL;
		enum zone_state s = zone_derive(&cases[i].facts, &reason);

		test_check(s == cases[i].state && (reason != NULL) == cases[i].has_reason,
			   cases[i].what, __FILE__, __LINE__);
	}
	CHECK(zone_derive(&cases[0].facts, NULL) == ZONE_NONE);
	return test_done();
}
