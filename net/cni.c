/* The record is the session: everything a plugin is told comes out of it, so DEL says the same as ADD did, whatever the files and the environment have become since. */
#include "net/cni.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/cni_conf.h"
#include "net/cni_result.h"
#include "net/cni_run.h"
#include "net/inet.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { RECORD_MAX = 8 << 20 };

struct session {
	char *base; /* STORAGE/.cni/ZONE.INDEX */
	int lock;
	struct json *record; /* NULL: there is none */
	char netns[48];      /* "": it is gone */
	int64_t deadline_ms; /* of the plugins together: callers wait for a boot or halt */
};

static void session_done(struct session *s)
{
	free(s->base);
	fd_close(&s->lock);
	json_free(s->record);
}

/* --- record ------------------------------------------------------------------------------------------------------- */

static char *record_dir(const char *storage_dir)
{
	return mem_format("%s/.cni", storage_dir);
}

static char *record_base(const char *storage_dir, const char *zone, size_t index)
{
	return mem_format("%s/.cni/%s.%zu", storage_dir, zone, index);
}

static int record_save(const struct session *s, struct err *e)
{
	auto_free char *path = mem_format("%s.json", s->base);
	auto_free char *text = json_print(s->record, false);

	return file_replace(AT_FDCWD, path, text, strlen(text), 0600 | FILE_DURABLE, e);
}

/* A record that cannot be understood cannot be carried out either; it says so until somebody looks at it. */
static int record_load(const char *path, struct json **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	auto_ptr(json) struct json *record = NULL;
	auto_ptr(json) struct json *config = NULL;
	int r = file_read_all(AT_FDCWD, path, RECORD_MAX, &text, &n, e);

	if (r == 0)
		r = json_parse_simple(text, n, &record, e);
	if (r == 0 && (!json_get(record, "config") ||
		       cni_conf_read(json_get(record, "config"), true, &config, e) < 0))
		r = err_set(e, EINVAL, "is not a record of a CNI link");
	if (r < 0)
		return r == -ENOENT ? r : err_wrap(e, "\"%s\"", path);
	*ret = ptr_steal(&record);
	return 0;
}

static int record_remove(const struct session *s, struct err *e)
{
	auto_free char *path = mem_format("%s.json", s->base);
	auto_free char *lock = mem_format("%s.lock", s->base);

	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", path);
	(void)sys_unlinkat(AT_FDCWD, lock, 0); /* held: the next one makes a new file */
	return 0;
}

/* Equal names of zones must not meet in the plugins' books when they are of different installations. */
static char *container_id(const struct cni_link *l)
{
	if (str_eq(l->run_dir, "/run/zones"))
		return mem_format("zone-%s", l->zone);
	return mem_format("zone-%s-%08x", l->zone, (unsigned)inet_hash(l->run_dir));
}

static struct json *record_new(const struct cni_link *l, struct json *config)
{
	struct json *j = json_new_object();
	auto_free char *id = container_id(l);
	struct err ignored = { 0 };
	uint64_t start = 0;

	(void)!proc_stat(getpid(), &start, NULL, &ignored);
	json_set(j, "zone", json_new_string(l->zone));
	json_set(j, "link", json_new_u64(l->index));
	json_set(j, "pid", json_new_i64(getpid()));
	json_set(j, "start", json_new_u64(start));
	json_set(j, "container", json_new_string(id));
	json_set(j, "ifname", json_new_string(l->ifname));
	json_set(j, "path", json_new_string(cni_program_path()));
	json_set(j, "config", config);
	json_set(j, "runtime", l->runtime ? cni_copy(l->runtime) : json_new_object());
	return j;
}

