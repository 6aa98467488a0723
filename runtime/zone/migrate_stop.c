/* migrate_stop - the short time in which the zone stands still. Ctrl-C does not end this program meanwhile but the two that it started, so it comes to the same end as any failure: the zone runs here again. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/manifest.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_run.h"
#include "runtime/zone/tree.h"

static void say(const struct migration *g, const char *what)
{
	const struct zone_install *o = g->m->options;

	if (o && o->progress)
		o->progress(o->arg, what, 0, 0);
}

/* --- halt --------------------------------------------------------------------------------------------------------- */

static int halt(struct migration *g, struct err *e)
{
	auto_free char *note = NULL;

	if (g->zone->state != ZONE_RUNNING)
		return 0;
	g->stopped_at = migration_now();
	say(g, "halting the zone");
	return g->m->shutdown ? zone_shutdown(g->dirs, g->name, false, g->m->shutdown_ms, &note, e)
			      : zone_halt(g->dirs, g->name, &note, e);
}

void migration_boot_here(struct migration *g, struct err *e)
{
	const struct zone_boot o = { 0 };
	auto_free char *note = NULL;
	struct err why = { 0 };

	zone_free(ptr_steal(&g->zone)); /* and its lock */
	if (!g->note || !json_get_bool(g->note, "running", false))
		return;
	int r = zone_boot(g->dirs, g->name, &o, &note, &why);

	if (e->code && r == 0)
		(void)err_wrap(e, "the zone runs here again");
	else if (e->code)
		(void)err_wrap(e, "the zone is here, but could not be booted again (%.100s)",
			       why.text);
	else if (r < 0)
		g->m->note = mem_format("zone \"%s\" is here, but could not be booted: %s", g->name,
					why.text);
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static int describe(struct migration *g, struct strbuf *text, char *sum, struct err *e)
{
	static const struct zone_install quiet = { 0 };
	bool is_mount;
	auto_close int tree = migration_tree(g, &is_mount, e);
	auto_close int root = tree < 0 ? tree : file_open_dir(tree, ".", e);
	struct tree_job job = { .root = root,
				.options = g->m->options ? g->m->options : &quiet,
				.total = g->bytes,
				.owners = true };

	if (root < 0)
		return root;
	int r = manifest_root(text, &job, e);

	return r == 0 ? digest_of(strbuf_text(text), text->len, sum, e) : r;
}

/* Both hosts read their files at the same time. 1: they differ, and *e says where if `name_it`. */
static int compare(struct migration *g, bool name_it, struct err *e)
{
	__attribute__((cleanup(remote_call_done))) struct remote_call c = REMOTE_CALL_NONE;
	auto_ptr(json) struct json *request = json_new_object();
	auto_ptr(json) struct json *answer = NULL;
	auto_done(strbuf) struct strbuf ours = { 0 };
	auto_free char *theirs = NULL;
	char sum[DIGEST_TEXT_MAX];

	json_set(request, "text", json_new_bool(name_it));
	int r = remote_ask(&g->remote, "verify", request, &c, e);

	if (r == 0)
		r = describe(g, &ours, sum, e);
	if (r == 0)
		r = remote_answer(&g->remote, &c, &answer, &theirs, e);
	if (r < 0)
		return r;
	if (str_eq(sum, json_get_string(answer, "digest", NULL)))
		return 0;
	if (!name_it)
		return 1;
	r = manifest_compare(strbuf_text(&ours), theirs, e);
	return r < 0 ? err_wrap(e, "what arrived on \"%s\"", g->remote.host)
		     : err_set(e, EBADMSG, "\"%s\" says nothing that can be compared",
			       g->remote.host);
}

/* rsync goes by size and time, and a program can change a file and set its time back: then once more by what is in the files. */
static int copy_rest(struct migration *g, struct err *e)
{
	const struct migration_pass last = { .what = "last round" };
	const struct migration_pass again = { .what = "comparing all bytes", .checksums = true };
	int r = migration_copy(g, &last, e);

	if (r == 0)
		r = compare(g, false, e);
	if (r <= 0)
		return r;
	r = migration_copy(g, &again, e);
	return r == 0 ? compare(g, true, e) : r;
}

/* --- the stop ----------------------------------------------------------------------------------------------------- */

/* The other host has the configuration of the beginning; in the meantime it may have been changed. */
static int begin_again(struct migration *g, uint64_t sum, struct err *e)
{
	auto_ptr(json) struct json *request = migration_request(g);

	return sum == g->zone->config_sum ? 0 : remote_call(&g->remote, "begin", request, NULL, e);
}

static int stop(struct migration *g, uint64_t sum, struct err *e)
{
	int r = halt(g, e);

	if (r == 0)
		r = migration_open(g, ZONE_OPEN_LOCK, e);
	if (r == 0 && g->zone->state != ZONE_INSTALLED)
		r = err_set(e, EBUSY, "the zone is %s meanwhile: somebody else works on it",
			    zone_state_word(g->zone->state));
	if (r == 0)
		r = begin_again(g, sum, e);
	return r == 0 ? copy_rest(g, e) : r;
}

int migration_stop(struct migration *g, struct err *e)
{
	auto_free char *key = mem_format("out-%s", g->name);
	uint64_t sum = g->zone->config_sum;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	int r = stop(g, sum, e);

	if (r == 0)
		return 0;
	migration_boot_here(g, e);
	return -e->code;
}
