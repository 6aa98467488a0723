/* receive_rsync - rsync for the other host: its words are those of our own rsync there or nothing, and it sees the zone's root alone (migrate_jail.h). The zone's lock is held meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/zone/migrate.h"
#include "runtime/zone/migrate_jail.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_remote.h"
#include "runtime/zone/receive.h"

/* "-lHogtpAXrSe.LsfxCIvu": what rsync's short options are together, then what it can do. */
static bool is_letters(const char *w)
{
	size_t n = strspn(w + 1, "lHogtpAXrScvD");

	return w[0] == '-' && n > 0 && w[1 + n] == 'e' && w[2 + n] == '.' &&
	       strspn(w + 3 + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
		       strlen(w + 3 + n);
}

int receive_words_ok(const struct strv *words, struct err *e)
{
	static const char *const known[] = { "--specials", "--delete",      "--delete-during",
					     "--stats",    "--numeric-ids", "-@-1" };
	size_t letters = 0;

	if (words->n < 4 || !str_eq(words->items[0], "--server") ||
	    !str_eq(words->items[words->n - 2], ".") ||
	    !str_eq(words->items[words->n - 1], JAIL_TREE "/"))
		return err_set(e, EINVAL, "these are not the words of our rsync");
	for (size_t i = 1; i + 2 < words->n; i++) {
		bool is_known = false;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			is_known |= str_eq(words->items[i], known[k]);
		letters += is_letters(words->items[i]);
		if (!is_known && !is_letters(words->items[i]))
			return err_set(e, EINVAL, "rsync may not be called with \"%.40s\"",
				       words->items[i]);
	}
	return letters == 1 ? 0 : err_set(e, EINVAL, "these are not the words of our rsync");
}

static int run(const struct zone_dirs *d, const struct zone *z, const struct strv *argv,
	       struct err *e)
{
	auto_close int root = receive_root(z, e);
	auto_free char *stage = mem_format("%s/.migrate", d->run);
	pid_t pid = 0;

	if (root < 0)
		return root;
	int r = file_mkdir_p(AT_FDCWD, stage, 0700, e);

	if (r < 0)
		return r;
	const struct jail j = { .stage = stage,
				.tree = root,
				.writable = true,
				.in = STDIN_FILENO,
				.out = STDOUT_FILENO,
				.err = STDERR_FILENO,
				.helper = -1,
				.argv = argv };

	r = jail_spawn(&j, &pid, e);
	if (r < 0)
		return r;
	int code = proc_wait(pid, e);

	if (code >= 0 && syncfs(root) < 0) /* so that the last round has little to flush */
		return err_sys(e, "flush the file system");
	return code;
}

int zone_receive_rsync(const struct zone_dirs *d, const struct strv *words, struct err *e)
{
	auto_done(strv) struct strv argv = { 0 }, given = { 0 };
	auto_ptr(zone) struct zone *z = NULL;
	struct receive r = { .dirs = d };
	const char *token = words->n > 0 ? words->items[0] : NULL;
	int n;

	if (!remote_token_ok(token))
		return err_set(e, EINVAL, "this is not the name of a migration");
	for (size_t i = 1; i < words->n; i++)
		strv_add(&given, words->items[i]);
	n = receive_words_ok(&given, e);
	if (n < 0)
		return n;
	auto_free char *key = mem_format("in-%s", token);
	auto_ptr(json) struct json *note = NULL;

	n = note_load(d, key, &note, e);
	if (n < 0)
		return n;
	r.note = note;
	r.name = note ? json_get_string(note, "zone", "") : "";
	n = receive_open(&r, &z, e);
	if (n < 0)
		return n;
	strv_add(&argv, "rsync");
	strv_copy(&argv, &given);
	return run(d, z, &argv, e);
}
