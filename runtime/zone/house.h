/* house - small things that rename, move, detach and attach share. Private to runtime/zone; as root, with the zone's lock. */
#ifndef RUNTIME_ZONE_HOUSE_H
#define RUNTIME_ZONE_HOUSE_H

#include <stdbool.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

/* Flush the directory in which `path` has its name. */
MUST_CHECK int house_flush_parent(const char *path, struct err *e);
/* The text of a configuration with one top member set to a text, or taken out (NULL). Freshly allocated. */
MUST_CHECK int house_config_text(const char *text, const char *key, const char *value, char **ret,
				 struct err *e);
/* The same from one file into another, or into itself; durable. */
MUST_CHECK int house_config_set(const char *from, const char *to, const char *key,
				const char *value, struct err *e);
/* May the zone `name` have this UUID: is it one, and does no other zone here have it? */
bool house_uuid_is_free(const struct zone_dirs *d, const char *uuid, const char *name);
/* What a record of another host says of the image that the zone came from, as far as it can be used: "service", if it would be a valid one in a file. NULL: nothing. */
struct json *house_image(const struct json *facts);
/* Remove a directory and what it holds; one that something is mounted on is emptied. Gone is fine. */
MUST_CHECK int house_remove_dir(const char *path, struct err *e);

#endif
