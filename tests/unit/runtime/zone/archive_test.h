/* archive_test - archives made in memory for the tests of extraction. */
#ifndef TESTS_UNIT_RUNTIME_ZONE_ARCHIVE_TEST_H
#define TESTS_UNIT_RUNTIME_ZONE_ARCHIVE_TEST_H

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "runtime/zone/archive.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/tree.h"
#include "tests/unit/runtime/zone/store_dirs.h"

struct made_entry {
	const char *name;
	unsigned type;    /* AE_IFREG ...; 0: a hard link */
	const char *text; /* contents, or target */
	int mode;         /* 0: 0644 */
	int64_t uid;      /* added to ours */
	const char *acl;  /* text of an access ACL */
};

/* Write the entries (up to one without a name) to PATH. */
static inline void made_archive(const char *path, const struct made_entry *entries)
{
	struct archive *a = archive_write_new();
	struct err ignored = { 0 };

	CHECK(libarchive_load(&ignored) == 0); /* for the functions that the test calls itself */
	CHECK(archive_write_set_format_pax_restricted(a) == ARCHIVE_OK &&
	      archive_write_open_filename(a, path) == ARCHIVE_OK);
	for (; entries->name; entries++) {
		struct archive_entry *e = archive_entry_new();
		const char *text = entries->text ? entries->text : "";

		archive_entry_set_pathname(e, entries->name);
		archive_entry_set_filetype(e, entries->type ? entries->type : AE_IFREG);
		archive_entry_set_perm(e, (mode_t)(entries->mode               ? entries->mode
						   : entries->type == AE_IFDIR ? 0755
									       : 0644));
		archive_entry_set_uid(e, (la_int64_t)getuid() + entries->uid);
		archive_entry_set_gid(e, (la_int64_t)getgid());
		archive_entry_set_mtime(e, 1000000, 0);
		if (entries->type == 0)
			archive_entry_set_hardlink(e, text);
		else if (entries->type == AE_IFLNK)
			archive_entry_set_symlink(e, text);
		if (entries->type == AE_IFREG)
			archive_entry_set_size(e, (la_int64_t)strlen(text));
		if (entries->acl)
			CHECK(archive_entry_acl_from_text(e, entries->acl,
							  ARCHIVE_ENTRY_ACL_TYPE_ACCESS) ==
			      ARCHIVE_OK);
		(void)archive_write_header(a, e);
		if (entries->type == AE_IFREG)
			(void)archive_write_data(a, text, strlen(text));
		archive_entry_free(e);
	}
	CHECK(archive_write_free(a) == ARCHIVE_OK);
}

/* Extract what was made into a new root below the test's directory; returns what tree_extract did. *ret_root is the root's descriptor. */
static inline int made_extract(const struct test_dirs *t, const struct made_entry *entries,
			       int *ret_root, struct err *e)
{
	static int number;
	auto_free char *path = mem_format("%s/%d.tar", t->top, ++number);
	auto_free char *root = mem_format("%s/root%d", t->top, number);
	struct tree_job job = { .root = -1 };

	*e = (struct err){ 0 };
	made_archive(path, entries);
	CHECK(mkdir(root, 0755) == 0);
	job.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = tree_extract(&job, path, e);

	if (ret_root)
		*ret_root = job.root;
	else
		(void)close(job.root);
	return r;
}

#define MADE_ETC                                                   \
	{ .name = "etc/", .type = AE_IFDIR },                      \
	{                                                          \
		.name = "etc/ok", .type = AE_IFREG, .text = "ok\n" \
	}

#endif
