/* image_layer - the bytes of a layer go once through two readers: the first takes the compression off (libarchive's "raw"), the second takes the tar apart. Between the blob and the first reader one sum is
 * made, between the two another one; so what is unpacked is what was summed, and nothing is read twice. The readers are in a process behind a wall (reader.h), which gets the blob from us: the sum of the blob is
 * made here, where nothing of it is understood, and decides.
 *
 * A bomb is bounded by the free space: a layer cannot unpack to more bytes than could be written, and what follows the end of its archive is bounded too. */
#include "runtime/zone/image_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image_store.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/reader.h"

enum { CHUNK = 256 * 1024 };
#define SLACK    (64ull << 20) /* headers and padding, which need no space of their own */
#define TAIL_MAX (16ull << 20) /* zeros that tar writers put behind the end */

struct stream {
	const struct image_layer *layer;
	int fd, input; /* the blob; the stream of its bytes to the reader */
	int lower;     /* what the layers below show together, -1: there is none */
	struct tree_job *job;
	struct digest blob, plain; /* blob.sum NULL: no digest is known */
	unsigned long long read;   /* bytes of the blob */
	unsigned long long limit;  /* of plain.bytes */
	struct archive *raw, *tar;
	char *chunk;
	struct err error; /* what libarchive cannot carry */
};

static void stream_done(struct stream *s)
{
	if (s->tar)
		(void)libarchive()->archive_read_free(s->tar);
	if (s->raw)
		(void)libarchive()->archive_read_free(s->raw);
	digest_done(&s->blob);
	digest_done(&s->plain);
	fd_close(&s->fd);
	free(s->chunk);
}

/* The first error counts; libarchive's own sentence would only say that reading has failed. */
static la_ssize_t give_up(struct stream *s, struct archive *a, const struct err *e)
{
	if (s->error.code == 0)
		s->error = *e;
	libarchive()->archive_set_error(a, e->code, "%s", e->text);
	return ARCHIVE_FATAL;
}

/* The parent's half: the blob's next bytes, counted and summed. */
static int feed_blob(void *arg, const char **ret, size_t *ret_n, struct err *e)
{
	struct stream *s = arg;
	ssize_t n = sys_read(s->fd, s->chunk, CHUNK);

	if (n < 0)
		return err_sys(e, "read");
	s->read += (unsigned long long)n;
	if (s->layer->size >= 0 && s->read > (unsigned long long)s->layer->size)
		return err_set(e, EBADMSG, "it is longer than %lld bytes, which the manifest says",
			       (long long)s->layer->size);
	if (s->blob.sum)
		digest_feed(&s->blob, s->chunk, (size_t)n);
	*ret = s->chunk;
	*ret_n = (size_t)n;
	return 0;
}

static la_ssize_t read_blob(struct archive *a, void *client, const void **ret)
{
	struct stream *s = client;
	ssize_t n = sys_read(s->input, s->chunk, CHUNK);
	struct err e = { 0 };

	if (n < 0) {
		(void)err_sys(&e, "read");
		return give_up(s, a, &e);
	}
	s->read += (unsigned long long)n;
	*ret = s->chunk;
	return n;
}

static la_ssize_t read_plain(struct archive *a, void *client, const void **ret)
{
	struct stream *s = client;
	struct err e = { 0 };
	la_int64_t at;
	size_t n = 0;
	int r = libarchive()->archive_read_data_block(s->raw, ret, &n, &at);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_WARN) {
		(void)archive_error(s->raw, "its data cannot be read", &e);
		return give_up(s, a, &e);
	}
	digest_feed(&s->plain, *ret, n);
	if (s->plain.bytes > s->limit) {
		(void)err_set(
			&e, ENOSPC,
			"it unpacks to more than %llu bytes, which are left on the file system",
			s->limit);
		return give_up(s, a, &e);
	}
	return (la_ssize_t)n;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int open_raw(struct stream *s, struct err *e)
{
	const struct libarchive *l = libarchive();
	int (*const filters[])(struct archive *) = { l->archive_read_support_filter_none,
						     l->archive_read_support_filter_gzip,
						     l->archive_read_support_filter_zstd };
	struct archive_entry *entry;

	s->raw = l->archive_read_new();
	if (!s->raw)
		return err_set(e, ENOMEM, "start libarchive");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		if (archive_filter_built_in(filters[i]))
			(void)filters[i](s->raw); /* succeeded a moment ago */
	}
	(void)l->archive_read_support_format_raw(s->raw);
	if (l->archive_read_open(s->raw, s, NULL, read_blob, NULL) != ARCHIVE_OK ||
	    l->archive_read_next_header(s->raw, &entry) != ARCHIVE_OK)
		return s->error.code
			       ? 0
			       : archive_error(s->raw, "it is no archive that can be read", e);
	return 0;
}

