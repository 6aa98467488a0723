/* apply - a running zone becomes what its file says.
 *
 *   plan     the differences and what becomes of each (changes.c)
 *   refuse   whatever can be refused: the file as a whole, against this host, and what no running zone can change
 *   note     in running.N.json what is about to change: from now on a kill leaves "not known" behind, and the next apply sets those again, whatever the file says by then
 *   act      step by step; when one fails, those before it are undone in reverse order
 *   note     what the zone runs with now
 *
 * The command does this under the zone's lock, which halt, boot and set take too. The monitor has no part in it: it reads running.N.json when it needs a value. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/apply.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/delegate.h"
#include "runtime/zone/events.h"
#include "runtime/zone/record.h"
#include "runtime/zone/running.h"
#include "runtime/zone/zone.h"

/* --- the plan for others ---------------------------------------------------------------------------------------------- */

enum { EVENT_PATHS_MAX = 64 };

static char *value_text(const struct json *j)
{
	if (!j)
		return NULL;
	return j->type == JSON_STRING ? mem_strdup(j->text) : json_print(j, false);
}

/* Of a caller who may neither enter the zone nor read its file, as zone_info() has it. */
static char *shown_text(const struct change *c, const struct json *value)
{
	auto_ptr(json) struct json *copy = value ? json_clone(value) : NULL;
	bool is_env = str_eq(c->key, "service") && str_eq(c->name, "env");

	if (value && str_eq(c->key, "admin"))
		return mem_strdup("(hidden)");
	for (size_t i = 0; is_env && copy && i < copy->n; i++)
		json_set(copy, copy->items[i]->key, json_new_string("(hidden)"));
	return value_text(copy);
}

static void hide(const struct zone_caller *stranger, const struct changes *c, struct zone_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct change *one = &c->items[i];
		const struct zone_admin entry = { .user = one->name };

		if (str_eq(one->key, "admin") && one->name && zone_admin_is(&entry, stranger->uid))
			continue;
		free(p->items[i].from);
		free(p->items[i].to);
		p->items[i].from = shown_text(one, one->from);
		p->items[i].to = shown_text(one, one->to);
		if (str_eq(one->key, "admin")) { /* there is a name in it */
			free(p->items[i].path);
			p->items[i].path = mem_strdup(one->key);
		}
	}
}

static void plan_fill(struct zone_plan *p, const struct changes *c)
{
	p->items = mem_array(c->n, sizeof(*p->items));
	p->n = c->n;
	p->n_live = changes_count(c, CHANGE_LIVE);
	p->n_reboot = changes_count(c, CHANGE_REBOOT);
	p->n_refused = changes_count(c, CHANGE_REFUSED);
	for (size_t i = 0; i < c->n; i++)
		p->items[i] = (struct zone_change){ .path = mem_strdup(c->items[i].path),
						    .from = value_text(c->items[i].from),
						    .to = value_text(c->items[i].to),
						    .how = change_how_word(c->items[i].how),
						    .why = c->items[i].why,
						    .again = c->items[i].again };
}

void zone_plan_done(struct zone_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].path);
		free(p->items[i].from);
		free(p->items[i].to);
	}
	free(p->items);
	*p = (struct zone_plan){ 0 };
}

/* --- what acts need --------------------------------------------------------------------------------------------------- */

/* A device that has been unplugged must not keep the zone from being changed: nothing can be done with it any more, and its rule allows what does not exist. */
static void forget_lost_devices(struct zone_spec *z)
{
	size_t n = 0;

	for (size_t i = 0; i < z->n_device; i++) {
		struct zone_device one = z->device[i];

		if (file_exists(AT_FDCWD, one.match)) {
			z->device[n++] = one;
			continue;
		}
		free(one.match);
		free(one.access);
	}
	z->n_device = n;
}

/* A disk that is gone takes its limits along. */
static void forget_lost_disks(struct zone_spec *z)
{
	size_t n = 0;

	for (size_t i = 0; i < z->n_block_io; i++) {
		struct zone_block_io one = z->block_io[i];
		struct err ignored = { 0 };
		dev_t disk;

		if (zone_block_device(&one, &disk, &ignored) == 0) {
			z->block_io[n++] = one;
			continue;
		}
		free(one.path);
		free(one.device);
	}
	z->n_block_io = n;
}

