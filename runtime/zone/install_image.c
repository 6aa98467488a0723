/* install_image - see install_image.h. */
#include "runtime/zone/install_image.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/images.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

int install_image_get(const struct zone_dirs *d, struct zone *z, const char *from,
		      const struct zone_install *options, int *ret_lock, struct err *e)
{
	struct zone_record *r = &z->record;
	auto_ptr(json) struct json *facts = NULL;
	int n = zone_image_get(d, from, options, &facts, ret_lock, e);
	const struct json *layers = n == 0 ? json_get(facts, "layers") : NULL;

	if (n < 0)
		return n;
	storage_forget(r);
	r->driver = mem_strdup(STORAGE_OVERLAY);
	for (size_t i = layers ? layers->n : 0; i > 0; i--) {
		const char *id = layers->items[i - 1]->text;

		if (!storage_layer_ok(id))
			return err_set(e, EINVAL, "the image names a layer that cannot be one");
		strv_add(&r->layers, id);
	}
	json_free(r->image);
	(void)json_unset(
		facts,
		"layers"); /* the record has them in its own list, where clones and snapshots put more on top */
	r->image = ptr_steal(&facts);
	return 0;
}

int install_image_root(const struct zone_dirs *d, const struct zone *z, int top,
		       const struct zone_install *options, struct err *e)
{
	auto_done(strv) struct strv layers = { 0 };

	storage_layers(d, &z->record, &layers);
	auto_close int below = layers.n == 1 ? file_open_dir(AT_FDCWD, layers.items[0], e)
					     : storage_view(&layers, e);

	if (below < 0)
		return below;
	auto_close int like = sys_openat(below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int r = like < 0 ? err_sys(e, "open the image's root") : storage_make_upper(top, like, e);

	fd_close(&like); /* the layers are mounted once more now */
	fd_close(&below);
	if (r < 0)
		return r;
	auto_close int root = zone_root_open(d, z, e);
	struct tree_job job = { .root = root, .options = options };

	if (root < 0)
		return root;
	r = tree_finish(&job, e);
	auto_close int upper = r == 0 ? file_open_dir(top, "upper/fs", e) : r;

	if (r == 0 && upper < 0)
		return upper;
	if (r == 0 && syncfs(upper) < 0)
		r = err_sys(e, "flush the file system");
	return r;
}
