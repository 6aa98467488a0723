/* The state, and the files that follow from it. Whoever changes the state writes it first and then every file that is not as it should be, so that an interruption between the two
 * is made good by the next change - of whatever zone. */
#include "net/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/ipam.h"
#include "net/link.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { NAMES_MAX = 64 << 20 };
static const char names_file[] = "hosts", names_temporary[] = ".hosts.link.tmp";

/* --- state -------------------------------------------------------------------------------------------------------- */

static char *state_path(const char *run_dir)
{
	return mem_format("%s/names.json", run_dir);
}

/* Missing, or not to be understood: nobody is attached. One that cannot be READ is an error: for want of a descriptor nobody must lose his name. */
static int state_load(const char *run_dir, struct json **ret, char **ret_text, struct err *e)
{
	auto_free char *path = state_path(run_dir);
	auto_ptr(json) struct json *state = NULL;
	struct err why = { 0 };
	const struct json *zones;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, NAMES_MAX, ret_text, &n, &why);

	if (r < 0 && r != -ENOENT) {
		*e = why;
		return r;
	}
	if (r == 0 && json_parse_simple(*ret_text, n, &state, &why) < 0)
		log_debug("%s is not used: %s", path, why.text);
	zones = json_get(state, "zones");
	if (!zones || zones->type != JSON_ARRAY) {
		json_free(state);
		state = json_new_object();
		json_set(state, "zones", json_new_array());
	}
	*ret = ptr_steal(&state);
	return 0;
}

static int state_save(const char *run_dir, const struct json *state, const char *was, struct err *e)
{
	auto_free char *path = state_path(run_dir);
	auto_free char *text = json_print(state, false);

	if (json_get(state, "zones")->n == 0)
		return sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT
			       ? err_sys(e, "remove \"%s\"", path)
			       : 0;
	if (str_eq(text, was))
		return 0;
	return file_replace(AT_FDCWD, path, text, strlen(text), 0600, e);
}

/* Zones of two VLANs are not on one bridge. */
static char *network_of(const struct plan_link *l)
{
	return l->cni[0] ? mem_format(ZONE_LOWER_CNI "%s", l->cni)
	       : l->vlan ? mem_format("%s.%u", l->bridge, l->vlan)
			 : mem_strdup(l->bridge);
}

static struct json *link_new(const struct plan_link *l)
{
	struct json *j = json_new_object();
	struct json *addresses;
	auto_free char *network = network_of(l);
	char mac[INET_MAC_TEXT];

	inet_mac_text(l->mac, mac);
	json_set(j, "host", json_new_string(l->cni[0] ? l->device : l->host));
	json_set(j, "bridge", json_new_string(network));
	if (!l->cni[0] && !l->is_shared) /* these have the plugins', and the card's */
		json_set(j, "mac", json_new_string(mac));
	json_set(j, "isolated", json_new_bool(l->isolated));
	addresses = json_set(j, "addresses", json_new_array());
	for (size_t i = 0; i < l->addrs.n; i++) {
		char text[INET_TEXT];

		inet_text_bare(&l->addrs.items[i], text);
		json_add(addresses, json_new_string(text));
	}
	return j;
}

static struct json *zone_new(const struct net_plan *p)
{
	struct json *j = json_new_object();
	struct json *links;

	json_set(j, "zone", json_new_string(p->zonename));
	json_set(j, "hostname", json_new_string(p->hostname ? p->hostname : ""));
	links = json_set(j, "links", json_new_array());
	for (size_t i = 0; i < p->n_links; i++)
		if (!p->links[i].cni[0] || p->links[i].device[0]) /* one that is there */
			json_add(links, link_new(&p->links[i]));
	return j;
}

/* Keep the items of an array that `keeps` agrees to. */
static void list_filter(struct json *list, bool (*keeps)(struct json *item, const void *arg),
			const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (keeps(list->items[i], arg))
			list->items[kept++] = list->items[i];
		else
			json_free(list->items[i]);
	}
	list->n = kept;
}

static bool zone_is_other(struct json *zone, const void *name)
{
	return !str_eq(json_get_string(zone, "zone", ""), name);
}

static bool zone_is_listed(struct json *zone, const void *arg)
{
	const char *const *alive = arg;

	while (*alive && !str_eq(*alive, json_get_string(zone, "zone", "")))
		alive++;
	return *alive;
}

