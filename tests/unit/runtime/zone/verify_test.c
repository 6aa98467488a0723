/* zone_verify: problems carry the path of the property they come from. What depends on this machine's kernel is tested in tests/zone/verify.bats. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static bool has(const struct diag_list *l, const char *path, const char *part)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i].path, path) == 0 && strstr(l->items[i].message, part))
			return true;
	}
	return false;
}

int main(void)
{
	struct test_dirs t;
	struct diag_list diags = { 0 };
	struct err e = { 0 };

	test_dirs_make(&t);
	(void)setenv("ZONES_LIBEXEC_DIR", "/nosuch/libexec", 1);
	CHECK_INT(zone_verify(&t.dirs, "web", &diags, &e), -ENOENT);
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\",\"x\":1,\"y\":2}");
	CHECK_INT(zone_verify(&t.dirs, "web", &diags, &e), -EINVAL);
	CHECK(diags.n == 2 && diags.items[0].line == 1);
	diag_done(&diags);
	test_put(
		t.dirs.config, "web.json",
		"{\"zonename\":\"web\",\"zonepath\":\"/proc/self/z\",\"anet\":[],\"fs\":[{\"dir\":\"/a\",\"type\":\"lofs\",\"special\":\"/nosuch/dir\"},{\"dir\":\"/b\",\"type\":\"lofs\",\"special\":\"/dev/null\"}],"
		"\"device\":[{\"match\":\"/dev/nosuch\"},{\"match\":\"/dev/null\"}]}");
	CHECK_INT(zone_verify(&t.dirs, "web", &diags, &e), -EINVAL);
	CHECK(has(&diags, "fs[0].special", "No such file"));
	CHECK(!has(&diags, "fs[0].special", "neither") &&
	      (has(&diags, "fs[1].special", "neither") || has(&diags, "fs[1].special", "")));
	CHECK(has(&diags, "device[0].match", "No such file") &&
	      !has(&diags, "device[1].match", ""));
	CHECK(has(&diags, "brand", "/nosuch/libexec/zone-init"));
	CHECK(has(&diags, "zonepath", "")); /* /proc holds no zones */
	diag_done(&diags);
	auto_free char *path = mem_format("%s/taken", t.dirs.storage);
	auto_free char *record = mem_format("{\"state\":\"installed\",\"zonepath\":\"%s\"}", path);
	auto_free char *config =
		mem_format("{\"zonename\":\"web\",\"anet\":[],\"zonepath\":\"%s\"}", path);

	test_put(t.dirs.storage, ".records/other.json", record);
	test_put(t.dirs.config, "web.json", config);
	CHECK_INT(zone_verify(&t.dirs, "web", &diags, &e), -EINVAL);
	CHECK(has(&diags, "zonepath", "belongs to zone \"other\""));
	diag_done(&diags);
	test_dirs_remove(&t);
	return test_done();
}
