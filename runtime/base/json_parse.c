/* json_parse - yajl reads, we build the tree and know the places.
 *
 * yajl tells what it has read but not where. Its callbacks come one for each token except ','
 * and ':', in the order of the text, so a second reader that only finds where tokens begin
 * ("cursor") walks along: at the k-th callback it is moved to the k-th token. It also yields the
 * raw text of a string, which is needed to see escapes that yajl decodes silently into something
 * else (lone surrogates, NUL).
 *
 * Objects are checked for repeated names when they close, by sorting: a linear search per member
 * would let a file of 100,000 members keep us busy for minutes. */
#include "runtime/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "runtime/base/mem.h"

enum { DEPTH_MAX = 64, VALUES_MAX = 100000, OWN_FILE_MAX = 64 << 20 };

struct cursor {
	const char *text;
	size_t n;
	size_t start, end; /* the token we are at */
	size_t counted;    /* line and column are those of this byte */
	int line, column;
};

struct parser {
	struct cursor at;
	struct json *root;
	struct json *open[DEPTH_MAX]; /* containers that are not closed yet */
	size_t depth;
	size_t values;
	char *key; /* name of the member whose value comes next */
	int key_line, key_column;
	bool refused; /* an error of ours has been reported, yajl's "cancelled" is none */
	struct diag_list *diags;
};

/* --- places ----------------------------------------------------------------------------------- */

/* Move line and column forward to byte `to`. Columns count characters, so continuation bytes do
 * not count. */
static void cursor_count(struct cursor *c, size_t to)
{
	for (; c->counted < to && c->counted < c->n; c->counted++) {
		unsigned char byte = (unsigned char)c->text[c->counted];

		if (byte == '\n') {
			c->line++;
			c->column = 1;
		} else if ((byte & 0xc0) != 0x80) {
			c->column++;
		}
	}
}

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

static size_t string_end(const struct cursor *c)
{
	size_t i = c->start + 1;

	while (i < c->n && c->text[i] != '"')
		i += c->text[i] == '\\' ? 2 : 1;
	return i < c->n ? i + 1 : c->n;
}

/* To the next token, punctuation included. False at the end of the text. */
static bool cursor_step(struct cursor *c)
{
	size_t i = c->end;

	while (i < c->n && (c->text[i] == ' ' || c->text[i] == '\t' || c->text[i] == '\n' ||
			    c->text[i] == '\r'))
		i++;
	c->start = i;
	if (i >= c->n) {
		c->end = c->n;
		return false;
	}
	if (c->text[i] == '"') {
		c->end = string_end(c);
		return true;
	}
	while (i < c->n && is_word_char(c->text[i]))
		i++;
	c->end = i > c->start ? i : i + 1;
	return true;
}

/* To the token of the next callback. False when something is there that begins no token: yajl
 * takes vertical tabs and form feeds for blanks, RFC 8259 does not. */
static bool cursor_next(struct cursor *c)
{
	while (cursor_step(c) && (c->text[c->start] == ',' || c->text[c->start] == ':'))
		;
	cursor_count(c, c->start);
	return c->start < c->n && c->text[c->start] != '\v' && c->text[c->start] != '\f';
}

/* --- errors of ours --------------------------------------------------------------------------- */

/* "a.b[2]" of the container that is open now, plus `key` when it is one of its members. */
static char *path_of(const struct parser *p, const char *key)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	for (size_t i = 1; i < p->depth; i++) {
		const struct json *j = p->open[i];

		if (j->key)
			strbuf_format(&b, "%s%s", b.len > 0 ? "." : "", j->key);
		else
			strbuf_format(&b, "[%zu]", p->open[i - 1]->n - 1);
	}
	if (key)
		strbuf_format(&b, "%s%s", b.len > 0 ? "." : "", key);
	return strbuf_steal(&b);
}

static const char no_token[] = "a character that begins no value";

/* Report at the current token and make yajl stop. */
static int refuse(struct parser *p, const char *code, const char *message)
{
	auto_free char *path = path_of(p, p->key);

	diag_add(p->diags, DIAG_AT(p->at.line, p->at.column), path, code, NULL, "%s", message);
	p->refused = true;
	return 0;
}

/* --- strings ---------------------------------------------------------------------------------- */

static unsigned hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];

		v = v * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

/* The token's \u escapes, which yajl has found well-formed: every surrogate is in a pair, none
 * is NUL. */
static const char *check_escapes(const struct cursor *c)
{
	const char *end = c->text + c->end;

	for (const char *s = c->text + c->start; s < end; s++) {
		if (*s != '\\')
			continue;
		s++;
		if (*s != 'u' || end - s < 6)
			continue;
		unsigned unit = hex4(s + 1);

		s += 4;
		if (unit == 0)
			return "\\u0000 is not allowed in a string";
		if (unit < 0xd800 || unit > 0xdfff)
			continue;
		bool is_pair = unit < 0xdc00 && end - s > 7 && s[1] == '\\' && s[2] == 'u' &&
			       hex4(s + 3) >= 0xdc00 && hex4(s + 3) <= 0xdfff;

		if (!is_pair)
			return "half of a surrogate pair in a string";
		s += 6;
	}
	return NULL;
}

