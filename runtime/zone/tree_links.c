/* tree_links - by device and inode, open addressing. */
#include "runtime/zone/tree_links.h"

#include <stdint.h>
#include <stdlib.h>

#include "runtime/base/mem.h"

struct tree_link {
	uint64_t device, inode;
	char *path; /* NULL: free */
};

static struct tree_link *find_slot(struct tree_link *table, size_t size, uint64_t device,
				   uint64_t inode)
{
	size_t i = (size_t)((inode * UINT64_C(0x9e3779b97f4a7c15)) ^ device) & (size - 1);

	while (table[i].path && (table[i].inode != inode || table[i].device != device))
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void grow(struct tree_links *l)
{
	size_t size = l->size ? l->size * 2 : 256;
	struct tree_link *table = mem_array(size, sizeof(*table));

	for (size_t i = 0; i < l->size; i++) {
		if (l->table[i].path)
			*find_slot(table, size, l->table[i].device, l->table[i].inode) =
				l->table[i];
	}
	free(l->table);
	l->table = table;
	l->size = size;
}

const char *tree_links_first(struct tree_links *l, const struct statx *st, const char *path)
{
	uint64_t device = (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
	struct tree_link *item;

	if (l->n * 2 >= l->size)
		grow(l);
	item = find_slot(l->table, l->size, device, st->stx_ino);
	if (item->path)
		return item->path;
	*item = (struct tree_link){ .device = device,
				    .inode = st->stx_ino,
				    .path = mem_strdup(path) };
	l->n++;
	return NULL;
}

void tree_links_done(struct tree_links *l)
{
	for (size_t i = 0; i < l->size; i++)
		free(l->table[i].path);
	free(l->table);
	*l = (struct tree_links){ 0 };
}
