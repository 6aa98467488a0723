/* fake - a cgroup hierarchy made of ordinary files in a temporary directory, for tests without privileges. The kernel's
 * reactions are missing; what is asked of it can be read afterwards. */
#ifndef TESTS_UNIT_CGROUPS_FAKE_H
#define TESTS_UNIT_CGROUPS_FAKE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cgroups/part.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

/* A fresh directory; the caller frees the name and removes the tree with fake_remove(). */
static inline char *fake_root(void)
{
	char *dir = mem_strdup("/tmp/zones-fake-XXXXXX");

	return mkdtemp(dir);
}

static inline void fake_remove(char *dir)
{
	struct err e = { 0 };

	if (file_remove_tree(AT_FDCWD, dir, &e) < 0)
		printf("# %s\n", e.text);
	free(dir);
}

static inline void fake_dir(const char *root, const char *path)
{
	struct err e = { 0 };
	auto_free char *full = mem_format("%s%s", root, path);

	if (file_mkdir_p(AT_FDCWD, full, 0755, &e) < 0)
		printf("# %s\n", e.text);
}

static inline void fake_file(const char *root, const char *path, const char *content)
{
	auto_free char *full = mem_format("%s%s", root, path);
	FILE *f = fopen(full, "we");

	if (!f)
		return;
	(void)fputs(content, f);
	(void)fclose(f);
}

/* The file's content, freshly allocated; "(none)" when it is missing. */
static inline char *fake_read(const char *root, const char *path)
{
	struct err e = { 0 };
	auto_free char *full = mem_format("%s%s", root, path);
	char *text = NULL;
	size_t n = 0;

	return file_read_all(AT_FDCWD, full, 4096, &text, &n, &e) < 0 ? mem_strdup("(none)") : text;
}

static inline bool fake_exists(const char *root, const char *path)
{
	auto_free char *full = mem_format("%s%s", root, path);

	return file_exists(AT_FDCWD, full);
}

/* A part of `cg` at root+path; `controller` NULL: the unified hierarchy. */
static inline struct cgroup_part *fake_part(struct cgroup *cg, const char *root, const char *path,
					    const char *controller)
{
	struct cgroup_part *p = part_add(cg);

	p->v2 = !controller;
	if (controller)
		strv_add(&p->controllers, controller);
	p->mount = mem_strdup(root);
	p->root = mem_strdup("/");
	p->path = mem_strdup(path);
	p->dir = mem_format("%s%s", root, path);
	return p;
}

static inline struct cgroup *fake_cgroup(enum cgroup_mode mode)
{
	struct cgroup *cg = mem_zero(sizeof(*cg));

	cg->mode = mode;
	return cg;
}

#endif