int apply_translate(const struct apply *a, const struct json *document,
		    const struct zone_boot_options *options, struct zone_spec **ret_zone,
		    struct container_spec **ret, struct err *e)
{
	auto_ptr(zone_spec) struct zone_spec *spec = zone_spec_load(document);
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r = zone_host_facts(a->dirs, a->zone, &host, &strings, e);

	*ret_zone = zone_spec_load(document);
	if (r < 0)
		return r;
	forget_lost_devices(spec);
	forget_lost_disks(spec);
	return zone_to_oci(spec, &host, options, ret, e);
}

int apply_open(struct apply *a, const struct json *running, const struct json *merged,
	       struct err *e)
{
	auto_free char *root = mem_format("%s/.engine", a->dirs->run);
	const struct zone_boot_options options = { .init_kind = "zone-init" };
	int r = apply_translate(a, running, &options, &a->zone_before, &a->before, e);

	if (r == 0)
		r = apply_translate(a, merged, &options, &a->zone_after, &a->after, e);
	if (r == 0)
		r = engine_open(root, a->zone->name, false, &a->container, e);
	if (r < 0)
		apply_done(a);
	return r;
}

void apply_done(struct apply *a)
{
	container_spec_free(ptr_steal(&a->before));
	container_spec_free(ptr_steal(&a->after));
	zone_spec_free(ptr_steal(&a->zone_before));
	zone_spec_free(ptr_steal(&a->zone_after));
	engine_free(ptr_steal(&a->container));
	apply_process_done(a);
	engine_policy_saved_free(ptr_steal(&a->policy));
	free(ptr_steal(&a->cpus_old));
}

/* --- acting ----------------------------------------------------------------------------------------------------------- */

struct step {
	const struct change *change;
	int order;
};
struct steps {
	struct step *items;
	size_t n;
};
static void steps_done(struct steps *s)
{
	free(s->items);
}

static bool is_covered(const struct steps *s, const struct change *c)
{
	for (size_t i = 0; c->act->together && i < s->n; i++)
		if (s->items[i].change->act == c->act)
			return true;
	return false;
}

/* By their order, else as they are found. */
static void steps_make(const struct changes *c, struct steps *s)
{
	s->items = mem_array(c->n, sizeof(*s->items));
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->items[i];

		if (!one->act || is_covered(s, one))
			continue;
		struct step step = { one, one->act->order ? one->act->order(one) : 0 };
		size_t at = s->n++;

		for (; at > 0 && s->items[at - 1].order > step.order; at--)
			s->items[at] = s->items[at - 1];
		s->items[at] = step;
	}
}

/* The monitor boots a zone again without asking for our lock. Then the file holds, and there is nothing to do. */
static int check_same_boot(const struct apply *a, struct err *e)
{
	auto_done(zone_run) struct zone_run now = { 0 };
	struct err ignored = { 0 };

	if (zone_run_load(a->dirs, a->zone->name, &now, &ignored) > 0 &&
	    now.restarts == a->zone->run.restarts && now.init == a->zone->run.init &&
	    now.state != ZONE_DOWN)
		return 0;
	return err_set(e, ECANCELED,
		       "zone \"%s\" has ended meanwhile: its file counts at its next boot",
		       a->zone->name);
}

static int undo(struct apply *a, const struct steps *s, size_t n)
{
	int result = 0;

	while (n-- > 0) {
		const struct change *c = s->items[n].change;
		struct err why = { 0 };

		if (c->act->run(a, c, true, &why) == 0)
			continue;
		log_error("%s could not be set back: %s", c->path, why.text);
		result = -EIO;
	}
	return result;
}

/* *ret_undone: the zone is as before. */
static int act(struct apply *a, const struct steps *s, bool *ret_undone, struct err *e)
{
	*ret_undone = false;
	for (size_t i = 0; i < s->n; i++) {
		const struct change *c = s->items[i].change;
		int r = check_same_boot(a, e);

		if (r < 0)
			return r;
		r = c->act->run(a, c, false, e);
		if (r == 0)
			continue;
		zone_limit_words(e);
		*ret_undone = undo(a, s, i) == 0 && r != -ENOTRECOVERABLE;
		return *ret_undone ? r : err_wrap(e, "the zone could not be set back completely");
	}
	return 0;
}

/* --- one apply ---------------------------------------------------------------------------------------------------------- */

struct run {
	struct apply apply;
	struct running running;
	struct json *wanted;
	struct changes changes;
};
static void run_done(struct run *r)
{
	apply_done(&r->apply);
	running_done(&r->running);
	json_free(r->wanted);
	changes_done(&r->changes);
}

