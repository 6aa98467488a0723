#include "tests/unit/config/zone_parse.h"

#include <errno.h>

#define Z       "{ \"zonename\": \"web\",\n  "
#define LINK(x) Z "\"anet\": [ { " x " } ] }"

/* clang-format off */
static const struct bad_zone bad[] = {
	/* links */
	{ .text = Z "\"anet\": [ { \"linkname\": \"a\" }, { \"linkname\": @\"a\" } ] }", .path = "anet[1].linkname", .code = "duplicate", .message = "anet[0] has the name \"a\" already" },
	{ .text = Z "\"anet\": [ { \"linkname\": \"net1\" }, @{ } ] }", .path = "anet[1]", .code = "duplicate", .message = "the name \"net1\"" },
	{ .text = Z "\"anet\": [ { \"macAddress\": \"02:00:00:00:00:0A\" }, { \"macAddress\": @\"02:00:00:00:00:0a\" } ] }", .path = "anet[1].macAddress", .code = "duplicate", .message = "anet[0]" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\", @\"10.0.0.2/16\" ]"), .path = "anet[0].allowedAddress[1]", .code = "duplicate", .message = "anet[0].allowedAddress[0] is the same address" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ \"fd00::2/64\" ] }, { \"allowedAddress\": [ @\"FD00:0::2/64\" ] } ] }", .path = "anet[1].allowedAddress[0]", .code = "duplicate", .message = "anet[0].allowedAddress[0]" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"defrouter\": [ @\"10.0.1.1\" ]"), .path = "anet[0].defrouter[0]", .code = "conflict", .message = "in no subnet" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"defrouter\": [ @\"fd00::1\" ]"), .path = "anet[0].defrouter[0]", .code = "conflict", .message = "no IPv6 address" },
	{ .text = LINK("\"allowedAddress\": [ \"fd00::2/64\" ], \"defrouter\": [ @\"10.0.0.1\" ]"), .path = "anet[0].defrouter[0]", .code = "conflict", .message = "no IPv4 address" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"defrouter\": [ @\"10.0.0.2\" ]"), .path = "anet[0].defrouter[0]", .code = "conflict", .message = "own address" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"defrouter\": [ \"10.0.0.1\", @\"10.0.0.3\" ]"), .path = "anet[0].defrouter[1]", .code = "duplicate", .message = "default router for IPv4 already" },
	{ .text = LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"defrouter\": [ @\"169.254.1.1\" ]"), .path = "anet[0].defrouter[0]", .code = "conflict", .message = "in no subnet" },
	{ .text = LINK("\"allowedAddress\": [ \"fd00::2/64\" ], \"mtu\": @1000"), .path = "anet[0].mtu", .code = "conflict", .message = "IPv6 needs at least 1280" },
	{ .text = LINK("\"linkProtection\": [ \"restricted\", @\"restricted\" ]"), .path = "anet[0].linkProtection[1]", .code = "duplicate", .message = "twice" },
	/* memory */
	{ .text = Z "\"cappedMemory\": { \"physical\": \"1G\", \"swap\": @\"512M\" } }", .path = "cappedMemory.swap", .code = "conflict", .message = "is below physical" },
	{ .text = Z "\"cappedMemory\": { \"physical\": \"1G\", \"locked\": @\"2G\" } }", .path = "cappedMemory.locked", .code = "conflict", .message = "is above physical" },
	{ .text = Z "\"cappedMemory\": { \"physical\": \"1G\", \"soft\": @\"2G\" } }", .path = "cappedMemory.soft", .code = "conflict", .message = "never count" },
	/* CPU */
	{ .text = Z "\"cappedCPU\": { \"ncpus\": 0.5, \"burst\": @0.051 } }", .path = "cappedCPU.burst", .code = "conflict", .message = "a tenth of ncpus" },
	{ .text = Z "\"schedulingClass\": \"idle\", \"cpuShares\": @5 }", .path = "cpuShares", .code = "conflict", .message = "schedulingClass idle" },
	/* ipc */
	{ .text = Z "\"maxShmIds\": 5, \"sysctl\": { \"kernel.shmmni\": @\"9\" } }", .path = "sysctl.kernel.shmmni", .code = "conflict", .message = "maxShmIds sets it" },
	{ .text = Z "\"nesting\": true, \"maxMsgIds\": @5 }", .path = "maxMsgIds", .code = "conflict", .message = "with nesting" },
	{ .text = Z "\"brand\": \"linux\", \"maxSemIds\": @5 }", .path = "maxSemIds", .code = "conflict", .message = "sys_admin" },
	{ .text = Z "\"limitpriv\": \"default,sys_admin\", \"maxShmMemory\": @\"1M\" }", .path = "maxShmMemory", .code = "conflict", .message = "sys_admin" },
	/* privileges */
	{ .text = Z "\"limitpriv\": @\"default,sys_module\" }", .path = "limitpriv", .code = "prohibited", .message = "a zone can never have \"sys_module\": it loads code" },
	{ .text = Z "\"limitpriv\": @\"default,sys_time,CAP_BPF,!bpf\" }", .path = "limitpriv", .code = "prohibited", .message = "sys_time", .more = 1 },
	{ .text = Z "\"limitpriv\": @\"default,net_row\" }", .path = "limitpriv", .code = "value", .message = "did you mean \"net_raw\"?" },
	{ .text = Z "\"limitpriv\": @\"default,,chown\" }", .path = "limitpriv", .code = "value", .message = "empty word" },
	/* kernel parameters */
	{ .text = Z "\"sysctl\": { \"net.ipv4.ip_forward\": \"1\", \"kernel.core_pattern\": @\"|/x\" } }", .path = "sysctl.kernel.core_pattern", .code = "prohibited", .message = "names a program that the host's kernel runs as root" },
	{ .text = Z "\"sysctl\": { \"vm.swappiness\": @\"1\" } }", .path = "sysctl.vm.swappiness", .code = "prohibited", .message = "belongs to the whole machine" },
	{ .text = Z "\"sysctl\": { \"kernel.hostname\": @\"x\" } }", .path = "sysctl.kernel.hostname", .code = "prohibited", .message = "the property hostname" },
	{ .text = Z "\"sysctl\": { \"kernel.semaphores\": @\"1\" } }", .path = "sysctl.kernel.semaphores", .code = "prohibited", .message = "whole machine" },
	{ .text = Z "\"sysctl\": { \"network.x\": @\"1\" } }", .path = "sysctl.network.x", .code = "prohibited", .message = "whole machine" },
	{ .text = Z "\"sysctl\": { \"fs.file-max\": @\"1\" } }", .path = "sysctl.fs.file-max", .code = "prohibited", .message = "whole machine" },
	{ .text = Z "\"sysctl\": { \"kernel.shm_next_id\": @\"1\" } }", .path = "sysctl.kernel.shm_next_id", .code = "prohibited", .message = "checkpoints" },
	{ .text = Z "\"brand\": \"linux\", \"sysctl\": { \"user.max_inotify_watches\": @\"1\" } }", .path = "sysctl.user.max_inotify_watches", .code = "prohibited", .message = "could lift it" },
	{ .text = Z "\"maxMsgIds\": 1, \"sysctl\": { \"user.max_ipc_namespaces\": @\"1\" } }", .path = "sysctl.user.max_ipc_namespaces", .code = "conflict", .message = "sets it" },
	{ .text = Z "\"hugepages\": { \"2M\": \"4M\", \"2048K\": @\"4M\" } }", .path = "hugepages.2048K", .code = "duplicate", .message = "as \"2M\"" },
	{ .text = Z "\"hugepages\": { \"3M\": @\"4M\" } }", .path = "hugepages.3M", .code = "value", .message = "size of a page" },
	{ .text = Z "\"hugepages\": { \"2M\": @\"x\" } }", .path = "hugepages.2M", .code = "value", .message = "64M" },
	/* files */
	{ .text = Z "\"fs\": [ { \"dir\": \"/t\", \"type\": \"tmpfs\" }, { \"dir\": @\"/t\", \"type\": \"tmpfs\" } ] }", .path = "fs[1].dir", .code = "duplicate", .message = "fs[0] is mounted there already" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/t/a\", \"type\": \"tmpfs\" }, { \"dir\": @\"/t\", \"type\": \"tmpfs\" } ] }", .path = "fs[1].dir", .code = "conflict", .message = "would hide fs[0], \"/t/a\"" },
	{ .text = Z "\"device\": [ { \"match\": \"/dev/fuse\" }, { \"match\": @\"/dev/fuse\" } ] }", .path = "device[1].match", .code = "duplicate", .message = "device[0]" },
	{ .text = Z "\"device\": [ { \"match\": @\"/dev/mem\" } ] }", .path = "device[0].match", .code = "prohibited", .message = "the memory of the machine" },
	/* service */
	{ .text = Z "\"service\": { \"command\": @[] } }", .path = "service.command", .code = "missing", .message = "must name a program" },
	{ .text = Z "\"service\": { \"command\": @[ \"\" ] } }", .path = "service.command", .code = "value", .message = "name is empty" },
};
/* clang-format on */

