#include "config/zone_spec.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct json *tree(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	return j;
}

/* Set in `text` and compare with the compact result; an expected result that begins with "!" is a part of the error, with the tree unchanged. */
static void set(const char *text, const char *path, const char *value, const char *want)
{
	auto_ptr(json) struct json *j = tree(text);
	struct err e = { 0 };
	int r = zone_path_set(j, path, value, &e);
	auto_free char *got = json_print(j, false);
	bool ok = want[0] == '!'
			  ? r == -EINVAL && strstr(e.text, want + 1) && strcmp(got, text) == 0
			  : r == 0 && strcmp(got, want) == 0;

	test_check(ok, path, __FILE__, __LINE__);
	if (!ok)
		printf("#  value: %s\n#   want: %s\n#    got: %d %s %s\n", value, want, r, got,
		       e.text);
}

static void clear(const char *text, const char *path, const char *want)
{
	auto_ptr(json) struct json *j = tree(text);
	struct err e = { 0 };
	int r = zone_path_clear(j, path, &e);
	auto_free char *got = json_print(j, false);
	bool ok = want[0] == '!'
			  ? r == -EINVAL && strstr(e.text, want + 1) && strcmp(got, text) == 0
			  : r == 0 && strcmp(got, want) == 0;

	test_check(ok, path, __FILE__, __LINE__);
	if (!ok)
		printf("#   want: %s\n#    got: %d %s %s\n", want, r, got, e.text);
}

/* The value as JSON text, "" for absent, "!" and the error otherwise. */
static char *get(const char *text, const char *path)
{
	auto_ptr(json) struct json *j = tree(text);
	struct json *found = NULL;
	struct err e = { 0 };

	if (zone_path_get(j, path, &found, &e) < 0)
		return mem_format("!%s", e.text);
	return found ? json_print(found, false) : mem_strdup("");
}

static void got(const char *text, const char *path, const char *want)
{
	auto_free char *value = get(text, path);

	test_str(value, want, path, __FILE__, __LINE__);
}

static void test_set_scalars(void)
{
	set("{}", "autoboot", "true", "{\"autoboot\":true}");
	set("{\"autoboot\":true}", "autoboot", "false", "{\"autoboot\":false}");
	set("{}", "autoboot", "yes", "!autoboot: \"yes\" is not true or false");
	set("{}", "cpuShares", "20", "{\"cpuShares\":20}");
	set("{}", "cpuShares", "many", "!cpuShares: \"many\" is not a whole number");
	set("{}", "cpuShares", "", "!is not a whole number");
	set("{}", "brand", "linux", "{\"brand\":\"linux\"}");
	set("{}", "brand", "\"linux\"", "{\"brand\":\"linux\"}");
	set("{}", "bootargs", "\"open", "{\"bootargs\":\"\\\"open\"}");
	set("{}", "bootargs", "5", "{\"bootargs\":\"5\"}");
	set("{}", "bootargs", "", "{\"bootargs\":\"\"}");
	set("{}", "hostid", "0x84f1a2c3", "{\"hostid\":\"0x84f1a2c3\"}");
	set("{}", "shutdownTimeout", "90s", "{\"shutdownTimeout\":\"90s\"}");
	set("{}", "shutdownTimeout", "90", "{\"shutdownTimeout\":90}");
	set("{}", "cappedMemory.physical", "512M", "{\"cappedMemory\":{\"physical\":\"512M\"}}");
	set("{}", "cappedMemory.physical", "512Q",
	    "!cappedMemory.physical: \"512Q\" is not a size, such as 512M");
	set("{}", "cappedCPU.ncpus", "1.5", "{\"cappedCPU\":{\"ncpus\":1.5}}");
	set("{\"cappedMemory\":{\"swap\":\"1G\"},\"brand\":\"native\"}", "cappedMemory.physical",
	    "1G", "{\"cappedMemory\":{\"swap\":\"1G\",\"physical\":\"1G\"},\"brand\":\"native\"}");
	/* What is refused later is no business of the path. */
	set("{}", "quota", "10G", "{\"quota\":\"10G\"}");
	set("{}", "pool", "fast", "{\"pool\":\"fast\"}");
}

