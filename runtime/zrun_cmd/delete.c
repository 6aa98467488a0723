/* zrun delete */
#include <errno.h>

#include "runtime/base/cleanup.h"
#include "runtime/zrun_cmd/commands.h"

static int delete_one(const struct cli_args *a, const char *id, struct err *e)
{
	bool force = cli_has(a, "force");
	struct engine_container *c = NULL;
	int r = engine_open(zrun_of(a)->root, id, true, &c, e);

	if (r == -ENOENT && force)
		return 0; /* callers clean up what may never have existed */
	if (r == 0)
		r = engine_delete(c, force, e);
	engine_free(c);
	return r;
}

int zrun_delete(struct cli_args *a)
{
	auto_done(strv) struct strv ids = { 0 };
	struct err e = { 0 };
	int r = zrun_match(a, &ids, &e);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = delete_one(a, ids.items[i], &e);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
