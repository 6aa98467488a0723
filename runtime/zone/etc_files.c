/* etc_files - hostname, hosts, resolv.conf, hostid and machine-id in the zone's /etc.
 *
 * The root belongs to the tenant: every file is replaced below the open root by a rename in its parent directory, so a symlink or FIFO that was put there is
 * replaced or refused, never followed out or opened for writing. */
#include "runtime/zone/etc_files.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"

enum { FILE_MAX = 65536 };
static const char mark[] =
	"# written by zones at boot; remove this line to keep your own changes\n";

/* Ours to write: not there, not a readable regular file, or marked. */
static bool file_is_ours(int root, const char *path)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	if (path_read_regular(root, path, FILE_MAX, &text, &n, &ignored) < 0)
		return true;
	return n == 0 || str_has_prefix(text, mark);
}

static int text_write(int root, const char *path, const char *text, struct err *e)
{
	int r = path_replace_file(root, path, text, strlen(text), 0644, e);

	return r < 0 ? err_wrap(e, "write the zone's %s", path) : 0;
}

static int marked_write(int root, const char *path, char *text, struct err *e)
{
	auto_free char *owned = text, *whole = NULL;

	if (!owned || !file_is_ours(root, path))
		return 0;
	whole = mem_format("%s%s", mark, owned);
	return text_write(root, path, whole, e);
}

static int machine_id_write(int root, const char *uuid, struct err *e)
{
	auto_free char *have = NULL;
	struct err ignored = { 0 };
	char id[34];
	size_t n = 0, at = 0;

	if (path_read_regular(root, "/etc/machine-id", 64, &have, &n, &ignored) == 0 && n >= 32)
		return 0;
	for (const char *p = uuid; *p != '\0' && at < 32; p++) {
		if (*p != '-')
			id[at++] = *p;
	}
	if (at != 32)
		return 0;
	id[at++] = '\n';
	id[at] = '\0';
	return text_write(root, "/etc/machine-id", id, e);
}

static int hostid_write(int root, const char *hostid, struct err *e)
{
	unsigned char bytes[4];
	uint32_t id;
	int r;

	if (!hostid || num_hex32(hostid, &id) < 0)
		return 0;
	memcpy(bytes, &id, sizeof(bytes)); /* gethostid(3) reads the machine's byte order */
	r = path_replace_file(root, "/etc/hostid", bytes, sizeof(bytes), 0644, e);
	return r < 0 ? err_wrap(e, "write the zone's /etc/hostid") : 0;
}

int etc_files_write(int root, const struct zone_spec *z, const struct net_plan *net,
		    const char *uuid, struct err *e)
{
	auto_free char *hostname = mem_format("%s\n", z->hostname);
	int r = text_write(root, "/etc/hostname", hostname, e);

	if (r == 0)
		r = marked_write(root, "/etc/hosts", net_hosts(z, net), e);
	if (r == 0 && (net || z->dns))
		r = marked_write(root, "/etc/resolv.conf", net_resolv_conf(z, net), e);
	if (r == 0)
		r = hostid_write(root, z->hostid, e);
	return r < 0 ? r : machine_id_write(root, uuid, e);
}
