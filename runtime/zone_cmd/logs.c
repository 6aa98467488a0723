/* logs - what a zone wrote to its console, from the host's log folder.
 *
 * The text comes from the tenant: on a terminal control characters other than newline and tab are shown as '?', so that a zone cannot drive the administrator's terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { STEP_MS = 200, BLOCK = 65536 };

static int logs_open(const struct zone *z, struct err *e)
{
	auto_close int top = -1, dir = -1;
	int fd;

	if (!z->record.zonepath)
		return err_set(e, ENOENT, "zone \"%s\" is not installed and has written nothing",
			       z->name);
	top = zone_storage_open(z->record.zonepath, e);
	if (top < 0)
		return top;
	dir = file_open_dir(top, "log", e);
	if (dir < 0)
		return err_set(e, ENOENT,
			       "zone \"%s\" has never been booted and has written nothing",
			       z->name);
	fd = sys_openat(dir, "console.log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	return fd < 0 ? err_sys(e, "open the console log of zone \"%s\"", z->name) : fd;
}

/* Where the last `lines` lines begin. */
static off_t logs_tail(int fd, uint64_t lines)
{
	static char buf[BLOCK];
	off_t at = lseek(fd, 0, SEEK_END);
	bool first = true;

	while (at > 0) {
		size_t n = at > BLOCK ? BLOCK : (size_t)at;
		ssize_t r = pread(fd, buf, n, at - (off_t)n);

		if (r <= 0)
			return 0;
		for (ssize_t i = r - 1; i >= 0; i--) {
			if (buf[i] == '\n' && !(first && i == r - 1) && lines-- == 1)
				return at - (off_t)n + i + 1;
		}
		first = false;
		at -= (off_t)n;
	}
	return 0;
}

static bool logs_print(int fd)
{
	static char buf[BLOCK];
	bool plain = isatty(STDOUT_FILENO);
	unsigned char last = 0;
	ssize_t n;

	while ((n = sys_read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; plain && i < n; i++) {
			bool is_blank = buf[i] == '\n' || buf[i] == '\t';
			char shown = str_harmless(&last, buf[i]);

			buf[i] = is_blank ? buf[i] : shown;
		}
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return false;
	}
	return fflush(stdout) == 0;
}

int zone_cmd_logs(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *lines_text = cli_value(a, "lines", NULL);
	auto_ptr(zone) struct zone *z = NULL;
	auto_close int fd = -1;
	uint64_t lines = 0;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (lines_text && (num_u64(lines_text, &lines) < 0 || lines == 0))
		return cli_usage(a, "--lines: \"%s\" is not a number of lines", lines_text);
	if (zone_open_for(d, a->positional.items[0], ZONE_OPEN_MUST_EXIST, &z, &e) < 0)
		return output_error(a, &e);
	fd = logs_open(z, &e);
	if (fd < 0)
		return output_error(a, &e);
	if (lines_text)
		(void)lseek(fd, logs_tail(fd, lines), SEEK_SET);
	while (logs_print(fd) && cli_has(a, "follow"))
		(void)poll(NULL, 0, STEP_MS);
	return CLI_DONE;
}
