/* migrate_end - the zone changes hands.
 *
 *   here                              there                      after a crash or a broken connection
 *   installed                         arriving, whole            it is here; `zone migrate` goes on, `zone migrate --abort` removes what is there
 *   leaving (cannot be booted)        arriving, whole            nobody boots it until `zone migrate` or `--abort` has asked there
 *   leaving                           installed, or running      it is there; `zone migrate` brings it to an end here
 *   detached, or gone                 installed, or running
 *
 * The record here changes first, durably; only then the other host is told that the zone is its own. So there is no moment at which both could boot it, and none at which neither has all of it. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/events.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_run.h"
#include "runtime/zone/record.h"

enum { TRIES = 3, PAUSE_MS = 1000 };

bool migration_is_leaving(const struct zone *z)
{
	return z->state == ZONE_INCOMPLETE && str_eq(z->record.aux, MIGRATE_LEAVING);
}

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

/* --- the record here ---------------------------------------------------------------------------------------------- */

static int set_leaving(struct migration *g, bool leaving, struct err *e)
{
	struct zone_record *r = &g->zone->record;
	auto_free char *why = mem_format(
		"it is on its way to \"%s\" and may be there already: zone migrate %s %s goes on, zone migrate --abort %s takes it back if it is not",
		g->remote.host, g->name, g->remote.host, g->name);
	char now[32];

	zone_time_now(now, sizeof(now));
	r->state = leaving ? ZONE_INCOMPLETE : ZONE_INSTALLED;
	replace_text(&r->aux, leaving ? MIGRATE_LEAVING : NULL);
	replace_text(&r->reason, leaving ? why : NULL);
	replace_text(&r->reason_time, leaving ? now : NULL);
	return zone_record_write(g->dirs, g->zone, e);
}

/* Removed as `zone uninstall` does it, which can be repeated until it succeeds. */
static int remove_here(struct migration *g, struct err *e)
{
	auto_free char *note = NULL;
	struct zone_record *r = &g->zone->record;
	auto_free char *why = mem_format("it was migrated to \"%s\"", g->remote.host);

	r->state = ZONE_INCOMPLETE;
	replace_text(&r->aux, "uninstalling");
	replace_text(&r->reason, why);
	int n = zone_record_write(g->dirs, g->zone, e);

	zone_free(ptr_steal(&g->zone)); /* and its lock */
	if (n == 0)
		n = zone_uninstall(g->dirs, g->name, &note, e);
	return n == 0 ? zone_delete(g->dirs, g->name, e) : n;
}

static int leave(struct migration *g, struct err *e)
{
	auto_free char *text = mem_format("it is on \"%s\" now", g->remote.host);
	auto_free char *zonepath = mem_strdup(g->zone->record.zonepath);
	int r = detach_migrated(g->dirs, g->zone, g->remote.host, e);

	if (r < 0)
		return r;
	zone_event(g->dirs, g->name, "migrated", text, NULL);
	if (!g->m->note)
		g->m->note = mem_format("zone \"%s\" is on \"%s\"; its old files are in \"%s\"",
					g->name, g->remote.host, zonepath);
	return 0;
}

/* It is there. */
static int finish(struct migration *g, struct err *e)
{
	auto_free char *key = mem_format("out-%s", g->name);
	struct err ignored = { 0 };
	int r = json_get_bool(g->note, "remove", false) ? remove_here(g, e) : leave(g, e);

	if (r < 0)
		return err_wrap(e, "the zone is on \"%s\", but not all is done here",
				g->remote.host);
	(void)!remote_call(&g->remote, "end", NULL, NULL, &ignored); /* it only forgets its note */
	note_forget(g->dirs, key);
	return 0;
}

/* --- the other host ----------------------------------------------------------------------------------------------- */

static int ask_state(struct migration *g, char **ret, struct err *e)
{
	int r = -ENOTCONN;

	for (int i = 0; i < TRIES && r == -ENOTCONN; i++) {
		auto_ptr(json) struct json *answer = NULL;

		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
		r = remote_call(&g->remote, "status", NULL, &answer, e);
		if (r == 0)
			*ret = mem_strdup(json_get_string(answer, "state", ""));
	}
	return r;
}

