/* migrate - a zone to another host, over ssh.
 *
 *   check    there, before a byte is copied: everything that would keep the zone from working; all of it is told at once
 *   rounds   rsync copies the root while the zone runs, again and again, until little is left
 *   stop     the zone is halted, the last round copies what is left, and both hosts say what they have (manifest.h): it must be the same
 *   hand     the record here says that it is leaving: from now on it cannot be booted here; then the record there says that it is installed, and it is booted if it ran
 *   end      here its files are detached, with a note where it went, or removed
 *
 * Before "hand" the zone is here, whatever happens; after it the other host has all of it, and if nobody knows whether it has heard so, `zone migrate` asks it again: it is never bootable on both.
 * STORAGE/.migrate/ has a note for each migration: out-NAME.json of one that leaves, in-TOKEN.json of one that arrives (migrate_note.h).
 * As root, in the host's namespaces. */
#ifndef RUNTIME_ZONE_MIGRATE_H
#define RUNTIME_ZONE_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

enum { MIGRATE_ROUNDS = 5, MIGRATE_ROUNDS_MAX = 100 };

/* One pass of rsync. */
struct migrate_round {
	unsigned long long files, bytes; /* that were not the same there */
	uint64_t ms;
};

struct zone_migrate {
	const char *host;               /* [USER@]HOST; abort: NULL, the note says it */
	const struct strv *ssh_options; /* as for ssh's -o; may be NULL */
	const char *zonepath;           /* there; NULL: as for a new zone of that host */
	unsigned rounds; /* at most so many while it runs; 0: none, MIGRATE_ROUNDS is usual */
	bool check_only;
	bool remove;   /* here, when it is there */
	bool shutdown; /* ask the zone to stop, at most shutdown_ms, instead of halting it */
	int shutdown_ms;
	bool force;                         /* abort, though the other host cannot be asked */
	const struct zone_install *options; /* progress and warn count */
	/* out */
	struct zone_attach report; /* of the check; for zone_attach_done() */
	struct migrate_round *passes;
	size_t n_passes;
	bool stopped; /* it ran, and stood still for so long: */
	uint64_t stop_ms;
	char *note;
};
void zone_migrate_done(struct zone_migrate *m);
/* -ECANCELED: the report has problems and nothing was done. One that was interrupted is gone on with. */
MUST_CHECK int zone_migrate(const struct zone_dirs *d, const char *name, struct zone_migrate *m,
			    struct err *e);
/* The zone stays here; what the other host has of it is removed. -EEXIST: it is there. */
MUST_CHECK int zone_migrate_abort(const struct zone_dirs *d, const char *name,
				  struct zone_migrate *m, struct err *e);

/* The other host's side: one step, whose request is read from `in` and whose answer is written to `out` (migrate_remote.h). Returns 0 when an answer was written, whatever it says. */
MUST_CHECK int zone_receive(const struct zone_dirs *d, const char *step, int in, int out,
			    struct err *e);
/* The step "rsync" has the words of rsync in place of a request; its standard input and output are the connection. Returns rsync's exit code or a negative errno. */
MUST_CHECK int zone_receive_rsync(const struct zone_dirs *d, const struct strv *words,
				  struct err *e);
/* What rsync starts in its jail (migrate_pipe.c). */
MUST_CHECK int zone_migrate_pipe(const struct strv *words, struct err *e);

#endif
