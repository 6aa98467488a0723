/* program - environment, descriptors, seal, execve. Nothing of ours is open for the program: every descriptor is close-on-exec except those that were asked for. */
#include "runtime/engine/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { FIRST_KEPT = 3, MAX_KEPT = 4096 };

/* sd_listen_fds(3): the variables count only for the process that LISTEN_PID names. */
static unsigned listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint32_t for_pid, count;

	if (!pid || !n || num_u32(pid, &for_pid) < 0 || num_u32(n, &count) < 0)
		return 0;
	return for_pid == (uint32_t)getpid() && count <= MAX_KEPT ? count : 0;
}

/* What a caller has left open without meaning to: a folder of the host's among it would be a way for args[0] or cwd ("/proc/self/fd/9/bin/sh", CVE-2024-21626) until the very execve that
 * closes it. Everything of ours is close-on-exec from its birth. */
static int close_inherited(int first, struct err *e)
{
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		return err_sys(e, "list the open descriptors");
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		uint32_t fd;

		if (num_u32(entry->d_name, &fd) < 0 || fd < (uint32_t)first || fd > INT_MAX)
			continue;
		int flags = fcntl((int)fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			(void)close((int)fd);
	}
	(void)closedir(d);
	return 0;
}

int program_kept_fds(int preserve, struct program *ret, struct err *e)
{
	if (preserve < 0 || preserve > MAX_KEPT)
		return err_set(e, EINVAL, "%d descriptors cannot be preserved", preserve);
	ret->n_listen = listen_fds();
	ret->n_keep = ret->n_listen + (unsigned)preserve;
	for (unsigned i = 0; i < ret->n_keep; i++) {
		int fd = FIRST_KEPT + (int)i, flags = fcntl(fd, F_GETFD);

		/* what the caller left to us came through an exec; close-on-exec means one of our own */
		if (flags < 0 || flags & FD_CLOEXEC)
			return err_set(e, EBADF,
				       "descriptor %d is to be preserved, but it is not open", fd);
	}
	return close_inherited(FIRST_KEPT + (int)ret->n_keep, e);
}

int program_find(const struct program *p, char **ret_path, struct err *e)
{
	*ret_path = NULL;
	return p->host_program >= 0 ? 0 : isolation_find_program(p->process, ret_path, e);
}

/* --- environment -------------------------------------------------------------------------------------------------- */

/* The value of NAME in a list of NAME=VALUE; NULL when it is absent. */
static const char *env_get(const struct strv *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = env->n; i-- > 0;) {
		if (strncmp(env->items[i], name, n) == 0 && env->items[i][n] == '=')
			return env->items[i] + n + 1;
	}
	return NULL;
}

static void env_drop(struct strv *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = env->n; i-- > 0;) {
		if (strncmp(env->items[i], name, n) == 0 && env->items[i][n] == '=')
			strv_remove(env, i);
	}
}

/* The container's /etc/passwd says where home is; "/" when it does not know the user. */
static char *home_of(uint64_t uid)
{
	auto_free char *user = mem_format("%llu", (unsigned long long)uid);
	auto_close int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct isolation_user found = { 0 };
	struct err ignored;
	char *home = NULL;

	if (root >= 0 && isolation_find_user(root, user, &found, &ignored) == 0) {
		home = mem_strdup(found.home);
		isolation_user_done(&found);
	}
	return home ? home : mem_strdup("/");
}

static void environment(const struct program *p, struct strv *ret)
{
	strv_copy(ret, &p->process->env);
	if (str_empty(env_get(ret, "HOME"))) {
		auto_free char *home = home_of(p->process->user.uid);

		env_drop(ret, "HOME");
		strv_format(ret, "HOME=%s", home);
	}
	if (p->n_listen > 0) {
		env_drop(ret, "LISTEN_FDS");
		env_drop(ret, "LISTEN_PID");
		strv_format(ret, "LISTEN_FDS=%u", p->n_listen);
		strv_add(ret, "LISTEN_PID=1");
	}
}

/* --- execute ------------------------------------------------------------------------------------------------------ */

static int descriptors(const struct program *p, struct err *e)
{
	if (p->as_three == FIRST_KEPT) {
		if (fcntl(FIRST_KEPT, F_SETFD, 0) < 0)
			return err_sys(e, "keep descriptor %d", FIRST_KEPT);
	} else if (p->as_three >= 0 && dup2(p->as_three, FIRST_KEPT) < 0) {
		return err_sys(e, "make descriptor %d", FIRST_KEPT);
	}
	for (unsigned i = 0; i < p->n_keep; i++) {
		if (fcntl(FIRST_KEPT + (int)i, F_SETFD, 0) < 0)
			return err_sys(e, "keep descriptor %d", FIRST_KEPT + (int)i);
	}
	return 0;
}

int program_execute(struct program *p, const char *path, struct err *e)
{
	auto_done(strv) struct strv env = { 0 };
	int r;

	environment(p, &env);
	r = descriptors(p, e);
	if (r == 0)
		r = listener_prepare(&p->listener, p->seccomp, p->record, p->pid, e);
	if (r < 0)
		return r;
	/* it would survive execve, and the program would die with the runtime */
	if (sys_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return err_sys(e, "outlive the parent");
	r = isolation_seal(p->iso, p->process, listener_give, &p->listener, p->sysinfo, e);
	if (r < 0)
		return r;
	char *none[] = { NULL };
	char *const *envp = env.n > 0 ? env.items : none;

	if (p->host_program >= 0)
		(void)sys_execveat(p->host_program, "", p->process->args.items, envp,
				   AT_EMPTY_PATH);
	else /* not execveat: a profile that was written for other runtimes need not allow it */
		(void)sys_execve(path, p->process->args.items, envp);
	return err_sys(e, "exec %s", path ? path : p->process->args.items[0]);
}
