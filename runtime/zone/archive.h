/* archive - the two halves of extracting: archive.c finds the place of an entry, archive_entry.c makes it. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_ARCHIVE_H
#define RUNTIME_ZONE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "runtime/base/err.h"
#include "runtime/zone/tree.h"

struct archive;
struct archive_entry;

/* A directory whose time is set at the end. */
struct extract_dir {
	char *path;
	struct timespec mtime;
};

struct extract {
	struct tree_job *job;
	struct archive *reader;
	const char *
		below; /* "root": only what lies below this name of the archive is taken; NULL: all */
	int parent;    /* O_PATH directory of the last entry, -1: none */
	char *parent_name;
	struct extract_dir *dirs;
	size_t n_dirs;
};
void extract_done(struct extract *x);

/* Begin to read from a descriptor. */
MUST_CHECK int extract_open(struct extract *x, int fd, struct err *e);
/* What the library says was wrong with the archive, as an error. */
int extract_error(const struct extract *x, const char *what, struct err *e);
/* A name from outside as it may be shown: no control characters, not endless. Freshly allocated. */
char *archive_shown(const char *name);
/* At the end: making the files in a directory has changed its time. */
void extract_restore_times(const struct extract *x);

/* Pure: a name of the archive as a clean path below the root, "" for the root itself. NULL and an error when it cannot be one. Freshly allocated. */
char *archive_clean_name(const char *name, struct err *e);
/* Descriptor of the directory that holds a clean name; `make`: missing ones are made. Borrowed, good until the next call. */
MUST_CHECK int archive_parent(struct extract *x, const char *name, bool make, const char **ret_last,
			      struct err *e);
/* Report the progress. */
void archive_progress(struct extract *x);

/* Where an entry lies below the root, "" for the root itself; NULL and an error when it lies outside. Freshly allocated. */
char *archive_place(const struct extract *x, const char *name, struct err *e);
/* Make one entry of the archive. The caller adds its name to an error. */
MUST_CHECK int archive_extract_entry(struct extract *x, struct archive_entry *entry, struct err *e);

#endif