static bool is_up(const struct zone *z)
{
	return z->init_alive && (z->state == ZONE_READY || z->state == ZONE_RUNNING);
}

static int run_plan(struct run *x, struct zone_plan *ret, struct err *e)
{
	const struct zone_dirs *d = x->apply.dirs;
	const struct zone *z = x->apply.zone;

	ret->state = z->state;
	ret->running = is_up(z);
	if (!ret->running)
		return 0;
	int r = running_load(d, z, &x->running, e);

	if (r == 0)
		return err_set(
			e, EOPNOTSUPP,
			"zone \"%s\" was booted by an older version, which did not note with what: boot it again (zone reboot %s)",
			z->name, z->name);
	if (r > 0)
		r = running_wanted(d, z, &x->wanted, e);
	if (r < 0)
		return r;
	changes_find(x->running.config, x->wanted, &x->running.unsure, &x->changes);
	plan_fill(ret, &x->changes);
	if (zone_admin_is_stranger(d, z->spec))
		hide(d->caller, &x->changes, ret);
	return 0;
}

static int check_refused(const struct zone *z, const struct changes *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].how == CHANGE_REFUSED)
			return err_set(e, EBUSY, "%s: zone \"%s\" is %s, and %s", c->items[i].path,
				       z->name, zone_state_word(z->state), c->items[i].why);
	return 0;
}

/* The steps' changes, before the first of them. */
static int note_begin(struct run *x, const struct running *old, const struct steps *s,
		      struct err *e)
{
	struct running noted = { .config = old->config };

	strv_copy(&noted.unsure, &old->unsure);
	for (size_t i = 0; i < x->changes.n; i++)
		if (x->changes.items[i].act && !strv_has(&noted.unsure, x->changes.items[i].path))
			strv_add(&noted.unsure, x->changes.items[i].path);
	int r = s->n > 0 ? running_store(x->apply.dirs, x->apply.zone, &noted, e) : 0;

	strv_done(&noted.unsure);
	return r;
}

/* As it was, all of it known again. */
static void note_undone(struct run *x)
{
	struct err why = { 0 };

	strv_done(&x->running.unsure);
	if (running_store(x->apply.dirs, x->apply.zone, &x->running, &why) < 0)
		log_err(&why);
}

static int note_end(struct run *x, const struct json *merged, struct err *e)
{
	struct running now = { .matches = changes_count(&x->changes, CHANGE_LIVE) == x->changes.n,
			       .file_sum = x->apply.zone->config_sum };
	auto_ptr(zone_spec) struct zone_spec *spec = zone_spec_load(merged);
	int r;

	now.config = zone_spec_save(spec);
	r = running_store(x->apply.dirs, x->apply.zone, &now, e);
	running_done(&now);
	return r;
}

static int run_act(struct run *x, struct err *e)
{
	auto_ptr(json) struct json *merged =
		changes_merge(x->running.config, x->wanted, &x->changes);
	auto_done(steps) struct steps steps = { 0 };
	bool undone = false;
	int r;

	steps_make(&x->changes, &steps);
	if (steps.n > 0) {
		r = apply_open(&x->apply, x->running.config, merged, e);
		if (r < 0)
			return r;
	}
	r = note_begin(x, &x->running, &steps, e);
	if (r < 0)
		return r;
	r = act(&x->apply, &steps, &undone, e);
	if (r == 0) {
		r = note_end(x, merged, e);
		if (r < 0)
			undone = undo(&x->apply, &steps, steps.n) == 0;
	}
	if (r < 0 && undone)
		note_undone(x);
	return r;
}

/* --- the file ------------------------------------------------------------------------------------------------------------ */

/* A file that replaces the zone's: the zone is looked at as if it were there already. */
struct texts {
	char *old, *new; /* NULL: there is no file; it stays */
};
static void texts_done(struct texts *t)
{
	free(t->old);
	free(t->new);
}

static int take_text(const struct zone_dirs *d, struct zone *z, const char *text, struct texts *t,
		     struct diag_list *diags, struct err *e)
{
	const struct zone_new from = { .text = text };
	char **ret = &t->new;
	int r = config_read(z, &t->old, e);

	if (r == 0 || r == -ENOENT)
		r = config_compose(d, z->name, &from, ret, diags, e);
	if (r == 0)
		r = delegate_change(d, z, t->old, t->new, diags, e);
	if (r < 0)
		return r;
	zone_spec_free(ptr_steal(&z->spec));
	z->config_sum = config_sum(*ret, strlen(*ret));
	r = zone_spec_parse(*ret, strlen(*ret), &z->spec, diags);
	return r < 0 ? diag_err(diags, e) : 0;
}

