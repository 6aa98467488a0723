/* clone - a new zone with the root of another one.
 *
 * The new zone is configured first, as `zone create` would, unless it is already. From then on it goes as with an install: the record says "incomplete, cloning" until everything is there, a failure
 * undoes the steps, and after a kill uninstall is the way out. What happens to the old zone is layers.c's, which finishes or undoes it by itself. */
#include "runtime/zone/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/steps.h"
#include "runtime/base/sys.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/delegate.h"
#include "runtime/zone/events.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

static void clone_done(struct clone *c)
{
	zone_free(c->from);
	zone_free(c->to);
	free(c->zonepath);
	fd_close(&c->top);
}

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

static void warn(const struct clone *c, const char *sentence)
{
	if (c->options->warn)
		c->options->warn(c->options->arg, sentence);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static int allocate_ids(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	struct zone_record *r = &c->to->record;

	return zone_ids_allocate(c->dirs, c->to->name, &r->id_base, &r->owner_uid, e);
}

static void release_ids(void *ctx)
{
	struct clone *c = ctx;
	struct err ignored = { 0 };

	if (!c->left_behind)
		(void)!zone_ids_release(c->dirs, c->to->name, &ignored); /* it gets them again */
}

static int mark_cloning(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	struct zone_record *r = &c->to->record;
	const char *name = c->from->name;
	auto_free char *from = c->snapshot ? mem_format("zone:%s@%s", name, c->snapshot->name)
					   : mem_format("zone:%s", name);

	r->state = ZONE_INCOMPLETE;
	replace_text(&r->aux, "cloning");
	replace_text(&r->reason, NULL);
	replace_text(&r->reason_time, NULL);
	replace_text(&r->zonepath, c->zonepath);
	replace_text(&r->brand, c->from->record.brand);
	replace_text(&r->from, from);
	json_free(r->image);
	r->image = c->from->record.image ? json_clone(c->from->record.image) : NULL;
	return zone_record_write(c->dirs, c->to, e);
}

static void unmark(void *ctx)
{
	struct clone *c = ctx;
	struct zone_record *r = &c->to->record;
	struct err ignored = { 0 };

	replace_text(&r->aux, NULL);
	if (c->left_behind) {
		replace_text(&r->reason, "a clone failed and its files could not all be removed");
	} else {
		r->state = ZONE_CONFIGURED;
		r->id_base = r->owner_uid = 0;
		replace_text(&r->zonepath, NULL);
		replace_text(&r->brand, NULL);
		replace_text(&r->from, NULL);
		storage_forget(r);
	}
	(void)!zone_record_write(c->dirs, c->to, &ignored); /* then it stays incomplete */
}

static int make_zonepath(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	const char *slash = strrchr(c->zonepath, '/');
	auto_free char *parent = mem_format("%.*s", (int)(slash - c->zonepath), c->zonepath);
	int r = *parent ? file_mkdir_p(AT_FDCWD, parent, 0755, e) : 0;

	if (r < 0)
		return r;
	c->made_top = sys_mkdirat(AT_FDCWD, c->zonepath, 0700) == 0;
	if (!c->made_top && errno != EEXIST)
		return err_sys(e, "create \"%s\"", c->zonepath);
	c->top = zone_storage_open(c->zonepath, e);
	r = c->top < 0 ? c->top : file_mkdir_p(c->top, "log", 0700, e);
	if (r < 0 && c->made_top)
		(void)sys_unlinkat(AT_FDCWD, c->zonepath, AT_REMOVEDIR);
	return r;
}

static void remove_zonepath(void *ctx)
{
	struct clone *c = ctx;
	struct err ignored = { 0 };

	c->left_behind = storage_remove(c->top, NULL, &ignored) < 0;
	if (!c->left_behind && c->made_top)
		(void)sys_unlinkat(AT_FDCWD, c->zonepath, AT_REMOVEDIR); /* not empty: not ours */
}

static int copy_root(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	const struct clone_way *way = NULL;
	int r = clone_choose(c, c->options->method, &way, e);

	return r < 0 ? r : way->run(c, e);
}

/* Without new keys its ssh server does not start, which is no reason to have no clone. */
static void new_keys(const struct clone *c, int root, const struct strv *removed)
{
	struct err why = { 0 };
	bool all = false;
	int r = clone_keys(c->zonepath, root, c->to->name, removed, &all, &why);

	if (r == 0 && all)
		return;
	auto_free char *note = mem_format(
		"%s of its ssh server are gone%s%s; new ones are made by: zone exec %s ssh-keygen -A",
		r < 0 ? "the keys" : "some keys", r < 0 ? ": " : "", r < 0 ? why.text : "",
		c->to->name);

	warn(c, note);
}

static int new_identity(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	auto_done(strv) struct strv keys = { 0 };
	auto_close int root = zone_root_open(c->dirs, c->to, e);
	int r = root < 0 ? root : clone_identity(root, &keys, e);

	if (r == 0 && keys.n > 0)
		new_keys(c, root, &keys);
	return r;
}

static int mark_installed(void *ctx, struct err *e)
{
	struct clone *c = ctx;
	struct zone_record *r = &c->to->record;
	char now[32];

	zone_time_now(now, sizeof(now));
	r->state = ZONE_INSTALLED;
	r->exit_status = -1;
	replace_text(&r->aux, NULL);
	replace_text(&r->installed, now);
	return zone_record_write(c->dirs, c->to, e);
}

static const struct step clone_steps[] = {
	{ "allocate user ids", allocate_ids, release_ids },
	{ "record the beginning", mark_cloning, unmark },
	{ "make the zonepath", make_zonepath, remove_zonepath },
	{ "copy the root", copy_root, NULL },
	{ "give it an identity of its own", new_identity, NULL },
	{ "record the end", mark_installed, NULL },
};

/* --- what can be refused before anything is done ------------------------------------------------------------------ */

static int find_snapshot(struct clone *c, struct err *e)
{
	if (!c->options->snapshot)
		return 0;
	c->snapshot = snapshot_find(&c->from->record, c->options->snapshot);
	if (c->snapshot)
		return 0;
	return err_set(e, ENOENT, "zone \"%s\" has no snapshot \"%s\": zone snapshot list %s",
		       c->from->name, c->options->snapshot, c->from->name);
}

static int open_from(struct clone *c, const char *name, struct err *e)
{
	int r = zone_open_for(c->dirs, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &c->from, e);

	if (r == 0)
		r = zone_allow(c->from, ZONE_VERB_CLONE, NULL, e);
	return r < 0 ? r : find_snapshot(c, e);
}

/* What a caller asks for on top has to be what he might change in the zone as it would be without. */
static int check_sets(struct clone *c, const char *name, const struct zone_new *o,
		      struct diag_list *diags, struct err *e)
{
	auto_free char *with = NULL;
	int r = 0;

	if (!c->dirs->caller || !o->sets || o->sets->n == 0)
		return 0;
	r = config_compose(c->dirs, name, o, &with, diags, e);
	return r < 0 ? r : delegate_change(c->dirs, c->from, o->text, with, diags, e);
}

/* The new zone's file, from the old one's. */
static int configure(struct clone *c, const char *name, struct diag_list *diags, struct err *e)
{
	auto_done(strv) struct strv left_out = { 0 };
	auto_free char *old = NULL, *text = NULL;
	int r = config_read(c->from, &old, e);

	if (r == 0)
		r = clone_config(old, c->from->name, name, &text, &left_out, e);
	if (r == 0)
		r = delegate_clone_text(c->dirs, &text, e);
	if (r < 0)
		return r;
	const struct zone_new o = { .text = text, .sets = c->options->sets, .is_clone = true };

	r = check_sets(c, name, &o, diags, e);
	if (r == 0)
		r = zone_create(c->dirs, name, &o, diags, e);
	if (r < 0 || left_out.n == 0)
		return r;
	auto_free char *names = strv_join(&left_out, ", ");
	auto_free char *note =
		mem_format("not copied, because only one zone can have it: %s", names);

	warn(c, note);
	return 0;
}

static int check_brand(const struct clone *c, const struct zone_spec *effective, struct err *e)
{
	if (str_eq(effective->brand, c->from->record.brand))
		return 0;
	return err_set(e, EINVAL, "brand: zone \"%s\" is of brand \"%s\", its clone must be too",
		       c->from->name, c->from->record.brand);
}

static int check_zonepath(const struct clone *c, struct err *e)
{
	static const char *const parts[] = { "root", "upper" };
	auto_close int fd = -1;

	if (!file_exists(AT_FDCWD, c->zonepath))
		return 0;
	fd = zone_storage_open(c->zonepath, e);
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (file_exists(fd, parts[i]))
			return err_set(
				e, EEXIST,
				"\"%s/%s\" exists already: take another zonepath, or remove it",
				c->zonepath, parts[i]);
	return 0;
}

static int check_to(struct clone *c, struct diag_list *diags, struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r;

	if (c->to->state != ZONE_CONFIGURED)
		return err_set(
			e, EEXIST,
			"zone \"%s\" exists already (%s): only one that is not installed can become a clone",
			c->to->name, zone_state_word(c->to->state));
	if (!c->to->spec)
		return err_set(e, EINVAL, "%s", c->to->spec_error);
	if (zone_verify_open(c->dirs, c->to, diags) < 0)
		return diag_err(diags, e);
	r = zone_host_facts(c->dirs, c->to, &host, &strings, e);
	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(c->to->spec, &host);

	c->zonepath = mem_strdup(effective->zonepath);
	r = check_brand(c, effective, e);
	return r < 0 ? r : check_zonepath(c, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static bool is_configured(const struct zone_dirs *d, const char *name)
{
	auto_free char *file = mem_format("%s/%s.json", d->config, name);

	return file_exists(AT_FDCWD, file);
}

static int clone_into(struct clone *c, const char *name, struct diag_list *diags, struct err *e)
{
	int r = zone_open_for(c->dirs, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &c->to, e);

	if (r == 0)
		r = check_to(c, diags, e);
	if (r == 0)
		r = steps_run(clone_steps, STEPS_COUNT(clone_steps), c, e);
	return r;
}

/* A zone that was made for nothing goes; the error that counts is the first. */
static void undo_create(struct clone *c, const char *name)
{
	struct err ignored = { 0 };

	zone_free(ptr_steal(&c->to));
	if (!c->left_behind)
		(void)!zone_delete(c->dirs, name, &ignored);
}

int zone_clone(const struct zone_dirs *d, const char *from, const char *name,
	       const struct zone_clone *o, struct diag_list *diags, struct err *e)
{
	auto_done(clone) struct clone c = { .dirs = d, .options = o, .top = -1 };
	bool is_new = false;

	if (str_eq(from, name))
		return err_set(e, EINVAL, "a zone cannot be its own clone");
	int r = open_from(&c, from, e);

	if (r == 0)
		r = delegate_clone(d, c.from, name, e);
	if (r < 0)
		return r;
	if (!is_configured(d, name)) {
		r = configure(&c, name, diags, e);
		is_new = r == 0;
	} else if (d->caller || (o->sets && o->sets->n > 0)) {
		r = err_set(e, EEXIST,
			    "zone \"%s\" is configured already: change it with \"zone set\"", name);
	}
	if (r == 0)
		r = clone_into(&c, name, diags, e);
	if (r < 0 && is_new)
		undo_create(&c, name);
	if (r < 0)
		return err_wrap(e, "clone %s", from);
	zone_event(d, name, "installed", "the zone is a clone", NULL);
	return 0;
}
