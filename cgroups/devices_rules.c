/* devices_rules - one meaning, two languages.
 *
 * Flattening follows the rules in order and keeps what v1's kernel side keeps: a default and exceptions. Two points make
 * it agree with OCI's meaning. A rule that re-states the default takes access away from every exception it covers, and
 * is refused when it covers only a part of one. And because v1 wants a single exception to hold all accesses of an
 * open(2), exceptions to "deny" inherit what wider exceptions grant. */
#include "cgroups/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum {
	NUMBER_MAX = INT32_MAX
}; /* far above the kernel's 12 and 20 bits, and safe in a BPF immediate */

/* OCI's default devices, mknod of anything (a node that may not be opened does no harm), the console, terminals and tun,
 * which users miss as soon as it is not there. */
static const struct device_rule defaults[] = {
	{ true, 'c', -1, -1, ACCESS_MKNOD }, { true, 'b', -1, -1, ACCESS_MKNOD },
	{ true, 'c', 1, 3, ACCESS_ALL },     { true, 'c', 1, 5, ACCESS_ALL },
	{ true, 'c', 1, 7, ACCESS_ALL },     { true, 'c', 1, 8, ACCESS_ALL },
	{ true, 'c', 1, 9, ACCESS_ALL },     { true, 'c', 5, 0, ACCESS_ALL },
	{ true, 'c', 5, 1, ACCESS_ALL },     { true, 'c', 5, 2, ACCESS_ALL },
	{ true, 'c', 136, -1, ACCESS_ALL },  { true, 'c', 10, 200, ACCESS_ALL },
};

void device_rules_done(struct device_rules *r)
{
	free(r->items);
	*r = (struct device_rules){ 0 };
}

