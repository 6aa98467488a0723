/* migrate_copy - rsync in its jail, ssh outside, and between them only the two ends that rsync has made. Names of files are never parsed: what rsync says of its progress and its statistics is numbers. */
#include "runtime/zone/migrate_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/zone/migrate_jail.h"

enum { PARTIAL = 23, VANISHED = 24, SAID_MAX = 64 << 10, LINE_MAX_BYTES = 4096 };

/* Devices stay out, as everywhere; attributes are those of tree_wants_attribute(). */
static const char *const words[] = {
	"rsync",
	"-rlptgoHAXS",
	"--specials",
	"--numeric-ids",
	"--delete",
	"--modify-window=-1", /* nanoseconds count: by default a change within the same second is none */
	"--stats",
	"--no-human-readable",
	"--info=progress2",
	"--filter=-x user.overlay.*",
	"--filter=+x user.*",
	"--filter=+x security.capability",
	"--filter=-x *",
	"--rsh=/zone-program migrate-pipe", /* JAIL_PROGRAM */
	"/zone/",                           /* JAIL_TREE, here and there */
	"there:/zone/",
};

struct pass {
	const struct migrate_copy *c;
	struct migrate_round *round;
	pid_t rsync;
	int out, err;           /* what it says: pipes */
	struct strbuf lamented; /* the beginning of the latter */
	int helper;             /* our end */
	struct remote_call ssh;
};

static void pass_done(struct pass *p)
{
	struct err ignored = { 0 };

	if (p->rsync > 0) {
		(void)sys_kill(p->rsync, SIGKILL);
		(void)!proc_wait(p->rsync, &ignored);
	}
	fd_close(&p->out);
	fd_close(&p->err);
	fd_close(&p->helper);
	strbuf_done(&p->lamented);
	remote_call_done(&p->ssh);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int migrate_stage(const struct zone_dirs *d, char **ret, struct err *e)
{
	*ret = mem_format("%s/.migrate", d->run);
	return file_mkdir_p(AT_FDCWD, *ret, 0700, e);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

static unsigned long long number_at(const char *text)
{
	auto_free char *digits = mem_strndup(text, strspn(text, "0123456789"));
	uint64_t n = 0;

	return num_u64(digits, &n) < 0 ? 0 : n;
}

unsigned long long migrate_copy_line(const char *line, struct migrate_round *r)
{
	static const char files[] = "Number of regular files transferred: ";
	static const char bytes[] = "Total transferred file size: ";

	if (str_after(line, files))
		r->files = number_at(str_after(line, files));
	else if (str_after(line, bytes))
		r->bytes = number_at(str_after(line, bytes));
	else if (*line == ' ')
		return number_at(line + strspn(line, " "));
	return 0;
}

static void take_line(const struct pass *p, const char *line)
{
	const struct zone_install *o = p->c->options;
	unsigned long long done = migrate_copy_line(line, p->round);

	if (done > 0 && o && o->progress)
		o->progress(o->arg, p->c->what, done, done < p->c->total ? p->c->total : done);
}

struct line {
	char text[LINE_MAX_BYTES];
	size_t n;
};

/* False at the end. */
static bool take_words(const struct pass *p, struct line *line)
{
	char piece[LINE_MAX_BYTES];
	ssize_t got = sys_read(p->out, piece, sizeof(piece));

	for (ssize_t i = 0; i < got; i++) {
		bool ends = piece[i] == '\n' || piece[i] == '\r';

		if (!ends && line->n + 1 < sizeof(line->text))
			line->text[line->n++] = piece[i];
		line->text[line->n] = '\0';
		if (ends) {
			take_line(p, line->text);
			line->n = 0;
		}
	}
	return got > 0;
}

/* All is read, or it would wait for us; a tenant's names can make it complain without end, and what is kept has one. */
static bool take_complaints(struct pass *p)
{
	char piece[LINE_MAX_BYTES];
	ssize_t got = sys_read(p->err, piece, sizeof(piece));

	if (got > 0 && p->lamented.len + (size_t)got <= SAID_MAX)
		strbuf_add_bytes(&p->lamented, piece, (size_t)got);
	return got > 0;
}

static void listen_to(struct pass *p)
{
	struct line line = { .n = 0 };

	while (p->out >= 0 || p->err >= 0) {
		struct pollfd ready[3] = { { .fd = p->out, .events = POLLIN },
					   { .fd = p->err, .events = POLLIN },
					   { .fd = p->ssh.err, .events = POLLIN } };

		if (poll(ready, 3, -1) <= 0)
			continue; /* a signal */
		if (ready[0].revents && !take_words(p, &line))
			fd_close(&p->out);
		if (ready[1].revents && !take_complaints(p))
			fd_close(&p->err);
		if (ready[2].revents)
			remote_hear(&p->ssh);
	}
}

/* The line of its complaints that says why: that of the other end if it was heard, else the first one; those that follow say that it goes on. */
static char *complaint(const char *text, bool *ret_is_theirs)
{
	auto_done(strv) struct strv lines = { 0 };
	const char *best = NULL;

	*ret_is_theirs = false;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n && !*ret_is_theirs; i++) {
		const char *line = lines.items[i];

		*ret_is_theirs = str_has_prefix(line, "rsync: [receiver]") ||
				 str_has_prefix(line, "rsync: [generator]");
		if (*ret_is_theirs || (!best && !str_empty(line)))
			best = line;
	}
	char *line = mem_strdup(best ? best : "it did not say why");

	for (char *p = line; *p; p++)
		*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	return line;
}

/* --- the two processes -------------------------------------------------------------------------------------------- */

static int make_pipe(int *ret_reader, int *ret_writer, struct err *e)
{
	int ends[2];

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	*ret_reader = ends[0];
	*ret_writer = ends[1];
	return 0;
}

static int start_rsync(struct pass *p, struct err *e)
{
	auto_done(strv) struct strv argv = { 0 };
	auto_free char *stage = NULL;
	auto_close int out = -1, err = -1;
	int pair[2];
	int r = migrate_stage(p->c->dirs, &stage, e);

	if (r == 0)
		r = make_pipe(&p->out, &out, e);
	if (r == 0)
		r = make_pipe(&p->err, &err, e);
	if (r < 0)
		return r;
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	p->helper = pair[0];
	auto_close int theirs = pair[1];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		strv_add(&argv, words[i]);
		if (i == 0 && p->c->checksums)
			strv_add(&argv, "--checksum");
	}
	const struct jail j = { .stage = stage,
				.tree = p->c->tree,
				.is_mount = p->c->is_mount,
				.in = -1,
				.out = out,
				.err = err,
				.helper = theirs,
				.argv = &argv };

	return jail_spawn(&j, &p->rsync, e);
}