static int link_order(const void *a, const void *b)
{
	const struct link_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool link_exists(struct json *link, const void *arg)
{
	const struct link_list *links = arg;
	struct link_info key = { 0 };

	return str_format(key.name, sizeof(key.name), "%s", json_get_string(link, "host", "")) ==
		       0 &&
	       links->n && bsearch(&key, links->items, links->n, sizeof(key), link_order);
}

static bool zone_exists(struct json *zone, const void *arg)
{
	struct json *links = json_get(zone, "links");

	if (!links || links->type != JSON_ARRAY)
		return false;
	list_filter(links, link_exists, arg);
	return links->n > 0;
}

/* A zone's links go with its network namespace, whoever ended it. */
static int state_drop_dead(struct netlink *nl, struct json *state, struct err *e)
{
	auto_done(link_list) struct link_list links = { 0 };
	int r = link_all(nl, &links, e);

	if (r < 0)
		return r;
	if (links.n)
		qsort(links.items, links.n, sizeof(*links.items), link_order);
	list_filter(json_get(state, "zones"), zone_exists, &links);
	return 0;
}

/* --- MAC addresses ------------------------------------------------------------------------------------------------ */

/* The zone that has the MAC of this link on the same network; NULL: none. One whose link is gone has none. */
static const char *mac_holder(struct netlink *nl, const struct json *zone, const char *network,
			      const char *mac)
{
	const struct json *links = json_get(zone, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++) {
		const struct json *l = links->items[i];
		struct link_info found = { 0 };
		struct err ignored = { 0 };

		if (str_eq(json_get_string(l, "mac", ""), mac) &&
		    str_eq(json_get_string(l, "bridge", ""), network) &&
		    link_find(nl, json_get_string(l, "host", ""), &found, &ignored) == 0)
			return json_get_string(zone, "zone", "");
	}
	return NULL;
}

/* A bridge sends what is for a MAC to whoever spoke last with it: each of two would get what is the other's. */
static int check_macs(struct netlink *nl, const struct json *state, const struct net_plan *p,
		      struct err *e)
{
	const struct json *zones = json_get(state, "zones");

	for (size_t i = 0; i < p->n_links; i++) {
		const struct plan_link *l = &p->links[i];
		auto_free char *network = network_of(l);
		char mac[INET_MAC_TEXT];

		inet_mac_text(l->mac, mac);
		for (size_t k = 0; !l->cni[0] && !l->is_shared && k < zones->n; k++) {
			const char *zone = json_get_string(zones->items[k], "zone", "");
			const char *holder =
				str_eq(zone, p->zonename)
					? NULL
					: mac_holder(nl, zones->items[k], network, mac);

			if (holder)
				return err_set(
					e, EEXIST,
					"anet[%s]: zone \"%s\" has the MAC address %s on \"%s\" already",
					l->name, holder, mac, l->bridge);
		}
	}
	return 0;
}

int names_check_macs(struct netlink *nl, const struct net_plan *p, struct err *e)
{
	auto_ptr(json) struct json *state = NULL;
	auto_free char *was = NULL;
	int r = state_load(p->run_dir, &state, &was, e);

	return r < 0 ? r : check_macs(nl, state, p, e);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* The first zone with a key has the file, the others have hard links to it. */
struct leader {
	char *key;
	size_t zone;
};
struct files {
	const struct names_book *book;
	const char *run_dir;
	struct leader *leaders;
	size_t n;
};

static void files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->leaders[i].key);
	free(f->leaders);
}

static bool file_holds(int dir, const char *text)
{
	auto_free char *have = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	return file_read_all(dir, names_file, NAMES_MAX, &have, &n, &ignored) == 0 &&
	       str_eq(have, text);
}

static int file_write(const struct files *f, size_t zone, int dir, struct err *e)
{
	auto_free char *text = names_text(f->book, zone);

	return file_holds(dir, text) ? 0
				     : file_replace(dir, names_file, text, strlen(text), 0644, e);
}

static int folder_open(const struct files *f, size_t zone, struct err *e)
{
	const struct net_dirs dirs = { .run_dir = f->run_dir };
	auto_free char *path = net_names_dir(&dirs, names_zone(f->book, zone));
	int dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return dir < 0 ? err_sys(e, "open \"%s\"", path) : dir;
}

