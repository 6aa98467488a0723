/* container, list, create's refusals, delete: everything about a state directory that needs no privileges. */
#include "runtime/engine/delete.h"
#include "runtime/engine/private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "tests/unit/test.h"

static char root[] = "/tmp/container_test.XXXXXX";

static void test_ids(void)
{
	auto_free char *longest = mem_zero(1026);

	memset(longest, 'a', 1024);
	CHECK(container_id_ok("a") && container_id_ok("Web-1_x.y+z") && container_id_ok("...") &&
	      container_id_ok(longest));
	longest[1024] = 'a';
	CHECK(!container_id_ok(longest) && !container_id_ok("") && !container_id_ok(NULL));
	CHECK(!container_id_ok(".") && !container_id_ok("..") && !container_id_ok("a/b") &&
	      !container_id_ok("a b"));
	CHECK(!container_id_ok("@seccomp") && !container_id_ok("a\n"));
}

static int make_dir(const char *id)
{
	auto_free char *path = mem_format("%s/%s", root, id);

	CHECK(mkdir(path, 0700) == 0);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void test_open(void)
{
	struct engine_container *c = NULL;
	struct err e = { 0 };

	CHECK_INT(engine_open(root, "nobody", false, &c, &e), -ENOENT);
	CHECK_STR(e.text, "container does not exist");
	CHECK_INT(engine_open(root, "../x", false, &c, &e), -EINVAL);
	CHECK(strncmp(e.text, "invalid container ID format", 27) == 0);
}

/* A directory without a record is what a killed create leaves. */
static void test_remains(void)
{
	auto_close int dir = make_dir("half");
	auto_close int held = -1;
	struct engine_container *c = NULL;
	struct err e = { 0 };

	CHECK(file_lock(dir, LOCK_FILE, true, 0, &held, &e) == 0);
	CHECK(engine_open(root, "half", false, &c, &e) == 0);
	CHECK_INT(engine_status(c), ENGINE_CREATING); /* its creator lives: the lock is held */
	fd_close(&held);
	CHECK_INT(engine_status(c), ENGINE_STOPPED);
	CHECK_INT(engine_pid(c), 0);
	CHECK(engine_kill(c, SIGTERM, false, &e) == -EBUSY);
	CHECK_STR(e.text, "container not running");
	CHECK(engine_kill(c, SIGKILL, true, &e) == 0);
	CHECK(engine_start(c, &e) == -EBUSY);
	CHECK(engine_delete(c, false, &e) == 0);
	CHECK_INT(engine_delete(c, true, &e), -ENOENT); /* and again: gone */
	engine_free(c);
	CHECK_INT(engine_open(root, "half", true, &c, &e), -ENOENT);
}

static void write_record(int dir, pid_t pid, uint64_t start)
{
	struct record r = { .id = (char *)"run",
			    .bundle = (char *)"/b",
			    .rootfs = (char *)"/r",
			    .oci_version = (char *)"1.3.0",
			    .created = (char *)"2026",
			    .complete = true,
			    .own_pids = true,
			    .has_process = true,
			    .pid = pid,
			    .start = start };
	struct err e = { 0 };

	CHECK(record_write(dir, &r, &e) == 0);
}

static int sleeper(void *arg)
{
	(void)arg;
	(void)pause();
	return 0;
}

/* Any process can be a container's init as far as the record is concerned. */
static void test_status(void)
{
	const struct process_birth birth = { .cgroup_fd = -1,
					     .exit_signal = SIGCHLD,
					     .body = sleeper };
	auto_close int dir = make_dir("run");
	struct child child = CHILD_NONE;
	struct engine_container *c = NULL;
	struct err e = { 0 };
	uint64_t start = 0;

	CHECK(process_clone(&birth, &child, &e) == 0);
	CHECK(proc_stat(child.pid, &start, NULL, &e) == 0);
	write_record(dir, child.pid, start + 1);
	CHECK(engine_open(root, "run", false, &c, &e) == 0);
	CHECK_INT(engine_status(c), ENGINE_STOPPED); /* the pid is another process' by now */
	engine_free(c);
	write_record(dir, child.pid, start);
	CHECK(engine_open(root, "run", false, &c, &e) == 0);
	CHECK_INT(engine_status(c), ENGINE_RUNNING);
	CHECK_INT(engine_pid(c), child.pid);
	CHECK(mkfifoat(dir, FIFO_FILE, 0600) == 0);
	CHECK_INT(engine_status(c), ENGINE_RUNNING); /* nobody reads it */
	auto_close int reader = openat(dir, FIFO_FILE, O_RDWR | O_CLOEXEC);

	CHECK_INT(engine_status(c), ENGINE_CREATED);
	fd_close(&reader);
	CHECK_INT(engine_delete(c, false, &e), -EBUSY);
	CHECK_STR(e.text, "cannot delete container run that is not stopped: running");
	CHECK_INT(engine_start(c, &e), -EBUSY);
	CHECK_STR(e.text, "cannot start an already running container");
	CHECK_INT(engine_resume(c, &e), -EBUSY);
	CHECK_STR(e.text, "container not paused");
	CHECK(engine_kill(c, SIGKILL, false, &e) == 0);
	CHECK_INT(child_reap(&child, 5000, NULL), 1);
	CHECK_INT(engine_status(c), ENGINE_STOPPED);
	CHECK_INT(engine_pidfd(c), -1);
	CHECK_INT(engine_pause(c, &e), -EBUSY);
	CHECK(engine_delete(c, false, &e) == 0);
	engine_free(c);
}

static void test_force(void)
{
	const struct process_birth birth = { .cgroup_fd = -1,
					     .exit_signal = SIGCHLD,
					     .body = sleeper };
	auto_close int dir = make_dir("run");
	struct child child = CHILD_NONE;
	struct engine_container *c = NULL;
	struct err e = { 0 };
	uint64_t start = 0;

	CHECK(process_clone(&birth, &child, &e) == 0);
	CHECK(proc_stat(child.pid, &start, NULL, &e) == 0);
	write_record(dir, child.pid, start);
	CHECK(file_replace(dir, "unknown", "x", 1, 0600, &e) == 0);
	CHECK(engine_open(root, "run", true, &c, &e) == 0);
	CHECK(engine_delete(c, true, &e) == 0);
	engine_free(c);
	CHECK_INT(child_reap(&child, 5000, NULL), 1);
	CHECK_INT(engine_open(root, "run", true, &c, &e), -ENOENT);
}

static void test_list(void)
{
	auto_free char *cache = mem_format("%s/@seccomp", root);
	auto_close int b = make_dir("b"), a = make_dir("a");
	struct strv ids = { 0 };
	struct err e = { 0 };

	CHECK(mkdir(cache, 0700) == 0 && a >= 0 && b >= 0);
	CHECK(engine_list("/nonexistent/root", &ids, &e) == 0 && ids.n == 0);
	CHECK(engine_list(root, &ids, &e) == 0);
	CHECK_INT(ids.n, 2);
	CHECK_STR(ids.items[0], "a");
	CHECK_STR(ids.items[1], "b");
	strv_done(&ids);
	CHECK(rmdir(cache) == 0);
	CHECK(file_remove_tree(AT_FDCWD, root, &e) == 0);
	CHECK(mkdir(root, 0700) == 0);
}

/* Whatever create refuses, nothing is left. */
static void test_create(void)
{
	auto_ptr(container_spec) struct container_spec *spec = container_spec_new();
	struct engine_create o = ENGINE_CREATE_INIT;
	struct engine_container *c = NULL;
	struct strv ids = { 0 };
	struct err e = { 0 };

	spec->process = process_spec_new();
	spec->root.path = mem_strdup("/nonexistent/root");
	spec->oci_version = mem_strdup("1.3.0");
	o.state_root = root;
	o.spec = spec;
	o.cgroup_manager = CGROUP_MANAGER_DISABLED;
	o.id = "a/b";
	CHECK_INT(engine_create(&o, &c, &e), -EINVAL);
	o.id = "new";
	spec->process->terminal = true;
	CHECK_INT(engine_create(&o, &c, &e), -EINVAL);
	spec->process->terminal = false;
	CHECK(engine_create(&o, &c, &e) < 0); /* the root does not exist */
	CHECK(strstr(e.text, "/nonexistent/root") != NULL);
	CHECK(engine_list(root, &ids, &e) == 0 && ids.n == 0);
	auto_close int taken = make_dir("new");
	auto_close int held = -1;

	CHECK(file_lock(taken, LOCK_FILE, true, 0, &held, &e) == 0);
	CHECK_INT(engine_create(&o, &c, &e), -EEXIST);
	CHECK(strstr(e.text, "container with given ID already exists") != NULL);
	CHECK(taken >= 0 && engine_list(root, &ids, &e) == 0 &&
	      ids.n == 1); /* the other one is untouched */
	strv_done(&ids);
}

/* A create whose directory another one has replaced, because it was empty, fails, and takes nothing of that one's away. */
static void test_replaced(void)
{
	char id[] = "replaced";
	auto_close int first = make_dir(id);
	auto_free char *path = mem_format("%s/%s", root, id);

	CHECK(rmdir(path) == 0);
	auto_close int second = make_dir(id);
	auto_close int held = -1;
	struct err e = { 0 };
	struct engine_container c = { .root = root, .id = id, .dir = first };

	CHECK(file_lock(second, LOCK_FILE, true, 0, &held, &e) == 0);
	(void)delete_directory(&c);
	CHECK(faccessat(second, LOCK_FILE, F_OK, 0) == 0);
	c.dir = second;
	CHECK_INT(delete_directory(&c), 0);
	CHECK(access(path, F_OK) < 0);
}

static void test_pid_file(void)
{
	auto_free char *path = mem_format("%s/pid", root);
	auto_free char *text = NULL;
	struct err e = { 0 };

	CHECK(container_write_pid(path, 12345, &e) == 0);
	CHECK(file_read_all(AT_FDCWD, path, 100, &text, NULL, &e) == 0);
	CHECK_STR(text, "12345");
}

int main(void)
{
	struct err e = { 0 };

	CHECK(mkdtemp(root) != NULL);
	CHECK_STR(engine_status_word(ENGINE_PAUSED), "paused");
	test_ids();
	test_open();
	test_remains();
	test_status();
	test_force();
	test_list();
	test_create();
	test_replaced();
	test_pid_file();
	CHECK(file_remove_tree(AT_FDCWD, root, &e) == 0);
	return test_done();
}
