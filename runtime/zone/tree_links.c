/* tree_links - see tree_links.h. */
#include "runtime/zone/tree_links.h"

#include <stdlib.h>

#include "runtime/base/mem.h"

static struct tree_link *slot(struct tree_link *table, size_t size, uint64_t device, uint64_t inode)
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
		if (l->items[i].path)
			*slot(table, size, l->items[i].device, l->items[i].inode) = l->items[i];
	}
	free(l->items);
	l->items = table;
	l->size = size;
}

const char *tree_links_first(struct tree_links *l, uint64_t device, uint64_t inode,
			     const char *path)
{
	if (l->n * 2 >= l->size)
		grow(l);
	struct tree_link *item = slot(l->items, l->size, device, inode);

	if (item->path)
		return item->path;
	*item = (struct tree_link){ .device = device, .inode = inode, .path = mem_strdup(path) };
	l->n++;
	return NULL;
}

void tree_links_done(struct tree_links *l)
{
	for (size_t i = 0; i < l->size; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct tree_links){ 0 };
}
