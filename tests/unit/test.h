/* test - the whole unit-test framework: checks that print TAP.
 *
 * int main(void) { CHECK(1 + 1 == 2); CHECK_STR(x, "y"); return test_done(); } */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int test_count, test_failed;

static inline void test_check(bool ok, const char *what, const char *file, int line)
{
	test_count++;
	if (!ok)
		test_failed++;
	printf("%s %d - %s\n", ok ? "ok" : "not ok", test_count, what);
	if (!ok)
		printf("# failed at %s:%d\n", file, line);
	(void)fflush(stdout);
}

static inline void test_str(const char *got, const char *want, const char *what, const char *file,
			    int line)
{
	bool ok = got && want ? strcmp(got, want) == 0 : got == want;

	test_check(ok, what, file, line);
	if (!ok)
		printf("#   got: %s\n#  want: %s\n", got ? got : "(null)", want ? want : "(null)");
}

static inline void test_int(long long got, long long want, const char *what, const char *file,
			    int line)
{
	test_check(got == want, what, file, line);
	if (got != want)
		printf("#   got: %lld\n#  want: %lld\n", got, want);
}

#define CHECK(cond)          test_check((cond), #cond, __FILE__, __LINE__)
#define CHECK_STR(got, want) test_str((got), (want), #got " is " #want, __FILE__, __LINE__)
#define CHECK_INT(got, want) \
	test_int((long long)(got), (long long)(want), #got " is " #want, __FILE__, __LINE__)

static inline int test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failed ? 1 : 0;
}

#endif
