/* record - what is saved about a container in STATE_ROOT/ID/state.json, and the OCI state made from it. Private to this folder.
 *
 * Only facts are saved; the status is asked of the kernel each time (container.c). The record is replaced atomically, so a reader sees the old or the new one.
 * It is first written before anything else exists, then with the cgroup that is going to be made, then with init's pid: at each moment it tells what has to be undone. */
#ifndef RUNTIME_ENGINE_RECORD_H
#define RUNTIME_ENGINE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

struct record {
	char *id, *bundle, *rootfs, *oci_version;
	char *created;        /* RFC 3339 with nanoseconds, UTC */
	uint32_t owner;       /* uid of the caller of create */
	bool complete;        /* create has finished */
	pid_t pid;            /* init, on the host; 0 before it exists */
	uint64_t start;       /* its start time: with the pid it names one process for ever */
	struct json *cgroup;  /* cgroup_save(); NULL: cgroups are disabled */
	struct json *resctrl; /* resctrl_plan(); NULL: nothing was asked for */
	struct strmap annotations;
	bool has_process; /* false: start has nothing to execute */
	bool own_pids;    /* a pid namespace of its own: the end of init is the end of all */
	bool has_poststart, has_poststop;
	pid_t view; /* the server of view.h, 0: none; view_start: its start time */
	uint64_t view_start;
	/* What config.json cannot say (extensions of container_spec for zones), so that exec finds it again. */
	struct json *extensions;
};

void record_done(struct record *r);

struct json *record_to_json(const struct record *r);
/* *ret is overwritten; on failure it is empty. -EPROTO: not a record of ours. */
MUST_CHECK int record_from_json(const struct json *j, struct record *ret, struct err *e);
MUST_CHECK int record_write(int dir, const struct record *r, struct err *e);
/* -ENOENT: there is none. */
MUST_CHECK int record_read(int dir, struct record *ret, struct err *e);

/* The OCI state: ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner. */
struct json *record_state(const struct record *r, const char *status, pid_t pid);
/* The time now as `created` wants it. Freshly allocated. */
char *record_now(void);
char *record_time(int64_t seconds, long nanoseconds); /* pure; seconds since 1970, not negative */

#endif
