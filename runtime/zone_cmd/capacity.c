/* zone capacity - what zones were promised against what there is, for the host and for each tenant. */
#include "runtime/zone/capacity.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { NUMBER_MAX = 32 };

/* Amounts for people: two digits more than the unit are enough. */
static char *amount(enum capacity_resource r, uint64_t v)
{
	static const char units[] = "BKMGTP";
	char text[NUMBER_MAX];
	size_t unit = 0;

	if (r == CAPACITY_LWPS)
		return mem_format("%llu", (unsigned long long)v);
	if (r == CAPACITY_CPU) {
		num_milli_text(v, text, sizeof(text));
		return mem_strdup(text);
	}
	double scaled = (double)v;

	while (scaled >= 1024 && units[unit + 1]) {
		scaled /= 1024;
		unit++;
	}
	return unit == 0 ? mem_format("%llu", (unsigned long long)v)
			 : mem_format("%.*f%c", scaled < 100 ? 1 : 0, scaled, units[unit]);
}

static char *promise(const struct capacity_row *row, const struct capacity_promise *p)
{
	auto_free char *sum = amount(row->resource, p->sum);

	if (!row->present.set || row->present.value == 0)
		return ptr_steal(&sum);
	return mem_format("%s (%.0f %%)", sum, 100.0 * (double)p->sum / (double)row->present.value);
}

static char *optional(enum capacity_resource r, const struct opt_u64 *v)
{
	return v->set ? amount(r, v->value) : mem_strdup("-");
}

static enum output_colour colour(const char *head, const char *cell)
{
	(void)head;
	return str_eq(cell, "over") ? OUTPUT_RED : OUTPUT_PLAIN;
}

static void print_table(const struct capacity_row *rows, size_t n)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "OF", "RESOURCE", "PRESENT", "PROMISED", "RUNNING", "USED", "NO CAP",
			   "" },
		.colour = colour,
	};

	for (size_t i = 0; i < n; i++) {
		const struct capacity_row *row = &rows[i];

		strv_take(&t.cells,
			  row->tenant ? mem_format("@%s", row->tenant) : mem_strdup("host"));
		strv_add(&t.cells, capacity_word(row->resource));
		strv_take(&t.cells, optional(row->resource, &row->present));
		strv_take(&t.cells, promise(row, &row->all));
		strv_take(&t.cells, promise(row, &row->running));
		strv_take(&t.cells, optional(row->resource, &row->used));
		strv_format(&t.cells, "%u", row->all.without);
		strv_add(&t.cells, capacity_is_over(row) ? "over" : "");
	}
	output_table_print(&t, true);
}

static struct json *number(const struct opt_u64 *v)
{
	return v->set ? json_new_u64(v->value) : json_new_null();
}

static void set_promise(struct json *row, const char *key, const struct capacity_promise *p)
{
	struct json *j = json_set(row, key, json_new_object());

	json_set(j, "sum", json_new_u64(p->sum));
	json_set(j, "withoutCap", json_new_u64(p->without));
}

static int print_json(const struct capacity_row *rows, size_t n)
{
	auto_ptr(json) struct json *array = json_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json *row = json_add(array, json_new_object());

		json_set(row, "tenant",
			 rows[i].tenant ? json_new_string(rows[i].tenant) : json_new_null());
		json_set(row, "resource", json_new_string(capacity_word(rows[i].resource)));
		json_set(row, "present", number(&rows[i].present));
		set_promise(row, "promised", &rows[i].all);
		set_promise(row, "running", &rows[i].running);
		json_set(row, "used", number(&rows[i].used));
		json_set(row, "over", json_new_bool(capacity_is_over(&rows[i])));
	}
	return output_json(array);
}

int zone_cmd_capacity(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct capacity_row *rows = NULL;
	struct err e = { 0 };
	bool over = false;
	size_t n = 0;

	if (!d)
		return CLI_FAILED;
	if (zone_capacity(d, &rows, &n, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		(void)print_json(rows, n);
	else
		print_table(rows, n);
	for (size_t i = 0; i < n; i++)
		over = over || capacity_is_over(&rows[i]);
	capacity_free(rows, n);
	return over && cli_has(a, "check") ? CLI_FAILED : CLI_DONE;
}
