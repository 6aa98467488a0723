/* zrun state */
#include <errno.h>
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/zrun_cmd/commands.h"

int zrun_state(struct cli_args *a)
{
	struct engine_container *c = NULL;
	struct err e = { 0 };

	if (zrun_open(a, false, &c, &e) < 0)
		return zrun_fail(&e);
	if (!engine_has_record(c) && engine_status(c) == ENGINE_STOPPED) {
		/* callers would take a state without a bundle for a container's */
		engine_free(c);
		(void)err_set(&e, ENOENT, "container does not exist");
		return zrun_fail(&e);
	}
	auto_ptr(json) struct json *state = engine_state_json(c);
	auto_free char *text = json_print(state, true);

	engine_free(c);
	return printf("%s", text) < 0 || fflush(stdout) < 0 ? CLI_FAILED : CLI_DONE;
}
