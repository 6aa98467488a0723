/* zone_check - contradictions inside one zone's file.
 *
 * Each rule is a function in the table at the end; all of them run, so that one look at the output mends a file. The struct may be incomplete: what the table
 * refused is NULL, "" or not set, and no rule speaks about it again. Positions are looked up by the path of the value. */
#include "config/zone_rctl.h"
#include "config/zone_shared.h"
#include "config/zone_table.h"
#include "config/zone_to_oci.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "config/address.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { REASON_SIZE = 200, IPV6_MIN_MTU = 1280 };

struct check {
	const struct zone_spec *zone;
	const struct json *root;
	struct diag_list *diags;
	size_t errors;
	struct strbuf path; /* of the value that the next report is about */
};

static void at(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void report(struct check *c, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void at(struct check *c, const char *fmt, ...)
{
	char buf[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	strbuf_clear(&c->path);
	strbuf_add(&c->path, buf);
}

static void report(struct check *c, const char *code, const char *fmt, ...)
{
	const char *path = strbuf_text(&c->path);
	struct json *where = NULL;
	struct err ignored;
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* No place in the file is no reason to stay silent. */
	if (c->root && zone_path_get(c->root, path, &where, &ignored) < 0)
		where = NULL;
	if (c->root && !where &&
	    strrchr(path, '.')) { /* what is missing is missing in its object */
		auto_free char *parent = mem_strndup(path, (size_t)(strrchr(path, '.') - path));

		if (zone_path_get(c->root, parent, &where, &ignored) < 0)
			where = NULL;
	}
	c->errors++;
	diag_add(c->diags, DIAG_AT(where ? where->line : 0, where ? where->column : 0), path, code,
		 NULL, "%s", text);
}

/* --- links --- */

static void link_name(const struct zone_spec *z, size_t i, char *buf, size_t size)
{
	if (z->anet[i].linkname)
		(void)snprintf(buf, size, "%s", z->anet[i].linkname);
	else
		(void)snprintf(buf, size, "net%zu", i);
}

static void check_link_names(struct check *c)
{
	const struct zone_spec *z = c->zone;

	for (size_t i = 0; i < z->n_anet; i++) {
		char name[32];

		link_name(z, i, name, sizeof(name));
		for (size_t k = 0; k < i; k++) {
			char other[32];

			link_name(z, k, other, sizeof(other));
			if (!str_eq(name, other))
				continue;
			at(c, z->anet[i].linkname ? "anet[%zu].linkname" : "anet[%zu]", i);
			report(c, "duplicate", "anet[%zu] has the name \"%s\" already", k, name);
			break;
		}
	}
}

static void check_macs(struct check *c)
{
	const struct zone_spec *z = c->zone;

	for (size_t i = 0; i < z->n_anet; i++) {
		const char *mac = z->anet[i].mac_address;

		for (size_t k = 0; mac && !str_eq(mac, "auto") && k < i; k++) {
			if (!z->anet[k].mac_address || strcasecmp(mac, z->anet[k].mac_address) != 0)
				continue;
			at(c, "anet[%zu].macAddress", i);
			report(c, "duplicate", "anet[%zu] has the address %s already", k, mac);
			break;
		}
	}
}

/* One allowedAddress of the zone, wherever it stands. */
struct placed {
	size_t link, index;
	struct address address;
};

static size_t collect_addresses(const struct zone_spec *z, struct placed **ret)
{
	size_t n = 0;
	size_t max = 0;
	char why[REASON_SIZE];

	for (size_t i = 0; i < z->n_anet; i++)
		max += z->anet[i].allowed_address.n;
	*ret = mem_array(max, sizeof(**ret));
	for (size_t i = 0; i < z->n_anet; i++)
		for (size_t k = 0; k < z->anet[i].allowed_address.n; k++) {
			struct placed p = { .link = i, .index = k };

			if (address_parse(z->anet[i].allowed_address.items[k], &p.address, why,
					  sizeof(why)) == 0)
				(*ret)[n++] = p;
		}
	return n;
}

static void check_addresses(struct check *c)
{
	auto_free struct placed *list = NULL;
	size_t n = collect_addresses(c->zone, &list);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			if (!address_equal(&list[i].address, &list[k].address))
				continue;
			at(c, "anet[%zu].allowedAddress[%zu]", list[i].link, list[i].index);
			report(c, "duplicate", "anet[%zu].allowedAddress[%zu] is the same address",
			       list[k].link, list[k].index);
			break;
		}
}

static const char *family_word(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* Is the router reachable from what the link has? */
static void check_router(struct check *c, const struct placed *list, size_t n, size_t link,
			 const struct address *router)
{
	bool has_family = false;

	for (size_t i = 0; i < n; i++) {
		if (list[i].link != link || list[i].address.family != router->family)
			continue;
		has_family = true;
		if (address_equal(&list[i].address, router)) {
			report(c, "conflict", "it is the zone's own address");
			return;
		}
		if (address_in_subnet(&list[i].address, router))
			return;
	}
	if (!has_family)
		report(c, "conflict", "the link has no %s address to reach it from",
		       family_word(router->family));
	else if (router->family != AF_INET6 || !address_is_link_local(router))
		report(c, "conflict", "it is in no subnet of the link's addresses");
}

static void check_routers_of(struct check *c, const struct placed *list, size_t n, size_t link)
{
	const struct zone_anet *a = &c->zone->anet[link];
	size_t families[2] = { 0, 0 };
	char why[REASON_SIZE];

	for (size_t i = 0; i < a->defrouter.n; i++) {
		struct address router;

		if (address_parse(a->defrouter.items[i], &router, why, sizeof(why)) < 0)
			continue;
		at(c, "anet[%zu].defrouter[%zu]", link, i);
		if (families[router.family == AF_INET]++ > 0)
			report(c, "duplicate", "the link has a default router for %s already",
			       family_word(router.family));
		/* Without addresses of its own the link gets one from the bridge's subnet, which is known only then. */
		else if (a->allowed_address.n > 0)
			check_router(c, list, n, link, &router);
	}
}

static void check_routers(struct check *c)
{
	auto_free struct placed *list = NULL;
	size_t n = collect_addresses(c->zone, &list);

	for (size_t i = 0; i < c->zone->n_anet; i++)
		check_routers_of(c, list, n, i);
}

static void check_mtu(struct check *c)
{
	auto_free struct placed *list = NULL;
	size_t n = collect_addresses(c->zone, &list);

	for (size_t i = 0; i < n; i++) {
		const struct zone_anet *a = &c->zone->anet[list[i].link];

		if (list[i].address.family != AF_INET6 || !a->mtu.set ||
		    a->mtu.value >= IPV6_MIN_MTU)
			continue;
		at(c, "anet[%zu].mtu", list[i].link);
		report(c, "conflict", "IPv6 needs at least 1280, and the link has an IPv6 address");
		break;
	}
}

/* A word that stands twice is more likely a slip for another one. */
static void check_protection(struct check *c)
{
	for (size_t i = 0; i < c->zone->n_anet; i++) {
		const struct strv *words = &c->zone->anet[i].link_protection;

		for (size_t k = 0; k < words->n; k++)
			for (size_t m = 0; m < k && words->items[k][0]; m++)
				if (str_eq(words->items[k], words->items[m])) {
					at(c, "anet[%zu].linkProtection[%zu]", i, k);
					report(c, "duplicate", "the word stands there twice");
				}
	}
}

/* --- caps --- */

static void check_memory(struct check *c)
{
	const struct zone_memory_cap *m = c->zone->capped_memory;

	if (!m || !m->physical.set)
		return;
	if (m->swap.set && m->swap.value < m->physical.value) {
		at(c, "cappedMemory.swap");
		report(c, "conflict",
		       "is below physical; swap is RAM and swap space together, so it is at least as much");
	}
	if (m->locked.set && m->locked.value > m->physical.value) {
		at(c, "cappedMemory.locked");
		report(c, "conflict", "is above physical; memory is locked in RAM");
	}
	if (m->soft.set && m->soft.value > m->physical.value) {
		at(c, "cappedMemory.soft");
		report(c, "conflict", "is above physical, so it would never count");
	}
}

static void check_range(struct check *c, const struct zone_dedicated_cpu *d)
{
	const char *dash = d && d->ncpus ? strchr(d->ncpus, '-') : NULL;
	auto_free char *first = d && d->ncpus ? mem_strdup(d->ncpus) : NULL;
	uint32_t min = 1, max = 1;

	if (!first)
		return;
	first[strcspn(first, "-")] = '\0';
	if (num_u32(first, &min) == 0 && num_u32(dash ? dash + 1 : first, &max) == 0 && min > 0 &&
	    min <= max)
		return;
	at(c, "dedicatedCPU.ncpus");
	report(c, "value", "it is a number of CPUs from 1, or a range such as 1-2");
}

static void check_cpu(struct check *c)
{
	const struct zone_cpu_cap *cap = c->zone->capped_cpu;

	if (cap && cap->burst.set && cap->ncpus.set && cap->burst.value * 10 > cap->ncpus.value) {
		at(c, "cappedCPU.burst");
		report(c, "conflict",
		       "is more than a tenth of ncpus, all that the cap gives in a period of 100 ms: the kernel saves no more");
	}
	if (c->zone->dedicated_cpu && c->zone->pool) {
		at(c, "pool");
		report(c, "conflict", "the zone has CPUs of its own, says dedicatedCPU");
	}
	check_range(c, c->zone->dedicated_cpu);
	if (str_eq(c->zone->scheduling_class, "idle") && c->zone->cpu_shares.set) {
		at(c, "cpuShares");
		report(c, "conflict",
		       "means nothing with schedulingClass idle, which gives the zone no share at all");
	}
}

/* Who may mount gets at a writable /proc/sys, and who makes user namespaces may mount in them. */
const char *zone_writes_parameters(const struct zone_spec *z)
{
	auto_done(strv) struct strv caps = { 0 };
	char why[REASON_SIZE];

	if (z->nesting.value)
		return "nesting";
	if (zone_privileges(z->limitpriv, z->brand ? z->brand : "native", &caps, why, sizeof(why)) <
	    0)
		return NULL; /* said elsewhere */
	return strv_has(&caps, "CAP_SYS_ADMIN") ? "the privilege sys_admin" : NULL;
}

/* Caps that are parameters of the ipc namespace: nobody else may set them, and nobody inside may get around them. */
static void check_ipc(struct check *c)
{
	const struct zone_spec *z = c->zone;
	const struct {
		const char *path, *sysctl;
		bool is_set;
	} caps[] = {
		{ "maxMsgIds", "kernel.msgmni", z->max_msg_ids.set },
		{ "maxSemIds", "kernel.sem", z->max_sem_ids.set },
		{ "maxShmIds", "kernel.shmmni", z->max_shm_ids.set },
		{ "maxShmMemory", "kernel.shmall", z->max_shm_memory.set },
		{ "a cap of the ipc namespace", "user.max_ipc_namespaces",
		  z->max_msg_ids.set || z->max_sem_ids.set || z->max_shm_ids.set ||
			  z->max_shm_memory.set },
	};
	const char *way_around = zone_writes_parameters(z);

	for (size_t i = 0; i < BIND_COUNT(caps); i++) {
		if (!caps[i].is_set)
			continue;
		if (strmap_get(&z->sysctl, caps[i].sysctl)) {
			at(c, "sysctl.%s", caps[i].sysctl);
			report(c, "conflict", "%s sets it", caps[i].path);
		}
		if (way_around && i + 1 < BIND_COUNT(caps)) {
			at(c, "%s", caps[i].path);
			report(c, "conflict",
			       "cannot be enforced on a zone with %s, whose root can set the kernel parameters of its ipc namespace itself",
			       way_around);
		}
	}
}

static void check_limitpriv(struct check *c)
{
	auto_done(strv) struct strv words = { 0 };
	const char *text = c->zone->limitpriv;

	if (str_empty(text))
		return;
	at(c, "limitpriv");
	strv_split(&words, text, ',');
	for (size_t i = 0; i < words.n; i++) {
		auto_done(strv) struct strv caps = { 0 };
		char why[REASON_SIZE];

		if (!words.items[i][0])
			report(c, "value", "there is an empty word between the commas");
		else if (zone_privileges(words.items[i], c->zone->brand, &caps, why, sizeof(why)) <
			 0)
			report(c,
			       zone_privilege_prohibited(words.items[i]) ? "prohibited" : "value",
			       "%s", why);
	}
}

/* Kernel parameters that belong to a namespace of the zone. One that ends in "*" is a beginning. */
static const char *const own_sysctls[] = {
	"net.*",       "kernel.shm*", "kernel.msg*", "kernel.sem", "kernel.domainname",
	"fs.mqueue.*", "user.max_*",  NULL,
};

/* ... and what would be there but must not be set, and why. */
static const struct {
	const char *name, *reason;
} refused_sysctls[] = {
	{ "kernel.core_pattern", "it names a program that the host's kernel runs as root" },
	{ "kernel.hostname", "the property hostname sets it" },
	{ "kernel.shm_next_id", "it is for checkpoints only" },
	{ "kernel.msg_next_id", "it is for checkpoints only" },
	{ "kernel.sem_next_id", "it is for checkpoints only" },
};

static bool is_own_sysctl(const char *key)
{
	for (const char *const *w = own_sysctls; *w; w++) {
		size_t n = strlen(*w);

		if ((*w)[n - 1] == '*' ? strncmp(key, *w, n - 1) == 0 && key[n - 1]
				       : str_eq(key, *w))
			return true;
	}
	return false;
}

/* The limits of a user namespace are set by whoever has sys_resource in it and sees a writable /proc/sys. */
static const char *lifts_budgets(const struct zone_spec *z)
{
	auto_done(strv) struct strv caps = { 0 };
	char why[REASON_SIZE];

	if (!zone_writes_parameters(z) ||
	    zone_privileges(z->limitpriv, z->brand ? z->brand : "native", &caps, why, sizeof(why)) <
		    0)
		return NULL;
	return strv_has(&caps, "CAP_SYS_RESOURCE")
		       ? "root inside could lift it, with the privileges sys_resource and sys_admin (or nesting)"
		       : NULL;
}

/* The rules of the properties that are meant hold for the effective configuration; here the names and the values. */
static void check_rctl(struct check *c)
{
	const struct zone_spec *z = c->zone;
	char why[REASON_SIZE];

	for (size_t i = 0; i < z->n_rctl; i++) {
		const struct zone_rctl *r = &z->rctl[i];

		if (!r->name || !r->value)
			continue; /* said already */
		at(c, "rctl[%zu].name", i);
		if (!zone_rctl_property(r->name) && !zone_rctl_file(r->name)) {
			auto_free char *known = zone_rctl_names();

			report(c, "value", "is not known: there are %s", known);
			continue;
		}
		for (size_t k = 0; k < i; k++)
			if (str_eq(r->name, z->rctl[k].name))
				report(c, "duplicate", "rctl[%zu] sets it already", k);
		if (zone_rctl_contradicts(z, r->name))
			report(c, "conflict", "the property %s sets it already",
			       zone_rctl_property(r->name));
		at(c, "rctl[%zu].value", i);
		if (zone_rctl_check(r, why, sizeof(why)) < 0)
			report(c, "value", "%s", why);
	}
}

static void check_hugepages(struct check *c)
{
	const struct strmap *sizes = &c->zone->hugepages;

	for (size_t i = 0; i < sizes->n; i++) {
		auto_free char *name = zone_page_name(sizes->items[i].key);

		for (size_t k = 0; name && k < i; k++) {
			auto_free char *other = zone_page_name(sizes->items[k].key);

			if (!str_eq(name, other))
				continue;
			at(c, "hugepages.%s", sizes->items[i].key);
			report(c, "duplicate", "the same size stands there as \"%s\"",
			       sizes->items[k].key);
		}
	}
}

static void check_sysctls(struct check *c)
{
	for (size_t i = 0; i < c->zone->sysctl.n; i++) {
		const char *key = c->zone->sysctl.items[i].key;
		const char *reason = NULL;

		for (size_t k = 0; k < BIND_COUNT(refused_sysctls); k++)
			if (str_eq(key, refused_sysctls[k].name))
				reason = refused_sysctls[k].reason;
		if (!reason && !is_own_sysctl(key))
			reason =
				"it belongs to the whole machine, a zone has only net.*, kernel.shm*, kernel.msg*, kernel.sem, kernel.domainname, fs.mqueue.* and user.max_* for itself";
		if (!reason && str_has_prefix(key, "user."))
			reason = lifts_budgets(c->zone);
		if (!reason)
			continue;
		at(c, "sysctl.%s", key);
		report(c, "prohibited", "a zone cannot set it: %s", reason);
	}
}

/* --- files --- */

static void check_mounts(struct check *c)
{
	const struct zone_spec *z = c->zone;

	for (size_t i = 0; i < z->n_fs; i++)
		for (size_t k = 0; z->fs[i].dir && k < i; k++) {
			const char *rest =
				z->fs[k].dir ? str_after(z->fs[k].dir, z->fs[i].dir) : NULL;

			if (!rest || (rest[0] && rest[0] != '/'))
				continue;
			at(c, "fs[%zu].dir", i);
			if (!rest[0])
				report(c, "duplicate", "fs[%zu] is mounted there already", k);
			else
				report(c, "conflict",
				       "it would hide fs[%zu], \"%.200s\", which must come after it",
				       k, z->fs[k].dir);
			break;
		}
}

/* Devices that give away the machine, whatever a zone is trusted with. */
static const struct {
	const char *name, *reason;
} refused_devices[] = {
	{ "/dev/mem", "it is the memory of the machine" },
	{ "/dev/kmem", "it is the memory of the kernel" },
	{ "/dev/port", "it is the ports of the machine" },
	{ "/dev/kmsg", "it is the kernel's log of the host and all zones" },
};

static void check_devices(struct check *c)
{
	const struct zone_spec *z = c->zone;

	for (size_t i = 0; i < z->n_device; i++) {
		const char *match = z->device[i].match;

		at(c, "device[%zu].match", i);
		for (size_t k = 0; match && k < BIND_COUNT(refused_devices); k++)
			if (str_eq(match, refused_devices[k].name))
				report(c, "prohibited", "a zone can never have it: %s",
				       refused_devices[k].reason);
		for (size_t k = 0; match && k < i; k++)
			if (str_eq(match, z->device[k].match)) {
				report(c, "duplicate", "device[%zu] is the same device", k);
				break;
			}
	}
}

static void check_service(struct check *c)
{
	const struct zone_service *s = c->zone->service;
	const struct json *command = NULL;

	if (c->root)
		command = json_get(json_get(c->root, "service"), "command");
	/* of another type: the table has said so; absent: an image may say it, where the zone has a root of its own */
	if (!s || (command && command->type != JSON_ARRAY) ||
	    (!command && s->command.n == 0 && str_eq(c->zone->brand, "linux")))
		return;
	at(c, "service.command");
	if (s->command.n == 0)
		report(c, "missing", "the list must name a program");
	else if (!s->command.items[0][0] && (!command || command->items[0]->type == JSON_STRING))
		report(c, "value", "the program's name is empty");
}

static void (*const rules[])(struct check *c) = {
	check_limitpriv,  check_memory, check_cpu,       check_ipc,     check_hugepages,
	check_link_names, check_macs,   check_addresses, check_routers, check_mtu,
	check_protection, check_mounts, check_devices,   check_sysctls, check_service,
};

int zone_check(const struct zone_spec *z, const struct json *root, struct diag_list *diags)
{
	struct check c = { .zone = z, .root = root, .diags = diags };
	auto_ptr(zone_spec) struct zone_spec *expanded = NULL;

	check_rctl(&c);
	if (z->n_rctl > 0) { /* what their names mean is subject to the rules of the properties */
		expanded = zone_spec_clone(z);
		zone_rctl_expand(expanded);
		c.zone = expanded;
	}
	for (size_t i = 0; i < BIND_COUNT(rules); i++)
		rules[i](&c);
	c.errors += zone_check_shared(c.zone, root, diags);
	c.errors += zone_check_dependency(c.zone, root, diags);
	strbuf_done(&c.path);
	return c.errors > 0 ? -EINVAL : 0;
}
