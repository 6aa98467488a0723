/* mem: zeroed, overflow-checked, and a loud end when there is none left. */
#include "runtime/base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

/* Run fn in a child; true when it said so and ended with "failed", like any other failure. */
static bool gives_up(void (*fn)(void))
{
	char said[64] = "";
	int ends[2], status = 0;

	if (pipe(ends) < 0)
		return false;
	pid_t pid = fork();

	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	(void)close(ends[1]);
	bool spoke = read(ends[0], said, sizeof(said) - 1) > 0;

	(void)close(ends[0]);
	CHECK_STR(said, "out of memory\n");
	return waitpid(pid, &status, 0) == pid && spoke && WIFEXITED(status) &&
	       WEXITSTATUS(status) == EXIT_FAILURE;
}

static void overflow(void)
{
	free(mem_grow(NULL, SIZE_MAX / 2, 4));
}

int main(void)
{
	auto_free char *z = mem_zero(100);
	auto_free int *a = mem_array(0, sizeof(int));
	auto_free char *d = mem_dup("abc", 4);
	auto_free char *n = mem_strndup("abcdef", 3);
	auto_free char *longer = mem_strndup("abc", 10);
	auto_free char *f = mem_format("%d-%s", 5, "x");
	bool is_zero = true;

	for (size_t i = 0; i < 100; i++)
		is_zero = is_zero && z[i] == 0;
	CHECK(is_zero);
	CHECK(a != NULL);
	CHECK_STR(d, "abc");
	CHECK_STR(n, "abc");
	CHECK_STR(longer, "abc");
	CHECK_STR(f, "5-x");
	CHECK(mem_strdup(NULL) == NULL);
	d = mem_grow(d, 100, 1);
	CHECK_STR(d, "abc");
	CHECK(gives_up(overflow));
	return test_done();
}
