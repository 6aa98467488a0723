/* store_dirs - the three directories of a test, below a temporary one. */
#ifndef TESTS_UNIT_RUNTIME_ZONE_STORE_DIRS_H
#define TESTS_UNIT_RUNTIME_ZONE_STORE_DIRS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/store.h"
#include "tests/unit/test.h"

struct test_dirs {
	char top[64];
	struct zone_dirs dirs;
};

static inline void test_dirs_make(struct test_dirs *t)
{
	static const char *const names[][2] = { { "ZONES_CONFIG_DIR", "etc" },
						{ "ZONES_STORAGE_DIR", "lib" },
						{ "ZONES_RUN_DIR", "run" } };
	struct err e = { 0 };

	(void)umask(022);
	(void)snprintf(t->top, sizeof(t->top), "/tmp/zones-unit.XXXXXX");
	CHECK(mkdtemp(t->top) != NULL);
	for (size_t i = 0; i < 3; i++) {
		auto_free char *path = mem_format("%s/%s", t->top, names[i][1]);

		(void)setenv(names[i][0], path, 1);
	}
	CHECK_INT(zone_dirs_init(&t->dirs, &e), 0);
	if (e.code)
		printf("# %s\n", e.text);
}

static inline void test_dirs_remove(struct test_dirs *t)
{
	struct err e = { 0 };

	zone_dirs_done(&t->dirs);
	CHECK_INT(file_remove_tree(AT_FDCWD, t->top, &e), 0);
}

/* Write DIR/NAME. */
static inline void test_put(const char *dir, const char *name, const char *text)
{
	auto_free char *path = mem_format("%s/%s", dir, name);
	struct err e = { 0 };

	CHECK_INT(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &e), 0);
}

/* The text of DIR/NAME; NULL when there is none. */
static inline char *test_get(const char *dir, const char *name)
{
	auto_free char *path = mem_format("%s/%s", dir, name);
	char *text = NULL;
	struct err e = { 0 };

	return file_read_all(AT_FDCWD, path, 1 << 20, &text, NULL, &e) < 0 ? NULL : text;
}

#endif
