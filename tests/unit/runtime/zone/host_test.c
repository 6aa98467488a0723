/* Facts of this host: paths that hang together and texts that live in the caller's buffer. */
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct zone z = { .name = mem_strdup("web"), .lock_fd = -1 };
	struct zone_host host = { 0 };
	struct err e = { 0 };
	auto_done(strbuf) struct strbuf strings = { 0 };

	test_dirs_make(&t);
	(void)setenv("ZONES_LIBEXEC_DIR", "/some/where", 1);
	z.record.uuid = mem_strdup("1234");
	z.record.id_base = 0x40000000;
	auto_free char *root = mem_format("%s/web/root", t.dirs.storage);

	CHECK_INT(zone_host_facts(&t.dirs, &z, &host, &strings, &e), 0);
	CHECK_STR(host.root_path, root);
	CHECK_STR(host.init_path, "/some/where/zone-init");
	CHECK_STR(host.uuid, "1234");
	CHECK(host.memory_bytes > 1 << 20 && host.id_base == 0x40000000);
	z.record.zonepath = mem_strdup("/elsewhere");
	(void)setenv("ZONES_LIBEXEC_DIR", "relative", 1);
	CHECK_INT(zone_host_facts(&t.dirs, &z, &host, &strings, &e), 0);
	CHECK_STR(host.root_path, "/elsewhere/root");
	CHECK(host.init_path[0] == '/' && strcmp(host.init_path, "relative/zone-init") != 0);
	zone_record_done(&z.record);
	free(z.name);
	test_dirs_remove(&t);
	return test_done();
}
