/* zrun kill */
#include <errno.h>

#include "config/names.h"
#include "runtime/zrun_cmd/commands.h"

int zrun_kill(struct cli_args *a)
{
	const char *text = a->positional.n > 1 ? a->positional.items[1] : "TERM";
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int signo = signal_number(text);
	int r = signo < 0 ? err_set(&e, EINVAL, "unknown signal \"%s\"", text)
			  : zrun_open(a, false, &c, &e);

	if (r == 0)
		r = engine_kill(c, signo, cli_has(a, "all"), &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