static int open_tar(struct stream *s, struct err *e)
{
	s->tar = libarchive()->archive_read_new();
	if (!s->tar)
		return err_set(e, ENOMEM, "start libarchive");
	(void)libarchive()->archive_read_support_filter_none(s->tar);
	(void)libarchive()->archive_read_support_format_tar(s->tar);
	if (libarchive()->archive_read_open(s->tar, s, NULL, read_plain, NULL) != ARCHIVE_OK)
		return archive_error(s->tar, "it is no archive that can be read", e);
	return 0;
}

static int stream_open(struct stream *s, const struct image_source *source, int target,
		       struct err *e)
{
	auto_free char *path =
		s->layer->path ? mem_strdup(s->layer->path) : image_blob_path(s->layer->digest);
	struct stat st;
	int r = libarchive_load(e);

	if (r == 0)
		r = s->layer->digest ? digest_begin(&s->blob, s->layer->digest, e) : 0;
	if (r == 0)
		r = digest_begin(&s->plain, s->layer->diff_id, e);
	if (r == 0)
		r = tree_space_left(target, &s->limit, e);
	if (r < 0)
		return r;
	s->limit += SLACK;
	s->chunk = mem_array(1, CHUNK);
	s->fd = image_source_file(source, path, e);
	if (s->fd < 0)
		return s->fd;
	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "examine");
	if (s->layer->size >= 0 && st.st_size != s->layer->size)
		return err_set(e, EBADMSG, "it is %lld bytes long and should be %lld",
			       (long long)st.st_size, (long long)s->layer->size);
	return 0;
}

/* --- one layer ---------------------------------------------------------------------------------------------------- */

/* What is behind the end of the archive belongs to the sums. */
static int read_tail(struct stream *s, struct err *e)
{
	unsigned long long end = s->plain.bytes;
	const void *data;
	la_ssize_t n;

	while ((n = read_plain(s->tar, s, &data)) > 0) {
		if (s->plain.bytes - end > TAIL_MAX)
			return err_set(e, EINVAL,
				       "more than %llu bytes follow the end of its archive",
				       TAIL_MAX);
	}
	while (n == 0 && read_blob(s->raw, s, &data) > 0)
		continue; /* nor may the sum of the blob miss what its compression does not need */
	if (s->error.code == 0)
		return 0;
	*e = s->error;
	return -e->code;
}

/* `plain`: the sum of what was unpacked, which the reader has made. */
static int verify(struct stream *s, const char *plain, struct err *e)
{
	if (s->layer->size >= 0 && s->read != (unsigned long long)s->layer->size)
		return err_set(e, EBADMSG, "it is %llu bytes long and should be %lld", s->read,
			       (long long)s->layer->size);
	if (s->blob.sum && digest_expect(&s->blob, s->layer->digest, e) < 0)
		return -e->code;
	if (str_eq(plain, s->layer->diff_id))
		return 0;
	return err_set(e, EBADMSG, "unpacked: its digest is %.200s and should be %s",
		       digest_ok(plain) ? plain : "none", s->layer->diff_id);
}

/* In the reader. */
static int unpack_stream(void *arg, int input, struct strbuf *answer, struct err *e)
{
	struct stream *s = arg;
	struct extract x = {
		.job = s->job, .parent = -1, .layer = true, .lower = s->lower, .consumed = &s->read
	};
	char sum[DIGEST_TEXT_MAX];

	s->input = input;
	int r = open_raw(s, e);

	if (r == 0)
		r = open_tar(s, e);
	x.reader = s->tar;
	if (r == 0)
		r = archive_extract_all(&x, e);
	x.reader = NULL; /* the stream's */
	extract_done(&x);
	if (r < 0 && s->error.code) /* the cause of libarchive's error */
		*e = s->error;
	if (r == 0)
		r = read_tail(s, e);
	if (r == 0)
		r = digest_end(&s->plain, sum, e);
	if (r < 0)
		return -e->code;
	strbuf_add(answer, sum);
	return 0;
}

