/* receive - one step of a migration on the host that takes the zone in: a table of what can be asked. Nothing of the request is believed: the name is checked as a zone's name, the configuration like any
 * other, and the place is this host's own unless one is named, which is then checked like that of any zone. */
#include "runtime/zone/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/zone/attach.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/events.h"
#include "runtime/zone/manifest.h"
#include "runtime/zone/migrate.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_remote.h"
#include "runtime/zone/tree.h"

enum { REQUEST_MAX = 4 << 20 };

static void receive_done(struct receive *r)
{
	json_free(r->request);
	json_free(r->note);
	json_free(r->answer);
	free(r->text);
	free(r->zonepath);
	strbuf_done(&r->more);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static int step_check(struct receive *r, struct err *e)
{
	auto_done(zone_attach) struct zone_attach report = { 0 };
	int n = receive_check(r, &report, e);
	struct json *rows = json_set(r->answer, "report", json_new_array());

	for (size_t i = 0; i < report.n; i++) {
		struct json *row = json_add(rows, json_new_object());

		json_set(row, "check", json_new_string(report.rows[i].check));
		json_set(row, "result", json_new_string(report.rows[i].result));
		json_set(row, "text", json_new_string(report.rows[i].text));
	}
	return n;
}

/* What arrived, as it is on the disk. Owners that no zone has are refused here: names and kinds of files are what rsync could make in its jail. */
static int step_verify(struct receive *r, struct err *e)
{
	static const struct zone_install quiet = { 0 };
	auto_ptr(zone) struct zone *z = NULL;
	auto_done(strbuf) struct strbuf text = { 0 };
	char sum[DIGEST_TEXT_MAX];
	int n = receive_open(r, &z, e);
	auto_close int root = n == 0 ? receive_root(z, e) : -1;

	if (root < 0)
		return n == 0 ? -e->code : n;
	struct tree_job job = { .root = root, .options = &quiet, .owners = true };

	n = manifest_root(&text, &job, e);
	if (n == 0 && syncfs(root) < 0)
		n = err_sys(e, "flush the file system");
	if (n == 0)
		n = digest_of(strbuf_text(&text), text.len, sum, e);
	if (n < 0)
		return n;
	json_set(r->answer, "digest", json_new_string(sum));
	if (json_get_bool(r->request, "text", false))
		strbuf_add(&r->more, strbuf_text(&text));
	return 0;
}

static int set_phase(struct receive *r, const char *phase, struct err *e)
{
	auto_free char *key = mem_format("in-%s", r->token);

	json_set(r->note, "phase", json_new_string(phase));
	return note_save(r->dirs, key, r->note, e);
}

static const char *state_word(struct receive *r, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	bool was_given = r->note && !str_eq(json_get_string(r->note, "phase", ""), "receiving");

	if (!r->note)
		return "none";
	if (zone_open(r->dirs, r->name, 0, &z, e) < 0)
		return NULL;
	if (z->state >= ZONE_READY)
		return "running";
	if (z->state >= ZONE_UNAVAILABLE)
		return "installed";
	if (z->state == ZONE_INCOMPLETE && str_eq(z->record.aux, MIGRATE_ARRIVING))
		return "receiving";
	return was_given ? "installed" : "none"; /* whatever has become of it since */
}

/* The moment at which the zone is here. "giving" is written before: from then on a zone that is not arriving any more has arrived. */
static int step_commit(struct receive *r, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	const char *word = state_word(r, e);

	if (!word)
		return -e->code;
	if (str_eq(word, "installed") || str_eq(word, "running"))
		return 0;
	int n = receive_open(r, &z, e);

	if (n == 0)
		n = set_phase(r, "giving", e);
	if (n < 0)
		return n;
	auto_free char *zonepath = mem_strdup(z->record.zonepath);

	n = attach_take(r->dirs, z, zonepath, r->facts, e);
	if (n < 0)
		return n;
	struct err ignored = { 0 };

	(void)!set_phase(r, "done", &ignored); /* it is here, whatever the note says */
	zone_event(r->dirs, r->name, "migrated", "it came from another host", NULL);
	return 0;
}

static int step_boot(struct receive *r, struct err *e)
{
	auto_free char *note = NULL;
	const struct zone_boot o = { 0 };

	if (!r->note)
		return err_set(e, ENOENT, "no zone has arrived here by this migration");
	return zone_boot(r->dirs, r->name, &o, &note, e);
}

static int step_status(struct receive *r, struct err *e)
{
	const char *word = state_word(r, e);

	if (word)
		json_set(r->answer, "state", json_new_string(word));
	return word ? 0 : -e->code;
}

static int step_abort(struct receive *r, struct err *e)
{
	return receive_abort(r, json_get_bool(r->request, "undo", false), e);
}

static int step_end(struct receive *r, struct err *e)
{
	auto_free char *key = mem_format("in-%s", r->token);

	(void)e;
	note_forget(r->dirs, key);
	return 0;
}

static const struct {
	const char *name;
	bool needs_facts;
	int (*run)(struct receive *r, struct err *e);
} steps[] = {
	{ "check", true, step_check },    { "begin", true, receive_begin },
	{ "verify", false, step_verify }, { "commit", true, step_commit },
	{ "boot", false, step_boot },     { "status", false, step_status },
	{ "abort", false, step_abort },   { "end", false, step_end },
};

/* --- the request -------------------------------------------------------------------------------------------------- */

static int read_place(struct receive *r, struct err *e)
{
	const char *asked = json_get_string(r->request, "zonepath", NULL);

	if (asked &&
	    (!path_is_clean(asked) || str_eq(asked, "/") || !str_is_line_safe(asked, NULL)))
		return err_set(e, EINVAL,
			       "the zonepath is not an absolute path without \".\" and \"..\"");
	r->zonepath = asked ? mem_strdup(asked) : mem_format("%s/%s", r->dirs->storage, r->name);
	return attach_config(r->facts, asked, &r->text, e);
}

static int read_request(struct receive *r, int in, struct err *e)
{
	auto_free char *text = NULL;
	const char *why = "";
	size_t n = 0;
	int got = file_read_fd(in, REQUEST_MAX, &text, &n, e);

	if (got == 0)
		got = json_parse_simple(text, n, &r->request, e);
	if (got < 0)
		return err_wrap(e, "the request");
	if (json_get_i64(r->request, "protocol", 0) != REMOTE_PROTOCOL)
		return err_set(
			e, EPROTO,
			"the two versions of this program do not know each other: this one speaks protocol %d, that one %lld",
			REMOTE_PROTOCOL, (long long)json_get_i64(r->request, "protocol", 0));
	r->token = json_get_string(r->request, "token", NULL);
	r->name = json_get_string(r->request, "zone", "");
	if (!remote_token_ok(r->token))
		return err_set(e, EINVAL, "the request names no migration");
	if (!zone_name_ok(r->name, &why))
		return err_set(e, EINVAL, "this cannot be the name of a zone: %s", why);
	auto_free char *key = mem_format("in-%s", r->token);

	got = note_load(r->dirs, key, &r->note, e);
	if (got > 0 && !str_eq(json_get_string(r->note, "zone", NULL), r->name))
		return err_set(e, EINVAL, "this migration is that of another zone");
	return got < 0 ? got : 0;
}

static int run_step(struct receive *r, const char *step, int in, struct err *e)
{
	int n = read_request(r, in, e);

	for (size_t i = 0; n == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!str_eq(steps[i].name, step))
			continue;
		r->facts = json_get(r->request, "facts");
		if (steps[i].needs_facts)
			n = read_place(r, e);
		return n == 0 ? steps[i].run(r, e) : n;
	}
	return n == 0 ? err_set(e, EINVAL, "there is no step \"%.40s\"", step) : n;
}

int zone_receive(const struct zone_dirs *d, const char *step, int in, int out, struct err *e)
{
	auto_done(receive) struct receive r = { .dirs = d, .answer = json_new_object() };
	struct err why = { 0 };
	int n = run_step(&r, step, in, &why);

	json_set(r.answer, "ok", json_new_bool(n == 0));
	if (n < 0) {
		json_set(r.answer, "error", json_new_string(why.text));
		json_set(r.answer, "errno", json_new_i64(why.code));
	}
	auto_free char *line = json_print(r.answer, false);
	auto_free char *text = mem_format(REMOTE_MARK "%s\n%s", line, strbuf_text(&r.more));

	for (size_t at = 0, all = strlen(text); at < all;) {
		ssize_t w = write(out, text + at, all - at);

		if (w <= 0)
			return err_sys(e, "answer");
		at += (size_t)w;
	}
	return 0;
}
