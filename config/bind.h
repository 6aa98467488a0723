/* bind - tables that tie C structs to JSON.
 *
 * One row (struct field) is the only declaration of a property. It drives loading, saving, freeing, cloning, `zone set` by path, the path in error
 * messages, the JSON Schema, the property list in the man page and shell completion, so these can never disagree.
 * Pure: no process state, no I/O. */
#ifndef CONFIG_BIND_H
#define CONFIG_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

/* How a member is stored. */
enum field_kind {
	FIELD_STRING,     /* char *            <-> "text" */
	FIELD_BOOL,       /* bool              <-> true/false; absent is false */
	FIELD_OPT_BOOL,   /* struct opt_bool */
	FIELD_U64,        /* uint64_t          <-> number (or text through `type`) */
	FIELD_I64,        /* int64_t */
	FIELD_OPT_U64,    /* struct opt_u64 */
	FIELD_OPT_I64,    /* struct opt_i64 */
	FIELD_STRINGS,    /* struct strv       <-> ["a", ...] */
	FIELD_NUMBERS,    /* uint64_t *, count <-> [1, ...] */
	FIELD_MAP,        /* struct strmap     <-> {"k": "v"} */
	FIELD_OBJECT,     /* embedded struct   <-> {...}; always there */
	FIELD_OPT_OBJECT, /* struct T *     <-> {...}; NULL when absent */
	FIELD_LIST,       /* struct T *, count <-> [{...}, ...] */
	FIELD_KEYED, /* struct T *, count <-> {"key": {...}}; the key goes into the shape's first string field */
	FIELD_CUSTOM, /* through `custom` */
};

enum field_flags {
	FIELD_REQUIRED = 1,
	FIELD_IGNORED =
		2,      /* known to the specification, has no meaning here: accepted and skipped */
	FIELD_LIVE = 4, /* zones: can change while the zone runs */
	FIELD_READONLY = 8, /* zones: not settable by `zone set` after creation (zonename) */
	/* Known, checked, and then refused with the code "unsupported": this release has nothing that would enforce it, and a cap that cannot be enforced is
	 * an error, never silence. Accepted are the value of `inert` and an empty list, which ask for nothing. Enabling a property is taking this flag away. */
	FIELD_UNENFORCED = 16,
	FIELD_ALWAYS =
		32, /* plain numbers: zero is written too, because it means something else than nothing */
	FIELD_NOT_EMPTY = 64, /* a list that may be absent, but not empty; for the schema */
};

/* How the text or number of a scalar is understood. All members may be NULL. For FIELD_STRING, FIELD_STRINGS (each item), FIELD_MAP (each value) and numbers. */
struct value_type {
	const char *
		name; /* "size", "duration", "address/prefix", ... used in messages and docs: "is not a size" */
	const char *const *words; /* allowed words, NULL-terminated */
	const char *pattern;      /* ECMA-262 regular expression for the schema */
	const char *example;      /* shown in messages and docs: "512M" */
	int (*check)(
		const char *text, char *why,
		size_t why_size); /* text types: 0 or -EINVAL with a reason ("must be absolute") */
	int (*parse)(
		const char *text,
		uint64_t *
			ret); /* number types given as text, e.g. num_size; a JSON number is passed as its text */
	void (*format)(
		uint64_t v, char *buf,
		size_t size); /* number types written as text; NULL: written as a JSON number */
	uint64_t min,
		max; /* numbers; max 0: no bound. A FIELD_*I64 with a type is bounded by min from below, so at least 0 ... */
	int64_t min_signed; /* ... unless this is negative, which is the bound then */
	uint64_t
		scale; /* with parse: what the JSON number 1 means in the member's unit (1000 for CPUs kept in thousandths); 0: 1 */
	bool numeric;  /* with format: the text is a JSON number ("1.5") and is written as one */
};

struct shape;
struct bind_ctx;

