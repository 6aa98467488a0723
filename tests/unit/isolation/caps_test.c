/* Names to sets; sets to a process that may do less. */
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "tests/unit/test.h"

#define BIT(n) (UINT64_C(1) << (n))

static void test_parse(void)
{
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	struct caps_spec c = { 0 };
	struct caps_sets s;
	uint64_t available = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_BPF);

	strv_split(&c.bounding, "CAP_KILL,CAP_SYS_ADMIN,CAP_NO_SUCH,CAP_BPF", ',');
	strv_split(&c.permitted, "CAP_KILL,CAP_CHOWN", ',');
	strv_split(&c.effective, "CAP_KILL,CAP_BPF", ',');
	strv_split(&c.inheritable, "CAP_CHOWN", ',');
	strv_split(&c.ambient, "CAP_CHOWN,CAP_KILL", ',');
	caps_parse(&c, available, &s);
	CHECK(s.bounding == (BIT(CAP_KILL) | BIT(CAP_BPF)));
	CHECK(s.permitted == (BIT(CAP_KILL) | BIT(CAP_CHOWN)));
	CHECK(s.effective == BIT(CAP_KILL)); /* not permitted: not effective */
	CHECK(s.inheritable == BIT(CAP_CHOWN));
	CHECK(s.ambient == BIT(CAP_CHOWN)); /* permitted and inheritable */
	strv_done(&c.bounding);
	strv_done(&c.permitted);
	strv_done(&c.effective);
	strv_done(&c.inheritable);
	strv_done(&c.ambient);
}

/* Dropping everything needs no rights. */
static void test_drop_all(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		const struct caps_sets none = { 0 };
		struct err e = { 0 };
		uint64_t left = 1;
		bool ok = caps_after_ids(&none, &e) == 0 && caps_read_permitted(&left, &e) == 0 &&
			  left == 0;

		_exit(ok ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void test_bounding(void)
{
	struct err e = { 0 };
	uint64_t have = 0;
	int status = -1;

	CHECK_INT(caps_read_permitted(&have, &e), 0);
	if (!(have & BIT(CAP_SETPCAP))) {
		test_check(true, "the bounding set # SKIP needs CAP_SETPCAP", __FILE__, __LINE__);
		return;
	}
	pid_t child = fork();

	if (child == 0) {
		const struct caps_sets s = { .bounding = BIT(CAP_KILL) };
		bool ok = caps_before_ids(&s, &e) == 0 && prctl(PR_CAPBSET_READ, CAP_KILL) == 1 &&
			  prctl(PR_CAPBSET_READ, CAP_CHOWN) == 0 &&
			  prctl(PR_CAPBSET_READ, CAP_BPF) == 0;

		_exit(ok ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
	test_parse();
	test_drop_all();
	test_bounding();
	return test_done();
}
