/* tree_walk - the files of a stopped zone's root in the order of their names, for what describes them (manifest.c) and what packs them (archive_export.c). Private to runtime/zone.
 *
 * Every name is looked up in an open directory without following symlinks; nothing is crossed into that is mounted below. Devices and sockets are passed over and counted. */
#ifndef RUNTIME_ZONE_TREE_WALK_H
#define RUNTIME_ZONE_TREE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"

struct tree_attribute {
	char *name;
	void *value;
	size_t size;
};
/* One file; everything is borrowed until the visitor returns. */
struct tree_file {
	const char *path; /* below the root, "" for the root itself */
	const struct statx *st;
	const char *
		first; /* another name of the same file that came before; NULL: none. Then nothing below is filled */
	int fd;             /* readable, of a regular file or directory; else -1 */
	const char *target; /* of a symlink; else NULL */
	const struct tree_attribute *attributes; /* wanted ones, in the order of their names */
	size_t n_attributes;
	unsigned long long *
		holes; /* bytes of holes that tree_read() may still go through, of all files together; NULL: any */
};
/* Of one walk. A hole costs nothing to make and is hashed or written like data: with one of terabytes a zone's user would keep us for days. */
#define TREE_HOLES_MAX (64ull << 30)
/* Account for `n` bytes of holes; -EFBIG when fewer may still come. `left` NULL: any number may. */
MUST_CHECK int tree_take_holes(unsigned long long *left, off_t n, struct err *e);
typedef int (*tree_visit_fn)(void *arg, const struct tree_file *f, struct err *e);

struct tree_skipped {
	unsigned long devices, sockets, mounts;
};
MUST_CHECK int tree_visit(int root, tree_visit_fn visit, void *arg, struct tree_skipped *ret,
			  struct err *e);

/* The bytes of a regular file from its beginning to the size that `st` says, in pieces; a hole comes as data NULL. -EAGAIN when the file is shorter meanwhile,
 * -EFBIG when there are too many holes. */
typedef int (*tree_data_fn)(void *arg, const void *data, size_t n, struct err *e);
MUST_CHECK int tree_read(const struct tree_file *f, tree_data_fn sink, void *arg, struct err *e);

#endif
