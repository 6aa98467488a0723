/* rlimit_live - limits of processes that run already.
 *
 * prlimit(2) wants the caller's ids to be those of the process, which a container's never are, or CAP_SYS_RESOURCE over its user namespace. Root of a host that has taken that capability away
 * has it still inside: a child enters the container's user namespace, and no other, and asks there. It cannot raise a hard limit: for that the kernel wants the host's capability. */
#include "isolation/private.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "config/names.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

struct job {
	struct isolation_rlimit *list; /* shared with the child */
	size_t n;
	int pidfd, resource;
	bool is_set;
};

static int one(const struct job *j, struct isolation_rlimit *l, struct err *e)
{
	if (sys_prlimit(l->pid, j->resource, j->is_set ? &l->value : NULL,
			j->is_set ? NULL : &l->value) == 0)
		return 0;
	if (errno == ESRCH) {
		l->gone = true;
		return 0;
	}
	return err_sys(e, "%s the limit of process %d", j->is_set ? "set" : "ask for", (int)l->pid);
}

static int all(const struct job *j, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = one(j, &j->list[i], e);
	return r;
}

static int all_inside(void *arg, int sock, struct err *e)
{
	const struct job *j = arg;
	int r = creds_not_dumpable(e);

	(void)sock;
	if (r == 0 && sys_setns(j->pidfd, CLONE_NEWUSER) < 0)
		r = err_sys(e, "enter the container's user namespace");
	if (r == 0)
		r = creds_not_dumpable(e);
	return r < 0 ? r : all(j, e);
}

static int by_child(const struct job *j, struct err *e)
{
	size_t size = j->n * sizeof(*j->list);
	struct job inside = *j;
	const struct helper_fds keep = { &inside.pidfd, 1 };
	int r;

	inside.list = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (inside.list == MAP_FAILED)
		return err_sys(e, "make room for the answer");
	memcpy(inside.list, j->list, size);
	r = mount_child(all_inside, &inside, &keep, NULL, e);
	memcpy(j->list, inside.list, size);
	(void)munmap(inside.list, size);
	return r;
}

static int run(const struct job *j, struct err *e)
{
	struct rlimit unused;
	pid_t init = namespaces_pid_of(j->pidfd);

	if (init <= 0)
		return err_set(e, ESRCH, "container not running");
	if (j->n == 0)
		return 0;
	return sys_prlimit(init, j->resource, NULL, &unused) == 0 ? all(j, e) : by_child(j, e);
}

bool isolation_is_capable(int capability)
{
	struct err ignored = { 0 };
	uint64_t permitted = 0;

	return caps_read_permitted(&permitted, &ignored) == 0 && (permitted >> capability & 1);
}

int isolation_rlimits_get(int pidfd, int resource, struct isolation_rlimit *list, size_t n,
			  struct err *e)
{
	const struct job j = { .list = list, .n = n, .pidfd = pidfd, .resource = resource };

	return run(&j, e);
}

int isolation_rlimits_set(int pidfd, int resource, struct isolation_rlimit *list, size_t n,
			  struct err *e)
{
	const struct job j = {
		.list = list, .n = n, .pidfd = pidfd, .resource = resource, .is_set = true
	};

	return run(&j, e);
}
