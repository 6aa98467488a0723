/* Files written into a tenant's root: they arrive, the tenant's own are left alone, and hostile links lead nowhere. */
#include "runtime/zone/etc_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

#include "tests/unit/test.h"

static const char uuid[] = "01234567-89ab-cdef-0123-456789abcdef";

static bool holds(int dir, const char *path, const char *part)
{
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t n;

	return file_read_all(dir, path, 65536, &text, &n, &e) == 0 && strstr(text, part) != NULL;
}

static void put(int dir, const char *path, const char *text)
{
	struct err e = { 0 };

	CHECK(file_replace(dir, path, text, strlen(text), 0644, &e) == 0);
}

int main(void)
{
	char top[] = "/tmp/zones-etc.XXXXXX";
	struct err e = { 0 };
	struct zone_spec *z = zone_spec_new();
	int dir, root;

	z->zonename = mem_strdup("web");
	z->hostname = mem_strdup("web");
	z->hostid = mem_strdup("0x01020304");
	CHECK(mkdtemp(top) != NULL);
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(dir, "root", 0755) == 0 && mkdirat(dir, "root/etc", 0755) == 0);
	put(dir, "canary", "untouched\n");
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)close(root);
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(symlinkat("../../canary", root, "etc/hostname") == 0);
	CHECK(mkfifoat(dir, "root/etc/hosts", 0600) == 0);
	CHECK(etc_files_write(root, z, NULL, uuid, &e) == 0);
	CHECK(holds(dir, "canary", "untouched"));
	CHECK(holds(dir, "root/etc/hostname", "web\n"));
	CHECK(holds(dir, "root/etc/hosts", "web"));
	CHECK(holds(dir, "root/etc/machine-id", "0123456789abcdef0123456789abcdef\n"));
	CHECK(!file_exists(dir, "root/etc/resolv.conf"));

	put(dir, "root/etc/hosts", "127.0.0.1 mine\n");
	put(dir, "root/etc/machine-id", "ffffffffffffffffffffffffffffffff\n");
	CHECK(etc_files_write(root, z, NULL, uuid, &e) == 0);
	CHECK(holds(dir, "root/etc/hosts", "mine"));
	CHECK(holds(dir, "root/etc/machine-id", "ffff"));

	/* one that is longer than anything of ours is the tenant's too */
	auto_free char *many = mem_zero(70001);

	memset(many, '#', 70000);
	put(dir, "root/etc/hosts", many);
	CHECK(etc_files_write(root, z, NULL, uuid, &e) == 0);
	CHECK(!holds(dir, "root/etc/hosts", "localhost"));

	CHECK(file_remove_tree(dir, "root/etc", &e) == 0);
	CHECK(symlinkat("..", root, "etc") == 0); /* /etc -> ..: stays inside the root */
	CHECK(etc_files_write(root, z, NULL, uuid, &e) == 0);
	CHECK(file_exists(dir, "root/hostname"));
	CHECK(!file_exists(dir, "hostname"));
	(void)close(root);
	(void)close(dir);
	zone_spec_free(z);
	CHECK(file_remove_tree(AT_FDCWD, top, &e) == 0);
	return test_done();
}
