/* change - one function behind four verbs that differ in a word. */
#include "runtime/zone_cmd/change.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone_cmd/output.h"

char *change_note(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	if (zone_open(d, name, 0, &z, &ignored) < 0 || z->state < ZONE_READY)
		return NULL;
	return mem_format(
		"zone \"%s\" is %s; the change takes effect at its next boot (zone reboot %s)",
		name, zone_state_word(z->state), name);
}

int change_properties(struct cli_args *a, enum zone_edit_kind kind)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_done(strv) struct strv words = { 0 };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	for (size_t i = 1; i < a->positional.n; i++)
		strv_add(&words, a->positional.items[i]);
	if (zone_set(d, name, kind, &words, &diags, &e) < 0)
		return output_problems(a, &diags, &e);
	auto_free char *note = change_note(d, name);

	return output_done(a, name, note, NULL);
}
