/* migrate - the way of a zone that leaves, as migrate.h tells it: this file has the check and the rounds, migrate_stop.c the stop, migrate_end.c the hand-over. */
#include "runtime/zone/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/attach.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/migrate_copy.h"
#include "runtime/zone/migrate_jail.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_run.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

enum { SMALL = 4 << 20 }; /* bytes that are not worth another round */

void zone_migrate_done(struct zone_migrate *m)
{
	zone_attach_done(&m->report);
	free(ptr_steal(&m->passes));
	free(ptr_steal(&m->note));
}

static void migration_done(struct migration *g)
{
	zone_free(ptr_steal(&g->zone));
	remote_done(&g->remote);
	json_free(ptr_steal(&g->note));
	fd_close(&g->lock);
}

uint64_t migration_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int migration_open(struct migration *g, unsigned flags, struct err *e)
{
	zone_free(ptr_steal(&g->zone));
	return zone_open_for(g->dirs, g->name, flags | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			     &g->zone, e);
}

/* --- the root ----------------------------------------------------------------------------------------------------- */

/* Of a root in layers the other host gets what the zone sees, as one tree. */
int migration_tree(const struct migration *g, bool *ret_is_mount, struct err *e)
{
	const struct zone_record *r = &g->zone->record;
	auto_done(strv) struct strv layers = { 0 };
	auto_close int top = zone_storage_open(r->zonepath, e);

	*ret_is_mount = storage_is_overlay(r);
	if (top < 0)
		return top;
	if (!*ret_is_mount)
		return file_open_dir(top, "root", e);
	strv_format(&layers, "%s/upper/fs", r->zonepath);
	storage_layers(g->dirs, r, &layers);
	return storage_view(&layers, e);
}

static int measure(struct migration *g, struct err *e)
{
	bool is_mount;
	auto_close int tree = migration_tree(g, &is_mount, e);
	auto_close int readable = tree < 0 ? tree : file_open_dir(tree, ".", e);

	if (readable < 0)
		return readable;
	g->bytes = tree_size(readable);
	return 0;
}

int migration_copy(struct migration *g, const struct migration_pass *p, struct err *e)
{
	struct zone_migrate *m = g->m;
	struct migrate_round pass = { 0 };
	struct migrate_copy c = { .dirs = g->dirs,
				  .remote = &g->remote,
				  .is_live = p->is_live,
				  .checksums = p->checksums,
				  .what = p->what,
				  .total = m->n_passes == 0 ? g->bytes : 0,
				  .options = m->options };
	auto_close int tree = migration_tree(g, &c.is_mount, e);

	if (tree < 0)
		return tree;
	c.tree = tree;
	int r = migrate_copy(&c, &pass, e);

	if (r < 0)
		return r;
	m->passes = mem_grow(m->passes, m->n_passes + 1, sizeof(*m->passes));
	m->passes[m->n_passes++] = pass;
	return 0;
}

/* --- the check ---------------------------------------------------------------------------------------------------- */

struct json *migration_request(const struct migration *g)
{
	struct json *q = json_new_object();

	json_set(q, "facts", detached_facts(g->zone));
	json_set(q, "bytes", json_new_u64(g->bytes));
	if (g->m->zonepath)
		json_set(q, "zonepath", json_new_string(g->m->zonepath));
	return q;
}

static void check_here(struct migration *g)
{
	const struct zone_record *r = &g->zone->record;
	struct zone_attach *report = &g->m->report;

	if (r->n_snapshots > 0)
		attach_row(
			report, "snapshots", ATTACH_PROBLEM,
			"it has %zu snapshots, which cannot go with it: delete them first (zone snapshot delete %s NAME)",
			r->n_snapshots, g->name);
	if (storage_is_overlay(r) && !g->m->remove)
		attach_row(
			report, "layers", ATTACH_PROBLEM,
			"its root consists of layers, so it cannot be left here detached: with --delete it goes, and what the zone sees of the layers arrives there as one tree");
}

/* A row of the other host, whose words are ours or "other". */
static void add_row(struct zone_attach *report, const struct json *row)
{
	static const char *const checks[] = { "name",  "zonepath", "architecture", "kernel",
					      "brand", "uuid",     "ids",          "host",
					      "place", "space",    "rsync" };
	static const char *const results[] = { ATTACH_OK, ATTACH_WARNING };
	const char *check = "other", *result = ATTACH_PROBLEM;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (str_eq(json_get_string(row, "check", NULL), checks[i]))
			check = checks[i];
	}
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (str_eq(json_get_string(row, "result", NULL), results[i]))
			result = results[i];
	}
	attach_row(report, check, result, "%s", json_get_string(row, "text", "?"));
}

static int check_there(struct migration *g, struct err *e)
{
	auto_ptr(json) struct json *request = migration_request(g);
	auto_ptr(json) struct json *answer = NULL;
	int r = remote_call(&g->remote, "check", request, &answer, e);
	const struct json *rows = r == 0 ? json_get(answer, "report") : NULL;

	for (size_t i = 0; rows && rows->type == JSON_ARRAY && i < rows->n; i++)
		add_row(&g->m->report, rows->items[i]);
	return r;
}

