/* zone_install: steps are undone when one fails, and the record tells the truth. Needs root for user namespaces, cgroups and owners. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static enum zone_state state_of(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err e = { 0 };

	return zone_open(d, name, 0, &z, &e) < 0 ? ZONE_NONE : z->state;
}

static int install(const struct zone_dirs *d, const char *name, const char *from, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_install o = { .from = from };

	*e = (struct err){ 0 };
	int r = zone_install(d, name, &o, &diags, e);

	if (r < 0)
		printf("# %s\n", e->text);
	return r;
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	char *note = NULL;

	if (geteuid() != 0) {
		printf("ok 1 - a zone can be installed # skip needs root\n1..1\n");
		return 0;
	}
	(void)setenv("ZONES_LIBEXEC_DIR", "/bin",
		     1); /* verify wants to see a zone-init: any program of that name */
	test_dirs_make(&t);
	auto_free char *libexec = mem_format("%s/libexec", t.top);
	auto_free char *init = mem_format("%s/zone-init", libexec);

	CHECK(mkdir(libexec, 0755) == 0 && symlink("/bin/true", init) == 0);
	(void)setenv("ZONES_LIBEXEC_DIR", libexec, 1);
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\",\"anet\":[]}");
	test_put(t.dirs.config, "deb.json",
		 "{\"zonename\":\"deb\",\"brand\":\"linux\",\"anet\":[]}");
	CHECK_INT(install(&t.dirs, "nosuch", NULL, &e), -ENOENT);
	CHECK_INT(install(&t.dirs, "web", "/tmp", &e), -EINVAL);
	CHECK(strstr(e.text, "brand=linux") != NULL);
	CHECK_INT(install(&t.dirs, "deb", NULL, &e), -EINVAL);
	CHECK(strstr(e.text, "--from") != NULL);
	CHECK_INT(install(&t.dirs, "deb", "/nosuch", &e), -ENOENT);
	CHECK_INT(install(&t.dirs, "deb", "/dev/null", &e), -EINVAL);
	test_put(t.top, "noise.tar", "no archive");
	auto_free char *noise = mem_format("%s/noise.tar", t.top);
	auto_free char *debris = mem_format("%s/deb", t.dirs.storage);

	CHECK(install(&t.dirs, "deb", noise, &e) < 0);
	CHECK(state_of(&t.dirs, "deb") == ZONE_CONFIGURED && !file_exists(AT_FDCWD, debris));
	auto_free char *ids = test_get(t.dirs.storage, ".ids.json");

	CHECK(!ids || !strstr(ids, "deb"));
	CHECK_INT(install(&t.dirs, "web", NULL, &e), 0);
	CHECK(state_of(&t.dirs, "web") == ZONE_INSTALLED);
	CHECK_INT(install(&t.dirs, "web", NULL, &e), 0);
	CHECK_INT(zone_delete(&t.dirs, "web", &e), -EBUSY);
	CHECK_INT(zone_uninstall(&t.dirs, "web", &note, &e), 0);
	CHECK(!note && state_of(&t.dirs, "web") == ZONE_CONFIGURED);
	test_dirs_remove(&t);
	return test_done();
}
