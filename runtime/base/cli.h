/* cli - verb table, options and help, shared by both programs.
 *
 * A program is a table of verbs; a verb is a table of options and a function. The same tables print `help`, `VERB --help` and the data for shell
 * completion. Options: --long VALUE, --long=VALUE, -s VALUE, -sVALUE, grouped short flags, "--" ends options. With CLI_GO_FLAGS in the program's flags also
 * -long VALUE. Options may follow positionals unless the verb has CLI_STOP_AT_POSITIONAL (exec, login):
 * then everything from the second positional on is kept as it is.
 * A usage error prints one line and "see PROGRAM VERB --help" to stderr and returns the usage exit code 2. */
#ifndef RUNTIME_BASE_CLI_H
#define RUNTIME_BASE_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/str.h"

enum cli_flags {
	CLI_GO_FLAGS = 1, /* program: accept -long */
	CLI_STOP_AT_POSITIONAL =
		2, /* verb: options end at the SECOND positional (exec NAME CMD -x: -x belongs to CMD) */
	CLI_STOP_AT_FIRST =
		16, /* verb: options end at the first positional (ps ID -o pid: -o belongs to ps) */
	CLI_HIDDEN = 4, /* verb or option: not shown in help */
	CLI_REPEAT = 8, /* option: may be given more than once */
};

struct cli_option {
	const char *name;  /* long name without dashes; NULL ends the table */
	char letter;       /* 0: none */
	const char *value; /* "FILE": takes a value and this names it in help; NULL: a flag */
	const char *help;
	unsigned flags;
};

struct cli_program;

struct cli_args {
	const struct cli_verb *verb;
	struct strv positional;
	struct strmap options; /* name -> value ("" for a flag); last one wins */
	struct strv repeated;  /* CLI_REPEAT options as "name=value", in order */
	void *program_data;    /* the program's own context, passed through */
	const struct cli_program *program;
};

struct cli_verb {
	const char *name;
	const char *synopsis;               /* "[-f FILE] NAME [PATH=VALUE...]" */
	const char *summary;                /* one line */
	const struct cli_option *options;   /* may be NULL */
	int min_positional, max_positional; /* max -1: any */
	unsigned flags;
	int (*run)(struct cli_args *args); /* returns the exit code */
	const char *group;                 /* heading in help */
	const char *
		complete; /* what positionals complete to: "zones", "zones:running", "files", "properties", "" */
};

struct cli_program {
	const char *name, *summary, *version;
	const struct cli_option
		*options; /* global ones, before the verb; --help and --version are built in */
	const struct cli_verb *verbs; /* ends with a row whose name is NULL */
	unsigned flags;
	/* Called with the global options before the verb runs; non-zero is the exit code. May be NULL. */
	int (*prepare)(struct cli_args *globals);
	void *data;
};

/* Exit codes of both programs. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

int cli_main(const struct cli_program *p, int argc, char **argv);
bool cli_has(const struct cli_args *a, const char *option);
const char *cli_value(const struct cli_args *a, const char *option, const char *otherwise);
/* Print "PROGRAM VERB: message" and the pointer to help; returns CLI_USAGE. */
int cli_usage(const struct cli_args *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Colours and progress only when this is true: stdout/stderr is a terminal, TERM is not dumb and NO_COLOR is unset. */
bool cli_is_terminal(int fd);
/* Ask "question [y/N] " on the terminal; false without one. */
bool cli_confirm(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