static int in_doubt(struct migration *g, struct err *e)
{
	return err_wrap(
		e,
		"\"%s\" has all of it but does not say whether it has heard that the zone is its own, so it is not booted here: ask again with zone migrate %s %s",
		g->remote.host, g->name, g->remote.host);
}

static int call_there(struct migration *g, const char *step, struct err *e)
{
	auto_ptr(json) struct json *request = migration_request(g);
	int r = -ENOTCONN;

	for (int i = 0; i < TRIES && r == -ENOTCONN; i++) { /* to ask twice is fine */
		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
		r = remote_call(&g->remote, step, request, NULL, e);
	}
	return r;
}

static bool is_there(const char *state)
{
	return str_eq(state, "installed") || str_eq(state, "running");
}

/* --- the hand-over ------------------------------------------------------------------------------------------------ */

/* What went wrong there is *e. The zone comes back only when the other host has said that nothing is left there which could still make it its own; else nobody boots it. With `undo` it was its own already, and
 * did not boot. */
static int take_back(struct migration *g, bool undo, struct err *e)
{
	auto_ptr(json) struct json *request = json_new_object();
	auto_free char *state = NULL;
	struct err why = *e, other = { 0 };

	json_set(request, "undo", json_new_bool(undo));
	int r = remote_call(&g->remote, "abort", request, NULL, &other);

	if (r == -EEXIST && ask_state(g, &state, &other) == 0 &&
	    (str_eq(state, "running") || (is_there(state) && !undo)))
		return finish(g, e);
	if (r < 0) {
		*e = other;
		return in_doubt(g, e);
	}
	r = set_leaving(g, false, e);
	if (r < 0)
		return r;
	*e = why;
	if (undo)
		(void)err_wrap(e, "it could not be booted there");
	migration_boot_here(g, e);
	return -e->code;
}

/* From "arriving, whole" on. */
static int give(struct migration *g, struct err *e)
{
	int r = call_there(g, "commit", e);

	if (r == -ENOTCONN)
		return in_doubt(g, e);
	if (r < 0)
		return take_back(g, false, e);
	if (json_get_bool(g->note, "running", false)) {
		r = call_there(g, "boot", e);
		if (r == -ENOTCONN)
			return in_doubt(g, e);
		if (r < 0)
			return take_back(g, true, e);
	}
	if (g->stopped_at) {
		g->m->stopped = true;
		g->m->stop_ms = migration_now() - g->stopped_at;
	}
	return finish(g, e);
}

int migration_hand_over(struct migration *g, struct err *e)
{
	int r = set_leaving(g, true, e);

	if (r < 0) {
		migration_boot_here(g, e);
		return -e->code;
	}
	return give(g, e);
}

/* --- after an interruption ---------------------------------------------------------------------------------------- */

static int settle_back(struct migration *g, const char *state, struct err *e)
{
	if (is_there(state))
		return err_set(
			e, EEXIST,
			"the zone is on \"%s\" already (%s): zone migrate %s %s brings it to an end here; to have it back, migrate it from there",
			g->remote.host, state, g->name, g->remote.host);
	if (str_eq(state, "receiving")) {
		int r = remote_call(&g->remote, "abort", NULL, NULL, e);

		if (r < 0)
			return r;
	}
	int r = set_leaving(g, false, e);

	return r < 0 ? r : 1;
}

int migration_settle(struct migration *g, bool back, struct err *e)
{
	auto_free char *state = NULL;
	int r = ask_state(g, &state, e);

	if (r == -ENOTCONN && back &&
	    g->m->force) { /* whoever forces it knows that it does not run there */
		r = set_leaving(g, false, e);
		return r < 0 ? r : 1;
	}
	if (r < 0)
		return in_doubt(g, e);
	if (back)
		return settle_back(g, state, e);
	if (is_there(state) || str_eq(state, "receiving"))
		return give(g, e);
	r = set_leaving(g, false, e); /* nothing of it is there */
	return r < 0 ? r : 1;
}
