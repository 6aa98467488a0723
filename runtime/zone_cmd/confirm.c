/* confirm - see confirm.h. */
#include "runtime/zone_cmd/confirm.h"

#include <errno.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

int confirm(const struct cli_args *a, const struct zone_dirs *d, enum zone_verb verb,
	    const char *question, struct err *e)
{
	const char *name = a->positional.items[0];
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *note = NULL;
	int r;

	if (cli_has(a, "force"))
		return 0;
	r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);
	if (r == 0)
		r = zone_allow(z, verb, &note, e);
	if (r != 0)
		return r > 0 ? 0 : r; /* already so: the verb says it */
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) || cli_has(a, "json"))
		return err_set(e, ECANCELED,
			       "this would %s \"%s\": use -F to do it without being asked",
			       question, name);
	return cli_confirm("%s \"%s\"?", question, name)
		       ? 0
		       : err_set(e, ECANCELED, "nothing was done");
}
