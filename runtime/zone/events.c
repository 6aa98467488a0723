/* events - the file of each zone: append, read from where one has come to, follow.
 *
 * A follower has one inotify watch on the folder and keeps the file of each zone open: what a writer added just before a rotation, or before the zone was deleted, is still to be read there. */
#include "runtime/zone/events.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { SECONDS = 20, TIME_MAX = 32 };

static int folder_open(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/.events", d->storage);
	int r = file_mkdir_p(AT_FDCWD, path, 0700, e);

	return r < 0 ? r : file_open_dir(AT_FDCWD, path, e);
}

static char *older_name(const char *name)
{
	return mem_format(".%s", name); /* no zone's name begins with a dot */
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* The current file, locked; one that a rotation has just taken away is not it. */
static int file_take(int dir, const char *name, struct stat *st, struct err *e)
{
	for (;;) {
		auto_close int fd = sys_openat(
			dir, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat there = { 0 };

		if (fd < 0 || sys_flock(fd, LOCK_EX) < 0 || fstat(fd, st) < 0)
			return err_sys(e, "open the events of zone \"%s\"", name);
		if (fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    there.st_ino == st->st_ino)
			return fd_steal(&fd);
	}
}

static int file_append(int dir, const char *name, const char *line, size_t n, struct err *e)
{
	auto_free char *older = older_name(name);
	auto_close int fd = -1;
	struct stat st = { 0 };
	char last = '\n';

	for (;;) {
		fd_close(&fd);
		fd = file_take(dir, name, &st, e);
		if (fd < 0)
			return fd;
		if (st.st_size == 0 || (size_t)st.st_size + n <= EVENTS_MAX)
			break;
		if (sys_renameat2(dir, name, dir, older, 0) < 0)
			return err_sys(e, "rotate the events of zone \"%s\"", name);
	}
	/* what a crash has left unfinished ends here, so that it does not take this line with it */
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		(void)!sys_write(fd, "\n", 1);
	return sys_write(fd, line, n) == (ssize_t)n
		       ? 0
		       : err_sys(e, "write the events of zone \"%s\"", name);
}

static void time_now(char *buf, size_t size)
{
	struct timespec ts = { 0 };
	struct tm tm = { 0 };
	char seconds[SECONDS];

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	if (str_format(buf, size, "%s.%03ldZ", seconds, ts.tv_nsec / 1000000) < 0)
		buf[0] = '\0';
}

static char *event_line(const char *name, const char *event, const char *text, struct json *data)
{
	auto_ptr(json) struct json *j = json_new_object();
	char now[TIME_MAX];

	time_now(now, sizeof(now));
	json_set(j, "time", json_new_string(now));
	json_set(j, "zone", json_new_string(name));
	json_set(j, "event", json_new_string(event));
	json_set(j, "text", json_new_string(text));
	if (data)
		json_set(j, "data", data);
	auto_free char *line = json_print(j, false);

	return mem_format("%s\n", line);
}

void zone_event(const struct zone_dirs *d, const char *name, const char *event, const char *text,
		struct json *data)
{
	struct err e = { 0 };
	auto_free char *line = event_line(name, event, text, data);
	size_t n = strlen(line);
	auto_close int dir = folder_open(d, &e);

	if (n > EVENTS_LINE_MAX)
		log_warning("an event \"%s\" of zone \"%s\" is too long to be kept", event, name);
	else if (dir < 0 || file_append(dir, name, line, n, &e) < 0)
		log_err(&e);
}

void zone_events_forget(const struct zone_dirs *d, const char *name)
{
	auto_free char *older = older_name(name);
	struct err e = { 0 };
	auto_close int dir = folder_open(d, &e);

	if (dir < 0)
		return;
	(void)unlinkat(dir, name, 0);
	(void)unlinkat(dir, older, 0);
}

void zone_events_rename(const struct zone_dirs *d, const char *from, const char *to)
{
	auto_free char *older = older_name(from);
	auto_free char *older_to = older_name(to);
	struct err e = { 0 };
	auto_close int dir = folder_open(d, &e);

	if (dir < 0)
		return;
	/* not there: there was nothing to tell, or it has been done */
	(void)sys_renameat2(dir, older, dir, older_to, 0);
	(void)sys_renameat2(dir, from, dir, to, 0);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct place {
	char *name;
	int fd; /* the file that is read, -1 */
	off_t offset;
};

struct found {
	struct json *event;
	const char *time; /* in the event */
	size_t order;     /* in which it was read: of one zone that in which it happened */
};

struct reader {
	const struct zone_events_query *q;
	int dir;
	struct place *places;
	size_t n_places;
	struct found *found; /* of this round */
	size_t n_found;
};

static void reader_done(struct reader *r)
{
	for (size_t i = 0; i < r->n_places; i++) {
		free(r->places[i].name);
		fd_close(&r->places[i].fd);
	}
	for (size_t i = 0; i < r->n_found; i++)
		json_free(r->found[i].event);
	free(r->places);
	free(r->found);
	fd_close(&r->dir);
}

static bool is_wanted(const struct strv *list, const char *word)
{
	return !list || list->n == 0 || strv_has(list, word);
}

static struct place *place_of(struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_places; i++) {
		if (str_eq(r->places[i].name, name))
			return &r->places[i];
	}
	r->places = mem_grow(r->places, r->n_places + 1, sizeof(*r->places));
	r->places[r->n_places] = (struct place){ .name = mem_strdup(name), .fd = -1 };
	return &r->places[r->n_places++];
}

static void take_line(struct reader *r, const char *line, size_t n)
{
	struct json *j = NULL;
	struct err ignored = { 0 };

	if (json_parse_simple(line, n, &j, &ignored) < 0)
		return;
	const char *time = json_get_string(j, "time", "");

	if (!is_wanted(r->q->kinds, json_get_string(j, "event", "")) ||
	    (r->q->since && strcmp(time, r->q->since) < 0)) {
		json_free(j);
		return;
	}
	r->found = mem_grow(r->found, r->n_found + 1, sizeof(*r->found));
	r->found[r->n_found] = (struct found){ .event = j, .time = time, .order = r->n_found };
	r->n_found++;
}

/* Whole lines from `offset` on; returns where the next one begins. */
static off_t take_file(struct reader *r, int fd, off_t offset)
{
	auto_free char *text = mem_zero(EVENTS_MAX + EVENTS_LINE_MAX);
	ssize_t n = pread(fd, text, EVENTS_MAX + EVENTS_LINE_MAX, offset);
	size_t at = 0;

	for (ssize_t i = 0; i < n; i++) {
		if (text[i] != '\n')
			continue;
		take_line(r, text + at, (size_t)i - at);
		at = (size_t)i + 1;
	}
	return offset + (off_t)at;
}

static int file_open(const struct reader *r, const char *name, struct stat *st)
{
	auto_close int fd = sys_openat(r->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) ? fd_steal(&fd) : -1;
}

/* What was added to the file that we have; then, when another one stands in its place, all of that. */
static void take_zone(struct reader *r, const char *name)
{
	auto_free char *older = older_name(name);
	struct place *p = place_of(r, name);
	struct stat st = { 0 }, had = { 0 };
	auto_close int fd = file_open(r, name, &st);

	if (p->fd >= 0)
		p->offset = take_file(r, p->fd, p->offset);
	if (fd < 0)
		return;
	if (p->fd >= 0 && fstat(p->fd, &had) == 0 && had.st_ino == st.st_ino)
		return;
	if (p->fd < 0) { /* the first look */
		auto_close int before = file_open(r, older, &had);

		if (before >= 0)
			(void)take_file(r, before, 0);
	}
	fd_close(&p->fd);
	p->offset = take_file(r, fd, 0);
	if (r->q->follow)
		p->fd = fd_steal(&fd);
}

static int compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int c = strcmp(x->time, y->time);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* Hand over what was found, the last so many of it. */
static int deliver(struct reader *r, size_t last)
{
	size_t first = last > 0 && r->n_found > last ? r->n_found - last : 0;
	int result = 0;

	if (r->n_found > 0)
		qsort(r->found, r->n_found, sizeof(*r->found), compare);
	for (size_t i = 0; i < r->n_found; i++) {
		if (i >= first && result >= 0)
			result = r->q->each(r->q->arg, r->found[i].event);
		json_free(r->found[i].event);
	}
	r->n_found = 0;
	return result < 0 ? result : 0;
}

/* --- which -------------------------------------------------------------------------------------------------------- */

static int take_all(struct reader *r, struct err *e)
{
	auto_close int again = sys_openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *list = again >= 0 ? fdopendir(again) : NULL;

	if (!list)
		return err_sys(e, "list the events of zones");
	(void)fd_steal(&again); /* closedir() closes it */
	for (const struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
		if (entry->d_name[0] != '.' && is_wanted(r->q->names, entry->d_name))
			take_zone(r, entry->d_name);
	}
	(void)closedir(list);
	return 0;
}

/* A name that is neither a zone nor was one is a mistake of the caller. */
static int check_names(const struct zone_dirs *d, const struct reader *r, struct err *e)
{
	for (size_t i = 0; r->q->names && i < r->q->names->n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		struct stat st;
		const char *name = r->q->names->items[i];

		if (!strchr(name, '/') && name[0] != '.' &&
		    fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		int result = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

		if (result < 0)
			return result;
	}
	return 0;
}

/* --- following ---------------------------------------------------------------------------------------------------- */

/* A descriptor for each zone: as many as we may. */
static void raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l); /* with too few, nothing is told of the last zones */
}

static int watch_open(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/.events", d->storage);
	auto_close int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_DELETE) < 0)
		return err_sys(e, "watch \"%s\"", path);
	return fd_steal(&fd);
}