/* Every problem of the file with its place in it. */
static int file_problems(const struct zone *z, struct diag_list *diags, struct err *e)
{
	auto_free char *text = NULL;
	int r = config_read(z, &text, e);

	if (r == 0)
		r = config_check(z->name, text, diags, e);
	return r < 0 ? r : err_set(e, EINVAL, "%s", z->spec_error);
}

static int check_all(const struct zone_dirs *d, const struct zone *z, const struct changes *c,
		     struct diag_list *diags, struct err *e)
{
	int r = check_refused(z, c, e);

	if (r < 0 || z->state == ZONE_INCOMPLETE)
		return r;
	return zone_verify_open(d, z, diags) < 0 ? diag_err(diags, e) : 0;
}

/* The file first: when we are killed the next apply finds it and finishes. */
static int write_and_act(struct run *x, const char *old, const char *text, struct zone_plan *p,
			 struct err *e)
{
	const struct zone *z = x->apply.zone;
	struct err why = { 0 };
	int r = 0;

	p->rewritten = text && !str_eq(old, text);
	if (p->rewritten) {
		r = config_write(z, old, text, e);
		if (r < 0)
			return r;
	}
	r = p->running ? run_act(x, e) : 0;
	if (r == 0 || !p->rewritten || !old)
		return r;
	p->rewritten = false;
	if (config_write(z, text, old, &why) < 0)
		return err_wrap(e, "the file could not be set back (%.150s)", why.text);
	return r;
}

/* Which properties of the running zone are others now. */
static void tell_applied(const struct zone_dirs *d, const struct zone *z, const struct zone_plan *p)
{
	struct json *data = json_new_object();
	struct json *paths = json_set(data, "paths", json_new_array());
	auto_free char *text = mem_format("%zu change%s applied to the running zone", p->n_live,
					  p->n_live == 1 ? " is" : "s are");

	for (size_t i = 0; i < p->n && i < EVENT_PATHS_MAX; i++) {
		if (str_eq(p->items[i].how, "live"))
			json_add(paths, json_new_string(p->items[i].path));
	}
	zone_event(d, z->name, "applied", text, data);
}

static int apply_existing(const struct zone_dirs *d, struct zone *z, const struct zone_apply *o,
			  struct zone_plan *ret, struct diag_list *diags, struct err *e)
{
	auto_done(run) struct run x = { .apply = { .dirs = d, .zone = z } };
	auto_done(texts) struct texts texts = { 0 };
	int r = zone_allow(z, ZONE_VERB_APPLY, NULL, e);

	if (r < 0)
		return r;
	if (o->text)
		r = take_text(d, z, o->text, &texts, diags, e);
	else if (!z->spec)
		r = file_problems(z, diags, e);
	if (r == 0)
		r = run_plan(&x, ret, e);
	if (r == 0)
		r = check_all(d, z, &x.changes, diags, e);
	if (r < 0 || o->plan_only)
		return r;
	r = write_and_act(&x, texts.old, texts.new, ret, e);
	if (r == 0 && ret->running && ret->n_live > 0)
		tell_applied(d, z, ret);
	return r;
}

int zone_apply(const struct zone_dirs *d, const char *name, const struct zone_apply *o,
	       struct zone_plan *ret, struct diag_list *diags, struct err *e)
{
	const struct zone_new new_zone = { .text = o->text, .check_only = o->plan_only };
	auto_ptr(zone) struct zone *z = NULL;
	unsigned must = o->text ? 0 : ZONE_OPEN_MUST_EXIST;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | must, &z, e);

	*ret = (struct zone_plan){ 0 };
	if (r < 0)
		return r;
	if (z->state != ZONE_NONE)
		return apply_existing(d, z, o, ret, diags, e);
	zone_free(ptr_steal(&z)); /* zone_create() takes the lock itself */
	r = zone_create(d, name, &new_zone, diags, e);
	ret->created = r == 0;
	ret->state = ZONE_CONFIGURED;
	return r;
}

int zone_diff(const struct zone_dirs *d, const char *name, struct zone_plan *ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r;

	*ret = (struct zone_plan){ 0 };
	r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);
	if (r < 0)
		return r;
	auto_done(run) struct run x = { .apply = { .dirs = d, .zone = z } };

	return run_plan(&x, ret, e);
}
