/* steps - down the table on success, back up on failure. */
#include "runtime/base/steps.h"

#include "runtime/base/log.h"

int steps_run(const struct step *table, size_t n, void *ctx, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		log_debug("%s", table[i].name);
		if (table[i].run(ctx, e) == 0)
			continue;
		struct err cause = *e; /* an undo may use the same error value for its own calls */

		steps_undo(table, i, ctx);
		*e = cause;
		return err_wrap(e, "%s", table[i].name);
	}
	return 0;
}

void steps_undo(const struct step *table, size_t n, void *ctx)
{
	while (n-- > 0) {
		if (!table[n].undo)
			continue;
		log_debug("undo: %s", table[n].name);
		table[n].undo(ctx);
	}
}
