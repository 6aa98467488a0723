/* store - the three directories, one zone read from them as a whole, and the lock that makes changing it exclusive.
 *
 * Reading takes no lock: every file is replaced atomically, so a reader sees the old or the new one. Between two files it can see a mixture; the state derived
 * from that is one of the states the zone had or is about to have, never an invented one (derive.c). */
#include "runtime/zone/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/derive.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/journal.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/store.h"

enum { LOCK_WAIT_MS = 60000 };

/* --- the directories ---------------------------------------------------------------------------------------------- */

/* Open without following any symlink; the directory must be ours alone to change. */
static int check_own_dir(const char *path, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	auto_close int fd = sys_openat2(AT_FDCWD, path, &how);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, ELOOP, "\"%s\" leads through a symlink: use the real path", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the directory \"%s\"", path);
	if (st.st_uid != geteuid())
		return err_set(e, EPERM,
			       "the directory \"%s\" belongs to user %u: chown it to root", path,
			       (unsigned)st.st_uid);
	if (st.st_mode & 022)
		return err_set(e, EPERM,
			       "the directory \"%s\" can be written by others: chmod go-w it",
			       path);
	return 0;
}

static int make_dir(const char *path, mode_t mode, struct err *e)
{
	int r = file_mkdir_p(AT_FDCWD, path, mode, e);

	return r < 0 ? r : check_own_dir(path, e);
}

static int make_dir_in(const char *parent, const char *name, struct err *e)
{
	auto_free char *path = mem_format("%s/%s", parent, name);

	return make_dir(path, 0700, e);
}

static int dir_from(const char *variable, const char *fallback, mode_t mode, char **ret,
		    struct err *e)
{
	const char *value = secure_getenv(variable);
	const char *path = str_empty(value) ? fallback : value;

	if (!path_is_clean(path))
		return err_set(e, EINVAL,
			       "%s: \"%s\" is not an absolute path without \".\" and \"..\"",
			       variable, path);
	int r = make_dir(path, mode, e);

	if (r == 0)
		*ret = mem_strdup(path);
	return r;
}

int zone_dirs_init(struct zone_dirs *d, struct err *e)
{
	*d = (struct zone_dirs){ 0 };
	int r = dir_from("ZONES_CONFIG_DIR", "/etc/zones", 0755, &d->config, e);

	if (r == 0)
		r = dir_from("ZONES_STORAGE_DIR", "/var/lib/zones", 0711, &d->storage, e);
	if (r == 0)
		r = dir_from("ZONES_RUN_DIR", "/run/zones", 0711, &d->run, e);
	if (r == 0)
		r = make_dir_in(d->storage, ".records", e);
	if (r == 0)
		r = make_dir_in(d->run, ".locks", e);
	if (r < 0) {
		zone_dirs_done(d);
		return r;
	}
	struct err ignored = { 0 };

	(void)!journal_settle(d, false, &ignored); /* the verb that needs it fails by itself */
	return 0;
}

void zone_dirs_done(struct zone_dirs *d)
{
	free(d->config);
	free(d->storage);
	free(d->run);
	*d = (struct zone_dirs){ 0 };
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Add NAME for every "NAME.json" (suffix given), or every subdirectory NAME (no suffix). */
static int add_names(struct strv *names, const char *dir, const char *suffix, struct err *e)
{
	DIR *stream = opendir(dir);
	const char *why;

	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "open the directory \"%s\"", dir);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		size_t n = strlen(entry->d_name);

		if (suffix ? !str_has_suffix(entry->d_name, suffix) : entry->d_type != DT_DIR)
			continue;
		auto_free char *name =
			mem_strndup(entry->d_name, n - (suffix ? strlen(suffix) : 0));

		if (zone_name_ok(name, &why))
			strv_take(names, ptr_steal(&name));
	}
	(void)closedir(stream);
	return 0;
}

int zone_names(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_free char *records = mem_format("%s/.records", d->storage);
	auto_done(strv) struct strv names = { 0 };
	int r = add_names(&names, d->config, ".json", e);

	if (r == 0)
		r = add_names(&names, records, ".json", e);
	if (r == 0)
		r = add_names(&names, d->run, NULL, e);
	if (r < 0)
		return err_wrap(e, "look for zones");
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(names.items[0]), name_order);
	for (size_t i = 0; i < names.n; i++) {
		if (i == 0 || !str_eq(names.items[i], names.items[i - 1]))
			strv_add(ret, names.items[i]);
	}
	return 0;
}

/* --- the lock ----------------------------------------------------------------------------------------------------- */

