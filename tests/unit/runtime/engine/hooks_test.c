#include "runtime/engine/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

#define STATE "{\"id\":\"x\"}"

static char directory[] = "/tmp/hooks_test.XXXXXX";

static void hook_done(struct hook_spec *h)
{
	free(h->path);
	strv_done(&h->args);
	strv_done(&h->env);
}

/* A shell that runs `script`; $OUT is a file in the test's directory. */
static struct hook_spec shell(const char *script)
{
	struct hook_spec h = { .path = mem_strdup("/bin/sh") };

	strv_add(&h.args, "renamed-sh");
	strv_add(&h.args, "-c");
	strv_add(&h.args, script);
	strv_format(&h.env, "OUT=%s/out", directory);
	return h;
}

static int run(struct hook_spec *h, const char *cwd, const int *programs, struct err *e)
{
	const struct hook_list list = { .items = h, .n = 1 };
	const struct hooks_call call = { .kind = "createRuntime",
					 .list = &list,
					 .state = STATE,
					 .cwd = cwd,
					 .programs = programs };

	return hooks_run(&call, e);
}

static char *output(void)
{
	auto_free char *path = mem_format("%s/out", directory);
	struct err e = { 0 };
	char *text = NULL;

	if (file_read_all(AT_FDCWD, path, 4096, &text, NULL, &e) < 0)
		return mem_strdup("");
	(void)unlink(path);
	return text;
}

static void test_input_and_environment(void)
{
	struct hook_spec h = shell("cat > $OUT; echo \" $0 $(pwd) [$SECRET]\" >> $OUT");
	auto_free char *want = mem_format(STATE " renamed-sh %s []\n", directory);
	struct err e = { 0 };

	CHECK(setenv("SECRET", "leaked", 1) == 0);
	CHECK(run(&h, directory, NULL, &e) == 0);
	auto_free char *got = output();

	CHECK_STR(got, want);
	hook_done(&h);
}

static void test_failure(void)
{
	struct hook_spec h = shell("echo first; echo second >&2; exit 3"),
			 gone = { .path = (char *)"/nonexistent/hook" };
	struct hook_spec relative = { .path = (char *)"bin/true" };
	struct err e = { 0 };

	CHECK(run(&h, NULL, NULL, &e) < 0);
	CHECK_STR(e.text, "createRuntime hook \"/bin/sh\": exited with 3: first second");
	CHECK(run(&gone, NULL, NULL, &e) < 0);
	CHECK_STR(
		e.text,
		"createRuntime hook \"/nonexistent/hook\": exited with 127: No such file or directory");
	CHECK_INT(run(&relative, NULL, NULL, &e), -EINVAL);
	hook_done(&h);
}

static void test_timeout(void)
{
	struct hook_spec h = shell("exec sleep 60");
	struct err e = { 0 };

	h.timeout.set = true;
	h.timeout.value = 1;
	CHECK_INT(run(&h, NULL, NULL, &e), -ETIMEDOUT);
	hook_done(&h);
}

/* A daemon keeps the output open and reads nothing: nobody waits for it. */
static void test_daemon(void)
{
	struct hook_spec h = shell("sleep 2 & exit 0");
	struct err e = { 0 };

	h.timeout.set = true;
	h.timeout.value = 1;
	CHECK(run(&h, NULL, NULL, &e) == 0);
	hook_done(&h);
}

static void test_descriptors(void)
{
	struct hook_spec h = shell("ls /proc/self/fd | wc -l > $OUT");
	auto_close int leak = open("/dev/null", O_RDONLY); /* deliberately inheritable */
	struct err e = { 0 };

	strv_add(&h.env, "PATH=/bin:/usr/bin");
	CHECK(leak >= 0);
	CHECK(run(&h, NULL, NULL, &e) == 0);
	auto_free char *got = output();

	CHECK_STR(got, "4\n"); /* 0 1 2 and ls's own */
	hook_done(&h);
}

static void test_opened_before(void)
{
	auto_free char *script = mem_format("%s/script", directory);
	struct hook_spec items[2] = { shell("echo binary > $OUT"), { .path = script } };
	const struct hook_list list = { .items = items, .n = 2 };
	const struct hooks_call call = { .kind = "createContainer", .list = &list, .state = STATE };
	struct hooks_call by_descriptor = call;
	static const char text[] = "#!/bin/sh\necho script >> \"${0%/*}/out\"\n";
	struct err e = { 0 };
	int *programs = NULL;

	CHECK(file_replace(AT_FDCWD, script, text, strlen(text), 0755, &e) == 0);
	CHECK(hooks_open(&list, &programs, &e) == 0);
	by_descriptor.programs = programs;
	CHECK(hooks_run(&by_descriptor, &e) == 0);
	auto_free char *got = output();

	CHECK_STR(got, "binary\nscript\n");
	hooks_close(programs, &list);
	CHECK(unlink(script) == 0);
	CHECK_INT(hooks_open(&list, &programs, &e), -ENOENT);
	hook_done(&items[0]);
}

static void test_run_all(void)
{
	struct hook_spec items[3] = { shell("exit 1"), shell("echo second > $OUT"),
				      shell("exit 2") };
	const struct hook_list list = { .items = items, .n = 3 };
	const struct hooks_call call = { .kind = "poststop", .list = &list, .state = STATE };

	log_set_level(LOG_LEVEL_ERROR);
	CHECK_INT(hooks_run_all(&call), 2);
	auto_free char *got = output();

	CHECK_STR(got, "second\n");
	for (int i = 0; i < 3; i++)
		hook_done(&items[i]);
}

int main(void)
{
	CHECK(mkdtemp(directory) != NULL);
	test_input_and_environment();
	test_failure();
	test_timeout();
	test_daemon();
	test_descriptors();
	test_opened_before();
	test_run_all();
	CHECK(rmdir(directory) == 0);
	return test_done();
}
