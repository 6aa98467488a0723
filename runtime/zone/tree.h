/* tree - filling a zone's root directory: from the host's own /usr (skeleton.c), from a directory (copy.c), from an archive (archive.c). Private to runtime/zone.
 *
 * The root is an open directory that nobody else can reach yet (below a zonepath of mode 0700). Owners are written as they are meant inside the zone, 0 to 65535; the
 * zone sees them through an idmapped mount. Nothing outside the root is ever written, whatever the source says. On failure the caller removes the whole tree. */
#ifndef RUNTIME_ZONE_TREE_H
#define RUNTIME_ZONE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/zone/zone.h"

enum { TREE_DEPTH_MAX = 256 }; /* directories below the root that a copy goes into */

struct tree_job {
	int root;                           /* O_RDONLY directory, empty at the beginning */
	const struct zone_install *options; /* progress and warnings */
	unsigned long long done, total;     /* for the progress; total 0: unknown */
	unsigned long long unchecked; /* bytes written since the free space was last asked for */
	bool exact; /* a copy of what we made ourselves: every owner, attribute, device and socket is kept, nothing is added */
	bool is_top; /* copy: the top of an overlay, with its marks of what is removed from the layers below; else they are left out */
	bool owners; /* manifest: refuse owners that no zone has */
	unsigned long skipped_devices, skipped_sockets, skipped_attributes, skipped_mounts;
};

/* The sparse root of brand native: a private /etc, /var and the like, and mount points for what the host gives. */
MUST_CHECK int tree_skeleton(int root, struct err *e);
/* A copy of the directory: owners, modes, times, extended attributes, ACLs, capabilities, hard links and holes stay; symlinks are copied, never followed; what is mounted
 * below it stays out; devices and sockets are left out. */
MUST_CHECK int tree_copy(struct tree_job *job, const char *from, struct err *e);
/* The bytes that files below an open directory take on the disk; what cannot be looked at counts nothing. For the progress. */
unsigned long long tree_size(int dir);
/* The same from an open directory, of which `shown` is the name for messages, and nothing added to it. */
MUST_CHECK int tree_copy_open(struct tree_job *job, int from, const char *shown, struct err *e);
/* What the archive holds. Hostile archives: see archive.c for what is refused and what is made harmless. */
MUST_CHECK int tree_extract(struct tree_job *job, const char *from, struct err *e);

/* The same without a look at what it is, and nothing added. */
MUST_CHECK int tree_unpack(struct tree_job *job, const char *from, struct err *e);
/* One file: data with its holes, owner, mode, attributes and times onto a new, empty one; the properties alone onto a file or directory. */
MUST_CHECK int tree_copy_file(struct tree_job *job, int from, int to, struct err *e);
MUST_CHECK int tree_copy_properties(struct tree_job *job, int from, int to, struct err *e);

/* --- shared by copy and extract (tree.c) --- */
/* Bytes that may still be written to the file system of an open file. */
MUST_CHECK int tree_space_left(int fd, unsigned long long *ret, struct err *e);
/* Tell the caller how far it is. */
void tree_progress(struct tree_job *job, const char *what);
/* Account for bytes about to be written; -ENOSPC while some space of the file system is still left for the host. */
MUST_CHECK int tree_reserve(struct tree_job *job, unsigned long long bytes, struct err *e);
/* Would a file of that size still leave something? */
MUST_CHECK int tree_fits(const struct tree_job *job, unsigned long long size, struct err *e);
/* Only ids that a zone has can be shown inside it. */
MUST_CHECK int tree_check_owner(int64_t uid, int64_t gid, struct err *e);
/* Attributes that mean something in a zone: user.* (but for user.overlay.*, by which a tree would speak to the kernel's overlay), file capabilities, POSIX ACLs. */
bool tree_wants_attribute(const char *name);
/* Set one; a file system without user attributes is counted, for the others it is an error. */
MUST_CHECK int tree_set_attribute(struct tree_job *job, int fd, const char *name, const void *value,
				  size_t size, struct err *e);
/* Directories that every zone needs as mount points are made if they are missing. */
MUST_CHECK int tree_finish(struct tree_job *job, struct err *e);
/* Say what was left out. tree_finish() does. */
void tree_warn_skipped(const struct tree_job *job);

#endif
