/* zone_parse - reading a zone.json in tests. In the text "@" marks where the first error is expected, so positions need no counting by hand. */
#ifndef TESTS_UNIT_CONFIG_ZONE_PARSE_H
#define TESTS_UNIT_CONFIG_ZONE_PARSE_H

#include <stdlib.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* Take the mark out of a copy of `text` and compute its line and column (in characters); 0:0 without a mark. */
static inline char *take_mark(const char *text, int *ret_line, int *ret_column)
{
	char *copy = mem_strdup(text);
	char *mark = strchr(copy, '@');
	int line = 1;
	int column = 1;

	*ret_line = *ret_column = 0;
	if (!mark)
		return copy;
	for (const char *p = copy; p < mark; p++) {
		if (*p == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)*p & 0xc0) != 0x80) {
			column++;
		}
	}
	memmove(mark, mark + 1, strlen(mark));
	*ret_line = line;
	*ret_column = column;
	return copy;
}

/* The zone of a text that must be right. */
static inline struct zone_spec *good_zone(const char *text)
{
	struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;
	int r = zone_spec_parse(text, strlen(text), &z, &diags);

	test_check(r == 0 && diags.n == 0, text, __FILE__, __LINE__);
	for (size_t i = 0; i < diags.n; i++) {
		auto_free char *line = diag_text(&diags, i);

		printf("# %s\n", line);
	}
	diag_done(&diags);
	return z;
}

struct bad_zone {
	const char *text, *path, *code, *message; /* message: a part of it */
	const char *hint;                         /* NULL: none expected */
	size_t more;                              /* errors behind the first one */
};

static inline void check_bad_zone(const struct bad_zone *b)
{
	struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;
	int line;
	int column;
	auto_free char *text = take_mark(b->text, &line, &column);
	int r = zone_spec_parse(text, strlen(text), &z, &diags);
	const struct diag *d = diags.items;
	bool ok = r < 0 && !z && diags.n == b->more + 1 && d->line == line && d->column == column &&
		  strcmp(d->path, b->path) == 0 && strcmp(d->code, b->code) == 0 &&
		  strstr(d->message, b->message) &&
		  (b->hint ? d->hint && strcmp(d->hint, b->hint) == 0 : !d->hint);

	test_check(ok, b->path[0] ? b->path : b->message, __FILE__, __LINE__);
	if (!ok)
		printf("#  text: %s\n#  want: %d:%d %s %s %s (%s) +%zu\n", text, line, column,
		       b->path, b->code, b->message, b->hint ? b->hint : "", b->more);
	for (size_t i = 0; !ok && i < diags.n; i++) {
		auto_free char *got = diag_text(&diags, i);

		printf("#   got: [%s] %s\n", diags.items[i].code, got);
	}
	zone_spec_free(z);
	diag_done(&diags);
}

#endif
