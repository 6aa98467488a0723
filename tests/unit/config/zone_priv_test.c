#include "config/zone_spec.h"

#include <errno.h>

#include "config/names.h"
#include "tests/unit/test.h"

static char *ceiling(const char *limitpriv, const char *brand)
{
	auto_done(strv) struct strv caps = { 0 };
	char why[200] = "";

	if (zone_privileges(limitpriv, brand, &caps, why, sizeof(why)) < 0)
		return strv_join(&(struct strv){ .items = (char *[]){ why, NULL }, .n = 1 }, "");
	return strv_join(&caps, ",");
}

static void expect(const char *limitpriv, const char *want)
{
	auto_free char *got = ceiling(limitpriv, "native");

	test_str(got, want, limitpriv, __FILE__, __LINE__);
}

static void test_words(void)
{
	auto_free char *by_default = ceiling("default", "native");
	auto_free char *absent = ceiling(NULL, NULL);
	auto_free char *of_linux = ceiling("", "linux");
	auto_free char *all = ceiling("all", "native");

	CHECK_STR(absent, by_default);
	CHECK(strstr(by_default, "CAP_CHOWN,CAP_DAC_OVERRIDE"));
	CHECK(!strstr(by_default, "CAP_SYS_ADMIN") && !strstr(by_default, "CAP_NET_RAW") &&
	      !strstr(by_default, "CAP_NET_ADMIN"));
	CHECK(strstr(of_linux, "CAP_SYS_ADMIN") && !strstr(of_linux, "CAP_NET_ADMIN"));
	CHECK(strstr(all, "CAP_NET_ADMIN") && !strstr(all, "CAP_SYS_MODULE") &&
	      !strstr(all, "CAP_BPF"));
	expect("none", "");
	expect("none,chown", "CAP_CHOWN");
	expect("KILL,cap_chown,CAP_KILL", "CAP_CHOWN,CAP_KILL");
	expect("chown,kill,!chown", "CAP_KILL");
	expect("chown,kill,-CAP_CHOWN", "CAP_KILL");
	expect("chown,none,kill", "CAP_KILL");
	expect("kill,!sys_module", "CAP_KILL");
	expect("", by_default);
}

static void test_refused(void)
{
	static const char *const prohibited[] = { "sys_module",    "sys_rawio",     "sys_time",
						  "mac_admin",     "mac_override",  "syslog",
						  "bpf",           "perfmon",       "wake_alarm",
						  "block_suspend", "audit_control", "audit_read" };

	for (size_t i = 0; i < sizeof(prohibited) / sizeof(prohibited[0]); i++) {
		auto_done(strv) struct strv caps = { 0 };
		char why[200] = "";

		CHECK(zone_privilege_prohibited(prohibited[i]) != NULL);
		CHECK_INT(zone_privileges(prohibited[i], "native", &caps, why, sizeof(why)),
			  -EINVAL);
		CHECK(strstr(why, prohibited[i]) && strstr(why, "a zone can never have"));
		CHECK_INT(caps.n, 0);
	}
	expect("cap_sys_module",
	       "a zone can never have \"sys_module\": it loads code into the kernel that all zones share");
	expect("default,net_row", "\"net_row\" is not a privilege (did you mean \"net_raw\"?)");
	expect("xyzzy", "\"xyzzy\" is not a privilege");
	expect("chown,,kill", "\"\" is not a privilege");
	expect("!default", "\"default\" is not a privilege");
	CHECK(!zone_privilege_prohibited("sys_boot"));
	CHECK(!zone_privilege_prohibited("xyzzy"));
}

/* The table has the kernel's numbers as its order. */
static void test_order(void)
{
	size_t n = 0;

	for (; zone_privilege_at(n); n++)
		if (cap_number(zone_privilege_at(n)) != (int)n)
			test_check(false, zone_privilege_at(n), __FILE__, __LINE__);
	CHECK_INT(n, 41);
	for (size_t i = 0; zone_brand_at(i); i++)
		for (const char *const *p = zone_brand_at(i)->privileges; *p; p++)
			CHECK(cap_number(*p) >= 0 && !zone_privilege_prohibited(*p));
}

int main(void)
{
	test_words();
	test_refused();
	test_order();
	return test_done();
}
