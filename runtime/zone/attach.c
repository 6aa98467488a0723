/* attach - detached files become a zone's again: first a report of everything that could keep them from working here, a row for each question, then one record.
 *
 * The questions are a table. What the configuration needs of this host - links, addresses, kernel features, limits - is asked of the same code that `zone verify` and boot ask. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/zone/attach.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/events.h"
#include "runtime/zone/house.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

enum { PLACE_WAIT_MS = 60000 };

static const char ok[] = ATTACH_OK, warning[] = ATTACH_WARNING, problem[] = ATTACH_PROBLEM;

struct attach {
	const struct zone_dirs *dirs;
	struct zone *zone;        /* with a specification; its record may be empty */
	const char *zonepath;     /* where the files are */
	const struct json *facts; /* detached.json; NULL: there is none */
	const char *why_no_facts; /* then this says why */
	struct zone_attach *report;
	bool impossible; /* a problem that force does not help against */
};

void zone_attach_done(struct zone_attach *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->rows[i].text);
	free(a->rows);
	free(a->name);
	*a = (struct zone_attach){ 0 };
}

static void PRINTF_LIKE(4, 0) add_row(struct zone_attach *r, const char *check, const char *result,
				      const char *format, va_list args)
{
	char text[512];

	(void)vsnprintf(text, sizeof(text), format, args);
	for (char *p = text; *p; p++) { /* it may quote a file from elsewhere */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	r->rows = mem_grow(r->rows, r->n + 1, sizeof(*r->rows));
	r->rows[r->n++] = (struct zone_attach_row){ .check = check,
						    .result = result,
						    .text = mem_strdup(text) };
	r->n_problems += str_eq(result, problem);
}

void attach_row(struct zone_attach *report, const char *check, const char *result,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_row(report, check, result, format, args);
	va_end(args);
}

static void PRINTF_LIKE(4, 5)
	row(struct attach *a, const char *check, const char *result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_row(a->report, check, result, format, args);
	va_end(args);
}

/* --- the questions ------------------------------------------------------------------------------------------------ */

static const char *fact(const struct attach *a, const char *key)
{
	return a->facts ? json_get_string(a->facts, key, NULL) : NULL;
}

static void check_manifest(struct attach *a)
{
	if (a->facts)
		row(a, "manifest", ok, "zone \"%s\" was detached here", fact(a, "zonename") ?: "?");
	else
		row(a, "manifest", problem, "%s", a->why_no_facts);
}

/* Two hosts must not run the same zone: what was migrated lives there. */
static void check_migrated(struct attach *a)
{
	const char *to = fact(a, DETACHED_TO);

	if (to)
		row(a, "migrated", problem,
		    "it was migrated to \"%s\" (%s) and may run there: these are its old files", to,
		    fact(a, DETACHED_AT) ?: "?");
}

static void check_root(struct attach *a)
{
	struct err e = { 0 };
	auto_close int top = zone_storage_open(a->zonepath, &e);
	auto_close int root = top < 0 ? -1 : file_open_dir(top, "root", &e);
	struct stat st;

	if (root >= 0 && fstat(root, &st) == 0 && tree_check_owner(st.st_uid, st.st_gid, &e) == 0) {
		row(a, "root", ok, "\"%s/root\" is there", a->zonepath);
		return;
	}
	row(a, "root", problem, "\"%s\": %s", a->zonepath, e.text);
	a->impossible = true;
}

/* Two zones with the same files would destroy each other's. */
static void check_zonepath(struct attach *a)
{
	auto_done(strv) struct strv names = { 0 };
	struct err e = { 0 };

	if (zone_names(a->dirs, &names, &e) < 0) {
		row(a, "zonepath", problem, "%s", e.text);
		a->impossible = true;
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		auto_done(zone_record) struct zone_record other = { .exit_status = -1 };

		if (str_eq(names.items[i], a->zone->name) ||
		    zone_record_load(a->dirs, names.items[i], &other, &e) <= 0 ||
		    other.state == ZONE_CONFIGURED || !str_eq(other.zonepath, a->zonepath))
			continue;
		row(a, "zonepath", problem, "\"%s\" belongs to zone \"%s\"", a->zonepath,
		    names.items[i]);
		a->impossible = true;
		return;
	}
	row(a, "zonepath", ok, "no other zone has it");
}

static void check_architecture(struct attach *a)
{
	const char *theirs = fact(a, "architecture");
	struct utsname host = { 0 };

	(void)uname(&host);
	if (!theirs || str_eq(theirs, host.machine))
		row(a, "architecture", ok, "%s", host.machine);
	else
		row(a, "architecture", problem, "the zone's programs are of %s, this host is %s",
		    theirs, host.machine);
}

static void check_kernel(struct attach *a)
{
	const char *theirs = fact(a, "kernel");
	struct utsname host = { 0 };

	(void)uname(&host);
	if (theirs && strverscmp(host.release, theirs) < 0)
		row(a, "kernel", warning, "it ran under %s, this host has the older %s", theirs,
		    host.release);
	else
		row(a, "kernel", ok, "%s", host.release);
}

static void check_brand(struct attach *a)
{
	const char *theirs = fact(a, "brand");
	const char *ours = a->zone->spec->brand ? a->zone->spec->brand : "native";

	if (!zone_brand_find(ours)) {
		row(a, "brand", problem, "brand \"%s\" is not known here", ours);
		a->impossible = true;
	} else if (theirs && !str_eq(theirs, ours)) {
		row(a, "brand", problem,
		    "the files are of brand \"%s\", the configuration says \"%s\"", theirs, ours);
	} else {
		row(a, "brand", ok, "%s", ours);
	}
}

static void check_uuid(struct attach *a)
{
	const char *uuid = fact(a, "uuid");

	if (uuid && house_uuid_is_free(a->dirs, uuid, a->zone->name))
		row(a, "uuid", ok, "%s", uuid);
	else
		row(a, "uuid", warning, "%s",
		    uuid ? "another zone of this host has its UUID: it keeps the one of its configuration here"
			 : "it gets the one of its configuration here");
}

static void check_ids(struct attach *a)
{
	row(a, "ids", ok,
	    "the files keep their owners 0 to 65535, a block of host ids is allocated");
}

static void check_host(struct attach *a)
{
	auto_done(diag_list) struct diag_list diags = { 0 };

	if (zone_verify_open(a->dirs, a->zone, &diags) == 0 && diags.n == 0) {
		row(a, "host", ok, "this host has what the configuration needs");
		return;
	}
	for (size_t i = 0; i < diags.n; i++)
		row(a, "host", problem, "%s%s%s", diags.items[i].path,
		    str_empty(diags.items[i].path) ? "" : ": ", diags.items[i].message);
}

/* With `there` the question is about files that are there; without, they are still to come. */
static const struct {
	bool there;
	void (*ask)(struct attach *a);
} checks[] = {
	{ true, check_manifest },  { true, check_migrated },      { true, check_root },
	{ false, check_zonepath }, { false, check_architecture }, { false, check_kernel },
	{ false, check_brand },    { false, check_uuid },         { false, check_ids },
	{ false, check_host },
};

static void look(struct attach *a, bool there)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (there || !checks[i].there)
			checks[i].ask(a);
	}
}

