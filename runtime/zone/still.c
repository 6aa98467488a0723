/* still - freeze, and a child that thaws. */
#include "runtime/zone/still.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"

static int change(const struct zone_dirs *d, const char *name, bool still, struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	int r = engine_open(root, name, true, &c, e);

	if (r < 0)
		return r;
	r = still ? engine_pause(c, e) : engine_resume(c, e);
	engine_free(c);
	return r;
}

/* Out of reach of what ends the terminal's processes. */
static _Noreturn void wait_and_thaw(const struct zone_dirs *d, const char *name, int pipe)
{
	struct err e = { 0 };
	char nothing;

	(void)sys_setsid();
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	proc_close_others(3, &pipe, 1);
	(void)!sys_read(pipe, &nothing, 1); /* its end */
	if (change(d, name, false, &e) == 0)
		proc_exit(0);
	log_err(&e);
	proc_exit(1);
}

int still_begin(const struct zone_dirs *d, const struct zone *z, struct still *s, struct err *e)
{
	int ends[2];

	if (!z->init_alive || z->frozen || z->state == ZONE_READY) /* nothing of it writes */
		return 0;
	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	s->dirs = d;
	s->name = z->name;
	s->child = fork();
	if (s->child == 0) {
		(void)close(ends[1]);
		wait_and_thaw(d, z->name, ends[0]);
	}
	(void)close(ends[0]);
	s->pipe = ends[1];
	if (s->child < 0) {
		int r = err_sys(e, "fork");

		fd_close(&s->pipe);
		return r;
	}
	int r = change(d, z->name, true, e);

	if (r < 0)
		still_end(s);
	return r < 0 ? err_wrap(e, "keep zone \"%s\" still", z->name) : 0;
}

void still_end(struct still *s)
{
	struct err e = { 0 };

	if (s->pipe < 0)
		return;
	fd_close(&s->pipe);
	if (proc_wait(s->child, &e) == 0)
		return;
	/* the child was killed, or could not do it; EBUSY: nothing stands still */
	if (change(s->dirs, s->name, false, &e) < 0 && e.code != EBUSY)
		log_err(&e);
}
