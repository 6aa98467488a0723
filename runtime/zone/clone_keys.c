/* clone_keys - new keys for the ssh server of a clone, of the kinds that the old ones were of.
 *
 * The host's own ssh-keygen makes them, in a folder of the zonepath that only root can enter (what a kill leaves there goes with the zone), and never looks at the tenant's root. Each is on the disk before its
 * name is there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/zone/clone.h"
#include "runtime/zone/storage.h"

#define KEYGEN "/usr/bin/ssh-keygen"

enum { KEYGEN_MS = 60000, KEY_MAX = 64 << 10, SAID_MAX = 4096 };

static const struct {
	const char *type, *file;
} kinds[] = {
	{ "rsa", "ssh_host_rsa_key" },
	{ "ecdsa", "ssh_host_ecdsa_key" },
	{ "ed25519", "ssh_host_ed25519_key" },
};

static int generate(const char *type, const char *file, const char *name, struct err *e)
{
	auto_free char *comment = mem_format("root@%s", name);
	auto_free char *said = NULL;
	char *argv[] = { (char *)"ssh-keygen", (char *)"-q", (char *)"-t", (char *)type,
			 (char *)"-N",         (char *)"",   (char *)"-C", comment,
			 (char *)"-f",         (char *)file, NULL };
	int code = proc_run(KEYGEN, argv, SAID_MAX, KEYGEN_MS, &said, e);

	if (code <= 0)
		return code;
	return err_set(e, EIO, KEYGEN " -t %s ended with %d: %.200s", type, code, said);
}

static int move_in(int dir, const char *from, const char *name, unsigned mode, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, from, KEY_MAX, &text, &n, e);

	if (r == 0)
		r = file_replace(dir, name, text, n, mode | FILE_DURABLE, e);
	if (text)
		explicit_bzero(text, n);
	return r;
}

static int make_one(const char *work, int dir, const char *name, size_t kind, struct err *e)
{
	auto_free char *file = mem_format("%s/%s", work, kinds[kind].file);
	auto_free char *public = mem_format("%s.pub", file);
	auto_free char *public_name = mem_format("%s.pub", kinds[kind].file);
	int r = generate(kinds[kind].type, file, name, e);

	if (r == 0)
		r = move_in(dir, file, kinds[kind].file, 0600, e);
	return r < 0 ? r : move_in(dir, public, public_name, 0644, e);
}

bool clone_keys_makes(const char *removed)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		auto_free char *public = mem_format("%s.pub", kinds[i].file);

		if (str_eq(removed, kinds[i].file) || str_eq(removed, public))
			return true;
	}
	return false;
}

static int make_all(const char *work, int dir, const char *name, const struct strv *removed,
		    struct err *e)
{
	int r = file_mkdir_p(AT_FDCWD, work, 0700, e);

	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strv_has(removed, kinds[i].file))
			r = make_one(work, dir, name, i, e);
	return r;
}

int clone_keys(const char *zonepath, int root, const char *name, const struct strv *removed,
	       bool *ret_all, struct err *e)
{
	auto_free char *work = mem_format("%s/" STORAGE_KEYS, zonepath);
	struct err ignored = { 0 };

	*ret_all = true;
	for (size_t i = 0; i < removed->n; i++)
		*ret_all = *ret_all && clone_keys_makes(removed->items[i]);
	if (access(KEYGEN, X_OK) < 0)
		return err_set(e, ENOENT,
			       KEYGEN " is not there (Debian: apt-get install openssh-client)");
	auto_close int dir = path_open(root, CLONE_KEYS_DIR, O_RDONLY | O_DIRECTORY, 0, 0, e);

	if (dir < 0)
		return dir;
	int r = make_all(work, dir, name, removed, e);

	(void)!file_remove_tree(AT_FDCWD, work, &ignored); /* else it goes with the zonepath */
	return r;
}
