#include "tests/unit/config/oci_refusal.h"

/* Rules about namespaces, id maps and sysctls. */

static const struct refusal refused[] = {
	{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"disk\"}]"),
	  "linux.namespaces[1].type", "disk" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"), "linux.namespaces[1]",
	  "twice" },
	{ LINUX("\"namespaces\":[{\"path\":\"/x\"}]"), "linux.namespaces[0].type", "required" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]"), "linux.namespaces[0]",
	  "absolute" },
	{ LINUX("\"namespaces\":{}"), "linux.namespaces", "an array" },
	{ LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":1}]"),
	  "linux.uidMappings", "user namespace" },
	{ LINUX("\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":1}]"),
	  "linux.gidMappings", "user namespace" },
	{ NS(USER_NS, "\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":0}]"),
	  "linux.uidMappings[0].size", "at least 1" },
	{ NS(USER_NS, "\"uidMappings\":[{\"containerID\":0,\"size\":1}]"),
	  "linux.uidMappings[0].hostID", "required" },
	{ NS(USER_NS,
	     "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":9},{\"containerID\":8,\"hostID\":90,\"size\":1}]"),
	  "linux.uidMappings[1]", "containerID" },
	{ NS(USER_NS,
	     "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":9},{\"containerID\":9,\"hostID\":8,\"size\":1}]"),
	  "linux.gidMappings[1]", "hostID" },
	{ NS(USER_NS, "\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967290,\"size\":6}]"),
	  "linux.uidMappings[0]", "beyond" },
	{ NS(USER_NS, "\"uidMappings\":[{\"containerID\":1,\"hostID\":0,\"size\":4294967295}]"),
	  "linux.uidMappings[0]", "beyond" },
	{ NS("{\"type\":\"time\",\"path\":\"/x\"}", "\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
	  "linux.timeOffsets", "new time" },
	{ LINUX("\"timeOffsets\":{\"monotonic\":{\"secs\":1}}"), "linux.timeOffsets", "new time" },
	{ NS("{\"type\":\"time\"}", "\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}"),
	  "linux.timeOffsets.monotonic.nanosecs", "range" },
	{ LINUX("\"sysctl\":{\"kernel.core_pattern\":\"|/bin/sh\"}"),
	  "linux.sysctl.kernel.core_pattern", "whole host" },
	{ LINUX("\"sysctl\":{\"kernel/core_pattern\":\"x\"}"), "linux.sysctl.kernel/core_pattern",
	  "whole host" },
	{ LINUX("\"sysctl\":{\"vm.swappiness\":\"1\"}"), "linux.sysctl.vm.swappiness",
	  "whole host" },
	{ LINUX("\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}"), "linux.sysctl.net.ipv4.ip_forward",
	  "\"network\"" },
	{ LINUX("\"sysctl\":{\"kernel.sem\":\"1\"}"), "linux.sysctl.kernel.sem", "\"ipc\"" },
	{ LINUX("\"sysctl\":{\"fs/mqueue/msg_max\":\"1\"}"), "linux.sysctl.fs/mqueue/msg_max",
	  "\"ipc\"" },
	{ LINUX("\"sysctl\":{\"user.max_inotify_watches\":\"1\"}"),
	  "linux.sysctl.user.max_inotify_watches", "\"user\"" },
	{ NS("{\"type\":\"uts\"}", "\"sysctl\":{\"kernel.hostname\":\"x\"}"),
	  "linux.sysctl.kernel.hostname", "hostname" },
	{ NS("{\"type\":\"ipc\"}", "\"sysctl\":{\"kernel.semaphore\":\"x\"}"),
	  "linux.sysctl.kernel.semaphore", "whole host" },
	{ NS("{\"type\":\"network\"}", "\"sysctl\":{\"net/../kernel/core_pattern\":\"x\"}"),
	  "linux.sysctl.net/../kernel/core_pattern", "name of a sysctl" },
	{ NS("{\"type\":\"network\"}", "\"sysctl\":{\"net.//.kernel.core_pattern\":\"x\"}"),
	  "linux.sysctl.net.//.kernel.core_pattern", "name of a sysctl" },
	{ NS("{\"type\":\"network\"}", "\"sysctl\":{\"net.ipv4.x\":\"1\\n2\"}"),
	  "linux.sysctl.net.ipv4.x", "control" },
	{ NS("{\"type\":\"network\"}", "\"sysctl\":{\"net.\":\"1\"}"), "linux.sysctl.net.",
	  "name of a sysctl" },
};

static const char *const accepted[] = {
	NS(USER_NS, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]"),
	NS(USER_NS,
	   "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":9},{\"containerID\":9,\"hostID\":9,\"size\":9}]"),
	NS("{\"type\":\"ipc\"},{\"type\":\"network\"},{\"type\":\"uts\"},{\"type\":\"user\"}",
	   "\"sysctl\":{\"kernel.shmmax\":\"1\",\"kernel/sem\":\"1 2 3\",\"fs.mqueue.msg_max\":\"1\",\"net.ipv4.x\":\"1\","
	   "\"net/ipv4/conf/eth0.1/forwarding\":\"1\",\"kernel.domainname\":\"x\",\"user.max_user_namespaces\":\"0\"}"),
	NS("{\"type\":\"network\",\"path\":\"/run/n\"}",
	   "\"sysctl\":{\"net.ipv4.x\":\"1\"},\"netDevices\":{\"a\":{\"name\":\"e%d\"},\"b\":{\"name\":\"e%d\"}}"),
	LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"\"}"),
};

int main(void)
{
	CHECK_REFUSED(refused);
	CHECK_ACCEPTED(accepted);
	return test_done();
}
