/* cli_help - the texts that cli.c prints on request, made from the same tables. Private to base. */
#ifndef RUNTIME_BASE_CLI_HELP_H
#define RUNTIME_BASE_CLI_HELP_H

#include <stdio.h>

#include "runtime/base/cli.h"

/* All verbs under the headings of their groups, in the order of the table. To stdout on request, to stderr when the verb is missing. */
void cli_help_program(const struct cli_program *p, FILE *to);
/* Synopsis and options of one verb, to stdout. */
void cli_help_verb(const struct cli_program *p, const struct cli_verb *verb);
/* The program's version text, to stdout: "NAME version VERSION" unless the version has several lines itself. */
void cli_help_version(const struct cli_program *p);

#endif
