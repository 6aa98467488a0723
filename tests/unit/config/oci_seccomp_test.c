#include "tests/unit/config/oci_refusal.h"

/* Rows of linux.seccomp, and the rules S2 to S4. */

static const struct refusal refused[] = {
	{ LINUX("\"seccomp\":{}"), "linux.seccomp.defaultAction", "required" },
	{ LINUX("\"seccomp\":{\"defaultAction\":\"ALLOW\"}"), "linux.seccomp.defaultAction",
	  "ALLOW" },
	{ LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}"),
	  "linux.seccomp.defaultErrnoRet", "no errno" },
	{ LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}"),
	  "linux.seccomp.defaultAction", "listenerPath" },
	{ SECCOMP("\"defaultErrnoRet\":4096"), "linux.seccomp.defaultErrnoRet", "range" },
	{ SECCOMP("\"architectures\":[\"SCMP_ARCH_X86\",\"VAX\"]"),
	  "linux.seccomp.architectures[1]", "VAX" },
	{ SECCOMP("\"flags\":[\"SECCOMP_FILTER_FLAG_X\"]"), "linux.seccomp.flags[0]",
	  "SECCOMP_FILTER_FLAG_X" },
	{ SECCOMP("\"listenerMetadata\":\"x\""), "linux.seccomp.listenerMetadata", "listenerPath" },
	{ RULE("{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}"), "linux.seccomp.syscalls[1].names",
	  "at least one" },
	{ RULE("{\"action\":\"SCMP_ACT_ALLOW\"}"), "linux.seccomp.syscalls[1].names",
	  "at least one" },
	{ RULE("{\"names\":[\"a\"]}"), "linux.seccomp.syscalls[1].action", "required" },
	{ RULE("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}"),
	  "linux.seccomp.syscalls[1].errnoRet", "no errno" },
	{ RULE("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}"),
	  "linux.seccomp.syscalls[1].action", "listenerPath" },
	{ RULE("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}"),
	  "linux.seccomp.syscalls[1].args[0].index", "range" },
	{ RULE("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":0,\"value\":0,\"op\":\"EQ\"}]}"),
	  "linux.seccomp.syscalls[1].args[0].op", "EQ" },
};

int main(void)
{
	CHECK_REFUSED(refused);
	return test_done();
}
