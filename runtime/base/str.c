/* str - buffers double, vectors and maps grow when their length reaches a power of two (so they
 * need no capacity member), and lookups are linear because the parsers keep these things small. */
#include "runtime/base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/mem.h"

/* --- strbuf ----------------------------------------------------------------------------------- */

/* Room for n more bytes and the terminator. */
static void strbuf_reserve(struct strbuf *b, size_t n)
{
	size_t need;

	if (__builtin_add_overflow(b->len, n, &need) || need > SIZE_MAX / 2)
		need = SIZE_MAX / 2; /* mem_grow gives up */
	need++;
	if (need <= b->cap)
		return;
	size_t cap = b->cap ? b->cap * 2 : 64;

	if (cap < need)
		cap = need;
	b->text = mem_grow(b->text, cap, 1);
	b->cap = cap;
}

void strbuf_add(struct strbuf *b, const char *s)
{
	strbuf_add_bytes(b, s, strlen(s));
}

void strbuf_add_bytes(struct strbuf *b, const void *p, size_t n)
{
	strbuf_reserve(b, n);
	if (n)
		memcpy(b->text + b->len, p, n);
	b->len += n;
	b->text[b->len] = '\0';
}

void strbuf_add_char(struct strbuf *b, char c)
{
	strbuf_add_bytes(b, &c, 1);
}

void strbuf_format(struct strbuf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n <= 0)
		return;
	strbuf_reserve(b, (size_t)n);
	va_start(args, fmt);
	(void)vsnprintf(b->text + b->len, (size_t)n + 1, fmt, args);
	va_end(args);
	b->len += (size_t)n;
}

void strbuf_clear(struct strbuf *b)
{
	b->len = 0;
	if (b->text)
		b->text[0] = '\0';
}

const char *strbuf_text(const struct strbuf *b)
{
	return b->text ? b->text : "";
}

char *strbuf_steal(struct strbuf *b)
{
	char *r = b->text ? b->text : mem_strdup("");

	*b = (struct strbuf){ 0 };
	return r;
}

void strbuf_done(struct strbuf *b)
{
	free(b->text);
	*b = (struct strbuf){ 0 };
}

/* --- strv ------------------------------------------------------------------------------------- */

void strv_add(struct strv *v, const char *s)
{
	strv_take(v, mem_strdup(s));
}

void strv_take(struct strv *v, char *s)
{
	size_t used = v->n + 1; /* with the NULL at the end */

	if (!v->items || (used & (used - 1)) == 0)
		v->items = mem_grow(v->items, used * 2, sizeof(*v->items));
	v->items[v->n++] = s;
	v->items[v->n] = NULL;
}

void strv_format(struct strv *v, const char *fmt, ...)
{
	char *s = NULL;
	va_list args;

	va_start(args, fmt);
	int n = vasprintf(&s, fmt, args);
	va_end(args);
	strv_take(v, n < 0 || !s ? mem_strdup("") : s);
}

bool strv_has(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++) {
		if (str_eq(v->items[i], s))
			return true;
	}
	return false;
}

void strv_remove(struct strv *v, size_t i)
{
	if (i >= v->n)
		return;
	free(v->items[i]);
	memmove(v->items + i, v->items + i + 1, (v->n - i) * sizeof(*v->items));
	v->n--;
}

void strv_copy(struct strv *to, const struct strv *from)
{
	size_t n = from->n; /* `to` may be `from` */

	for (size_t i = 0; i < n; i++)
		strv_add(to, from->items[i]);
}

char *strv_join(const struct strv *v, const char *sep)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			strbuf_add(&b, sep);
		strbuf_add(&b, v->items[i]);
	}
	return strbuf_steal(&b);
}

void strv_split(struct strv *v, const char *s, char sep)
{
	if (str_empty(s))
		return;
	for (;;) {
		const char *end = strchr(s, sep);

		if (!end)
			break;
		strv_take(v, mem_strndup(s, (size_t)(end - s)));
		s = end + 1;
	}
	strv_add(v, s);
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){ 0 };
}

/* --- strmap ----------------------------------------------------------------------------------- */

static struct strmap_item *strmap_find(const struct strmap *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->items[i].key, key) == 0)
			return &m->items[i];
	}
	return NULL;
}

void strmap_set(struct strmap *m, const char *key, const char *value)
{
	struct strmap_item *item = strmap_find(m, key);
	char *copy = mem_strdup(value); /* first: value may be the item's own */

	if (item) {
		free(item->value);
		item->value = copy;
		return;
	}
	if ((m->n & (m->n - 1)) == 0)
		m->items = mem_grow(m->items, m->n ? m->n * 2 : 1, sizeof(*m->items));
	m->items[m->n++] = (struct strmap_item){ .key = mem_strdup(key), .value = copy };
}

