/* Compiled filters are kept in a folder below $TMPDIR, and made by a process of its own. */
#include "isolation/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct seccomp_spec *new_profile(struct container_spec *owner, const char *action)
{
	owner->linux.seccomp = mem_zero(sizeof(*owner->linux.seccomp));
	owner->linux.seccomp->default_action = mem_strdup(action);
	return owner->linux.seccomp;
}

static void add_rule(struct seccomp_spec *s, const char *names, const char *action)
{
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	strv_split(&r->names, names, ',');
	r->action = mem_strdup(action);
}

static void test_cache(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ERRNO");
	auto_done(seccomp_program) struct seccomp_program first = { 0 }, second = { 0 },
							  third = { 0 };
	char folder[] = "/tmp/seccomp_test.XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	auto_free char *cache = mem_format("%s/cache", folder);

	add_rule(s, "read", "SCMP_ACT_ALLOW");
	CHECK_INT(seccomp_compile(s, cache, &first, &e), 0);
	CHECK_INT(seccomp_compile(s, cache, &second, &e), 0);
	CHECK_INT(first.n, second.n);
	CHECK(memcmp(first.code, second.code, first.n * sizeof(*first.code)) == 0);
	CHECK_INT(first.flags, second.flags);
	/* another profile, another program */
	add_rule(s, "write", "SCMP_ACT_ALLOW");
	CHECK_INT(seccomp_compile(s, cache, &third, &e), 0);
	CHECK(third.n != first.n ||
	      memcmp(first.code, third.code, first.n * sizeof(*first.code)) != 0);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
}

/* A file that others may write to, or that was cut short, is not believed. */
static void test_cache_distrust(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ERRNO");
	auto_done(seccomp_program) struct seccomp_program good = { 0 }, again = { 0 };
	char folder[] = "/tmp/seccomp_test.XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	add_rule(s, "read", "SCMP_ACT_ALLOW");
	CHECK_INT(seccomp_compile(s, folder, &good, &e), 0);
	auto_free char *command = mem_format(
		"for f in %s/*; do printf x | dd of=$f bs=1 seek=100 conv=notrunc 2>/dev/null; done",
		folder);

	CHECK_INT(system(command), 0);
	CHECK_INT(seccomp_compile(s, folder, &again, &e), 0);
	CHECK(again.n == good.n && memcmp(again.code, good.code, good.n * sizeof(*good.code)) == 0);
	CHECK_INT(chmod(folder, 0777), 0);
	seccomp_program_done(&again);
	CHECK_INT(seccomp_compile(s, folder, &again, &e), 0);
	CHECK(again.n == good.n);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
}

/* Its error is ours. */
static void test_error(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_NOTHING");
	auto_done(seccomp_program) struct seccomp_program p = { 0 }, q = { 0 };
	struct err here = { 0 }, apart = { 0 };

	CHECK(seccomp_build(s, &p, &here) < 0);
	CHECK(seccomp_compile(s, NULL, &q, &apart) < 0);
	CHECK_STR(apart.text, here.text);
	CHECK(!q.code);
}

int main(void)
{
	test_cache();
	test_cache_distrust();
	test_error();
	return test_done();
}
