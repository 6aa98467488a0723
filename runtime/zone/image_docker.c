/* image_docker - what `docker save` and `podman save` write: a tar with manifest.json, which names the configuration and the layers by their paths in the tar. Only the configuration has a digest (its name,
 * or its blob's name); the layers are verified by what it says of them. */
#include <errno.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image.h"

static bool has_tag(const struct json *entry, const char *tag)
{
	const struct json *tags = json_get(entry, "RepoTags");

	for (size_t i = 0; tags && tags->type == JSON_ARRAY && i < tags->n; i++) {
		if (tags->items[i]->type == JSON_STRING && str_eq(tags->items[i]->text, tag))
			return true;
	}
	return false;
}

/* "docker.io/a:1, docker.io/b:2" */
static char *all_tags(const struct json *list)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		const struct json *tags = json_get(list->items[i], "RepoTags");

		for (size_t k = 0; tags && tags->type == JSON_ARRAY && k < tags->n; k++) {
			if (tags->items[k]->type != JSON_STRING)
				continue;
			strbuf_add(&b, b.len ? ", " : "");
			strbuf_add(&b, tags->items[k]->text);
		}
	}
	return mem_strdup(b.len ? strbuf_text(&b) : "without names");
}

static int choose(const struct json *list, const struct image_reference *ref,
		  const struct json **ret, struct err *e)
{
	if (list->type != JSON_ARRAY || list->n == 0)
		return err_set(e, EINVAL, "\"manifest.json\" of the image is no list of images");
	if (!ref->tag && list->n > 1)
		return err_set(e, EINVAL,
			       "there are %zu images: name one (docker-archive:FILE:NAME:TAG)",
			       list->n);
	for (size_t i = 0; i < list->n; i++) {
		if (ref->tag && !has_tag(list->items[i], ref->tag))
			continue;
		*ret = list->items[i];
		return 0;
	}
	auto_free char *there = all_tags(list);

	return err_set(e, ENOENT, "the archive has no image \"%s\" (images: %.300s)",
		       ref->tag ? ref->tag : "", there);
}

/* "blobs/sha256/HEX", "HEX.json" or "HEX": the digest that the name promises. NULL: none. */
static char *digest_in_name(const char *path)
{
	const char *last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	auto_free char *hex = mem_strndup(last, strcspn(last, "."));
	char *digest = mem_format("%s:%s",
				  str_has_prefix(path, "blobs/sha512/") ? "sha512" : "sha256", hex);

	if (digest_ok(digest))
		return digest;
	free(digest);
	return NULL;
}

static int take_layers(const struct json *entry, struct image *ret, struct err *e)
{
	const struct json *layers = json_get(entry, "Layers");

	if (!layers || layers->type != JSON_ARRAY || layers->n == 0)
		return err_set(e, EINVAL, "the image has no layers");
	if (layers->n > IMAGE_LAYERS_MAX)
		return err_set(e, E2BIG, "the image has %zu layers: at most %d can be stacked",
			       layers->n, IMAGE_LAYERS_MAX);
	ret->layers = mem_array(layers->n, sizeof(*ret->layers));
	for (size_t i = 0; i < layers->n; i++) {
		const struct json *l = layers->items[i];
		char *path = l->type == JSON_STRING ? archive_clean_name(l->text, e) : NULL;

		if (!path)
			return err_set(e, EINVAL,
				       "layer %zu of the image has no name that can be one", i + 1);
		ret->layers[ret->n_layers++] = (struct image_layer){ .path = path, .size = -1 };
	}
	return 0;
}

int image_docker_read(const struct image_source *s, const struct image_reference *ref,
		      struct image *ret, struct err *e)
{
	auto_ptr(json) struct json *list = NULL;
	auto_free char *text = NULL, *config = NULL;
	const struct json *entry = NULL;
	size_t n = 0;
	int r = image_source_text(s, "manifest.json", IMAGE_JSON_MAX, &text, &n, e);

	if (r < 0)
		return err_wrap(e, "it is no docker-archive");
	r = json_parse_simple(text, n, &list, e);
	if (r < 0)
		return err_wrap(e, "\"manifest.json\" of the image");
	r = choose(list, ref, &entry, e);
	if (r == 0)
		r = take_layers(entry, ret, e);
	if (r < 0)
		return r;
	auto_free char *path = archive_clean_name(json_get_string(entry, "Config", ".."), e);

	if (!path)
		return err_wrap(e, "the configuration of the image");
	r = image_source_text(s, path, IMAGE_JSON_MAX, &config, &n, e);
	ret->digest = r == 0 ? digest_in_name(path) : NULL;
	if (r < 0)
		return r;
	if (!ret->digest)
		return err_set(e, EINVAL,
			       "the configuration of the image is not named after its digest");
	r = digest_check(config, n, ret->digest, e);
	if (r < 0)
		return err_wrap(e, "the configuration of the image");
	const struct json *tags = json_get(entry, "RepoTags");

	if (tags && tags->type == JSON_ARRAY && tags->n > 0 && tags->items[0]->type == JSON_STRING)
		ret->name = mem_strdup(ref->tag ? ref->tag : tags->items[0]->text);
	return image_take_config(ret, config, n, e);
}
