/* Programs that answer, fail, flood, hang and die. */
#include "net/cni_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/cni_run_test.XXXXXX";
static struct err failure;

/* Run a shell script as a plugin; what it printed, compact, or NULL with the reason in `failure`. */
static char *run_script(const char *body)
{
	auto_free char *path = mem_format("%s/plugin", dir);
	auto_free char *text = mem_format("#!/bin/sh\n%s\n", body);
	auto_ptr(json) struct json *request = json_new_object();
	auto_ptr(json) struct json *printed = NULL;
	struct err e = { 0 };
	const struct cni_run c = { .program = path,
				   .command = "ADD",
				   .container = "zone-web",
				   .netns = "/proc/1/fd/7",
				   .ifname = "net0",
				   .path = "/a:/b",
				   .request = request,
				   .keep_fd = -1 };

	json_set(request, "asked", json_new_string("yes"));
	CHECK(file_replace(AT_FDCWD, path, text, strlen(text), 0755, &e) == 0);
	failure = (struct err){ 0 };
	if (cni_run(&c, &printed, &failure) < 0)
		return NULL;
	return printed ? json_print(printed, false) : mem_strdup("nothing");
}

static void test_answers(void)
{
	auto_free char *echo = run_script("cat");
	auto_free char *nothing = run_script("exit 0");
	auto_free char *environment = run_script(
		"printf '\"%s %s %s %s %s %s %s\"' \"$CNI_COMMAND\" \"$CNI_CONTAINERID\" \"$CNI_NETNS\" \"$CNI_IFNAME\" \"$CNI_PATH\" \"$CNI_ARGS\" \"$SECRET\"");
	auto_free char *daemon = run_script("sleep 5 & echo $! >&2; echo '{}'");

	CHECK_STR(echo, "{\"asked\":\"yes\"}");
	CHECK_STR(nothing, "nothing");
	CHECK_STR(environment, "\"ADD zone-web /proc/1/fd/7 net0 /a:/b IgnoreUnknown=1 \"");
	CHECK_STR(daemon, "{}"); /* did not wait for it */
}

static void test_failures(void)
{
	CHECK(run_script("echo '{\"code\":7,\"msg\":\"bad\"}'; exit 1") == NULL);
	CHECK_STR(failure.text, "bad (code 7)");
	CHECK(run_script("echo words >&2; exit 4") == NULL);
	CHECK_STR(failure.text, "ended with status 4 without a reason: words");
	CHECK(run_script("echo '{'; exit 5") == NULL);
	CHECK_STR(failure.text, "ended with status 5 without a reason");
	CHECK(run_script("kill -9 $$") == NULL);
	CHECK_STR(failure.text, "was killed by signal 9");
	CHECK(run_script("echo hello") == NULL);
	CHECK(strstr(failure.text, "printed no JSON"));
	CHECK(run_script("head -c 50000000 /dev/zero") == NULL);
	CHECK(strstr(failure.text, "printed more than"));
	/* what goes to stderr is only cut */
	auto_free char *noisy = run_script("head -c 5000000 /dev/zero >&2; echo '{}'");

	CHECK_STR(noisy, "{}");
}

static void test_hang(void)
{
	auto_free char *body = mem_format("sleep 1000 & echo $! >%s/pid; wait", dir);
	auto_free char *path = mem_format("%s/pid", dir);
	auto_free char *text = NULL;
	struct err e = { 0 };

	(void)setenv("ZONES_CNI_SECONDS", "1", 1);
	CHECK_INT(cni_run_seconds(), 1);
	CHECK(run_script(body) == NULL);
	CHECK_INT(failure.code, ETIMEDOUT);
	CHECK(file_read_all(AT_FDCWD, path, 64, &text, NULL, &e) == 0);
	/* its child died with it; the kernel may take a moment to let go of it */
	pid_t child = (pid_t)strtol(text, NULL, 10);

	for (int i = 0; i < 500 && kill(child, 0) == 0; i++)
		(void)usleep(10000);
	CHECK(kill(child, 0) < 0);
	(void)setenv("ZONES_CNI_SECONDS", "0", 1);
	CHECK_INT(cni_run_seconds(), 30);
	(void)setenv("ZONES_CNI_SECONDS", "601", 1);
	CHECK_INT(cni_run_seconds(), 30);
}

int main(void)
{
	struct err e = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	(void)setenv("SECRET", "1", 1);
	test_answers();
	test_failures();
	test_hang();
	CHECK(file_remove_tree(AT_FDCWD, dir, &e) == 0);
	return test_done();
}
