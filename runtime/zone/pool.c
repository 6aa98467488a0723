/* pool - CONFIG/pools/NAME.json, { "cpus": "2-3" }: a set of CPUs with a name. Zones that name it run there and nowhere else. */
#include <errno.h>
#include <fcntl.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/zone/cpus.h"

enum { FILE_MAX = 64 << 10 };

static int pool_read(const char *path, struct cpu_list *ret, struct err *e)
{
	auto_ptr(json) struct json *root = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, FILE_MAX, &text, &n, e);

	if (r == 0)
		r = json_parse_simple(text, n, &root, e);
	if (r < 0)
		return r;
	for (size_t i = 0; root && root->type == JSON_OBJECT && i < root->n; i++)
		if (!str_eq(root->items[i]->key, "cpus"))
			return err_set(e, EINVAL, "%s is not known: a pool has cpus only",
				       root->items[i]->key);
	r = cpu_list_parse(json_get_string(root, "cpus", ""), ret, e);
	if (r == 0 && cpu_list_count(ret) == 0)
		r = err_set(e, EINVAL, "cpus is missing: { \"cpus\": \"2-3\" }");
	return r;
}

int pool_cpus(const struct zone_dirs *d, const char *name, struct cpu_list *ret, struct err *e)
{
	auto_free char *path = mem_format("%s/pools/%s.json", d->config, name);
	int r = pool_read(path, ret, e);

	if (r == -ENOENT)
		return err_set(
			e, ENOENT,
			"there is no pool \"%s\": make %s with { \"cpus\": \"2-3\" } or the like",
			name, path);
	return r < 0 ? err_wrap(e, "%s", path) : 0;
}
