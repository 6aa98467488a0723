/* zone_delegate - see zone_delegate.h. Two pairs of documents are compared, the files as they are written and what they come to: the first so that nothing of root's is so much as written down, the
 * second for the amounts. */
#include "config/zone_delegate.h"

#include <errno.h>
#include <string.h>

#include "config/zone_table.h"
#include "runtime/base/mem.h"

#define FREE  ZONE_DELEGATE_FREE
#define LOWER ZONE_DELEGATE_LOWER
#define NEVER ZONE_DELEGATE_NEVER
#define NONE  UINT64_MAX /* no limit */
/* What the kernel gives to whom nothing is said: RLIMIT_MEMLOCK, and the System V objects of a new ipc namespace. */
#define MEMLOCK (UINT64_C(8) << 20)
#define MSG_IDS 32000
#define SEM_IDS 32000
#define SHM_IDS 4096

#define ROOTS_FILES  "with it files of the host could be reached"
#define ROOTS_KERNEL "it keeps kernel code away from the zone's programs"
#define OTHERS       "it is what the zone gets when others want it too"
#define CAP          "it bounds what the zone takes of the host"

static const struct zone_delegate_rule rules[] = {
	{ "attr", FREE, 0, "notes without effect on the zone" },
	{ "autoboot", FREE, 0, "the zone's limits hold whenever it runs" },
	{ "autoshutdown", FREE, 0, "either way the zone is down when shutdownTimeout is over" },
	{ "bootargs", FREE, 0, "words for a program inside" },
	{ "dns", FREE, 0, "root inside can write the same file" },
	{ "restart", FREE, 0, "waiting times grow while the zone keeps ending" },
	{ "service", FREE, 0, "it runs inside, as what root inside could run" },

	{ "cappedCPU.burst", LOWER, 0, "it is CPU time above the cap" },
	{ "cappedCPU", LOWER, NONE, CAP },
	{ "cappedMemory.locked", LOWER, MEMLOCK, CAP },
	{ "cappedMemory.soft", LOWER, 0, "it is memory that the zone keeps when others want it" },
	{ "cappedMemory", LOWER, NONE, CAP },
	{ "cpuShares", LOWER, 100, OTHERS },
	{ "ioWeight", LOWER, 100, OTHERS },
	{ "maxLwps", LOWER, NONE, CAP },
	{ "maxProcesses", LOWER, NONE, CAP },
	{ "maxMsgIds", LOWER, MSG_IDS, CAP },
	{ "maxSemIds", LOWER, SEM_IDS, CAP },
	{ "maxShmIds", LOWER, SHM_IDS, CAP },
	{ "maxShmMemory", LOWER, NONE, CAP },
	{ "quota", LOWER, NONE, CAP },
	{ "quotaInodes", LOWER, NONE, CAP },
	{ "shutdownTimeout", LOWER, 60000, "the host waits as long when it goes down" },

	{ "zonename", NEVER, 0, "the zone's name is root's to give" },
	{ "brand", NEVER, 0, "it says what of the host the zone's root is made of" },
	{ "zonepath", NEVER, 0, ROOTS_FILES },
	{ "bootPriority", NEVER, 0, "others wait for the zone at the host's start" },
	{ "dependency", NEVER, 0, "zone autoboot boots the zones that it names" },
	{ "tenant", NEVER, 0, "it says whose limits count" },
	{ "limitpriv", NEVER, 0, ROOTS_KERNEL },
	{ "seccomp", NEVER, 0, ROOTS_KERNEL },
	{ "apparmorProfile", NEVER, 0, ROOTS_KERNEL },
	{ "selinuxLabel", NEVER, 0, ROOTS_KERNEL },
	{ "nesting", NEVER, 0, ROOTS_KERNEL },
	{ "ipType", NEVER, 0, "shared zones use the host's own network" },
	{ "hostid", NEVER, 0, "it tells machines apart" },
	{ "hostname", NEVER, 0, "zones of the same network find each other by it" },
	{ "fileMacProfile", NEVER, 0, "it holds against root inside" },
	{ "schedulingClass", NEVER, 0, OTHERS },
	{ "dedicatedCPU", NEVER, 0, "those CPUs are taken from all others" },
	{ "pool", NEVER, 0, "those CPUs are others' too" },
	{ "hugepages", NEVER, 0, "they come out of a reserve that all zones share" },
	{ "blockIO", NEVER, 0, "it names disks and files of the host" },
	{ "procView", NEVER, 0, "without it the zone sees the host's load" },
	{ "anet", NEVER, 0, "it joins networks and takes addresses" },
	{ "net", NEVER, 0, "it takes links and addresses of the host" },
	{ "publish", NEVER, 0, "it takes ports of the host, for which others may wait" },
	{ "fs", NEVER, 0, ROOTS_FILES },
	{ "device", NEVER, 0, "it opens devices of the host" },
	{ "rctl", NEVER, 0, "it holds names for amounts: change the property that it stands for" },
	{ "rlimit", NEVER, 0, "some of them hold memory that no other cap counts" },
	{ "sysctl", NEVER, 0, "some of them hold memory of the kernel that no cap counts" },
	{ "admin", NEVER, 0, "rights are root's to give" },
};

