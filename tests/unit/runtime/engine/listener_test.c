#include "runtime/engine/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/sock.h"
#include "tests/unit/test.h"

static void test_wanted(void)
{
	struct seccomp_rule_spec rules[2] = { { .action = (char *)"SCMP_ACT_ALLOW" },
					      { .action = (char *)"SCMP_ACT_NOTIFY" } };
	struct seccomp_spec s = { .default_action = (char *)"SCMP_ACT_ERRNO",
				  .rules = rules,
				  .n_rules = 1 };
	struct listener l;
	struct err e = { 0 };

	CHECK(!listener_wanted(NULL));
	CHECK(!listener_wanted(&s));
	CHECK(listener_connect(&s, &l, &e) == 0 && l.sock < 0);
	s.n_rules = 2;
	CHECK(listener_wanted(&s));
	CHECK_INT(listener_connect(&s, &l, &e), -EINVAL);
	s.listener_path = (char *)"/nonexistent/agent";
	CHECK_INT(listener_connect(&s, &l, &e), -ENOENT);
	listener_done(&l);
}

/* Any descriptor will do: the helper passes on what it is told. */
static void test_give(void)
{
	const struct record record = { .id = (char *)"web",
				       .bundle = (char *)"/b",
				       .rootfs = (char *)"/r",
				       .oci_version = (char *)"1.3.0",
				       .created = (char *)"now" };
	const struct seccomp_spec s = { .listener_metadata = (char *)"meta" };
	struct listener l = LISTENER_NONE;
	struct err e = { 0 };
	char text[1024] = "";
	struct sock_msg m = { .data = text, .size = sizeof(text) - 1, .n_fds = 1 };
	int pair[2];

	CHECK(sock_pair(pair, &e) == 0);
	l.sock = pair[0];
	CHECK(listener_prepare(&l, &s, &record, 42, &e) == 0);
	/* made after the helper, as the kernel does */
	auto_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(listener_give(&l, fd, &e) == 0);
	CHECK(sock_recv(pair[1], &m, &e) == 1);
	CHECK_INT(m.n_fds, 1);
	CHECK_STR(
		text,
		"{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":42,\"metadata\":\"meta\",\"state\":{\"ociVersion\":\"1.3.0\","
		"\"id\":\"web\",\"pid\":42,\"status\":\"creating\",\"bundle\":\"/b\",\"rootfs\":\"/r\",\"created\":\"now\",\"owner\":\"\"}}");
	(void)close(m.fds[0]);
	(void)close(pair[1]);
	listener_done(&l);
}

static void test_unused(void)
{
	const struct record record = { .id = (char *)"web",
				       .bundle = (char *)"",
				       .rootfs = (char *)"",
				       .oci_version = (char *)"",
				       .created = (char *)"" };
	const struct seccomp_spec s = { .listener_metadata = NULL };
	struct listener l = LISTENER_NONE;
	struct err e = { 0 };
	int pair[2];

	CHECK(sock_pair(pair, &e) == 0);
	l.sock = pair[0];
	CHECK(listener_prepare(&l, &s, &record, 42, &e) == 0);
	listener_done(&l); /* ends the helper */
	CHECK(l.helper.pid == 0);
	(void)close(pair[1]);
	CHECK_INT(listener_give(&l, 0, &e), -EINVAL);
}

int main(void)
{
	test_wanted();
	test_give();
	test_unused();
	return test_done();
}
