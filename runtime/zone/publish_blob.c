/* publish_blob - compression is libarchive's: a writer of the format "raw", which adds nothing, with one filter. Only filters that the library has in itself are used: the others would run a program. */
#include "runtime/zone/publish_blob.h"

#include <errno.h>
#include <stddef.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"

static int add_gzip(struct archive *a)
{
	int r = libarchive()->archive_write_add_filter_gzip(a);

	/* the header has the time of day otherwise, and no two files are the same */
	return r == ARCHIVE_OK
		       ? libarchive()->archive_write_set_filter_option(a, "gzip", "timestamp", NULL)
		       : r;
}

static int add_zstd(struct archive *a)
{
	return libarchive()->archive_write_add_filter_zstd(a);
}

/* The first is the usual one: what every engine and registry has understood for ever. */
static const struct publish_compression ways[] = {
	{ "gzip", "+gzip", add_gzip },
	{ "zstd", "+zstd", add_zstd },
	{ "none", "", NULL },
};

const struct publish_compression *publish_compression_find(const char *word)
{
	if (!word)
		return &ways[0];
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (str_eq(ways[i].word, word))
			return &ways[i];
	}
	return NULL;
}

static int write_file(struct publish_blob *b, const void *data, size_t n)
{
	const char *at = data;

	digest_feed(&b->written, data, n);
	while (n > 0) {
		ssize_t written = sys_write(b->out, at, n);

		if (written < 0)
			return err_sys(&b->error, "write the layer");
		at += written;
		n -= (size_t)written;
	}
	return 0;
}

static la_ssize_t write_out(struct archive *a, void *client, const void *data, size_t n)
{
	struct publish_blob *b = client;

	if (write_file(b, data, n) == 0)
		return (la_ssize_t)n;
	libarchive()->archive_set_error(a, b->error.code, "%s", b->error.text);
	return -1;
}

/* What has happened to libarchive, or to us below it. */
static int blob_error(struct publish_blob *b, struct err *e)
{
	if (b->error.code == 0)
		return archive_error(b->raw, "compress the layer", e);
	*e = b->error;
	return -e->code;
}

static int open_raw(struct publish_blob *b, struct err *e)
{
	const struct libarchive *l = libarchive();

	b->raw = l->archive_write_new();
	b->entry = l->archive_entry_new();
	if (!b->raw || !b->entry)
		return err_set(e, ENOMEM, "start libarchive");
	(void)l->archive_write_set_format_raw(b->raw);
	(void)l->archive_write_set_bytes_in_last_block(b->raw, 1);
	if (b->way->add(b->raw) != ARCHIVE_OK) /* ARCHIVE_WARN: it would run a program */
		return err_set(e, EOPNOTSUPP,
			       "this libarchive cannot write %s by itself: --compress none",
			       b->way->word);
	l->archive_entry_set_filetype(b->entry, AE_IFREG);
	if (l->archive_write_open(b->raw, b, NULL, write_out, NULL) != ARCHIVE_OK ||
	    l->archive_write_header(b->raw, b->entry) != ARCHIVE_OK)
		return blob_error(b, e);
	return 0;
}

int publish_blob_begin(struct publish_blob *b, int out, const struct publish_compression *way,
		       struct err *e)
{
	int r = digest_begin_sha256(&b->plain, e);

	b->way = way;
	b->out = out;
	if (r == 0)
		r = digest_begin_sha256(&b->written, e);
	return r == 0 && way->add ? open_raw(b, e) : r;
}

int publish_blob_add(struct publish_blob *b, const void *data, size_t n)
{
	digest_feed(&b->plain, data, n);
	if (!b->raw)
		return write_file(b, data, n);
	if (libarchive()->archive_write_data(b->raw, data, n) == (la_ssize_t)n)
		return 0;
	if (b->error.code == 0)
		(void)archive_error(b->raw, "compress the layer", &b->error);
	return -b->error.code;
}

int publish_blob_end(struct publish_blob *b, struct publish_layer *ret, struct err *e)
{
	if (b->raw && libarchive()->archive_write_close(b->raw) != ARCHIVE_OK)
		return blob_error(b, e);
	ret->media = b->way->media;
	ret->size = b->written.bytes;
	int r = digest_end(&b->plain, ret->diff_id, e);

	return r < 0 ? r : digest_end(&b->written, ret->digest, e);
}

void publish_blob_done(struct publish_blob *b)
{
	if (b->entry)
		libarchive()->archive_entry_free(b->entry);
	if (b->raw)
		(void)libarchive()->archive_write_free(b->raw);
	digest_done(&b->plain);
	digest_done(&b->written);
}