/* The file went with its zone: the last event is stored nowhere. */
static void take_end(struct reader *r, const char *name)
{
	auto_free char *line = event_line(name, "deleted", "the zone is deleted", NULL);
	struct place *p = place_of(r, name);

	if (p->fd >= 0)
		(void)take_file(r, p->fd, p->offset);
	fd_close(&p->fd);
	p->offset = 0;
	take_line(r, line, strlen(line) - 1);
}

/* What the watch says: files that have grown or come. */
static int take_changed(struct reader *r, int watch, struct err *e)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n = sys_read(watch, buf, sizeof(buf));
	struct inotify_event ev;

	if (n < 0)
		return err_sys(e, "hear of events");
	for (size_t at = 0; at + sizeof(ev) <= (size_t)n; at += sizeof(ev) + ev.len) {
		const char *name = buf + at + sizeof(ev);

		memcpy(&ev, buf + at, sizeof(ev));
		if (ev.mask & IN_Q_OVERFLOW)
			return take_all(r, e);
		if (ev.len == 0 || name[0] == '.' || !is_wanted(r->q->names, name))
			continue;
		if (ev.mask & IN_DELETE)
			take_end(r, name);
		else
			take_zone(r, name);
	}
	return 0;
}

int zone_events(const struct zone_dirs *d, const struct zone_events_query *q, struct err *e)
{
	auto_done(reader) struct reader r = { .q = q, .dir = folder_open(d, e) };
	auto_close int watch = -1;
	int result;

	if (r.dir < 0)
		return r.dir;
	if (q->follow) { /* before the first look, so that nothing falls between the two */
		raise_files();
		watch = watch_open(d, e);
		if (watch < 0)
			return watch;
	}
	result = check_names(d, &r, e);
	if (result == 0)
		result = take_all(&r, e);
	if (result == 0)
		result = deliver(&r, q->last);
	while (result == 0 && q->follow) {
		result = take_changed(&r, watch, e);
		if (result == 0)
			result = deliver(&r, 0);
	}
	return result;
}
