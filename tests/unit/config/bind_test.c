#include "config/bind.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "tests/unit/test.h"

/* One member of every kind. */
struct inner {
	char *name;
	uint64_t weight;
};
struct every {
	char *text;
	bool flag, needed_flag;
	struct opt_bool opt_flag;
	uint64_t number, needed_number, size;
	int64_t small;
	struct opt_u64 opt_number, cpus;
	struct opt_i64 opt_small;
	struct strv texts;
	uint64_t *numbers;
	size_t n_numbers;
	struct strmap map;
	struct inner embedded;
	struct inner *maybe;
	struct inner *list;
	size_t n_list;
	struct inner *keyed;
	size_t n_keyed;
	int custom; /* 0: absent; saved as a text of that many "x" */
	char *unnamed;
};

static void init_inner(void *object)
{
	((struct inner *)object)->weight = 7;
}

static const struct field inner_fields[] = {
	{ .key = "name", .kind = FIELD_STRING, .offset = offsetof(struct inner, name) },
	{ .key = "weight", .kind = FIELD_U64, .offset = offsetof(struct inner, weight) },
};
static const struct shape inner_shape = { .name = "inner",
					  .size = sizeof(struct inner),
					  .fields = inner_fields,
					  .n = 2,
					  .init = init_inner };

static const struct field keyed_fields[] = {
	{ .kind = FIELD_STRING, .offset = offsetof(struct inner, name) },
	{ .key = "weight", .kind = FIELD_U64, .offset = offsetof(struct inner, weight) },
};
static const struct shape keyed_shape = {
	.name = "keyed", .size = sizeof(struct inner), .fields = keyed_fields, .n = 2
};

static int load_custom(struct bind_ctx *c, const struct json *j, void *member)
{
	if (bind_expect(c, j, JSON_STRING) < 0)
		return -EINVAL;
	*(int *)member = (int)strlen(j->text);
	return 0;
}
static struct json *save_custom(const void *member)
{
	char buf[16] = "";

	memset(buf, 'x', (size_t) * (const int *)member);
	return *(const int *)member ? json_new_string(buf) : NULL;
}
static void done_custom(void *member)
{
	*(int *)member = 0;
}

static const struct value_type size_type = { .name = "size",
					     .parse = num_size,
					     .format = num_size_text };
static const struct value_type cpus_type = {
	.name = "number of CPUs", .parse = num_milli, .format = num_milli_text, .numeric = true
};

#define AT(m) .offset = offsetof(struct every, m)
static const struct field fields[] = {
	{ .key = "text", .kind = FIELD_STRING, AT(text) },
	{ .key = "flag", .kind = FIELD_BOOL, AT(flag) },
	{ .key = "neededFlag", .kind = FIELD_BOOL, .flags = FIELD_REQUIRED, AT(needed_flag) },
	{ .key = "optFlag", .kind = FIELD_OPT_BOOL, AT(opt_flag) },
	{ .key = "number", .kind = FIELD_U64, AT(number) },
	{ .key = "neededNumber", .kind = FIELD_U64, .flags = FIELD_REQUIRED, AT(needed_number) },
	{ .key = "size", .kind = FIELD_U64, AT(size), .type = &size_type },
	{ .key = "small", .kind = FIELD_I64, AT(small) },
	{ .key = "optNumber", .kind = FIELD_OPT_U64, AT(opt_number) },
	{ .key = "cpus", .kind = FIELD_OPT_U64, AT(cpus), .type = &cpus_type },
	{ .key = "optSmall", .kind = FIELD_OPT_I64, AT(opt_small) },
	{ .key = "texts", .kind = FIELD_STRINGS, AT(texts) },
	{ .key = "numbers",
	  .kind = FIELD_NUMBERS,
	  AT(numbers),
	  .count_offset = offsetof(struct every, n_numbers) },
	{ .key = "map", .kind = FIELD_MAP, AT(map) },
	{ .key = "embedded", .kind = FIELD_OBJECT, AT(embedded), .shape = &inner_shape },
	{ .key = "maybe", .kind = FIELD_OPT_OBJECT, AT(maybe), .shape = &inner_shape },
	{ .key = "list",
	  .kind = FIELD_LIST,
	  AT(list),
	  .count_offset = offsetof(struct every, n_list),
	  .shape = &inner_shape },
	{ .key = "keyed",
	  .kind = FIELD_KEYED,
	  AT(keyed),
	  .count_offset = offsetof(struct every, n_keyed),
	  .shape = &keyed_shape },
	{ .key = "custom",
	  .kind = FIELD_CUSTOM,
	  AT(custom),
	  .load = load_custom,
	  .save = save_custom,
	  .done = done_custom },
	{ .key = "ignored", .kind = FIELD_STRING, .flags = FIELD_IGNORED },
	{ .kind = FIELD_STRING, AT(unnamed) },
};
static const struct shape every_shape = {
	.name = "every", .size = sizeof(struct every), .fields = fields, .n = BIND_COUNT(fields)
};

