/* zone __complete - words for the shell, one a line, for the last of the words given: `zone __complete -- boot we`.
 *
 * Everything comes from the verb table and the property table. A word that ends in "=" wants more behind it; the single line ":files" means that the shell completes files by
 * itself. Whoever asks is somebody typing: nothing is locked, repaired or reported. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/images.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"

struct request {
	struct cli_args *args;
	const struct cli_verb *verb;
	const char *word; /* being typed */
	const char
		*before; /* the words of a list that stand in front of it, with the comma; NULL */
};

static void offer(const struct request *q, const char *candidate)
{
	if (str_has_prefix(candidate, q->word))
		(void)printf("%s%s\n", q->before ? q->before : "", candidate);
}

static void offer_verbs(const struct request *q)
{
	for (const struct cli_verb *v = zone_cmd_verbs; v->name; v++) {
		if (!(v->flags & CLI_HIDDEN))
			offer(q, v->name);
	}
}

/* --- zones -------------------------------------------------------------------------------------------------------- */

static bool is_configured(enum zone_state s)
{
	return s == ZONE_CONFIGURED;
}
static bool is_installed(enum zone_state s)
{
	return s >= ZONE_INCOMPLETE;
}
static bool is_running(enum zone_state s)
{
	return s >= ZONE_READY;
}
static bool is_stopped(enum zone_state s)
{
	return s < ZONE_READY;
}
static bool is_halted(enum zone_state s)
{
	return is_installed(s) && is_stopped(s);
}

static const struct {
	const char *kind;
	bool (*fits)(enum zone_state s); /* NULL: all */
} zone_kinds[] = {
	{ "zones", NULL },
	{ "zones:configured", is_configured },
	{ "zones:halted", is_halted },
	{ "zones:installed", is_installed },
	{ "zones:running", is_running },
	{ "zones:stopped", is_stopped },
};

static void offer_zones(const struct request *q, const char *kind)
{
	bool (*fits)(enum zone_state s) = NULL;
	struct zone_dirs dirs = { 0 };
	struct zone_row *rows = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(zone_kinds) / sizeof(zone_kinds[0]); i++) {
		if (str_eq(zone_kinds[i].kind, kind))
			fits = zone_kinds[i].fits;
	}
	if (geteuid() != 0 || zone_dirs_init(&dirs, &ignored) < 0)
		return;
	if (zone_list(&dirs, &rows, &n, &ignored) == 0) {
		for (size_t i = 0; i < n; i++) {
			/* containers of zrun are listed with the zones, but the verbs are not for them */
			if (!str_eq(rows[i].brand, "oci") && (!fits || fits(rows[i].state)))
				offer(q, rows[i].name);
		}
		zone_rows_free(rows, n);
	}
	zone_dirs_done(&dirs);
}

/* --- properties --------------------------------------------------------------------------------------------------- */

enum property_use { USE_PATH, USE_ASSIGN, USE_ADD };

struct property_offer {
	const struct request *request;
	enum property_use use;
};

/* How a path goes on, by what it is and what is to be done with it; NULL: it is not offered. */
static const char *ending_of(const char *type, enum property_use use)
{
	bool is_map = str_has_prefix(type, "object of");
	bool is_list = str_has_prefix(type, "list of");
	bool is_object_list = str_has_prefix(type, "list of objects");

	if (use == USE_PATH)
		return "";
	if (is_map)
		return ".";
	if (use == USE_ADD)
		return is_object_list ? "" : is_list ? "=" : NULL;
	return is_object_list || str_eq(type, "object") ? NULL : "=";
}

/* "anet[].mtu" -> "anet[0].mtu": the first entry is the one that is mostly meant. */
static void offer_property(const char *path, const char *type, const char *fallback,
			   const char *doc, unsigned flags, void *arg)
{
	const struct property_offer *o = arg;
	const char *ending = ending_of(type, o->use);
	auto_done(strbuf) struct strbuf b = { 0 };

	(void)fallback;
	(void)doc;
	(void)flags;
	if (!ending)
		return;
	for (const char *p = path; *p; p++) {
		strbuf_add_char(&b, *p);
		if (p[0] == '[' && p[1] == ']')
			strbuf_add_char(&b, '0');
	}
	strbuf_add(&b, ending);
	offer(o->request, strbuf_text(&b));
}

static const struct {
	const char *kind;
	enum property_use use;
} property_kinds[] = { { "properties", USE_PATH },
		       { "assignments", USE_ASSIGN },
		       { "lists", USE_ADD } };

/* Images that are kept. */
static void offer_images(const struct request *q, const char *kind)
{
	auto_ptr(json) struct json *list = NULL;
	struct zone_dirs dirs = { 0 };
	struct err ignored = { 0 };

	if (!str_eq(kind, "images") || geteuid() != 0 || zone_dirs_init(&dirs, &ignored) < 0)
		return;
	if (zone_image_list(&dirs, &list, &ignored) == 0) {
		for (size_t i = 0; i < list->n; i++)
			offer(q, json_get_string(list->items[i], "name", ""));
	}
	zone_dirs_done(&dirs);
}

