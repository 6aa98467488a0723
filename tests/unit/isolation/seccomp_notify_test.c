/* A filter that traps sendmsg hands its own listener over with sendmsg. Needs no rights: no_new_privs. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/seccomp.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "tests/unit/test.h"

static int give(void *arg, int fd, struct err *e)
{
	const int *sock = arg;
	char byte = 'l';
	struct sock_msg m = { .data = &byte, .size = 1, .fds = { fd }, .n_fds = 1 };

	return sock_send(*sock, &m, e);
}

static int fail(void *arg, int fd, struct err *e)
{
	(void)arg;
	(void)fd;
	return err_set(e, ECONNREFUSED, "nobody there");
}

static void make_program(struct seccomp_program *p)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = c->linux.seccomp = mem_zero(sizeof(*s));
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);
	struct err e = { 0 };

	s->default_action = mem_strdup("SCMP_ACT_ALLOW");
	r->action = mem_strdup("SCMP_ACT_NOTIFY");
	strv_split(&r->names, "sendmsg,getppid", ',');
	CHECK_INT(seccomp_build(s, p, &e), 0);
	CHECK(p->notifies_itself);
}

/* Answers the first trapped call with 4711. */
static int answer(int listener)
{
	struct seccomp_notif n = { 0 };
	struct seccomp_notif_resp r = { .val = 4711 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return -1;
	r.id = n.id;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 ? -1 : n.data.nr;
}

static void test_handed_over(const struct seccomp_program *p)
{
	struct err e = { 0 };
	char byte = 0;
	int pair[2], status = -1;

	CHECK_INT(sock_pair(pair, &e), 0);
	pid_t child = fork();

	if (child == 0) {
		bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			  seccomp_install(p, give, &pair[1], &e) == 0;

		_exit(ok && syscall(SYS_getppid) == 4711 ? 0 : 1);
	}
	(void)close(pair[1]);
	struct sock_msg m = { .data = &byte, .size = 1, .n_fds = 1 };

	CHECK_INT(sock_recv(pair[0], &m, &e), 1);
	CHECK_INT(m.n_fds, 1);
	CHECK_INT(m.n_fds == 1 ? answer(m.fds[0]) : -1, SYS_getppid);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	(void)close(m.fds[0]);
	(void)close(pair[0]);
}

static void test_refused(const struct seccomp_program *p)
{
	struct err e = { 0 };
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			  seccomp_install(p, fail, NULL, &e) == -ECONNREFUSED &&
			  str_eq(e.text, "nobody there");

		/* nobody listens any more: trapped calls fail at once */
		_exit(ok && syscall(SYS_getppid) == -1 && errno == ENOSYS ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	struct err e = { 0 };

	make_program(&p);
	test_handed_over(&p);
	test_refused(&p);
	CHECK_INT(seccomp_install(&p, NULL, NULL, &e), -EINVAL);
	return test_done();
}
