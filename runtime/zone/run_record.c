/* run_record - RUN/NAME/run.json, written by the zone's monitor alone: which processes carry the zone now, and in what state they are.
 *
 * It lies on a file system that a reboot of the host empties, so it is replaced atomically but not flushed. A pid is kept together with its start time:
 * the pair names one process for ever. */
#include "runtime/zone/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"

static char *run_path(const struct zone_dirs *d, const char *name)
{
	return mem_format("%s/%s/run.json", d->run, name);
}

static char *network_path(const struct zone_dirs *d, const char *name, int64_t boot)
{
	return mem_format("%s/%s/net.%" PRId64 ".json", d->run, name, boot);
}

void zone_run_done(struct zone_run *r)
{
	free(r->aux);
	free(r->reason);
	free(r->reason_time);
	free(r->init_kind);
	free(r->brand);
	free(r->tenant);
	strv_done(&r->freezers);
	free(r->address);
	free(r->booted);
	free(r->net_saved);
	free(r->view_error);
	*r = (struct zone_run){ 0 };
}

/* A process id or 0; anything else means that the file is not ours. */
static pid_t get_pid(const struct json *j, const char *key)
{
	int64_t v = json_get_i64(j, key, 0);

	return v > 0 && v <= INT32_MAX ? (pid_t)v : 0;
}

static uint64_t get_start(const struct json *j, const char *key)
{
	int64_t v = json_get_i64(j, key, 0);

	return v > 0 ? (uint64_t)v : 0;
}

static const char *const root_words[] = {
	[ZONE_ROOT_PLAIN] = NULL,
	[ZONE_ROOT_READ_ONLY] = "R",
	[ZONE_ROOT_WRITABLE] = "W",
};

static enum zone_root_mode get_root(const struct json *j)
{
	const char *word = json_get_string(j, "root", NULL);

	if (str_eq(word, root_words[ZONE_ROOT_WRITABLE]))
		return ZONE_ROOT_WRITABLE;
	return word ? ZONE_ROOT_READ_ONLY : ZONE_ROOT_PLAIN;
}

const char *zone_root_mode_word(enum zone_root_mode r)
{
	return root_words[r];
}

static void get_list(const struct json *j, const char *key, struct strv *ret)
{
	const struct json *list = json_get(j, key);

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		if (list->items[i]->type == JSON_STRING)
			strv_add(ret, list->items[i]->text);
	}
}

/* What a verb has made of the network since the monitor wrote. */
static int take_network(const struct zone_dirs *d, const char *name, struct zone_run *r,
			struct err *e)
{
	auto_ptr(json) struct json *saved = NULL;
	int n = zone_network_load(d, name, r->restarts, &saved, e);

	if (n <= 0)
		return n;
	free(r->net_saved);
	free(r->address);
	r->net_saved = json_print(saved, false);
	r->address = net_first_address(saved);
	return 0;
}

