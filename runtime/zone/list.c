/* list - one row for each zone, whatever is wrong with it. Nothing is repaired and no lock is taken. */
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/zone.h"

static char *path_of(const struct zone_dirs *d, const struct zone *z)
{
	if (z->record.zonepath)
		return mem_strdup(z->record.zonepath);
	if (z->spec && z->spec->zonepath)
		return mem_strdup(z->spec->zonepath);
	return mem_format("%s/%s", d->storage, z->name);
}

static char *brand_of(const struct zone *z)
{
	if (z->record.brand)
		return mem_strdup(z->record.brand);
	if (!z->spec)
		return mem_strdup("-");
	return mem_strdup(z->spec->brand ? z->spec->brand : "native");
}

/* The address that it has, or the first that it is going to have. */
static char *address_of(const struct zone *z)
{
	if (z->has_run && z->run.address)
		return mem_strdup(z->run.address);
	for (size_t i = 0; z->spec && i < z->spec->n_anet; i++) {
		if (z->spec->anet[i].allowed_address.n > 0)
			return mem_strdup(z->spec->anet[i].allowed_address.items[0]);
	}
	for (size_t i = 0; z->spec && i < z->spec->n_net; i++) {
		if (z->spec->net[i].address.n > 0)
			return mem_strdup(z->spec->net[i].address.items[0]);
	}
	return NULL;
}

/* The one word beside the state. */
static char *aux_of(const struct zone *z)
{
	if (z->frozen)
		return mem_strdup("frozen");
	if (z->has_run && z->state >= ZONE_READY)
		return z->run.aux || z->monitor_alive ? mem_strdup(z->run.aux)
						      : mem_strdup("degraded");
	return mem_strdup(z->record.aux);
}

static const char *rw_of(const struct zone *z)
{
	return z->has_run && z->state >= ZONE_READY ? zone_root_mode_word(z->run.root) : NULL;
}

/* Also what nobody would guess: a root that is to be read-only, and is not. */
static char *reason_of(const struct zone *z)
{
	if (!z->reason && rw_of(z) && z->run.root == ZONE_ROOT_WRITABLE)
		return mem_strdup(ZONE_WRITABLE_ONCE);
	return mem_strdup(z->reason);
}

static struct zone_row row_of(const struct zone_dirs *d, const struct zone *z)
{
	return (struct zone_row){
		.name = mem_strdup(z->name),
		.path = path_of(d, z),
		.brand = brand_of(z),
		.ip = address_of(z),
		.reason = reason_of(z),
		.aux = aux_of(z),
		.uuid = mem_strdup(z->record.uuid),
		.tenant = mem_strdup(z->row_profile ? z->run.tenant
				     : z->spec      ? z->spec->tenant
						    : NULL),
		.state = z->state,
		.pending = zone_is_pending(d, z),
		.rw = rw_of(z),
		.profile = z->row_profile ? z->row_profile : zone_profile_word(z->spec),
		.id = z->has_run && z->state >= ZONE_READY && z->run.id > 0 ? z->run.id : -1,
	};
}

/* A zone of the same name comes first and hides nothing: both are shown. */
static struct zone_row *add_containers(const struct zone_dirs *d, struct zone_row *rows, size_t *n)
{
	struct zone_row *more = NULL, *all;
	size_t n_more = 0;

	containers_rows(d, &more, &n_more);
	all = mem_array(*n + n_more, sizeof(*all));
	for (size_t i = 0; i < *n; i++)
		all[i] = rows[i];
	for (size_t i = 0; i < n_more; i++)
		all[*n + i] = more[i];
	*n += n_more;
	free(rows);
	free(more);
	return all;
}

int zone_list(const struct zone_dirs *d, struct zone_row **ret, size_t *ret_n, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	struct zone_row *rows;
	size_t n = 0;
	int r = zone_names(d, &names, e);

	if (r < 0)
		return r;
	rows = mem_array(names.n, sizeof(*rows));
	for (size_t i = 0; i < names.n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		struct err ignored = { 0 };

		if (zone_open(d, names.items[i], ZONE_OPEN_ROW, &z, &ignored) < 0 ||
		    z->state == ZONE_NONE)
			continue; /* it went away meanwhile */
		rows[n++] = row_of(d, z);
	}
	*ret = add_containers(d, rows, &n);
	*ret_n = n;
	return 0;
}

void zone_rows_free(struct zone_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rows[i].name);
		free(rows[i].path);
		free(rows[i].brand);
		free(rows[i].ip);
		free(rows[i].reason);
		free(rows[i].aux);
		free(rows[i].uuid);
		free(rows[i].tenant);
	}
	free(rows);
}
