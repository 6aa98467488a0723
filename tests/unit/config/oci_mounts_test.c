#include "tests/unit/config/oci_refusal.h"

/* Rows of root and mounts, and the rules of oci_check.c about them. */

static const struct refusal refused[] = {
	{ MOUNT("\"type\":\"tmpfs\""), "mounts[1].destination", "required" },
	{ MOUNT("\"destination\":\"\""), "mounts[1].destination", "empty" },
	{ MOUNT("\"destination\":\"/../b\""), "mounts[1].destination", "\"..\"" },
	{ MOUNT("\"destination\":\"b/..\""), "mounts[1].destination", "\"..\"" },
	{ MOUNT("\"destination\":\"/b\",\"options\":\"ro\""), "mounts[1].options", "an array" },
	{ MOUNT("\"destination\":\"/b\",\"options\":[\"ro\",1]"), "mounts[1].options[1]",
	  "a string" },
	{ MOUNT("\"destination\":\"/b\",\"options\":[\"bind\"]"), "mounts[1].source", "source" },
	{ MOUNT("\"destination\":\"/b\",\"source\":\"/x\",\"options\":[\"rbind\",\"size=5\"]"),
	  "mounts[1].options", "bind mount" },
	{ MOUNT("\"destination\":\"/b\",\"source\":\"/x\",\"options\":[\"bind\",\"idmap\"]"),
	  "mounts[1].options", "user namespace" },
	{ MOUNT("\"destination\":\"/b\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
	  "mounts[1].gidMappings", "together" },
	{ MOUNT("\"destination\":\"/b\",\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
	  "mounts[1].uidMappings", "together" },
	{ MOUNT("\"destination\":\"/b\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
	  "mounts[1].uidMappings[0].size", "at least 1" },
};

static const char *const accepted[] = {
	MOUNT("\"destination\":\"/..b/...\",\"type\":\"tmpfs\""),
	MOUNT("\"destination\":\"b\",\"source\":\"/x\",\"options\":[\"bind\",\"remount\",\"size=5\"]"),
	NS(USER_NS,
	   "\"x\":0},\"mounts\":[{\"destination\":\"/a\",\"source\":\"/x\",\"options\":[\"bind\",\"idmap\"]}],\"z\":{"),
};

int main(void)
{
	CHECK_REFUSED(refused);
	CHECK_ACCEPTED(accepted);
	return test_done();
}
