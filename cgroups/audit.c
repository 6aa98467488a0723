/* audit - the limits that were asked for beside the files of the cgroup.
 *
 * The planners say what would be written; here the same files are read. The kernel rounds some values and prints others in its own form, so a comparison knows bytes, lists of CPUs and lines
 * that begin with a device. */
#include "cgroups/cgroups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/convert.h"
#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "cgroups/members.h"
#include "cgroups/tree.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#define UNLIMITED (INT64_MAX - 0xffff) /* what v1 shows for memory without a limit, or more */
enum { CPU_BYTES = 1024, SHARES_LEAST = 2, SHARES_MOST = 262144, KIB = 1024 };

/* --- values ----------------------------------------------------------------------------------------------------------- */

/* "max", "-1" and v1's enormous numbers are the same. */
static bool number_of(const char *text, uint64_t *ret)
{
	int64_t v;

	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	if (num_u64(text, ret) < 0)
		return num_i64(text, &v) == 0 && (*ret = (uint64_t)v, true);
	if (*ret >= (uint64_t)UNLIMITED)
		*ret = UINT64_MAX;
	return true;
}

/* Of the memory controller's files; the others are switches and shares. */
static bool is_bytes(const char *file)
{
	static const char *const ends[] = { "_in_bytes", ".max", ".min", ".low", ".high" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (str_has_suffix(file, ends[i]))
			return str_has_prefix(file, "memory.");
	}
	return false;
}

/* What the kernel counts the file's bytes in. */
static uint64_t grain_of(const char *file)
{
	const char *size = str_after(file, "hugetlb.");
	long page = sysconf(_SC_PAGESIZE);

	if (size) {
		auto_free char *word = mem_strndup(size, strcspn(size, "."));
		uint64_t kib = convert_page_kib(word);

		return kib > 0 ? kib * KIB : 1;
	}
	return is_bytes(file) && page > 0 ? (uint64_t)page : 1;
}

static bool same_number(const char *file, const char *wanted, const char *is)
{
	uint64_t a, b, grain = grain_of(file);
	bool is_number = number_of(wanted, &a) || (is_bytes(file) && num_size(wanted, &a) == 0);

	if (!is_number || !number_of(is, &b))
		return false;
	if (strcmp(file, "cpu.shares") == 0)
		a = a < SHARES_LEAST ? SHARES_LEAST : a > SHARES_MOST ? SHARES_MOST : a;
	return a == b || (a != UINT64_MAX && a / grain == b / grain);
}

static bool same_list(const char *wanted, const char *is)
{
	uint8_t a[CPU_BYTES] = { 0 }, b[CPU_BYTES] = { 0 };
	size_t n_a = 0, n_b = 0;

	return convert_list_bits(wanted, a, sizeof(a), &n_a) == 0 &&
	       convert_list_bits(is, b, sizeof(b), &n_b) == 0 && n_a == n_b &&
	       memcmp(a, b, sizeof(a)) == 0;
}

/* The line that begins with that word, freshly allocated; NULL when there is none. */
static char *line_of(const char *text, const char *word)
{
	auto_done(strv) struct strv lines = { 0 };

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *rest = str_after(lines.items[i], word);

		if (rest && *rest == ' ')
			return mem_strdup(lines.items[i]);
	}
	return NULL;
}

/* Every word of it in the kernel's line: "8:0 rbps=1" in "8:0 rbps=1 wbps=max". */
static bool line_says(const char *line, const char *wanted)
{
	auto_done(strv) struct strv have = { 0 };
	auto_done(strv) struct strv words = { 0 };

	strv_split(&have, line, ' ');
	strv_split(&words, wanted, ' ');
	for (size_t i = 0; i < words.n; i++)
		if (!strv_has(&have, words.items[i]))
			return false;
	return true;
}

/* No line of its own: without a limit, which is what "max" and 0 ask for. */
static bool means_none(const char *wanted)
{
	const char *value = strchr(wanted, ' ');

	return value && (str_has_suffix(value, "=max") || strcmp(value, " 0") == 0);
}

/* A switch beside what is counted. */
static bool same_oom_control(const char *wanted, const char *is)
{
	uint64_t a, b;

	return num_u64(wanted, &a) == 0 && part_word(is, "oom_kill_disable", &b) && a == b;
}

bool audit_same(const char *file, bool keyed, const char *wanted, const char *is)
{
	if (strcmp(file, "memory.oom_control") == 0)
		return same_oom_control(wanted, is);
	if (keyed && strchr(wanted, ' ')) {
		auto_free char *word = mem_strndup(wanted, strcspn(wanted, " "));
		auto_free char *line = line_of(is, word);

		return line ? line_says(line, wanted) : means_none(wanted);
	}
	if (strcmp(wanted, is) == 0)
		return true;
	if (strcmp(file, "cpuset.cpus") == 0 || strcmp(file, "cpuset.mems") == 0)
		return same_list(wanted, is);
	if (strcmp(file, "cpu.max") == 0 && !strchr(wanted, ' '))
		return str_has_prefix(is, wanted) && is[strlen(wanted)] == ' ';
	return same_number(file, wanted, is);
}