/* Take the lock, once what a killed predecessor started has ended. Something that never ends must not make a link unremovable. */
static int session_lock(struct session *s, struct err *e)
{
	auto_free char *path = mem_format("%s.lock", s->base);
	int r = file_lock(AT_FDCWD, path, true, cni_run_seconds() * 1000, &s->lock, e);

	if (r != -EWOULDBLOCK)
		return r;
	log_warning("a CNI plugin still holds \"%s\"; going on without it", path);
	(void)sys_unlinkat(AT_FDCWD, path, 0);
	return file_lock(AT_FDCWD, path, true, 0, &s->lock, e);
}

static void session_netns(struct session *s, int netns_fd)
{
	if (netns_fd >= 0)
		(void)snprintf(s->netns, sizeof(s->netns), "/proc/%d/fd/%d", (int)getpid(),
			       netns_fd);
}

/* --- plugins ------------------------------------------------------------------------------------------------------ */

struct call {
	const char *command;
	size_t plugin;
	const struct json *previous;
};

static const char *session_network(const struct session *s)
{
	return json_get_string(json_get(s->record, "config"), "name", "");
}

static int session_call(const struct session *s, const struct call *c, struct json **ret,
			struct err *e)
{
	const struct json *config = json_get(s->record, "config");
	const char *type = cni_conf_type(config, c->plugin, false);
	const char *path = json_get_string(s->record, "path", "");
	auto_free char *program = NULL;
	auto_ptr(json) struct json *request =
		cni_conf_request(config, c->plugin, json_get(s->record, "runtime"), c->previous);
	struct cni_run run = { .command = c->command,
			       .container = json_get_string(s->record, "container", ""),
			       .netns = s->netns,
			       .ifname = json_get_string(s->record, "ifname", ""),
			       .path = path,
			       .request = request,
			       .deadline_ms = s->deadline_ms,
			       .keep_fd = s->lock };
	int r = cni_program_find(path, type, &program, e);

	run.program = program;
	if (r == 0)
		r = cni_run(&run, ret, e);
	return r < 0 ? err_wrap(e, "cni network \"%s\": plugin \"%s\"", session_network(s), type)
		     : 0;
}

static void session_begin(struct session *s)
{
	s->deadline_ms = cni_run_now_ms() + (int64_t)cni_run_seconds() * 1000;
}

static int session_add(struct session *s, struct err *e)
{
	const struct json *config = json_get(s->record, "config");
	auto_ptr(json) struct json *result = NULL;

	session_begin(s);

	for (size_t i = 0; i < cni_conf_count(config); i++) {
		struct json *next = NULL;
		int r = session_call(
			s, &(struct call){ .command = "ADD", .plugin = i, .previous = result },
			&next, e);

		if (r < 0)
			return r;
		json_free(result);
		result = next;
		r = cni_result_check(result, json_get_string(config, "cniVersion", ""), e);
		if (r < 0)
			return err_wrap(e, "cni network \"%s\": plugin \"%s\"", session_network(s),
					cni_conf_type(config, i, false));
	}
	json_set(s->record, "result", ptr_steal(&result));
	return record_save(s, e);
}

/* In reverse; the first failure ends it (specification, "error handling"): the record stays, and the next attempt begins at the end again. */
static int session_del(struct session *s, struct err *e)
{
	const struct json *config = json_get(s->record, "config");
	bool tells = cni_version_least(json_get_string(config, "cniVersion", ""), "0.4.0");
	struct call c = { .command = "DEL",
			  .previous = tells ? json_get(s->record, "result") : NULL };

	session_begin(s);

	for (size_t i = cni_conf_count(config); i-- > 0;) {
		c.plugin = i;
		int r = session_call(s, &c, NULL, e);

		if (r < 0)
			return r;
	}
	return record_remove(s, e);
}

