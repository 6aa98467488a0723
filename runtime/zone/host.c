/* host - facts of this host that the defaults and the translation of a configuration depend on. Everything is asked for afresh; nothing is cached. */
#include "runtime/zone/storage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"

#ifndef ZONES_LIBEXECDIR
#define ZONES_LIBEXECDIR "/usr/local/lib/zones"
#endif

/* Copy a text behind the others; returns where it begins. Pointers are made when no more is added. */
static size_t keep(struct strbuf *b, const char *s)
{
	size_t at = b->len;

	strbuf_add_bytes(b, s, strlen(s) + 1);
	return at;
}

static const char *zonepath_of(const struct zone *z)
{
	if (z->record.zonepath)
		return z->record.zonepath;
	return z->spec ? z->spec->zonepath : NULL;
}

int zone_host_facts(const struct zone_dirs *d, const struct zone *z, struct zone_host *ret,
		    struct strbuf *storage_of_strings, struct err *e)
{
	const char *zonepath = zonepath_of(z);
	auto_free char *root = zonepath ? mem_format("%s/root", zonepath)
					: mem_format("%s/%s/root", d->storage, z->name);
	auto_free char *init = engine_helper_path("zone-init");
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return err_sys(e, "ask for the size of the memory");
	size_t root_at = keep(storage_of_strings, root);
	size_t init_at = keep(storage_of_strings, init);
	bool is_stack = zonepath && storage_is_overlay(&z->record);
	auto_free char *upper = mem_format("%s/upper", zonepath ? zonepath : "");
	size_t upper_at = keep(storage_of_strings, upper);
	size_t uuid_at = keep(storage_of_strings, z->record.uuid ? z->record.uuid : "");
	const char *text = strbuf_text(storage_of_strings);

	*ret = (struct zone_host){
		.memory_bytes = (uint64_t)info.totalram * info.mem_unit,
		.storage_dir = d->storage,
		.id_base = z->record.id_base,
		.owner_uid = z->record.owner_uid,
		.init_path = text + init_at,
		.uuid = z->record.uuid ? text + uuid_at : NULL,
		.root_path = text + root_at,
		.root_upper = is_stack ? text + upper_at : NULL,
		.root_layers = &z->record.layers,
		.image_service = json_get(z->record.image, "service"),
	};
	return 0;
}
