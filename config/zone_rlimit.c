/* zone_rlimit - "rlimit": {"nofile": [1024, 65536], "core": 0, "nproc": "unlimited"}.
 *
 * The keys are the names of getrlimit(2) without RLIMIT_ and in small letters. One number stands for both limits. Saving always writes the pair. */
#include "config/zone_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "config/names.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { NAME_SIZE = 32, MAX_NAMES = 32 };
static const char prefix[] = "RLIMIT_";

static int parse_limit(const char *text, uint64_t *ret)
{
	if (!str_eq(text, "unlimited"))
		return num_u64(text, ret);
	*ret = UINT64_MAX;
	return 0;
}

static const struct value_type limit_type = {
	.name = "limit",
	.parse = parse_limit,
	.example = "1024 or \"unlimited\"",
	.pattern = "^([0-9]+|unlimited)$",
};

static void lower_name(const char *name, char *buf)
{
	size_t n = 0;

	for (const char *p = str_after(name, prefix); *p && n < NAME_SIZE - 1; p++)
		buf[n++] = (char)tolower((unsigned char)*p);
	buf[n] = '\0';
}

/* Report a name that getrlimit(2) does not know, with the nearest that it does. */
static int check_name(struct bind_ctx *c, const struct json *j)
{
	char buf[MAX_NAMES][NAME_SIZE];
	const char *words[MAX_NAMES + 1] = { NULL };
	struct json at = { .line = j->key_line, .column = j->key_column };

	for (size_t i = 0; i < MAX_NAMES && rlimit_names[i].name; i++) {
		lower_name(rlimit_names[i].name, buf[i]);
		if (str_eq(buf[i], j->key))
			return 0;
		words[i] = buf[i];
	}
	return bind_error(c, &at, "unknown-key", str_nearest(j->key, words),
			  "is not a resource limit");
}

static int load_pair(struct bind_ctx *c, const struct json *j, struct zone_rlimit *limit)
{
	uint64_t *targets[] = { &limit->soft, &limit->hard };
	int result = 0;

	if (j->n != 2)
		return bind_error(c, j, "value", NULL,
				  "must be one limit or the list [soft, hard]");
	for (size_t i = 0; i < 2; i++) {
		size_t mark = bind_enter_index(c, i);
		int r = bind_u64(c, j->items[i], &limit_type, targets[i]);

		result = r < 0 ? r : result;
		bind_leave(c, mark);
	}
	if (result == 0 && limit->soft > limit->hard)
		return bind_error(c, j, "conflict", NULL, "the soft limit is above the hard limit");
	return result;
}

int zone_rlimit_load(struct bind_ctx *c, const struct json *j, void *zone)
{
	struct zone_spec *z = zone;

	if (bind_expect(c, j, JSON_OBJECT) < 0 || bind_limit(c, j, MAX_NAMES) < 0)
		return -EINVAL;
	z->rlimit = mem_array(j->n, sizeof(*z->rlimit));
	for (size_t i = 0; i < j->n; i++) {
		const struct json *item = j->items[i];
		struct zone_rlimit limit = { 0 };
		size_t mark = bind_enter_key(c, item->key);
		int r = check_name(c, item);

		if (r == 0 && item->type == JSON_ARRAY)
			r = load_pair(c, item, &limit);
		else if (r == 0)
			r = bind_u64(c, item, &limit_type, &limit.soft);
		if (item->type != JSON_ARRAY)
			limit.hard = limit.soft;
		limit.name = r == 0 ? mem_strdup(item->key) : NULL;
		if (r == 0)
			z->rlimit[z->n_rlimit++] = limit;
		bind_leave(c, mark);
	}
	return 0;
}

static struct json *save_limit(uint64_t v)
{
	return v == UINT64_MAX ? json_new_string("unlimited") : json_new_u64(v);
}

struct json *zone_rlimit_save(const void *zone)
{
	const struct zone_spec *z = zone;
	struct json *j;

	if (z->n_rlimit == 0)
		return NULL;
	j = json_new_object();
	for (size_t i = 0; i < z->n_rlimit; i++) {
		struct json *pair = json_set(j, z->rlimit[i].name, json_new_array());

		(void)json_add(pair, save_limit(z->rlimit[i].soft));
		(void)json_add(pair, save_limit(z->rlimit[i].hard));
	}
	return j;
}

void zone_rlimit_done(void *zone)
{
	struct zone_spec *z = zone;

	for (size_t i = 0; i < z->n_rlimit; i++)
		free(z->rlimit[i].name);
	free(z->rlimit);
	z->rlimit = NULL;
	z->n_rlimit = 0;
}

/* {"type": ["integer", "string"], "minimum": 0, "pattern": ...} */
static void limit_schema(struct json *j, bool or_array)
{
	static const char *const names[] = { "integer", "string", "array" };
	struct json *types = json_set(j, "type", json_new_array());

	for (size_t i = 0; i < (or_array ? 3u : 2u); i++)
		(void)json_add(types, json_new_string(names[i]));
	(void)json_set(j, "minimum", json_new_u64(0));
	(void)json_set(j, "pattern", json_new_string(limit_type.pattern));
}

struct json *zone_rlimit_schema(void)
{
	struct json *j = json_new_object();
	struct json *properties;

	(void)json_set(j, "type", json_new_string("object"));
	(void)json_set(j, "additionalProperties", json_new_bool(false));
	properties = json_set(j, "properties", json_new_object());
	for (size_t i = 0; rlimit_names[i].name; i++) {
		char name[NAME_SIZE];
		struct json *value;

		lower_name(rlimit_names[i].name, name);
		value = json_set(properties, name, json_new_object());
		limit_schema(value, true);
		limit_schema(json_set(value, "items", json_new_object()), false);
		(void)json_set(value, "minItems", json_new_u64(2));
		(void)json_set(value, "maxItems", json_new_u64(2));
	}
	return j;
}
