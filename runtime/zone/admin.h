/* admin - which rights a user of the host has over a zone.
 *
 * The zone's file says it by name: "admin": [ { "user": "alice", "auths": [ "login", "manage" ] } ]. A name is what the host's getpwnam(3) makes of it at the moment of the question, so a user who is
 * deleted or taken out of the file has no rights from then on. A file that cannot be read gives none to anybody.
 * As root, in the host's mount namespace. */
#ifndef RUNTIME_ZONE_ADMIN_H
#define RUNTIME_ZONE_ADMIN_H

#include <sys/types.h>

#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

#define ADMIN_LOGIN      "login"
#define ADMIN_MANAGE     "manage"
#define ADMIN_CONFIG     "config"
#define ADMIN_LIVECONFIG "liveconfig"
#define ADMIN_CLONEFROM  "clonefrom"
#define ADMIN_REMOVE     "remove"
#define ADMIN_LOOK       "manage,login,config,liveconfig,clonefrom,remove" /* whoever has any right */

/* 0, or -EPERM. `auths`: one of these, with commas between. A zone that does not exist is refused in the same words: nobody learns the names of zones that are not his. */
MUST_CHECK int zone_admin_allows(const struct zone_dirs *d, const char *name, uid_t uid,
				 const char *auths, struct err *e);
/* The same of a file that has been read. */
bool zone_admin_spec_allows(const struct zone_spec *z, uid_t uid, const char *auths);
/* Is this entry of "admin" the user's? */
bool zone_admin_is(const struct zone_admin *entry, uid_t uid);
/* Is there a caller, and may he neither enter the zone nor read its file? Then the variables of its service and what others are allowed are not for him. */
bool zone_admin_is_stranger(const struct zone_dirs *d, const struct zone_spec *z);
/* For whoever has just locked the zone: 0 where there is no caller or he still has one of his rights over it (the zone that he named; others are none of his), else -EPERM. */
MUST_CHECK int zone_admin_check_caller(const struct zone_dirs *d, const struct zone *z,
				       struct err *e);
/* Names that the host does not know, for `zone verify`. Boot does not ask: a directory of users that cannot be reached must keep no zone down. */
void zone_admin_verify(const struct zone_spec *z, struct diag_list *diags);

#endif
