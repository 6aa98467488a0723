/* migrate_run - what the parts of a migration share on the host that the zone leaves. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_MIGRATE_RUN_H
#define RUNTIME_ZONE_MIGRATE_RUN_H

#include "runtime/zone/migrate.h"
#include "runtime/zone/migrate_remote.h"

struct migration {
	const struct zone_dirs *dirs;
	const char *name;
	struct zone_migrate *m;
	struct remote remote;
	struct json *note;        /* out-NAME (migrate_note.h); NULL: none yet */
	struct zone *zone;        /* as it was read last */
	int lock;                 /* of migrations of this zone, not of the zone */
	unsigned long long bytes; /* of its root */
	uint64_t stopped_at;      /* milliseconds */
};

uint64_t migration_now(void);
/* Read the zone again; `flags` as zone_open()'s. */
MUST_CHECK int migration_open(struct migration *g, unsigned flags, struct err *e);
/* What the other host is told: {"facts", "bytes", "zonepath"}. */
struct json *migration_request(const struct migration *g);
/* One pass of rsync, which is added to the list. */
struct migration_pass {
	const char *what;
	bool is_live, checksums;
};
MUST_CHECK int migration_copy(struct migration *g, const struct migration_pass *p, struct err *e);
/* The root for reading only; *ret_is_mount: see migrate_jail.h. */
MUST_CHECK int migration_tree(const struct migration *g, bool *ret_is_mount, struct err *e);

/* --- migrate_stop.c: the zone is halted, the rest copied, and both sides compared; after a failure it is as before. Then it is locked. --- */
MUST_CHECK int migration_stop(struct migration *g, struct err *e);
/* Boot it here again if it ran when the migration began; the error says what came of it. */
void migration_boot_here(struct migration *g, struct err *e);

/* --- migrate_end.c: the locked zone changes hands --- */
MUST_CHECK int migration_hand_over(struct migration *g, struct err *e);
/* A zone that is leaving: ask the other host where it is, and bring it to an end. `back`: it shall stay here. 1: it is here, and nothing of it is there. */
MUST_CHECK int migration_settle(struct migration *g, bool back, struct err *e);
/* Pure: is it leaving? */
bool migration_is_leaving(const struct zone *z);

#endif
