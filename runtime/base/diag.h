/* diag - many errors at once, each with its place in a file.
 *
 * Prints as  FILE:LINE:COL: PATH: message (did you mean "hint"?)  or as JSON objects
 * {file,line,column,path,code,message,hint}. Order of insertion is kept. At most 100 are kept; then one line says how many more there were. */
#ifndef RUNTIME_BASE_DIAG_H
#define RUNTIME_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

struct json;

struct diag {
	int line, column; /* 0: unknown */
	char *path;       /* "anet[0].allowedAddress[1]"; "" for the file as a whole */
	char *code; /* stable word: "unknown-key", "type", "range", "syntax", "duplicate", "conflict", "missing", "host" ... */
	char *message;
	char *hint; /* NULL or a way out */
};

struct diag_list {
	const char *file; /* borrowed; shown in front; NULL: none */
	struct diag *items;
	size_t n; /* kept */
	size_t dropped;
};

/* The place of an error; 0, 0 when it is not known. */
struct diag_place {
	int line, column;
};
#define DIAG_AT(at_line, at_column) \
	((struct diag_place){ .line = (at_line), .column = (at_column) })

void diag_add(struct diag_list *l, struct diag_place at, const char *path, const char *code,
	      const char *hint, const char *fmt, ...) PRINTF_LIKE(6, 7);
void diag_done(struct diag_list *l);
#define diag_list_done diag_done

/* One diagnostic as a line without newline; freshly allocated. With i == n: the line that says how many were dropped. */
char *diag_text(const struct diag_list *l, size_t i);
/* JSON array of objects. */
struct json *diag_json(const struct diag_list *l);
/* The whole list as an error value: the first line, and " (and N more)". Returns -EINVAL. */
int diag_err(const struct diag_list *l, struct err *e);

#endif
