/* skeleton - the private part of a native zone. The programs are the host's /usr, mounted read-only at boot; what a zone changes is its own and starts from here.
 *
 * Three tables: directories, files with a text of ours, and what is taken from the host's /etc. The last one is an allow-list, read by name: only regular files that
 * everybody may read, up to a size, and symlinks. A file that the list does not name, that is not readable by others, or that is neither is never looked into, so no
 * password, key or token of the host can get into a zone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/skeleton_etc.h"
#include "runtime/zone/tree.h"

enum { COPY_MAX = 1 << 20, COPY_ENTRIES_MAX = 4096, COPY_DEPTH_MAX = 4 };

static const struct {
	const char *path;
	mode_t mode;
} dirs[] = {
	{ "etc", 0755 },        { "etc/ssl", 0755 },   { "etc/opt", 0755 },
	{ "home", 0755 },       { "media", 0755 },     { "mnt", 0755 },
	{ "opt", 0755 },        { "root", 0700 },      { "srv", 0755 },
	{ "usr", 0755 },        { "var", 0755 },       { "var/backups", 0755 },
	{ "var/cache", 0755 },  { "var/lib", 0755 },   { "var/lib/misc", 0755 },
	{ "var/local", 02775 }, { "var/log", 0755 },   { "var/mail", 02775 },
	{ "var/opt", 0755 },    { "var/spool", 0755 }, { "var/tmp", 01777 },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "etc/mtab", "../proc/self/mounts" },
	{ "etc/os-release", "../usr/lib/os-release" },
	{ "var/run", "/run" },
	{ "var/lock", "/run/lock" },
	{ "var/spool/mail", "../mail" },
};

enum copy_kind {
	COPY_FILES,
	COPY_FLAT,
	COPY_LINKS
}; /* files and symlinks; the same without subdirectories; symlinks alone */

/* From the host's /etc. */
static const struct {
	const char *name;
	enum copy_kind kind;
} from_host[] = {
	{ "adduser.conf", COPY_FILES },
	{ "alternatives", COPY_LINKS },
	{ "bash.bashrc", COPY_FILES },
	{ "bash_completion", COPY_FILES },
	{ "bindresvport.blacklist", COPY_FILES },
	{ "ca-certificates.conf", COPY_FILES },
	{ "debconf.conf", COPY_FILES },
	{ "debian_version", COPY_FILES },
	{ "deluser.conf", COPY_FILES },
	{ "ethertypes", COPY_FILES },
	{ "gai.conf", COPY_FILES },
	{ "host.conf", COPY_FILES },
	{ "inputrc", COPY_FILES },
	{ "issue", COPY_FILES },
	{ "issue.net", COPY_FILES },
	{ "ld.so.cache", COPY_FILES },
	{ "ld.so.conf", COPY_FILES },
	{ "ld.so.conf.d", COPY_FILES },
	{ "localtime", COPY_FILES },
	{ "locale.alias", COPY_FILES },
	{ "locale.conf", COPY_FILES },
	{ "login.defs", COPY_FILES },
	{ "magic", COPY_FILES },
	{ "mime.types", COPY_FILES },
	{ "netconfig", COPY_FILES },
	{ "networks", COPY_FILES },
	{ "pam.conf", COPY_FILES },
	{ "pam.d", COPY_FILES },
	{ "protocols", COPY_FILES },
	{ "redhat-release", COPY_FILES },
	{ "rpc", COPY_FILES },
	{ "security", COPY_FILES },
	{ "services", COPY_FILES },
	{ "shells", COPY_FILES },
	{ "skel", COPY_FILES },
	{ "ssl/certs", COPY_FLAT },
	{ "ssl/openssl.cnf", COPY_FILES },
	{ "terminfo", COPY_FILES },
	{ "timezone", COPY_FILES },
	{ "xattr.conf", COPY_FILES },
};