struct field {
	const char *
		key; /* NULL: the member that holds the name in a FIELD_KEYED object; never read or written as a member */
	enum field_kind kind;
	unsigned flags;
	size_t offset, count_offset;
	const struct shape *shape;                                           /* object kinds */
	const struct value_type *type;                                       /* scalar kinds */
	int (*load)(struct bind_ctx *c, const struct json *j, void *member); /* FIELD_CUSTOM */
	struct json *(*save)(const void *member); /* FIELD_CUSTOM; NULL result: absent */
	void (*done)(void *member);               /* FIELD_CUSTOM */
	const char *doc;                          /* one or two sentences, plain text */
	const char *fallback;         /* the default as shown in docs: "none", "1024", ... */
	struct json *(*schema)(void); /* FIELD_CUSTOM */
	size_t max_items;             /* lists, strings, maps; 0: 4096 */
	const struct value_type
		*key_type; /* FIELD_MAP, FIELD_KEYED: how the keys are checked; may be NULL */
	const char *
		inert; /* FIELD_UNENFORCED: the one value that is accepted, as text ("exclusive", "0", "true"); NULL: none */
	const char *
		without; /* FIELD_UNENFORCED: what holds when it is left out, a clause: "the zone's files have no size limit" */
};

struct shape {
	const char *name; /* "anet" */
	size_t size;
	const struct field *fields;
	size_t n;
	bool strict; /* unknown keys are errors with a hint (zone.json); else ignored (OCI) */
	void (*init)(void *object); /* defaults other than zero; may be NULL */
	/* Rules inside one object; reports through bind_error. Called only when all members of the object were fine. */
	int (*check)(struct bind_ctx *c, const struct json *j, const void *object);
	const char *doc;
};

#define BIND_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The way down through the document while loading: for error paths and positions. Start with { .diags = &diags }, end with bind_ctx_done(). */
struct bind_ctx {
	struct diag_list *diags; /* NULL: errors are only counted */
	struct strbuf path;      /* "anet[0].allowedAddress" */
	size_t errors;
};
void bind_ctx_done(struct bind_ctx *c);

/* Report an error at `j` (its position) for the current path. Always returns -EINVAL. */
int bind_error(struct bind_ctx *c, const struct json *j, const char *code, const char *hint,
	       const char *fmt, ...) PRINTF_LIKE(5, 6);

/* For FIELD_CUSTOM loaders: go down by a member or an item, and back up to what the enter call returned. */
size_t bind_enter_key(struct bind_ctx *c, const char *key);
size_t bind_enter_index(struct bind_ctx *c, size_t i);
void bind_leave(struct bind_ctx *c, size_t mark);
/* ... and the checks that scalar rows get, with their messages. `type` may be NULL. All report and return -EINVAL. */
MUST_CHECK int bind_expect(struct bind_ctx *c, const struct json *j, enum json_type type);
MUST_CHECK int bind_u64(struct bind_ctx *c, const struct json *j, const struct value_type *type,
			uint64_t *ret);
MUST_CHECK int bind_i64(struct bind_ctx *c, const struct json *j, const struct value_type *type,
			int64_t *ret);
MUST_CHECK int bind_text(
	struct bind_ctx *c, const struct json *j,
	const struct value_type *type); /* j must be a string; use j->text afterwards */
MUST_CHECK int bind_limit(struct bind_ctx *c, const struct json *j,
			  size_t max_items); /* not more members or items than that; 0: 4096 */

/* Fill *object (zeroed, then bind_init) from the tree. All errors are collected; the object holds what could be read and is released with bind_free.
 * null means absent where the shape is not strict (OCI writers do that), and is a type error where it is. 0 or -EINVAL. */
MUST_CHECK int bind_load(struct bind_ctx *c, const struct shape *shape, const struct json *j,
			 void *object);
/* Sets the defaults of a zeroed object: those of embedded objects first, then the shape's own. */
void bind_init(const struct shape *shape, void *object);
/* Only members that are present (non-NULL, set, non-empty, true; plain numbers and booleans also when they are zero or false but FIELD_REQUIRED or FIELD_ALWAYS) are written. */
struct json *bind_save(const struct shape *shape, const void *object);
/* The value of one row alone; NULL when absent. */
struct json *bind_save_field(const struct field *f, const void *object);
void bind_free(
	const struct shape *shape,
	void *object); /* releases what the members own and zeroes them; not the object itself */
void bind_free_field(const struct field *f, void *object);
/* Deep copy through save and load; `to` is zeroed memory. Members that no row names are not copied. */
void bind_copy(const struct shape *shape, const void *from, void *to);
/* One row by key, NULL when unknown. */
const struct field *bind_field(const struct shape *shape, const char *key);
/* The row's key that is nearest to `key`, or NULL. Borrowed from the table. */
const char *bind_nearest(const struct shape *shape, const char *key);

#endif
