/* Lists of CPUs, rlimits and the rule "already so is no failure". */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void test_lists(void)
{
	unsigned long b[2];
	const size_t n = sizeof(b) * 8;

	CHECK_INT(limits_parse_list("0-3,7", b, n), 0);
	CHECK_INT(b[0], 0x8f);
	CHECK_INT(limits_parse_list("64", b, n), 0);
	CHECK(b[0] == 0 && b[1] == 1);
	CHECK_INT(limits_parse_list("127", b, n), 0);
	CHECK_INT(limits_parse_list("128", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("3-1", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("1,", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("1-", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("-1", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("a", b, n), -EINVAL);
	CHECK_INT(limits_parse_list("0-4294967295", b, n), -EINVAL);
}

static int run(const char *type, uint64_t soft, uint64_t hard, char *text, size_t size)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	struct isolation iso = { .spec = s, .process = p, .proc = -1 };
	struct rlimit_spec *r = LIST_GROW(p->rlimits, p->n_rlimits);
	struct err e = { 0 };

	r->type = mem_strdup(type);
	r->soft = soft;
	r->hard = hard;
	p->user.umask = (struct opt_u64){ true, 027 };
	int got = limits_run(&iso, p, &e);

	(void)snprintf(text, size, "%s", e.text);
	return got;
}

/* In a child: limits cannot be taken back. */
static void test_rlimits(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		char text[500];
		struct rlimit now;
		int bad = 0;

		bad |= run("RLIMIT_CORE", 5, 7, text, sizeof(text)) != 0;
		bad |= (getrlimit(RLIMIT_CORE, &now) < 0 || now.rlim_cur != 5 || now.rlim_max != 7)
		       << 1;
		bad |= (run("RLIMIT_NO_SUCH", 1, 1, text, sizeof(text)) != -EINVAL) << 2;
		bad |= (umask(0) != 027) << 3;
		_exit(bad);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(WEXITSTATUS(status), 0);
}

int main(void)
{
	test_lists();
	test_rlimits();
	return test_done();
}
