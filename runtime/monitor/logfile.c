/* logfile - what the zone wrote to its console, on disk, bounded.
 *
 * Rotation renames console.log.2 -> .3, .1 -> .2, console.log -> .1 and opens a new file. The folder is the host's (zonepath/log, 0700), not part of the zone's root. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/private.h"

static int file_open(struct logfile *l)
{
	struct stat st;

	l->fd = sys_openat(l->dirfd, "console.log",
			   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return -1;
	l->size = fstat(l->fd, &st) == 0 ? (size_t)st.st_size : 0;
	return 0;
}

int logfile_open(struct logfile *l, int dirfd, struct err *e)
{
	*l = (struct logfile){ .dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3), .fd = -1 };
	if (l->dirfd < 0)
		return err_sys(e, "keep the log folder open");
	if (file_open(l) < 0) {
		int r = err_sys(e, "open console.log");

		fd_close(&l->dirfd);
		return r;
	}
	return 0;
}

static void rotate(struct logfile *l)
{
	char from[32], to[32];

	for (int i = LOGFILE_KEEP - 1; i >= 0; i--) {
		int r = i == 0 ? str_format(from, sizeof(from), "console.log")
			       : str_format(from, sizeof(from), "console.log.%d", i);

		if (r < 0 || str_format(to, sizeof(to), "console.log.%d", i + 1) < 0)
			return;
		(void)sys_renameat2(l->dirfd, from, l->dirfd, to,
				    0); /* a missing old file is normal */
	}
	fd_close(&l->fd);
	(void)file_open(l);
}

void logfile_write(struct logfile *l, const char *p, size_t n)
{
	if (l->fd >= 0 && l->size + n > LOGFILE_MAX)
		rotate(l);
	while (l->fd >= 0 && n > 0) {
		ssize_t w = sys_write(l->fd, p, n);

		if (w <= 0)
			return; /* disk full: the console goes on without its log */
		p += w;
		n -= (size_t)w;
		l->size += (size_t)w;
	}
}

void logfile_close(struct logfile *l)
{
	fd_close(&l->fd);
	fd_close(&l->dirfd);
}
