/* json - JSON text <-> tree, with the position of every value. yajl is underneath, and nowhere else in the project.
 *
 * Reading: RFC 8259, UTF-8 only. Refused, each with line and column: more than `max_bytes`, nesting deeper than 64, more than
 * 100,000 values, duplicate member names (all of them are reported, not only the first), invalid UTF-8, NUL in a string,
 * text after the value. Numbers keep their text, so 2^64-1 is not rounded.
 * Writing: a tree of the same nodes, printed either compact or with two blanks of indent; slashes are not escaped.
 * Pure; any process may call it. */
#ifndef RUNTIME_BASE_JSON_H
#define RUNTIME_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	int line,
		column; /* of the value's first character, from 1; 0 in a tree made by us. Columns count characters (code points) */
	int key_line, key_column; /* of the member's name, when this is the value of a member */
	bool boolean;
	char *text;          /* JSON_STRING: the decoded text; JSON_NUMBER: the number as written */
	char *key;           /* the member's name when the parent is an object */
	struct json **items; /* JSON_ARRAY, JSON_OBJECT: in order */
	size_t n;
};

/* Parse text. All errors found go to `diags` (file name as given in diags); returns 0 and *ret only when there is none, else -EINVAL. */
MUST_CHECK int json_parse(const char *text, size_t n, size_t max_bytes, struct json **ret,
			  struct diag_list *diags);
/* The same with the first error as a sentence "LINE:COL: reason" in *e, for files of our own. */
MUST_CHECK int json_parse_simple(const char *text, size_t n, struct json **ret, struct err *e);
void json_free(struct json *j);
DEFINE_AUTO_PTR(json);

struct json *json_get(const struct json *object,
		      const char *key); /* borrowed; NULL when absent or not an object */
/* Convenience for files of our own; the default is returned when the member is absent or has another type. */
const char *json_get_string(const struct json *object, const char *key, const char *otherwise);
int64_t json_get_i64(const struct json *object, const char *key, int64_t otherwise);
bool json_get_bool(const struct json *object, const char *key, bool otherwise);
const char *json_type_name(enum json_type t); /* "a string", "an object", ... */

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *s);
struct json *json_new_i64(int64_t v);
struct json *json_new_u64(uint64_t v);
struct json *json_new_number_text(const char *text); /* must be a JSON number */
struct json *json_new_bool(bool v);
struct json *json_new_null(void);
struct json *json_clone(const struct json *j);
/* Would both be printed alike? The order of members counts, and how a number is written. Two NULLs are the same. */
bool json_is_same(const struct json *a, const struct json *b);
/* Add to a parent, which takes ownership; json_set replaces a member of that name in place. Both return the child. */
struct json *json_set(struct json *object, const char *key, struct json *value);
struct json *json_add(struct json *array, struct json *value);
bool json_unset(struct json *object, const char *key);

/* Freshly allocated text, ends without a newline. */
char *json_print(const struct json *j, bool pretty);

#endif
