/* RUN/.links/ZONE: { "links": [ { name, kind, ... (identity.h), ... (physical_row.h) } ] } */
#include "net/physical.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "net/addr.h"
#include "net/bridge.h"
#include "net/enter.h"
#include "net/identity.h"
#include "net/link.h"
#include "net/physical_row.h"
#include "net/plan.h"
#include "net/route.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { JOURNAL_MAX = 1 << 20, FREE_NAMES = 100, NSFS = 0x6e736673 };

void physical_list_done(struct physical_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].addrs);
		free(l->items[i].routers);
	}
	free(l->items);
	*l = (struct physical_list){ 0 };
}

/* --- the journal ------------------------------------------------------------------------------ */

static char *journal_path(const char *run_dir, const char *zone)
{
	return mem_format("%s/.links/%s", run_dir, zone);
}

static char *hold_path(const char *run_dir, const char *zone)
{
	return mem_format("%s/.netns/%s", run_dir, zone);
}

/* 1 read, 0 there is none. */
static int journal_load(const char *run_dir, const char *zone, struct json **ret, struct err *e)
{
	auto_free char *path = journal_path(run_dir, zone);
	auto_free char *text = NULL;
	struct err why = { 0 };
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, JOURNAL_MAX, &text, &n, &why);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = json_parse_simple(text, n, ret, &why);
	if (r < 0) {
		*e = why;
		return err_wrap(e, "read \"%s\", which says what links zone \"%s\" has", path,
				zone);
	}
	return 1;
}

bool physical_is_noted(const char *run_dir, const char *zone)
{
	auto_free char *path = journal_path(run_dir, zone);

	return zone[0] && file_exists(AT_FDCWD, path);
}

/* NULL behind the last one. */
static const struct json *journal_link(const struct json *j, size_t i)
{
	const struct json *links = json_get(j, "links");

	return links && links->type == JSON_ARRAY && i < links->n ? links->items[i] : NULL;
}

/* Zones with a journal. */
static int journal_zones(const char *run_dir, struct strv *ret, struct err *e)
{
	auto_free char *path = mem_format("%s/.links", run_dir);
	struct err why = { 0 };
	int fd = file_open_dir(AT_FDCWD, path, &why);
	const struct dirent *d;
	DIR *dir;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		*e = why;
		return fd;
	}
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(&fd);
		return err_sys(e, "read \"%s\"", path);
	}
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			strv_add(ret, d->d_name);
	(void)closedir(dir);
	return 0;
}

/* The zone that has the host's link of that name; NULL when none has. Freshly allocated. */
static int journal_holder(const char *run_dir, const char *name, char **ret, struct err *e)
{
	auto_done(strv) struct strv zones = { 0 };
	int r = journal_zones(run_dir, &zones, e);

	*ret = NULL;
	for (size_t i = 0; r >= 0 && i < zones.n && !*ret; i++) {
		auto_ptr(json) struct json *j = NULL;

		r = journal_load(run_dir, zones.items[i], &j, e);
		for (size_t k = 0; r > 0 && journal_link(j, k); k++)
			if (!*ret && str_eq(json_get_string(journal_link(j, k), "name", ""), name))
				*ret = mem_strdup(zones.items[i]);
	}
	return r < 0 ? r : 0;
}

/* --- may it be taken? ------------------------------------------------------------------------- */

static int check_use(struct netlink *host, const struct identity *i, struct err *e)
{
	char user[IFNAMSIZ] = "";
	bool has_default = false;
	int r = identity_used_by(host, i->index, user, e);

	if (r == 0)
		r = route_carries_default(host, i->index, &has_default, e);
	if (r < 0)
		return r;
	if (user[0])
		return err_set(
			e, EINVAL,
			"\"%s\" has the link \"%s\" on it; take that away first, or use anet with lowerLink \"%s\"",
			i->name, user, i->name);
	if (has_default)
		return err_set(
			e, EINVAL,
			"\"%s\" carries the host's default route, so the host would be cut off; use anet with lowerLink \"%s\", or give the host another route first",
			i->name, i->name);
	return 0;
}

static int check_link(struct netlink *host, const struct identity *i, struct err *e)
{
	if (i->flags & IFF_LOOPBACK)
		return err_set(e, EINVAL, "\"%s\" is the loopback, which every zone has already",
			       i->name);
	if (str_eq(i->kind, "bridge"))
		return err_set(
			e, EINVAL,
			"\"%s\" is a bridge, which cannot leave its namespace; use anet with lowerLink \"%s\"",
			i->name, i->name);
	if (plan_host_name_hash(i->name))
		return err_set(e, EINVAL, "\"%s\" belongs to the links of a zone", i->name);
	if (i->master) {
		struct link_info master = { 0 };
		struct err ignored = { 0 };

		(void)!link_find_index(host, i->master, &master, &ignored);
		return err_set(
			e, EINVAL,
			"\"%s\" is a port of \"%s\"; take it off first (ip link set %s nomaster), or use anet with lowerLink \"%s\"",
			i->name, master.name, i->name, master.name);
	}
	return check_use(host, i, e);
}

