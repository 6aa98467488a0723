/* bind - from structs to JSON, and their beginning and end.
 *
 * Every kind of member has one row of functions here: how it is written and how it is released. Reading is the larger half and lives in bind_load.c. */
#include "config/bind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

static void *member_of(const struct field *f, void *object)
{
	return (char *)object + f->offset;
}

static const void *member_in(const struct field *f, const void *object)
{
	return (const char *)object + f->offset;
}

static size_t count_in(const struct field *f, const void *object)
{
	return *(const size_t *)(const void *)((const char *)object + f->count_offset);
}

static void clear_count(const struct field *f, void *object)
{
	*(size_t *)(void *)((char *)object + f->count_offset) = 0;
}

/* A number is written as text where its type has a form for people ("512M"). */
static struct json *save_unsigned(const struct field *f, uint64_t v)
{
	char buf[64];

	if (!f->type || !f->type->format)
		return json_new_u64(v);
	f->type->format(v, buf, sizeof(buf));
	return f->type->numeric ? json_new_number_text(buf) : json_new_string(buf);
}

static struct json *save_string(const struct field *f, const void *object)
{
	const char *s = *(char *const *)member_in(f, object);

	return s ? json_new_string(s) : NULL;
}

static bool writes_zero(const struct field *f)
{
	return f->flags & (FIELD_REQUIRED | FIELD_ALWAYS);
}

static struct json *save_bool(const struct field *f, const void *object)
{
	bool v = *(const bool *)member_in(f, object);

	return v || writes_zero(f) ? json_new_bool(v) : NULL;
}

static struct json *save_opt_bool(const struct field *f, const void *object)
{
	const struct opt_bool *v = member_in(f, object);

	return v->set ? json_new_bool(v->value) : NULL;
}

static struct json *save_u64(const struct field *f, const void *object)
{
	uint64_t v = *(const uint64_t *)member_in(f, object);

	return v || writes_zero(f) ? save_unsigned(f, v) : NULL;
}

static struct json *save_i64(const struct field *f, const void *object)
{
	int64_t v = *(const int64_t *)member_in(f, object);

	return v || writes_zero(f) ? json_new_i64(v) : NULL;
}

static struct json *save_opt_u64(const struct field *f, const void *object)
{
	const struct opt_u64 *v = member_in(f, object);

	return v->set ? save_unsigned(f, v->value) : NULL;
}

static struct json *save_opt_i64(const struct field *f, const void *object)
{
	const struct opt_i64 *v = member_in(f, object);

	return v->set ? json_new_i64(v->value) : NULL;
}

static struct json *save_strings(const struct field *f, const void *object)
{
	const struct strv *v = member_in(f, object);
	struct json *array;

	if (v->n == 0)
		return NULL;
	array = json_new_array();
	for (size_t i = 0; i < v->n; i++)
		(void)json_add(array, json_new_string(v->items[i])); /* the child is the array's */
	return array;
}

static struct json *save_numbers(const struct field *f, const void *object)
{
	const uint64_t *items = *(uint64_t *const *)member_in(f, object);
	size_t n = count_in(f, object);
	struct json *array;

	if (n == 0)
		return NULL;
	array = json_new_array();
	for (size_t i = 0; i < n; i++)
		(void)json_add(array, save_unsigned(f, items[i]));
	return array;
}

static struct json *save_map(const struct field *f, const void *object)
{
	const struct strmap *m = member_in(f, object);
	struct json *j;

	if (m->n == 0)
		return NULL;
	j = json_new_object();
	for (size_t i = 0; i < m->n; i++)
		(void)json_set(j, m->items[i].key, json_new_string(m->items[i].value));
	return j;
}

static struct json *save_object(const struct field *f, const void *object)
{
	struct json *j = bind_save(f->shape, member_in(f, object));

	if (j->n > 0)
		return j;
	json_free(j);
	return NULL;
}

static struct json *save_opt_object(const struct field *f, const void *object)
{
	const void *p = *(void *const *)member_in(f, object);

	return p ? bind_save(f->shape, p) : NULL;
}

static struct json *save_list(const struct field *f, const void *object)
{
	const char *items = *(char *const *)member_in(f, object);
	size_t n = count_in(f, object);
	struct json *array;

	if (n == 0)
		return NULL;
	array = json_new_array();
	for (size_t i = 0; i < n; i++)
		(void)json_add(array, bind_save(f->shape, items + i * f->shape->size));
	return array;
}

/* The member that holds the name of a FIELD_KEYED object. */
static const char *name_of(const struct shape *shape, const void *object)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].kind == FIELD_STRING)
			return *(char *const *)member_in(&shape->fields[i], object);
	assert(!"a keyed shape has a string member for its name");
	return "";
}

static struct json *save_keyed(const struct field *f, const void *object)
{
	const char *items = *(char *const *)member_in(f, object);
	size_t n = count_in(f, object);
	struct json *j;

	if (n == 0)
		return NULL;
	j = json_new_object();
	for (size_t i = 0; i < n; i++) {
		const void *item = items + i * f->shape->size;
		const char *name = name_of(f->shape, item);

		(void)json_set(j, name ? name : "", bind_save(f->shape, item));
	}
	return j;
}

static struct json *save_custom(const struct field *f, const void *object)
{
	return f->save ? f->save(member_in(f, object)) : NULL;
}

