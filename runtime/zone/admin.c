/* admin - see admin.h. */
#include "runtime/zone/admin.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

bool zone_admin_is(const struct zone_admin *entry, uid_t uid)
{
	const struct passwd *p = getpwnam(entry->user);

	return p && p->pw_uid == uid;
}

static bool has_any(const struct strv *auths, const struct strv *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		if (strv_has(auths, wanted->items[i]))
			return true;
	}
	return false;
}

bool zone_admin_spec_allows(const struct zone_spec *z, uid_t uid, const char *auths)
{
	auto_done(strv) struct strv wanted = { 0 };

	strv_split(&wanted, auths, ',');
	for (size_t i = 0; i < z->n_admin; i++) {
		if (has_any(&z->admin[i].auths, &wanted) && zone_admin_is(&z->admin[i], uid))
			return true;
	}
	return false;
}

bool zone_admin_is_stranger(const struct zone_dirs *d, const struct zone_spec *z)
{
	return d->caller &&
	       !zone_admin_spec_allows(z, d->caller->uid, ADMIN_CONFIG "," ADMIN_LOGIN);
}

/* Of several rights the first is named: it is the one that the verb is meant for. */
static int refuse(const char *name, const char *auths, struct err *e)
{
	return err_set(e, EPERM, "you have no right \"%.*s\" over a zone \"%s\"",
		       (int)strcspn(auths, ","), auths, name);
}

int zone_admin_allows(const struct zone_dirs *d, const char *name, uid_t uid, const char *auths,
		      struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err hidden = { 0 };

	if (zone_open(d, name, 0, &z, &hidden) == 0 && z->spec &&
	    zone_admin_spec_allows(z->spec, uid, auths))
		return 0;
	return refuse(name, auths, e);
}

int zone_admin_check_caller(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	const struct zone_caller *c = d->caller;

	if (!c || !str_eq(c->zone, z->name))
		return 0;
	if (!z->spec || !zone_admin_spec_allows(z->spec, c->uid, c->auths))
		return refuse(z->name, c->auths, e);
	if (c->also && !zone_admin_spec_allows(z->spec, c->uid, c->also))
		return refuse(z->name, c->also, e);
	return 0;
}

void zone_admin_verify(const struct zone_spec *z, struct diag_list *diags)
{
	for (size_t i = 0; i < z->n_admin; i++) {
		auto_free char *path = mem_format("admin[%zu].user", i);

		if (!getpwnam(z->admin[i].user))
			diag_add(diags, DIAG_AT(0, 0), path, "host", NULL,
				 "this host has no user \"%s\"", z->admin[i].user);
	}
}
