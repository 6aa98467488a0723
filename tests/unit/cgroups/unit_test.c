#include "cgroups/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

static void test_parse(void)
{
	static const struct {
		const char *path;
		bool user;
		const char *name, *slice, *at;
	} rows[] = {
		{ "a-b.slice:crio:c1", false, "crio-c1.scope", "a-b.slice",
		  "/a.slice/a-b.slice/crio-c1.scope" },
		{ NULL, false, "zrun-id.scope", "system.slice", "/system.slice/zrun-id.scope" },
		{ "", true, "zrun-id.scope", "user.slice", "/user.slice/zrun-id.scope" },
		{ "::x", false, "x.scope", "system.slice", "/system.slice/x.scope" },
		{ ":p:x", true, "p-x.scope", "user.slice", "/user.slice/p-x.scope" },
		{ "-.slice:p:x", false, "p-x.scope", "-.slice", "/p-x.scope" },
		{ "::k-pod.slice", false, "k-pod.slice", "k.slice", "/k.slice/k-pod.slice" },
		{ "z.slice:p:k.slice", false, "k.slice", "-.slice", "/k.slice" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unit_name u = { 0 };
		struct err e = { 0 };

		CHECK_INT(unit_parse(rows[i].path, "id", rows[i].user, &u, &e), 0);
		CHECK_STR(u.name, rows[i].name);
		CHECK_STR(u.slice, rows[i].slice);
		CHECK_STR(u.path, rows[i].at);
		unit_name_done(&u);
	}
}

static void test_refused(void)
{
	static const char *const paths[] = {
		"/a/b",         "a:b",           "a.slice:b:",     "a.slice:b:c:d", "a:b:c",
		"a.slice:b:/c", "a.slice:..:c/", "a--b.slice:p:x", "-a.slice:p:x",  "a-.slice:p:x",
		"a.slice:p:\n", "x/y.slice:p:x", ".slice:p:x",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct unit_name u = { 0 };
		struct err e = { 0 };

		CHECK_INT(unit_parse(paths[i], "id", false, &u, &e), -EINVAL);
		CHECK(strstr(e.text, "cgroupsPath") != NULL);
		CHECK(!u.name && !u.path);
	}
}

static void test_valid(void)
{
	char long_name[300];

	memset(long_name, 'a', sizeof(long_name));
	memcpy(long_name + 260, ".scope", sizeof(".scope"));
	CHECK(unit_name_is_valid("a-b_c\\x2d@1:2.scope"));
	CHECK(unit_name_is_valid("a.slice"));
	CHECK(!unit_name_is_valid(long_name));
	CHECK(!unit_name_is_valid("a.service"));
	CHECK(!unit_name_is_valid("../a.scope"));
	CHECK(!unit_name_is_valid(".scope"));
	CHECK(!unit_name_is_valid(""));
	CHECK(unit_is_slice("a.slice"));
	CHECK(!unit_is_slice("a.scope"));
}

int main(void)
{
	test_parse();
	test_refused();
	test_valid();
	return test_done();
}
