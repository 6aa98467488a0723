#include "tests/unit/config/zone_parse.h"

#include <errno.h>

static const struct zone_host host = {
	.memory_bytes = UINT64_C(8) << 30,
	.storage_dir = "/var/lib/zones",
	.uuid = "3b241101-e2bb-4255-8caf-4136c566a962",
};

struct rows {
	struct strmap values, origins;
	size_t n;
};

static void collect(const char *path, const char *value, enum zone_origin origin, void *arg)
{
	struct rows *r = arg;

	strmap_set(&r->values, path, value);
	strmap_set(&r->origins, path, zone_origin_word(origin));
	r->n++;
}

static void rows_done(struct rows *r)
{
	strmap_done(&r->values);
	strmap_done(&r->origins);
}

static void row(const struct rows *r, const char *path, const char *value, const char *origin)
{
	test_str(strmap_get(&r->values, path), value, path, __FILE__, __LINE__);
	test_str(strmap_get(&r->origins, path), origin, path, __FILE__, __LINE__);
}

static void test_smallest(void)
{
	auto_ptr(zone_spec) struct zone_spec *file = good_zone("{\"zonename\":\"web\"}");
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &host);
	auto_done(rows) struct rows r = { 0 };

	zone_effective_visit(file, z, &host, collect, &r);
	row(&r, "zonename", "web", "file");
	row(&r, "brand", "native", "default");
	row(&r, "zonepath", "/var/lib/zones/web", "host");
	row(&r, "hostname", "web", "default");
	row(&r, "autoboot", "false", "default");
	row(&r, "bootargs", "", "default");
	row(&r, "limitpriv", "default", "brand");
	row(&r, "ipType", "exclusive", "default");
	row(&r, "fileMacProfile", "none", "default");
	row(&r, "maxLwps", "4096", "default");
	row(&r, "nesting", "false", "default");
	row(&r, "procView", "true", "default");
	row(&r, "restart", "no", "default");
	row(&r, "shutdownTimeout", "1m", "default");
	row(&r, "hostid", "0x26d56774", "host");
	row(&r, "cappedMemory.physical", "7782M", "host"); /* 8192M - 5 %, in whole MiB */
	CHECK(!strmap_get(&r.values, "cappedMemory.swap"));
	CHECK(!strmap_get(&r.values, "cpuShares"));
	CHECK_INT(z->n_anet, 0); /* no network unless the file asks for one */
	CHECK(!z->service && !z->dns);
	CHECK_INT(r.n, 19);
	/* The file stays as it was. */
	CHECK(!file->brand && !file->capped_memory);
}

static void test_hostid(void)
{
	auto_ptr(zone_spec) struct zone_spec *file =
		good_zone("{\"zonename\":\"web\",\"hostid\":\"0xA\"}");
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &host);
	auto_ptr(zone_spec) struct zone_spec *other = good_zone("{\"zonename\":\"b\"}");
	auto_ptr(zone_spec) struct zone_spec *a = zone_effective(other, &host);
	auto_ptr(zone_spec) struct zone_spec *b =
		zone_effective(other, &(struct zone_host){ .uuid = "other", .storage_dir = "/s" });
	auto_ptr(zone_spec) struct zone_spec *none =
		zone_effective(other, &(struct zone_host){ 0 });

	CHECK_STR(z->hostid, "0xA");
	CHECK(strcmp(a->hostid, b->hostid) != 0);
	CHECK_STR(b->zonepath, "/s/b");
	CHECK(!none->hostid && !none->capped_memory);
	CHECK_STR(none->zonepath, "/var/lib/zones/b");
}

static uint64_t memory_of(uint64_t total, const char *text)
{
	auto_ptr(zone_spec) struct zone_spec *file = good_zone(text);
	auto_ptr(zone_spec) struct zone_spec *z =
		zone_effective(file, &(struct zone_host){ .memory_bytes = total });

	return z->capped_memory->physical.value >> 20;
}

