/* devices - which device nodes a container may open or make: the rules, v1's files, v2's eBPF program. Private to this folder.
 *
 * The meaning is OCI's: rules in order, the last one that speaks about an access decides, each of r, w and m for itself;
 * what no rule speaks about is denied. */
#ifndef CGROUPS_DEVICES_H
#define CGROUPS_DEVICES_H

#include <linux/bpf.h>

#include "cgroups/part.h"

enum { ACCESS_MKNOD = 1, ACCESS_READ = 2, ACCESS_WRITE = 4, ACCESS_ALL = 7 }; /* BPF_DEVCG_ACC_* */

struct device_rule {
	bool allow;
	char type;            /* 'b', 'c', or 'a' for both */
	int64_t major, minor; /* -1: any */
	unsigned access;
};
struct device_rules {
	struct device_rule *items;
	size_t n;
};
void device_rules_done(struct device_rules *r);

/* --- devices_rules.c, pure ------------------------------------------------------------------------------------------ */

/* From the specification; the devices that OCI promises are appended unless `exact`. */
MUST_CHECK int device_rules_load(const struct resources_spec *r, bool exact,
				 struct device_rules *ret, struct err *e);
/* May a process do all of `access` with this device? The meaning in ten lines; the tests compare everything else with it. */
bool device_rules_allow(const struct device_rules *r, char type, int64_t major, int64_t minor,
			unsigned access);
/* The same meaning as v1 can say it: one default and a list of exceptions to it, all with allow != *ret_allow and type 'b' or 'c'.
 * -EOPNOTSUPP when a rule takes a part out of an exception, which v1 has no words for. */
MUST_CHECK int device_rules_flatten(const struct device_rules *r, bool *ret_allow,
				    struct device_rules *ret, struct err *e);
/* "c 1:3 rwm", as v1 reads and shows it. buf of at least 64 bytes. */
void device_rule_text(const struct device_rule *r, char *buf, size_t size);
/* Read v1's devices.list back into what device_rules_flatten() makes. False when a line is not understood. */
bool device_rules_parse_list(const char *text, bool *ret_allow, struct device_rules *ret);

/* --- devices.c: v1 ------------------------------------------------------------------------------------------------- */

/* A container in use never loses an access in between that it has before and after: only differences are written. */
MUST_CHECK int devices_set_v1(struct cgroup_part *p, const struct device_rules *r, struct err *e);

/* --- devices_bpf.c, pure --------------------------------------------------------------------------------------------- */

struct device_program {
	struct bpf_insn *insns;
	size_t n;
};
void device_program_done(struct device_program *p);
void device_program_build(const struct device_rules *r, struct device_program *ret);

/* --- devices_load.c: v2 ------------------------------------------------------------------------------------------------ */

/* Load and attach, replacing what was attached to this directory before. -EPERM for those without CAP_BPF or CAP_SYS_ADMIN. */
MUST_CHECK int devices_set_v2(struct cgroup_part *p, const struct device_rules *r, struct err *e);
/* How many device programs are attached to the directory; negative errno. */
MUST_CHECK int devices_count_v2(struct cgroup_part *p, struct err *e);
/* 1 when the program that is attached is the one for these rules, by the kernel's digest of its instructions. */
MUST_CHECK int devices_is_v2(struct cgroup_part *p, const struct device_rules *r, struct err *e);
/* Does this kernel load such programs for us? */
MUST_CHECK int devices_check_v2(struct err *e);

#endif
