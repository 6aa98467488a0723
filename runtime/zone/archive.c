/* archive - a root file system out of an archive that may come from an enemy.
 *
 * libarchive only reads; every file is made here, by *at calls in a directory that was opened below the root without following any symlink and without leaving the
 * file system (openat2: RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV). So nothing outside the root can be reached, whatever the names and links say.
 *
 *   refused, the whole archive            names with "..", names through a symlink that the archive made, a file where a directory with contents is, owners outside
 *                                         0..65535, hard links to something that is not there, not a file, outside or "..", a root entry that is not a directory, names longer than
 *                                         the kernel takes, sizes that do not fit on the file system, data outside the declared size, encrypted or damaged entries, nothing to extract
 *   made harmless                         absolute names (the leading "/" is dropped), symlinks to anywhere (written, never followed), a name that comes twice (the last one
 *                                         wins), device nodes and sockets (left out, counted), attributes without meaning in a zone (trusted.*, security.selinux ... left out),
 *                                         owner names (numbers count), read-only directories, setuid bits (kept: the zone's ids are not the host's)
 *   as it is                              FIFOs, empty files, holes, file capabilities, POSIX ACLs
 *
 * Not seen: a damaged byte inside compressed data that still decompresses (libarchive does not check the sums of gzip).
 *
 * All of that happens in a process of its own that could do nothing else if it wanted to (reader.h).
 *
 * External decompression programs are never run: a filter that libarchive would hand to one is not registered. */
#include "runtime/zone/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/reader.h"

enum { READ_BLOCK = 128 * 1024 };

typedef int (*support_fn)(struct archive *);

/* ARCHIVE_WARN means that it would run a program. */
bool archive_filter_built_in(support_fn filter)
{
	struct archive *probe = libarchive()->archive_read_new();
	bool ok = probe && filter(probe) == ARCHIVE_OK;

	(void)libarchive()->archive_read_free(probe);
	return ok;
}

static struct archive *reader_new(void)
{
	const struct libarchive *l = libarchive();
	const support_fn filters[] = {
		l->archive_read_support_filter_none,     l->archive_read_support_filter_gzip,
		l->archive_read_support_filter_bzip2,    l->archive_read_support_filter_xz,
		l->archive_read_support_filter_zstd,     l->archive_read_support_filter_lzma,
		l->archive_read_support_filter_lz4,      l->archive_read_support_filter_lzip,
		l->archive_read_support_filter_compress,
	};
	const support_fn formats[] = { l->archive_read_support_format_tar,
				       l->archive_read_support_format_cpio,
				       l->archive_read_support_format_zip_seekable };
	struct archive *a = l->archive_read_new();

	for (size_t i = 0; a && i < sizeof(filters) / sizeof(filters[0]); i++) {
		if (archive_filter_built_in(filters[i]))
			(void)filters[i](a); /* succeeded a moment ago */
	}
	for (size_t i = 0; a && i < sizeof(formats) / sizeof(formats[0]); i++)
		(void)formats[i](a); /* a format that is missing will be an unknown one */
	return a;
}

