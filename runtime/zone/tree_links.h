/* tree_links - files with several names, recognised again while a tree is walked. Private to runtime/zone. Zero-initialised is empty. */
#ifndef RUNTIME_ZONE_TREE_LINKS_H
#define RUNTIME_ZONE_TREE_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

struct tree_link;

struct tree_links {
	struct tree_link *table; /* hash table, a power of two long, at most half full */
	size_t n, size;
};
/* The first name of this file; NULL when this is the first, which is remembered. Borrowed until the next call. */
const char *tree_links_first(struct tree_links *l, const struct statx *st, const char *path);
void tree_links_done(struct tree_links *l);

#endif