static int connect_ends(struct pass *p, struct err *e)
{
	auto_done(strv) struct strv asked = { 0 };
	int ends[2] = { -1, -1 };
	int r = pipe_receive(p->helper, &asked, ends, e);

	if (r == 0)
		r = remote_rsync(p->c->remote, &asked, ends, &p->ssh, e);
	for (int i = 0; i < 2; i++)
		fd_close(&ends[i]);
	return r;
}

/* A connection that broke is why, whatever rsync says of it. */
static int judge(struct pass *p, int code, struct err *e)
{
	bool is_ok = code == 0 || (p->c->is_live && (code == PARTIAL || code == VANISHED));
	int r = remote_rsync_wait(p->c->remote, &p->ssh, e);

	if (is_ok && (r == 0 || (r == -EIO && p->c->is_live)))
		return 0;
	if (r == -ENOTCONN || r == -EOPNOTSUPP)
		return r;
	bool is_theirs;
	auto_free char *said = complaint(strbuf_text(&p->lamented), &is_theirs);

	if (r < 0 && !is_theirs)
		return r; /* it has said so itself */
	return err_set(e, EIO, "rsync ended with %d: %.300s", code, said);
}

int migrate_copy(const struct migrate_copy *c, struct migrate_round *ret, struct err *e)
{
	auto_done(pass) struct pass p = {
		.c = c, .round = ret, .out = -1, .err = -1, .helper = -1, .ssh = REMOTE_CALL_NONE
	};
	uint64_t begin = now_ms();
	int r = start_rsync(&p, e);

	if (r == 0)
		r = connect_ends(&p, e);
	if (r < 0)
		return r;
	listen_to(&p);
	int code = proc_wait(p.rsync, e);

	p.rsync = 0;
	if (code >= 0)
		code = judge(&p, code, e);
	ret->ms = now_ms() - begin;
	return code;
}
