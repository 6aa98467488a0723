/* migrate_copy - one pass of rsync from a root here to the one on the other host. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_MIGRATE_COPY_H
#define RUNTIME_ZONE_MIGRATE_COPY_H

#include "runtime/zone/migrate.h"
#include "runtime/zone/migrate_remote.h"

struct migrate_copy {
	const struct zone_dirs *dirs;
	const struct remote *remote;
	int tree;
	bool is_mount;    /* see migrate_jail.h */
	bool is_live;     /* the zone runs: files may go, and change, under rsync's hands */
	bool checksums;   /* go by what is in the files, not by their sizes and times */
	const char *what; /* for the progress */
	unsigned long long total;
	const struct zone_install *options;
};
MUST_CHECK int migrate_copy(const struct migrate_copy *c, struct migrate_round *ret, struct err *e);
/* Pure: take in what rsync says: a line of its progress, whose bytes are returned, or of its statistics, which go to *r. */
unsigned long long migrate_copy_line(const char *line, struct migrate_round *r);
/* A directory of ours to mount on and for the connection of ssh: RUN/.migrate. Freshly allocated. */
MUST_CHECK int migrate_stage(const struct zone_dirs *d, char **ret, struct err *e);

#endif
