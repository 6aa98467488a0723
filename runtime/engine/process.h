/* process - making a child with clone3 and being sure of its end. Private to this folder.
 *
 * The child runs one function and exits with its result: parent's and child's code never share a function body. Called by the parent and by setup children. */
#ifndef RUNTIME_ENGINE_PROCESS_H
#define RUNTIME_ENGINE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/err.h"

struct process_birth {
	uint64_t flags;  /* CLONE_NEW..., CLONE_PARENT */
	int cgroup_fd;   /* be born in this cgroup; -1: in the caller's */
	int exit_signal; /* SIGCHLD, or 0 with CLONE_PARENT (the kernel refuses SIGCHLD there) */
	int (*body)(void *arg); /* in the child; its result is the exit code */
	void *arg;
	bool borrows; /* lives in our memory meanwhile, where the build can (runtime/base/borrow.h): the caller stands still until it has ended */
};

/* A child of ours. Zero pid: none. */
struct child {
	pid_t pid;
	int pidfd;
};
#define CHILD_NONE                    \
	{                             \
		.pid = 0, .pidfd = -1 \
	}

MUST_CHECK int process_clone(const struct process_birth *b, struct child *ret, struct err *e);
/* Wait for the end at most timeout_ms (-1: for ever), reap. Returns 1 with the wait status, 0 when it still lives. Children with any exit signal are found. */
int child_reap(struct child *c, int timeout_ms, int *ret_status);
/* SIGKILL and reap. A child in uninterruptible sleep is left after 10 s. Nothing happens without a child. */
void child_kill(struct child *c);
/* "exited with 3", "was killed by signal 9"; buf of 64 bytes. */
void process_status_text(int status, char *buf, size_t size);
/* Has it executed a program since it was cloned? The kernel remembers this even of a zombie. False when it is gone without a trace. */
bool process_has_executed(pid_t pid);
/* Wait until a process (not necessarily ours) has ended. Returns false after timeout_ms. */
bool process_wait_end(int pidfd, int timeout_ms);

#endif
