/* export - the translation made visible: the config.json that boot would give to the engine. */
#include <errno.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"

int zone_export_oci(const struct zone_dirs *d, const char *name, struct json **ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_ptr(container_spec) struct container_spec *c = NULL;
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_boot_options options = { .init_kind = "zone-init" };
	struct zone_host host = { 0 };
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_EXPORT, NULL, e);
	if (r == 0 && storage_is_overlay(&z->record))
		r = err_set(
			e, EOPNOTSUPP,
			"the root of zone \"%s\" is in layers, and a bundle has one folder: make that with zone clone -m copy %s NAME",
			name, name);
	if (r == 0)
		r = zone_host_facts(d, z, &host, &strings, e);
	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z->spec, &host);
	const struct zone_brand *brand = zone_brand_find(effective->brand);

	if (brand && brand->init && !brand->sparse_root && !effective->service) {
		options.init =
			brand->init
				[0]; /* which one it is in truth is found at boot, below the zone's root */
		options.init_kind = "systemd";
	}
	r = zone_to_oci(effective, &host, &options, &c, e);
	if (r == 0)
		*ret = oci_save(c);
	return r;
}
