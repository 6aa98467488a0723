/* The lists are short, so everything is a walk through them. What cannot be understood counts as not there. */
#include "net/network_rows.h"

#include <stddef.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

struct json *network_rows(const struct json *leases, const char *key)
{
	struct json *list = json_get(leases, key);

	return list && list->type == JSON_ARRAY ? list : NULL;
}

struct json *network_rows_find(const struct json *leases, const char *key, const char *name)
{
	const struct json *list = network_rows(leases, key);

	for (size_t i = 0; list && i < list->n; i++)
		if (str_eq(json_get_string(list->items[i], "name", ""), name))
			return list->items[i];
	return NULL;
}

struct json *network_rows_make(struct json *leases, const char *key, const char *name)
{
	struct json *row = network_rows_find(leases, key, name);
	struct json *list = network_rows(leases, key);

	if (row)
		return row;
	if (!list)
		list = json_set(leases, key, json_new_array());
	row = json_add(list, json_new_object());
	json_set(row, "name", json_new_string(name));
	return row;
}

const char *network_rows_other(const struct json *row, const char *zone)
{
	const struct json *list = json_get(row, "zones");

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++)
		if (list->items[i]->type == JSON_STRING && !str_eq(list->items[i]->text, zone))
			return list->items[i]->text;
	return NULL;
}

bool network_rows_join(struct json *row, const char *zone)
{
	struct json *list = json_get(row, "zones");

	if (!list || list->type != JSON_ARRAY)
		list = json_set(row, "zones", json_new_array());
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->type == JSON_STRING && str_eq(list->items[i]->text, zone))
			return false;
	json_add(list, json_new_string(zone));
	return true;
}

/* How many zones are left; *changed when some are not. */
static size_t keep_zones(struct json *row, network_rows_fn keeps, const void *arg, bool *changed)
{
	const char *name = json_get_string(row, "name", "");
	struct json *zones = json_get(row, "zones");
	size_t n = 0;

	if (!zones || zones->type != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < zones->n; i++) {
		struct json *zone = zones->items[i];

		if (zone->type == JSON_STRING && keeps(name, zone->text, arg))
			zones->items[n++] = zone;
		else
			json_free(zone);
	}
	*changed |= zones->n != n;
	zones->n = n;
	return n;
}

bool network_rows_keep(struct json *leases, const char *key, network_rows_fn keeps, const void *arg)
{
	struct json *list = network_rows(leases, key);
	bool changed = false;
	size_t n = 0;

	if (!list)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		struct json *row = list->items[i];

		if (keep_zones(row, keeps, arg, &changed))
			list->items[n++] = row;
		else
			json_free(row);
	}
	changed |= list->n != n;
	list->n = n;
	if (n == 0)
		json_unset(leases, key);
	return changed;
}

/* A value is put in under a name, it has none before. */
static struct json *copy(const struct json *value)
{
	struct json *j = json_clone(value);

	free(ptr_steal(&j->key));
	return j;
}

static bool row_has(const struct json *row, const char *zone)
{
	const struct json *list = json_get(row, "zones");

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++)
		if (list->items[i]->type == JSON_STRING && str_eq(list->items[i]->text, zone))
			return true;
	return false;
}

void network_rows_add_missing(struct json *leases, const struct json *from, const char *key,
			      const char *zone)
{
	const struct json *list = network_rows(from, key);

	for (size_t i = 0; list && i < list->n; i++) {
		const struct json *row = list->items[i];
		const char *name = json_get_string(row, "name", "");
		struct json *have = network_rows_find(leases, key, name);

		if (!row_has(row, zone))
			continue;
		if (!have) {
			have = network_rows_make(leases, key, name);
			for (size_t k = 0; k < row->n; k++)
				if (!json_get(have, row->items[k]->key))
					json_set(have, row->items[k]->key, copy(row->items[k]));
		}
		(void)network_rows_join(have, zone);
	}
}
