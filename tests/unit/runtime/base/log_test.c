/* log: what goes where, in which form, and that a reused descriptor number is never written to. */
#include "runtime/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* What has been written to the captured stderr since the last call. */
static char *captured(int capture)
{
	struct err e = { 0 };
	char *text = NULL;

	(void)lseek(capture, 0, SEEK_SET);
	if (file_read_fd(capture, 10000, &text, NULL, &e) < 0)
		text = mem_strdup("?");
	CHECK_INT(ftruncate(capture, 0), 0);
	(void)lseek(capture, 0, SEEK_SET);
	return text;
}

#define CHECK_SAID(capture, want)                         \
	do {                                              \
		auto_free char *said = captured(capture); \
		CHECK_STR(said, want);                    \
	} while (0)

static void test_stderr(int capture)
{
	struct err e = { 0 };

	log_init("zone", LOG_LEVEL_WARNING);
	log_error("no zone \"%s\"", "web");
	log_warning("skipped\nthis \x1b[31m");
	log_info("not shown");
	log_debug("not shown");
	CHECK_SAID(capture, "zone: no zone \"web\"\nzone: warning: skipped this ?[31m\n");
	err_set(&e, EBUSY, "it runs");
	log_err(&e);
	CHECK_SAID(capture, "zone: it runs\n");
	log_set_level(LOG_LEVEL_DEBUG);
	CHECK(log_get_level() == LOG_LEVEL_DEBUG);
	(void)snprintf(e.where, sizeof(e.where), "x.c:5");
	log_err(&e);
	errno = 42;
	log_debug("d");
	CHECK_INT(errno, 42);
	CHECK_SAID(capture, "zone: it runs [x.c:5]\nzone: debug: d\n");
}

static void test_json(int capture, const char *dir)
{
	struct err e = { 0 };
	auto_free char *path = mem_format("%s/log.json", dir), *text = NULL;
	struct stat st;

	CHECK_INT(log_to_file("/none/such/log", LOG_FORMAT_JSON, &e), -ENOENT);
	CHECK_INT(log_to_file(path, LOG_FORMAT_JSON, &e), 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	log_init("zrun", LOG_LEVEL_INFO);
	log_info("one \"quoted\"\n\xff");
	log_error("two");
	log_debug("not shown");
	CHECK_SAID(capture, "zrun: two\n");
	CHECK_INT(file_read_all(AT_FDCWD, path, 10000, &text, NULL, &e), 0);
	char *second = strchr(text, '\n') + 1;
	auto_ptr(json) struct json *a = NULL;
	auto_ptr(json) struct json *b = NULL;

	CHECK_INT(json_parse_simple(text, (size_t)(second - text), &a, &e), 0);
	CHECK_INT(json_parse_simple(second, strlen(second), &b, &e), 0);
	CHECK_STR(json_get_string(a, "level", ""), "info");
	CHECK_STR(json_get_string(a, "msg", ""), "one \"quoted\"\n\xef\xbf\xbd");
	CHECK_STR(json_get_string(b, "level", ""), "error");
	CHECK_STR(json_get_string(b, "msg", ""), "two");
	const char *when = json_get_string(b, "time", "");

	CHECK_INT(strlen(when), 20);
	CHECK(when[4] == '-' && when[10] == 'T' && when[19] == 'Z');
}

static void test_text(int capture, const char *dir)
{
	struct err e = { 0 };
	auto_free char *path = mem_format("%s/log.text", dir), *text = NULL;

	CHECK_INT(log_to_file(path, LOG_FORMAT_TEXT, &e), 0);
	log_warning("careful \"x\"\n");
	CHECK_SAID(capture, "");
	CHECK_INT(file_read_all(AT_FDCWD, path, 10000, &text, NULL, &e), 0);
	CHECK(strncmp(text, "time=\"20", 8) == 0);
	CHECK(strstr(text, "Z\" level=warning msg=\"careful \\\"x\\\"\\n\"\n") != NULL);
}

/* As in a child that closed everything and opened a file of its container: our number now is
 * that file's. */
static void test_reused_number(const char *dir)
{
	struct err e = { 0 };
	struct stat st, log = { 0 };
	auto_free char *path = mem_format("%s/log.text", dir),
		       *foreign = mem_format("%s/foreign", dir);
	int fd = open(foreign, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && stat(path, &log) == 0);
	for (int i = 3; i < 20; i++) {
		if (fstat(i, &st) == 0 && st.st_ino == log.st_ino && st.st_dev == log.st_dev)
			CHECK_INT(dup2(fd, i), i);
	}
	log_warning("must not arrive there");
	CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
	(void)close(fd);
	CHECK_INT(log_to_file(path, LOG_FORMAT_TEXT, &e), 0);
}

int main(void)
{
	char dir[] = "/tmp/zones-log-test-XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	auto_free char *path = mem_format("%s/stderr", dir);
	int capture = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	CHECK_INT(dup2(capture, STDERR_FILENO), STDERR_FILENO);
	test_stderr(capture);
	test_json(capture, dir);
	test_text(capture, dir);
	test_reused_number(dir);
	(void)close(capture);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir, &e), 0);
	return test_done();
}
