/* audit - the parts of isolation_audit(). Private to this folder.
 *
 * Nothing in here trusts what the container can change: processes are those of its cgroup, their state is read from the host's /proc, and its own paths are looked at by a child that is ended when
 * somebody lets it wait (audit_look.c). */
#ifndef ISOLATION_AUDIT_H
#define ISOLATION_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "isolation/isolation.h"
#include "isolation/private.h"
#include "runtime/base/finding.h"

enum { AUDIT_TEXT = 512, AUDIT_NAME = 65 };

/* What is at a path of the container. */
struct audit_place {
	int code; /* errno; ENOENT: nothing */
	bool is_mount;
	uint64_t mount; /* number in mountinfo */
	dev_t dev, rdev;
	ino_t ino;
	mode_t mode;
	uid_t uid; /* as the host sees them */
	gid_t gid;
	nlink_t links;
};
struct audit_value {
	bool known;
	char text[AUDIT_TEXT];
};
struct audit_view {
	char hostname[AUDIT_NAME], domainname[AUDIT_NAME];
	bool has_names;
	struct audit_place *places; /* of the rows of the plan, then those of the root's parts */
	size_t n_places;
	struct audit_value *values; /* of linux.sysctl */
};

struct audit {
	const struct container_spec *spec;
	const struct isolation_audit *of;
	struct findings *ret;
	struct mount_plan plan;
	struct audit_view *view; /* NULL: it could not be taken, and `why` says why */
	void *memory;
	size_t size;
	char *why;
};

/* Has root inside this right over the container's own namespaces? Then what it may change breaks no promise. */
bool audit_may(const struct container_spec *spec, int capability);
/* FINDING_CHANGED when it has, else FINDING_DIFFERS. */
enum finding_verdict audit_verdict(const struct container_spec *spec, int capability);

/* audit_look.c: fill a->view. */
void audit_look(struct audit *a);
void audit_look_done(struct audit *a);
/* audit_mounts.c */
void audit_mounts(struct audit *a);
/* One line of mountinfo; the texts are cut out of `line`. Pure. */
struct audit_mount {
	uint64_t id;
	unsigned major, minor;
	const char *root, *target, *options, *type, *super;
	bool is_slave, is_shared;
	uint64_t peers; /* of a shared one: the group's number */
};
bool audit_mount_parse(char *line, struct audit_mount *ret);
/* Is `word` one of the comma-separated options? Pure. */
bool audit_has_option(const char *options, const char *word);
/* audit_processes.c: what every process has. */
void audit_processes(struct audit *a);
/* One limit of the text of /proc/PID/limits. Pure. */
bool audit_limit_parse(const char *limits, int resource, struct rlimit *ret);
/* Does "web (enforce)", from /proc/PID/attr, say that the profile holds? Pure. */
bool audit_is_confined(const char *label, const char *profile);

#endif
