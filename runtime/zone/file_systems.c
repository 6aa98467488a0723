/* file_systems - what only the host can say of the entries of "fs": whose a folder is, who can write to an image, where the changes of an overlay are.
 *
 * The changes of an overlay on disk lie in zonepath/changes, in a folder that is named after the place of the mount. They stay until the zone is uninstalled: also when the entry goes and comes back. */
#include "runtime/zone/file_systems.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/helper.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/shut.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

enum { NAME_SHOWN = 32, ANSWER_MS = 10000 };

/* What is shown, opened once: users of the host, and root of another zone, may exchange what is under the name, so all that is asked is asked of this, and it is this that has to be mounted. */
struct shown {
	int fd;        /* O_PATH */
	char path[32]; /* by which the kernel finds it again */
	struct stat st;
};

static void shown_done(struct shown *s)
{
	fd_close(&s->fd);
}

static int shown_open(const char *special, struct shown *ret, struct err *e)
{
	ret->fd = path_open_host(special, e);
	if (ret->fd < 0)
		return err_wrap(e, "on the host");
	path_of_fd(ret->fd, ret->path, sizeof(ret->path));
	return fstat(ret->fd, &ret->st) < 0 ? err_sys(e, "\"%s\" on the host", special) : 0;
}

static void pin(const struct shown *s, struct mount_spec *m)
{
	struct mount_extra *x = mount_spec_extra(m);

	x->pinned = true;
	x->device = s->st.st_dev;
	x->inode = s->st.st_ino;
}

/* --- owners ------------------------------------------------------------------------------------------------------- */

static int owner_check(const struct shown *s, const char *special, const char *owner, struct err *e)
{
	if (s->st.st_uid == 0 && !str_eq(owner, "root") && !str_eq(owner, "0"))
		return err_set(
			e, EPERM,
			"\"%s\" belongs to the host's root: with \"owner\" a user of the zone could make files of the host's root",
			special);
	return 0;
}

static int owner_ids(const struct fs_place *p, const char *owner, uint32_t *uid, uint32_t *gid,
		     struct err *e)
{
	auto_close int top = zone_storage_open(p->zonepath, e);
	auto_close int root = top < 0 ? top : file_open_dir(top, "root", e);

	*uid = *gid = 0;
	if (str_eq(owner, "root"))
		return 0;
	int r = root < 0 ? root : engine_user_ids(root, owner, uid, gid, e);

	if (r == 0 && (*uid >= ZONE_IDS || *gid >= ZONE_IDS))
		r = err_set(e, ERANGE, "user \"%s\" has an id beyond those that a zone has", owner);
	return r;
}

/* One id of the host, one inside. All others have no name in there. */
static int complete_owner(const struct fs_place *p, const struct zone_fs *fs, const struct shown *s,
			  struct mount_spec *m, struct err *e)
{
	uint32_t uid, gid;
	int r = fs->owner ? owner_check(s, fs->special, fs->owner, e) : 1;

	if (r != 0)
		return r < 0 ? r : 0;
	r = owner_ids(p, fs->owner, &uid, &gid, e);
	if (r < 0)
		return err_wrap(e, "owner");
	if (m->n_uid_mappings == 0) { /* an apply that is undone comes twice */
		(void)LIST_GROW(m->uid_mappings, m->n_uid_mappings);
		(void)LIST_GROW(m->gid_mappings, m->n_gid_mappings);
	}
	m->uid_mappings[0] = (struct id_map){ s->st.st_uid, p->id_base + uid, 1 };
	m->gid_mappings[0] = (struct id_map){ s->st.st_gid, p->id_base + gid, 1 };
	return 0;
}

/* What the zone makes there must be nothing that users of the host could run as somebody whom they are not. With an owner it is the owner's, who has given the folder. */
static int check_set_user_id(const struct zone_fs *fs, const struct shown *s, struct err *e)
{
	bool is_users = fs->owner && s->st.st_uid != 0;

	if (strv_has(&fs->options, "ro") || fs->trusted.value || (is_users && s->st.st_gid != 0))
		return 0;
	int r = shut_check(s->path, fs->special, strv_has(&fs->options, "rbind"), e);

	return r != -EPERM || !is_users
		       ? r
		       : err_set(e, EPERM,
				 "\"%s\" belongs to the host's group root, and a zone could leave set-group-ID programs of that group there: give it to a group of its owner (chgrp)",
				 fs->special);
}

