/* apply - what the acts of the rules (changes.h) work with. Private to runtime/zone.
 *
 * An act finds what to set in the container that the zone's configuration translates to: `before`, as it runs, and `after`, as it shall run. So no meaning of a property is written down twice. */
#ifndef RUNTIME_ZONE_APPLY_H
#define RUNTIME_ZONE_APPLY_H

#include "config/spec.h"
#include "config/zone_spec.h"
#include "runtime/base/err.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/changes.h"
#include "runtime/zone/store.h"

struct apply {
	const struct zone_dirs *dirs;
	const struct zone *zone; /* open, with the lock, running */
	struct engine_container *container;
	struct container_spec *before, *after;
	struct zone_spec *zone_before, *zone_after; /* what they are translated from */
	struct strmap sysctl_old; /* what the kernel had, by the names of those that were set */
	struct apply_limits {
		char *type;
		struct engine_rlimits_saved *saved;
	} * limits;
	size_t n_limits;
	struct engine_policy_saved *policy; /* NULL: not changed */
	struct cpu_claim *cpus_old;         /* cpus.h: what it had before; NULL: not changed */
};
/* From the two configurations. Leaves nothing open on failure. */
MUST_CHECK int apply_open(struct apply *a, const struct json *running, const struct json *merged,
			  struct err *e);
/* The zone and the container that such a configuration means; only dirs and zone of `a` are used. Devices and disks that are gone are left out. */
MUST_CHECK int apply_translate(const struct apply *a, const struct json *document,
			       const struct zone_boot_options *options, struct zone_spec **ret_zone,
			       struct container_spec **ret, struct err *e);
void apply_done(struct apply *a);

/* apply_limits.c: the cgroup. */
extern const struct change_act apply_memory, apply_cpu, apply_weight, apply_lwps, apply_devices,
	apply_block_io, apply_io_weight, apply_hugepages, apply_rctl, apply_class;
const char *apply_class_judge(const struct change *c, const struct json *running,
			      const struct json *wanted);
extern const struct change_act apply_cpus;
const char *apply_cpus_judge(const struct change *c, const struct json *running,
			     const struct json *wanted);
/* apply_mounts.c: file systems and device nodes. */
extern const struct change_act apply_fs;
const char *apply_fs_judge(const struct change *c, const struct json *running,
			   const struct json *wanted);
const char *apply_device_judge(const struct change *c, const struct json *running,
			       const struct json *wanted);
/* apply_device_node(): the node of one device as it is in `with`, or away (NULL). Part of apply_devices. */
MUST_CHECK int apply_device_node(struct apply *a, const char *path,
				 const struct container_spec *with, struct err *e);

/* apply_process.c: kernel parameters, limits of processes. */
const char *apply_sysctl_judge(const struct change *c, const struct json *running,
			       const struct json *wanted);
const char *apply_ipc_judge(const struct change *c, const struct json *running,
			    const struct json *wanted);
const char *apply_rlimit_judge(const struct change *c, const struct json *running,
			       const struct json *wanted);
extern const struct change_act apply_sysctl, apply_rlimit;
/* apply_quota.c: disk space. */
extern const struct change_act apply_quota;
const char *apply_quota_judge(const struct change *c, const struct json *running,
			      const struct json *wanted);
void apply_process_done(struct apply *a); /* part of apply_done() */

/* apply_net.c: links, published ports, links of the host; name service. */
const char *apply_net_judge(const struct change *c, const struct json *running,
			    const struct json *wanted);
const char *apply_physical_judge(const struct change *c, const struct json *running,
				 const struct json *wanted);
const char *apply_dns_judge(const struct change *c, const struct json *running,
			    const struct json *wanted);
extern const struct change_act apply_net, apply_dns, apply_hostid;

#endif
