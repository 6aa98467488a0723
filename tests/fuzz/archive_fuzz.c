#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/libarchive.h"
#include "runtime/zone/tree.h"

/* libFuzzer target (make fuzz-archive): any bytes as an archive that fills a zone's root; with an odd first byte as a layer of an image over a lower one. Whatever comes out of it, nothing beside the
 * root may change: the folder around it holds one file, which stays as it was. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char canary[] = "nobody writes here";

static int put(int dir, const char *name, const void *data, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, data, n) == (ssize_t)n;

	(void)close(fd);
	return ok ? 0 : -1;
}

static void check_canary(int top, const char *name)
{
	char text[sizeof(canary)] = "";
	struct stat st;
	int fd = openat(top, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	assert(fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1);
	assert((st.st_mode & 07777) == 0600 && st.st_size == (off_t)strlen(canary));
	assert(read(fd, text, sizeof(text)) == (ssize_t)strlen(canary) &&
	       memcmp(text, canary, strlen(canary)) == 0);
	(void)close(fd);
}

/* What lies beside the root is what we put there. */
static void check_around(int top)
{
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	size_t n = 0;

	assert(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	assert(n == 6); /* . .. root lower archive canary */
}

static void extract(const char *top, int dir, bool layer)
{
	auto_free char *path = mem_format("%s/archive", top);
	struct tree_job job = { .root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct extract x = { .job = &job, .parent = -1, .lower = -1, .layer = layer };
	struct err e = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	assert(job.root >= 0 && fd >= 0);
	/* here and not behind the wall of runtime/zone/reader.h, where nobody would see what was reached */
	struct archive_locale locale = archive_locale_enter();

	if (layer)
		x.lower = openat(dir, "lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = extract_open(&x, fd, &e);
	if (r == 0)
		r = archive_extract_all(&x, &e);
	archive_locale_leave(&locale);
	fd_close(&x.lower);
	extract_done(&x);
	assert(r == 0 ? e.code == 0 : e.code == -r);
	for (const char *c = e.text; *c; c++)
		assert((unsigned char)*c >= 32); /* it goes to a terminal */
	(void)close(fd);
	(void)close(job.root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char top[] = "/tmp/zones-fuzz.XXXXXX";
	struct err e = { 0 };

	if (n < 2 || libarchive_load(&e) < 0 || !mkdtemp(top))
		return 0;
	int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)umask(022);
	assert(mkdirat(dir, "root", 0755) == 0 && mkdirat(dir, "lower", 0755) == 0 &&
	       mkdirat(dir, "lower/dir", 0755) == 0 && put(dir, "lower/file", "below", 5) == 0 &&
	       put(dir, "lower/dir/file", canary, strlen(canary)) == 0 &&
	       put(dir, "canary", canary, strlen(canary)) == 0 &&
	       put(dir, "archive", data + 1, n - 1) == 0);
	extract(top, dir, data[0] & 1);
	check_around(dir);
	check_canary(dir, "canary");
	check_canary(dir, "lower/dir/file");
	(void)close(dir);
	assert(file_remove_tree(AT_FDCWD, top, &e) == 0);
	return 0;
}
