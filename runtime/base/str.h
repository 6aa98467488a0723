/* str - growable text, vectors of strings, maps from string to string, and the few string questions we ask.
 *
 * strbuf: zero-initialised is an empty buffer; `text` is NULL until something was added, use strbuf_text().
 * strv:   zero-initialised is an empty vector; `items` always ends with NULL once something was added, so it can be
 *         handed to execve(). Owns its strings.
 * strmap: ordered as inserted; owns keys and values. Lookups are linear: these are small by the parser's limits. */
#ifndef RUNTIME_BASE_STR_H
#define RUNTIME_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

struct strbuf {
	char *text;
	size_t len; /* bytes without the terminating NUL */
	size_t cap;
};

void strbuf_add(struct strbuf *b, const char *s);
void strbuf_add_bytes(struct strbuf *b, const void *p, size_t n);
void strbuf_add_char(struct strbuf *b, char c);
void strbuf_format(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strbuf_clear(struct strbuf *b);             /* empties, keeps the memory */
const char *strbuf_text(const struct strbuf *b); /* never NULL */
char *strbuf_steal(struct strbuf *b);            /* never NULL; the buffer is empty afterwards */
void strbuf_done(struct strbuf *b);

struct strv {
	char **items;
	size_t n;
};

void strv_add(struct strv *v, const char *s);
void strv_take(struct strv *v, char *s); /* takes ownership */
void strv_format(struct strv *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool strv_has(const struct strv *v, const char *s);
void strv_remove(struct strv *v, size_t i);
void strv_copy(struct strv *to, const struct strv *from); /* appends copies */
char *strv_join(const struct strv *v, const char *sep);
void strv_split(struct strv *v, const char *s,
		char sep); /* appends the parts; empty parts are kept, "" gives none */
void strv_done(struct strv *v);

struct strmap_item {
	char *key;
	char *value;
};
struct strmap {
	struct strmap_item *items;
	size_t n;
};

void strmap_set(struct strmap *m, const char *key, const char *value); /* replaces */
const char *strmap_get(const struct strmap *m, const char *key); /* borrowed, NULL when absent */
bool strmap_remove(struct strmap *m, const char *key);
void strmap_copy(struct strmap *to, const struct strmap *from);
void strmap_done(struct strmap *m);

bool str_eq(const char *a, const char *b); /* two NULLs are equal, one NULL is not */
bool str_has_prefix(const char *s, const char *prefix);
const char *str_after(const char *s, const char *prefix); /* what follows the prefix, or NULL */
bool str_has_suffix(const char *s, const char *suffix);
bool str_empty(const char *s); /* NULL or "" */

/* snprintf into a fixed buffer that fails with -ENAMETOOLONG instead of truncating. */
MUST_CHECK int str_format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* True when s may be written into a line-oriented file: no control characters (newline, NUL cannot occur) and none
 * of the characters in `also` (may be NULL). */
bool str_is_line_safe(const char *s, const char *also);
/* The next byte of a text from outside as a terminal may see it: '?' in place of control characters, also of U+0080 to U+009F and of such bytes that are no part of a character. *state is 0 at the beginning
 * of the text and nobody else's business. */
char str_harmless(unsigned char *state, char next);
bool str_is_utf8(const char *s, size_t n);

/* Edit distance (insert, delete, change, swap of neighbours), at most `max`+1; for "did you mean". */
size_t str_distance(const char *a, const char *b, size_t max);
/* The nearest of the NULL-terminated words to s, or NULL when none is near enough to be meant (distance at most a third of the length, at least 1). Case-insensitive matches count as nearest. */
const char *str_nearest(const char *s, const char *const *words);

#endif
