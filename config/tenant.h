/* tenant - what CONFIG/tenants/NAME.json says: limits that hold for all zones of one tenant together.
 *
 * The properties and their meaning are those of a zone (zone_spec.h), the limited thing is the sum of its zones: none of them gets more than its own cap, all together not more than the
 * tenant's, and cpuShares weigh the tenant against zones and tenants beside it, those of its zones only among themselves. Plain data, owned by the struct. Pure. */
#ifndef CONFIG_TENANT_H
#define CONFIG_TENANT_H

#include "config/zone_spec.h"

struct tenant_spec {
	char *tenant; /* its name, as a zone's */
	struct opt_u64 cpu_shares;
	struct zone_cpu_cap *capped_cpu;
	struct zone_memory_cap *capped_memory; /* physical and swap only */
	struct opt_u64 max_lwps;
	struct strmap attr;
};

struct tenant_spec *tenant_spec_new(void);
void tenant_spec_free(struct tenant_spec *t);
DEFINE_AUTO_PTR(tenant_spec);

/* Text -> spec with all errors at once. `diags->file` names the file. */
MUST_CHECK int tenant_spec_parse(const char *text, size_t n, struct tenant_spec **ret,
				 struct diag_list *diags);
struct json *tenant_spec_save(const struct tenant_spec *t);

/* The limits as resources of a cgroup, freshly allocated. What `before` (NULL: nothing) had and `now` has no more is written as "no limit". */
struct resources_spec *tenant_resources(const struct tenant_spec *now,
					const struct tenant_spec *before);
bool tenant_name_ok(const char *name);

#endif
