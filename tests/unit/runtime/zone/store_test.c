/* Directories, names, locks and one zone read as a whole. */
#include <errno.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static void directories(const struct test_dirs *t)
{
	struct zone_dirs d = { 0 };
	struct err e = { 0 };
	auto_free char *link = mem_format("%s/link", t->top);
	auto_free char *open_dir = mem_format("%s/open", t->top);
	auto_free char *below = mem_format("%s/link/etc", t->top);
	auto_free char *usual = mem_format("%s/etc", t->top);

	(void)setenv("ZONES_CONFIG_DIR", "relative", 1);
	CHECK_INT(zone_dirs_init(&d, &e), -EINVAL);
	CHECK(strstr(e.text, "ZONES_CONFIG_DIR") && !d.config);
	(void)setenv("ZONES_CONFIG_DIR", "/tmp/../etc", 1);
	CHECK_INT(zone_dirs_init(&d, &e), -EINVAL);
	CHECK(symlink(t->top, link) == 0);
	(void)setenv("ZONES_CONFIG_DIR", below, 1);
	CHECK_INT(zone_dirs_init(&d, &e), -ELOOP);
	CHECK(mkdir(open_dir, 0700) == 0 && chmod(open_dir, 0777) == 0);
	(void)setenv("ZONES_CONFIG_DIR", open_dir, 1);
	CHECK_INT(zone_dirs_init(&d, &e), -EPERM);
	(void)setenv("ZONES_CONFIG_DIR", usual, 1);
}

static void names(const struct zone_dirs *d)
{
	struct strv v = { 0 };
	struct err e = { 0 };
	auto_free char *run = mem_format("%s/c", d->run);

	test_put(d->config, "b.json", "{\"zonename\":\"b\"}");
	test_put(d->config, "notes.txt", "");
	test_put(d->config, ".x.json", "{}");
	test_put(d->config, "global.json", "{}");
	test_put(d->storage, ".records/a.json", "{}");
	test_put(d->storage, ".records/b.json", "{}");
	test_put(d->run, "net.lock", "");
	CHECK(mkdir(run, 0700) == 0);
	CHECK_INT(zone_names(d, &v, &e), 0);
	auto_free char *all = strv_join(&v, " ");

	CHECK_STR(all, "a b c");
	strv_done(&v);
	CHECK(rmdir(run) == 0);
	auto_free char *record = mem_format("%s/.records/a.json", d->storage);
	auto_free char *other = mem_format("%s/.records/b.json", d->storage);

	CHECK(unlink(record) == 0 && unlink(other) == 0);
}

static struct zone *opened(const struct zone_dirs *d, const char *name, unsigned flags,
			   struct err *e)
{
	struct zone *z = NULL;

	*e = (struct err){ 0 };
	return zone_open(d, name, flags, &z, e) < 0 ? NULL : z;
}

static void opening(const struct zone_dirs *d)
{
	struct err e = { 0 };
	struct zone *z = opened(d, "b", ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &e);

	CHECK(z && z->state == ZONE_CONFIGURED && z->spec && !z->reason && z->lock_fd == -1);
	zone_free(z);
	z = opened(d, "nosuch", 0, &e);
	CHECK(z && z->state == ZONE_NONE);
	zone_free(z);
	CHECK(!opened(d, "../b", 0, &e) && e.code == EINVAL);
	test_put(d->config, "webserver.json", "{\"zonename\":\"webserver\"}");
	CHECK(!opened(d, "websever", ZONE_OPEN_MUST_EXIST, &e) && e.code == ENOENT &&
	      strstr(e.text, "webserver"));
	CHECK(!opened(d, "zzz", ZONE_OPEN_MUST_EXIST | ZONE_OPEN_LOCK, &e) && e.code == ENOENT);
	auto_free char *lock = mem_format("%s/.locks/zzz", d->run);

	CHECK(!file_exists(AT_FDCWD, lock));
	test_put(d->config, "bad.json", "{ \"zonename\": ");
	z = opened(d, "bad", ZONE_OPEN_MUST_EXIST, &e);
	CHECK(z && z->state == ZONE_CONFIGURED && !z->spec && z->spec_error &&
	      strstr(z->spec_error, "bad.json:"));
	CHECK(z && z->reason && strcmp(z->reason, z->spec_error) == 0);
	zone_free(z);
	CHECK(!opened(d, "bad", ZONE_OPEN_NEED_SPEC, &e) && e.code == EINVAL);
	test_put(d->config, "other.json", "{\"zonename\":\"b\"}");
	z = opened(d, "other", 0, &e);
	CHECK(z && !z->spec && strstr(z->spec_error, "zonename"));
	zone_free(z);
	zone_free(NULL);
}

