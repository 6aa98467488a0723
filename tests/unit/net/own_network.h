/* own_network - a test process as root of a network (and user, mount, pid) namespace of its own, so that bridges, links and rules can be made without privilege and vanish
 * with the process. The test's main() is
 *
 *	int main(void) { return own_network_run(test); }
 *
 * Where the host forbids user namespaces or procfs in them, the test is skipped. */
#ifndef TESTS_UNIT_NET_OWN_NETWORK_H
#define TESTS_UNIT_NET_OWN_NETWORK_H

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/link.h"
#include "net/net.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "tests/unit/test.h"

static inline bool own_network_enter(void)
{
	auto_free char *uid = mem_format("0 %u 1", (unsigned)geteuid());
	auto_free char *gid = mem_format("0 %u 1", (unsigned)getegid());
	struct err e = { 0 };

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return false;
	return file_write_kernel(AT_FDCWD, "/proc/self/setgroups", "deny", &e) == 0 &&
	       file_write_kernel(AT_FDCWD, "/proc/self/uid_map", uid, &e) == 0 &&
	       file_write_kernel(AT_FDCWD, "/proc/self/gid_map", gid, &e) == 0;
}

/* The first process of the new pid namespace, the only one that may mount its procfs. */
static inline int own_network_child(void (*test)(void))
{
	if (mount("proc", "/proc", "proc", 0, NULL) < 0) {
		printf("ok 1 - own network # SKIP no procfs in a user namespace\n1..1\n");
		return 0;
	}
	test();
	return test_done();
}

static inline int own_network_run(void (*test)(void))
{
	int status = 0;

	if (!own_network_enter()) {
		printf("ok 1 - own network # SKIP no user namespaces\n1..1\n");
		return 0;
	}
	(void)fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		status = own_network_child(test);
		(void)fflush(stdout);
		proc_exit(status);
	}
	bool ended = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);

	/* no atexit handlers: a leak checker cannot start its thread once the pid namespace for children is another */
	proc_exit(ended ? WEXITSTATUS(status) : 1);
}

/* Directories of one test, removed by own_dirs_done(). */
struct own_dirs {
	char base[32], run[48], storage[48];
	struct net_dirs dirs;
};

static inline void own_dirs_make(struct own_dirs *d)
{
	*d = (struct own_dirs){ .base = "/tmp/net_test.XXXXXX" };
	CHECK(mkdtemp(d->base) != NULL);
	(void)snprintf(d->run, sizeof(d->run), "%s/run", d->base);
	(void)snprintf(d->storage, sizeof(d->storage), "%s/lib", d->base);
	d->dirs = (struct net_dirs){ .run_dir = d->run, .storage_dir = d->storage };
}

static inline void own_dirs_done(struct own_dirs *d)
{
	struct err e = { 0 };

	CHECK(file_remove_tree(AT_FDCWD, d->base, &e) == 0);
}

/* A second network namespace, "the zone's". */
static inline int own_zone_namespace(void)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int made = -1;

	if (here >= 0 && unshare(CLONE_NEWNET) == 0) {
		made = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (setns(here, CLONE_NEWNET) < 0)
			abort();
	}
	(void)close(here);
	return made;
}

/* A zone with n automatic links that name no address. */
static inline struct zone_spec *own_zone(const char *name, size_t n)
{
	struct zone_spec *z = zone_spec_new();

	z->zonename = mem_strdup(name);
	z->anet = mem_array(n + 1, sizeof(*z->anet));
	z->n_anet = n;
	return z;
}

/* How many links there are whose names begin so. */
static inline size_t own_count_links(const char *prefix)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(link_list) struct link_list links = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	if (netlink_open(&nl, NETLINK_ROUTE, &e) < 0 || link_all(&nl, &links, &e) < 0)
		return 999;
	for (size_t i = 0; i < links.n; i++)
		n += str_has_prefix(links.items[i].name, prefix);
	return n;
}

#endif
