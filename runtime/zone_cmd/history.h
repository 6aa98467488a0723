/* history - a line in the log of acts for a verb that has ended. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_HISTORY_H
#define RUNTIME_ZONE_CMD_HISTORY_H

#include "runtime/zone_cmd/commands.h"

/* Set in the environment of a verb that is run for a user: its session writes the line (admin_session.c), with the user's name. */
#define HISTORY_DONE_ELSEWHERE "ZONES_ON_BEHALF"

/* The words of a verb, kept until it has ended. Called when the verb opens the directories, so not for one whose words are wrong. */
void history_begin(struct zone_cmd *z, const struct cli_args *a);
/* Write the line, if the verb was an act and not a look. */
void history_end(struct zone_cmd *z, int code);

#endif
