/* zrun start */
#include "runtime/zrun_cmd/commands.h"

int zrun_start(struct cli_args *a)
{
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = zrun_open(a, false, &c, &e);

	if (r == 0)
		r = engine_start(c, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
