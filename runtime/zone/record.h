/* record - the two files that remember a zone beside its configuration: the record (STORAGE/.records/NAME.json) and the run record
 * (RUN/NAME/run.json). Private to runtime/zone; the writers are declared in store.h.
 *
 * Loading fills a struct that the caller releases with zone_record_done()/zone_run_done(), returns 1 when the file is there, 0 when it is not, and
 * a negative errno when it is there and cannot be read as one of ours. */
#ifndef RUNTIME_ZONE_RECORD_H
#define RUNTIME_ZONE_RECORD_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

enum { RECORD_FILE_MAX = 1 << 20 };

MUST_CHECK int zone_record_load(const struct zone_dirs *d, const char *name,
				struct zone_record *ret, struct err *e);
MUST_CHECK int zone_run_load(const struct zone_dirs *d, const char *name, struct zone_run *ret,
			     struct err *e);

/* The members about the root (record_storage.c). */
MUST_CHECK int record_load_storage(const struct json *j, struct zone_record *r, const char *path,
				   struct err *e);
void record_save_storage(struct json *j, const struct zone_record *r);

/* Read a JSON file of ours; -ENOENT when it is not there. */
MUST_CHECK int zone_json_read(const char *path, struct json **ret, struct err *e);
/* Write one: pretty, 0600, durable or not. */
MUST_CHECK int zone_json_write(const char *path, const struct json *j, bool durable, struct err *e);
/* The word of a state as written in the records; ZONE_NONE when unknown. */
enum zone_state zone_state_from(const char *word);
/* json_set of a text unless it is NULL. */
void zone_json_set_text(struct json *j, const char *key, const char *value);
/* A copy of a text member; NULL when absent. */
char *zone_json_get_text(const struct json *j, const char *key);

/* A copy of any member, to be set elsewhere; NULL when absent. */
struct json *zone_json_get_copy(const struct json *j, const char *key);

/* A random version 4 UUID as text; buf of 37. */
MUST_CHECK int zone_new_uuid(char *buf, struct err *e);

#endif
