/* notify: what is taken for READY=1, what a configuration gets, and what the manager hears. */
#include "runtime/engine/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/engine/private.h"
#include "tests/unit/test.h"

static bool says(const char *text)
{
	return notify_says_ready(text, strlen(text));
}

static void test_words(void)
{
	CHECK(says("READY=1") && says("READY=1\n") && says("STATUS=up\nREADY=1") &&
	      says("\n\nREADY=1\nMAINPID=1"));
	CHECK(!says("") && !says("\n") && !says("READY=0") && !says("READY=10") &&
	      !says("READY=1 ") && !says("xREADY=1") && !says("STATUS=READY=1") &&
	      !says("ready=1") && !says("READY="));
	CHECK(!notify_says_ready("READY=1", 6));
	CHECK(!notify_says_ready("READY=1\0x", 9));
}

static void test_offer(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	s->linux.namespaces[NS_MOUNT].wanted = true;
	CHECK(!engine_notify_offer(s, "/run/zrun", "web")); /* no process */
	s->process = process_spec_new();
	s->linux.namespaces[NS_MOUNT].wanted = false;
	CHECK(!engine_notify_offer(s, "/run/zrun", "web"));
	s->linux.namespaces[NS_MOUNT].wanted = true;
	CHECK(engine_notify_offer(s, "/run/zrun", "web"));
	CHECK_INT(s->n_mounts, 1);
	CHECK_STR(s->mounts[0].destination, "/run/notify");
	CHECK_STR(s->mounts[0].source, "/run/zrun/web/notify");
	CHECK(strv_has(&s->mounts[0].options, "ro") && strv_has(&s->mounts[0].options, "bind"));
	CHECK(strv_has(&s->process->env, "NOTIFY_SOCKET=/run/notify/notify.sock"));
	CHECK(!engine_notify_offer(s, "/run/zrun", "web")); /* it has one now */
	CHECK_INT(s->n_mounts, 1);
}

/* A path that is not absolute would be below the bundle. */
static void test_relative_root(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_free char *cwd = getcwd(NULL, 0);
	auto_free char *want = mem_format("%s/run/web/notify", cwd);

	s->process = process_spec_new();
	s->linux.namespaces[NS_MOUNT].wanted = true;
	CHECK(engine_notify_offer(s, "run", "web"));
	CHECK_STR(s->mounts[0].source, want);
}

/* A record that names us, and a FIFO that we read: as if we were init, waiting for start. */
static struct engine_container *container(const char *root)
{
	struct engine_container *c = NULL;
	struct err e = { 0 };

	CHECK(container_new(root, "web", &c, &e) == 0);
	c->dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c->has_record = c->record.complete = true;
	c->record.pid = getpid();
	CHECK(proc_stat(getpid(), &c->record.start, NULL, &e) == 0);
	CHECK(mkfifoat(c->dir, FIFO_FILE, 0600) == 0);
	return c;
}

static void say(const char *path, const char *text)
{
	struct err e = { 0 };
	auto_close int to = sock_connect_datagram(path, &e);
	auto_free char *copy = mem_strdup(text);
	const struct sock_msg m = {
		.data = copy, .size = strlen(text), .fds = { STDIN_FILENO }, .n_fds = 1
	};

	CHECK(to >= 0 && sock_send(to, &m, &e) == 0);
}

static void hear(int fd, const char *want)
{
	char buf[64] = "";
	struct sock_msg m = { .data = buf, .size = sizeof(buf) - 1, .n_fds = 1 };
	struct err e = { 0 };

	CHECK_INT(sock_recv(fd, &m, &e), 1);
	CHECK_STR(buf, want);
	for (size_t i = 0; i < m.n_fds; i++)
		(void)close(m.fds[i]);
}

static void test_conversation(const char *root)
{
	struct engine_container *c = container(root);
	auto_close int fifo = openat(c->dir, FIFO_FILE, O_RDWR | O_CLOEXEC);
	auto_free char *host = mem_format("%s/host", root),
		       *own = mem_format("%s/notify/notify.sock", root),
		       *want = mem_format("MAINPID=%d\nREADY=1\n", (int)getpid());
	struct engine_notify *n = NULL, *second = NULL;
	struct err e = { 0 };
	struct stat st;

	CHECK(fifo >= 0);
	CHECK(engine_notify_open(c, host, &n, &e) == 0 && n == NULL); /* made without */
	(void)umask(077);
	CHECK(notify_make_directory(c->dir, &e) == 0);
	CHECK(fstatat(c->dir, "notify", &st, 0) == 0 && (st.st_mode & 0777) == 0755);
	CHECK_INT(engine_notify_open(c, host, &n, &e), -ENOENT); /* no manager */
	auto_close int manager = sock_bind_datagram(c->dir, "host", 0600, &e);

	CHECK(engine_notify_open(c, host, &n, &e) == 0 && n != NULL);
	CHECK(engine_notify_open(c, host, &second, &e) == 0 && second == NULL);
	CHECK(stat(own, &st) == 0 && (st.st_mode & 0777) == 0777);
	say(own, "MAINPID=1\nSTOPPING=1");
	CHECK(!notify_heard_ready(n));
	say(own, "READY=1");
	CHECK(notify_heard_ready(n));
	notify_forward(n, getpid(), false);
	hear(manager, want);
	engine_notify_free(n);
	CHECK(stat(own, &st) == 0);
	CHECK(unlink(own) == 0);
	/* a start that fails takes its socket away */
	CHECK(engine_notify_open(c, host, &n, &e) == 0 && n != NULL);
	engine_notify_free(n);
	CHECK(stat(own, &st) < 0);
	engine_free(c);
}

int main(void)
{
	char root[] = "/tmp/notify_test.XXXXXX";

	CHECK(mkdtemp(root) != NULL);
	test_words();
	test_offer();
	test_relative_root();
	test_conversation(root);
	auto_free char *command = mem_format("rm -rf %s", root);

	CHECK(system(command) == 0);
	return test_done();
}
