/* spawn - the monitor is exec'ed, not forked: a fresh image with only named descriptors and a small, known environment.
 *
 * It answers on a seqpacket socket with one struct err (code 0: done). If it dies first, the end of the socket or of its process says so. A caller that is killed while it waits changes nothing:
 * the monitor goes on and the zone comes up. */
#include "runtime/zone/spawn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

/* What the monitor may know of its caller's environment; everything else stays out. */
static const char *const kept_variables[] = {
	"PATH",
	"ZONES_CONFIG_DIR",
	"ZONES_STORAGE_DIR",
	"ZONES_RUN_DIR",
	"ZONES_LIBEXEC_DIR",
	"ZONES_SUBNET4",
	"ZONES_SUBNET6",
	"ZONES_CNI_SECONDS",
	"ZONES_PROBE_MS",
	"ZONES_PUBLISH_INPUT",
	"NETCONFPATH",
	"CNI_PATH",
	"ASAN_OPTIONS",
	"UBSAN_OPTIONS",
	"ZONES_FAULT_AT",
	"ZONES_FAULT_ERRNO",
	"ZONES_FAULT_KILL",
	"ZONES_FAULT_COUNTER",
	"ZONES_DEBUG",
	PROC_EXE_VARIABLE,
};

static void environment_make(struct strv *env)
{
	for (size_t i = 0; i < sizeof(kept_variables) / sizeof(kept_variables[0]); i++) {
		const char *value = getenv(kept_variables[i]);

		if (value)
			strv_format(env, "%s=%s", kept_variables[i], value);
	}
	if (env->n == 0)
		strv_add(env, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
}

static void arguments_make(struct strv *argv, const char *exe, const char *name,
			   const struct zone_boot *o, bool attach, int fd)
{
	strv_add(argv, exe);
	strv_add(argv, "monitor");
	strv_add(argv, "--notify-fd");
	strv_format(argv, "%d", fd);
	if (attach)
		strv_add(argv, "--attach");
	if (o && o->ready_only)
		strv_add(argv, "--ready");
	if (o && o->single_user)
		strv_add(argv, "--single-user");
	if (o && o->writable)
		strv_add(argv, "--writable");
	strv_add(argv, name);
	if (o && o->args && o->args->n > 0) {
		strv_add(argv, "--");
		strv_copy(argv, o->args);
	}
}

/* Its word, or its end: a child of it may live on with a copy of the socket. Without memory to wait for both, for its word alone. */
static void wait_for_word(int fd, int monitor)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = monitor, .events = POLLIN } };

	int n;

	do
		n = poll(fds, 2, -1);
	while (n < 0 && errno == EINTR);
	if (n > 0 && monitor >= 0 && !(fds[0].revents & (POLLIN | POLLHUP)))
		(void)shutdown(
			fd, SHUT_RDWR); /* it has ended without a word: so has the conversation */
}

/* *ret_ends: it has failed and is about to end, or has. When we could not hear it, it may do well, and is left to init. */
static int outcome_wait(int fd, pid_t monitor, bool *ret_ends, struct err *e)
{
	auto_close int pidfd = sys_pidfd_open(monitor, 0);
	struct err outcome = { 0 };
	struct sock_msg m = { .data = &outcome, .size = sizeof(outcome) };

	wait_for_word(fd, pidfd);
	int r = sock_recv(fd, &m, e);

	*ret_ends = r >= 0;
	if (r < 0)
		return err_wrap(e, "hear the monitor");
	if (r == 0 || m.size != sizeof(outcome))
		return err_set(e, ECONNRESET,
			       "the monitor ended without a word; its log may say more");
	if (outcome.code == 0)
		return 0;
	err_sanitize(&outcome);
	*e = outcome;
	return -outcome.code;
}

/* In flight the lock lives on even if we die before the monitor has taken it up. */
static int lock_send(int fd, int lock, struct err *e)
{
	char nothing = 0;
	struct sock_msg m = { .data = &nothing, .size = 1, .fds = { lock }, .n_fds = 1 };
	int r = sock_send(fd, &m, e);

	return r < 0 ? err_wrap(e, "hand the lock to the monitor") : 0;
}

int spawn_monitor(const char *name, const struct zone_boot *o, bool attach, int lock, struct err *e)
{
	auto_done(strv) struct strv argv = { 0 }, env = { 0 };
	auto_free char *exe = NULL;
	int pair[2], r = proc_self_exe(&exe, e);
	bool ends = false;
	pid_t pid = -1;

	if (r < 0)
		return r;
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	auto_close int ours = pair[0];
	auto_close int theirs = pair[1];

	environment_make(&env);
	arguments_make(&argv, exe, name, o, attach, theirs);
	struct proc_spawn s = { .file = exe,
				.argv = argv.items,
				.envp = env.items,
				.stdin_fd = -1,
				.stdout_fd = -1,
				.stderr_fd = -1,
				.keep_fd = theirs,
				.new_session = true,
				.ret_pid = &pid };

	r = lock_send(ours, lock, e);
	if (r < 0)
		return r;
	r = proc_spawn(&s, e);
	if (r < 0)
		return err_wrap(e, "start the monitor");
	fd_close(&theirs);
	r = outcome_wait(ours, pid, &ends, e);
	if (r < 0 && ends)
		(void)waitpid(pid, NULL, 0);
	return r;
}
