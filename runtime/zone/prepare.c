/* prepare - from a zone's file to everything the engine needs, refusing whatever can be refused before the first side effect.
 *
 * The init of a linux zone is looked up below its open root. Its kind decides the shutdown signal: it is read from the name that the path resolves to (systemd, busybox ...). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/etc_files.h"
#include "runtime/zone/file_systems.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"

void zone_prepared_done(struct zone_prepared *p)
{
	zone_spec_free(p->effective);
	container_spec_free(p->container);
	net_plan_free(p->net);
	free(p->init_kind);
	if (p->log_dirfd >= 0)
		(void)close(p->log_dirfd);
	*p = (struct zone_prepared){ .log_dirfd = -1 };
}

static int verify_all(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { .file = z->config_file };

	(void)zone_verify_open(d, z, &diags);
	return diags.n > 0 ? diag_err(&diags, e) : 0;
}

/* What kind of init the program at `path` is, by the name of the file that it resolves to inside the root. */
static char *init_kind_of(int fd)
{
	static const char *const kinds[] = { "systemd",    "busybox",   "openrc-init",
					     "runit-init", "s6-svscan", NULL };
	char link[32], target[PATH_MAX];
	const char *base;
	ssize_t n;

	path_of_fd(fd, link, sizeof(link));
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return mem_strdup("sysvinit");
	target[n] = '\0';
	base = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	for (size_t i = 0; kinds[i]; i++) {
		if (str_has_prefix(base, kinds[i]))
			return mem_strdup(kinds[i]);
	}
	return mem_strdup("sysvinit");
}

int zone_init_find(int root, const struct zone_brand *brand, const char **ret_init, char **ret_kind,
		   struct err *e)
{
	struct err ignored = { 0 };

	for (size_t i = 0; brand->init && brand->init[i]; i++) {
		auto_close int fd = path_open(root, brand->init[i], O_PATH, 0, 0, &ignored);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			continue;
		*ret_init = brand->init[i];
		*ret_kind = init_kind_of(fd);
		return 0;
	}
	return err_set(
		e, ENOENT,
		"there is no init in the zone's root (looked for %s and others): install a tree that has one, or give the zone a \"service\"",
		brand->init ? brand->init[0] : "/sbin/init");
}

static int log_open(const struct zone_spec *effective, struct err *e)
{
	auto_close int top = zone_storage_open(effective->zonepath, e);

	if (top < 0)
		return top;
	int r = file_mkdir_p(top, "log", 0700, e);

	return r < 0 ? r : file_open_dir(top, "log", e);
}

static int choose_init(const struct zone_prepared *p, int root, const struct zone_boot *o,
		       struct zone_boot_options *ret, char **ret_kind, struct err *e)
{
	const struct zone_brand *brand = zone_brand_find(p->effective->brand);

	if (!brand)
		return err_set(e, EINVAL, "brand \"%s\" is not known", p->effective->brand);
	*ret = (struct zone_boot_options){ .single_user = o->single_user,
					   .writable = o->writable,
					   .args = o->args };
	if (p->effective->service && p->effective->service->command.n == 0)
		return err_set(
			e, EINVAL,
			"the zone's service has no command, and no image says one: zone set %s 'service.command=[\"/bin/...\"]'",
			p->effective->zonename);
	if (p->effective->service || brand->sparse_root || !brand->init) {
		*ret_kind = mem_strdup("zone-init");
		ret->init_kind = *ret_kind;
		if (!p->effective->service && o->args && o->args->n > 0)
			return err_set(e, EINVAL, ZONE_NO_BOOT_ARGUMENTS);
		return 0;
	}
	int r = zone_init_find(root, brand, &ret->init, ret_kind, e);

	ret->init_kind = *ret_kind;
	return r;
}

/* Beside, or together with, the other zones of its tenant. On cgroup v2 a zone with dedicated CPUs stands beside the folder of all zones, because a partition's parent must be one itself, and only
 * the root is (verify refuses that together with a tenant, whose limits would not hold there). */
static void cgroup_place(const struct zone_dirs *d, const struct zone *z, bool is_partition,
			 struct container_spec *c)
{
	bool is_v2 = is_partition && cgroup_host_mode() == CGROUP_MODE_V2;
	auto_free char *folder = tenant_folder(d, is_v2 ? NULL : z->spec->tenant);

	free(c->linux.cgroups_path);
	c->linux.cgroups_path = mem_format(is_v2 ? "%s.%s" : "%s/%s", folder, z->name);
}