/* --- images ------------------------------------------------------------------------------------------------------- */

static bool is_within(const char *path, const char *folder)
{
	auto_free char *real = folder ? realpath(folder, NULL) : NULL;
	const char *rest = real ? str_after(path, real) : NULL;

	return rest && (*rest == '\0' || *rest == '/' || str_eq(real, "/"));
}

/* Can root of a zone with this configuration write there? Its files are root's on the disk too, so that an owner says nothing. */
static bool spec_writes_to(const struct zone_spec *s, const char *path)
{
	if (!s)
		return false;
	if (is_within(path, s->zonepath))
		return true;
	for (size_t i = 0; i < s->n_fs; i++)
		if (zone_fs_kind_of(s->fs[i].type) == ZONE_FS_LOFS &&
		    !strv_has(&s->fs[i].options, "ro") && is_within(path, s->fs[i].special))
			return true;
	return false;
}

static bool zone_writes_to(const struct zone_dirs *d, const struct zone *z,
			   const struct zone_spec *now, const char *path)
{
	auto_free char *usual = mem_format("%s/%s", d->storage, z->name);

	return is_within(path, usual) || is_within(path, z->record.zonepath) ||
	       spec_writes_to(z->spec, path) || spec_writes_to(now, path);
}

/* An image below that folder that others than the administrator must not write to. */
static const char *image_within(const struct zone_spec *s, const char *folder)
{
	for (size_t i = 0; s && i < s->n_fs; i++) {
		const struct zone_fs *fs = &s->fs[i];
		bool is_kept = zone_fs_kind_of(fs->type) == ZONE_FS_IMAGE && !fs->trusted.value;
		auto_free char *path = is_kept && fs->special ? realpath(fs->special, NULL) : NULL;

		if (path && is_within(path, folder))
			return fs->special;
	}
	return NULL;
}

static int check_image_here(const struct zone_dirs *d, const struct zone *z,
			    const struct zone_spec *now, const char *path, struct err *e)
{
	return !zone_writes_to(d, z, now, path)
		       ? 0
		       : err_set(e, EPERM,
				 "\"%s\" is where zone \"%s\" can write, and the kernel would read a file system that it has made",
				 path, z->name);
}

static int check_folder_here(const struct zone_dirs *d, const struct zone *z,
			     const struct zone_spec *now, const char *folder, struct err *e)
{
	const char *image = image_within(z->spec, folder);

	(void)d;
	if (!image)
		image = image_within(now, folder);
	return !image ? 0
		      : err_set(e, EPERM,
				"\"%s\" holds the image \"%s\" of zone \"%s\", and a zone that can write to it would make the file system that the kernel reads: the option \"ro\", or the image elsewhere",
				folder, image, z->name);
}

/* Asks every zone, for what its file says and for what it runs with: an entry that has gone from the file may still be mounted. */
static int ask_zones(const struct zone_dirs *d, const char *special,
		     int (*ask)(const struct zone_dirs *, const struct zone *,
				const struct zone_spec *, const char *, struct err *),
		     struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	auto_free char *path = realpath(special, NULL);
	int r = path ? zone_names(d, &names, e) : err_sys(e, "\"%s\"", special);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_ptr(zone) struct zone *z = NULL;
		auto_ptr(zone_spec) struct zone_spec *now = NULL;
		struct err ignored = { 0 };

		if (zone_open(d, names.items[i], 0, &z, &ignored) < 0)
			continue;
		(void)!zone_running_spec(d, z->name, z->run.restarts, &now, &ignored);
		r = ask(d, z, now, path, e);
	}
	return r;
}

static int check_writers(const struct zone_dirs *d, const char *special, struct err *e)
{
	return ask_zones(d, special, check_image_here, e);
}

