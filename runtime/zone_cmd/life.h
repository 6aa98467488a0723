/* life - what the verbs that start and stop zones share. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_LIFE_H
#define RUNTIME_ZONE_CMD_LIFE_H

#include "runtime/base/cli.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

/* A verb of the form "NAME, nothing else": run it and print the result. */
int life_run(struct cli_args *a, int (*verb)(const struct zone_dirs *d, const char *name,
					     char **ret_note, struct err *e));
/* login and exec: `words` after the zone's name. */
int life_login(struct cli_args *a, bool login_shell);
/* Re-execute from a protected copy before a verb that enters or creates a container; 0 or the exit code. */
int life_protect(struct cli_args *a);
/* Positionals from the i-th on, borrowed as a vector. */
struct strv life_words(const struct cli_args *a, size_t from);

#endif