int zone_run_load(const struct zone_dirs *d, const char *name, struct zone_run *ret, struct err *e)
{
	auto_free char *path = run_path(d, name);
	auto_ptr(json) struct json *j = NULL;
	int r = zone_json_read(path, &j, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	enum zone_state state = zone_state_from(json_get_string(j, "state", NULL));

	if (state < ZONE_READY)
		return err_set(e, EINVAL, "\"%s\" is broken: its state is not one of ours", path);
	*ret = (struct zone_run){
		.monitor = get_pid(j, "monitor"),
		.monitor_start = get_start(j, "monitorStart"),
		.state = state,
		.aux = zone_json_get_text(j, "aux"),
		.reason = zone_json_get_text(j, "reason"),
		.reason_time = zone_json_get_text(j, "reasonTime"),
		.init = get_pid(j, "init"),
		.init_start = get_start(j, "initStart"),
		.init_kind = zone_json_get_text(j, "initKind"),
		.brand = zone_json_get_text(j, "brand"),
		.tenant = zone_json_get_text(j, "tenant"),
		.address = zone_json_get_text(j, "address"),
		.booted = zone_json_get_text(j, "booted"),
		.net_saved = zone_json_get_text(j, "net"),
		.view = get_pid(j, "view"),
		.view_start = get_start(j, "viewStart"),
		.view_number = (uint32_t)get_pid(j, "viewNumber"),
		.view_error = zone_json_get_text(j, "viewError"),
		.root = get_root(j),
		.restarts = json_get_i64(j, "restarts", 0),
		.id = json_get_i64(j, "id", 0),
	};
	get_list(j, "freezers", &ret->freezers);
	r = take_network(d, name, ret, e);
	if (r < 0)
		zone_run_done(ret);
	return r < 0 ? r : 1;
}

int zone_run_write(const struct zone_dirs *d, const char *name, const struct zone_run *r,
		   struct err *e)
{
	auto_free char *dir = mem_format("%s/%s", d->run, name);
	auto_free char *path = run_path(d, name);
	auto_ptr(json) struct json *j = json_new_object();
	int n = file_mkdir_p(AT_FDCWD, dir, 0700, e);

	if (n < 0)
		return n;
	zone_json_set_text(j, "zonename", name);
	json_set(j, "monitor", json_new_i64(r->monitor));
	json_set(j, "monitorStart", json_new_u64(r->monitor_start));
	zone_json_set_text(j, "state", zone_state_word(r->state));
	zone_json_set_text(j, "aux", r->aux);
	zone_json_set_text(j, "reason", r->reason);
	zone_json_set_text(j, "reasonTime", r->reason_time);
	json_set(j, "init", json_new_i64(r->init));
	json_set(j, "initStart", json_new_u64(r->init_start));
	zone_json_set_text(j, "initKind", r->init_kind);
	zone_json_set_text(j, "brand", r->brand);
	zone_json_set_text(j, "tenant", r->tenant);
	struct json *freezers = json_set(j, "freezers", json_new_array());

	for (size_t i = 0; i < r->freezers.n; i++)
		json_add(freezers, json_new_string(r->freezers.items[i]));
	zone_json_set_text(j, "address", r->address);
	zone_json_set_text(j, "booted", r->booted);
	zone_json_set_text(j, "net", r->net_saved);
	json_set(j, "view", json_new_i64(r->view));
	json_set(j, "viewStart", json_new_u64(r->view_start));
	json_set(j, "viewNumber", json_new_u64(r->view_number));
	zone_json_set_text(j, "viewError", r->view_error);
	zone_json_set_text(j, "root", zone_root_mode_word(r->root));
	json_set(j, "restarts", json_new_i64(r->restarts));
	json_set(j, "id", json_new_i64(r->id));
	n = zone_json_write(path, j, false, e);
	return n < 0 ? err_wrap(e, "save the run record of zone \"%s\"", name) : 0;
}

int zone_run_remove(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *dir = mem_format("%s/%s", d->run, name);

	return file_remove_tree(AT_FDCWD, dir, e);
}

void zone_view_kill(const struct zone_run *r)
{
	struct err ignored = { 0 };
	auto_close int pidfd = r->view > 0 ? proc_pidfd(r->view, r->view_start, &ignored) : -1;

	if (pidfd >= 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
}

/* --- the network, after a verb has changed it ---------------------------------------------------------------------- */

int zone_network_load(const struct zone_dirs *d, const char *name, int64_t boot, struct json **ret,
		      struct err *e)
{
	auto_free char *path = network_path(d, name, boot);
	struct err why = { 0 };
	int r = zone_json_read(path, ret, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		*e = why;
	return r < 0 ? r : 1;
}

int zone_network_store(const struct zone_dirs *d, const char *name, int64_t boot,
		       const struct json *saved, struct err *e)
{
	auto_free char *path = network_path(d, name, boot);
	int r = zone_json_write(path, saved, false, e);

	return r < 0 ? err_wrap(e, "save the network of zone \"%s\"", name) : 0;
}

void zone_network_end(const struct zone_dirs *d, const char *name, int64_t boot)
{
	auto_free char *path = network_path(d, name, boot);

	(void)sys_unlinkat(AT_FDCWD, path, 0); /* it goes with its folder at the latest */
}
