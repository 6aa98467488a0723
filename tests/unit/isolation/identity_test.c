/* Personality by word. */
#include <errno.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

int main(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	struct err e = { 0 };

	CHECK_INT(identity_run(s, &e), 0);
	CHECK_INT(identity_personality(s, &e), 0);
	s->linux.personality = mem_zero(sizeof(*s->linux.personality));
	s->linux.personality->domain = mem_strdup("LINUX32");
	CHECK_INT(identity_personality(s, &e), 0);
	CHECK_INT(personality(0xffffffff) & PER_MASK, PER_LINUX32);
	free(s->linux.personality->domain);
	s->linux.personality->domain = mem_strdup("LINUX64");
	CHECK_INT(identity_personality(s, &e), -EINVAL);
	return test_done();
}
