/* serve - the few requests of the FUSE protocol (linux/fuse.h, fuse(4)) that a folder of read-only texts needs, one after the other.
 *
 * libfuse is not used: its session wants to make the connection itself, and a successor of a dead server must go on with one that the kernel has set up already. Here nothing depends on
 * what was answered before: inodes are fixed numbers, the features asked for are none.
 *
 * A text is made when somebody reads at its beginning, but not more often than procview_files says; whoever has begun with it gets it to its end, so that a reader with a small buffer sees one moment. That is
 * remembered for the OPENS files that were read last: a zone that opens thousands costs nothing more, only that their later parts come from a newer text.
 * CPU time: more than a burst and PART of one CPU is not given; calls of sysinfo(2), which programs make in passing and by the hundred in a build, get CALLS_COUNT times as much. Beyond it the zone waits: it can only hold
 * up itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/procview/private.h"

enum {
	OPENS = 32,
	ROOT_INODE = FUSE_ROOT_ID,
	FIRST_INODE = ROOT_INODE + 1,
	VALID_SECONDS = 86400, /* names never change */
	MAX_WRITE = 4096,      /* the smallest; nobody writes */
	BUFFER = FUSE_MIN_READ_BUFFER + MAX_WRITE,
	MINOR = 31, /* of the protocol that this speaks */
	EVENTS = 8,
	CALLS_COUNT = 5, /* a tenth of one CPU */
};
#define NS_PER_MS UINT64_C(1000000)
#define BURST_NS  (50 * NS_PER_MS)
#define PART      UINT64_C(50) /* a fiftieth of one CPU */
#define SLEEP_MAX (200 * NS_PER_MS)

/* A text, shared by those who read it. */
struct snapshot {
	unsigned users;
	uint64_t made; /* CLOCK_MONOTONIC */
	struct view_text text;
};

struct opened {
	uint64_t handle; /* 0: free */
	uint64_t used;   /* the larger, the later */
	struct snapshot *snapshot;
};

struct server {
	int device;
	bool is_gone; /* the file system */
	struct sources *sources;
	struct snapshot *latest[PROCVIEW_FILES];
	struct opened opened[OPENS];
	uint64_t next_handle, uses;
	uint64_t window_at, counted, cpu; /* throttle() */
};

/* --- snapshots ------------------------------------------------------------------------------------------------------ */

static void snapshot_drop(struct snapshot *s)
{
	if (!s || --s->users > 0)
		return;
	view_text_done(&s->text);
	free(s);
}

static struct snapshot *snapshot_make(struct server *v, unsigned file)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->users = 1;
	s->made = sources_now(CLOCK_MONOTONIC);
	sources_text(v->sources, file, &s->text);
	if (!s->text.failed)
		return s;
	snapshot_drop(s);
	return NULL;
}

/* Borrowed; NULL: no memory. */
static struct snapshot *latest(struct server *v, unsigned file)
{
	struct snapshot *old = v->latest[file];

	if (old &&
	    sources_now(CLOCK_MONOTONIC) - old->made < procview_files[file].fresh_ms * NS_PER_MS)
		return old;
	snapshot_drop(old);
	v->latest[file] = snapshot_make(v, file);
	return v->latest[file];
}

static struct opened *opened_find(struct server *v, uint64_t handle)
{
	for (unsigned i = 0; i < OPENS; i++)
		if (v->opened[i].handle == handle)
			return &v->opened[i];
	return NULL;
}

static void opened_forget(struct opened *o)
{
	snapshot_drop(o->snapshot);
	*o = (struct opened){ 0 };
}

/* The reader's own place, or that of whoever has not read for the longest time. */
static struct opened *opened_take(struct server *v, uint64_t handle)
{
	struct opened *o = opened_find(v, handle);

	for (unsigned i = 0; !o && i < OPENS; i++)
		if (v->opened[i].handle == 0)
			o = &v->opened[i];
	if (!o) {
		o = &v->opened[0];
		for (unsigned i = 1; i < OPENS; i++)
			if (v->opened[i].used < o->used)
				o = &v->opened[i];
	}
	opened_forget(o);
	o->handle = handle;
	return o;
}

/* --- answers -------------------------------------------------------------------------------------------------------- */

static void answer(const struct server *v, uint64_t unique, int error, const void *data, size_t n)
{
	struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + (error ? 0 : n)),
					.error = -error,
					.unique = unique };
	const struct iovec parts[] = { { &head, sizeof(head) }, { (void *)data, error ? 0 : n } };

	/* a request that was interrupted meanwhile needs no answer: ENOENT */
	if (writev(v->device, parts, n > 0 && !error ? 2 : 1) < 0)
		return;
}

