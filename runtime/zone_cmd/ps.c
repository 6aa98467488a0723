/* zone ps - the processes of a zone. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static char *number(int64_t v)
{
	return v < 0 ? mem_strdup("-") : mem_format("%lld", (long long)v);
}

static void print_table(const struct zone_process *list, size_t n)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "PID", "INNER", "UID", "STATE", "MEMORY", "TIME", "COMMAND" }
	};

	for (size_t i = 0; i < n; i++) {
		const struct zone_process *p = &list[i];

		strv_take(&t.cells, number(p->pid));
		strv_take(&t.cells, number(p->inner_pid));
		strv_take(&t.cells, number(p->uid));
		strv_format(&t.cells, "%c", p->state);
		strv_format(&t.cells, "%lluK", (unsigned long long)(p->memory / 1024));
		strv_format(&t.cells, "%lld:%02lld.%02lld", (long long)(p->cpu_ms / 60000),
			    (long long)(p->cpu_ms / 1000 % 60), (long long)(p->cpu_ms / 10 % 100));
		strv_add(&t.cells, p->command);
	}
	output_table_print(&t, true);
}

static int print_json(const struct zone_process *list, size_t n)
{
	auto_ptr(json) struct json *array = json_new_array();

	for (size_t i = 0; i < n; i++) {
		const char state[] = { list[i].state, '\0' };
		struct json *row = json_add(array, json_new_object());

		json_set(row, "pid", json_new_i64(list[i].pid));
		json_set(row, "innerPid", json_new_i64(list[i].inner_pid));
		json_set(row, "uid", json_new_i64(list[i].uid));
		json_set(row, "state", json_new_string(state));
		json_set(row, "memoryBytes", json_new_u64(list[i].memory));
		json_set(row, "cpuMilliseconds", json_new_i64(list[i].cpu_ms));
		json_set(row, "command", json_new_string(list[i].command));
	}
	return output_json(array);
}

int zone_cmd_ps(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct zone_process *list = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int code = CLI_DONE;

	if (!d)
		return CLI_FAILED;
	if (zone_ps(d, a->positional.items[0], &list, &n, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		code = print_json(list, n);
	else
		print_table(list, n);
	zone_processes_free(list, n);
	return code;
}
