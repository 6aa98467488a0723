/* apply_net - the links, published ports and name service of a running zone.
 *
 * The judges say what has to wait; of links of ours either all changes are made or all wait, because a link is known by its place in the list: its name on the host, its lease and its automatic MAC
 * follow from that. The acts look at the two configurations as wholes: net_change() finds out itself what differs, also from what an interrupted apply has left. */
#include "runtime/zone/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/zone/etc_files.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

static void mount_row_done(struct mount_spec *m)
{
	free(m->destination);
	free(m->type);
	free(m->source);
	strv_done(&m->options);
}

/* --- what has to wait --------------------------------------------------------------------------------------------- */

static bool is_same_text(const struct json *a, const struct json *b)
{
	auto_free char *left = a ? json_print(a, false) : NULL;
	auto_free char *right = b ? json_print(b, false) : NULL;

	return a && b ? str_eq(left, right) : a == b;
}

static size_t count_of(const struct json *list)
{
	return list ? list->n : 0;
}

static const struct json *entry(const struct json *list, size_t i)
{
	return i < count_of(list) ? list->items[i] : NULL;
}

static bool lower_is(const struct json *link, const char *prefix)
{
	return str_has_prefix(json_get_string(link, "lowerLink", "auto"), prefix);
}

static bool is_automatic(const struct json *link)
{
	return link && (str_eq(json_get_string(link, "lowerLink", "auto"), "auto") ||
			lower_is(link, ZONE_LOWER_AUTO));
}

/* Why a link that differs is not changed now, or NULL. Either may be missing. */
static const char *link_waits(const struct json *a, const struct json *b)
{
	if ((a && lower_is(a, ZONE_LOWER_CNI)) || (b && lower_is(b, ZONE_LOWER_CNI)))
		return "a link of a CNI network is made, and protected, before the zone's programs run, and stays until it halts";
	return NULL;
}

/* A link that both have, at another place. */
static bool is_moved(const struct json *from, const struct json *to)
{
	for (size_t i = 0; i < count_of(from); i++)
		for (size_t k = 0; k < count_of(to); k++)
			if (i != k && str_eq(json_get_string(from->items[i], "linkname", ""),
					     json_get_string(to->items[k], "linkname", "")))
				return true;
	return false;
}

static bool has_cni(const struct json *list)
{
	for (size_t i = 0; i < count_of(list); i++)
		if (lower_is(list->items[i], ZONE_LOWER_CNI))
			return true;
	return false;
}

static bool has_automatic(const struct json *list)
{
	for (size_t i = 0; i < count_of(list); i++)
		if (is_automatic(list->items[i]))
			return true;
	return false;
}

static bool is_shared(const struct json *document)
{
	return str_eq(json_get_string(document, "ipType", "exclusive"), "shared");
}

static const char other_kind[] = "ipType: a zone has its kind of network from its boot";

/* Why the links cannot be changed now, or NULL. */
static const char *links_wait(const struct json *running, const struct json *wanted)
{
	const struct json *from = json_get(running, "anet"), *to = json_get(wanted, "anet");
	size_t n = count_of(from) > count_of(to) ? count_of(from) : count_of(to);

	if (is_shared(running) != is_shared(wanted))
		return other_kind;
	if (has_cni(from) && has_automatic(from) != has_automatic(to))
		return "whether the plugins of a CNI network lead the zone's ports is decided when it boots";
	if (is_moved(from, to))
		return "a link's names, lease and MAC follow from its place among the others, which changes";
	for (size_t i = 0; i < n; i++) {
		const struct json *a = entry(from, i), *b = entry(to, i);

		const char *why = is_same_text(a, b) ? NULL : link_waits(a, b);

		if (why)
			return why;
	}
	return NULL;
}

/* Ports are led by the automatic bridge; where the zone has no link on it, by plugins of a CNI network. */
static const char *ports_wait(const struct change *c, const struct json *running,
			      const struct json *wanted)
{
	const struct json *from = json_get(running, "anet"), *to = json_get(wanted, "anet");
	const struct json *links = links_wait(running, wanted) ? from : to;

	if (!has_automatic(from) && has_cni(from))
		return "the plugins of a CNI network are told of ports when the zone boots";
	return !c->to || has_automatic(links)
		       ? NULL
		       : "the link that the port is led to comes with the boot";
}

const char *apply_net_judge(const struct change *c, const struct json *running,
			    const struct json *wanted)
{
	return str_eq(c->key, "publish") ? ports_wait(c, running, wanted)
					 : links_wait(running, wanted);
}

/* Links of the host, or addresses on them. */
const char *apply_physical_judge(const struct change *c, const struct json *running,
				 const struct json *wanted)
{
	(void)c;
	if (is_shared(running) != is_shared(wanted))
		return other_kind;
	return is_shared(running) ? "a shared zone is given its addresses when it boots" : NULL;
}

const char *apply_dns_judge(const struct change *c, const struct json *running,
			    const struct json *wanted)
{
	(void)c;
	(void)wanted;
	return has_cni(json_get(running, "anet"))
		       ? "what the plugins of its CNI network say about name service is known when the zone boots"
		       : NULL;
}

/* --- links and ports ---------------------------------------------------------------------------------------------- */

