/* publish - a zone as an OCI image: its root as a layer, its service as the configuration, a manifest, and a line in the layout's index. The index is written last: before, nothing of the new image is seen. */
#include "runtime/zone/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/image.h"
#include "runtime/zone/publish_blob.h"
#include "runtime/zone/storage.h"

#define OCI      "application/vnd.oci.image."
#define REF_NAME "org.opencontainers.image.ref.name"

enum { LOCK_WAIT_MS = 60000 };

struct publish {
	const struct zone *zone;
	const struct zone_publishing *options;
	const struct publish_compression *way;
	char *dir, *tag;
	int layout; /* DIR */
	int blobs;  /* in it, "blobs/sha256" */
	int64_t epoch;
	char created[32];
	struct publish_layer layer;
};

static void publish_done(struct publish *p)
{
	free(p->dir);
	free(p->tag);
	fd_close(&p->layout);
	fd_close(&p->blobs);
}

/* "oci:DIR[:TAG]", where DIR need not be there. */
static int take_target(struct publish *p, const char *to, struct err *e)
{
	const char *rest = str_after(to, "oci:");

	if (str_empty(rest))
		return err_set(e, EINVAL, "\"%s\" is no place for an image: oci:DIR[:TAG]", to);
	const char *slash = strrchr(rest, '/'), *colon = strrchr(rest, ':');

	if (colon && (!slash || colon > slash) && !file_exists(AT_FDCWD, rest)) {
		p->dir = mem_strndup(rest, (size_t)(colon - rest));
		p->tag = mem_strdup(colon + 1);
	} else {
		p->dir = mem_strdup(rest);
		p->tag = mem_strdup("latest");
	}
	if (str_empty(p->dir) || !image_name_ok(p->tag) || strpbrk(p->tag, "/:@"))
		return err_set(e, EINVAL, "\"%s\": the tag cannot be one", to);
	return 0;
}

static int take_time(struct publish *p, struct err *e)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	char *end = NULL;
	time_t when = time(NULL);
	struct tm tm;

	p->epoch = -1;
	if (!str_empty(text)) {
		p->epoch = strtoll(text, &end, 10);
		if (*end || p->epoch < 0)
			return err_set(e, EINVAL, "SOURCE_DATE_EPOCH=%.40s is no number of seconds",
				       text);
		when = (time_t)p->epoch;
	}
	if (!gmtime_r(&when, &tm) ||
	    strftime(p->created, sizeof(p->created), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return err_set(e, EINVAL, "the time cannot be written");
	return 0;
}

/* --- the layout --------------------------------------------------------------------------------------------------- */

static bool is_empty(int fd)
{
	return !file_exists(fd, "blobs") && !file_exists(fd, "index.json");
}

/* Blobs are named by what is in them, so only the beginning of a layout and its index need that nobody else publishes there. */
static int lock_layout(const struct publish *p, struct err *e)
{
	return file_lock_fd(p->layout, p->dir, true, LOCK_WAIT_MS, e);
}

static void unlock_layout(const struct publish *p)
{
	(void)sys_flock(p->layout, LOCK_UN);
}

/* "oci-layout" comes first: with blobs alone a directory is no layout. */
static int begin_layout(const struct publish *p, struct err *e)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

	if (!file_exists(p->layout, "oci-layout") && !is_empty(p->layout))
		return err_set(e, EEXIST, "\"%s\" holds something that is no image layout", p->dir);
	return file_replace(p->layout, "oci-layout", version, strlen(version), 0644, e);
}

/* The layout may be a user's, who can put links into it: what is written is written below descriptors of ours. */
static int open_blobs(struct publish *p, struct err *e)
{
	int r = file_mkdir_p(p->layout, "blobs", 0755, e);
	auto_close int blobs = r < 0 ? r : file_open_dir(p->layout, "blobs", e);

	r = blobs < 0 ? blobs : file_mkdir_p(blobs, "sha256", 0755, e);
	if (r < 0)
		return r;
	p->blobs = file_open_dir(blobs, "sha256", e);
	return p->blobs < 0 ? p->blobs : 0;
}

/* O_PATH, made where it is missing; over links that only root can have made. */
static int reach_dir(const char *path, struct err *e)
{
	struct err why = { 0 };
	int fd = path_open_host(path, &why);
	const char *last = strrchr(path, '/');

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT || !last || !last[1]) {
		*e = why;
		return fd;
	}
	auto_free char *above = mem_strndup(path, (size_t)(last - path));
	auto_close int parent = reach_dir(above, e);
	int r = parent < 0 ? parent : file_mkdir_p(parent, last + 1, 0755, e);

	return r < 0 ? r : file_open_dir(parent, last + 1, e);
}

static int open_dir(const char *dir, struct err *e)
{
	auto_free char *here = str_has_prefix(dir, "/") ? mem_strdup("") : getcwd(NULL, 0);
	auto_free char *path = here ? mem_format("%s/%s", here, dir) : NULL;

	if (!path)
		return err_sys(e, "find the current directory");
	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	auto_close int found = reach_dir(path, e);

	if (found < 0)
		return found;
	int fd = sys_openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s\"", dir) : fd;
}

