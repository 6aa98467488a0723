/* zone set - change properties of a zone. */
#include "runtime/zone_cmd/change.h"

int zone_cmd_set(struct cli_args *a)
{
	return change_properties(a, ZONE_EDIT_SET);
}
