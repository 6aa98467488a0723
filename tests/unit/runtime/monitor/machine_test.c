/* The monitor's table: every pair has a defined action, and the ones that matter for safety are what they should be. */
#include "runtime/monitor/machine.h"

#include "tests/unit/test.h"

int main(void)
{
	for (int s = 0; s < MACHINE_STATE_COUNT; s++) {
		CHECK(machine_action((enum machine_state)s, EVENT_HALT) ==
		      ACTION_HALT); /* halt always works */
		for (int ev = 0; ev < MACHINE_EVENT_COUNT; ev++)
			CHECK(machine_action((enum machine_state)s, (enum machine_event)ev) <=
			      ACTION_BOOT);
	}
	CHECK_INT(machine_action(MACHINE_RUNNING, EVENT_SHUTDOWN), ACTION_ASK);
	CHECK_INT(machine_action(MACHINE_STOPPING, EVENT_SHUTDOWN), ACTION_HASTEN);
	CHECK_INT(machine_action(MACHINE_STOPPING, EVENT_TIMER), ACTION_DEADLINE);
	CHECK_INT(machine_action(MACHINE_RUNNING, EVENT_TIMER), ACTION_NONE);
	CHECK_INT(machine_action(MACHINE_DOWN, EVENT_TIMER), ACTION_BOOT);
	CHECK_INT(machine_action(MACHINE_RUNNING, EVENT_INIT_ENDED), ACTION_ENDED);
	CHECK_INT(machine_action(MACHINE_READY, EVENT_START), ACTION_START);
	CHECK_INT(machine_action(MACHINE_RUNNING, EVENT_START), ACTION_NONE);
	CHECK_INT(machine_action(MACHINE_RUNNING, EVENT_INIT_REBOOT), ACTION_CYCLE);
	CHECK_INT(machine_action(MACHINE_DOWN, EVENT_INIT_ENDED), ACTION_NONE);
	return test_done();
}
