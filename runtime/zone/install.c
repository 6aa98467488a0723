/* install - a configured zone gets its root file system.
 *
 * The record says "incomplete, installing" from before the first file until after the last one is on the disk. A failure undoes the steps and the zone is configured
 * as before; a process that is killed leaves the record as it is, and uninstall is the way out. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/steps.h"
#include "runtime/base/sys.h"
#include "runtime/zone/debootstrap.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/events.h"
#include "runtime/zone/images.h"
#include "runtime/zone/install_image.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/zone.h"

struct install {
	const struct zone_dirs *dirs;
	struct zone *zone;
	const struct zone_install *options;
	const struct zone_brand *brand;
	char *zonepath;
	char *from; /* absolute; NULL: the brand makes the root */
	bool from_dir, is_image;
	int image_lock; /* while the record does not name the image's layers */
	int top;        /* zonepath */
	bool made_top;
	bool left_behind; /* undoing did not succeed: the zone is incomplete */
};

static void install_done(struct install *in)
{
	free(in->zonepath);
	free(in->from);
	fd_close(&in->image_lock);
	fd_close(&in->top);
}

/* --- what can be refused before anything is done ------------------------------------------------------------------ */

static int check_source(struct install *in, struct err *e)
{
	const char *from = in->options->from;
	struct stat st;

	if (in->options->fill) { /* which has looked at it */
		in->from = mem_strdup(from);
		return 0;
	}
	if (in->brand->sparse_root && (from || in->options->debootstrap))
		return err_set(
			e, EINVAL,
			"brand \"%s\" makes its root from the host's /usr: leave out --from and --debootstrap, or make the zone with brand=linux",
			in->brand->name);
	if (in->brand->sparse_root)
		return 0;
	if (in->options->debootstrap && from)
		return err_set(e, EINVAL, "--from or --debootstrap, not both");
	if (in->options->debootstrap) {
		if (!debootstrap_suite_ok(in->options->debootstrap))
			return err_set(e, EINVAL, "\"%s\" cannot be a suite of Debian",
				       in->options->debootstrap);
		in->from = mem_format("debootstrap:%s", in->options->debootstrap);
		return 0;
	}
	if (!from)
		return err_set(
			e, EINVAL,
			"brand \"%s\" needs a root file system: zone install --from DIR|ARCHIVE|IMAGE %s",
			in->brand->name, in->zone->name);
	if (zone_image_is_reference(from)) {
		in->is_image = true;
		in->from = mem_strdup(from);
		return 0;
	}
	in->from = realpath(from, NULL);
	if (!in->from || stat(in->from, &st) < 0)
		return err_sys(e, "open \"%s\"", from);
	in->from_dir = S_ISDIR(st.st_mode);
	if (!in->from_dir && !S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is neither a directory nor an archive", from);
	return 0;
}

static int check_zonepath(const struct install *in, struct err *e)
{
	struct stat st;

	if (lstat(in->zonepath, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "zonepath \"%s\"", in->zonepath);
	auto_close int fd = zone_storage_open(in->zonepath, e);

	if (fd < 0)
		return fd;
	if (file_exists(fd, "root") && file_exists(fd, DETACHED_FILE))
		return err_set(e, EEXIST,
			       "the files of a detached zone are in \"%s\": zone attach %s",
			       in->zonepath, in->zone->name);
	if (file_exists(fd, "root"))
		return err_set(e, EEXIST,
			       "\"%s/root\" exists already: take another zonepath, or remove it",
			       in->zonepath);
	return 0;
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

static int write_mark(struct install *in, struct err *e)
{
	struct zone_record *r = &in->zone->record;
	char uuid[37], now[32];

	if (!r->uuid) {
		int n = zone_new_uuid(uuid, e);

		if (n < 0)
			return n;
		replace_text(&r->uuid, uuid);
	}
	zone_time_now(now, sizeof(now));
	if (!r->created)
		replace_text(&r->created, now);
	r->state = ZONE_INCOMPLETE;
	replace_text(&r->aux, "installing");
	replace_text(&r->reason, NULL);
	replace_text(&r->reason_time, NULL);
	replace_text(&r->zonepath, in->zonepath);
	replace_text(&r->brand, in->brand->name);
	replace_text(&r->from, in->from);
	return zone_record_write(in->dirs, in->zone, e);
}

static void unmark(void *ctx)
{
	struct install *in = ctx;
	struct zone_record *r = &in->zone->record;
	struct err ignored = { 0 };
	char now[32];

	if (in->left_behind) {
		zone_time_now(now, sizeof(now));
		replace_text(&r->reason,
			     "an install failed and its files could not all be removed");
		replace_text(&r->reason_time, now);
	} else {
		r->state = ZONE_CONFIGURED;
		r->id_base = r->owner_uid = 0;
		replace_text(&r->zonepath, NULL);
		replace_text(&r->brand, NULL);
		replace_text(&r->from, NULL);
		storage_forget(r);
	}
	replace_text(&r->aux, NULL);
	(void)!zone_record_write(in->dirs, in->zone,
				 &ignored); /* then it stays incomplete, which uninstall clears */
}

/* A record that could not be flushed may be there all the same. */
static int mark_installing(void *ctx, struct err *e)
{
	int r = write_mark(ctx, e);

	if (r < 0)
		unmark(ctx);
	return r;
}

static int allocate_ids(void *ctx, struct err *e)
{
	struct install *in = ctx;
	struct zone_record *r = &in->zone->record;

	return zone_ids_allocate(in->dirs, in->zone->name, &r->id_base, &r->owner_uid, e);
}

/* The record names the layers before anything that could prune may run. */
static int get_image(void *ctx, struct err *e)
{
	struct install *in = ctx;
	int r = in->is_image ? install_image_get(in->dirs, in->zone, in->from, in->options,
						 &in->image_lock, e)
			     : 0;

	if (r == 0 && in->is_image)
		r = zone_record_write(in->dirs, in->zone, e);
	if (r == 0)
		zone_image_got(in->dirs, &in->image_lock);
	return r;
}

static void release_ids(void *ctx)
{
	struct install *in = ctx;
	struct err ignored = { 0 };

	if (!in->left_behind)
		(void)!zone_ids_release(in->dirs, in->zone->name,
					&ignored); /* the next install takes the same block */
}

static void remove_zonepath(void *ctx)
{
	struct install *in = ctx;
	struct err e = { 0 };

	quota_forget(&in->zone->record, in->top);
	if (storage_remove_tree(in->top, "root", &e) < 0 ||
	    file_remove_tree(in->top, "upper", &e) < 0 || file_remove_tree(in->top, "log", &e) < 0)
		in->left_behind = true;
	else if (in->made_top)
		(void)sys_unlinkat(AT_FDCWD, in->zonepath,
				   AT_REMOVEDIR); /* not empty: then it holds what is not ours */
}

static void remove_root(struct install *in)
{
	struct err ignored = { 0 };

	if (storage_remove_tree(in->top, "root", &ignored) < 0)
		in->left_behind = true;
	else if (in->made_top)
		(void)sys_unlinkat(AT_FDCWD, in->zonepath, AT_REMOVEDIR);
}

static int make_zonepath(void *ctx, struct err *e)
{
	struct install *in = ctx;
	char *slash = strrchr(in->zonepath, '/');
	const char *driver = NULL;
	int r = 0;

	if (slash && slash != in->zonepath) {
		*slash = '\0';
		r = file_mkdir_p(AT_FDCWD, in->zonepath, 0755, e);
		*slash = '/';
	}
	if (r < 0)
		return r;
	in->made_top = sys_mkdirat(AT_FDCWD, in->zonepath, 0700) == 0;
	if (!in->made_top && errno != EEXIST)
		return err_sys(e, "create \"%s\"", in->zonepath);
	in->top = zone_storage_open(in->zonepath, e);
	r = in->top < 0 ? in->top : storage_make_root(in->top, &driver, e);
	if (r == 0) {
		if (!in->is_image) /* whose root is an overlay, mounted on it */
			replace_text(&in->zone->record.driver, driver);
		r = file_mkdir_p(in->top, "log", 0700, e);
		if (r < 0)
			remove_root(in); /* nothing else there is ours yet */
		return r;
	}
	if (in->made_top)
		(void)sys_unlinkat(AT_FDCWD, in->zonepath, AT_REMOVEDIR);
	return r;
}

static int fill_root(void *ctx, struct err *e)
{
	struct install *in = ctx;
	auto_close int root = file_open_dir(in->top, "root", e);
	struct tree_job job = { .root = root, .options = in->options };
	int r = 0;

	if (root < 0)
		return root;
	if (!in->is_image)
		r = quota_settle(&in->zone->record, in->zone->spec,
				 e); /* before there is much to count */
	if (r < 0)
		return r;
	if (in->options->fill) {
		r = in->options->fill(in->options->fill_arg, &job, e);
		return r < 0 || syncfs(root) == 0 ? r : err_sys(e, "flush the file system");
	}
	if (in->is_image) {
		r = install_image_root(in->dirs, in->zone, in->top, in->options, e);
		return r < 0 ? r : quota_settle(&in->zone->record, in->zone->spec, e);
	}
	if (!in->from)
		r = tree_skeleton(root, e);
	else if (in->options->debootstrap)
		r = debootstrap_run(in->dirs, &job, in->options->debootstrap, e);
	else
		r = in->from_dir ? tree_copy(&job, in->from, e) : tree_extract(&job, in->from, e);
	if (r == 0 && !in->from)
		r = tree_finish(&job, e);
	if (r == 0 &&
	    syncfs(root) <
		    0) /* the record may say "installed" only after the files are on the disk */
		r = err_sys(e, "flush the file system");
	return r;
}

static int mark_installed(void *ctx, struct err *e)
{
	struct install *in = ctx;
	struct zone_record *r = &in->zone->record;
	char now[32];

	zone_time_now(now, sizeof(now));
	r->state = ZONE_INSTALLED;
	r->exit_status = -1;
	replace_text(&r->aux, NULL);
	replace_text(&r->installed, now);
	return zone_record_write(in->dirs, in->zone, e);
}

static const struct step install_steps[] = {
	{ "allocate user ids", allocate_ids, release_ids },
	{ "record the beginning", mark_installing, unmark },
	{ "get the image", get_image, NULL },
	{ "make the zonepath", make_zonepath, remove_zonepath },
	{ "fill the root", fill_root, NULL },
	{ "record the end", mark_installed, NULL },
};

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static int prepare(struct install *in, struct diag_list *diags, struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r;

	if (zone_verify_open(in->dirs, in->zone, diags) < 0)
		return diag_err(diags, e);
	r = zone_host_facts(in->dirs, in->zone, &host, &strings, e);
	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(in->zone->spec, &host);

	in->zonepath = mem_strdup(effective->zonepath);
	in->brand = zone_brand_find(effective->brand);
	if (!in->brand)
		return err_set(e, EINVAL, "brand \"%s\" is not known", effective->brand);
	r = check_source(in, e);
	return r < 0 ? r : check_zonepath(in, e);
}

int zone_install(const struct zone_dirs *d, const char *name, const struct zone_install *o,
		 struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *note = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	r = zone_allow(z, ZONE_VERB_INSTALL, &note, e);
	if (r > 0 && o->warn)
		o->warn(o->arg, note);
	if (r != 0)
		return r > 0 ? 0 : r;
	if (!z->spec)
		return err_set(e, EINVAL, "%s", z->spec_error);
	auto_done(install) struct install in = {
		.dirs = d, .zone = z, .options = o, .image_lock = -1, .top = -1
	};

	r = prepare(&in, diags, e);
	if (r == 0)
		r = steps_run(install_steps, STEPS_COUNT(install_steps), &in, e);
	if (r < 0)
		return err_wrap(e, "install %s", name);
	zone_event(d, name, "installed", "the zone is installed", NULL);
	return 0;
}
