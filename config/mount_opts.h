/* mount_opts - mount option words <-> flags, for OCI mounts and zone `fs` entries. Pure.
 *
 * Follows config.md "Linux mount options": MUST, SHOULD and MAY words, the recursive r* set, and the project's own: idmap, ridmap, tmpcopyup. */
#ifndef CONFIG_MOUNT_OPTS_H
#define CONFIG_MOUNT_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/spec.h"
#include "runtime/base/str.h"

struct mount_opts {
	unsigned long set,
		clear; /* MS_* flags asked to be on / explicitly asked to be off; never MS_BIND, MS_REC, MS_REMOUNT: those are below */
	uint64_t attr_set,
		attr_clear; /* MOUNT_ATTR_* for the same (per-mount ones only), for mount_setattr */
	uint64_t rattr_set,
		rattr_clear; /* MOUNT_ATTR_* to be applied recursively (rro, rnosuid, ...) */
	unsigned long
		propagation; /* MS_PRIVATE|MS_SLAVE|MS_SHARED|MS_UNBINDABLE, with MS_REC; 0: none asked */
	bool bind, recursive; /* bind or rbind; rbind */
	bool idmap, ridmap, tmpcopyup, remount;
	struct strbuf data; /* the rest, comma-separated, for the file system */
};

void mount_opts_parse(const struct strv *options, struct mount_opts *ret);
void mount_opts_done(struct mount_opts *o);
/* Every word known, sorted, NULL-terminated; for `features` and the schema. */
const char *const *mount_opts_words(void);

#endif
