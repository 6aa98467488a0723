/* image_layout - from index.json to the one image for this machine. Each descriptor is verified before what it leads to is parsed; indexes in indexes are followed to a depth of 4. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image.h"

enum { DEPTH_MAX = 4, ENTRIES_MAX = 1000 };

#define REF_NAME "org.opencontainers.image.ref.name"

/* --- media types -------------------------------------------------------------------------------------------------- */

enum media { MEDIA_OTHER, MEDIA_INDEX, MEDIA_MANIFEST, MEDIA_CONFIG, MEDIA_LAYER, MEDIA_FOREIGN };

static const struct {
	const char *type;
	enum media media;
} types[] = {
	{ "application/vnd.oci.image.index.v1+json", MEDIA_INDEX },
	{ "application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX },
	{ "application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST },
	{ "application/vnd.oci.image.config.v1+json", MEDIA_CONFIG },
	{ "application/vnd.docker.container.image.v1+json", MEDIA_CONFIG },
	{ "application/vnd.oci.image.layer.v1.tar", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_FOREIGN },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_FOREIGN },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_FOREIGN },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_FOREIGN },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_FOREIGN },
};

static enum media media_of(const char *type)
{
	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_eq(types[i].type, type))
			return types[i].media;
	}
	return MEDIA_OTHER;
}

/* A word from the image as it may stand in a sentence: short, and without control characters. */
static char *shown(const char *text)
{
	char *copy = mem_strndup(text ? text : "nothing", 100);

	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return copy;
}

/* --- platforms ---------------------------------------------------------------------------------------------------- */

int image_platform_here(struct image_platform *ret, struct err *e)
{
	static const struct {
		const char *machine, *architecture, *variant;
	} machines[] = {
		{ "x86_64", "amd64", NULL },    { "aarch64", "arm64", "v8" },
		{ "armv7l", "arm", "v7" },      { "armv6l", "arm", "v6" },
		{ "i686", "386", NULL },        { "i586", "386", NULL },
		{ "ppc64le", "ppc64le", NULL }, { "s390x", "s390x", NULL },
		{ "riscv64", "riscv64", NULL }, { "loongarch64", "loong64", NULL },
	};
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(e, "ask for the machine's architecture");
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (!str_eq(machines[i].machine, u.machine))
			continue;
		*ret = (struct image_platform){ machines[i].architecture, machines[i].variant };
		return 0;
	}
	return err_set(e, EOPNOTSUPP, "images for a machine of the kind \"%s\" are not known",
		       u.machine);
}

int image_platform_fits(const struct json *platform, const struct image_platform *here)
{
	const char *variant = json_get_string(platform, "variant", NULL);

	if (!str_eq(json_get_string(platform, "os", NULL), "linux") ||
	    !str_eq(json_get_string(platform, "architecture", NULL), here->architecture))
		return 0;
	if (str_empty(variant))
		return 2;
	if (str_eq(variant, here->variant) || (!here->variant && str_eq(variant, "v1")))
		return 3;
	/* An older variant of ARM runs on a newer one; "amd64 v2" and later may need what this processor lacks. */
	return here->variant && strcmp(variant, here->variant) < 0 ? 1 : 0;
}

/* --- descriptors -------------------------------------------------------------------------------------------------- */

/* The bytes that a descriptor means, verified. */
static int blob_text(const struct image_source *s, const struct json *descriptor, const char *what,
		     char **ret, size_t *ret_len, struct err *e)
{
	const char *digest = json_get_string(descriptor, "digest", NULL);
	int64_t size = json_get_i64(descriptor, "size", -1);

	if (!digest_ok(digest)) {
		auto_free char *word = shown(digest);

		return err_set(
			e, EINVAL,
			"%s of the image has the digest \"%s\": sha256 and sha512 are understood",
			what, word);
	}
	if (size < 0 || size > IMAGE_JSON_MAX)
		return err_set(e, EFBIG,
			       "%s of the image has a size of %lld bytes: 0 to %d are taken", what,
			       (long long)size, IMAGE_JSON_MAX);
	auto_free char *path = image_blob_path(digest);
	auto_free char *text = NULL;
	size_t n = 0;
	int r = image_source_text(s, path, IMAGE_JSON_MAX, &text, &n, e);

	if (r < 0)
		return r;
	if (n != (size_t)size)
		return err_set(e, EBADMSG, "%s of the image is %zu bytes long and should be %lld",
			       what, n, (long long)size);
	r = digest_check(text, n, digest, e);
	if (r < 0)
		return err_wrap(e, "%s of the image", what);
	*ret = ptr_steal(&text);
	*ret_len = n;
	return 0;
}

