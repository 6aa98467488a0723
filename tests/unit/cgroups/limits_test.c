#include "cgroups/limits.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

#define I(v) ((struct opt_i64){ true, (v) })

static char *plan(const struct resources_spec *r, const char *v1, bool v2, struct err *e)
{
	struct limit_ground g auto_done(limit_ground) = { .v2 = v2 };
	struct limit_plan p auto_done(limit_plan) = { 0 };

	strv_split(&g.v1, v1, ',');
	if (limits_plan(r, &g, &p, e) < 0)
		return NULL;
	return limit_plan_text(&p);
}

/* Each section goes where its controller is; a controller that is nowhere is left to the hierarchy that should have it. */
static void test_hybrid(void)
{
	char size[] = "2MB";
	struct hugepage_spec huge = { size, 4096 };
	struct memory_spec m = { .limit = I(100) };
	struct resources_spec r = {
		.memory = &m, .pids_limit = I(5), .hugepages = &huge, .n_hugepages = 1
	};
	struct err e = { 0 };
	auto_free char *hybrid = plan(&r, "memory,pids,name=systemd", true, &e);
	auto_free char *v1 = plan(&r, "memory,pids", false, &e);
	auto_free char *v2 = plan(&r, "", true, &e);

	CHECK_STR(
		hybrid,
		"memory.limit_in_bytes=100\npids.max=5\nhugetlb.2MB.rsvd.max=4096\nhugetlb.2MB.max=4096\n");
	CHECK_STR(
		v1,
		"memory.limit_in_bytes=100\npids.max=5\nhugetlb.2MB.rsvd.limit_in_bytes=4096\nhugetlb.2MB.limit_in_bytes=4096\n");
	CHECK_STR(v2,
		  "memory.max=100\npids.max=5\nhugetlb.2MB.rsvd.max=4096\nhugetlb.2MB.max=4096\n");
}

static void test_unified(void)
{
	struct resources_spec r = { 0 };
	struct err e = { 0 };

	strmap_set(&r.unified, "memory.high", "5");
	auto_free char *v1 = plan(&r, "memory", false, &e);

	CHECK(!v1);
	CHECK_INT(e.code, EOPNOTSUPP);
	CHECK_STR(e.text,
		  "unified: this host has no cgroup v2 hierarchy to write \"memory.high\" in");
	auto_free char *v2 = plan(&r, "memory", true, &e);

	CHECK_STR(v2, "memory.high=5\n");
	strmap_done(&r.unified);
}

int main(void)
{
	test_hybrid();
	test_unified();
	return test_done();
}
