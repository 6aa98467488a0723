/* receive_check - the questions that are asked before a byte is copied: those of attach, and those about the name, the place, the space and rsync. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/attach.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/migrate_jail.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/receive.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

/* Are the files in the zonepath those that it left here when it went away? */
static bool is_back(const struct receive *r, const struct zone *z)
{
	auto_ptr(json) struct json *left = NULL;
	struct err ignored = { 0 };
	const char *uuid = json_get_string(r->facts, "uuid", NULL);

	return z->detached && uuid && str_eq(z->record.uuid, uuid) &&
	       detached_load(r->zonepath, &left, &ignored) == 0 &&
	       json_get_string(left, DETACHED_TO, NULL) &&
	       str_eq(json_get_string(left, "uuid", NULL), uuid);
}

int receive_name(const struct receive *r, enum receive_name *ret, enum zone_state *ret_state,
		 struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int n = zone_open(r->dirs, r->name, 0, &z, e);

	if (n < 0)
		return n;
	bool arriving = z->state == ZONE_INCOMPLETE && str_eq(z->record.aux, MIGRATE_ARRIVING);

	*ret_state = z->state;
	*ret = z->state == ZONE_NONE                                      ? RECEIVE_NEW
	       : r->note && (arriving || z->state == ZONE_CONFIGURED)     ? RECEIVE_OURS
	       : z->state == ZONE_CONFIGURED && r->facts && is_back(r, z) ? RECEIVE_BACK
									  : RECEIVE_TAKEN;
	return 0;
}

static int check_name(const struct receive *r, struct zone_attach *report, enum receive_name *ret,
		      struct err *e)
{
	static const char *const words[] = {
		[RECEIVE_NEW] = "it is free",
		[RECEIVE_OURS] = "a part of this zone is here already",
		[RECEIVE_BACK] = "it comes back: its old files here are brought up to date",
	};
	enum zone_state state;
	int n = receive_name(r, ret, &state, e);

	if (n < 0)
		return n;
	if (*ret != RECEIVE_TAKEN)
		attach_row(report, "name", ATTACH_OK, "%s", words[*ret]);
	else
		attach_row(
			report, "name", ATTACH_PROBLEM,
			"zone \"%s\" is there already (%s): give one of the two another name first (zone rename %s NEWNAME), or remove that one (zone delete -F %s)",
			r->name, zone_state_word(state), r->name, r->name);
	return 0;
}

/* What is there in the place, and room for the rest. */
static void check_space(const struct receive *r, enum receive_name name, struct zone_attach *report)
{
	auto_free char *root_path = mem_format("%s/root", r->zonepath);
	auto_free char *there = storage_existing(r->zonepath);
	struct err e = { 0 };
	auto_close int fd = file_open_dir(AT_FDCWD, there, &e);
	unsigned long long left = 0;
	unsigned long long needed = (unsigned long long)json_get_i64(r->request, "bytes", 0);

	if (file_exists(AT_FDCWD, root_path)) {
		auto_close int root = file_open_dir(AT_FDCWD, root_path, &e);
		unsigned long long has = root < 0 ? 0 : tree_size(root);

		if (name != RECEIVE_OURS && name != RECEIVE_BACK)
			attach_row(
				report, "place", ATTACH_PROBLEM,
				"\"%s\" exists there: remove it, or name another place with -z PATH",
				root_path);
		needed -= has < needed ? has : needed;
	}
	if (fd < 0 || tree_space_left(fd, &left, &e) < 0)
		attach_row(report, "space", ATTACH_PROBLEM, "%s", e.text);
	else if (left < needed)
		attach_row(
			report, "space", ATTACH_PROBLEM,
			"%llu MiB are needed, \"%s\" has %llu MiB left: make room, or name another place with -z PATH",
			(needed >> 20) + 1, there, left >> 20);
	else
		attach_row(report, "space", ATTACH_OK, "%llu MiB are needed, %llu MiB are left",
			   (needed >> 20) + 1, left >> 20);
}

static void check_rsync(struct zone_attach *report)
{
	const char *path;
	struct err e = { 0 };

	if (jail_rsync(&path, &e) < 0)
		attach_row(report, "rsync", ATTACH_PROBLEM, "%s", e.text);
	else
		attach_row(report, "rsync", ATTACH_OK, "%s", path);
}

int receive_check(const struct receive *r, struct zone_attach *report, struct err *e)
{
	auto_ptr(zone) struct zone *z = mem_zero(sizeof(*z));
	auto_done(diag_list) struct diag_list diags = { 0 };
	enum receive_name name;

	z->lock_fd = -1;
	z->name = mem_strdup(r->name);
	z->record.exit_status = -1;
	z->state = ZONE_CONFIGURED;
	if (zone_spec_parse(r->text, strlen(r->text), &z->spec, &diags) < 0)
		return diag_err(&diags, e);
	if (!str_eq(z->spec->zonename, r->name))
		return err_set(e, EINVAL, "the configuration is that of another zone");
	int n = check_name(r, report, &name, e);

	if (n < 0)
		return n;
	attach_look(r->dirs, z, r->zonepath, r->facts, report);
	check_space(r, name, report);
	check_rsync(report);
	return 0;
}
