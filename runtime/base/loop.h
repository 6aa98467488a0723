/* loop - one poll(2) loop: descriptors, signals, timers. Single-threaded; callbacks may add and remove sources freely,
 * also their own. Used by the monitor and by foreground commands. */
#ifndef RUNTIME_BASE_LOOP_H
#define RUNTIME_BASE_LOOP_H

#include <stdint.h>
#include <sys/signalfd.h>

#include "runtime/base/err.h"

struct loop;

typedef void (*loop_fd_fn)(struct loop *l, int fd, short revents, void *arg);
typedef void (*loop_signal_fn)(struct loop *l, const struct signalfd_siginfo *si, void *arg);
typedef void (*loop_timer_fn)(struct loop *l, int id, void *arg);

MUST_CHECK int loop_new(struct loop **ret, struct err *e);
void loop_free(
	struct loop *l); /* does not close the callers' descriptors; restores the signal mask */

void loop_add_fd(struct loop *l, int fd, short events, loop_fd_fn fn,
		 void *arg); /* replaces what was there for fd */
void loop_set_events(struct loop *l, int fd, short events);
void loop_remove_fd(struct loop *l, int fd);

/* Block these signals (list ends with 0) and deliver them to fn through one signalfd. */
MUST_CHECK int loop_signals(struct loop *l, const int *signals, loop_signal_fn fn, void *arg,
			    struct err *e);

int loop_timer(struct loop *l, uint64_t after_ms, loop_timer_fn fn,
	       void *arg);                /* one shot; returns its id (> 0) */
void loop_cancel(struct loop *l, int id); /* 0 or an expired id is ignored */
uint64_t loop_now_ms(void);               /* CLOCK_BOOTTIME */

MUST_CHECK int loop_run(struct loop *l, struct err *e); /* until loop_stop */
void loop_stop(struct loop *l);

#endif