static void test_memory(void)
{
	static const char bare[] = "{\"zonename\":\"a\"}";

	CHECK_INT(memory_of(UINT64_C(100) << 30, bare), 95 * 1024);
	CHECK_INT(memory_of(UINT64_C(2) << 30, bare), 2048 - 256);
	CHECK_INT(memory_of(UINT64_C(512) << 20, bare), 256);
	CHECK_INT(memory_of(UINT64_C(64) << 20, bare), 32);
	CHECK_INT(memory_of(UINT64_C(2) << 30,
			    "{\"zonename\":\"a\",\"cappedMemory\":{\"swap\":\"100M\"}}"),
		  100);
	CHECK_INT(memory_of(UINT64_C(2) << 30,
			    "{\"zonename\":\"a\",\"cappedMemory\":{\"physical\":\"3G\"}}"),
		  3072);
}

static void test_links(void)
{
	auto_ptr(zone_spec) struct zone_spec *file = good_zone(
		"{\"zonename\":\"a\",\"anet\":[{},{\"linkname\":\"x\",\"lowerLink\":\"br0\",\"mtu\":9000,\"linkProtection\":[\"restricted\"]},{\"linkProtection\":[\"none\"]},{\"lowerLink\":\"cni:blue\"}]}");
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &host);
	auto_done(rows) struct rows r = { 0 };

	CHECK(!z->anet[3].mtu.set); /* the plugins decide it */

	zone_effective_visit(file, z, &host, collect, &r);
	row(&r, "anet[0].linkname", "net0", "default");
	row(&r, "anet[0].lowerLink", "auto", "default");
	row(&r, "anet[0].linkProtection",
	    "[\"mac-nospoof\",\"ip-nospoof\",\"dhcp-nospoof\",\"restricted\"]", "default");
	row(&r, "anet[0].mtu", "1500", "default");
	row(&r, "anet[0].macAddress", "auto", "default");
	row(&r, "anet[0].configureAllowedAddress", "true", "default");
	row(&r, "anet[0].isolated", "false", "default");
	row(&r, "anet[1].linkname", "x", "file");
	row(&r, "anet[1].lowerLink", "br0", "file");
	row(&r, "anet[1].mtu", "9000", "file");
	row(&r, "anet[1].linkProtection", "[\"restricted\"]", "file");
	row(&r, "anet[2].linkname", "net2", "default");
	row(&r, "anet[2].linkProtection", "[\"none\"]", "file");
}

static void test_parts(void)
{
	auto_ptr(zone_spec) struct zone_spec *file = good_zone(
		"{\"zonename\":\"a\",\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\"},{\"dir\":\"/b\",\"type\":\"lofs\",\"special\":\"/x\",\"options\":[\"ro\",\"devices\",\"setuid\"]},"
		"{\"dir\":\"/c\",\"type\":\"tmpfs\",\"options\":[\"nodevices\",\"nosetuid\",\"size=1M\"]}],"
		"\"device\":[{\"match\":\"/dev/fuse\"}],\"service\":{\"command\":[\"/x\"],\"restart\":\"no\"},\"sysctl\":{\"net.a.b\":\"1\"},\"attr\":{\"x.y\":\"z\"},\"rlimit\":{\"nofile\":5}}");
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &host);
	auto_done(rows) struct rows r = { 0 };

	zone_effective_visit(file, z, &host, collect, &r);
	row(&r, "fs[0].options", "[\"rw\",\"nosuid\",\"nodev\"]", "default");
	row(&r, "fs[1].options", "[\"ro\",\"dev\",\"suid\"]", "file");
	row(&r, "fs[2].options", "[\"nodev\",\"nosuid\",\"size=1M\",\"rw\"]", "file");
	row(&r, "device[0].access", "rw", "default");
	row(&r, "service.command", "[\"/x\"]", "file");
	row(&r, "service.user", "root", "default");
	row(&r, "service.cwd", "/", "default");
	row(&r, "service.stopSignal", "TERM", "default");
	row(&r, "service.restart", "no", "file");
	row(&r, "sysctl.net.a.b", "1", "file");
	row(&r, "attr.x.y", "z", "file");
	row(&r, "rlimit.nofile", "[5,5]", "file");
}