static const char *check_string(const struct parser *p, const unsigned char *s, size_t n)
{
	const char *fault = check_escapes(&p->at);

	if (!fault && !str_is_utf8((const char *)s, n))
		fault = "the text is not valid UTF-8";
	return fault;
}

/* --- yajl's callbacks: 1 to go on, 0 to stop -------------------------------------------------- */

static struct json *attach(struct parser *p, enum json_type type)
{
	struct json *j = mem_zero(sizeof(*j));

	j->type = type;
	j->line = p->at.line;
	j->column = p->at.column;
	j->key = ptr_steal(&p->key);
	j->key_line = j->key ? p->key_line : 0;
	j->key_column = j->key ? p->key_column : 0;
	if (p->depth == 0)
		p->root = j;
	else
		(void)json_add(p->open[p->depth - 1], j);
	return j;
}

/* A value begins: move to it, check the limits, put it into the tree. NULL: refused. */
static struct json *value(struct parser *p, enum json_type type)
{
	if (!cursor_next(&p->at)) {
		(void)refuse(p, "syntax", no_token);
		return NULL;
	}
	if (++p->values > VALUES_MAX) {
		(void)refuse(p, "limit", "more than 100000 values");
		return NULL;
	}
	if ((type == JSON_ARRAY || type == JSON_OBJECT) && p->depth >= DEPTH_MAX) {
		(void)refuse(p, "limit", "nested deeper than 64 levels");
		return NULL;
	}
	return attach(p, type);
}

/* Where the lexer of yajl ends a word that ours would go on reading, as in "01" or "truefalse". */
static void word_ends(struct parser *p, size_t n)
{
	p->at.end = p->at.start + n;
}

static int on_null(void *ctx)
{
	struct json *j = value(ctx, JSON_NULL);

	word_ends(ctx, strlen("null"));
	return j != NULL;
}

static int on_boolean(void *ctx, int boolean)
{
	struct json *j = value(ctx, JSON_BOOL);

	word_ends(ctx, strlen(boolean ? "true" : "false"));
	if (j)
		j->boolean = boolean != 0;
	return j != NULL;
}

static int on_number(void *ctx, const char *text, size_t n)
{
	struct json *j = value(ctx, JSON_NUMBER);

	word_ends(ctx, n);
	if (j)
		j->text = mem_strndup(text, n);
	return j != NULL;
}

static int on_string(void *ctx, const unsigned char *text, size_t n)
{
	struct parser *p = ctx;
	struct json *j = value(p, JSON_STRING);
	const char *fault = j ? check_string(p, text, n) : NULL;

	if (j)
		j->text = mem_strndup((const char *)text, n);
	if (fault) {
		p->key = j->key ? mem_strdup(j->key) : NULL; /* the error names the member */
		return refuse(p, "syntax", fault);
	}
	return j != NULL;
}

static int on_key(void *ctx, const unsigned char *text, size_t n)
{
	struct parser *p = ctx;

	if (!cursor_next(&p->at))
		return refuse(p, "syntax", no_token);
	const char *fault = check_string(p, text, n);

	if (fault)
		return refuse(p, "syntax", fault);
	p->key = mem_strndup((const char *)text, n);
	p->key_line = p->at.line;
	p->key_column = p->at.column;
	return 1;
}

static int on_open(struct parser *p, enum json_type type)
{
	struct json *j = value(p, type);

	if (!j)
		return 0;
	p->open[p->depth++] = j;
	return 1;
}

static int on_open_object(void *ctx)
{
	return on_open(ctx, JSON_OBJECT);
}

static int on_open_array(void *ctx)
{
	return on_open(ctx, JSON_ARRAY);
}

static int on_close_array(void *ctx)
{
	struct parser *p = ctx;

	if (!cursor_next(&p->at))
		return refuse(p, "syntax", no_token);
	p->depth--;
	return 1;
}

static bool key_before(const struct json *a, const struct json *b)
{
	return a->key_line < b->key_line ||
	       (a->key_line == b->key_line && a->key_column < b->key_column);
}

/* By name, then by place. */
static int compare_members(const void *pa, const void *pb)
{
	const struct json *a = *(struct json *const *)pa;
	const struct json *b = *(struct json *const *)pb;
	int order = strcmp(a->key, b->key);

	if (order == 0)
		order = key_before(a, b) ? -1 : 1;
	return order;
}

static void check_duplicates(struct parser *p, const struct json *object)
{
	if (object->n < 2)
		return;
	auto_free struct json **sorted = mem_dup(object->items, object->n * sizeof(struct json *));
	const struct json *first = NULL;

	qsort(sorted, object->n, sizeof(struct json *), compare_members);
	for (size_t i = 0; i < object->n; i++) {
		if (!first || strcmp(first->key, sorted[i]->key) != 0) {
			first = sorted[i];
			continue;
		}
		auto_free char *path = path_of(p, first->key);

		diag_add(p->diags, DIAG_AT(sorted[i]->key_line, sorted[i]->key_column), path,
			 "duplicate", NULL, "\"%s\" is given twice, first in line %d", first->key,
			 first->key_line);
	}
}