static int check_images(const struct zone_dirs *d, const struct zone_fs *fs, const struct shown *s,
			struct err *e)
{
	return strv_has(&fs->options, "ro") ? 0 : ask_zones(d, s->path, check_folder_here, e);
}

static void fill_image(const struct zone_fs *fs, struct mount_extra *x)
{
	x->image = true;
	x->any_writer = fs->trusted.value;
	free(x->verity);
	x->verity = mem_strdup(fs->verity);
}

static int check_image(const struct zone_dirs *d, const struct zone_fs *fs, struct err *e)
{
	const struct mount_extra x = { .any_writer = fs->trusted.value, .verity = fs->verity };
	int r = engine_can_mount(fs->type, e);

	if (r == 0)
		r = engine_check_image(fs->special, strv_has(&fs->options, "ro"), &x, e);
	return r == 0 && !fs->trusted.value ? check_writers(d, fs->special, e) : r;
}

/* --- overlays ----------------------------------------------------------------------------------------------------- */

/* A name for people to find and nothing else to have. */
static char *folder_name(const char *dir)
{
	const char *last = strrchr(dir, '/');
	char *name = mem_format("%.*s-%016" PRIx64, NAME_SHOWN, last ? last + 1 : dir,
				config_sum(dir, strlen(dir)));

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_", *p))
			*p = '_';
	return name;
}

/* The top of the changes looks like the top of what is below, when it is new. Only what was opened is changed: whatever stands under the name by then, no link is followed. */
static int make_upper(int folder, const struct stat *below, struct err *e)
{
	if (file_exists(folder, "upper"))
		return 0;
	int r = file_mkdir_p(folder, "new", 0700, e);

	if (r < 0)
		return r;
	auto_close int fd = file_open_dir(folder, "new", e);

	if (fd < 0)
		return fd;
	if (fchown(fd, below->st_uid, below->st_gid) < 0 ||
	    sys_fchmod(fd, below->st_mode & 07777) < 0 ||
	    sys_renameat2(folder, "new", folder, "upper", 0) < 0)
		return err_sys(e, "make the folder for changes");
	return 0;
}

static int complete_changes(const struct fs_place *p, const struct zone_fs *fs,
			    const struct stat *below, struct mount_extra *x, struct err *e)
{
	auto_free char *name = folder_name(fs->dir);
	auto_free char *inner = mem_format("changes/%s", name);
	auto_close int top = zone_storage_open(p->zonepath, e), folder = -1;
	int r = top < 0 ? top : file_mkdir_p(top, inner, 0700, e);

	if (r < 0)
		return r;
	folder = file_open_dir(top, inner, e);
	r = folder < 0 ? folder : file_mkdir_p(folder, "lower", 0700, e);
	if (r == 0)
		r = file_mkdir_p(folder, "work", 0700, e);
	if (r == 0)
		r = make_upper(folder, below, e);
	if (r < 0)
		return r;
	free(x->upper);
	x->upper = mem_format("%s/%s", p->zonepath, inner);
	return 0;
}

static int complete_overlay(const struct fs_place *p, const struct zone_fs *fs,
			    struct mount_spec *m, struct err *e)
{
	auto_done(shown) struct shown s = { .fd = -1 };
	struct mount_extra *x = mount_spec_extra(m);
	int r = shown_open(fs->special, &s, e);