static int check(struct migration *g, struct err *e)
{
	struct zone_attach *report = &g->m->report;

	report->name = mem_strdup(g->name);
	report->check_only = g->m->check_only;
	int r = measure(g, e);

	if (r < 0)
		return r;
	check_here(g);
	r = check_there(g, e);
	if (r < 0)
		return r;
	if (report->n_problems > 0)
		return err_set(
			e, ECANCELED,
			"zone \"%s\" cannot go to \"%s\": %zu problem%s, and nothing was done",
			g->name, g->remote.host, report->n_problems,
			report->n_problems == 1 ? "" : "s");
	return 0;
}

/* --- the rounds --------------------------------------------------------------------------------------------------- */

static int begin(struct migration *g, struct err *e)
{
	auto_ptr(json) struct json *request = migration_request(g);
	auto_free char *key = mem_format("out-%s", g->name);
	const struct strv *options = g->m->ssh_options;
	bool runs = g->zone->state == ZONE_RUNNING;
	bool ran = g->note && json_get_bool(g->note, "running", false);

	if (!g->note)
		g->note = json_new_object();
	json_set(g->note, "token", json_new_string(g->remote.token));
	json_set(g->note, "host", json_new_string(g->remote.host));
	json_set(g->note, "uuid", json_new_string(g->zone->record.uuid ?: ""));
	json_set(g->note, "running", json_new_bool(runs || ran));
	json_set(g->note, "remove", json_new_bool(g->m->remove));
	struct json *list = json_set(g->note, "sshOptions", json_new_array());

	for (size_t i = 0; options && i < options->n; i++)
		json_add(list, json_new_string(options->items[i]));
	int r = note_save(g->dirs, key, g->note, e);

	return r == 0 ? remote_call(&g->remote, "begin", request, NULL, e) : r;
}

/* Until little is left, or as much as the time before. */
static int copy_rounds(struct migration *g, struct err *e)
{
	unsigned long long before = 0;

	for (unsigned i = 1; i <= g->m->rounds; i++) {
		auto_free char *what = mem_format("round %u", i);
		const struct migration_pass p = { .what = what, .is_live = true };
		int r = migration_open(g, 0, e);

		if (r == 0)
			r = zone_allow(g->zone, ZONE_VERB_MIGRATE, NULL, e);
		if (r < 0 || g->zone->state != ZONE_RUNNING)
			return r;
		r = migration_copy(g, &p, e);
		if (r < 0)
			return r;
		unsigned long long bytes = g->m->passes[g->m->n_passes - 1].bytes;

		if (bytes <= SMALL || (i > 1 && bytes > before / 4 * 3))
			break;
		before = bytes;
	}
	return 0;
}

/* --- the beginning ------------------------------------------------------------------------------------------------ */

static int lock(struct migration *g, struct err *e)
{
	auto_free char *stage = NULL;
	int r = migrate_stage(g->dirs, &stage, e);

	if (r < 0)
		return r;
	auto_free char *path = mem_format("%s/%s", stage, g->name);

	g->remote.control = mem_format("%s/%d", stage, (int)getpid());
	r = file_lock(AT_FDCWD, path, true, 0, &g->lock, e);
	return r == -EWOULDBLOCK
		       ? err_set(e, EBUSY, "zone \"%s\" is being migrated already", g->name)
		       : r;
}

static int new_token(char **ret, struct err *e)
{
	unsigned char bytes[16];
	struct strbuf b = { 0 };

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(e, "get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		strbuf_format(&b, "%02x", bytes[i]);
	*ret = strbuf_steal(&b);
	return 0;
}

/* A note of this zone says where it went; of another one of that name it is worth nothing. */
static int load_note(struct migration *g, struct err *e)
{
	auto_free char *key = mem_format("out-%s", g->name);
	int r = note_load(g->dirs, key, &g->note, e);

	if (r <= 0)
		return r;
	const char *token = json_get_string(g->note, "token", NULL);
	const char *host = json_get_string(g->note, "host", "");

	if (!remote_token_ok(token) || remote_check_host(host, e) < 0 ||
	    !str_eq(json_get_string(g->note, "uuid", NULL), g->zone->record.uuid)) {
		json_free(ptr_steal(&g->note));
		return 0;
	}
	g->remote.token = mem_strdup(token);
	g->remote.host = mem_strdup(host);
	return 0;
}

static int load_host(struct migration *g, struct err *e)
{
	const char *host = g->m->host;

	if (g->note && host && !str_eq(host, g->remote.host))
		return err_set(
			e, EBUSY,
			"a migration of zone \"%s\" to \"%s\" was begun: go on with that one, or end it first (zone migrate --abort %s)",
			g->name, g->remote.host, g->name);
	if (!g->note && host) {
		g->remote.host = mem_strdup(host);
		return new_token(&g->remote.token, e);
	}
	return 0;
}

/* Those of the note, unless new ones are given. */
static void load_options(struct migration *g, struct strv *kept)
{
	const struct json *list = g->note ? json_get(g->note, "sshOptions") : NULL;

	g->remote.options = g->m->ssh_options;
	if (!list || list->type != JSON_ARRAY || (g->m->ssh_options && g->m->ssh_options->n > 0))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i]->type == JSON_STRING)
			strv_add(kept, list->items[i]->text);
	}
	g->remote.options = kept;
	g->m->ssh_options = kept;
}