/* What is effective must itself be a right file, also in the eyes of the parser. */
static void test_effective_is_valid(void)
{
	auto_ptr(zone_spec) struct zone_spec *file = good_zone(
		"{\"zonename\":\"a\",\"anet\":[{}],\"fs\":[{\"dir\":\"/a\",\"type\":\"tmpfs\"}],\"service\":{\"command\":[\"/x\"]}}");
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &host);
	auto_free char *text = zone_spec_text(z);
	auto_ptr(zone_spec) struct zone_spec *again = good_zone(text);
	auto_ptr(zone_spec) struct zone_spec *twice = zone_effective(z, &host);
	auto_free char *text_twice = zone_spec_text(twice);

	CHECK(again != NULL);
	CHECK_STR(text_twice, text);
}

static void test_brands(void)
{
	size_t n = 0;

	for (; zone_brand_at(n); n++)
		CHECK(zone_brand_find(zone_brand_at(n)->name) == zone_brand_at(n) &&
		      zone_brand_at(n)->doc);
	CHECK_INT(n, 2);
	CHECK(zone_brand_find("native")->sparse_root &&
	      zone_brand_find("native")->no_new_privileges && !zone_brand_find("native")->init);
	CHECK(!zone_brand_find("linux")->sparse_root &&
	      !zone_brand_find("linux")->no_new_privileges);
	CHECK_STR(zone_brand_find("linux")->init[0], "/sbin/init");
	CHECK(!zone_brand_find("oci") && !zone_brand_find(NULL));
}

/* An image's service: key by key where the file is silent. */
static void test_image(void)
{
	static const char image[] =
		"{\"command\":[\"/bin/a\",\"b\"],\"env\":{\"X\":\"1\",\"Y\":\"2\"},\"user\":\"www\",\"stopSignal\":\"INT\"}";
	auto_ptr(zone_spec) struct zone_spec *file = good_zone(
		"{\"zonename\":\"web\",\"brand\":\"linux\",\"service\":{\"env\":{\"Y\":\"mine\"},\"user\":\"root\"}}");
	auto_ptr(zone_spec) struct zone_spec *silent =
		good_zone("{\"zonename\":\"web\",\"brand\":\"linux\"}");
	auto_ptr(json) struct json *j = NULL;
	auto_done(rows) struct rows r = { 0 };
	struct zone_host with = host;
	struct err e = { 0 };

	CHECK(json_parse_simple(image, strlen(image), &j, &e) == 0);
	with.image_service = j;
	auto_ptr(zone_spec) struct zone_spec *z = zone_effective(file, &with);

	zone_effective_visit(file, z, &with, collect, &r);
	row(&r, "service.command", "[\"/bin/a\",\"b\"]", "image");
	row(&r, "service.env.X", "1", "image");
	row(&r, "service.env.Y", "mine", "file");
	row(&r, "service.user", "root", "file");
	row(&r, "service.stopSignal", "INT", "image");
	row(&r, "service.cwd", "/", "default");
	auto_ptr(zone_spec) struct zone_spec *all = zone_effective(silent, &with);

	CHECK(all->service && all->service->command.n == 2);
	CHECK_STR(all->service ? all->service->user : NULL, "www");
	(void)json_unset(j, "command"); /* an image whose program is the tree's init */
	auto_ptr(zone_spec) struct zone_spec *none = zone_effective(silent, &with);

	CHECK(!none->service);
}

int main(void)
{
	test_image();
	test_smallest();
	test_hostid();
	test_memory();
	test_links();
	test_parts();
	test_effective_is_valid();
	test_brands();
	return test_done();
}
