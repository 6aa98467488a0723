/* How a top becomes a layer: the forms before and after, every moment at which it can be interrupted, and what is removed. Nothing is mounted here; that is tests/zone/clone.bats. */
#include "runtime/zone/layers.h"

#include <errno.h>
#include <sys/wait.h>

#include "runtime/zone/record.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

/* An installed zone with a plain root that holds "file". */
static struct zone zone_make(const struct test_dirs *t, const char *name)
{
	struct zone z = { .name = mem_strdup(name), .lock_fd = -1 };
	char *zonepath = mem_format("%s/%s", t->dirs.storage, name);
	auto_free char *root = mem_format("%s/root", zonepath);
	auto_free char *file = mem_format("%s.json", name);
	struct err e = { 0 };

	z.record = (struct zone_record){ .uuid = mem_strdup("u"),
					 .state = ZONE_INSTALLED,
					 .zonepath = zonepath,
					 .brand = mem_strdup("native"),
					 .exit_status = -1 };
	CHECK(mkdir(zonepath, 0700) == 0 && mkdir(root, 0751) == 0 && chmod(root, 0751) == 0);
	test_put(root, "file", name);
	test_put(t->dirs.config, file, "{}");
	CHECK_INT(zone_record_write(&t->dirs, &z, &e), 0);
	return z;
}

static void zone_unmake(struct zone *z)
{
	zone_record_done(&z->record);
	free(z->name);
}

static bool is_there(const char *dir, const char *path)
{
	auto_free char *whole = mem_format("%s/%s", dir, path);

	return file_exists(AT_FDCWD, whole);
}

static size_t n_layers(const struct test_dirs *t)
{
	auto_free char *command =
		mem_format("exit $(ls -A %s/.layers 2>/dev/null | wc -l)", t->dirs.storage);
	int status = system(command);

	return (size_t)WEXITSTATUS(status);
}

/* The zone is an overlay of `n` layers whose first holds `file`, with an empty top that has the mode of the root. */
static void check_frozen(const struct test_dirs *t, const struct zone *z, size_t n,
			 const char *file)
{
	auto_free char *layer = storage_layer(&t->dirs, z->record.layers.items[0]);
	auto_free char *top = mem_format("%s/upper/fs", z->record.zonepath);
	auto_done(zone_record) struct zone_record saved = { 0 };
	struct err e = { 0 };
	struct stat st;

	CHECK(storage_is_overlay(&z->record) && z->record.layers.n == n && z->record.next.n == 0);
	CHECK(is_there(layer, file));
	CHECK(is_there(z->record.zonepath, "root") && !is_there(z->record.zonepath, "root/file"));
	CHECK(stat(top, &st) == 0 && (st.st_mode & 07777) == 0751 && !is_there(top, "file"));
	CHECK_INT(storage_check(&t->dirs, &z->record, &e), 0);
	CHECK_INT(zone_record_load(&t->dirs, z->name, &saved, &e), 1);
	CHECK(saved.layers.n == n && str_eq(saved.layers.items[0], z->record.layers.items[0]));
}

