#include "tests/unit/config/oci_refusal.h"

/* Rows of linux.resources, and the rules of oci_check.c about them. */

static const struct refusal refused[] = {
	{ RES("\"devices\":[{\"access\":\"rwm\"}]"), "linux.resources.devices[0].allow",
	  "required" },
	{ RES("\"devices\":[{\"allow\":true,\"access\":\"rwx\"}]"),
	  "linux.resources.devices[0].access", "rwx" },
	{ RES("\"devices\":[{\"allow\":true,\"access\":\"\"}]"),
	  "linux.resources.devices[0].access", "consist" },
	{ RES("\"devices\":[{\"allow\":true,\"type\":\"u\"}]"), "linux.resources.devices[0].type",
	  "\"u\"" },
	{ RES("\"devices\":[{\"allow\":true,\"major\":-2}]"), "linux.resources.devices[0].major",
	  "range" },
	{ RES("\"memory\":{\"limit\":-2}"), "linux.resources.memory.limit", "range" },
	{ RES("\"memory\":{\"limit\":9223372036854775808}"), "linux.resources.memory.limit",
	  "range" },
	{ RES("\"memory\":{\"limit\":\"1M\"}"), "linux.resources.memory.limit", "number" },
	{ RES("\"memory\":{\"limit\":10,\"swap\":9}"), "linux.resources.memory.swap", "smaller" },
	{ RES("\"memory\":{\"limit\":-1,\"swap\":9}"), "linux.resources.memory.swap", "unlimited" },
	{ RES("\"memory\":{\"swappiness\":101}"), "linux.resources.memory.swappiness", "range" },
	{ RES("\"cpu\":{\"cpus\":\"0-x\"}"), "linux.resources.cpu.cpus", "ranges" },
	{ RES("\"cpu\":{\"mems\":\"0,\"}"), "linux.resources.cpu.mems", "comma" },
	{ RES("\"cpu\":{\"idle\":2}"), "linux.resources.cpu.idle", "range" },
	{ RES("\"cpu\":{\"shares\":-1}"), "linux.resources.cpu.shares", "small" },
	{ RES("\"cpu\":{\"idle\":1,\"shares\":5}"), "linux.resources.cpu.idle", "shares" },
	{ RES("\"cpu\":{\"quota\":10,\"burst\":11}"), "linux.resources.cpu.burst", "larger" },
	{ RES("\"pids\":{\"limit\":-2}"), "linux.resources.pids.limit", "range" },
	{ RES("\"blockIO\":{\"weight\":1001}"), "linux.resources.blockIO.weight", "range" },
	{ RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"weight\":5}]}"),
	  "linux.resources.blockIO.weightDevice[0].minor", "required" },
	{ RES("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0}]}"),
	  "linux.resources.blockIO.throttleReadBpsDevice[0].rate", "required" },
	{ RES("\"hugepageLimits\":[{\"pageSize\":\"2MB/../x\",\"limit\":1}]"),
	  "linux.resources.hugepageLimits[0].pageSize", "number followed" },
	{ RES("\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":1}]"),
	  "linux.resources.hugepageLimits[0].pageSize", "number followed" },
	{ RES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"2MB\",\"limit\":1}]"),
	  "linux.resources.hugepageLimits[1].pageSize", "twice" },
	{ RES("\"network\":{\"classID\":4294967296}"), "linux.resources.network.classID", "range" },
	{ RES("\"network\":{\"priorities\":[{\"name\":\"a\\nb\",\"priority\":1}]}"),
	  "linux.resources.network.priorities[0].name", "control" },
	{ RES("\"rdma\":{\"mlx\":{}}"), "linux.resources.rdma.mlx", "hcaHandles" },
	{ RES("\"rdma\":{\"a b\":{\"hcaHandles\":1}}"), "linux.resources.rdma.a b", "blank" },
	{ RES("\"unified\":{\"../memory.max\":\"1\"}"), "linux.resources.unified.../memory.max",
	  "one cgroup file" },
	{ RES("\"unified\":{\"a/memory.max\":\"1\"}"), "linux.resources.unified.a/memory.max",
	  "one cgroup file" },
	{ RES("\"unified\":{\"memory\":\"1\"}"), "linux.resources.unified.memory",
	  "controller.file" },
	{ RES("\"unified\":{\"memory.max\":1}"), "linux.resources.unified.memory.max", "a string" },
};

static const char *const accepted[] = {
	RES("\"memory\":{\"limit\":10,\"swap\":10}"),
	RES("\"memory\":{\"limit\":10,\"swap\":-1}"),
	RES("\"memory\":{\"limit\":10,\"swap\":0}"),
	RES("\"cpu\":{\"cpus\":\"\",\"quota\":-1,\"burst\":5}"),
	RES("\"devices\":[{\"allow\":true,\"type\":\"a\",\"major\":-1,\"minor\":-1,\"access\":\"m\"}]"),
	RES("\"pids\":{\"limit\":-1}"),
};

int main(void)
{
	CHECK_REFUSED(refused);
	CHECK_ACCEPTED(accepted);
	return test_done();
}
