/* part - a container's cgroup as a list of parts: its directory in each hierarchy. Private to this folder.
 *
 * A part remembers the mount it was found under and the path below it; its descriptor is opened on first use, so a
 * cgroup that was read from a record works when some directories are gone. Files are always reached through it. */
#ifndef CGROUPS_PART_H
#define CGROUPS_PART_H

#include "cgroups/cgroups.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

struct cgroup_part {
	bool v2;
	struct strv controllers; /* v1: "cpu", "cpuacct", "name=systemd" */
	char *mount;             /* where the hierarchy is mounted, "/sys/fs/cgroup/cpu" */
	char *root;              /* what /proc/PID/cgroup calls the mount's root, mostly "/" */
	char *path;              /* below the mount, "/zones/web" */
	char *dir;               /* mount and path together */
	size_t made;    /* how many last elements of path were made by us; 0: it was there before */
	int fd;         /* the directory, -1 until needed */
	bool rootless;  /* as the whole: whose marks are set and believed */
	bool there;     /* made, by this process */
	bool was_there; /* tree_make() has found it */
};

struct cgroup_unit; /* cgroups/systemd.h */

struct cgroup {
	enum cgroup_mode mode;
	bool rootless, exact_devices;
	bool planned; /* cgroup_make() has not run yet */
	bool fresh; /* made by this process and still empty: nothing to restore when a limit fails */
	char *token; /* ours alone: what a directory is marked with that was there before, so that its maker leaves us alone */
	struct opt_u64 delegate_uid, delegate_gid;
	struct cgroup_unit *unit; /* systemd's, or NULL: we make the directories ourselves */
	struct cgroup_part *parts;
	size_t n_parts;
};

/* Append an empty part (fd -1). */
struct cgroup_part *part_add(struct cgroup *cg);
void part_done(struct cgroup_part *p);
void part_drop(struct cgroup *cg, size_t i); /* the others move up */

/* The v1 part that carries a controller, the unified part, or either, v1 first; NULL when there is none. */
struct cgroup_part *part_of_v1(const struct cgroup *cg, const char *controller);
struct cgroup_part *part_unified(const struct cgroup *cg);
/* The part that knows every process of the container best: the unified one, else the first. NULL: cgroups are off. */
struct cgroup_part *part_main(const struct cgroup *cg);

/* The directory's descriptor (borrowed), or -ENOENT when the directory is gone. */
MUST_CHECK int part_open(struct cgroup_part *p, struct err *e);
MUST_CHECK int part_read(struct cgroup_part *p, const char *file, char **ret,
			 struct err *e); /* trailing newline removed */
MUST_CHECK int part_write(struct cgroup_part *p, const char *file, const char *text, struct err *e);
bool part_has(struct cgroup_part *p, const char *file);
/* Remember across programs that cgroup.kill was written here, and ask: see struct cgroup_entry in cgroups.h. */
void part_set_killed(struct cgroup_part *p);
bool part_was_killed(const struct cgroup_part *p);
/* A new token for struct cgroup. Freshly allocated. */
char *part_token(void);
/* Mark a directory that was there before as ours; does its mark say that somebody else has taken it since? The unprivileged use marks that a tenant could set on its own cgroup, and they alone believe them. */
void part_take(struct cgroup_part *p, const char *token);
bool part_is_taken(struct cgroup_part *p, const char *token);
/* One number of a file; "max" gives UINT64_MAX. Returns false when it cannot be had. */
bool part_number(struct cgroup_part *p, const char *file, uint64_t *ret);
/* The number behind a word: "frozen 1", "oom_kill 3", "usage_usec 12". `text` is a file's content. Pure. */
bool part_word(const char *text, const char *word, uint64_t *ret);

#endif
