/* zone clear - properties go back to their defaults. */
#include "runtime/zone_cmd/change.h"

int zone_cmd_clear(struct cli_args *a)
{
	return change_properties(a, ZONE_EDIT_CLEAR);
}