void attach_look(const struct zone_dirs *d, struct zone *z, const char *zonepath,
		 const struct json *facts, struct zone_attach *report)
{
	struct attach a = {
		.dirs = d, .zone = z, .zonepath = zonepath, .facts = facts, .report = report
	};

	look(&a, false);
}

/* --- the record --------------------------------------------------------------------------------------------------- */

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

/* Not what a file says, but what is there. NULL: a directory. */
static const char *driver_of(const char *zonepath)
{
	struct err ignored = { 0 };
	auto_close int top = zone_storage_open(zonepath, &ignored);

	return top >= 0 && btrfs_is_subvolume(top, "root") ? STORAGE_BTRFS : NULL;
}

static int take_files(struct attach *a, struct err *e)
{
	struct zone *z = a->zone;
	struct zone_record *r = &z->record;
	auto_free char *path = mem_format("%s/" DETACHED_FILE, a->zonepath);
	const char *uuid = fact(a, "uuid");
	char now[32], fresh[37];
	int n = zone_ids_allocate(a->dirs, z->name, &r->id_base, &r->owner_uid, e);

	if (n == 0 && !r->uuid)
		n = zone_new_uuid(fresh, e);
	if (n < 0)
		return n;
	zone_time_now(now, sizeof(now));
	if (uuid && house_uuid_is_free(a->dirs, uuid, z->name))
		replace_text(&r->uuid, uuid);
	else if (!r->uuid)
		replace_text(&r->uuid, fresh);
	if (!r->created)
		replace_text(&r->created, now);
	r->state = ZONE_INSTALLED;
	r->exit_status = -1;
	replace_text(&r->aux, NULL);
	replace_text(&r->reason, NULL);
	replace_text(&r->reason_time, NULL);
	replace_text(&r->zonepath, a->zonepath);
	replace_text(&r->brand, z->spec->brand ? z->spec->brand : "native");
	replace_text(&r->from, fact(a, "from"));
	replace_text(&r->driver, driver_of(a->zonepath));
	json_free(r->image);
	r->image = a->facts ? house_image(a->facts) : NULL;
	replace_text(&r->installed, fact(a, "installed") ?: now);
	n = zone_record_write(a->dirs, z, e);
	if (n < 0)
		return n;
	(void)sys_unlinkat(AT_FDCWD, path, 0); /* it has served; uninstall removes one that stays */
	return 0;
}

