/* history - who did what to which zone: the log of administrative acts, root's and users'.
 *
 * STORAGE/.audit/audit.log (folder 0700, file 0600) holds an act a line, as JSON, also of acts that failed or were refused:
 *   {"time":"2026-11-29T10:50:01.123Z","uid":1000,"user":"alice","loginuid":1000,"verb":"halt","zone":"web","status":0}
 * `loginuid` is who logged in at first, as the kernel's audit keeps it for a session (absent where nothing has set it): with sudo it tells which administrator root was. `status` is the exit status of the
 * verb. What was typed beside is not kept: commands and variables may hold secrets. An act that root's process did not live to see the end of (kill -9) is not there.
 * Lines are only ever appended, whole, under flock(2). A file that has grown to HISTORY_MAX bytes becomes audit.log.1, which replaces an older one. So nobody pushes out what others have done: audit.log
 * holds root's acts, audit-UID.log those of a user who has a right, and what was refused to users goes to refused.log.
 * As root, in the host's mount namespace. */
#ifndef RUNTIME_ZONE_HISTORY_H
#define RUNTIME_ZONE_HISTORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

enum { HISTORY_MAX = 1 << 20 };

struct history_act {
	const char *verb, *zone; /* zone: NULL when it is of none */
	uid_t uid;
	const char *user; /* his name; NULL: look it up */
	pid_t pid;        /* whose loginuid is meant; 0: this process's */
	int status;
	bool refused;
};
/* What cannot be written is logged: it never stops what it tells of. */
void history_add(const struct zone_dirs *d, const struct history_act *act);

struct history_query {
	const char *zone; /* NULL: of all */
	size_t last;      /* only so many, the latest; 0: all */
	bool refused;     /* those that were refused instead */
};
/* An array of the lines' documents, of all users, the oldest first; a line that a crash has left unfinished is skipped. */
MUST_CHECK int history_read(const struct zone_dirs *d, const struct history_query *q,
			    struct json **ret, struct err *e);

#endif
