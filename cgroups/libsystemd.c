/* libsystemd - dlopen and a table of names. */
#include "cgroups/libsystemd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libsystemd.so.0"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define LIBSYSTEMD_ROW(result, name, arguments) { #name, offsetof(struct libsystemd, name) },
	LIBSYSTEMD_FUNCTIONS(LIBSYSTEMD_ROW)
#undef LIBSYSTEMD_ROW
};

/* Filled once; the library stays until the program ends. */
static struct libsystemd table;
static bool is_loaded;

int libsystemd_load(struct err *e)
{
	void *library;

	if (is_loaded)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(
			e, ENOENT,
			"the systemd cgroup driver cannot be used: %s (Debian: apt-get install libsystemd0)",
			dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found)
			return err_set(e, ENOENT,
				       "the systemd cgroup driver cannot be used: " LIBRARY
				       " has no %s",
				       functions[i].name);
		memcpy((char *)&table + functions[i].offset, &found, sizeof(found));
	}
	is_loaded = true;
	return 0;
}

const struct libsystemd *libsystemd(void)
{
	return &table;
}
