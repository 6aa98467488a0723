/* libcrypto - dlopen and a table of names. */
#include "runtime/zone/libcrypto.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define LIBCRYPTO_ROW(name) { #name, offsetof(struct libcrypto, name) },
	LIBCRYPTO_FUNCTIONS(LIBCRYPTO_ROW)
#undef LIBCRYPTO_ROW
};

/* Filled once; the library stays until the program ends. */
static struct libcrypto table;
static bool is_loaded;

int libcrypto_load(struct err *e)
{
	void *library;

	if (is_loaded)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(e, ENOENT,
			       "images cannot be verified: %s (Debian: apt-get install libssl3)",
			       dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found)
			return err_set(e, ENOENT,
				       "images cannot be verified: " LIBRARY " has no %s",
				       functions[i].name);
		memcpy((char *)&table + functions[i].offset, &found, sizeof(found));
	}
	is_loaded = true;
	return 0;
}

const struct libcrypto *libcrypto(void)
{
	return &table;
}
