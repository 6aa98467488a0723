/* reader: what comes back from the process behind the wall, and what it cannot do. */
#include "runtime/zone/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/zones-reader-XXXXXX";

struct job {
	int root, secret;
	unsigned blocks; /* that feed() gives */
	int feed_code;
};

static int feed(void *arg, const char **ret, size_t *ret_n, struct err *e)
{
	static char block[100000];
	struct job *j = arg;

	if (j->feed_code)
		return err_set(e, j->feed_code, "the source is gone");
	memset(block, 'b', sizeof(block));
	*ret = block;
	*ret_n = j->blocks > 0 ? sizeof(block) : 0;
	j->blocks -= j->blocks > 0;
	return 0;
}

/* Count what is fed. */
static int count(void *arg, int input, struct strbuf *answer, struct err *e)
{
	char piece[4096];
	size_t sum = 0;
	ssize_t n;

	(void)arg;
	while ((n = sys_read(input, piece, sizeof(piece))) > 0)
		sum += (size_t)n;
	strbuf_format(answer, "%zu", sum);
	return n < 0 ? err_sys(e, "read") : 0;
}

static int little(void *arg, int input, struct strbuf *answer, struct err *e)
{
	char c;

	(void)arg;
	(void)e;
	strbuf_add(answer, sys_read(input, &c, 1) == 1 ? "enough" : "nothing");
	return 0;
}

static int fill(void *arg, int input, struct strbuf *answer, struct err *e)
{
	const struct job *j = arg;
	auto_close int fd = sys_openat(j->root, "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)input;
	(void)answer;
	return fd < 0 ? err_sys(e, "create") : 0;
}

static int escape(void *arg, int input, struct strbuf *answer, struct err *e)
{
	const struct job *j = arg;
	auto_close int above = openat(j->root, "../planted", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	auto_close int passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)input;
	if (above >= 0 || passwd >= 0)
		return err_set(e, ENOTSUP, "it got out");
	/* a descriptor that was open in the parent and not meant for it */
	strbuf_add(answer, fcntl(j->secret, F_GETFD) < 0 ? "clean" : "leaked");
	return 0;
}

static int fail(void *arg, int input, struct strbuf *answer, struct err *e)
{
	(void)arg;
	(void)input;
	strbuf_add(answer, "not to be believed");
	return err_set(e, EBADMSG, "bad\033[1m archive");
}

static int die(void *arg, int input, struct strbuf *answer, struct err *e)
{
	(void)arg;
	(void)input;
	(void)answer;
	(void)e;
	abort();
}

static int chatter(void *arg, int input, struct strbuf *answer, struct err *e)
{
	(void)arg;
	(void)input;
	(void)e;
	for (int i = 0; i < 100000; i++)
		strbuf_add(answer, "0123456789");
	return 0;
}

static int run(struct reader r, struct job *j, char *text, size_t size, struct err *e)
{
	auto_done(strbuf) struct strbuf answer = { 0 };

	*e = (struct err){ 0 };
	r.arg = j;
	r.lower = r.file = -1;
	int result = reader_run(&r, &answer, e);

	(void)!str_format(text, size, "%.60s", strbuf_text(&answer));
	return result;
}

int main(void)
{
	struct tree_job tree = { .root = -1 };
	struct job j = { .root = -1 };
	struct err e = { 0 };
	struct stat st;
	char text[64];

	if (!mkdtemp(top))
		return 1;
	auto_free char *path = mem_format("%s/root", top);

	CHECK_INT(mkdir(path, 0700), 0);
	tree.root = j.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	j.secret = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	j.blocks = 20;
	CHECK_INT(run((struct reader){ .body = count, .feed = feed, .answer_max = 32 }, &j, text,
		      sizeof(text), &e),
		  0);
	CHECK_STR(text, "2000000");
	/* it has read what it wanted: the rest is not waited for */
	j.blocks = 1000;
	CHECK_INT(run((struct reader){ .body = little, .feed = feed, .answer_max = 32 }, &j, text,
		      sizeof(text), &e),
		  0);
	CHECK_STR(text, "enough");
	CHECK(j.blocks > 900);
	j.feed_code = EFBIG;
	CHECK_INT(run((struct reader){ .body = count, .feed = feed, .answer_max = 32 }, &j, text,
		      sizeof(text), &e),
		  -EFBIG);
	CHECK_STR(e.text, "the source is gone");

	CHECK_INT(run((struct reader){ .body = fill, .job = &tree }, &j, text, sizeof(text), &e),
		  0);
	CHECK_INT(fstatat(tree.root, "made", &st, 0), 0);
	CHECK(run((struct reader){ .body = fill }, &j, text, sizeof(text), &e) < 0 ||
	      wall_landlock_abi() == 0);
	if (wall_landlock_abi() > 0) {
		CHECK_INT(run((struct reader){ .body = escape, .job = &tree, .answer_max = 32 }, &j,
			      text, sizeof(text), &e),
			  0);
		CHECK_STR(text, "clean");
		CHECK(fstatat(j.secret, "planted", &st, 0) < 0);
	}

	CHECK_INT(
		run((struct reader){ .body = fail, .answer_max = 32 }, &j, text, sizeof(text), &e),
		-EBADMSG);
	CHECK_STR(text, "");
	CHECK(strchr(e.text, '\033') == NULL);
	CHECK_INT(run((struct reader){ .body = die }, &j, text, sizeof(text), &e), -EPROTO);
	CHECK(strstr(e.text, "ended without a word") != NULL);
	CHECK_INT(run((struct reader){ .body = chatter, .answer_max = 32 }, &j, text, sizeof(text),
		      &e),
		  -EPROTO);
	CHECK_STR(text, "");

	(void)close(tree.root);
	(void)close(j.secret);
	CHECK_INT(file_remove_tree(AT_FDCWD, top, &e), 0);
	return test_done();
}
