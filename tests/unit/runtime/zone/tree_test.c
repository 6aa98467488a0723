/* What copying and extracting share. */
#include "runtime/zone/tree.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static char *warned;

static void warn(void *arg, const char *sentence)
{
	(void)arg;
	free(warned);
	warned = mem_strdup(sentence);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	struct zone_install o = { .warn = warn };

	test_dirs_make(&t);
	struct tree_job job = { .root = open(t.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				.options = &o };
	struct stat st;

	CHECK_INT(tree_check_owner(0, 0, &e), 0);
	CHECK_INT(tree_check_owner(65535, 65535, &e), 0);
	CHECK_INT(tree_check_owner(65536, 0, &e), -EINVAL);
	CHECK_INT(tree_check_owner(0, -1, &e), -EINVAL);
	CHECK_INT(tree_check_owner(INT64_C(4294967296), 0, &e), -EINVAL);
	CHECK(tree_wants_attribute("security.capability") && tree_wants_attribute("user.x") &&
	      tree_wants_attribute("system.posix_acl_access"));
	CHECK(!tree_wants_attribute("trusted.overlay.opaque") &&
	      !tree_wants_attribute("security.selinux") && !tree_wants_attribute("security.ima"));
	CHECK_INT(tree_fits(&job, 1, &e), 0);
	CHECK_INT(tree_fits(&job, 1ull << 60, &e), -ENOSPC);
	CHECK_INT(tree_reserve(&job, 1, &e), 0);
	job.skipped_devices = 2;
	auto_free char *sys = mem_format("%s/sys", t.top);

	CHECK(symlink("/nosuch", sys) == 0);
	CHECK_INT(tree_finish(&job, &e), 0);
	CHECK(warned && strstr(warned, "2 device nodes"));
	CHECK(fstatat(job.root, "tmp", &st, 0) == 0 && (st.st_mode & 07777) == 01777);
	CHECK(fstatat(job.root, "proc", &st, 0) == 0 && (st.st_mode & 07777) == 0555);
	CHECK(fstatat(job.root, "sys", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
	(void)close(job.root);
	free(warned);
	test_dirs_remove(&t);
	return test_done();
}
