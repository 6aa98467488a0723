#include "cgroups/devices.h"

#include <errno.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

/* An ordinary file keeps what was written one behind the other, as through one descriptor. */
struct fixture {
	struct cgroup *cg;
	char *root;
	struct cgroup_part *part;
};

static struct fixture begin(const char *list)
{
	struct fixture f = { .cg = fake_cgroup(CGROUP_MODE_V1), .root = fake_root() };

	fake_dir(f.root, "/web");
	fake_file(f.root, "/web/devices.list", list);
	fake_file(f.root, "/web/devices.allow", "");
	fake_file(f.root, "/web/devices.deny", "");
	f.part = fake_part(f.cg, f.root, "/web", "devices");
	return f;
}

static void end(struct fixture *f, const char *want_deny, const char *want_allow)
{
	auto_free char *deny = fake_read(f->root, "/web/devices.deny"),
		       *allow = fake_read(f->root, "/web/devices.allow");

	CHECK_STR(deny, want_deny);
	CHECK_STR(allow, want_allow);
	cgroup_free(f->cg);
	fake_remove(f->root);
}

static struct device_rule list_rules[] = {
	{ false, 'a', -1, -1, ACCESS_ALL },
	{ true, 'c', 1, 3, ACCESS_ALL },
	{ true, 'c', 136, -1, ACCESS_READ | ACCESS_WRITE },
};
static struct device_rule open_rules[] = { { true, 'a', -1, -1, ACCESS_ALL },
					   { false, 'c', 1, 1, ACCESS_WRITE } };

static void test_new(void)
{
	struct fixture f = begin("a *:* rwm\n");
	struct err e = { 0 };

	CHECK_INT(devices_set_v1(f.part, &(struct device_rules){ list_rules, 3 }, &e), 0);
	end(&f, "a *:* rwm", "c 1:3 rwmc 136:* rw");
}

static void test_difference(void)
{
	struct fixture f = begin("c 1:3 rw\nc 1:5 rwm\nc 136:* rw\n");
	struct err e = { 0 };

	CHECK_INT(devices_set_v1(f.part, &(struct device_rules){ list_rules, 3 }, &e), 0);
	end(&f, "c 1:5 rwm", "c 1:3 m");
}

static void test_same(void)
{
	struct fixture f = begin("c 1:3 rwm\nc 136:* rw\n");
	struct err e = { 0 };

	CHECK_INT(devices_set_v1(f.part, &(struct device_rules){ list_rules, 3 }, &e), 0);
	end(&f, "", "");
}

static void test_open(void)
{
	struct fixture f = begin("c 1:3 rwm\n");
	struct err e = { 0 };

	CHECK_INT(devices_set_v1(f.part, &(struct device_rules){ open_rules, 2 }, &e), 0);
	end(&f, "c 1:1 w", "a *:* rwm");
}

static void test_missing(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	struct err e = { 0 };

	CHECK_INT(devices_set_v1(fake_part(cg, "/no/such", "/web", "devices"),
				 &(struct device_rules){ open_rules, 2 }, &e),
		  -ENOENT);
	cgroup_free(cg);
}

int main(void)
{
	test_new();
	test_difference();
	test_same();
	test_open();
	test_missing();
	return test_done();
}