int archive_error(struct archive *a, const char *what, struct err *e)
{
	const char *text = libarchive()->archive_error_string(a);
	auto_free char *line = mem_strdup(text ? text : "unknown reason");

	for (char *p = line; *p; p++) { /* it may quote names from the archive */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return err_set(e, EINVAL, "%s: %s", what, line);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* "./usr//bin/" -> "usr/bin"; "" is the root itself. NULL and an error for ".." and for names that are too long. */
char *archive_clean_name(const char *name, struct err *e)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(strbuf) struct strbuf b = { 0 };

	if (strlen(name) >= PATH_MAX) {
		(void)err_set(e, ENAMETOOLONG, "a name of %zu bytes: the kernel takes %d",
			      strlen(name), PATH_MAX - 1);
		return NULL;
	}
	strv_split(&parts, name, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (str_empty(parts.items[i]) || str_eq(parts.items[i], "."))
			continue;
		if (str_eq(parts.items[i], "..")) {
			(void)err_set(e, EINVAL, "the name contains \"..\"");
			return NULL;
		}
		strbuf_format(&b, "%s%s", b.len ? "/" : "", parts.items[i]);
	}
	return strbuf_steal(&b);
}

char *archive_shown(const char *name)
{
	char *copy = mem_strndup(name ? name : "", 120);

	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return copy;
}

char *archive_place(const struct extract *x, const char *name, struct err *e)
{
	auto_free char *clean = archive_clean_name(name, e);

	if (!clean || !x->below)
		return ptr_steal(&clean);
	const char *rest = str_after(clean, x->below);

	if (rest && (*rest == '\0' || *rest == '/'))
		return mem_strdup(*rest ? rest + 1 : rest);
	(void)err_set(e, EINVAL, "it does not lie below \"%s\"", x->below);
	return NULL;
}

static int open_below(const struct extract *x, const char *dir, struct err *e)
{
	int fd = path_open(x->job->root, dir, O_PATH | O_DIRECTORY, 0,
			   RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, e);

	if (fd == -ELOOP)
		return err_set(e, ELOOP, "the name leads through a symlink");
	if (fd == -ENOTDIR)
		return err_set(e, ENOTDIR,
			       "the name leads through something that is not a directory");
	return fd;
}

/* Make the directory `dir` (clean, not "") and those above it, as far as they are missing. */
static int make_below(struct extract *x, const char *dir, struct err *e)
{
	auto_free char *path = mem_strdup(dir);

	for (char *p = path; p;) {
		char *slash = strchr(p, '/');

		if (slash)
			*slash = '\0';
		if (x->layer && archive_layer_dir(x, path, e) < 0)
			return -e->code;
		if (!x->layer && sys_mkdirat(x->job->root, path, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "create the directory \"%s\"", path);
		int fd = open_below(
			x, path,
			e); /* every prefix is proven to be free of symlinks before the next one is made */

		if (fd < 0)
			return fd;
		fd_close(&fd);
		if (slash)
			*slash = '/';
		p = slash ? slash + 1 : NULL;
	}
	return open_below(x, dir, e);
}

/* The directory that holds `name`, kept open for the next entry, and the last element of the name. Borrowed. */
int archive_parent(struct extract *x, const char *name, bool make, const char **ret_last,
		   struct err *e)
{
	const char *slash = strrchr(name, '/');
	auto_free char *dir = slash ? mem_strndup(name, (size_t)(slash - name)) : mem_strdup("");
	struct err first = { 0 };

	*ret_last = slash ? slash + 1 : name;
	if (x->parent >= 0 && str_eq(dir, x->parent_name))
		return x->parent;
	int fd = open_below(x, str_empty(dir) ? "." : dir, &first);

	if ((fd == -ENOENT || (x->layer && fd == -ENOTDIR)) && make)
		fd = make_below(x, dir, e);
	else if (fd < 0)
		*e = first;
	if (fd < 0)
		return fd;
	fd_close(&x->parent);
	free(x->parent_name);
	x->parent = fd;
	x->parent_name = ptr_steal(&dir);
	return fd;
}

/* --- the whole archive -------------------------------------------------------------------------------------------- */

void extract_done(struct extract *x)
{
	fd_close(&x->parent);
	free(x->parent_name);
	for (size_t i = 0; i < x->n_dirs; i++)
		free(x->dirs[i].path);
	free(x->dirs);
	if (x->reader)
		(void)libarchive()->archive_read_free(x->reader);
}

void extract_restore_times(const struct extract *x)
{
	for (size_t i = x->n_dirs; i > 0; i--) {
		const struct extract_dir *d = &x->dirs[i - 1];
		struct timespec times[2] = { d->mtime, d->mtime };
		struct err ignored = { 0 };
		auto_close int fd = path_open(x->job->root, str_empty(d->path) ? "." : d->path,
					      O_RDONLY | O_DIRECTORY, 0,
					      RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, &ignored);

		if (fd >= 0)
			(void)futimens(fd, times); /* a time is not worth failing for */
	}
}

int extract_open(struct extract *x, int fd, struct err *e)
{
	x->reader = reader_new();
	if (!x->reader)
		return err_set(e, ENOMEM, "start libarchive");
	if (libarchive()->archive_read_open_fd(x->reader, fd, READ_BLOCK) != ARCHIVE_OK)
		return archive_error(x->reader, "it is no archive that can be read", e);
	return 0;
}

/* How far the archive itself has been read: the only thing whose end is known. */
void archive_progress(struct extract *x)
{
	int64_t at = x->consumed ? (int64_t)*x->consumed
				 : libarchive()->archive_filter_bytes(x->reader, -1);

	x->job->done = at > 0 ? (unsigned long long)at : 0;
	tree_progress(x->job, "extracting");
}

int archive_extract_all(struct extract *x, struct err *e)
{
	struct archive_entry *entry = NULL;
	unsigned long long n = 0;
	int r;

	while ((r = libarchive()->archive_read_next_header(x->reader, &entry)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return archive_error(x->reader,
					     "the archive is damaged or of an unknown kind", e);
		r = archive_extract_entry(x, entry, e);
		if (r < 0) {
			auto_free char *name =
				archive_shown(libarchive()->archive_entry_pathname(entry));

			return err_wrap(e, "entry %llu \"%s\"", n + 1, name);
		}
		n++;
		archive_progress(x);
	}
	if (n == 0 && !x->layer) /* a layer may change nothing */
		return err_set(e, EINVAL, "the archive is empty");
	extract_restore_times(x);
	return 0;
}

/* An archive of anything else would only fail at boot, with a message that says less. */
static int looks_like_root(const struct tree_job *job, struct err *e)
{
	static const char *const signs[] = { "bin", "sbin", "usr", "lib", "etc", "init" };
	struct stat st;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (fstatat(job->root, signs[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	}
	return err_set(
		e, EINVAL,
		"this is no root file system: it has no /bin, /sbin, /usr, /lib, /etc or /init at its top");
}

struct archive_locale archive_locale_enter(void)
{
	struct archive_locale l = { 0 };
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	l.utf8 = utf8;
	l.before = utf8 ? uselocale(utf8) : NULL; /* in "C" libarchive gives up on such names */
	/* the C library loads what it needs for this, and for times of day, when it first needs it: that must be before the wall (reader.h) */
	(void)mbstowcs(NULL, "\xc3\xa4", 0);
	tzset();
	return l;
}

void archive_locale_leave(const struct archive_locale *l)
{
	if (!l->utf8)
		return;
	(void)uselocale(l->before);
	freelocale(l->utf8);
}

struct unpack {
	struct tree_job *job;
	int fd;
};

/* In the reader. */
static int unpack_body(void *arg, int input, struct strbuf *answer, struct err *e)
{
	const struct unpack *u = arg;
	auto_done(extract) struct extract x = { .job = u->job, .parent = -1, .lower = -1 };
	int r = extract_open(&x, u->fd, e);

	(void)input;
	(void)answer;
	return r < 0 ? r : archive_extract_all(&x, e);
}

int tree_unpack(struct tree_job *job, const char *from, struct err *e)
{
	int r = libarchive_load(e);

	if (r < 0)
		return r;
	struct unpack u = { .job = job };
	auto_close int fd =
		sys_openat(AT_FDCWD, from, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open \"%s\"", from);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a regular file", from);
	job->total = (unsigned long long)st.st_size;
	u.fd = fd;
	const struct reader reader = {
		.body = unpack_body, .arg = &u, .job = job, .lower = -1, .file = fd
	};
	struct archive_locale locale = archive_locale_enter();

	r = reader_run(&reader, NULL, e);
	archive_locale_leave(&locale);
	return r < 0 ? err_wrap(e, "\"%s\"", from) : 0;
}

int tree_extract(struct tree_job *job, const char *from, struct err *e)
{
	int r = tree_unpack(job, from, e);

	if (r < 0)
		return r;
	r = looks_like_root(job, e);
	if (r == 0)
		r = tree_finish(job, e);
	return r < 0 ? err_wrap(e, "\"%s\"", from) : 0;
}
