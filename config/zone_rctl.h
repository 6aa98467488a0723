/* zone_rctl - what the names in "rctl" mean. Private to config/, but for the files, which zone_spec.h tells of. */
#ifndef CONFIG_ZONE_RCTL_H
#define CONFIG_ZONE_RCTL_H

#include "config/zone_table.h"

/* The property that a name of Solaris means, NULL: none. Borrowed. */
const char *zone_rctl_property(const char *name);
/* Is the value one that the name can have? -EINVAL with a reason. Unknown names are fine here. */
MUST_CHECK int zone_rctl_check(const struct zone_rctl *r, char *why, size_t why_size);
/* Has the file the property as well? */
bool zone_rctl_contradicts(const struct zone_spec *z, const char *name);
/* Set the properties that are meant. Before the defaults. */
void zone_rctl_expand(struct zone_spec *z);
/* Every name, with blanks between; freshly allocated. */
char *zone_rctl_names(void);

#endif
