/* libarchive - dlopen and a table of names. */
#include "runtime/zone/libarchive.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libarchive.so.13"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define LIBARCHIVE_ROW(name) { #name, offsetof(struct libarchive, name) },
	LIBARCHIVE_FUNCTIONS(LIBARCHIVE_ROW)
#undef LIBARCHIVE_ROW
};

/* Filled once; the library stays until the program ends. */
static struct libarchive table;
static bool is_loaded;

int libarchive_load(struct err *e)
{
	void *library;

	if (is_loaded)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(e, ENOENT,
			       "archives cannot be read: %s (Debian: apt-get install libarchive13)",
			       dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found)
			return err_set(e, ENOENT, "archives cannot be read: " LIBRARY " has no %s",
				       functions[i].name);
		memcpy((char *)&table + functions[i].offset, &found, sizeof(found));
	}
	is_loaded = true;
	return 0;
}

const struct libarchive *libarchive(void)
{
	return &table;
}
