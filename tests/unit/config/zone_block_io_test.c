/* Entries of blockIO: their form, and what they are to the kernel where that needs no disk. */
#include "config/zone_to_oci.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/config/zone_parse.h"

#define Z      "{ \"zonename\": \"web\",\n  "
#define B(row) Z "\"blockIO\": [ " row " ] }"

/* clang-format off */
static const struct bad_zone bad[] = {
	{ .text = B("@{ \"readBps\": \"1M\" }"), .path = "blockIO[0]", .code = "missing", .message = "needs a path or a device" },
	{ .text = B("@{ \"path\": \"/srv\", \"device\": \"/dev/sda\", \"readBps\": \"1M\" }"), .path = "blockIO[0]", .code = "conflict", .message = "one of them" },
	{ .text = B("@{ \"path\": \"/srv\" }"), .path = "blockIO[0]", .code = "missing", .message = "limits nothing" },
	{ .text = B("{ \"path\": @\"srv\", \"readBps\": \"1M\" }"), .path = "blockIO[0].path", .code = "value", .message = "begin with /" },
	{ .text = B("{ \"device\": @\"/srv/x\", \"readBps\": \"1M\" }"), .path = "blockIO[0].device", .code = "value", .message = "below /dev" },
	{ .text = B("{ \"path\": \"/srv\", \"readBps\": @\"1\" }"), .path = "blockIO[0].readBps", .code = "range", .message = "" },
	{ .text = B("{ \"path\": \"/srv\", \"writeIops\": @0 }"), .path = "blockIO[0].writeIops", .code = "range", .message = "" },
	{ .text = Z "\"ioWeight\": @9 }", .path = "ioWeight", .code = "range", .message = "" },
};
/* clang-format on */

static void refuses(const struct zone_block_io *b, int code, const char *text)
{
	struct err e = { 0 };
	dev_t disk;

	CHECK_INT(zone_block_device(b, &disk, &e), -code);
	CHECK(strstr(e.text, text) != NULL);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	refuses(&(struct zone_block_io){ .path = (char *)"/proc" }, EINVAL, "on no disk");
	refuses(&(struct zone_block_io){ .path = (char *)"/no/such" }, ENOENT, "on the host");
	refuses(&(struct zone_block_io){ .device = (char *)"/dev/null" }, EINVAL,
		"not a block device");
	return test_done();
}
