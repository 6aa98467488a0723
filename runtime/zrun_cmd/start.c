/* zrun start */
#include <stdlib.h>

#include "runtime/base/log.h"
#include "runtime/zrun_cmd/commands.h"

const char *zrun_notify_socket(void)
{
	const char *s = getenv("NOTIFY_SOCKET");

	return s && (s[0] == '/' || s[0] == '@') ? s : NULL;
}

/* A variable that is left over from a service long gone must not keep containers from starting: it is a warning. */
struct engine_notify *zrun_notify(struct engine_container *c)
{
	const char *host = zrun_notify_socket();
	struct engine_notify *n = NULL;
	struct err e = { 0 };

	if (host && engine_notify_open(c, host, &n, &e) < 0)
		log_warning("NOTIFY_SOCKET: %s", e.text);
	return n;
}

int zrun_start(struct cli_args *a)
{
	struct engine_container *c = NULL;
	struct engine_notify *notify = NULL;
	struct err e = { 0 };
	int r = zrun_open(a, false, &c, &e);

	if (r == 0) {
		notify = zrun_notify(c);
		r = engine_start(c, &e);
	}
	if (r == 0 && notify)
		engine_notify_wait(notify, c);
	engine_notify_free(notify);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