static int open_layout(struct publish *p, struct err *e)
{
	p->layout = open_dir(p->dir, e);
	if (p->layout < 0)
		return p->layout;
	int r = lock_layout(p, e);

	if (r < 0)
		return r;
	r = begin_layout(p, e);
	if (r == 0)
		r = open_blobs(p, e);
	unlock_layout(p);
	return r;
}

/* A blob's name in its folder. */
static const char *blob_name(const char *digest)
{
	return str_after(digest, "sha256:");
}

/* {"mediaType","digest","size"} of a blob. */
static struct json *descriptor(const char *media, const char *digest, unsigned long long size)
{
	struct json *d = json_new_object();

	json_set(d, "mediaType", json_new_string(media));
	json_set(d, "digest", json_new_string(digest));
	json_set(d, "size", json_new_u64(size));
	return d;
}

static int put_json(const struct publish *p, const struct json *j, const char *media,
		    struct json **ret, struct err *e)
{
	auto_free char *text = json_print(j, false);
	char digest[DIGEST_TEXT_MAX];
	int r = digest_of(text, strlen(text), digest, e);

	if (r < 0)
		return r;
	r = file_replace(p->blobs, blob_name(digest), text, strlen(text), 0644 | FILE_DURABLE, e);
	if (r == 0)
		*ret = descriptor(media, digest, strlen(text));
	return r;
}

/* The layer is written without a name and gets the one of its sum. */
static int put_layer(struct publish *p, struct tree_job *job, struct err *e)
{
	auto_close int out = sys_openat(p->blobs, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644);
	char link[32];

	if (out < 0)
		return err_sys(e, "create a file in \"%s\"", p->dir);
	int r = publish_tar(job, out, p->epoch, p->way, &p->layer, e);

	if (r < 0)
		return r;
	if (sys_fsync(out) < 0)
		return err_sys(e, "flush the layer");
	path_of_fd(out, link, sizeof(link));
	if (sys_linkat(AT_FDCWD, link, p->blobs, blob_name(p->layer.digest), AT_SYMLINK_FOLLOW) <
		    0 &&
	    errno != EEXIST)
		return err_sys(e, "give the layer its name");
	return 0;
}

/* --- the documents ------------------------------------------------------------------------------------------------ */

