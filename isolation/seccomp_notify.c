/* seccomp_notify - a filter that also traps the calls which are needed to hand its own listener over.
 *
 * Once such a filter is loaded, init can do nothing for itself: its first sendmsg(2) would wait for an agent who has not got the descriptor yet. So a helper is
 * made before, without the filter but with the same table of descriptors (CLONE_FILES). The two talk through a shared page, without any system call on init's
 * side: init loads the filter and writes the descriptor's number; the helper sees it, hands the descriptor over and writes the outcome. */
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "isolation/seccomp.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"

enum { NAP_NS = 100000, WAIT_FOR_FILTER_S = 60, FD_UNKNOWN = -1, FD_FAILED = -2 };
#define SPINS_MAX \
	20000000000ull /* a minute or more; the helper answers in milliseconds or is dead */

struct page {
	_Atomic int fd;      /* written by init */
	_Atomic int is_done; /* written by the helper */
	struct err e;        /* e.code 0: handed over */
};

static _Noreturn void help(struct page *page, int (*listener)(void *arg, int fd, struct err *e),
			   void *arg)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	struct err e = { 0 };

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (long i = 0; page->fd == FD_UNKNOWN && i < WAIT_FOR_FILTER_S * (1000000000l / NAP_NS);
	     i++)
		(void)nanosleep(&nap, NULL);
	if (page->fd >= 0 && listener(arg, page->fd, &e) < 0) {
		page->e = e;
		/* Nobody listens now: what is trapped fails with ENOSYS instead of waiting for ever. */
		(void)close(page->fd);
	}
	page->is_done = 1;
	proc_exit(0);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* No system call in here. */
static int wait_for_helper(struct page *page, struct err *e)
{
	for (unsigned long long i = 0; !page->is_done; i++) {
		if (i == SPINS_MAX)
			return err_set(e, ETIMEDOUT,
				       "linux.seccomp: the listener was not taken over");
		relax();
	}
	if (page->e.code == 0)
		return 0;
	*e = page->e;
	return -e->code;
}

static int run(struct page *page, const struct sock_fprog *prog, unsigned flags, pid_t helper,
	       struct err *e)
{
	int fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, (void *)prog);

	if (fd < 0) {
		int r = err_sys(e, "load the seccomp filter");

		page->fd = FD_FAILED;
		(void)waitpid(helper, NULL, 0);
		return r;
	}
	page->fd = fd;
	int r = wait_for_helper(page, e);

	/* From here on an agent answers; when there is none, the caller can only die. */
	if (r == 0)
		(void)waitpid(helper, NULL, 0);
	return r;
}

int seccomp_notify_load(const struct sock_fprog *prog, unsigned flags,
			int (*listener)(void *arg, int fd, struct err *e), void *arg, struct err *e)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	struct page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return err_sys(e, "make a shared page");
	page->fd = FD_UNKNOWN;
	pid_t helper = sys_clone3(&args, sizeof(args));

	if (helper < 0)
		return err_sys(e, "make a helper for the seccomp listener");
	if (helper == 0)
		help(page, listener, arg);
	return run(page, prog, flags, helper, e);
}
