/* loop - each round asks poll(2) about a snapshot of the sources and calls back for those that
 * are still there.
 *
 * Every registration has a number of its own. A callback may close a descriptor and register
 * another one that got the same number from the kernel: the event of the old one is then not
 * delivered to the new one. Timers are compared with CLOCK_BOOTTIME; after a suspend of the
 * machine they fire at the next wake-up of poll. */
#include "runtime/base/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

enum { NO_MEMORY_NS = 50000000 };

struct source {
	uint64_t number;
	int fd;
	short events;
	loop_fd_fn fn;
	void *arg;
};

struct timer {
	int id;
	uint64_t when;
	loop_timer_fn fn;
	void *arg;
};

struct handler {
	loop_signal_fn fn;
	void *arg;
};

struct loop {
	struct source *sources;
	size_t n_sources;
	uint64_t next_number;
	struct timer *timers;
	size_t n_timers;
	int last_timer;
	struct handler handlers[NSIG];
	sigset_t signals; /* those delivered through signal_fd */
	sigset_t mask_before;
	int signal_fd;
	bool stop;
};

int loop_new(struct loop **ret, struct err *e)
{
	struct loop *l = mem_zero(sizeof(*l));

	l->signal_fd = -1;
	(void)sigemptyset(&l->signals);
	if (sigprocmask(SIG_SETMASK, NULL, &l->mask_before) < 0) {
		free(l);
		return err_sys(e, "read the signal mask");
	}
	*ret = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->signal_fd >= 0) {
		fd_close(&l->signal_fd);
		(void)sigprocmask(SIG_SETMASK, &l->mask_before,
				  NULL); /* a mask that was valid before is valid now */
	}
	free(l->sources);
	free(l->timers);
	free(l);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static struct source *source_of(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		if (l->sources[i].fd == fd)
			return &l->sources[i];
	}
	return NULL;
}

void loop_add_fd(struct loop *l, int fd, short events, loop_fd_fn fn, void *arg)
{
	struct source *s = source_of(l, fd);

	if (!s) {
		l->sources = mem_grow(l->sources, l->n_sources + 1, sizeof(*l->sources));
		s = &l->sources[l->n_sources++];
	}
	*s = (struct source){
		.number = ++l->next_number, .fd = fd, .events = events, .fn = fn, .arg = arg
	};
}

void loop_set_events(struct loop *l, int fd, short events)
{
	struct source *s = source_of(l, fd);

	if (s)
		s->events = events;
}

void loop_remove_fd(struct loop *l, int fd)
{
	struct source *s = source_of(l, fd);

	if (!s)
		return;
	size_t after = l->n_sources - (size_t)(s - l->sources) - 1;

	memmove(s, s + 1, after * sizeof(*s));
	l->n_sources--;
}

/* --- signals ---------------------------------------------------------------------------------- */

static void on_signal(struct loop *l, int fd, short revents, void *arg)
{
	struct signalfd_siginfo si;

	(void)revents;
	(void)arg;
	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo >= NSIG || !l->handlers[si.ssi_signo].fn)
			continue;
		const struct handler *h = &l->handlers[si.ssi_signo];

		h->fn(l, &si, h->arg);
	}
}

