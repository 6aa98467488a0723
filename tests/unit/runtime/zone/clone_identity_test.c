/* What makes a root one machine goes; links, folders and everything else stay, and nothing outside is touched. */
#include "runtime/zone/clone.h"

#include "tests/unit/runtime/zone/store_dirs.h"

static const char *const goes[] = {
	"etc/machine-id",           "etc/hostid",
	"var/lib/dbus/machine-id",  "var/lib/systemd/random-seed",
	"etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub",
};
static const char *const stays[] = {
	"etc/ssh/sshd_config", "etc/ssh/ssh_host_rsa_key.bak",
	"etc/ssh/other_key",   "etc/machine-id.old",
	"etc/passwd",          "var/lib/systemd/linger",
};

/* Its owner says how many files there are; what has to be made anew is told all the same. */
static void test_many(const char *root, int fd)
{
	auto_done(strv) struct strv keys = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < 300; i++) {
		auto_free char *path = mem_format("etc/ssh/ssh_host_%d_key", i);

		test_put(root, path, "x");
	}
	test_put(root, "etc/ssh/ssh_host_ed25519_key", "x");
	test_put(root, "etc/ssh/ssh_host_ed25519_key.pub", "x");
	CHECK_INT(clone_identity(fd, &keys, &e), 0);
	CHECK(keys.n > 2 && keys.n <= 40);
	CHECK(strv_has(&keys, "ssh_host_ed25519_key") &&
	      strv_has(&keys, "ssh_host_ed25519_key.pub"));
	CHECK(!file_exists(fd, "etc/ssh/ssh_host_0_key") &&
	      !file_exists(fd, "etc/ssh/ssh_host_299_key"));
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	auto_done(strv) struct strv keys = { 0 }, none = { 0 };

	test_dirs_make(&t);
	auto_free char *root = mem_format("%s/root", t.top);
	auto_free char *outside = mem_format("%s/outside", t.top);
	static const char *const dirs[] = { "etc/ssh", "var/lib/dbus", "var/lib/systemd" };

	CHECK(mkdir(root, 0755) == 0 && mkdir(outside, 0755) == 0);
	auto_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(clone_identity(fd, &keys, &e), 0); /* an empty root */
	CHECK_INT(keys.n, 0);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(file_mkdir_p(fd, dirs[i], 0755, &e), 0);
	for (size_t i = 0; i < sizeof(goes) / sizeof(goes[0]); i++)
		test_put(root, goes[i], "x");
	for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		test_put(root, stays[i], "x");
	CHECK_INT(clone_identity(fd, &keys, &e), 0);
	CHECK(keys.n == 2 && strv_has(&keys, "ssh_host_rsa_key"));
	for (size_t i = 0; i < sizeof(goes) / sizeof(goes[0]); i++)
		CHECK(!file_exists(fd, goes[i]));
	for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		CHECK(file_exists(fd, stays[i]));
	test_many(root, fd);
	/* links and folders under the same names; a folder that is a link out of the root */
	test_put(outside, "ssh_host_rsa_key", "canary");
	test_put(outside, "machine-id", "canary");
	auto_free char *target = mem_format("%s/machine-id", outside);

	CHECK(symlinkat(target, fd, "etc/machine-id") == 0);
	CHECK(mkdirat(fd, "etc/ssh/ssh_host_dir_key", 0755) == 0);
	CHECK_INT(file_remove_tree(fd, "var/lib/dbus", &e), 0);
	CHECK(symlinkat(outside, fd, "var/lib/dbus") == 0);
	CHECK_INT(clone_identity(fd, &none, &e), 0);
	CHECK(none.n == 0 && file_exists(fd, "etc/machine-id"));
	CHECK(file_exists(fd, "etc/ssh/ssh_host_dir_key"));
	CHECK(file_exists(AT_FDCWD, target));
	test_dirs_remove(&t);
	return test_done();
}
