/* file_systems - what only the host can say of the entries of "fs". Private to runtime/zone. */
#ifndef RUNTIME_ZONE_FILE_SYSTEMS_H
#define RUNTIME_ZONE_FILE_SYSTEMS_H

#include "config/zone_spec.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

struct fs_place {
	const struct zone_dirs *dirs;
	const char *zonepath;
	uint32_t id_base;
};

/* Would it be mounted at boot? Nothing is made. The error is about its special. */
MUST_CHECK int fs_check(const struct zone_dirs *d, const struct zone_fs *fs, struct err *e);
/* Before it is mounted: whose files they are, where an overlay keeps changes (the folder is made), what is asked of an image. `m` is the row that `fs` was translated to. */
MUST_CHECK int fs_complete(const struct fs_place *p, const struct zone_fs *fs, struct mount_spec *m,
			   struct err *e);
/* All of a zone. */
MUST_CHECK int fs_complete_all(const struct fs_place *p, const struct zone_spec *effective,
			       struct container_spec *c, struct err *e);
/* The row of a container that a directory of "fs" was translated to; NULL. */
struct mount_spec *fs_row(struct container_spec *c, const char *dir);

#endif