int loop_signals(struct loop *l, const int *signals, loop_signal_fn fn, void *arg, struct err *e)
{
	sigset_t wanted = l->signals;

	for (const int *s = signals; *s; s++) {
		if (*s < 0 || *s >= NSIG || sigaddset(&wanted, *s) < 0)
			return err_set(e, EINVAL, "%d is not a signal", *s);
	}
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
		return err_sys(e, "block signals");
	int fd = signalfd(l->signal_fd, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return err_sys(e, "make a signal descriptor");
	l->signals = wanted;
	for (const int *s = signals; *s; s++)
		l->handlers[*s] = (struct handler){ .fn = fn, .arg = arg };
	if (l->signal_fd < 0)
		loop_add_fd(l, fd, POLLIN, on_signal, NULL);
	l->signal_fd = fd;
	return 0;
}

/* --- timers ----------------------------------------------------------------------------------- */

uint64_t loop_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int loop_timer(struct loop *l, uint64_t after_ms, loop_timer_fn fn, void *arg)
{
	uint64_t when;

	if (__builtin_add_overflow(loop_now_ms(), after_ms, &when))
		when = UINT64_MAX;
	l->last_timer = l->last_timer == INT_MAX ? 1 : l->last_timer + 1;
	l->timers = mem_grow(l->timers, l->n_timers + 1, sizeof(*l->timers));
	l->timers[l->n_timers++] =
		(struct timer){ .id = l->last_timer, .when = when, .fn = fn, .arg = arg };
	return l->last_timer;
}

static void timer_remove(struct loop *l, size_t i)
{
	l->n_timers--;
	memmove(&l->timers[i], &l->timers[i + 1], (l->n_timers - i) * sizeof(*l->timers));
}

void loop_cancel(struct loop *l, int id)
{
	for (size_t i = 0; i < l->n_timers; i++) {
		if (l->timers[i].id == id) {
			timer_remove(l, i);
			return;
		}
	}
}

/* Index of the timer that is due first, on a tie the older one. There is at least one. */
static size_t timer_first(const struct loop *l)
{
	size_t best = 0;

	for (size_t i = 1; i < l->n_timers; i++) {
		if (l->timers[i].when < l->timers[best].when)
			best = i;
	}
	return best;
}

/* Milliseconds until the first timer, for poll(2). */
static int timer_wait(const struct loop *l)
{
	if (l->n_timers == 0)
		return -1;
	uint64_t now = loop_now_ms();
	uint64_t when = l->timers[timer_first(l)].when;

	if (when <= now)
		return 0;
	return when - now > INT_MAX ? INT_MAX : (int)(when - now);
}

/* Fire what is due at this moment. Timers of 0 ms that a callback sets wait for the next round,
 * so that descriptors get their turn: there are never more calls than timers at the beginning. */
static void run_timers(struct loop *l)
{
	uint64_t now = loop_now_ms();

	for (size_t left = l->n_timers; left > 0 && l->n_timers > 0 && !l->stop; left--) {
		size_t i = timer_first(l);
		struct timer t = l->timers[i];

		if (t.when > now)
			return;
		timer_remove(l, i);
		t.fn(l, t.id, t.arg);
	}
}

/* --- rounds ----------------------------------------------------------------------------------- */

static struct source *source_numbered(struct loop *l, uint64_t number)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		if (l->sources[i].number == number)
			return &l->sources[i];
	}
	return NULL;
}

static void dispatch(struct loop *l, const struct pollfd *polled, const uint64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n && !l->stop; i++) {
		struct source *s = polled[i].revents ? source_numbered(l, numbers[i]) : NULL;

		if (!s)
			continue;
		s->fn(l, polled[i].fd, polled[i].revents, s->arg);
		/* A descriptor that its owner has closed would make poll() return at once for
		 * ever. */
		if (polled[i].revents & POLLNVAL && source_numbered(l, numbers[i]))
			loop_remove_fd(l, polled[i].fd);
	}
}

static int round_once(struct loop *l, struct err *e)
{
	size_t n = l->n_sources;
	auto_free struct pollfd *polled = mem_array(n, sizeof(*polled));
	auto_free uint64_t *numbers = mem_array(n, sizeof(*numbers));

	for (size_t i = 0; i < n; i++) {
		polled[i] =
			(struct pollfd){ .fd = l->sources[i].fd, .events = l->sources[i].events };
		numbers[i] = l->sources[i].number;
	}
	int ready = poll(polled, n, timer_wait(l));

	if (ready < 0 &&
	    errno ==
		    ENOMEM) { /* it passes; a monitor that ends for it would leave its zone alone */
		(void)nanosleep(&(struct timespec){ .tv_nsec = NO_MEMORY_NS }, NULL);
		return 0;
	}
	if (ready < 0 && errno != EINTR)
		return err_sys(e, "poll");
	if (ready > 0)
		dispatch(l, polled, numbers, n);
	run_timers(l);
	return 0;
}

int loop_run(struct loop *l, struct err *e)
{
	l->stop = false;
	while (!l->stop) {
		if (l->n_sources == 0 && l->n_timers == 0)
			return err_set(e, EDEADLK, "there is nothing left to wait for");
		int r = round_once(l, e);

		if (r < 0)
			return r;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