static int blob_json(const struct image_source *s, const struct json *descriptor, const char *what,
		     struct json **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = blob_text(s, descriptor, what, &text, &n, e);

	return r < 0 ? r : image_json(text, n, what, ret, e);
}

/* --- choosing ----------------------------------------------------------------------------------------------------- */

struct choice {
	const struct image_reference *ref;
	struct image_platform here;
	bool named; /* the tag or digest has been found already */
};

static const char *ref_name(const struct json *descriptor)
{
	return json_get_string(json_get(descriptor, "annotations"), REF_NAME, NULL);
}

/* Is it what the reference names, as far as it names one? */
static bool is_named(const struct choice *c, const struct json *d)
{
	if (c->named || (!c->ref->tag && !c->ref->digest))
		return true;
	if (c->ref->digest)
		return str_eq(json_get_string(d, "digest", NULL), c->ref->digest);
	return str_eq(ref_name(d), c->ref->tag);
}

/* 0: not for this machine or not an image. Without a platform only its configuration can tell. */
static int fitness(const struct choice *c, const struct json *d)
{
	const struct json *platform = json_get(d, "platform");
	enum media m = media_of(json_get_string(d, "mediaType", NULL));

	if (m != MEDIA_MANIFEST && m != MEDIA_INDEX)
		return 0;
	return platform ? image_platform_fits(platform, &c->here) : 1;
}

static int not_found(const struct choice *c, const struct json *manifests, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };

	for (size_t i = 0; i < manifests->n && names.n < 8; i++) {
		const char *name = ref_name(manifests->items[i]);

		if (!str_empty(name))
			strv_take(&names, shown(name));
	}
	auto_free char *list = names.n ? strv_join(&names, ", ") : mem_strdup("none");

	if (c->ref->digest && !c->named)
		return err_set(e, ENOENT, "the image's index has no %s for this machine",
			       c->ref->digest);
	if (c->ref->tag && !c->named)
		return err_set(e, ENOENT,
			       "the image's index has no tag \"%s\" for this machine (tags: %s)",
			       c->ref->tag, list);
	return err_set(e, ENOENT, "the image's index has nothing for linux/%s",
		       c->here.architecture);
}

/* Two that fit equally well and have different names: which one was meant? */
static bool is_ambiguous(const struct choice *c, const struct json *a, const struct json *b)
{
	return !c->named && !c->ref->tag && !c->ref->digest && a && b &&
	       !str_eq(json_get_string(a, "digest", ""), json_get_string(b, "digest", ""));
}

static int choose(const struct choice *c, const struct json *index, const struct json **ret,
		  struct err *e)
{
	const struct json *manifests = json_get(index, "manifests"), *best = NULL, *rival = NULL;
	int points = 0;

	if (!manifests || manifests->type != JSON_ARRAY || manifests->n > ENTRIES_MAX)
		return err_set(e, EINVAL,
			       "the image's index has no list \"manifests\" of at most %d",
			       ENTRIES_MAX);
	for (size_t i = 0; i < manifests->n; i++) {
		const struct json *d = manifests->items[i];
		int p = is_named(c, d) ? fitness(c, d) : 0;

		if (p > 0 && p == points)
			rival = d;
		if (p <= points)
			continue;
		best = d;
		points = p;
		rival = NULL;
	}
	if (!best)
		return not_found(c, manifests, e);
	if (is_ambiguous(c, best, rival))
		return err_set(
			e, EINVAL,
			"there are several images: name one by its tag (oci:DIR:TAG) or digest (oci:DIR@sha256:...)");
	*ret = best;
	return 0;
}

/* --- the manifest ------------------------------------------------------------------------------------------------- */

