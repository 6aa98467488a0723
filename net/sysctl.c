/* Parameters are paths below sys/net of a procfs of our own; values are numbers. */
#include "net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { SYSCTL_PATH = 128 };

void sysctl_done(struct sysctl *s)
{
	fd_close(&s->proc);
}

static int sysctl_open(struct sysctl *s, struct err *e)
{
	auto_close int fs = -1;

	if (s->proc >= 0)
		return 0;
	fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "make a private procfs");
	s->proc = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return s->proc < 0 ? err_sys(e, "make a private procfs") : 0;
}

static int sysctl_path(char *buf, const char *family, const char *link, const char *name,
		       struct err *e)
{
	int r = str_format(buf, SYSCTL_PATH, "/proc/sys/net/%s/conf/%s/%s", family, link, name);

	return r < 0 ? err_ret(e, r, "name the kernel parameter \"%s\"", name) : 0;
}

int sysctl_get(const char *family, const char *link, const char *name, uint32_t *ret, struct err *e)
{
	auto_free char *text = NULL;
	char path[SYSCTL_PATH];
	size_t n = 0;
	int r = sysctl_path(path, family, link, name, e);

	if (r == 0)
		r = file_read_all(AT_FDCWD, path, 64, &text, &n, e);
	if (r < 0)
		return r;
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	r = num_u32(text, ret);
	return r < 0 ? err_ret(e, r, "understand \"%s\" in %s", text, path) : 0;
}

int sysctl_set(struct sysctl *s, const char *family, const char *link, const char *name,
	       uint32_t value, struct err *e)
{
	char path[SYSCTL_PATH], text[16];
	int r = sysctl_path(path, family, link, name, e);

	if (r == 0)
		r = sysctl_open(s, e);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "%u", value);
	return file_write_kernel(s->proc, str_after(path, "/proc/"), text, e);
}

int sysctl_set_all(struct sysctl *s, const char *link, const struct sysctl_row *rows, struct err *e)
{
	for (const struct sysctl_row *row = rows; row->name; row++) {
		struct err why = { 0 };
		int r = sysctl_set(s, row->family, link, row->name, row->value, &why);

		if (r == 0 || r == -ENOENT)
			continue;
		*e = why;
		return r;
	}
	return 0;
}

bool sysctl_has_ipv6(void)
{
	return file_exists(AT_FDCWD, "/proc/sys/net/ipv6/conf");
}