static int on_close_object(void *ctx)
{
	struct parser *p = ctx;

	if (!cursor_next(&p->at))
		return refuse(p, "syntax", no_token);
	check_duplicates(p, p->open[p->depth - 1]);
	p->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

/* --- errors of yajl --------------------------------------------------------------------------- */

struct reason {
	const char *theirs; /* a part of yajl's text */
	const char *ours;
};

static const struct reason reasons[] = {
	{ "premature EOF", "the text ends too early" },
	{ "trailing garbage", "text follows after the value" },
	{ "unallowed token", "a value is expected here" },
	{ "after array element", "expected \",\" or \"]\" after an array element" },
	{ "after key and value", "expected \",\" or \"}\" after a member" },
	{ "separated by a colon", "expected \":\" after a member's name" },
	{ "invalid object key", "expected a member's name in double quotes" },
	{ "invalid bytes in UTF8", "the text is not valid UTF-8" },
	{ "occurs before a character which it may not",
	  "a string has an unknown escape behind \"\\\"" },
	{ "invalid character inside string",
	  "a string has a control character; write it as an escape" },
	{ "non-hex", "\"\\u\" in a string must be followed by four hexadecimal digits" },
	{ "invalid char in json", no_token },
	{ "invalid string in json", "an unknown word; strings need double quotes" },
	{ "after the decimal point", "a digit is missing after the decimal point" },
	{ "after the exponent", "a digit is missing in the exponent" },
	{ "after the minus sign", "a digit is missing after the minus sign" },
	{ "probable comment", "comments are not allowed" },
};

static const char *reason_of(const char *theirs)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strstr(theirs, reasons[i].theirs))
			return reasons[i].ours;
	}
	return "not valid JSON";
}

/* yajl stopped somewhere in or behind the token it cannot use; report where that token begins. */
static void report_syntax(struct parser *p, yajl_handle y, size_t consumed)
{
	const char *text = p->at.text;
	unsigned char *theirs = yajl_get_error(y, 0, (const unsigned char *)text, p->at.n);
	const char *ours = reason_of((const char *)theirs);
	struct cursor c = { .text = text, .n = p->at.n, .line = 1, .column = 1 };

	if (strstr((const char *)theirs, "after array element") ||
	    strstr((const char *)theirs, "after key and value")) {
		/* yajl's own count is off here, but what follows the value must be the offender */
		c = p->at;
		(void)cursor_step(&c);
	} else {
		while (cursor_step(&c) && c.end < consumed)
			;
	}
	if (strstr((const char *)theirs, "premature EOF"))
		c.start = c.n;
	if (c.start < c.n && strchr(",}]:", text[c.start]) &&
	    strstr((const char *)theirs, "unallowed token"))
		ours = "a value is expected before this character";
	cursor_count(&c, c.start);
	diag_add(p->diags, DIAG_AT(c.line, c.column), "", "syntax", NULL, "%s", ours);
	yajl_free_error(y, theirs);
}

/* --- the door --------------------------------------------------------------------------------- */

static void run_yajl(struct parser *p)
{
	yajl_handle y = yajl_alloc(&callbacks, NULL, p);

	if (!y)
		mem_give_up();
	(void)yajl_config(y, yajl_dont_validate_strings, 0);
	yajl_status status = yajl_parse(y, (const unsigned char *)p->at.text, p->at.n);
	size_t consumed = yajl_get_bytes_consumed(y);

	if (status == yajl_status_ok) {
		status = yajl_complete_parse(y);
		consumed = p->at.n;
	}
	if (status == yajl_status_ok && cursor_step(&p->at)) {
		cursor_count(&p->at, p->at.start);
		(void)refuse(p, "syntax", no_token);
	}
	if (status != yajl_status_ok && !p->refused)
		report_syntax(p, y, consumed);
	yajl_free(y);
}

int json_parse(const char *text, size_t n, size_t max_bytes, struct json **ret,
	       struct diag_list *diags)
{
	size_t before = diags->n + diags->dropped;
	struct parser p = { .at = { .text = text, .n = n, .line = 1, .column = 1 },
			    .diags = diags };

	if (n > max_bytes)
		diag_add(diags, DIAG_AT(0, 0), "", "limit", NULL,
			 "the text is larger than %zu bytes", max_bytes);
	else
		run_yajl(&p);
	free(p.key);
	if (diags->n + diags->dropped > before || !p.root) {
		json_free(p.root);
		return -EINVAL;
	}
	*ret = p.root;
	return 0;
}

int json_parse_simple(const char *text, size_t n, struct json **ret, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };

	return json_parse(text, n, OWN_FILE_MAX, ret, &diags) < 0 ? diag_err(&diags, e) : 0;
}
