#include "runtime/zone/containers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"

#define DEFAULT_ROOT    "/run/zrun"
#define DEFAULT_RUN_DIR "/run/zones"

static const char *root_of(const struct zone_dirs *d)
{
	const char *own = secure_getenv("ZONES_OCI_DIR");

	if (!str_empty(own))
		return own;
	return str_eq(d->run, DEFAULT_RUN_DIR) ? DEFAULT_ROOT : NULL;
}

enum zone_state containers_state(enum engine_status s, char **ret_aux)
{
	static const struct {
		enum zone_state state;
		const char *aux;
	} rows[] = {
		[ENGINE_CREATING] = { ZONE_INCOMPLETE, "creating" },
		[ENGINE_CREATED] = { ZONE_READY, NULL },
		[ENGINE_RUNNING] = { ZONE_RUNNING, NULL },
		[ENGINE_PAUSED] = { ZONE_RUNNING, "frozen" },
		[ENGINE_STOPPED] = { ZONE_DOWN, NULL },
	};

	*ret_aux = mem_strdup(rows[s].aux);
	return rows[s].state;
}

static struct zone_row row_of(const char *id, struct engine_container *c)
{
	auto_ptr(json) struct json *state = engine_state_json(c);
	struct zone_row r = { .name = mem_strdup(id),
			      .brand = mem_strdup("oci"),
			      .path = mem_strdup(json_get_string(state, "bundle", "")),
			      .id = -1 };
	pid_t pid = engine_pid(c);

	r.state = containers_state(engine_status(c), &r.aux);
	if (pid > 0 && r.state >= ZONE_READY)
		r.id = pid;
	return r;
}

void containers_names(const struct zone_dirs *d, struct strv *ret)
{
	const char *root = root_of(d);
	struct err ignored = { 0 };

	if (root)
		(void)!engine_list(root, ret, &ignored);
}

void containers_rows(const struct zone_dirs *d, struct zone_row **ret, size_t *ret_n)
{
	const char *root = root_of(d);
	auto_done(strv) struct strv ids = { 0 };
	struct err ignored = { 0 };
	size_t n = 0;

	*ret = NULL;
	*ret_n = 0;
	containers_names(d, &ids);
	if (ids.n == 0)
		return;
	*ret = mem_array(ids.n, sizeof(**ret));
	for (size_t i = 0; i < ids.n; i++) {
		struct engine_container *c = NULL;

		if (engine_open(root, ids.items[i], false, &c, &ignored) < 0)
			continue; /* it went away meanwhile */
		(*ret)[n++] = row_of(ids.items[i], c);
		engine_free(c);
	}
	*ret_n = n;
}

int containers_open(const struct zone_dirs *d, const char *name, struct engine_container **ret,
		    struct err *e)
{
	const char *root = root_of(d);

	if (!root || strchr(name, '/'))
		return err_set(e, ENOENT, "container does not exist");
	return engine_open(root, name, false, ret, e);
}
