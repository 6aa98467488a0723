/* containers - zrun's containers beside the zones: `zone list`, `zone ps` and `zone why` show them too, with brand "oci". They are only looked at; zrun and its callers own them.
 * Private to this folder.
 *
 * Which ones: those of ZONES_OCI_DIR when it is set, else of /run/zrun, zrun's own default. An installation with a run directory of its own (ZONES_RUN_DIR) shows none unless told. */
#ifndef RUNTIME_ZONE_CONTAINERS_H
#define RUNTIME_ZONE_CONTAINERS_H

#include "runtime/engine/engine.h"
#include "runtime/zone/zone.h"

/* Rows to add behind the zones'; *ret is freed with zone_rows_free() by who takes them over. No such directory: none. */
void containers_rows(const struct zone_dirs *d, struct zone_row **ret, size_t *ret_n);
/* Their names, sorted as the engine lists them. No such directory: none. */
void containers_names(const struct zone_dirs *d, struct strv *ret);
/* -ENOENT: there is none of this name. */
MUST_CHECK int containers_open(const struct zone_dirs *d, const char *name,
			       struct engine_container **ret, struct err *e);
/* A zone's state for an engine's; *ret_aux is the word beside it or NULL, freshly allocated. */
enum zone_state containers_state(enum engine_status s, char **ret_aux);

#endif
