/* diag - a list that stops growing at a bound, so that a hostile file cannot make us print
 * without end.
 *
 * A hint that is a single word is a guess at what was meant and is printed as a question; a
 * longer one is advice and is printed as it is. */
#include "runtime/base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { DIAG_MAX = 100 };

void diag_add(struct diag_list *l, struct diag_place at, const char *path, const char *code,
	      const char *hint, const char *fmt, ...)
{
	char *message = NULL;
	va_list args;

	if (l->n >= DIAG_MAX) {
		l->dropped++;
		return;
	}
	va_start(args, fmt);
	int n = vasprintf(&message, fmt, args);
	va_end(args);
	if ((l->n & (l->n - 1)) == 0)
		l->items = mem_grow(l->items, l->n ? l->n * 2 : 1, sizeof(*l->items));
	l->items[l->n++] = (struct diag){
		.line = at.line,
		.column = at.column,
		.path = mem_strdup(path ? path : ""),
		.code = mem_strdup(code),
		.message = n < 0 ? mem_strdup(fmt) : message,
		.hint = mem_strdup(hint),
	};
}

void diag_done(struct diag_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].path);
		free(l->items[i].code);
		free(l->items[i].message);
		free(l->items[i].hint);
	}
	free(l->items);
	*l = (struct diag_list){ .file = l->file };
}

char *diag_text(const struct diag_list *l, size_t i)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	if (l->file)
		strbuf_format(&b, "%s:", l->file);
	if (i >= l->n) {
		strbuf_format(&b, "%s%zu more errors are not shown", b.len > 0 ? " " : "",
			      l->dropped);
		return strbuf_steal(&b);
	}
	const struct diag *d = &l->items[i];

	if (d->line > 0)
		strbuf_format(&b, "%d:%d:", d->line, d->column);
	if (b.len > 0)
		strbuf_add_char(&b, ' ');
	if (!str_empty(d->path))
		strbuf_format(&b, "%s: ", d->path);
	strbuf_add(&b, d->message);
	if (d->hint)
		strbuf_format(&b, strchr(d->hint, ' ') ? " (%s)" : " (did you mean \"%s\"?)",
			      d->hint);
	return strbuf_steal(&b);
}

struct json *diag_json(const struct diag_list *l)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct diag *d = &l->items[i];
		struct json *o = json_add(array, json_new_object());

		json_set(o, "file", l->file ? json_new_string(l->file) : json_new_null());
		json_set(o, "line", json_new_i64(d->line));
		json_set(o, "column", json_new_i64(d->column));
		json_set(o, "path", json_new_string(d->path));
		json_set(o, "code", json_new_string(d->code));
		json_set(o, "message", json_new_string(d->message));
		json_set(o, "hint", d->hint ? json_new_string(d->hint) : json_new_null());
	}
	return array;
}

int diag_err(const struct diag_list *l, struct err *e)
{
	if (l->n == 0)
		return err_set(e, EINVAL, "the input is not valid");
	auto_free char *first = diag_text(l, 0);
	size_t more = l->n - 1 + l->dropped;

	if (more == 0)
		return err_set(e, EINVAL, "%s", first);
	return err_set(e, EINVAL, "%.400s (and %zu more)", first, more);
}
