/* listener - one page of shared memory, one helper, one message.
 *
 * After the filter is loaded init makes no system call until the helper has answered: it reads the page and the clock (vDSO) only. */
#include "runtime/engine/listener.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/sock.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum {
	HELPER_NAP_NS = 200000,
	GIVE_TIMEOUT_S = 30,
	NO_DESCRIPTOR = -1,
	CANCELLED = -2,
	PENDING = -1
};

struct listener_page {
	int fd;     /* written by init: NO_DESCRIPTOR until there is one */
	int result; /* written by the helper: PENDING, 0 or a positive errno */
};

bool listener_wanted(const struct seccomp_spec *s)
{
	if (!s)
		return false;
	if (str_eq(s->default_action, "SCMP_ACT_NOTIFY"))
		return true;
	for (size_t i = 0; i < s->n_rules; i++) {
		if (str_eq(s->rules[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	}
	return false;
}

int listener_connect(const struct seccomp_spec *s, struct listener *ret, struct err *e)
{
	*ret = (struct listener)LISTENER_NONE;
	if (!listener_wanted(s))
		return 0;
	if (str_empty(s->listener_path))
		return err_set(
			e, EINVAL,
			"linux.seccomp.listenerPath is missing, but an action is SCMP_ACT_NOTIFY");
	ret->sock = sock_connect_stream(s->listener_path, e);
	return ret->sock < 0 ? err_wrap(e, "linux.seccomp.listenerPath") : 0;
}

static char *process_state(const struct seccomp_spec *s, const struct record *record, pid_t pid)
{
	auto_ptr(json) struct json *j = json_new_object();

	(void)json_set(j, "ociVersion", json_new_string(record->oci_version));
	(void)json_add(json_set(j, "fds", json_new_array()), json_new_string("seccompFd"));
	(void)json_set(j, "pid", json_new_i64(pid));
	if (s->listener_metadata)
		(void)json_set(j, "metadata", json_new_string(s->listener_metadata));
	(void)json_set(j, "state", record_state(record, "creating", pid));
	return json_print(j, false);
}

/* --- the helper --------------------------------------------------------------------------------------------------- */

static int helper_main(void *arg)
{
	const struct listener *l = arg;
	const struct timespec nap = { .tv_nsec = HELPER_NAP_NS };
	struct sock_msg m = { .data = l->text, .size = strlen(l->text), .n_fds = 1 };
	struct err failure = { 0 };
	int fd;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while ((fd = __atomic_load_n(&l->page->fd, __ATOMIC_ACQUIRE)) == NO_DESCRIPTOR)
		(void)nanosleep(&nap, NULL);
	if (fd == CANCELLED)
		return 0;
	m.fds[0] = fd;
	int r = sock_send(l->sock, &m, &failure);

	__atomic_store_n(&l->page->result, r < 0 ? -r : 0, __ATOMIC_RELEASE);
	return 0;
}

/* --- init --------------------------------------------------------------------------------------------------------- */

int listener_prepare(struct listener *l, const struct seccomp_spec *s, const struct record *record,
		     pid_t pid, struct err *e)
{
	/* CLONE_FILES: the descriptor that the kernel makes later is in the helper's table as well */
	const struct process_birth birth = { .flags = CLONE_FILES,
					     .cgroup_fd = -1,
					     .exit_signal = SIGCHLD,
					     .body = helper_main,
					     .arg = l };

	if (l->sock < 0)
		return 0;
	l->text = process_state(s, record, pid);
	l->page = mmap(NULL, sizeof(*l->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (l->page == MAP_FAILED) {
		l->page = NULL;
		return err_sys(e, "map a shared page");
	}
	*l->page = (struct listener_page){ .fd = NO_DESCRIPTOR, .result = PENDING };
	return process_clone(&birth, &l->helper, e);
}

static time_t seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* the vDSO: no system call */
	return t.tv_sec;
}

int listener_give(void *arg, int fd, struct err *e)
{
	struct listener *l = arg;
	time_t end = seconds() + GIVE_TIMEOUT_S;
	int result;

	if (!l->page)
		return err_set(e, EINVAL, "the filter has a listener that nobody waits for");
	__atomic_store_n(&l->page->fd, fd, __ATOMIC_RELEASE);
	while ((result = __atomic_load_n(&l->page->result, __ATOMIC_ACQUIRE)) == PENDING) {
		if (seconds() >= end)
			return err_set(e, ETIMEDOUT,
				       "the seccomp agent did not take the descriptor");
	}
	(void)child_reap(&l->helper, -1, NULL);
	if (result != 0)
		return err_set(e, result, "send the seccomp descriptor to its agent: %s",
			       strerror(result));
	return 0;
}

void listener_done(struct listener *l)
{
	if (l->helper.pid > 0) {
		__atomic_store_n(&l->page->fd, CANCELLED, __ATOMIC_RELEASE);
		(void)child_reap(&l->helper, -1, NULL);
	}
	if (l->page)
		(void)munmap(l->page, sizeof(*l->page));
	fd_close(&l->sock);
	free(l->text);
	*l = (struct listener)LISTENER_NONE;
}
