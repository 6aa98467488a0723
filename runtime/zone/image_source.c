/* image_source - the folder of an image's files. An archive of one is unpacked first, by the rules for hostile archives (archive.c), to a folder that only root reaches; so everything behind this file sees
 * a folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/image.h"
#include "runtime/zone/image_store.h"

static int unpack(const char *path, const struct zone_install *options, struct image_source *ret,
		  struct err *e)
{
	auto_close int root = file_open_dir(AT_FDCWD, ret->temporary, e);

	if (root < 0)
		return root;
	struct tree_job job = { .root = root, .options = options };
	int r = tree_unpack(&job, path, e);

	if (r < 0)
		return r;
	ret->root = fd_steal(&root);
	return 0;
}

int image_source_open(const struct zone_dirs *d, const char *path,
		      const struct zone_install *options, struct image_source *ret, struct err *e)
{
	struct image_source s = { .root = -1 };
	struct stat st;
	int r = 0;

	if (stat(path, &st) < 0)
		return err_sys(e, "open \"%s\"", path);
	if (S_ISDIR(st.st_mode)) {
		s.root = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		r = s.root < 0 ? err_sys(e, "open \"%s\"", path) : 0;
	} else {
		r = image_temporary(d, "unpack", &s.temporary, e);
		r = r < 0 ? r : unpack(path, options, &s, e);
	}
	if (r < 0) {
		image_source_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void image_source_done(struct image_source *s)
{
	struct err ignored = { 0 };

	fd_close(&s->root);
	if (s->temporary)
		(void)!file_remove_tree(
			AT_FDCWD, s->temporary,
			&ignored); /* what stays is removed by image_store_sweep() */
	free(s->temporary);
	s->temporary = NULL;
}

int image_source_file(const struct image_source *s, const char *path, struct err *e)
{
	auto_close int fd = path_open(s->root, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0,
				      RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, e);
	struct stat st;

	if (fd == -ELOOP)
		return err_set(e, ELOOP, "\"%s\" of the image is, or is behind, a symlink", path);
	if (fd == -ENOENT)
		return err_set(e, ENOENT, "\"%s\" is missing in the image", path);
	if (fd < 0)
		return err_wrap(e, "the image");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\" of the image", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" of the image is not a regular file", path);
	return fd_steal(&fd);
}

int image_source_text(const struct image_source *s, const char *path, size_t max, char **ret,
		      size_t *ret_len, struct err *e)
{
	auto_close int fd = image_source_file(s, path, e);

	if (fd < 0)
		return fd;
	int r = file_read_fd(fd, max, ret, ret_len, e);

	return r < 0 ? err_wrap(e, "\"%s\" of the image", path) : 0;
}

char *image_blob_path(const char *digest)
{
	char *path = mem_format("blobs/%s", digest);
	char *colon = strchr(path, ':');

	if (colon)
		*colon = '/';
	return path;
}

int image_json(const char *text, size_t n, const char *what, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	int r = json_parse_simple(text, n, &j, e);

	if (r < 0)
		return err_wrap(e, "%s of the image", what);
	if (j->type != JSON_OBJECT)
		return err_set(e, EINVAL, "%s of the image is no object", what);
	*ret = ptr_steal(&j);
	return 0;
}
