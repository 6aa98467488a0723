/* The run record says which links were made, the namespace of the zone's init what has become of them. */
#include "runtime/zone/links.h"

#include <fcntl.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

int zone_links(const struct zone *z, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *saved = NULL;
	auto_free char *path = mem_format("/proc/%d/ns/net", (int)z->run.init);
	int r;

	*ret = NULL;
	if (!z->has_run || !z->init_alive || !z->run.net_saved)
		return 0;
	auto_close int netns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (netns < 0)
		return err_sys(e, "open \"%s\"", path);
	r = json_parse_simple(z->run.net_saved, strlen(z->run.net_saved), &saved, e);
	return r < 0 ? err_wrap(e, "the record of its links") : net_status(saved, netns, ret, e);
}
