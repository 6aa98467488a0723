/* delete - shared with create: the end of a state directory. Private to this folder. */
#ifndef RUNTIME_ENGINE_DELETE_H
#define RUNTIME_ENGINE_DELETE_H

#include "runtime/engine/private.h"

/* Remove STATE_ROOT/ID, the record last, so that an interrupted removal can be repeated. Errors are logged at debug level. */
int delete_directory(struct engine_container *c);

#endif
