/* zrun kill */
#include <errno.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/zrun_cmd/commands.h"

static int kill_one(const struct cli_args *a, const char *id, int signo, struct err *e)
{
	struct engine_container *c = NULL;
	int r = engine_open(zrun_of(a)->root, id, false, &c, e);

	if (r == 0)
		r = engine_kill(c, signo, cli_has(a, "all"), e);
	engine_free(c);
	return r;
}

int zrun_kill(struct cli_args *a)
{
	const char *text = a->positional.n > 1 ? a->positional.items[1] : "TERM";
	auto_done(strv) struct strv ids = { 0 };
	struct err e = { 0 };
	int signo = signal_number(text);
	int r = signo < 0 ? err_set(&e, EINVAL, "unknown signal \"%s\"", text)
			  : zrun_match(a, &ids, &e);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = kill_one(a, ids.items[i], signo, &e);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
