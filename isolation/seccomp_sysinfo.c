/* seccomp_sysinfo - the filter that hands sysinfo(2) over to whoever answers it for the container; isolation_seal() has the rules.
 *
 * A filter of its own and not a rule of the container's: it is the same for every container, nothing has to be compiled, and the descriptor can be sent at once, because no other call is held back by it and the
 * container's own filter is loaded after it. Programs of another word size get the kernel's answer: their structure has another form.
 *
 * The listener's calls wait in a killable state once they have been taken (Linux 5.19): a signal then neither interrupts nor repeats them. sysinfo(2) never fails with EINTR, and C libraries do not look. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "isolation/private.h"
#include "isolation/seccomp.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* none: nothing is handed over */
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { GO_MS = 2000 };

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, member))

static const struct sock_filter code[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, 3),
	LOAD(nr),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sysinfo, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Has the other side room for one more, and is it still there? What it said before it died can be read after. */
static bool may_go(int sock)
{
	struct pollfd p = { .fd = sock };
	struct err ignored = { 0 };
	char go;
	struct sock_msg m = { .data = &go, .size = 1 };

	if (sock_timeout(sock, GO_MS, &ignored) < 0 || sock_recv(sock, &m, &ignored) <= 0)
		return false;
	return poll(&p, 1, 0) == 0;
}

static int load(void)
{
	static const unsigned ways[] = { SECCOMP_FILTER_FLAG_NEW_LISTENER |
						 SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
					 SECCOMP_FILTER_FLAG_NEW_LISTENER };
	const struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]),
					 .filter = (struct sock_filter *)code };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(ways) / sizeof(ways[0]); i++)
		fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, ways[i], (void *)&prog);
	return fd;
}

int seccomp_sysinfo(int sock, struct err *e)
{
	char byte = 0;
	struct sock_msg m = { .data = &byte, .size = 1, .n_fds = 1 };

	if (sock < 0 || ARCHITECTURE == 0 || !may_go(sock))
		return 0;
	auto_close int fd = load();

	if (fd < 0) {
		log_debug("sysinfo(2) is the kernel's: its filter cannot be loaded (errno %d)",
			  errno);
		return 0;
	}
	m.fds[0] = fd;
	int r = sock_send(sock, &m, e);

	/* the filter is there to stay, and without its listener each call would fail */
	return r < 0 ? err_wrap(e, "hand sysinfo(2) over") : 0;
}