static char *lock_path(const struct zone_dirs *d, const char *name)
{
	return mem_format("%s/.locks/%s", d->run, name);
}

static int zone_lock(const struct zone_dirs *d, const char *name, int *ret_fd, struct err *e)
{
	auto_free char *path = lock_path(d, name);
	int r = file_lock(AT_FDCWD, path, true, LOCK_WAIT_MS, ret_fd, e);

	if (r != -EWOULDBLOCK)
		return r;
	struct err cause = *e;

	return err_set(e, EBUSY, "zone \"%s\" is being changed by another command, waited %d s: %s",
		       name, LOCK_WAIT_MS / 1000, cause.text);
}

/* Does somebody hold the lock now? Only for telling a running install from an interrupted one. */
static bool is_locked(const struct zone_dirs *d, const char *name)
{
	auto_free char *path = lock_path(d, name);
	auto_close int fd = -1;
	struct err ignored = { 0 };

	return file_exists(AT_FDCWD, path) &&
	       file_lock(AT_FDCWD, path, false, 0, &fd, &ignored) == -EWOULDBLOCK;
}

void zone_forget_lock(const struct zone_dirs *d, struct zone *z)
{
	auto_free char *path = lock_path(d, z->name);

	if (z->lock_fd >= 0)
		(void)sys_unlinkat(
			AT_FDCWD, path,
			0); /* whoever waits on this inode finds it unlinked and opens the new one */
}

/* --- storage ------------------------------------------------------------------------------------------------------ */

/* One directory above the zonepath: nobody but its owner may rename what lies in it. A sticky directory such as /tmp is fine, since only root can rename root's entries there. */
static int check_parent(const struct stat *st, const char *path, struct err *e)
{
	if ((st->st_mode & 022) && !(st->st_mode & S_ISVTX))
		return err_set(e, EPERM,
			       "\"%s\" above the zonepath can be written by others: chmod go-w it",
			       path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, EPERM,
			       "\"%s\" above the zonepath belongs to user %u, not to root", path,
			       (unsigned)st->st_uid);
	return 0;
}

static int check_zonepath(const struct stat *st, const char *path, struct err *e)
{
	if (st->st_uid != geteuid())
		return err_set(e, EPERM, "zonepath \"%s\" belongs to user %u: chown it to root",
			       path, (unsigned)st->st_uid);
	if (st->st_mode & 077)
		return err_set(e, EPERM, "zonepath \"%s\" has mode %04o: chmod 700 it", path,
			       (unsigned)st->st_mode & 07777);
	return 0;
}

/* Walk down from "/" one element at a time, so that each is checked by the descriptor that the next lookup starts from. */
int zone_storage_open(const char *zonepath, struct err *e)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(strbuf) struct strbuf at = { 0 };
	auto_close int fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct stat st;
	int r;

	if (!path_is_clean(zonepath) || str_eq(zonepath, "/"))
		return err_set(e, EINVAL,
			       "zonepath \"%s\" is not an absolute path without \".\" and \"..\"",
			       zonepath);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open \"/\"");
	strv_split(&parts, zonepath + 1, '/');
	for (size_t i = 0; i < parts.n; i++) {
		r = check_parent(&st, at.len ? strbuf_text(&at) : "/", e);
		if (r < 0)
			return r;
		strbuf_format(&at, "/%s", parts.items[i]);
		int next = sys_openat(fd, parts.items[i], O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

		if (next < 0)
			return err_sys(e, "open \"%s\" of zonepath \"%s\"", strbuf_text(&at),
				       zonepath);
		fd_close(&fd);
		fd = next;
		if (fstat(fd, &st) < 0)
			return err_sys(e, "examine \"%s\"", strbuf_text(&at));
		if (S_ISLNK(st.st_mode))
			return err_set(e, ELOOP,
				       "\"%s\" of zonepath \"%s\" is a symlink: use the real path",
				       strbuf_text(&at), zonepath);
		if (!S_ISDIR(st.st_mode))
			return err_set(e, ENOTDIR, "\"%s\" of zonepath \"%s\" is not a directory",
				       strbuf_text(&at), zonepath);
	}
	r = check_zonepath(&st, zonepath, e);
	return r < 0 ? r : fd_steal(&fd);
}

/* --- one zone ----------------------------------------------------------------------------------------------------- */

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->name);
	free(z->config_file);
	free(z->spec_error);
	free(z->reason);
	zone_spec_free(z->spec);
	zone_record_done(&z->record);
	zone_run_done(&z->run);
	fd_close(&z->lock_fd);
	free(z);
}

