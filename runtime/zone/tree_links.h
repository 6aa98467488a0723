/* tree_links - files with several names, found again by their identity. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_TREE_LINKS_H
#define RUNTIME_ZONE_TREE_LINKS_H

#include <stddef.h>
#include <stdint.h>

struct tree_link {
	uint64_t device, inode;
	char *path; /* NULL: free */
};
/* A hash table, a power of two long, at most half full. Zero-initialised is empty. */
struct tree_links {
	struct tree_link *items;
	size_t n, size;
};
/* The first name of this file, borrowed; NULL when this is the first, which is remembered. */
const char *tree_links_first(struct tree_links *l, uint64_t device, uint64_t inode,
			     const char *path);
void tree_links_done(struct tree_links *l);

#endif
