/* storage_probe - what the file systems of this host can do, found by doing it: the answer depends on type, options and kernel, and no list would stay true. What is made for the question has no name,
 * or lies in the zonepath, as STORAGE_PROBE, and goes with it at the latest. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/storage.h"

enum { BLOCK = 4096 };

char *storage_existing(const char *path)
{
	char *part = mem_strdup(path);
	char *slash;

	while (!file_exists(AT_FDCWD, part) && (slash = strrchr(part, '/'))) {
		if (slash == part)
			slash++;
		if (*slash == '\0')
			break;
		*slash = '\0';
	}
	return part;
}

bool storage_same_fs(const char *a, const char *b)
{
	auto_free char *one = storage_existing(a), *two = storage_existing(b);
	struct stat first, second;

	return stat(one, &first) == 0 && stat(two, &second) == 0 && first.st_dev == second.st_dev;
}

static int open_parent(const char *path, struct err *e)
{
	auto_free char *there = storage_existing(path);
	int fd = sys_openat(AT_FDCWD, there, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s\"", there) : fd;
}

int storage_can_reflink(const char *from, const char *to, struct err *e)
{
	static const char block[BLOCK] = { 1 };
	auto_close int source = open_parent(from, e);
	auto_close int target = source < 0 ? source : open_parent(to, e);

	if (target < 0)
		return target;
	auto_close int in = sys_openat(source, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	auto_close int out = sys_openat(target, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (in < 0 || out < 0 || sys_write(in, block, sizeof(block)) != (ssize_t)sizeof(block))
		return err_sys(e, "try to share blocks");
	if (sys_ioctl(out, FICLONE, (void *)(intptr_t)in) == 0)
		return 0;
	if (errno == EXDEV)
		return err_set(e, EXDEV, "\"%s\" and \"%s\" are on different file systems", from,
			       to);
	return err_set(
		e, EOPNOTSUPP,
		"the file system of \"%s\" cannot share blocks between files (btrfs can, and XFS made with reflink=1)",
		to);
}

/* The whole of it: an overlay of empty directories. */
static int try_overlay(int parent, const char *name, const char *shown, struct err *e)
{
	auto_free char *lower = mem_format("%s/%s/lower", shown, name);
	auto_free char *upper = mem_format("%s/%s/upper", shown, name);
	auto_done(strv) struct strv layers = { 0 };
	auto_close int top = -1;
	int r = 0;

	if (sys_mkdirat(parent, name, 0700) < 0)
		return err_sys(e, "try an overlay in \"%s\"", shown);
	top = file_open_dir(parent, name, e);
	r = top < 0 ? top : storage_make_upper(top, -1, e);
	if (r == 0)
		r = file_mkdir_p(top, "lower", 0700, e);
	if (r < 0)
		return r;
	strv_add(&layers, lower);
	auto_close int tree = engine_overlay(&layers, upper, e);

	if (tree < 0)
		return tree;
	return sys_mkdirat(tree, "made", 0700) < 0 ? err_sys(e, "write to an overlay") : 0;
}

int storage_can_overlay(const char *zonepath, struct err *e)
{
	auto_close int parent =
		sys_openat(AT_FDCWD, zonepath, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct err ignored = { 0 };

	if (parent < 0)
		return err_sys(e, "open \"%s\"", zonepath);
	int r = file_remove_tree(parent, STORAGE_PROBE, e);

	if (r == 0)
		r = try_overlay(parent, STORAGE_PROBE, zonepath, e);
	(void)!file_remove_tree(parent, STORAGE_PROBE, &ignored); /* empty folders of ours */
	return r < 0 ? err_wrap(e, "\"%s\" cannot hold the top of a root in layers", zonepath) : 0;
}
