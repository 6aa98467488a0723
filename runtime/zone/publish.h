/* publish - a tree as one tar: the layer of the image that `zone publish` makes. Private to runtime/zone.
 *
 * Names in the order of their bytes, owners as in the zone, whole seconds; so the same tree gives the same bytes. Nothing is followed: every name is opened in its open directory. What is mounted below the root, devices and sockets stay out,
 * and so do the files that make a machine that one machine (clone_identity.c). */
#ifndef RUNTIME_ZONE_PUBLISH_H
#define RUNTIME_ZONE_PUBLISH_H

#include <stdint.h>

#include "runtime/base/err.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/tree.h"

struct publish_layer {
	char digest[DIGEST_TEXT_MAX];  /* of the file, as it is compressed */
	char diff_id[DIGEST_TEXT_MAX]; /* of the tar in it */
	const char *media;             /* the end of its media type: "+gzip" */
	unsigned long long size;       /* of the file */
};
struct publish_compression; /* publish_blob.h */
/* Write the tree below job->root to `out`. Times after `epoch` become that; -1: none is changed. */
MUST_CHECK int publish_tar(struct tree_job *job, int out, int64_t epoch,
			   const struct publish_compression *way, struct publish_layer *ret,
			   struct err *e);

#endif
