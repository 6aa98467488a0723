/* Lines of strace and of the tracepoint, as they are written, and as they must not fool us. */
#include "runtime/zone/learn_record.h"

#include <string.h>

#include "tests/unit/test.h"

static uint64_t calls(const struct learn_counts *c, const char *name)
{
	for (size_t i = 0; i < c->n_calls; i++)
		if (strcmp(c->calls[i].name, name) == 0)
			return c->calls[i].n;
	return 0;
}

int main(void)
{
	static const char *const lines[] = {
		"41 prctl(0x1, 0x2) = 0", /* before a program begins: the runtime's */
		"41 execve(0x7f, 0x7f, 0x7f) = 0",
		"41 openat(0xffffff9c, 0x7f, 0, 0) = 3",
		"42 openat(0xffffff9c, 0x7f, 0, 0 <unfinished ...>",
		"42 <... openat resumed>) = -1 (errno 2)",
		"41 accept4(0x3, 0, 0, 0) = ? <detached ...>",
		"41 +++ exited with 0 +++",
		"41 --- SIGCHLD ---",
		"strace: Process 41 detached",
		"41 ",
		"",
		"41 a_name_that_is_longer_than_any_system_call_has_ever_been(0x1) = 0",
	};
	static const char *const events[] = {
		"           <...>-41      [000] .....  9.5: cap_capable: cred 00000000a, target_ns 00000000b, capable_ns 00000000c, cap 0, ret 0",
		"         python3-41      [001] .....  9.6: cap_capable: cred 00000000a, target_ns 00000000b, capable_ns 00000000c, cap 10, ret 0",
		"         python3-41      [001] .....  9.6: cap_capable: cred 00000000a, target_ns 00000000b, capable_ns 00000000c, cap 10, ret 0",
		"         python3-41      [001] .....  9.6: cap_capable: cred 00000000a, target_ns 00000000b, capable_ns 00000000c, cap 21, ret -1",
		"            zone-41      [001] .....  9.6: cap_capable: cred 00000000a, target_ns 00000000b, capable_ns 00000000c, cap 8, ret 0",
		"         python3-41      [001] .....  9.6: cap_capable: cred 0, target_ns 0, capable_ns 0, cap 99, ret 0",
		"CPU:1 [LOST 5 EVENTS]",
		": cap_capable: ",
	};
	static struct learn_counts c, again;

	strcpy(c.before, "zone");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		learn_call_line(&c, lines[i]);
	CHECK_INT(c.n_calls, 3);
	CHECK_INT(calls(&c, "execve"), 1);
	CHECK_INT(calls(&c, "openat"), 2);
	CHECK_INT(calls(&c, "accept4"), 1);
	CHECK(!c.saw_caps);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		learn_cap_line(&c, events[i]);
	CHECK(c.saw_caps);
	CHECK_INT(c.caps[0], 1);
	CHECK_INT(c.caps[10], 2);
	CHECK_INT(c.caps[21], 0);
	CHECK_INT(c.caps[8], 0);
	learn_result_line(&again, "call openat 7");
	learn_result_line(&again, "cap 10 3");
	learn_result_line(&again, "cap 64 3");
	learn_result_line(&again, "caps");
	learn_result_line(&again, "call");
	CHECK_INT(calls(&again, "openat"), 7);
	CHECK_INT(again.caps[10], 3);
	CHECK(again.saw_caps);
	/* no more names than there is room for */
	for (int i = 0; i < LEARN_CALLS + 10; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "1 call_%d(0) = 0", i);
		learn_call_line(&c, line);
	}
	CHECK_INT(c.n_calls, LEARN_CALLS);
	return test_done();
}
