#include "tests/unit/config/oci_refusal.h"

/* Rows of process, and the rules of oci_check.c about them. */

static const struct refusal refused[] = {
	{ TOP("\"process\":{\"args\":[\"a\"]}"), "process.cwd", "required" },
	{ TOP("\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}"), "process.cwd", "begin with" },
	{ TOP("\"process\":{\"args\":[\"a\"],\"cwd\":\"\"}"), "process.cwd", "begin with" },
	{ TOP("\"process\":{\"cwd\":\"/\"}"), "process.args", "empty" },
	{ TOP("\"process\":{\"cwd\":\"/\",\"args\":[]}"), "process.args", "empty" },
	{ TOP("\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}"), "process.args", "empty" },
	{ TOP("\"process\":{\"cwd\":\"/\",\"args\":\"sh\"}"), "process.args", "an array" },
	{ PROCESS("\"env\":[\"A=b\",\"NONE\"]"), "process.env[1]", "NAME=VALUE" },
	{ PROCESS("\"env\":[\"=b\"]"), "process.env[0]", "NAME=VALUE" },
	{ PROCESS("\"user\":{\"uid\":4294967295}"), "process.user.uid", "range" },
	{ PROCESS("\"user\":{\"uid\":4294967296}"), "process.user.uid", "range" },
	{ PROCESS("\"user\":{\"uid\":-1}"), "process.user.uid", "range" },
	{ PROCESS("\"user\":{\"gid\":18446744073709551616}"), "process.user.gid", "range" },
	{ PROCESS("\"user\":{\"gid\":\"0\"}"), "process.user.gid", "number" },
	{ PROCESS("\"user\":{\"gid\":1.5}"), "process.user.gid", "whole" },
	{ PROCESS("\"user\":{\"umask\":512}"), "process.user.umask", "range" },
	{ PROCESS("\"user\":{\"additionalGids\":[1,4294967295]}"), "process.user.additionalGids[1]",
	  "range" },
	{ PROCESS("\"terminal\":\"yes\""), "process.terminal", "must be" },
	{ PROCESS("\"consoleSize\":{\"height\":1}"), "process.consoleSize.width", "required" },
	{ PROCESS("\"env\":{\"A\":\"b\"}"), "process.env", "an array" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]"),
	  "process.rlimits[1].type", "RLIMIT_X" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1}]"),
	  "process.rlimits[1].type", "twice" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]"),
	  "process.rlimits[0].soft", "larger" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2}]"), "process.rlimits[0].hard",
	  "required" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":-1,\"hard\":1}]"),
	  "process.rlimits[0].soft", "small" },
	{ PROCESS("\"oomScoreAdj\":1001"), "process.oomScoreAdj", "range" },
	{ PROCESS("\"oomScoreAdj\":-1001"), "process.oomScoreAdj", "range" },
	{ PROCESS("\"capabilities\":{\"bounding\":\"all\"}"), "process.capabilities.bounding",
	  "an array" },
	{ PROCESS("\"apparmorProfile\":\"a\\nb\""), "process.apparmorProfile", "control" },
	{ PROCESS("\"scheduler\":{}"), "process.scheduler.policy", "required" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_FAST\"}"), "process.scheduler.policy",
	  "SCHED_FAST" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}"),
	  "process.scheduler.nice", "range" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":5}"),
	  "process.scheduler.priority", "SCHED_FIFO" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\"}"), "process.scheduler.priority",
	  "needs" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"runtime\":5}"), "process.scheduler",
	  "SCHED_DEADLINE" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"SCHED_FLAG_X\"]}"),
	  "process.scheduler.flags[0]", "SCHED_FLAG_X" },
	{ PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
	  "process.ioPriority.priority", "range" },
	{ PROCESS("\"ioPriority\":{\"class\":\"BE\",\"priority\":1}"), "process.ioPriority.class",
	  "BE" },
	{ PROCESS("\"execCPUAffinity\":{\"initial\":\"0-\"}"), "process.execCPUAffinity.initial",
	  "ranges" },
	{ PROCESS("\"execCPUAffinity\":{\"final\":\"3-1\"}"), "process.execCPUAffinity.final",
	  "ranges" },
};

static const char *const accepted[] = {
	PROCESS("\"user\":{\"uid\":4294967294,\"gid\":4294967294,\"umask\":511}"),
	PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":99}"),
};

int main(void)
{
	CHECK_REFUSED(refused);
	CHECK_ACCEPTED(accepted);
	return test_done();
}
