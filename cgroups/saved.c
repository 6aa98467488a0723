/* saved - a cgroup as JSON in a container's record.
 *
 * {"mode":"hybrid","rootless":false,"parts":[{"controllers":["cpu"],"mount":"/sys/fs/cgroup/cpu","root":"/","path":"/zones/web","made":1}]}
 * With systemd's driver also "unit":"zrun-web.scope" and "unitOfUser". A part without controllers is the unified hierarchy. The record is root's, yet what it names is removed later, so paths
 * must be as clean as those that layout.c makes.
 *
 * "token": what directories are marked with that were there before and are ours now (part_take): a record without it, or with another one, is of somebody who had them earlier.
 *
 * "planned": saved before cgroup_make(), which looks who lives there. Until then only what was missing can be ours: a directory that was there may be a stranger's, with processes that nobody
 * has counted. It is left out when such a record is opened, and so is a unit. */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include "cgroups/layout.h"
#include "cgroups/part.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"

static const char *const mode_words[] = {
	[CGROUP_MODE_NONE] = "none",
	[CGROUP_MODE_V1] = "v1",
	[CGROUP_MODE_HYBRID] = "hybrid",
	[CGROUP_MODE_V2] = "v2",
};

static void save_id(struct json *to, const char *key, const struct opt_u64 *id)
{
	if (id->set)
		(void)json_set(to, key, json_new_u64(id->value));
}

static struct json *save_part(const struct cgroup *cg, const struct cgroup_part *p)
{
	struct json *j = json_new_object();
	struct json *controllers = json_set(j, "controllers", json_new_array());

	for (size_t i = 0; i < p->controllers.n; i++)
		(void)json_add(controllers, json_new_string(p->controllers.items[i]));
	(void)json_set(j, "mount", json_new_string(p->mount));
	(void)json_set(j, "root", json_new_string(p->root));
	(void)json_set(j, "path", json_new_string(p->path));
	(void)json_set(j, "made", json_new_u64(cg->planned ? tree_missing(p) : p->made));
	return j;
}

struct json *cgroup_save(const struct cgroup *cg)
{
	struct json *j = json_new_object();

	(void)json_set(j, "mode", json_new_string(mode_words[cg->mode]));
	(void)json_set(j, "rootless", json_new_bool(cg->rootless));
	(void)json_set(j, "exactDevices", json_new_bool(cg->exact_devices));
	if (cg->planned)
		(void)json_set(j, "planned", json_new_bool(true));
	if (cg->token)
		(void)json_set(j, "token", json_new_string(cg->token));
	save_id(j, "delegateUid", &cg->delegate_uid);
	save_id(j, "delegateGid", &cg->delegate_gid);
	if (cg->unit) {
		(void)json_set(j, "unit", json_new_string(cg->unit->name.name));
		(void)json_set(j, "unitOfUser", json_new_bool(cg->unit->user));
	}
	struct json *parts = json_set(j, "parts", json_new_array());

	for (size_t i = 0; i < cg->n_parts; i++)
		(void)json_add(parts, save_part(cg, &cg->parts[i]));
	return j;
}

static struct opt_u64 open_id(const struct json *from, const char *key)
{
	int64_t v = json_get_i64(from, key, -1);

	return (struct opt_u64){ .set = v >= 0, .value = v >= 0 ? (uint64_t)v : 0 };
}

static int open_part(struct cgroup *cg, const struct json *j, struct err *e)
{
	const char *mount = json_get_string(j, "mount", "");
	const char *path = json_get_string(j, "path", "");
	const struct json *controllers = json_get(j, "controllers");
	int64_t made = json_get_i64(j, "made", 0);
	size_t depth = layout_depth(path);

	if (!path_is_clean(mount) || !path_is_clean(path) || !path[1])
		return err_set(e, EINVAL, "the record of the cgroup names \"%s\" in \"%s\"", path,
			       mount);
	struct cgroup_part *p = part_add(cg);

	p->mount = mem_strdup(mount);
	p->root = mem_strdup(json_get_string(j, "root", "/"));
	p->path = mem_strdup(path);
	p->dir = mem_format("%s%s", mount, path);
	p->made = made <= 0 ? 0 : (size_t)made > depth ? depth : (size_t)made;
	for (size_t i = 0; controllers && i < controllers->n; i++) {
		if (controllers->items[i]->type == JSON_STRING)
			strv_add(&p->controllers, controllers->items[i]->text);
	}
	p->v2 = p->controllers.n == 0;
	return 0;
}

static enum cgroup_mode mode_by_word(const char *word)
{
	for (size_t i = 0; i < sizeof(mode_words) / sizeof(mode_words[0]); i++) {
		if (str_eq(mode_words[i], word))
			return (enum cgroup_mode)i;
	}
	return CGROUP_MODE_NONE;
}

static int open_unit(struct cgroup *cg, const struct json *saved, struct err *e)
{
	const char *name = json_get_string(saved, "unit", NULL);

	if (!name)
		return 0;
	if (!unit_name_is_valid(name))
		return err_set(e, EINVAL, "the record of the cgroup names the unit \"%s\"", name);
	cg->unit = mem_zero(sizeof(*cg->unit));
	cg->unit->name.name = mem_strdup(name);
	cg->unit->user = json_get_bool(saved, "unitOfUser", false);
	return 0;
}

/* A unit's directories are there when it is somebody else's. */
static void forget_strangers(struct cgroup *cg)
{
	if (!cgroup_is_all_made(cg)) {
		cgroup_unit_free(cg->unit);
		cg->unit = NULL;
	}
	for (size_t i = cg->n_parts; i-- > 0;) {
		if (cg->parts[i].made == 0)
			part_drop(cg, i);
	}
}

int cgroup_open(const struct json *saved, struct cgroup **ret, struct err *e)
{
	const struct json *parts = json_get(saved, "parts");
	struct cgroup *cg = mem_zero(sizeof(*cg));
	const char *token = json_get_string(saved, "token", NULL);
	struct err ignored = { 0 };

	cg->mode = mode_by_word(json_get_string(saved, "mode", ""));
	cg->rootless = json_get_bool(saved, "rootless", false);
	cg->exact_devices = json_get_bool(saved, "exactDevices", false);
	cg->token = token ? mem_strdup(token) : NULL;
	cg->delegate_uid = open_id(saved, "delegateUid");
	cg->delegate_gid = open_id(saved, "delegateGid");
	int r = open_unit(cg, saved, e);

	for (size_t i = 0; r == 0 && parts && i < parts->n; i++)
		r = open_part(cg, parts->items[i], e);
	if (r < 0) {
		cgroup_free(cg);
		return r;
	}
	if (json_get_bool(saved, "planned", false))
		forget_strangers(cg);
	struct cgroup_part *v2 = part_unified(cg);

	if (v2)
		(void)!part_open(v2, &ignored); /* gone: cgroup_dirfd() is -1 then */
	*ret = cg;
	return 0;
}

int cgroup_open_own(struct cgroup **ret, struct err *e)
{
	static const char place[] = "/sys/fs/cgroup";
	struct cgroup *cg;
	struct cgroup_part *p;
	struct statfs fs;

	if (statfs(place, &fs) < 0 || (unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_set(e, EOPNOTSUPP, "no cgroup of version 2 is shown at \"%s\"", place);
	cg = mem_zero(sizeof(*cg));
	cg->mode = CGROUP_MODE_V2;
	p = part_add(cg);
	p->v2 = true;
	p->mount = mem_strdup(place);
	p->root = mem_strdup("/");
	p->path = mem_strdup("/");
	p->dir = mem_strdup(place);
	*ret = cg;
	return 0;
}
