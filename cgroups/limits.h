/* limits - resources as a plan: a list of "write this value into that file". Private to this folder.
 *
 * The planners (limits_v1.c, limits_v2.c) are pure and made of tables; limits.c writes a plan and takes it back when a
 * write fails. A section of the resources goes to the kind of hierarchy that carries its controller, so a hybrid host
 * may have memory from v1 and hugetlb from v2. */
#ifndef CGROUPS_LIMITS_H
#define CGROUPS_LIMITS_H

#include "cgroups/part.h"

enum limit_flags {
	LIMIT_RETRY = 1,     /* EINVAL may be a matter of order: once more at the end */
	LIMIT_OPTIONAL = 2,  /* a missing file is no error */
	LIMIT_KEYED = 4,     /* one line per device: the old content cannot be written back */
	LIMIT_SKIP_ZERO = 8, /* 0 means "not given" */
	LIMIT_NOT_IDLE = 16, /* refused by the kernel while cpu.idle is 1, where it means nothing */
};

struct limit {
	bool v2;
	char *controller; /* "memory"; "" for core files of cgroup v2 */
	char *file;
	char *value;
	char *key; /* what asked for it: "memory.limit" */
	unsigned flags;
};

struct limit_plan {
	struct limit *items;
	size_t n;
};
void limit_plan_done(struct limit_plan *p);
char *limit_plan_text(const struct limit_plan *p); /* "memory.max=1048576\n..." */

/* One bit per part of the resources that one controller is responsible for. */
enum limit_section {
	SECTION_MEMORY = 1,
	SECTION_CPU = 2,
	SECTION_CPUSET = 4,
	SECTION_PIDS = 8,
	SECTION_BLOCK_IO = 16,
	SECTION_HUGEPAGES = 32,
	SECTION_RDMA = 64,
	SECTION_NET_CLASS = 128,
	SECTION_NET_PRIORITY = 256,
	SECTION_UNIFIED = 512,
};

/* What the planners must know of the host and of the cgroup as it is now. */
struct limit_ground {
	struct strv v1;                           /* controllers that v1 hierarchies carry */
	bool v2;                                  /* there is a unified hierarchy */
	bool bfq;                                 /* I/O weights go to BFQ's own file */
	struct opt_i64 memory_limit, memsw_limit; /* -1: unlimited */
	struct opt_u64 memory_usage;
	struct opt_i64 cpu_quota; /* -1: unlimited */
};
void limit_ground_done(struct limit_ground *g);

/* Pure. On failure the plan is incomplete but may be passed to limit_plan_done(). */
MUST_CHECK int limits_plan(const struct resources_spec *r, const struct limit_ground *g,
			   struct limit_plan *ret, struct err *e);
MUST_CHECK int limits_v1_plan(const struct resources_spec *r, unsigned sections,
			      const struct limit_ground *g, struct limit_plan *ret, struct err *e);
MUST_CHECK int limits_v2_plan(const struct resources_spec *r, unsigned sections,
			      const struct limit_ground *g, struct limit_plan *ret, struct err *e);

/* --- for the two planners ----------------------------------------------------------------------------------------- */

enum limit_type { LIMIT_I64, LIMIT_U64, LIMIT_BOOL, LIMIT_TEXT };
enum limit_format {
	FORMAT_PLAIN,
	FORMAT_MAX,       /* negative: "max" */
	FORMAT_MINUS_ONE, /* negative: "-1" */
	FORMAT_QUOTA,     /* zero and negative: "-1" */
	FORMAT_SHARES,    /* cpu.shares as cpu.weight */
	FORMAT_BOOL,
};

/* One row says everything about one simple value. `file` NULL: this kind of hierarchy has no such limit, and asking for it is an error,
 * except for the value `harmless`, which is what happens anyway. */
struct limit_row {
	unsigned section;
	const char *key;
	enum limit_type type;
	size_t offset; /* in the section's struct of config/spec.h */
	const char *controller, *file;
	enum limit_format format;
	unsigned flags;
	const char *harmless;
};

struct limit_target {
	struct limit_plan *plan;
	bool v2;
	const char *controller;
	const char *key;
	unsigned flags;
};
void limit_add(const struct limit_target *t, const char *file, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
MUST_CHECK int limits_expand(const struct limit_row *rows, size_t n, unsigned sections,
			     const struct resources_spec *r, const struct limit_target *t,
			     struct err *e);
/* hugetlb and rdma differ only in a word or not at all. */
MUST_CHECK int limits_add_hugepages(const struct resources_spec *r, const struct limit_target *t,
				    const char *suffix, struct err *e);
void limits_add_rdma(const struct resources_spec *r, const struct limit_target *t);

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* Read what the planners need, only when the resources make them ask. */
void limit_ground_read(struct cgroup *cg, const struct resources_spec *r, struct limit_ground *ret);
/* Every controller is checked before the first write; a failing write restores what was written before (not needed while cg->fresh). */
MUST_CHECK int limits_apply(struct cgroup *cg, const struct limit_plan *p, struct err *e);
/* Does a limit file say what was asked for? `keyed`: one line per device. Pure (audit.c). */
bool audit_same(const char *file, bool keyed, const char *wanted, const char *is);
/* Every limit file of a part with its present content, into ret. */
MUST_CHECK int limits_show(struct cgroup *cg, struct strmap *ret, struct err *e);

#endif
