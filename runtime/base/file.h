/* file - small files of the host, always relative to a directory descriptor (AT_FDCWD is allowed for absolute paths).
 *
 * For paths of the HOST only: below a zone's root use base/path.h. All descriptors returned are close-on-exec. */
#ifndef RUNTIME_BASE_FILE_H
#define RUNTIME_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "runtime/base/err.h"

/* Read a regular file (or kernel file) of at most `max` bytes into freshly allocated, NUL-terminated memory.
 * Larger: -EFBIG. Not regular: -EINVAL (O_NONBLOCK is used, a FIFO never blocks). */
MUST_CHECK int file_read_all(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
			     struct err *e);
MUST_CHECK int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len, struct err *e);

/* Write to an existing file in ONE write() call (kernel files). */
MUST_CHECK int file_write_kernel(int dirfd, const char *path, const char *text, struct err *e);
/* The same for an already opened descriptor. `what` names it in the error. */
MUST_CHECK int file_write_fd(int fd, const char *text, const char *what, struct err *e);

/* Replace `path` atomically: temporary file in the same directory, fsync when `mode` has FILE_DURABLE, rename. Either the old or
 * the new content is there at any moment; the leftover temporary (".NAME.XXXXXX.tmp") of a crash is harmless and removed by the next
 * file_replace() of the same file or by file_sweep_temporaries(). */
enum { FILE_DURABLE = 1 << 16 }; /* beside the permission bits of `mode`: fsync before the rename */
MUST_CHECK int file_replace(int dirfd, const char *path, const void *data, size_t n, unsigned mode,
			    struct err *e);
void file_sweep_temporaries(int dirfd);

/* mkdir -p; existing directories are fine, an existing non-directory or a symlink as last element is an error. */
MUST_CHECK int file_mkdir_p(int dirfd, const char *path, mode_t mode, struct err *e);
/* Open a directory O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC. Returns the descriptor or negative errno. */
MUST_CHECK int file_open_dir(int dirfd, const char *path, struct err *e);
bool file_exists(int dirfd, const char *path); /* does not follow a final symlink */
/* The same for whoever acts on "it is not there": 1 it is, 0 it is not, a negative errno when that cannot be known. */
MUST_CHECK int file_look(int dirfd, const char *path, struct err *e);

/* Remove a file or directory tree. Never follows symlinks, never crosses into another mount (-EXDEV names it), clears
 * immutable and append-only flags where needed, works for any depth (iterative) and any name. ENOENT is success. */
MUST_CHECK int file_remove_tree(int dirfd, const char *path, struct err *e);
/* The same, telling from time to time how many files and directories have gone, over all calls with this watch. NULL: nobody is told. */
struct file_watch {
	void (*removed)(void *arg, unsigned long long n);
	void *arg;
	unsigned long long n;
};
MUST_CHECK int file_remove_tree_watched(int dirfd, const char *path, struct file_watch *w,
					struct err *e);

/* Open (create 0600) a lock file and take flock(2). `wait_ms`: 0 = do not wait, -1 = for ever. Busy: -EWOULDBLOCK, the text then names
 * the holder's pid when it is known (the holder writes its pid into the file). The lock goes with the descriptor returned in *ret_fd. */
MUST_CHECK int file_lock(int dirfd, const char *path, bool exclusive, int wait_ms, int *ret_fd,
			 struct err *e);
/* The same with what is open already, also a directory, of which `path` is the name for messages; nothing is written into it. */
MUST_CHECK int file_lock_fd(int fd, const char *path, bool exclusive, int wait_ms, struct err *e);

/* Free bytes of the file system under fd; for refusing early. */
MUST_CHECK int file_free_bytes(int fd, unsigned long long *ret, struct err *e);

#endif
