/* publish_tar - the walk, and libarchive's pax writer, whose bytes go on to publish_blob.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/clone.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/publish_blob.h"
#include "runtime/zone/tree_links.h"
#include "runtime/zone/tree_walk.h"

enum { DEPTH_MAX = 256, CHUNK = 256 * 1024, ATTRIBUTE_MAX = 65536 };

struct pack {
	struct tree_job *job;
	struct archive *tar;
	struct archive_entry *entry;
	struct publish_blob blob;
	int64_t epoch;
	uint64_t mount; /* of the root */
	struct tree_links links;
	struct strbuf path;       /* of the entry, below the root */
	unsigned long long holes; /* bytes of them that may still come (tree_walk.h) */
	char *chunk;
};

static void pack_done(struct pack *p)
{
	if (p->entry)
		libarchive()->archive_entry_free(p->entry);
	if (p->tar)
		(void)libarchive()->archive_write_free(p->tar);
	publish_blob_done(&p->blob);
	tree_links_done(&p->links);
	free(p->chunk);
	strbuf_done(&p->path);
}

static la_ssize_t write_out(struct archive *a, void *client, const void *data, size_t n)
{
	struct pack *p = client;

	if (publish_blob_add(&p->blob, data, n) == 0)
		return (la_ssize_t)n;
	libarchive()->archive_set_error(a, p->blob.error.code, "%s", p->blob.error.text);
	return -1;
}

static int tar_error(struct pack *p, struct err *e)
{
	if (p->blob.error.code == 0)
		return archive_error(p->tar, "write the layer", e);
	*e = p->blob.error;
	return -e->code;
}

/* --- one file ----------------------------------------------------------------------------------------------------- */

static int add_attributes(struct pack *p, int fd, struct err *e)
{
	auto_free char *names = mem_array(1, ATTRIBUTE_MAX);
	auto_free char *value = mem_array(1, ATTRIBUTE_MAX);
	auto_done(strv) struct strv sorted = { 0 };
	ssize_t n = flistxattr(fd, names, ATTRIBUTE_MAX);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(e, "list the attributes");
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1) {
		size_t i = sorted.n;

		if (!tree_wants_attribute(names + at))
			continue;
		strv_add(&sorted, names + at);
		for (; i > 0 && strcmp(sorted.items[i - 1], sorted.items[i]) > 0; i--) {
			char *other = sorted.items[i];

			sorted.items[i] = sorted.items[i - 1];
			sorted.items[i - 1] = other;
		}
	}
	for (size_t i = 0; i < sorted.n; i++) {
		ssize_t size = fgetxattr(fd, sorted.items[i], value, ATTRIBUTE_MAX);

		if (size < 0)
			return err_sys(e, "read the attribute \"%s\"", sorted.items[i]);
		libarchive()->archive_entry_xattr_add_entry(p->entry, sorted.items[i], value,
							    (size_t)size);
	}
	return 0;
}

/* Where the data is; none is added when there are no holes. */
static int add_holes(struct pack *p, int fd, const struct statx *st, struct err *e)
{
	off_t size = (off_t)st->stx_size, at = 0;

	if (st->stx_blocks * 512 >= st->stx_size)
		return 0;
	while (at < size) {
		off_t data = lseek(fd, at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);

		if (data < 0 && errno != ENXIO)
			return 0; /* a file system that knows no holes */
		if (data < 0)
			data = hole = size;
		data = data > size ? size : data;
		hole = hole > size ? size : hole;
		if (tree_take_holes(&p->holes, data - at, e) < 0)
			return -e->code;
		libarchive()->archive_entry_sparse_add_entry(p->entry, data, hole - data);
		at = hole;
	}
	return 0;
}

static int write_header(struct pack *p, struct err *e)
{
	int r = libarchive()->archive_write_header(p->tar, p->entry);

	return r < ARCHIVE_WARN ? tar_error(p, e) : 0;
}

static int write_data(struct pack *p, int fd, off_t size, struct err *e)
{
	off_t left = size;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "seek");
	while (left > 0) {
		size_t want = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n = sys_read(fd, p->chunk, want);

		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return err_set(e, EAGAIN, "it was made shorter while it was being read");
		if (libarchive()->archive_write_data(p->tar, p->chunk, (size_t)n) < 0)
			return tar_error(p, e);
		left -= n;
		p->job->done += (unsigned long long)n;
		tree_progress(p->job, "publishing");
	}
	return 0;
}

static int pack_file(struct pack *p, int dir, const char *name, const struct statx *st,
		     struct err *e)
{
	const char *first =
		st->stx_nlink > 1
			? tree_links_first(&p->links,
					   (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor,
					   st->stx_ino, strbuf_text(&p->path))
			: NULL;
	struct stat opened;

	libarchive()->archive_entry_set_filetype(p->entry, AE_IFREG);
	if (first) {
		libarchive()->archive_entry_set_hardlink(p->entry, first);
		libarchive()->archive_entry_set_size(p->entry, 0);
		return write_header(p, e);
	}
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd < 0 || fstat(fd, &opened) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(opened.st_mode) || opened.st_ino != st->stx_ino)
		return err_set(e, EAGAIN, "it was exchanged while it was being read");
	libarchive()->archive_entry_set_size(p->entry, (la_int64_t)st->stx_size);
	if (add_attributes(p, fd, e) < 0 || add_holes(p, fd, st, e) < 0 || write_header(p, e) < 0)
		return -e->code;
	return write_data(p, fd, (off_t)st->stx_size, e);
}

