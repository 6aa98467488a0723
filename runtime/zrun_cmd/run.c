/* zrun run - create, start, and unless detached: stay in front of it, return its exit code, delete it. */
#include <errno.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/zrun_cmd/commands.h"

static int check(const struct cli_args *a, const struct container_spec *spec,
		 const struct engine_create *o, struct err *e)
{
	bool terminal = spec->process && spec->process->terminal, detach = cli_has(a, "detach");

	if (terminal && detach && !o->console_socket)
		return err_set(
			e, EINVAL,
			"cannot allocate tty if zrun will detach without setting console socket");
	if (o->console_socket && !(terminal && detach))
		return err_set(e, EINVAL,
			       "cannot use console socket if zrun will not detach or allocate tty");
	return 0;
}

/* Returns the exit code, or a negative errno. */
static int attend(const struct cli_args *a, struct engine_container *c, int master, struct err *e)
{
	struct engine_notify *notify = zrun_notify(c);
	int r = engine_start(c, e);

	if (r == 0 && !cli_has(a, "detach"))
		r = engine_foreground(engine_init_pid(c), master, notify, e);
	else if (r == 0 && notify)
		engine_notify_wait(notify, c);
	engine_notify_free(notify);
	return r;
}

int zrun_run(struct cli_args *a)
{
	auto_ptr(container_spec) struct container_spec *spec = NULL;
	auto_free char *bundle = NULL;
	struct engine_container *c = NULL;
	struct engine_create o = ENGINE_CREATE_INIT;
	struct err e = { 0 }, cleanup = { 0 };
	auto_close int master = -1;
	int r = engine_protect_self(zrun_of(a)->argv, &e);

	if (r == 0)
		r = zrun_create_request(a, &spec, &bundle, &o, &e);
	if (r == 0)
		r = check(a, spec, &o, &e);
	if (r < 0)
		return zrun_fail(&e);
	if (!cli_has(a, "detach"))
		o.ret_console_master = &master;
	o.start_follows = true;
	r = engine_create(&o, &c, &e);
	if (r < 0)
		return zrun_fail(&e);
	zrun_warn(spec);
	r = attend(a, c, master, &e);
	if (r < 0)
		(void)zrun_fail(&e);
	bool stays = r >= 0 && (cli_has(a, "detach") || cli_has(a, "keep"));

	if (!stays && engine_delete(c, true, &cleanup) < 0 && cleanup.code != ENOENT) {
		(void)err_wrap(
			&cleanup,
			"container \"%s\" has ended and could not be removed, which zrun delete -f %s does",
			o.id, o.id);
		log_err(&cleanup);
	}
	engine_free(c);
	return r < 0 ? CLI_FAILED : r;
}
