#include "cgroups/layout.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static char own_root[] = "/";
static char own_slice[] = "/user.slice/session-1.scope";

static void expect(struct hierarchy h, const char *path, const char *want)
{
	struct err e = { 0 };
	auto_free char *got = NULL;

	CHECK_INT(layout_path(&h, path, "web", &got, &e), 0);
	CHECK_STR(got, want);
}

static void refuse(const char *path, const char *id)
{
	struct hierarchy h = { .own = own_root };
	struct err e = { 0 };
	char *got = NULL;

	CHECK_INT(layout_path(&h, path, id, &got, &e), -EINVAL);
	CHECK(e.text[0] != '\0');
}

int main(void)
{
	struct hierarchy v1 = { .own = own_slice }, v2 = { .v2 = true, .own = own_slice };
	struct hierarchy top1 = { .own = own_root }, top2 = { .v2 = true, .own = own_root };

	expect(v1, "/zones/web", "/zones/web");
	expect(v2, "/zones/web", "/zones/web");
	expect(v1, "//zones/./web/", "/zones/web");
	expect(v1, NULL, "/user.slice/session-1.scope/web");
	expect(v2, NULL, "/user.slice/web");
	expect(v1, "a/b", "/user.slice/session-1.scope/a/b");
	expect(v2, "a/b", "/user.slice/a/b");
	expect(top1, NULL, "/web");
	expect(top2, NULL, "/web");
	expect(top2, "", "/web");
	refuse("/a/../../b", "web");
	refuse("..", "web");
	refuse(NULL, "..");
	refuse("/", "web");
	refuse("/.", "web");
	refuse("/a\nb", "web");
	auto_free char *name = mem_format("/%0300d", 1);

	refuse(name, "web");
	struct strbuf deep auto_done(strbuf) = { 0 };

	for (int i = 0; i < 2000; i++)
		strbuf_add(&deep, "/a");
	refuse(deep.text, "web");

	auto_free char *one = layout_prefix("/a/b/c", 1);
	auto_free char *two = layout_prefix("/a/b/c", 2);
	auto_free char *all = layout_prefix("/a/b/c", 3);
	auto_free char *more = layout_prefix("/a/b/c", 4);
	auto_free char *none = layout_prefix("/a/b/c", 0);

	CHECK_STR(one, "/a");
	CHECK_STR(two, "/a/b");
	CHECK_STR(all, "/a/b/c");
	CHECK(!more);
	CHECK(!none);
	CHECK_INT(layout_depth("/a/b/c"), 3);
	return test_done();
}
