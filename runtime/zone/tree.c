/* tree - what copying and extracting have in common: owners that can be mapped, attributes that are wanted, space that is left, mount points that are needed. */
#include "runtime/zone/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

#define SPACE_INTERVAL   (16ull << 20) /* ask for the free space after that many bytes */
#define RESERVE_FRACTION 50            /* one fiftieth of the file system stays free ... */
#define RESERVE_MAX      (1ull << 30)  /* ... but not more than that */

void tree_progress(struct tree_job *job, const char *what)
{
	const struct zone_install *o = job->options;

	if (o && o->progress)
		o->progress(o->arg, what, job->done, job->total);
}

static void warn_count(const struct tree_job *job, unsigned long n, const char *sentence)
{
	const struct zone_install *o = job->options;

	if (n == 0 || !o || !o->warn)
		return;
	auto_free char *text = mem_format("%lu %s", n, sentence);

	o->warn(o->arg, text);
}

int tree_space_left(int fd, unsigned long long *ret, struct err *e)
{
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return err_sys(e, "ask for the free space");
	unsigned long long unit = st.f_frsize ? st.f_frsize : st.f_bsize;
	unsigned long long reserve = st.f_blocks / RESERVE_FRACTION * unit;
	unsigned long long free_bytes = st.f_bavail * unit;

	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	*ret = free_bytes > reserve ? free_bytes - reserve : 0;
	return 0;
}

int tree_fits(const struct tree_job *job, unsigned long long size, struct err *e)
{
	unsigned long long left = 0;
	int r = tree_space_left(job->root, &left, e);

	if (r < 0)
		return r;
	if (size > left)
		return err_set(e, ENOSPC, "%llu bytes are needed, %llu are left on the file system",
			       size, left);
	return 0;
}

int tree_reserve(struct tree_job *job, unsigned long long bytes, struct err *e)
{
	job->unchecked += bytes;
	if (job->unchecked < SPACE_INTERVAL)
		return 0;
	job->unchecked = 0;
	return tree_fits(job, SPACE_INTERVAL, e);
}

int tree_check_owner(int64_t uid, int64_t gid, struct err *e)
{
	if (uid >= 0 && uid < ZONE_IDS && gid >= 0 && gid < ZONE_IDS)
		return 0;
	return err_set(
		e, EINVAL,
		"its owner %lld:%lld cannot be shown in a zone, which has the ids 0 to 65535 only",
		(long long)uid, (long long)gid);
}

bool tree_wants_attribute(const char *name)
{
	static const char *const exact[] = { "security.capability", "system.posix_acl_access",
					     "system.posix_acl_default" };

	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		if (str_eq(name, exact[i]))
			return true;
	}
	return str_has_prefix(name, "user.") && !str_has_prefix(name, "user.overlay.");
}

int tree_set_attribute(struct tree_job *job, int fd, const char *name, const void *value,
		       size_t size, struct err *e)
{
	if (fsetxattr(fd, name, value, size, 0) == 0)
		return 0;
	if (!job->exact && (errno == EOPNOTSUPP || errno == ENOSPC || errno == E2BIG) &&
	    str_has_prefix(name, "user.")) {
		job->skipped_attributes++;
		return 0;
	}
	return err_sys(e, "set the attribute \"%s\"", name);
}

int tree_finish(struct tree_job *job, struct err *e)
{
	static const struct {
		const char *name;
		mode_t mode;
	} dirs[] = { { "dev", 0755 },
		     { "proc", 0555 },
		     { "sys", 0555 },
		     { "run", 0755 },
		     { "tmp", 01777 } };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (sys_mkdirat(job->root, dirs[i].name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return err_sys(e, "create \"/%s\" in the root", dirs[i].name);
		}
		if (sys_fchmodat(job->root, dirs[i].name, dirs[i].mode) < 0)
			return err_sys(e, "set the mode of \"/%s\" in the root", dirs[i].name);
	}
	tree_warn_skipped(job);
	return 0;
}

void tree_warn_skipped(const struct tree_job *job)
{
	warn_count(job, job->skipped_devices,
		   "device nodes were left out: a zone has its own /dev");
	warn_count(job, job->skipped_sockets,
		   "sockets were left out: they mean nothing without their server");
	warn_count(job, job->skipped_attributes,
		   "user attributes were left out: the file system cannot hold them");
	warn_count(job, job->skipped_mounts, "mounts below the directory were left out");
}

static unsigned long long size_below(int dir, int depth)
{
	int again = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = again < 0 ? NULL : fdopendir(again); /* which closes it */
	unsigned long long sum = 0;
	struct stat st;

	if (!stream) {
		cleanup_close(&again);
		return 0;
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..") ||
		    fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		auto_close int below =
			S_ISDIR(st.st_mode) && depth < TREE_DEPTH_MAX
				? sys_openat(dir, entry->d_name,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
				: -1;

		if (below >= 0)
			sum += size_below(below, depth + 1);
		else if (S_ISREG(st.st_mode))
			sum += (unsigned long long)st.st_blocks * 512 /
			       (st.st_nlink ? st.st_nlink : 1);
	}
	(void)closedir(stream);
	return sum;
}

unsigned long long tree_size(int dir)
{
	return size_below(dir, 0);
}