static const char full[] =
	"{\"text\":\"t\",\"flag\":true,\"neededFlag\":true,\"optFlag\":false,\"number\":18446744073709551615,\"neededNumber\":3,\"size\":\"1.5G\","
	"\"small\":-9223372036854775808,\"optNumber\":0,\"cpus\":1.5,\"optSmall\":-1,\"texts\":[\"a\",\"\"],\"numbers\":[1,0,3],"
	"\"map\":{\"k\":\"v\",\"\":\"\"},\"embedded\":{\"name\":\"e\",\"weight\":1},\"maybe\":{\"weight\":2},\"list\":[{\"name\":\"l\",\"weight\":7},{\"weight\":9}],"
	"\"keyed\":{\"one\":{\"weight\":1},\"two\":{}},\"custom\":\"xxx\"}";

static char *saved(const struct every *o)
{
	auto_ptr(json) struct json *j = bind_save(&every_shape, o);

	return json_print(j, false);
}

static void load(const char *text, struct every *o)
{
	auto_ptr(json) struct json *j = NULL;
	struct bind_ctx c = { 0 };
	struct err e;

	bind_init(&every_shape, o);
	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	CHECK_INT(bind_load(&c, &every_shape, j, o), 0);
	CHECK_INT(c.errors, 0);
	bind_ctx_done(&c);
}

static void test_round_trip(void)
{
	struct every o = { 0 };
	struct every copy = { 0 };

	load(full, &o);
	auto_free char *text = saved(&o);

	CHECK_STR(text, full);
	CHECK(o.size == 3u << 29);
	CHECK_INT(o.cpus.value, 1500);
	CHECK_INT(o.custom, 3);
	CHECK_STR(o.keyed[1].name, "two");
	bind_copy(&every_shape, &o, &copy);
	bind_free(&every_shape, &o);
	auto_free char *copied = saved(&copy);

	CHECK_STR(copied, full);
	bind_free(&every_shape, &copy);
}

static void test_free_zeroes(void)
{
	static const struct every zero;
	struct every o = { 0 };

	load(full, &o);
	o.unnamed = mem_strdup("released as well");
	bind_free(&every_shape, &o);
	CHECK(memcmp(&o, &zero, offsetof(struct every, unnamed)) == 0);
	CHECK(!o.unnamed);
	bind_free(&every_shape, &o);
	bind_free(&every_shape, NULL);
}

static void test_absent(void)
{
	struct every o = { 0 };

	auto_free char *text = saved(&o);

	CHECK_STR(text, "{\"neededFlag\":false,\"neededNumber\":0}");
	o.maybe = mem_zero(sizeof(*o.maybe));
	auto_free char *with_empty = saved(&o);

	CHECK_STR(with_empty, "{\"neededFlag\":false,\"neededNumber\":0,\"maybe\":{}}");
	bind_free(&every_shape, &o);
}

static void test_init(void)
{
	struct every o = { 0 };

	bind_init(&every_shape, &o);
	CHECK_INT(o.embedded.weight, 7);
	bind_free(&every_shape, &o);
	CHECK_INT(o.embedded.weight, 0);
}

static void test_rows(void)
{
	struct every o = { .text = (char *)"x" };
	auto_ptr(json) struct json *j = bind_save_field(bind_field(&every_shape, "text"), &o);

	CHECK_STR(j ? j->text : NULL, "x");
	CHECK(!bind_save_field(bind_field(&every_shape, "list"), &o));
	CHECK(!bind_save_field(bind_field(&every_shape, "ignored"), &o));
	CHECK(!bind_field(&every_shape, "Text"));
	CHECK_STR(bind_nearest(&every_shape, "Text"), "text");
	CHECK_STR(bind_nearest(&every_shape, "optnumber"), "optNumber");
	CHECK(!bind_nearest(&every_shape, "somethingelse"));
	CHECK(!bind_nearest(&every_shape, "ignore"));
	o.texts = (struct strv){ 0 };
	strv_add(&o.texts, "a");
	bind_free_field(bind_field(&every_shape, "texts"), &o);
	CHECK_INT(o.texts.n, 0);
}

int main(void)
{
	test_round_trip();
	test_free_zeroes();
	test_absent();
	test_init();
	test_rows();
	return test_done();
}
