/* path - the only code that resolves paths which somebody else controls.
 *
 * A "root" is an open descriptor (O_PATH suffices) of the directory a zone sees as "/". Every lookup goes through
 * openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, so "..", absolute symlinks and races can never leave it.
 * Nothing here opens a device, FIFO or socket for I/O: path_open_regular() checks with fstat after a non-blocking open.
 * Paths may be absolute or relative; both mean "below root". All descriptors are close-on-exec. */
#ifndef RUNTIME_BASE_PATH_H
#define RUNTIME_BASE_PATH_H

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "runtime/base/err.h"

/* openat2 with RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS plus `extra_resolve` (RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV ...). O_CLOEXEC and
 * O_NOCTTY are added. EAGAIN (a rename raced) is retried a bounded number of times. Returns the descriptor or -errno. */
MUST_CHECK int path_open(int root, const char *path, int flags, mode_t mode, uint64_t extra_resolve,
			 struct err *e);

/* O_PATH descriptor of a directory / of whatever is there. Final symlinks are resolved inside the root. */
MUST_CHECK int path_open_dir(int root, const char *path, struct err *e);

/* Open a regular file for reading, at most `max` bytes long (-EFBIG), never blocking. */
MUST_CHECK int path_open_regular(int root, const char *path, size_t max, struct err *e);
/* Read it whole, NUL-terminated. */
MUST_CHECK int path_read_regular(int root, const char *path, size_t max, char **ret,
				 size_t *ret_len, struct err *e);

/* Create missing directories (mode, owner of the caller) and return an O_PATH descriptor of the last one. Symlinks met on
 * the way are resolved inside the root; a component that exists and is no directory is -ENOTDIR. Created directories never lie outside. */
MUST_CHECK int path_mkdir_p(int root, const char *path, mode_t mode, struct err *e);

/* For creating a last element safely: opens the parent directory (created if `mkdir_mode` != 0) and returns its O_PATH descriptor;
 * *ret_last is the last element's name (freshly allocated), never "", "." or "..". Use with *at calls and O_NOFOLLOW|O_EXCL. */
MUST_CHECK int path_open_parent(int root, const char *path, mode_t mkdir_mode, char **ret_last,
				struct err *e);
/* The same with more RESOLVE_* for the part that exists. */
MUST_CHECK int path_open_parent_by(int root, const char *path, mode_t mkdir_mode,
				   uint64_t extra_resolve, char **ret_last, struct err *e);

/* A mount target: opens what is there, or creates it (a directory when `dir`, else an empty regular file, parents included), and
 * returns its O_PATH descriptor. `dir` mismatch with what exists is -ENOTDIR/-EISDIR. *ret_created (may be NULL) says whether it was made. */
MUST_CHECK int path_open_target(int root, const char *path, bool dir, bool *ret_created,
				struct err *e);

/* Replace a regular file below root atomically (temporary + rename in the parent directory); used for /etc/resolv.conf and the like. A final symlink is
 * replaced, never followed. */
MUST_CHECK int path_replace_file(int root, const char *path, const void *data, size_t n,
				 mode_t mode, struct err *e);

/* What the administrator named on the HOST by an absolute path that may lead through folders of users: O_PATH. A link is followed as long as nobody but root can have made it: each folder on the way is root's, nobody else
 * may write to it, none is on a mount with nosuid or noexec, and none above it is one that only root enters (what a zone may write to is on such a mount or lies below such a folder, and its files are root's).
 * Any other link is -EPERM. */
MUST_CHECK int path_open_host(const char *path, struct err *e);

/* "/proc/self/fd/N" for calls that know no descriptor form; buf at least 32 bytes. HOST side only. */
void path_of_fd(int fd, char *buf, size_t size);

/* Pure: lexically clean ("//", ".", ".."), always absolute, ".." never above "/". Freshly allocated. */
char *path_clean(const char *path);
/* Pure: true when every element is a name (no "." or ".."), path absolute. */
bool path_is_clean(const char *path);

#endif
