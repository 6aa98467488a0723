/* helper - a child process of ours that does one job where we must not be: in other namespaces, with other ids.
 *
 * Who owns what. The parent owns `struct helper` from helper_start() to helper_end(), which reaps the process and closes its pidfd and our end of the conversation. What helper_take() returns is the caller's.
 * The child gets a copy of our memory, its end of the conversation, the descriptors that the job names, and those of the log when debug lines may come; 0, 1 and 2 are /dev/null otherwise. Everything else
 * is closed before the job begins: where a file system's server is a tenant's, a child can hang in a way that not even SIGKILL ends, and what it has open, the container's lock or the caller's pipes, would stay open
 * for as long as the tenant likes. It is killed when the parent ends; a change of ids takes that back, so a job that changes them asks for it again (creds.c).
 *
 * The conversation goes one way: any number of descriptors by helper_give(), then the job's end by itself: its error, or none. */
#ifndef RUNTIME_BASE_HELPER_H
#define RUNTIME_BASE_HELPER_H

#include <stddef.h>
#include <sys/types.h>

#include "runtime/base/err.h"

/* Numbers of descriptors; -1 is none. */
struct helper_fds {
	int *fds;
	size_t n;
};
void helper_keep(struct helper_fds *l, int fd);
void helper_fds_done(struct helper_fds *l);

/* In the child. `sock` is its end. */
typedef int (*helper_fn)(void *arg, int sock, struct err *e);
struct helper_job {
	helper_fn run;
	void *arg;
	const char *name; /* for the sentences: "the process that changes the mounts"; borrowed */
	const int *keep;  /* what the job needs, in no order; -1 is none */
	size_t n_keep;
	int timeout_ms; /* for each answer, after which it is killed; 0: none, where no tenant can hold it up */
};

struct helper {
	const char *name;
	pid_t pid;
	int pidfd, sock, timeout_ms;
};
/* On failure there is nothing to be ended. */
MUST_CHECK int helper_start(struct helper *h, const struct helper_job *job, struct err *e);
/* In the child: `fd` for the parent; it stays open here. */
MUST_CHECK int helper_give(int sock, int fd, struct err *e);
/* The next answer: a descriptor, when ret_fd is not NULL, or the end of the job, 0 or its error. -ETIMEDOUT. */
MUST_CHECK int helper_take(struct helper *h, int *ret_fd, struct err *e);
/* Kill it if it has failed (r < 0), and wait for it; one with a timeout that does not even end by SIGKILL is left alone. */
void helper_end(struct helper *h, int r);

/* All of it for one answer. Returns what helper_take() returns. */
MUST_CHECK int helper_run(const struct helper_job *job, int *ret_fd, struct err *e);

#endif