const char *strmap_get(const struct strmap *m, const char *key)
{
	const struct strmap_item *item = strmap_find(m, key);

	return item ? item->value : NULL;
}

bool strmap_remove(struct strmap *m, const char *key)
{
	struct strmap_item *item = strmap_find(m, key);

	if (!item)
		return false;
	free(item->key);
	free(item->value);
	size_t after = m->n - (size_t)(item - m->items) - 1;

	memmove(item, item + 1, after * sizeof(*item));
	m->n--;
	return true;
}

void strmap_copy(struct strmap *to, const struct strmap *from)
{
	for (size_t i = 0; i < from->n; i++)
		strmap_set(to, from->items[i].key, from->items[i].value);
}

void strmap_done(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].key);
		free(m->items[i].value);
	}
	free(m->items);
	*m = (struct strmap){ 0 };
}

/* --- questions -------------------------------------------------------------------------------- */

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return str_after(s, prefix) != NULL;
}

const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s && strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t len = s ? strlen(s) : 0;
	size_t n = strlen(suffix);

	return s && len >= n && memcmp(s + len - n, suffix, n) == 0;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

int str_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < size)
		return 0;
	if (size)
		buf[0] = '\0'; /* nobody shall use half a path by mistake */
	return -ENAMETOOLONG;
}

bool str_is_line_safe(const char *s, const char *also)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f || (also && strchr(also, *s)))
			return false;
	}
	return true;
}

/* What str_harmless() remembers: how many bytes of the character are to come, and which of them its beginning forbids (RFC 3629). */
enum { TO_COME = 3, FROM_C2 = 4, FROM_E0 = 8, FROM_F0 = 16, FROM_ED = 32, FROM_F4 = 64 };

static unsigned char beginning(unsigned char k)
{
	if (k < 0xc2 || k > 0xf4)
		return 0;
	if (k < 0xe0)
		return (unsigned char)(1 | (k == 0xc2 ? FROM_C2 : 0));
	if (k < 0xf0)
		return (unsigned char)(2 | (k == 0xe0 ? FROM_E0 : 0) | (k == 0xed ? FROM_ED : 0));
	return (unsigned char)(3 | (k == 0xf0 ? FROM_F0 : 0) | (k == 0xf4 ? FROM_F4 : 0));
}

char str_harmless(unsigned char *state, char next)
{
	unsigned char k = (unsigned char)next, was = *state;
	bool is_part = (was & TO_COME) && k >= 0x80 && k < 0xc0 && !(was & FROM_E0 && k < 0xa0) &&
		       !(was & FROM_F0 && k < 0x90) && !(was & FROM_ED && k > 0x9f) &&
		       !(was & FROM_F4 && k > 0x8f);
	bool is_control = k < 0x20 || k == 0x7f || (k >= 0x80 && k < 0xa0);

	*state = is_part ? (unsigned char)((was & TO_COME) - 1) : beginning(k);
	return is_control && !(is_part && !(was & FROM_C2)) ? '?' : next;
}

/* Length of the well-formed UTF-8 sequence at s (n bytes left), 0 when there is none: RFC 3629,
 * so no overlong forms, no surrogates. */
static size_t utf8_sequence(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char first, last; /* range of the lead byte */
		unsigned char low, high;   /* range of the second byte */
		unsigned char len;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (forms[i].len == 1)
			return 1;
		if (n < forms[i].len || s[1] < forms[i].low || s[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

bool str_is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		size_t len = utf8_sequence(p, n);

		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

/* --- nearness --------------------------------------------------------------------------------- */

enum { WORD_MAX = 64 }; /* longer words are not compared: nobody mistypes them */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment over three rows of the usual matrix; the caller has bounded both
 * lengths. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++) {
		above[j] = j;
		before[j] = 0;
	}
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(change, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *spare = before;

		before = above;
		above = row;
		row = spare;
	}
	return above[m];
}

size_t str_distance(const char *a, const char *b, size_t max)
{
	size_t n = strlen(a);
	size_t m = strlen(b);
	size_t apart = n > m ? n - m : m - n;

	if (n > WORD_MAX || m > WORD_MAX)
		return strcmp(a, b) == 0 ? 0 : max + 1;
	return apart > max ? max + 1 : least(distance(a, n, b, m), max + 1);
}

const char *str_nearest(const char *s, const char *const *words)
{
	const char *best = NULL;
	size_t limit = strlen(s) / 3;

	if (limit == 0)
		limit = 1;
	for (; *words; words++) {
		if (strcasecmp(s, *words) == 0)
			return *words;
		/* "x" for "y" is no typing error but another word */
		if (strlen(s) < 2 && strlen(*words) < 2)
			continue;
		size_t d = str_distance(s, *words, limit);

		if (d <= limit) {
			best = *words;
			limit = d -
				1; /* from now on only a nearer one; equal words never come here */
		}
	}
	return best;
}
