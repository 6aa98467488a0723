/* bind_load - from JSON to structs, every error with its place.
 *
 * The way down is kept as text in the context ("anet[0].allowedAddress[1]"), so an error needs nothing but the value it is about. Nothing stops at the first
 * error: a member that cannot be read stays absent and the rest goes on. What a document says is shown in messages only after it was cut to a bearable
 * length and freed from control characters, because messages end on terminals and in logs. */
#include "config/bind.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { SHOWN_SIZE = 84, MESSAGE_SIZE = 1024, REASON_SIZE = 200, DEFAULT_MAX_ITEMS = 4096 };

/* `text` fit to be read by a person: cut at a character's border, control characters replaced. */
static const char *show(const char *text, char *buf)
{
	size_t len = strnlen(text, SHOWN_SIZE);
	bool is_cut = len == SHOWN_SIZE;

	if (is_cut)
		for (len = SHOWN_SIZE - 4; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	for (size_t i = 0; i < len; i++)
		buf[i] = (char)((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
	memcpy(buf + len, is_cut ? "..." : "", is_cut ? 4 : 1);
	return buf;
}

/* A value as it stands in the file, for messages. */
static const char *show_value(const struct json *j, char *buf)
{
	char inner[SHOWN_SIZE];

	switch (j->type) {
	case JSON_STRING:
		(void)snprintf(buf, SHOWN_SIZE + 2, "\"%s\"", show(j->text, inner));
		return buf;
	case JSON_NUMBER:
		return show(j->text, buf);
	case JSON_BOOL:
		return j->boolean ? "true" : "false";
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		return json_type_name(j->type);
	}
	return "";
}

static const char *article(const char *noun)
{
	return noun[0] && strchr("aeiouAEIOU", noun[0]) ? "an" : "a";
}

void bind_ctx_done(struct bind_ctx *c)
{
	strbuf_done(&c->path);
}

int bind_error(struct bind_ctx *c, const struct json *j, const char *code, const char *hint,
	       const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list args;

	c->errors++;
	if (!c->diags)
		return -EINVAL;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	diag_add(c->diags, DIAG_AT(j ? j->line : 0, j ? j->column : 0), strbuf_text(&c->path), code,
		 hint, "%s", text);
	return -EINVAL;
}

size_t bind_enter_key(struct bind_ctx *c, const char *key)
{
	size_t mark = c->path.len;
	char buf[SHOWN_SIZE];

	if (mark > 0)
		strbuf_add_char(&c->path, '.');
	strbuf_add(&c->path, show(key, buf));
	return mark;
}

size_t bind_enter_index(struct bind_ctx *c, size_t i)
{
	size_t mark = c->path.len;

	strbuf_format(&c->path, "[%zu]", i);
	return mark;
}

void bind_leave(struct bind_ctx *c, size_t mark)
{
	c->path.len = mark;
	if (c->path.text)
		c->path.text[mark] = '\0';
}

static int wrong_type(struct bind_ctx *c, const struct json *j, const char *expected)
{
	return bind_error(c, j, "type", NULL, "must be %s, not %s", expected,
			  json_type_name(j->type));
}

int bind_expect(struct bind_ctx *c, const struct json *j, enum json_type type)
{
	if (j->type == type)
		return 0;
	return wrong_type(c, j, type == JSON_BOOL ? "true or false" : json_type_name(type));
}

int bind_limit(struct bind_ctx *c, const struct json *j, size_t max_items)
{
	size_t max = max_items ? max_items : DEFAULT_MAX_ITEMS;

	if (j->n <= max)
		return 0;
	return bind_error(c, j, "limit", NULL, "has %zu entries, at most %zu are allowed", j->n,
			  max);
}

/* --- texts --- */

static int not_a_word(struct bind_ctx *c, const struct json *j, const struct value_type *type,
		      const char *text)
{
	auto_done(strbuf) struct strbuf list = { 0 };
	char buf[SHOWN_SIZE];

	for (const char *const *w = type->words; *w; w++)
		strbuf_format(&list, "%s%s", w == type->words ? "" : w[1] ? ", " : " or ", *w);
	return bind_error(c, j, "value", str_nearest(text, type->words), "\"%s\" is not %s",
			  show(text, buf), strbuf_text(&list));
}

static int not_a(struct bind_ctx *c, const struct json *j, const struct value_type *type,
		 const char *why)
{
	const char *name = type->name ? type->name : "value that is allowed";
	char buf[SHOWN_SIZE + 2];

	if (!str_empty(why))
		return bind_error(c, j, "value", NULL, "%s is not %s %s: %s", show_value(j, buf),
				  article(name), name, why);
	if (!type->example)
		return bind_error(c, j, "value", NULL, "%s is not %s %s", show_value(j, buf),
				  article(name), name);
	return bind_error(c, j, "value", NULL, "%s is not %s %s, such as %s", show_value(j, buf),
			  article(name), name, type->example);
}

/* `text` is the value's own, or the name of the member that `j` is. */
static int check_text(struct bind_ctx *c, const struct json *j, const struct value_type *type,
		      const char *text)
{
	char why[REASON_SIZE] = "";
	struct json as_string = { .type = JSON_STRING };

	if (!type)
		return 0;
	if (type->words) {
		for (const char *const *w = type->words; *w; w++)
			if (str_eq(*w, text))
				return 0;
		return not_a_word(c, j, type, text);
	}
	if (!type->check || type->check(text, why, sizeof(why)) == 0)
		return 0;
	as_string.line = j->line;
	as_string.column = j->column;
	as_string.text = (char *)text; /* only shown */
	return not_a(c, &as_string, type, why);
}

int bind_text(struct bind_ctx *c, const struct json *j, const struct value_type *type)
{
	int r = bind_expect(c, j, JSON_STRING);

	return r < 0 ? r : check_text(c, j, type, j->text);
}

/* --- numbers --- */

/* 1.0, 1e3 and -0 are numbers that people read differently; only plain digits are unmistakable. */
static bool is_plain_integer(const char *text)
{
	return !strpbrk(text, ".eE") && !str_eq(text, "-0");
}

static int not_plain(struct bind_ctx *c, const struct json *j)
{
	char buf[SHOWN_SIZE];

	return bind_error(c, j, "type", NULL, "%s is not a whole number written with digits alone",
			  show(j->text, buf));
}

static int out_of_range(struct bind_ctx *c, const struct json *j, const struct value_type *type)
{
	char shown[SHOWN_SIZE + 2];
	char low[64];
	char high[64];

	if (!type || (type->max == 0 && type->min == 0 && type->min_signed >= 0))
		return bind_error(c, j, "range", NULL, "%s is too %s", show_value(j, shown),
				  j->text[0] == '-' ? "small" : "large");
	if (type->format) {
		type->format(type->min, low, sizeof(low));
		type->format(type->max, high, sizeof(high));
	} else {
		(void)snprintf(low, sizeof(low), "%" PRIu64, type->min);
		(void)snprintf(high, sizeof(high), "%" PRIu64, type->max);
	}
	if (type->min_signed < 0)
		(void)snprintf(low, sizeof(low), "%" PRId64, type->min_signed);
	if (type->max == 0)
		return bind_error(c, j, "range", NULL, "%s is out of range: must be at least %s",
				  show_value(j, shown), low);
	return bind_error(c, j, "range", NULL, "%s is out of range: must be from %s to %s",
			  show_value(j, shown), low, high);
}

/* A number that may be written as text ("512M") by its type. */
static int parse_u64(struct bind_ctx *c, const struct json *j, const struct value_type *type,
		     uint64_t *ret)
{
	char expected[96];
	const char *name = type->name ? type->name : "number";
	int r;

	if (j->type != JSON_STRING && j->type != JSON_NUMBER) {
		(void)snprintf(expected, sizeof(expected), "%s %s", article(name), name);
		return wrong_type(c, j, expected);
	}
	r = type->parse(j->text, ret);
	if (r == -ERANGE)
		return out_of_range(c, j, type->max ? type : NULL);
	return r < 0 ? not_a(c, j, type, NULL) : 0;
}

static int plain_u64(struct bind_ctx *c, const struct json *j, const struct value_type *type,
		     uint64_t *ret)
{
	if (j->type != JSON_NUMBER)
		return wrong_type(c, j, "a whole number");
	if (!is_plain_integer(j->text))
		return not_plain(c, j);
	return num_u64(j->text, ret) < 0 ? out_of_range(c, j, type) : 0;
}

int bind_u64(struct bind_ctx *c, const struct json *j, const struct value_type *type, uint64_t *ret)
{
	uint64_t v = 0;
	int r = type && type->parse ? parse_u64(c, j, type, &v) : plain_u64(c, j, type, &v);

	if (r < 0)
		return r;
	if (type && (v < type->min || (type->max && v > type->max)))
		return out_of_range(c, j, type);
	*ret = v;
	return 0;
}

int bind_i64(struct bind_ctx *c, const struct json *j, const struct value_type *type, int64_t *ret)
{
	int64_t v;

	if (j->type != JSON_NUMBER)
		return wrong_type(c, j, "a whole number");
	if (!is_plain_integer(j->text))
		return not_plain(c, j);
	if (num_i64(j->text, &v) < 0)
		return out_of_range(c, j, type);
	if (type) {
		int64_t low = type->min_signed < 0 ? type->min_signed : (int64_t)type->min;

		if (v < low || (type->max && v > (int64_t)type->max))
			return out_of_range(c, j, type);
	}
	*ret = v;
	return 0;
}

/* --- members, one function per kind --- */

static void *member_of(const struct field *f, void *object)
{
	return (char *)object + f->offset;
}

static size_t *count_of(const struct field *f, void *object)
{
	return (size_t *)(void *)((char *)object + f->count_offset);
}

static void load_string(struct bind_ctx *c, const struct field *f, const struct json *j,
			void *object)
{
	if (bind_text(c, j, f->type) < 0)
		return;
	bind_free_field(f, object);
	*(char **)member_of(f, object) = mem_strdup(j->text);
}

static void load_bool(struct bind_ctx *c, const struct field *f, const struct json *j, void *object)
{
	if (bind_expect(c, j, JSON_BOOL) == 0)
		*(bool *)member_of(f, object) = j->boolean;
}

static void load_opt_bool(struct bind_ctx *c, const struct field *f, const struct json *j,
			  void *object)
{
	if (bind_expect(c, j, JSON_BOOL) == 0)
		*(struct opt_bool *)member_of(f, object) = (struct opt_bool){ true, j->boolean };
}

static void load_u64(struct bind_ctx *c, const struct field *f, const struct json *j, void *object)
{
	(void)!bind_u64(c, j, f->type, member_of(f, object)); /* counted in the context */
}

static void load_i64(struct bind_ctx *c, const struct field *f, const struct json *j, void *object)
{
	(void)!bind_i64(c, j, f->type, member_of(f, object));
}

static void load_opt_u64(struct bind_ctx *c, const struct field *f, const struct json *j,
			 void *object)
{
	struct opt_u64 *v = member_of(f, object);

	v->set = bind_u64(c, j, f->type, &v->value) == 0;
}

static void load_opt_i64(struct bind_ctx *c, const struct field *f, const struct json *j,
			 void *object)
{
	struct opt_i64 *v = member_of(f, object);

	v->set = bind_i64(c, j, f->type, &v->value) == 0;
}

/* Is `j` a list (or an object of members) of bearable length? */
static bool is_list(struct bind_ctx *c, const struct field *f, const struct json *j,
		    enum json_type type)
{
	return bind_expect(c, j, type) == 0 && bind_limit(c, j, f->max_items) == 0;
}

static void load_strings(struct bind_ctx *c, const struct field *f, const struct json *j,
			 void *object)
{
	if (!is_list(c, f, j, JSON_ARRAY))
		return;
	bind_free_field(f, object);
	for (size_t i = 0; i < j->n; i++) {
		size_t mark = bind_enter_index(c, i);

		/* What was refused keeps its place, so that later checks count as the file does. */
		strv_add(member_of(f, object),
			 bind_text(c, j->items[i], f->type) == 0 ? j->items[i]->text : "");
		bind_leave(c, mark);
	}
}

static void load_numbers(struct bind_ctx *c, const struct field *f, const struct json *j,
			 void *object)
{
	uint64_t *items;

	if (!is_list(c, f, j, JSON_ARRAY))
		return;
	bind_free_field(f, object);
	items = mem_array(j->n, sizeof(*items));
	*(uint64_t **)member_of(f, object) = items;
	*count_of(f, object) = j->n;
	for (size_t i = 0; i < j->n; i++) {
		size_t mark = bind_enter_index(c, i);

		(void)!bind_u64(c, j->items[i], f->type, &items[i]);
		bind_leave(c, mark);
	}
}

static void load_map(struct bind_ctx *c, const struct field *f, const struct json *j, void *object)
{
	if (!is_list(c, f, j, JSON_OBJECT))
		return;
	bind_free_field(f, object);
	for (size_t i = 0; i < j->n; i++) {
		const struct json *item = j->items[i];
		size_t mark = bind_enter_key(c, item->key);

		if (check_text(c, item, f->key_type, item->key) == 0 &&
		    bind_text(c, item, f->type) == 0)
			strmap_set(member_of(f, object), item->key, item->text);
		bind_leave(c, mark);
	}
}

static void load_object(struct bind_ctx *c, const struct field *f, const struct json *j,
			void *object)
{
	(void)!bind_load(c, f->shape, j, member_of(f, object));
}

static void load_opt_object(struct bind_ctx *c, const struct field *f, const struct json *j,
			    void *object)
{
	void *p;

	if (bind_expect(c, j, JSON_OBJECT) < 0)
		return;
	bind_free_field(f, object);
	p = mem_zero(f->shape->size);
	*(void **)member_of(f, object) = p;
	bind_init(f->shape, p);
	(void)!bind_load(c, f->shape, j, p);
}

static void load_list(struct bind_ctx *c, const struct field *f, const struct json *j, void *object)
{
	char *items;

	if (!is_list(c, f, j, JSON_ARRAY))
		return;
	bind_free_field(f, object);
	items = mem_array(j->n, f->shape->size);
	*(char **)member_of(f, object) = items;
	*count_of(f, object) = j->n;
	for (size_t i = 0; i < j->n; i++) {
		size_t mark = bind_enter_index(c, i);

		bind_init(f->shape, items + i * f->shape->size);
		(void)!bind_load(c, f->shape, j->items[i], items + i * f->shape->size);
		bind_leave(c, mark);
	}
}

static char **name_of(const struct shape *shape, void *object)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].kind == FIELD_STRING)
			return member_of(&shape->fields[i], object);
	assert(!"a keyed shape has a string member for its name");
	return NULL;
}

