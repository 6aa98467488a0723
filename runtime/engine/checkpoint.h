/* checkpoint - what checkpoint and restore have in common. Private to this folder. */
#ifndef RUNTIME_ENGINE_CHECKPOINT_H
#define RUNTIME_ENGINE_CHECKPOINT_H

#include "runtime/engine/criu.h"
#include "runtime/engine/private.h"

#define CRIU_NET_KEY "extRootNetNS" /* as runc names it in its images */
#define CRIU_PID_KEY "extRootPidNS"
#define STDIO_FILE   "descriptors.json" /* as runc: what 0, 1 and 2 of the first process were */

/* The folders, open. */
struct checkpoint_dirs {
	int images, work;
};
void checkpoint_dirs_done(struct checkpoint_dirs *d);
MUST_CHECK int checkpoint_open_dirs(const struct engine_checkpoint *o, bool make,
				    struct checkpoint_dirs *ret, struct err *e);

/* The options that mean the same in both directions. */
void checkpoint_common(const struct engine_checkpoint *o, const struct checkpoint_dirs *d,
		       const char *log_file, struct strbuf *opts);

#endif
