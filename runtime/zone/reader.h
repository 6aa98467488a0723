/* reader - a process of its own takes an archive apart, behind a wall (runtime/base/wall.h). Private to runtime/zone.
 *
 * libarchive and the decompressors under it are half a million lines that an enemy's bytes go through. They run in a child that has six capabilities, all about files, can reach nothing but the tree it fills, and
 * can make no process, socket or mount; it ends with its parent. What it says is checked like a stranger's word: an error of bounded size without control characters, numbers, a text of bounded length.
 *
 *      parent (zone install, image pull ...)                 reader
 *      feed(): bytes of the archive         --- stream -->   body(): libarchive, files below job->root
 *      progress, shown                      <-- page ----    job->options->progress
 *      error, counters, text                <-- pipe ----    its end */
#ifndef RUNTIME_ZONE_READER_H
#define RUNTIME_ZONE_READER_H

#include <stddef.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/tree.h"

struct reader {
	/* In the child: `input` is the stream, -1 without feed(). What it puts into `answer` is the text. */
	int (*body)(void *arg, int input, struct strbuf *answer, struct err *e);
	/* In the parent: the next bytes, good until the next call; *ret_n 0: there are no more. NULL: none. */
	int (*feed)(void *arg, const char **ret, size_t *ret_n, struct err *e);
	void *arg;
	struct tree_job *
		job; /* the tree that it may fill, counters, progress; NULL: it may not open a file */
	int lower;   /* a tree that it may read, -1 */
	int file;    /* a descriptor that it keeps, -1 */
	size_t answer_max;
};
/* Returns what body() returned, or that the child has ended without a word. An error of feed() comes before one of body(). ret_answer may be NULL. */
MUST_CHECK int reader_run(const struct reader *r, struct strbuf *ret_answer, struct err *e);

#endif
