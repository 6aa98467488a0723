/* zrun delete */
#include <errno.h>

#include "runtime/zrun_cmd/commands.h"

int zrun_delete(struct cli_args *a)
{
	bool force = cli_has(a, "force");
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = zrun_open(a, true, &c, &e);

	if (r == -ENOENT && force)
		return CLI_DONE; /* callers clean up what may never have existed */
	if (r == 0)
		r = engine_delete(c, force, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
