/* output - everything that `zone` prints: results, errors, tables, JSON, colours, the progress bar.
 *
 * People read text: results on standard output, errors and notes on standard error as "zone: ...". Programs read --json: one document on standard
 * output. A verb that changes a zone answers {"ok":true,"zone":NAME,"note":...}; a verb that shows something prints that thing; every failure is
 * {"ok":false,"error":SENTENCE,"code":"ENOENT","problems":[{file,line,column,path,code,message,hint}]}.
 * Colours and the bar appear only on a terminal and without NO_COLOR. */
#ifndef RUNTIME_ZONE_CMD_OUTPUT_H
#define RUNTIME_ZONE_CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/cli.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* --- results --- */
/* The verb failed. Prints the error and returns CLI_FAILED. */
int output_error(const struct cli_args *a, const struct err *e);
/* The same with every problem on a line of its own; when `problems` is empty or NULL the error stands alone. */
int output_problems(const struct cli_args *a, const struct diag_list *problems,
		    const struct err *e);
/* The verb succeeded. `note` (may be NULL) is what the caller should know ("zone "web" is already running"); `next` (may be NULL) is advice that is
 * shown on a terminal only ("next: zone install web"). Returns CLI_DONE. */
int output_done(const struct cli_args *a, const char *zone, const char *note, const char *next);
/* r < 0: output_error, else output_done without advice. */
int output_result(const struct cli_args *a, const char *zone, int r, const char *note,
		  const struct err *e);
/* Print a document; returns CLI_DONE. */
int output_json(const struct json *j);
/* "ENOENT" for ENOENT; "E?" never: unknown numbers are "EIO". */
const char *output_errno_word(int code);

/* --- colours --- */
enum output_colour {
	OUTPUT_PLAIN,
	OUTPUT_BOLD,
	OUTPUT_DIM,
	OUTPUT_RED,
	OUTPUT_GREEN,
	OUTPUT_YELLOW,
	OUTPUT_BLUE
};
/* Escape sequence for standard output, "" when there is to be no colour. */
const char *output_colour(enum output_colour c);

/* --- tables --- */
enum { OUTPUT_COLUMNS_MAX = 16 };
struct output_table {
	const char *heads[OUTPUT_COLUMNS_MAX]; /* NULL ends; printed in bold on a terminal */
	struct strv cells;                     /* row by row; control characters are shown as '?' */
	enum output_colour (*colour)(const char *head, const char *cell); /* may be NULL */
	void (*below)(size_t row, void *arg); /* prints lines of its own under a row; may be NULL */
	void *arg;
};
/* Print a text as a line of its own behind `indent` blanks, with '?' for control characters. */
void output_line(int indent, const char *text);
/* Columns padded to the widest cell, two blanks between; the last one is not padded. With `heads_too` false only the rows. */
void output_table_print(const struct output_table *t, bool heads_too);
void output_table_done(struct output_table *t);

/* --- progress --- */
/* Fits zone_install.progress: a bar on standard error when that is a terminal, nothing otherwise. `arg` is a struct output_progress. */
struct output_progress {
	unsigned long long shown_ms; /* when the bar was last drawn */
	bool drawn;
};
void output_progress(void *arg, const char *what, unsigned long long done,
		     unsigned long long total);
/* For what is counted in files. */
void output_progress_files(struct output_progress *p, const char *what, unsigned long long n);
void output_progress_end(
	struct output_progress *p); /* takes the bar away; call before anything is printed */

#endif
