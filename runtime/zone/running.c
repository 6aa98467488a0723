/* running - see running.h. As the run record it lies on a file system that a reboot of the host empties: replaced atomically, not flushed. */
#include "runtime/zone/running.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/zone/record.h"
#include "runtime/zone/zone.h"

static char *running_path(const struct zone_dirs *d, const char *name, int64_t boot)
{
	return mem_format("%s/%s/running.%" PRId64 ".json", d->run, name, boot);
}

void running_done(struct running *r)
{
	json_free(r->config);
	strv_done(&r->unsure);
	*r = (struct running){ 0 };
}

static int load(const char *path, struct running *ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	int r = zone_json_read(path, &j, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	const struct json *config = json_get(j, "config"), *unsure = json_get(j, "unsure");

	if (!config || config->type != JSON_OBJECT)
		return err_set(e, EINVAL, "\"%s\" is broken: it holds no configuration", path);
	ret->config = json_clone(config);
	ret->matches = num_u64(json_get_string(j, "fileSum", ""), &ret->file_sum) == 0;
	for (size_t i = 0; unsure && unsure->type == JSON_ARRAY && i < unsure->n; i++)
		if (unsure->items[i]->type == JSON_STRING)
			strv_add(&ret->unsure, unsure->items[i]->text);
	return 1;
}

static int store(const char *path, const struct running *r, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	struct json *config = json_clone(r->config);

	free(ptr_steal(&config->key));
	if (r->matches) {
		auto_free char *sum = mem_format("%" PRIu64, r->file_sum);

		json_set(j, "fileSum", json_new_string(sum));
		json_set(j, "profile",
			 json_new_string(json_get_string(config, "fileMacProfile", "none")));
	}
	if (r->unsure.n > 0) {
		struct json *list = json_set(j, "unsure", json_new_array());

		for (size_t i = 0; i < r->unsure.n; i++)
			json_add(list, json_new_string(r->unsure.items[i]));
	}
	json_set(j, "config", config);
	return zone_json_write(path, j, false, e);
}

int running_load(const struct zone_dirs *d, const struct zone *z, struct running *ret,
		 struct err *e)
{
	auto_free char *path = running_path(d, z->name, z->run.restarts);

	*ret = (struct running){ 0 };
	return load(path, ret, e);
}

int running_store(const struct zone_dirs *d, const struct zone *z, const struct running *r,
		  struct err *e)
{
	auto_free char *path = running_path(d, z->name, z->run.restarts);
	int n = store(path, r, e);

	return n < 0 ? err_wrap(e, "save what zone \"%s\" runs with", z->name) : 0;
}

int running_wanted(const struct zone_dirs *d, const struct zone *z, struct json **ret,
		   struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r = zone_host_facts(d, z, &host, &strings, e);

	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z->spec, &host);

	*ret = zone_spec_save(effective);
	return 0;
}

/* --- for the monitor ---------------------------------------------------------------------------------------------- */

int zone_running_begin(const struct zone_dirs *d, const struct zone *z, int64_t boot,
		       const struct zone_spec *effective, struct err *e)
{
	auto_free char *path = running_path(d, z->name, boot);
	auto_done(running) struct running r = { .config = zone_spec_save(effective),
						.matches = true,
						.file_sum = z->config_sum };
	int n = store(path, &r, e);

	return n < 0 ? err_wrap(e, "save what zone \"%s\" is booted with", z->name) : 0;
}

int zone_running_spec(const struct zone_dirs *d, const char *name, int64_t boot,
		      struct zone_spec **ret, struct err *e)
{
	auto_free char *path = running_path(d, name, boot);
	auto_done(running) struct running r = { 0 };
	int n = load(path, &r, e);

	if (n > 0)
		*ret = zone_spec_load(r.config);
	return n;
}

void zone_running_end(const struct zone_dirs *d, const char *name, int64_t boot)
{
	auto_free char *path = running_path(d, name, boot);

	(void)sys_unlinkat(AT_FDCWD, path, 0); /* it goes with its folder at the latest */
}

/* The usual case, for `zone list`: we wrote the file with the sum first, then what else a row needs, and then nothing else is to be read. */
const char *zone_running_profile(const struct zone_dirs *d, const struct zone *z)
{
	auto_free char *path = running_path(d, z->name, z->run.restarts);
	auto_free char *sum =
		mem_format("{\n  \"fileSum\": \"%" PRIu64 "\",\n  \"profile\": \"", z->config_sum);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	char start[160];
	ssize_t n = fd < 0 ? -1 : sys_read(fd, start, sizeof(start) - 1);

	start[n > 0 ? n : 0] = '\0';
	if (!str_has_prefix(start, sum))
		return NULL;
	char *word = start + strlen(sum);
	char *end = word + strcspn(word, "\"");

	if (!str_has_prefix(end, "\",\n  \"config\": {"))
		return NULL;
	*end = '\0';
	const struct zone_spec spec = { .file_mac_profile = word };

	return zone_profile_word(&spec);
}

bool zone_is_pending(const struct zone_dirs *d, const struct zone *z)
{
	auto_done(running) struct running r = { 0 };
	auto_done(changes) struct changes c = { 0 };
	auto_ptr(json) struct json *wanted = NULL;
	struct err ignored = { 0 };

	if (!z->spec || !z->init_alive || zone_running_profile(d, z) ||
	    running_load(d, z, &r, &ignored) <= 0)
		return false;
	if (r.unsure.n > 0)
		return true;
	if (r.matches && r.file_sum == z->config_sum)
		return false;
	if (running_wanted(d, z, &wanted, &ignored) < 0)
		return false;
	changes_find(r.config, wanted, NULL, &c);
	return c.n > 0;
}
