/* zrun ps - pids as JSON, or the lines of ps(1) that belong to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/zrun_cmd/commands.h"

enum { PS_OUTPUT_MAX = 16 << 20, PS_TIMEOUT_MS = 10000 };

static void print_json(const pid_t *pids, size_t n)
{
	auto_ptr(json) struct json *list = json_new_array();

	for (size_t i = 0; i < n; i++)
		(void)json_add(list, json_new_i64(pids[i]));
	auto_free char *text = json_print(list, false);

	(void)puts(text);
}

/* Words of a line, runs of blanks counted once. */
static void words_of(const char *line, struct strv *ret)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, line, ' ');
	for (size_t i = 0; i < parts.n; i++) {
		if (!str_empty(parts.items[i]))
			strv_add(ret, parts.items[i]);
	}
}

static bool is_wanted(const char *line, size_t column, const pid_t *pids, size_t n)
{
	auto_done(strv) struct strv words = { 0 };
	uint32_t pid;

	words_of(line, &words);
	if (column >= words.n || num_u32(words.items[column], &pid) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((uint32_t)pids[i] == pid)
			return true;
	}
	return false;
}

static int print_table(const struct cli_args *a, const pid_t *pids, size_t n, struct err *e)
{
	auto_done(strv) struct strv argv = { 0 }, lines = { 0 }, head = { 0 };
	auto_free char *output = NULL;
	size_t column = 0;

	strv_add(&argv, "ps");
	for (size_t i = 1; i < a->positional.n; i++)
		strv_add(&argv, a->positional.items[i]);
	if (argv.n == 1)
		strv_add(&argv, "-ef");
	int r = proc_run("/usr/bin/ps", argv.items, PS_OUTPUT_MAX, PS_TIMEOUT_MS, &output, e);

	if (r < 0)
		return r;
	strv_split(&lines, output, '\n');
	if (lines.n == 0)
		return 0;
	words_of(lines.items[0], &head);
	while (column < head.n && !str_eq(head.items[column], "PID"))
		column++;
	(void)puts(lines.items[0]);
	for (size_t i = 1; i < lines.n; i++) {
		if (is_wanted(lines.items[i], column, pids, n))
			(void)puts(lines.items[i]);
	}
	return 0;
}

int zrun_ps(struct cli_args *a)
{
	struct engine_container *c = NULL;
	auto_free pid_t *pids = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int r = zrun_open(a, false, &c, &e);

	if (r == 0)
		r = engine_ps(c, &pids, &n, &e);
	if (r == 0 && str_eq(cli_value(a, "format", "table"), "json"))
		print_json(pids, n);
	else if (r == 0)
		r = print_table(a, pids, n, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : fflush(stdout) < 0 ? CLI_FAILED : CLI_DONE;
}
