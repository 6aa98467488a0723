/* rename - a zone's leases and its places in networks go on under another name: every list of STORAGE/leases.json has rows with "zone" or "zones". */
#include <errno.h>

#include "net/bridge.h"
#include "net/cni.h"
#include "net/ipam.h"
#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

/* A text that is the old name becomes the new one. */
static bool rename_text(struct json *parent, size_t i, const char *from, const char *to)
{
	struct json *j = parent->items[i];

	if (j->type != JSON_STRING || !str_eq(j->text, from))
		return false;
	free(j->text);
	j->text = mem_strdup(to);
	return true;
}

static bool rename_row(struct json *row, const char *from, const char *to)
{
	bool changed = false;

	for (size_t i = 0; row->type == JSON_OBJECT && i < row->n; i++) {
		struct json *member = row->items[i];

		if (str_eq(member->key, "zone"))
			changed |= rename_text(row, i, from, to);
		if (!str_eq(member->key, "zones") || member->type != JSON_ARRAY)
			continue;
		for (size_t k = 0; k < member->n; k++)
			changed |= rename_text(member, k, from, to);
	}
	return changed;
}

int net_rename(const char *from, const char *to, const struct net_dirs *dirs, struct err *e)
{
	auto_ptr(json) struct json *leases = NULL;
	auto_close int lock = -1;
	bool changed = false;
	int r = cni_del_zone(dirs->storage_dir, from, e);

	if (r < 0)
		return r;
	lock = bridge_lock(dirs->run_dir, e);
	if (lock < 0)
		return lock;
	r = ipam_load(dirs->storage_dir, &leases, e);
	for (size_t i = 0; r == 0 && i < leases->n; i++) {
		for (size_t k = 0; leases->items[i]->type == JSON_ARRAY && k < leases->items[i]->n;
		     k++)
			changed |= rename_row(leases->items[i]->items[k], from, to);
	}
	return r == 0 && changed ? ipam_save(dirs->storage_dir, leases, e) : r;
}