static int pack_symlink(struct pack *p, int dir, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the symlink");
	target[n] = '\0';
	libarchive()->archive_entry_set_filetype(p->entry, AE_IFLNK);
	libarchive()->archive_entry_set_symlink(p->entry, target);
	return write_header(p, e);
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static int pack_dir(struct pack *p, int fd, int depth, struct err *e);

static void begin_entry(struct pack *p, const struct statx *st)
{
	const struct libarchive *l = libarchive();
	int64_t mtime = st->stx_mtime.tv_sec;

	if (p->epoch >= 0 && mtime > p->epoch)
		mtime = p->epoch;
	(void)l->archive_entry_clear(p->entry);
	l->archive_entry_set_pathname(p->entry, p->path.len ? strbuf_text(&p->path) : "./");
	l->archive_entry_set_uid(p->entry, st->stx_uid);
	l->archive_entry_set_gid(p->entry, st->stx_gid);
	l->archive_entry_set_perm(p->entry, st->stx_mode & 07777);
	l->archive_entry_set_mtime(p->entry, (time_t)mtime, 0);
}

static int pack_subdir(struct pack *p, int dir, const char *name, const struct statx *st, int depth,
		       struct err *e)
{
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open");
	if (depth >= DEPTH_MAX)
		return err_set(e, ELOOP, "directories are nested deeper than %d", DEPTH_MAX);
	libarchive()->archive_entry_set_filetype(p->entry, AE_IFDIR);
	if (add_attributes(p, fd, e) < 0 || write_header(p, e) < 0)
		return -e->code;
	return st->stx_mnt_id == p->mount ? pack_dir(p, fd, depth + 1, e) : 0;
}

/* In the words of clone_identity.c. */
static bool is_identity(const struct pack *p)
{
	auto_free char *path = mem_format("/%s", strbuf_text(&p->path));
	char *slash = strrchr(path, '/');

	*slash = '\0';
	return clone_identity_is(path, slash + 1);
}

static int pack_entry(struct pack *p, int dir, const char *name, int depth, struct err *e)
{
	struct statx st;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "examine");
	if (st.stx_mnt_id != p->mount && !S_ISDIR(st.stx_mode)) {
		p->job->skipped_mounts++;
		return 0;
	}
	if (S_ISREG(st.stx_mode) && is_identity(p))
		return 0;
	begin_entry(p, &st);
	switch (st.stx_mode & S_IFMT) {
	case S_IFDIR:
		return pack_subdir(p, dir, name, &st, depth, e);
	case S_IFREG:
		return pack_file(p, dir, name, &st, e);
	case S_IFLNK:
		return pack_symlink(p, dir, name, e);
	case S_IFIFO:
		libarchive()->archive_entry_set_filetype(p->entry, AE_IFIFO);
		return write_header(p, e);
	case S_IFSOCK:
		p->job->skipped_sockets++;
		return 0;
	default:
		p->job->skipped_devices++;
		return 0;
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(int fd, struct strv *ret, struct err *e)
{
	int again =
		sys_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); /* closed by closedir */
	DIR *stream = again < 0 ? NULL : fdopendir(again);

	if (!stream) {
		cleanup_close(&again);
		return err_sys(e, "open the directory");
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	}
	(void)closedir(stream);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return 0;
}

static int pack_dir(struct pack *p, int fd, int depth, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	size_t mark = p->path.len;
	int r = read_names(fd, &names, e);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		strbuf_format(&p->path, "%s%s", mark ? "/" : "", names.items[i]);
		r = pack_entry(p, fd, names.items[i], depth, e);
		if (r < 0 && !strstr(e->text, "publish \"/"))
			(void)err_wrap(e, "publish \"/%s\"", strbuf_text(&p->path));
		p->path.len = mark;
		p->path.text[mark] = '\0';
	}
	return r;
}

static int pack_root(struct pack *p, struct err *e)
{
	auto_close int fd = sys_openat(p->job->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct statx st;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "open the root");
	p->mount = st.stx_mnt_id;
	begin_entry(p, &st);
	libarchive()->archive_entry_set_filetype(p->entry, AE_IFDIR);
	if (add_attributes(p, fd, e) < 0 || write_header(p, e) < 0)
		return -e->code;
	return pack_dir(p, fd, 0, e);
}

static int pack_open(struct pack *p, struct err *e)
{
	const struct libarchive *l = libarchive();

	p->chunk = mem_array(1, CHUNK);
	p->tar = l->archive_write_new();
	p->entry = l->archive_entry_new();
	if (!p->tar || !p->entry)
		return err_set(e, ENOMEM, "start libarchive");
	(void)l->archive_write_set_format_pax_restricted(p->tar);
	(void)l->archive_write_set_bytes_in_last_block(p->tar, 1);
	return l->archive_write_open(p->tar, p, NULL, write_out, NULL) == ARCHIVE_OK
		       ? 0
		       : tar_error(p, e);
}

int publish_tar(struct tree_job *job, int out, int64_t epoch, const struct publish_compression *way,
		struct publish_layer *ret, struct err *e)
{
	auto_done(pack) struct pack p = {
		.job = job, .epoch = epoch, .holes = TREE_HOLES_MAX, .blob = PUBLISH_BLOB_NONE
	};
	int r = libarchive_load(e);

	if (r == 0)
		r = publish_blob_begin(&p.blob, out, way, e);
	if (r < 0)
		return r;
	struct archive_locale locale = archive_locale_enter();

	r = pack_open(&p, e);
	if (r == 0)
		r = pack_root(&p, e);
	if (r == 0 && libarchive()->archive_write_close(p.tar) != ARCHIVE_OK)
		r = tar_error(&p, e);
	archive_locale_leave(&locale);
	return r < 0 ? r : publish_blob_end(&p.blob, ret, e);
}
