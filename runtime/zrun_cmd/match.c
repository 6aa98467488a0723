/* match - one verb, many containers: --regex of kill and delete, as crun has it. */
#include <errno.h>
#include <regex.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zrun_cmd/commands.h"

static void regex_done(regex_t *x)
{
	regfree(x);
}

int zrun_match(const struct cli_args *a, struct strv *ret, struct err *e)
{
	const char *text = a->positional.items[0];
	auto_done(strv) struct strv ids = { 0 };
	regex_t compiled;

	if (!cli_has(a, "regex")) {
		strv_add(ret, text);
		return 0;
	}
	/* the whole id: "web" must not end "webmail" */
	auto_free char *whole = mem_format("^(%s)$", text);

	if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, EINVAL, "\"%s\" is not a regular expression", text);
	auto_done(regex) regex_t x = compiled;
	int r = engine_list(zrun_of(a)->root, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (regexec(&x, ids.items[i], 0, NULL, 0) == 0)
			strv_add(ret, ids.items[i]);
	}
	return r;
}
