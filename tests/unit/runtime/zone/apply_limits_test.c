/* Errors of the cgroup layer in the words of the zone's file. */
#include "runtime/zone/zone.h"

#include <errno.h>

#include "tests/unit/test.h"

static void says(int code, const char *from, const char *to)
{
	struct err e = { 0 };

	(void)err_set(&e, code, "%s", from);
	zone_limit_words(&e);
	CHECK_STR(e.text, to);
	CHECK_INT(e.code, code);
}

int main(void)
{
	says(EBUSY, "memory.limit: 4096 is below what is in use now, 8192",
	     "cappedMemory.physical: 4096 is below what is in use now, 8192 bytes: end programs in the zone first, or choose more");
	says(EINVAL, "cpu.quota: set \"5\": no", "cappedCPU.ncpus: set \"5\": no");
	says(EOPNOTSUPP, "cpu.burst: this kernel has no \"x\"",
	     "cappedCPU.burst: this kernel has no \"x\"");
	says(EINVAL, "set the limits: unified.cpuset.cpus.partition: set \"root\": no",
	     "dedicatedCPU: set \"root\": no");
	says(EPERM, "pids.limit: no", "maxLwps: no");
	says(EIO, "something else", "something else");
	return test_done();
}