static void add(struct device_rules *to, const struct device_rule *rule)
{
	struct device_rule *last = LIST_GROW(to->items, to->n);

	*last = *rule;
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static int load_access(const char *text, unsigned *ret)
{
	unsigned access = 0;

	if (str_empty(text)) {
		*ret = ACCESS_ALL;
		return 0;
	}
	for (; *text; text++) {
		if (*text == 'r')
			access |= ACCESS_READ;
		else if (*text == 'w')
			access |= ACCESS_WRITE;
		else if (*text == 'm')
			access |= ACCESS_MKNOD;
		else
			return -EINVAL;
	}
	*ret = access;
	return 0;
}

static int load_number(const struct opt_i64 *v, int64_t *ret)
{
	*ret = v->set && v->value != -1 ? v->value : -1;
	return *ret < -1 || *ret > NUMBER_MAX ? -EINVAL : 0;
}

static int load_one(const struct device_rule_spec *from, size_t i, struct device_rule *ret,
		    struct err *e)
{
	const char *type = str_empty(from->type) ? "a" : from->type;

	*ret = (struct device_rule){ .allow = from->allow, .type = *type == 'u' ? 'c' : *type };
	if (type[1] || !strchr("abcu", *type))
		return err_set(e, EINVAL, "resources.devices[%zu].type: \"%s\" is none of a, b, c",
			       i, type);
	if (load_access(from->access, &ret->access) < 0)
		return err_set(
			e, EINVAL,
			"resources.devices[%zu].access: \"%s\" has letters other than r, w and m",
			i, from->access);
	if (load_number(&from->major, &ret->major) < 0 ||
	    load_number(&from->minor, &ret->minor) < 0)
		return err_set(e, EINVAL, "resources.devices[%zu]: a device number is out of range",
			       i);
	return 0;
}

static bool is_everything(const struct device_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == ACCESS_ALL;
}

/* Where everything is allowed and some is taken away again, the promised devices are not put back against the caller's word. */
static bool denies_by_default(const struct device_rules *r)
{
	for (size_t i = r->n; i-- > 0;) {
		if (is_everything(&r->items[i]))
			return !r->items[i].allow;
	}
	return true;
}

int device_rules_load(const struct resources_spec *r, bool exact, struct device_rules *ret,
		      struct err *e)
{
	struct device_rules rules auto_done(device_rules) = { 0 };

	for (size_t i = 0; i < r->n_devices; i++) {
		struct device_rule rule;
		int rc = load_one(&r->devices[i], i, &rule, e);

		if (rc < 0)
			return rc;
		add(&rules, &rule);
	}
	bool promise = !exact && denies_by_default(&rules);

	for (size_t i = 0; promise && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		add(&rules, &defaults[i]);
	*ret = rules;
	rules = (struct device_rules){ 0 };
	return 0;
}

/* --- meaning ------------------------------------------------------------------------------------------------------ */

static bool matches(const struct device_rule *r, char type, int64_t major, int64_t minor)
{
	return (r->type == 'a' || r->type == type) && (r->major < 0 || r->major == major) &&
	       (r->minor < 0 || r->minor == minor);
}

bool device_rules_allow(const struct device_rules *r, char type, int64_t major, int64_t minor,
			unsigned access)
{
	for (size_t i = r->n; access && i-- > 0;) {
		const struct device_rule *rule = &r->items[i];

		if (!matches(rule, type, major, minor))
			continue;
		if (!rule->allow && (rule->access & access))
			return false;
		access &= ~rule->access;
	}
	return access == 0;
}

/* --- flattening --------------------------------------------------------------------------------------------------- */

static bool number_covers(int64_t wide, int64_t narrow)
{
	return wide < 0 || wide == narrow;
}

static bool covers(const struct device_rule *wide, const struct device_rule *narrow)
{
	return wide->type == narrow->type && number_covers(wide->major, narrow->major) &&
	       number_covers(wide->minor, narrow->minor);
}

static bool number_meets(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || a == b;
}

static bool meets(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && number_meets(a->major, b->major) &&
	       number_meets(a->minor, b->minor);
}

static int refuse(const struct device_rule *rule, const struct device_rule *exception,
		  struct err *e)
{
	char part[64], whole[64];

	device_rule_text(rule, part, sizeof(part));
	device_rule_text(exception, whole, sizeof(whole));
	return err_set(
		e, EOPNOTSUPP,
		"resources.devices: cgroup v1 cannot %s \"%s\" out of \"%s\"; list the devices one by one",
		rule->allow ? "allow" : "deny", part, whole);
}

/* A rule that says again what the default says: exceptions shrink. */
static int shrink(struct device_rules *list, const struct device_rule *rule, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct device_rule *x = &list->items[i];

		if (covers(rule, x))
			x->access &= ~rule->access;
		else if (meets(rule, x) && (x->access & rule->access))
			return refuse(rule, x, e);
		if (x->access)
			list->items[kept++] = *x;
	}
	list->n = kept;
	return 0;
}

static void merge(struct device_rules *list, const struct device_rule *rule);

/* "c 1:*" and "c *:3" share 1:3, where what both grant may be asked for at once. */
static void merge_shared(struct device_rules *list, const struct device_rule *rule)
{
	for (size_t i = 0, n = list->n; i < n; i++) {
		struct device_rule x = list->items[i];

		if (!meets(rule, &x) || covers(rule, &x) || covers(&x, rule))
			continue;
		x.major = x.major < 0 ? rule->major : x.major;
		x.minor = x.minor < 0 ? rule->minor : x.minor;
		x.access |= rule->access;
		merge(list, &x);
	}
}

static void merge(struct device_rules *list, const struct device_rule *rule)
{
	struct device_rule fresh = *rule;
	bool there = false;

	if (rule->allow)
		merge_shared(list, rule);
	for (size_t i = 0; i < list->n; i++) {
		struct device_rule *x = &list->items[i];

		if (rule->allow && covers(x, rule))
			fresh.access |= x->access;
		if (covers(rule, x) && (rule->allow || covers(x, rule)))
			x->access |= rule->access;
		there = there || (covers(rule, x) && covers(x, rule));
	}
	if (!there) {
		add(list, &fresh);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		struct device_rule *x = &list->items[i];

		if (covers(rule, x) && covers(x, rule))
			x->access |= fresh.access;
	}
}

static int flatten_one(struct device_rules *list, bool *default_allow,
		       const struct device_rule *rule, struct err *e)
{
	static const char types[] = { 'b', 'c' };

	if (is_everything(rule)) {
		*default_allow = rule->allow;
		list->n = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(types); i++) {
		struct device_rule one = *rule;

		if (rule->type != 'a' && rule->type != types[i])
			continue;
		one.type = types[i];
		if (rule->allow != *default_allow)
			merge(list, &one);
		else if (shrink(list, &one, e) < 0)
			return -e->code;
	}
	return 0;
}

int device_rules_flatten(const struct device_rules *r, bool *ret_allow, struct device_rules *ret,
			 struct err *e)
{
	struct device_rules list auto_done(device_rules) = { 0 };
	bool allow = false;

	for (size_t i = 0; i < r->n; i++) {
		int rc = flatten_one(&list, &allow, &r->items[i], e);

		if (rc < 0)
			return rc;
	}
	*ret_allow = allow;
	*ret = list;
	list = (struct device_rules){ 0 };
	return 0;
}

/* --- v1's words --------------------------------------------------------------------------------------------------- */

static void number_text(int64_t v, char *buf, size_t size)
{
	if (v < 0)
		(void)snprintf(buf, size, "*");
	else
		(void)snprintf(buf, size, "%" PRId64, v);
}

void device_rule_text(const struct device_rule *r, char *buf, size_t size)
{
	char major[24], minor[24];

	number_text(r->major, major, sizeof(major));
	number_text(r->minor, minor, sizeof(minor));
	(void)snprintf(buf, size, "%c %s:%s %s%s%s", r->type, major, minor,
		       r->access & ACCESS_READ ? "r" : "", r->access & ACCESS_WRITE ? "w" : "",
		       r->access & ACCESS_MKNOD ? "m" : "");
}

static bool parse_number(const char *s, int64_t *ret)
{
	*ret = -1;
	return strcmp(s, "*") == 0 || (num_i64(s, ret) == 0 && *ret >= 0);
}

/* "c 136:* rwm" */
static bool parse_line(const char *line, struct device_rule *ret)
{
	struct strv words auto_done(strv) = { 0 };

	strv_split(&words, line, ' ');
	if (words.n != 3 || words.items[0][1] || !strchr("abc", words.items[0][0]))
		return false;
	char *colon = strchr(words.items[1], ':');

	if (!colon)
		return false;
	*colon = '\0';
	*ret = (struct device_rule){ .allow = true, .type = words.items[0][0] };
	return parse_number(words.items[1], &ret->major) && parse_number(colon + 1, &ret->minor) &&
	       load_access(words.items[2], &ret->access) == 0;
}

bool device_rules_parse_list(const char *text, bool *ret_allow, struct device_rules *ret)
{
	struct device_rules list auto_done(device_rules) = { 0 };
	struct strv lines auto_done(strv) = { 0 };

	*ret_allow = false;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct device_rule rule;

		if (!*lines.items[i])
			continue;
		if (!parse_line(lines.items[i], &rule))
			return false;
		/* In "allow" the kernel shows just this line, whatever the exceptions are. */
		if (rule.type == 'a')
			*ret_allow = true;
		else
			add(&list, &rule);
	}
	*ret = list;
	list = (struct device_rules){ 0 };
	return true;
}