static void load_keyed(struct bind_ctx *c, const struct field *f, const struct json *j,
		       void *object)
{
	char *items;

	if (!is_list(c, f, j, JSON_OBJECT))
		return;
	bind_free_field(f, object);
	items = mem_array(j->n, f->shape->size);
	*(char **)member_of(f, object) = items;
	*count_of(f, object) = j->n;
	for (size_t i = 0; i < j->n; i++) {
		const struct json *item = j->items[i];
		size_t mark = bind_enter_key(c, item->key);
		void *target = items + i * f->shape->size;

		bind_init(f->shape, target);
		*name_of(f->shape, target) = mem_strdup(item->key);
		if (check_text(c, item, f->key_type, item->key) == 0)
			(void)!bind_load(c, f->shape, item, target);
		bind_leave(c, mark);
	}
}

static void load_custom(struct bind_ctx *c, const struct field *f, const struct json *j,
			void *object)
{
	(void)f->load(c, j, member_of(f, object)); /* reports through bind_error */
}

typedef void (*load_fn)(struct bind_ctx *c, const struct field *f, const struct json *j,
			void *object);
static const load_fn loaders[] = {
	[FIELD_STRING] = load_string,     [FIELD_BOOL] = load_bool,
	[FIELD_OPT_BOOL] = load_opt_bool, [FIELD_U64] = load_u64,
	[FIELD_I64] = load_i64,           [FIELD_OPT_U64] = load_opt_u64,
	[FIELD_OPT_I64] = load_opt_i64,   [FIELD_STRINGS] = load_strings,
	[FIELD_NUMBERS] = load_numbers,   [FIELD_MAP] = load_map,
	[FIELD_OBJECT] = load_object,     [FIELD_OPT_OBJECT] = load_opt_object,
	[FIELD_LIST] = load_list,         [FIELD_KEYED] = load_keyed,
	[FIELD_CUSTOM] = load_custom,
};

