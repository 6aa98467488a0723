/* record - what must survive a reboot: install state, identity and id range, with the reason for a state that nobody asked for.
 *
 * The file is replaced as a whole and flushed before a verb goes on, so after a crash it says either what was or what is. A monitor sets the reason while a verb holds the zone's lock, for which it
 * cannot wait: the verb may be waiting for it. So whoever writes a record holds a lock on the records' folder from reading to writing, for that long only: the monitor saves nothing that was so
 * before a snapshot, and zone_record_update() keeps the monitor's reason. On a full disk: write_in_place(). */
#include "runtime/zone/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/storage.h"

enum { PAGE = 4096, FOLDER_WAIT_MS = 60000 };

static char *record_path(const struct zone_dirs *d, const char *name)
{
	return mem_format("%s/.records/%s.json", d->storage, name);
}

/* --- JSON files of ours ------------------------------------------------------------------------------------------- */

int zone_json_read(const char *path, struct json **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n;
	int r = file_read_all(AT_FDCWD, path, RECORD_FILE_MAX, &text, &n, e);

	if (r < 0)
		return r;
	r = json_parse_simple(text, n, ret, e);
	return r < 0 ? err_wrap(e, "\"%s\" is broken", path) : 0;
}

/* A full disk must not keep a zone from being halted or removed, which is what makes room. Over what is there no new block is needed; within one page, filled up with line breaks, a process that is killed has
 * written all or nothing. */
static int write_in_place(const char *path, const char *text, size_t n)
{
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	char page[PAGE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (size_t)st.st_size > sizeof(page) || n > sizeof(page))
		return -ENOSPC;
	size_t all = n > (size_t)st.st_size ? n : (size_t)st.st_size;

	memset(page, '\n', sizeof(page));
	memcpy(page, text, n);
	return pwrite(fd, page, all, 0) == (ssize_t)all && sys_fsync(fd) == 0 ? 0 : -ENOSPC;
}

int zone_json_write(const char *path, const struct json *j, bool durable, struct err *e)
{
	auto_free char *text = json_print(j, true);
	auto_free char *line = mem_format("%s\n", text);
	size_t n = strlen(line);
	int r = file_replace(AT_FDCWD, path, line, n, 0600 | (durable ? FILE_DURABLE : 0), e);

	if ((r != -ENOSPC && r != -EDQUOT) || write_in_place(path, line, n) < 0)
		return r;
	*e = (struct err){ 0 };
	return 0;
}

void zone_json_set_text(struct json *j, const char *key, const char *value)
{
	if (value)
		json_set(j, key, json_new_string(value));
}

char *zone_json_get_text(const struct json *j, const char *key)
{
	return mem_strdup(json_get_string(j, key, NULL));
}

struct json *zone_json_get_copy(const struct json *j, const char *key)
{
	const struct json *member = json_get(j, key);
	struct json *copy = member ? json_clone(member) : NULL;

	if (copy) /* it is nobody's member */
		free(ptr_steal(&copy->key));
	return copy;
}

enum zone_state zone_state_from(const char *word)
{
	for (enum zone_state s = ZONE_NONE; s < ZONE_STATE_COUNT; s++) {
		if (str_eq(zone_state_word(s), word))
			return s;
	}
	return ZONE_NONE;
}

int zone_new_uuid(char *buf, struct err *e)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_sys(e, "get random bytes for the uuid");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 10 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	return str_format(buf, 37,
			  "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			  b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			  b[12], b[13], b[14], b[15]);
}

void zone_time_now(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(buf, size, "1970-01-01T00:00:00Z");
}

/* --- the record --------------------------------------------------------------------------------------------------- */

void zone_record_done(struct zone_record *r)
{
	free(r->uuid);
	free(r->aux);
	free(r->reason);
	free(r->reason_time);
	free(r->zonepath);
	free(r->brand);
	free(r->from);
	storage_forget(r);
	free(r->created);
	free(r->installed);
	*r = (struct zone_record){ .exit_status = -1 };
}

static bool id_ok(int64_t v)
{
	return v >= 0 && v < INT64_C(0xffffffff);
}