static int decide(struct attach *a, struct err *e)
{
	const struct zone_attach *r = a->report;
	auto_free char *text = mem_format("the files in \"%s\" are its own again", a->zonepath);

	look(a, true);
	if (r->n_problems > 0 && (a->impossible || !r->force || r->check_only))
		return err_set(e, ECANCELED,
			       "the files in \"%s\" cannot be attached: %zu problem%s%s",
			       a->zonepath, r->n_problems, r->n_problems == 1 ? "" : "s",
			       a->impossible || r->force ? "" : " (-F attaches them all the same)");
	if (r->check_only)
		return 0;
	int n = take_files(a, e);

	if (n == 0)
		zone_event(a->dirs, a->zone->name, "attached", text, NULL);
	return n;
}

int attach_take(const struct zone_dirs *d, struct zone *z, const char *zonepath,
		const struct json *facts, struct err *e)
{
	struct attach a = { .dirs = d, .zone = z, .zonepath = zonepath, .facts = facts };

	return take_files(&a, e);
}

/* --- the zone ----------------------------------------------------------------------------------------------------- */

/* Two names that are attached to one directory at once: the second one waits, and finds the first one's record. No such directory is a row of the report. */
static int lock_place(const char *zonepath, int *ret, struct err *e)
{
	struct err ignored = { 0 };
	auto_close int top = zone_storage_open(zonepath, &ignored);

	*ret = top < 0 ? -1 : file_open_dir(top, ".", &ignored);
	return *ret < 0 ? 0 : file_lock_fd(*ret, zonepath, true, PLACE_WAIT_MS, e);
}

/* The manifest of a zonepath, or why there is none. */
static int attach_files(const struct zone_dirs *d, struct zone *z, const char *zonepath,
			struct zone_attach *report, struct err *e)
{
	auto_ptr(json) struct json *facts = NULL;
	struct err why = { 0 };
	auto_close int place = -1;
	int r = lock_place(zonepath, &place, e);

	if (r < 0)
		return r;
	(void)!detached_load(zonepath, &facts, &why); /* a row of the report */
	struct attach a = { .dirs = d,
			    .zone = z,
			    .zonepath = zonepath,
			    .facts = facts,
			    .why_no_facts = why.text,
			    .report = report };

	return decide(&a, e);
}

static int attach_name(const struct zone_dirs *d, const char *name, struct zone_attach *report,
		       char **ret_note, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			      &z, e);

	report->name = mem_strdup(name);
	if (r == 0)
		r = zone_allow(z, ZONE_VERB_ATTACH, ret_note, e);
	if (r != 0)
		return r > 0 ? 0 : r;
	auto_free char *zonepath = z->spec->zonepath ? mem_strdup(z->spec->zonepath)
						     : mem_format("%s/%s", d->storage, name);

	return attach_files(d, z, zonepath, report, e);
}