/* --- limits ----------------------------------------------------------------------------------------------------------- */

static bool is_later(const struct limit_plan *p, size_t i)
{
	const struct limit *l = &p->items[i];
	bool keyed = l->flags & LIMIT_KEYED;

	for (size_t k = i + 1; !keyed && k < p->n; k++)
		if (p->items[k].v2 == l->v2 && str_eq(p->items[k].file, l->file))
			return true;
	return false;
}

static void audit_limit(struct cgroup *cg, const struct limit *l, struct findings *ret)
{
	struct cgroup_part *p = l->v2 ? part_unified(cg) : part_of_v1(cg, l->controller);
	auto_free char *property = mem_format("resources.%s", l->key);
	auto_free char *promised = mem_format("%s=%s", l->file, l->value);
	auto_free char *text = NULL, *enforced = NULL;
	struct err why = { 0 };
	int r = p ? part_read(p, l->file, &text, &why) : -ENOENT;
	bool keyed = l->flags & LIMIT_KEYED;

	if (r == -ENOENT && (l->flags & LIMIT_OPTIONAL)) {
		(void)finding_add(ret, FINDING_OK, property, promised, "not counted on this host");
		return;
	}
	if (r < 0) {
		(void)finding_add(ret, FINDING_DIFFERS, property, promised,
				  p ? why.text : "no such controller");
		return;
	}
	bool same = audit_same(l->file, keyed, l->value, text);

	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ',' : *c;
	enforced = same ? mem_strdup(promised) : mem_format("%s=%s", l->file, text);
	(void)finding_add(ret, same ? FINDING_OK : FINDING_DIFFERS, property, promised, enforced);
}

static void audit_limits(struct cgroup *cg, const struct resources_spec *r, struct findings *ret)
{
	struct limit_ground ground auto_done(limit_ground) = { 0 };
	struct limit_plan plan auto_done(limit_plan) = { 0 };
	struct err why = { 0 };

	limit_ground_read(cg, r, &ground);
	/* nothing of what is there now may decide what should be */
	ground.memory_limit = ground.memsw_limit = ground.cpu_quota = (struct opt_i64){ 0 };
	ground.memory_usage = (struct opt_u64){ 0 };
	if (limits_plan(r, &ground, &plan, &why) < 0)
		(void)finding_unknown(ret, "resources", "can be limited here", why.text);
	for (size_t i = 0; i < plan.n; i++)
		if (!is_later(&plan, i))
			audit_limit(cg, &plan.items[i], ret);
}

/* --- devices ---------------------------------------------------------------------------------------------------------- */

static char *rules_text(bool allow, const struct device_rules *r)
{
	struct strbuf b = { 0 };

	strbuf_add(&b, allow ? "all but" : "none but");
	for (size_t i = 0; i < r->n; i++) {
		char one[64];

		device_rule_text(&r->items[i], one, sizeof(one));
		strbuf_format(&b, "%s %s", i ? "," : "", one);
	}
	return strbuf_steal(&b);
}

/* Does every rule of the one say no more than the other? Each access is asked of the rules themselves. */
static bool is_within(const struct device_rules *some, const struct device_rules *all)
{
	for (size_t i = 0; i < some->n; i++) {
		const struct device_rule *x = &some->items[i];
		unsigned missing = x->access;

		for (size_t k = 0; k < all->n; k++) {
			const struct device_rule *y = &all->items[k];

			if (x->type == y->type && x->major == y->major && x->minor == y->minor)
				missing &= ~y->access;
		}
		if (missing)
			return false;
	}
	return true;
}

static int audit_devices_v1(struct cgroup_part *p, const struct device_rules *r,
			    struct findings *ret, struct err *e)
{
	struct device_rules wanted auto_done(device_rules) = { 0 };
	struct device_rules is auto_done(device_rules) = { 0 };
	auto_free char *text = NULL, *promised = NULL, *enforced = NULL;
	bool allow = false, now = false;
	int rc = device_rules_flatten(r, &allow, &wanted, e);

	if (rc == 0)
		rc = part_read(p, "devices.list", &text, e);
	if (rc < 0)
		return rc;
	if (!device_rules_parse_list(text, &now, &is))
		return err_set(e, EPROTO, "devices.list cannot be understood");
	bool same = allow == now && is_within(&wanted, &is) && is_within(&is, &wanted);