/* --- add and delete ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *capability, *key;
} capabilities[] = {
	{ "ips", "allowedAddress" },
	{ "mac", "macAddress" },
	{ "bandwidth", "maxbw" },
	{ "portMappings", "publish" },
};

/* Every value needs a plugin that takes it. */
static int runtime_check(const struct json *config, const struct json *runtime, struct err *e)
{
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (json_get(runtime, capabilities[i].capability) &&
		    !cni_conf_can(config, capabilities[i].capability))
			return err_set(
				e, EINVAL,
				"%s is written, but no plugin of cni network \"%s\" declares the capability \"%s\"",
				capabilities[i].key, json_get_string(config, "name", ""),
				capabilities[i].capability);
	return 0;
}

int cni_del(const char *storage_dir, const char *zone, size_t index, int netns_fd, struct err *e)
{
	auto_done(session) struct session s = { .base = record_base(storage_dir, zone, index),
						.lock = -1 };
	auto_free char *path = mem_format("%s.json", s.base);
	struct err why = { 0 };
	int r;

	if (!file_exists(AT_FDCWD, path))
		return 0;
	r = session_lock(&s, e);
	if (r < 0)
		return r;
	r = record_load(path, &s.record, &why); /* as it is now that all have ended */
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*e = why;
		return r;
	}
	session_netns(&s, netns_fd);
	return session_del(&s, e);
}

int cni_add(const struct cni_link *l, struct json **ret_result, struct err *e)
{
	auto_done(session) struct session s = {
		.base = record_base(l->storage_dir, l->zone, l->index), .lock = -1
	};
	auto_free char *dir = record_dir(l->storage_dir);
	struct json *config = NULL;
	struct err undo = { 0 };
	int r = file_mkdir_p(AT_FDCWD, dir, 0700, e);

	if (r == 0)
		r = cni_del(l->storage_dir, l->zone, l->index, -1, e);
	if (r == 0)
		r = cni_conf_find(l->network, &config, e);
	if (r < 0)
		return r;
	s.record = record_new(l, config);
	session_netns(&s, l->netns_fd);
	r = runtime_check(config, l->runtime, e);
	if (r == 0)
		r = session_lock(&s, e);
	if (r == 0)
		r = record_save(&s, e);
	if (r < 0)
		return r;
	r = session_add(&s, e);
	if (r == 0)
		*ret_result = cni_copy(json_get(s.record, "result"));
	else if (session_del(&s, &undo) < 0)
		log_warning("%s", undo.text);
	return r;
}

/* --- all records -------------------------------------------------------------------------------------------------- */

/* Names of the records there are, without ".json". */
static void records_list(const char *storage_dir, struct strv *ret)
{
	auto_free char *dir = record_dir(storage_dir);
	DIR *d = opendir(dir);

	if (!d)
		return; /* nobody has used CNI here */
	for (const struct dirent *f; (f = readdir(d));)
		if (f->d_name[0] != '.' && str_has_suffix(f->d_name, ".json"))
			strv_format(ret, "%.*s", (int)(strlen(f->d_name) - strlen(".json")),
				    f->d_name);
	(void)closedir(d);
}

/* "web.0": zone and index; false when it is no such name. */
static bool record_name_split(const char *name, char **ret_zone, size_t *ret_index)
{
	const char *dot = strrchr(name, '.');
	uint64_t index = 0;

	if (!dot || dot == name || num_u64(dot + 1, &index) < 0)
		return false;
	*ret_zone = mem_format("%.*s", (int)(dot - name), name);
	*ret_index = (size_t)index;
	return true;
}

int cni_del_zone(const char *storage_dir, const char *zone, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = 0;

	records_list(storage_dir, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *one = NULL;
		size_t index = 0;

		if (!record_name_split(names.items[i], &one, &index) || !str_eq(one, zone))
			continue;
		r = cni_del(storage_dir, zone, index, -1, e);
		if (r < 0)
			r = err_wrap(e, "give back what \"%s/.cni/%s.json\" records", storage_dir,
				     names.items[i]);
	}
	return r;
}