/* *ret_text stays NULL, with a spec_error, when it cannot be read. Returns whether the file exists. */
static bool read_config(struct zone *z, char **ret_text, size_t *ret_n)
{
	struct err e = { 0 };

	if (file_read_all(AT_FDCWD, z->config_file, ZONE_FILE_MAX, ret_text, ret_n, &e) < 0) {
		z->spec_error = e.code == ENOENT
					? mem_format("its configuration file \"%s\" is missing",
						     z->config_file)
					: mem_strdup(e.text);
		return e.code != ENOENT;
	}
	z->config_sum = config_sum(*ret_text, *ret_n);
	return true;
}

/* Fill spec or spec_error. */
static void parse_config(struct zone *z, const char *text, size_t n)
{
	auto_done(diag_list) struct diag_list diags = { .file = z->config_file };
	struct err e = { 0 };

	if (zone_spec_parse(text, n, &z->spec, &diags) < 0) {
		(void)diag_err(&diags, &e);
		z->spec_error = mem_strdup(e.text);
	} else if (!str_eq(z->spec->zonename, z->name)) {
		z->spec_error =
			mem_format("%s: zonename: \"%s\" does not match the name of the file",
				   z->config_file, z->spec->zonename);
		zone_spec_free(z->spec);
		z->spec = NULL;
	}
}

/* An unreadable record is kept as "there, but not readable": its reason goes to the zone. */
static void read_record(const struct zone_dirs *d, struct zone *z, struct zone_facts *f)
{
	struct err e = { 0 };
	int r = zone_record_load(d, z->name, &z->record, &e);

	if (r == 0)
		z->record.exit_status = -1;
	f->has_record = r != 0;
	f->record_ok = r > 0;
	z->has_record = r > 0;
	f->recorded = r > 0 ? z->record.state : ZONE_NONE;
	if (r < 0)
		z->reason = mem_strdup(e.text);
}

