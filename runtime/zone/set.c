/* set - the file is changed as a document, so that the order of its members and what the administrator wrote stay; the result must be valid as a whole, or nothing
 * is written. A running zone goes on as it was booted. */
#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/delegate.h"

static int open_for_change(const struct zone_dirs *d, const char *name, struct zone **ret,
			   struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_SET, NULL, e);
	if (r < 0)
		return r;
	*ret = ptr_steal(&z);
	return 0;
}

/* A file that is no JSON cannot be changed by words. The place of the error is the file's, not that of the words, so it goes into the sentence. */
static int parse_old(const struct zone *z, const char *text, struct json **ret, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { .file = z->config_file };

	if (json_parse(text, strlen(text), ZONE_FILE_MAX, ret, &diags) == 0)
		return 0;
	(void)diag_err(&diags, e);
	return err_wrap(e, "the file must be repaired first (zone edit %s)", z->name);
}

int zone_set(const struct zone_dirs *d, const char *name, enum zone_edit_kind kind,
	     const struct strv *words, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_ptr(json) struct json *root = NULL;
	auto_free char *old = NULL;
	auto_free char *changed = NULL;
	int r = open_for_change(d, name, &z, e);

	if (r == 0)
		r = config_read(z, &old, e);
	if (r < 0)
		return r;
	r = parse_old(z, old, &root, e);
	if (r < 0)
		return r;
	(void)!edit_words(root, kind, words, diags,
			  e); /* what is wrong with the rest is to be said as well */
	changed = config_print(root);
	r = config_check(name, changed, diags, e);
	for (size_t i = 0; i < diags->n; i++)
		diags->items[i].line = diags->items[i].column =
			0; /* positions in the changed text mean nothing to the reader */
	if (diags->n > 0)
		return diag_err(diags, e);
	if (r == 0)
		r = delegate_change(d, z, old, changed, diags, e);
	return r < 0 ? r : config_write(z, old, changed, e);
}

int zone_replace_config(const struct zone_dirs *d, const char *name, const char *old_text,
			const char *new_text, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = open_for_change(d, name, &z, e);

	if (r == 0)
		r = config_check(name, new_text, diags, e);
	if (r == 0)
		r = delegate_change(d, z, old_text, new_text, diags, e);
	return r == 0 ? config_write(z, old_text, new_text, e) : r;
}