static void test_set_maps(void)
{
	set("{}", "attr.owner", "acme", "{\"attr\":{\"owner\":\"acme\"}}");
	set("{}", "attr.cost-centre", "42", "{\"attr\":{\"cost-centre\":\"42\"}}");
	set("{}", "sysctl.net.ipv4.ip_forward", "1",
	    "{\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}");
	set("{}", "sysctl.net.ipv4.conf[0].x", "1", "{\"sysctl\":{\"net.ipv4.conf[0].x\":\"1\"}}");
	set("{\"service\":{\"command\":[\"/x\"]}}", "service.env.TZ", "UTC",
	    "{\"service\":{\"command\":[\"/x\"],\"env\":{\"TZ\":\"UTC\"}}}");
	set("{\"attr\":{\"a\":\"1\",\"b\":\"2\"}}", "attr.a", "3",
	    "{\"attr\":{\"a\":\"3\",\"b\":\"2\"}}");
	set("{\"attr\":{\"a\":\"1\"}}", "attr", "{\"z\":\"9\"}", "{\"attr\":{\"z\":\"9\"}}");
	set("{}", "attr", "acme", "!attr");
	set("{}", "attr.", "x", "!a name is missing");
	set("{}", "rlimit.nofile", "[1024,65536]", "{\"rlimit\":{\"nofile\":[1024,65536]}}");
	set("{}", "rlimit.core", "unlimited", "{\"rlimit\":{\"core\":\"unlimited\"}}");
	set("{\"rlimit\":{\"nofile\":[1,2]}}", "rlimit.nofile[1]", "5",
	    "{\"rlimit\":{\"nofile\":[1,5]}}");
}

static void test_set_lists(void)
{
	set("{}", "anet[+]", "{\"linkname\":\"net0\"}", "{\"anet\":[{\"linkname\":\"net0\"}]}");
	set("{}", "anet[0].mtu", "1400", "{\"anet\":[{\"mtu\":1400}]}");
	set("{}", "anet[+].mtu", "1400", "{\"anet\":[{\"mtu\":1400}]}");
	set("{\"anet\":[{\"mtu\":1}]}", "anet[0].mtu", "1400", "{\"anet\":[{\"mtu\":1400}]}");
	set("{\"anet\":[{\"mtu\":1}]}", "anet[+].mtu", "1400",
	    "{\"anet\":[{\"mtu\":1},{\"mtu\":1400}]}");
	set("{\"anet\":[{\"mtu\":1}]}", "anet[1].mtu", "1400",
	    "{\"anet\":[{\"mtu\":1},{\"mtu\":1400}]}");
	set("{\"anet\":[{\"mtu\":1}]}", "anet[2].mtu", "1400",
	    "!\"anet\" has 1 entries, \"[+]\" adds one");
	set("{}", "anet[1].mtu", "1400", "!\"anet\" has 0 entries");
	set("{\"anet\":[{\"mtu\":1},{\"mtu\":2}]}", "anet[0]", "{\"mtu\":3}",
	    "{\"anet\":[{\"mtu\":3},{\"mtu\":2}]}");
	set("{}", "anet[0].allowedAddress[+]", "10.0.0.2/24",
	    "{\"anet\":[{\"allowedAddress\":[\"10.0.0.2/24\"]}]}");
	set("{}", "anet[0].allowedAddress", "10.0.0.2/24,fd00::2/64",
	    "{\"anet\":[{\"allowedAddress\":[\"10.0.0.2/24\",\"fd00::2/64\"]}]}");
	set("{}", "anet[0].allowedAddress[1]", "10.0.0.2/24",
	    "!\"anet[0].allowedAddress\" has 0 entries");
	set("{}", "dns.nameservers", "[\"1.1.1.1\"]", "{\"dns\":{\"nameservers\":[\"1.1.1.1\"]}}");
	set("{}", "service.command", "[\"/bin/x\",\"-y\"]",
	    "{\"service\":{\"command\":[\"/bin/x\",\"-y\"]}}");
	set("{}", "service.command", "/bin/x -y",
	    "!service.command: \"/bin/x -y\" is not a list such as [\"one\", \"two\"]");
	set("{}", "dns.nameservers", "[1.1.1.1]", "!is not a list");
	set("{}", "anet", "[{\"mtu\":1}]", "{\"anet\":[{\"mtu\":1}]}");
	set("{}", "anet", "{\"mtu\":1}", "!is not an array");
	set("{}", "anet[+]", "[1]", "!is not an object");
	set("{}", "anet[+]", "{\"mtu\":}", "!anet[+]: ");
}

