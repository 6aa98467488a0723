/* A POSIX ACL of the archive arrives as the kernel's attribute, entries in order. */
#include "runtime/zone/archive_acl.h"

#include <sys/xattr.h>

#include "tests/unit/runtime/zone/archive_test.h"

int main(void)
{
	static const unsigned char want[] = {
		2,    0, 0, 0,                         /* version */
		1,    0, 6, 0, 0xff, 0xff, 0xff, 0xff, /* user::rw- */
		2,    0, 4, 0, 33,   0,    0,    0,    /* user:33:r-- */
		2,    0, 6, 0, 0xe8, 3,    0,    0,    /* user:1000:rw- */
		4,    0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* group::r-- */
		0x10, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, /* mask::rw- */
		0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* other::--- */
	};
	struct test_dirs t;
	struct err e = { 0 };
	unsigned char got[256];
	int root = -1;

	test_dirs_make(&t);
	const struct made_entry entries[] = {
		MADE_ETC,
		{ .name = "etc/acl",
		  .type = AE_IFREG,
		  .text = "x",
		  .mode = 0660,
		  .acl = "user::rw-,user:a:rw-:1000,user:b:r--:33,group::r--,mask::rw-,other::---" },
		{ 0 },
	};
	const struct made_entry beyond[] = {
		MADE_ETC,
		{ .name = "etc/acl",
		  .type = AE_IFREG,
		  .text = "x",
		  .mode = 0660,
		  .acl = "user::rw-,user:a:rw-:70000,group::r--,mask::rw-,other::---" },
		{ 0 },
	};

	CHECK_INT(made_extract(&t, entries, &root, &e), 0);
	int fd = openat(root, "etc/acl", O_RDONLY | O_CLOEXEC);
	ssize_t n = fgetxattr(fd, "system.posix_acl_access", got, sizeof(got));

	CHECK(n == (ssize_t)sizeof(want) && memcmp(got, want, sizeof(want)) == 0);
	(void)close(fd);
	(void)close(root);
	CHECK(made_extract(&t, beyond, NULL, &e) < 0);
	CHECK(strstr(e.text, "ACL") != NULL);
	test_dirs_remove(&t);
	return test_done();
}
