/* detect - which cgroup hierarchies this host offers us, and where we are in each. Private to this folder. */
#ifndef CGROUPS_DETECT_H
#define CGROUPS_DETECT_H

#include "cgroups/cgroups.h"
#include "runtime/base/str.h"

struct hierarchy {
	bool v2;
	struct strv controllers; /* v1 only: "cpu", "cpuacct", "name=systemd" */
	char *mount;             /* the mount point */
	char *root;              /* what /proc/self/cgroup calls the mount's root */
	char *own; /* our own cgroup below the mount, "/" when it is the mount's root or unknown */
};

struct cgroup_host {
	enum cgroup_mode mode;
	struct hierarchy *items;
	size_t n;
};
void cgroup_host_done(struct cgroup_host *h);

/* Tells whether a mount point of mountinfo really shows a cgroup file system (another mount may cover it). */
typedef bool (*detect_usable_fn)(const char *mount, bool v2);

/* From the texts of /proc/self/cgroup and /proc/self/mountinfo. Pure, apart from `usable` (NULL: all are). A hierarchy that is
 * mounted nowhere, or only with a root outside our cgroup namespace, is left out. */
MUST_CHECK int detect_parse(const char *cgroups, const char *mountinfo, detect_usable_fn usable,
			    struct cgroup_host *ret, struct err *e);
MUST_CHECK int detect_host(struct cgroup_host *ret, struct err *e);

/* Where a process is, in the words of its /proc/PID/cgroup text: the path of the hierarchy with these controllers
 * (v2: `controllers` is empty), below the mount's root. Freshly allocated; NULL when it is not listed or not below. Pure. */
char *detect_place(const char *cgroups, const struct strv *controllers, const char *root);

#endif