static int add_layer(struct image *i, const struct json *d, struct err *e)
{
	const char *type = json_get_string(d, "mediaType", NULL);
	const char *digest = json_get_string(d, "digest", NULL);
	auto_free char *word = shown(type);

	if (str_has_suffix(word, "+encrypted"))
		return err_set(e, EOPNOTSUPP, "layer %zu of the image is encrypted (%s)",
			       i->n_layers + 1, word);
	if (media_of(type) == MEDIA_FOREIGN)
		return err_set(
			e, EOPNOTSUPP,
			"layer %zu of the image is not in it: its maker does not let it be distributed (%s)",
			i->n_layers + 1, word);
	if (media_of(type) != MEDIA_LAYER)
		return err_set(e, EOPNOTSUPP,
			       "layer %zu of the image is of the kind \"%s\", which is not known",
			       i->n_layers + 1, word);
	if (!digest_ok(digest) || json_get_i64(d, "size", -1) < 0)
		return err_set(e, EINVAL,
			       "layer %zu of the image has no digest and size that are understood",
			       i->n_layers + 1);
	i->layers[i->n_layers++] = (struct image_layer){ .digest = mem_strdup(digest),
							 .size = json_get_i64(d, "size", -1) };
	return 0;
}

static int take_manifest(const struct image_source *s, const struct json *manifest,
			 struct image *ret, struct err *e)
{
	const struct json *layers = json_get(manifest, "layers"),
			  *config = json_get(manifest, "config");
	const char *type = json_get_string(config, "mediaType", NULL);
	auto_free char *text = NULL;
	size_t n = 0;

	if (media_of(type) != MEDIA_CONFIG || json_get(manifest, "artifactType")) {
		auto_free char *word = shown(json_get_string(manifest, "artifactType", type));

		return err_set(e, EINVAL, "it is no image of a root file system but \"%s\"", word);
	}
	if (!layers || layers->type != JSON_ARRAY || layers->n == 0)
		return err_set(e, EINVAL, "the image has no layers");
	if (layers->n > IMAGE_LAYERS_MAX)
		return err_set(e, E2BIG, "the image has %zu layers: at most %d can be stacked",
			       layers->n, IMAGE_LAYERS_MAX);
	ret->layers = mem_array(layers->n, sizeof(*ret->layers));
	for (size_t i = 0; i < layers->n; i++) {
		int r = add_layer(ret, layers->items[i], e);

		if (r < 0)
			return r;
	}
	int r = blob_text(s, config, "the configuration", &text, &n, e);

	return r < 0 ? r : image_take_config(ret, text, n, e);
}

/* What the index says about the version of the layout; there is only one. */
static int check_version(const struct image_source *s, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = image_source_text(s, "oci-layout", 4096, &text, &n, e);

	if (r == 0)
		r = image_json(text, n, "\"oci-layout\"", &j, e);
	if (r < 0)
		return err_wrap(e, "it is no OCI image layout");
	if (str_has_prefix(json_get_string(j, "imageLayoutVersion", ""), "1."))
		return 0;
	return err_set(e, EOPNOTSUPP, "its image layout is not of version 1");
}

/* Down from the index to a manifest. */
static int descend(const struct image_source *s, struct choice *c, struct json **ret_manifest,
		   struct image *ret, struct err *e)
{
	auto_ptr(json) struct json *index = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = image_source_text(s, "index.json", IMAGE_JSON_MAX, &text, &n, e);

	if (r == 0)
		r = image_json(text, n, "the index", &index, e);
	for (int depth = 0; r == 0; depth++) {
		const struct json *d = NULL;
		struct json *next = NULL;

		if (depth == DEPTH_MAX)
			return err_set(e, ELOOP, "the image's indexes are nested deeper than %d",
				       DEPTH_MAX);
		r = choose(c, index, &d, e);
		if (r < 0)
			return r;
		c->named = true;
		if (!ret->name && !str_empty(ref_name(d)))
			ret->name = mem_strdup(ref_name(d));
		free(ret->digest);
		ret->digest = mem_strdup(json_get_string(d, "digest", NULL));
		bool is_manifest =
			media_of(json_get_string(d, "mediaType", NULL)) == MEDIA_MANIFEST;

		r = blob_json(s, d, is_manifest ? "the manifest" : "an index", &next, e);
		if (r == 0 && is_manifest) {
			*ret_manifest = next;
			return 0;
		}
		json_free(index);
		index = next;
	}
	return r;
}

int image_layout_read(const struct image_source *s, const struct image_reference *ref,
		      struct image *ret, struct err *e)
{
	auto_ptr(json) struct json *manifest = NULL;
	struct choice c = { .ref = ref };
	int r = image_platform_here(&c.here, e);

	if (r == 0)
		r = check_version(s, e);
	if (r == 0)
		r = descend(s, &c, &manifest, ret, e);
	return r < 0 ? r : take_manifest(s, manifest, ret, e);
}
