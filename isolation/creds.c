/* creds - who the process is: ids, groups, umask, working directory, keyring, and what it must not take along. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { ID_MAX_COUNT = 65536 };
#define ID_LAST 4294967294u /* 2^32-1 means "no change" to the kernel */

/* A session keyring of its own: else the container would possess the keys of whoever started it. */
int creds_keyring(const struct isolation *iso, struct err *e)
{
	if (iso->no_new_keyring)
		return 0;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	/* a kernel without keys, or an outer filter that denies the call to the program as well: neither lets it use ours */
	if (errno == ENOSYS || errno == EPERM || errno == EACCES)
		return 0;
	return err_sys(e, "join a new session keyring");
}

static int check_id(uint64_t id, const char *key, struct err *e)
{
	return id > ID_LAST ? err_set(e, EINVAL, "process.user.%s: %llu is not an id", key,
				      (unsigned long long)id)
			    : 0;
}

static int set_groups(const struct user_spec *u, struct err *e)
{
	auto_free gid_t *groups = mem_array(u->n_additional_gids + 1, sizeof(*groups));

	if (u->n_additional_gids > ID_MAX_COUNT)
		return err_set(e, EINVAL, "process.user.additionalGids: too many");
	for (size_t i = 0; i < u->n_additional_gids; i++) {
		int r = check_id(u->additional_gids[i], "additionalGids", e);

		if (r < 0)
			return r;
		groups[i] = (gid_t)u->additional_gids[i];
	}
	if (sys_setgroups(u->n_additional_gids, groups) == 0)
		return 0;
	/* Forbidden in a user namespace that maps only one id; to drop what is not there is no loss. */
	if (errno == EPERM && u->n_additional_gids == 0)
		return 0;
	return err_sys(e, "process.user.additionalGids");
}

int creds_set_ids(const struct user_spec *u, struct err *e)
{
	int r = check_id(u->uid, "uid", e);

	if (r == 0)
		r = check_id(u->gid, "gid", e);
	if (r == 0)
		r = set_groups(u, e);
	if (r < 0)
		return r;
	gid_t gid = (gid_t)u->gid;
	uid_t uid = (uid_t)u->uid;

	if (sys_setresgid(gid, gid, gid) < 0)
		return err_sys(e, "process.user.gid: become group %u", (unsigned)gid);
	if (sys_setresuid(uid, uid, uid) < 0)
		return err_sys(e, "process.user.uid: become user %u", (unsigned)uid);
	return 0;
}

int creds_cwd(const struct process_spec *p, struct err *e)
{
	const char *cwd = str_empty(p->cwd) ? "/" : p->cwd;
	char here[PATH_MAX];

	if (sys_chdir(cwd) < 0)
		return err_sys(e, "process.cwd: enter \"%s\"", cwd);
	/* A directory outside the root, reached through a leaked descriptor, has no path in here: the kernel says "(unreachable)..." (CVE-2024-21626). The C library
	 * must not be asked, some invent a path then. */
	if (syscall(SYS_getcwd, here, sizeof(here)) <= 0 || here[0] != '/')
		return err_set(e, EPERM, "process.cwd: \"%s\" is outside the container", cwd);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int close_between(unsigned first, unsigned last, struct err *e)
{
	if (first > last)
		return 0;
	return sys_close_range(first, last, CLOSE_RANGE_CLOEXEC) < 0
		       ? err_sys(e, "mark descriptors close-on-exec")
		       : 0;
}

int creds_close_others(const struct isolation *iso, struct err *e)
{
	auto_free int *keep = mem_array(iso->n_keep_fds + 1, sizeof(*keep));
	unsigned from = 3;

	for (size_t i = 0; i < iso->n_keep_fds; i++)
		keep[i] = iso->keep_fds[i];
	qsort(keep, iso->n_keep_fds, sizeof(*keep), by_number);
	for (size_t i = 0; i < iso->n_keep_fds; i++) {
		if (keep[i] < (int)from)
			continue;
		int r = close_between(from, (unsigned)keep[i] - 1, e);

		if (r < 0)
			return r;
		if (fcntl(keep[i], F_SETFD, 0) < 0)
			return err_sys(e, "keep descriptor %d", keep[i]);
		from = (unsigned)keep[i] + 1;
	}
	return close_between(from, ~0u, e);
}

int creds_not_dumpable(struct err *e)
{
	return sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0
		       ? err_sys(e, "change the dumpable attribute")
		       : 0;
}
