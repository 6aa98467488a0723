/* The run record says which links were made, the namespace of the zone's init what has become of them. */
#include "runtime/zone/links.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

int zone_links(const struct zone *z, struct net_view *view, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *saved = NULL;
	auto_free char *path = mem_format("/proc/%d/ns/net", (int)z->run.init);
	int r;

	*ret = NULL;
	if (!z->has_run || !z->init_alive || !z->run.net_saved)
		return 0;
	auto_close int netns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (netns < 0 && errno == ENOENT)
		return 0; /* it came to its end meanwhile */
	if (netns < 0)
		return err_sys(e, "open \"%s\"", path);
	r = json_parse_simple(z->run.net_saved, strlen(z->run.net_saved), &saved, e);
	return r < 0 ? err_wrap(e, "the record of its links")
		     : net_status(saved, netns, view, ret, e);
}

void zone_links_view_done(struct zone_links_view *v)
{
	net_view_free(v->net);
	v->net = NULL;
}

int zone_row_links(const struct zone_dirs *d, const struct zone_row *row, struct zone_links_view *v,
		   struct json **ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_ptr(json) struct json *status = NULL;
	auto_ptr(json) struct json *list = json_new_array();
	const struct json *links;
	int r;

	*ret = NULL;
	if (row->state < ZONE_READY || row->id < 0 || str_eq(row->brand, "oci"))
		return 0;
	r = v->net ? 0 : net_view_open(&v->net, e);
	if (r < 0)
		return r;
	r = zone_open(d, row->name, 0, &z, e);
	if (r < 0)
		return r;
	r = zone_links(z, v->net, &status, e);
	if (r < 0)
		return r;
	links = json_get(status, "links");
	for (size_t i = 0; links && i < links->n; i++)
		json_add(list, json_clone(links->items[i]));
	if (z->init_alive)
		*ret = ptr_steal(&list);
	return 0;
}
