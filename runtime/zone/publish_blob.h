/* publish_blob - the bytes of a layer on their way into its file: one sum is made of them as they come (the layer's diff_id), they are compressed, and another is made of what is written (its digest).
 * Private to runtime/zone. */
#ifndef RUNTIME_ZONE_PUBLISH_BLOB_H
#define RUNTIME_ZONE_PUBLISH_BLOB_H

#include "runtime/zone/libarchive.h"
#include "runtime/zone/publish.h"

/* One way to compress. Nothing in what it writes tells of the time or the host. */
struct publish_compression {
	const char *word, *media;      /* what the media type of the layer ends with */
	int (*add)(struct archive *a); /* NULL: as it is */
};
/* By its word, NULL being the usual one; NULL when there is none of that name. */
const struct publish_compression *publish_compression_find(const char *word);

struct publish_blob {
	const struct publish_compression *way;
	int out;
	struct digest plain, written;
	struct archive *raw; /* NULL: not compressed */
	struct archive_entry *entry;
	struct err error; /* the first that a callback of libarchive had */
};
#define PUBLISH_BLOB_NONE  \
	{                  \
		.out = -1, \
	}
/* libarchive is loaded. `out` is borrowed. */
MUST_CHECK int publish_blob_begin(struct publish_blob *b, int out,
				  const struct publish_compression *way, struct err *e);
/* The next bytes; the error is in b->error, for a callback that can carry none. */
MUST_CHECK int publish_blob_add(struct publish_blob *b, const void *data, size_t n);
/* Everything is written; the sums are used up. */
MUST_CHECK int publish_blob_end(struct publish_blob *b, struct publish_layer *ret, struct err *e);
void publish_blob_done(struct publish_blob *b);

#endif
