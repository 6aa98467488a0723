/* sysctl_live - kernel parameters of a running container.
 *
 * A child enters the container's namespaces that hold parameters and writes through a procfs that nobody else can see: /proc/sys shows who opens a file what is his namespaces'. It stays in the host's pid and
 * mount namespaces, so nobody in there can see it, and runs nothing. Which parameters there are is sysctl.c's table; here one more thing is looked at: that the namespace is not the host's.
 * Some parameters are only for root of the container's user namespace: for those the child becomes that. */
#include "isolation/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { VALUE_MAX = 4096 };

/* What was there before, written by the child. */
struct answer {
	bool known;
	char old[VALUE_MAX];
};

struct job {
	const struct isolation *iso; /* for its procfs alone */
	const char *path, *value;
	enum ns_type ns;
	int pidfd;
	bool as_root_inside;
	struct answer *answer;
};

static int read_old(const struct job *j, const char *file, struct err *e)
{
	auto_close int fd = procfs_open_file(j->iso, file, O_RDONLY, e);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read(fd, j->answer->old, VALUE_MAX - 1);
	if (n < 0)
		return err_sys(e, "read `/proc/%s`", file);
	if (n == VALUE_MAX - 1)
		return err_set(e, EFBIG, "the value of `/proc/%s` is too long to be set back",
			       file);
	while (n > 0 && j->answer->old[n - 1] == '\n')
		n--;
	j->answer->old[n] = '\0';
	j->answer->known = true;
	return 0;
}

static int set_inside(void *arg, int sock, struct err *e)
{
	static const int flags[] = { [NS_NETWORK] = CLONE_NEWNET,
				     [NS_IPC] = CLONE_NEWIPC,
				     [NS_UTS] = CLONE_NEWUTS,
				     [NS_USER] = CLONE_NEWUSER };
	const struct job *j = arg;
	auto_free char *file = mem_format("sys/%s", j->path);
	int more = j->as_root_inside ? CLONE_NEWUSER : 0;
	int r = creds_not_dumpable(e);

	(void)sock;
	if (r == 0 && sys_setns(j->pidfd, flags[j->ns] | more) < 0)
		r = err_sys(e, "enter the container's %s namespace", ns_words[j->ns]);
	if (r == 0 && j->as_root_inside)
		r = idmap_become_root(e);
	if (r == 0)
		r = creds_not_dumpable(e);
	if (r == 0)
		r = read_old(j, file, e);
	return r < 0 ? r : procfs_write(j->iso, file, j->value, e);
}

/* Is the container's namespace another than ours? By its pid, which the open pidfd shows to be still that process afterwards. */
static int has_own(int pidfd, enum ns_type ns, bool *ret, struct err *e)
{
	static const char *const files[] = {
		[NS_NETWORK] = "net", [NS_IPC] = "ipc", [NS_UTS] = "uts", [NS_USER] = "user"
	};
	pid_t pid = namespaces_pid_of(pidfd);
	auto_free char *theirs = mem_format("/proc/%d/ns/%s", (int)pid, files[ns]);
	auto_free char *ours = mem_format("/proc/self/ns/%s", files[ns]);
	struct stat a, b;

	if (pid <= 0)
		return err_set(e, ESRCH, "container not running");
	if (stat(theirs, &a) < 0 || stat(ours, &b) < 0)
		return err_sys(e, "examine the container's %s namespace", ns_words[ns]);
	*ret = a.st_ino != b.st_ino || a.st_dev != b.st_dev;
	return namespaces_pid_of(pidfd) == pid ? 0 : err_set(e, ESRCH, "container not running");
}

/* The kernel lets the root of the user namespace that an ipc namespace belongs to set its parameters, and nobody else. */
static int check_own(struct job *j, struct err *e)
{
	bool own = false, own_user = false;
	int r = has_own(j->pidfd, j->ns, &own, e);

	if (r == 0)
		r = has_own(j->pidfd, NS_USER, &own_user, e);
	if (r == 0 && !own)
		r = err_set(e, EOPNOTSUPP, "the container has no %s namespace of its own",
			    ns_words[j->ns]);
	j->as_root_inside = own_user && (j->ns == NS_IPC || j->ns == NS_USER);
	return r;
}

int isolation_sysctl(const struct container_spec *spec, int pidfd,
		     const struct strmap_item *parameter, char **ret_old, struct err *e)
{
	auto_ptr(isolation) struct isolation *iso = NULL;
	const struct isolation_options options = { .cgroup_dirfd = -1 };
	auto_free char *path = sysctl_path(parameter->key);
	struct job j = { .path = path, .value = parameter->value, .pidfd = pidfd };
	int r = sysctl_check_one(spec, parameter, &j.ns, e);

	if (r == 0)
		r = check_own(&j, e);
	if (r < 0)
		return r;
	iso = isolation_new(spec, NULL, &options);
	r = procfs_open(iso, e);
	if (r < 0)
		return r;
	j.iso = iso;
	j.answer = mmap(NULL, sizeof(*j.answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (j.answer == MAP_FAILED)
		return err_sys(e, "make room for the answer");
	int kept[] = { iso->proc, pidfd };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };

	r = mount_child(set_inside, &j, &keep, NULL, e);
	if (ret_old && j.answer->known)
		*ret_old = mem_strdup(j.answer->old);
	(void)munmap(j.answer, sizeof(*j.answer));
	return r < 0 ? err_wrap(e, "linux.sysctl.%s", parameter->key) : 0;
}
