/* zrun pause, zrun resume */
#include "runtime/zrun_cmd/commands.h"

static int change(const struct cli_args *a,
		  int (*operation)(struct engine_container *c, struct err *e))
{
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = zrun_open(a, true, &c, &e);

	if (r == 0)
		r = operation(c, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}

int zrun_pause(struct cli_args *a)
{
	return change(a, engine_pause);
}

int zrun_resume(struct cli_args *a)
{
	return change(a, engine_resume);
}
