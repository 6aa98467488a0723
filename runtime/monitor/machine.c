/* machine - every pair of state and event is written down, so nothing can be forgotten and impossible pairs are visible as "none". */
#include "runtime/monitor/machine.h"

/* clang-format off: a table to be read as a table */
static const unsigned char actions[MACHINE_STATE_COUNT][MACHINE_EVENT_COUNT] = {
	/*                     start         halt         shutdown     reboot        init ended    init reboot   timer */
	[MACHINE_DOWN] = { ACTION_BOOT, ACTION_HALT, ACTION_HALT, ACTION_BOOT, ACTION_NONE,
			   ACTION_NONE, ACTION_BOOT },
	[MACHINE_READY] = { ACTION_START, ACTION_HALT, ACTION_HALT, ACTION_CYCLE, ACTION_ENDED,
			    ACTION_ENDED, ACTION_NONE },
	[MACHINE_RUNNING] = { ACTION_NONE, ACTION_HALT, ACTION_ASK, ACTION_CYCLE, ACTION_ENDED,
			      ACTION_CYCLE, ACTION_NONE },
	[MACHINE_STOPPING] = { ACTION_NONE, ACTION_HALT, ACTION_HASTEN, ACTION_CYCLE, ACTION_ENDED,
			       ACTION_CYCLE, ACTION_DEADLINE },
};
/* clang-format on */

enum machine_action machine_action(enum machine_state s, enum machine_event ev)
{
	return (enum machine_action)actions[s][ev];
}
