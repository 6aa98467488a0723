#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/names.h"
#include "config/oci_check.h"
#include "config/oci_check_at.h"
#include "config/spec.h"
#include "runtime/base/mem.h"

/* Rules of linux.* that compare values: id maps, sysctls and the namespaces that make them the container's own, seccomp, devices. */

#define ID_SPACE      4294967295ull /* ids are 0 ... 2^32-2 */
#define MAP_LINES_MAX 340           /* UID_GID_MAP_MAX_EXTENTS of the kernel */

/* --- id maps --- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static void check_id_map(struct oci_place *c, const char *name, const struct id_map *maps, size_t i)
{
	const struct id_map *m = &maps[i];

	oci_at(c, "%s[%zu]", name, i);
	if (m->container_id + m->size > ID_SPACE || m->host_id + m->size > ID_SPACE)
		oci_fail(c, "range", "reaches beyond the last id 4294967294");
	for (size_t k = 0; k < i; k++) {
		if (overlap(m->container_id, m->size, maps[k].container_id, maps[k].size))
			oci_fail(c, "conflict", "overlaps entry %zu in containerID", k);
		else if (overlap(m->host_id, m->size, maps[k].host_id, maps[k].size))
			oci_fail(c, "conflict", "overlaps entry %zu in hostID", k);
		else
			continue;
		break;
	}
	if (m->size == 0) {
		oci_at(c, "%s[%zu].size", name, i);
		oci_fail(c, "range", "must be at least 1");
	}
}

void oci_check_id_maps(struct oci_place *c, const char *name, const struct id_map *maps, size_t n)
{
	if (n > MAP_LINES_MAX) {
		oci_at(c, "%s", name);
		oci_fail(c, "limit", "has %zu entries, the kernel takes at most %d", n,
			 MAP_LINES_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++)
		check_id_map(c, name, maps, i);
}

/* Mappings beside a user namespace that is joined by path are accepted: Podman writes dummy ones there because runc wants them. */
static void check_user_namespace(struct oci_place *c, const struct linux_spec *l)
{
	oci_check_id_maps(c, "uidMappings", l->uid_mappings, l->n_uid_mappings);
	oci_check_id_maps(c, "gidMappings", l->gid_mappings, l->n_gid_mappings);
	if ((l->n_uid_mappings || l->n_gid_mappings) && !l->namespaces[NS_USER].wanted) {
		oci_at(c, "%s", l->n_uid_mappings ? "uidMappings" : "gidMappings");
		oci_fail(c, "conflict", "needs a user namespace");
	}
}

static void check_time(struct oci_place *c, const struct linux_spec *l)
{
	const struct ns_spec *ns = &l->namespaces[NS_TIME];

	oci_at(c, "timeOffsets");
	if ((l->monotonic.set || l->boottime.set) && (!ns->wanted || ns->path))
		oci_fail(c, "conflict", "needs a new time namespace");
}

/* --- sysctl --- */

/* Which sysctls belong to which namespace. `whole` names match exactly, the others are the beginning of a path. */
static const struct sysctl_rule {
	const char *path;
	enum ns_type ns;
	bool whole;
} sysctl_rules[] = {
	{ "kernel/auto_msgmni", NS_IPC, true }, { "kernel/domainname", NS_UTS, true },
	{ "kernel/msg_next_id", NS_IPC, true }, { "kernel/msgmax", NS_IPC, true },
	{ "kernel/msgmnb", NS_IPC, true },      { "kernel/msgmni", NS_IPC, true },
	{ "kernel/sem", NS_IPC, true },         { "kernel/sem_next_id", NS_IPC, true },
	{ "kernel/shm_next_id", NS_IPC, true }, { "kernel/shm_rmid_forced", NS_IPC, true },
	{ "kernel/shmall", NS_IPC, true },      { "kernel/shmmax", NS_IPC, true },
	{ "kernel/shmmni", NS_IPC, true },      { "fs/mqueue/", NS_IPC, false },
	{ "net/", NS_NETWORK, false },          { "user/", NS_USER, false },
};

char *oci_sysctl_path(const char *name)
{
	auto_free char *path = mem_strdup(name);
	size_t first = strcspn(name, "./");
	bool dotted = name[first] == '.';

	/* As sysctl(8): the first separator decides; after a dot the two characters swap their meaning. */
	for (char *p = path; dotted && *p; p++)
		if (*p == '.' || *p == '/')
			*p = *p == '.' ? '/' : '.';
	if (!str_is_line_safe(path, " \t"))
		return NULL;
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n <= 2 && strspn(p, ".") >= n))
			return NULL;
		p += n;
		if (!*p)
			return ptr_steal(&path);
	}
}

static const struct sysctl_rule *sysctl_rule_of(const char *path)
{
	for (size_t i = 0; i < sizeof(sysctl_rules) / sizeof(sysctl_rules[0]); i++) {
		const char *rest = str_after(path, sysctl_rules[i].path);

		if (rest && (sysctl_rules[i].whole ? *rest == '\0' : *rest != '\0'))
			return &sysctl_rules[i];
	}
	return NULL;
}