/* Names that a merged /usr has at the top: a symlink as the host's, or a mount point where the host has a directory. */
static const char *const usr_names[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

/* --- making ------------------------------------------------------------------------------------------------------- */

/* mkdir without the umask. */
static int put_dir(int root, const char *path, mode_t mode, struct err *e)
{
	if (sys_mkdirat(root, path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "create \"/%s\"", path);
	return sys_fchmodat(root, path, mode) < 0 ? err_sys(e, "set the mode of \"/%s\"", path) : 0;
}

static int put_file(int dir, const char *name, const void *data, size_t n, mode_t mode,
		    struct err *e)
{
	auto_close int fd =
		sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	const char *p = data;

	if (fd < 0)
		return err_sys(e, "create \"%s\"", name);
	while (n > 0) {
		ssize_t written = sys_write(fd, p, n);

		if (written < 0)
			return err_sys(e, "write \"%s\"", name);
		p += written;
		n -= (size_t)written;
	}
	return sys_fchmod(fd, mode) < 0 ? err_sys(e, "set the mode of \"%s\"", name) : 0;
}

static int put_texts(int root, struct err *e)
{
	const char *shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
	auto_free char *root_line = mem_format("root:x:0:0:root:/root:%s\n", shell);

	for (size_t i = 0; skeleton_etc[i].path; i++) {
		const struct skeleton_file *f = &skeleton_etc[i];
		auto_free char *text =
			mem_format("%s%s", f->starts_with_root ? root_line : "", f->text);
		int r = put_file(root, f->path, text, strlen(text), f->mode, e);

		if (r < 0)
			return r;
		if (f->gid != 0 && sys_fchownat(root, f->path, 0, f->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "set the group of \"/%s\"", f->path);
	}
	return 0;
}

/* --- from the host ------------------------------------------------------------------------------------------------ */

struct seed {
	enum copy_kind kind;
	int entries;
};

static int seed_entry(struct seed *s, int from, int to, const char *name, int depth, struct err *e);

static int seed_file(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	auto_free char *data = NULL;
	size_t n;
	struct err ignored = { 0 };

	if ((st->st_mode & S_IROTH) == 0 || st->st_size > COPY_MAX)
		return 0;
	auto_close int fd =
		sys_openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

	if (fd < 0 || file_read_fd(fd, COPY_MAX, &data, &n, &ignored) < 0)
		return 0; /* it vanished: then the zone has none */
	return put_file(to, name, data, n, st->st_mode & 0755, e);
}

static int seed_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n <= 0 ||
	    str_has_suffix(name, ".gz")) /* manual pages: the zone reads the host's through /usr */
		return 0;
	target[n] = '\0';
	return sys_symlinkat(target, to, name) < 0 ? err_sys(e, "create the symlink \"%s\"", name)
						   : 0;
}

static int seed_dir(struct seed *s, int from, int to, const char *name, int depth, struct err *e)
{
	int in = sys_openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
			    0); /* closed by closedir */
	DIR *stream = in < 0 ? NULL : fdopendir(in);
	int r = stream && depth < COPY_DEPTH_MAX ? put_dir(to, name, 0755, e) : 0;
	auto_close int out = -1;

	if (!stream || depth >= COPY_DEPTH_MAX)
		goto done;
	out = r < 0 ? -1 : file_open_dir(to, name, e);
	if (out < 0)
		r = -e->code;
	for (const struct dirent *entry = readdir(stream); entry && r == 0;
	     entry = readdir(stream)) {
		if (entry->d_name[0] != '.' ||
		    (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..")))
			r = seed_entry(s, in, out, entry->d_name, depth + 1, e);
	}
done:
	if (stream)
		(void)closedir(stream);
	else
		cleanup_close(&in);
	return r;
}

static int seed_entry(struct seed *s, int from, int to, const char *name, int depth, struct err *e)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || ++s->entries > COPY_ENTRIES_MAX)
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth > 0 && s->kind != COPY_FILES ? 0
							  : seed_dir(s, from, to, name, depth, e);
	if (S_ISLNK(st.st_mode))
		return seed_link(from, to, name, e);
	return S_ISREG(st.st_mode) && s->kind != COPY_LINKS ? seed_file(from, to, name, &st, e) : 0;
}

static int seed_etc(int root, struct err *e)
{
	auto_close int host = sys_openat(AT_FDCWD, "/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	auto_close int own = file_open_dir(root, "etc", e);

	if (host < 0)
		return err_sys(e, "open \"/etc\" of the host");
	if (own < 0)
		return own;
	for (size_t i = 0; i < sizeof(from_host) / sizeof(from_host[0]); i++) {
		struct seed s = { .kind = from_host[i].kind };
		const char *slash = strchr(from_host[i].name, '/');
		const char *name = slash ? slash + 1 : from_host[i].name;
		auto_free char *sub =
			slash ? mem_strndup(from_host[i].name, (size_t)(slash - from_host[i].name))
			      : mem_strdup(".");
		auto_close int in = sys_openat(host, sub, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		auto_close int out =
			sys_openat(own, sub, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

		if (in < 0 || out < 0)
			continue; /* this host has none of it */
		if (seed_entry(&s, in, out, name, 0, e) < 0)
			return err_wrap(e, "copy \"/etc/%s\" of the host", from_host[i].name);
	}
	return 0;
}

static int put_usr_name(int root, const char *name, struct err *e)
{
	auto_free char *host = mem_format("/%s", name);
	char target[PATH_MAX];
	struct stat st;

	if (lstat(host, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return put_dir(root, name, 0755, e);
	ssize_t n = readlink(host, target, sizeof(target) - 1);

	if (n <= 0)
		return 0;
	target[n] = '\0';
	return sys_symlinkat(target, root, name) < 0 ? err_sys(e, "create \"/%s\"", name) : 0;
}

int tree_skeleton(int root, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		r = put_dir(root, dirs[i].path, dirs[i].mode, e);
	for (size_t i = 0; r == 0 && i < sizeof(usr_names) / sizeof(usr_names[0]); i++)
		r = put_usr_name(root, usr_names[i], e);
	for (size_t i = 0; r == 0 && i < sizeof(links) / sizeof(links[0]); i++) {
		if (sys_symlinkat(links[i].target, root, links[i].path) < 0)
			r = err_sys(e, "create \"/%s\"", links[i].path);
	}
	if (r == 0)
		r = put_texts(root, e);
	return r < 0 ? r : seed_etc(root, e);
}
