/* unit - a container's cgroup as systemd names it, and what systemd is told about it. Pure. Private to this folder.
 *
 * Written from systemd.unit(5), systemd.resource-control(5), org.freedesktop.systemd1(5); the form "slice:prefix:name" of linux.cgroupsPath is the one that runc gave it. */
#ifndef CGROUPS_UNIT_H
#define CGROUPS_UNIT_H

#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "runtime/base/json.h"

/* --- names ---------------------------------------------------------------------------------------------------------- */

struct unit_name {
	char *name;  /* "crio-abc.scope", or "abc.slice" */
	char *slice; /* "kubepods-pod1.slice": the one above it */
	char *path; /* "/kubepods.slice/kubepods-pod1.slice/crio-abc.scope", below systemd's own cgroup */
};
void unit_name_done(struct unit_name *u);

/* "slice:prefix:name" gives prefix-name.scope in that slice; a name that ends in ".slice" is that slice itself. An empty slice is system.slice, of the user's own systemd user.slice;
 * without a path (NULL, "") the unit is zrun-ID.scope. -EINVAL for any other form, as runc and crun say it. */
MUST_CHECK int unit_parse(const char *cgroups_path, const char *id, bool user,
			  struct unit_name *ret, struct err *e);
/* What systemd takes as the name of a unit: at most 255 of A-Z a-z 0-9 : - _ . \ @ with ".scope" or ".slice" at the end. */
bool unit_name_is_valid(const char *name);
bool unit_is_slice(const char *name);

/* --- properties ------------------------------------------------------------------------------------------------------ */

/* A D-Bus variant: `type` is its signature, and the JSON value has its form ("a(ss)": an array of arrays of two strings; "ay": an array of numbers). */
struct unit_prop {
	char *name, *type;
	struct json *value;
};
struct unit_props {
	struct unit_prop *items;
	size_t n;
};
void unit_props_done(struct unit_props *p);
void unit_props_add(struct unit_props *p, const char *name, const char *type, struct json *value);
void unit_props_remove(struct unit_props *p, size_t i);
char *unit_props_text(const struct unit_props *p); /* "TasksMax t 12\n...", for tests and --debug */

/* Annotations "org.systemd.property.NAME": "GVARIANT TEXT" (uint64 5, true, 'word', ['a', 'b']); a name that ends in Sec is taken in seconds and sent as USec.
 * Whoever writes a pod may write these, and systemd acts as root: only those that concern the unit itself are taken, -EPERM names any other. */
MUST_CHECK int unit_props_annotations(const struct strmap *annotations, struct unit_props *ret,
				      struct err *e);
/* The limits that systemd has properties for. What it has none for is only in the cgroup's files. */
MUST_CHECK int unit_props_limits(const struct resources_spec *r, const struct limit_ground *g,
				 bool v2, struct unit_props *ret, struct err *e);
/* v1's device rules, which systemd would overwrite with its own. In three groups that must be set in this order. */
MUST_CHECK int unit_props_devices(const struct device_rules *r, struct unit_props *ret,
				  struct err *e);

#endif