static bool is_file(uint64_t inode)
{
	return inode >= FIRST_INODE && inode < FIRST_INODE + PROCVIEW_FILES;
}

/* A file has the size of its text at this moment, asked for anew each time: since Linux 6.5 splice(2) and sendfile(2), with which BusyBox's cat reads, end there (read(2) does not). */
static struct fuse_attr attributes(struct server *v, uint64_t inode)
{
	bool is_text = is_file(inode);
	const struct snapshot *s = is_text ? latest(v, (unsigned)(inode - FIRST_INODE)) : NULL;

	return (struct fuse_attr){ .ino = inode,
				   .size = s ? s->text.len : 0,
				   .mode = is_text ? S_IFREG | 0444 : S_IFDIR | 0555,
				   .nlink = is_text ? 1 : 2,
				   .blksize = 4096 };
}

/* --- requests ------------------------------------------------------------------------------------------------------- */

struct request {
	const struct fuse_in_header *head;
	const void *body;
	size_t size; /* of the body */
};

static void on_init(struct server *v, const struct request *q)
{
	const struct fuse_init_in *in = q->body;
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
				     .minor = in->minor < MINOR ? in->minor : MINOR,
				     .max_write = MAX_WRITE,
				     .time_gran = 1 };

	answer(v, q->head->unique, in->major < FUSE_KERNEL_VERSION ? EPROTO : 0, &out, sizeof(out));
}

static void on_lookup(struct server *v, const struct request *q)
{
	const char *name = q->body;
	uint64_t inode = 0;

	for (unsigned i = 0; i < PROCVIEW_FILES && q->head->nodeid == ROOT_INODE; i++)
		if (strnlen(name, q->size) < q->size && strcmp(name, procview_files[i].name) == 0)
			inode = FIRST_INODE + i;
	const struct fuse_entry_out out = { .nodeid = inode,
					    .entry_valid = VALID_SECONDS,
					    .attr = attributes(v, inode) };

	answer(v, q->head->unique, inode ? 0 : ENOENT, &out, sizeof(out));
}

static void on_getattr(struct server *v, const struct request *q)
{
	uint64_t inode = q->head->nodeid;
	const struct fuse_attr_out out = { .attr_valid = inode == ROOT_INODE ? VALID_SECONDS : 0,
					   .attr = attributes(v, inode) };

	answer(v, q->head->unique, inode == ROOT_INODE || is_file(inode) ? 0 : ENOENT, &out,
	       sizeof(out));
}

static void on_open(struct server *v, const struct request *q)
{
	const struct fuse_open_in *in = q->body;
	struct fuse_open_out out = { .fh = v->next_handle, .open_flags = FOPEN_DIRECT_IO };
	int error = !is_file(q->head->nodeid)             ? EISDIR
		    : (in->flags & O_ACCMODE) != O_RDONLY ? EACCES
							  : 0;

	v->next_handle++;
	answer(v, q->head->unique, error, &out, sizeof(out));
}

static void on_read(struct server *v, const struct request *q)
{
	const struct fuse_read_in *in = q->body;
	struct opened *o = opened_find(v, in->fh);
	struct snapshot *s = o && in->offset > 0 ? o->snapshot : NULL;
	unsigned file;
	size_t left;

	if (!is_file(q->head->nodeid)) {
		answer(v, q->head->unique, EISDIR, NULL, 0);
		return;
	}
	file = (unsigned)(q->head->nodeid - FIRST_INODE);
	if (!s)
		s = latest(v, file);
	if (!s) {
		answer(v, q->head->unique, ENOMEM, NULL, 0);
		return;
	}
	if (in->offset == 0) {
		o = opened_take(v, in->fh);
		o->snapshot = s;
		s->users++;
	}
	if (o)
		o->used = ++v->uses;
	left = in->offset < s->text.len ? s->text.len - (size_t)in->offset : 0;
	answer(v, q->head->unique, 0, left ? s->text.at + in->offset : NULL,
	       left < in->size ? left : in->size);
	if (o && left == 0)
		opened_forget(o); /* it has seen the end */
}

static void on_release(struct server *v, const struct request *q)
{
	const struct fuse_release_in *in = q->body;
	struct opened *o = in->fh ? opened_find(v, in->fh) : NULL;

	if (o)
		opened_forget(o);
	answer(v, q->head->unique, 0, NULL, 0);
}

static void on_statfs(struct server *v, const struct request *q)
{
	const struct fuse_statfs_out out = {
		.st = { .bsize = 4096, .frsize = 4096, .namelen = 255 }
	};

	answer(v, q->head->unique, 0, &out, sizeof(out));
}

