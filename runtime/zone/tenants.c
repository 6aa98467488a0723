/* tenants - see tenants.h.
 *
 * The lock covers "read the file, write the cgroup" of everybody: whoever comes last has read what was written last. */
#include "runtime/zone/tenants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/config_text.h"

enum { LOCK_WAIT_MS = 10000, FILE_MODE = 0600 };

char *tenant_folder(const struct zone_dirs *d, const char *tenant)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	auto_free char *top = mem_strdup("/zones");

	if (!str_eq(d->run, "/run/zones")) {
		for (const char *p = d->run; *p != '\0'; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619u;
		free(ptr_steal(&top));
		top = mem_format("/zones-%08x", (unsigned)hash);
	}
	return tenant ? mem_format("%s/@%s", top, tenant) : ptr_steal(&top);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int folder_open(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/tenants", d->config);
	int r = file_mkdir_p(AT_FDCWD, path, 0755, e);

	return r < 0 ? r : file_open_dir(AT_FDCWD, path, e);
}

static int folder_lock(int dir, struct err *e)
{
	int fd = -1, r = file_lock(dir, ".lock", true, LOCK_WAIT_MS, &fd, e);

	return r < 0 ? err_wrap(e, "another command changes tenants") : fd;
}

static int check_name(const char *name, struct err *e)
{
	return tenant_name_ok(name)
		       ? 0
		       : err_set(e, EINVAL, "\"%s\" is not a name for a tenant: it is as a zone's",
				 name);
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tenant_names(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_free char *path = mem_format("%s/tenants", d->config);
	size_t before = ret->n;
	DIR *list = opendir(path);

	if (!list)
		return errno == ENOENT ? 0 : err_sys(e, "open \"%s\"", path);
	for (const struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || !str_eq(dot, ".json"))
			continue;
		auto_free char *name = mem_strndup(entry->d_name, (size_t)(dot - entry->d_name));

		if (tenant_name_ok(name))
			strv_add(ret, name);
	}
	(void)closedir(list); /* only read */
	if (ret->n > before)
		qsort(ret->items + before, ret->n - before, sizeof(ret->items[0]), order);
	return 0;
}

/* The text of its file; *ret stays NULL when there is none. */
static int text_read(int dir, const char *name, char **ret, struct err *e)
{
	auto_free char *file = mem_format("%s.json", name);
	struct err why = { 0 };
	int r = file_read_all(dir, file, ZONE_FILE_MAX, ret, NULL, &why);

	if (r < 0 && r != -ENOENT)
		*e = why;
	return r == -ENOENT ? 0 : r;
}

static int text_parse(const struct zone_dirs *d, const char *name, const char *text,
		      struct tenant_spec **ret, struct diag_list *diags, struct err *e)
{
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	auto_free char *file = mem_format("%s/tenants/%s.json", d->config, name);

	diags->file = NULL; /* what words have changed has no place in the file */
	if (tenant_spec_parse(text, strlen(text), &t, diags) < 0) {
		(void)diag_err(diags, e);
		return err_wrap(e, "tenant \"%s\" (%s)", name, file);
	}
	if (!str_eq(t->tenant, name))
		return err_set(e, EINVAL, "%s: \"%s\" is not the name of this tenant", file,
			       t->tenant);
	*ret = ptr_steal(&t);
	return 0;
}

static int read_at(const struct zone_dirs *d, int dir, const char *name, struct tenant_spec **ret,
		   struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_free char *text = NULL;
	int r = text_read(dir, name, &text, e);

	if (r < 0)
		return r;
	if (!text)
		return err_set(
			e, ENOENT,
			"tenant \"%s\" does not exist: zone tenant %s cappedMemory.physical=SIZE makes it",
			name, name);
	return text_parse(d, name, text, ret, &diags, e);
}

int tenant_read(const struct zone_dirs *d, const char *name, struct tenant_spec **ret,
		struct err *e)
{
	int r = check_name(name, e);
	auto_close int dir = r < 0 ? r : folder_open(d, e);

	return dir < 0 ? dir : read_at(d, dir, name, ret, e);
}

int tenant_zones(const struct zone_dirs *d, const char *name, struct strv *ret, struct err *e)
{
	auto_done(strv) struct strv all = { 0 };
	int r = zone_names(d, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		struct err ignored = { 0 };

		if (zone_open(d, all.items[i], 0, &z, &ignored) == 0 && z->spec &&
		    str_eq(z->spec->tenant, name))
			strv_add(ret, all.items[i]);
	}
	return r;
}

/* --- the cgroup --------------------------------------------------------------------------------------------------- */

/* Only as a name: nothing is made. */
static int cgroup_of(const struct zone_dirs *d, const char *name, struct cgroup **ret,
		     struct err *e)
{
	auto_free char *path = tenant_folder(d, name);
	const struct cgroup_options o = { .manager = CGROUP_MANAGER_FS, .path = path };

	return cgroup_plan(name, &o, ret, e);
}

/* *ret_there tells whether a zone of it has a cgroup now. */
static int enforce(const struct zone_dirs *d, const struct tenant_spec *now,
		   const struct tenant_spec *before, bool *ret_there, struct err *e)
{
	struct resources_spec *r = tenant_resources(now, before);
	struct cgroup *cg = NULL;
	int result = cgroup_of(d, now->tenant, &cg, e);

	*ret_there = result == 0 && cgroup_is_there(cg);
	if (*ret_there)
		result = cgroup_limit(cg, r, e);
	cgroup_free(cg);
	resources_spec_free(r);
	return result < 0 ? err_wrap(e, "limit tenant \"%s\"", now->tenant) : 0;
}

int tenant_enforce(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	auto_close int dir = folder_open(d, e);
	auto_close int lock = dir < 0 ? dir : folder_lock(dir, e);
	bool there;
	int r = lock < 0 ? lock : read_at(d, dir, name, &t, e);

	return r < 0 || !t ? r : enforce(d, t, NULL, &there, e);
}

int tenant_stats(const struct zone_dirs *d, const char *name, struct cgroup_stats *ret,
		 struct err *e)
{
	struct cgroup *cg = NULL;
	int r = cgroup_of(d, name, &cg, e);

	if (r == 0 && !cgroup_is_there(cg))
		r = err_set(e, ENOENT, "no zone of tenant \"%s\" runs", name);
	if (r == 0)
		r = cgroup_stats(cg, ret, e);
	cgroup_free(cg);
	return r;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

struct edit {
	const struct strv *sets, *clears;
};

/* The changed text; what is wrong with words is said together with what is wrong with the result. */
static int text_change(const char *name, const char *old, const struct edit *edit, char **ret,
		       struct diag_list *diags, struct err *e)
{
	auto_free char *fresh = mem_format("{\"tenant\":\"%s\"}", name);
	auto_ptr(json) struct json *root = NULL;
	const char *text = old ? old : fresh;
	int r = json_parse_simple(text, strlen(text), &root, e);

	if (r < 0)
		return err_wrap(e, "the file of tenant \"%s\" must be repaired first", name);
	if (edit->sets->n > 0)
		(void)!edit_words(root, ZONE_EDIT_SET, edit->sets, diags, e);
	if (edit->clears->n > 0)
		(void)!edit_words(root, ZONE_EDIT_CLEAR, edit->clears, diags, e);
	*ret = config_print(root);
	return 0;
}

static int can_limit(const struct tenant_spec *t, struct err *e)
{
	struct resources_spec *r = tenant_resources(t, NULL);
	int result = engine_can_limit(r, e);

	resources_spec_free(r);
	return result < 0 ? err_wrap(e, "this host cannot hold tenant \"%s\" to that", t->tenant)
			  : 0;
}

/* The kernel first: what it refuses is in no file. A crash in between leaves limits that the next boot of a zone of the tenant, or the next change, puts right. */
static int put(const struct zone_dirs *d, int dir, const struct tenant_spec *now,
	       const struct tenant_spec *before, const char *text, struct err *e)
{
	auto_free char *file = mem_format("%s.json", now->tenant);
	struct err ignored = { 0 };
	bool there;
	int r = enforce(d, now, before, &there, e);

	if (r < 0)
		return r;
	r = file_replace(dir, file, text, strlen(text), FILE_MODE | FILE_DURABLE, e);
	if (r < 0 && before)
		(void)!enforce(d, before, now, &there, &ignored);
	return r;
}

int tenant_set(const struct zone_dirs *d, const char *name, const struct strv *sets,
	       const struct strv *clears, struct diag_list *diags, struct err *e)
{
	const struct edit edit = { .sets = sets, .clears = clears };
	auto_ptr(tenant_spec) struct tenant_spec *before = NULL, *now = NULL;
	auto_free char *old = NULL;
	auto_free char *text = NULL;
	int r = check_name(name, e);
	auto_close int dir = r < 0 ? r : folder_open(d, e);
	auto_close int lock = dir < 0 ? dir : folder_lock(dir, e);

	r = lock < 0 ? lock : text_read(dir, name, &old, e);
	if (r == 0 && old)
		r = text_parse(d, name, old, &before, diags, e);
	if (r == 0)
		r = text_change(name, old, &edit, &text, diags, e);
	if (r < 0 || !text)
		return r;
	r = text_parse(d, name, text, &now, diags, e);
	if (r == 0 && diags->n > 0)
		r = diag_err(diags, e);
	if (r < 0 || !now)
		return r;
	r = can_limit(now, e);
	return r < 0 ? r : put(d, dir, now, before, text, e);
}

int tenant_delete(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	auto_done(strv) struct strv zones = { 0 };
	auto_free char *file = mem_format("%s.json", name);
	int r = check_name(name, e);
	auto_close int dir = r < 0 ? r : folder_open(d, e);
	auto_close int lock = dir < 0 ? dir : folder_lock(dir, e);

	r = lock < 0 ? lock : 0;
	if (r == 0 && !file_exists(dir, file))
		r = read_at(d, dir, name, &t, e);
	if (r == 0)
		r = tenant_zones(d, name, &zones, e);
	if (r < 0)
		return r;
	auto_free char *list = strv_join(&zones, ", ");

	if (zones.n > 0)
		return err_set(e, EBUSY, "tenant \"%s\" still has zones: %s", name, list);
	return sys_unlinkat(dir, file, 0) < 0 ? err_sys(e, "remove \"%s\"", file) : 0;
}
