/* delegate - see delegate.h. Which property is whose is config/zone_delegate.c's. */
#include "runtime/zone/delegate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/zone_delegate.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/config_text.h"

static int spec_of(const char *text, struct zone_spec **ret, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };

	return zone_spec_parse(text, strlen(text), ret, &diags) < 0 ? diag_err(&diags, e) : 0;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static int compare(const struct zone_dirs *d, const struct zone *z, struct zone_delegate *both,
		   struct diag_list *diags, struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r = zone_host_facts(d, z, &host, &strings, e);

	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *old = zone_effective(both->old_file, &host);
	auto_ptr(zone_spec) struct zone_spec *new = zone_effective(both->new_file, &host);

	both->old_effective = old;
	both->new_effective = new;
	return zone_delegate_check(both, diags) < 0 ? diag_err(diags, e) : 0;
}

int delegate_change(const struct zone_dirs *d, const struct zone *z, const char *old,
		    const char *text, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *before = NULL;
	auto_ptr(zone_spec) struct zone_spec *after = NULL;
	int r;

	if (!d->caller)
		return 0;
	if (!old || spec_of(old, &before, e) < 0 ||
	    !zone_admin_spec_allows(before, d->caller->uid, ADMIN_CONFIG))
		return err_set(e, EPERM,
			       "you have no right \"" ADMIN_CONFIG "\" over a zone \"%s\"",
			       d->caller->zone);
	r = spec_of(text, &after, e);
	if (r < 0)
		return r;
	const struct zone_admin **entries = mem_array(
		before->n_admin,
		sizeof(const struct zone_admin *)); /* NOLINT(bugprone-sizeof-expression) */
	struct zone_delegate both = { .old_file = before, .new_file = after, .entries = entries };

	for (size_t i = 0; i < before->n_admin; i++) {
		const struct zone_admin *one = &before->admin[i];

		if (strv_has(&one->auths, ADMIN_CONFIG) && zone_admin_is(one, d->caller->uid))
			entries[both.n_entries++] = one;
	}
	r = compare(d, z, &both, diags, e);
	free(entries);
	return r;
}

/* --- clones ------------------------------------------------------------------------------------------------------- */

/* What is a zone's alone would be taken twice. */
static int check_shared(const struct zone *from, struct err *e)
{
	const char *what = from->spec->dedicated_cpu ? "dedicatedCPU"
			   : from->spec->n_net > 0   ? "net"
						     : NULL;

	if (!what)
		return 0;
	return err_set(
		e, EPERM,
		"zone \"%s\" has the property %s, which a clone would take a second time from the host: only root of the host may clone it",
		from->name, what);
}

static uint64_t clones_allowed(const struct zone *from, uid_t uid)
{
	uint64_t most = 0;

	for (size_t i = 0; i < from->spec->n_admin; i++) {
		const struct zone_admin *one = &from->spec->admin[i];
		uint64_t n = one->clones.set ? one->clones.value : 1;

		if (strv_has(&one->auths, ADMIN_CLONEFROM) && zone_admin_is(one, uid))
			most = n > most ? n : most;
	}
	return most;
}

/* Zones of that name that he may remove; what cannot be read counts. The lock of `from` keeps their number from growing meanwhile. */
static int count_clones(const struct zone_dirs *d, const struct zone *from, uint64_t *ret,
			struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	auto_free char *prefix = mem_format("%s-", from->name);
	int r = zone_names(d, &names, e);

	*ret = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		struct err ignored = { 0 };

		if (str_has_prefix(names.items[i], prefix) &&
		    (zone_open(d, names.items[i], 0, &z, &ignored) < 0 || !z->spec ||
		     zone_admin_spec_allows(z->spec, d->caller->uid, ADMIN_REMOVE)))
			(*ret)++;
	}
	return r;
}

int delegate_clone(const struct zone_dirs *d, const struct zone *from, const char *name,
		   struct err *e)
{
	auto_free char *prefix = mem_format("%s-", from->name);
	const char *rest = str_after(name, prefix);
	uint64_t most, n = 0;

	if (!d->caller)
		return 0;
	if (!from->spec || !zone_admin_spec_allows(from->spec, d->caller->uid, ADMIN_CLONEFROM))
		return err_set(e, EPERM,
			       "you have no right \"" ADMIN_CLONEFROM "\" over a zone \"%s\"",
			       from->name);
	if (str_empty(rest))
		return err_set(
			e, EPERM,
			"the clones of a user are named after their zone: \"%sWORD\", not \"%s\"",
			prefix, name);
	/* on its bridges everybody finds it by its name, before any name server is asked */
	if (strchr(rest, '.'))
		return err_set(
			e, EPERM,
			"\"%s\": a user's WORD in \"%sWORD\" has no dot, or the name could be that of a machine elsewhere",
			name, prefix);
	int r = check_shared(from, e);

	if (r == 0)
		r = count_clones(d, from, &n, e);
	if (r < 0)
		return r;
	most = clones_allowed(from, d->caller->uid);
	if (n < most)
		return 0;
	return err_set(
		e, EDQUOT,
		"you have %llu clone%s of zone \"%s\" and may have %llu at a time (\"clones\" of your entry in admin): zone delete one first",
		(unsigned long long)n, n == 1 ? "" : "s", from->name, (unsigned long long)most);
}

static struct json *value_copy(const struct json *j)
{
	struct json *copy = json_clone(j);

	free(ptr_steal(&copy->key)); /* a value is put in under a name, it has none before */
	return copy;
}

/* His entry, as one of a zone that he has made. */
static struct json *entry_of_clone(const struct zone_admin *one)
{
	struct json *entry = json_new_object();
	struct json *auths;

	json_set(entry, "user", json_new_string(one->user));
	auths = json_set(entry, "auths", json_new_array());
	for (size_t i = 0; i < one->auths.n; i++) {
		if (!str_eq(one->auths.items[i], ADMIN_CLONEFROM) &&
		    !str_eq(one->auths.items[i], ADMIN_REMOVE))
			json_add(auths, json_new_string(one->auths.items[i]));
	}
	json_add(auths, json_new_string(ADMIN_REMOVE));
	return entry;
}

int delegate_clone_text(const struct zone_dirs *d, char **text, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;
	auto_ptr(json) struct json *root = NULL;
	struct json *list;
	int r;

	if (!d->caller)
		return 0;
	r = spec_of(*text, &spec, e);
	if (r == 0)
		r = json_parse_simple(*text, strlen(*text), &root, e);
	if (r < 0)
		return r;
	const struct json *old = json_get(root, "admin");
	auto_ptr(json) struct json *entries = json_clone(old);

	list = json_set(root, "admin", json_new_array());
	for (size_t i = 0; i < spec->n_admin; i++) {
		const struct json *limits = json_get(entries->items[i], "limits");
		struct json *entry;

		if (!zone_admin_is(&spec->admin[i], d->caller->uid))
			continue;
		entry = json_add(list, entry_of_clone(&spec->admin[i]));
		if (limits)
			json_set(entry, "limits", value_copy(limits));
	}
	free(*text);
	*text = config_print(root);
	return 0;
}
