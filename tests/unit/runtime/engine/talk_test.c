#include "runtime/engine/talk.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

static const struct talk_row rows[] = {
	{ SYNC_MOUNTED, DURING(PHASE_BUILD), PHASE_HOOKED, NULL },
	{ SYNC_READY, DURING(PHASE_BUILD) | DURING(PHASE_HOOKED), PHASE_READY, NULL },
};

struct script {
	int sock;
	int (*act)(int sock);
};

static int play(void *arg)
{
	const struct script *s = arg;

	return s->act(s->sock);
}

/* Start a child that acts; the parent keeps only its own end. */
static struct talk begin(int (*act)(int sock))
{
	struct talk t = { .rows = rows,
			  .n_rows = 2,
			  .end_means_executed = PHASE_READY,
			  .who = "init",
			  .phase = PHASE_BUILD,
			  .setup = CHILD_NONE,
			  .main = CHILD_NONE };
	struct err e = { 0 };
	int pair[2];

	CHECK(sock_pair(pair, &e) == 0);
	struct script s = { .sock = pair[1], .act = act };
	const struct process_birth b = {
		.cgroup_fd = -1, .exit_signal = SIGCHLD, .body = play, .arg = &s
	};

	CHECK(process_clone(&b, &t.main, &e) == 0);
	(void)close(pair[1]);
	t.sock = pair[0];
	return t;
}

static void end(struct talk *t)
{
	talk_kill(t);
	(void)close(t->sock);
}

static int say(int sock, enum sync_type type)
{
	struct err e = { 0 };

	return sync_say(sock, type, &e) < 0;
}

static int good(int sock)
{
	char *const argv[] = { (char *)"true", NULL };

	if (say(sock, SYNC_MOUNTED) || say(sock, SYNC_READY))
		return 1;
	(void)execv("/bin/true", argv); /* the socket is close-on-exec */
	return 1;
}

static int early_end(int sock)
{
	(void)sock;
	return 5;
}

static int dies_after_ready(int sock)
{
	(void)say(sock, SYNC_READY);
	return 6;
}

static int fails(int sock)
{
	const struct err failure = { .code = ENOENT, .text = "mount /proc: no" };

	(void)say(sock, SYNC_MOUNTED);
	return sync_fail(sock, &failure) ? 1 : 2;
}

static int wrong_order(int sock)
{
	(void)say(sock, SYNC_MOUNTED);
	(void)say(sock, SYNC_MOUNTED);
	(void)pause();
	return 0;
}

static void test_good(void)
{
	struct talk t = begin(good);
	struct err e = { 0 };

	CHECK(talk_until(&t, PHASE_READY, &e) == 0);
	CHECK(talk_until(&t, PHASE_EXECUTED, &e) == 0);
	CHECK_INT(t.phase, PHASE_EXECUTED);
	end(&t);
}

static void expect(int (*act)(int sock), enum phase goal, int code, const char *text)
{
	struct talk t = begin(act);
	struct err e = { 0 };

	CHECK_INT(talk_until(&t, goal, &e), -code);
	CHECK_STR(e.text, text);
	end(&t);
}

/* A copy of the child's end stays open in the parent: the pidfd tells of the death all the same. */
static void test_leaked_end(void)
{
	struct talk t = begin(early_end);
	struct err e = { 0 };
	int pair[2];

	CHECK(sock_pair(pair, &e) == 0);
	(void)close(t.sock);
	t.sock = pair[0];
	CHECK_INT(talk_until(&t, PHASE_READY, &e), -ECHILD);
	CHECK_STR(e.text, "init exited with 5 before it was ready");
	(void)close(pair[1]);
	end(&t);
}

int main(void)
{
	test_good();
	expect(early_end, PHASE_READY, ECHILD, "init exited with 5 before it was ready");
	expect(dies_after_ready, PHASE_EXECUTED, ECHILD, "init exited with 6 before it was ready");
	expect(fails, PHASE_READY, ENOENT, "mount /proc: no");
	expect(wrong_order, PHASE_READY, EPROTO, "init said MOUNTED at the wrong time");
	test_leaked_end();
	return test_done();
}
