/* image - a file system in a file of the host.
 *
 * The kernel's code for a file system is made for disks that nobody has made to hurt: whoever writes the image rules what that code reads. So the file must be root's and writable for nobody else,
 * unless the administrator says otherwise; it is opened once, without following any symbolic link, and all that is asked and done goes by that descriptor.
 *
 * The loop device clears itself when its last user, the mount, has gone (LO_FLAGS_AUTOCLEAR): nobody has to remember it, whoever is killed when. It holds the very open file that we have locked, so the lock lasts
 * as long as the device, and the same image is never mounted twice where one of the two writes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fsverity.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum {
	LOOP_TRIES = 64, /* others take devices too, between our question and our answer */
	BUSY_MS = 2000,  /* the mount of a zone that has just ended */
	BUSY_STEP_MS = 20,
	SHA256_BYTES = 32,
};

/* --- the file ------------------------------------------------------------------------------------------------------ */

static int image_open(const char *path, bool readonly, bool any_writer, struct err *e)
{
	struct open_how how = { .flags = (readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY |
					 O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	auto_close int fd = sys_openat2(AT_FDCWD, path, &how);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, ELOOP, "\"%s\" leads through a symbolic link", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the image \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a regular file", path);
	if (!any_writer && (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(
			e, EPERM,
			"others than root can write to \"%s\", and the kernel would read a file system that they have made",
			path);
	return fd_steal(&fd);
}

static int image_lock(int fd, const char *path, bool readonly, struct err *e)
{
	int how = (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB;

	for (int waited = 0; sys_flock(fd, how) < 0; waited += BUSY_STEP_MS) {
		if (errno != EWOULDBLOCK)
			return err_sys(e, "lock \"%s\"", path);
		if (waited >= BUSY_MS)
			return err_set(
				e, EBUSY,
				"\"%s\" is mounted already, or in use: an image that is written to has one user",
				path);
		(void)poll(NULL, 0, BUSY_STEP_MS);
	}
	return 0;
}

/* What the kernel checks each block against, from its own mouth. */
static int image_verity(int fd, const char *path, const char *wanted, struct err *e)
{
	union {
		struct fsverity_digest head;
		unsigned char bytes[sizeof(struct fsverity_digest) + SHA256_BYTES];
	} d = { .head = { .digest_size = SHA256_BYTES } };
	char text[sizeof("sha256:") + (size_t)2 * SHA256_BYTES] = "sha256:";

	if (!wanted)
		return 0;
	if (sys_ioctl(fd, FS_IOC_MEASURE_VERITY, &d) < 0) {
		if (errno == ENODATA)
			return err_set(e, ENODATA, "\"%s\" has no fs-verity (fsverity enable)",
				       path);
		if (errno == ENOTTY || errno == EOPNOTSUPP)
			return err_set(
				e, EOPNOTSUPP,
				"verity: this kernel, or the file system of \"%s\", has no fs-verity",
				path);
		return err_sys(e, "ask for the fs-verity of \"%s\"", path);
	}
	if (d.head.digest_algorithm != FS_VERITY_HASH_ALG_SHA256)
		return err_set(e, EOPNOTSUPP, "the fs-verity of \"%s\" is not of SHA-256", path);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		(void)snprintf(text + strlen(text), 3, "%02x", d.head.digest[i]);
	if (!str_eq(text, wanted))
		return err_set(e, EBADMSG, "\"%s\" is not what \"verity\" says: it is %s", path,
			       text);
	return 0;
}

/* --- the loop device ------------------------------------------------------------------------------------------------ */

/* 1 and the device, 0: somebody else was quicker. */
static int loop_try(int number, int image, const char *path, bool readonly, int *ret, struct err *e)
{
	struct loop_config c = { .fd = (uint32_t)image };
	auto_free char *name = mem_format("/dev/loop%d", number);
	auto_close int fd = sys_openat(AT_FDCWD, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the loop device \"%s\"", name);
	if (!S_ISBLK(st.st_mode) || major(st.st_rdev) != LOOP_MAJOR)
		return err_set(e, EINVAL, "\"%s\" is not a loop device", name);
	c.info.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0);
	(void)snprintf((char *)c.info.lo_file_name, sizeof(c.info.lo_file_name), "%s", path);
	if (sys_ioctl(fd, LOOP_CONFIGURE, &c) < 0)
		return errno == EBUSY ? 0 : err_sys(e, "give \"%s\" to \"%s\"", path, name);
	*ret = fd_steal(&fd);
	return 1;
}

/* Returns its number. */
static int loop_make(int image, const char *path, bool readonly, int *ret, struct err *e)
{
	auto_close int control =
		sys_openat(AT_FDCWD, "/dev/loop-control", O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);

	if (control < 0)
		return err_sys(e, "open /dev/loop-control (the kernel's module \"loop\")");
	for (int i = 0; i < LOOP_TRIES; i++) {
		int number = sys_ioctl(control, LOOP_CTL_GET_FREE, NULL);
		int r = number < 0 ? err_sys(e, "find a free loop device")
				   : loop_try(number, image, path, readonly, ret, e);

		if (r != 0)
			return r < 0 ? r : number;
	}
	return err_set(e, EBUSY, "no loop device could be had for \"%s\"", path);
}

/* --- the mount ----------------------------------------------------------------------------------------------------- */

/* An image says by itself what the kernel does when it is broken, "stop the machine" included. */
static const struct {
	const char *type, *data;
} safety[] = {
	{ "ext4", "errors=remount-ro" },
};

static const char *safety_of(const char *type)
{
	for (size_t i = 0; i < sizeof(safety) / sizeof(safety[0]); i++)
		if (str_eq(safety[i].type, type))
			return safety[i].data;
	return NULL;
}

int image_plan(const struct mount_op *op, struct source *s, struct err *e)
{
	bool readonly = op->opts.set & MS_RDONLY;
	const struct mount_extra *x = op->mount->extra;
	auto_close int image = image_open(op->source, readonly, x->any_writer, e);
	auto_close int device = -1;
	int r = image < 0 ? image : image_verity(image, op->source, x->verity, e);

	if (r == 0)
		r = image_lock(image, op->source, readonly, e);
	if (r == 0)
		r = loop_make(image, op->source, readonly, &device, e);
	if (r < 0)
		return err_wrap(e, "mounts[%zu]", op->row);
	auto_free char *name = mem_format("/dev/loop%d", r);
	const struct mount_fs fs = {
		.type = op->type,
		.source = name,
		.data = safety_of(op->type),
		.extra = readonly ? "ro" : NULL,
		.flags = op->opts.set,
		.attrs = op->opts.attr_set | MOUNT_ATTR_NODEV,
	};

	s->tree = mount_fs_new(&fs, e);
	if (s->tree < 0)
		return err_wrap(e, "mount \"%s\"", op->source);
	s->path = mem_strdup(op->source);
	s->is_dir = true;
	return 0;
}

int isolation_check_image(const char *path, bool readonly, const struct mount_extra *x,
			  struct err *e)
{
	auto_close int image = image_open(path, readonly, x->any_writer, e);

	return image < 0 ? image : image_verity(image, path, x->verity, e);
}
