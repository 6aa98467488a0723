/* proc - processes: identity that survives pid reuse, spawn, wait, exit. */
#ifndef RUNTIME_BASE_PROC_H
#define RUNTIME_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"

/* Start time in clock ticks since boot (field 22 of /proc/PID/stat) and state letter. -ESRCH when gone. A pid together with its start time
 * names one process for ever. ret pointers may be NULL. */
MUST_CHECK int proc_stat(pid_t pid, uint64_t *ret_start, char *ret_state, struct err *e);

/* True when `pid` is alive (a zombie is not) and started at `start`. When that cannot be read now, any living process of that number counts. */
bool proc_is(pid_t pid, uint64_t start);

/* pidfd of `pid` if it is still the process that started at `start` (0: do not check). Returns descriptor or -ESRCH. */
MUST_CHECK int proc_pidfd(pid_t pid, uint64_t start, struct err *e);

/* Whether this process is in the host's own user namespace: only there does uid 0 mean root. Asked of the kernel once in a process, so call it before unshare(2) or not at all. */
bool proc_in_first_user_namespace(void);

struct proc_spawn {
	const char *file; /* absolute path, not searched */
	char *const *argv;
	char *const *envp; /* NULL: inherit */
	int stdin_fd;      /* -1: /dev/null */
	int stdout_fd;     /* -1: /dev/null */
	int stderr_fd;     /* -1: /dev/null */
	int keep_fd;      /* a descriptor that stays open in the child under its number; -1: none */
	bool new_session; /* setsid() */
	/* Last thing in the child, before the program: a wall to enter. NULL: nothing. Its error is proc_spawn()'s. */
	int (*prepare)(const void *arg, struct err *e);
	const void *prepare_arg;
	pid_t *ret_pid;
};
/* fork + exec of a program of ours or of the host. All other descriptors are closed, signal mask and dispositions are reset. An exec
 * failure is reported here, not by an exit code. */
MUST_CHECK int proc_spawn(const struct proc_spawn *s, struct err *e);

/* waitpid without EINTR. Returns the exit status as a shell shows it: 0-255, or 128+signal. Negative errno on failure. */
MUST_CHECK int proc_wait(pid_t pid, struct err *e);
int proc_status_code(int wait_status); /* pure */

/* Run a host program to its end, output collected (at most max_output bytes, rest dropped). *ret_output may be NULL. Returns its
 * exit code (>= 0) or a negative errno. timeout_ms 0 = none; on timeout it is killed, -ETIMEDOUT. */
MUST_CHECK int proc_run(const char *file, char *const argv[], size_t max_output, int timeout_ms,
			char **ret_output, struct err *e);

/* The program's own binary: absolute path from /proc/self/exe, or, when it runs from a detached mount of itself, from the variable below (believed only if it names the same
 * inode). Freshly allocated. */
#define PROC_EXE_VARIABLE "ZONES_EXE"
MUST_CHECK int proc_self_exe(char **ret, struct err *e);

/* _exit() for forked children: no atexit handlers, but coverage counters are written in coverage builds. */
_Noreturn void proc_exit(int code);

/* Close every descriptor from `lowest` on except `keep` (sorted or not, n items). close_range(2) underneath. */
void proc_close_others(int lowest, const int *keep, size_t n);

/* Reset every signal to its default and unblock all. For children before exec. */
void proc_reset_signals(void);

#endif
