#include "runtime/engine/criu.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static void test_reason(void)
{
	static const char *const rows[][2] = {
		{ "", NULL },
		{ "\n\n", NULL },
		{ "one\ntwo\n\n", "two" },
		{ "(00.1) Error (criu/net.c:1): locked\n(00.2) Error (criu/cr-dump.c:9): Dumping FAILED.\n",
		  "Error (criu/net.c:1): locked" },
		{ "(00.1) Error (criu/tun.c:85): tun: no\nError (criu/sk-unix.c:2): unix: bad\n(0) Error (criu/util.c:6): exited\n",
		  "Error (criu/sk-unix.c:2): unix: bad" },
		{ "Error (criu/util.c:6): exited, status=1\nbye\n",
		  "Error (criu/util.c:6): exited, status=1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *reason = criu_reason(rows[i][0]);

		CHECK_STR(reason, rows[i][1]);
		free(reason);
	}
}

int main(void)
{
	test_reason();
	return test_done();
}
