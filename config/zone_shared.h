/* zone_shared - what "ipType": "shared" means for the rest of a zone's file. Private to config/.
 *
 * The zone's addresses are on links of the host, and the host's network carries them: so the zone has no links of its own, and nothing that would let it speak as others or change its network. */
#ifndef CONFIG_ZONE_SHARED_H
#define CONFIG_ZONE_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "config/zone_spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

bool zone_is_shared(const struct zone_spec *z);
/* Contradictions to it, one diagnostic each; returns their number. `root`: the file, for places; may be NULL. */
size_t zone_check_shared(const struct zone_spec *z, const struct json *root,
			 struct diag_list *diags);
/* Privileges ("CAP_...") that a shared zone never has are taken out of a set. */
void zone_shared_ceiling(struct strv *caps);

#endif
