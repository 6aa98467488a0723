/* main - the zone command: global options, then one verb of the table. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/cli.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/zone_cmd/admin.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/history.h"
#include "runtime/zone_cmd/output.h"

#ifndef ZONES_VERSION
#define ZONES_VERSION "0.1.0"
#endif

static const struct cli_option global_options[] = {
	{ .name = "debug", .help = "say what is done and where an error was born" },
	{ .name = NULL },
};

static int prepare(struct cli_args *globals)
{
	if (cli_has(globals, "debug"))
		log_set_level(LOG_LEVEL_DEBUG);
	return CLI_DONE;
}

const struct zone_dirs *zone_cmd_dirs(struct cli_args *a)
{
	struct zone_cmd *z = a->program_data;
	struct err e = { 0 };

	if (geteuid() == 0)
		history_begin(z, a);
	if (z->has_dirs)
		return &z->dirs;
	if (geteuid() != 0) {
		int code = 0, r = admin_ask(a, &code, &e);

		if (r == 0)
			exit(code); /* the verb has been run, by root, as far as the zone's file allows it */
		if (r != -ENOENT && r != -ECONNREFUSED) {
			(void)output_error(a, &e);
			return NULL;
		}
		(void)err_set(&e, EPERM, "zones are managed by root: try \"sudo zone %s\"",
			      a->verb ? a->verb->name : "");
	} else if (zone_dirs_init(&z->dirs, &e) == 0) {
		z->has_dirs = true;
		return &z->dirs;
	}
	(void)output_error(a, &e);
	return NULL;
}

/* A build tree keeps zone-init beside the program. Later this program may run from a protected copy of itself that lies nowhere, so the place is written down now, for itself and for
 * the monitor. */
static void remember_libexec(void)
{
	auto_free char *self = NULL;
	struct err ignored = { 0 };
	char *slash;

	if (getenv("ZONES_LIBEXEC_DIR") || proc_self_exe(&self, &ignored) < 0 ||
	    !(slash = strrchr(self, '/')) || slash == self)
		return;
	*slash = '\0';
	auto_free char *init = mem_format("%s/zone-init", self);

	if (file_exists(AT_FDCWD, init))
		(void)setenv(
			"ZONES_LIBEXEC_DIR", self,
			0); /* without it the installed one is used, or missed with a message */
}

int main(int argc, char **argv)
{
	struct zone_cmd context = { .argv = argv };
	const struct cli_program program = {
		.name = "zone",
		.summary = "Solaris zones for Linux: create, install, boot and look after zones.",
		.version = ZONES_VERSION,
		.options = global_options,
		.verbs = zone_cmd_verbs,
		.prepare = prepare,
		.data = &context,
	};

	context.program = &program;
	remember_libexec();
	(void)umask(022); /* modes are those that the code says, whoever calls */
	log_init("zone", LOG_LEVEL_WARNING);
	int code = cli_main(&program, argc, argv);

	if (fflush(stdout) != 0 ||
	    ferror(stdout)) { /* a disk that is full must not look like an answer */
		struct err e = { 0 };

		(void)err_sys(&e, "write to the standard output");
		log_err(&e);
		code = code == CLI_DONE ? CLI_FAILED : code;
	}
	history_end(&context, code);
	if (context.has_dirs)
		zone_dirs_done(&context.dirs);
	return code;
}
