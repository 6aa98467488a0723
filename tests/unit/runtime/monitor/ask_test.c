/* Whether an init would hear a signal: the masks of /proc/PID/status. */
#include "runtime/monitor/private.h"

#include <signal.h>
#include <unistd.h>

#include "tests/unit/test.h"

#define STATUS(blocked, ignored, caught)                                                                   \
	"Name:\tinit\nSigQ:\t0/1\nSigPnd:\tffffffffffffffff\nShdPnd:\tffffffffffffffff\nSigBlk:\t" blocked \
	"\nSigIgn:\t" ignored "\nSigCgt:\t" caught "\nCapInh:\tffffffffffffffff\n"

#define NONE "0000000000000000"

static void test_masks(void)
{
	CHECK(!ask_is_heard(STATUS(NONE, NONE, NONE), SIGTERM));
	CHECK(!ask_is_heard(STATUS(NONE, "ffffffffffffffff", NONE), SIGTERM));
	CHECK(ask_is_heard(STATUS("0000000000004000", NONE, NONE), SIGTERM));
	CHECK(ask_is_heard(STATUS(NONE, NONE, "0000000000004000"), SIGTERM));
	CHECK(!ask_is_heard(STATUS(NONE, NONE, "0000000000004000"), SIGPWR));
	/* systemd: RTMIN+3 is number 37 */
	CHECK(ask_is_heard(STATUS("0000001000000000", NONE, NONE), 37));
	CHECK(!ask_is_heard(STATUS("0000001000000000", NONE, NONE), 36));
	CHECK(!ask_is_heard(STATUS("0000001000000000", NONE, NONE), 38));
	CHECK(ask_is_heard(STATUS("8000000000000000", NONE, NONE), 64));
}

static void test_nonsense(void)
{
	CHECK(!ask_is_heard("", SIGTERM));
	CHECK(!ask_is_heard("SigBlk:\tffffffffffffffff",
			    SIGTERM)); /* only at the beginning of a line that is not the first */
	CHECK(!ask_is_heard(STATUS("ffffffffffffffff", NONE, NONE), 0));
	CHECK(!ask_is_heard(STATUS("ffffffffffffffff", NONE, NONE), -1));
	CHECK(!ask_is_heard(STATUS("ffffffffffffffff", NONE, NONE), 65));
}

static void on_signal(int signo)
{
	(void)signo;
}

static void test_process(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	CHECK_INT(sigaction(SIGUSR2, &action, NULL), 0);
	CHECK(!ask_init_hears(getpid(), SIGUSR2));
	action.sa_handler = on_signal;
	CHECK_INT(sigaction(SIGUSR2, &action, NULL), 0);
	CHECK(ask_init_hears(getpid(), SIGUSR2));
	CHECK(ask_init_hears(0x7ffffff0, SIGUSR2)); /* no such process: do not wait for it */
}

int main(void)
{
	test_masks();
	test_nonsense();
	test_process();
	return test_done();
}
