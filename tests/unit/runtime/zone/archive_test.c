/* Hostile archives: refused or harmless, and the canary outside stays as it was. The long list is tests/helper/hostile-archives.py, run by tests/zone/archive.bats. */
#include "tests/unit/runtime/zone/archive_test.h"

static void clean_names(void)
{
	static const char *const pairs[][2] = {
		{ "a", "a" },
		{ "./a//b/", "a/b" },
		{ "/a/b", "a/b" },
		{ "////", "" },
		{ ".", "" },
		{ "a/./b", "a/b" },
		{ "a..b/...", "a..b/..." },
		{ "..", NULL },
		{ "a/../b", NULL },
		{ "/..", NULL },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		auto_free char *name = archive_clean_name(pairs[i][0], &e);

		CHECK_STR(name, pairs[i][1]);
	}
	auto_free char *long_name = mem_array(1, 5000);

	memset(long_name, 'a', 4999);
	CHECK(archive_clean_name(long_name, &e) == NULL && e.code == ENAMETOOLONG);
}

static void refused(const struct test_dirs *t, const char *what, const struct made_entry *entries,
		    const char *part)
{
	struct err e = { 0 };
	bool ok = made_extract(t, entries, NULL, &e) < 0 && strstr(e.text, part);

	test_check(ok, what, __FILE__, __LINE__);
	if (!ok)
		printf("# %s\n", e.text);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };

	clean_names();
	test_dirs_make(&t);
	test_put(t.top, "canary", "untouched\n");
	auto_free char *canary = mem_format("%s/canary", t.top);
	auto_free char *direct = mem_format("%s/pwned", t.top);

	refused(&t, "a name with ..",
		(const struct made_entry[]){
			MADE_ETC, { .name = "../pwned", .type = AE_IFREG }, { 0 } },
		"\"..\"");
	refused(&t, "a file through an absolute symlink",
		(const struct made_entry[]){ MADE_ETC,
					     { .name = "l", .type = AE_IFLNK, .text = t.top },
					     { .name = "l/pwned", .type = AE_IFREG },
					     { 0 } },
		"through a symlink");
	refused(&t, "a file through a relative symlink",
		(const struct made_entry[]){ MADE_ETC,
					     { .name = "l", .type = AE_IFLNK, .text = ".." },
					     { .name = "l/pwned", .type = AE_IFREG },
					     { 0 } },
		"through a symlink");
	refused(&t, "a directory below a symlink",
		(const struct made_entry[]){ MADE_ETC,
					     { .name = "l", .type = AE_IFLNK, .text = ".." },
					     { .name = "l/pwned/x/", .type = AE_IFDIR },
					     { 0 } },
		"through a symlink");
	refused(&t, "a hard link outside",
		(const struct made_entry[]){
			MADE_ETC, { .name = "h", .type = 0, .text = canary }, { 0 } },
		"hard link");
	refused(&t, "a hard link through ..",
		(const struct made_entry[]){
			MADE_ETC, { .name = "h", .type = 0, .text = "../canary" }, { 0 } },
		"hard link");
	refused(&t, "a hard link to a symlink",
		(const struct made_entry[]){ MADE_ETC,
					     { .name = "l", .type = AE_IFLNK, .text = canary },
					     { .name = "h", .type = 0, .text = "l" },
					     { 0 } },
		"not a regular file");
	refused(&t, "an owner beyond the zone's ids",
		(const struct made_entry[]){
			MADE_ETC, { .name = "etc/x", .type = AE_IFREG, .uid = 65536 }, { 0 } },
		"owner");
	refused(&t, "a file over a full directory",
		(const struct made_entry[]){ MADE_ETC, { .name = "etc", .type = AE_IFREG }, { 0 } },
		"directory");
	refused(&t, "a file below a file",
		(const struct made_entry[]){
			MADE_ETC, { .name = "etc/ok/x", .type = AE_IFREG }, { 0 } },
		"not a directory");
	refused(&t, "no root file system",
		(const struct made_entry[]){ { .name = "readme", .type = AE_IFREG }, { 0 } },
		"no root file system");
	test_put(t.top, "noise.tar", "this is no archive at all, however long it is");
	auto_free char *noise = mem_format("%s/noise.tar", t.top);
	struct tree_job job = { .root = open(t.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	CHECK(tree_extract(&job, noise, &e) < 0);
	CHECK(tree_extract(&job, t.top, &e) < 0);
	CHECK(tree_extract(&job, "/nosuch.tar", &e) < 0);
	(void)close(job.root);
	auto_free char *text = test_get(t.top, "canary");

	CHECK_STR(text, "untouched\n");
	CHECK(!file_exists(AT_FDCWD, direct));
	test_dirs_remove(&t);
	return test_done();
}
