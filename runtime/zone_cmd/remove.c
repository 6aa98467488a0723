/* zone remove - take out of a list of a zone. */
#include "runtime/zone_cmd/change.h"

int zone_cmd_remove(struct cli_args *a)
{
	return change_properties(a, ZONE_EDIT_REMOVE);
}