static void test_accepted(void)
{
	static const char *const good[] = {
		Z
		"\"cappedCPU\": { \"ncpus\": 0.5, \"burst\": 0.05 }, \"schedulingClass\": \"idle\" }",
		Z "\"brand\": \"linux\", \"limitpriv\": \"default,!sys_admin\", \"maxSemIds\": 5 }",
		LINK("\"allowedAddress\": [ \"10.0.0.2/24\", \"fd00::2/64\" ], \"defrouter\": [ \"10.0.0.1\", \"fe80::1\" ]"),
		LINK("\"defrouter\": [ \"10.0.0.1\" ]"),
		LINK("\"allowedAddress\": [ \"10.0.0.2/24\" ], \"mtu\": 1000"),
		Z
		"\"anet\": [ { \"allowedAddress\": [ \"10.0.0.2/24\" ] }, { \"allowedAddress\": [ \"10.0.0.3/24\" ] } ] }",
		Z "\"anet\": [ { \"macAddress\": \"auto\" }, { \"macAddress\": \"auto\" } ] }",
		Z
		"\"cappedMemory\": { \"physical\": \"1G\", \"swap\": \"1G\", \"locked\": \"1G\" } }",
		Z "\"cappedMemory\": { \"swap\": \"1G\", \"locked\": 0 } }",
		Z "\"limitpriv\": \"\" }",
		Z "\"limitpriv\": \"all,!sys_module\" }",
		Z
		"\"sysctl\": { \"net.core.somaxconn\": \"1\", \"kernel.shmmax\": \"1\", \"kernel.msgmni\": \"1\", \"kernel.sem\": \"1 2 3 4\", \"kernel.domainname\": \"x\", \"fs.mqueue.msg_max\": \"1\" } }",
		Z
		"\"fs\": [ { \"dir\": \"/t\", \"type\": \"tmpfs\" }, { \"dir\": \"/t/a\", \"type\": \"tmpfs\" }, { \"dir\": \"/tt\", \"type\": \"tmpfs\" } ] }",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		zone_spec_free(good_zone(good[i]));
}

/* A struct that was put together without a file has no positions, and may be half empty. */
static void test_without_file(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_new();
	struct diag_list diags = { 0 };

	CHECK_INT(zone_check(z, NULL, &diags), 0);
	z->limitpriv = mem_strdup("bpf");
	z->service = mem_zero(sizeof(*z->service));
	strmap_set(&z->sysctl, "kernel.core_pattern", "x");
	CHECK_INT(zone_check(z, NULL, &diags), -EINVAL);
	CHECK_INT(diags.n, 3);
	CHECK(diags.n == 3 && diags.items[0].line == 0 && diags.items[2].line == 0);
	CHECK_STR(diags.n == 3 ? diags.items[1].path : NULL, "sysctl.kernel.core_pattern");
	CHECK_STR(diags.n == 3 ? diags.items[2].path : NULL, "service.command");
	diag_done(&diags);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	test_accepted();
	test_without_file();
	return test_done();
}
