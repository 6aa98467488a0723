/* zone_to_oci - what the parts of the translation from a zone to a container share. Private to config/. */
#ifndef CONFIG_ZONE_TO_OCI_H
#define CONFIG_ZONE_TO_OCI_H

#include "config/bind.h"
#include "config/spec.h"
#include "config/zone_spec.h"

#define ZONE_INIT_PATH "/dev/.zone/init" /* where zone-init is inside the zone */

/* All borrowed; `s` is being filled. */
struct zone_translation {
	const struct zone_spec *z; /* effective */
	const struct zone_host *host;
	const struct zone_boot_options *o;
	const struct zone_brand *brand;
	struct container_spec *s;
};

/* zone_process.c: s->process. -EINVAL when limitpriv is wrong. */
MUST_CHECK int zone_fill_process(struct zone_translation *t, struct err *e);
/* zone_resources.c: linux.resources, which is new, and the kernel parameters that are caps. */
MUST_CHECK int zone_fill_resources(struct zone_translation *t, struct err *e);
void zone_fill_ipc(struct zone_translation *t);
uint64_t zone_cpu_shares(uint64_t cpu_shares);                           /* -> OCI's cpu.shares */
void zone_cpu_quota(const struct zone_cpu_cap *cap, struct cpu_spec *c); /* quota, period, burst */
uint64_t zone_memory_of(const struct zone_spec *z);                      /* 0: no cap */
MUST_CHECK int zone_fill_block_io(struct zone_translation *t, struct err *e); /* zone_block_io.c */
/* "2M" as OCI calls pages of that size, "2MB"; NULL when no page has such a size. Freshly allocated. */
char *zone_page_name(const char *size);

#endif