/* Nothing was learned, because we had no descriptor or no memory. */
static bool is_want(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* The same, or the disk failed. */
static bool is_unknown(int r)
{
	return is_want(r) || r == -EIO;
}

/* A zone of which it is unknown whether it runs has no state: what would be taken for halted would be booted twice, or removed. */
static int read_run(const struct zone_dirs *d, struct zone *z, struct zone_facts *f, struct err *e)
{
	struct err why = { 0 };
	int r = zone_run_load(d, z->name, &z->run, &why);

	z->has_run = r > 0;
	if (is_unknown(r)) {
		*e = why;
		return err_wrap(e, "find out whether zone \"%s\" runs", z->name);
	}
	if (!z->has_run)
		return 0; /* a broken one is the trace of nothing that lives: only we write it, atomically */
	z->monitor_alive = z->run.monitor > 0 && proc_is(z->run.monitor, z->run.monitor_start);
	z->init_alive = z->run.init > 0 && proc_is(z->run.init, z->run.init_start);
	f->has_run = true;
	f->monitor_alive = z->monitor_alive;
	f->init_alive = z->init_alive;
	f->running_as = z->run.state;
	return 0;
}

static int read_storage(const struct zone_dirs *d, struct zone *z, struct zone_facts *f,
			struct err *e)
{
	struct err why = { 0 };

	if (f->recorded != ZONE_INSTALLED || f->monitor_alive || f->init_alive)
		return 0;
	int r = storage_check(d, &z->record, &why);

	if (is_want(r)) {
		*e = why;
		return err_wrap(e, "find out whether the storage of zone \"%s\" is there", z->name);
	}
	f->storage_ok = r == 0;
	if (!f->storage_ok && !z->reason)
		z->reason = mem_strdup(why.text);
	return 0;
}

/* The files of which the run record knows, instead of the engine's record and every folder of the cgroup. */
static bool freezers_say(const struct strv *files)
{
	bool frozen = false;

	for (size_t i = 0; i < files->n && !frozen; i++) {
		auto_close int fd =
			sys_openat(AT_FDCWD, files->items[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
		char text[16] = "";

		if (fd >= 0 && sys_read(fd, text, sizeof(text) - 1) > 0)
			frozen = cgroup_freezer_says(text);
	}
	return frozen;
}

static bool is_frozen(const struct zone_dirs *d, const struct zone *z)
{
	if (z->state == ZONE_RUNNING && z->run.freezers.n > 0)
		return z->init_alive && freezers_say(&z->run.freezers);

	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	struct err ignored = { 0 };

	if (z->state != ZONE_RUNNING || engine_open(root, z->name, false, &c, &ignored) < 0)
		return false;
	bool frozen = engine_status(c) == ENGINE_PAUSED;

	engine_free(c);
	return frozen;
}

/* The most telling of the reasons that are known, so that `list` can show one. */
static void choose_reason(const struct zone_dirs *d, struct zone *z, const char *derived)
{
	bool busy = z->state == ZONE_INCOMPLETE && z->lock_fd < 0 && is_locked(d, z->name);

	if (z->reason || busy)
		return;
	if (z->has_run && z->run.reason)
		z->reason = mem_strdup(z->run.reason);
	else if (z->state < ZONE_READY && z->record.reason)
		z->reason = mem_strdup(z->record.reason);
	else if (derived)
		z->reason = mem_strdup(derived);
	else if (z->spec_error && z->state != ZONE_NONE)
		z->reason = mem_strdup(z->spec_error);
}

/* Most zones of a long list run with what their files say, and then all that it shows is known without reading the file's meaning, which is half of the work. */
static bool is_row_known(const struct zone_dirs *d, struct zone *z, unsigned flags)
{
	if (!(flags & ZONE_OPEN_ROW) || !z->init_alive || !z->has_record || !z->run.address)
		return false;
	z->row_profile = zone_running_profile(d, z);
	return z->row_profile != NULL;
}

static int read_zone(const struct zone_dirs *d, struct zone *z, unsigned flags, struct err *e)
{
	struct zone_facts f = { 0 };
	auto_free char *text = NULL;
	const char *derived;
	size_t n = 0;

	f.has_config = read_config(z, &text, &n);
	read_record(d, z, &f);
	int r = read_run(d, z, &f, e);

	if (r < 0)
		return r;
	if (text && !is_row_known(d, z, flags))
		parse_config(z, text, n);
	r = read_storage(d, z, &f, e);
	if (r < 0)
		return r;
	z->state = zone_derive(&f, &derived);
	z->frozen = is_frozen(d, z);
	z->detached = z->state == ZONE_CONFIGURED && detached_is_there(d, z);
	choose_reason(d, z, derived);
	return 0;
}

static int no_such_zone(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	struct err ignored = { 0 };
	const char *near = NULL;

	if (zone_names(d, &names, &ignored) == 0) {
		for (size_t i = names.n; i > 0; i--) {
			if (str_eq(names.items[i - 1], name))
				strv_remove(&names, i - 1); /* traces of a zone that is gone */
		}
		near = names.n > 0 ? str_nearest(name, (const char *const *)names.items) : NULL;
	}
	if (near)
		return err_set(e, ENOENT, "zone \"%s\" does not exist (did you mean \"%s\"?)", name,
			       near);
	return err_set(e, ENOENT,
		       "zone \"%s\" does not exist: see \"zone list\", or make it: zone create %s",
		       name, name);
}

/* Whoever had the lock before us was killed in the middle of its work. */
static int settle_and_lock(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	fd_close(&z->lock_fd);
	int r = journal_settle(d, true, e);

	return r < 0 ? r : zone_lock(d, z->name, &z->lock_fd, e);
}

int zone_open(const struct zone_dirs *d, const char *name, unsigned flags, struct zone **ret,
	      struct err *e)
{
	auto_ptr(zone) struct zone *z = mem_zero(sizeof(*z));
	const char *why = "";
	int r = 0;

	z->lock_fd = -1;
	if (!zone_name_ok(name, &why))
		return err_set(e, EINVAL, "\"%s\" cannot be the name of a zone: %s", name, why);
	z->name = mem_strdup(name);
	z->config_file = mem_format("%s/%s.json", d->config, name);
	if (flags & ZONE_OPEN_LOCK)
		r = zone_lock(d, name, &z->lock_fd, e);
	if (r == 0 && (flags & ZONE_OPEN_LOCK) && journal_names(d, name))
		r = settle_and_lock(d, z, e);
	if (r == 0)
		r = read_zone(d, z, flags, e);
	if (r < 0)
		return r;
	if (flags & ZONE_OPEN_LOCK)
		r = zone_admin_check_caller(d, z, e);
	if (r < 0) {
		if (z->state == ZONE_NONE)
			zone_forget_lock(d, z);
		return r;
	}
	if ((flags & ZONE_OPEN_MUST_EXIST) && z->state == ZONE_NONE) {
		zone_forget_lock(d, z);
		return no_such_zone(d, name, e);
	}
	if ((flags & ZONE_OPEN_NEED_SPEC) && !z->spec)
		return err_set(e, EINVAL, "%s", z->spec_error);
	*ret = ptr_steal(&z);
	return 0;
}