static void add_service(struct json *c, const struct zone_service *s)
{
	struct json *env = json_set(c, "Env", json_new_array());
	struct json *words = json_set(c, "Entrypoint", json_new_array());

	if (!strmap_get(&s->env, "PATH"))
		json_add(
			env,
			json_new_string(
				"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	for (size_t i = 0; i < s->env.n; i++) {
		auto_free char *line =
			mem_format("%s=%s", s->env.items[i].key, s->env.items[i].value);

		json_add(env, json_new_string(line));
	}
	for (size_t i = 0; i < s->command.n; i++)
		json_add(words, json_new_string(s->command.items[i]));
	json_set(c, "User", json_new_string(s->user));
	json_set(c, "WorkingDir", json_new_string(s->cwd));
	auto_free char *signal = mem_format("%s%s",
					    str_has_prefix(s->stop_signal, "SIG") ||
							    strchr("0123456789", s->stop_signal[0])
						    ? ""
						    : "SIG",
					    s->stop_signal);

	json_set(c, "StopSignal", json_new_string(signal));
}

static void add_init(struct json *c, int root, const struct zone_brand *brand)
{
	auto_free char *kind = NULL;
	const char *init = NULL;
	struct err none = { 0 };

	json_add(json_set(c, "Env", json_new_array()),
		 json_new_string(
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	if (zone_init_find(root, brand, &init, &kind, &none) < 0)
		return; /* whoever runs it says what */
	json_add(json_set(c, "Cmd", json_new_array()), json_new_string(init));
	if (str_eq(kind, "systemd"))
		json_set(c, "StopSignal", json_new_string("SIGRTMIN+3"));
}

/* Ports and the like of the image that the zone came from are still true. */
static void add_names(struct json *c, const char *key, const struct json *list)
{
	struct json *object = list ? json_set(c, key, json_new_object()) : NULL;

	for (size_t i = 0; list && i < list->n; i++) {
		if (list->items[i]->type == JSON_STRING)
			json_set(object, list->items[i]->text, json_new_object());
	}
}

static int put_config(struct publish *p, int root, const struct zone_spec *effective,
		      struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	struct image_platform here;
	int r = image_platform_here(&here, e);

	if (r < 0)
		return r;
	json_set(j, "created", json_new_string(p->created));
	json_set(j, "architecture", json_new_string(here.architecture));
	if (here.variant)
		json_set(j, "variant", json_new_string(here.variant));
	json_set(j, "os", json_new_string("linux"));
	struct json *c = json_set(j, "config", json_new_object());

	if (effective->service && effective->service->command.n > 0)
		add_service(c, effective->service);
	else
		add_init(c, root, zone_brand_find(effective->brand));
	add_names(c, "ExposedPorts", json_get(p->zone->record.image, "exposedPorts"));
	add_names(c, "Volumes", json_get(p->zone->record.image, "volumes"));
	struct json *rootfs = json_set(j, "rootfs", json_new_object());

	json_set(rootfs, "type", json_new_string("layers"));
	json_add(json_set(rootfs, "diff_ids", json_new_array()), json_new_string(p->layer.diff_id));
	struct json *history =
		json_add(json_set(j, "history", json_new_array()), json_new_object());

	json_set(history, "created", json_new_string(p->created));
	json_set(history, "created_by", json_new_string("zone publish"));
	return put_json(p, j, OCI "config.v1+json", ret, e);
}

static int put_manifest(struct publish *p, struct json *config, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	auto_free char *media = mem_format(OCI "layer.v1.tar%s", p->layer.media);

	json_set(j, "schemaVersion", json_new_i64(2));
	json_set(j, "mediaType", json_new_string(OCI "manifest.v1+json"));
	json_set(j, "config", config);
	json_add(json_set(j, "layers", json_new_array()),
		 descriptor(media, p->layer.digest, p->layer.size));
	return put_json(p, j, OCI "manifest.v1+json", ret, e);
}

static bool has_tag(const struct json *d, const char *tag)
{
	return str_eq(json_get_string(json_get(d, "annotations"), REF_NAME, NULL), tag);
}

/* What the index has already, but for an image of our tag. */
static int old_index(const struct publish *p, struct json *to, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = path_read_regular(p->layout, "index.json", IMAGE_JSON_MAX, &text, &n, e);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = image_json(text, n, "the index", &j, e);
	const struct json *list = r == 0 ? json_get(j, "manifests") : NULL;

	for (size_t i = 0; list && i < list->n; i++) {
		if (!has_tag(list->items[i], p->tag))
			json_add(to, json_clone(list->items[i]));
	}
	return r;
}

static int put_index(const struct publish *p, struct json *manifest, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "schemaVersion", json_new_i64(2));
	json_set(j, "mediaType", json_new_string(OCI "index.v1+json"));
	struct json *list = json_set(j, "manifests", json_new_array());

	json_set(json_set(manifest, "annotations", json_new_object()), REF_NAME,
		 json_new_string(p->tag));
	int r = old_index(p, list, e);

	json_add(list, manifest);
	if (r < 0)
		return r;
	auto_free char *text = json_print(j, false);

	return file_replace(p->layout, "index.json", text, strlen(text), 0644 | FILE_DURABLE, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static int write_image(const struct zone_dirs *d, struct publish *p,
		       const struct zone_spec *effective, char **ret_digest, struct err *e)
{
	auto_close int root = zone_root_open(d, p->zone, e);
	struct tree_job job = { .root = root, .options = &p->options->tree };
	struct json *config = NULL, *manifest = NULL;

	if (root < 0)
		return root;
	int r = open_layout(p, e);

	if (r == 0)
		r = put_layer(p, &job, e);
	if (r == 0)
		r = put_config(p, root, effective, &config, e);
	if (r == 0)
		r = put_manifest(p, config, &manifest, e);
	if (r < 0)
		return r;
	*ret_digest = mem_strdup(json_get_string(manifest, "digest", ""));
	tree_warn_skipped(&job);
	r = lock_layout(p, e);
	if (r < 0) {
		json_free(manifest);
		return r;
	}
	r = put_index(p, manifest, e);
	unlock_layout(p);
	return r;
}

static int take_options(struct publish *p, const struct zone_publishing *o, struct err *e)
{
	p->options = o;
	p->way = publish_compression_find(o->compression);
	if (!p->way)
		return err_set(e, EINVAL, "compression \"%.20s\" is not one of gzip, zstd, none",
			       o->compression);
	int r = take_target(p, o->to, e);

	return r < 0 ? r : take_time(p, e);
}

int zone_publish(const struct zone_dirs *d, const char *name, const struct zone_publishing *o,
		 char **ret_digest, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			      &z, e);
	auto_done(publish) struct publish p = { .zone = z, .layout = -1, .blobs = -1 };

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_PUBLISH, NULL, e);
	if (r == 0)
		r = take_options(&p, o, e);
	if (r == 0)
		r = zone_host_facts(d, z, &host, &strings, e);
	if (r < 0)
		return r;
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z->spec, &host);
	const struct zone_brand *brand = zone_brand_find(effective->brand);

	if (brand && brand->sparse_root)
		return err_set(
			e, EINVAL,
			"zone \"%s\" is of brand \"%s\", whose /usr is the host's: there is nothing that could run elsewhere",
			name, brand->name);
	r = write_image(d, &p, effective, ret_digest, e);
	return r < 0 ? err_wrap(e, "publish %s", name) : 0;
}
