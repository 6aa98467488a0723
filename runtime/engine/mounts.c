/* mounts - a mount more or less in a running container, under its lock. */
#include <errno.h>

#include "isolation/isolation.h"
#include "runtime/engine/private.h"

static int check_alive(struct engine_container *c, struct err *e)
{
	int fd = container_pidfd(c, e);

	return fd < 0 ? fd : 0;
}

static int prepare(struct engine_container *c, struct err *e)
{
	int r = check_alive(c, e);

	return r < 0 ? r : container_load_spec(c, e);
}

static int add(struct engine_container *c, const struct mount_spec *mount, struct err *e)
{
	int r = prepare(c, e);

	if (r < 0)
		return r;
	struct mount_spec row = *mount;
	/* borrowed members only: never released */
	struct container_spec spec = *c->spec;

	spec.mounts = &row;
	spec.n_mounts = 1;
	spec.root.idmap = false; /* the root is there already */
	return isolation_mount_add(&spec, c->record.bundle, engine_pidfd(c), e);
}

int engine_mount_add(struct engine_container *c, const struct mount_spec *mount, struct err *e)
{
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	r = add(c, mount, e);
	container_unlock(c, taken);
	return r;
}

static int add_device(struct engine_container *c, const struct device_spec *device, struct err *e)
{
	int r = prepare(c, e);

	if (r < 0)
		return r;
	struct device_spec row = *device;
	struct container_spec spec = *c->spec; /* borrowed as above */

	spec.linux.devices = &row;
	spec.linux.n_devices = 1;
	spec.root.idmap = false;
	return isolation_device_add(&spec, engine_pidfd(c), e);
}

int engine_device_add(struct engine_container *c, const struct device_spec *device, struct err *e)
{
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	r = add_device(c, device, e);
	container_unlock(c, taken);
	return r;
}

int engine_mount_remove(struct engine_container *c, const char *target, struct err *e)
{
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	r = check_alive(c, e);
	if (r == 0)
		r = isolation_mount_remove(target, engine_pidfd(c), e);
	container_unlock(c, taken);
	return r;
}