int physical_check(struct netlink *host, const char *run_dir, const char *zone, const char *name,
		   struct err *e)
{
	auto_done(identity) struct identity i = { 0 };
	auto_free char *holder = NULL;
	struct err why = { 0 };
	int r = identity_find(host, name, &i, &why);

	if (r == 0 && !str_eq(i.name, name))
		return err_set(e, EINVAL, "\"%s\" is a further name of the link \"%s\": write that",
			       name, i.name);
	if (r == 0) {
		r = check_link(host, &i, e);
		return r < 0 ? r : bridge_check_unshared(run_dir, name, e);
	}
	if (r != -ENODEV) {
		*e = why;
		return r;
	}
	r = journal_holder(run_dir, name, &holder, e);
	if (r < 0 || str_eq(holder, zone))
		return r;
	if (holder)
		return err_set(e, EBUSY, "zone \"%s\" has the link \"%s\"; halt it first", holder,
			       name);
	return err_set(e, ENODEV, "no link \"%s\" exists", name);
}

/* --- taking ----------------------------------------------------------------------------------- */

static const struct json *journal_find(const struct json *j, const char *name)
{
	for (size_t i = 0; journal_link(j, i); i++)
		if (str_eq(json_get_string(journal_link(j, i), "name", ""), name))
			return journal_link(j, i);
	return NULL;
}

static int journal_store(const char *run_dir, const char *zone, const struct json *j, struct err *e)
{
	auto_free char *dir = mem_format("%s/.links", run_dir);
	auto_free char *path = journal_path(run_dir, zone);
	auto_free char *text = json_print(j, false);
	int r = file_mkdir_p(AT_FDCWD, dir, 0700, e);

	return r < 0 ? r : file_replace(AT_FDCWD, path, text, strlen(text), 0600, e);
}

/* What the links are like now, on disk. Of one that stands there already this was noted before the zone had it. */
static int journal_write(struct netlink *host, const char *run_dir, const char *zone,
			 const struct physical_list *links, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_done(addr_list) struct addr_list all = { 0 };
	int r = journal_load(run_dir, zone, &j, e);

	if (r == 0) {
		j = json_new_object();
		json_set(j, "links", json_new_array());
	}
	r = r < 0 ? r : addr_all(host, &all, e);
	for (size_t i = 0; r == 0 && i < links->n; i++) {
		auto_done(identity) struct identity id = { 0 };

		if (journal_find(j, links->items[i].name))
			continue;
		r = physical_check(host, run_dir, zone, links->items[i].name, e);
		if (r == 0)
			r = identity_find(host, links->items[i].name, &id, e);
		if (r < 0)
			return err_wrap(e, "net[%zu].physical", i);
		json_add(json_get(j, "links"), physical_row_new(&id, &all));
	}
	if (r == 0)
		r = journal_store(run_dir, zone, j, e);
	if (r == 0)
		*ret = ptr_steal(&j);
	return r;
}

/* The held namespace: a descriptor, or -ENOENT when none is held. */
static int held(const char *run_dir, const char *zone, struct err *e)
{
	auto_free char *path = hold_path(run_dir, zone);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	struct statfs fs;

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, "look at \"%s\"", path);
	/* a file before anything was mounted on it */
	return fs.f_type == NSFS ? fd_steal(&fd) : err_set(e, ENOENT, "nothing is held");
}

