/* zone add - add to a list of a zone. */
#include "runtime/zone_cmd/change.h"

int zone_cmd_add(struct cli_args *a)
{
	return change_properties(a, ZONE_EDIT_ADD);
}
