/* Which process a pidfd means. What is made and joined is in plan_test.c and build_test.c. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/sys.h"
#include "tests/unit/test.h"

int main(void)
{
	pid_t child = fork();

	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	int pidfd = sys_pidfd_open(child, 0);

	CHECK_INT(namespaces_pid_of(pidfd), child);
	CHECK_INT(kill(child, SIGKILL), 0);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK(namespaces_pid_of(pidfd) <= 0);
	CHECK_INT(namespaces_pid_of(0), 0);
	CHECK_INT(namespaces_pid_of(9999), 0);
	return test_done();
}
