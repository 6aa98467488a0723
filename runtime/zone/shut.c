/* shut - the directories above a path, from the nearest up: one that belongs to root and that neither group nor others may enter shuts all that is below it.
 *
 * Also the bit of the group has to be off when the group is root's: with an access control list it is the most that any user on the list has. */
#include "runtime/zone/shut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static bool only_root_enters(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IXGRP | S_IXOTH));
}

/* `path` has no links and is cut at each element. */
static bool is_below_shut(char *path)
{
	for (char *last = strrchr(path, '/'); last && last > path; last = strrchr(path, '/')) {
		*last = '\0';
		if (only_root_enters(path))
			return true;
	}
	return only_root_enters("/");
}

static bool honours_set_user_id(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 || !(fs.f_flag & (ST_NOSUID | ST_NOEXEC));
}

int shut_check(const char *path, const char *name, bool below, struct err *e)
{
	auto_free char *real = realpath(path, NULL);

	if (!real)
		return err_sys(e, "\"%s\" on the host", name);
	if (!below && !honours_set_user_id(real))
		return 0;
	if (is_below_shut(real))
		return 0;
	return err_set(
		e, EPERM,
		"users of the host can enter \"%s\", where root of the zone can leave them set-user-ID programs of the host's root: a directory above it with chmod 700, %sthe option \"ro\", an \"owner\", or \"trusted\": true",
		name, below ? "" : "a mount with nosuid, ");
}