	promised = rules_text(allow, &wanted);
	if (allow && now && wanted.n > 0) {
		(void)finding_unknown(ret, "resources.devices", promised,
				      "cgroup v1 does not show what is excepted from \"all\"");
		return 0;
	}
	enforced = same ? mem_strdup(promised) : rules_text(now, &is);
	(void)finding_add(ret, same ? FINDING_OK : FINDING_DIFFERS, "resources.devices", promised,
			  enforced);
	return 0;
}

static int audit_devices_v2(struct cgroup_part *p, const struct device_rules *r,
			    struct findings *ret, struct err *e)
{
	static const char *const words[] = { "another program", "the rules' program" };
	int n = devices_count_v2(p, e);
	int same = n == 1 ? devices_is_v2(p, r, e) : 0;
	auto_free char *enforced =
		n == 1 && same >= 0 ? mem_strdup(words[same]) : mem_format("%d programs", n);

	if (n < 0 || same < 0)
		return n < 0 ? n : same;
	(void)finding_judge(ret, "resources.devices", words[1], enforced, FINDING_DIFFERS);
	return 0;
}

static void audit_devices(struct cgroup *cg, const struct resources_spec *r, struct findings *ret)
{
	struct device_rules rules auto_done(device_rules) = { 0 };
	struct cgroup_part *v1 = part_of_v1(cg, "devices"), *v2 = part_unified(cg);
	struct err why = { 0 };
	int rc = device_rules_load(r, cg->exact_devices, &rules, &why);

	if (rc == 0 && v1)
		rc = audit_devices_v1(v1, &rules, ret, &why);
	else if (rc == 0 && v2)
		rc = audit_devices_v2(v2, &rules, ret, &why);
	if (rc < 0)
		(void)finding_unknown(ret, "resources.devices", "the rules", why.text);
}

/* --- who is inside ---------------------------------------------------------------------------------------------------- */

struct members {
	pid_t *pids;
	size_t n;
};
static void members_done(struct members *m)
{
	free(m->pids);
}

/* The lists are sorted, and a tenant decides how long they are. */
static bool has_pid(const struct members *m, pid_t pid)
{
	return bsearch(&pid, m->pids, m->n, sizeof(*m->pids), tree_compare_pids) != NULL;
}

/* Who is in the one and not in the other; 0: nobody. */
static pid_t only_in(const struct members *a, const struct members *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!has_pid(b, a->pids[i]))
			return a->pids[i];
	return 0;
}

/* Processes are born and end between the two looks: who is missing is missing twice. The unified hierarchy is asked after the other one and before it. */
static pid_t missing(struct cgroup_part *all, struct cgroup_part *p, struct err *e)
{
	pid_t found = 0;

	for (int i = 0; i < 2; i++) {
		struct members a auto_done(members) = { 0 };
		struct members b auto_done(members) = { 0 };
		struct members c auto_done(members) = { 0 };
		int r = tree_pids(all, &a.pids, &a.n, e);

		if (r == 0)
			r = tree_pids(p, &b.pids, &b.n, e);
		if (r == 0)
			r = tree_pids(all, &c.pids, &c.n, e);
		if (r < 0)
			return r;
		pid_t now = only_in(&a, &b);

		if (now && !has_pid(&c, now))
			now = only_in(&c, &b);
		if (!now)
			now = only_in(&b, &c);
		if (!now || (i == 1 && now != found))
			return 0;
		if (members_has(all, now) && members_has(p, now))
			return 0; /* root inside moves it about */
		found = now;
	}
	return found;
}

static void audit_members(struct cgroup *cg, struct findings *ret)
{
	struct cgroup_part *all = part_main(cg);

	for (size_t i = 0; all && i < cg->n_parts; i++) {
		struct cgroup_part *p = &cg->parts[i];
		struct err why = { 0 };
		pid_t pid = p == all ? 0 : missing(all, p, &why);
		auto_free char *words = strv_join(&p->controllers, ",");
		auto_free char *text =
			mem_format("process %d is not in both of them: %s", (int)pid, words);

		if (pid < 0)
			(void)finding_unknown(ret, "cgroup", "all processes in all of them",
					      why.text);
		else
			finding_worse(ret, pid ? FINDING_DIFFERS : FINDING_OK, "cgroup",
				      "all processes in all of them",
				      pid ? text : "all processes in all of them");
	}
}

int cgroup_audit(struct cgroup *cg, const struct resources_spec *r, struct findings *ret,
		 struct err *e)
{
	if (!cgroup_is_there(cg))
		return err_set(e, ENOENT, "the container's cgroup is gone");
	audit_members(cg, ret);
	audit_limits(cg, r, ret);
	if (r->n_devices > 0)
		audit_devices(cg, r, ret);
	return 0;
}