/* Snapshots of the zone that stands before the word. */
static void offer_snapshots(const struct request *q)
{
	const struct strv *words = &q->args->positional;
	struct zone_snapshot *list = NULL;
	struct zone_dirs dirs = { 0 };
	struct err ignored = { 0 };
	size_t n = 0;

	if (words->n < 3 || str_eq(words->items[1], "create") || geteuid() != 0 ||
	    zone_dirs_init(&dirs, &ignored) < 0)
		return;
	if (zone_snapshot_list(&dirs, words->items[words->n - 2], &list, &n, &ignored) == 0) {
		for (size_t i = 0; i < n; i++)
			offer(q, list[i].name);
		zone_snapshots_free(list, n);
	}
	zone_dirs_done(&dirs);
}

/* "words:create:list" */
static void offer_words(const struct request *q, const char *kind)
{
	auto_done(strv) struct strv words = { 0 };

	strv_split(&words, kind, ':');
	for (size_t i = 1; i < words.n; i++)
		offer(q, words.items[i]);
}

static void offer_kind(const struct request *q, const char *kind)
{
	if (str_has_prefix(kind, "zones")) {
		offer_zones(q, kind);
	} else if (str_eq(kind, "verbs")) {
		offer_verbs(q);
		offer(q, "properties");
	} else if (str_eq(kind, "snapshots")) {
		offer_snapshots(q);
	} else if (str_eq(kind, "files")) {
		(void)printf(":files\n");
	} else if (str_has_prefix(kind, "words:")) {
		offer_words(q, kind);
	}
	offer_images(q, kind);
	for (size_t i = 0; i < sizeof(property_kinds) / sizeof(property_kinds[0]); i++) {
		struct property_offer o = { .request = q, .use = property_kinds[i].use };

		if (str_eq(kind, property_kinds[i].kind))
			zone_properties(offer_property, &o);
	}
}

/* --- the verb's words --------------------------------------------------------------------------------------------- */

static const struct cli_option *find_option(const struct cli_verb *v, const char *word)
{
	for (const struct cli_option *o = v->options; o && o->name; o++) {
		bool by_letter =
			word[0] == '-' && o->letter && word[1] == o->letter && word[2] == '\0';

		if (by_letter || str_eq(str_after(word, "--"), o->name))
			return o;
	}
	return NULL;
}

static void offer_options(const struct request *q)
{
	for (const struct cli_option *o = q->verb->options; o && o->name; o++) {
		auto_free char *text = mem_format("--%s", o->name);

		if (!(o->flags & CLI_HIDDEN))
			offer(q, text);
	}
	offer(q, "--help");
}

/* The kind of positional number `index`: the last one named goes for all that follow. */
static char *kind_at(const struct cli_verb *v, size_t index)
{
	auto_done(strv) struct strv kinds = { 0 };

	strv_split(&kinds, v->complete ? v->complete : "", ',');
	if (kinds.n == 0)
		return mem_strdup("");
	return mem_strdup(kinds.items[index < kinds.n ? index : kinds.n - 1]);
}

/* What values of options are; others that name files are files. */
static const struct {
	const char *verb, *option, *kind;
} values[] = {
	{ "create", "template", "words:default:linux:isolated" },
	{ "clone", "method", "words:auto:btrfs:overlay:reflink:copy" },
	{ "stat", "zones", "zones:running" },
	{ "stat", "resources",
	  "words:cpu:memory:swap:locked:processes:lwps:disk:blockio:network:psi" },
	{ "stat", "reports", "words:total:average:high" },
	{ "top", "zones", "zones:running" },
	{ "list", "columns",
	  "words:id:name:state:path:brand:ip:uuid:aux:pending:tenant:rw:profile:reason" },
};

static void offer_value(const struct request *q, const struct cli_option *o)
{
	const char *comma = strrchr(q->word, ',');
	struct request one = *q;
	auto_free char *before = NULL;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (!str_eq(values[i].verb, q->verb->name) || !str_eq(values[i].option, o->name))
			continue;
		if (comma && strchr(o->value, ',')) {
			before = mem_strndup(q->word, (size_t)(comma + 1 - q->word));
			one.before = before;
			one.word = comma + 1;
		}
		return offer_kind(&one, values[i].kind);
	}
	if (strstr(o->value, "FILE") || strstr(o->value, "DIR"))
		offer_kind(q, "files");
}

static void complete_verb(const struct request *q, const struct strv *words)
{
	const struct cli_option *pending = NULL; /* an option that waits for its value */
	size_t positionals = 0;

	for (size_t i = 1; i + 1 < words->n; i++) {
		const char *word = words->items[i];
		const struct cli_option *o = pending ? NULL : find_option(q->verb, word);

		if (!pending && word[0] != '-')
			positionals++;
		pending = o && o->value ? o : NULL;
	}
	if (pending)
		return offer_value(q, pending);
	if (q->word[0] == '-')
		return offer_options(q);
	if (q->verb->max_positional >= 0 && positionals >= (size_t)q->verb->max_positional)
		return;
	auto_free char *kind = kind_at(q->verb, positionals);

	offer_kind(q, kind);
}

int zone_cmd_complete(struct cli_args *a)
{
	const struct strv *words = &a->positional;
	struct request q = { .args = a, .word = words->n > 0 ? words->items[words->n - 1] : "" };

	if (words->n <= 1) {
		offer_verbs(&q);
		return CLI_DONE;
	}
	for (const struct cli_verb *v = zone_cmd_verbs; v->name; v++) {
		if (str_eq(v->name, words->items[0]) && !(v->flags & CLI_HIDDEN))
			q.verb = v;
	}
	if (q.verb)
		complete_verb(&q, words);
	return CLI_DONE;
}
