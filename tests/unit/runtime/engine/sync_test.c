#include "runtime/engine/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void raw_send(int sock, const void *data, size_t n)
{
	char copy[1024];
	struct sock_msg m = { .data = copy, .size = n };
	struct err e = { 0 };

	memcpy(copy, data, n);
	CHECK(sock_send(sock, &m, &e) == 0);
}

static void test_round_trip(const int pair[2])
{
	struct sync_msg out = { .type = SYNC_INIT, .u.number = 4711, .n_fds = 1 }, in;
	struct err e = { 0 };

	out.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(sync_send(pair[0], &out, &e) == 0);
	CHECK(sync_recv(pair[1], &in, &e) == 1);
	CHECK_INT(in.type, SYNC_INIT);
	CHECK_INT(in.u.number, 4711);
	CHECK_INT(in.n_fds, 1);
	CHECK(fcntl(in.fds[0], F_GETFD) == FD_CLOEXEC);
	sync_close_fds(&in);
	CHECK_INT(in.n_fds, 0);
	(void)close(out.fds[0]);
}

static void test_failure(const int pair[2])
{
	struct err failure = { .code = ENOENT, .where = "x.c:1", .text = "mount /proc: \x01no" },
		   e = { 0 };
	struct sync_msg in;

	CHECK(sync_fail(pair[0], &failure));
	CHECK(sync_recv(pair[1], &in, &e) == 1);
	CHECK_INT(in.type, SYNC_FAILED);
	CHECK_INT(in.u.err.code, ENOENT);
	CHECK_STR(in.u.err.text, "mount /proc: ?no");
}

static void test_refusals(const int pair[2])
{
	const uint32_t unknown[2] = { 99, 0 }, zero[2] = { 0, 0 },
		       wrong_size[4] = { SYNC_READY, 8, 1, 2 }, lies[2] = { SYNC_COMMITTED, 8 };
	struct sync_msg in, no_fd = { .type = SYNC_INIT }, bad = { .type = (enum sync_type)77 };
	struct err e = { 0 };

	raw_send(pair[0], "abc", 3);
	CHECK_INT(sync_recv(pair[1], &in, &e), -EPROTO);
	raw_send(pair[0], unknown, sizeof(unknown));
	CHECK_INT(sync_recv(pair[1], &in, &e), -EPROTO);
	raw_send(pair[0], zero, sizeof(zero));
	CHECK_INT(sync_recv(pair[1], &in, &e), -EPROTO);
	raw_send(pair[0], wrong_size, sizeof(wrong_size));
	CHECK_INT(sync_recv(pair[1], &in, &e), -EPROTO);
	raw_send(pair[0], lies, sizeof(lies));
	CHECK_INT(sync_recv(pair[1], &in, &e), -EPROTO);
	CHECK_INT(sync_send(pair[0], &no_fd, &e), -EINVAL);
	CHECK_INT(sync_send(pair[0], &bad, &e), -EINVAL);
}

static void test_expect(int pair[2])
{
	struct err e = { 0 }, failure = { .code = EIO };

	CHECK(sync_say(pair[0], SYNC_CONTINUE, &e) == 0);
	CHECK(sync_expect(pair[1], SYNC_CONTINUE, NULL, &e) == 0);
	CHECK(sync_say(pair[0], SYNC_READY, &e) == 0);
	CHECK_INT(sync_expect(pair[1], SYNC_CONTINUE, NULL, &e), -EPROTO);
	CHECK_STR(e.text, "expected CONTINUE, not READY");
	(void)close(pair[0]);
	CHECK_INT(sync_expect(pair[1], SYNC_CONTINUE, NULL, &e), -EPIPE);
	CHECK(!sync_fail(pair[1], &failure));
}

int main(void)
{
	struct err e = { 0 };
	int pair[2];

	CHECK(sock_pair(pair, &e) == 0);
	CHECK_STR(sync_word(SYNC_MAPPED), "MAPPED");
	CHECK_STR(sync_word((enum sync_type)1000), "?");
	test_round_trip(pair);
	test_failure(pair);
	test_refusals(pair);
	test_expect(pair);
	return test_done();
}