/* --- objects --- */

/* Does the value ask for nothing that would have to be enforced? */
static bool is_inert(const struct field *f, const struct json *j)
{
	if (j->type == JSON_ARRAY)
		return j->n == 0;
	if (!f->inert)
		return false;
	if (j->type == JSON_BOOL)
		return str_eq(f->inert, j->boolean ? "true" : "false");
	return (j->type == JSON_STRING || j->type == JSON_NUMBER) && str_eq(f->inert, j->text);
}

static void refuse_unenforced(struct bind_ctx *c, const struct field *f, const struct json *j)
{
	char buf[SHOWN_SIZE + 2];
	const char *without = f->without ? f->without : "the default holds";

	if (f->inert)
		(void)bind_error(c, j, "unsupported", NULL,
				 "this version cannot enforce %s; left out (or %s), %s",
				 show_value(j, buf), f->inert, without);
	else
		(void)bind_error(c, j, "unsupported", NULL,
				 "this version cannot enforce it; left out, %s", without);
}

static void unknown_key(struct bind_ctx *c, const struct shape *shape, const struct json *j)
{
	struct json at = { .line = j->key_line, .column = j->key_column };
	const char *near = bind_nearest(shape, j->key);

	if (shape->name)
		(void)bind_error(c, &at, "unknown-key", near, "is not a property of %s",
				 shape->name);
	else
		(void)bind_error(c, &at, "unknown-key", near, "is not a property");
}

