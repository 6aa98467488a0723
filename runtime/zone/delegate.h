/* delegate - what a user with the rights "config" and "clonefrom" may do with configurations. Private to runtime/zone.
 *
 * All of them are called under the zone's lock, with the text that is going to be replaced (config_write() refuses when another one stands there by then): the user's right, his bounds and what he may
 * change are read out of that text, never out of an earlier one. Without a caller (zone_dirs) they allow everything. As root. */
#ifndef RUNTIME_ZONE_DELEGATE_H
#define RUNTIME_ZONE_DELEGATE_H

#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

/* May the caller put `text` in the place of `old` (NULL: there is no file)? Both are valid configurations. -EPERM; what he may not change is in diags. */
MUST_CHECK int delegate_change(const struct zone_dirs *d, const struct zone *z, const char *old,
			       const char *text, struct diag_list *diags, struct err *e);
/* May he make a clone called `name` of this zone? */
MUST_CHECK int delegate_clone(const struct zone_dirs *d, const struct zone *from, const char *name,
			      struct err *e);
/* *text is the file of a clone, and is replaced: in it he has the rights that he has over the other zone, with "remove" and without "clonefrom", and nobody else has any. */
MUST_CHECK int delegate_clone_text(const struct zone_dirs *d, char **text, struct err *e);

#endif
