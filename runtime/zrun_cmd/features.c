/* zrun features */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/zrun_cmd/commands.h"

int zrun_features(struct cli_args *a)
{
	auto_ptr(json) struct json *all = engine_features();
	auto_free char *text = json_print(all, true);

	(void)a;
	return puts(text) < 0 || fflush(stdout) < 0 ? CLI_FAILED : CLI_DONE;
}
