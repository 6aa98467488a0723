/* migrate_jail - rsync where a zone's tenant cannot lead it astray. Private to runtime/zone.
 *
 * The tree that rsync reads is changed by the zone while it is read, and what it writes comes from another host. So it runs in namespaces of its own (mounts, processes, network, ipc, names), in a
 * root that holds the host's /usr read-only and, as JAIL_TREE, the one tree: a symlink that is put in the place of a directory, or a name with "..", leads to nothing that is anybody's secret. It is
 * root without rights but those that its side needs (opening any file; or writing any file with its owner and attributes), behind a wall (wall.h) that lets it open these trees alone and execute nothing that it
 * brought along: it cannot mount, make devices, trace or load anything, and has no network: the two ends that lead to the other host are all it holds. It is killed when the caller ends.
 * What is mounted below the tree on the host is not there. */
#ifndef RUNTIME_ZONE_MIGRATE_JAIL_H
#define RUNTIME_ZONE_MIGRATE_JAIL_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"

#define JAIL_TREE    "/zone"
#define JAIL_PROGRAM "/zone-program" /* this program, when it is wanted; it is told JAIL_HELPER */
enum { JAIL_HELPER = 3 };

struct jail {
	const char *stage; /* a directory of ours to mount on, in the jail's own namespace only */
	int tree;          /* the directory */
	bool is_mount;     /* a detached mount, which goes with this jail */
	bool writable;     /* for the side that receives */
	int in, out, err;  /* -1: none */
	int helper;        /* stays open as JAIL_HELPER; -1: none */
	const struct strv *argv;
};
/* Where rsync is; -ENOENT: it is not installed. Borrowed. */
MUST_CHECK int jail_rsync(const char **ret, struct err *e);
MUST_CHECK int jail_spawn(const struct jail *j, pid_t *ret_pid, struct err *e);

#endif
