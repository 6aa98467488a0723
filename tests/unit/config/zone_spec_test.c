#include "tests/unit/config/zone_parse.h"

#define Z "{ \"zonename\": \"web\",\n  "

/* clang-format off */
static const struct bad_zone bad[] = {
	/* no JSON */
	{ .text = "@", .path = "", .code = "syntax", .message = "" },
	{ .text = "{ \"zonename\": \"web\",\n @}", .path = "", .code = "syntax", .message = "" },
	{ .text = Z "\"brand\": @native }", .path = "", .code = "syntax", .message = "" },
	{ .text = Z "\"brand\": \"native\" } @x", .path = "", .code = "syntax", .message = "" },
	{ .text = Z "\"autoboot\": true,\n  @\"autoboot\": false }", .path = "autoboot", .code = "duplicate", .message = "" },
	{ .text = "@[ 1 ]", .path = "", .code = "type", .message = "must be an object, not an array" },
	{ .text = "@\"web\"", .path = "", .code = "type", .message = "must be an object, not a string" },
	/* names of properties */
	{ .text = "@{ }", .path = "zonename", .code = "missing", .message = "is required" },
	{ .text = Z "@\"autobot\": true }", .path = "autobot", .code = "unknown-key", .message = "is not a property of a zone", .hint = "autoboot" },
	{ .text = Z "@\"cappedCpu\": { \"ncpus\": 1 } }", .path = "cappedCpu", .code = "unknown-key", .message = "", .hint = "cappedCPU" },
	{ .text = Z "@\"xyzzy\": 1 }", .path = "xyzzy", .code = "unknown-key", .message = "" },
	{ .text = Z "\"anet\": [ { \"linkname\": \"net0\" }, { @\"allowedAdress\": [] } ] }", .path = "anet[1].allowedAdress", .code = "unknown-key", .message = "is not a property of anet", .hint = "allowedAddress" },
	{ .text = Z "\"cappedMemory\": { @\"phisical\": \"1G\" } }", .path = "cappedMemory.phisical", .code = "unknown-key", .message = "", .hint = "physical" },
	{ .text = Z "\"service\": { \"command\": [ \"/bin/x\" ], @\"stopsignal\": \"TERM\" } }", .path = "service.stopsignal", .code = "unknown-key", .message = "", .hint = "stopSignal" },
	/* types */
	{ .text = "{ \"zonename\": @1 }", .path = "zonename", .code = "type", .message = "must be a string, not a number" },
	{ .text = Z "\"autoboot\": @\"true\" }", .path = "autoboot", .code = "type", .message = "must be true or false, not a string" },
	{ .text = Z "\"autoboot\": @null }", .path = "autoboot", .code = "type", .message = "not null" },
	{ .text = Z "\"cpuShares\": @\"20\" }", .path = "cpuShares", .code = "type", .message = "must be a whole number, not a string" },
	{ .text = Z "\"cpuShares\": @20.0 }", .path = "cpuShares", .code = "type", .message = "20.0 is not a whole number written with digits alone" },
	{ .text = Z "\"cpuShares\": @1e3 }", .path = "cpuShares", .code = "type", .message = "1e3 is not a whole number" },
	{ .text = Z "\"cpuShares\": @-0 }", .path = "cpuShares", .code = "type", .message = "-0 is not a whole number" },
	{ .text = Z "\"anet\": @{ } }", .path = "anet", .code = "type", .message = "must be an array, not an object" },
	{ .text = Z "\"anet\": [ @\"net0\" ] }", .path = "anet[0]", .code = "type", .message = "must be an object, not a string" },
	{ .text = Z "\"dns\": @[ \"10.0.0.1\" ] }", .path = "dns", .code = "type", .message = "must be an object" },
	{ .text = Z "\"service\": { \"command\": @\"/bin/x -y\" } }", .path = "service.command", .code = "type", .message = "must be an array, not a string" },
	{ .text = Z "\"service\": { \"command\": [ \"/bin/x\", @5 ] } }", .path = "service.command[1]", .code = "type", .message = "must be a string, not a number" },
	{ .text = Z "\"attr\": { \"cost\": @42 } }", .path = "attr.cost", .code = "type", .message = "must be a string, not a number" },
	{ .text = Z "\"cappedMemory\": { \"physical\": @true } }", .path = "cappedMemory.physical", .code = "type", .message = "must be a size, not" },
	{ .text = Z "\"rlimit\": @[ 1 ] }", .path = "rlimit", .code = "type", .message = "must be an object" },
	/* ranges */
	{ .text = Z "\"cpuShares\": @0 }", .path = "cpuShares", .code = "range", .message = "0 is out of range: must be from 1 to 25600" },
	{ .text = Z "\"cpuShares\": @-1 }", .path = "cpuShares", .code = "range", .message = "-1 is out of range" },
	{ .text = Z "\"cpuShares\": @99999999999999999999 }", .path = "cpuShares", .code = "range", .message = "must be from 1 to 25600" },
	{ .text = Z "\"maxLwps\": @4194305 }", .path = "maxLwps", .code = "range", .message = "" },
	{ .text = Z "\"cappedCPU\": { \"ncpus\": @0 } }", .path = "cappedCPU.ncpus", .code = "range", .message = "must be from 0.01 to 8192" },
	{ .text = Z "\"cappedMemory\": { \"physical\": @\"1K\" } }", .path = "cappedMemory.physical", .code = "range", .message = "\"1K\" is out of range: must be from 1M to 1024P" },
	{ .text = Z "\"shutdownTimeout\": @\"25h\" }", .path = "shutdownTimeout", .code = "range", .message = "must be from" },
	{ .text = Z "\"anet\": [ { \"mtu\": @100 } ] }", .path = "anet[0].mtu", .code = "range", .message = "must be from 576 to 65535" },
	/* values */
	{ .text = "{ \"zonename\": @\"global\" }", .path = "zonename", .code = "value", .message = "\"global\" is not a zone name: that is the host" },
	{ .text = "{ \"zonename\": @\"-web\" }", .path = "zonename", .code = "value", .message = "must begin with a letter or a digit" },
	{ .text = "{ \"zonename\": @\"..\" }", .path = "zonename", .code = "value", .message = "" },
	{ .text = "{ \"zonename\": @\"a/b\" }", .path = "zonename", .code = "value", .message = "" },
	{ .text = "{ \"zonename\": @\"a.\" }", .path = "zonename", .code = "value", .message = "must not end with a dot" },
	{ .text = "{ \"zonename\": @\"\" }", .path = "zonename", .code = "value", .message = "it is empty" },
	{ .text = Z "\"brand\": @\"linus\" }", .path = "brand", .code = "value", .message = "\"linus\" is not native or linux", .hint = "linux" },
	{ .text = Z "\"zonepath\": @\"zones/web\" }", .path = "zonepath", .code = "value", .message = "must begin with /" },
	{ .text = Z "\"zonepath\": @\"/\" }", .path = "zonepath", .code = "value", .message = "must not be the root directory" },
	{ .text = Z "\"zonepath\": @\"/a/../b\" }", .path = "zonepath", .code = "value", .message = ".." },
	{ .text = Z "\"bootargs\": @\"a\\nb\" }", .path = "bootargs", .code = "value", .message = "\"a?b\" is not a line of text: it contains control characters" },
	{ .text = Z "\"hostid\": @\"84f1\" }", .path = "hostid", .code = "value", .message = "" },
	{ .text = Z "\"hostid\": @\"0x123456789\" }", .path = "hostid", .code = "value", .message = "" },
	{ .text = Z "\"hostname\": @\"a b\" }", .path = "hostname", .code = "value", .message = "" },
	{ .text = Z "\"cappedMemory\": { \"physical\": @\"512Q\" } }", .path = "cappedMemory.physical", .code = "value", .message = "\"512Q\" is not a size, such as 512M" },
	{ .text = Z "\"cappedCPU\": { \"ncpus\": @\"1,5\" } }", .path = "cappedCPU.ncpus", .code = "value", .message = "is not a number of CPUs, such as 1.5" },
	{ .text = Z "\"cappedCPU\": { \"ncpus\": @1.2345 } }", .path = "cappedCPU.ncpus", .code = "value", .message = "1.2345 is not a number of CPUs" },
	{ .text = Z "\"cappedCPU\": @{ } }", .path = "cappedCPU.ncpus", .code = "missing", .message = "is required" },
	{ .text = Z "\"shutdownTimeout\": @\"1 minute\" }", .path = "shutdownTimeout", .code = "value", .message = "is not a duration, such as 60s" },
	{ .text = Z "\"restart\": @\"On-Failure\" }", .path = "restart", .code = "value", .message = "is not no, on-failure or always", .hint = "on-failure" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ \"10.88.0.2/24\", @\"10.88.0.300/24\" ] } ] }", .path = "anet[0].allowedAddress[1]", .code = "value", .message = "\"10.88.0.300/24\" is not an address with a prefix length: IPv4 is written as four numbers" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"10.88.0.2\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "the prefix length is missing" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"10.88.0.2/33\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "from 0 to 32" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"10.88.0.0/24\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "the network's own address" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"10.88.0.255/24\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "broadcast" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"fd00::zz/64\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "IPv6" },
	{ .text = Z "\"anet\": [ { \"allowedAddress\": [ @\"224.0.0.1/24\" ] } ] }", .path = "anet[0].allowedAddress[0]", .code = "value", .message = "multicast" },
	{ .text = Z "\"anet\": [ { \"defrouter\": [ @\"10.88.0.1/24\" ] } ] }", .path = "anet[0].defrouter[0]", .code = "value", .message = "has no place here" },
	{ .text = Z "\"anet\": [ { \"linkname\": @\"a-very-long-name\" } ] }", .path = "anet[0].linkname", .code = "value", .message = "1 to 15 characters" },
	{ .text = Z "\"anet\": [ { \"linkname\": @\"lo\" } ] }", .path = "anet[0].linkname", .code = "value", .message = "the kernel's own" },
	{ .text = Z "\"anet\": [ { \"macAddress\": @\"03:00:00:00:00:01\" } ] }", .path = "anet[0].macAddress", .code = "value", .message = "group address" },
	{ .text = Z "\"anet\": [ { \"macAddress\": @\"02:00:00:00:01\" } ] }", .path = "anet[0].macAddress", .code = "value", .message = "six pairs" },
	{ .text = Z "\"anet\": [ { \"linkProtection\": [ @\"ip-nospof\" ] } ] }", .path = "anet[0].linkProtection[0]", .code = "value", .message = "", .hint = "ip-nospoof" },
	{ .text = Z "\"anet\": [ { \"linkProtection\": @[] } ] }", .path = "anet[0].linkProtection", .code = "value", .message = "write [\"none\"]" },
	{ .text = Z "\"anet\": [ { \"linkProtection\": @[ \"none\", \"restricted\" ] } ] }", .path = "anet[0].linkProtection", .code = "conflict", .message = "" },
	{ .text = Z "\"dns\": { \"nameservers\": @[ \"1.1.1.1\", \"1.1.1.2\", \"1.1.1.3\", \"1.1.1.4\" ] } }", .path = "dns.nameservers", .code = "limit", .message = "has 4 entries, at most 3 are allowed" },
	{ .text = Z "\"dns\": { \"search\": [ @\"-x.org\" ] } }", .path = "dns.search[0]", .code = "value", .message = "is not a domain name" },
	{ .text = Z "\"fs\": [ @{ \"type\": \"tmpfs\" } ] }", .path = "fs[0].dir", .code = "missing", .message = "" },
	{ .text = Z "\"fs\": [ { \"dir\": @\"/\", \"type\": \"tmpfs\" } ] }", .path = "fs[0].dir", .code = "value", .message = "" },
	{ .text = Z "\"fs\": [ { \"dir\": @\"/dev/shm\", \"type\": \"tmpfs\" } ] }", .path = "fs[0].dir", .code = "value", .message = "/dev is made by the zone itself" },
	{ .text = Z "\"fs\": [ { \"dir\": @\"/srv//x\", \"type\": \"tmpfs\" } ] }", .path = "fs[0].dir", .code = "value", .message = "" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": @\"zfs\" } ] }", .path = "fs[0].type", .code = "value", .message = "\"zfs\" is not lofs, tmpfs, overlay, ext4", .hint = "xfs" },
	{ .text = Z "\"fs\": [ @{ \"dir\": \"/d\", \"type\": \"lofs\" } ] }", .path = "fs[0].special", .code = "missing", .message = "required for lofs" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": \"tmpfs\", \"special\": @\"/x\" } ] }", .path = "fs[0].special", .code = "conflict", .message = "no source" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": \"lofs\", \"special\": @\"/proc/1\" } ] }", .path = "fs[0].special", .code = "value", .message = "never given to a zone" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": \"lofs\", \"special\": \"/x\", \"options\": [ \"ro\", @\"size=1M\" ] } ] }", .path = "fs[0].options[1]", .code = "conflict", .message = "option of tmpfs" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": \"tmpfs\", \"options\": [ @\"nodevice\" ] } ] }", .path = "fs[0].options[0]", .code = "value", .message = "the nearest is nodevices" },
	{ .text = Z "\"fs\": [ { \"dir\": \"/d\", \"type\": \"tmpfs\", \"options\": [ @\"size=lots\" ] } ] }", .path = "fs[0].options[0]", .code = "value", .message = "what follows size=" },
	{ .text = Z "\"device\": [ { \"match\": @\"/etc/passwd\" } ] }", .path = "device[0].match", .code = "value", .message = "devices are below /dev" },
	{ .text = Z "\"device\": [ { \"match\": @\"/dev/dri/*\" } ] }", .path = "device[0].match", .code = "value", .message = "does not expand patterns" },
	{ .text = Z "\"device\": [ { \"match\": @\"/dev/../etc\" } ] }", .path = "device[0].match", .code = "value", .message = "" },
	{ .text = Z "\"device\": [ { \"match\": \"/dev/fuse\", \"access\": @\"rx\" } ] }", .path = "device[0].access", .code = "value", .message = "is not r, w or rw", .hint = "r" },
	{ .text = Z "\"rlimit\": { @\"nofiles\": 1 } }", .path = "rlimit.nofiles", .code = "unknown-key", .message = "is not a resource limit", .hint = "nofile" },
	{ .text = Z "\"rlimit\": { \"nofile\": @[ 2, 1 ] } }", .path = "rlimit.nofile", .code = "conflict", .message = "soft limit is above the hard" },
	{ .text = Z "\"rlimit\": { \"nofile\": @[ 1 ] } }", .path = "rlimit.nofile", .code = "value", .message = "[soft, hard]" },
	{ .text = Z "\"rlimit\": { \"nofile\": [ 1, @\"many\" ] } }", .path = "rlimit.nofile[1]", .code = "value", .message = "is not a limit" },
	{ .text = Z "\"sysctl\": { \"net..x\": @\"1\" } }", .path = "sysctl.net..x", .code = "value", .message = "is not a name of a kernel parameter" },
	{ .text = Z "\"sysctl\": { \"net.ipv4.ip_forward\": @\"1\\n0\" } }", .path = "sysctl.net.ipv4.ip_forward", .code = "value", .message = "" },
	{ .text = Z "\"service\": @{ } }", .path = "service.command", .code = "missing", .message = "" },
	{ .text = Z "\"service\": { \"command\": @[] } }", .path = "service.command", .code = "missing", .message = "must name a program" },
	{ .text = Z "\"service\": { \"command\": [ \"/x\" ], \"user\": @\"a:b:c\" } }", .path = "service.user", .code = "value", .message = "USER:GROUP" },
	{ .text = Z "\"service\": { \"command\": [ \"/x\" ], \"user\": @\"65536\" } }", .path = "service.user", .code = "value", .message = "from 0 to 65535" },
	{ .text = Z "\"service\": { \"command\": [ \"/x\" ], \"env\": { \"A=B\": @\"\" } } }", .path = "service.env.A=B", .code = "value", .message = "without =" },
	{ .text = Z "\"service\": { \"command\": [ \"/x\" ], \"stopSignal\": @\"SIGSTOPPED\" } }", .path = "service.stopSignal", .code = "value", .message = "no signal" },
	{ .text = Z "\"attr\": { \"a b\": @\"x\" } }", .path = "attr.a b", .code = "value", .message = "" },
	/* what comes later */
	{ .text = Z "\"quota\": @\"10K\" }", .path = "quota", .code = "range", .message = "" },
	{ .text = Z "\"quotaInodes\": @10 }", .path = "quotaInodes", .code = "range", .message = "" },
	{ .text = Z "\"quota\": @\"10X\" }", .path = "quota", .code = "value", .message = "is not a size" },
	{ .text = Z "\"dedicatedCPU\": { \"ncpus\": @\"2-1\" } }", .path = "dedicatedCPU.ncpus", .code = "value", .message = "from 1" },
	{ .text = Z "\"dedicatedCPU\": { \"ncpus\": @\"0\" } }", .path = "dedicatedCPU.ncpus", .code = "value", .message = "from 1" },
	{ .text = Z "\"cappedCPU\": { \"ncpus\": 1, \"burst\": @2 } }", .path = "cappedCPU.burst", .code = "conflict", .message = "more than a tenth of ncpus" },
	{ .text = Z "\"ipType\": @\"excl\" }", .path = "ipType", .code = "value", .message = "is not exclusive or shared" },
	{ .text = Z "\"fileMacProfile\": @\"hard\" }", .path = "fileMacProfile", .code = "value", .message = "" },
	{ .text = Z "\"anet\": [ { \"vlanId\": @4095 } ] }", .path = "anet[0].vlanId", .code = "range", .message = "" },
	{ .text = Z "\"anet\": [ { \"maxbw\": @\"7K\" } ] }", .path = "anet[0].maxbw", .code = "range", .message = "" },
	{ .text = Z "\"anet\": [ { \"isolated\": @1 } ] }", .path = "anet[0].isolated", .code = "type", .message = "" },
	{ .text = Z "\"net\": [ @{ \"address\": \"192.0.2.1/24\" } ] }", .path = "net[0].physical", .code = "missing", .message = "is required" },
	{ .text = Z "\"publish\": [ { \"port\": @\"80-\" } ] }", .path = "publish[0].port", .code = "value", .message = "is not a port or a range" },
	{ .text = Z "\"admin\": [ { \"user\": \"alice\", \"auths\": [ \"config\" ], \"limits\": { @\"fs\": [] } } ] }", .path = "admin[0].limits.fs", .code = "unknown-key", .message = "" },
	{ .text = Z "\"admin\": [ { \"user\": \"alice\", \"auths\": [ \"clonefrom\" ], \"clones\": @65 } ] }", .path = "admin[0].clones", .code = "range", .message = "64" },
	{ .text = Z "\"seccomp\": [ \"read\", @\"bpf\" ] }", .path = "seccomp[1]", .code = "value", .message = "no system call that a zone may make" },
	{ .text = Z "\"admin\": [ { \"user\": \"alice\", \"auths\": [ @\"root\" ] } ] }", .path = "admin[0].auths[0]", .code = "value", .message = "is not login, manage" },
	{ .text = Z "\"pool\": @\"../fast\" }", .path = "pool", .code = "value", .message = "" },
	{ .text = Z "\"dedicatedCPU\": { \"ncpus\": \"1-2\" }, \"pool\": @\"fast\" }", .path = "pool", .code = "conflict", .message = "CPUs of its own" },
	{ .text = Z "\"schedulingClass\": @\"RT\" }", .path = "schedulingClass", .code = "value", .message = "could stop the whole machine" },
	{ .text = Z "\"schedulingClass\": @\"ts\" }", .path = "schedulingClass", .code = "value", .message = "it is TS, FSS, batch or idle" },
	{ .text = Z "\"maxShmMemory\": @\"1K\" }", .path = "maxShmMemory", .code = "range", .message = "" },
	{ .text = Z "\"maxMsgIds\": @32769 }", .path = "maxMsgIds", .code = "range", .message = "" },
	/* columns count characters, not bytes */
	{ .text = Z "\"attr\": { \"a\": \"\xc3\xa9\xe2\x82\xac\" }, @\"x\": 1 }", .path = "x", .code = "unknown-key", .message = "" },
	/* everything at once, in the order of the file, contradictions last */
	{ .text = Z "@\"autobot\" : true,\n  \"x\": 1 }", .path = "autobot", .code = "unknown-key", .message = "", .hint = "autoboot", .more = 1 },
};
/* clang-format on */

static void test_all_errors_at_once(void)
{
	static const char text[] =
		"{\n \"zonename\": \"\",\n \"autobot\": 1,\n \"anet\": [\n  { \"linkname\": \"a\", \"mtu\": 1 },\n"
		"  { \"linkname\": \"a\", \"allowedAddress\": [\"x\", \"10.0.0.2/24\"] }\n ],\n"
		" \"cappedMemory\": { \"physical\": \"2G\", \"swap\": \"1G\" }\n}\n";
	static const char *const want[] = {
		"f.json:2:14: zonename: \"\" is not a zone name: it is empty",
		"f.json:3:2: autobot: is not a property of a zone (did you mean \"autoboot\"?)",
		"f.json:5:29: anet[0].mtu: 1 is out of range: must be from 576 to 65535",
		"f.json:6:41: anet[1].allowedAddress[0]: \"x\" is not an address with a prefix length: IPv4 is written as four numbers from 0 to 255",
		"f.json:8:46: cappedMemory.swap: is below physical; swap is RAM and swap space together, so it is at least as much",
		"f.json:6:17: anet[1].linkname: anet[0] has the name \"a\" already",
	};
	struct diag_list diags = { .file = "f.json" };
	struct zone_spec *z = NULL;

	CHECK_INT(zone_spec_parse(text, strlen(text), &z, &diags), -EINVAL);
	CHECK(!z);
	CHECK_INT(diags.n, 6);
	for (size_t i = 0; i < diags.n && i < 6; i++) {
		auto_free char *line = diag_text(&diags, i);

		CHECK_STR(line, want[i]);
	}
	diag_done(&diags);
}

static const char full[] =
	"{\"zonename\":\"web\",\"brand\":\"linux\",\"zonepath\":\"/z/web\",\"autoboot\":true,\"bootargs\":\"-v\",\"limitpriv\":\"default,net_raw,!sys_chroot\",\"apparmorProfile\":\"web zone\",\"selinuxLabel\":\"a:b:c:s0\","
	"\"ipType\":\"exclusive\",\"hostid\":\"0x84f1a2c3\",\"hostname\":\"web.example.org\",\"fileMacProfile\":\"none\",\"cpuShares\":20,"
	"\"cappedCPU\":{\"ncpus\":1.5},\"cappedMemory\":{\"physical\":\"512M\",\"swap\":\"1G\",\"locked\":\"64M\"},\"maxProcesses\":256,\"maxLwps\":1024,\"nesting\":true,\"procView\":false,"
	"\"anet\":[{\"linkname\":\"net0\",\"lowerLink\":\"auto\",\"allowedAddress\":[\"10.88.0.2/24\",\"fd00:88::2/64\"],\"configureAllowedAddress\":true,"
	"\"defrouter\":[\"10.88.0.1\",\"fe80::1\"],\"linkProtection\":[\"mac-nospoof\",\"restricted\"],\"macAddress\":\"02:00:00:00:00:01\",\"vlanId\":0,\"mtu\":1400}],"
	"\"dns\":{\"nameservers\":[\"10.88.0.1\"],\"search\":[\"lan\"],\"options\":[\"ndots:2\"]},"
	"\"fs\":[{\"dir\":\"/srv/data\",\"special\":\"/tank/web\",\"type\":\"lofs\",\"options\":[\"ro\",\"nodevices\"]},{\"dir\":\"/tmp\",\"type\":\"tmpfs\",\"options\":[\"size=64M\",\"mode=1777\"]}],"
	"\"device\":[{\"match\":\"/dev/fuse\",\"access\":\"rw\"}],\"rlimit\":{\"nofile\":[1024,65536],\"core\":[0,\"unlimited\"]},"
	"\"sysctl\":{\"net.ipv4.ip_unprivileged_port_start\":\"0\"},"
	"\"service\":{\"command\":[\"/usr/sbin/nginx\",\"-g\",\"daemon off;\"],\"user\":\"www-data\",\"env\":{\"TZ\":\"UTC\"},\"cwd\":\"/\",\"restart\":\"on-failure\",\"stopSignal\":\"QUIT\"},"
	"\"attr\":{\"owner\":\"acme\",\"cost-centre\":\"42\"},\"restart\":\"always\",\"shutdownTimeout\":\"30s\"}";

static void test_round_trip(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = good_zone(full);
	auto_ptr(zone_spec) struct zone_spec *copy = z ? zone_spec_clone(z) : NULL;
	auto_ptr(json) struct json *saved = z ? zone_spec_save(z) : NULL;
	auto_free char *printed = saved ? json_print(saved, false) : NULL;
	auto_free char *text = z ? zone_spec_text(z) : NULL;
	auto_free char *copy_text = copy ? zone_spec_text(copy) : NULL;

	CHECK_STR(printed, full);
	CHECK_STR(copy_text, text);
	if (!z || !text)
		return;
	CHECK_INT(text[strlen(text) - 1], '\n');
	auto_ptr(zone_spec) struct zone_spec *again = good_zone(text);

	CHECK(z->capped_cpu && z->capped_cpu->ncpus.value == 1500);
	CHECK(z->capped_memory && z->capped_memory->physical.value == 512u << 20);
	CHECK(z->autoboot.set && z->autoboot.value);
	CHECK_INT(z->shutdown_timeout.value, 30000);
	CHECK_INT(z->n_anet, 1);
	CHECK_STR(z->anet[0].allowed_address.items[1], "fd00:88::2/64");
	CHECK_INT(z->n_rlimit, 2);
	CHECK(z->rlimit[1].hard == UINT64_MAX && z->rlimit[1].soft == 0);
	CHECK_STR(strmap_get(&z->service->env, "TZ"), "UTC");
	CHECK(copy->anet != z->anet && copy->zonename != z->zonename);
}

static void test_accepted(void)
{
	/* What asks for nothing needs no enforcement. */
	auto_ptr(zone_spec) struct zone_spec *inert = good_zone(
		"{\"zonename\":\"a\",\"ipType\":\"exclusive\",\"fileMacProfile\":\"none\",\"net\":[],\"publish\":[],\"rctl\":[],\"admin\":[],\"dependency\":[],"
		"\"anet\":[{\"vlanId\":0,\"configureAllowedAddress\":true}]}");
	auto_ptr(zone_spec) struct zone_spec *numbers = good_zone(
		"{\"zonename\":\"a\",\"cappedCPU\":{\"ncpus\":\"0.5\"},\"cappedMemory\":{\"physical\":1073741824},\"shutdownTimeout\":5,\"rlimit\":{\"nofile\":7,\"core\":\"unlimited\"}}");
	auto_ptr(zone_spec) struct zone_spec *small = good_zone("{\"zonename\":\"a\"}");
	auto_ptr(zone_spec) struct zone_spec *service = good_zone(
		"{\"zonename\":\"a\",\"service\":{\"command\":[\"sh\",\"-c\",\"a\\nb\"],\"user\":\"0:100\",\"stopSignal\":\"RTMIN+3\"}}");
	auto_ptr(zone_spec) struct zone_spec *off = good_zone(
		"{\"zonename\":\"a\",\"anet\":[{\"linkProtection\":[\"none\"],\"allowedAddress\":[\"10.0.0.1/32\",\"10.0.0.4/31\"]}]}");

	CHECK(inert && inert->n_anet == 1);
	CHECK(numbers && numbers->capped_cpu->ncpus.value == 500);
	CHECK(numbers && numbers->capped_memory->physical.value == 1u << 30);
	CHECK(numbers && numbers->shutdown_timeout.value == 5000);
	CHECK(numbers && numbers->rlimit[0].soft == 7 && numbers->rlimit[0].hard == 7);
	CHECK(numbers && numbers->rlimit[1].soft == UINT64_MAX);
	CHECK(small && !small->autoboot.set && small->n_anet == 0 && !small->capped_memory);
	CHECK(service && service->service->command.n == 3);
	CHECK(off && strv_has(&off->anet[0].link_protection, "none"));
}

static void test_limits(void)
{
	auto_done(strbuf) struct strbuf deep = { 0 };
	auto_done(strbuf) struct strbuf large = { 0 };
	auto_done(strbuf) struct strbuf many = { 0 };
	struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	strbuf_add(&deep, "{\"zonename\":\"a\",\"attr\":");
	for (int i = 0; i < 100; i++)
		strbuf_add(&deep, "[");
	CHECK_INT(zone_spec_parse(deep.text, deep.len, &z, &diags), -EINVAL);
	CHECK(diags.n == 1 && strcmp(diags.items[0].code, "syntax") != 0 ? diags.items[0].line == 1
									 : diags.n > 0);
	diag_done(&diags);
	strbuf_add(&large, "{\"zonename\":\"a\",\"bootargs\":\"");
	for (int i = 0; i < 120000; i++)
		strbuf_add(&large, "0123456789");
	strbuf_add(&large, "\"}");
	CHECK_INT(zone_spec_parse(large.text, large.len, &z, &diags), -EINVAL);
	CHECK_INT(diags.n, 1);
	diag_done(&diags);
	/* A flood of errors stays readable. */
	strbuf_add(&many, "{\"zonename\":\"a\"");
	for (int i = 0; i < 1000; i++)
		strbuf_format(&many, ",\"%dx\":1", i);
	strbuf_add(&many, "}");
	CHECK_INT(zone_spec_parse(many.text, many.len, &z, &diags), -EINVAL);
	CHECK_INT(diags.n, 100);
	CHECK_INT(diags.dropped, 900);
	diag_done(&diags);
	CHECK_INT(zone_spec_parse("{\"zonename\":\"a\",\"bootargs\":\"\\u0000\"}", 36, &z, &diags),
		  -EINVAL);
	diag_done(&diags);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	test_all_errors_at_once();
	test_round_trip();
	test_accepted();
	test_limits();
	return test_done();
}
