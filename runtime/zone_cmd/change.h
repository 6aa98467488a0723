/* change - what set, add, remove, clear and edit have in common. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_CHANGE_H
#define RUNTIME_ZONE_CMD_CHANGE_H

#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"

/* The whole verb. */
int change_properties(struct cli_args *a, enum zone_edit_kind kind);
/* A note when the zone runs and goes on as it was booted; NULL otherwise. Freshly allocated. */
char *change_note(const struct zone_dirs *d, const char *name);

/* FILE, or standard input for "-", as text. Freshly allocated. */
MUST_CHECK int change_read_text(const char *file, char **ret, struct err *e);

#endif