int zone_record_load(const struct zone_dirs *d, const char *name, struct zone_record *ret,
		     struct err *e)
{
	auto_free char *path = record_path(d, name);
	auto_ptr(json) struct json *j = NULL;
	int r = zone_json_read(path, &j, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	enum zone_state state = zone_state_from(json_get_string(j, "state", NULL));
	int64_t base = json_get_i64(j, "idBase", 0);
	int64_t owner = json_get_i64(j, "ownerUid", 0);

	if (state != ZONE_CONFIGURED && state != ZONE_INCOMPLETE && state != ZONE_INSTALLED)
		return err_set(e, EINVAL, "\"%s\" is broken: its state is not one of ours", path);
	if (!id_ok(base) || !id_ok(owner))
		return err_set(e, EINVAL, "\"%s\" is broken: its ids are out of range", path);
	*ret = (struct zone_record){
		.uuid = zone_json_get_text(j, "uuid"),
		.state = state,
		.aux = zone_json_get_text(j, "aux"),
		.reason = zone_json_get_text(j, "reason"),
		.reason_time = zone_json_get_text(j, "reasonTime"),
		.id_base = (uint32_t)base,
		.owner_uid = (uint32_t)owner,
		.zonepath = zone_json_get_text(j, "zonepath"),
		.brand = zone_json_get_text(j, "brand"),
		.from = zone_json_get_text(j, "from"),
		.image = zone_json_get_copy(j, "image"),
		.created = zone_json_get_text(j, "created"),
		.installed = zone_json_get_text(j, "installed"),
		.exit_status = json_get_i64(j, "exitStatus", -1),
	};
	r = record_load_storage(j, ret, path, e);
	if (r < 0)
		zone_record_done(ret);
	return r < 0 ? r : 1;
}

static int record_save(const struct zone_dirs *d, const char *name, const struct zone_record *r,
		       struct err *e)
{
	auto_free char *path = record_path(d, name);
	auto_ptr(json) struct json *j = json_new_object();

	zone_json_set_text(j, "zonename", name);
	zone_json_set_text(j, "uuid", r->uuid);
	zone_json_set_text(j, "state", zone_state_word(r->state));
	zone_json_set_text(j, "aux", r->aux);
	zone_json_set_text(j, "reason", r->reason);
	zone_json_set_text(j, "reasonTime", r->reason_time);
	json_set(j, "idBase", json_new_u64(r->id_base));
	json_set(j, "ownerUid", json_new_u64(r->owner_uid));
	zone_json_set_text(j, "zonepath", r->zonepath);
	zone_json_set_text(j, "brand", r->brand);
	zone_json_set_text(j, "from", r->from);
	if (r->image)
		json_set(j, "image", json_clone(r->image));
	zone_json_set_text(j, "created", r->created);
	zone_json_set_text(j, "installed", r->installed);
	record_save_storage(j, r);
	json_set(j, "exitStatus", json_new_i64(r->exit_status));
	int n = zone_json_write(path, j, true, e);

	return n < 0 ? err_wrap(e, "save the record of zone \"%s\"", name) : 0;
}

/* The descriptor has the lock. */
static int folder_lock(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/.records", d->storage);
	auto_close int fd = file_open_dir(AT_FDCWD, path, e);
	int r = fd < 0 ? fd : file_lock_fd(fd, path, true, FOLDER_WAIT_MS, e);

	return r < 0 ? r : fd_steal(&fd);
}

int zone_record_write(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	auto_close int lock = folder_lock(d, e);

	return lock < 0 ? lock : record_save(d, z->name, &z->record, e);
}

int zone_record_update(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	auto_done(zone_record) struct zone_record now = { 0 };
	auto_close int lock = folder_lock(d, e);
	int r = lock < 0 ? lock : zone_record_load(d, z->name, &now, e);

	if (r < 0)
		return r;
	if (r > 0) {
		free(z->record.reason);
		free(z->record.reason_time);
		z->record.reason = ptr_steal(&now.reason);
		z->record.reason_time = ptr_steal(&now.reason_time);
		z->record.exit_status = now.exit_status;
	}
	return record_save(d, z->name, &z->record, e);
}

int zone_record_remove(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *path = record_path(d, name);

	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", path);
	return 0;
}

int zone_record_set_reason(const struct zone_dirs *d, const char *name, const char *reason,
			   int64_t exit_status, struct err *e)
{
	auto_done(zone_record) struct zone_record record = { .exit_status = -1 };
	auto_close int lock = folder_lock(d, e);
	int r = lock < 0 ? lock : zone_record_load(d, name, &record, e);
	char now[32];

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, ENOENT, "zone \"%s\" has no record", name);
	zone_time_now(now, sizeof(now));
	free(record.reason);
	free(record.reason_time);
	record.reason = mem_strdup(reason);
	record.reason_time = reason ? mem_strdup(now) : NULL;
	record.exit_status = exit_status;
	return record_save(d, name, &record, e);
}
