/* zone_delegate - which properties of a zone a user of the host with the right "config" may change, and how far. Pure.
 *
 * Whoever may change a zone's file must not thereby become more than root of that zone: reach the host, or take what another zone was promised. So one table says it, property by property, with the
 * reason; what has no row is root's. Some may be changed freely, because root inside the zone could do as much; amounts may only be made smaller, or as large as the "limits" of the user's own
 * entry in "admin" say. What counts is the effective configuration: taking a cap out of the file raises it to whatever holds without one. */
#ifndef CONFIG_ZONE_DELEGATE_H
#define CONFIG_ZONE_DELEGATE_H

#include "config/zone_spec.h"

enum zone_delegate_how {
	ZONE_DELEGATE_FREE,  /* any value that is valid */
	ZONE_DELEGATE_LOWER, /* at most what holds now, or what "limits" says */
	ZONE_DELEGATE_NEVER,
};
struct zone_delegate_rule {
	const char *path; /* "cappedMemory.soft", or all of "cappedMemory" */
	enum zone_delegate_how how;
	uint64_t absent; /* LOWER: what it is where nothing is said */
	const char *why; /* a clause */
};
/* Every row, those of members before those of their objects; NULL past the end. */
const struct zone_delegate_rule *zone_delegate_rule_at(size_t i);
/* The row of a path ("service.env", "anet"); NULL: it is root's. */
const struct zone_delegate_rule *zone_delegate_rule_find(const char *path);

struct zone_delegate {
	const struct zone_spec *old_file, *new_file;
	const struct zone_spec *old_effective, *new_effective;
	const struct zone_admin *const *entries; /* those of the user, whose limits count */
	size_t n_entries;
};
/* Each change that the user may not make is a diagnostic; -EPERM when there is one. */
MUST_CHECK int zone_delegate_check(const struct zone_delegate *d, struct diag_list *diags);

#endif
