/* archive_export - `zone export --archive`: the zone's lock is held from the first byte to the last, so what is read does not change.
 *
 * The same zone gives the same bytes: members in the order of their names, numbers instead of names of users, nothing that says when, where or by whom it was packed, one thread for the
 * compression. Holes stay holes. The manifest is the last member, because it is made while the files are read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/bundle.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/house.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/manifest.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

struct export
{
	struct archive *writer;
	struct archive_entry *entry;
	struct tree_job job;
	struct strbuf manifest;
	struct digest sum;
};

static void export_done(struct export *x)
{
	if (x->entry)
		libarchive()->archive_entry_free(x->entry);
	if (x->writer)
		(void)libarchive()->archive_write_free(x->writer);
	strbuf_done(&x->manifest);
	digest_done(&x->sum);
}

static int writer_error(const struct export *x, const char *what, struct err *e)
{
	const char *text = libarchive()->archive_error_string(x->writer);

	return err_set(e, EIO, "%s: %s", what, text ? text : "unknown reason");
}

static int writer_open(struct export *x, int fd, struct err *e)
{
	const struct libarchive *l = libarchive();

	x->writer = l->archive_write_new();
	x->entry = l->archive_entry_new();
	if (!x->writer || !x->entry)
		return err_set(e, ENOMEM, "start libarchive");
	/* only one of the two forms in which attributes can be written */
	bool ok = l->archive_write_set_format_pax(x->writer) == ARCHIVE_OK &&
		  l->archive_write_set_format_option(x->writer, "pax", "xattrheader", "SCHILY") ==
			  ARCHIVE_OK &&
		  l->archive_write_set_bytes_in_last_block(x->writer, 1) == ARCHIVE_OK;

	/* ARCHIVE_WARN: it would run a program */
	if (!ok || l->archive_write_add_filter_zstd(x->writer) != ARCHIVE_OK)
		return writer_error(x, "this libarchive cannot write tar with zstd", e);
	if (l->archive_write_open_fd(x->writer, fd) != ARCHIVE_OK)
		return writer_error(x, "begin the archive", e);
	return 0;
}

static int write_bytes(struct export *x, const void *data, size_t n, struct err *e)
{
	const char *p = data;

	while (n > 0) {
		la_ssize_t written = libarchive()->archive_write_data(x->writer, p, n);

		if (written <= 0)
			return writer_error(x, "write the archive", e);
		p += written;
		n -= (size_t)written;
	}
	return 0;
}

/* A member that is text of ours. */
static int write_text(struct export *x, const char *name, const char *text, struct err *e)
{
	const struct libarchive *l = libarchive();

	(void)l->archive_entry_clear(x->entry);
	l->archive_entry_set_pathname(x->entry, name);
	l->archive_entry_set_filetype(x->entry, AE_IFREG);
	l->archive_entry_set_perm(x->entry, 0600);
	l->archive_entry_set_size(x->entry, (la_int64_t)strlen(text));
	l->archive_entry_set_mtime(x->entry, 0, 0);
	if (l->archive_write_header(x->writer, x->entry) != ARCHIVE_OK)
		return writer_error(x, "write the archive", e);
	return write_bytes(x, text, strlen(text), e);
}

/* --- files of the root -------------------------------------------------------------------------------------------- */

static int take_data(void *arg, const void *data, size_t n, struct err *e)
{
	struct export *x = arg;
	static const char zeros[16384];
	int r = 0;

	manifest_feed(&x->sum, data, n);
	if (data) {
		x->job.done += n;
		tree_progress(&x->job, "packing");
		return write_bytes(x, data, n, e);
	}
	/* the library wants the zeros of a hole, and leaves them out by the map that it has */
	for (; n > 0 && r == 0; n -= n < sizeof(zeros) ? n : sizeof(zeros))
		r = write_bytes(x, zeros, n < sizeof(zeros) ? n : sizeof(zeros), e);
	return r;
}

