/* program - which file args[0] means, looked up inside the root with the rights of the user who will run it.
 *
 * The rights are borrowed for the questions only: file system ids and groups are set, access is asked for, and they are set back. The messages are an interface:
 * callers tell 126 from 127 by them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { GROUPS_MAX = 65536 };

static const char *env_path(const struct process_spec *p)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	for (size_t i = 0; i < p->env.n; i++)
		if (str_has_prefix(p->env.items[i], "PATH="))
			path = p->env.items[i] + strlen("PATH=");
	return path;
}

/* 0 when it can be executed, else an errno. Paths without a leading slash are below cwd. */
static int probe(const char *cwd, const char *path)
{
	auto_free char *full = path[0] == '/'
				       ? mem_strdup(path)
				       : mem_format("%s/%s", str_empty(cwd) ? "" : cwd, path);
	struct stat st;

	if (stat(full, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, full, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int find_named(const struct process_spec *p, const char *name, char **ret, struct err *e)
{
	int code = probe(p->cwd, name);

	switch (code) {
	case 0:
		*ret = mem_strdup(name);
		return 0;
	case ENOENT:
		return err_set(e, ENOENT, "exec: \"%s\": stat %s: no such file or directory", name,
			       name);
	case EACCES:
		return err_set(e, EACCES, "exec: \"%s\": permission denied", name);
	case EISDIR: /* callers look for either: Docker before 23 knows only what execve(2) says of it */
		return err_set(e, EISDIR, "exec: \"%s\": is a directory: permission denied", name);
	default:
		return err_ret(e, -code, "exec: \"%s\"", name);
	}
}

static int find_in_path(const struct process_spec *p, const char *name, char **ret, struct err *e)
{
	auto_done(strv) struct strv folders = { 0 };
	bool refused = false;

	strv_split(&folders, env_path(p), ':');
	for (size_t i = 0; i < folders.n; i++) {
		const char *folder = str_empty(folders.items[i]) ? "." : folders.items[i];
		auto_free char *path = mem_format("%s/%s", folder, name);
		int code = probe(p->cwd, path);

		if (code == 0) {
			*ret = ptr_steal(&path);
			return 0;
		}
		refused |= code == EACCES;
	}
	if (refused)
		return err_set(e, EACCES, "exec: \"%s\": permission denied", name);
	return err_set(e, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

struct borrowed {
	gid_t *groups;
	int n;
	bool is_other;
};

/* faccessat with AT_EACCESS asks for the file system ids. Failures leave us with our own rights: then execve(2) itself will judge. */
static void borrow(const struct process_spec *p, struct borrowed *b)
{
	b->is_other = p->user.uid != geteuid() || p->user.gid != getegid();
	if (!b->is_other)
		return;
	b->n = getgroups(0, NULL);
	b->groups = mem_array((size_t)(b->n < 0 ? 0 : b->n) + 1, sizeof(*b->groups));
	b->n = b->n < 0 ? 0 : getgroups(b->n, b->groups);
	auto_free gid_t *wanted = mem_array(p->user.n_additional_gids + 1, sizeof(*wanted));

	for (size_t i = 0; i < p->user.n_additional_gids && i < GROUPS_MAX; i++)
		wanted[i] = (gid_t)p->user.additional_gids[i];
	(void)setgroups(p->user.n_additional_gids, wanted);
	(void)setfsgid((gid_t)p->user.gid);
	(void)setfsuid((uid_t)p->user.uid);
}

static void give_back(struct borrowed *b)
{
	if (!b->is_other)
		return;
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
	(void)setgroups(b->n < 0 ? 0 : (size_t)b->n, b->groups);
	free(b->groups);
}

int isolation_find_program(const struct process_spec *p, char **ret_path, struct err *e)
{
	const char *name = p->args.n ? p->args.items[0] : "";
	struct borrowed b = { 0 };

	if (str_empty(name))
		return err_set(e, EINVAL, "process.args: no program is named");
	borrow(p, &b);
	int r = strchr(name, '/') ? find_named(p, name, ret_path, e)
				  : find_in_path(p, name, ret_path, e);

	give_back(&b);
	/* borrowing other ids has made us dumpable where the system is set so */
	return r < 0 ? r : creds_not_dumpable(e);
}
