/* change - one function behind four verbs that differ in a word. */
#include "runtime/zone_cmd/change.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone_cmd/output.h"

int change_read_text(const char *file, char **ret, struct err *e)
{
	auto_free char *text = NULL;
	bool is_input = str_eq(file, "-");
	size_t n = 0;
	int r = is_input ? file_read_fd(STDIN_FILENO, ZONE_FILE_MAX, &text, &n, e)
			 : file_read_all(AT_FDCWD, file, ZONE_FILE_MAX, &text, &n, e);

	if (r < 0)
		return is_input ? err_wrap(e, "standard input") : r;
	if (strlen(text) != n)
		return err_set(e, EINVAL, "\"%s\" contains a NUL character", file);
	*ret = ptr_steal(&text);
	return 0;
}

char *change_note(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	if (zone_open(d, name, 0, &z, &ignored) < 0 || z->state < ZONE_READY)
		return NULL;
	if (!zone_is_pending(d, z))
		return NULL;
	return mem_format(
		"zone \"%s\" is %s and goes on as it was: zone apply %s makes the change now, as far as it can without a boot (zone diff %s shows how far)",
		name, zone_state_word(z->state), name, name);
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
