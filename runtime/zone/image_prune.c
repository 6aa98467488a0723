/* image_prune - take an image's name away, and with it the layers that nothing names any more. */
#include "runtime/base/cleanup.h"
#include "runtime/zone/image_store.h"
#include "runtime/zone/images.h"
#include "runtime/zone/layers.h"

int zone_image_prune(const struct zone_dirs *d, size_t *ret_layers, struct err *e)
{
	auto_close int lock = -1;
	int r = image_store_lock(d, &lock, e);

	if (r < 0)
		return r;
	image_store_sweep(d, true);
	return layers_prune(d, LAYERS_WAIT_MS, ret_layers, e);
}

int zone_image_remove(const struct zone_dirs *d, const char *name, size_t *ret_layers,
		      struct err *e)
{
	auto_close int lock = -1;
	int r = image_store_lock(d, &lock, e);

	*ret_layers = 0;
	if (r == 0)
		r = image_store_remove(d, name, e);
	return r < 0 ? r : layers_prune(d, LAYERS_WAIT_MS, ret_layers, e);
}