/* The process that made the record, while it lives, looks after it: the caller's list may be older than it. */
static bool record_is_looked_after(const char *storage_dir, const char *name)
{
	auto_free char *path = mem_format("%s/.cni/%s.json", storage_dir, name);
	auto_ptr(json) struct json *record = NULL;
	struct err ignored = { 0 };

	return record_load(path, &record, &ignored) == 0 &&
	       proc_is((pid_t)json_get_i64(record, "pid", 0),
		       (uint64_t)json_get_i64(record, "start", 0));
}

void cni_sweep(const char *storage_dir, const char *const *alive)
{
	auto_done(strv) struct strv names = { 0 };

	records_list(storage_dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *zone = NULL;
		struct err e = { 0 };
		size_t index = 0;
		bool lives = false;

		if (!record_name_split(names.items[i], &zone, &index))
			continue;
		for (const char *const *a = alive; *a; a++)
			lives = lives || str_eq(*a, zone);
		if (lives || record_is_looked_after(storage_dir, names.items[i]))
			continue;
		if (cni_del(storage_dir, zone, index, -1, &e) < 0)
			log_warning("what zone \"%s\" had in a CNI network is not given back: %s",
				    zone, e.text);
	}
}

/* --- verify ------------------------------------------------------------------------------------------------------- */

static bool version_supported(const struct json *said, const char *version)
{
	const struct json *list = json_get(said, "supportedVersions");

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++)
		if (list->items[i]->type == JSON_STRING && str_eq(list->items[i]->text, version))
			return true;
	return false;
}

static int program_ask(struct cni_run *run, const char *type, const char *version, struct err *e)
{
	auto_free char *program = NULL;
	auto_ptr(json) struct json *said = NULL;
	int r = cni_program_find(run->path, type, &program, e);

	if (r < 0)
		return r;
	run->program = program;
	run->command = "VERSION";
	r = cni_run(run, &said, e);
	if (r == 0 && !version_supported(said, version))
		r = err_set(e, EINVAL, "does not support cniVersion %s", version);
	if (r == 0 && cni_version_least(version, "1.1.0")) {
		run->command = "STATUS";
		r = cni_run(run, NULL, e);
	}
	return r;
}

static int plugin_verify(const struct json *config, size_t i, bool ipam, struct err *e)
{
	const char *type = cni_conf_type(config, i, ipam);
	const char *version = json_get_string(config, "cniVersion", "");
	auto_ptr(json) struct json *request = cni_conf_request(config, i, NULL, NULL);
	struct cni_run run = { .path = cni_program_path(), .request = request, .keep_fd = -1 };
	int r = type ? program_ask(&run, type, version, e) : 0;

	return r < 0 ? err_wrap(e, "cni network \"%s\": plugin \"%s\"",
				json_get_string(config, "name", ""), type)
		     : 0;
}

/* Plugins whose links have no end on the host that frames of the zone come out of. Of others it is known only when the link is made. */
static int guard_possible(const struct json *config, struct err *e)
{
	static const char *const none[] = { "macvlan", "ipvlan", "host-device", "vlan",
					    "dummy",   "tap",    NULL };
	const char *type = cni_conf_type(config, 0, false);

	for (size_t i = 0; none[i]; i++)
		if (str_eq(none[i], type))
			return err_set(
				e, EOPNOTSUPP,
				"cni network \"%s\": a link of plugin \"%s\" has no end on the host where linkProtection could be enforced; only [\"none\"] is possible",
				json_get_string(config, "name", ""), type);
	return 0;
}

int cni_verify(const struct cni_want *w, struct err *e)
{
	auto_ptr(json) struct json *config = NULL;
	int r = cni_conf_find(w->network, &config, e);

	if (r == 0)
		r = runtime_check(config, w->runtime, e);
	if (r == 0 && w->needs_guard)
		r = guard_possible(config, e);
	for (size_t i = 0; r == 0 && i < cni_conf_count(config); i++) {
		r = plugin_verify(config, i, false, e);
		if (r == 0)
			r = plugin_verify(config, i, true, e);
	}
	return r;
}
