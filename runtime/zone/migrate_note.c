/* migrate_note - small files, replaced atomically. */
#include "runtime/zone/migrate_note.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/house.h"
#include "runtime/zone/record.h"

static char *note_path(const struct zone_dirs *d, const char *key)
{
	return mem_format("%s/.migrate/%s.json", d->storage, key);
}

int note_load(const struct zone_dirs *d, const char *key, struct json **ret, struct err *e)
{
	auto_free char *path = note_path(d, key);
	int r = zone_json_read(path, ret, e);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int note_save(const struct zone_dirs *d, const char *key, const struct json *note, struct err *e)
{
	auto_free char *folder = mem_format("%s/.migrate", d->storage);
	auto_free char *path = note_path(d, key);
	int r = file_mkdir_p(AT_FDCWD, folder, 0700, e);

	if (r == 0)
		r = zone_json_write(path, note, true, e);
	if (r == 0)
		r = house_flush_parent(path, e);
	return r == 0 ? house_flush_parent(folder, e) : r;
}

void note_forget(const struct zone_dirs *d, const char *key)
{
	auto_free char *folder = mem_format("%s/.migrate", d->storage);
	auto_free char *path = note_path(d, key);

	(void)sys_unlinkat(AT_FDCWD, path, 0);
	(void)sys_unlinkat(AT_FDCWD, folder, AT_REMOVEDIR); /* not empty: others have notes */
}
