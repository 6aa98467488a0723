/* output - see output.h. Whatever comes from outside is shown without its control characters: a name in an archive must not move the cursor of an administrator. */
#include "runtime/zone_cmd/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"

enum { PROGRESS_INTERVAL_MS = 100, BAR_WIDTH = 30 };

/* --- results ------------------------------------------------------------------------------------------------------ */

const char *output_errno_word(int code)
{
	const char *word = code > 0 ? strerrorname_np(code) : NULL;

	return word ? word : "EIO";
}

int output_json(const struct json *j)
{
	auto_free char *text = json_print(j, true);

	(void)printf("%s\n", text);
	return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

int output_problems(const struct cli_args *a, const struct diag_list *problems, const struct err *e)
{
	size_t n = problems ? problems->n : 0;

	if (cli_has(a, "json")) {
		auto_ptr(json) struct json *j = json_new_object();

		json_set(j, "ok", json_new_bool(false));
		json_set(j, "error", json_new_string(e->text));
		json_set(j, "code", json_new_string(output_errno_word(e->code)));
		if (n > 0)
			json_set(j, "problems", diag_json(problems));
		(void)output_json(j);
		return CLI_FAILED;
	}
	if (n == 0) {
		log_err(e);
		return CLI_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		auto_free char *line = diag_text(problems, i);

		log_error("%s", line);
	}
	if (problems->dropped > 0)
		log_error("and %zu more", problems->dropped);
	return CLI_FAILED;
}

int output_error(const struct cli_args *a, const struct err *e)
{
	return output_problems(a, NULL, e);
}

int output_done(const struct cli_args *a, const char *zone, const char *note, const char *next)
{
	if (cli_has(a, "json")) {
		auto_ptr(json) struct json *j = json_new_object();

		json_set(j, "ok", json_new_bool(true));
		if (zone)
			json_set(j, "zone", json_new_string(zone));
		if (note)
			json_set(j, "note", json_new_string(note));
		return output_json(j);
	}
	if (note)
		(void)fprintf(stderr, "zone: %s\n", note);
	if (next && isatty(STDOUT_FILENO))
		(void)printf("%s%s%s\n", output_colour(OUTPUT_DIM), next,
			     output_colour(OUTPUT_PLAIN));
	return CLI_DONE;
}

int output_result(const struct cli_args *a, const char *zone, int r, const char *note,
		  const struct err *e)
{
	return r < 0 ? output_error(a, e) : output_done(a, zone, note, NULL);
}

/* --- colours ------------------------------------------------------------------------------------------------------ */

const char *output_colour(enum output_colour c)
{
	static const char *const sequences[] = {
		[OUTPUT_PLAIN] = "\033[0m",  [OUTPUT_BOLD] = "\033[1m",
		[OUTPUT_DIM] = "\033[2m",    [OUTPUT_RED] = "\033[31m",
		[OUTPUT_GREEN] = "\033[32m", [OUTPUT_YELLOW] = "\033[33m",
		[OUTPUT_BLUE] = "\033[34m",
	};

	return cli_is_terminal(STDOUT_FILENO) ? sequences[c] : "";
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* Characters, not bytes: what does not begin a UTF-8 sequence takes no place. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *text, size_t width, const char *colour, bool last)
{
	const char *plain = *colour ? output_colour(OUTPUT_PLAIN) : "";
	unsigned char before = 0;

	(void)fputs(colour, stdout);
	for (const char *p = text; *p; p++)
		(void)putchar(str_harmless(&before, *p));
	(void)fputs(plain, stdout);
	for (size_t n = width_of(text); !last && n < width + 2; n++)
		(void)putchar(' ');
}

static size_t count_columns(const struct output_table *t)
{
	size_t n = 0;

	while (n < OUTPUT_COLUMNS_MAX && t->heads[n])
		n++;
	return n;
}

static void end_row(const struct output_table *t, size_t row)
{
	(void)putchar('\n');
	if (t->below)
		t->below(row, t->arg);
}

void output_line(int indent, const char *text)
{
	(void)printf("%*s", indent, "");
	print_cell(text, 0, "", true);
	(void)putchar('\n');
}

void output_table_print(const struct output_table *t, bool heads_too)
{
	size_t columns = count_columns(t);
	size_t widths[OUTPUT_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; heads_too && i < columns; i++)
		widths[i] = width_of(t->heads[i]);
	for (size_t i = 0; columns > 0 && i < t->cells.n; i++) {
		size_t w = width_of(t->cells.items[i]);

		if (w > widths[i % columns])
			widths[i % columns] = w;
	}
	for (size_t i = 0; heads_too && i < columns; i++)
		print_cell(t->heads[i], widths[i], output_colour(OUTPUT_BOLD), i + 1 == columns);
	if (heads_too)
		(void)putchar('\n');
	for (size_t i = 0; columns > 0 && i < t->cells.n; i++) {
		size_t column = i % columns;
		const char *cell = t->cells.items[i];
		enum output_colour c = t->colour ? t->colour(t->heads[column], cell) : OUTPUT_PLAIN;

		print_cell(cell, widths[column], c == OUTPUT_PLAIN ? "" : output_colour(c),
			   column + 1 == columns);
		if (column + 1 == columns)
			end_row(t, i / columns);
	}
}

void output_table_done(struct output_table *t)
{
	strv_done(&t->cells);
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

static unsigned long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000;
}

/* Is it time to draw? */
static bool progress_is_due(struct output_progress *p)
{
	unsigned long long now = now_ms();

	if (!cli_is_terminal(STDERR_FILENO) ||
	    (p->drawn && now - p->shown_ms < PROGRESS_INTERVAL_MS))
		return false;
	p->shown_ms = now;
	p->drawn = true;
	return true;
}

void output_progress_files(struct output_progress *p, const char *what, unsigned long long n)
{
	if (progress_is_due(p))
		(void)fprintf(stderr, "\r\033[K%s  %llu files", what, n);
}

void output_progress(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	struct output_progress *p = arg;

	if (!progress_is_due(p))
		return;
	if (total == 0) {
		(void)fprintf(stderr, "\r\033[K%s  %llu MiB", what, done >> 20);
		return;
	}
	if (done > total)
		done = total;
	int filled = (int)((double)done / (double)total * BAR_WIDTH);

	(void)fprintf(stderr, "\r\033[K%s  [%.*s%.*s] %3d %%  %llu of %llu MiB", what, filled,
		      "##############################", BAR_WIDTH - filled,
		      "..............................", (int)((double)done / (double)total * 100),
		      done >> 20, total >> 20);
}

void output_progress_end(struct output_progress *p)
{
	if (p->drawn)
		(void)fputs("\r\033[K", stderr);
	p->drawn = false;
}
