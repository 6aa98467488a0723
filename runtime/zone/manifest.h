/* manifest - what is in a zone's archive, a line for each member, as mtree(5) has it:
 *
 *   #mtree
 *   ./about.json type=file size=123 sha256=...
 *   ./root/etc/passwd type=file uid=0 gid=0 mode=0644 time=1580608922.000000000 size=812 sha256=... xattrs=...
 *   ./root/usr/bin/again type=file hardlink=./root/usr/bin/first
 *   ./root/etc/link type=link uid=0 gid=0 mode=0777 time=... link=../usr
 *
 * Names are in the order in which the walk meets them, with \ooo for every byte that is not a plain character. "xattrs" is the sha256 over name, a zero byte, the length as eight
 * bytes (little-endian) and the value of each attribute in the order of the names; "hardlink" names the first name of the same file. The two are ours.
 * Private to runtime/zone. */
#ifndef RUNTIME_ZONE_MANIFEST_H
#define RUNTIME_ZONE_MANIFEST_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/tree_walk.h"

/* What import reads; and what a line can have, whose longest name is of TREE_DEPTH_MAX elements of 255 bytes, each as \ooo, and may be there twice. */
enum { MANIFEST_MAX = 256 << 20, MANIFEST_LINE_MAX = 1 << 20 };

/* The first line. */
void manifest_begin(struct strbuf *m);
/* A member beside the root, whose text is at hand. */
MUST_CHECK int manifest_text(struct strbuf *m, const char *name, const char *text, struct err *e);
/* A member of the root. `sha256`: the digest of a regular file's bytes as "sha256:..."; NULL for other kinds and for further names.
 * -EFBIG: with one line more the manifest could be larger than MANIFEST_MAX. */
MUST_CHECK int manifest_file(struct strbuf *m, const struct tree_file *f, const char *sha256,
			     struct err *e);
/* The lines of a whole root, from what is on the disk. Progress goes to the job. */
MUST_CHECK int manifest_root(struct strbuf *m, struct tree_job *job, struct err *e);
/* Begin the sum of a file's bytes; bytes of a hole are given as NULL. */
MUST_CHECK int manifest_sum(struct digest *d, struct err *e);
void manifest_feed(struct digest *d, const void *data, size_t n);
/* Equal? Else -EBADMSG names the first member that differs, and how. Pure. */
MUST_CHECK int manifest_compare(const char *wanted, const char *found, struct err *e);

#endif
