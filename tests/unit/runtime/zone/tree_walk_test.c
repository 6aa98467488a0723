/* The walk is sorted, says hard links and holes, and passes over what an archive cannot hold. */
#include "runtime/zone/tree_walk.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

struct seen {
	struct strbuf text;
	unsigned long long data, holes;
	bool fail;
};

static int take_data(void *arg, const void *data, size_t n, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	if (data)
		s->data += n;
	else
		s->holes += n;
	return 0;
}

static int take(void *arg, const struct tree_file *f, struct err *e)
{
	struct seen *s = arg;

	strbuf_format(&s->text, "%s%s%s ", f->path, f->first ? "=" : "", f->first ? f->first : "");
	if (s->fail)
		return err_set(e, EIO, "no more");
	return f->fd >= 0 && S_ISREG(f->st->stx_mode) ? tree_read(f, take_data, s, e) : 0;
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	struct seen s = { 0 };
	struct tree_skipped skipped = { 0 };

	test_dirs_make(&t);
	auto_free char *root = mem_format("%s/root", t.top);
	auto_free char *dir = mem_format("%s/b", root);
	auto_free char *b = mem_format("%s/b/x", root);
	auto_free char *again = mem_format("%s/c", root);
	auto_free char *hole = mem_format("%s/hole", root);
	auto_free char *huge1 = mem_format("%s/huge1", root);
	auto_free char *huge2 = mem_format("%s/huge2", root);
	auto_free char *pipe_path = mem_format("%s/a", root);

	CHECK(mkdir(root, 0755) == 0 && mkdir(dir, 0755) == 0);
	test_put(dir, "x", "abc");
	test_put(root, "b.", "");
	test_put(root, "hole", "");
	CHECK(link(b, again) == 0 && truncate(hole, 3 << 20) == 0 && mkfifo(pipe_path, 0600) == 0);
	auto_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (getuid() < 65536) {
		CHECK_INT(tree_visit(fd, take, &s, &skipped, &e), 0);
		CHECK_STR(strbuf_text(&s.text), " a b b/x b. c=b/x hole ");
		CHECK(s.data + s.holes == 3 + (3ull << 20));
		/* each could be read, the two together are too much */
		test_put(root, "huge1", "");
		test_put(root, "huge2", "");
		CHECK(truncate(huge1, 33ll << 30) == 0 && truncate(huge2, 33ll << 30) == 0);
		s.data = s.holes = 0;
		CHECK_INT(tree_visit(fd, take, &s, &skipped, &e), -EFBIG);
		CHECK(strstr(e.text, "huge2") && strstr(e.text, "holes"));
		s.fail = true;
		CHECK_INT(tree_visit(fd, take, &s, &skipped, &e), -EIO);
	}
	strbuf_done(&s.text);
	test_dirs_remove(&t);
	return test_done();
}
