/* clone_identity - what two machines must not have in common. The root belongs to a tenant: names are looked up below it, and only regular files go. What is made anew: machine-id and host id at the next boot
 * (etc_files.c), the seed by the zone's systemd, keys of OpenSSH's server by clone_keys.c, others by whoever has made them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/zone/clone.h"

enum { KEYS_MAX = 32 };

static const struct {
	const char *dir, *begin, *end; /* names that begin and end so; `end` NULL: just this name */
	bool is_key;
} own[] = {
	{ "/etc", "machine-id", NULL, false },
	{ "/etc", "hostid", NULL, false },
	{ "/var/lib/dbus", "machine-id", NULL, false },
	{ "/var/lib/systemd", "random-seed", NULL, false },
	{ "/var/lib/systemd", "credential.secret", NULL, false },
	{ CLONE_KEYS_DIR, "ssh_host_", "_key", true },
	{ CLONE_KEYS_DIR, "ssh_host_", "_key.pub", true },
	{ "/etc/dropbear", "dropbear_", "_host_key", true },
};

static bool fits(size_t row, const char *name)
{
	if (!own[row].end)
		return str_eq(name, own[row].begin);
	return str_has_prefix(name, own[row].begin) && str_has_suffix(name, own[row].end);
}

bool clone_identity_is(const char *dir, const char *name)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (str_eq(own[i].dir, dir) && fits(i, name))
			return true;
	}
	return false;
}

static int remove_one(int dir, size_t row, const char *name, struct strv *keys, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (sys_unlinkat(dir, name, 0) < 0)
		return err_sys(e, "remove \"%s/%s\" of the clone", own[row].dir, name);
	/* the root's owner says how many there are: of those that nobody makes anew one is enough to tell */
	if (own[row].is_key && (clone_keys_makes(name) || keys->n < KEYS_MAX))
		strv_add(keys, name);
	return 0;
}

static int remove_row(int root, size_t row, struct strv *keys, struct err *e)
{
	struct err missing = { 0 };
	int fd = path_open(root, own[row].dir, O_RDONLY | O_DIRECTORY, 0, 0, &missing);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!stream) {
		cleanup_close(&fd);
		return 0;
	}
	for (const struct dirent *entry = readdir(stream); entry && r == 0; entry = readdir(stream))
		if (fits(row, entry->d_name))
			r = remove_one(dirfd(stream), row, entry->d_name, keys, e);
	(void)closedir(stream);
	return r;
}

int clone_identity(int root, struct strv *keys, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(own) / sizeof(own[0]); i++)
		r = remove_row(root, i, keys, e);
	return r;
}
