/* clone - parts of `zone clone`. Private to runtime/zone.
 *
 * clone_config.c makes the file of the new zone, clone_identity.c makes its root another machine's, clone_ways.c knows how a root is copied, clone.c is the verb. */
#ifndef RUNTIME_ZONE_CLONE_H
#define RUNTIME_ZONE_CLONE_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/zone.h"

struct clone {
	const struct zone_dirs *dirs;
	const struct zone_clone *options;
	struct zone *from, *to;               /* both locked */
	const struct zone_snapshot *snapshot; /* of `from`; NULL: as it is now */
	char *zonepath;                       /* of `to` */
	int top;                              /* the same, open; -1 before it is made */
	bool made_top, left_behind;
};

/* A way to copy a root: `can` says why not, `run` makes root (and upper) below c->top and sets driver and layers of c->to->record. */
struct clone_way {
	const char *name;
	bool is_quick; /* may be chosen for a zone that runs, which stands still meanwhile */
	int (*can)(const struct clone *c, struct err *e);
	int (*run)(struct clone *c, struct err *e);
};
/* The one that was asked for, or the best that can be had. */
MUST_CHECK int clone_choose(const struct clone *c, const char *name, const struct clone_way **ret,
			    struct err *e);

/* Pure: the file of zone `from` as that of zone `to`: what may exist once only is left out, and named in `left_out`. Freshly allocated text; diags as with zone_create(). */
MUST_CHECK int clone_config(const char *text, const char *from, const char *to, char **ret,
			    struct strv *left_out, struct err *e);

/* Pure: is "DIR/NAME" of a root one of the things that make it this very machine: machine-id, host id, keys of its ssh server, seeds? */
bool clone_identity_is(const char *dir, const char *name);
/* Remove them. The names of the files with keys are added to `keys`, all that clone_keys() makes and some of the others: somebody has to make new ones. */
MUST_CHECK int clone_identity(int root, struct strv *keys, struct err *e);

#define CLONE_KEYS_DIR "/etc/ssh"
/* New keys of the kinds that `removed` names, for the ssh server in a root that nobody runs in: made by the host's ssh-keygen below `zonepath`, then put into the root. -ENOENT: the host has no ssh-keygen.
 * *ret_all: none is missing (those of other servers and of kinds that nobody uses any more are not made). */
MUST_CHECK int clone_keys(const char *zonepath, int root, const char *name,
			  const struct strv *removed, bool *ret_all, struct err *e);
bool clone_keys_makes(const char *name); /* pure: a file of this name? */

#endif