/* These want no answer: inodes are never given back, and no request lasts long enough to be interrupted. */
static void on_silent(struct server *v, const struct request *q)
{
	(void)v;
	(void)q;
}

static const struct {
	uint32_t opcode;
	size_t size; /* of the body, at least */
	void (*run)(struct server *v, const struct request *q);
} requests[] = {
	{ FUSE_READ, sizeof(struct fuse_read_in), on_read },
	{ FUSE_OPEN, sizeof(struct fuse_open_in), on_open },
	{ FUSE_RELEASE, sizeof(struct fuse_release_in), on_release },
	{ FUSE_GETATTR, 0, on_getattr },
	{ FUSE_LOOKUP, 1, on_lookup },
	{ FUSE_STATFS, 0, on_statfs },
	{ FUSE_FORGET, 0, on_silent },
	{ FUSE_BATCH_FORGET, 0, on_silent },
	{ FUSE_INTERRUPT, 0, on_silent },
	/* the first fields only: older kernels send fewer */
	{ FUSE_INIT, 16, on_init },
};

static void handle(struct server *v, const struct request *q)
{
	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].opcode != q->head->opcode)
			continue;
		if (q->size >= requests[i].size)
			requests[i].run(v, q);
		else
			answer(v, q->head->unique, EINVAL, NULL, 0);
		return;
	}
	answer(v, q->head->unique, ENOSYS, NULL, 0); /* the kernel then does without */
}

/* --- the loop ------------------------------------------------------------------------------------------------------- */

/* After each piece of work; of a call of sysinfo(2) only a part is counted. */
static void throttle(struct server *v, unsigned part_counted)
{
	uint64_t now = sources_now(CLOCK_MONOTONIC);
	uint64_t cpu = sources_now(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t given = (now - v->window_at) / PART;

	v->counted += (cpu - v->cpu) / part_counted;
	v->cpu = cpu;
	if (v->counted <= given) { /* nothing is owed: a new burst may begin */
		v->window_at = now;
		v->counted = 0;
		return;
	}
	if (v->counted - given <= BURST_NS)
		return;
	uint64_t ns = (v->counted - given - BURST_NS) * PART;
	const struct timespec t = { .tv_nsec = (long)(ns < SLEEP_MAX ? ns : SLEEP_MAX) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* One request. False: the file system is gone, or the kernel says what it never says; *ret_code tells which. */
static bool file_system(struct server *v, int *ret_code)
{
	static _Alignas(struct fuse_in_header) char buffer[BUFFER];
	ssize_t n = read(v->device, buffer, sizeof(buffer));
	const struct request q = { .head = (const void *)buffer,
				   .body = buffer + sizeof(struct fuse_in_header),
				   .size = n < (ssize_t)sizeof(struct fuse_in_header)
						   ? 0
						   : (size_t)n - sizeof(struct fuse_in_header) };

	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
		return true; /* ENOENT: it was interrupted before we had it */
	if (n < (ssize_t)sizeof(struct fuse_in_header)) {
		*ret_code = n < 0 && errno == ENODEV ? 0 : 1; /* ENODEV: unmounted */
		return false;
	}
	handle(v, &q);
	return true;
}

/* What is there to do, one of each. A file system that is gone is no reason to leave those who call sysinfo(2); false: there is neither. */
static bool round_of(struct server *v, struct calls *c)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(c->epoll, events, EVENTS, -1), ignored;

	for (int i = 0; i < n; i++) {
		bool is_call = events[i].data.u32 < PROCVIEW_LISTENERS;

		if (is_call)
			calls_listener(c, events[i].data.u32, events[i].events);
		else if (events[i].data.u32 == PROCVIEW_LISTENERS)
			calls_channel(c);
		else if (!file_system(v, &ignored))
			v->is_gone = epoll_ctl(c->epoll, EPOLL_CTL_DEL, v->device, NULL) == 0;
		throttle(v, is_call ? CALLS_COUNT : 1);
	}
	return !v->is_gone || calls_any(c);
}

int serve(int device, struct sources *s, struct calls *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = PROCVIEW_LISTENERS + 1 };
	static struct server v;
	int code = 0;

	v.device = device;
	v.sources = s;
	/* handles of a predecessor are still in use: never the same numbers */
	v.next_handle = sources_now(CLOCK_BOOTTIME);
	v.window_at = sources_now(CLOCK_MONOTONIC);
	v.cpu = sources_now(CLOCK_PROCESS_CPUTIME_ID);
	if (c) {
		calls_finish(c);
		if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, device, &e) < 0)
			return 1;
	}
	for (;;) {
		bool goes_on = c ? round_of(&v, c) : file_system(&v, &code);

		if (!goes_on)
			return code;
		if (!c)
			throttle(&v, 1);
	}
}
