/* Entries become what they say: contents, modes, times, links; the last of several wins; what is in the way is replaced, never followed. */
#include "tests/unit/runtime/zone/archive_test.h"

static char *contents(int root, const char *path)
{
	char *text = NULL;
	struct err e = { 0 };

	return file_read_all(root, path, 65536, &text, NULL, &e) < 0 ? NULL : text;
}

/* What an archive makes us remember has an end. */
static void many_dirs(void)
{
	struct extract x = { .parent = -1 };
	struct err e = { 0 };
	char name[4001];
	int n = 0;

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	while (n < 20000 && archive_remember_dir(&x, name, (struct timespec){ 0 }, &e) == 0)
		n++;
	CHECK(n > 16000 && n < 17000 && e.code == E2BIG);
	extract_done(&x);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	struct stat st, other;
	char target[32] = "";
	int root = -1;

	test_dirs_make(&t);
	auto_free char *canary = mem_format("%s/canary", t.top);

	test_put(t.top, "canary", "untouched\n");
	const struct made_entry entries[] = {
		{ .name = "./", .type = AE_IFDIR, .mode = 0711 },
		MADE_ETC,
		{ .name = "etc/su", .type = AE_IFREG, .text = "x", .mode = 04755 },
		{ .name = "closed/", .type = AE_IFDIR, .mode = 0700 },
		{ .name = "closed/in", .type = AE_IFREG, .text = "in\n" },
		{ .name = "etc/twice", .type = AE_IFREG, .text = "first\n" },
		{ .name = "etc/twice", .type = AE_IFREG, .text = "second\n" },
		{ .name = "etc/hard", .type = 0, .text = "etc/ok" },
		{ .name = "etc/link", .type = AE_IFLNK, .text = "/nowhere" },
		{ .name = "etc/over", .type = AE_IFLNK, .text = canary },
		{ .name = "etc/over", .type = AE_IFREG, .text = "over\n" },
		{ .name = "/absolute/deep/file", .type = AE_IFREG, .text = "deep\n" },
		{ .name = "dir", .type = AE_IFLNK, .text = t.top },
		{ .name = "dir/", .type = AE_IFDIR },
		{ .name = "dir/file", .type = AE_IFREG, .text = "inside\n" },
		{ .name = "fifo", .type = AE_IFIFO, .mode = 0600 },
		{ .name = "fifo", .type = AE_IFREG, .text = "not a fifo\n" },
		{ .name = "null", .type = AE_IFCHR },
		{ 0 },
	};

	CHECK_INT(made_extract(&t, entries, &root, &e), 0);
	if (e.code)
		printf("# %s\n", e.text);
	CHECK(fstat(root, &st) == 0 && (st.st_mode & 07777) == 0711);
	CHECK(fstatat(root, "etc/su", &st, 0) == 0 && (st.st_mode & 07777) == 04755 &&
	      st.st_mtim.tv_sec == 1000000);
	CHECK(fstatat(root, "etc", &st, 0) == 0 && st.st_mtim.tv_sec == 1000000);
	auto_free char *twice = contents(root, "etc/twice");
	auto_free char *over = contents(root, "etc/over");
	auto_free char *deep = contents(root, "absolute/deep/file");
	auto_free char *inside = contents(root, "dir/file");
	auto_free char *fifo = contents(root, "fifo");
	auto_free char *outside = test_get(t.top, "canary");

	CHECK_STR(twice, "second\n");
	CHECK_STR(over, "over\n");
	CHECK_STR(deep, "deep\n");
	CHECK_STR(inside, "inside\n");
	CHECK_STR(fifo, "not a fifo\n");
	CHECK_STR(outside, "untouched\n");
	CHECK(fstatat(root, "etc/ok", &st, 0) == 0 && fstatat(root, "etc/hard", &other, 0) == 0 &&
	      st.st_ino == other.st_ino);
	CHECK(readlinkat(root, "etc/link", target, sizeof(target) - 1) == 8 &&
	      strcmp(target, "/nowhere") == 0);
	CHECK(fstatat(root, "null", &st, AT_SYMLINK_NOFOLLOW) < 0);
	CHECK(fstatat(root, "dir", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
	(void)close(root);
	test_dirs_remove(&t);
	many_dirs();
	return test_done();
}
