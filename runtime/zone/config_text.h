/* config_text - CONFIG/NAME.json as text: read, check as a whole, replace only what was read. Private to runtime/zone.
 * All of them are called with the zone's lock held. */
#ifndef RUNTIME_ZONE_CONFIG_TEXT_H
#define RUNTIME_ZONE_CONFIG_TEXT_H

#include "config/zone_spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

/* Freshly allocated text of the file. */
MUST_CHECK int config_read(const struct zone *z, char **ret, struct err *e);
/* Is `text` a valid configuration of the zone `name`? Everything that is wrong goes to diags; -EINVAL then, *e is the first of it. */
MUST_CHECK int config_check(const char *name, const char *text, struct diag_list *diags,
			    struct err *e);
/* Replace the file durably if it still says `old` (NULL: if there is none). -ESTALE when somebody has changed it, -EEXIST when there is one. */
MUST_CHECK int config_write(const struct zone *z, const char *old, const char *text, struct err *e);

/* May a zone be called `name`? -EEXIST when another one's links would have the same names (net.h); that which is called `but` (may be NULL) does not count. */
MUST_CHECK int config_check_links(const struct zone_dirs *d, const char *name, const char *but,
				  struct err *e);

/* A sum of the text, to see that it has changed: its writer is trusted, so it is not a cryptographic one. */
uint64_t config_sum(const char *text, size_t n);

/* The text of a new file from what the administrator gave (create.c): with the zone's name in it, checked as a whole. */
MUST_CHECK int config_compose(const struct zone_dirs *d, const char *name, const struct zone_new *o,
			      char **ret, struct diag_list *diags, struct err *e);

/* The text of a tree as the file holds it. */
char *config_print(const struct json *root);

/* Apply the words of `zone set`, `add`, `remove` or `clear` to the tree of a file (edit_words.c). Pure. Each word that cannot be applied is a diagnostic. */
MUST_CHECK int edit_words(struct json *root, enum zone_edit_kind kind, const struct strv *words,
			  struct diag_list *diags, struct err *e);

/* The built-in text of a template, or that of CONFIG/templates/NAME.json (templates.c). Freshly allocated. */
MUST_CHECK int template_text(const struct zone_dirs *d, const char *name, char **ret,
			     struct err *e);

#endif