static bool is_held(const char *run_dir, const char *zone, int netns_fd)
{
	struct err ignored = { 0 };
	auto_close int fd = held(run_dir, zone, &ignored);
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstat(netns_fd, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int hold(const char *run_dir, const char *zone, int netns_fd, struct err *e)
{
	auto_free char *dir = mem_format("%s/.netns", run_dir);
	auto_free char *path = hold_path(run_dir, zone);
	auto_free char *source = mem_format("/proc/self/fd/%d", netns_fd);
	int r = file_mkdir_p(AT_FDCWD, dir, 0700, e);

	if (r < 0 || is_held(run_dir, zone, netns_fd))
		return r;
	auto_close int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || sys_mount(source, path, NULL, MS_BIND, NULL) < 0)
		return err_sys(e, "hold the zone's network namespace at \"%s\"", path);
	return 0;
}

/* One that is not on the host is the zone's already. */
static int take_link(struct netlink *host, const struct json *link, int netns_fd, struct err *e)
{
	auto_done(identity) struct identity was = { 0 }, now = { 0 };
	int r = identity_load(link, &was, e);

	if (r == 0)
		r = identity_search(host, &was, true, &now, e);
	if (r > 0)
		r = identity_move(host, now.index, netns_fd, was.name, e);
	return r < 0 ? err_wrap(e, "give the zone the link \"%s\"", was.name) : 0;
}

int physical_take(struct netlink *host, const char *run_dir, const char *zone,
		  const struct physical_list *links, int netns_fd, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	int r = journal_write(host, run_dir, zone, links, &j, e);

	if (r == 0)
		r = hold(run_dir, zone, netns_fd, e);
	for (size_t i = 0; r == 0 && i < links->n; i++)
		r = take_link(host, journal_find(j, links->items[i].name), netns_fd, e);
	return r;
}

int physical_settle(struct netlink *zone, const struct physical *p, struct err *e)
{
	const struct link_change up = { .up = true };
	struct link_info l = { 0 };
	int r = link_find(zone, p->name, &l, e);

	for (size_t i = 0; r == 0 && i < p->n_addrs; i++)
		r = addr_add(zone, l.index, &p->addrs[i], e);
	if (r == 0)
		r = link_change(zone, p->name, &up, e);
	for (size_t i = 0; r == 0 && i < p->n_routers; i++)
		r = route_add_default(zone, l.index, &p->routers[i], e);
	return r;
}

/* --- giving back ------------------------------------------------------------------------------ */

struct giving {
	struct netlink *host;
	struct netlink inside; /* closed when there is no namespace any more */
	const char *zone;
	int host_ns;
};

static void giving_done(struct giving *g)
{
	netlink_done(&g->inside);
	fd_close(&g->host_ns);
}

/* Names of ours for a link whose own is taken meanwhile. */
static int move_home(struct giving *g, uint32_t index, const struct identity *was,
		     char name[IFNAMSIZ], struct err *e)
{
	struct err why = { 0 };
	int r = str_format(name, IFNAMSIZ, "%s", was->name);

	r = r < 0 ? r : identity_move(&g->inside, index, g->host_ns, name, &why);
	for (unsigned i = 0; r == -EEXIST && i < FREE_NAMES; i++) {
		r = str_format(name, IFNAMSIZ, "zback%u", i);
		if (r == 0)
			r = identity_move(&g->inside, index, g->host_ns, name, &why);
	}
	if (r < 0)
		*e = why;
	return r;
}

/* What root inside made in the place of a link that it deleted. It is down and without addresses, as all that comes from a namespace. */
static int send_away(struct giving *g, const char *name, struct err *e)
{
	log_warning("zone \"%s\" has put a link of its own in the place of one that it was lent",
		    g->zone);
	return link_delete(g->host, name, e);
}

/* Out of the zone. 1 it is on the host, with this number; 0 it was not there. */
static int bring_home(struct giving *g, const struct json *row, const struct identity *was,
		      uint32_t *ret, struct err *e)
{
	auto_done(identity) struct identity now = { 0 };
	struct link_info l = { 0 };
	char name[IFNAMSIZ];
	int r = g->inside.fd < 0 ? 0 : identity_search(&g->inside, was, false, &now, e);

	if (r <= 0)
		return r;
	r = identity_drop_names(&g->inside, &now, e);
	if (r == 0)
		r = move_home(g, now.index, was, name, e);
	if (r == 0 && !physical_row_is(row, was, name))
		return send_away(g, name, e);
	if (r == 0)
		r = link_find(g->host, name, &l, e);
	if (r < 0)
		return r;
	*ret = l.index;
	return 1;
}

/* Hardware whose namespace is gone is back by the kernel's doing, under the name it had last. */
static int find_home(struct giving *g, const struct json *row, const struct identity *was,
		     uint32_t *ret, struct err *e)
{
	auto_done(identity) struct identity now = { 0 };
	struct err why = { 0 };
	int r = identity_search(g->host, was, true, &now, e);

	if (r <= 0 || !physical_row_is(row, was, now.name))
		return r < 0 ? r : 0;
	*ret = now.index;
	if (!str_eq(now.name, was->name) &&
	    identity_rename(g->host, now.index, was->name, &why) < 0)
		log_warning("%s", why.text);
	return 1;
}

/* 1 it is back, 0 it is not found any more. */
static int give_back_link(struct giving *g, const struct json *link, struct err *e)
{
	auto_done(identity) struct identity was = { 0 };
	struct link_info l = { 0 };
	struct err why = { 0 };
	uint32_t index = 0;
	int r = identity_load(link, &was, e);

	if (r == 0)
		r = bring_home(g, link, &was, &index, e);
	if (r == 0)
		r = find_home(g, link, &was, &index, e);
	if (r < 0)
		return err_wrap(e, "give the link \"%s\" back to the host", was.name);
	if (r == 0) {
		log_warning("the link \"%s\" that zone \"%s\" had is gone: it was deleted inside",
			    was.name, g->zone);
		return 0;
	}
	if (identity_restore(g->host, index, &was, &why) < 0 ||
	    physical_row_give_addresses(g->host, index, link, &why) < 0)
		log_warning("%s",
			    why.text); /* it is back; what a driver refuses is refused again */
	if (link_find_index(g->host, index, &l, &why) == 0 && !str_eq(l.name, was.name))
		log_warning("the link \"%s\" that zone \"%s\" had is back as \"%s\"", was.name,
			    g->zone, l.name);
	return 1;
}

static int let_go(const char *run_dir, const char *zone, struct err *e)
{
	auto_free char *path = hold_path(run_dir, zone);
	auto_free char *journal = journal_path(run_dir, zone);

	while (sys_umount2(path, MNT_DETACH) == 0)
		continue;
	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", path);
	if (sys_unlinkat(AT_FDCWD, journal, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", journal);
	return 0;
}

static int giving_open(struct giving *g, const char *run_dir, struct err *e)
{
	struct err why = { 0 };
	auto_close int netns = held(run_dir, g->zone, &why);
	int r = netns == -ENOENT || netns >= 0 ? 0 : netns;

	if (r == 0)
		g->host_ns = sys_openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0);
	if (r == 0 && g->host_ns < 0)
		r = err_sys(&why, "open the host's network namespace");
	if (r == 0 && netns >= 0)
		r = enter_namespace(netns, NULL, &g->inside, &why);
	if (r < 0)
		*e = why;
	return r;
}

int physical_give_back(struct netlink *host, const char *run_dir, const char *zone, struct err *e)
{
	auto_done(giving) struct giving g = {
		.host = host, .inside = NETLINK_CLOSED, .zone = zone, .host_ns = -1
	};
	auto_ptr(json) struct json *j = NULL;
	struct err why = { 0 };
	int result = 0;
	int r = journal_load(run_dir, zone, &j, e);

	if (r <= 0)
		return r;
	r = giving_open(&g, run_dir, e);
	for (size_t i = 0; r >= 0 && journal_link(j, i); i++) {
		int one = give_back_link(&g, journal_link(j, i), &why);

		if (one < 0 && result == 0) {
			result = one;
			*e = why;
		}
	}
	if (r < 0 || result < 0)
		return r < 0 ? r : result;
	return let_go(run_dir, zone, e);
}

static bool list_has(const struct physical_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return true;
	return false;
}

static void journal_drop(struct json *j, size_t i)
{
	struct json *links = json_get(j, "links");

	json_free(links->items[i]);
	for (links->n--; i < links->n; i++)
		links->items[i] = links->items[i + 1];
}

/* One that is not found may have been moved on inside: it stays noted until the zone ends. */
int physical_return(struct netlink *host, const char *run_dir, const char *zone,
		    const struct physical_list *keep, struct err *e)
{
	auto_done(giving) struct giving g = {
		.host = host, .inside = NETLINK_CLOSED, .zone = zone, .host_ns = -1
	};
	auto_ptr(json) struct json *j = NULL;
	int r = journal_load(run_dir, zone, &j, e);
	size_t i = 0;

	if (r <= 0)
		return r;
	r = giving_open(&g, run_dir, e);
	while (r >= 0 && journal_link(j, i)) {
		if (list_has(keep, json_get_string(journal_link(j, i), "name", ""))) {
			i++;
			continue;
		}
		r = give_back_link(&g, journal_link(j, i), e);
		if (r > 0)
			journal_drop(j, i);
		else
			i++;
		if (r > 0 && journal_link(j, 0))
			r = journal_store(run_dir, zone, j, e);
	}
	if (r < 0 || journal_link(j, 0))
		return r < 0 ? r : 0;
	return let_go(run_dir, zone, e);
}

int physical_sweep(struct netlink *host, const char *run_dir, const char *const *alive,
		   struct err *e)
{
	auto_done(strv) struct strv zones = { 0 };
	int r = journal_zones(run_dir, &zones, e);

	for (size_t i = 0; r == 0 && i < zones.n; i++) {
		const char *const *a = alive;

		while (*a && !str_eq(*a, zones.items[i]))
			a++;
		if (!*a)
			r = physical_give_back(host, run_dir, zones.items[i], e);
	}
	return r;
}
