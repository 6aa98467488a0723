#include "cgroups/detect.h"

#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

static struct cgroup_host parse(const char *cgroups, const char *mountinfo, detect_usable_fn usable)
{
	struct cgroup_host h = { 0 };
	struct err e = { 0 };

	CHECK_INT(detect_parse(cgroups, mountinfo, usable, &h, &e), 0);
	return h;
}

static const char hybrid_groups[] =
	"9:name=systemd:/\n4:memory:/process_api/d44\n2:cpu,cpuacct:/\n0::/\n";
static const char hybrid_mounts[] =
	"23 1 8:1 / / rw - ext4 /dev/root rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
	"41 31 0:38 / /my\\040cgroups/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
	"garbage\n";

static void test_hybrid(void)
{
	struct cgroup_host h auto_done(cgroup_host) = parse(hybrid_groups, hybrid_mounts, NULL);

	CHECK_INT(h.mode, CGROUP_MODE_HYBRID);
	CHECK_INT(h.n, 4);
	CHECK_STR(h.items[0].controllers.items[0], "name=systemd");
	CHECK_STR(h.items[0].mount, "/sys/fs/cgroup/systemd");
	CHECK_STR(h.items[1].own, "/process_api/d44");
	CHECK_STR(h.items[2].mount, "/sys/fs/cgroup/cpu,cpuacct");
	CHECK_INT(h.items[2].controllers.n, 2);
	CHECK(h.items[3].v2);
	CHECK_STR(h.items[3].mount, "/my cgroups/unified");
}

static void test_v2(void)
{
	struct cgroup_host h auto_done(cgroup_host) =
		parse("0::/user.slice/x.scope\n", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 none rw\n",
		      NULL);

	CHECK_INT(h.mode, CGROUP_MODE_V2);
	CHECK_INT(h.n, 1);
	CHECK_STR(h.items[0].own, "/user.slice/x.scope");
	CHECK_STR(h.items[0].root, "/");
}

/* cgroup v1 in a container without a cgroup namespace: the mount shows a part of the hierarchy. */
static void test_bound_subtree(void)
{
	struct cgroup_host h auto_done(cgroup_host) = parse(
		"3:pids:/docker/abc/inner\n0::/\n",
		"9 8 0:40 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n", NULL);

	CHECK_INT(h.mode, CGROUP_MODE_V1);
	CHECK_INT(h.n, 1);
	CHECK_STR(h.items[0].root, "/docker/abc");
	CHECK_STR(h.items[0].own, "/inner");
}

/* Of two mounts the one that shows our own place is taken; one with a root above our namespace never is. */
static void test_choice(void)
{
	struct cgroup_host h auto_done(cgroup_host) = parse(
		"3:pids:/a\n0::/\n",
		"1 0 0:40 /other /x rw - cgroup cgroup rw,pids\n2 0 0:40 / /y rw - cgroup cgroup rw,pids\n3 0 0:40 / /z rw - cgroup cgroup rw,pids\n",
		NULL);
	struct cgroup_host outside auto_done(cgroup_host) =
		parse("0::/\n", "1 0 0:1 /../.. /sys/fs/cgroup rw - cgroup2 none rw\n", NULL);

	CHECK_STR(h.items[0].mount, "/y");
	CHECK_STR(h.items[0].own, "/a");
	CHECK_INT(outside.n, 0);
	CHECK_INT(outside.mode, CGROUP_MODE_NONE);
}

static bool never(const char *mount, bool v2)
{
	(void)mount;
	(void)v2;
	return false;
}

static void test_nothing(void)
{
	struct cgroup_host covered auto_done(cgroup_host) =
		parse(hybrid_groups, hybrid_mounts, never);
	struct cgroup_host empty auto_done(cgroup_host) = parse("", "", NULL);

	CHECK_INT(covered.mode, CGROUP_MODE_NONE);
	CHECK_INT(empty.mode, CGROUP_MODE_NONE);
}

static void check_place(const char *text, const char *controllers, const char *root,
			const char *want)
{
	struct strv names auto_done(strv) = { 0 };

	strv_split(&names, controllers, ',');
	auto_free char *got = detect_place(text, &names, root);

	CHECK_STR(got, want);
}

static void test_place(void)
{
	check_place("4:cpu,cpuacct:/zones/web\n0::/zones/web/init.scope\n", "cpu,cpuacct", "/",
		    "/zones/web");
	check_place("4:cpu,cpuacct:/zones/web\n0::/zones/web/init.scope\n", "", "/",
		    "/zones/web/init.scope");
	check_place("4:cpu:/docker/abc/zones/web\n", "cpu", "/docker/abc", "/zones/web");
	check_place("4:cpu:/docker/abcd\n", "cpu", "/docker/abc", NULL);
	check_place("4:cpu:/../x\n", "cpu", "/", NULL);
	check_place("4:cpu:/gone (deleted)\n", "cpu", "/", "/gone");
	check_place("4:cpu:/x\n", "pids", "/", NULL);
}

static void test_this_host(void)
{
	struct cgroup_host h auto_done(cgroup_host) = { 0 };
	struct err e = { 0 };

	CHECK_INT(detect_host(&h, &e), 0);
	CHECK_INT(h.mode, cgroup_host_mode());
	for (size_t i = 0; i < h.n; i++)
		CHECK(h.items[i].mount && h.items[i].own[0] == '/' &&
		      (h.items[i].v2 == (h.items[i].controllers.n == 0)));
}

int main(void)
{
	test_hybrid();
	test_v2();
	test_bound_subtree();
	test_choice();
	test_nothing();
	test_place();
	test_this_host();
	return test_done();
}