/* The map of what is data, when there are holes. */
static void add_sparse(struct export *x, const struct tree_file *f)
{
	off_t size = (off_t)f->st->stx_size;
	off_t hole = size > 0 ? lseek(f->fd, 0, SEEK_HOLE) : size;

	if (hole < 0 || hole >= size)
		return; /* none, or a file system that knows none */
	for (off_t at = 0; at < size;) {
		off_t data = lseek(f->fd, at, SEEK_DATA);

		hole = data < 0 ? -1 : lseek(f->fd, data, SEEK_HOLE);
		if (data < 0 || hole < 0 || data >= size)
			break;
		hole = hole > size ? size : hole;
		libarchive()->archive_entry_sparse_add_entry(x->entry, data, hole - data);
		at = hole;
	}
	/* a file that is one hole: the map says that nothing is there */
	if (lseek(f->fd, 0, SEEK_DATA) < 0)
		libarchive()->archive_entry_sparse_add_entry(x->entry, size, 0);
}

static void set_header(struct export *x, const struct tree_file *f)
{
	const struct libarchive *l = libarchive();
	auto_free char *name = mem_format("%s%s%s", BUNDLE_ROOT, *f->path ? "/" : "", f->path);
	auto_free char *first = f->first ? mem_format("%s/%s", BUNDLE_ROOT, f->first) : NULL;

	(void)l->archive_entry_clear(x->entry);
	l->archive_entry_set_pathname(x->entry, name);
	l->archive_entry_set_filetype(x->entry, f->st->stx_mode & S_IFMT);
	l->archive_entry_set_perm(x->entry, f->st->stx_mode & 07777);
	l->archive_entry_set_uid(x->entry, f->st->stx_uid);
	l->archive_entry_set_gid(x->entry, f->st->stx_gid);
	l->archive_entry_set_mtime(x->entry, f->st->stx_mtime.tv_sec,
				   (long)f->st->stx_mtime.tv_nsec);
	l->archive_entry_set_size(x->entry, 0);
	if (first)
		l->archive_entry_set_hardlink(x->entry, first);
	if (f->target)
		l->archive_entry_set_symlink(x->entry, f->target);
	for (size_t i = 0; i < f->n_attributes; i++)
		l->archive_entry_xattr_add_entry(x->entry, f->attributes[i].name,
						 f->attributes[i].value, f->attributes[i].size);
}

static int take_file(void *arg, const struct tree_file *f, struct err *e)
{
	struct export *x = arg;
	bool has_data = f->fd >= 0 && S_ISREG(f->st->stx_mode);
	char sum[DIGEST_TEXT_MAX];

	set_header(x, f);
	if (has_data) {
		libarchive()->archive_entry_set_size(x->entry, (la_int64_t)f->st->stx_size);
		add_sparse(x, f);
	}
	/* ARCHIVE_WARN: the name is no UTF-8 and is written as the bytes that it is */
	if (libarchive()->archive_write_header(x->writer, x->entry) < ARCHIVE_WARN)
		return writer_error(x, "write the archive", e);
	if (!has_data)
		return manifest_file(&x->manifest, f, NULL, e);
	int r = manifest_sum(&x->sum, e);

	if (r < 0)
		return r;
	r = tree_read(f, take_data, x, e);
	if (r == 0)
		r = digest_end(&x->sum, sum, e);
	digest_done(&x->sum);
	return r < 0 ? r : manifest_file(&x->manifest, f, sum, e);
}

/* --- the members -------------------------------------------------------------------------------------------------- */

static char *about_text(const struct zone *z)
{
	auto_ptr(json) struct json *j = json_new_object();
	struct utsname host = { 0 };

	(void)uname(&host);
	json_set(j, "format", json_new_string(BUNDLE_FORMAT));
	json_set(j, "version", json_new_i64(BUNDLE_VERSION));
	json_set(j, "zonename", json_new_string(z->name));
	zone_json_set_text(j, "uuid", z->record.uuid);
	zone_json_set_text(j, "brand", z->record.brand);
	json_set(j, "architecture", json_new_string(host.machine));
	if (z->record.image)
		json_set(j, "image", json_clone(z->record.image));
	return config_print(j);
}

static void warn_snapshots(const struct export *x, const struct zone *z)
{
	const struct zone_install *o = x->job.options;

	if (z->record.n_snapshots == 0 || !o->warn)
		return;
	auto_free char *text = mem_format("%zu snapshots were left out: the root is as it is now",
					  z->record.n_snapshots);

	o->warn(o->arg, text);
}

