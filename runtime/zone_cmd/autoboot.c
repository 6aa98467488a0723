/* autoboot - boot every installed zone whose file says "autoboot": true; for the host's start (dist/zones.service). One zone that fails does not keep the others down. */
#include "runtime/base/cleanup.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static bool is_due(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	return zone_open_for(d, name, 0, &z, &ignored) == 0 &&
	       (z->state == ZONE_INSTALLED || z->state == ZONE_UNAVAILABLE) && z->spec &&
	       z->spec->autoboot.set && z->spec->autoboot.value;
}

int zone_cmd_autoboot(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_done(strv) struct strv names = { 0 };
	struct err e = { 0 }, last = { 0 };

	if (!d)
		return CLI_FAILED;
	if (zone_names(d, &names, &e) < 0)
		return output_error(a, &e);
	for (size_t i = 0; i < names.n; i++) {
		struct zone_boot o = { 0 };
		auto_free char *note = NULL;

		if (!is_due(d, names.items[i]) || zone_boot(d, names.items[i], &o, &note, &e) == 0)
			continue;
		(void)err_wrap(&e, "zone \"%s\"", names.items[i]);
		if (last.code && !cli_has(a, "json"))
			(void)output_error(a, &last);
		last = e;
	}
	return last.code ? output_error(a, &last) : output_done(a, NULL, NULL, NULL);
}
