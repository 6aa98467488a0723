/* config_text - the file is read and compared again right before it is replaced: an administrator's editor knows nothing of our lock. */
#include "runtime/zone/config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

enum { CONFIG_MODE = 0600 }; /* service.env may hold secrets */

int config_read(const struct zone *z, char **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n;
	int r = file_read_all(AT_FDCWD, z->config_file, ZONE_FILE_MAX, &text, &n, e);

	if (r < 0)
		return r;
	if (strlen(text) != n)
		return err_set(e, EINVAL, "\"%s\" contains a NUL character", z->config_file);
	*ret = ptr_steal(&text);
	return 0;
}

int config_check(const char *name, const char *text, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;

	if (zone_spec_parse(text, strlen(text), &spec, diags) < 0)
		return diag_err(diags, e);
	if (str_eq(spec->zonename, name))
		return 0;
	diag_add(diags, DIAG_AT(0, 0), "zonename", "conflict", name,
		 "\"%s\" is not the name of this zone; a zone cannot be renamed by its file",
		 spec->zonename);
	return diag_err(diags, e);
}

int config_check_links(const struct zone_dirs *d, const char *name, const char *but, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(d, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		const char *other = names.items[i];

		if (str_eq(other, name) || (but && str_eq(other, but)) ||
		    !net_names_clash(name, other))
			continue;
		return err_set(
			e, EEXIST,
			"a zone \"%s\" cannot be: its links would have the names of those of zone \"%s\"; take another name",
			name, other);
	}
	return r;
}

int config_write(const struct zone *z, const char *old, const char *text, struct err *e)
{
	auto_free char *now = NULL;
	int r = config_read(z, &now, e);

	if (r < 0 && r != -ENOENT)
		return r;
	if (!old && now)
		return err_set(e, EEXIST, "\"%s\" exists already", z->config_file);
	if (old && !str_eq(old, now))
		return err_set(
			e, ESTALE,
			"\"%s\" was changed by somebody else meanwhile: look at it and try again",
			z->config_file);
	return file_replace(AT_FDCWD, z->config_file, text, strlen(text),
			    CONFIG_MODE | FILE_DURABLE, e);
}

char *config_print(const struct json *root)
{
	auto_free char *text = json_print(root, true);

	return mem_format("%s\n", text);
}

/* FNV-1a */
uint64_t config_sum(const char *text, size_t n)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return sum;
}