/* The configuration in the manifest, as the text of a file that names this place. */
int attach_config(const struct json *facts, const char *zonepath, char **ret, struct err *e)
{
	const struct json *config = json_get(facts, "configuration");

	if (!config || config->type != JSON_OBJECT)
		return err_set(e, EINVAL, "what describes the files holds no configuration");
	auto_free char *text = config_print(config);

	return house_config_text(text, "zonepath", zonepath, ret, e);
}

/* A report on files whose zone does not exist here. */
static int look_only(const struct zone_dirs *d, const char *text, const char *zonepath,
		     struct zone_attach *report, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = mem_zero(sizeof(*z));

	z->lock_fd = -1;
	z->name = mem_strdup(report->name);
	z->record.exit_status = -1;
	z->state = ZONE_CONFIGURED;
	if (zone_spec_parse(text, strlen(text), &z->spec, diags) < 0)
		return diag_err(diags, e);
	return attach_files(d, z, zonepath, report, e);
}

/* A zone of that name exists here: are these the files that it would get? */
static int check_place(const struct zone_dirs *d, const struct zone *z, int top, const char *path,
		       struct err *e)
{
	auto_free char *usual = mem_format("%s/%s", d->storage, z->name);
	const char *own = z->record.zonepath ? z->record.zonepath : usual;
	struct stat there = { 0 }, here = { 0 };

	if (!z->record.zonepath && z->spec && z->spec->zonepath)
		own = z->spec->zonepath;
	if (fstat(top, &there) < 0)
		return err_sys(e, "look at \"%s\"", path);
	if (stat(own, &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return 0;
	return err_set(
		e, EEXIST,
		"zone \"%s\" exists here with the zonepath \"%s\": rename it first (zone rename %s NEWNAME), or, when it has no files, give it this one (zone set %s zonepath=%s)",
		z->name, own, z->name, z->name, path);
}

static int attach_path(const struct zone_dirs *d, const char *path, struct zone_attach *report,
		       char **ret_note, struct diag_list *diags, struct err *e)
{
	auto_ptr(json) struct json *facts = NULL;
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *text = NULL;
	auto_close int top = zone_storage_open(path, e);
	struct zone_new new = { 0 };
	struct err ignored = { 0 };
	int r = top < 0 ? top : detached_load(path, &facts, e);

	if (r == -ENOENT && top >= 0)
		return err_set(
			e, ENOENT,
			"\"%s\" has no detached.json: make a zone whose zonepath it is, and give its name with -F",
			path);
	if (r == 0)
		r = attach_config(facts, path, &text, e);
	if (r < 0 || !text)
		return r;
	const char *name = json_get_string(facts, "zonename", "");

	r = zone_open(d, name, 0, &z, e);
	if (r < 0)
		return r;
	if (z->state != ZONE_NONE) {
		r = check_place(d, z, top, path, e);
		return r < 0 ? r : attach_name(d, name, report, ret_note, e);
	}
	if (report->check_only) {
		report->name = mem_strdup(name);
		return look_only(d, text, path, report, diags, e);
	}
	new.text = text;
	r = zone_create(d, name, &new, diags, e);
	if (r < 0)
		return r;
	r = attach_name(d, name, report, ret_note, e);
	if (r < 0)
		(void)!zone_delete(d, name, &ignored); /* it was made for this alone */
	return r;
}

/* A shell that completes the name of a directory ends it with a slash. */
static char *without_slash(const char *path)
{
	size_t n = strlen(path);

	return mem_strndup(path, n > 1 && path[n - 1] == '/' ? n - 1 : n);
}

int zone_attach(const struct zone_dirs *d, const char *what, struct zone_attach *a, char **ret_note,
		struct diag_list *diags, struct err *e)
{
	auto_free char *path = without_slash(what);
	int r = strchr(what, '/') ? attach_path(d, path, a, ret_note, diags, e)
				  : attach_name(d, what, a, ret_note, e);

	return r < 0 ? err_wrap(e, "attach %s", what) : 0;
}