static void test_bad_paths(void)
{
	set("{}", "", "x", "!the path is empty");
	set("{}", "autobot", "true", "!no property \"autobot\" (did you mean \"autoboot\"?)");
	set("{}", "xyzzy", "true", "!no property \"xyzzy\"");
	set("{}", "anet[0].allowedAdress", "x",
	    "!no property \"anet[0].allowedAdress\" (did you mean \"allowedAddress\"?)");
	set("{}", "anet.mtu", "1", "!\"anet\" is a list: an index such as [0] or [+] must follow");
	set("{}", "brand.x", "1", "!\"brand\" has no members");
	set("{}", "brand[0]", "1", "!\"brand\" is not a list");
	set("{}", "[0]", "1", "!is not a list");
	set("{}", "attr.a", "1", "{\"attr\":{\"a\":\"1\"}}");
	set("{}", "anet[0", "1", "!\"]\" is missing");
	set("{}", "anet[x].mtu", "1", "!\"[x]\" is not an index");
	set("{}", "anet[-1].mtu", "1", "!is not an index");
	set("{}", "anet[4294967295].mtu", "1", "!is not an index");
	set("{}", "anet[0]mtu", "1", "!\".\" or \"[\" is missing");
	set("{}", "anet[0]..mtu", "1", "!a name is missing");
	set("{}", ".brand", "1", "!a name is missing");
	set("{}", "rlimit.a.b.c.d.e.f.g.h.i", "1", "!is too long");
	set("{\"anet\":5}", "anet[0].mtu", "1", "!\"anet\" is a number in the file");
	set("{\"dns\":[]}", "dns.search[+]", "x", "!\"dns\" is an array in the file");
}

static void test_zonename(void)
{
	set("{}", "zonename", "web", "{\"zonename\":\"web\"}");
	set("{\"zonename\":\"web\"}", "zonename", "web", "{\"zonename\":\"web\"}");
	set("{\"zonename\":\"web\"}", "zonename", "www",
	    "!\"zonename\" cannot be set; use \"zone rename\"");
	clear("{\"zonename\":\"web\"}", "zonename", "!\"zonename\" is required");
}

static void test_clear(void)
{
	clear("{\"brand\":\"linux\",\"autoboot\":true}", "brand", "{\"autoboot\":true}");
	clear("{\"autoboot\":true}", "brand", "{\"autoboot\":true}");
	clear("{\"attr\":{\"a\":\"1\",\"b\":\"2\"}}", "attr.a", "{\"attr\":{\"b\":\"2\"}}");
	clear("{\"attr\":{\"a\":\"1\"}}", "attr.a", "{}");
	clear("{\"anet\":[{\"mtu\":1},{\"mtu\":2}]}", "anet[0]", "{\"anet\":[{\"mtu\":2}]}");
	clear("{\"anet\":[{\"mtu\":1}]}", "anet[0]", "{}");
	clear("{\"anet\":[{\"mtu\":1}]}", "anet[0].mtu", "{\"anet\":[{}]}");
	clear("{\"anet\":[{\"mtu\":1}]}", "anet[7].mtu", "{\"anet\":[{\"mtu\":1}]}");
	clear("{\"anet\":[{\"linkProtection\":[\"none\"]}]}", "anet[0].linkProtection[0]",
	      "{\"anet\":[{}]}");
	clear("{\"service\":{\"env\":{\"TZ\":\"UTC\"}}}", "service.env.TZ", "{}");
	clear("{\"anet\":[{\"mtu\":1}]}", "anet[+]", "{\"anet\":[{\"mtu\":1}]}");
	clear("{\"brand\":\"linux\"}", "brnd", "!no property \"brnd\" (did you mean \"brand\"?)");
	clear("{\"sysctl\":{\"net.a.b\":\"1\",\"net.a\":\"2\"}}", "sysctl.net.a.b",
	      "{\"sysctl\":{\"net.a\":\"2\"}}");
}

static void test_get(void)
{
	static const char text[] =
		"{\"brand\":\"linux\",\"anet\":[{\"mtu\":1400,\"allowedAddress\":[\"10.0.0.2/24\"]}],\"sysctl\":{\"net.a.b\":\"1\"},\"rlimit\":{\"nofile\":[1,2]}}";

	got(text, "brand", "\"linux\"");
	got(text, "anet[0].mtu", "1400");
	got(text, "anet[0].allowedAddress", "[\"10.0.0.2/24\"]");
	got(text, "anet[0].allowedAddress[0]", "\"10.0.0.2/24\"");
	got(text, "anet[0].allowedAddress[1]", "");
	got(text, "anet[1].mtu", "");
	got(text, "autoboot", "");
	got(text, "cappedMemory.physical", "");
	got(text, "sysctl.net.a.b", "\"1\"");
	got(text, "rlimit.nofile[1]", "2");
	got(text, "rlimit", "{\"nofile\":[1,2]}");
	got(text, "autobot", "!no property \"autobot\" (did you mean \"autoboot\"?)");
}

int main(void)
{
	test_set_scalars();
	test_set_maps();
	test_set_lists();
	test_bad_paths();
	test_zonename();
	test_clear();
	test_get();
	return test_done();
}
