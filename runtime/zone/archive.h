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
	bool layer; /* a layer of an image: names with ".wh." take away what lower layers have (archive_whiteout.c) */
	int lower; /* what the layers below show together, -1: there is none; only looked at for a layer */
	const unsigned long long
		*consumed; /* how far its source has been read; NULL: the reader knows */
	int parent;        /* O_PATH directory of the last entry, -1: none */
	char *parent_name;
	struct extract_dir *dirs;
	size_t n_dirs, dirs_size; /* bytes that they take */
};
void extract_done(struct extract *x);

/* Begin to read from a descriptor. */
MUST_CHECK int extract_open(struct extract *x, int fd, struct err *e);
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
/* Everything that `x->reader` gives, which has been opened. */
MUST_CHECK int archive_extract_all(struct extract *x, struct err *e);
/* The error of libarchive without control characters, behind `what`. */
int archive_error(struct archive *a, const char *what, struct err *e);
/* Does libarchive do this filter by itself? Else it would run a program. The library is loaded. */
bool archive_filter_built_in(int (*filter)(struct archive *));
/* Names in pax headers are UTF-8, which libarchive converts to the locale's character set: between these two it is UTF-8's. */
struct archive_locale {
	void *utf8, *before;
};
struct archive_locale archive_locale_enter(void);
void archive_locale_leave(const struct archive_locale *l);

/* Make one entry of the archive. The caller adds its name to an error. */
MUST_CHECK int archive_extract_entry(struct extract *x, struct archive_entry *entry, struct err *e);

/* --- layers of images (archive_whiteout.c) --- */
/* Is the entry a whiteout, ".wh.NAME"? 1: yes, and what it says is done; 0: no. */
MUST_CHECK int archive_whiteout(struct extract *x, const char *name, struct err *e);
/* A directory of a layer that the archive does not bring itself: as it is in the layers below; over a whiteout it hides what is below it. There already: nothing. Every element above it is there. */
MUST_CHECK int archive_layer_dir(struct extract *x, const char *dir, struct err *e);
/* Nothing below the open directory shows through. */
MUST_CHECK int archive_make_opaque(int fd, struct err *e);
/* Is there a whiteout of that name? */
bool archive_is_whiteout(int parent, const char *last);
/* A file of the layers below becomes one of this layer, so that it can get another name. -ENOENT: they have none. */
MUST_CHECK int archive_copy_up(struct extract *x, const char *name, struct err *e);
/* The time of a directory is set at the end. -E2BIG: there are too many. */
MUST_CHECK int archive_remember_dir(struct extract *x, const char *name, struct timespec mtime,
				    struct err *e);

#endif
