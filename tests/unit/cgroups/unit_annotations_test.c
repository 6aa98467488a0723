#include <errno.h>
#include <stdlib.h>

#include "cgroups/unit.h"
#include "tests/unit/test.h"

#define P "org.systemd.property."

static int take(const char *name, const char *value, char **ret, struct err *e)
{
	struct strmap annotations = { 0 };
	struct unit_props p = { 0 };

	strmap_set(&annotations, "something.else", "[");
	strmap_set(&annotations, name, value);
	int r = unit_props_annotations(&annotations, &p, e);

	*ret = unit_props_text(&p);
	strmap_done(&annotations);
	unit_props_done(&p);
	return r;
}

static void test_taken(void)
{
	static const char *const rows[][3] = {
		{ P "TimeoutStopUSec", "uint64 7", "TimeoutStopUSec t 7\n" },
		{ P "TimeoutStopSec", "7", "TimeoutStopUSec t 7000000\n" },
		{ P "CollectMode", "'inactive-or-failed'",
		  "CollectMode s \"inactive-or-failed\"\n" },
		{ P "Description", " \"it's \\\"x\\\"\" ", "Description s \"it's \\\"x\\\"\"\n" },
		{ P "SendSIGHUP", "true", "SendSIGHUP b true\n" },
		{ P "DefaultDependencies", "false", "DefaultDependencies b false\n" },
		{ P "KillSignal", "int32 15", "KillSignal i 15\n" },
		{ P "KillSignal", "37", "KillSignal i 37\n" }, /* systemd's SIGRTMIN+3 */
		{ P "TimeoutStopSec", "86400", "TimeoutStopUSec t 86400000000\n" },
		{ P "After", "['a.service', 'b.service' ]",
		  "After as [\"a.service\",\"b.service\"]\n" },
		{ P "Before", "[]", "Before as []\n" },
		{ "other", "x", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		char *text = NULL;

		CHECK_INT(take(rows[i][0], rows[i][1], &text, &e), 0);
		CHECK_STR(text, rows[i][2]);
		free(text);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *name, *value;
		int code;
	} rows[] = {
		{ P "FailureAction", "'reboot'", EPERM },
		{ P "Slice", "'other.slice'", EPERM },
		{ P "Requires", "['reboot.target']", EPERM },
		{ P "DevicePolicy", "'auto'", EPERM },
		{ P "PIDs", "[1]", EPERM },
		{ P "ManagedOOMPreference", "'omit'", EPERM },
		{ P "KillMode", "'none'", EPERM },
		{ P "SendSIGKILL", "false", EPERM },
		{ P "", "1", EPERM },
		{ P "USec", "1", EPERM },
		{ P "TimeoutStopUSec", "uint32 7", EINVAL },
		{ P "TimeoutStopUSec", "-7", EINVAL },
		{ P "TimeoutStopUSec", "7 8", EINVAL },
		{ P "TimeoutStopUSec", "", EINVAL },
		{ P "TimeoutStopSec", "18446744073709551615", EINVAL },
		{ P "KillSignal", "4294967295", EINVAL },
		{ P "KillSignal", "0", EINVAL },
		{ P "KillSignal", "19", EINVAL }, /* SIGSTOP */
		{ P "KillSignal", "17", EINVAL }, /* SIGCHLD: ignored */
		{ P "TimeoutStopSec", "86401", EINVAL },
		{ P "TimeoutStopUSec", "18446744073709551615", EINVAL },
		{ P "SendSIGHUP", "'true'", EINVAL },
		{ P "SendSIGHUP", "1", EINVAL },
		{ P "Description", "bare", EINVAL },
		{ P "Description", "'open", EINVAL },
		{ P "Description", "'end\\", EINVAL },
		{ P "Description", "'x\nSuccessAction=reboot-force'", EINVAL },
		{ P "Description", "'x\\\nSuccessAction=reboot-force'", EINVAL },
		{ P "Description", "'x\ry'", EINVAL },
		{ P "Description", "'x\x7fy'", EINVAL },
		{ P "Description", "'x\\\\'", EINVAL },
		{ P "Documentation", "['https://x', 'y\n[Service]']", EINVAL },
		{ P "After", "'a'", EINVAL },
		{ P "After", "['a' 'b']", EINVAL },
		{ P "After", "['a'", EINVAL },
		{ P "After", "[", EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		char *text = NULL;

		CHECK_INT(take(rows[i].name, rows[i].value, &text, &e), -rows[i].code);
		CHECK(strstr(e.text, rows[i].name) != NULL);
		CHECK_STR(text, "");
		free(text);
	}
}

int main(void)
{
	test_taken();
	test_refused();
	return test_done();
}