static void check_sysctl(struct oci_place *c, const struct linux_spec *l,
			 const struct strmap_item *item)
{
	auto_free char *path = oci_sysctl_path(item->key);
	const struct sysctl_rule *rule = path ? sysctl_rule_of(path) : NULL;

	oci_at(c, "sysctl.%s", item->key);
	if (!str_is_line_safe(item->value, NULL))
		oci_fail(c, "value", "the value contains a control character");
	if (!path)
		oci_fail(c, "value", "is not the name of a sysctl");
	else if (str_eq(path, "kernel/hostname"))
		oci_fail(c, "conflict", "is set by the property hostname");
	else if (!rule)
		oci_fail(c, "conflict",
			 "belongs to the whole host and cannot be set for a container");
	else if (!l->namespaces[rule->ns].wanted)
		oci_fail(c, "conflict", "needs a namespace of type \"%s\"", ns_words[rule->ns]);
}

/* --- seccomp --- */

static bool carries_errno(const char *action)
{
	return str_eq(action, "SCMP_ACT_ERRNO") || str_eq(action, "SCMP_ACT_TRACE");
}

static void check_seccomp_rule(struct oci_place *c, const struct seccomp_spec *s, size_t i)
{
	const struct seccomp_rule_spec *r = &s->rules[i];

	if (r->names.n == 0) {
		oci_at(c, "seccomp.syscalls[%zu].names", i);
		oci_fail(c, "missing", "must name at least one system call");
	}
	if (r->errno_ret.set && !carries_errno(r->action)) {
		oci_at(c, "seccomp.syscalls[%zu].errnoRet", i);
		oci_fail(c, "conflict", "%s carries no errno", r->action);
	}
	if (str_eq(r->action, "SCMP_ACT_NOTIFY") && str_empty(s->listener_path)) {
		oci_at(c, "seccomp.syscalls[%zu].action", i);
		oci_fail(c, "conflict", "SCMP_ACT_NOTIFY needs listenerPath");
	}
}

static void check_seccomp(struct oci_place *c, const struct seccomp_spec *s)
{
	if (s->default_errno_ret.set && !carries_errno(s->default_action)) {
		oci_at(c, "seccomp.defaultErrnoRet");
		oci_fail(c, "conflict", "%s carries no errno", s->default_action);
	}
	if (str_eq(s->default_action, "SCMP_ACT_NOTIFY") && str_empty(s->listener_path)) {
		oci_at(c, "seccomp.defaultAction");
		oci_fail(c, "conflict", "SCMP_ACT_NOTIFY needs listenerPath");
	}
	if (!str_empty(s->listener_metadata) && str_empty(s->listener_path)) {
		oci_at(c, "seccomp.listenerMetadata");
		oci_fail(c, "conflict", "needs listenerPath");
	}
	for (size_t i = 0; i < s->n_rules; i++)
		check_seccomp_rule(c, s, i);
}

/* --- devices and the rest --- */

static void check_devices(struct oci_place *c, const struct linux_spec *l)
{
	for (size_t i = 0; i < l->n_devices; i++)
		for (size_t k = 0; k < i; k++) {
			if (!str_eq(l->devices[i].path, l->devices[k].path))
				continue;
			oci_at(c, "devices[%zu].path", i);
			oci_fail(c, "duplicate", "\"%s\" is listed twice", l->devices[i].path);
			break;
		}
}

static const char *inside_name(const struct net_device_spec *d)
{
	return str_empty(d->name) ? d->host_name : d->name;
}

static void check_net_devices(struct oci_place *c, const struct linux_spec *l)
{
	if (l->n_net_devices && !l->namespaces[NS_NETWORK].wanted) {
		oci_at(c, "netDevices");
		oci_fail(c, "conflict", "needs a network namespace");
	}
	for (size_t i = 0; i < l->n_net_devices; i++)
		for (size_t k = 0; k < i; k++) {
			const char *name = inside_name(&l->net_devices[i]);

			/* "eth%d" is a template: the kernel numbers them */
			if (!str_eq(name, inside_name(&l->net_devices[k])) || strchr(name, '%'))
				continue;
			oci_at(c, "netDevices.%s", l->net_devices[i].host_name);
			oci_fail(c, "duplicate", "two devices would be named \"%s\"", name);
			break;
		}
}

/* set_mempolicy(2): which modes take nodes. Since runtime-spec 1.3.0+ an empty list is left to the kernel for the others (MPOL_PREFERRED means local then). */
static void check_memory_policy(struct oci_place *c, const struct memory_policy_spec *m)
{
	bool takes_none = str_eq(m->mode, "MPOL_DEFAULT") || str_eq(m->mode, "MPOL_LOCAL");

	if (takes_none && !str_empty(m->nodes)) {
		oci_at(c, "memoryPolicy.nodes");
		oci_fail(c, "conflict", "%s takes no nodes", m->mode);
	}
	if (str_eq(m->mode, "MPOL_DEFAULT") && m->flags.n) {
		oci_at(c, "memoryPolicy.flags");
		oci_fail(c, "conflict", "MPOL_DEFAULT takes no flags");
	}
	if (strv_has(&m->flags, "MPOL_F_STATIC_NODES") &&
	    strv_has(&m->flags, "MPOL_F_RELATIVE_NODES")) {
		oci_at(c, "memoryPolicy.flags");
		oci_fail(c, "conflict", "static and relative nodes exclude each other");
	}
}

void oci_check_linux(struct oci_place *c, const struct linux_spec *l)
{
	check_user_namespace(c, l);
	check_time(c, l);
	check_devices(c, l);
	check_net_devices(c, l);
	for (size_t i = 0; i < l->sysctl.n; i++)
		check_sysctl(c, l, &l->sysctl.items[i]);
	if (l->seccomp)
		check_seccomp(c, l->seccomp);
	if (l->memory_policy)
		check_memory_policy(c, l->memory_policy);
}
