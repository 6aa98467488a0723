/* templates - what a new zone's file says before anything is changed. The administrator's own come first, so that a built-in one can be replaced. */
#include <errno.h>
#include <fcntl.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/config_text.h"

struct built_in {
	const char *name, *text;
};

static const struct built_in built_ins[] = {
	{ "default",
	  "{ \"brand\": \"native\", \"anet\": [ { \"linkname\": \"net0\", \"lowerLink\": \"auto\" } ] }" },
	{ "linux",
	  "{ \"brand\": \"linux\", \"anet\": [ { \"linkname\": \"net0\", \"lowerLink\": \"auto\" } ] }" },
	{ "isolated", "{ \"brand\": \"native\", \"anet\": [] }" },
};

static int unknown_template(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };

	for (size_t i = 0; i < sizeof(built_ins) / sizeof(built_ins[0]); i++)
		strv_add(&names, built_ins[i].name);
	auto_free char *known = strv_join(&names, ", ");

	return err_set(
		e, ENOENT,
		"template \"%s\" does not exist: there are %s, and your own as %s/templates/NAME.json",
		name, known, d->config);
}

int template_text(const struct zone_dirs *d, const char *name, char **ret, struct err *e)
{
	const char *why = "";

	if (!zone_name_ok(name, &why))
		return err_set(e, EINVAL, "\"%s\" cannot be the name of a template: %s", name, why);
	auto_free char *path = mem_format("%s/templates/%s.json", d->config, name);
	int r = file_read_all(AT_FDCWD, path, ZONE_FILE_MAX, ret, NULL, e);

	if (r != -ENOENT)
		return r;
	for (size_t i = 0; i < sizeof(built_ins) / sizeof(built_ins[0]); i++) {
		if (str_eq(built_ins[i].name, name)) {
			*ret = mem_strdup(built_ins[i].text);
			return 0;
		}
	}
	return unknown_template(d, name, e);
}
