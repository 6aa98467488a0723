/* admin - see admin.h. */
#include "runtime/zone/admin.h"

#include <errno.h>
#include <pwd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

static bool is_user(const char *name, uid_t uid)
{
	const struct passwd *p = getpwnam(name);

	return p && p->pw_uid == uid;
}

static bool spec_allows(const struct zone_spec *z, uid_t uid, const char *auth)
{
	for (size_t i = 0; i < z->n_admin; i++) {
		if (strv_has(&z->admin[i].auths, auth) && is_user(z->admin[i].user, uid))
			return true;
	}
	return false;
}

int zone_admin_allows(const struct zone_dirs *d, const char *name, uid_t uid, const char *auth,
		      struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err hidden = { 0 };

	if (zone_open(d, name, 0, &z, &hidden) == 0 && z->spec && spec_allows(z->spec, uid, auth))
		return 0;
	return err_set(e, EPERM, "you have no right \"%s\" over a zone \"%s\"", auth, name);
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