/* All but the note was done when it was interrupted. */
static bool is_gone(const struct migration *g)
{
	const struct zone *z = g->zone;
	auto_ptr(json) struct json *left = NULL;
	auto_free char *usual = mem_format("%s/%s", g->dirs->storage, g->name);
	struct err ignored = { 0 };

	return g->note && z->detached &&
	       detached_load(z->spec->zonepath ? z->spec->zonepath : usual, &left, &ignored) == 0 &&
	       str_eq(json_get_string(left, DETACHED_TO, NULL), g->remote.host);
}

static void forget_gone(struct migration *g)
{
	auto_free char *key = mem_format("out-%s", g->name);
	struct err ignored = { 0 };

	(void)!remote_call(&g->remote, "end", NULL, NULL, &ignored); /* it only forgets its note */
	note_forget(g->dirs, key);
	g->m->note = mem_format("zone \"%s\" is on \"%s\" already", g->name, g->remote.host);
}

static int prepare(struct migration *g, struct strv *options, struct err *e)
{
	const char *rsync;
	int r = g->m->host ? remote_check_host(g->m->host, e) : 0;

	if (r == 0)
		r = remote_find_ssh(e);
	if (r == 0)
		r = jail_rsync(&rsync, e);
	if (r == 0)
		r = migration_open(g, 0, e);
	if (r == 0)
		r = lock(g, e);
	if (r == 0)
		r = load_note(g, e);
	if (r == 0)
		r = load_host(g, e);
	if (r == 0 && !is_gone(g))
		r = zone_allow(g->zone, ZONE_VERB_MIGRATE, NULL, e);
	if (r < 0)
		return r;
	g->remote.zone = mem_strdup(g->name);
	load_options(g, options);
	return 0;
}

static int settle_first(struct migration *g, bool back, struct err *e)
{
	int r = migration_open(g, ZONE_OPEN_LOCK, e);

	if (r == 0)
		r = migration_is_leaving(g->zone) ? migration_settle(g, back, e) : 1;
	return r;
}

static int migrate(struct migration *g, struct err *e)
{
	if (is_gone(g)) {
		forget_gone(g);
		return 0;
	}
	if (migration_is_leaving(g->zone)) {
		int r = settle_first(g, false, e);

		if (r <= 0)
			return r;
		r = migration_open(g, 0, e);
		if (r < 0)
			return r;
	}
	int r = check(g, e);

	if (r < 0 || g->m->check_only)
		return r;
	r = begin(g, e);
	if (r == 0)
		r = copy_rounds(g, e);
	if (r == 0)
		r = migration_stop(g, e);
	return r == 0 ? migration_hand_over(g, e) : r;
}

int zone_migrate(const struct zone_dirs *d, const char *name, struct zone_migrate *m, struct err *e)
{
	auto_done(strv) struct strv options = { 0 };
	auto_done(migration) struct migration g = { .dirs = d, .name = name, .m = m, .lock = -1 };
	int r = prepare(&g, &options, e);

	if (r == 0)
		r = migrate(&g, e);
	m->ssh_options = NULL;
	return r < 0 ? err_wrap(e, "migrate %s", name) : 0;
}

/* --- abort -------------------------------------------------------------------------------------------------------- */

/* Before the hand-over the zone is here, whatever the other host says; only what is there of it has to go. */
static int abort_rounds(struct migration *g, struct err *e)
{
	int r = remote_call(&g->remote, "abort", NULL, NULL, e);

	if (r == -ENOTCONN && !g->m->force)
		return err_wrap(
			e,
			"what is there of it could not be removed (-F forgets it; there: zone uninstall %s)",
			g->name);
	return r == -ENOTCONN ? 0 : r;
}

static int give_up(struct migration *g, struct err *e)
{
	auto_free char *key = mem_format("out-%s", g->name);
	int r;

	if (g->note && is_gone(g)) {
		forget_gone(g);
		return 0;
	}
	if (!g->note) {
		g->m->note = mem_format("zone \"%s\": no migration of it was begun", g->name);
		return 0;
	}
	if (migration_is_leaving(g->zone))
		r = settle_first(g, true, e);
	else
		r = abort_rounds(g, e);
	if (r < 0)
		return r;
	note_forget(g->dirs, key);
	migration_boot_here(g, e);
	return 0;
}

int zone_migrate_abort(const struct zone_dirs *d, const char *name, struct zone_migrate *m,
		       struct err *e)
{
	auto_done(strv) struct strv options = { 0 };
	auto_done(migration) struct migration g = { .dirs = d, .name = name, .m = m, .lock = -1 };
	int r = prepare(&g, &options, e);

	if (r == 0)
		r = give_up(&g, e);
	m->ssh_options = NULL;
	return r < 0 ? err_wrap(e, "migrate --abort %s", name) : 0;
}
