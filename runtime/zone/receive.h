/* receive - what the steps of a migration share on the host that takes the zone in. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_RECEIVE_H
#define RUNTIME_ZONE_RECEIVE_H

#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

struct receive {
	const struct zone_dirs *dirs;
	struct json *request;
	const char *token, *name; /* of the request, checked */
	const struct json *facts; /* as of detached.json; NULL: the step needs none */
	char *text;               /* its configuration as a file of this host */
	char *zonepath;           /* where its files are or will be */
	struct json *note;        /* in-TOKEN; NULL: this migration has not begun here */
	struct json *answer;
	struct strbuf more; /* follows the answer */
};

/* --- receive_check.c --- */
enum receive_name {
	RECEIVE_NEW,  /* nobody has the name */
	RECEIVE_OURS, /* a part of this very migration is here */
	RECEIVE_BACK, /* it went from here before, and its old files are here */
	RECEIVE_TAKEN,
};
MUST_CHECK int receive_name(const struct receive *r, enum receive_name *ret,
			    enum zone_state *ret_state, struct err *e);
/* Fill the report in with everything that would keep the zone from working here. */
MUST_CHECK int receive_check(const struct receive *r, struct zone_attach *report, struct err *e);

/* --- receive_root.c --- */
/* The zone of this migration, locked, while it is arriving. */
MUST_CHECK int receive_open(const struct receive *r, struct zone **ret, struct err *e);
/* Its root. */
MUST_CHECK int receive_root(const struct zone *z, struct err *e);
/* A zone that is arriving, with a root to copy to; again is fine. */
MUST_CHECK int receive_begin(struct receive *r, struct err *e);
/* Remove what is here of it. `undo`: also when it is installed here already, as long as it does not run. */
MUST_CHECK int receive_abort(struct receive *r, bool undo, struct err *e);
/* A zone that was arriving is uninstalled: forget its migrations. */
void receive_forget(const struct zone_dirs *d, const char *name);

/* Pure: may rsync be started here with these words? (receive_rsync.c) */
MUST_CHECK int receive_words_ok(const struct strv *words, struct err *e);

#endif
