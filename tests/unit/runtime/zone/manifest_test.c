/* The manifest: its lines, its digests against known values, and what is said of two that differ. */
#include "runtime/zone/manifest.h"

#include <errno.h>
#include <sys/xattr.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static void compare(const char *wanted, const char *found, const char *says)
{
	struct err e = { 0 };
	int r = manifest_compare(wanted, found, &e);

	CHECK_INT(r, says ? -EBADMSG : 0);
	if (says && !strstr(e.text, says))
		printf("# %s\n", e.text);
	CHECK(!says || strstr(e.text, says));
}

static void comparing(void)
{
	compare("", "", NULL);
	compare("#mtree\n./a x=1\n", "#mtree\n./a x=1\n", NULL);
	compare("./a x=1 y=2\n", "./a x=1 y=3\n",
		"\"./a\" is not what the manifest says: y=3, should be y=2");
	compare("./a x=1\n", "./a x=12\n", "x=12, should be x=1");
	compare("./a x=1\n", "./b x=1\n", "\"./a\" is listed, \"./b\" is there");
	compare("./a x=1\n./b\n", "./a x=1\n", "\"./b\" is listed, nothing more is there");
	compare("./a x=1\n", "./a x=1\n./b\n", "nothing more is listed, \"./b\" is there");
	compare("./a x=1", "./a x=1\n", "\"./a\"");
	compare("\033[31m x=1\n", "./a x=1\n", "\"?[31m\" is listed");
}

static void lines(const struct test_dirs *t)
{
	auto_done(strbuf) struct strbuf m = { 0 };
	auto_free char *root = mem_format("%s/root", t->top);
	auto_free char *odd = mem_format("%s/od d=\\", root);
	auto_free char *link = mem_format("%s/link", root);
	struct timespec times[2] = { { .tv_sec = 5, .tv_nsec = 7 }, { .tv_sec = 5, .tv_nsec = 7 } };
	struct err e = { 0 };

	CHECK(mkdir(root, 0755) == 0 && symlink("/a b", link) == 0);
	test_put(root, "od d=\\", "abc");
	CHECK(utimensat(AT_FDCWD, odd, times, 0) == 0 &&
	      utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(utimensat(AT_FDCWD, root, times, 0) == 0);
	struct tree_job job = { .root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	manifest_begin(&m);
	CHECK_INT(manifest_text(&m, "about.json", "", &e), 0);
	CHECK_INT(manifest_root(&m, &job, &e), 0);
	auto_free char *want = mem_format(
		"#mtree\n"
		"./about.json type=file size=0 sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
		"./root type=dir uid=%u gid=%u mode=0755 time=5.000000007\n"
		"./root/link type=link uid=%u gid=%u mode=0777 time=5.000000007 link=/a\\040b\n"
		"./root/od\\040d\\075\\134 type=file uid=%u gid=%u mode=0600 time=5.000000007 size=3 sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
		getuid(), getgid(), getuid(), getgid(), getuid(), getgid());

	if (getuid() < 65536)
		CHECK_STR(strbuf_text(&m), want);
	(void)close(job.root);
}

/* Nothing is packed that could not be read again. The text is never looked at, so it takes no memory. */
static void too_long(void)
{
	auto_done(strbuf) struct strbuf m = { .text = mem_zero(MANIFEST_MAX), .cap = MANIFEST_MAX };
	struct statx st = { .stx_mode = S_IFREG };
	struct tree_file f = { .path = "a", .st = &st, .fd = -1, .first = "b" };
	struct err e = { 0 };

	m.len = MANIFEST_MAX - MANIFEST_LINE_MAX;
	CHECK_INT(manifest_file(&m, &f, NULL, &e), 0);
	CHECK_INT(manifest_file(&m, &f, NULL, &e), -EFBIG);
}

int main(void)
{
	struct test_dirs t;

	test_dirs_make(&t);
	comparing();
	lines(&t);
	too_long();
	test_dirs_remove(&t);
	return test_done();
}
