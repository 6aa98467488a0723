/* text - the growing text and the three ways in which kernel files write numbers. */
#include "runtime/view/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 1024 };

static bool grow(struct view_text *t, size_t more)
{
	size_t want = t->size ? t->size : FIRST;
	char *at;

	if (t->failed || more > VIEW_TEXT_MAX || t->len + more + 1 > VIEW_TEXT_MAX) {
		t->failed = true;
		return false;
	}
	while (want < t->len + more + 1)
		want *= 2;
	if (want == t->size)
		return true;
	at = realloc(t->at, want);
	if (!at) {
		t->failed = true;
		return false;
	}
	t->at = at;
	t->size = want;
	return true;
}

void view_add(struct view_text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !grow(t, (size_t)n))
		return;
	va_start(args, fmt);
	(void)vsnprintf(t->at + t->len, t->size - t->len, fmt, args);
	va_end(args);
	t->len += (size_t)n;
}

void view_add_bytes(struct view_text *t, const char *p, size_t n)
{
	if (!grow(t, n))
		return;
	memcpy(t->at + t->len, p, n);
	t->len += n;
	t->at[t->len] = '\0';
}

void view_text_done(struct view_text *t)
{
	free(t->at);
	*t = (struct view_text){ 0 };
}

uint64_t view_number(const char *text)
{
	uint64_t v = 0;

	if (!text || *text < '0' || *text > '9')
		return VIEW_NONE;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (v > (VIEW_NONE - digit) / 10)
			return VIEW_NONE;
		v = v * 10 + digit;
	}
	return v;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

uint64_t view_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, n) == 0 &&
		    (line[n] == ' ' || line[n] == ':' || line[n] == '\t'))
			return view_number(skip_blanks(line + n + (line[n] == ':')));
	}
	return VIEW_NONE;
}

uint64_t view_value(const char *line, const char *word)
{
	size_t n = strlen(word), end = strcspn(line, "\n");

	for (size_t i = 0; i + n < end; i++) {
		bool begins = i == 0 || line[i - 1] == ' ';

		if (begins && line[i + n] == '=' && strncmp(line + i, word, n) == 0)
			return view_number(line + i + n + 1);
	}
	return VIEW_NONE;
}
