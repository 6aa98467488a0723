/* sock: sizes are checked, surplus descriptors closed, peers known, long paths reachable. */
#include "runtime/base/sock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		(void)closedir(d);
	return n;
}

static void send_fds(int fd, const char *text, size_t n_fds)
{
	struct err e = { 0 };
	auto_free char *copy = mem_strdup(text);
	struct sock_msg m = { .data = copy, .size = strlen(text), .n_fds = n_fds };

	for (size_t i = 0; i < n_fds && i < SOCK_MAX_FDS; i++)
		m.fds[i] = STDIN_FILENO;
	CHECK_INT(sock_send(fd, &m, &e), 0);
}

static void test_messages(void)
{
	struct err e = { 0 };
	int pair[2];
	char buf[8];

	CHECK_INT(sock_pair(pair, &e), 0);
	CHECK(fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
	send_fds(pair[0], "hello", 2);
	struct sock_msg m = { .data = buf, .size = sizeof(buf), .n_fds = 2 };

	CHECK_INT(sock_recv(pair[1], &m, &e), 1);
	CHECK_INT(m.size, 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	CHECK_INT(m.n_fds, 2);
	CHECK(fcntl(m.fds[0], F_GETFD) == FD_CLOEXEC && fcntl(m.fds[1], F_GETFD) == FD_CLOEXEC);
	CHECK_INT(m.cred.pid, 0);
	(void)close(m.fds[0]);
	(void)close(m.fds[1]);

	int before = count_fds();

	send_fds(pair[0], "hello", 3);
	m = (struct sock_msg){ .data = buf, .size = sizeof(buf), .n_fds = 2 };
	CHECK_INT(sock_recv(pair[1], &m, &e), -EPROTO);
	send_fds(pair[0], "x", SOCK_MAX_FDS);
	m = (struct sock_msg){ .data = buf, .size = sizeof(buf), .n_fds = 0 };
	CHECK_INT(sock_recv(pair[1], &m, &e), -EPROTO);
	CHECK_STR(e.text, "receive a message: it carries descriptors that nobody asked for");
	send_fds(pair[0], "123456789", 1);
	m = (struct sock_msg){ .data = buf, .size = sizeof(buf), .n_fds = 1 };
	CHECK_INT(sock_recv(pair[1], &m, &e), -EPROTO);
	CHECK_STR(e.text, "receive a message: it is too long");
	CHECK_INT(count_fds(), before);

	struct sock_msg many = { .data = buf, .size = 1, .n_fds = SOCK_MAX_FDS + 1 };

	CHECK_INT(sock_send(pair[0], &many, &e), -EINVAL);
	CHECK_INT(sock_timeout(pair[1], 30, &e), 0);
	m = (struct sock_msg){ .data = buf, .size = sizeof(buf) };
	CHECK_INT(sock_recv(pair[1], &m, &e), -EAGAIN);
	CHECK_INT(sock_pass_credentials(pair[1], &e), 0);
	send_fds(pair[0], "cred", 1);
	m = (struct sock_msg){ .data = buf, .size = sizeof(buf), .n_fds = SOCK_MAX_FDS };
	CHECK_INT(sock_recv(pair[1], &m, &e), 1);
	CHECK_INT(m.cred.pid, getpid());
	CHECK_INT(m.n_fds, 1);
	(void)close(m.fds[0]);
	(void)close(pair[0]);
	CHECK_INT(sock_recv(pair[1], &m, &e), 0);
	struct sock_msg late = { .data = buf, .size = 1 };

	CHECK_INT(sock_send(pair[1], &late, &e), -EPIPE);
	(void)close(pair[1]);
}

static void test_listen(int dir, const char *path)
{
	struct err e = { 0 };
	struct stat st;
	struct ucred peer;
	auto_free char *longer = mem_array(1, 201), *full = NULL;

	memset(longer, 'd', 200);
	full = mem_format("%s/%s/s", path, longer);
	CHECK_INT(mkdirat(dir, longer, 0700), 0);
	auto_close int sub = openat(dir, longer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(sock_connect(sub, "s", &e), -ENOENT);
	(void)umask(077);
	auto_close int server = sock_listen(sub, "s", 0660, &e);

	CHECK(server >= 0);
	CHECK(fstatat(sub, "s", &st, 0) == 0 && S_ISSOCK(st.st_mode) &&
	      (st.st_mode & 0777) == 0660);
	CHECK_INT(sock_accept(server, &peer, &e), -EAGAIN);
	auto_close int client = sock_connect(sub, "s", &e);
	auto_close int by_path = sock_connect(AT_FDCWD, full, &e);
	auto_close int one = sock_accept(server, &peer, &e);
	auto_close int two = sock_accept(server, NULL, &e);

	CHECK(client >= 0 && by_path >= 0 && one >= 0 && two >= 0);
	CHECK_INT(peer.pid, getpid());
	CHECK_INT(peer.uid, getuid());
	CHECK(fcntl(one, F_GETFL) & O_NONBLOCK);
	send_fds(client, "ping", 0);
	char buf[8];
	struct sock_msg m = { .data = buf, .size = sizeof(buf) };

	CHECK_INT(sock_recv(one, &m, &e), 1);
	CHECK_INT(m.size, 4);
	fd_close(&server);
	CHECK_INT(sock_connect(sub, "s", &e), -ECONNREFUSED);
	server = sock_listen(sub, "s", 0600, &e);
	CHECK(server >= 0);
	CHECK_INT(sock_connect_stream(full, &e), -EPROTOTYPE);
	CHECK_INT(mknodat(sub, "file", S_IFREG | 0600, 0), 0);
	CHECK_INT(sock_listen(sub, "file", 0600, &e), -EADDRINUSE);
	CHECK(file_exists(sub, "file"));
}

/* A name that is taken, by whatever, is left alone; the mode is what was asked for. */
static void test_datagram(int dir, const char *path)
{
	struct err e = { 0 };
	struct stat st;
	char buf[8] = "";
	struct sock_msg m = { .data = buf, .size = sizeof(buf) - 1 };
	auto_free char *full = mem_format("%s/d", path);
	auto_free char *abstract = mem_format("@%s", path);

	CHECK_INT(sock_connect_datagram(full, &e), -ENOENT);
	CHECK_INT(sock_connect_datagram(abstract, &e), -ECONNREFUSED);
	auto_close int server = sock_bind_datagram(dir, "d", 0777, &e);

	CHECK(server >= 0);
	CHECK(fstatat(dir, "d", &st, 0) == 0 && (st.st_mode & 07777) == 0777);
	CHECK_INT(sock_recv(server, &m, &e), -EAGAIN);
	auto_close int client = sock_connect_datagram(full, &e);

	CHECK(client >= 0);
	send_fds(client, "ping", 0);
	m.size = sizeof(buf) - 1;
	CHECK_INT(sock_recv(server, &m, &e), 1);
	CHECK_STR(buf, "ping");
	CHECK_INT(sock_bind_datagram(dir, "d", 0777, &e), -EADDRINUSE);
	CHECK_INT(symlinkat("elsewhere", dir, "link"), 0);
	CHECK_INT(sock_bind_datagram(dir, "link", 0777, &e), -EADDRINUSE);
	CHECK(!file_exists(dir, "elsewhere"));
}

int main(void)
{
	char path[] = "/tmp/zones-sock-test-XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(path) != NULL);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	test_messages();
	test_listen(dir, path);
	test_datagram(dir, path);
	(void)close(dir);
	CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
	return test_done();
}