static struct time_offset_spec offset_to_zero(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (struct time_offset_spec){
		.set = true,
		.secs = -(int64_t)now.tv_sec - (now.tv_nsec > 0),
		.nanosecs = now.tv_nsec > 0 ? (uint64_t)(1000000000 - now.tv_nsec) : 0,
	};
}

/* A machine's clocks begin with its boot. The kernel then tells the zone's uptime wherever it is asked for, sysinfo(2) included, and when processes were started in the same time: a /proc/uptime that only
 * looks like the zone's would make ps(1) print nonsense. */
static void clocks_begin(const struct zone_spec *effective, struct container_spec *c)
{
	if (!effective->proc_view.value || access("/proc/self/ns/time", F_OK) < 0)
		return;
	c->linux.namespaces[NS_TIME].wanted = true;
	c->linux.monotonic = offset_to_zero(CLOCK_MONOTONIC);
	c->linux.boottime = offset_to_zero(CLOCK_BOOTTIME);
}

/* No zone is made beside one with such a name (config_check_links()), but a file can be put there by hand. */
static int check_clash(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(d, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_ptr(zone) struct zone *other = NULL;
		struct err ignored = { 0 };

		if (!str_eq(names.items[i], z->name) && net_names_clash(names.items[i], z->name) &&
		    zone_open(d, names.items[i], 0, &other, &ignored) == 0 &&
		    other->state >= ZONE_READY)
			return err_set(
				e, EEXIST,
				"its links would have the names of those of zone \"%s\", which runs: rename one of the two",
				other->name);
	}
	return r;
}

static int prepare_plan(const struct zone_dirs *d, const struct zone *z, struct zone_prepared *p,
			struct err *e)
{
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	int r = 0;

	if (p->effective->n_anet > 0)
		r = check_clash(d, z, e);
	if (r == 0 && (p->effective->n_anet > 0 || p->effective->n_net > 0))
		r = net_plan(p->effective, &dirs, &p->net, e);
	return r < 0 ? err_wrap(e, "plan the network") : 0;
}

static int prepare_rest(const struct zone_dirs *d, struct zone *z, const struct zone_boot *o,
			const struct zone_host *host, struct zone_prepared *p, struct err *e)
{
	struct zone_boot_options options;
	auto_close int root = zone_root_open(d, z, e);
	int r;

	if (root < 0)
		return root;
	r = quota_settle(&z->record, p->effective, e);
	if (r < 0)
		return r;
	p->log_dirfd = log_open(p->effective, e);
	if (p->log_dirfd < 0)
		return p->log_dirfd;
	r = choose_init(p, root, o, &options, &p->init_kind, e);
	if (r < 0)
		return r;
	r = zone_to_oci(p->effective, host, &options, &p->container, e);
	if (r < 0)
		return err_wrap(e, "translate the configuration");
	const struct fs_place place = { d, p->effective->zonepath, host->id_base };

	r = fs_complete_all(&place, p->effective, p->container, e);
	if (r < 0)
		return r;
	cgroup_place(d, z, p->effective->dedicated_cpu != NULL, p->container);
	clocks_begin(p->effective, p->container);
	r = prepare_plan(d, z, p, e);
	if (r == 0 && net_has_names(p->net))
		r = etc_files_names(d, p->effective,
				    LIST_GROW(p->container->mounts, p->container->n_mounts), e);
	if (r < 0)
		return r;
	return etc_files_write(root, p->effective, p->net, z->record.uuid, e);
}

int zone_prepare(const struct zone_dirs *d, struct zone *z, const struct zone_boot *o,
		 struct zone_prepared *ret, struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r = verify_all(d, z, e);

	*ret = (struct zone_prepared){ .log_dirfd = -1 };
	if (r < 0)
		return r;
	r = zone_host_facts(d, z, &host, &strings, e);
	if (r < 0)
		return r;
	ret->effective = zone_effective(z->spec, &host);
	r = prepare_rest(d, z, o, &host, ret, e);
	if (r < 0)
		zone_prepared_done(ret);
	return r;
}

int zone_prepared_dns(const struct zone_dirs *d, const struct zone *z,
		      const struct zone_prepared *p, struct engine_container *c, struct err *e)
{
	struct root_use root = ROOT_USE_NONE;
	int r = net_has_dns(p->net) ? root_use_begin(d, z, c, &root, e) : 0;

	if (r == 0 && root.fd >= 0)
		r = etc_files_resolv(root.fd, p->effective, p->net, e);
	root_use_end(&root);
	return r;
}
