/* ids - which block of host ids belongs to which zone.
 *
 *   base ........ base+65535    the zone's ids 0 to 65535
 *   base+65536                  its owner: makes the user namespace, so that the kernel's per-user budgets are the zone's own
 *   ... base+131071             unused, so that blocks stay aligned
 *
 * One file, replaced durably under a lock of its own: two zones that are installed at the same time never get the same block. A block stays with its zone until
 * it is released, and blocks that the host uses for anything else are skipped. */
#include "runtime/zone/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/record.h"

#define IDS_FIRST UINT64_C(0x40000000)
#define IDS_BLOCK UINT64_C(0x20000)
#define IDS_LAST \
	UINT64_C(0xff000000) /* the last block ends well below 2^32-1, which means "no id" */

enum { IDS_LOCK_MS = 30000, HOST_FILE_MAX = 4 << 20 };

/* Ranges of ids that are taken, as first and count. */
struct taken {
	uint64_t *first, *count;
	size_t n;
};

static void taken_done(struct taken *t)
{
	free(t->first);
	free(t->count);
	*t = (struct taken){ 0 };
}

static void taken_add(struct taken *t, uint64_t first, uint64_t count)
{
	t->first = mem_grow(t->first, t->n + 1, sizeof(*t->first));
	t->count = mem_grow(t->count, t->n + 1, sizeof(*t->count));
	t->first[t->n] = first;
	t->count[t->n++] = count;
}

static bool taken_hits(const struct taken *t, uint64_t first, uint64_t count)
{
	for (size_t i = 0; i < t->n; i++) {
		if (first < t->first[i] + t->count[i] && t->first[i] < first + count)
			return true;
	}
	return false;
}

/* --- what the host uses ------------------------------------------------------------------------------------------- */

struct host_file {
	const char *path;
	size_t first_field;
	bool has_count; /* the next field is a count */
};

static const struct host_file
	host_files[] = {
		{ "/etc/subuid", 1, true },  { "/etc/subgid", 1, true },
		{ "/etc/passwd", 2, false }, { "/etc/group", 2, false },
		{ "/etc/projid", 1, false }, /* the first is also the number of its project (quota.h) */
	};

static void host_line(struct taken *t, const struct host_file *f, const char *line)
{
	auto_done(strv) struct strv fields = { 0 };
	uint32_t first;
	uint32_t count = 1;

	strv_split(&fields, line, ':');
	if (fields.n <= f->first_field + (f->has_count ? 1 : 0))
		return;
	if (num_u32(fields.items[f->first_field], &first) < 0)
		return;
	if (f->has_count && num_u32(fields.items[f->first_field + 1], &count) < 0)
		return;
	if ((uint64_t)first + count > IDS_FIRST)
		taken_add(t, first, count);
}

/* A file that cannot be read uses nothing. */
static void host_add(struct taken *t, const struct host_file *f)
{
	auto_free char *text = NULL;
	auto_done(strv) struct strv lines = { 0 };
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, f->path, HOST_FILE_MAX, &text, NULL, &ignored) < 0)
		return;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		host_line(t, f, lines.items[i]);
}

/* --- our file ----------------------------------------------------------------------------------------------------- */

static int ids_open(const struct zone_dirs *d, int *ret_lock, struct json **ret, struct err *e)
{
	auto_free char *lock_path = mem_format("%s/.ids.lock", d->storage);
	auto_free char *path = mem_format("%s/.ids.json", d->storage);
	auto_ptr(json) struct json *j = NULL;
	auto_close int lock = -1;
	int r = file_lock(AT_FDCWD, lock_path, true, IDS_LOCK_MS, &lock, e);

	if (r < 0)
		return r;
	r = zone_json_read(path, &j, e);
	if (r == -ENOENT)
		j = json_new_object();
	else if (r < 0)
		return r;
	if (!j || j->type != JSON_OBJECT)
		return err_set(e, EINVAL, "\"%s\" is broken: it is not an object", path);
	*ret_lock = fd_steal(&lock);
	*ret = j;
	j = NULL;
	return 0;
}

static int ids_save(const struct zone_dirs *d, const struct json *j, struct err *e)
{
	auto_free char *path = mem_format("%s/.ids.json", d->storage);

	if (j && j->n > 0)
		return zone_json_write(path, j, true, e);
	/* the last zone leaves nothing */
	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", path);
	return 0;
}

static bool block_ok(int64_t base)
{
	return base >= (int64_t)IDS_FIRST && base < (int64_t)IDS_LAST &&
	       (uint64_t)base % IDS_BLOCK == 0;
}

/* The lowest block that nobody has. */
static int find_block(const struct json *j, uint64_t *ret, struct err *e)
{
	auto_done(taken) struct taken t = { 0 };

	for (size_t i = 0; i < sizeof(host_files) / sizeof(host_files[0]); i++)
		host_add(&t, &host_files[i]);
	for (size_t i = 0; i < j->n; i++) {
		int64_t base = json_get_i64(j, j->items[i]->key, 0);

		if (!block_ok(base))
			return err_set(e, EINVAL,
				       "the id file is broken: \"%s\" has no block of ours",
				       j->items[i]->key);
		taken_add(&t, (uint64_t)base, IDS_BLOCK);
	}
	for (uint64_t base = IDS_FIRST; base < IDS_LAST; base += IDS_BLOCK) {
		if (!taken_hits(&t, base, IDS_BLOCK)) {
			*ret = base;
			return 0;
		}
	}
	return err_set(e, ENOSPC, "no block of %u user ids is left for another zone",
		       (unsigned)IDS_BLOCK);
}

int zone_ids_allocate(const struct zone_dirs *d, const char *name, uint32_t *ret_base,
		      uint32_t *ret_owner, struct err *e)
{
	auto_close int lock = -1;
	auto_ptr(json) struct json *j = NULL;
	int r = ids_open(d, &lock, &j, e);

	if (r < 0)
		return err_wrap(e, "allocate user ids");
	uint64_t base = (uint64_t)json_get_i64(j, name, 0);

	if (!block_ok((int64_t)base)) {
		r = find_block(j, &base, e);
		if (r < 0)
			return r;
		json_set(j, name, json_new_u64(base));
		r = ids_save(d, j, e);
	}
	if (r < 0)
		return r;
	*ret_base = (uint32_t)base;
	*ret_owner = (uint32_t)base + ZONE_IDS;
	return 0;
}

int zone_ids_release(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_close int lock = -1;
	auto_ptr(json) struct json *j = NULL;
	int r = ids_open(d, &lock, &j, e);

	if (r < 0)
		return err_wrap(e, "release user ids");
	return json_unset(j, name) ? ids_save(d, j, e) : 0;
}

int zone_ids_rename(const struct zone_dirs *d, const char *from, const char *to, struct err *e)
{
	auto_close int lock = -1;
	auto_ptr(json) struct json *j = NULL;
	int r = ids_open(d, &lock, &j, e);

	if (r < 0)
		return err_wrap(e, "give the user ids to \"%s\"", to);
	int64_t base = json_get_i64(j, from, 0);

	if (!json_unset(j, from))
		return 0;
	json_set(j, to, json_new_i64(base));
	return ids_save(d, j, e);
}
