/* zone tenant - the limits that zones share. Without words it lists, with a name it shows, with PATH=VALUE it makes or changes. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { NUMBER_MAX = 32 };

/* --- one ---------------------------------------------------------------------------------------------------------- */

static void set_used(struct json *to, const char *key, const struct opt_u64 *v)
{
	if (v->set)
		(void)json_set(to, key, json_new_u64(v->value));
}

/* {"tenant":..., "limits":{what its file says}, "zones":[...], "usage":{...} or null} */
static int tenant_json(const struct zone_dirs *d, const char *name, struct json **ret,
		       struct err *e)
{
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	auto_ptr(json) struct json *j = json_new_object();
	auto_done(strv) struct strv zones = { 0 };
	struct cgroup_stats s = { 0 };
	struct err none = { 0 };
	int r = tenant_read(d, name, &t, e);

	if (r == 0)
		r = tenant_zones(d, name, &zones, e);
	if (r < 0)
		return r;
	json_set(j, "tenant", json_new_string(name));
	struct json *limits = json_set(j, "limits", tenant_spec_save(t));

	(void)json_unset(limits, "tenant");
	struct json *list = json_set(j, "zones", json_new_array());

	for (size_t i = 0; i < zones.n; i++)
		json_add(list, json_new_string(zones.items[i]));
	if (tenant_stats(d, name, &s, &none) < 0) {
		json_set(j, "usage", json_new_null());
	} else {
		struct json *used = json_set(j, "usage", json_new_object());

		set_used(used, "memory", &s.memory);
		set_used(used, "memoryLimit", &s.memory_limit);
		set_used(used, "swap", &s.swap);
		set_used(used, "lwps", &s.pids);
		set_used(used, "lwpsLimit", &s.pids_limit);
		set_used(used, "cpuLimit", &s.cpu_limit);
		set_used(used, "cpuNanoseconds", &s.cpu_ns);
		set_used(used, "outOfMemoryKills", &s.oom_kills);
	}
	*ret = ptr_steal(&j);
	return 0;
}

/* "limits.cappedMemory.physical  2G", a line each. */
static void print_leaf(const char *path, const struct json *j)
{
	if (j->type == JSON_OBJECT || j->type == JSON_ARRAY) {
		for (size_t i = 0; i < j->n; i++) {
			auto_free char *below =
				j->type == JSON_OBJECT
					? mem_format("%s%s%s", path, *path ? "." : "",
						     j->items[i]->key)
					: mem_format("%s[%zu]", path, i);

			print_leaf(below, j->items[i]);
		}
		return;
	}
	auto_free char *text = j->type == JSON_STRING ? mem_strdup(j->text) : json_print(j, false);
	auto_free char *line = mem_format("%-32s %s", path, text);

	output_line(0, line);
}

static int show(struct cli_args *a, const struct zone_dirs *d, const char *name)
{
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	if (tenant_json(d, name, &j, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(j);
	print_leaf("", j);
	return CLI_DONE;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static char *size_or(const struct opt_u64 *v)
{
	char text[NUMBER_MAX];

	if (!v->set)
		return mem_strdup("-");
	num_size_text(v->value, text, sizeof(text));
	return mem_strdup(text);
}

static char *count_or(const struct opt_u64 *v)
{
	return v->set ? mem_format("%llu", (unsigned long long)v->value) : mem_strdup("-");
}

static char *cpus_or(const struct zone_cpu_cap *cap)
{
	char text[NUMBER_MAX];

	if (!cap)
		return mem_strdup("-");
	num_milli_text(cap->ncpus.value, text, sizeof(text));
	return mem_strdup(text);
}

static int add_row(const struct zone_dirs *d, const char *name, struct strv *cells, struct err *e)
{
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	auto_done(strv) struct strv zones = { 0 };
	struct opt_u64 none = { 0 };
	int r = tenant_read(d, name, &t, e);

	if (r == 0)
		r = tenant_zones(d, name, &zones, e);
	if (r < 0)
		return r;
	auto_free char *list = strv_join(&zones, ",");

	strv_add(cells, name);
	strv_take(cells, cpus_or(t->capped_cpu));
	strv_take(cells, count_or(&t->cpu_shares));
	strv_take(cells, size_or(t->capped_memory ? &t->capped_memory->physical : &none));
	strv_take(cells, size_or(t->capped_memory ? &t->capped_memory->swap : &none));
	strv_take(cells, count_or(&t->max_lwps));
	strv_add(cells, zones.n ? list : "-");
	return 0;
}

static int list_json(struct cli_args *a, const struct zone_dirs *d, const struct strv *names)
{
	auto_ptr(json) struct json *array = json_new_array();
	struct err e = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		struct json *j = NULL;

		if (tenant_json(d, names->items[i], &j, &e) < 0)
			return output_error(a, &e);
		json_add(array, j);
	}
	return output_json(array);
}

static int list(struct cli_args *a, const struct zone_dirs *d)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "TENANT", "CPU", "SHARES", "MEMORY", "SWAP", "LWPS", "ZONES" }
	};
	auto_done(strv) struct strv names = { 0 };
	struct err e = { 0 };

	if (tenant_names(d, &names, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return list_json(a, d, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (add_row(d, names.items[i], &t.cells, &e) < 0)
			return output_error(a, &e);
	}
	output_table_print(&t, true);
	return CLI_DONE;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static int change(struct cli_args *a, const struct zone_dirs *d, const char *name,
		  const struct strv *sets)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct strv clears = { 0 };
	struct err e = { 0 };
	int r;

	for (size_t i = 0; i < a->repeated.n; i++) {
		const char *path = str_after(a->repeated.items[i], "clear=");

		if (path)
			strv_add(&clears, path);
	}
	r = tenant_set(d, name, sets, &clears, &diags, &e);
	strv_done(&clears);
	return r < 0 ? output_problems(a, &diags, &e) : output_done(a, NULL, NULL, NULL);
}

int zone_cmd_tenant(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_done(strv) struct strv sets = { 0 };
	bool is_change = a->positional.n > 1 || cli_has(a, "clear");
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if ((cli_has(a, "delete") || cli_has(a, "clear")) && a->positional.n == 0)
		return cli_usage(a, "which tenant?");
	if (cli_has(a, "delete") && is_change)
		return cli_usage(a, "--delete takes a name and nothing else");
	if (a->positional.n == 0)
		return list(a, d);
	const char *name = a->positional.items[0];

	if (cli_has(a, "delete"))
		return tenant_delete(d, name, &e) < 0 ? output_error(a, &e)
						      : output_done(a, NULL, NULL, NULL);
	for (size_t i = 1; i < a->positional.n; i++)
		strv_add(&sets, a->positional.items[i]);
	return is_change ? change(a, d, name, &sets) : show(a, d, name);
}
