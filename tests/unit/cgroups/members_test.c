/* Who is in no list of a walk is found in another hierarchy, or by /proc. With a real zone: tests/attacks/zone.bats. */
#include "cgroups/members.h"

#include <sys/stat.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static char *all_of(struct cgroup *cg, struct cgroup_part *main)
{
	struct strbuf b = { 0 };
	auto_free pid_t *pids = NULL;
	struct err e = { 0 };
	size_t n = 0;

	CHECK_INT(members_all(cg, main, &pids, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		strbuf_format(&b, "%d ", (int)pids[i]);
	return strbuf_steal(&b);
}

/* Process 40 was moved from a sub-cgroup that the walk had still before it into one that it had read. */
static void test_other(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root(), *other = fake_root();
	struct stat st = { 0 };

	(void)fake_part(cg, other, "/zones/web", "pids");
	fake_dir(root, "/zones/web");
	fake_dir(other, "/zones/web");
	fake_file(root, "/zones/web/cgroup.procs", "20\n10\n");
	fake_file(other, "/zones/web/cgroup.procs", "10\n40\n20\n30\n");
	struct cgroup_part *v2 = fake_part(cg, root, "/zones/web", NULL);
	auto_free char *alone = all_of(cg, v2);

	/* where the file system counts sub-directories as cgroups do, that there are none is enough */
	CHECK(stat(v2->dir, &st) == 0);
	CHECK_STR(alone, st.st_nlink == 2 ? "10 20 " : "10 20 30 40 ");
	fake_dir(root, "/zones/web/sub");
	fake_file(root, "/zones/web/sub/cgroup.procs", "30\n");
	auto_free char *with = all_of(cg, v2);

	CHECK_STR(with, "10 20 30 40 ");
	auto_free char *of_v1 = all_of(cg, &cg->parts[0]);

	CHECK_STR(of_v1, "10 20 30 40 ");
	cgroup_free(cg);
	fake_remove(root);
	fake_remove(other);
}

/* An unmounted or foreign directory: nobody, and no error. */
static void test_gone(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", NULL);
	auto_free char *none = all_of(cg, p);

	CHECK_STR(none, "");
	cgroup_free(cg);
	fake_remove(root);
}

/* Everybody is below the root of a hierarchy. */
static void test_everybody(const struct cgroup_part *p)
{
	auto_free pid_t *list = mem_array(1, sizeof(*list));
	struct err e = { 0 };
	size_t n = 1, self = 0;

	list[0] = 1;
	CHECK(!members_has(p, -1));
	CHECK_INT(members_ask_proc(p, &list, &n, &e), 0);
	CHECK_INT(list[0], 1);
	for (size_t i = 1; i < n; i++) {
		self += list[i] == getpid();
		if (list[i - 1] >= list[i])
			CHECK_INT(list[i], list[i - 1] + 1); /* it is not sorted */
	}
	CHECK(self == 1 || getpid() == 1);
}

static void test_proc(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	struct cgroup_part *p = fake_part(cg, "/", "/nobody", NULL);
	auto_free pid_t *list = mem_array(1, sizeof(*list));
	struct err e = { 0 };
	size_t n = 1;

	list[0] = 1;
	CHECK(!members_has(p, getpid()));
	CHECK_INT(members_ask_proc(p, &list, &n, &e), 0);
	CHECK_INT(n, 1);
	free(p->path);
	p->path = mem_strdup("");
	if (members_has(p, getpid())) /* there is a unified hierarchy, and we are in it */
		test_everybody(p);
	cgroup_free(cg);
}

int main(void)
{
	test_other();
	test_gone();
	test_proc();
	return test_done();
}
