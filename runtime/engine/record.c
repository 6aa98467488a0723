/* record - a struct, a JSON object, and nothing in between: every member is one line in each direction. */
#include "runtime/engine/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

enum { RECORD_FORMAT = 1, RECORD_MAX = 8 << 20 };

#define RECORD_FILE "state.json"

void record_done(struct record *r)
{
	free(r->id);
	free(r->bundle);
	free(r->rootfs);
	free(r->oci_version);
	free(r->created);
	json_free(r->cgroup);
	json_free(r->resctrl);
	json_free(r->extensions);
	strmap_done(&r->annotations);
	*r = (struct record){ 0 };
}

static void add_annotations(struct json *to, const struct strmap *annotations)
{
	if (annotations->n == 0)
		return;
	struct json *object = json_set(to, "annotations", json_new_object());

	for (size_t i = 0; i < annotations->n; i++)
		(void)json_set(object, annotations->items[i].key,
			       json_new_string(annotations->items[i].value));
}

struct json *record_to_json(const struct record *r)
{
	struct json *j = json_new_object();

	(void)json_set(j, "format", json_new_i64(RECORD_FORMAT));
	(void)json_set(j, "id", json_new_string(r->id));
	(void)json_set(j, "ociVersion", json_new_string(r->oci_version));
	(void)json_set(j, "created", json_new_string(r->created));
	(void)json_set(j, "owner", json_new_i64(r->owner));
	(void)json_set(j, "complete", json_new_bool(r->complete));
	(void)json_set(j, "pid", json_new_i64(r->pid));
	(void)json_set(j, "start", json_new_u64(r->start));
	(void)json_set(j, "bundle", json_new_string(r->bundle));
	(void)json_set(j, "rootfs", json_new_string(r->rootfs));
	(void)json_set(j, "process", json_new_bool(r->has_process));
	(void)json_set(j, "ownPids", json_new_bool(r->own_pids));
	(void)json_set(j, "poststart", json_new_bool(r->has_poststart));
	(void)json_set(j, "poststop", json_new_bool(r->has_poststop));
	if (r->view > 0) {
		(void)json_set(j, "view", json_new_i64(r->view));
		(void)json_set(j, "viewStart", json_new_u64(r->view_start));
	}
	if (r->cgroup)
		(void)json_set(j, "cgroup", json_clone(r->cgroup));
	if (r->resctrl)
		(void)json_set(j, "resctrl", json_clone(r->resctrl));
	if (r->extensions)
		(void)json_set(j, "extensions", json_clone(r->extensions));
	add_annotations(j, &r->annotations);
	return j;
}

static void read_annotations(const struct json *j, struct strmap *ret)
{
	const struct json *object = json_get(j, "annotations");

	for (size_t i = 0; object && object->type == JSON_OBJECT && i < object->n; i++) {
		const struct json *value = object->items[i];

		if (value->type == JSON_STRING)
			strmap_set(ret, value->key, value->text);
	}
}

static char *read_text(const struct json *j, const char *key)
{
	return mem_strdup(json_get_string(j, key, ""));
}

int record_from_json(const struct json *j, struct record *ret, struct err *e)
{
	*ret = (struct record){ 0 };
	if (json_get_i64(j, "format", 0) != RECORD_FORMAT ||
	    str_empty(json_get_string(j, "id", NULL)))
		return err_set(e, EPROTO, "state.json is not a record of this program");
	int64_t pid = json_get_i64(j, "pid", 0), start = json_get_i64(j, "start", 0);
	int64_t view = json_get_i64(j, "view", 0), view_start = json_get_i64(j, "viewStart", 0);

	if (pid < 0 || pid > INT32_MAX || start < 0 || view < 0 || view > INT32_MAX ||
	    view_start < (view > 0))
		return err_set(e, EPROTO, "state.json names an impossible process");
	ret->id = read_text(j, "id");
	ret->oci_version = read_text(j, "ociVersion");
	ret->created = read_text(j, "created");
	ret->owner = (uint32_t)json_get_i64(j, "owner", 0);
	ret->complete = json_get_bool(j, "complete", false);
	ret->pid = (pid_t)pid;
	ret->start = (uint64_t)start;
	ret->view = (pid_t)view;
	ret->view_start = (uint64_t)view_start;
	ret->bundle = read_text(j, "bundle");
	ret->rootfs = read_text(j, "rootfs");
	ret->has_process = json_get_bool(j, "process", false);
	ret->own_pids = json_get_bool(j, "ownPids", false);
	ret->has_poststart = json_get_bool(j, "poststart", false);
	ret->has_poststop = json_get_bool(j, "poststop", false);
	if (json_get(j, "cgroup"))
		ret->cgroup = json_clone(json_get(j, "cgroup"));
	if (json_get(j, "resctrl"))
		ret->resctrl = json_clone(json_get(j, "resctrl"));
	if (json_get(j, "extensions"))
		ret->extensions = json_clone(json_get(j, "extensions"));
	read_annotations(j, &ret->annotations);
	return 0;
}

int record_write(int dir, const struct record *r, struct err *e)
{
	auto_ptr(json) struct json *j = record_to_json(r);
	auto_free char *text = json_print(j, false);
	int err = file_replace(dir, RECORD_FILE, text, strlen(text), 0600, e);

	return err < 0 ? err_wrap(e, "save the state") : 0;
}

int record_read(int dir, struct record *ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(dir, RECORD_FILE, RECORD_MAX, &text, &n, e);

	*ret = (struct record){ 0 };
	if (r < 0)
		return r;
	r = json_parse_simple(text, n, &j, e);
	if (r < 0)
		return err_wrap(e, RECORD_FILE);
	return record_from_json(j, ret, e);
}

struct json *record_state(const struct record *r, const char *status, pid_t pid)
{
	struct json *j = json_new_object();

	(void)json_set(j, "ociVersion", json_new_string(r->oci_version));
	(void)json_set(j, "id", json_new_string(r->id));
	(void)json_set(j, "pid", json_new_i64(pid));
	(void)json_set(j, "status", json_new_string(status));
	(void)json_set(j, "bundle", json_new_string(r->bundle));
	(void)json_set(j, "rootfs", json_new_string(r->rootfs));
	(void)json_set(j, "created", json_new_string(r->created));
	add_annotations(j, &r->annotations);
	(void)json_set(j, "owner", json_new_string(""));
	return j;
}

/* Days since 1970 to a date, after Howard Hinnant's "days_from_civil" turned round. gmtime(3) and strftime(3) would read the time zone files of the host first. */
static void civil(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * of_year + 2) / 153; /* months from March on */

	*day = of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

char *record_time(int64_t seconds, long nanoseconds)
{
	int64_t year, month, day, rest = seconds % 86400;

	civil(seconds / 86400, &year, &month, &day);
	return mem_format("%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%09ldZ", (long long)year,
			  (long long)month, (long long)day, (long long)(rest / 3600),
			  (long long)(rest / 60 % 60), (long long)(rest % 60), nanoseconds);
}

char *record_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return record_time(now.tv_sec, now.tv_nsec);
}