/* The leader's folder is opened each time: a thousand bridges are a thousand leaders, and no process may have as many descriptors. */
static int file_link(const struct files *f, size_t leader, int dir, struct err *e)
{
	struct stat have, want;
	auto_close int from = folder_open(f, leader, e);

	if (from < 0)
		return from;
	if (fstatat(from, names_file, &want, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "examine the names of zones");
	/* rename(2) of one hard link to another does nothing, and leaves both */
	if (fstatat(dir, names_file, &have, AT_SYMLINK_NOFOLLOW) == 0 &&
	    have.st_ino == want.st_ino && have.st_dev == want.st_dev)
		return 0;
	if (unlinkat(dir, names_temporary, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", names_temporary);
	if (linkat(from, names_file, dir, names_temporary, 0) < 0 ||
	    sys_renameat2(dir, names_temporary, dir, names_file, 0) < 0)
		return err_sys(e, "link the names of zones");
	return 0;
}

/* A zone without a folder has none to be told to: it is on its way out, or of an older version. */
static int files_make_one(struct files *f, size_t zone, struct err *e)
{
	struct err why = { 0 };
	auto_close int dir = folder_open(f, zone, &why);
	auto_free char *key = NULL;
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0) {
		*e = why;
		return dir;
	}
	key = names_key(f->book, zone);
	for (size_t i = 0; key && i < f->n; i++)
		if (str_eq(f->leaders[i].key, key))
			return file_link(f, f->leaders[i].zone, dir, e);
	r = file_write(f, zone, dir, e);
	if (r < 0 || !key)
		return r;
	f->leaders = mem_grow(f->leaders, f->n + 1, sizeof(*f->leaders));
	f->leaders[f->n++] = (struct leader){ ptr_steal(&key), zone };
	return 0;
}

/* All are tried. Only what `own` misses is an error: no zone keeps others from booting or halting by what is wrong with its folder, and the next change tries again. */
static int files_make(const struct net_dirs *dirs, const struct json *state,
		      const struct strv *known, const char *own, struct err *e)
{
	auto_ptr(names_book) struct names_book *book = names_book_new(state, known);
	auto_done(files) struct files f = { .book = book, .run_dir = dirs->run_dir };
	struct err first = { 0 };
	size_t failed = 0;
	int result = 0;

	for (size_t i = 0; i < names_count(book); i++) {
		struct err why = { 0 };

		if (files_make_one(&f, i, &why) == 0)
			continue;
		(void)err_wrap(&why, "tell zone \"%s\" the names of the others",
			       names_zone(book, i));
		if (own && str_eq(own, names_zone(book, i))) {
			*e = why;
			result = -why.code;
		} else if (failed++ == 0) {
			first = why;
		}
	}
	if (failed)
		log_warning("%s (%zu zones in all know only the names of before)", first.text,
			    failed);
	return result;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

struct change {
	const struct net_plan *joins;
	const char *leaves;
	const char *const *alive;
};

static int names_change(struct netlink *nl, const struct net_dirs *dirs, const struct change *c,
			struct err *e)
{
	auto_ptr(json) struct json *state = NULL;
	auto_free char *was = NULL;
	auto_done(strv) struct strv known = { 0 };
	int r = state_load(dirs->run_dir, &state, &was, e);

	if (r < 0)
		return r;
	if (c->leaves)
		list_filter(json_get(state, "zones"), zone_is_other, c->leaves);
	if (c->alive)
		list_filter(json_get(state, "zones"), zone_is_listed, c->alive);
	r = c->joins ? check_macs(nl, state, c->joins, e) : 0;
	if (r < 0)
		return r;
	if (c->joins)
		json_add(json_get(state, "zones"), zone_new(c->joins));
	r = state_drop_dead(nl, state, e);
	if (r == 0)
		r = state_save(dirs->run_dir, state, was, e);
	if (r == 0)
		r = ipam_zones(dirs->storage_dir, &known, e);
	return r < 0 ? r : files_make(dirs, state, &known, c->joins ? c->joins->zonename : NULL, e);
}

int names_join(struct netlink *nl, const struct net_plan *p, struct err *e)
{
	const struct net_dirs dirs = { .run_dir = p->run_dir, .storage_dir = p->storage_dir };
	const struct change c = { .joins = p, .leaves = p->zonename };

	return names_change(nl, &dirs, &c, e);
}

int names_leave(struct netlink *nl, const struct net_dirs *dirs, const char *zone, struct err *e)
{
	const struct change c = { .leaves = zone };

	return names_change(nl, dirs, &c, e);
}

int names_keep(struct netlink *nl, const struct net_dirs *dirs, const char *const *alive,
	       struct err *e)
{
	const struct change c = { .alive = alive };

	return names_change(nl, dirs, &c, e);
}

char *net_names_dir(const struct net_dirs *dirs, const char *zonename)
{
	return mem_format("%s/%s/names", dirs->run_dir, zonename);
}

bool net_has_names(const struct net_plan *p)
{
	return p && p->n_links > 0;
}