static void free_string(const struct field *f, void *object)
{
	char **s = member_of(f, object);

	free(*s);
	*s = NULL;
}

static void free_bool(const struct field *f, void *object)
{
	*(bool *)member_of(f, object) = false;
}

static void free_opt_bool(const struct field *f, void *object)
{
	*(struct opt_bool *)member_of(f, object) = (struct opt_bool){ 0 };
}

static void free_u64(const struct field *f, void *object)
{
	*(uint64_t *)member_of(f, object) = 0;
}

static void free_i64(const struct field *f, void *object)
{
	*(int64_t *)member_of(f, object) = 0;
}

static void free_opt_u64(const struct field *f, void *object)
{
	*(struct opt_u64 *)member_of(f, object) = (struct opt_u64){ 0 };
}

static void free_opt_i64(const struct field *f, void *object)
{
	*(struct opt_i64 *)member_of(f, object) = (struct opt_i64){ 0 };
}

static void free_strings(const struct field *f, void *object)
{
	struct strv *v = member_of(f, object);

	strv_done(v);
	*v = (struct strv){ 0 };
}

static void free_numbers(const struct field *f, void *object)
{
	uint64_t **items = member_of(f, object);

	free(*items);
	*items = NULL;
	clear_count(f, object);
}

static void free_map(const struct field *f, void *object)
{
	struct strmap *m = member_of(f, object);

	strmap_done(m);
	*m = (struct strmap){ 0 };
}

static void free_object(const struct field *f, void *object)
{
	bind_free(f->shape, member_of(f, object));
}

static void free_opt_object(const struct field *f, void *object)
{
	void **p = member_of(f, object);

	if (*p)
		bind_free(f->shape, *p);
	free(*p);
	*p = NULL;
}

static void free_list(const struct field *f, void *object)
{
	char **items = member_of(f, object);
	size_t n = count_in(f, object);

	for (size_t i = 0; i < n; i++)
		bind_free(f->shape, *items + i * f->shape->size);
	free(*items);
	*items = NULL;
	clear_count(f, object);
}

static void free_custom(const struct field *f, void *object)
{
	if (f->done)
		f->done(member_of(f, object));
}

static const struct kind {
	struct json *(*save)(const struct field *f, const void *object);
	void (*free)(const struct field *f, void *object);
} kinds[] = {
	[FIELD_STRING] = { save_string, free_string },
	[FIELD_BOOL] = { save_bool, free_bool },
	[FIELD_OPT_BOOL] = { save_opt_bool, free_opt_bool },
	[FIELD_U64] = { save_u64, free_u64 },
	[FIELD_I64] = { save_i64, free_i64 },
	[FIELD_OPT_U64] = { save_opt_u64, free_opt_u64 },
	[FIELD_OPT_I64] = { save_opt_i64, free_opt_i64 },
	[FIELD_STRINGS] = { save_strings, free_strings },
	[FIELD_NUMBERS] = { save_numbers, free_numbers },
	[FIELD_MAP] = { save_map, free_map },
	[FIELD_OBJECT] = { save_object, free_object },
	[FIELD_OPT_OBJECT] = { save_opt_object, free_opt_object },
	[FIELD_LIST] = { save_list, free_list },
	[FIELD_KEYED] = { save_keyed, free_list },
	[FIELD_CUSTOM] = { save_custom, free_custom },
};

void bind_init(const struct shape *shape, void *object)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_OBJECT && !(f->flags & FIELD_IGNORED))
			bind_init(f->shape, member_of(f, object));
	}
	if (shape->init)
		shape->init(object);
}

struct json *bind_save_field(const struct field *f, const void *object)
{
	return f->flags & FIELD_IGNORED ? NULL : kinds[f->kind].save(f, object);
}

struct json *bind_save(const struct shape *shape, const void *object)
{
	struct json *j = json_new_object();

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		struct json *value = f->key ? bind_save_field(f, object) : NULL;

		if (value)
			(void)json_set(j, f->key, value);
	}
	return j;
}

void bind_free_field(const struct field *f, void *object)
{
	if (!(f->flags & FIELD_IGNORED))
		kinds[f->kind].free(f, object);
}

void bind_free(const struct shape *shape, void *object)
{
	if (!object)
		return;
	for (size_t i = 0; i < shape->n; i++)
		bind_free_field(&shape->fields[i], object);
}

void bind_copy(const struct shape *shape, const void *from, void *to)
{
	auto_ptr(json) struct json *j = bind_save(shape, from);
	struct bind_ctx c = { 0 };

	bind_init(shape, to);
	/* A copy of a half-filled object (a required member is missing) is as half-filled, so the verdict does not matter. */
	(void)!bind_load(&c, shape, j, to);
	bind_ctx_done(&c);
}

const struct field *bind_field(const struct shape *shape, const char *key)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].key && str_eq(shape->fields[i].key, key))
			return &shape->fields[i];
	return NULL;
}

const char *bind_nearest(const struct shape *shape, const char *key)
{
	auto_free const char **words = mem_array(shape->n + 1, sizeof(*words));
	size_t n = 0;

	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].key && !(shape->fields[i].flags & FIELD_IGNORED))
			words[n++] = shape->fields[i].key;
	return str_nearest(key, words);
}