static int check_run(void *arg, struct err *e)
{
	const struct apply *a = arg;
	const struct zone_run *run = &a->zone->run;

	return proc_is(run->init, run->init_start)
		       ? 0
		       : err_set(e, ECANCELED,
				 "zone \"%s\" has ended meanwhile: its file counts at its next boot",
				 a->zone->name);
}

static int save_network(void *arg, const struct json *saved, struct err *e)
{
	struct apply *a = arg;

	return zone_network_store(a->dirs, a->zone->name, a->zone->run.restarts, saved, e);
}

/* What is there now: another step may have changed it since the zone was opened. */
static int saved_network(const struct apply *a, struct json **ret, struct err *e)
{
	const struct zone_run *run = &a->zone->run;
	int r = zone_network_load(a->dirs, a->zone->name, run->restarts, ret, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!run->net_saved) { /* it has had no link yet */
		*ret = json_new_object();
		json_set(*ret, "zone", json_new_string(a->zone->name));
		json_set(*ret, "links", json_new_array());
		return 0;
	}
	return json_parse_simple(run->net_saved, strlen(run->net_saved), ret, e);
}

/* What a zone with links of ours has from its boot, for one that gets its first: the mount with the names of others. Mounted anew in any case: whether it is there already, from links
 * that it had before, is known to the zone only. */
static int first_names(struct apply *a, const struct zone_spec *to, struct err *e)
{
	auto_done(mount_row) struct mount_spec m = { 0 };
	struct err none = { 0 };
	int r = etc_files_names(a->dirs, to, &m, e);

	if (r < 0)
		return r;
	(void)!engine_mount_remove(a->container, m.destination, &none);
	return engine_mount_add(a->container, &m, e);
}

/* Its hosts and its name servers; with links of the host alone the latter. */
static int first_files(struct apply *a, const struct zone_spec *to, bool names, struct err *e)
{
	struct root_use root = ROOT_USE_NONE;
	int r = root_use_begin(a->dirs, a->zone, a->container, &root, e);

	if (r == 0 && names)
		r = etc_files_hosts(root.fd, e);
	if (r == 0)
		r = etc_files_resolv(root.fd, to, NULL, e);
	root_use_end(&root);
	return r;
}

static int first_link(struct apply *a, const struct zone_spec *from, const struct zone_spec *to,
		      struct err *e)
{
	bool names = !from->n_anet && to->n_anet;
	bool moved = !from->n_anet && !from->n_net && to->n_net;
	int r = names ? first_names(a, to, e) : 0;

	if (r == 0 && (names || moved))
		r = first_files(a, to, names, e);
	return r < 0 ? err_wrap(e, names ? "anet" : "net") : 0;
}

/* Its hosts file would go on to tell addresses that it has no more. */
static void last_link(struct apply *a, const struct zone_spec *to)
{
	struct err why = { 0 };

	if (etc_files_alone(a->dirs, to, &why) < 0)
		log_warning("%s", why.text);
}

static int net_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct net_dirs dirs = { .run_dir = a->dirs->run, .storage_dir = a->dirs->storage };
	auto_free char *path = mem_format("/proc/%d/ns/net", (int)a->zone->run.init);
	auto_close int netns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	auto_ptr(json) struct json *saved = NULL;
	int r;

	(void)c;
	if (netns < 0 && errno != ENOENT)
		return err_sys(e, "open \"%s\"", path);
	r = check_run(a, e); /* whose it is */
	if (r == 0)
		r = saved_network(a, &saved, e);
	if (r < 0)
		return r;
	const struct net_change change = { .from = back ? a->zone_after : a->zone_before,
					   .to = back ? a->zone_before : a->zone_after,
					   .saved = saved,
					   .netns_fd = netns,
					   .check = check_run,
					   .save = save_network,
					   .arg = a };

	r = first_link(a, change.from, change.to, e);
	if (r == 0)
		r = net_change(&change, &dirs, e);
	if (r == 0 && change.from->n_anet && !change.to->n_anet)
		last_link(a, change.to);
	return r;
}

/* Connections that end do not come back: behind all that may fail. */
static int net_order(const struct change *c)
{
	(void)c;
	return 2;
}

const struct change_act apply_net = {
	.together = true, .run = net_run, .order = net_order, .settles = true
};

/* --- name service ------------------------------------------------------------------------------------------------- */

/* As at boot: replaced below the zone's root by a rename, and left alone where the zone's administrator has made it his own. */
static int hostid_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	struct root_use root = ROOT_USE_NONE;
	int r = root_use_begin(a->dirs, a->zone, a->container, &root, e);

	(void)c;
	if (r == 0)
		r = etc_files_hostid(root.fd, back ? a->zone_before : a->zone_after, e);
	root_use_end(&root);
	return r < 0 ? err_wrap(e, "hostid") : 0;
}

static int dns_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct zone_spec *z = back ? a->zone_before : a->zone_after;
	struct root_use root = ROOT_USE_NONE;
	int r = root_use_begin(a->dirs, a->zone, a->container, &root, e);

	(void)c;
	if (r == 0)
		r = etc_files_resolv(root.fd, z, NULL, e);
	root_use_end(&root);
	return r < 0 ? err_wrap(e, "dns") : 0;
}

const struct change_act apply_dns = { .together = true, .run = dns_run, .settles = true };
const struct change_act apply_hostid = { .run = hostid_run };
