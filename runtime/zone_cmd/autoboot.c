/* autoboot - boot every installed zone whose file says "autoboot": true, and what those depend on; for the host's start (dist/zones.service). */
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

#include "runtime/zone/zone.h"

struct failures {
	struct cli_args *args;
	struct err last;
};

/* As text each at once; JSON has one object, with the last. */
static void failed(const struct err *why, void *arg)
{
	struct failures *f = arg;

	if (f->last.code && !cli_has(f->args, "json"))
		(void)output_error(f->args, &f->last);
	f->last = *why;
}

int autoboot_output(struct cli_args *a, int (*run)(const struct zone_dirs *d,
						   void (*failed)(const struct err *why, void *arg),
						   void *arg, struct err *e))
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct failures f = { .args = a };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (run(d, failed, &f, &e) < 0)
		return output_error(a, &e);
	return f.last.code ? output_error(a, &f.last) : output_done(a, NULL, NULL, NULL);
}

int zone_cmd_autoboot(struct cli_args *a)
{
	return autoboot_output(a, zone_autoboot);
}
