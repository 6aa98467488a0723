#include "runtime/zone/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

#define SUM "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* %s is the folder. */
static void parsed(const char *dir, const char *format, const char *path, const char *tag,
		   const char *digest)
{
	struct image_reference r = { 0 };
	struct err e = { 0 };
	int at = (int)strcspn(format, "%");
	char *text = mem_format("%.*s%s%s", at, format, dir, format + at + 2);
	char *want = path ? mem_format("%s/%s", dir, path) : NULL;
	int n = image_reference_parse(text, &r, &e);

	test_int(n < 0, path == NULL, text, __FILE__, __LINE__);
	if (n == 0 && want) {
		CHECK_STR(r.path, want);
		CHECK_STR(r.tag, tag);
		CHECK_STR(r.digest, digest);
	}
	image_reference_done(&r);
	free(text);
	free(want);
}

static void test_paths(void)
{
	char dir[] = "/tmp/image_reference_XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	CHECK(mkdir("a", 0755) == 0 && mkdir("a:b", 0755) == 0);
	parsed(dir, "oci:%s/a", "a", NULL, NULL);
	parsed(dir, "oci:%s/a:12", "a", "12", NULL);
	parsed(dir, "oci:%s/a:b", "a:b", NULL, NULL);
	parsed(dir, "oci:%s/a:b:c:d", "a:b", "c:d", NULL);
	parsed(dir, "oci:%s/a@" SUM, "a", NULL, SUM);
	parsed(dir, "oci:%s/a@sha256:12", NULL, NULL, NULL);
	parsed(dir, "oci:%s/c:12", NULL, NULL, NULL);
	parsed(dir, "oci:%s/a:", NULL, NULL, NULL);
	parsed(dir, "docker-archive:%s/a:x/y:1", "a", "x/y:1", NULL);
	CHECK(rmdir("a") == 0 && rmdir("a:b") == 0 && chdir("/") == 0 && rmdir(dir) == 0);
}

static void test_kinds(void)
{
	CHECK(image_kind_of("oci:x") == IMAGE_OCI);
	CHECK(image_kind_of("docker://debian") == IMAGE_REGISTRY);
	CHECK(image_kind_of("docker:debian") == IMAGE_NONE);
	CHECK(image_kind_of("docker-archive:x") == IMAGE_DOCKER_ARCHIVE);
	CHECK(image_kind_of("image:x") == IMAGE_STORED);
	CHECK(image_kind_of("/srv/oci:x") == IMAGE_NONE);
}

static void test_names(void)
{
	static const char *const good[] = { "a", "debian:12", "docker.io/library/debian@sha256:00",
					    "A_b-c+d.e", NULL };
	static const char *const bad[] = { "",    ".a",  "/a",  "-a",       "a..b", "a//b",
					   "a b", "a\n", "a%b", "\303\251", NULL };

	for (size_t i = 0; good[i]; i++)
		test_check(image_name_ok(good[i]), good[i], __FILE__, __LINE__);
	for (size_t i = 0; bad[i]; i++)
		test_check(!image_name_ok(bad[i]), bad[i], __FILE__, __LINE__);
	CHECK(!image_name_ok(NULL));
}

int main(void)
{
	test_kinds();
	test_names();
	test_paths();
	return test_done();
}
