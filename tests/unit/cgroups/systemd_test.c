#include "cgroups/systemd.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* What is wrong with the request is said before systemd is looked for. */
static void test_refusals(void)
{
	struct strmap annotations = { 0 };
	struct cgroup_options form = { .path = "/a/b" }, reboot = { .path = "a.slice:b:c" };
	struct cgroup_unit *u = NULL;
	struct err e = { 0 };
	char *path = NULL;

	strmap_set(&annotations, "org.systemd.property.SuccessAction", "'reboot'");
	reboot.annotations = &annotations;
	CHECK_INT(systemd_plan("x", &form, &u, &path, &e), -EINVAL);
	CHECK_INT(systemd_plan("x", &reboot, &u, &path, &e), -EPERM);
	CHECK(!u && !path);
	strmap_done(&annotations);
}

static void test_no_systemd(void)
{
	struct cgroup_options good = { .path = "a.slice:b:c" };
	struct cgroup_unit *u = NULL;
	struct err e = { 0 };
	char *path = NULL;

	if (access("/run/systemd/system", F_OK) == 0)
		return;
	CHECK_INT(systemd_plan("x", &good, &u, &path, &e), -EOPNOTSUPP);
	CHECK(strstr(e.text, geteuid() == 0 ? "which is not running" : "user's own systemd") !=
	      NULL);
	CHECK(!u && !path);
	cgroup_unit_free(NULL);
}

int main(void)
{
	test_refusals();
	test_no_systemd();
	return test_done();
}
