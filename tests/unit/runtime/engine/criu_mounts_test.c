#include "runtime/engine/criu_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv/a\"},"
	"{\"destination\":\"/deep/\",\"source\":\"/srv/deep\",\"options\":[\"rbind\",\"ro\"]},"
	"{\"destination\":\"/data\",\"type\":\"none\",\"source\":\"/srv/b\",\"options\":[\"bind\"]}],"
	"\"linux\":{\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229}],"
	"\"maskedPaths\":[\"/proc/kcore\",\"/sys/firmware\"]}}";

static struct container_spec *parse(void)
{
	struct diag_list diags = { .file = "config.json" };
	struct container_spec *spec = NULL;

	CHECK_INT(oci_parse(config, strlen(config), &spec, &diags), 0);
	diag_done(&diags);
	return spec;
}

static void test_source(const struct container_spec *spec)
{
	static const char *const rows[][2] = {
		{ "/data", "/srv/b" },
		{ "/data/x", NULL },
		{ "/deep", "/srv/deep" },
		{ "/deep/in/it", "/srv/deep/in/it" },
		{ "/deeper", NULL },
		{ "/proc/kcore", "/dev/null" },
		{ "/dev/fuse", "/dev/fuse" },
		{ "/dev/null", "/dev/null" },
		{ "/proc", NULL },
		{ "/", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *source = criu_mount_source(spec, rows[i][0]);

		CHECK_STR(source, rows[i][1]);
		free(source);
	}
}

static void test_find(const struct container_spec *spec)
{
	static const char info[] = "40 43 254:0 /b / rw - ext4 /dev/vda rw\n"
				   "61 40 0:32 / /proc rw - proc proc rw\n"
				   "42 61 0:5 /null /proc/kcore ro shared:1 - devtmpfs dev rw\n"
				   "43 66 0:37 / /sys/firmware ro - tmpfs tmpfs ro\n"
				   "44 40 254:0 /a /data rw - ext4 /dev/vda rw\n"
				   "45 40 254:0 /d /deep/with\\040blank rw - ext4 /dev/vda rw\n"
				   "46 40 254:0 /a /data rw - ext4 /dev/vda rw\n"
				   "short line\n";
	struct strv points = { 0 };

	criu_mounts_find(spec, info, &points);
	char *all = strv_join(&points, "|");

	CHECK_STR(all, "/proc/kcore|/data|/deep/with blank");
	free(all);
	strv_done(&points);
	criu_mounts_expect(spec, &points);
	all = strv_join(&points, "|");
	CHECK_STR(all, "/data|/deep");
	free(all);
	strv_done(&points);
}

static void test_file(void)
{
	char dir[] = "/tmp/zones-criu.XXXXXX";
	struct strv points = { 0 }, back = { 0 };
	struct err e = { 0 };

	CHECK(mkdtemp(dir) != NULL);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	CHECK_INT(criu_mounts_load(fd, &back, &e), -ENOENT);
	strv_add(&points, "/data");
	strv_add(&points, "/a \"b\"");
	CHECK_INT(criu_mounts_save(fd, &points, &e), 0);
	CHECK_INT(criu_mounts_load(fd, &back, &e), 0);
	CHECK_INT((int)back.n, 2);
	CHECK_STR(back.items[1], "/a \"b\"");
	static const char *const bad[] = { "[\"../etc\"]", "[\"/a/../b\"]", "[3]", "{}", "[" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(file_replace(fd, "mounts.json", bad[i], strlen(bad[i]), 0600, &e), 0);
		CHECK(criu_mounts_load(fd, &back, &e) < 0);
		CHECK(strstr(e.text, "mounts.json") != NULL);
	}
	strv_done(&points);
	strv_done(&back);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir, &e), 0);
	close(fd);
}

int main(void)
{
	struct container_spec *spec = parse();

	if (spec) {
		test_source(spec);
		test_find(spec);
	}
	test_file();
	container_spec_free(spec);
	return test_done();
}
