#include "cgroups/part.h"

#include <errno.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void test_word(void)
{
	static const char text[] = "populated 1\nfrozen 0\noom_kill 18446744073709551615";
	uint64_t v = 5;

	CHECK(part_word(text, "frozen", &v));
	CHECK_INT(v, 0);
	CHECK(part_word(text, "oom_kill", &v));
	CHECK(v == UINT64_MAX);
	CHECK(!part_word(text, "oom", &v));
	CHECK(!part_word(text, "kill", &v));
	CHECK(!part_word("x y", "x", &v));
	CHECK(!part_word("", "x", &v));
}

static void test_parts(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);

	CHECK(!part_main(cg));
	(void)fake_part(cg, "/x", "/z", "cpu");
	CHECK_STR(part_main(cg)->dir, "/x/z");
	(void)fake_part(cg, "/u", "/z", NULL);
	CHECK(part_main(cg) == part_unified(cg));
	CHECK(part_of_v1(cg, "cpu") == &cg->parts[0]);
	CHECK(!part_of_v1(cg, "memory"));
	cgroup_free(cg);
}

static void test_files(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct cgroup_part *p = fake_part(cg, root, "/z", NULL);
	auto_free char *text = NULL, *again = NULL;
	struct err e = { 0 };
	uint64_t v = 0;

	CHECK_INT(part_open(p, &e), -ENOENT);
	CHECK(!part_has(p, "pids.max"));
	fake_dir(root, "/z");
	fake_file(root, "/z/pids.max", "max\n");
	fake_file(root, "/z/list", "1 2\n3 4\n\n");
	CHECK(part_open(p, &e) >= 0);
	CHECK(part_has(p, "pids.max"));
	CHECK(part_number(p, "pids.max", &v));
	CHECK(v == UINT64_MAX);
	CHECK(!part_number(p, "list", &v));
	CHECK(!part_number(p, "none", &v));
	CHECK_INT(part_read(p, "list", &text, &e), 0);
	CHECK_STR(text, "1 2\n3 4");
	CHECK_INT(part_write(p, "pids.max", "12\n", &e), 0);
	CHECK_INT(part_write(p, "none", "12", &e), -ENOENT);
	CHECK(!part_was_killed(p));
	CHECK_INT(part_read(p, "gone", &again, &e), -ENOENT);
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_word();
	test_parts();
	test_files();
	return test_done();
}