	if (r < 0)
		return r;
	pin(&s, m);
	if (!zone_fs_is_memory(fs->type, fs->upper))
		return complete_changes(p, fs, &s.st, x, e);
	free(x->upper);
	x->upper = mem_strdup("");
	return 0;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static int check_shown(const struct zone_fs *fs, bool must_be_dir, struct shown *ret, struct err *e)
{
	int r = shown_open(fs->special, ret, e);

	if (r < 0)
		return r;
	if (must_be_dir && !S_ISDIR(ret->st.st_mode))
		return err_set(e, ENOTDIR, "\"%s\" is not a directory", fs->special);
	if (!S_ISDIR(ret->st.st_mode) && !S_ISREG(ret->st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is neither a directory nor a regular file",
			       fs->special);
	return engine_can_idmap(fs->special, e);
}

static int look(void *arg, int sock, struct err *e)
{
	struct stat st;
	struct statfs fs;

	(void)sock;
	(void)e;
	(void)!(stat(arg, &st) == 0 &&
		statfs(arg, &fs) == 0); /* what is wrong with it is said elsewhere */
	return 0;
}

/* Whoever looks at a file system whose server is gone may wait for ever, and no signal helps: a child looks first, which has nothing of ours, the zone's lock for one. */
static int check_answers(const char *special, struct err *e)
{
	auto_free char *path = mem_strdup(special);
	const struct helper_job job = {
		.run = look, .arg = path, .name = "the process that looks", .timeout_ms = ANSWER_MS
	};
	int r = helper_run(&job, NULL, e);

	return r == -ETIMEDOUT
		       ? err_set(e, ETIMEDOUT,
				 "\"%s\" on the host does not answer: the file system it is on hangs",
				 special)
		       : r;
}

int fs_check(const struct zone_dirs *d, const struct zone_fs *fs, struct err *e)
{
	auto_done(shown) struct shown s = { .fd = -1 };
	int r = 0;

	if (!fs->special || zone_fs_kind_of(fs->type) == ZONE_FS_TMPFS)
		return 0;
	r = check_answers(fs->special, e);
	if (r < 0)
		return r;
	switch (zone_fs_kind_of(fs->type)) {
	case ZONE_FS_LOFS:
		r = check_shown(fs, false, &s, e);
		if (r == 0 && fs->owner)
			r = owner_check(&s, fs->special, fs->owner, e);
		if (r == 0)
			r = check_set_user_id(fs, &s, e);
		return r == 0 ? check_images(d, fs, &s, e) : r;
	case ZONE_FS_OVERLAY:
		r = check_shown(fs, true, &s, e);
		return r == 0 ? engine_can_mount(fs->type, e) : r;
	case ZONE_FS_IMAGE:
		return check_image(d, fs, e);
	case ZONE_FS_TMPFS:
		return 0;
	}
	return 0;
}

struct mount_spec *fs_row(struct container_spec *c, const char *dir)
{
	for (size_t i = c->n_mounts;
	     i-- > 0;) /* those of the file come behind those of every zone */
		if (str_eq(c->mounts[i].destination, dir))
			return &c->mounts[i];
	return NULL;
}

static int complete_lofs(const struct fs_place *p, const struct zone_fs *fs, struct mount_spec *m,
			 struct err *e)
{
	auto_done(shown) struct shown s = { .fd = -1 };
	int r = shown_open(fs->special, &s, e);

	if (r == 0)
		r = check_set_user_id(fs, &s, e);
	if (r == 0)
		r = check_images(p->dirs, fs, &s, e);
	if (r < 0)
		return r;
	pin(&s, m);
	return complete_owner(p, fs, &s, m, e);
}

int fs_complete(const struct fs_place *p, const struct zone_fs *fs, struct mount_spec *m,
		struct err *e)
{
	switch (zone_fs_kind_of(fs->type)) {
	case ZONE_FS_LOFS:
		return complete_lofs(p, fs, m, e);
	case ZONE_FS_OVERLAY:
		return complete_overlay(p, fs, m, e);
	case ZONE_FS_IMAGE:
		fill_image(fs, mount_spec_extra(m));
		return fs->trusted.value ? 0 : check_writers(p->dirs, fs->special, e);
	case ZONE_FS_TMPFS:
		return 0;
	}
	return 0;
}

int fs_complete_all(const struct fs_place *p, const struct zone_spec *effective,
		    struct container_spec *c, struct err *e)
{
	for (size_t i = 0; i < effective->n_fs; i++) {
		struct mount_spec *m = fs_row(c, effective->fs[i].dir);
		int r = m ? fs_complete(p, &effective->fs[i], m, e) : 0;

		if (r < 0)
			return err_wrap(e, "fs[%zu]", i);
	}
	return 0;
}