static int unpack_behind_wall(struct stream *s, struct err *e)
{
	const struct reader reader = { .body = unpack_stream,
				       .feed = feed_blob,
				       .arg = s,
				       .job = s->job,
				       .lower = s->lower,
				       .file = -1,
				       .answer_max = DIGEST_TEXT_MAX };
	auto_done(strbuf) struct strbuf plain = { 0 };
	struct archive_locale locale = archive_locale_enter();
	int r = reader_run(&reader, &plain, e);

	archive_locale_leave(&locale);
	return r < 0 ? r : verify(s, strbuf_text(&plain), e);
}

/* "fs" in a temporary folder. */
static int unpack_into(const char *folder, const struct image_source *source, struct stream *s,
		       const struct zone_install *options, int lower, struct err *e)
{
	auto_free char *path = mem_format("%s/fs", folder);

	if (sys_mkdirat(AT_FDCWD, path, 0755) < 0 || sys_fchmodat(AT_FDCWD, path, 0755) < 0)
		return err_sys(e, "create \"%s\"", path);
	auto_close int root = file_open_dir(AT_FDCWD, path, e);

	if (root < 0)
		return root;
	struct tree_job job = { .root = root,
				.options = options,
				.total = s->layer->size > 0 ? (unsigned long long)s->layer->size
							    : 0 };
	int r = stream_open(s, source, root, e);

	s->job = &job;
	s->lower = lower;
	if (r == 0)
		r = unpack_behind_wall(s, e);
	s->job = NULL;
	if (r == 0 && lower < 0)
		r = tree_finish(&job, e); /* mount points, in the lowest layer */
	if (r == 0 && syncfs(root) < 0)
		r = err_sys(e, "flush the file system");
	return r;
}

static int unpack_layer(const struct zone_dirs *d, const struct image_source *source,
			const struct image *i, size_t which, const struct zone_install *options,
			struct err *e)
{
	auto_done(stream) struct stream s = {
		.layer = &i->layers[which], .fd = -1, .input = -1, .lower = -1
	};
	auto_free char *final = image_layer_folder(d, s.layer->id);
	auto_free char *folder = NULL;
	struct err ignored = { 0 };

	if (file_exists(AT_FDCWD, final))
		return 0;
	auto_close int lower = which > 0 ? image_layers_view(d, i, which, e) : -1;
	int r = which > 0 && lower < 0 ? lower : image_layer_temporary(d, &folder, e);

	if (r < 0)
		return r;
	r = unpack_into(folder, source, &s, options, lower, e);
	if (r == 0 && sys_renameat2(AT_FDCWD, folder, AT_FDCWD, final, 0) < 0)
		r = err_sys(e, "give the layer its name");
	if (r == 0)
		return image_layers_flush(d, e);
	if (file_remove_tree(AT_FDCWD, folder, &ignored) < 0)
		return err_wrap(e, "layer %zu (and its remains stay until zone image prune)",
				which + 1);
	return err_wrap(e, "layer %zu of the image", which + 1);
}

int image_layers_unpack(const struct zone_dirs *d, const struct image_source *s,
			const struct image *i, const struct zone_install *options, struct err *e)
{
	for (size_t k = 0; k < i->n_layers; k++) {
		int r = unpack_layer(d, s, i, k, options, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int image_layers_view(const struct zone_dirs *d, const struct image *i, size_t n, struct err *e)
{
	auto_done(strv) struct strv layers = { 0 };

	for (size_t k = n; k > 0; k--) {
		auto_free char *folder = image_layer_folder(d, i->layers[k - 1].id);

		strv_format(&layers, "%s/fs", folder);
	}
	if (n == 1)
		return file_open_dir(AT_FDCWD, layers.items[0], e);
	return engine_overlay(&layers, NULL, e);
}
