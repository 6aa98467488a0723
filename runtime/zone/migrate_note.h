/* migrate_note - what is known of a migration on the disk. Private to runtime/zone; as root.
 *
 *   STORAGE/.migrate/out-NAME.json   of a zone that leaves:  {"token", "host", "uuid", "sshOptions", "phase": "rounds" | "leaving", "running", "remove"}
 *   STORAGE/.migrate/in-TOKEN.json   of one that arrives:    {"zone", "created", "phase": "receiving" | "done", "files"}
 *
 * Both are written durably before what they tell of is begun. The second one stays until the other host has said that it knows, so that it can be asked whatever has become of the zone since. */
#ifndef RUNTIME_ZONE_MIGRATE_NOTE_H
#define RUNTIME_ZONE_MIGRATE_NOTE_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

#define MIGRATE_LEAVING  "migrating-out" /* "aux" of the records */
#define MIGRATE_ARRIVING "migrating-in"

/* `key`: "out-" and a zone's name, or "in-" and a token. 1, 0 when there is none, or a negative errno. */
MUST_CHECK int note_load(const struct zone_dirs *d, const char *key, struct json **ret,
			 struct err *e);
MUST_CHECK int note_save(const struct zone_dirs *d, const char *key, const struct json *note,
			 struct err *e);
/* Gone is fine; the folder goes with the last one. */
void note_forget(const struct zone_dirs *d, const char *key);

#endif
