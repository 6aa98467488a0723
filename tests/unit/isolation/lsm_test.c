/* A label that cannot be had is refused before anything is changed. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

static void test_list(void)
{
	static const char list[] =
		"/usr/bin/man (enforce)\nweb (enforce)\nweb//hat (complain)\nmy web (kill)\n";

	CHECK(lsm_has_profile(list, "web") && lsm_has_profile(list, "my web"));
	CHECK(lsm_has_profile(list, "web//hat") && lsm_has_profile(list, "/usr/bin/man"));
	CHECK(!lsm_has_profile(list, "we") && !lsm_has_profile(list, "hat"));
	CHECK(!lsm_has_profile(list, "b") && !lsm_has_profile("", "web"));
}

static void test_questions(void)
{
	struct err e = { 0 };
	int r = isolation_can_profile("there-is-no-such-profile", &e);

	CHECK(r == -EOPNOTSUPP || r == -ENOENT);
	CHECK(r != -EOPNOTSUPP || str_eq(e.text, "AppArmor is not enabled on this host"));
	CHECK_INT(isolation_can_profile("unconfined", &e), 0);
	r = isolation_can_label("there:is:no:such", &e);
	CHECK(r == -EOPNOTSUPP || r == -EINVAL);
}

int main(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	struct isolation iso = { .spec = s, .process = p, .proc = -1 };
	struct err e = { 0 };

	CHECK_INT(lsm_plan(&iso, &e), 0);
	CHECK_INT(lsm_run(&iso, p, &e), 0);
	p->apparmor_profile = mem_strdup("unconfined");
	CHECK_INT(lsm_plan(&iso, &e), 0);
	free(p->apparmor_profile);
	p->apparmor_profile = mem_strdup("docker-default");
	int r = lsm_plan(&iso, &e);

	if (iso.has_apparmor)
		CHECK_INT(r, 0);
	else
		CHECK_STR(
			e.text,
			"process.apparmorProfile: \"docker-default\" asked for, but AppArmor is not enabled on this host");
	free(p->apparmor_profile);
	p->apparmor_profile = NULL;
	p->selinux_label = mem_strdup("system_u:system_r:container_t:s0");
	r = lsm_plan(&iso, &e);
	CHECK_INT(r, iso.has_selinux ? 0 : -EOPNOTSUPP);
	free(p->selinux_label);
	p->selinux_label = NULL;
	s->linux.mount_label = mem_strdup("system_u:object_r:container_file_t:s0");
	r = lsm_plan(&iso, &e);
	if (iso.has_selinux)
		CHECK_INT(r, 0);
	else
		CHECK_STR(e.text,
			  "linux.mountLabel: asked for, but SELinux is not enabled on this host");
	test_list();
	test_questions();
	return test_done();
}
