/* info - what a zone's configuration amounts to, and beside it what the kernel holds for it now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/links.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"

struct collect {
	struct zone_info_row *rows;
	size_t n;
	const struct zone_spec *spec;
	const struct zone_caller
		*stranger; /* a user who may neither enter the zone nor read its file; NULL */
};

static void add_row(struct collect *c, const char *path, const char *value, const char *origin)
{
	c->rows = mem_grow(c->rows, c->n + 1, sizeof(*c->rows));
	c->rows[c->n++] =
		(struct zone_info_row){ mem_strdup(path), mem_strdup(value), mem_strdup(origin) };
}

/* "admin[2].user": an entry of another user. */
static bool is_of_others(const struct collect *c, const char *path)
{
	for (size_t i = 0; i < c->spec->n_admin; i++) {
		auto_free char *entry = mem_format("admin[%zu]", i);

		if (str_has_prefix(path, entry))
			return !zone_admin_is(&c->spec->admin[i], c->stranger->uid);
	}
	return false;
}

static void visit(const char *path, const char *value, enum zone_origin origin, void *arg)
{
	struct collect *c = arg;
	bool is_secret = c->stranger && str_has_prefix(path, "service.env.");

	if (!c->stranger || !is_of_others(c, path))
		add_row(c, path, is_secret ? "(hidden)" : value, zone_origin_word(origin));
}

void zone_info_free(struct zone_info_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rows[i].path);
		free(rows[i].value);
		free(rows[i].origin);
	}
	free(rows);
}

/* What the image says beside the defaults of "service": for people, nothing of the zone depends on it. */
static void add_image(struct collect *c, const struct json *image)
{
	static const char *const keys[] = { "name",    "digest", "created",     "exposedPorts",
					    "volumes", "labels", "healthCheck", NULL };

	for (size_t i = 0; image && keys[i]; i++) {
		const struct json *j = json_get(image, keys[i]);
		auto_free char *path = mem_format("image.%s", keys[i]);
		auto_free char *text = j && j->type != JSON_STRING ? json_print(j, false) : NULL;

		if (j)
			add_row(c, path, text ? text : j->text, "image");
	}
}

/* What no file says: how the root is kept. */
static void add_storage(struct collect *c, const struct zone_record *r)
{
	auto_free char *layers = strv_join(&r->layers, " ");
	auto_done(strv) struct strv snapshots = { 0 };

	for (size_t i = 0; i < r->n_snapshots; i++)
		strv_add(&snapshots, r->snapshots[i].name);
	auto_free char *names = strv_join(&snapshots, " ");

	add_row(c, "storage.driver", storage_driver(r), "record");
	if (r->layers.n > 0)
		add_row(c, "storage.layers", layers, "record");
	if (r->n_snapshots > 0)
		add_row(c, "storage.snapshots", names, "record");
}

int zone_info(const struct zone_dirs *d, const char *name, struct zone_info_row **ret,
	      size_t *ret_n, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	struct collect c = { 0 };
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r == 0)
		r = zone_host_facts(d, z, &host, &strings, e);
	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z->spec, &host);

	c.spec = z->spec;
	if (zone_admin_is_stranger(d, z->spec))
		c.stranger = d->caller;
	zone_effective_visit(z->spec, effective, &host, visit, &c);
	add_image(&c, z->record.image);
	if (z->record.zonepath)
		add_storage(&c, &z->record);
	*ret = c.rows;
	*ret_n = c.n;
	return 0;
}

/* --- the kernel's side -------------------------------------------------------------------------------------------- */

static void add_limits(struct json *to, struct engine_container *c)
{
	auto_done(strmap) struct strmap limits = { 0 };
	struct cgroup *cg = engine_cgroup(c);
	struct err ignored = { 0 };
	struct json *object;

	if (!cg || cgroup_show_limits(cg, &limits, &ignored) < 0)
		return;
	object = json_set(to, "cgroup", json_new_object());
	for (size_t i = 0; i < limits.n; i++)
		json_set(object, limits.items[i].key, json_new_string(limits.items[i].value));
}

static void set_count(struct json *to, const char *key, const struct opt_u64 *v)
{
	if (v->set)
		json_set(to, key, json_new_u64(v->value));
}

static void add_usage(struct json *to, struct engine_container *c)
{
	struct cgroup_stats s = { 0 };
	struct cgroup *cg = engine_cgroup(c);
	struct err ignored = { 0 };

	if (!cg || cgroup_stats(cg, &s, &ignored) < 0)
		return;
	struct json *use = json_set(to, "usage", json_new_object());

	set_count(use, "cpuNanoseconds", &s.cpu_ns);
	set_count(use, "memoryBytes", &s.memory);
	set_count(use, "memoryPeakBytes", &s.memory_max);
	set_count(use, "swapBytes", &s.swap);
	set_count(use, "processes", &s.pids);
	set_count(use, "oomKills", &s.oom_kills);
}

static void add_network(struct json *to, const struct zone *z)
{
	struct json *status = NULL;
	struct err why = { 0 };

	if (zone_links(z, NULL, &status, &why) < 0)
		json_set(to, "networkError", json_new_string(why.text));
	else if (status)
		json_set(to, "network", status);
}

/* Who serves /proc/meminfo and its kin, or why nobody does; nothing when the zone is to see the host's. */
static void add_view(struct json *to, const struct zone *z)
{
	const struct zone_run *r = &z->run;

	if (r->view > 0 && proc_is(r->view, r->view_start))
		json_set(to, "procView", json_new_i64(r->view));
	else if (r->view > 0 || r->view_error)
		json_set(to, "procViewError",
			 json_new_string(r->view_error ? r->view_error : "its server has ended"));
}

int zone_info_live(const struct zone_dirs *d, const char *name, struct json **ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	if (!z->init_alive)
		return err_set(
			e, EBUSY,
			"zone \"%s\" is %s: only a zone that runs has live values (zone boot %s)",
			name, zone_state_word(z->state), name);
	r = engine_open(root, name, false, &c, e);
	if (r < 0)
		return r;
	struct json *live = json_new_object();

	json_set(live, "init", json_new_i64(z->run.init));
	json_set(live, "restarts", json_new_i64(z->run.restarts));
	zone_json_set_text(live, "initKind", z->run.init_kind);
	zone_json_set_text(live, "booted", z->run.booted);
	add_view(live, z);
	add_limits(live, c);
	add_usage(live, c);
	add_network(live, z);
	engine_free(c);
	*ret = live;
	return 0;
}
