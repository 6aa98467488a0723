/* Which kernel parameters a container may set. */
#include <errno.h>
#include <stdlib.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

static void check_path(const char *name, const char *want)
{
	auto_free char *path = sysctl_path(name);

	CHECK_STR(path, want);
}

static int check(const char *name, const char *value, bool has_namespaces)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	struct err e = { 0 };

	for (int t = 0; t < NS_COUNT; t++)
		s->linux.namespaces[t].wanted = has_namespaces;
	strmap_set(&s->linux.sysctl, name, value);
	return sysctl_check(s, &e);
}

int main(void)
{
	check_path("net.ipv4.ip_forward", "net/ipv4/ip_forward");
	check_path("net/ipv4/ip_forward", "net/ipv4/ip_forward");
	check_path("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding");
	check_path("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding");
	check_path("net/../kernel/core_pattern", NULL);
	check_path("net.ipv4..x", NULL);
	check_path("hostname", NULL);
	check_path("net.a\nb", NULL);
	check_path("/net/ipv4", NULL);

	CHECK_INT(check("net.ipv4.ip_forward", "1", true), 0);
	CHECK_INT(check("net.ipv4.ip_forward", "1", false), -EINVAL);
	CHECK_INT(check("net.ipv4.ip_local_port_range", "1024\t65535", true), 0);
	CHECK_INT(check("kernel.shmmax", "1", true), 0);
	CHECK_INT(check("kernel.sem", "1 2 3 4", true), 0);
	CHECK_INT(check("fs.mqueue.msg_max", "1", true), 0);
	CHECK_INT(check("kernel.domainname", "d", true), 0);
	CHECK_INT(check("user.max_user_namespaces", "0", true), 0);
	CHECK_INT(check("kernel.hostname", "d", true), -EINVAL);
	CHECK_INT(check("kernel.core_pattern", "|/bin/sh", true), -EINVAL);
	CHECK_INT(check("kernel/core_pattern", "|/bin/sh", true), -EINVAL);
	CHECK_INT(check("kernel.semx", "1", true), -EINVAL);
	CHECK_INT(check("vm.swappiness", "1", true), -EINVAL);
	CHECK_INT(check("fs.file-max", "1", true), -EINVAL);
	CHECK_INT(check("net.ipv4.ip_forward", "1\n2", true), -EINVAL);
	return test_done();
}
