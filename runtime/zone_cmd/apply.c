/* zone apply - make the running zone equal to its file, or to a new file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/change.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/plan.h"

/* The name that stands in the file, when there is none on the command line. */
static int name_from(const char *text, char **ret, struct diag_list *diags, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	const char *name, *why = NULL;

	if (json_parse(text, strlen(text), ZONE_FILE_MAX, &j, diags) < 0)
		return diag_err(diags, e);
	name = json_get_string(j, "zonename", NULL);
	if (!name)
		return err_set(
			e, EINVAL,
			"the file has no \"zonename\": add it, or name the zone: zone apply -f FILE NAME");
	if (!zone_name_ok(name, &why))
		return err_set(e, EINVAL, "zonename: \"%s\" cannot be the name of a zone: %s", name,
			       why);
	*ret = mem_strdup(name);
	return 0;
}

/* What the caller should know beside the table; NULL: nothing. */
static char *note_of(const struct zone_plan *p, const char *name, bool plan_only)
{
	if (p->created)
		return mem_format("zone \"%s\" %s; next: zone install %s", name,
				  plan_only ? "would be made" : "is configured", name);
	if (!p->running)
		return mem_format("zone \"%s\" is %s: its file counts when it boots", name,
				  zone_state_word(p->state));
	if (p->n_reboot > 0)
		return mem_format("%zu of %zu changes of zone \"%s\" need%s a boot: zone reboot %s",
				  p->n_reboot, p->n, name, p->n_reboot == 1 ? "s" : "", name);
	if (p->n == 0)
		return mem_format("zone \"%s\" is what its file says: nothing to do", name);
	return NULL;
}

static int show(const struct cli_args *a, const char *name, const struct zone_plan *p)
{
	bool plan_only = cli_has(a, "plan");
	auto_free char *note = note_of(p, name, plan_only);

	if (!cli_has(a, "json")) {
		plan_print(p);
		return output_done(a, name, note, NULL);
	}
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "ok", json_new_bool(true));
	json_set(j, "zone", json_new_string(name));
	json_set(j, "created", json_new_bool(p->created && !plan_only));
	if (note)
		json_set(j, "note", json_new_string(note));
	plan_json(p, !plan_only, j);
	return output_json(j);
}

static int run(struct cli_args *a, const struct zone_dirs *d, const char *name,
	       const struct zone_apply *o, struct diag_list *diags)
{
	auto_done(zone_plan) struct zone_plan p = { 0 };
	struct err e = { 0 };

	if (zone_apply(d, name, o, &p, diags, &e) == 0)
		return show(a, name, &p);
	if (o->plan_only && !cli_has(a, "json"))
		plan_print(&p);
	return output_problems(a, diags, &e);
}

int zone_cmd_apply(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *file = cli_value(a, "file", NULL);
	const char *given = a->positional.n > 0 ? a->positional.items[0] : NULL;
	auto_free char *text = NULL, *name = mem_strdup(given), *stored = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (!file && !given)
		return cli_usage(a, "a zone's name or -f FILE is needed");
	if (file && change_read_text(file, &text, &e) < 0)
		return output_error(a, &e);
	auto_done(diag_list) struct diag_list diags = { .file = file };

	if (text && !name && name_from(text, &name, &diags, &e) < 0)
		return output_problems(a, &diags, &e);
	stored = mem_format("%s/%s.json", d->config, name);
	if (!file)
		diags.file = stored;
	struct zone_apply o = { .text = text, .plan_only = cli_has(a, "plan") };

	return run(a, d, name, &o, &diags);
}
