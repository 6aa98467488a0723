/* loop: sources that come and go inside callbacks, signals, timers in their order. */
#include "runtime/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

struct seen {
	char order[32];
	int pipes[2][2];
	int calls, cancelled;
};

static void note(struct seen *s, char c)
{
	size_t n = strlen(s->order);

	if (n < sizeof(s->order) - 1)
		s->order[n] = c;
}

static void on_timer(struct loop *l, int id, void *arg)
{
	struct seen *s = arg;

	(void)l;
	note(s, (char)('0' + id));
}

static void on_end(struct loop *l, int id, void *arg)
{
	(void)id;
	note(arg, 'e');
	loop_stop(l);
}

static void on_cancel(struct loop *l, int id, void *arg)
{
	struct seen *s = arg;

	note(s, 'c');
	loop_cancel(l, s->cancelled);
	loop_cancel(l, id);
	loop_cancel(l, 0);
}

static void test_timers(void)
{
	struct err e = { 0 };
	struct loop *l = NULL;
	struct seen s = { .order = "" };

	CHECK_INT(loop_new(&l, &e), 0);
	CHECK_INT(loop_run(l, &e), -EDEADLK);
	uint64_t start = loop_now_ms();

	CHECK_INT(loop_timer(l, 30, on_timer, &s), 1);
	CHECK_INT(loop_timer(l, 10, on_timer, &s), 2);
	CHECK_INT(loop_timer(l, 60, on_end, &s), 3);
	s.cancelled = loop_timer(l, 45, on_timer, &s);
	loop_timer(l, 40, on_cancel, &s);
	loop_timer(l, UINT64_MAX, on_timer, &s);
	CHECK_INT(loop_run(l, &e), 0);
	CHECK_STR(s.order, "21ce");
	CHECK(loop_now_ms() - start >= 60);
	loop_free(l);
	loop_free(NULL);
}

/* Both pipes are readable in the same round. The first callback replaces the second source's
 * descriptor by another file under the same number; its event must not be delivered to the new
 * owner. */
static void on_wrong(struct loop *l, int fd, short revents, void *arg)
{
	(void)l;
	(void)fd;
	(void)revents;
	note(arg, 'w');
}

static void on_first(struct loop *l, int fd, short revents, void *arg)
{
	struct seen *s = arg;
	char c;

	CHECK_INT(read(fd, &c, 1), 1);
	CHECK(revents & POLLIN);
	note(s, 'a');
	int number = s->pipes[1][0];

	loop_remove_fd(l, number);
	CHECK_INT(dup2(s->pipes[0][0], number), number); /* empty by now */
	loop_add_fd(l, number, POLLIN, on_wrong, s);
	loop_remove_fd(l, fd);
	loop_timer(l, 20, on_end, s);
}

static void test_descriptors(void)
{
	struct err e = { 0 };
	struct loop *l = NULL;
	struct seen s = { .order = "" };

	CHECK_INT(loop_new(&l, &e), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(pipe2(s.pipes[i], O_CLOEXEC), 0);
		CHECK_INT(write(s.pipes[i][1], "x", 1), 1);
	}
	loop_add_fd(l, s.pipes[0][0], 0, on_wrong, &s);
	loop_add_fd(l, s.pipes[1][0], POLLIN, on_wrong, &s);
	loop_add_fd(l, s.pipes[0][0], 0, on_first, &s); /* replaces */
	loop_set_events(l, s.pipes[0][0], POLLIN);
	loop_set_events(l, 999, POLLIN);
	loop_remove_fd(l, 999);
	CHECK_INT(loop_run(l, &e), 0);
	CHECK_STR(s.order, "ae");
	loop_free(l);
	CHECK_INT(fcntl(s.pipes[0][0], F_GETFD), FD_CLOEXEC); /* still the caller's */
	for (int i = 0; i < 4; i++)
		(void)close(s.pipes[i / 2][i % 2]);
}

static void on_closed(struct loop *l, int fd, short revents, void *arg)
{
	struct seen *s = arg;

	(void)l;
	(void)fd;
	CHECK(revents & POLLNVAL);
	s->calls++;
}

static void test_closed_descriptor(void)
{
	struct err e = { 0 };
	struct loop *l = NULL;
	struct seen s = { .order = "" };

	CHECK_INT(loop_new(&l, &e), 0);
	loop_add_fd(l, 900, POLLIN, on_closed, &s);
	loop_timer(l, 30, on_end, &s);
	CHECK_INT(loop_run(l, &e), 0);
	CHECK_INT(s.calls, 1);
	loop_free(l);
}

static void on_signal(struct loop *l, const struct signalfd_siginfo *si, void *arg)
{
	struct seen *s = arg;

	note(s, si->ssi_signo == SIGUSR1 ? '1' : '2');
	if (++s->calls == 2)
		loop_stop(l);
}

static void on_raise(struct loop *l, int id, void *arg)
{
	(void)l;
	(void)id;
	(void)arg;
	(void)raise(SIGUSR1);
	(void)raise(SIGUSR2);
}

static void test_signals(void)
{
	static const int first[] = { SIGUSR1, 0 }, second[] = { SIGUSR2, 0 }, bad[] = { 4711, 0 };
	struct err e = { 0 };
	struct loop *l = NULL;
	struct seen s = { .order = "" };
	sigset_t mask;

	CHECK_INT(loop_new(&l, &e), 0);
	CHECK_INT(loop_signals(l, bad, on_signal, &s, &e), -EINVAL);
	CHECK_INT(loop_signals(l, first, on_signal, &s, &e), 0);
	CHECK_INT(loop_signals(l, second, on_signal, &s, &e), 0);
	loop_timer(l, 1, on_raise, &s);
	CHECK_INT(loop_run(l, &e), 0);
	CHECK_STR(s.order, "12");
	loop_free(l);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR1));
}

int main(void)
{
	test_timers();
	test_descriptors();
	test_closed_descriptor();
	test_signals();
	return test_done();
}