static void load_member(struct bind_ctx *c, const struct shape *shape, const struct json *j,
			void *object)
{
	const struct field *f = bind_field(shape, j->key);
	size_t mark;
	size_t before = c->errors;

	if (f ? f->flags & FIELD_IGNORED || (j->type == JSON_NULL && !shape->strict)
	      : !shape->strict)
		return;
	mark = bind_enter_key(c, j->key);
	if (!f)
		unknown_key(c, shape, j);
	else
		loaders[f->kind](c, f, j, object);
	if (f && f->flags & FIELD_UNENFORCED && c->errors == before && !is_inert(f, j))
		refuse_unenforced(c, f, j);
	bind_leave(c, mark);
}

static void find_missing(struct bind_ctx *c, const struct shape *shape, const struct json *j)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		const struct json *value;
		size_t mark;

		if (!f->key || !(f->flags & FIELD_REQUIRED))
			continue;
		value = json_get(j, f->key);
		if (value && (value->type != JSON_NULL || shape->strict))
			continue;
		mark = bind_enter_key(c, f->key);
		(void)bind_error(c, j, "missing", NULL, "is required");
		bind_leave(c, mark);
	}
}

int bind_load(struct bind_ctx *c, const struct shape *shape, const struct json *j, void *object)
{
	size_t before = c->errors;

	if (bind_expect(c, j, JSON_OBJECT) < 0)
		return -EINVAL;
	for (size_t i = 0; i < j->n; i++)
		load_member(c, shape, j->items[i], object);
	find_missing(c, shape, j);
	if (shape->check && c->errors == before)
		(void)shape->check(c, j, object); /* reports through bind_error */
	return c->errors == before ? 0 : -EINVAL;
}