static void freeze(const struct test_dirs *t)
{
	struct zone z = zone_make(t, "web");
	auto_free char *top = mem_format("%s/upper/fs", z.record.zonepath);
	auto_free char *store = mem_format("%s/.layers", t->dirs.storage);
	struct err e = { 0 };
	struct stat st;

	CHECK_INT(layers_freeze(&t->dirs, &z, &e), 0);
	check_frozen(t, &z, 1, "file");
	CHECK(stat(store, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK_INT(layers_freeze(&t->dirs, &z, &e), 0); /* nothing has changed */
	check_frozen(t, &z, 1, "file");
	test_put(top, "more", "x");
	CHECK_INT(layers_freeze(&t->dirs, &z, &e), 0);
	check_frozen(t, &z, 2, "more");
	CHECK_INT(layers_settle(&t->dirs, &z, &e), 0); /* there is nothing to do */
	check_frozen(t, &z, 2, "more");
	zone_unmake(&z);
}

/* The record says what is to be, and the tree is at `stage`: 0 where it was, 1 renamed, 2 renamed and a new top begun, 3 only the record is missing. */
static void interrupted(const struct test_dirs *t, const char *name, int stage)
{
	struct zone z = zone_make(t, name);
	auto_free char *id = mem_format("interrupted-%d", stage);
	auto_free char *dir = mem_format("%s/.layers/%s", t->dirs.storage, id);
	auto_free char *layer = mem_format("%s/fs", dir);
	auto_free char *root = mem_format("%s/root", z.record.zonepath);
	auto_free char *upper = mem_format("%s/upper", z.record.zonepath);
	struct err e = { 0 };

	strv_add(&z.record.next, id);
	CHECK_INT(zone_record_write(&t->dirs, &z, &e), 0);
	CHECK(mkdir(dir, 0700) == 0);
	CHECK(stage < 1 || rename(root, layer) == 0);
	CHECK(stage < 2 || (mkdir(root, 0755) == 0 && mkdir(upper, 0700) == 0));
	if (stage >= 3) {
		CHECK_INT(file_remove_tree(AT_FDCWD, upper, &e), 0);
		auto_close int top = open(z.record.zonepath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		auto_close int like = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		CHECK_INT(storage_make_upper(top, like, &e), 0);
	}
	CHECK_INT(storage_check(&t->dirs, &z.record, &e), 0); /* on its way is not broken */
	CHECK_INT(layers_settle(&t->dirs, &z, &e), 0);
	if (stage == 0) {
		CHECK(z.record.next.n == 0 && !storage_is_overlay(&z.record));
		CHECK(is_there(root, "file") && !is_there(dir, ""));
	} else {
		check_frozen(t, &z, 1, "file");
	}
	zone_unmake(&z);
}

/* A snapshot one of whose layers is gone, the first or one below it, is no way back: nothing is touched. */
static void back_to_missing(const struct test_dirs *t, const char *name, const char *layers)
{
	struct zone z = zone_make(t, name);
	auto_free char *top = mem_format("%s/upper/fs", z.record.zonepath);
	struct zone_snapshot s = { .name = (char *)"one",
				   .created = (char *)"2026-01-01T00:00:00Z",
				   .driver = (char *)STORAGE_OVERLAY };
	auto_done(zone_record) struct zone_record saved = { 0 };
	struct err e = { 0 };

	CHECK_INT(layers_freeze(&t->dirs, &z, &e), 0);
	test_put(top, "mine", "x");
	for (const char *p = layers; *p; p++)
		strv_add(&s.layers, *p == '-' ? "missing-layer" : z.record.layers.items[0]);
	z.record.snapshots = &s;
	z.record.n_snapshots = 1;
	CHECK_INT(zone_record_write(&t->dirs, &z, &e), 0);
	z.record.snapshots = NULL;
	z.record.n_snapshots = 0;
	CHECK(zone_snapshot_rollback(&t->dirs, name, "one", &e) < 0);
	CHECK(strstr(e.text, "layer missing-layer is missing"));
	CHECK(is_there(top, "mine"));
	CHECK_INT(zone_record_load(&t->dirs, name, &saved, &e), 1);
	CHECK(saved.next.n == 0 && saved.layers.n == 1);
	strv_done(&s.layers);
	zone_unmake(&z);
}

/* Somebody copies a layer for a zone: nobody removes it meanwhile, and the next command that has the zone to itself forgets it. */
static void copying(const struct test_dirs *t, const char *name)
{
	struct zone z = zone_make(t, name);
	auto_free char *new = mem_format("%s/.layers/.new-%s-copied", t->dirs.storage, name);
	auto_free char *done = mem_format("%s/.layers/%s-copied", t->dirs.storage, name);
	auto_done(zone_record) struct zone_record saved = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	z.record.copying = mem_format("%s-copied", name);
	CHECK_INT(zone_record_write(&t->dirs, &z, &e), 0);
	CHECK(mkdir(new, 0700) == 0);
	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0);
	CHECK(file_exists(AT_FDCWD, new));
	CHECK(rename(new, done) == 0);
	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0);
	CHECK(file_exists(AT_FDCWD, done));
	CHECK_INT(layers_settle(&t->dirs, &z, &e), 0);
	CHECK(!z.record.copying && !file_exists(AT_FDCWD, done));
	CHECK_INT(zone_record_load(&t->dirs, name, &saved, &e), 1);
	CHECK(!saved.copying);
	zone_unmake(&z);
}

static void prune(const struct test_dirs *t)
{
	auto_free char *images = mem_format("%s/.images", t->dirs.storage);
	auto_free char *store = mem_format("%s/.layers", t->dirs.storage);
	struct err e = { 0 };
	size_t n = 0, before;
	int lock = -1;

	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0);
	CHECK_INT(n, 0);
	before = n_layers(t);
	CHECK_INT(file_mkdir_p(AT_FDCWD, store, 0700, &e), 0);
	auto_close int fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(file_mkdir_p(fd, "of-an-image/fs/deep", 0700, &e), 0);
	CHECK_INT(file_mkdir_p(fd, "of-nobody/fs/deep", 0700, &e), 0);
	CHECK_INT(file_mkdir_p(fd, ".new-half-made/fs", 0700, &e), 0);
	CHECK(mkdir(images, 0700) == 0);
	test_put(images, "debian.json", "{\"layers\":[\"of-an-image\"]}");
	CHECK_INT(layers_lock(&t->dirs, 0, &lock, &e), 0);
	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0); /* somebody is at work */
	CHECK(n == 0 && n_layers(t) == before + 3);
	fd_close(&lock);
	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0);
	CHECK(n == 1 && n_layers(t) == before + 1);
	CHECK(file_exists(fd, "of-an-image") && !file_exists(fd, "of-nobody"));
	/* what cannot be read may name anything */
	CHECK_INT(file_mkdir_p(fd, "of-nobody/fs/deep", 0700, &e), 0);
	test_put(images, "broken.json", "{");
	CHECK(layers_prune(&t->dirs, 0, &n, &e) < 0);
	CHECK(file_exists(fd, "of-nobody"));
	test_put(images, "broken.json", "{}");
	test_put(t->dirs.storage, ".records/bad.json", "[]");
	CHECK(layers_prune(&t->dirs, 0, &n, &e) < 0);
	CHECK(file_exists(fd, "of-nobody"));
	CHECK_INT(zone_record_remove(&t->dirs, "bad", &e), 0);
	test_put(images, "debian.json", "{\"layers\":[]}");
	CHECK_INT(layers_prune(&t->dirs, 0, &n, &e), 0);
	CHECK(n == 2 && n_layers(t) == before);
}

int main(void)
{
	struct test_dirs t;

	test_dirs_make(&t);
	freeze(&t);
	interrupted(&t, "a", 0);
	interrupted(&t, "b", 1);
	interrupted(&t, "c", 2);
	interrupted(&t, "d", 3);
	back_to_missing(&t, "e", "-+");
	back_to_missing(&t, "f", "+-");
	prune(&t);
	copying(&t, "copying-zone");
	test_dirs_remove(&t);
	return test_done();
}
