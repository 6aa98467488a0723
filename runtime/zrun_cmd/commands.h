/* commands - one function per verb of zrun, in a file of the verb's name; the table of all is in commands.c. A verb returns the exit code and prints its own errors. */
#ifndef RUNTIME_ZRUN_CMD_COMMANDS_H
#define RUNTIME_ZRUN_CMD_COMMANDS_H

#include <stdbool.h>

#include "runtime/base/cli.h"
#include "runtime/base/err.h"
#include "runtime/engine/engine.h"

/* What the global options say; filled once by main.c. */
struct zrun {
	char *const *argv; /* for the protected re-execution */
	const char *root;  /* state root */
	enum cgroup_manager cgroup_manager;
	bool rootless;
};

extern const struct cli_verb zrun_verbs[];
extern const struct cli_option zrun_create_options[];

static inline const struct zrun *zrun_of(const struct cli_args *a)
{
	return a->program_data;
}

/* Print the error line and return the exit code of a failure. */
int zrun_fail(const struct err *e);
/* Open the container that the first positional names; with `lock` for verbs that change it. */
MUST_CHECK int zrun_open(const struct cli_args *a, bool lock, struct engine_container **ret,
			 struct err *e);
/* create.c, shared with run.c. *ret_spec is the caller's and must outlive the create; *o points into it and into the arguments. */
MUST_CHECK int zrun_create_request(const struct cli_args *a, struct container_spec **ret_spec,
				   char **ret_bundle, struct engine_create *o, struct err *e);
/* create.c: what is asked for and left out (capabilities that do not exist or cannot be had, kernel memory) is named in a warning - after the create, because Podman reads the log of a failed one as one object. */
void zrun_warn(const struct container_spec *spec);
/* start.c: NOTIFY_SOCKET of our environment, NULL when there is none that we understand. */
const char *zrun_notify_socket(void);
/* start.c, before the start: what will listen for the container's READY=1; NULL when nobody wants to hear it. */
struct engine_notify *zrun_notify(struct engine_container *c);
/* match.c: the ids that the first positional means: itself, or with --regex all that match it whole. */
MUST_CHECK int zrun_match(const struct cli_args *a, struct strv *ret, struct err *e);
/* A small whole number of an option; 0 when it is absent. */
MUST_CHECK int zrun_number(const struct cli_args *a, const char *option, int *ret, struct err *e);

int zrun_create(struct cli_args *a);
int zrun_start(struct cli_args *a);
int zrun_run(struct cli_args *a);
int zrun_exec(struct cli_args *a);
int zrun_kill(struct cli_args *a);
int zrun_delete(struct cli_args *a);
int zrun_state(struct cli_args *a);
int zrun_list(struct cli_args *a);
int zrun_spec(struct cli_args *a);
int zrun_features(struct cli_args *a);
int zrun_ps(struct cli_args *a);
int zrun_pause(struct cli_args *a);
int zrun_mounts(struct cli_args *a);
int zrun_resume(struct cli_args *a);
int zrun_update(struct cli_args *a);
int zrun_events(struct cli_args *a);
int zrun_checkpoint(struct cli_args *a);
int zrun_restore(struct cli_args *a);

#endif
