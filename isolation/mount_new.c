/* mount_new - the new mount interface in five verbs: make a file system, clone a mount, change it, attach it, and the options of a bind.
 *
 * A mount is made complete while it is still detached and attached to an open descriptor with one call, so that it is never visible half-made and no path is
 * looked up twice. Needs Linux 5.12; mount(2) remains for one case only, values longer than the 255 bytes that fsconfig(2) takes (long lowerdir lists). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { VALUE_MAX = 255, CONTEXT_MAX = 256 };

/* Flags that belong to the superblock. Those that not every file system knows are asked for and not insisted on, as mount(2) does. */
static const struct {
	unsigned long flag;
	const char *word;
	bool is_generic;
} super_flags[] = {
	{ MS_SYNCHRONOUS, "sync", true },    { MS_DIRSYNC, "dirsync", true },
	{ MS_LAZYTIME, "lazytime", true },   { MS_MANDLOCK, "mand", true },
	{ MS_I_VERSION, "iversion", false }, { MS_POSIXACL, "acl", false },
};

/* The kernel's own words about the last failure: "e tmpfs: Bad value for 'size'". */
static int context_error(int fs, const char *type, struct err *e)
{
	int code = errno;
	char text[CONTEXT_MAX];
	ssize_t n = sys_read(fs, text, sizeof(text) - 1);

	if (n > 2) {
		text[n] = 0;
		text[strcspn(text, "\n")] = 0;
		return err_ret(e, -code, "make a %s file system (%s)", type, text + 2);
	}
	return err_ret(e, -code, "make a %s file system", type);
}

static int set_one(int fs, const char *type, char *item, struct err *e)
{
	char *value = strchr(item, '=');
	int r;

	if (!value) {
		r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, item, NULL, 0);
		return r < 0 ? context_error(fs, type, e) : 0;
	}
	*value++ = 0;
	if (strlen(value) > VALUE_MAX)
		return err_set(e, E2BIG, "the value of \"%s\" is too long", item);
	r = sys_fsconfig(fs, FSCONFIG_SET_STRING, item, value, 0);
	return r < 0 ? context_error(fs, type, e) : 0;
}

/* "a=b,c,d="x,y"": commas inside double quotes do not separate, the quotes go (SELinux contexts). */
static int set_data(int fs, const char *type, const char *data, struct err *e)
{
	auto_done(strbuf) struct strbuf item = { 0 };
	bool quoted = false;

	for (const char *p = data;; p++) {
		if (*p == '"') {
			quoted = !quoted;
			continue;
		}
		if (*p && (quoted || *p != ',')) {
			strbuf_add_char(&item, *p);
			continue;
		}
		int r = item.len ? set_one(fs, type, item.text, e) : 0;

		if (r < 0)
			return r;
		strbuf_clear(&item);
		if (!*p)
			return 0;
	}
}

static int set_flags(int fs, const char *type, unsigned long flags, struct err *e)
{
	for (size_t i = 0; i < sizeof(super_flags) / sizeof(super_flags[0]); i++) {
		if (!(flags & super_flags[i].flag))
			continue;
		if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, super_flags[i].word, NULL, 0) < 0 &&
		    super_flags[i].is_generic)
			return context_error(fs, type, e);
	}
	return 0;
}

int mount_fs_new(const struct mount_fs *m, struct err *e)
{
	auto_close int fs = sys_fsopen(m->type, FSOPEN_CLOEXEC);

	if (fs < 0 && errno == ENODEV)
		return err_set(e, ENODEV, "this kernel has no file system \"%s\"", m->type);
	if (fs < 0)
		return err_sys(e, "make a %s file system", m->type);
	if (m->source && strlen(m->source) <= VALUE_MAX && *m->source &&
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", m->source, 0) < 0)
		return context_error(fs, m->type, e);
	int r = set_flags(fs, m->type, m->flags, e);

	if (r == 0 && m->data)
		r = set_data(fs, m->type, m->data, e);
	if (r == 0 && m->extra)
		r = set_data(fs, m->type, m->extra, e);
	if (r < 0)
		return r;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fs, m->type, e);
	int tree = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)m->attrs);

	return tree < 0 ? context_error(fs, m->type, e) : tree;
}

int mount_fs_classic(const struct mount_fs *m, unsigned long flags, int target, struct err *e)
{
	auto_close int here = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (here < 0 || sys_fchdir(target) < 0)
		return err_sys(e, "enter the mount point");
	int r = sys_mount(m->source, ".", m->type, flags, m->data);

	r = r < 0 ? err_sys(e, "mount %s", m->type) : 0;
	if (sys_fchdir(here) < 0 && r == 0)
		return err_sys(e, "return from the mount point");
	return r;
}

int mount_clone(int fd, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;

	return sys_open_tree(fd, "", recursive ? flags | AT_RECURSIVE : flags);
}

int mount_attach(int tree, int target, struct err *e)
{
	if (sys_move_mount(tree, "", target, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "attach the mount");
	return 0;
}

int mount_change(int fd, const struct mount_change *c)
{
	struct mount_attr attr = {
		.attr_set = c->set,
		.attr_clr = c->clear,
		.propagation = c->propagation & ~(uint64_t)MS_REC,
		.userns_fd = c->set & MOUNT_ATTR_IDMAP ? (uint64_t)c->userns : 0,
	};
	unsigned flags = AT_EMPTY_PATH | (c->recursive ? AT_RECURSIVE : 0u);

	return sys_mount_setattr(fd, "", flags, &attr, sizeof(attr));
}

/* The propagation to begin with, for the whole tree. Without a word nothing travels in or out. A word without "r" is about the top mount: the mounts below
 * it become private - but a shared or slave top must keep its tie to the host's mount, which private would cut for good. */
static unsigned long base_propagation(unsigned long asked)
{
	if (asked & (MS_REC | MS_SLAVE))
		return asked;
	return asked & MS_SHARED ? 0 : MS_PRIVATE;
}

int mount_bind_options(int tree, const struct mount_opts *o, struct err *e)
{
	const struct mount_change all = {
		.set = o->rattr_set,
		.clear = o->rattr_clear,
		.propagation = base_propagation(o->propagation),
		.recursive = o->recursive,
	};
	const struct mount_change top = {
		.set = o->attr_set,
		.clear = o->attr_clear,
		.propagation = o->propagation & MS_REC ? 0 : o->propagation,
	};

	if ((all.set || all.clear || all.propagation) && mount_change(tree, &all) < 0)
		return err_sys(e, "set the mount's options");
	if ((top.set || top.clear || top.propagation) && mount_change(tree, &top) < 0)
		return err_sys(e, "set the mount's options");
	return 0;
}
