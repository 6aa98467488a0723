/* private - a container in hand, as the files of this folder share it. */
#ifndef RUNTIME_ENGINE_PRIVATE_H
#define RUNTIME_ENGINE_PRIVATE_H

#include <stdbool.h>

#include "runtime/engine/engine.h"
#include "runtime/engine/process.h"
#include "runtime/engine/record.h"

#define FIFO_FILE   "exec.fifo"
#define CONFIG_FILE "config.json"
#define LOCK_FILE   "lock"
#define STILL_FILE  "standstill"

struct engine_container {
	char *root, *id;
	int dir;           /* STATE_ROOT/ID */
	int lock;          /* -1: not held by us */
	bool lock_is_kept; /* by create, for the start that follows */
	bool creating;     /* this object is in engine_create right now */
	struct record record;
	bool has_record;             /* false: a create was killed before it wrote one */
	struct container_spec *spec; /* from config.json, when asked for */
	struct cgroup *cgroup;       /* from the record, when asked for */
	int pidfd;
	/* Only in the process that created it: */
	struct child init; /* our own child until somebody else reaps it */
	int sync;          /* init's end closes when the program runs */
};

/* An empty object for this id. Names that are no ids: -EINVAL "invalid container ID format". */
MUST_CHECK int container_new(const char *state_root, const char *id, struct engine_container **ret,
			     struct err *e);
bool container_id_ok(const char *id);

/* Every operation that changes a container takes the lock, unless the caller of engine_open already has it, and reads the record again.
 * *ret_taken tells container_unlock() whether to give it back. */
MUST_CHECK int container_lock(struct engine_container *c, bool *ret_taken, struct err *e);
void container_unlock(struct engine_container *c, bool taken);

/* standstill.c: every process of a running container stands still from begin to end. To begin with only `guard` is set, to -1; end follows in any case, whatever begin said. A container that was frozen before stays so. */
struct standstill {
	struct cgroup *cg;
	bool has_lock;
	int dir;      /* where the note is */
	bool is_ours; /* it was not frozen before */
	int guard;    /* our end of its line */
	pid_t pid;
};
MUST_CHECK int standstill_begin(struct engine_container *c, struct standstill *s, struct err *e);
MUST_CHECK int standstill_end(struct engine_container *c, struct standstill *s, struct err *e);

/* The descriptor of a process that is there, or why there is none: -EBUSY "container not running", or what keeps us from getting one (-EMFILE), which must not be taken for the former. Borrowed. */
MUST_CHECK int container_pidfd(struct engine_container *c, struct err *e);

/* Has its init's end been the end of all its processes? Who is in its cgroup then may be another container, which took the directory when it was empty: nobody of ours to signal. */
bool container_ends_with_init(const struct engine_container *c);

/* config.json of the state directory, read once. */
MUST_CHECK int container_load_spec(struct engine_container *c, struct err *e);
/* Save the configuration, and in the record what config.json cannot hold. */
MUST_CHECK int container_save_spec(struct engine_container *c, const struct container_spec *spec,
				   struct err *e);
struct json *container_extensions(const struct container_spec *spec);

/* True when init has not yet executed the program: it still reads exec.fifo. */
bool container_is_waiting(const struct engine_container *c);
/* Compact text of the OCI state, for hooks. Freshly allocated. */
char *container_state_text(const struct engine_container *c, enum engine_status status, pid_t pid);

/* Run the poststart hooks; the first that fails ends and deletes the container. Shared by start and restore. */
MUST_CHECK int container_poststart(struct engine_container *c, struct err *e);

/* Digits only, no newline, by rename (OCI.md: callers use atoi on the raw file). */
MUST_CHECK int container_write_pid(const char *path, pid_t pid, struct err *e);
/* One message with one descriptor to a stream socket of the host, as console and pidfd sockets want it. */
MUST_CHECK int container_send_fd(const char *socket, const char *what, int fd, struct err *e);

#endif