static void installed(const struct test_dirs *t)
{
	const struct zone_dirs *d = &t->dirs;
	struct err e = { 0 };
	auto_free char *path = mem_format("%s/inst", d->storage);
	auto_free char *root = mem_format("%s/inst/root", d->storage);
	auto_free char *record = mem_format(
		"{\"state\":\"installed\",\"zonepath\":\"%s\",\"reason\":\"it died\"}", path);
	auto_free char *run = mem_format(
		"{\"state\":\"running\",\"monitor\":%d,\"monitorStart\":1,\"init\":1,\"initStart\":1}",
		(int)getpid());

	test_put(d->config, "inst.json", "{\"zonename\":\"inst\"}");
	test_put(d->storage, ".records/inst.json", record);
	struct zone *z = opened(d, "inst", 0, &e);

	CHECK(z && z->state == ZONE_UNAVAILABLE && z->reason && strstr(z->reason, "inst"));
	zone_free(z);
	CHECK(mkdir(path, 0700) == 0 && mkdir(root, 0755) == 0);
	z = opened(d, "inst", 0, &e);
	CHECK(z && z->state == ZONE_INSTALLED);
	CHECK_STR(z ? z->reason : NULL, "it died");
	zone_free(z);
	auto_free char *dir = mem_format("%s/inst", d->run);

	CHECK(mkdir(dir, 0700) == 0);
	test_put(dir, "run.json", run); /* our pid with another start time is another process */
	z = opened(d, "inst", 0, &e);
	CHECK(z && z->state == ZONE_DOWN && !z->monitor_alive && !z->init_alive && z->has_run);
	zone_free(z);
	CHECK_INT(zone_run_remove(d, "inst", &e), 0);
	CHECK(chmod(path, 0755) == 0);
	z = opened(d, "inst", 0, &e);
	CHECK(z && z->state == ZONE_UNAVAILABLE && strstr(z->reason, "chmod 700"));
	zone_free(z);
}

static void storage(const struct test_dirs *t)
{
	struct err e = { 0 };
	auto_free char *good = mem_format("%s/good", t->top);
	auto_free char *link = mem_format("%s/linked", t->top);
	auto_free char *open_dir = mem_format("%s/open/z", t->top);
	auto_free char *file = mem_format("%s/etc/b.json", t->top);

	CHECK(mkdir(good, 0700) == 0 && symlink(good, link) == 0 && mkdir(open_dir, 0700) == 0);
	int fd = zone_storage_open(good, &e);

	CHECK(fd >= 0);
	(void)close(fd);
	CHECK_INT(zone_storage_open(link, &e), -ELOOP);
	CHECK_INT(zone_storage_open(open_dir, &e), -EPERM);
	CHECK_INT(zone_storage_open(file, &e), -ENOTDIR);
	CHECK_INT(zone_storage_open("/", &e), -EINVAL);
	CHECK_INT(zone_storage_open("relative", &e), -EINVAL);
	CHECK_INT(zone_storage_open("/tmp/../tmp", &e), -EINVAL);
	auto_free char *missing = mem_format("%s/nosuch", t->top);

	CHECK_INT(zone_storage_open(missing, &e), -ENOENT);
}

/* One holds the lock and then ends the zone; the other, who waited on the file that was removed, must end up with a lock that counts. */
static void locks(const struct zone_dirs *d)
{
	struct err e = { 0 };
	struct zone *z = opened(d, "b", ZONE_OPEN_LOCK, &e);
	pid_t child = z ? fork() : -1;
	int status = 1;

	CHECK(z && z->lock_fd >= 0);
	if (child == 0) {
		auto_free char *path = mem_format("%s/.locks/b", d->run);

		(void)close(z->lock_fd); /* else we would wait for ourselves */
		struct zone *mine = opened(d, "b", ZONE_OPEN_LOCK, &e);
		struct stat held, there;
		bool ok = mine && fstat(mine->lock_fd, &held) == 0 && stat(path, &there) == 0 &&
			  held.st_ino == there.st_ino;

		_exit(ok ? 0 : 1);
	}
	(void)nanosleep(&(struct timespec){ .tv_nsec = 60000000 }, NULL);
	zone_forget_lock(d, z);
	zone_free(z);
	(void)waitpid(child, &status, 0);
	CHECK_INT(status, 0);
}

int main(void)
{
	struct test_dirs t;

	test_dirs_make(&t);
	directories(&t);
	names(&t.dirs);
	opening(&t.dirs);
	installed(&t);
	storage(&t);
	locks(&t.dirs);
	test_dirs_remove(&t);
	return test_done();
}
