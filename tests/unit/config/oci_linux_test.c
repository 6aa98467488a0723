#include "tests/unit/config/oci_refusal.h"

/* Rows of linux: devices, links, paths, personality, resource director, memory policy. */

static const struct refusal refused[] = {
	{ LINUX("\"devices\":[{\"path\":\"dev/x\",\"type\":\"p\"}]"), "linux.devices[0].path",
	  "begin with" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"d\"}]"), "linux.devices[0].type",
	  "\"d\"" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}]"),
	  "linux.devices[0]", "major and minor" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":4096,\"minor\":0}]"),
	  "linux.devices[0].major", "range" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"p\"},{\"path\":\"/dev/x\",\"type\":\"p\"}]"),
	  "linux.devices[1].path", "twice" },
	{ LINUX("\"netDevices\":{\"eth0\":{}}"), "linux.netDevices", "network namespace" },
	{ NS("{\"type\":\"network\"}",
	     "\"netDevices\":{\"a\":{\"name\":\"x\"},\"b\":{\"name\":\"x\"}}"),
	  "linux.netDevices.b", "named \"x\"" },
	{ NS("{\"type\":\"network\"}", "\"netDevices\":{\"a/b\":{}}"), "linux.netDevices.a/b",
	  "interface" },
	{ NS("{\"type\":\"network\"}", "\"netDevices\":{\"a\":{\"name\":\"sixteen-letters!\"}}"),
	  "linux.netDevices.a.name", "15" },
	{ LINUX("\"cgroupsPath\":\"/a/../../b\""), "linux.cgroupsPath", ".." },
	{ LINUX("\"cgroupsPath\":\"system.slice:..:x\""), "linux.cgroupsPath", ".." },
	{ LINUX("\"rootfsPropagation\":\"public\""), "linux.rootfsPropagation", "public" },
	{ LINUX("\"maskedPaths\":[\"/a\",\"b\"]"), "linux.maskedPaths[1]", "begin with" },
	{ LINUX("\"readonlyPaths\":[\"\"]"), "linux.readonlyPaths[0]", "begin with" },
	{ LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
	  "linux.personality.flags[0]", "no flag" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/../x\",\"type\":\"p\"}]"), "linux.devices[0].path",
	  "\"..\"" },
	{ LINUX("\"personality\":{\"domain\":\"BSD\"}"), "linux.personality.domain", "BSD" },
	{ LINUX("\"intelRdt\":{\"closID\":\"a/b\"}"), "linux.intelRdt.closID", "directory" },
	{ LINUX("\"intelRdt\":{\"closID\":\"..\"}"), "linux.intelRdt.closID", "directory" },
	{ LINUX("\"intelRdt\":{\"schemata\":[\"L3:0=f\\nMB:0=1\"]}"), "linux.intelRdt.schemata[0]",
	  "control" },
	{ LINUX("\"memoryPolicy\":{\"nodes\":\"0\"}"), "linux.memoryPolicy.mode", "required" },
	{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_X\",\"nodes\":\"0\"}"),
	  "linux.memoryPolicy.mode", "MPOL_X" },
	{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"),
	  "linux.memoryPolicy.nodes", "no nodes" },
	{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"a\"}"),
	  "linux.memoryPolicy.nodes", "ranges" },
	{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}"),
	  "linux.memoryPolicy.flags", "exclude" },
};

static const char *const accepted[] = {
	LINUX("\"cgroupsPath\":\"/a/..b/c..\""),
};

int main(void)
{
	CHECK_REFUSED(refused);
	CHECK_ACCEPTED(accepted);
	return test_done();
}
