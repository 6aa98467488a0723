#include <errno.h>

#include "cgroups/limits.h"
#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

int main(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct strmap rows auto_done(strmap) = { 0 };
	struct err e = { 0 };

	(void)fake_part(cg, root, "/web", NULL);
	CHECK_INT(limits_show(cg, &rows, &e), -ENOENT);
	fake_dir(root, "/web");
	fake_file(root, "/web/cpu.max", "150000 100000\n");
	fake_file(root, "/web/io.max", "8:0 rbps=1\n8:16 rbps=2\n");
	fake_file(root, "/web/hugetlb.2MB.max", "4096\n");
	fake_file(root, "/web/hugetlb.2MB.current", "1\n");
	fake_file(root, "/web/cpu.stat", "usage_usec 1\n");
	CHECK_INT(limits_show(cg, &rows, &e), 0);
	CHECK_INT(rows.n, 3);
	CHECK_STR(strmap_get(&rows, "cpu.max"), "150000 100000");
	CHECK_STR(strmap_get(&rows, "io.max"), "8:0 rbps=1,8:16 rbps=2");
	CHECK_STR(strmap_get(&rows, "hugetlb.2MB.max"), "4096");
	cgroup_free(cg);
	fake_remove(root);
	return test_done();
}
