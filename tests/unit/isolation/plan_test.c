/* The parent's first moment: refusals, and what the clone will need. */
#include "isolation/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct container_spec *new_spec(void)
{
	struct container_spec *s = container_spec_new();

	s->root.path = mem_strdup("/");
	return s;
}

static int plan(const struct container_spec *s, struct isolation **ret, struct err *e)
{
	const struct isolation_options o = { .cgroup_dirfd = -1 };

	*e = (struct err){ 0 };
	*ret = NULL;
	return isolation_plan(s, &o, ret, e);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void check_refused(const struct container_spec *s, int code, const char *why)
{
	struct isolation *iso;
	struct err e;
	int before = count_fds();

	CHECK_INT(plan(s, &iso, &e), -code);
	CHECK_STR(e.text, why);
	CHECK_INT(count_fds(), before);
}

static void test_refusals(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();

	free(s->root.path);
	s->root.path = mem_strdup("/no/such/root");
	check_refused(s, ENOENT, "root.path: open \"/no/such/root\": No such file or directory");
	free(s->root.path);
	s->root.path = mem_strdup("/dev/null");
	check_refused(s, ENOTDIR, "root.path: \"/dev/null\" is not a directory");
	free(s->root.path);
	s->root.path = mem_strdup("/");
	s->root.idmap = true;
	check_refused(s, EINVAL, "root: an idmapped root needs a user namespace");
	s->root.idmap = false;
	s->linux.namespaces[NS_MOUNT].wanted = true;
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	m->destination = mem_strdup("/x");
	m->source = mem_strdup("/no/such/source");
	strv_add(&m->options, "bind");
	check_refused(s, ENOENT,
		      "mounts[0].source: open \"/no/such/source\": No such file or directory");
}

static void test_namespace_paths(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	struct isolation *iso;
	struct err e;

	s->linux.namespaces[NS_NETWORK] =
		(struct ns_spec){ .wanted = true, .path = mem_strdup("/proc/self/ns/ipc") };
	check_refused(s, EINVAL,
		      "linux.namespaces: \"/proc/self/ns/ipc\" is not a network namespace");
	free(s->linux.namespaces[NS_NETWORK].path);
	s->linux.namespaces[NS_NETWORK].path = mem_strdup("/dev/null");
	check_refused(s, EINVAL, "linux.namespaces: \"/dev/null\" is not a network namespace");
	free(s->linux.namespaces[NS_NETWORK].path);
	/* our own: nothing to join, nothing to make */
	s->linux.namespaces[NS_NETWORK].path = mem_strdup("/proc/self/ns/net");
	CHECK_INT(plan(s, &iso, &e), 0);
	CHECK(!isolation_needs_setup(iso));
	CHECK_INT(isolation_clone_flags(iso), 0);
	isolation_free(iso);
}

static void test_flags(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	struct isolation *iso;
	struct err e;
	const int *fds;

	for (int t = 0; t < NS_COUNT; t++)
		s->linux.namespaces[t].wanted = t != NS_USER && t != NS_TIME;
	CHECK_INT(plan(s, &iso, &e), 0);
	CHECK_INT(isolation_clone_flags(iso),
		  CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
	CHECK(!isolation_needs_setup(iso));
	CHECK(!isolation_new_user_ns(iso));
	CHECK_INT(isolation_export(iso, &fds), 0);
	CHECK_INT(isolation_import(iso, NULL, 0, &e), 0);
	isolation_free(iso);
	s->linux.namespaces[NS_USER].wanted = true;
	CHECK_INT(plan(s, &iso, &e), 0);
	CHECK(isolation_needs_setup(iso));
	CHECK(isolation_new_user_ns(iso));
	CHECK(!(isolation_clone_flags(iso) & (CLONE_NEWUSER | CLONE_NEWCGROUP)));
	isolation_free(iso);
	isolation_free(NULL);
}

static void test_leaves_nothing(void)
{
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	struct isolation *iso;
	struct err e;
	int before = count_fds();

	s->linux.namespaces[NS_MOUNT].wanted = true;
	s->linux.namespaces[NS_USER].wanted = true;
	strv_add(&s->linux.masked_paths, "/proc/kcore");
	CHECK_INT(plan(s, &iso, &e), 0);
	CHECK(count_fds() > before);
	isolation_free(iso);
	CHECK_INT(count_fds(), before);
}

int main(void)
{
	test_refusals();
	test_namespace_paths();
	test_flags();
	test_leaves_nothing();
	return test_done();
}
