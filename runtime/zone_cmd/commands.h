/* commands - the verbs of `zone`.
 *
 * One file per verb, one function per verb, named after it: `zone boot` is zone_cmd_boot() in boot.c. The table in commands.c is the only
 * place where a verb, its options and its help are written down. A run function reads words and options, calls the function of the same name in
 * runtime/zone, prints, and returns CLI_DONE, CLI_FAILED or CLI_USAGE (login and exec: the program's own exit code).
 *
 * Every verb takes --json: it then prints exactly one JSON document on standard output, also when it fails (see output.h). */
#ifndef RUNTIME_ZONE_CMD_COMMANDS_H
#define RUNTIME_ZONE_CMD_COMMANDS_H

#include <stdbool.h>

#include "runtime/base/cli.h"
#include "runtime/zone/store.h"

/* cli_args.program_data: what main() carries to the verbs. */
struct zone_cmd {
	struct zone_dirs dirs;
	bool has_dirs; /* dirs is filled; verbs that need no zones never fill it */
	const struct cli_program *program;
	const char *act; /* the verb, if it changes something (history.h); NULL */
	char *act_zone;
	char **argv; /* as main() got them, for engine_protect_self() */
};

/* The directories, made on first use. For a user who is not root the server (admin.h) runs the verb where there is one, and this does not return. NULL: not root, or they cannot be made; the error has been printed, return CLI_FAILED. Borrowed. */
const struct zone_dirs *zone_cmd_dirs(struct cli_args *a);

extern const struct cli_verb zone_cmd_verbs[];

/* configuration */
int zone_cmd_create(struct cli_args *a);
int zone_cmd_set(struct cli_args *a);
int zone_cmd_add(struct cli_args *a);
int zone_cmd_remove(struct cli_args *a);
int zone_cmd_clear(struct cli_args *a);
int zone_cmd_edit(struct cli_args *a);
int zone_cmd_info(struct cli_args *a);
int zone_cmd_verify(struct cli_args *a);
int zone_cmd_apply(struct cli_args *a);
int zone_cmd_diff(struct cli_args *a);
int zone_cmd_export(struct cli_args *a);
int zone_cmd_tenant(struct cli_args *a);
int zone_cmd_schema(struct cli_args *a);
/* storage */
int zone_cmd_install(struct cli_args *a);
int zone_cmd_image(struct cli_args *a);
int zone_cmd_publish(struct cli_args *a);
int zone_cmd_clone(struct cli_args *a);
int zone_cmd_snapshot(struct cli_args *a);
int zone_cmd_uninstall(struct cli_args *a);
int zone_cmd_delete(struct cli_args *a);
int zone_cmd_detach(struct cli_args *a);
int zone_cmd_attach(struct cli_args *a);
int zone_cmd_import(struct cli_args *a);
int zone_cmd_rename(struct cli_args *a);
int zone_cmd_move(struct cli_args *a);
int zone_cmd_migrate(struct cli_args *a);
int zone_cmd_migrate_receive(struct cli_args *a); /* hidden: the other host's end */
int zone_cmd_migrate_pipe(struct cli_args *a);    /* hidden: between rsync and ssh */
/* life: implemented beside the monitor */
int zone_cmd_ready(struct cli_args *a);
int zone_cmd_boot(struct cli_args *a);
int zone_cmd_shutdown(struct cli_args *a);
int zone_cmd_halt(struct cli_args *a);
int zone_cmd_reboot(struct cli_args *a);
int zone_cmd_autoboot(struct cli_args *a);
int zone_cmd_autoshutdown(struct cli_args *a);
int zone_cmd_freeze(struct cli_args *a);
int zone_cmd_thaw(struct cli_args *a);
int zone_cmd_login(struct cli_args *a);
int zone_cmd_exec(struct cli_args *a);
int zone_cmd_console(struct cli_args *a);
int zone_cmd_logs(struct cli_args *a);
int zone_cmd_monitor(struct cli_args *a); /* hidden: the monitor process itself */
/* looking */
int zone_cmd_list(struct cli_args *a);
int zone_cmd_ps(struct cli_args *a);
int zone_cmd_top(struct cli_args *a);
int zone_cmd_stat(struct cli_args *a);
int zone_cmd_capacity(struct cli_args *a);
int zone_cmd_events(struct cli_args *a);
int zone_cmd_history(struct cli_args *a);
int zone_cmd_why(struct cli_args *a);
int zone_cmd_audit(struct cli_args *a);
int zone_cmd_help(struct cli_args *a);
int zone_cmd_profile(struct cli_args *a);
int zone_cmd_admin_server(struct cli_args *a); /* serves users who are not root */
int zone_cmd_complete(struct cli_args *a);     /* hidden: words for the shell */

/* autoboot.c: what both verbs say. */
struct zone_dirs;
struct err;
int autoboot_output(struct cli_args *a, int (*run)(const struct zone_dirs *d,
						   void (*failed)(const struct err *why, void *arg),
						   void *arg, struct err *e));

#endif
