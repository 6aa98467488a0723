/* record_storage - what a record says about the zone's root: its driver, its layers, its snapshots.
 *
 * Names of layers and snapshots become parts of paths: one that is none of ours makes the record unreadable. */
#include <errno.h>

#include "runtime/base/mem.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

static int load_ids(const struct json *j, const char *key, struct strv *ret, struct err *e)
{
	const struct json *list = json_get(j, key);

	if (list && list->type != JSON_ARRAY)
		return err_set(e, EINVAL, "%s is no list", key);
	for (size_t i = 0; list && i < list->n; i++) {
		const struct json *id = list->items[i];

		if (id->type != JSON_STRING || !storage_layer_ok(id->text))
			return err_set(e, EINVAL, "%s[%zu] names no layer", key, i);
		strv_add(ret, id->text);
	}
	return 0;
}

static int load_snapshot(const struct json *j, struct zone_record *r, struct err *e)
{
	struct zone_snapshot *s;

	if (j->type != JSON_OBJECT || !snapshot_name_ok(json_get_string(j, "name", NULL)))
		return err_set(e, EINVAL, "snapshots[%zu] has no name", r->n_snapshots);
	s = LIST_GROW(r->snapshots, r->n_snapshots);
	s->name = zone_json_get_text(j, "name");
	s->created = zone_json_get_text(j, "created");
	s->driver = zone_json_get_text(j, "driver");
	return load_ids(j, "layers", &s->layers, e);
}

static int load_copying(const struct json *j, struct zone_record *r, struct err *e)
{
	const char *id = json_get_string(j, "copying", NULL);

	if (id && !storage_layer_ok(id))
		return err_set(e, EINVAL, "copying names no layer");
	r->copying = mem_strdup(id);
	return 0;
}

int record_load_storage(const struct json *j, struct zone_record *r, const char *path,
			struct err *e)
{
	const struct json *list = json_get(j, "snapshots");
	int n = load_ids(j, "layers", &r->layers, e);

	r->driver = zone_json_get_text(j, "driver");
	if (n == 0)
		n = load_ids(j, "nextLayers", &r->next, e);
	if (n == 0)
		n = load_copying(j, r, e);
	for (size_t i = 0; n == 0 && list && list->type == JSON_ARRAY && i < list->n; i++)
		n = load_snapshot(list->items[i], r, e);
	return n < 0 ? err_wrap(e, "\"%s\" is broken", path) : 0;
}

static void save_ids(struct json *j, const char *key, const struct strv *ids)
{
	if (ids->n == 0)
		return;
	struct json *list = json_set(j, key, json_new_array());

	for (size_t i = 0; i < ids->n; i++)
		json_add(list, json_new_string(ids->items[i]));
}

void record_save_storage(struct json *j, const struct zone_record *r)
{
	zone_json_set_text(j, "driver", r->driver);
	save_ids(j, "layers", &r->layers);
	save_ids(j, "nextLayers", &r->next);
	zone_json_set_text(j, "copying", r->copying);
	if (r->n_snapshots == 0)
		return;
	struct json *list = json_set(j, "snapshots", json_new_array());

	for (size_t i = 0; i < r->n_snapshots; i++) {
		const struct zone_snapshot *s = &r->snapshots[i];
		struct json *row = json_add(list, json_new_object());

		zone_json_set_text(row, "name", s->name);
		zone_json_set_text(row, "created", s->created);
		zone_json_set_text(row, "driver", s->driver);
		save_ids(row, "layers", &s->layers);
	}
}
