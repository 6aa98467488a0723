/* wall - the second wall around a process of ours that looks at what others have written: no right but a few, no way into the file system but the trees that it was given, and a short list of
 * system calls. Should a mistake in a parser ever be found by an enemy, this is what he finds behind it.
 *
 *   capabilities   out of all five sets, but for those that are kept
 *   no_new_privs   no program that it might execute can have more
 *   Landlock       files below the given trees only, whatever its owner is; no TCP, no signal and no abstract socket out of it, as far as the kernel knows how (wall_landlock_abi())
 *   seccomp        the calls of the list; any other one fails with EPERM, a foreign architecture kills
 *
 * What a wall forbids is forbidden for good, in all children too. Only single-threaded processes may enter. */
#ifndef RUNTIME_BASE_WALL_H
#define RUNTIME_BASE_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

enum wall_use {
	WALL_READ, /* files and directories */
	WALL_WRITE, /* that, and make, change, rename and remove everything but devices of the host and sockets */
	WALL_FILL,    /* that, and make sockets: for a copy of what is below another root */
	WALL_EXECUTE, /* read and execute */
};
struct wall_tree {
	int fd; /* of the directory, or of a single file; O_PATH will do */
	enum wall_use use;
};
struct wall {
	uint64_t
		capabilities; /* kept ones, 1 << CAP_X; those that the process does not have stay out */
	const struct wall_tree *trees; /* n_trees 0: no file at all can be opened */
	size_t n_trees;
	bool programs; /* it may execute: no filter of calls, and TCP is not forbidden */
	/* For programs that stay uid 0, which owns the host's files and whom the host's servers believe, and both of which Landlock leaves open: no mode, owner, attribute or time of a file is changed (a mode without an
	 * error), no socket with a path is connected to, nobody is sent a signal or traced. */
	bool alone;
};

/* Version of the kernel's Landlock, 0: it has none, or it is switched off. Asked for once in a process. */
int wall_landlock_abi(void);

/* Enter. Without Landlock the rest stands alone; that capabilities or the filter cannot be set is an error, and then the process is good for nothing but to end. */
MUST_CHECK int wall_enter(const struct wall *w, struct err *e);

/* Give up capabilities for good that nobody here needs, out of the bounding set too, so that no program that is executed from here has them: for processes that must keep great rights, like the monitor of a
 * zone. `executed`: of these, those that programs of the host may have yet. A process without CAP_SETPCAP keeps its bounding set. */
MUST_CHECK int wall_drop(uint64_t dropped, uint64_t executed, struct err *e);

/* What the processes that run beside zones for a long time, or run others, give up: the kernel's modules, raw memory and devices, reboot, wake-ups, leases, audit, mandatory access control. A program that the host's
 * administrator installed (a network plugin) may load a module. */
MUST_CHECK int wall_drop_host(struct err *e);

#endif
