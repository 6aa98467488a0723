/* What a root consists of: names of layers, what is missing, a new top. What is mounted: tests/zone/storage.bats. */
#include "runtime/zone/storage.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static void names(const struct test_dirs *t)
{
	static const char *const good[] = { "12345678", "sha256-0123456789abcdef", "a-b-c-d-",
					    NULL };
	static const char *const bad[] = {
		"",
		"1234567",
		"../../../etc",
		"a/b/c/d/e",
		"ABCDEFGH",
		".hidden-x",
		"-12345678",
		"a b c d e",
		"0123456789012345678901234567890123456789012345678901234567890123456789abcdefghijklmn",
		NULL
	};
	auto_free char *path = storage_layer(&t->dirs, "12345678");
	auto_free char *wanted = mem_format("%s/.layers/12345678/fs", t->dirs.storage);

	CHECK_STR(path, wanted);
	for (size_t i = 0; good[i]; i++)
		CHECK(storage_layer_ok(good[i]));
	for (size_t i = 0; bad[i]; i++)
		CHECK(!storage_layer_ok(bad[i]));
	CHECK(!storage_layer_ok(NULL));
}

static void drivers(void)
{
	struct zone_record r = { 0 };

	CHECK_STR(storage_driver(&r), "dir");
	CHECK(!storage_is_overlay(&r));
	r.driver = mem_strdup("overlay");
	strv_add(&r.layers, "12345678");
	CHECK(storage_is_overlay(&r));
	storage_forget(&r);
	CHECK(!r.driver && r.layers.n == 0);
	storage_forget(&r);
}

/* Each part that is taken away is named. */
static void checks(const struct test_dirs *t)
{
	static const char *const parts[] = { "upper/work", "upper/fs", "root" };
	auto_free char *zonepath = mem_format("%s/web", t->dirs.storage);
	auto_free char *layer = storage_layer(&t->dirs, "12345678");
	struct zone_record r = { .zonepath = zonepath, .driver = mem_strdup("overlay") };
	struct err e = { 0 };
	struct stat st;

	CHECK(mkdir(zonepath, 0700) == 0);
	auto_close int top = open(zonepath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(storage_check(&t->dirs, &r, &e), -ENOENT);
	CHECK(mkdirat(top, "root", 0700) == 0);
	CHECK_INT(storage_make_upper(top, -1, &e), 0);
	CHECK(fstatat(top, "upper/fs", &st, 0) == 0 && (st.st_mode & 07777) == 0755);
	CHECK(fstatat(top, "upper", &st, 0) == 0 && (st.st_mode & 07777) == 0700);
	CHECK_INT(storage_check(&t->dirs, &r, &e), -EINVAL); /* no layer */
	strv_add(&r.layers, "12345678");
	CHECK_INT(storage_check(&t->dirs, &r, &e), -ENOENT);
	CHECK(strstr(e.text, "layer 12345678 is missing") != NULL);
	CHECK_INT(file_mkdir_p(AT_FDCWD, layer, 0755, &e), 0);
	CHECK_INT(storage_check(&t->dirs, &r, &e), 0);
	for (size_t i = 0; i < 3; i++) {
		CHECK(renameat(top, parts[i], top, "away") == 0);
		CHECK_INT(storage_check(&t->dirs, &r, &e), -ENOENT);
		CHECK(strstr(e.text, parts[i]) != NULL);
		CHECK(symlinkat("away", top, parts[i]) == 0);
		CHECK_INT(storage_check(&t->dirs, &r, &e), -ENOTDIR);
		CHECK(unlinkat(top, parts[i], 0) == 0 && renameat(top, "away", top, parts[i]) == 0);
	}
	storage_forget(&r);
}

/* A root that is no overlay is the directory; of none there is an error. */
static void opens(const struct test_dirs *t)
{
	auto_free char *zonepath = mem_format("%s/web", t->dirs.storage);
	struct zone z = { .name = mem_strdup("web"), .lock_fd = -1 };
	struct root_use root = ROOT_USE_NONE;
	struct err e = { 0 };
	struct stat a, b;

	CHECK_INT(zone_root_open(&t->dirs, &z, &e), -EINVAL);
	z.record.zonepath = mem_strdup(zonepath);
	auto_close int fd = zone_root_open(&t->dirs, &z, &e);
	auto_free char *path = mem_format("%s/root", zonepath);

	CHECK(fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino);
	CHECK_INT(root_use_begin(&t->dirs, &z, NULL, &root, &e), 0);
	CHECK(root.fd >= 0 && !root.is_shifted);
	root_use_end(&root);
	CHECK_INT(root.fd, -1);
	z.record.driver = mem_strdup("overlay");
	z.init_alive = true;
	CHECK_INT(zone_root_open(&t->dirs, &z, &e), -EBUSY);
	zone_record_done(&z.record);
	free(z.name);
}

int main(void)
{
	struct test_dirs t;

	test_dirs_make(&t);
	names(&t);
	drivers();
	checks(&t);
	opens(&t);
	test_dirs_remove(&t);
	return test_done();
}
