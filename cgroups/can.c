/* can - may these limits be promised on this host? The same plan that cgroup_limit() would write, held against what the
 * host offers. Nothing is made and nothing is written. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/convert.h"
#include "cgroups/detect.h"
#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

enum { TEXT_MAX = 64 << 10 };

static const struct hierarchy *find(const struct cgroup_host *host, const char *controller)
{
	const struct hierarchy *unified = NULL;

	for (size_t i = 0; i < host->n; i++) {
		if (host->items[i].v2)
			unified = &host->items[i];
		else if (strv_has(&host->items[i].controllers, controller))
			return &host->items[i];
	}
	return unified;
}

/* CPUs and memory nodes must be there, or the write that comes later is refused. Unknown lists are left to that write. */
static int check_list(const struct cgroup_host *host, const char *key, const char *wanted,
		      struct err *e)
{
	const struct hierarchy *h = find(host, "cpuset");
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	unsigned missing = 0;
	size_t n = 0;

	if (str_empty(wanted) || !h)
		return 0;
	auto_free char *file =
		mem_format("%s/cpuset.%s%s", h->mount, key, h->v2 ? ".effective" : "");

	if (file_read_all(AT_FDCWD, file, TEXT_MAX, &text, &n, &ignored) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	int r = convert_list_within(wanted, text, &missing);

	if (r == -ERANGE)
		return err_set(e, EOPNOTSUPP, "cpu.%s: there is no number %u here, only %s", key,
			       missing, text);
	return r < 0 ? err_set(e, EINVAL, "cpu.%s: \"%s\" is no list such as 0-3,7", key, wanted)
		     : 0;
}

static int check_hugepages(const struct resources_spec *r, struct err *e)
{
	for (size_t i = 0; i < r->n_hugepages; i++) {
		uint64_t kib = convert_page_kib(r->hugepages[i].page_size);
		auto_free char *dir =
			mem_format("/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", kib);

		if (access(dir, F_OK) < 0)
			return err_set(
				e, EOPNOTSUPP,
				"hugepageLimits[%zu].pageSize: this machine has no pages of \"%s\"",
				i, r->hugepages[i].page_size);
	}
	return 0;
}

static int check_devices(const struct cgroup_host *host, const struct resources_spec *r,
			 struct err *e)
{
	struct device_rules rules auto_done(device_rules) = { 0 };
	struct device_rules list auto_done(device_rules) = { 0 };
	const struct hierarchy *h = find(host, "devices");
	bool allow;
	int rc = r->n_devices > 0 ? device_rules_load(r, true, &rules, e) : 0;

	if (rc < 0 || r->n_devices == 0)
		return rc;
	if (!h)
		return err_set(e, EOPNOTSUPP,
			       "resources.devices: this host has no cgroup controller \"devices\"");
	return h->v2 ? devices_check_v2(e) : device_rules_flatten(&rules, &allow, &list, e);
}

static bool offers(const struct hierarchy *h, const char *controller)
{
	struct err ignored = { 0 };
	struct strv names auto_done(strv) = { 0 };
	auto_free char *path = mem_format("%s/cgroup.controllers", h->mount);
	auto_free char *text = NULL;
	size_t n = 0;

	if (!h->v2)
		return strv_has(&h->controllers, controller);
	if (!*controller)
		return true;
	if (file_read_all(AT_FDCWD, path, TEXT_MAX, &text, &n, &ignored) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	strv_split(&names, text, ' ');
	return strv_has(&names, controller);
}

/* Many files exist only below the root: look into the first child there is. Without any, nothing speaks against the file. */
static bool may_have_file(const struct hierarchy *h, const char *controller, const char *name)
{
	auto_free char *at_root = mem_format("%s/%s", h->mount, name);
	bool seen = false, found = access(at_root, F_OK) == 0;
	DIR *d = found ? NULL : opendir(h->mount);

	for (struct dirent *entry = d ? readdir(d) : NULL; entry && !found; entry = readdir(d)) {
		auto_free char *file = mem_format("%s/%s/%s", h->mount, entry->d_name, name);
		auto_free char *any =
			mem_format("%s/%s/%s.stat", h->mount, entry->d_name, controller);

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		/* On v2 a child shows a controller's files only where it is enabled. */
		seen = seen || !h->v2 || access(any, F_OK) == 0;
		found = access(file, F_OK) == 0;
	}
	if (d)
		(void)closedir(d); /* only read */
	return found || !seen;
}

static int probe_one(const struct cgroup_host *host, const struct limit *l, struct err *e)
{
	for (size_t i = 0; i < host->n; i++) {
		const struct hierarchy *h = &host->items[i];

		if (h->v2 != l->v2 || !offers(h, l->controller))
			continue;
		if (!(l->flags & LIMIT_OPTIONAL) && !may_have_file(h, l->controller, l->file))
			return err_set(e, EOPNOTSUPP, "%s: this kernel has no \"%s\"", l->key,
				       l->file);
		return 0;
	}
	return err_set(e, EOPNOTSUPP, "%s: this host has no cgroup controller \"%s\"", l->key,
		       l->controller);
}

static int probe(const struct cgroup_host *host, const struct limit_plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		int r = probe_one(host, &p->items[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void ground_of_host(const struct cgroup_host *host, struct limit_ground *ret)
{
	for (size_t i = 0; i < host->n; i++) {
		if (host->items[i].v2)
			ret->v2 = true;
		else
			strv_copy(&ret->v1, &host->items[i].controllers);
	}
	const struct hierarchy *io = find(host, "blkio");

	ret->bfq = io && may_have_file(io, io->v2 ? "io" : "blkio",
				       io->v2 ? "io.bfq.weight" : "blkio.bfq.weight");
}

int cgroup_can_limit(const struct resources_spec *r, struct err *e)
{
	struct cgroup_host host auto_done(cgroup_host) = { 0 };
	struct limit_ground ground auto_done(limit_ground) = { 0 };
	struct limit_plan plan auto_done(limit_plan) = { 0 };
	int rc = detect_host(&host, e);

	if (rc < 0)
		return rc;
	ground_of_host(&host, &ground);
	rc = limits_plan(r, &ground, &plan, e);
	if (rc == 0)
		rc = probe(&host, &plan, e);
	if (rc == 0 && r->cpu)
		rc = check_list(&host, "cpus", r->cpu->cpus, e);
	if (rc == 0 && r->cpu)
		rc = check_list(&host, "mems", r->cpu->mems, e);
	if (rc == 0)
		rc = check_hugepages(r, e);
	return rc < 0 ? rc : check_devices(&host, r, e);
}

/* The root of the v2 hierarchy no longer has the CPUs of partitions below it. */
int cgroup_host_cpus(char **ret, struct err *e)
{
	static const char online[] = "/sys/devices/system/cpu/online";
	struct cgroup_host host auto_done(cgroup_host) = { 0 };
	int r = detect_host(&host, e);

	if (r < 0)
		return r;
	const struct hierarchy *h = find(&host, "cpuset");
	auto_free char *events = h ? mem_format("%s/cgroup.events", h->mount) : NULL;
	bool is_part = h && (!h->v2 || access(events, F_OK) == 0);
	auto_free char *file =
		is_part ? mem_format("%s/cpuset.%s", h->mount, h->v2 ? "cpus.effective" : "cpus")
			: mem_strdup(online);

	r = file_read_all(AT_FDCWD, file, TEXT_MAX, ret, NULL, e);
	if (r < 0)
		return r;
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}