static int write_members(struct export *x, const struct zone *z, struct err *e)
{
	auto_free char *about = about_text(z);
	auto_free char *text = NULL;
	auto_free char *config = NULL;
	struct tree_skipped skipped = { 0 };
	int r = config_read(z, &text, e);

	if (r == 0)
		r = house_config_text(text, "zonepath", NULL, &config, e);
	if (r == 0)
		r = write_text(x, BUNDLE_ABOUT, about, e);
	if (r == 0)
		r = write_text(x, BUNDLE_CONFIG, config, e);
	manifest_begin(&x->manifest);
	if (r == 0)
		r = manifest_text(&x->manifest, BUNDLE_ABOUT, about, e);
	if (r == 0)
		r = manifest_text(&x->manifest, BUNDLE_CONFIG, config, e);
	if (r == 0)
		r = tree_visit(x->job.root, take_file, x, &skipped, e);
	if (r == 0)
		r = write_text(x, BUNDLE_MANIFEST, strbuf_text(&x->manifest), e);
	x->job.skipped_devices = skipped.devices;
	x->job.skipped_sockets = skipped.sockets;
	x->job.skipped_mounts = skipped.mounts;
	if (r == 0) {
		tree_warn_skipped(&x->job);
		warn_snapshots(x, z);
	}
	if (r == 0 && libarchive()->archive_write_close(x->writer) != ARCHIVE_OK)
		return writer_error(x, "write the archive", e);
	return r;
}

static int export_to(const struct zone_dirs *d, const struct zone *z, int fd,
		     const struct zone_install *o, struct err *e)
{
	auto_done(export) struct export x = { .job = { .options = o } };
	auto_close int held = zone_root_open(d, z, e);
	auto_close int root = held < 0 ? -1 : file_open_dir(held, ".", e);
	int r = root < 0 ? -e->code : libarchive_load(e);

	if (r < 0)
		return r;
	x.job.root = root;
	x.job.total = tree_size(root);
	struct archive_locale locale = archive_locale_enter();

	r = writer_open(&x, fd, e);
	if (r == 0)
		r = write_members(&x, z, e);
	archive_locale_leave(&locale);
	return r;
}

struct output {
	const char *file;
	char *temporary; /* the name beside it */
	int fd;
	bool is_named; /* the temporary name is there, and we made it */
};

/* Takes away only what is ours: the same name may have been there before. */
static void output_done(struct output *o)
{
	if (o->is_named)
		(void)sys_unlinkat(AT_FDCWD, o->temporary, 0);
	fd_close(&o->fd);
	free(o->temporary);
}

/* A file without a name until it is whole; where the file system has no such thing, one with a name that says what it is. */
static int open_output(struct output *o, struct err *e)
{
	const char *slash = strrchr(o->file, '/');
	auto_free char *dir =
		slash ? mem_strndup(o->file, (size_t)(slash - o->file) + 1) : mem_strdup(".");

	o->temporary = mem_format("%s.partial-%d", o->file, (int)getpid());
	o->fd = sys_openat(AT_FDCWD, dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (o->fd >= 0)
		return 0;
	o->fd = sys_openat(AT_FDCWD, o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	o->is_named = o->fd >= 0;
	return o->fd < 0 ? err_sys(e, "create \"%s\"", o->temporary) : 0;
}

static int name_output(struct output *o, struct err *e)
{
	char own[32];

	path_of_fd(o->fd, own, sizeof(own));
	if (sys_fsync(o->fd) < 0)
		return err_sys(e, "flush \"%s\"", o->file);
	if (!o->is_named &&
	    sys_linkat(AT_FDCWD, own, AT_FDCWD, o->temporary, AT_SYMLINK_FOLLOW) < 0)
		return err_sys(e, "create \"%s\"", o->temporary);
	o->is_named = true;
	if (sys_renameat2(AT_FDCWD, o->temporary, AT_FDCWD, o->file, 0) < 0)
		return err_sys(e, "create \"%s\"", o->file);
	o->is_named = false;
	return 0;
}

int zone_export_archive(const struct zone_dirs *d, const char *name, const char *file, int fd,
			const struct zone_install *o, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_done(output) struct output out = { .file = file, .fd = -1 };
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			      &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_ARCHIVE, NULL, e);
	if (r < 0)
		return r;
	if (!file) {
		r = export_to(d, z, fd, o, e);
		return r < 0 ? err_wrap(e, "export %s", name) : 0;
	}
	r = open_output(&out, e);
	if (r == 0)
		r = export_to(d, z, out.fd, o, e);
	if (r == 0)
		r = name_output(&out, e);
	return r < 0 ? err_wrap(e, "export %s", name) : 0;
}
