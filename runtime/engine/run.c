/* run - a process in the foreground: its signals, its terminal, its exit code.
 *
 * Two flows, keyboard to master and master to screen, each with one fixed buffer: when the reader is slow the buffer fills, the source is no longer polled, and the kernel's own limits
 * make the writer wait. The terminal is in raw mode only while there is a pty, and is restored on every way out. Signals sent to us go to the process; a change of the window's size
 * goes to the pty. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/loop.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/notify.h"
#include "runtime/engine/private.h"

enum { FLOW_BUFFER = 16384, FLOW_CHUNK = 4096, END_OF_INPUT = 0x04, DRAIN_MS = 500 };

struct flow {
	int from, to; /* -1: that side has ended */
	size_t begin, end;
	char buffer[FLOW_BUFFER];
};

struct foreground {
	struct loop *loop;
	struct child child;
	int master;
	struct engine_notify *notify;
	bool is_raw, has_ended;
	struct termios before;
	struct flow in, out;
};

/* --- terminal ----------------------------------------------------------------------------------------------------- */

static void copy_size(const struct foreground *f)
{
	struct winsize size;

	if (f->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(f->master, TIOCSWINSZ,
			    &size); /* the old size is a blemish, not a failure */
}

static int make_raw(struct foreground *f, struct err *e)
{
	struct termios raw;

	if (f->master < 0 || tcgetattr(STDIN_FILENO, &f->before) < 0)
		return 0; /* no terminal of ours: bytes are copied as they are */
	raw = f->before;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST; /* our own messages still need their carriage returns */
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_sys(e, "put the terminal into raw mode");
	f->is_raw = true;
	return 0;
}

static void restore(const struct foreground *f)
{
	if (f->is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW,
				&f->before); /* nothing can be done when the terminal is gone */
}

/* --- flows -------------------------------------------------------------------------------------------------------- */

static void watch(struct foreground *f);

static bool flow_is_empty(const struct flow *w)
{
	return w->begin == w->end;
}

/* One read into an empty or half-filled buffer. False: that side has ended. */
static bool flow_fill(struct flow *w)
{
	if (flow_is_empty(w))
		w->begin = w->end = 0;
	if (w->end == FLOW_BUFFER)
		return true;
	ssize_t n = sys_read(w->from, w->buffer + w->end, FLOW_BUFFER - w->end);

	if (n > 0)
		w->end += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* At most FLOW_CHUNK at a time: poll has promised room for that much, and our own terminal is a blocking descriptor that others share. */
static bool flow_drain(struct flow *w)
{
	size_t n = w->end - w->begin;
	ssize_t done = sys_write(w->to, w->buffer + w->begin, n < FLOW_CHUNK ? n : FLOW_CHUNK);

	if (done > 0)
		w->begin += (size_t)done;
	return done >= 0 || errno == EAGAIN;
}

/* The keyboard's side has ended: what a user's Ctrl-D would say. */
static void end_input(struct foreground *f)
{
	f->in.from = -1;
	if (f->in.end < FLOW_BUFFER)
		f->in.buffer[f->in.end++] = END_OF_INPUT;
}

static void on_keyboard(struct loop *l, int fd, short revents, void *arg)
{
	struct foreground *f = arg;

	(void)revents;
	if (!flow_fill(&f->in)) {
		loop_remove_fd(l, fd);
		end_input(f);
	}
	watch(f);
}

static void on_screen(struct loop *l, int fd, short revents, void *arg)
{
	struct foreground *f = arg;

	(void)revents;
	if (!flow_drain(&f->out)) {
		loop_remove_fd(l, fd);
		f->out.to =
			-1; /* nobody looks any more; the process is still read so that it does not block */
	}
	watch(f);
}

static void on_master(struct loop *l, int fd, short revents, void *arg)
{
	struct foreground *f = arg;

	if (revents & POLLOUT && !flow_is_empty(&f->in) && !flow_drain(&f->in))
		f->in.begin = f->in.end;
	if (revents & (POLLIN | POLLHUP | POLLERR) && !flow_fill(&f->out)) {
		loop_remove_fd(l, fd); /* EIO: the last slave is closed */
		f->out.from = -1;
		f->in.to = -1;
	}
	if (f->out.to < 0)
		f->out.begin = f->out.end;
	watch(f);
}

/* A source that cannot move is taken out: poll reports a hang-up even to those who ask for nothing. */
static void want(struct foreground *f, int fd, short events, loop_fd_fn fn)
{
	if (fd < 0)
		return;
	if (events)
		loop_add_fd(f->loop, fd, events, fn, f);
	else
		loop_remove_fd(f->loop, fd);
}

static short when(bool condition, short events)
{
	return condition ? events : 0;
}

static void watch(struct foreground *f)
{
	bool room_in = f->in.end < FLOW_BUFFER || flow_is_empty(&f->in);
	bool room_out = f->out.end < FLOW_BUFFER || flow_is_empty(&f->out);

	want(f, f->in.from, when(f->in.to >= 0 && room_in, POLLIN), on_keyboard);
	want(f, f->out.to, when(!flow_is_empty(&f->out), POLLOUT), on_screen);
	want(f, f->out.from,
	     (short)(when(!flow_is_empty(&f->in), POLLOUT) | when(room_out, POLLIN)), on_master);
	if (f->has_ended && f->out.from < 0 && flow_is_empty(&f->out))
		loop_stop(f->loop);
}

static int start_flows(struct foreground *f, struct err *e)
{
	int flags = f->master >= 0 ? fcntl(f->master, F_GETFL) : 0;

	f->in = (struct flow){ .from = -1, .to = -1 };
	f->out = (struct flow){ .from = -1, .to = -1 };
	if (f->master < 0)
		return 0;
	if (flags < 0 || fcntl(f->master, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(e, "prepare the pty");
	f->in.from = STDIN_FILENO;
	f->in.to = f->out.from = f->master;
	f->out.to = STDOUT_FILENO;
	watch(f);
	return 0;
}

/* --- the process -------------------------------------------------------------------------------------------------- */

static void stop(struct loop *l, int id, void *arg)
{
	(void)id;
	(void)arg;
	loop_stop(l);
}

static void on_end(struct loop *l, int fd, short revents, void *arg)
{
	struct foreground *f = arg;

	(void)revents;
	loop_remove_fd(l, fd);
	f->has_ended = true;
	if (f->out.from < 0 && flow_is_empty(&f->out))
		loop_stop(l);
	else
		(void)loop_timer(
			l, DRAIN_MS, stop,
			f); /* what it has printed last; its own children may hold the pty for ever */
}

static void on_signal(struct loop *l, const struct signalfd_siginfo *si, void *arg)
{
	const struct foreground *f = arg;

	(void)l;
	if (si->ssi_signo == SIGPIPE)
		return;
	if (si->ssi_signo == SIGWINCH && f->master >= 0)
		copy_size(f);
	else
		(void)sys_pidfd_send_signal(f->child.pidfd,
					    (int)si->ssi_signo); /* it may have just ended */
}

/* --- sd_notify ---------------------------------------------------------------------------------------------------- */

static void hear(struct loop *l, int id, void *arg);

static void on_notify(struct loop *l, int fd, short revents, void *arg)
{
	struct foreground *f = arg;

	(void)revents;
	loop_remove_fd(l, fd);
	if (notify_heard_ready(f->notify))
		notify_forward(f->notify, getpid(), false);
	else
		(void)loop_timer(l, NOTIFY_PAUSE_MS, hear, f);
}

static void hear(struct loop *l, int id, void *arg)
{
	struct foreground *f = arg;

	(void)id;
	loop_add_fd(l, notify_fd(f->notify), POLLIN, on_notify, f);
}

static int run(struct foreground *f, struct err *e)
{
	/* SIGPIPE is ours: without catching it a closed stdout would end us before the terminal is restored */
	static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1, SIGUSR2,
					 SIGALRM, SIGCONT, SIGWINCH, SIGPIPE, 0 };
	int r = loop_signals(f->loop, forwarded, on_signal, f, e);

	if (r == 0)
		r = make_raw(f, e);
	if (r == 0)
		r = start_flows(f, e);
	if (r < 0)
		return r;
	copy_size(f);
	loop_add_fd(f->loop, f->child.pidfd, POLLIN, on_end, f);
	if (f->notify)
		hear(f->loop, 0, f);
	return loop_run(f->loop, e);
}

int engine_foreground(pid_t pid, int master, struct engine_notify *notify, struct err *e)
{
	struct foreground f = { .master = master,
				.notify = notify,
				.child = { .pid = pid, .pidfd = proc_pidfd(pid, 0, e) } };
	int status = 0, r;

	if (f.child.pidfd < 0)
		return f.child.pidfd;
	r = loop_new(&f.loop, e);
	if (r == 0)
		r = run(&f, e);
	restore(&f);
	loop_free(f.loop);
	if (r == 0)
		(void)child_reap(&f.child, -1, &status);
	fd_close(&f.child.pidfd);
	return r < 0 ? r : proc_status_code(status);
}
