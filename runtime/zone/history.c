/* history - see history.h. */
#include "runtime/zone/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"

enum { TIME_MAX = 40, LOGINUID_MAX = 32, ZONE_TEXT_MAX = 64 };
static const uint64_t loginuid_unset = 4294967295U;

/* A user has a file of his own, or he could push root's acts out of theirs. */
static char *file_of(bool refused, uid_t uid)
{
	if (refused)
		return mem_strdup("refused.log");
	return uid == 0 ? mem_strdup("audit.log") : mem_format("audit-%u.log", (unsigned)uid);
}

static int folder_open(const struct zone_dirs *d, struct err *e)
{
	auto_close int storage = file_open_dir(AT_FDCWD, d->storage, e);
	int r = storage < 0 ? storage : file_mkdir_p(storage, ".audit", 0700, e);

	return r < 0 ? r : file_open_dir(storage, ".audit", e);
}

/* Of a process of that user only: a pid can be another's by now. False when it is not set. */
static bool loginuid_of(const struct history_act *act, uint64_t *ret)
{
	auto_free char *path =
		act->pid > 0 ? mem_format("/proc/%d", (int)act->pid) : mem_strdup("/proc/self");
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	struct stat st;
	auto_close int dir = file_open_dir(AT_FDCWD, path, &ignored);

	if (act->pid == 0) /* a symlink, which is not followed */
		dir = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (dir < 0 || fstat(dir, &st) < 0 || (act->pid > 0 && st.st_uid != act->uid) ||
	    file_read_all(dir, "loginuid", LOGINUID_MAX, &text, NULL, &ignored) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return num_u64(text, ret) == 0 && *ret != loginuid_unset;
}

static const char *user_of(const struct history_act *act)
{
	const struct passwd *p;

	if (act->user || act->uid == 0)
		return act->user ? act->user : "root";
	p = getpwuid(act->uid);
	return p ? p->pw_name : "";
}

static void time_now(char *buf, size_t size)
{
	struct timespec ts = { 0 };
	struct tm tm = { 0 };
	char seconds[TIME_MAX];

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	if (str_format(buf, size, "%s.%03ldZ", seconds, ts.tv_nsec / 1000000) < 0)
		buf[0] = '\0';
}

static char *line_of(const struct history_act *act)
{
	auto_ptr(json) struct json *j = json_new_object();
	uint64_t login = 0;
	char now[TIME_MAX];

	time_now(now, sizeof(now));
	json_set(j, "time", json_new_string(now));
	json_set(j, "uid", json_new_u64(act->uid));
	json_set(j, "user", json_new_string(user_of(act)));
	if (loginuid_of(act, &login))
		json_set(j, "loginuid", json_new_u64(login));
	json_set(j, "verb", json_new_string(act->verb));
	if (act->zone) { /* of a refused one it is any text that a user has thought of */
		auto_free char *zone = mem_strndup(act->zone, ZONE_TEXT_MAX);

		json_set(j, "zone", json_new_string(zone));
	}
	json_set(j, "status", json_new_i64(act->status));
	auto_free char *text = json_print(j, false);

	return mem_format("%s\n", text);
}

/* The file that has the name, locked: it may have been moved away while we waited. */
static int file_take(int dir, const char *name, struct stat *ret, struct err *e)
{
	for (;;) {
		auto_close int fd = sys_openat(
			dir, name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat now;

		if (fd < 0 || sys_flock(fd, LOCK_EX) < 0 || fstat(fd, ret) < 0)
			return err_sys(e, "open the log of acts");
		if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		    now.st_ino == ret->st_ino && now.st_dev == ret->st_dev)
			return fd_steal(&fd);
	}
}

static int append(int dir, const char *name, const char *line, struct err *e)
{
	auto_free char *older = mem_format("%s.1", name);
	size_t n = strlen(line);
	auto_close int fd = -1;
	struct stat st = { 0 };
	char last = '\n';

	for (;;) {
		fd_close(&fd);
		fd = file_take(dir, name, &st, e);
		if (fd < 0)
			return fd;
		if (st.st_size == 0 || (size_t)st.st_size + n <= HISTORY_MAX)
			break;
		if (sys_renameat2(dir, name, dir, older, 0) < 0)
			return err_sys(e, "rotate the log of acts");
	}
	/* what a crash has left unfinished ends here */
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		(void)!sys_write(fd, "\n", 1);
	return sys_write(fd, line, n) == (ssize_t)n ? 0 : err_sys(e, "write the log of acts");
}

void history_add(const struct zone_dirs *d, const struct history_act *act)
{
	auto_free char *line = line_of(act);
	auto_free char *name = file_of(act->refused, act->uid);
	struct err e = { 0 };
	auto_close int dir = folder_open(d, &e);

	if (dir < 0 || append(dir, name, line, &e) < 0)
		log_err(&e);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static int file_read(int dir, const char *name, const struct history_query *q, struct json *to,
		     struct err *e)
{
	auto_free char *text = NULL;
	char *save = NULL;
	int r = file_read_all(dir, name, (size_t)2 * HISTORY_MAX, &text, NULL, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		auto_ptr(json) struct json *j = NULL;
		struct err ignored = { 0 };

		if (json_parse_simple(line, strlen(line), &j, &ignored) < 0 ||
		    j->type != JSON_OBJECT ||
		    (q->zone && !str_eq(json_get_string(j, "zone", ""), q->zone)))
			continue;
		json_add(to, ptr_steal(&j));
	}
	return 0;
}

/* "audit.log", "audit-1000.log", and the older ones "audit.log.1". */
static bool is_wanted(const char *name, bool refused)
{
	const char *rest = str_after(name, refused ? "refused" : "audit");

	if (rest && !refused && *rest == '-' && rest[1] != '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return str_eq(rest, ".log") || str_eq(rest, ".log.1");
}

static int folder_read(int dir, const struct history_query *q, struct json *to, struct err *e)
{
	auto_close int fd = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!stream)
		return err_sys(e, "list the log of acts");
	(void)fd_steal(&fd);
	for (const struct dirent *entry = readdir(stream); entry && r == 0; entry = readdir(stream))
		if (is_wanted(entry->d_name, q->refused))
			r = file_read(dir, entry->d_name, q, to, e);
	(void)closedir(stream);
	return r;
}

struct dated {
	struct json *act;
	size_t at;
};

/* Those of the same moment stay as they were read. */
static int by_time(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;
	int order =
		strcmp(json_get_string(x->act, "time", ""), json_get_string(y->act, "time", ""));

	return order ? order : x->at < y->at ? -1 : 1;
}

int history_read(const struct zone_dirs *d, const struct history_query *q, struct json **ret,
		 struct err *e)
{
	auto_ptr(json) struct json *all = json_new_array();
	auto_close int dir = folder_open(d, e);
	int r = dir < 0 ? dir : folder_read(dir, q, all, e);

	if (r < 0)
		return r;
	auto_free struct dated *dated = mem_array(all->n + 1, sizeof(*dated));

	for (size_t i = 0; i < all->n; i++)
		dated[i] = (struct dated){ all->items[i], i };
	qsort(dated, all->n, sizeof(*dated), by_time);
	size_t skip = q->last > 0 && all->n > q->last ? all->n - q->last : 0;
	struct json *last = json_new_array();

	for (size_t i = skip; i < all->n; i++)
		json_add(last, json_clone(dated[i].act));
	*ret = last;
	return 0;
}
