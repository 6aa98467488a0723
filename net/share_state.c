/* A class number is the lowest free one, so numbers are small and used again. */
#include "net/share_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "net/htb.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { STATE_MAX = 16 << 20 };

void share_state_done(struct share_state *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].links);
	free(s->items);
	free(s->path);
	free(s->saved);
}

struct share_lower *share_state_lower(struct share_state *s, const char *bridge)
{
	struct share_lower *l;

	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->items[i].bridge, bridge))
			return &s->items[i];
	s->items = mem_grow(s->items, s->n + 1, sizeof(*s->items));
	l = &s->items[s->n++];
	*l = (struct share_lower){ .total = 0 };
	(void)!str_format(l->bridge, sizeof(l->bridge), "%s", bridge);
	return l;
}

struct share_link *share_lower_find(const struct share_lower *l, const char *host)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->links[i].host, host))
			return &l->links[i];
	return NULL;
}

/* 0: none is free. */
static uint32_t free_minor(const struct share_lower *l)
{
	bool taken[HTB_LAST / HTB_STEP + 1] = { false };

	for (size_t i = 0; i < l->n; i++)
		taken[l->links[i].minor / HTB_STEP] = true;
	for (uint32_t minor = HTB_STEP; minor <= HTB_LAST; minor += HTB_STEP)
		if (!taken[minor / HTB_STEP])
			return minor;
	return 0;
}

struct share_link *share_lower_add(struct share_lower *l, const char *host, struct err *e)
{
	struct share_link *found = share_lower_find(l, host);
	uint32_t minor = free_minor(l);

	if (found)
		return found;
	if (!minor) {
		(void)err_set(e, ENOSPC, "more than %d links share the bandwidth of \"%s\"",
			      HTB_LAST / HTB_STEP, l->bridge);
		return NULL;
	}
	l->links = mem_grow(l->links, l->n + 1, sizeof(*l->links));
	found = &l->links[l->n++];
	*found = (struct share_link){ .minor = minor };
	(void)!str_format(found->host, sizeof(found->host), "%s", host);
	return found;
}

void share_lower_remove(struct share_lower *l, size_t i)
{
	l->n--;
	for (; i < l->n; i++)
		l->links[i] = l->links[i + 1];
}

static void load_link(struct share_lower *l, const struct json *row)
{
	struct share_link one = { .maxbw = (uint64_t)json_get_i64(row, "maxbw", 0),
				  .weight = (uint32_t)json_get_i64(row, "share", 0),
				  .minor = (uint32_t)json_get_i64(row, "class", 0),
				  .hooked = json_get_bool(row, "hooked", false) };

	if (str_format(one.host, sizeof(one.host), "%s", row->key) < 0 || !one.weight ||
	    !one.minor || one.minor % HTB_STEP || one.minor > HTB_LAST)
		return;
	l->links = mem_grow(l->links, l->n + 1, sizeof(*l->links));
	l->links[l->n++] = one;
}

static void load_lower(struct share_state *s, const struct json *row)
{
	const struct json *links = json_get(row, "links");
	uint64_t total = (uint64_t)json_get_i64(row, "total", 0);
	struct share_lower *l;

	if (!total || !links || links->type != JSON_OBJECT || strlen(row->key) >= IFNAMSIZ)
		return;
	l = share_state_lower(s, row->key);
	l->total = total;
	for (size_t i = 0; i < links->n; i++)
		load_link(l, links->items[i]);
}

int share_state_load(const char *run_dir, struct share_state *ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	struct err why = { 0 };
	size_t n = 0;
	int r;

	ret->path = mem_format("%s/shares.json", run_dir);
	r = file_read_all(AT_FDCWD, ret->path, STATE_MAX, &ret->saved, &n, &why);
	if (r < 0 && r != -ENOENT) {
		*e = why;
		return r;
	}
	if (r == 0 && json_parse_simple(ret->saved, n, &j, &why) < 0)
		log_debug("%s is not used: %s", ret->path, why.text);
	for (size_t i = 0; j && j->type == JSON_OBJECT && i < j->n; i++)
		load_lower(ret, j->items[i]);
	return 0;
}

static void save_lower(struct json *j, const struct share_lower *l)
{
	struct json *row = json_set(j, l->bridge, json_new_object());
	struct json *links;

	json_set(row, "total", json_new_u64(l->total));
	links = json_set(row, "links", json_new_object());
	for (size_t i = 0; i < l->n; i++) {
		struct json *one = json_set(links, l->links[i].host, json_new_object());

		json_set(one, "share", json_new_u64(l->links[i].weight));
		json_set(one, "maxbw", json_new_u64(l->links[i].maxbw));
		json_set(one, "class", json_new_u64(l->links[i].minor));
		json_set(one, "hooked", json_new_bool(l->links[i].hooked));
	}
}

int share_state_save(struct share_state *s, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	auto_free char *text = NULL;
	int r;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].n)
			save_lower(j, &s->items[i]);
	if (j->n == 0)
		return s->saved && sys_unlinkat(AT_FDCWD, s->path, 0) < 0 && errno != ENOENT
			       ? err_sys(e, "remove \"%s\"", s->path)
			       : 0;
	text = json_print(j, false);
	if (str_eq(text, s->saved))
		return 0;
	r = file_replace(AT_FDCWD, s->path, text, strlen(text), 0600, e);
	if (r == 0) {
		free(s->saved);
		s->saved = ptr_steal(&text);
	}
	return r;
}
