#include "cgroups/tree.h"

#include <errno.h>
#include <sys/stat.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void test_make_and_remove(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", "cpu");
	struct backoff until = backoff_start(1000);
	struct err e = { 0 };

	CHECK_INT(tree_missing(p), 2);
	CHECK_INT(tree_make(p, &e), 0);
	CHECK_INT(p->made, 2);
	CHECK(fake_exists(root, "/zones/web"));
	fake_dir(root, "/zones/web/tenant/deep");
	fake_dir(root, "/zones/web/other");
	CHECK_INT(tree_remove(p, &until, &e), 0);
	CHECK(!fake_exists(root, "/zones"));
	CHECK_INT(tree_remove(p, &until, &e), 0); /* gone already */
	cgroup_free(cg);
	fake_remove(root);
}

/* One whose directory is the folder that others of ours live in, and who has found it, takes nothing of it away; only what its maker has left to it. */
static void test_folder(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct backoff until = backoff_start(1000);
	struct err e = { 0 };
	struct cgroup_part *web = fake_part(cg, root, "/zones/web", "cpu");

	CHECK_INT(tree_make(web, &e), 0);
	struct cgroup_part *folder = fake_part(cg, root, "/zones", "cpu");

	CHECK_INT(tree_make(folder, &e), 1);
	CHECK_INT(folder->made, 0);
	CHECK_INT(tree_remove(folder, &until, &e), 0);
	CHECK(fake_exists(root, "/zones/web"));
	struct cgroup_part *maker = fake_part(cg, root, "/made", "cpu");

	CHECK_INT(tree_make(maker, &e), 0);
	tree_hand_over(maker);
	struct cgroup_part *taker = fake_part(cg, root, "/made", "cpu");

	CHECK_INT(tree_make(taker, &e), 1);
	CHECK_INT(tree_remove(taker, &until, &e), 0);
	CHECK(geteuid() != 0 ||
	      !fake_exists(root, "/made")); /* without privileges there are no marks */
	cgroup_free(cg);
	fake_remove(root);
}

static void test_foreign(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct backoff until = backoff_start(1000);
	struct err e = { 0 };

	fake_dir(root, "/slice/old");
	struct cgroup_part *p = fake_part(cg, root, "/slice/new", "cpu");

	CHECK_INT(tree_missing(p), 1);
	CHECK_INT(tree_make(p, &e), 0);
	CHECK_INT(p->made, 1);
	CHECK_INT(tree_make(p, &e), 1); /* it is there now, and nobody says that it is ours */
	p->made = 1;
	fake_dir(root, "/slice/new/sub");
	CHECK_INT(tree_remove(p, &until, &e), 0);
	CHECK(!fake_exists(root, "/slice/new"));
	CHECK(fake_exists(root, "/slice/old")); /* and so its folder stays */
	struct cgroup_part *old = fake_part(cg, root, "/slice/old", "cpu");

	CHECK_INT(tree_make(old, &e), 1);
	CHECK_INT(old->made, 0);
	CHECK_INT(tree_remove(old, &until, &e), 0);
	CHECK(fake_exists(root, "/slice/old"));
	fake_file(root, "/file", "");
	struct cgroup_part *bad = fake_part(cg, root, "/file/x", "cpu");

	CHECK_INT(tree_make(bad, &e), -ENOTDIR);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_neighbours_stay(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct backoff until = backoff_start(1000);
	struct err e = { 0 };
	struct cgroup_part *a = fake_part(cg, root, "/zones/a", "cpu");

	CHECK_INT(tree_make(a, &e), 0);
	fake_dir(root, "/zones/b");
	CHECK_INT(tree_remove(a, &until, &e), 0);
	CHECK(fake_exists(root, "/zones/b"));
	cgroup_free(cg);
	fake_remove(root);
}

static void test_busy(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct backoff until = backoff_start(5);
	struct err e = { 0 };
	struct cgroup_part *p = fake_part(cg, root, "/web", "cpu");

	CHECK_INT(tree_make(p, &e), 0);
	fake_file(root, "/web/cgroup.procs",
		  "41\n40\n"); /* an ordinary file keeps an ordinary directory busy */
	CHECK_INT(tree_remove(p, &until, &e), -EBUSY);
	CHECK(strstr(e.text, "process 40 is still in it") != NULL);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_pids(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct cgroup_part *p = fake_part(cg, root, "/web", NULL);
	auto_free pid_t *pids = NULL, *none = NULL;
	struct err e = { 0 };
	size_t n = 9;

	CHECK_INT(tree_pids(p, &none, &n, &e), 0);
	CHECK_INT(n, 0);
	fake_dir(root, "/web/a/b");
	fake_file(root, "/web/cgroup.procs", "30\n7\n");
	fake_file(root, "/web/a/cgroup.procs", "");
	fake_file(root, "/web/a/b/cgroup.procs", "9\n30\n0\n");
	CHECK_INT(tree_pids(p, &pids, &n, &e), 0);
	CHECK_INT(n, 3);
	CHECK(n == 3 && pids[0] == 7 && pids[1] == 9 && pids[2] == 30);
	cgroup_free(cg);
	fake_remove(root);
}

static int count(int fd, void *arg, struct err *e)
{
	(void)fd;
	(void)e;
	++*(int *)arg;
	return 0;
}

static int stop(int fd, void *arg, struct err *e)
{
	(void)fd;
	(void)arg;
	return err_set(e, ECANCELED, "enough");
}

/* Deeper than any path can say. */
static void test_depth(void)
{
	enum { DEPTH = 300 };
	static const char name[] = "a-tenant-may-nest-as-deeply-as-it-likes";
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct backoff until = backoff_start(1000);
	struct err e = { 0 };
	struct cgroup_part *p = fake_part(cg, root, "/web", NULL);
	int seen = 0, r = tree_make(p, &e);
	int fd = part_open(p, &e);
	int at = dup(fd);

	CHECK_INT(r, 0);
	for (int i = 0; i < DEPTH; i++) {
		(void)mkdirat(at, name, 0755);
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		(void)close(at);
		at = next;
	}
	(void)close(at);
	CHECK_INT(tree_walk(fd, &(struct tree_visitor){ .enter = count, .arg = &seen }, &e), 0);
	CHECK_INT(seen, DEPTH + 1);
	CHECK_INT(tree_walk(fd, &(struct tree_visitor){ .enter = stop }, &e), -ECANCELED);
	CHECK_INT(tree_remove(p, &until, &e), 0);
	CHECK(!fake_exists(root, "/web"));
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_make_and_remove();
	test_folder();
	test_foreign();
	test_neighbours_stay();
	test_busy();
	test_pids();
	test_depth();
	return test_done();
}
