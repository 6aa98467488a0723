/* etc_files - hostname, hosts, resolv.conf, hostid and machine-id in the zone's /etc.
 *
 * The root belongs to the tenant: every file is replaced below the open root by a rename in its parent directory, so a symlink or FIFO that was put there is
 * replaced or refused, never followed out or opened for writing. Most of this happens while the zone does not run, and the rest in the same way; what changes often (the names of other
 * zones) is not in its root at all. */
#include "runtime/zone/etc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { FILE_MAX = 65536 };
static const char mark[] =
	"# written by zones at boot; remove this line to keep your own changes\n";

/* Ours to write: not there, not a readable regular file, or marked. A long one was not written by us. */
static bool file_is_ours(int root, const char *path)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	size_t n = 0;
	int r = path_read_regular(root, path, FILE_MAX, &text, &n, &ignored);

	if (r < 0)
		return r != -EFBIG;
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

static bool hosts_is_link(int parent, const char *name)
{
	char target[sizeof(NET_HOSTS_LINK)] = "";
	ssize_t n = readlinkat(parent, name, target, sizeof(target));

	return n == sizeof(NET_HOSTS_LINK) - 1 && memcmp(target, NET_HOSTS_LINK, (size_t)n) == 0;
}

/* A zone with links sees the hosts file that the host keeps current; ours is only the symbolic link to it, put in the place of a file of ours. */
int etc_files_hosts(int root, struct err *e)
{
	static const char path[] = "/etc/hosts", temporary[] = ".hosts.zones.tmp";
	auto_free char *last = NULL;
	auto_close int parent = path_open_parent(root, path, 0, &last, e);

	if (parent < 0)
		return parent;
	if (hosts_is_link(parent, last) || !file_is_ours(root, path))
		return 0;
	if (unlinkat(parent, temporary, 0) < 0 && errno != ENOENT)
		return err_sys(e, "replace the zone's %s", path);
	if (symlinkat(NET_HOSTS_LINK, parent, temporary) < 0 ||
	    sys_renameat2(parent, temporary, parent, last, 0) < 0)
		return err_sys(e, "make the zone's %s", path);
	return 0;
}

static char *names_dir(const struct zone_dirs *d, const char *zonename)
{
	const struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };

	return net_names_dir(&dirs, zonename);
}

int etc_files_alone(const struct zone_dirs *d, const struct zone_spec *z, struct err *e)
{
	auto_free char *dir = names_dir(d, z->zonename);
	auto_free char *path = mem_format("%s/hosts", dir);
	auto_free char *text = net_hosts(z, NULL);

	return file_replace(AT_FDCWD, path, text, strlen(text), 0644, e);
}

int etc_files_names(const struct zone_dirs *d, const struct zone_spec *z, struct mount_spec *m,
		    struct err *e)
{
	auto_free char *dir = names_dir(d, z->zonename);
	int r = file_mkdir_p(AT_FDCWD, dir, 0755, e);

	if (r == 0)
		r = etc_files_alone(d, z, e);
	if (r < 0)
		return r;
	m->destination = mem_strdup(NET_NAMES_MOUNT);
	m->type = mem_strdup("bind");
	m->source = ptr_steal(&dir);
	strv_split(&m->options, "bind,ro,nosuid,nodev,noexec", ',');
	return 0;
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

int etc_files_resolv(int root, const struct zone_spec *z, const struct net_plan *net, struct err *e)
{
	return marked_write(root, "/etc/resolv.conf", net_resolv_conf(z, net), e);
}

int etc_files_write(int root, const struct zone_spec *z, const struct net_plan *net,
		    const char *uuid, struct err *e)
{
	auto_free char *hostname = mem_format("%s\n", z->hostname);
	int r = text_write(root, "/etc/hostname", hostname, e);

	if (r == 0)
		r = net_has_names(net) ? etc_files_hosts(root, e)
				       : marked_write(root, "/etc/hosts", net_hosts(z, net), e);
	if (r == 0 && (net || z->dns))
		r = etc_files_resolv(root, z, net, e);
	if (r == 0)
		r = hostid_write(root, z->hostid, e);
	return r < 0 ? r : machine_id_write(root, uuid, e);
}

int etc_files_hostid(int root, const struct zone_spec *z, struct err *e)
{
	return hostid_write(root, z->hostid, e);
}
