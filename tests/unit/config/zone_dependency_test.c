#include "config/zone_table.h"

#include "tests/unit/config/zone_parse.h"

#define Z "{ \"zonename\": \"web\", \"dependency\": "

static const struct bad_zone bad[] = {
	{ .text = Z "[ \"db\", @\"web\" ] }",
	  .path = "dependency[1]",
	  .code = "conflict",
	  .message = "would wait for itself" },
	{ .text = Z "[ \"db\", \"a\", @\"db\" ] }",
	  .path = "dependency[2]",
	  .code = "duplicate",
	  .message = "stands there twice" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	struct zone_spec *z = good_zone(
		Z "[ \"db\", \"cache\" ], \"bootPriority\": 0, \"autoshutdown\": \"halt\" }");

	CHECK(z->dependency.n == 2 && z->boot_priority.set && z->boot_priority.value == 0);
	CHECK_STR(z->autoshutdown, "halt");
	zone_spec_free(z);
	return test_done();
}