const struct zone_delegate_rule *zone_delegate_rule_at(size_t i)
{
	return i < BIND_COUNT(rules) ? &rules[i] : NULL;
}

const struct zone_delegate_rule *zone_delegate_rule_find(const char *path)
{
	for (size_t i = 0; i < BIND_COUNT(rules); i++) {
		const char *rest = str_after(path, rules[i].path);

		if (rest && (*rest == '\0' || *rest == '.'))
			return &rules[i];
	}
	return NULL;
}

/* --- amounts ------------------------------------------------------------------------------------------------------ */

static struct opt_u64 number_at(const void *object, const struct field *f)
{
	const struct opt_u64 *n =
		(const struct opt_u64 *)(const void *)((const char *)object + f->offset);

	return f->kind == FIELD_OPT_U64 ? *n : (struct opt_u64){ 0 };
}

/* "maxLwps", "cappedMemory.swap": by the table. What is no amount is never set. */
static struct opt_u64 number_of(const struct zone_spec *z, const char *path)
{
	const char *dot = strchr(path, '.');
	auto_free char *key = mem_strndup(path, dot ? (size_t)(dot - path) : strlen(path));
	const struct field *f = bind_field(&zone_shape, key);

	if (!f || !dot)
		return f ? number_at(z, f) : (struct opt_u64){ 0 };
	const void *const *object =
		(const void *const *)(const void *)((const char *)z + f->offset);
	const struct field *member =
		f->kind == FIELD_OPT_OBJECT ? bind_field(f->shape, dot + 1) : NULL;

	return member && *object ? number_at(*object, member) : (struct opt_u64){ 0 };
}

static uint64_t amount(const struct zone_spec *z, const char *path,
		       const struct zone_delegate_rule *rule)
{
	struct opt_u64 n = number_of(z, path);

	return n.set ? n.value : rule->absent;
}

/* The largest that any entry of the user gives; 0: none. */
static uint64_t limit_of(const struct zone_delegate *d, const char *path)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < d->n_entries; i++) {
		struct opt_u64 n = { 0 };

		if (d->entries[i]->limits)
			n = number_of(d->entries[i]->limits, path);
		largest = n.set && n.value > largest ? n.value : largest;
	}
	return largest;
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

struct compare {
	const struct zone_delegate *d;
	struct diag_list *diags;
	struct strv told; /* paths */
};

static void refuse(struct compare *c, const char *path, const char *verdict, const char *why)
{
	if (strv_has(&c->told, path))
		return;
	strv_add(&c->told, path);
	diag_add(c->diags, DIAG_AT(0, 0), path, "permission", NULL, "%s%s%s", verdict,
		 why ? ": " : "", why ? why : "");
}

static void judge(struct compare *c, const char *path)
{
	const struct zone_delegate_rule *rule = zone_delegate_rule_find(path);

	if (!rule || rule->how == NEVER)
		return refuse(c, path, "only root of the host may change it",
			      rule ? rule->why : NULL);
	if (rule->how == FREE)
		return;
	uint64_t before = amount(c->d->old_effective, path, rule);
	uint64_t after = amount(c->d->new_effective, path, rule);

	if (after > before && after > limit_of(c->d, path))
		refuse(c, path,
		       "only root of the host may raise it (or \"limits\" of your entry in admin)",
		       rule->why);
}

static bool has_members(const struct json *j)
{
	return j && j->type == JSON_OBJECT;
}

/* What is in `from` and is not the same in `to`: the caller asks both ways. */
static void members(struct compare *c, const char *key, const struct json *from,
		    const struct json *to)
{
	for (size_t i = 0; has_members(from) && i < from->n; i++) {
		const struct json *other =
			has_members(to) ? json_get(to, from->items[i]->key) : NULL;
		auto_free char *path = mem_format("%s.%s", key, from->items[i]->key);

		if (!json_is_same(from->items[i], other))
			judge(c, path);
	}
}

static void differences(struct compare *c, const struct json *from, const struct json *to)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct json *one = from->items[i], *other = json_get(to, one->key);

		if (json_is_same(one, other))
			continue;
		if (!has_members(one) && !has_members(other)) {
			judge(c, one->key);
			continue;
		}
		members(c, one->key, one, other);
		members(c, one->key, other, one);
	}
}

static void compare(struct compare *c, const struct zone_spec *a, const struct zone_spec *b)
{
	auto_ptr(json) struct json *from = zone_spec_save(a);
	auto_ptr(json) struct json *to = zone_spec_save(b);

	differences(c, from, to);
	differences(c, to, from);
}

int zone_delegate_check(const struct zone_delegate *d, struct diag_list *diags)
{
	struct compare c = { .d = d, .diags = diags };

	compare(&c, d->old_file, d->new_file);
	compare(&c, d->old_effective, d->new_effective);
	int r = c.told.n > 0 ? -EPERM : 0;

	strv_done(&c.told);
	return r;
}
