/* list - the ids below a state root. Names that are no ids (caches of ours) are not containers. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"
#include "runtime/engine/private.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int engine_list(const char *state_root, struct strv *ret, struct err *e)
{
	DIR *d = opendir(state_root);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "list \"%s\"", state_root);
	while ((entry = readdir(d))) {
		if (container_id_ok(entry->d_name) &&
		    (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			strv_add(ret, entry->d_name);
	}
	(void)closedir(d);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_name);
	return 0;
}
