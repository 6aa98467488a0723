/* image_add - from a reference to layers in the store and an image under a name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/image.h"
#include "runtime/zone/image_config.h"
#include "runtime/zone/image_fetch.h"
#include "runtime/zone/image_layer.h"
#include "runtime/zone/image_store.h"
#include "runtime/zone/images.h"

bool zone_image_is_reference(const char *text)
{
	return image_kind_of(text) != IMAGE_NONE;
}

/* --- getting ------------------------------------------------------------------------------------------------------ */

static void add_size(const struct image *i, struct json *facts)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < i->n_layers; k++) {
		if (i->layers[k].size < 0)
			return;
		sum += (uint64_t)i->layers[k].size;
	}
	json_set(facts, "size", json_new_u64(sum));
}

/* A layout or docker-archive of this host. */
static int get_local(const struct zone_dirs *d, const struct image_reference *ref,
		     const struct zone_install *options, struct json **ret, struct err *e)
{
	auto_done(image_source) struct image_source s = { .root = -1 };
	auto_done(image) struct image i = { 0 };
	int r = image_source_open(d, ref->path, options, &s, e);

	if (r == 0)
		r = ref->kind == IMAGE_OCI ? image_layout_read(&s, ref, &i, e)
					   : image_docker_read(&s, ref, &i, e);
	if (r == 0)
		r = image_facts(&i, options, ret, e);
	if (r == 0)
		add_size(&i, *ret);
	if (r == 0)
		r = image_want(d, json_get(*ret, "layers"), e);
	return r < 0 ? r : image_layers_unpack(d, &s, &i, options, e);
}

static int get_remote(const struct zone_dirs *d, const struct image_reference *ref,
		      const struct zone_install *options, struct json **ret, struct err *e)
{
	auto_free char *folder = NULL;
	struct err ignored = { 0 };
	int r = image_pull_folder(d, ref->text, &folder, e);

	if (r == 0)
		r = image_fetch(ref->text, folder, options, e);
	if (r < 0)
		return r;
	struct image_reference local = { .kind = IMAGE_OCI,
					 .path = folder,
					 .tag = (char *)"image" };

	r = get_local(d, &local, options, ret, e);
	if (r == 0)
		json_set(*ret, "name", json_new_string(ref->path));
	if (r == 0 || r == -EBADMSG) /* what is there is wrong: begin anew the next time */
		(void)!file_remove_tree(AT_FDCWD, folder, &ignored);
	return r;
}

static int get_stored(const struct zone_dirs *d, const struct image_reference *ref,
		      struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	int r = image_store_read(d, ref->path, &j, e);

	if (r < 0)
		return r;
	const struct json *layers = json_get(j, "layers");

	for (size_t i = 0; layers && i < layers->n; i++) {
		auto_free char *folder = image_layer_folder(d, layers->items[i]->text);

		if (!file_exists(AT_FDCWD, folder))
			return err_set(
				e, ENOENT,
				"a layer of the image \"%s\" is missing: pull or import it again",
				ref->path);
	}
	*ret = ptr_steal(&j);
	return 0;
}

int zone_image_get(const struct zone_dirs *d, const char *from, const struct zone_install *options,
		   struct json **ret, int *ret_lock, struct err *e)
{
	auto_done(image_reference) struct image_reference ref = { 0 };
	auto_ptr(json) struct json *facts = NULL;
	auto_close int lock = -1;
	int r = image_reference_parse(from, &ref, e);

	if (r == 0)
		r = image_store_lock(d, &lock, e);
	if (r < 0)
		return r;
	image_store_sweep(d, false);
	switch (ref.kind) {
	case IMAGE_OCI:
	case IMAGE_DOCKER_ARCHIVE:
		r = get_local(d, &ref, options, &facts, e);
		break;
	case IMAGE_REGISTRY:
		r = get_remote(d, &ref, options, &facts, e);
		break;
	case IMAGE_STORED:
		r = get_stored(d, &ref, &facts, e);
		break;
	case IMAGE_NONE:
	default:
		r = err_set(
			e, EINVAL,
			"\"%s\" is no reference of an image: oci:DIR[:TAG], docker-archive:FILE, docker://NAME:TAG, image:NAME",
			from);
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&facts);
	*ret_lock = fd_steal(&lock);
	return 0;
}

void zone_image_got(const struct zone_dirs *d, int *lock)
{
	if (*lock >= 0)
		image_unwant(d);
	fd_close(lock);
}

/* --- keeping ------------------------------------------------------------------------------------------------------ */

/* The image's own name; a tag alone, as layouts have it, gets the layout's folder in front. */
static char *own_name(const char *from, const struct json *facts)
{
	auto_done(image_reference) struct image_reference ref = { 0 };
	const char *name = json_get_string(facts, "name", NULL);
	struct err ignored = { 0 };

	if (!str_empty(name) && strpbrk(name, "/:"))
		return mem_strdup(name);
	if (image_reference_parse(from, &ref, &ignored) < 0 || !strrchr(ref.path, '/'))
		return mem_strdup(str_empty(name) ? "image" : name);
	auto_free char *base = mem_strdup(strrchr(ref.path, '/') + 1);

	if (!str_empty(name))
		return mem_format("%s:%s", base, name);
	return ptr_steal(&base);
}

int zone_image_add(const struct zone_dirs *d, const char *from, const char *name,
		   const struct zone_install *options, char **ret_name, struct err *e)
{
	auto_ptr(json) struct json *facts = NULL;
	auto_close int lock = -1;
	char now[32];

	if (name && !image_name_ok(name))
		return err_set(
			e, EINVAL,
			"\"%.80s\" cannot be an image's name: letters, digits and . _ - + : @ /, at most %d",
			name, IMAGE_NAME_MAX);
	int r = zone_image_get(d, from, options, &facts, &lock, e);

	if (r < 0)
		return r;
	auto_free char *chosen = name ? mem_strdup(name) : own_name(from, facts);

	if (!image_name_ok(chosen))
		return err_set(
			e, EINVAL,
			"the image's own name cannot be one here: give it one (zone image import IMAGE NAME)");
	zone_time_now(now, sizeof(now));
	json_set(facts, "name", json_new_string(chosen));
	json_set(facts, "source", json_new_string(from));
	json_set(facts, "added", json_new_string(now));
	r = image_store_write(d, chosen, facts, e);
	if (r == 0)
		image_unwant(d);
	if (r == 0)
		*ret_name = ptr_steal(&chosen);
	return r;
}

/* --- looking and removing ----------------------------------------------------------------------------------------- */

int zone_image_inspect(const struct zone_dirs *d, const char *name, struct json **ret,
		       struct err *e)
{
	return image_store_read(d, name, ret, e);
}

int zone_image_list(const struct zone_dirs *d, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *list = json_new_array();
	auto_done(strv) struct strv names = { 0 };
	int r = image_store_names(d, &names, e);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct json *j = NULL;

		r = image_store_read(d, names.items[i], &j, e);
		if (r == 0)
			json_add(list, j);
	}
	if (r == 0)
		*ret = ptr_steal(&list);
	return r;
}
